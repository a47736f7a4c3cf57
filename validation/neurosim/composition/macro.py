"""A sub-array as a record describes one, composed of our public blocks.

Forward, columns are multiplexed to converters below the array; transposed, rows to converters
beside it (docs/models/macros.md#readout). Transposed blocks are folded to the array's sides like
the others. Both ways are sides of a macro, made of the same blocks. Every row and column is in use.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.circuits.adder import Adder
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.decoder import MuxDecoder
from neurorebit.circuits.gates import log2_up
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.register import Register
from neurorebit.circuits.sense_amp import SenseAmp
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.circuits.write_driver import WriteDriver
from neurorebit.schema.technology import Technology
from validation.neurosim.composition.converters import Converters

Counted = tuple[tuple[Real, Block], ...]


@dataclass(frozen=True, eq=False)
class Side:
    """One way through a macro: forward, rows are driven and columns sensed; back, the reverse.

    What serves the sensed lines is drawn along ``length`` [m], below the array or, ``back``, beside
    it, where names begin with "back". Driven are ``planes`` bits one after the other, each in
    ``passes`` reads; the lines of a converter give ``sums`` sums in a plane.
    """

    macro: Macro
    _: KW_ONLY
    back: bool
    driven: Real
    sensed: Real
    ways: Real  # sensed lines that share a converter
    adc_bits: Real
    planes: Real
    passes: Real
    sums: Real
    length: Real

    def named(self, part: str) -> str:
        """The name of a block of this side."""
        return f"back_{part}" if self.back else part

    @property
    def fit(self) -> dict[str, Any]:
        """The side that blocks of this side are laid out along."""
        return {"fit_height" if self.back else "fit_width": self.length}

    @property
    def adcs(self) -> Real:
        """Converters of the sensed lines."""
        return np.floor(self.sensed / self.ways)

    @property
    def joins_planes(self) -> Real:
        """1 where what is driven has more planes than one."""
        return np.where(np.asarray(self.planes) > 1.0, 1.0, 0.0)

    @cached_property
    def mux(self) -> AnalogMux:
        return self.macro.mux_of(self)

    @cached_property
    def mux_decoder(self) -> MuxDecoder:
        return self.macro.mux_decoder_of(self)

    @cached_property
    def converters(self) -> Converters:
        return self.macro.converters_of(self)

    @cached_property
    def precharger(self) -> Precharger:
        return self.macro.precharger_of(self)

    @cached_property
    def write_driver(self) -> WriteDriver:
        return self.macro.write_driver_of(self)

    @cached_property
    def sense_amp(self) -> SenseAmp:
        return self.macro.sense_amp_of(self)

    @property
    def _units(self) -> Real:
        """Adders and shift-adds of the sensed lines."""
        return self.macro.units_of(self)

    @property
    def _bits(self) -> Real:
        """Bits of what they add."""
        return self.macro.summed_bits(self)

    @cached_property
    def register(self) -> Register:
        """Sums of a line's cells, a bit wider than their adders."""
        bits = (self._bits + 1.0) * self._units
        return Register(self.macro.tech, bits, **self.fit, name=self.named("register"))

    @cached_property
    def adder(self) -> Adder:
        """Adds what a driven line gives to the sums."""
        return self.macro.adder_of(self)

    @cached_property
    def weight_shift_add(self) -> ShiftAdd:
        """Joins the cells of a weight."""
        cells, name = self.macro.cells_per_weight, self.named("weight_shift_add")
        return self.macro.shift_add_of(self, self._bits, cells, name)

    @cached_property
    def input_shift_add(self) -> ShiftAdd:
        """Joins the planes of what is driven."""
        bits = self._bits + self.macro.grown_bits(self)
        name = self.named("input_shift_add")
        return self.macro.shift_add_of(self, bits, self.planes, name)

    @property
    def shift_adds(self) -> Counted:
        """Those that there are."""
        return (
            (self.macro.joins_cells_of(self), self.weight_shift_add),
            (self.joins_planes, self.input_shift_add),
        )

    @property
    def sum_bits(self) -> Real:
        """Bits of what leaves this side."""
        return self.input_shift_add.sum_bits


class _Drawn(Block):
    """A block that is drawn in a technology."""

    tech: Technology


@dataclass(frozen=True, eq=False, kw_only=True)
class Macro(_Drawn):
    """An array with converters below it and, if ``transposed``, others beside it.

    A weight is ``cells_per_weight`` cells of a row. Inputs come bit plane by bit plane and
    multiplexers stay at a line until all planes of an input have passed.
    """

    rows: Positive = 128.0
    cols: Positive = 128.0
    cols_per_adc: Positive = 8.0
    rows_per_adc: Positive = 8.0
    adc_bits: Real = 5.0
    back_adc_bits: Real = 5.0
    input_bits: Positive = 8.0
    error_bits: Positive = 8.0
    cells_per_weight: Positive = 1.0
    adc_kind: str = "sar"
    transposed: bool = True

    @property
    def size(self) -> tuple[Real, Real]:
        """Width and height of the array [m]."""
        raise NotImplementedError

    @cached_property
    def front(self) -> Side:
        """Forward."""
        sums = self.cols_per_adc / self.cells_per_weight
        return Side(
            self,
            back=False,
            driven=self.rows,
            sensed=self.cols,
            ways=self.cols_per_adc,
            adc_bits=self.adc_bits,
            planes=self.input_bits,
            passes=1.0,
            sums=sums,
            length=self.size[0],
        )

    @cached_property
    def behind(self) -> Side:
        """Back: a pass for each place in a weight, one sum a row."""
        return Side(
            self,
            back=True,
            driven=self.cols,
            sensed=self.rows,
            ways=self.rows_per_adc,
            adc_bits=self.back_adc_bits,
            planes=self.error_bits,
            passes=self.cells_per_weight,
            sums=self.rows_per_adc,
            length=self.size[1],
        )

    @property
    def sides(self) -> tuple[Side, ...]:
        """Those that there are."""
        return (self.front, self.behind) if self.transposed else (self.front,)

    @property
    def adcs(self) -> Real:
        """Converters of the columns."""
        return self.front.adcs

    @property
    def output_bits(self) -> Real:
        """Bits of what leaves the macro forward."""
        return self.front.sum_bits

    @property
    def joins_cells(self) -> Real:
        """1 where a weight has more cells than one."""
        return np.where(np.asarray(self.cells_per_weight) > 1.0, 1.0, 0.0)

    # -- the blocks of a side --------------------------------------------------------------------

    @property
    def _read_voltage(self) -> Real:
        raise NotImplementedError

    def mux_res(self, side: Side) -> Real:
        """Resistance [ohm] that a multiplexer is drawn for."""
        raise NotImplementedError

    def mux_of(self, side: Side) -> AnalogMux:
        """Its row is as high as its decoder beside it."""
        beside = MuxDecoder(self.tech, log2_up(side.ways)).height
        return AnalogMux(
            self.tech,
            side.adcs,
            side.ways,
            driven_res=self.mux_res(side),
            read_voltage=self._read_voltage,
            fit_width=side.length,
            fit_height=np.where(np.asarray(side.ways) > 1.0, beside, 0.0),
            name=side.named("mux"),
        )

    def mux_decoder_of(self, side: Side) -> MuxDecoder:
        """Selects one of the lines that share a converter."""
        load_n, load_p = side.mux.control_load
        bits, name = log2_up(side.ways), side.named("mux_decoder")
        return MuxDecoder(self.tech, bits, load_n=load_n, load_p=load_p, name=name)

    def converters_of(self, side: Side) -> Converters:
        """Where lines are converted."""
        raise NotImplementedError

    def precharger_of(self, side: Side) -> Precharger:
        """Where lines are charged before a read."""
        raise NotImplementedError

    def write_driver_of(self, side: Side) -> WriteDriver:
        """Where lines are pulled to write."""
        raise NotImplementedError

    def sense_amp_of(self, side: Side) -> SenseAmp:
        """Where lines are latched."""
        raise NotImplementedError

    def units_of(self, side: Side) -> Real:
        """Adders of the sensed lines: one a converter."""
        return side.adcs

    def summed_bits(self, side: Side) -> Real:
        """Bits of what they add: of the converters, or of the sum of a line's cells."""
        raise NotImplementedError

    def joins_cells_of(self, side: Side) -> Real:
        """1 where shift-adds join the cells of a weight."""
        return self.joins_cells

    def grown_bits(self, side: Side) -> Real:
        """Bits by which a sum has grown when its cells are joined."""
        return self.cells_per_weight

    def adder_of(self, side: Side) -> Adder:
        """One behind each unit, into its register."""
        return Adder(
            self.tech,
            self.summed_bits(side),
            self.units_of(side),
            load=side.register.input_cap,
            **side.fit,
            name=side.named("adder"),
        )

    def stored(self, side: Side) -> Cost:
        """Sums into their registers, of which half of the bits change."""
        return side.register.store(0.5)

    def shift_add_of(self, side: Side, bits: Real, terms: Real, name: str) -> ShiftAdd:
        """Below the array or beside it, a conversion from term to term."""
        return ShiftAdd(
            self.tech,
            bits,
            terms,
            self.units_of(side),
            beat=self.beat_of(side),
            **side.fit,
            name=name,
        )

    def beat_of(self, side: Side) -> Real:
        """Least time from one sum to the next [s]."""
        return side.converters.beat

    # -- what stands where -----------------------------------------------------------------------

    @property
    def row_path(self) -> tuple[Block, ...]:
        """What opens rows, left of the array."""
        raise NotImplementedError

    @property
    def col_path(self) -> tuple[Block, ...]:
        """What drives columns, above or below the array."""
        raise NotImplementedError

    def sensing(self, side: Side) -> tuple[Block, ...]:
        """What serves the sensed lines, shift-adds apart."""
        raise NotImplementedError

    def selecting(self, side: Side) -> tuple[Block, ...]:
        """What stands in the corner: the decoder of a multiplexer."""
        return (side.mux_decoder,)

    @property
    def array_parts(self) -> Counted:
        """The cells."""
        raise NotImplementedError

    @property
    def parts(self) -> Counted:
        counted = [*self.array_parts, *_each(self.row_path), *_each(self.col_path)]
        for side in self.sides:
            counted += [*_each(self.sensing(side)), *_each(self.selecting(side)), *side.shift_adds]
        return tuple(counted)

    def across(self, block: Block) -> Real:
        """Width [m] of a block beside the array; converters may be higher than it."""
        if isinstance(block, Converters):
            return block.depth
        return block.footprint.area.total / self.size[1]

    def upward(self, block: Block) -> Real:
        """Height [m] of a block below or above the array."""
        if isinstance(block, Converters):
            return block.height
        return block.footprint.area.total / self.size[0]

    @cached_property
    def outline(self) -> tuple[Real, Real]:
        """Width and height [m] of the floorplan, with the room it leaves empty."""
        width, height = self.size
        row_path = sum((block.footprint.area.total / height for block in self.row_path), 0.0)
        corner = sum((block.width for block in self.selecting(self.front)), 0.0)  # type: ignore[attr-defined]
        left = np.maximum(row_path, corner)
        stacked: list[tuple[Real, Block]] = [*_each(self.col_path)]
        beside: list[tuple[Real, Block]] = []
        for side in self.sides:
            placed = beside if side.back else stacked
            placed += [*_each(self.sensing(side)), *side.shift_adds]
        wide = sum((n * self.across(block) for n, block in beside), 0.0)
        high = sum((n * self.upward(block) for n, block in stacked), 0.0)
        return left + width + wide, height + high

    # -- what it does ----------------------------------------------------------------------------

    def plane(self, side: Side, density: Real, res: Real) -> Cost:
        """A plane as it leaves the converters or the adders; see ``read``."""
        raise NotImplementedError

    def selected(self, side: Side) -> Cost:
        """Lead another line to the converters."""
        return side.mux_decoder.select() + side.mux.select()

    def turned(self, side: Side, opened: Cost, accesses: Real = 1.0) -> Cost:
        """A plane's share in what comes before its conversions: lines are opened ``accesses``
        times a plane, and with the first of all planes a multiplexer moves.
        """
        share = np.minimum(accesses, 1.0 / side.planes)
        moved = self.selected(side)
        total: Cost = share * (opened | moved) + (accesses - share) * opened
        return total + (1.0 / side.planes - share) * moved

    def terms_of(self, side: Side) -> tuple[Real, Real]:
        """Terms of a plane that the shift-adds of cells and of planes take."""
        return side.ways * side.passes, side.sums

    def _joined(self, side: Side, density: Real, res: Real) -> Cost:
        cells, sums = self.terms_of(side)
        plane = self.plane(side, density, res)
        plane = plane + self.joins_cells_of(side) * side.weight_shift_add.accumulate(cells)
        return plane + side.joins_planes * side.input_shift_add.accumulate(sums)

    @action
    def read(self, density: Real = 0.5, res: Real = 0.0) -> Cost:
        """One input plane with a share of ones through columns of this resistance [ohm]."""
        return self._joined(self.front, density, res)

    @action
    def read_transposed(self, density: Real = 0.5, res: Real = 0.0) -> Cost:
        """One error plane through the rows; as ``read``, with columns for rows."""
        return self._joined(self.behind, density, res)


def _each(blocks: tuple[Block, ...]) -> Counted:
    """One of each."""
    return tuple((1.0, block) for block in blocks)
