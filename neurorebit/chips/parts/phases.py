"""Phases of training on a chip: parts that all organisations share, and the forward pass.

System.md 13.5 to 13.7. Streams of one layer overlap, so its time is that of the slowest; layers and
phases follow each other. Arrays have the layers on their last axis, and the axes of a sweep before
it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.chips.parts.activity import Measured, Rows
from neurorebit.chips.parts.chip import Chip
from neurorebit.chips.parts.floorplan import Floorplan, Pieces, sum_over_layers
from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.chips.parts.tile import Tile
from neurorebit.chips.parts.workload import VectorLoad, Workload
from neurorebit.circuits.cost import Bill, Cost, Real
from neurorebit.circuits.htree import HTree
from neurorebit.schema.device import Device

PER = {
    "forward": "image", "backward": "image", "gradient": "image", "update": "iteration",
    "sync": "iteration",
}  # fmt: skip
PHASES = tuple(PER)
ARRAYS = "arrays"  # the stream of the macros
DRAM = "DRAM"  # the stream to and from DRAM
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
class Phases:
    """The base class of the phases of an organisation, which has a method for each phase.

    Costs are per image, in update and sync per iteration.
    """

    chip: Chip[Any]
    activity: Measured
    batch: Real

    @property
    def workload(self) -> Workload:
        return self.chip.workload

    @property
    def plan(self) -> Floorplan:
        return self.chip.plan

    @property
    def spec(self) -> ArchitectureSpec:
        return self.chip.spec

    def by_name(self) -> dict[str, Phase]:
        """Every phase, from the method that bears its name."""
        return {name: getattr(self, name)() for name in PHASES}

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
        own = (w.outgoing + w.results) * error + self.transferred(w.backward)
        sent: Rows = own + w.sends_error * (w.results + w.inputs) * error
        return sent

    @cached_property
    def inputs_read(self) -> Rows:
        """DRAM traffic [bit] of the gradient: inputs, and errors that no backward pass reads."""
        w = self.workload
        read: Rows = w.inputs * self.spec.input_bits
        return read + (1.0 - w.sends_error) * w.results * self.spec.error_width

    def level_changes(self, steps: Real) -> tuple[tuple[Real, Real], tuple[Real, Real]]:
        """Shares of the cells to raise and to lower, each with the pulses per cell (0 for SRAM).

        ``steps`` is the number of steps from a cell's lowest level to its highest.
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
            "forward": 2.0 * macs,
            "backward": 2.0 * self.workload.sends_error * macs,
            "gradient": 2.0 * macs,
            "update": self.workload.weights,
            "sync": self.programmed,
        }
        return {name: sum_over_layers(number) for name, number in count.items()}

    # -- parts of a phase ------------------------------------------------------------------------

    def through_arrays(self, read: Callable[[Any, Pieces], Cost]) -> Cost:
        """One vector through all arrays of a layer; time is that of the slowest.

        ``read``: one vector through a macro of which the rows and columns of ``Pieces`` are in use.
        """
        chip = self.chip
        pieces = self.plan.pieces
        return self.through(pieces, lambda used: chip.in_macros(lambda macro: read(macro, used)))

    def through(self, pieces: Pieces, work: Callable[[Pieces], Cost]) -> Cost:
        """The cost of ``work`` in all arrays of a layer at once, given that of one of each kind."""
        layers, one = len(self.workload.rows), work(pieces).across(pieces.counts)
        energy = {
            part: np.sum(pieces.by_kind(joules, layers), axis=-2)
            for part, joules in one.energy.items.items()
        }
        slowest = np.max(pieces.by_kind(one.latency.total, layers), axis=-2)
        return Cost(Bill(energy), Bill({"": slowest}))

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
        self, streams: Mapping[str, Cost], steps: Real, dram_bits: Real, fill: Real
    ) -> Phase:
        """A phase of streams that overlap, with one to and from DRAM; control takes ``steps``.

        A batch goes through a layer in one stream. ``fill`` is the time [s] until the first value
        has come through, of which an image bears its share.
        """
        control = self.chip.control.step(steps)
        time = self.chip.dram.transfer(dram_bits).latency.total
        for stream in streams.values():
            time = np.maximum(time, stream.latency.total)
        energy = merged(*(stream.energy for stream in streams.values()), control.energy)
        time = time + fill / self.batch
        return Phase(energy, time, dram_bits, streams[ARRAYS].energy, streams=streams)

    # -- the forward pass ------------------------------------------------------------------------

    def forward_pass(self, read: Callable[[Any, Pieces], Cost]) -> Phase:
        """Inputs through the arrays (``read``: see ``through_arrays``), additions, vector work."""
        chip, w, plan = self.chip, self.workload, self.plan
        one = self.through_arrays(read)
        products = Cost(w.vectors * one.energy, w.vectors / plan.copies * one.latency)
        moved = chip.in_tiles(self._forward_transport)
        bits, stored = self.spec.input_bits, self.spec.vector_unit.stored_bits
        sent, outgoing = self.input_bits_sent, w.outgoing * bits
        tree = self.over_tree(chip.tree, sent, plan.tiles_across)
        tree = tree + self.over_tree(chip.tree, w.results * stored, plan.tiles_down)
        buffered = chip.buffer.read(sent) | chip.buffer.write(outgoing)
        steps = w.vectors * bits * plan.tiles + w.vectors * bits
        dram = w.inputs * bits + outgoing + self.transferred(w.forward)
        fill = one.latency.total + chip.tree.delay
        streams = {
            ARRAYS: products, "tiles": moved, "tree": tree, "buffer": buffered,
            "vector": self.vector_work(w.forward),
        }  # fmt: skip
        return self.overlapped(streams, steps, dram, fill)

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

    # -- assumptions -----------------------------------------------------------------------------

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The assumptions of the estimate, one sentence each."""
        return self.assume((), self.chip.device)

    @staticmethod
    def assume(own: tuple[str, ...], device: Device | None) -> tuple[str, ...]:
        """The assumptions of all estimates, an organisation's ``own``, and those of its device."""
        return (
            "ops: a multiplication and an addition are two; the first layer sends no error back",
            "streams of one layer overlap, layers and phases follow each other; batch norm makes a "
            "layer wait for the whole batch",
            "leakage: of the whole chip, over each phase's time; retention of the SRAM cells "
            "included",
            *own,
            "softmax, loss and work on whole channels (means, roots) are left out",
            *(_of_device(device) if device else ()),
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


def _of_device(device: Device) -> tuple[str, ...]:
    """The assumptions about a device other than ReRAM."""
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
