"""What each phase of training does on a chip: what all chips share, and the forward pass.

System.md 13.5 to 13.7. Streams of one layer overlap, so its time is that of the slowest; layers and
phases follow each other. Arrays have the matrix layers on their last axis, and the axes of a sweep
before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.architecture import ArchitectureSpec
from neurorebit.chips.parts.chip import Chip
from neurorebit.chips.parts.floorplan import Layers
from neurorebit.chips.parts.tile import Tile
from neurorebit.circuits.cost import Bill, Cost, Real
from neurorebit.circuits.htree import HTree
from neurorebit.schema.activity import Activity
from neurorebit.schema.device import Device

Rows = NDArray[np.float64]  # one number for each matrix layer

PER = {
    "forward": "image", "backward": "image", "gradient": "image", "update": "iteration",
    "sync": "iteration",
}  # fmt: skip
PHASES = tuple(PER)
ARRAYS = "arrays"  # the stream of the macros
NARROW = 16.0  # bits of a partial result in a tile's output buffer


@dataclass(frozen=True)
class MeasuredFast:
    """What a step did to the fast array of every layer, as arrays."""

    ups: Rows
    downs: Rows
    reads: Rows
    conductance: Rows


@dataclass(frozen=True)
class Measured:
    """The activity of every layer as arrays; ``planes`` has one for each bit of the inputs, or one
    that stands for all of them. ``fast``: where weights have a second array.
    """

    planes: tuple[Rows, ...]
    error_density: Rows
    error_nonzero: Rows
    conductance: Rows
    set_fraction: Rows
    reset_fraction: Rows
    set_levels: Rows
    reset_levels: Rows
    words_written: Rows
    fast: MeasuredFast | None = field(default=None, kw_only=True)

    @classmethod
    def of(cls, activity: Activity) -> Measured:
        """The arrays of an activity."""
        layers = activity.layers
        planes = tuple(map(np.array, zip(*(layer.input_density for layer in layers), strict=True)))
        alike = all(np.array_equal(plane, planes[0]) for plane in planes)
        others = [name for name in cls.__dataclass_fields__ if name not in ("planes", "fast")]
        fast = [layer.fast for layer in layers if layer.fast is not None]
        return cls(
            planes[:1] if alike else planes,
            *(_of_each(layers, name) for name in others),
            fast=MeasuredFast(*(_of_each(fast, n) for n in MeasuredFast.__dataclass_fields__))
            if fast
            else None,
        )

    @cached_property
    def density(self) -> Rows:
        """Share of ones of the inputs, the mean of the planes."""
        mean: Rows = np.sum(np.broadcast_arrays(*self.planes), axis=0) / len(self.planes)
        return mean


@dataclass(frozen=True)
class Phase:
    """A phase before leakage: energy and time [s] of all layers, DRAM traffic [bit].

    ``macro`` is the macros' share of the energy. ``together`` is time that all layers take at once
    and so belongs to none. ``streams`` are what runs side by side, each with its own time.
    """

    energy: Bill
    time: Real
    dram_bits: Real
    macro: Bill
    together: Real = 0.0
    streams: Mapping[str, Cost] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Phases:
    """What each phase does on a chip, for one image (update and sync: for one iteration)."""

    chip: Chip
    activity: Measured
    batch: Real

    @property
    def layers(self) -> Layers:
        return self.chip.layers

    @property
    def spec(self) -> ArchitectureSpec:
        return self.chip.spec

    def moved(self, steps: Real) -> tuple[tuple[Real, Real], tuple[Real, Real]]:
        """Shares of the cells that rise and that fall, and the pulses each takes: none of SRAM.

        ``steps`` lead from a cell's lowest level to its highest.
        """
        a = self.activity
        if not self.spec.holds_devices:
            return (a.set_fraction, 0.0), (a.reset_fraction, 0.0)
        pulses = self.chip.device.response
        return (
            (a.set_fraction, a.set_levels * pulses.levels_ltp / steps),
            (a.reset_fraction, a.reset_levels * pulses.levels_ltd / steps),
        )

    @property
    def assumptions(self) -> tuple[str, ...]:
        """One plain sentence each."""
        return (
            "ops: a multiplication and an addition are two; the first layer sends no error back",
            "streams of one layer overlap, layers and phases follow each other; batch norm makes a "
            "layer wait for the whole batch",
            "leakage: of the whole chip, over each phase's time; retention of the SRAM cells "
            "included",
            *self.own_assumptions,
            "softmax, loss and work on whole channels (means, roots) are left out",
            *self.of_cells,
        )

    @property
    def of_cells(self) -> tuple[str, ...]:
        """What is assumed of the device."""
        return of_device(self.chip.device)

    @property
    def own_assumptions(self) -> tuple[str, ...]:
        """Those of this kind of chip."""
        raise NotImplementedError

    @cached_property
    def outputs(self) -> Rows:
        """Output channels of all groups."""
        return self.layers.outputs * self.layers.groups

    @cached_property
    def results(self) -> Rows:
        """Values of a layer's output map, before pooling."""
        return self.outputs * self.layers.vectors

    @cached_property
    def handed(self) -> Rows:
        """Times a pixel is sent: kernel-split PEs hand it on along one side of the kernel."""
        m = self.layers
        return np.where(m.split, m.kernel, m.positions)

    @cached_property
    def backward(self) -> Rows:
        """1 for the layers that send an error back, 0 for the first."""
        return np.where(self.layers.first, 0.0, 1.0)

    def _in_tiles(self, moved: Callable[[Tile], Cost]) -> Cost:
        """What ``moved`` says of the kind of tile that each layer has."""
        split = self.layers.split
        if not np.any(split):
            return moved(self.chip.whole_tile)
        kind = np.where(split, 1.0, 0.0)
        total: Cost = kind * moved(self.chip.split_tile)
        if not np.all(split):
            total = total + (1.0 - kind) * moved(self.chip.whole_tile)
        return total

    def _there(self, tile: Tile) -> Cost:
        """Transport and additions of the forward pass if all tiles were of this kind."""
        m, bits, sums = self.layers, self.spec.input_bits, self.chip.sum_bits
        columns, arrays = self.chip.plan.pe_rows, self.chip.plan.array_rows
        taken = m.vectors * m.rows * m.groups * bits
        sent = self._sent
        held = Cost(tile.pe.take(taken).energy + tile.pe.give(self.results * columns * sums).energy)
        moved = tile.pe.carry(taken + self.results * arrays * sums)
        inside = (held + moved).under(tile.name)
        added = tile.add(self.results * (arrays - 1.0), sums)
        buffered = tile.buffered(sent, NARROW * self.results)
        carried = tile.carry(sent + self.results * columns * sums)
        return inside + added + shared(buffered | carried, self.chip.plan.tiles)

    @cached_property
    def _sent(self) -> Rows:
        """Input bits of an image that go to a layer's tiles."""
        m = self.layers
        return m.channels * m.groups * self.handed * m.vectors * self.spec.input_bits

    def forward(self) -> Phase:
        """Quantised inputs through the arrays, sums, norm, rectifier, pooling."""
        chip, m, plan = self.chip, self.layers, self.chip.plan
        one = self._through(self._read)
        products = Cost(m.vectors * one.energy, m.vectors / plan.copies * one.latency)
        moved = self._in_tiles(self._there)
        bits, stored = self.spec.input_bits, self.spec.vector_unit.stored_bits
        pooled = self.outputs * m.pooled
        tree = self.over(chip.tree, self._sent + self.results * stored)
        buffered = chip.buffer.read(self._sent) | chip.buffer.write(pooled * bits)
        normed, bare = np.where(m.normed, 1.0, 0.0), np.where(m.normed, 0.0, 1.0)
        unit = normed * chip.vector_unit.normalise(self.results)
        unit = unit + bare * chip.vector_unit.rectify(self.results)
        window = m.vectors / m.pooled
        unit = unit + np.where(window > 1.0, 1.0, 0.0) * chip.vector_unit.pool(pooled, window)
        unit = unit + chip.vector_unit.add(m.added)
        steps = m.vectors * bits * plan.tiles + m.vectors * bits
        dram = m.inputs * bits + pooled * bits + m.added * bits
        dram = dram + normed * 2.0 * self.results * stored
        dram = dram + bare * np.where(m.rectified, 1.0, 0.0) * self.results
        fill = one.latency.total + chip.tree.delay
        streams = {
            ARRAYS: products, "tiles": moved, "tree": tree, "buffer": buffered, "vector": unit,
        }  # fmt: skip
        return self.overlapped(streams, steps, dram, fill)

    def _read(self, rows: Rows, cols: Rows) -> Cost:
        """One input vector through arrays of which so many rows and columns are in use.

        All layers stand four times beside each other; ``fourfold`` brings theirs there.
        """
        raise NotImplementedError

    def _through(self, read: Callable[[Rows, Rows], Cost]) -> Cost:
        """One vector through all arrays of a layer; time is that of the slowest.

        Full arrays, those with a rest of the columns, with a rest of the rows, and the corner stand
        beside each other on the last axis, all layers in each.
        """
        m, plan = self.layers, self.chip.plan
        (high, highs), (low, lows) = _cut(np.where(m.split, m.channels, m.rows), plan.rows)
        (wide, wides), (thin, thins) = _cut(plan.width, plan.cols)
        rows = np.asarray(_beside(high, high, low, low))
        cols = np.asarray(_beside(wide, thin, wide, thin))
        blocks = np.where(m.split, m.positions, m.groups)
        counts = (blocks * n for n in (highs * wides, highs * thins, lows * wides, lows * thins))
        one = read(rows, cols).across(_beside(*counts))

        def apart(amounts: Real) -> Rows:
            shape = np.broadcast_shapes(np.shape(amounts), (4 * len(m.weights),))
            return np.broadcast_to(amounts, shape).reshape(*shape[:-1], 4, -1)

        items = {part: np.sum(apart(joules), axis=-2) for part, joules in one.energy.items.items()}
        slowest = np.max(apart(one.latency.total), axis=-2)
        return Cost(Bill(items), Bill({"": slowest})).under("pe").under(self.chip.tile_name)

    def over(self, tree: HTree, bits: Real, further: Real = 0.0) -> Cost:
        """So many bits over a chip tree, all of its wires wide."""
        flits = bits / self.spec.transport.bus_bits
        return tree.transfer(bits, flits, further)

    def overlapped(
        self, streams: Mapping[str, Cost], steps: Real, dram_bits: Real, fill: Real
    ) -> Phase:
        """Streams side by side, and DRAM among them.

        A batch goes through a layer in one stream, so an image bears its share of the time [s]
        until the first value has come through. Control takes so many steps.
        """
        control = self.chip.control.step(steps)
        time = self.chip.dram.transfer(dram_bits).latency.total
        for stream in streams.values():
            time = np.maximum(time, stream.latency.total)
        energy = joined(*(stream.energy for stream in streams.values()), control.energy)
        macro = streams[ARRAYS].energy
        return Phase(energy, time + fill / self.batch, dram_bits, macro, 0.0, streams)

    def errors_normed(self) -> Cost:
        """Batch norm backwards, sums brought back to their bits, branches joined."""
        m, unit = self.layers, self.chip.vector_unit
        normed: Cost = np.where(m.normed, 1.0, 0.0) * unit.normalise_back(self.results)
        return normed + self.backward * unit.round_errors(m.inputs) + unit.add(m.added)

    @property
    def errors_stored(self) -> Rows:
        """DRAM traffic [bit] of a layer's errors and of what batch norm kept of its results."""
        m, error = self.layers, self.spec.error_width
        normed = np.where(m.normed, 2.0 * self.results * self.spec.vector_unit.stored_bits, 0.0)
        own = self.outputs * m.pooled * error + self.results * error + m.added * error
        sent: Rows = own + normed + self.backward * (self.results * error + m.inputs * error)
        return sent

    @property
    def inputs_stored(self) -> Rows:
        """DRAM traffic [bit] of the gradient: inputs, and errors that no backward pass reads."""
        m, first = self.layers, 1.0 - self.backward
        read: Rows = m.inputs * self.spec.input_bits
        return read + first * self.results * self.spec.error_width

    def back(self) -> Phase:
        """Batch norm backwards, then the error through the transposed weights; not in layer one."""
        raise NotImplementedError

    def gradient(self) -> Phase:
        """Errors times activations, summed over an image, added to the gradients."""
        raise NotImplementedError

    def update(self) -> Phase:
        """What the weights are to become."""
        raise NotImplementedError

    def sync(self) -> Phase:
        """The arrays' cells become that."""
        raise NotImplementedError

    def all(self) -> dict[str, Phase]:
        """All phases."""
        return {
            "forward": self.forward(),
            "backward": self.back(),
            "gradient": self.gradient(),
            "update": self.update(),
            "sync": self.sync(),
        }

    @property
    def programmed(self) -> Real:
        """Cells of a layer programmed in an iteration, in all copies."""
        a, plan = self.activity, self.chip.plan
        cells: Real = plan.held * plan.copies
        return (a.set_fraction + a.reset_fraction) * cells

    @property
    def ops(self) -> dict[str, Real]:
        """Operations of each phase, of all layers."""
        macs = self.layers.macs
        found: dict[str, Real] = {
            "forward": 2.0 * macs,
            "backward": 2.0 * self.backward * macs,
            "gradient": 2.0 * macs,
            "update": self.layers.weights,
            "sync": self.programmed,
        }
        return {name: over_layers(np.sum, count) for name, count in found.items()}


def _of_each(things: Sequence[object], name: str) -> Rows:
    """A number of each, as an array."""
    return np.array([getattr(thing, name) for thing in things], float)


def over_layers(sum_or_max: Callable[..., Rows], amounts: Real) -> Rows:
    """The sum or the maximum over the layers, which stay an axis."""
    return sum_or_max(np.atleast_1d(amounts), axis=-1, keepdims=True)


def shared(cost: Cost, tiles: Real) -> Cost:
    """What a layer's tiles do side by side: all the energy, each its share of the time."""
    return Cost(cost.energy, (1.0 / tiles) * cost.latency)


def _cut(total: Real, size: Real) -> tuple[tuple[Rows, Rows], tuple[Rows, Rows]]:
    """A length cut into full pieces and a rest: each piece's length, and how many there are."""
    full = np.floor(total / size)
    rest = total - full * size
    return (np.minimum(total, size), full), (rest, np.where(rest > 0, 1.0, 0.0))


def _beside(*amounts: Real) -> Real:
    """Amounts one after the other along the axis of the layers."""
    return np.concatenate(np.broadcast_arrays(*amounts), axis=-1)


def fourfold(amounts: Rows) -> Rows:
    """The same four times along the axis of the layers; what all layers share needs none."""
    return amounts if amounts.shape[-1] == 1 else np.concatenate((amounts,) * 4, axis=-1)


def joined(*bills: Bill) -> Bill:
    """One bill of several."""
    items: dict[str, Real] = {}
    for bill in bills:
        for part, amount in bill.items.items():
            items[part] = items[part] + amount if part in items else amount
    return Bill(items)


def of_device(device: Device) -> tuple[str, ...]:
    """What the estimate assumes of a device that is no ReRAM."""
    if device.kind == "reram":
        return ()
    if device.ferroelectric is not None:
        return (
            f"the cells of {device.name} are read through their channel alone; a pulse turns its "
            "share of the polarization over, and nothing is erased in between",
        )
    return (
        f"the cells of {device.name} ({device.kind}) are read and written as resistances behind an "
        "access transistor, as ReRAM is",
    )
