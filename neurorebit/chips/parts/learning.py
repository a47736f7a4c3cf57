"""What the learning rule of a training asks of digital memory and arithmetic."""

from __future__ import annotations

from typing import NamedTuple

from neurorebit.schema.training import WORD


class Learning(NamedTuple):
    """Of one weight in one iteration.

    ``words`` of ``word_bits`` are kept from one iteration to the next; with ``momentum`` one of
    them is a velocity, to which the gradient is added. ``products`` and ``additions`` make the
    change of the weight of its gradient. ``rounded``: a real weight among the words is rounded to a
    level. ``reads_cells``: weight decay asks for a weight that only the cells hold. ``write``: how
    cells are brought to levels, a word of ``training.write``, None where they get pulses that
    nobody counts back to a level; ``tolerance`` of a verified write, over the spacing of levels.
    """

    words: int
    products: int
    additions: int
    momentum: bool = False
    rounded: bool = False
    reads_cells: bool = False
    write: str | None = None
    tolerance: float = 0.25
    word_bits: int = WORD
