"""Phases of a chip: parts that all organisations share, and the phases that are the same in all.

See docs/models/phases.md. Streams of one layer overlap, so its time is that of the slowest; layers
and phases follow each other. Arrays have the layers on their last axis, and the axes of a sweep
before it.

``inference`` recognises an image, ``programming`` writes all weights once, the phases of
``TRAINING`` make a training.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from neurorebit.chips.parts import in_blocks
from neurorebit.chips.parts.activity import Rows
from neurorebit.chips.parts.floorplan import (
    Pieces,
    ceil,
    max_over_layers,
    sum_over_layers,
)
from neurorebit.chips.parts.learning import Learning
from neurorebit.chips.parts.pipelining import order
from neurorebit.chips.parts.programming import LEAST, Taken
from neurorebit.chips.parts.reads import Reads
from neurorebit.chips.parts.residence import Traffic, traffic
from neurorebit.chips.parts.tile import Tile
from neurorebit.chips.parts.workload import VectorLoad
from neurorebit.chips.parts.writing import VERIFIED, from_low_end, moves, verified
from neurorebit.circuits.cost import Bill, Cost, Real
from neurorebit.circuits.htree import HTree
from neurorebit.schema.device import Device

PER = {
    "inference": "image", "forward": "image", "backward": "image", "gradient": "image",
    "update": "iteration", "sync": "iteration", "programming": "network",
}  # fmt: skip
PHASES = tuple(PER)
TRAINING = PHASES[1:-1]
ARRAYS = "arrays"  # the stream of the macros
DRAM = "DRAM"  # the stream to and from DRAM
INFERENCE = (
    "batch norms are a scale and a shift of each output channel in the vector unit, nothing is "
    "stored for a backward pass, and maps stay in the global buffer where they have room beside "
    "those still to be read, else go to DRAM and come back"
)
PROGRAMMING = (
    "programming: all cells of the forward arrays, in all copies, once from the low end of the "
    "range, reference lines with them; a row stays open as long as the outermost level takes; "
    "words that a chip keeps beside its cells are written with them"
)
CURRENT = (
    "current of cells: in the parts that end in array/current, that of reference cells in "
    "cells/current, for as long as a line conducts while it settles and is acquired; converters "
    "hold none of it"
)
LEAKAGE = (
    "leakage: of the whole chip, over each phase's time; nothing is switched off, neither what a "
    "phase does not use nor retention of the SRAM cells"
)
PACKED = (
    "groups that share an array lie along its diagonal, each at as few places of the multiplexers "
    "as it takes, and are "
)
TURNS = (
    "read and written one after the other, while rows of others are closed; they are spread over "
    "all arrays of the layer's tiles"
)
AT_ONCE = "read at once, for cells off the diagonal hold zeros"
LEFT_OUT = "the loss is left out, and work on whole channels of batch norms (means, roots)"
PARTIAL_BITS = 16.0  # of a partial result in a tile's output buffer


@dataclass(frozen=True)
class Phase:
    """A phase before leakage: energy and time [s] of all layers, DRAM traffic [bit].

    ``macro`` is the macros' share of the energy. ``common_time`` [s] is taken by all layers at once
    and belongs to no single layer. ``streams`` overlap, each with its own time.
    """

    energy: Bill
    time: Real
    dram_bits: Real
    macro: Bill
    common_time: Real = field(default=0.0, kw_only=True)
    streams: Mapping[str, Cost] = field(default_factory=dict, kw_only=True)


@dataclass(frozen=True, eq=False)
class Phases(Reads):
    """The base class of the phases of an organisation, which has a method for each phase.

    ``phases`` are those of ``PHASES`` that the organisation has. Costs are per image, in update and
    sync per iteration, in programming for all weights.
    """

    batch: Real
    learning: Learning
    phases: ClassVar[tuple[str, ...]] = PHASES

    def by_name(self, only: Collection[str] | None = None) -> dict[str, Phase]:
        """Every phase that there is (or ``only`` some), from the method that bears its name."""
        named = [name for name in self.phases if only is None or name in only]
        made = {name: getattr(self, name)() for name in named}
        there = {name: phase for name, phase in made.items() if phase is not None}
        return {name: self._of_learners(name, phase) for name, phase in there.items()}

    def _of_learners(self, name: str, phase: Phase) -> Phase:
        """A phase of training without the layers that have no part in it, since they are frozen."""
        w = self.workload
        parts = {"backward": w.reached, "gradient": w.learns, "update": w.learns, "sync": w.learns}
        part = parts.get(name)
        if part is None or np.all(part):
            return phase
        return Phase(
            _share(phase.energy, part),
            part * phase.time,
            part * phase.dram_bits,
            _share(phase.macro, part),
            common_time=phase.common_time,
            streams={key: part * cost for key, cost in phase.streams.items()},
        )

    # -- traffic of one image --------------------------------------------------------------------

    @cached_property
    def fetches_per_pixel(self) -> Rows:
        """Times that a pixel is sent to the tiles of a layer.

        The PEs of a kernel-split tile hand a pixel on along the rows of the window.
        """
        w = self.workload
        return np.where(self.plan.split, w.window_height, w.positions)

    @cached_property
    def input_bits_sent(self) -> Rows:
        """Input bits of an image that go to a layer's tiles."""
        w = self.workload
        pixels = w.channels * w.groups * self.fetches_per_pixel * w.vectors
        bits: Rows = pixels * self.spec.input_bits
        return bits

    @cached_property
    def error_sums(self) -> Rows:
        """Values of an image's input that get an error: a window may step over some."""
        w = self.workload
        sums: Rows = np.minimum(w.inputs, w.vectors * w.channels * w.groups * w.positions)
        return sums

    @cached_property
    def errors_read(self) -> Rows:
        """DRAM traffic [bit] of the errors of a layer and of values kept for its vector work."""
        w, error = self.workload, self.spec.error_width
        own = (w.returned + w.kept) * error + self.transferred(w.backward)
        sent: Rows = own + w.sends_error * (w.kept + w.inputs) * error
        return sent

    @cached_property
    def inputs_read(self) -> Rows:
        """DRAM traffic [bit] of the gradient: inputs, and errors that no backward pass reads."""
        w = self.workload
        read: Rows = w.inputs * self.spec.input_bits
        return read + (1.0 - w.sends_error) * w.kept * self.spec.error_width

    def level_changes(self, steps: Real) -> tuple[tuple[Real, Real], tuple[Real, Real]]:
        """Shares of the cells to raise and to lower, each with the pulses per cell (0 for SRAM).

        ``steps`` is the number of steps from a cell's lowest level to its highest.
        """
        a = self.activity
        if not self.spec.holds_devices:
            return (a.set_fraction, 0.0), (a.reset_fraction, 0.0)
        written = moves(a, self.chip.device, self.learning, steps)
        return written.rising, written.falling

    def reprogrammed(self) -> Cost:
        """The cells that change in a step and the reads that verify them, in one copy of a layer.

        Cells that hold weights change alike, wherever they lie in the rows and columns in use.
        """
        a, learning, spec = self.activity, self.learning, self.spec
        if spec.blocks is not None:
            return in_blocks.reprogrammed(self, learning, spec.blocks)
        changes, verified = self.level_changes(spec.cell_steps), None
        if spec.holds_devices and learning.write is not None:
            written = moves(a, self.chip.device, learning, spec.cell_steps)
            shares = np.asarray(a.set_fraction + a.reset_fraction)
            verified = shares, np.asarray(written.reads / np.maximum(shares, LEAST))

        def write(macro: Any, pieces: Pieces) -> Cost:
            (up, ups), (down, downs) = (
                tuple(pieces.spread(np.atleast_1d(part)) for part in change) for change in changes
            )
            state, held = pieces.spread(a.conductance), pieces.rows * pieces.cols
            cost: Cost = macro.program((up, ups), (down, downs), state, held, rows=pieces.rows)
            if verified is None:
                return cost
            shared, reads = (pieces.spread(part) for part in verified)
            used = {"cells": held, "rows": pieces.rows}
            checked: Cost = macro.verify(shared, reads, state=state, **used)
            return cost + checked

        return self.through_arrays(write)

    @property
    def programmed(self) -> Real:
        """Cells of a layer programmed in an iteration, in all copies."""
        a, plan = self.activity, self.plan
        cells: Real = plan.held * plan.copies
        return (a.set_fraction + a.reset_fraction) * cells

    @property
    def ops(self) -> dict[str, Real]:
        """Operations of each phase, of all layers."""
        macs = self.workload.macs
        count: dict[str, Real] = {
            "inference": 2.0 * macs,
            "forward": 2.0 * macs,
            "backward": 2.0 * self.workload.sends_error * macs,
            "gradient": 2.0 * self.workload.learns * macs,
            "update": self.workload.learns * self.workload.weights,
            "sync": self.workload.learns * self.programmed,
            "programming": self.plan.held * self.plan.copies,
        }
        return {name: sum_over_layers(number) for name, number in count.items()}

    # -- parts of a phase ------------------------------------------------------------------------

    def vector_work(self, load: VectorLoad) -> Cost:
        """Elementwise work, one operation after the other."""
        total = Cost()
        for operation, elements in load.operations:
            total = total + self.chip.vector_unit.execute(operation, elements)
        return total

    def transferred(self, load: VectorLoad) -> Real:
        """DRAM traffic [bit] of elementwise work."""
        bits_of = self.chip.vector_unit.bits_of
        bits: Real = 0.0
        for value, count in load.transfers:
            bits = bits + count * bits_of(value)
        return bits

    def over_tree(self, tree: HTree, bits: Real, tiles: Real = 1.0) -> Cost:
        """Transfer ``bits`` bits over a tree of the chip, on all of its wires.

        All of ``tiles`` neighbouring tiles take them, or add to them on their way back.
        """
        flits = bits / self.spec.transport.bus_bits
        return tree.transfer(bits, flits, tiles)

    def overlapped(
        self,
        streams: Mapping[str, Cost],
        steps: Real,
        dram_bits: Real,
        fill: Real,
        *,
        images: Real | None = None,
        serial: bool = False,
    ) -> Phase:
        """A phase of streams that overlap, with one to and from DRAM; control takes ``steps``.

        ``fill`` is the time [s] until the first value has come through. ``images``, by default a
        batch, go through a layer in one stream, of whose fill an image bears its share. With
        ``serial`` a step of a recurrent layer begins when the step before it has come through all
        streams, so that its images have a fill for each step, and wait for all streams.
        """
        control = self.chip.control.step(steps)
        longest: Real = 0.0
        whole: Real = 0.0
        for stream in streams.values():
            longest = np.maximum(longest, stream.latency.total)
            whole = whole + stream.latency.total
        w = self.workload
        if serial and np.any(w.serial):
            fill = np.where(w.serial > 0.0, w.vectors * fill + whole - longest, fill)
        time = np.maximum(longest, self.chip.dram.transfer(dram_bits).latency.total)
        energy = merged(*(stream.energy for stream in streams.values()), control.energy)
        time = time + fill / (self.batch if images is None else images)
        return Phase(energy, time, dram_bits, streams[ARRAYS].energy, streams=streams)

    def forward(self) -> Phase:
        """The forward pass of a training, a batch at a time."""
        w, bits = self.workload, self.spec.input_bits
        sent, outgoing = self.input_bits_sent, w.outgoing * bits
        buffered = self.chip.buffer.read(sent) | self.chip.buffer.write(outgoing)
        fetched = (1.0 - w.serial) * w.inputs  # a state follows from the one before it
        dram = (fetched + w.joined) * bits + outgoing + self.transferred(w.forward)
        streams, steps, fill = self._through_layers(buffered, w.forward)
        return self.overlapped(streams, steps, dram, fill, serial=True)

    @cached_property
    def whole_residence(self) -> Traffic:
        """What maps move at each stage of the network where an image is recognised."""
        w, buffer = self.workload.all, self.chip.buffer
        room = buffer.cores * buffer.bits - self.spec.transport.staging_bits
        if self.chip.pipeline is not None:
            return self.chip.pipeline.traffic(self.spec.input_bits, np.maximum(room, 0.0))
        bits, room = self.spec.input_bits, np.maximum(room, 0.0)
        return traffic(w.maps, len(w.rows), bits, room, cut=self.plan.cut(self.spec))

    @property
    def residence(self) -> Traffic:
        """What maps move at each layer with weights."""
        return self.whole_residence.at(self.workload)

    def inference(self) -> Phase:
        """One image, layer after layer, with nothing kept for a training.

        Norms are a scale and a shift. Maps stay in the global buffer where they fit
        (``chips/parts/residence.py``); what comes from DRAM is written to it and what goes there is
        read from it. The image bears the whole fill of each layer.
        """
        w, moved, buffer = self.workload, self.residence, self.chip.buffer
        read = self.input_bits_sent + moved.joined + moved.leaving
        buffered = buffer.read(read) | buffer.write(moved.made + moved.fetched)
        dram = moved.fetched + moved.leaving + self.transferred(w.inference)
        streams, steps, fill = self._through_layers(buffered, w.inference, images=1.0)
        return self.overlapped(streams, steps, dram, fill, images=1.0, serial=True)

    def rounds(self, images: Real | None = None) -> Real:
        """Vectors of an image that each copy of a layer takes, one after the other.

        ``images``, by default a batch, follow each other through a layer without a gap. Copies take
        whole vectors, so some of them wait in the last round.
        """
        together = self.batch if images is None else images
        rounds: Real = ceil(self.workload.vectors * together / self.plan.copies) / together
        return rounds

    def _through_layers(
        self, buffered: Cost, work: VectorLoad, *, images: Real | None = None
    ) -> tuple[dict[str, Cost], Real, Real]:
        """Inputs through the arrays, additions, vector work: streams, steps of control, fill [s].

        ``buffered`` is what the global buffer does; ``images``, by default a batch, follow each
        other without a gap.
        """
        chip, w, plan = self.chip, self.workload, self.plan
        one = self.vector
        products = Cost(w.vectors * one.energy, self.rounds(images) * one.latency)
        products = w.in_cells * products
        moved = w.in_cells * chip.in_tiles(self._forward_transport)
        stored = self.spec.vector_unit.stored_bits
        tree = self.over_tree(chip.tree, self.input_bits_sent, plan.tiles_across)
        tree = tree + self.over_tree(chip.tree, w.results * stored, plan.tiles_down)
        tree = w.in_cells * tree
        planes = chip.input_planes * plan.packing.turns
        steps = w.vectors * planes * plan.tiles_of_a_set + w.vectors * planes
        streams = {
            ARRAYS: products, "tiles": moved, "tree": tree, "buffer": buffered,
            "vector": self.vector_work(work),
        }  # fmt: skip
        return streams, steps, w.in_cells * (one.latency.total + chip.tree.delay)

    def _forward_transport(self, tile: Tile[Any]) -> Cost:
        """Transport and additions if the tiles of all layers were of this kind.

        Inputs go to all tiles and PEs across a row of the matrix, which hold other outputs. Each PE
        gives its partial sums, and each tile the sums of its PEs; those of tiles below each other
        are added on their way over the chip's tree.
        """
        w, plan, sums = self.workload, self.plan, self.chip.sum_bits
        sent = self.input_bits_sent * plan.tiles_across
        entered = w.vectors * w.rows * w.groups * plan.pe_cols * self.spec.input_bits
        given = w.results * plan.pe_rows * sums
        bussed = entered + w.results * plan.array_rows * sums
        inside = tile.in_pes(
            lambda pe: pe.hold_inputs(entered) + pe.hold_results(given) + pe.carry(bussed)
        )
        added = tile.add(w.results * (plan.array_rows - 1.0), sums)
        carried = tile.carry(sent, plan.tile_pes_across) + tile.carry(given)
        streamed = tile.stream(sent, PARTIAL_BITS * w.results * plan.tiles_down) | carried
        return inside + added + divided(streamed, plan.tiles)

    # -- all weights, once -----------------------------------------------------------------------

    def programming(self) -> Phase | None:
        """All weights come from DRAM and are written to the cells, in all copies of a layer.

        Arrays are written as many at once as ``parallel_programming`` says. None where the device
        file does not say how its cells are programmed.
        """
        chip, w, plan = self.chip, self.workload, self.plan
        if self.spec.holds_devices and chip.device.pulses is None:
            return None
        bits = w.weights * self.spec.weight_bits
        one = w.in_cells * self.through_arrays(self._deployed)
        sent = w.in_cells * self.over_tree(chip.tree, bits * plan.copies)
        carried = w.in_cells * chip.in_tiles(lambda tile: tile.carry(bits * plan.copies))
        time = np.maximum(sent.latency.total, chip.dram.transfer(bits).latency.total)
        summed = self.sum_weights()
        macros = merged(plan.copies * one.energy, summed.energy)
        return Phase(
            merged(macros, sent.energy, carried.energy),
            time,
            bits,
            macros,
            streams={chip.tree.name: sent},
            common_time=self.turns_of_writing() * max_over_layers(one.latency.total)
            + max_over_layers(summed.latency.total),
        )

    def _deployed(self, macro: Any, pieces: Pieces) -> Cost:
        """All cells of an array are written once; by write-verify, unless training writes blindly.

        Training begins with cells at their weights, whatever changes them later.
        """
        device, write = self.chip.device, self.learning.write
        if self.spec.blocks is not None:
            return in_blocks.deployed(self, self.learning, macro, pieces)
        state, held = pieces.spread(self.activity.conductance), pieces.rows * pieces.cols
        if not self.spec.holds_devices or write not in (None, *VERIFIED):
            deployed: Cost = macro.deploy(state, held, rows=pieces.rows)
            return deployed
        count, steps = device.response.levels_ltp, self.spec.cell_steps
        tolerance = self.learning.tolerance / steps
        effort = from_low_end(device, state, steps, tolerance, pulses=count)
        outermost, middle = (verified(device, way, count, tolerance).pulses for way in (1.0, 0.5))
        taken = Taken(effort.pulses, outermost, middle)
        written: Cost = macro.deploy(state, held, taken, rows=pieces.rows)
        used = {"cells": held, "rows": pieces.rows}
        checked: Cost = macro.verify(1.0, effort.reads, state=state, **used)
        return written + checked

    # -- assumptions -----------------------------------------------------------------------------

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The assumptions of the estimate, one sentence each."""
        return self.assume((), self.chip.device)

    @property
    def ways(self) -> tuple[str, ...]:
        """How inputs below zero enter, and groups share arrays, where there are any."""
        way, packing = self.chip.signed_inputs, self.plan.packing
        signed = () if way is None else (f"inputs that may be below zero: {way.sentence}",)
        if not np.any(packing.packed):
            return signed
        return (*signed, f"{PACKED}{AT_ONCE if np.any(packing.at_once > 1.0) else TURNS}")

    def assume(self, own: tuple[str, ...], device: Device | None) -> tuple[str, ...]:
        """The assumptions of all estimates, an organisation's ``own``, and those of its device."""
        return (
            "ops: a multiplication and an addition are two; the first layer sends no error back",
            *order(self.spec.pipelining, INFERENCE, trains=True),
            PROGRAMMING,
            LEAKAGE,
            *own,
            *([in_blocks.sentence(self.spec.blocks)] if self.spec.blocks else ()),
            *self.ways,
            LEFT_OUT,
            *(of_device(device) if device else ()),
        )


def divided(cost: Cost, tiles: Real) -> Cost:
    """Work that ``tiles`` tiles of a layer share: its energy as given, its time divided."""
    return Cost(cost.energy, (1.0 / tiles) * cost.latency)


def merged(*bills: Bill) -> Bill:
    """One bill of several."""
    items: dict[str, Real] = {}
    for bill in bills:
        for part, amount in bill.items.items():
            items[part] = items[part] + amount if part in items else amount
    return Bill(items)


def of_device(device: Device) -> tuple[str, ...]:
    """The assumptions about the cells of a device, and about a device other than ReRAM."""
    if device.kind == "reram":
        return (CURRENT,)
    if device.ferroelectric is not None:
        return (
            CURRENT,
            f"the cells of {device.name} are read through their channel alone; a pulse turns its "
            "share of the polarization over, and nothing is erased in between",
        )
    return (
        CURRENT,
        f"the cells of {device.name} ({device.kind}) are read and written as resistances behind an "
        "access transistor, as ReRAM is",
    )


def _share(bill: Bill, part: Rows) -> Bill:
    """Of each amount a share."""
    return Bill({name: part * amount for name, amount in bill.items.items()})
