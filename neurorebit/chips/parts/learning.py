"""What the learning rule of a training asks of digital memory and arithmetic."""

from __future__ import annotations

from typing import NamedTuple

from neurorebit.schema.training import WORD


class Learning(NamedTuple):
    """Of one weight in one iteration.

    ``words`` of ``word_bits`` are kept from one iteration to the next; with ``momentum`` one of
    them is a velocity, to which the gradient is added; ``moments`` of them are kept apart from the
    gradient. ``products`` and ``additions`` make the change of the weight of its gradient, with
    ``serial`` square roots and divisions, which take an addition for each bit of their result.
    ``rounded``: a real weight among the words is rounded to a level. ``reads_cells``: weight decay
    asks for a weight that only the cells hold. ``write``: how cells are brought to levels, a word
    of ``training.write``, None where they get pulses that nobody counts back to a level;
    ``tolerance`` of a verified write, over the spacing of levels. ``rank``: of two thin matrices of
    words of each layer, in which changes gather; 0: there are none.
    """

    words: int
    products: float
    additions: float
    momentum: bool = False
    rounded: bool = False
    reads_cells: bool = False
    write: str | None = None
    tolerance: float = 0.25
    word_bits: int = WORD
    arrays: int = 1
    moments: int = 0
    serial: int = 0
    rank: int = 0

    @property
    def in_macros(self) -> dict[str, float]:
        """The work in macros that add gradients to a velocity as they are collected."""
        added = self.additions - int(self.momentum)
        return {"products": self.products, "additions": added, "serial": self.serial}

    @property
    def serially(self) -> str:
        """What a report says of roots and divisions."""
        if not self.serial:
            return ""
        return f", {self.serial} square roots and divisions of an addition a bit"
