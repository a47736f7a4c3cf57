"""The rules by which numbers in digital memory learn: what each keeps, and what a step takes."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import NamedTuple


class Steps(NamedTuple):
    """What a step of one weight takes, and the ``words`` that it keeps beside the weight.

    ``products`` are of a word and a number of the bits of a rate. ``serial``: square roots and
    divisions, which give a bit of their result with each addition.
    """

    words: int = 0
    products: int = 0
    additions: int = 0
    serial: int = 0

    def __add__(self, other: Steps) -> Steps:  # type: ignore[override]
        return Steps(*(one + more for one, more in zip(self, other, strict=True)))


@dataclass(frozen=True)
class Optimiser:
    """A rule: its ``formula``, and the work of a step.

    ``plain`` is the work without momentum and decay, ``momentum`` and ``decay`` what these add.
    ``apart``: the gradient of a batch is needed by itself, so that it cannot be added to a velocity
    while it is collected. ``squares``: a mean of squared gradients is kept. ``heeds``: keys of
    ``training`` that some rules ignore.
    """

    formula: str
    source: str
    plain: Steps
    _: KW_ONLY
    momentum: Steps = field(default_factory=Steps)
    decay: Steps
    apart: bool = False
    squares: bool = False
    heeds: frozenset[str]

    def work(self, *, momentum: bool, decay: bool) -> Steps:
        """The work of a step."""
        found = self.plain + (self.momentum if momentum else Steps())
        return found + (self.decay if decay else Steps())


MOMENTS = frozenset({"betas", "epsilon"})
SUTSKEVER = "I. Sutskever et al., ICML 2013"
# Both moments; the square of a gradient, of two products with half of its bits; the correction of
# their first steps is in the rate and in epsilon.
_ADAM = Steps(2, products=7, additions=5, serial=2)

OPTIMISERS: dict[str, Optimiser] = {
    "sgd": Optimiser(
        "v <- momentum v + g + decay w; w <- w - rate v",
        SUTSKEVER,
        Steps(products=1, additions=1),
        momentum=Steps(1, products=1, additions=1),
        decay=Steps(products=1, additions=1),
        heeds=frozenset({"momentum"}),
    ),
    "nesterov": Optimiser(
        "g' = g + decay w; v <- momentum v + g'; w <- w - rate (g' + momentum v)",
        f"Nesterov's momentum, {SUTSKEVER}",
        Steps(products=1, additions=1),
        momentum=Steps(1, products=2, additions=2),
        decay=Steps(products=1, additions=1),
        apart=True,
        heeds=frozenset({"momentum"}),
    ),
    "adam": Optimiser(
        "g' = g + decay w; m <- b1 m + (1 - b1) g'; s <- b2 s + (1 - b2) g'^2; "
        "w <- w - rate (m / (1 - b1^t)) / (sqrt(s / (1 - b2^t)) + epsilon)",
        "D. P. Kingma, J. Ba, ICLR 2015, arXiv:1412.6980",
        _ADAM,
        decay=Steps(products=1, additions=1),
        apart=True,
        squares=True,
        heeds=MOMENTS,
    ),
    "adamw": Optimiser(
        "as adam of g alone, and w <- w - rate decay w beside it",
        "I. Loshchilov, F. Hutter, ICLR 2019, arXiv:1711.05101",
        _ADAM,
        decay=Steps(products=1, additions=1),
        apart=True,
        squares=True,
        heeds=MOMENTS,
    ),
}
OTHER_OPTIMISERS = {  # words of other tools
    **dict.fromkeys(("SGD", "momentum"), "it is sgd"),
    **dict.fromkeys(("Adam", "ADAM"), "it is adam"),
    **dict.fromkeys(("AdamW", "ADAMW"), "it is adamw"),
    **dict.fromkeys(("nag", "NAG"), "it is nesterov"),
}
