"""The rows of a comparison of schemes: each with the chip that it trains."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.inputs.architecture import read_architecture
from neurorebit.schema import Document, paths
from neurorebit.schemes.parts.scheme import Held
from neurorebit.schemes.table import SCHEMES


@dataclass(frozen=True)
class Row:
    """A row of the comparison: a scheme, the chip that it trains, and what is set on that chip."""

    scheme: str
    chip: str
    settings: tuple[tuple[str, str], ...]

    @property
    def architecture(self) -> str:
        """The shipped file of the chip."""
        return SCHEMES[self.scheme].architecture

    @property
    def software(self) -> bool:
        """Whether no chip is needed, so that there is nothing to bill."""
        chip = read_architecture(Document(paths.shipped("architecture", self.architecture)))
        return SCHEMES[self.scheme].held_on(chip.holds_devices) is Held.SOFTWARE


def choices() -> dict[str, Row]:
    """The rows that can be asked for, by name: each scheme that trains, then its variants."""
    found = {}
    for name, scheme in SCHEMES.items():
        if not scheme.trains:
            continue
        given = (("architecture.scheme", name),)
        found[name] = Row(name, scheme.chip, given)
        for other, variant in scheme.variants.items():
            found[other] = Row(name, variant.chip, (*given, *variant.settings.items()))
    return found


def place_of(name: str, seed: int) -> str:
    """The folder of a run in that of its comparison."""
    return f"{name}_seed{seed}"
