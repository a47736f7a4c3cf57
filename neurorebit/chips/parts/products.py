"""Phases of layers that multiply two activations, and how they stand among those of the arrays.

Both activations change with every image. Where the chip has digital macros, one is written to them
and the other streamed past; else the lanes of the vector unit multiply and add. Both ways the
products are exact, and operands may be below zero: they are numbers in two's complement.

The backward pass has two products of the size of the forward one, of the errors with either
activation. Nothing is learned: there is no gradient and no update.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.phases import ARRAYS, Phase, Phases
from neurorebit.chips.parts.product_unit import Job, ProductUnit, backward_jobs, forward_job
from neurorebit.chips.parts.workload import Places, Workload
from neurorebit.circuits.cost import Bill, Cost, Real
from neurorebit.layers.base import Operation, Value

# A lane holds the sum of one result, and reads a value of its own while one is sent to all lanes.
FORWARD_MAC = Operation(cycles=1.0, additions=((1, 40.0),), products=((1, Value.INPUT),), words=1.0)
BACKWARD_MAC = replace(FORWARD_MAC, products=((1, Value.ERROR),))


@dataclass(frozen=True, eq=False)
class ProductPhases:
    """The phases of the stages ``workload``, on the chip of ``others``, whose phases share its
    buffer, its lanes and the way that streams overlap.
    """

    others: Phases
    workload: Workload
    activity: Measured

    @property
    def unit(self) -> ProductUnit | None:
        """The digital macros; None where lanes form the products."""
        unit: ProductUnit | None = self.others.chip.product_unit
        return unit

    def by_name(self, only: Collection[str] | None = None) -> dict[str, Phase]:
        """The phases in which there is work to do, of those that the chip has, or ``only`` some."""
        made: dict[str, Callable[[], Phase]] = {
            "inference": self.inference,
            "forward": self.forward,
            "backward": self.backward,
        }
        there = [name for name in made if name in self.others.phases]
        return {name: made[name]() for name in there if only is None or name in only}

    @property
    def ops(self) -> dict[str, Real]:
        """Operations of each phase, of all layers."""
        macs = 2.0 * self.workload.macs
        backward = np.sum(self.workload.errors * macs)
        return {"inference": np.sum(macs), "forward": np.sum(macs), "backward": backward}

    @property
    def assumptions(self) -> tuple[str, ...]:
        lanes = "products of two activations: exact, of numbers in two's complement; the backward "
        lanes += "pass has one for either activation; "
        if self.unit is None:
            return (
                lanes + "formed in the lanes of the vector unit, each of which reads an operand of "
                "its own from the global buffer for each multiplication",
            )
        return (
            lanes + "formed in digital macros beside the global buffer, as many as the largest "
            "operand asks for; an image's operand is written there, then the vectors follow",
        )

    # -- what one product takes ------------------------------------------------------------------

    @property
    def _bits(self) -> Real:
        return self.others.spec.input_bits

    @property
    def _density(self) -> Real:
        return self.activity.density

    def _formed(self, job: Job, density: Real, bits: tuple[Real, Real]) -> dict[str, Cost]:
        """The streams of a product in the unit; ``bits`` of an operand, and of what is streamed."""
        unit, stored = self.unit, self.others.spec.vector_unit.stored_bits
        assert unit is not None
        one = unit.multiply(job, density, np.ones_like(density))
        written = unit.hold(job) | unit.carry(job.operands * bits[0])
        carried = unit.carry(job.streamed * bits[1], job.across(unit.macro))
        carried = carried + unit.carry(job.results * stored, job.down(unit.macro))
        return {ARRAYS: written + job.vectors * one + unit.add(job), "tree": carried}

    def _multiplied(self, macs: Real, operation: Operation) -> Cost:
        """Products in the lanes."""
        lanes: Cost = self.others.chip.vector_unit.execute(operation, macs)
        return lanes

    def _fetched(self, macs: Real) -> Real:
        """Values that lanes take from the buffer: each its own, and one that is sent to all."""
        return macs * (1.0 + 1.0 / self.others.spec.vector_unit.lanes)

    @cached_property
    def _forward(self) -> tuple[dict[str, Cost], Real, Real]:
        """Streams of the product, values that it reads from the buffer, and its fill [s]."""
        w, job, bits = self.workload, forward_job(self.workload), self._bits
        if self.unit is None:
            lanes = self._multiplied(w.macs, FORWARD_MAC)
            return {ARRAYS: Cost(), "vector": lanes}, self._fetched(w.macs), 0.0
        made = self._formed(job, self._density, (bits, bits))
        return made, job.streamed + job.operands, self._fill(job)

    def _fill(self, job: Job) -> Real:
        """Time [s] until the first results have come through."""
        unit = self.unit
        assert unit is not None
        one = unit.multiply(job, self._density, np.ones_like(self._density))
        return one.latency.total + unit.tree.delay

    def _steps(self, job: Job) -> Real:
        """Steps of the control: a row after the other, or a multiplication in all lanes."""
        if self.unit is None:
            return job.vectors * job.operands / self.others.spec.vector_unit.lanes
        return job.vectors * np.minimum(job.rows, self.unit.macro.rows)

    # -- phases ----------------------------------------------------------------------------------

    def forward(self) -> Phase:
        """Both activations from memory, their product, and the vector work behind it."""
        others, w, bits = self.others, self.workload, self._bits
        formed, read, fill = self._forward
        buffer = others.chip.buffer
        streams = formed | {
            "buffer": buffer.read(read * bits) | buffer.write(w.outgoing * bits),
            "vector": _after(formed, others.vector_work(w.forward)),
        }
        dram = (w.read + w.joined + w.outgoing) * bits + others.transferred(w.forward)
        return others.overlapped(streams, self._steps(forward_job(w)), dram, fill)

    def inference(self) -> Phase:
        """As the forward pass; maps stay in the global buffer where they have room."""
        others, w, bits = self.others, self.workload, self._bits
        formed, read, fill = self._forward
        buffer, moved = others.chip.buffer, others.whole_residence.at(w)
        buffered = buffer.read(read * bits + moved.joined + moved.leaving)
        streams = formed | {
            "buffer": buffered | buffer.write(moved.made + moved.fetched),
            "vector": _after(formed, others.vector_work(w.inference)),
        }
        dram = moved.fetched + moved.leaving + others.transferred(w.inference)
        return others.overlapped(streams, self._steps(forward_job(w)), dram, fill, images=1.0)

    def backward(self) -> Phase:
        """Vector work, then the errors of both activations; of those that have none, nothing."""
        others, w, error = self.others, self.workload, self.others.spec.error_width
        share, buffer = w.errors / 2.0, others.chip.buffer
        streams: dict[str, Cost] = {ARRAYS: Cost()}
        steps: Real = 0.0
        fill: Real = 0.0
        read: Real = 2.0 * self._fetched(w.macs) * error
        if self.unit is not None:
            read = 0.0
            narrow = w.rows <= w.cols
            written: Real = np.where(narrow, self._bits, error)  # the smaller: inputs, or errors
            streamed: Real = np.where(narrow, error, self._bits)
            ways: tuple[tuple[Real, Real], ...] = ((self._bits, error), (written, streamed))
            ones = self.activity.error_density
            densities = ones, np.where(narrow, ones, self._density)
            for job, bits, density in zip(backward_jobs(w), ways, densities, strict=True):
                formed = self._formed(job, density, bits)
                streams = {name: streams.get(name, Cost()) + cost for name, cost in formed.items()}
                read = read + job.operands * bits[0] + job.streamed * bits[1]
                steps, fill = steps + self._steps(job), fill + self._fill(job)
        else:
            streams["vector"] = self._multiplied(2.0 * w.macs, BACKWARD_MAC)
            steps = 2.0 * self._steps(forward_job(w))
        streams["buffer"] = buffer.read(read) | buffer.write(w.read * error)
        halved = {name: share * cost for name, cost in streams.items()}
        halved["vector"] = _after(halved, others.vector_work(w.backward))
        own = (w.returned + w.results) * error + others.transferred(w.backward)
        dram = own + share * w.read * (self._bits + error)
        return others.overlapped(halved, share * steps, dram, share * fill)


def _after(streams: Mapping[str, Cost], work: Cost) -> Cost:
    """Vector work in lanes that may form the products themselves."""
    lanes = streams.get("vector")
    return work if lanes is None else lanes + work


def joined(
    phases: Mapping[str, Phase], products: Mapping[str, Phase], workload: Workload, own: Workload
) -> dict[str, Phase]:
    """The phases of arrays with those of ``products``, each at the places of its stages."""
    arrays, count = workload.places, len(workload.all.rows)
    assert arrays is not None
    assert own.places is not None
    return {
        name: _merged(
            _spread(phase, arrays, count),
            _spread(products[name], own.places, count) if name in products else None,
        )
        for name, phase in phases.items()
    }


def _at(amount: Any, places: Places, count: int) -> Any:
    """Amounts of some stages among those of all, which have none."""
    given = np.asarray(amount, np.float64)
    shape = np.broadcast_shapes(given.shape, (len(places),))
    full = np.zeros((*shape[:-1], count))
    full[..., places] = np.broadcast_to(given, shape)
    return full


def _spread(phase: Phase, places: Places, count: int) -> Phase:
    def bill(given: Bill) -> Bill:
        return Bill({part: _at(n, places, count) for part, n in given.items.items()})

    return Phase(
        bill(phase.energy),
        _at(phase.time, places, count),
        _at(phase.dram_bits, places, count),
        bill(phase.macro),
        common_time=phase.common_time,
        streams={
            name: Cost(bill(stream.energy), bill(stream.latency))
            for name, stream in phase.streams.items()
        },
    )


def _merged(one: Phase, other: Phase | None) -> Phase:
    if other is None:
        return one
    names = dict.fromkeys((*one.streams, *other.streams))
    return Phase(
        one.energy + other.energy,
        one.time + other.time,
        one.dram_bits + other.dram_bits,
        one.macro + other.macro,
        common_time=one.common_time,
        streams={
            name: one.streams.get(name, Cost()) + other.streams.get(name, Cost()) for name in names
        },
    )
