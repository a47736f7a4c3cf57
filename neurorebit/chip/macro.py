"""What the macros of the all-ReRAM and all-SRAM chips share.

Forward, columns are multiplexed to converters below the array; transposed, rows to converters
beside it. Subarray.md 3 to 6: transposed blocks are folded to the array's sides like the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.circuits.adc import FlashAdc, SarAdc, VoltageFlashAdc
from neurorebit.circuits.block import Block
from neurorebit.circuits.decoder import MuxDecoder
from neurorebit.circuits.encoder import Encoder
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.cost import Cost, Real, action
from neurorebit.technology import Technology


def log2_up(count: Real) -> Real:
    """Bits that tell so many things apart."""
    return np.ceil(np.log2(np.maximum(count, 1.0)) - 1e-9)


@dataclass(frozen=True, eq=False)
class Converters(Block):
    """Converters in a row, with an encoder each where their kind needs one.

    ``kind`` is "sar", "flash" or "flash_voltage"; ``full_scale`` [S] is the largest conductance of
    what they read.
    """

    tech: Technology
    bits: Real = 5.0
    count: Real = 16.0
    kind: str = "sar"
    full_scale: Real = 1.28e-3
    read_voltage: Real = 0.5
    fit_width: Real = 0.0
    fit_height: Real = 0.0
    name: str = "converters"

    @property
    def _shared(self) -> dict[str, Any]:
        return {
            "tech": self.tech,
            "bits": self.bits,
            "count": self.count,
            "fit_width": self.fit_width,
            "fit_height": self.fit_height,
        }

    @cached_property
    def adc(self) -> SarAdc | FlashAdc | VoltageFlashAdc:
        shared = self._shared | {"read_voltage": self.read_voltage}
        if self.kind == "flash":
            return FlashAdc(**shared, full_scale=self.full_scale)
        if self.kind == "flash_voltage":
            return VoltageFlashAdc(**shared)
        return SarAdc(**shared)

    @cached_property
    def encoder(self) -> Encoder | None:
        """From levels to bits; a SAR converter has its bits, one level is one."""
        return None if self.kind == "sar" else Encoder(**self._shared)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        if self.encoder is None:
            return ((1.0, self.adc),)
        return (1.0, self.adc), (self._encoded, self.encoder)

    @property
    def _encoded(self) -> Real:
        return np.where(np.asarray(self.bits) > 1.0, 1.0, 0.0)

    @property
    def width(self) -> Real:
        """Of all of it, stacked along a width [m]."""
        own = self.adc.width
        return own if self.encoder is None else np.maximum(own, self._encoded * self.encoder.width)

    @property
    def height(self) -> Real:
        """Of all of it, stacked along a width [m]."""
        own = self.adc.height
        return own if self.encoder is None else own + self._encoded * self.encoder.height

    @property
    def depth(self) -> Real:
        """Of all of it, side by side along a height [m]."""
        own = self.adc.width
        return own if self.encoder is None else own + self._encoded * self.encoder.width

    @action
    def convert(self, res: Real = 1e4) -> Cost:
        """One conversion in each, of lines of this mean resistance [ohm]."""
        cost = self.adc.convert(res)
        return cost if self.encoder is None else cost + self._encoded * self.encoder.encode()

    @property
    def beat(self) -> Real:
        """Least time from one conversion to the next [s]."""
        cycle = self.tech.sensing.sar_cycle
        if self.encoder is None:
            return (self.bits + 1.0) * cycle
        return cycle + self._encoded * self.encoder.delay


def _area(block: Block) -> Real:
    return block.footprint.area.total


Counted = tuple[tuple[Real, Block], ...]


@dataclass(frozen=True)
class Floorplan:
    """Blocks around an array: as wide as it is, or as high as it is."""

    left: tuple[Block, ...]  # the row path
    corner: Real  # width [m] of what stands below the row path
    stacked: Counted  # below and above the array
    beside: Counted = ()  # on the other side


class _Drawn(Block):
    """A block that is drawn in a technology."""

    tech: Technology


@dataclass(frozen=True, eq=False, kw_only=True)
class Macro(_Drawn):
    """An array with converters below it and, if ``transposed``, others beside it.

    A weight is ``cells_per_weight`` cells of a row. Inputs come bit plane by bit plane and
    multiplexers stay at a line until all planes of an input have passed.
    """

    rows: Real = 128.0
    cols: Real = 128.0
    cols_per_adc: Real = 8.0
    rows_per_adc: Real = 8.0
    adc_bits: Real = 5.0
    back_adc_bits: Real = 5.0
    input_bits: Real = 8.0
    error_bits: Real = 8.0
    cells_per_weight: Real = 1.0
    adc_kind: str = "sar"
    transposed: bool = True

    @property
    def adcs(self) -> Real:
        """Converters of the columns."""
        return np.floor(self.cols / self.cols_per_adc)

    @property
    def back_adcs(self) -> Real:
        """Converters of the rows."""
        return np.floor(self.rows / self.rows_per_adc)

    @property
    def size(self) -> tuple[Real, Real]:
        """Width and height of the array [m]."""
        raise NotImplementedError

    def _mux(self, outputs: Real, ways: Real, res: Real, side: Real, name: str) -> AnalogMux:
        """Its row is as high as its decoder beside it."""
        beside = MuxDecoder(self.tech, log2_up(ways)).height
        least = np.where(np.asarray(ways) > 1.0, beside, 0.0)
        return AnalogMux(
            self.tech,
            outputs,
            ways,
            driven_res=res,
            read_voltage=self._read_voltage,
            fit_width=side,
            fit_height=least,
            name=name,
        )

    @property
    def _read_voltage(self) -> Real:
        raise NotImplementedError

    def _mux_decoder(self, mux: AnalogMux, name: str) -> MuxDecoder:
        load_n, load_p = mux.control_load
        return MuxDecoder(self.tech, log2_up(mux.ways), load_n=load_n, load_p=load_p, name=name)

    @cached_property
    def mux(self) -> AnalogMux:
        raise NotImplementedError

    @cached_property
    def mux_decoder(self) -> MuxDecoder:
        return self._mux_decoder(self.mux, "mux_decoder")

    @cached_property
    def back_mux(self) -> AnalogMux:
        raise NotImplementedError

    @cached_property
    def back_mux_decoder(self) -> MuxDecoder:
        return self._mux_decoder(self.back_mux, "back_mux_decoder")

    def _shift_add(self, bits: Real, terms: Real, count: Real, beat: Real, name: str) -> ShiftAdd:
        """Below the array, or beside it if it serves rows."""
        width, height = self.size
        below = not name.startswith("back")
        return ShiftAdd(
            self.tech,
            bits,
            terms,
            count,
            beat=beat,
            adder_activity=self.tech.arithmetic.add_activity,
            fit_width=width if below else 0.0,
            fit_height=0.0 if below else height,
            name=name,
        )

    @property
    def joins_cells(self) -> Real:
        """1 where a weight has more cells than one."""
        return np.where(np.asarray(self.cells_per_weight) > 1.0, 1.0, 0.0)

    @property
    def joins_inputs(self) -> Real:
        """1 where an input has more planes than one."""
        return np.where(np.asarray(self.input_bits) > 1.0, 1.0, 0.0)

    @property
    def joins_errors(self) -> Real:
        """1 where an error has more planes than one."""
        return np.where(np.asarray(self.error_bits) > 1.0, 1.0, 0.0)

    @property
    def passes(self) -> Real:
        """Times the rows are read for an error plane: once for each place in a weight."""
        return self.cells_per_weight

    @property
    def col_sums(self) -> Real:
        """Sums that a converter's columns give in a plane, one a weight."""
        return self.cols_per_adc / self.cells_per_weight

    @property
    def row_sums(self) -> Real:
        """Sums that a converter's rows give in a plane, one a row."""
        return self.rows_per_adc

    @cached_property
    def input_shift_add(self) -> ShiftAdd:
        """Joins the planes of an input."""
        raise NotImplementedError

    @cached_property
    def back_input_shift_add(self) -> ShiftAdd:
        """Joins the planes of an error."""
        raise NotImplementedError

    @property
    def output_bits(self) -> Real:
        """Bits of what leaves the macro forward."""
        return self.input_shift_add.sum_bits

    @property
    def back_output_bits(self) -> Real:
        """Bits of what leaves the macro back."""
        return self.back_input_shift_add.sum_bits

    def _selected(self, mux: AnalogMux, decoder: MuxDecoder, planes: Real) -> Cost:
        """A plane's share in leading another line to the converters."""
        return (1.0 / planes) * (decoder.select() + mux.select())

    @property
    def floorplan(self) -> Floorplan:
        """What stands where."""
        raise NotImplementedError

    def _across(self, block: Block) -> Real:
        """Width [m] of a block beside the array; converters may be higher than it."""
        if isinstance(block, Converters):
            return block.depth
        return _area(block) / self.size[1]

    def _upward(self, block: Block) -> Real:
        """Height [m] of a block below or above the array."""
        if isinstance(block, Converters):
            return block.height
        return _area(block) / self.size[0]

    @cached_property
    def outline(self) -> tuple[Real, Real]:
        """Width and height [m] of the floorplan, with the room it leaves empty."""
        width, height = self.size
        plan = self.floorplan
        row_path = sum((_area(block) / height for block in plan.left), 0.0)
        left = np.maximum(row_path, plan.corner)
        beside = sum((n * self._across(block) for n, block in plan.beside), 0.0)
        stacked = sum((n * self._upward(block) for n, block in plan.stacked), 0.0)
        return left + width + beside, height + stacked
