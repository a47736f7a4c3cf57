"""Organisation of a chip: its architecture file, its blocks and its phases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, NamedTuple

from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.chips.parts.learning import Learning
from neurorebit.chips.parts.phases import Phases
from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.circuits.cost import Real
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology


class Job(NamedTuple):
    """A chip to be built, and the training that it is to do.

    ``batch`` images make an iteration.
    """

    technology: Technology
    device: Device
    spec: ArchitectureSpec
    plan: Floorplan
    activity: Measured
    batch: Real
    learning: Learning


@dataclass(frozen=True)
class Organisation:
    """An entry of the table of organisations.

    ``sections`` mark an architecture file, which is read into ``spec``; an organisation without
    sections has no files of its own: a scheme asks for it on chips of that spec. ``suits`` says
    whether it can be built of what the file describes. ``build`` makes the phases, and with them
    the chip.
    """

    sentence: str
    spec: type[ArchitectureSpec]
    sections: tuple[str, ...]
    build: Callable[[Job], Phases]
    _: KW_ONLY
    suits: Callable[[ArchitectureSpec], bool] = lambda spec: True

    def takes(self, spec: ArchitectureSpec) -> bool:
        """Whether a chip of this architecture can be organised so."""
        return isinstance(spec, self.spec) and self.suits(spec)

    def marked(self, tree: Mapping[str, Any]) -> tuple[float, int]:
        """The share and the number of its sections that a file has."""
        present = sum(section in tree for section in self.sections)
        return present / len(self.sections) if self.sections else -1.0, present
