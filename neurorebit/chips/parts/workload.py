"""The work that a network asks of a chip: matrix products and vector work, as arrays.

Every array has one entry for each stage (a matrix product with the vector work behind it, a row of
a report) on its last axis, in network order. Numbers are those of one image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.layers.base import Bits, Operation, Value, VectorWork
from neurorebit.layers.maps import Map, lines_of, maps_of
from neurorebit.layers.network import Stage
from neurorebit.layers.tables import Table

Array = NDArray[np.float64]
Places = NDArray[np.intp]  # of some stages among all


@dataclass(frozen=True, eq=False)
class VectorLoad:
    """The vector work of one direction.

    ``operations``: each operation, and on how many elements. ``transfers``: bits of a value, and
    how many such values go to or come from the memory off the chip.
    """

    operations: tuple[tuple[Operation, Array], ...] = ()
    transfers: tuple[tuple[Bits, Array], ...] = ()

    @classmethod
    def of(cls, stages: Sequence[Sequence[VectorWork]]) -> VectorLoad:
        """The work of each stage, sorted by operation and by bits.

        Masks are not kept where a stage keeps stored values, from which they follow.
        """
        operations: dict[Operation, Array] = {}
        transfers: dict[Bits, Array] = {}

        for stage, works in enumerate(stages):
            keeps = any(bits is Value.STORED for work in works for _, bits in work.transfers)
            for work in works:
                if work.operation is not None:
                    elements = operations.setdefault(work.operation, np.zeros(len(stages)))
                    elements[stage] += work.elements
                mask = ((1.0, 1.0),) if work.mask and not keeps else ()
                for number, bits in (*work.transfers, *mask):
                    values = transfers.setdefault(bits, np.zeros(len(stages)))
                    values[stage] += number * work.elements
        return cls(tuple(operations.items()), tuple(transfers.items()))

    def at(self, places: Places) -> VectorLoad:
        """The work of some of the stages."""
        return VectorLoad(
            tuple((operation, elements[places]) for operation, elements in self.operations),
            tuple((bits, values[places]) for bits, values in self.transfers),
        )


@dataclass(frozen=True, eq=False)
class Workload:
    """The stages of a network.

    ``rows``, ``cols``, ``groups`` and ``vectors`` of the matrix products. ``positions``: of the
    sliding window, of which ``window_height`` lie above each other. ``inputs``: distinct input
    values; ``outgoing``: values of the maps handed on to other stages. ``sends_error``: 1 where the
    input has an error, 0 where it is the image or follows from it without layers that learn.
    ``signed``: 1 where inputs may be below zero. ``maps``: what the stages hand on to each other.

    ``stationary``: 1 where the matrix product is with weights, 0 where it is of two activations, of
    which ``errors`` have an error. ``serial``: 1 where each vector follows from the one before it.
    ``learns``: 1 where the weights are not frozen; ``reached``: 1 where errors come to the stage.
    ``in_cells``: 1 where the weights stand in the forward arrays, 0 where digital macros hold and
    multiply them. ``ranks``: of the updates that learn beside frozen weights, 0 where there are
    none.
    ``merged``: results that are added to others to make one output, or dropped. ``lines``: of the
    maps that the products give. ``waits``: 1 where in a training the outputs wait for the whole
    batch, ``leads``: where the inputs do, behind a norm before the first product. ``names``: of the
    stages. ``whole``: the network of which these are the stages at ``places``; None where they are
    all.
    """

    rows: Array
    cols: Array
    groups: Array
    vectors: Array
    positions: Array = field(kw_only=True)
    window_height: Array = field(kw_only=True)
    inputs: Array = field(kw_only=True)
    outgoing: Array = field(kw_only=True)
    sends_error: Array = field(kw_only=True)
    signed: Array = field(default_factory=lambda: np.zeros(1), kw_only=True)
    merged: Array = field(default_factory=lambda: np.zeros(1), kw_only=True)
    forward: VectorLoad = field(kw_only=True)
    backward: VectorLoad = field(kw_only=True)
    inference: VectorLoad = field(kw_only=True)
    maps: tuple[Map, ...] = field(kw_only=True)
    stationary: Array = field(default_factory=lambda: np.ones(1), kw_only=True)
    serial: Array = field(default_factory=lambda: np.zeros(1), kw_only=True)
    errors: Array = field(default_factory=lambda: np.zeros(1), kw_only=True)
    learns: Array = field(default_factory=lambda: np.ones(1), kw_only=True)
    reached: Array = field(default_factory=lambda: np.ones(1), kw_only=True)
    ranks: Array = field(default_factory=lambda: np.zeros(1), kw_only=True)
    in_cells: Array = field(default_factory=lambda: np.ones(1), kw_only=True)
    lines: Array = field(default_factory=lambda: np.ones(1), kw_only=True)
    waits: Array = field(default_factory=lambda: np.zeros(1), kw_only=True)
    leads: Array = field(default_factory=lambda: np.zeros(1), kw_only=True)
    names: NDArray[np.str_] = field(default_factory=lambda: np.array([""]), kw_only=True)
    whole: Workload | None = field(default=None, kw_only=True)
    places: Places | None = field(default=None, kw_only=True)

    @classmethod
    def of(cls, stages: Sequence[Stage]) -> Workload:
        """The stages of a network, in their order."""
        matmuls, maps = [stage.matmul for stage in stages], maps_of(stages)

        def each(numbers: Sequence[float]) -> Array:
            return np.array(numbers, np.float64)

        return cls(
            each([m.rows for m in matmuls]),
            each([m.cols for m in matmuls]),
            each([m.groups for m in matmuls]),
            each([m.vectors for m in matmuls]),
            positions=each([m.positions for m in matmuls]),
            window_height=each([m.taps[0] for m in matmuls]),
            inputs=each([m.inputs for m in matmuls]),
            outgoing=each([made_by(maps, stage) for stage in range(len(stages))]),
            sends_error=each([stage.sends_error for stage in stages]),
            signed=each([m.signed and m.stationary for m in matmuls]),
            merged=each([m.merged for m in matmuls]),
            forward=VectorLoad.of([stage.forward for stage in stages]),
            backward=VectorLoad.of([stage.backward for stage in stages]),
            inference=VectorLoad.of([stage.inference for stage in stages]),
            maps=maps,
            stationary=each([m.stationary for m in matmuls]),
            serial=each([m.serial for m in matmuls]),
            errors=each([stage.errors for stage in stages]),
            learns=each([not stage.node.layer.frozen for stage in stages]),
            reached=each([stage.reached for stage in stages]),
            ranks=each([stage.node.rank for stage in stages]),
            in_cells=each([not stage.node.digital for stage in stages]),
            lines=each([lines_of(stage.node.product.shape_out) for stage in stages]),
            waits=each([any(node.layer.waits for node in stage.followers) for stage in stages]),
            leads=each([any(node.layer.waits for node in stage.leaders) for stage in stages]),
            names=np.array([stage.node.name for stage in stages]),
        )

    def at(self, places: Places) -> Workload:
        """Some of the stages; what all stages share is that of all."""
        cut: dict[str, Any] = {}
        for key in fields(self):
            value = getattr(self, key.name)
            if isinstance(value, VectorLoad):
                cut[key.name] = value.at(places)
            elif isinstance(value, np.ndarray):
                cut[key.name] = value if value.size == 1 else value[places]
        return replace(self, **cut, whole=self, places=places)

    @property
    def weighted(self) -> Workload:
        """The stages whose matrix product is with weights, which arrays hold."""
        if np.all(self.stationary):
            return self
        return self.at(np.flatnonzero(self.stationary))

    @property
    def products(self) -> Workload | None:
        """The stages that multiply two activations; None where there are none."""
        if np.all(self.stationary):
            return None
        return self.at(np.flatnonzero(self.stationary == 0.0))

    @property
    def all(self) -> Workload:
        """All stages of the network."""
        return self.whole or self

    def taken(self, amounts: Array) -> Array:
        """Of amounts of all stages those of these, on the last axis."""
        if self.places is None or amounts.shape[-1] == 1:
            return amounts
        return np.asarray(amounts[..., self.places])

    def tables(self, training: bool) -> tuple[Table, ...]:
        """The functions that vector work looks up, in ``training`` or where images are recognised.

        Sorted by name, each once.
        """
        w = self.all
        loads = (w.forward, w.backward, w.inference) if training else (w.inference,)
        found = {
            table
            for load in loads
            for operation, _ in load.operations
            for _, table in operation.lookups
        }
        return tuple(sorted(found, key=lambda table: table.name))

    @cached_property
    def joined(self) -> Array:
        """Values that vector work reads of maps that other stages made, or of the image."""
        if self.whole is not None:
            return self.taken(self.whole.joined)
        values = np.zeros(len(self.rows))
        for one in self.maps:
            for stage in one.joined:
                values[stage] += one.values
        return values

    @cached_property
    def returned(self) -> Array:
        """Of the values handed on, those whose errors come back."""
        if self.whole is not None:
            return self.taken(self.whole.returned)
        values = self.outgoing.copy()
        for one in self.maps:
            if one.made is not None and not one.taught:
                values[one.made] -= one.values
        return values

    @property
    def channels(self) -> Array:
        """Input channels of one group."""
        return self.rows / self.positions

    @property
    def outputs(self) -> Array:
        """Output channels of all groups."""
        return self.cols * self.groups

    @property
    def results(self) -> Array:
        """Values that the matrix product gives."""
        return self.outputs * self.vectors

    @property
    def kept(self) -> Array:
        """Values of the outputs, each of which may have an error: results that are not merged."""
        return self.results - self.merged

    @property
    def operands(self) -> Array:
        """Operands of all groups that the vectors meet."""
        return self.rows * self.cols * self.groups

    @property
    def weights(self) -> Array:
        """Operands that are weights."""
        return self.stationary * self.operands

    @property
    def read(self) -> Array:
        """Distinct values that a stage reads: its inputs, and operands that are no weights."""
        return self.inputs + (1.0 - self.stationary) * self.operands

    @property
    def macs(self) -> Array:
        """Multiplications and additions."""
        return self.operands * self.vectors


def made_by(maps: Sequence[Map], stage: int) -> float:
    """Values of the maps that a stage makes."""
    return sum(one.values for one in maps if one.made == stage)
