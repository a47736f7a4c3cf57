"""A chip and its phases, of one design or of arrays of them."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.architecture import AnySpec, HybridSpec
from neurorebit.chip.chip import Chip
from neurorebit.chip.hybrid import HybridChip
from neurorebit.chip.in_place import InPlaceChip
from neurorebit.chip.tiki_taka import TikiTakaChip
from neurorebit.cost import Real
from neurorebit.device import Device
from neurorebit.estimate.hybrid import HybridPhases
from neurorebit.estimate.in_place import InPlacePhases
from neurorebit.estimate.phases import Measured, Phase, Phases
from neurorebit.estimate.tiki_taka import TikiTakaPhases
from neurorebit.mapping import Floorplan, Layers
from neurorebit.technology import Technology
from neurorebit.training import IN_PLACE, kept_words


@dataclass(frozen=True, eq=False)
class Design:
    """A chip and what each phase of training does on it; one, or arrays of them."""

    chip: Chip
    phases: dict[str, Phase]
    ops: dict[str, Real]
    assumptions: tuple[str, ...]  # one plain sentence each, for the report's reader


def design(
    layers: Layers,
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
    plan = plan or Floorplan.of(layers, spec)
    work: Phases
    if isinstance(spec, HybridSpec):
        chip = HybridChip(technology, device, spec, plan)
        work = HybridPhases(chip, activity, batch)
    elif spec.weights == "tiki_taka" and spec.holds_devices:
        two = TikiTakaChip(technology, device, spec, plan, batch=batch)
        work = TikiTakaPhases(two, activity, batch)
    else:
        made = InPlaceChip(technology, device, spec, plan, batch=batch)
        beside = kept_words(spec.weights, momentum) if spec.weights in IN_PLACE else 0
        work = InPlacePhases(made, activity, batch, float(beside))
    return Design(work.chip, work.all(), work.ops, work.assumptions)
