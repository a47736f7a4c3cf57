"""What a quirk is: a known slip of a reference tool, and the correction that undoes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from fnmatch import fnmatch
from typing import Any

from neurorebit.schema.technology import Technology
from validation.neurosim.cases import Case

Correction = Callable[[Case, str, float], Any]  # case, quantity, our figure -> the tool's way


@dataclass(frozen=True)
class Quirk:
    """A slip of a tool, the quantities of a module it touches, and what is physically right.

    ``correct`` turns our figure into what the tool would say if it were right but for this slip,
    out of our own block's parts. None: the values cannot be compared, for the reason ``tool``.
    """

    module: str
    quantities: tuple[str, ...]
    _: KW_ONLY
    tool: str
    right: str
    correct: Correction | None
    variant: str = ""  # of the module: the beginning of its name
    finfet: bool = False  # only where the technology has fins


@dataclass(frozen=True)
class Tool:
    """A reference tool: how it draws a technology, what its records do not repeat, its quirks."""

    prefix: str  # how its name begins in a record
    technology: Callable[[Technology], Technology] = lambda tech: tech
    hidden: Mapping[str, float] = field(default_factory=dict)
    quirks: tuple[Quirk, ...] = ()

    def touching(self, case: Case, quantity: str) -> list[Quirk]:
        """The quirks that touch a value."""
        record = case.inputs.record
        return [
            quirk
            for quirk in self.quirks
            if quirk.module == record.module
            and record.variant.startswith(quirk.variant)
            and (not quirk.finfet or bool(case.tech.finfet))
            and any(fnmatch(quantity, pattern) for pattern in quirk.quantities)
        ]
