"""Circuits of 96 x 160 resistive cells by hand: both ways through them, switches and pulses.

Forward 8 columns share one of 160 / 8 = 20 converters, back 12 rows one of 96 / 12 = 8. A weight
has 4 cells of a row; inputs have 6 planes, errors 9. Cells are higher than wide.
"""

import math
from dataclasses import dataclass

import by_hand
from by_hand import RERAM, TECH, beside

from neurorebit.circuits.array import ReramArray
from neurorebit.circuits.converters.sar import SarAdc
from neurorebit.circuits.cost import Cost
from neurorebit.circuits.crosspoint import CrosspointArray
from neurorebit.circuits.decoder import MuxDecoder
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.circuits.switch_matrix import AccessSwitchMatrix, ColSwitchMatrix, RowSwitchMatrix

SIZES = {
    "rows": 96.0,
    "cols": 160.0,
    "cols_per_adc": 8.0,
    "rows_per_adc": 12.0,
    "adc_bits": 5.0,
    "back_adc_bits": 7.0,
    "input_bits": 6.0,
    "error_bits": 9.0,
    "cells_per_weight": 4.0,
}
DENSITY, STATE = 0.3, 0.4
ROWS, COLS = 0.75, 0.6  # shares in use: 72 rows and 6 back converters, 96 columns and 12 converters
UP, DOWN = (0.02, 7.0), (0.005, 11.0)  # shares of the cells that change, pulses of each
CELLS = 9600.0  # of 15360 that hold weights: 100 a row
READ_V, ACCESS_V = 0.5, 1.1
PROGRAM_V = 1.6  # switches pass the voltage that raises


@dataclass
class Way:
    """One way through a macro, by its counts: what is below the array, or beside it."""

    array: object
    name: str  # of its readout
    fit: dict
    outputs: float
    ways: float
    address: float  # bits that tell the ways apart
    bits: float  # of a conversion
    planes: float
    read_res: float  # of a cell in the low state, as it is read
    together: float  # cells of a line that a read sums at most

    def __post_init__(self):
        length = next(iter(self.fit.values()))
        self.mux = AnalogMux(
            TECH,
            self.outputs,
            self.ways,
            driven_res=self.read_res / self.together,
            read_voltage=READ_V,
            fit_width=length,
            fit_height=MuxDecoder(TECH, self.address).height,
        )
        load_n, load_p = self.mux.control_load
        loads = {"load_n": load_n, "load_p": load_p}
        self.decoder = MuxDecoder(TECH, self.address, **loads, name="mux_decoder")
        full = {"full_scale": self.together / RERAM_ON, "read_voltage": READ_V}
        self.adc = by_hand.Sensed(SarAdc(TECH, self.bits, self.outputs, **full, **self.fit))

    def shift_add(self, what, bits, terms):
        """A front end settles and a conversion ends from term to term."""
        return ShiftAdd(
            TECH,
            bits,
            terms,
            self.outputs,
            beat=self.adc.beat,
            **self.fit,
            name=f"{what}_shift_add",
        )

    def joined(self, what, bits, terms, times, share):
        """Operands of so many bits, joined by so many terms."""
        return self.shift_add(what, bits, terms).accumulate(times, share).under(self.name)

    def converted(self, share):
        """Without the current of the lines."""
        return self.adc.convert().under(self.name).across(share)

    def moved(self, share):
        """Another line is led to the converters."""
        return (self.decoder.select() + self.mux.select(share)).under(self.name)

    def turned(self, opened, share):
        """Lines are driven with each plane, and with the first of them multiplexers move."""
        first = beside(opened, self.moved(share))
        return 1.0 / self.planes * (first + (self.planes - 1.0) * opened)

    def current(self, cells, res, settled):
        """Cells at 0.5 V while lines settle, and then the front ends of the converters."""
        time = float(settled.latency.total) + self.adc.front_end.time
        return Cost.of(cells * READ_V**2 / res * time)

    @property
    def mux_load(self):
        """Drains of all pass gates of a converter, and of the output."""
        return (self.ways + 1.0) * self.mux.gate.drain_cap

    def half_step(self, active):
        """Half of a step [S]: 4 standard deviations of a sum of cells in 2^(b - 1) - 1 steps.

        The least is that of one cell; cells lie anywhere in their range, evenly.
        """
        low, high = (1.0 / self.array.column_res(1.0, share) for share in (0.0, 1.0))
        deviation = (high - low) / math.sqrt(12.0) * math.sqrt(max(active, 1.0))
        return 4.0 * deviation / (2.0 ** (self.bits - 1.0) - 1.0) / 2.0

    def settled(self, active, fewest, ones, half_step=None):
        """Time of its lines, which end in the multiplexer's pass gate, both of whose sides load
        them.
        """
        array = self.array
        forward = "fit_width" in self.fit
        line = array.col_cap if forward else array.row_cap + 160.0 * array.drain_cap
        cap = line + self.mux_load
        wire = array.col_res * array.col_cap / 2.0 if forward else array.row_res * cap / 2.0
        step = self.half_step(active) if half_step is None else half_step
        cell, end = array.column_res(1.0, STATE), self.mux.switch.res + self.adc.front_end.input_res
        return Cost.of(0.0, settling(cell, cap, wire, end, step, fewest, ones)).under("array")

    def stands(self, *arithmetic):
        """The readout: what every way has, and what is behind its converters."""
        converters = self.adc.stands().under(self.name)
        return by_hand.stands(self.name, self.mux, self.decoder, *arithmetic) + converters


RERAM_ON = 100e3  # [ohm]


def settling(cell, cap, wire, end, half_step, fewest, ones):
    """Time in which a line settles: the fewest cells that conduct, beside the end of the line,
    discharge it; what is missing of the current of all ones falls to half a step.
    """
    tau = cap / (fewest / cell + 1.0 / end) + wire
    return tau * max(math.log(ones / cell / half_step), 0.0)


def ways_of(array, read_res, there=(5.0, 96.0), back=(7.0, 160.0)):
    """Forward 20 outputs of 8 columns, back 8 outputs of 12 rows; 3 and 4 address bits."""
    below, aside = {"fit_width": array.row_length}, {"fit_height": array.col_length}
    return (
        Way(array, "readout", below, 20.0, 8.0, 3.0, there[0], 6.0, read_res, there[1]),
        Way(array, "transposed_readout", aside, 8.0, 12.0, 4.0, back[0], 9.0, read_res, back[1]),
    )


def one_transistor(kind=ReramArray, device=RERAM, cells=8.0, read=40.0):
    """The array and its switches; a column drives its cells in the 96 / 12 rows sensed at once.

    A row drives ``read`` cells: those of 20 outputs, and of their references where there are any.
    """
    array = kind(TECH, device, 96.0, 160.0)
    path = device.r_on + array.series_res
    rows = AccessSwitchMatrix(
        TECH,
        96.0,
        load=array.access_cap,
        line_res=array.row_res,
        driven_res=path / read,
        input_load=array.row_cap,
        read_voltage=READ_V,
        access_voltage=ACCESS_V,
        fit_height=array.col_length,
        name="row_switches",
    )
    return array, rows, col_switches(array, path / cells, device), path


def col_switches(array, path, device=RERAM):
    return ColSwitchMatrix(
        TECH,
        160.0,
        driven_res=path,
        load=array.col_cap,
        line_res=array.col_res,
        read_voltage=READ_V,
        write_voltage=device.response.voltage_ltp,
        fit_width=array.row_length,
        name="col_switches",
    )


def crosspoint():
    """Rows drive all of their 160 cells at once, columns all of their 96."""
    array = CrosspointArray(TECH, RERAM, 96.0, 160.0, nonlinearity=70.0)
    rows = RowSwitchMatrix(
        TECH,
        96.0,
        driven_res=RERAM_ON / 160.0,
        load=array.row_cap,
        line_res=array.row_res,
        read_voltage=READ_V,
        write_voltage=PROGRAM_V,
        fit_height=array.col_length,
        name="row_switches",
    )
    return array, rows, col_switches(array, RERAM_ON / 96.0), RERAM_ON


def crowded(array, state, column, row):
    """Resistance of a cell beside others on its column and its row, as wires lose it.

    Of n cells spread evenly over a line each adds a third of the line's resistance to every other
    one, as x / tanh x does, with x^2 the n - 1 others' share of the line in the resistance of one.
    """
    res = float(array.column_res(1.0, state))
    for line, cells in ((array.col_res, column), (array.row_res, row)):
        x = math.sqrt((cells - 1.0) * float(line) / res) if cells > 1.0 else 0.0
        res *= x / math.tanh(x) if x else 1.0
    return res


def in_series(rows, cols, cells, lines=1.0):
    """Resistance in series with each of ``cells`` cells of a row that are pulsed at once.

    Their row's switch has the current of all of them, a column's that of its own, at least one.
    """
    row = rows.input_switch.res if hasattr(rows, "input_switch") else rows.switch.res
    return row * cells + cols.switch.res * max(cells * lines / 160.0, 1.0)


KINDS = {"reram": one_transistor, "crosspoint": crosspoint}


def made(kind, **more):
    if kind == "crosspoint":
        more = {"nonlinearity": 70.0, **more}
    return by_hand.macro(kind, **{**SIZES, "signed": True, **more})


def touched(share, held=100.0):
    """Rows of 96 in which one of so many cells changes."""
    return 96.0 * (1.0 - (1.0 - share) ** held)


def pulsed(array, up, down, device, opened, written, *, switches):
    """First all rows with a cell to raise, then all with one to lower, each with its pulses.

    ``switches``: resistance in series with each cell, for so many cells of a row.
    """
    total, data = Cost(), device.response
    kinds = (
        (up, array.pulse_set, data.voltage_ltp, data.width_ltp, data.levels_ltp),
        (down, array.pulse_reset, data.voltage_ltd, data.width_ltd, data.levels_ltd),
    )
    for (share, each), pulse, voltage, width, levels in kinds:
        rows = touched(share)
        a_row = share * CELLS / rows
        series = switches(a_row)
        heat = CELLS * share * each * array.written(STATE, voltage, width, levels, series=series)
        total = total + rows * beside(opened, written(a_row / 160.0, each))
        total = total + rows * each * pulse(a_row, voltage, width)
        total = total + Cost.of(heat, rows * each * width).under("cells")
    return total


def coincident(array, device, opened, written, *, switches):
    """5 slots up, then 5 down, each with 10 rows and half of 24 columns; 30 pulses up, 40 down.

    Up 30 / 50 of a cell in a row and slot, down 40 / 50.
    """
    data = device.response
    up = beside(opened, written(12.0 / 160.0, 1.0))
    up = up + array.pulse_set(12.0, data.voltage_ltp, data.width_ltp, 10.0)
    down = beside(opened, written(12.0 / 160.0, 1.0))
    down = down + array.pulse_reset(12.0, data.voltage_ltd, data.width_ltd, 10.0)
    ends = (data.voltage_ltp, data.width_ltp, data.levels_ltp)
    heat = 30.0 * array.written(STATE, *ends, series=switches(0.6))
    ends = (data.voltage_ltd, data.width_ltd, data.levels_ltd)
    heat = heat + 40.0 * array.written(STATE, *ends, series=switches(0.8))
    time = 5.0 * (data.width_ltp + data.width_ltd)
    return 5.0 * (up + down) + Cost.of(heat, time).under("cells")
