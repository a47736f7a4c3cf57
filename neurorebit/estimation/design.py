"""A chip and its phases, of one design or of arrays of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.chip import Chip
from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.chips.parts.organisation import Job, Organisation
from neurorebit.chips.parts.phases import Phase, Phases
from neurorebit.chips.parts.products import ProductPhases, joined
from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.chips.parts.workload import Workload
from neurorebit.chips.table import ORGANISATIONS
from neurorebit.circuits.cost import Real
from neurorebit.estimation.flow import Flow, flow_of
from neurorebit.estimation.swaps import mask_of, said_of, with_reloads
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology
from neurorebit.schema.training import Training
from neurorebit.schemes.table import SCHEMES


@dataclass(frozen=True, eq=False)
class Design:
    """A chip and what each of its phases does; one, or arrays of them."""

    chip: Chip[Any]
    phases: dict[str, Phase]
    ops: dict[str, Real]
    assumptions: tuple[str, ...]  # one plain sentence each, for the report's reader
    _: KW_ONLY
    flow: Flow | None = None  # where layers work on different images

    @property
    def stages(self) -> int:
        """Stages of the network, with weights or without."""
        return len(self.chip.workload.all.rows)


def design(
    workload: Workload,
    spec: ArchitectureSpec,
    technology: Technology,
    device: Device,
    *,
    activity: Measured,
    batch: Real,
    plan: Floorplan | None = None,
    training: Training,
    only: Collection[str] | None = None,
) -> Design:
    """The chip for a network, and its phases (or ``only`` some); ``plan`` is its own unless given.

    Every number may be an array of designs, with a last axis of length one for the layers. What
    cannot exist is nan.
    """
    weighted = workload.weighted
    work = built(
        workload,
        spec,
        technology,
        device,
        activity=activity,
        batch=batch,
        plan=plan,
        training=training,
    )
    own, arrays = workload.products, with_reloads(work, work.by_name(only), batch)
    if own is None:
        made = Design(work.chip, arrays, work.ops, (*work.assumptions, *said_of(work)))
        return _pipelined(made, batch)
    products = ProductPhases(work, own, activity.at(own))
    ops = {name: count + products.ops.get(name, 0.0) for name, count in work.ops.items()}
    phases = joined(arrays, products.by_name(only), weighted, own)
    made = Design(
        work.chip, phases, ops, (*work.assumptions, *products.assumptions, *said_of(work))
    )
    return _pipelined(made, batch)


def _pipelined(made: Design, batch: Real) -> Design:
    """The same where layers work on different images: phases last as long as the pipeline does."""
    if made.chip.pipeline is None:
        return made
    flow = flow_of(made.chip, made.phases, batch)
    shares = {name: flow.share(name) for name in made.phases}
    phases = {
        name: phase if (share := shares[name]) is None else _lasting(phase, share)
        for name, phase in made.phases.items()
    }
    return replace(made, phases=phases, flow=flow)


def _lasting(phase: Phase, share: NDArray[np.float64]) -> Phase:
    """A phase of which each layer takes this share of its time."""
    return replace(phase, time=np.asarray(share)[..., None] * phase.time)


def built(
    workload: Workload,
    spec: ArchitectureSpec,
    technology: Technology,
    device: Device,
    *,
    activity: Measured,
    batch: Real,
    plan: Floorplan | None = None,
    training: Training,
) -> Phases:
    """The chip for a network with its phases, none of which was yet asked what it costs."""
    weighted = workload.weighted
    plan = plan or Floorplan.of(weighted, spec)
    learning = SCHEMES[spec.scheme].learning(training)
    job = Job(technology, device, spec, plan, activity.at(weighted), batch, learning)
    build = organisation_of(spec).build
    made = build(job)
    if spec.capacity is None or plan.swapped is not None:
        return made

    def swapping(layers: NDArray[np.float64]) -> Phases:
        return build(job._replace(plan=replace(plan, swapped=layers)))

    layers = mask_of(made.chip, lambda of: swapping(of).chip.footprint.area.total)
    return swapping(layers)


def organisation_of(spec: ArchitectureSpec) -> Organisation:
    """The organisation that the scheme asks for where the file can be built so, or the file's."""
    wanted = SCHEMES[spec.scheme].organisation
    if wanted is not None and ORGANISATIONS[wanted].takes(spec):
        return ORGANISATIONS[wanted]
    return ORGANISATIONS[spec.organisation]
