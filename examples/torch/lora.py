"""A frozen backbone in arrays that are written once, and low-rank updates that learn beside it.

python examples/torch/lora.py [--size small]

A network learns upright digits in software. Its weights go into arrays, where they stay. Digits
that lie on their side are then learned by LoRA (Hu et al., ICLR 2022, arXiv:2106.09685) alone:
two thin matrices beside each frozen one, in digital memory.
"""

import torch
from common import Data, accuracy_of, digits, finish, options, train
from torch import nn

import neurorebit.torch as nrt


class LowRank(nn.Module):
    """A frozen layer, and a product of two thin matrices that is added to it."""

    def __init__(self, base: nn.Linear, rank: int) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.down = nn.Linear(base.in_features, rank, bias=False)
        self.up = nn.Linear(rank, base.out_features, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The sum of both."""
        return self.base(x) + self.up(self.down(x))


class Mlp(nn.Module):
    """A network of three layers, over images as vectors."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(64, width), nn.Linear(width, width)
        self.head = nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of the classes."""
        x = torch.relu(self.first(x.flatten(1)))
        return self.head(torch.relu(self.second(x)))


def learned(model: nn.Module, data: Data, epochs: int) -> float:
    """Train in software; the accuracy on the test."""
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    for _ in range(epochs):
        for some in torch.randperm(len(data.train[0])).split(64):
            optimizer.zero_grad()
            x, y = (part[some] for part in data.train)
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
    return accuracy_of(model, data.test)


def on_its_side(data: Data) -> Data:
    """The same digits, turned by a quarter."""
    turned = ((torch.rot90(x, 1, (2, 3)), y) for x, y in (data.train, data.test))
    return Data(f"{data.name}, turned", *turned, classes=data.classes)


if __name__ == "__main__":
    given = options(__doc__)
    upright = digits()
    width, rank = {"small": (128, 8), "medium": (256, 8), "full": (1024, 16)}[given.size]
    model = Mlp(width, upright.classes)
    print(f"in software, upright: {learned(model, upright, 15):.1%}")
    turned = on_its_side(upright)
    print(f"in software, turned:  {accuracy_of(model, turned.test):.1%}")
    for name in ("first", "second", "head"):
        setattr(model, name, LowRank(getattr(model, name), rank))
    analog = nrt.convert(model, given.chip, scheme=given.scheme, keep=("*.down", "*.up"))
    epochs = given.epochs or {"small": 10, "medium": 20, "full": 40}[given.size]
    title = f"LoRA of rank {rank}, backbone of {width}"
    found = train(analog, turned, title=title, epochs=epochs, batch=64, rate=5e-3)
    finish(analog, found, given, name="lora", goal=0.8)
