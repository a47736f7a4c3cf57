"""The phases of training with bit-sliced weights: outer products in place, carries now and then."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from neurorebit.chips.parts.activity import MeasuredFast, Rows
from neurorebit.chips.parts.floorplan import Pieces, max_over_layers, sum_over_layers
from neurorebit.chips.parts.phases import ARRAYS, Phase, divided, merged
from neurorebit.chips.parts.tile import Tile
from neurorebit.chips.parts.two_way import TwoWayPhases
from neurorebit.chips.parts.writing import SENTENCES
from neurorebit.chips.sliced.chip import SlicedChip
from neurorebit.chips.sliced.macros import SlicedMacro
from neurorebit.chips.sliced.spec import SlicedSpec
from neurorebit.circuits.cost import Cost, Real


@dataclass(frozen=True, eq=False)
class SlicedPhases(TwoWayPhases):
    """Both passes read the slices; outer products of inputs and errors change them in place."""

    chip: SlicedChip

    @property
    def spec(self) -> SlicedSpec:
        return self.chip.spec

    @property
    def outer(self) -> MeasuredFast:
        """Pulses of the outer products of one step; of other schemes those of their changes."""
        a, device = self.activity, self.chip.device.response
        if a.fast is not None:
            return a.fast
        steps = self.spec.cell_steps
        ups = a.set_fraction * a.set_levels / steps * device.levels_ltp
        downs = a.reset_fraction * a.reset_levels / steps * device.levels_ltd
        return MeasuredFast(ups, downs, 0.0 * ups, a.conductance)

    @property
    def resolved(self) -> Real:
        """Carry resolutions of an iteration."""
        return 1.0 / np.asarray(self.spec.arrays.carry_every)

    @property
    def assumptions(self) -> tuple[str, ...]:
        spec = self.spec
        slices, stride = spec.slices_per_weight, np.max(spec.stride)
        own = (
            f"a weight has a cell in each of {slices} arrays, {stride:g} bits of it and room for "
            "carries; all slices are read at once, each through its own converters, and joined "
            "digitally",
            "batch-long tensors live in DRAM; nothing is kept of a weight beside its cells",
            "gradient and update: inputs and errors of a batch, once all have passed, come back "
            "from DRAM; each vector is an outer product in all copies of a layer, inputs bit by "
            "bit on the rows, digits of the errors times the rate as pulses on the columns, first "
            "those that raise cells, then those that lower them",
            f"carries: each {_number(spec.arrays.carry_every)} batches every cell is read by "
            "itself (update), sums are taken apart into digits again, and cells that hold another "
            "one are written (sync); an iteration bears its share",
            "sync: row by row, in all arrays at once unless parallel_programming says less",
            "a reference line for each converter gives slices their signs",
            SENTENCES["verify"],
        )
        return self.assume(own, self.chip.device)

    @property
    def arrays_of_a_weight(self) -> Real:
        return self.spec.slices_per_weight

    @property
    def programmed(self) -> Real:
        return self.spec.slices_per_weight * super().programmed

    @property
    def ops(self) -> dict[str, Real]:
        w, found = self.workload, super().ops
        written = self.spec.slices_per_weight * self.plan.held * self.plan.copies
        learned = sum_over_layers(w.learns * w.weights)
        return found | {
            "update": self.resolved * learned,
            "programming": sum_over_layers(written),
        }

    # -- outer products --------------------------------------------------------------------------

    def gradient(self) -> Phase:
        """An outer product for each vector, added to the cells of all copies."""
        chip, w, plan, error = self.chip, self.workload, self.plan, self.spec.error_width
        one = self.in_turns(
            self.through(
                plan.pieces,
                lambda pieces: chip.in_macros(lambda macro: self._accumulate(macro, pieces)),
            )
        )
        products = Cost(plan.copies * w.vectors * one.energy, w.vectors * one.latency)
        errors = w.results * w.window_height * error
        read = chip.buffer.read(w.inputs * self.spec.input_bits + errors)
        streams = {
            ARRAYS: products,
            "scaling": chip.update_unit.scale(w.results),
            "tiles": chip.in_tiles(self._operand_transport),
            "tree": self.over_tree(chip.tree, self.input_bits_sent, plan.tiles_across)
            + self.over_tree(chip.tree, self._operand_bits, plan.tiles_down),
            "buffer": read,
        }
        dram = w.inputs * self.spec.input_bits + w.kept * error
        steps = w.vectors * self.spec.input_bits * (1.0 + w.signed) * plan.tiles
        return self.overlapped(streams, steps, dram, one.latency.total)

    @property
    def _operand_bits(self) -> Rows:
        """Bits of the operands of the columns that go to a layer's tiles for an image."""
        bits: Rows = self.error_bits_sent / self.spec.error_width * self.spec.arrays.update_bits
        return bits

    def _accumulate(self, macro: SlicedMacro, pieces: Pieces) -> Cost:
        """The outer product of one vector; of signed inputs each sign has its turn."""
        outer, seen = self.outer, self.batch * self.workload.vectors
        planes = self.spec.input_bits * (1.0 + pieces.spread(self.workload.signed))
        ones = pieces.spread(self.activity.stored) / (1.0 + pieces.spread(self.workload.signed))
        cells = pieces.rows * pieces.cols
        up, down = (pieces.spread(pulses / seen) * cells for pulses in (outer.ups, outer.downs))
        state = pieces.spread(outer.conductance)
        rows = ones * pieces.rows
        return macro.accumulate(planes, rows, pieces.cols, up=up, down=down, state=state)

    def _operand_transport(self, tile: Tile[SlicedMacro]) -> Cost:
        """Inputs and operands to their lines if the tiles of all layers were of this kind."""
        w, plan, bits = self.workload, self.plan, self.spec.arrays.update_bits
        entered = w.vectors * w.rows * w.groups * plan.pe_cols * self.spec.input_bits
        entered = entered + w.results * plan.pe_rows * bits
        inputs = self.input_bits_sent * plan.tiles_across
        operands = self._operand_bits * plan.tiles_down
        bussed = tile.in_pes(lambda pe: pe.carry(entered))
        carried = tile.carry(inputs, plan.tile_pes_across)
        carried = carried + tile.carry(operands, plan.tile_pes_down)
        streamed = tile.stream(inputs + operands, 0.0 * operands) | carried
        return bussed + divided(streamed, plan.tiles)

    # -- carries ---------------------------------------------------------------------------------

    def update(self) -> Phase:
        """Every cell is read, one row after the other, and the carries are resolved."""
        chip, w, share = self.chip, self.workload, self.resolved
        held = float(sum(self.spec.arrays.bits))
        codes, changes = w.weights * held, self._change_bits

        def moved(tile: Tile[SlicedMacro]) -> Cost:
            inside = tile.in_pes(lambda pe: pe.hold_results(codes) + pe.carry(codes + changes))
            return inside + divided(tile.carry(codes + changes), self.plan.tiles)

        streams = {
            ARRAYS: share * self.through_arrays(self._scan),
            "carries": share * chip.update_unit.resolve(w.weights),
            "tiles": share * chip.in_tiles(moved),
            "tree": share * self.over_tree(chip.tree, codes + changes),
        }
        steps = share * w.weights / chip.update_unit.lanes
        return self.overlapped(streams, steps, 0.0 * w.weights, 0.0)

    @property
    def _change_bits(self) -> Rows:
        """Bits of a resolution that say which cells change, and to which level."""
        macro = self.chip.macro
        level = sum(self.spec.arrays.bits) / self.spec.slices_per_weight
        bits: Rows = self.programmed / self.resolved * (np.log2(macro.rows * macro.cols) + level)
        return bits

    def _scan(self, macro: SlicedMacro, pieces: Pieces) -> Cost:
        """The cells of an array of each slice, one row after the other."""
        (_, sensed), places = self.used(pieces), self.places(pieces)
        state = pieces.spread(self.activity.conductance)
        return macro.scan(pieces.rows, sensed, places, state=state)

    @property
    def _resolution(self) -> SlicedPhases:
        """The same with the changes of a whole resolution, of which an iteration has a share."""
        a, every = self.activity, np.asarray(self.spec.arrays.carry_every)
        ups, downs = every * a.set_fraction, every * a.reset_fraction
        again = np.maximum(ups, 1.0), np.maximum(downs, 1.0)
        whole = replace(
            a,
            set_fraction=ups / again[0],
            reset_fraction=downs / again[1],
            set_levels=again[0] * a.set_levels,
            reset_levels=again[1] * a.reset_levels,
            verify_reads=every * a.verify_reads,
        )
        return replace(self, activity=whole)

    def sync(self) -> Phase:
        """The cells that carries change, in all copies; an iteration bears its share."""
        plan, learns = self.plan, self.workload.learns
        pulsed = learns * self.resolved * self._resolution.reprogrammed()
        summed = learns * self.sum_weights()
        macros = merged(plan.copies * pulsed.energy, summed.energy)
        time = self.turns_of_writing() * max_over_layers(pulsed.latency.total)
        time = time + max_over_layers(summed.latency.total)
        return Phase(macros, 0.0, 0.0, macros, common_time=time)


def _number(value: Real) -> str:
    """A number of a sentence; the first of designs that have several."""
    return f"{np.asarray(value).reshape(-1)[0]:g}"
