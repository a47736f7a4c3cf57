"""Sub-arrays of SRAM cells: forward, transposed read and writing.

Wordlines go to the supply and are
billed; bitlines fall by the sense voltage at every conversion. In the transposed read the column
drivers take the wordlines' part and rows are sensed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.array import SramArray
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Bill, Cost, Real, action
from neurorebit.circuits.decoder import Decoder
from neurorebit.circuits.gates import log2_up, nfet_res
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.sense_amp import SenseAmp
from neurorebit.circuits.switch_matrix import RowSwitchMatrix
from neurorebit.circuits.write_driver import WriteDriver
from neurorebit.schema.technology import Technology
from validation.neurosim.composition.converters import Converters
from validation.neurosim.composition.macro import Counted, Macro, Side


@dataclass(frozen=True, eq=False)
class SramMacro(Macro):
    """What reads of all rows at once and of row by row share."""

    tech: Technology
    name: str = "sram"

    @cached_property
    def array(self) -> SramArray:
        return SramArray(self.tech, self.rows, self.cols)

    @property
    def array_parts(self) -> Counted:
        return ((1.0, self.array),)

    @property
    def size(self) -> tuple[Real, Real]:
        return self.array.row_length, self.array.col_length

    @property
    def _read_voltage(self) -> Real:
        return self.tech.vdd

    @property
    def access_res(self) -> Real:
        """Resistance [ohm] of an access transistor."""
        return nfet_res(self.tech, self.tech.sram.access * self.tech.feature)

    def line(self, side: Side) -> tuple[Real, Real]:
        """Load [F] and resistance [ohm] of a line that is sensed."""
        array = self.array
        if side.back:
            return array.row_cap, array.row_res
        return array.col_cap, array.col_res

    def precharger_of(self, side: Side) -> Precharger:
        name = side.named("precharger")
        return Precharger(
            self.tech, side.sensed, *self.line(side), fit_width=side.length, name=name
        )

    def write_driver_of(self, side: Side) -> WriteDriver:
        name = side.named("write_driver")
        return WriteDriver(
            self.tech, side.sensed, *self.line(side), fit_width=side.length, name=name
        )

    @property
    def col_path(self) -> tuple[Block, ...]:
        return (self.driver(self.behind),) if self.transposed else ()

    @property
    def row_path(self) -> tuple[Block, ...]:
        return (self.driver(self.front),)

    def driver(self, side: Side) -> RowSwitchMatrix | Decoder:
        """What drives the lines."""
        raise NotImplementedError

    def opened(self) -> Cost:
        """Open one row to write it."""
        raise NotImplementedError

    def sensed(self, side: Side) -> Cost:
        """A driven line until those it crosses have fallen."""
        array, ramp = self.array, self.driver(side).output_ramp
        return array.read_transposed(ramp) if side.back else array.read(ramp)

    def _line_written(self, written: Real) -> Cost:
        """Write one row, of which a share of the cells changes."""
        front = self.front
        line = self.opened() + front.write_driver.write(written)
        line = line + front.precharger.precharge_written(written)
        return line + self.array.write(self.driver(front).output_ramp, written)

    @action
    def write(self, rows: Real = 1.0, written: Real = 0.5) -> Cost:
        """Write ``rows`` rows in sequence; a share of their cells changes."""
        return rows * self._line_written(written)


@dataclass(frozen=True, eq=False)
class SramParallelMacro(SramMacro):
    """All active rows at once: cells that hold a one pull their column's current together."""

    @cached_property
    def row_switches(self) -> RowSwitchMatrix:
        return self._switches(self.rows, self._row_drive, self.behind, "row_switches")

    @cached_property
    def col_switches(self) -> RowSwitchMatrix:
        """They drive the columns in a transposed read."""
        return self._switches(self.cols, self.array.col_res, self.front, "col_switches")

    def _switches(self, lines: Real, res: Real, sensing: Side, name: str) -> RowSwitchMatrix:
        """Of lines that are sensed on the other side."""
        load, line_res = self.line(sensing)
        return RowSwitchMatrix(
            self.tech,
            lines,
            driven_res=res,
            load=load,
            line_res=line_res,
            read_voltage=self.tech.vdd,
            fit_height=sensing.length,
            name=name,
        )

    @property
    def _row_drive(self) -> Real:
        """Resistance [ohm] that the row switches are drawn for."""
        return self.array.row_res

    def driver(self, side: Side) -> RowSwitchMatrix:
        return self.col_switches if side.back else self.row_switches

    def mux_res(self, side: Side) -> Real:
        return self.access_res / (2.0 * side.driven)

    def converters_of(self, side: Side) -> Converters:
        return Converters(
            self.tech,
            side.adc_bits,
            side.adcs,
            self.adc_kind,
            full_scale=side.driven / self.array.read_res,
            read_voltage=self._sense_voltage,
            **side.fit,
            name=side.named("converters"),
        )

    @property
    def _sense_voltage(self) -> Real:
        """Voltage [V] at which the converters hold the lines: that of their fits."""
        return self.tech.sensing.read_voltage

    def summed_bits(self, side: Side) -> Real:
        return side.adc_bits

    def converted(self, side: Side, settled: Cost, res: Real) -> Cost:
        """A conversion, and the current of the lines while converters hold them."""
        ones, time = side.adcs * self.array.read_res / res, side.converters.acquisition
        current = self.array.conduct(ones, self._sense_voltage, time)
        return current + side.converters.convert()

    def sensing(self, side: Side) -> tuple[Block, ...]:
        return side.precharger, side.write_driver, side.mux, side.converters

    def opened(self) -> Cost:
        return self.row_switches.write()

    def plane(self, side: Side, density: Real, res: Real) -> Cost:
        active = density * side.driven
        opened = self.driver(side).drive(density / side.passes)
        position = self.turned(side, opened) + side.precharger.precharge()
        position = position + self.sensed(side).across(active / side.passes)
        position = position + self.converted(side, Cost(), res)
        return side.passes * (side.ways * position)


@dataclass(frozen=True, eq=False)
class SramRowMacro(SramMacro):
    """Row by row: latches read every cell of a row while the adders take the row before."""

    def units_of(self, side: Side) -> Real:
        """Forward one a weight, back one a row: it is latched whole at every access."""
        return side.sensed if side.back else np.floor(side.sensed / self.cells_per_weight)

    def summed_bits(self, side: Side) -> Real:
        """Forward whole weights are added, back the cells at one place of theirs."""
        if side.back:
            return log2_up(side.driven / self.cells_per_weight) + 1.0
        return log2_up(side.driven) + self.cells_per_weight

    def joins_cells_of(self, side: Side) -> Real:
        return self.joins_cells if side.back else 0.0

    def grown_bits(self, side: Side) -> Real:
        return self.cells_per_weight if side.back else 1.0

    def beat_of(self, side: Side) -> Real:
        return 0.0

    @cached_property
    def decoder(self) -> Decoder:
        return self._decoder(self.rows, self.behind, "decoder")

    @cached_property
    def back_decoder(self) -> Decoder:
        """Selects columns in a transposed read."""
        return self._decoder(self.cols, self.front, "back_decoder")

    def _decoder(self, lines: Real, sensing: Side, name: str) -> Decoder:
        """Of lines that are sensed on the other side."""
        load, res = self.line(sensing)
        bits, height = log2_up(lines), sensing.length
        return Decoder(self.tech, bits, load=load, res=res, fit_height=height, name=name)

    def driver(self, side: Side) -> Decoder:
        return self.back_decoder if side.back else self.decoder

    def sense_amp_of(self, side: Side) -> SenseAmp:
        """At the pitch of the cells' width, or of their height."""
        pitch = self.tech.sram.height * self.tech.feature if side.back else None
        name = side.named("sense_amp")
        return SenseAmp(self.tech, side.sensed, pitch=pitch, **side.fit, name=name)

    def sensing(self, side: Side) -> tuple[Block, ...]:
        return side.precharger, side.write_driver, side.sense_amp, side.adder, side.register

    def selecting(self, side: Side) -> tuple[Block, ...]:
        return ()

    def opened(self) -> Cost:
        return self.decoder.select()

    def terms_of(self, side: Side) -> tuple[Real, Real]:
        return self.cells_per_weight, 1.0

    def streamed(self, accesses: Real, access: Cost, added: Cost) -> Cost:
        """Accesses in a row, each added while the next one is under way; the last one after it."""
        last: Cost = np.minimum(accesses, 1.0) * Cost(Bill(), added.latency)
        return accesses * (access | added) + last

    def plane(self, side: Side, density: Real, res: Real) -> Cost:
        """The lines with a one, one after the other."""
        access = self.driver(side).select() + side.precharger.precharge()
        access = access + self.sensed(side) + side.sense_amp.sense()
        added = side.adder.add() + self.stored(side)
        return self.streamed(density * side.driven, access, added)
