"""A mapping to area, energy and latency: footprint and cost of each layer, phase and part.

System.md 13.5 to 13.7. Streams of one layer overlap, so its time is that of the slowest; layers and
phases follow each other. Arrays have the matrix layers on their last axis, and the axes of a sweep
before it: ``design`` takes numbers or arrays, ``estimate`` is one design in full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurorebit.activity import Activity
from neurorebit.architecture import ArchitectureSpec
from neurorebit.chip.chip import Chip
from neurorebit.chip.tile import Tile
from neurorebit.circuits.htree import HTree
from neurorebit.circuits.wire import Bus
from neurorebit.cost import Bill, Cost, Real
from neurorebit.device import Device, Pulses
from neurorebit.mapping import Floorplan, Layers, ceil
from neurorebit.network import Network
from neurorebit.schema import InfeasibleError
from neurorebit.technology import Technology

Rows = NDArray[np.float64]  # one number for each matrix layer, and a last one for the chip

PER = {
    "forward": "image", "backward": "image", "gradient": "image", "update": "iteration",
    "sync": "iteration",
}  # fmt: skip
PHASES = tuple(PER)
WORD = 32.0
NARROW = 16.0  # bits of a partial result in a tile's output buffer


@dataclass(frozen=True)
class PhaseEstimate:
    """What one phase costs, for one image or for one iteration (``per``).

    ``energy`` itemises dynamic energy and leakage by part, without DRAM; every item is an array
    over the matrix layers with a last row for what belongs to no layer. ``latency`` and
    ``dram_energy`` are such arrays too. ``macro_energy`` is the dynamic energy of the macros alone.
    """

    per: str
    ops: float
    energy: Bill
    latency: Rows
    dram_energy: Rows
    macro_energy: float
    leakage_energy: float

    @property
    def energy_by_part(self) -> dict[str, float]:
        """Energy of each part [J], leakage included."""
        return {part: float(np.sum(amount)) for part, amount in self.energy.items.items()}

    @property
    def total_energy(self) -> float:
        """Energy without DRAM [J]."""
        return float(np.sum(self.energy.total))

    @property
    def total_latency(self) -> float:
        """Time [s]."""
        return float(np.sum(self.latency))


@dataclass(frozen=True)
class Estimate:
    """The chip and what it costs: ``rows`` names the matrix layers and a last row, ``chip``."""

    rows: tuple[str, ...]
    kinds: tuple[str, ...]
    macs: tuple[int, ...]
    utilization: tuple[float, ...]  # share of the layer's cells in use, copies not counted
    chip_utilization: float
    area: Bill  # [m^2]
    leakage: Bill  # [W]
    phases: dict[str, PhaseEstimate]
    batch: int
    images: int  # of one epoch
    activity_source: str
    assumptions: tuple[str, ...]  # one plain sentence each, for the report's reader


@dataclass(frozen=True)
class Measured:
    """The activity of every layer as arrays."""

    density: Rows
    error_density: Rows
    error_nonzero: Rows
    conductance: Rows
    set_fraction: Rows
    reset_fraction: Rows
    set_levels: Rows
    reset_levels: Rows
    words_written: Rows

    @classmethod
    def of(cls, activity: Activity) -> Measured:
        """The arrays of an activity; planes of an input are averaged."""
        planes = [layer.input_density for layer in activity.layers]
        density = [sum(shares) / len(shares) for shares in planes]
        others = [name for name in cls.__dataclass_fields__ if name != "density"]
        return cls(
            np.array(density),
            *(np.array([getattr(layer, n) for layer in activity.layers], float) for n in others),
        )


@dataclass(frozen=True)
class Phase:
    """A phase before leakage: energy and time [s] of all layers, DRAM traffic [bit].

    ``macro`` is the macros' share of the energy. ``together`` is time that all layers take at once
    and so belongs to none.
    """

    energy: Bill
    time: Real
    dram_bits: Real
    macro: Bill
    together: Real = 0.0


@dataclass(frozen=True, eq=False)
class Phases:
    """What each phase does on a chip, for one image (update and sync: for one iteration)."""

    chip: Chip
    activity: Measured
    pulses: Pulses
    batch: Real

    @property
    def layers(self) -> Layers:
        return self.chip.layers

    @property
    def spec(self) -> ArchitectureSpec:
        return self.chip.spec

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

    def _in_tiles(self) -> Cost:
        """Transport and additions of the forward pass, in the kind of tile that each layer has."""
        split = self.layers.split
        if not np.any(split):
            return self._analog(self.chip.whole_tile)
        kind = np.where(split, 1.0, 0.0)
        total: Cost = kind * self._analog(self.chip.split_tile)
        if not np.all(split):
            total = total + (1.0 - kind) * self._analog(self.chip.whole_tile)
        return total

    def _analog(self, tile: Tile) -> Cost:
        """Transport and additions of the forward pass if all tiles were of this kind."""
        m, bits, sums = self.layers, self.spec.input_bits, self.chip.analog_sum_bits
        columns, arrays = self.chip.plan.pe_rows, self.chip.plan.array_rows
        taken = m.vectors * m.rows * m.groups * bits
        sent = self._sent
        held = Cost(tile.pe.take(taken).energy + tile.pe.give(self.results * columns * sums).energy)
        moved = tile.pe.carry(taken + self.results * arrays * sums)
        inside = (held + moved).under(tile.name)
        added = tile.add(self.results * (arrays - 1.0), sums)
        buffered = tile.buffered(sent, NARROW * self.results)
        carried = tile.carry(sent + self.results * columns * sums)
        return inside + added + _shared(buffered | carried, self.chip.plan.tiles)

    @cached_property
    def _sent(self) -> Rows:
        """Input bits of an image that go to a layer's tiles."""
        m = self.layers
        return m.channels * m.groups * self.handed * m.vectors * self.spec.input_bits

    def forward(self) -> Phase:
        """Quantised inputs through the ReRAM arrays, sums, norm, rectifier, pooling."""
        chip, m, plan = self.chip, self.layers, self.chip.plan
        one = self._mvm()
        products = Cost(m.vectors * one.energy, m.vectors / plan.copies * one.latency)
        moved = self._in_tiles()
        bits, stored = self.spec.input_bits, self.spec.vector_unit.stored_bits
        pooled = self.outputs * m.pooled
        tree = self._over(chip.analog_tree, self._sent + self.results * stored)
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
        fill = one.latency.total + chip.analog_tree.delay
        streams = products, moved, tree, buffered, unit
        return self._overlapped(streams, steps, dram, fill)

    def _mvm(self) -> Cost:
        """One input vector through all arrays of a layer; time is that of the slowest.

        Full arrays, those with a rest of the columns, with a rest of the rows, and the corner stand
        beside each other on the last axis, all layers in each.
        """
        chip, m, plan, a = self.chip, self.layers, self.chip.plan, self.activity
        (high, highs), (low, lows) = _cut(np.where(m.split, m.channels, m.rows), plan.rows)
        (wide, wides), (thin, thins) = _cut(m.outputs, plan.cols)
        density, conductance = (_fourfold(share) for share in (a.density, a.conductance))
        rows, cols = _beside(high, high, low, low), _beside(wide, thin, wide, thin)
        blocks = np.where(m.split, m.positions, m.groups)
        counts = (blocks * n for n in (highs * wides, highs * thins, lows * wides, lows * thins))
        one = chip.analog_macro.mvm(density, conductance, rows, cols).across(_beside(*counts))

        def apart(amounts: Real) -> Rows:
            found = np.asarray(amounts)
            return found.reshape(*found.shape[:-1], 4, -1)

        items = {part: np.sum(apart(joules), axis=-2) for part, joules in one.energy.items.items()}
        slowest = np.max(apart(one.latency.total), axis=-2)
        return Cost(Bill(items), Bill({"": slowest})).under("pe").under("analog")

    def _over(self, tree: HTree, bits: Real, further: Real = 0.0) -> Cost:
        """So many bits over a chip tree, all of its wires wide."""
        flits = bits / self.spec.transport.bus_bits
        return tree.transfer(bits, flits, further)

    def _overlapped(
        self, streams: tuple[Cost, ...], steps: Real, dram_bits: Real, fill: Real
    ) -> Phase:
        """Streams side by side, the macros' first, and DRAM among them.

        A batch goes through a layer in one stream, so an image bears its share of the time [s]
        until the first value has come through. Control takes so many steps.
        """
        control = self.chip.control.step(steps)
        time = self.chip.dram.transfer(dram_bits).latency.total
        for stream in streams:
            time = np.maximum(time, stream.latency.total)
        energy = joined(*(stream.energy for stream in streams), control.energy)
        return Phase(energy, time + fill / self.batch, dram_bits, streams[0].energy)

    def _digital(self, errors: Rows, columns: Rows, results: Rows, sums: Real) -> Cost:
        """Transport of ``errors`` [bit] to all tiles across, and of partial results back."""
        chip = self.chip
        tile = chip.digital_tile
        copies = errors * chip.digital_across
        moved = Cost(tile.pe.carry(copies + results * columns * sums).energy).under(tile.name)
        buffered = tile.buffered(copies, WORD * results)
        carried = tile.carry(copies + results * self.layers.positions * chip.digital_down * sums)
        return moved + _shared(buffered | carried, chip.digital_tiles)

    def back(self) -> Phase:
        """Batch norm backwards, then the error through the transposed weights; not in layer one."""
        chip, m, a = self.chip, self.layers, self.activity
        macro, tile = chip.digital_macro, chip.digital_tile
        error, stored = self.spec.error_width, self.spec.vector_unit.stored_bits
        sums = macro.sum_bits
        one = macro.mtvm(a.error_density, self._nonzero).under("pe").under("digital")
        work = self.backward * m.macs / macro.weights
        vectors = m.vectors / self.spec.dpim.copies
        products = Cost(work * one.energy, self.backward * vectors * one.latency)
        blocks = ceil(m.outputs / macro.rows)
        partial = m.vectors * m.channels * m.groups
        sent = self.handed * self.results * error
        moved = self._digital(sent, m.positions * blocks, partial, sums)
        moved = moved + tile.add(partial * (m.positions * blocks - 1.0), sums)
        held = Cost(tile.pe.give(partial * m.positions * sums).energy).under(tile.name)
        returned = m.inputs * WORD
        tree = self._over(chip.digital_tree, sent, self._beyond(chip.digital_tiles))
        tree = tree + self._over(chip.digital_tree, returned)
        buffered = chip.buffer.read(sent) | chip.buffer.write(m.inputs * error)
        rounded = chip.vector_unit.round_errors(m.inputs)
        back = self.backward
        normed = np.where(m.normed, 1.0, 0.0)
        unit = normed * chip.vector_unit.normalise_back(self.results) + back * rounded
        unit = unit + chip.vector_unit.add(m.added)
        dram = self.outputs * m.pooled * error + normed * 2.0 * self.results * stored
        dram = dram + self.results * error + m.added * error
        dram = dram + back * (self.results * error + m.inputs * error)
        fill = back * (one.latency.total + chip.digital_tree.delay)
        streams = products, back * (moved + held), back * tree, back * buffered, unit
        steps = back * m.vectors * macro.rows * self._planes * chip.digital_tiles
        return self._overlapped(streams, steps, dram, fill)

    @property
    def _planes(self) -> Real:
        """Row reads that one row needs for a vector: one a bit, or a share of one."""
        if self.spec.dpim.build == "bit_serial":
            return self.spec.error_width
        return 1.0 / self.spec.dpim.vectors

    @property
    def _nonzero(self) -> Rows:
        skipped = self.spec.vector_unit.skip_zero_errors
        return self.activity.error_nonzero if skipped else np.ones_like(self.activity.density)

    def _beyond(self, tiles: Real) -> Real:
        """Length [m] that what all of these tiles need travels beyond the first."""
        return (tiles - 1.0) * self.chip.digital_tile.side

    def gradient(self) -> Phase:
        """Errors times activations, summed over an image, added to the gradients in the SRAM."""
        chip, m = self.chip, self.layers
        macro, tile = chip.digital_macro, chip.digital_tile
        error, bits = self.spec.error_width, self.spec.input_bits
        outer, collected = macro.outer(self._nonzero), macro.collect()
        vectors = m.vectors / self.spec.dpim.copies
        formed = Cost(m.macs / macro.weights * outer.energy, vectors * outer.latency)
        stored = Cost(m.weights / macro.weights * collected.energy, collected.latency)
        products = (formed + stored).under("pe").under("digital")
        sent = self.handed * self.results * error
        inputs = self.handed * m.vectors * m.channels * m.groups * bits
        copies = sent * chip.digital_across + inputs * chip.digital_down
        fed = m.macs * (macro.vectors * error + macro.words * bits) / (macro.vectors * macro.words)
        pitch = Bus(chip.tech, np.sqrt(macro.footprint.area.total))
        feed = Cost(pitch.transfer(fed, 0.0).energy)
        through = tile.buffered(copies, 0.0 * copies) | tile.carry(copies)
        moved = _shared(through, chip.digital_tiles)
        tree = self._over(chip.digital_tree, sent, self._beyond(chip.digital_tiles))
        tree = tree + self._over(chip.digital_tree, inputs, self._beyond(chip.digital_down))
        buffered = chip.buffer.read(sent + inputs)
        first = 1.0 - self.backward
        dram = m.inputs * bits + first * self.results * error
        fill = outer.latency.total / macro.rows + chip.digital_tree.delay
        feeding = feed.under("pe").under("digital")
        steps = m.vectors * macro.rows * chip.digital_tiles
        return self._overlapped((products, feeding, moved, tree, buffered), steps, dram, fill)

    def update(self) -> Phase:
        """Weight minus rate times gradient, in all macros at once."""
        macro, m = self.chip.digital_macro, self.layers
        one = macro.write(self.activity.words_written).under("pe").under("digital")
        energy = self.spec.dpim.copies * m.weights / macro.weights * one.energy
        return Phase(energy, 0.0, 0.0, energy, together=one.latency.total)

    def sync(self) -> Phase:
        """New levels, and the cells whose level changed are programmed, in all copies."""
        chip, m, plan, a = self.chip, self.layers, self.chip.plan, self.activity
        macro, analog = chip.digital_macro, chip.analog_macro
        found = Cost(m.weights / macro.weights * macro.level().energy).under("pe").under("digital")
        arrays, cells = plan.arrays * plan.copies, m.weights * plan.copies
        address = np.log2(analog.rows * analog.cols) + self.spec.weight_bits
        bits = cells * (a.set_fraction + a.reset_fraction) * address
        sent = self._over(chip.digital_tree, bits) + self._over(chip.analog_tree, bits)
        steps = self.spec.levels - 1.0
        pulsed = analog.program(
            self.pulses,
            (a.set_fraction, a.set_levels * self.pulses.levels_ltp / steps),
            (a.reset_fraction, a.reset_levels * self.pulses.levels_ltd / steps),
            a.conductance,
            cells / arrays,
        )
        at_once = self.spec.apim.parallel_programming
        turns = 1.0 if isinstance(at_once, str) else ceil(over_layers(np.sum, arrays) / at_once)
        macros = found.energy + (arrays * pulsed.energy).under("pe").under("analog")
        time = over_layers(np.sum, sent.latency.total)
        time = time + turns * over_layers(np.max, pulsed.latency.total)
        return Phase(joined(macros, sent.energy), 0.0, 0.0, macros, together=time)


def over_layers(sum_or_max: Callable[..., Rows], amounts: Real) -> Rows:
    """The sum or the maximum over the layers, which stay an axis."""
    return sum_or_max(np.atleast_1d(amounts), axis=-1, keepdims=True)


def _shared(cost: Cost, tiles: Real) -> Cost:
    """What a layer's tiles do side by side: all the energy, each its share of the time."""
    return Cost(cost.energy, (1.0 / tiles) * cost.latency)


def _cut(total: Rows, size: Real) -> tuple[tuple[Rows, Rows], tuple[Rows, Rows]]:
    """A length cut into full pieces and a rest: each piece's length, and how many there are."""
    full = np.floor(total / size)
    rest = total - full * size
    return (np.minimum(total, size), full), (rest, np.where(rest > 0, 1.0, 0.0))


def _beside(*amounts: Real) -> Real:
    """Amounts one after the other along the axis of the layers."""
    return np.concatenate(np.broadcast_arrays(*amounts), axis=-1)


def _fourfold(amounts: Rows) -> Rows:
    """The same four times along the axis of the layers; what all layers share needs none."""
    return amounts if amounts.shape[-1] == 1 else np.concatenate((amounts,) * 4, axis=-1)


def joined(*bills: Bill) -> Bill:
    """One bill of several."""
    items: dict[str, Real] = {}
    for bill in bills:
        for part, amount in bill.items.items():
            items[part] = items[part] + amount if part in items else amount
    return Bill(items)


@dataclass(frozen=True, eq=False)
class Design:
    """A chip and what each phase of training does on it; one, or arrays of them."""

    chip: Chip
    phases: dict[str, Phase]
    ops: dict[str, Real]


def design(
    layers: Layers,
    spec: ArchitectureSpec,
    technology: Technology,
    device: Device,
    pulses: Pulses,
    activity: Measured,
    batch: Real,
) -> Design:
    """The chip that trains a network, and its phases.

    Every number may be an array of designs, with a last axis of length one for the layers. What
    cannot exist is nan.
    """
    plan = Floorplan.of(layers, spec)
    work = Phases(Chip(technology, device, spec, plan), activity, pulses, batch)
    programmed = (activity.set_fraction + activity.reset_fraction) * layers.weights * plan.copies
    ops: dict[str, Real] = {
        "forward": 2.0 * layers.macs,
        "backward": 2.0 * work.backward * layers.macs,
        "gradient": 2.0 * layers.macs,
        "update": layers.weights,
        "sync": programmed,
    }
    phases = {
        "forward": work.forward(),
        "backward": work.back(),
        "gradient": work.gradient(),
        "update": work.update(),
        "sync": work.sync(),
    }
    return Design(work.chip, phases, {name: over_layers(np.sum, n) for name, n in ops.items()})


def estimate(
    network: Network,
    spec: ArchitectureSpec,
    technology: Technology,
    device: Device,
    pulses: Pulses,
    activity: Activity,
    *,
    batch: int,
    images: int,
) -> Estimate:
    """The chip that trains a network, and what each phase of training costs on it.

    ``batch`` images make an iteration, ``images`` an epoch. InfeasibleError where a part cannot
    exist in this technology.
    """
    layers = Layers.of(network, spec)
    measured = Measured.of(activity)
    found = design(layers, spec, technology, device, pulses, measured, batch)
    chip, plan = found.chip, found.chip.plan
    area, leakage = (
        Bill({part.removeprefix("chip/"): np.asarray(n).item() for part, n in bill.items.items()})
        for bill in (chip.footprint.area, chip.footprint.leakage)
    )
    _check(area, "area")
    return Estimate(
        rows=(*(node.name for node in network.matrices), "chip"),
        kinds=(*(node.kind for node in network.matrices), "chip"),
        macs=(*(int(n) for n in layers.macs), 0),
        utilization=(*(float(u) for u in plan.utilization), float("nan")),
        chip_utilization=float(np.sum(layers.weights) / np.sum(plan.cells)),
        area=area,
        leakage=leakage,
        phases={name: _finished(found, name, leakage) for name in PHASES},
        batch=batch,
        images=images,
        activity_source=activity.source,
        assumptions=(*ASSUMPTIONS, *_of_device(device)),
    )


def _finished(found: Design, name: str, leakage: Bill) -> PhaseEstimate:
    """Add leakage over the phase's time, and give every item all layers and the chip's row."""
    phase, count = found.phases[name], len(found.chip.layers.weights)
    dram = found.chip.dram.transfer(phase.dram_bits).energy.total
    parts = tuple(phase.energy.items)
    table = np.zeros((len(parts) + 2, count + 1))
    for row, amount in zip(table, (*phase.energy.items.values(), dram, phase.time), strict=True):
        row[:count] = amount
    table[-1, count] = np.max(phase.together)
    latency = table[-1]
    watts = np.array(list(leakage.items.values()))
    leaked = zip(
        (f"leakage/{part}" for part in leakage.items), np.outer(watts, latency), strict=True
    )
    energy = Bill({**dict(zip(parts, table, strict=False)), **dict(leaked)})
    if not np.all(np.isfinite(table)):
        _check(energy, "energy")
    return PhaseEstimate(
        per=PER[name],
        ops=float(np.sum(found.ops[name])),
        energy=energy,
        latency=latency,
        dram_energy=table[-2],
        macro_energy=float(np.sum(phase.macro.total)),
        leakage_energy=float(np.sum(latency) * np.sum(watts)),
    )


def _of_device(device: Device) -> tuple[str, ...]:
    """What the estimate assumes of a device that is no ReRAM."""
    if device.kind == "reram":
        return ()
    return (
        f"the cells of {device.name} ({device.kind}) are read and written as resistances behind an "
        "access transistor, as ReRAM is",
    )


def lost(bill: Bill) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Parts whose amount is no number, and in which designs; where a part of theirs is, it counts
    alone.
    """
    found = {part: ~np.isfinite(np.asarray(amount)) for part, amount in bill.items.items()}
    wrong = {part: where for part, where in found.items() if np.any(where)}
    for part, where in wrong.items():
        below = [inner for other, inner in wrong.items() if other.startswith(f"{part}/")]
        for inner in below:
            where = where & ~inner
        if np.any(where):
            yield part, where


def undefined(part: str, of: str) -> str:
    """Why a design cannot exist."""
    return f"{part}: cannot be built in this technology: its {of} is undefined"


def _check(bill: Bill, of: str) -> None:
    """InfeasibleError that names the first part whose bill is no number."""
    for part, _ in lost(bill):
        raise InfeasibleError(
            f"{undefined(part, of)}; a device of higher resistance, another technology or another "
            "size of array may fit"
        )


ASSUMPTIONS = (
    "ops: a multiplication and an addition are two; the first layer sends no error back",
    "streams of one layer overlap, layers and phases follow each other; batch norm makes a layer "
    "wait for the whole batch",
    "leakage: of the whole chip, over each phase's time; retention of the SRAM cells included",
    "batch-long tensors live in DRAM; weights, gradients and momentum stay in the macros",
    "softmax, loss and work on whole channels (means, roots) are left out",
)
