"""A GPT of two layers that learns to write the characters of a text, in arrays.

python examples/torch/char_gpt.py [--size small] [--text FILE]

The text is this project's licence, or FILE. Accuracy is the share of next characters that are
right, of a part of the text that training never saw.
"""

import math
from pathlib import Path

import torch
from common import CLONE, Data, finish, options, train
from torch import nn

import neurorebit.torch as nrt


class Layer(nn.Module):
    """Attention to what came before, and an MLP."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.out = nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        """Tokens [B, T, width]; ``before`` [T, T] has -inf where a token is not seen."""
        b, t, width = x.shape
        y = self.norm1(x)
        q, k, v = (
            f(y).view(b, t, self.heads, -1).transpose(1, 2)
            for f in (self.query, self.key, self.value)
        )
        scores = q @ k.transpose(2, 3) / math.sqrt(width / self.heads) + before
        mixed = (torch.softmax(scores, -1) @ v).transpose(1, 2).reshape(b, t, width)
        x = x + self.out(mixed)
        return x + self.down(nn.functional.gelu(self.up(self.norm2(x))))


class Gpt(nn.Module):
    """Two layers over the last ``context`` characters."""

    def __init__(self, characters: int, width: int, context: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(characters, width)
        self.places = nn.Parameter(0.02 * torch.randn(context, width))
        self.first, self.second = Layer(width, 4), Layer(width, 4)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, characters)
        hidden = torch.triu(torch.full((context, context), -math.inf), 1)
        self.register_buffer("before", hidden)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of the next characters [B, T, characters]."""
        h = self.tokens(x) + self.places
        h = self.second(self.first(h, self.before), self.before)
        return self.head(self.norm(h))


def of_text(path: Path, context: int) -> Data:
    """Pieces of a text and their next characters; a tenth of it, in blocks, is for the test."""
    text = path.read_text(encoding="utf-8")
    known = {c: i for i, c in enumerate(sorted(set(text)))}
    codes = torch.tensor([known[c] for c in text])
    step = max(context // 4, 1)
    starts = torch.arange(0, len(codes) - context - 1, step)
    block = starts // (10 * context) % 10  # the last of ten blocks is not trained on
    far = (starts + context) // (10 * context) % 10
    pieces = codes.unfold(0, context + 1, 1)

    def batch(some: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return pieces[starts[some], :-1].contiguous(), pieces[starts[some], 1:].contiguous()

    train_part, test_part = (block != 9) & (far != 9), (block == 9) & (far == 9)
    name = f"characters of {path.name}"
    return Data(name, batch(train_part), batch(test_part), classes=len(known))


if __name__ == "__main__":
    given = options(__doc__)
    context = {"small": 32, "medium": 32, "full": 128}[given.size]
    data = of_text(CLONE / "LICENSE", context)
    width = {"small": 64, "medium": 64, "full": 128}[given.size]
    epochs = given.epochs or {"small": 3, "medium": 25, "full": 60}[given.size]
    model = Gpt(data.classes, width, context)
    analog = nrt.convert(model, given.chip, scheme=given.scheme)
    title = f"GPT, 2 layers of {width}"
    found = train(
        analog, data, title=title, epochs=epochs, batch=16, rate=3e-3, chance=1 / data.classes
    )
    finish(analog, found, given, name="char_gpt", goal=0.3)
