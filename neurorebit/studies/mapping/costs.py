"""What each option of each layer costs, by the estimate of chips that are all built so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.chips.parts.mapping import Chosen
from neurorebit.chips.parts.phases import PER, TRAINING, Phases
from neurorebit.chips.parts.pipelining import NONE
from neurorebit.chips.parts.workload import Workload
from neurorebit.circuits.cost import Real
from neurorebit.estimation.design import Design, built, design
from neurorebit.inputs.files import Inputs
from neurorebit.schemes.assumed import assumed
from neurorebit.studies.mapping.options import Option, chosen

Array = NDArray[np.float64]
WORK: Mapping[str, tuple[str, ...]] = {  # what is optimised: these phases of an image
    "inference": ("inference",),
    "training": TRAINING,
}
LITTLE = 2.0**-12  # part of a layer that learns, where what it sends is asked for
SLIP = 1e-6  # of a time, which rounding leaves of a difference


@dataclass(frozen=True, eq=False)
class Costs:
    """The chips that an input may be mapped to, and what ``work`` costs on them, per image."""

    inputs: Inputs
    work: str

    @cached_property
    def workload(self) -> Workload:
        """The stages of the network."""
        return Workload.of(self.inputs.network.stages)

    @cached_property
    def weighted(self) -> Workload:
        """Those with weights, which options are of."""
        return self.workload.weighted

    @property
    def stages(self) -> int:
        """Stages of the network."""
        return len(self.workload.rows)

    @property
    def places(self) -> NDArray[np.intp]:
        """Where the stages with weights stand among all."""
        places = self.weighted.places
        return np.arange(self.stages) if places is None else places

    @property
    def batch(self) -> float:
        """Images of an iteration."""
        batch, images = self.inputs.network.training.batch, self.inputs.images
        return float(batch if images is None else min(batch, images))

    def design(self, plan: Floorplan) -> Design:
        """The chip with this floorplan, and the phases of the work."""
        with np.errstate(all="ignore"):
            return design(
                self.workload, plan=plan, batch=self.batch, only=WORK[self.work], **self._files
            )

    def built(self, plan: Floorplan) -> Phases:
        """The chip with this floorplan, for the workload of the plan, and phases not yet asked."""
        with np.errstate(all="ignore"):
            return built(plan.workload, plan=plan, batch=self.batch, **self._files)

    @cached_property
    def _files(self) -> dict[str, Any]:
        inputs = self.inputs
        activity = assumed(inputs.network, inputs.architecture, inputs.device)
        return {
            "spec": inputs.architecture,
            "technology": inputs.technology,
            "device": inputs.device,
            "activity": Measured.of(activity),
            "training": inputs.network.training,
        }

    def plan(self, wanted: Chosen | None) -> Floorplan:
        """The floorplan of what is asked of the layers; None: as the architecture has it."""
        return Floorplan.of(self.weighted, self.inputs.architecture, chosen=wanted)

    def whole(self, split: Array, others: Array) -> tuple[Array, Array]:
        """Area and leakage of chips with so many tiles of the two kinds."""
        plan = laid(self.plan(None), split[:, None], others[:, None])
        with np.errstate(all="ignore"):
            footprint = self.built(plan).chip.footprint
            area, leakage = footprint.area.total, footprint.leakage.total
        return flat(area, split.shape), flat(leakage, split.shape)

    def of_layers(self, plan: Floorplan, *designs: int) -> tuple[Array, Array, Array]:
        """Energy without leakage, and time, of each design and stage; and times of all at once.

        Per image: of iterations an image's share. ``designs``: the lengths of their axes.
        """
        made, shape = self.design(plan), (*designs, self.stages)
        energy, time, common = np.zeros(shape), np.zeros(shape), np.zeros(designs)
        for name, phase in made.phases.items():
            for amount in phase.energy.items.values():
                energy += self._share(name) * np.broadcast_to(amount, shape)
            time += self._share(name) * np.broadcast_to(phase.time, shape)
            common += self._share(name) * flat(phase.common_time, designs)
        return energy, time, common

    @property
    def paced(self) -> bool:
        """Whether layers work on different images."""
        return self.inputs.architecture.pipelining != NONE

    def loads(self, plan: Floorplan, *designs: int) -> tuple[Array, Array]:
        """For how long an image takes the parts of a pipeline, by design and stage: the one of a
        stage's own that it takes longest, and, on a last axis, those that stages share.
        """
        shape = (*designs, self.stages)
        flow = self.design(plan).flow if self.paced else None
        if flow is None or flow.inference is None:
            return np.zeros(shape), np.zeros((*shape, 0))
        totals = {part: np.broadcast_to(n, shape) for part, n in flow.inference.totals.items()}
        own = [load for part, load in totals.items() if not part.shared]
        return np.max(own, axis=0), np.stack([n for part, n in totals.items() if part.shared], -1)

    def _share(self, phase: str) -> float:
        """An image's share of a phase."""
        return 1.0 / self.batch if PER[phase] == "iteration" else 1.0

    def at_once(self, plan: Floorplan, *designs: int) -> tuple[Array, Array]:
        """What layers add to the time of what all do at once, and what the longest of them takes.

        By design and layer; the latter with a last axis for the phases. What layers send one after
        the other is proportional to how much of them learns, a longest time is that of one layer:
        a layer of which a small part learns beside another adds what it sends and nothing else.
        """
        layers = len(self.weighted.rows)
        if not self._common_phases:
            return np.zeros((*designs, layers)), np.zeros((*designs, layers, 0))

        def common(learns: Array) -> Array:
            """Times by what learns (first axis), design and phase."""
            shape = len(learns), *(1,) * len(designs), layers
            workload = replace(self.weighted, learns=learns.reshape(shape))
            return self._common(replace(plan, workload=workload), (len(learns), *designs))

        one = np.eye(layers)
        alone = common(one)
        most = np.max(alone.reshape(layers, -1), axis=-1)
        first, second = np.argsort(most)[[-1, -2 if layers > 1 else -1]]
        beside = np.where(np.arange(layers) == first, second, first)
        own = (common(one[beside] + LITTLE * one) - alone[beside]) / LITTLE
        own = np.where(own > SLIP * alone, own, 0.0) * (layers > 1)
        return np.moveaxis(np.sum(own, axis=-1), 0, -1), np.moveaxis(alone - own, 0, -2)

    @cached_property
    def _common_phases(self) -> tuple[str, ...]:
        """The phases of the work in which all layers do something at once."""
        phases = self.design(self.plan(None)).phases
        return tuple(name for name, phase in phases.items() if np.any(phase.common_time))

    def _common(self, plan: Floorplan, shape: tuple[int, ...]) -> Array:
        """Time that each of these phases takes for all layers at once, an image's share of it."""
        with np.errstate(all="ignore"):
            phases = self.built(plan).by_name(self._common_phases)
        times = [
            self._share(name) * flat(phase.common_time, shape) for name, phase in phases.items()
        ]
        return np.stack(times, axis=-1)

    def value(self, options: list[Option] | None) -> tuple[float, float, float]:
        """Area, energy with leakage, and time of one choice, by the estimate of its chip.

        None: as the architecture has it.
        """
        plan = self.plan(None if options is None else chosen([[one] for one in options]))
        made = self.design(plan)
        energy, time, common = self.of_layers(plan, 1)
        seconds = float(np.sum(time) + common[0])
        footprint = made.chip.footprint
        area, watts = (float(flat(b.total, (1,))[0]) for b in (footprint.area, footprint.leakage))
        return area, float(np.sum(energy)) + watts * seconds, seconds


def laid(plan: Floorplan, split: Real, others: Real) -> Floorplan:
    """The same floorplan on a chip that is laid out for so many tiles of each kind.

    Kernel-split tiles are as large as if there were any, though a design may have none.
    """
    positions = np.maximum(plan.common_positions, 1.0)
    return replace(plan, laid=(split, others), split_positions=positions)


def flat(amounts: Any, shape: tuple[int, ...]) -> Array:
    """One amount for each design, of an array with an axis for the layers."""
    array = np.asarray(amounts, np.float64)
    return np.broadcast_to(array[..., 0] if array.ndim else array, shape)
