"""A chip and its phases, of one design or of arrays of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neurorebit.chips.architecture import AnySpec, HybridSpec
from neurorebit.chips.hybrid.chip import HybridChip
from neurorebit.chips.hybrid.phases import HybridPhases
from neurorebit.chips.in_place.chip import InPlaceChip
from neurorebit.chips.in_place.phases import InPlacePhases
from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.chip import Chip
from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.chips.parts.phases import Phase, Phases
from neurorebit.chips.parts.workload import Workload
from neurorebit.chips.tiki_taka.chip import TikiTakaChip
from neurorebit.chips.tiki_taka.phases import TikiTakaPhases
from neurorebit.circuits.cost import Real
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology
from neurorebit.schemes.parts.scheme import Held
from neurorebit.schemes.table import SCHEMES


@dataclass(frozen=True, eq=False)
class Design:
    """A chip and what each phase of training does on it; one, or arrays of them."""

    chip: Chip[Any]
    phases: dict[str, Phase]
    ops: dict[str, Real]
    assumptions: tuple[str, ...]  # one plain sentence each, for the report's reader


def design(
    workload: Workload,
    spec: AnySpec,
    technology: Technology,
    device: Device,
    activity: Measured,
    batch: Real,
    plan: Floorplan | None = None,
    momentum: float = 0.0,
) -> Design:
    """The chip that trains a network, and its phases; ``plan`` is the best one unless given.

    With ``momentum`` schemes that learn in place keep velocities beside their cells.
    Every number may be an array of designs, with a last axis of length one for the layers. What
    cannot exist is nan.
    """
    plan = plan or Floorplan.of(workload, spec)
    scheme = SCHEMES[spec.scheme]
    work: Phases
    if isinstance(spec, HybridSpec):
        chip = HybridChip(technology, device, spec, plan)
        work = HybridPhases(chip, activity, batch)
    elif scheme.fast is not None and spec.holds_devices:
        two = TikiTakaChip(technology, device, spec, plan, batch=batch)
        work = TikiTakaPhases(two, activity, batch)
    else:
        made = InPlaceChip(technology, device, spec, plan, batch=batch)
        kept = scheme.words(momentum) if scheme.held is Held.CELLS else 0
        work = InPlacePhases(made, activity, batch, float(kept))
    return Design(work.chip, work.by_name(), work.ops, work.assumptions)
