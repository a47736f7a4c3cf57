"""ResNet-18 in its variant for CIFAR, in the arrays of a hybrid chip.

python examples/torch/resnet18.py [--size small]
"""

import torch
from common import finish, images, options, train
from torch import nn

import neurorebit.torch as nrt


class Block(nn.Module):
    """Two convolutions, and a way around them."""

    def __init__(self, given: int, channels: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(given, channels, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.around = nn.Sequential()
        if stride != 1 or given != channels:
            around = nn.Conv2d(given, channels, 1, stride, bias=False)
            self.around = nn.Sequential(around, nn.BatchNorm2d(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The rectified sum of both ways."""
        y = torch.relu(self.norm1(self.first(x)))
        return torch.relu(self.norm2(self.second(y)) + self.around(x))


class ResNet18(nn.Module):
    """Eight blocks in four stages; ``width`` channels in the first, 64 in the paper."""

    def __init__(self, width: int, given: int, classes: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(given, width, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        blocks, channels = [], width
        for stage in range(4):
            for at in range(2):
                wide = width << stage
                blocks.append(Block(channels, wide, 2 if stage and not at else 1))
                channels = wide
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(channels, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of the classes."""
        x = self.blocks(torch.relu(self.norm(self.stem(x))))
        return self.head(x.mean((2, 3)))


if __name__ == "__main__":
    given = options(__doc__)
    data = images(given.size, side=8)
    width = {"small": 8, "medium": 16, "full": 64}[given.size]
    epochs = given.epochs or {"small": 3, "medium": 6, "full": 90}[given.size]
    model = ResNet18(width, data.train[0].shape[1], data.classes)
    analog = nrt.convert(model, given.chip, scheme=given.scheme)
    title = f"ResNet-18, {width} channels first"
    found = train(analog, data, title=title, epochs=epochs, batch=64, rate=3e-3)
    goal = 0.9 if data.name.startswith("digits") else 0.5
    finish(analog, found, given, name="resnet18", goal=goal)
