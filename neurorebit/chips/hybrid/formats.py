"""The section ``formats`` of a hybrid chip: how the words of its digital macros hold numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from neurorebit.schema import Misfit, Section, one_of
from neurorebit.schema.formats import FORMATS, OTHER_FORMATS, ROUNDINGS, Format

SAME, CODES, NONE = "gradient", "codes", "none"
MOMENTS: dict[str, Format | None] = {SAME: None, **FORMATS}
ACTIVATIONS: dict[str, Format | None] = {CODES: None, **FORMATS}
MASTERS: dict[str, Format | None] = {NONE: None, **FORMATS}


@dataclass(frozen=True, eq=False, kw_only=True)
class Formats(Section):
    """How the digital macros hold numbers (docs/models/logic.md#formats-of-numbers).

    ``weight``: the words that errors are sent back through. ``gradient``: the words that gradients
    are collected in. ``moment``: what a learning rule keeps from one iteration to the next; unless
    it is ``gradient``, a velocity has words of its own. ``activation``: inputs as they come to the
    gradient; ``codes`` are those of the arrays. ``rounding``: of all these where they are written.
    ``master``: a second copy of each weight, which learns, and from which ``weight`` is rounded.
    """

    source: str | None = None
    weight: Annotated[str, one_of(FORMATS, OTHER_FORMATS)] = "int32"
    gradient: Annotated[str, one_of(FORMATS, OTHER_FORMATS)] = "int32"
    moment: Annotated[str, one_of(MOMENTS, OTHER_FORMATS)] = SAME
    activation: Annotated[str, one_of(ACTIVATIONS, OTHER_FORMATS)] = CODES
    rounding: Annotated[str, one_of(ROUNDINGS)] = "nearest"
    master: Annotated[str, one_of(MASTERS, OTHER_FORMATS)] = NONE

    @property
    def weights(self) -> Format:
        return FORMATS[self.weight]

    @property
    def gradients(self) -> Format:
        return FORMATS[self.gradient]

    @property
    def moments(self) -> Format:
        return MOMENTS[self.moment] or self.gradients

    @property
    def activations(self) -> Format | None:
        """None: the codes of the arrays."""
        return ACTIVATIONS[self.activation]

    @property
    def masters(self) -> Format | None:
        """None: there are none."""
        return MASTERS[self.master]

    @property
    def apart(self) -> bool:
        """Whether a velocity has words beside those that gradients are collected in."""
        return self.moment != SAME

    @property
    def by_chance(self) -> bool:
        """Whether words are rounded by chance."""
        return self.rounding == "stochastic"

    @property
    def all_words(self) -> tuple[Format, ...]:
        """The formats that an update works on."""
        masters = () if self.masters is None else (self.masters,)
        return self.weights, self.gradients, self.moments, *masters

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a report says of them, where they are not the usual ones."""
        usual = Formats()
        keys = ("weight", "gradient", "moment", "activation", "rounding", "master")
        own = [f"{key} {getattr(self, key)}" for key in keys
               if getattr(self, key) != getattr(usual, key)]  # fmt: skip
        if not own:
            return ()
        scaled = "numbers whose exponents have fewer than 8 bits have a power of two a layer"
        return (f"formats: {', '.join(own)}; {scaled}",)

    def misfits(self) -> Iterator[Misfit]:
        """A master copy that has no more bits than the words rounded from it."""
        if self.masters is not None:
            message = f"a copy of {self.master} keeps no more of a weight than {self.weight}"
            narrow = self.masters.bits <= self.weights.bits
            yield Misfit(("formats", "master"), narrow, message, cure="take a wider one, or none")
