"""An LSTM that reads digits line by line, in the arrays of a hybrid chip.

python examples/torch/lstm.py [--size small]
"""

import torch
from common import Data, digits, finish, options, train
from torch import nn

import neurorebit.torch as nrt


class Reader(nn.Module):
    """An LSTM over the lines of an image, whose last state is classified."""

    def __init__(self, hidden: int, pixels: int, classes: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(pixels, hidden, batch_first=True)
        self.head = nn.Linear(hidden, classes)

    def forward(self, lines: torch.Tensor) -> torch.Tensor:
        """Scores of the classes, of lines [B, T, pixels]."""
        states, _ = self.lstm(lines)
        return self.head(states[:, -1])


if __name__ == "__main__":
    given = options(__doc__)
    side = 16 if given.size == "full" else 8
    maps = digits(side)
    data = Data(
        maps.name, *((x[:, 0], y) for x, y in (maps.train, maps.test)), classes=maps.classes
    )
    hidden = {"small": 48, "medium": 64, "full": 256}[given.size]
    epochs = given.epochs or {"small": 8, "medium": 20, "full": 60}[given.size]
    model = Reader(hidden, side, data.classes)
    # the state grows while the layer learns, and each line is a read: ranges are measured for
    # longer, and go on; pairs of cells have little noise where weights are small
    training = {"calibration_steps": 2000, "mapping": "pair"}
    analog = nrt.convert(model, given.chip, scheme=given.scheme, training=training)
    title = f"LSTM of {hidden}"
    found = train(analog, data, title=title, epochs=epochs, batch=64, rate=5e-3, grows=True)
    finish(analog, found, given, name="lstm", goal=0.6)
