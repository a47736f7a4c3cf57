"""A vision transformer (ViT-Tiny) in the arrays of a hybrid chip.

python examples/torch/vit_tiny.py [--size small]

The projections of attention and the layers of the MLP are arrays; products of two activations,
softmax and norms are digital.
"""

from typing import NamedTuple

import torch
from common import finish, images, options, train
from torch import nn

import neurorebit.torch as nrt


class Sizes(NamedTuple):
    """The sizes of a transformer; ViT-Tiny has a width of 192, 12 layers and 3 heads."""

    patch: int
    width: int
    layers: int
    heads: int


SIZES = {
    "small": Sizes(2, 48, 2, 3),
    "medium": Sizes(4, 96, 4, 3),
    "full": Sizes(4, 192, 12, 3),
}


class Layer(nn.Module):
    """Attention and MLP, each behind a norm and with a way around it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Tokens [B, T, width]."""
        y = self.norm1(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    """Patches of an image as tokens, whose mean is classified."""

    def __init__(self, sizes: Sizes, given: int, side: int, classes: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(given, sizes.width, sizes.patch, sizes.patch)
        count = (side // sizes.patch) ** 2
        self.places = nn.Parameter(0.02 * torch.randn(1, count, sizes.width))
        self.layers = nn.Sequential(*(Layer(sizes.width, sizes.heads) for _ in range(sizes.layers)))
        self.norm = nn.LayerNorm(sizes.width)
        self.head = nn.Linear(sizes.width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of the classes."""
        tokens = self.patches(x).flatten(2).transpose(1, 2) + self.places
        return self.head(self.norm(self.layers(tokens)).mean(1))


if __name__ == "__main__":
    given = options(__doc__)
    data = images(given.size, side=8)
    shape = data.train[0].shape
    epochs = given.epochs or {"small": 8, "medium": 8, "full": 200}[given.size]
    sizes = SIZES[given.size]
    model = ViT(sizes, shape[1], shape[2], data.classes)
    analog = nrt.convert(model, given.chip, scheme=given.scheme)
    title = f"ViT, {sizes.layers} layers of {sizes.width}"
    found = train(analog, data, title=title, epochs=epochs, batch=64, rate=2e-3)
    goal = 0.7 if data.name.startswith("digits") else 0.4
    finish(analog, found, given, name="vit_tiny", goal=goal)
