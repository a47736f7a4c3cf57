"""Activity of all layers, as arrays with the layers on their last axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.parts.workload import Workload
from neurorebit.schema.activity import Activity, BlockActivity, TrainActivity

Rows = NDArray[np.float64]  # one number for each layer


@dataclass(frozen=True)
class MeasuredFast:
    """Activity of the fast arrays of all layers in one step, as arrays."""

    ups: Rows
    downs: Rows
    reads: Rows
    conductance: Rows


@dataclass(frozen=True)
class MeasuredTrains:
    """Pulse trains of one direction in one step of all layers, as arrays (``TrainActivity``)."""

    openings: Rows
    slots: Rows
    open_rows: Rows
    blocks: Rows
    _: KW_ONLY
    share: Rows
    levels: Rows

    @classmethod
    def of(cls, layers: Sequence[TrainActivity | None]) -> MeasuredTrains:
        """The arrays of the trains of all layers, zero where a layer has none."""
        none = TrainActivity(0.0, 0.0, 0.0, 0.0, share=0.0, levels=0.0)
        given = [one or none for one in layers]
        return cls(**{key.name: _of_each(given, key.name) for key in fields(none)})


@dataclass(frozen=True)
class MeasuredBlocks:
    """Trains of blocks, and of single cells after them; None where nothing counted these."""

    up: MeasuredTrains
    down: MeasuredTrains
    fine_up: MeasuredTrains | None
    fine_down: MeasuredTrains | None

    @classmethod
    def of(cls, layers: Sequence[BlockActivity | None]) -> MeasuredBlocks | None:
        """The arrays of all layers; None where no layer was programmed in blocks."""
        some = [one for one in layers if one is not None]
        if not some:
            return None

        def trains(name: str) -> MeasuredTrains | None:
            if any(getattr(one, name) is None for one in some):
                return None
            return MeasuredTrains.of([getattr(one, name, None) for one in layers])

        up, down = trains("up"), trains("down")
        assert up is not None
        assert down is not None
        return cls(up, down, trains("fine_up"), trains("fine_down"))


@dataclass(frozen=True)
class Measured:
    """The activity of all layers, as arrays.

    ``planes`` has the density of each bit plane of the inputs, or a single array where all planes
    have the same; ``counts``: planes of each layer, of which the further ones are zero, None where
    all have as many. ``verify_reads`` is nan where nothing measured it, ``stored_density`` where
    inputs are not below zero. ``fast`` is the activity of the second array of each weight, None
    where there is none; ``blocks`` that of cells that were programmed in blocks.
    """

    planes: tuple[Rows, ...]
    error_density: Rows
    error_nonzero: Rows
    conductance: Rows
    _: KW_ONLY
    set_fraction: Rows
    reset_fraction: Rows
    set_levels: Rows
    reset_levels: Rows
    words_written: Rows
    verify_reads: Rows
    stored_density: Rows
    counts: Rows | None = field(default=None, kw_only=True)
    fast: MeasuredFast | None = field(default=None, kw_only=True)
    blocks: MeasuredBlocks | None = field(default=None, kw_only=True)

    @classmethod
    def of(cls, activity: Activity) -> Measured:
        """The arrays of an activity."""
        layers = activity.layers
        given = [layer.input_density for layer in layers]
        counts = np.array([len(densities) for densities in given], float)
        planes = tuple(map(np.array, zip_longest(*given, fillvalue=0.0)))
        even = bool(np.all(counts == counts[0]))
        alike = even and all(np.array_equal(plane, planes[0]) for plane in planes)
        own = "planes", "counts", "fast", "blocks"
        others = [name for name in cls.__dataclass_fields__ if name not in own]
        fast = [layer.fast for layer in layers if layer.fast is not None]
        return cls(
            planes[:1] if alike else planes,
            **{name: _of_each(layers, name) for name in others},
            counts=None if even else counts,
            fast=MeasuredFast(*(_of_each(fast, n) for n in MeasuredFast.__dataclass_fields__))
            if fast
            else None,
            blocks=MeasuredBlocks.of([layer.blocks for layer in layers]),
        )

    def at(self, workload: Workload) -> Measured:
        """Of all stages those of a workload."""
        if workload.places is None:
            return self

        def cut(given: Any) -> Any:
            if given is None:
                return None
            parts = {key.name: getattr(given, key.name) for key in fields(given)}
            taken = {name: workload.taken(n) for name, n in parts.items() if _is_array(n)}
            taken |= {name: cut(n) for name, n in parts.items() if is_dataclass(n)}
            return replace(given, **taken)

        found: Measured = cut(self)
        return replace(found, planes=tuple(map(workload.taken, self.planes)))

    @cached_property
    def density(self) -> Rows:
        """Share of ones of the inputs, the mean of the planes."""
        single = self.counts is None or len(self.planes) == 1
        counts = len(self.planes) if single else self.counts
        mean: Rows = np.sum(np.broadcast_arrays(*self.planes), axis=0) / counts
        return mean

    @property
    def stored(self) -> Rows:
        """Share of ones of the inputs as memory has them."""
        unsigned = np.isnan(self.stored_density)
        return np.where(unsigned, self.density, self.stored_density)


def _is_array(value: object) -> bool:
    return isinstance(value, np.ndarray)


def _of_each(things: Sequence[object], name: str) -> Rows:
    """The attribute ``name`` of each thing, as an array."""
    return np.array([getattr(thing, name) for thing in things], float)
