"""Arrays, what serves them, and buffers, with unlike numbers: sums of lines and gates by hand.

Arrays have 96 rows and 160 columns of cells that are higher than wide.
"""

import numpy as np
import pytest
from by_hand import FEFET, RERAM, TECH, close, same_cost, same_footprint, stands

from neurorebit.circuits.array import FefetArray, ReramArray, SramArray
from neurorebit.circuits.buffer import FlipFlopBuffer, SramBuffer
from neurorebit.circuits.crosspoint import CrosspointArray
from neurorebit.circuits.decoder import Decoder
from neurorebit.circuits.driver import RowFollower
from neurorebit.circuits.gates import (
    cell_height,
    cells,
    gate_cap,
    nfet_gm,
    nfet_res,
    pfet_gm,
    pfet_res,
    stage,
)
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.register import Register
from neurorebit.circuits.resistive import Feed, Sensed, crowded
from neurorebit.circuits.sense_amp import SenseAmp
from neurorebit.circuits.sram import SramBank
from neurorebit.circuits.switch_matrix import AccessSwitchMatrix, ColSwitchMatrix, RowSwitchMatrix
from neurorebit.circuits.wire import wire_res
from neurorebit.circuits.write_driver import WriteDriver
from neurorebit.kernels.wires import sense

F, VDD, WIRE = TECH.feature, TECH.vdd, TECH.wire.cap
READ, ACCESS = 0.5, 1.1
WIDTH, HEIGHT = 160 * 4.5 * F, 96 * 6.0 * F  # of the cells of a device
INV = cells(TECH).inverter
ARRAY = ReramArray(TECH, RERAM, 96.0, 160.0)


def energy(cost):
    return float(cost.energy.total)


def time(cost):
    return float(cost.latency.total)


def test_lines_of_cells_behind_transistors():
    """Rows cross 160 cells, columns 96; half of each wire is on the way, on average."""
    opened = WIRE * WIDTH + 160 * gate_cap(TECH, ARRAY.access_width)
    assert ARRAY.access_cap == close(opened)
    assert ARRAY.row_cap == close(WIRE * WIDTH)
    assert ARRAY.col_cap == close(WIRE * HEIGHT + 96 * ARRAY.drain_cap)
    assert ARRAY.row_res == close(wire_res(TECH) * WIDTH)
    assert ARRAY.col_res == close(wire_res(TECH) * HEIGHT)
    cell = 1 / (1e-6 + 0.4 * 9e-6) + 25e3 + wire_res(TECH) * (WIDTH + HEIGHT) / 2
    assert ARRAY.column_res(7.0, 0.4) == close(cell / 7)
    assert ARRAY.footprint.area.total == close(WIDTH * HEIGHT)


def test_lines_settle_with_what_hangs_on_them():
    """Half of a line's own resistance. A single one beside the 500 ohm at a column's end discharges
    it most slowly, and 7 ones of 50 half steps each carry most. In a row 20 cells conduct.
    """
    sensed = Sensed(3e-14, 500.0, 1e-6)
    tau = (ARRAY.col_cap + 3e-14) / (1 / 2e4 + 1 / 500) + ARRAY.col_res * ARRAY.col_cap / 2
    found = time(ARRAY.settle(2e4, sensed, ones=7.0, driven=20.0))
    assert found == close(tau * np.log(350))
    cap = ARRAY.row_cap + 160 * ARRAY.drain_cap + 3e-14
    tau = cap / (20 / 2e4 + 1 / 500) + ARRAY.row_res * cap / 2
    found = time(ARRAY.settle_rows(2e4, sensed, ones=7.0, driven=20.0))
    assert found == close(tau * np.log(350))


def test_lines_are_charged_to_their_voltages():
    """5 rows and 7 columns; back 5 columns and 7 rows of 20 fF."""
    row = ARRAY.access_cap * ACCESS**2 + ARRAY.row_cap * READ**2
    assert energy(ARRAY.read(5.0, 7.0)) == close(5 * row + 7 * ARRAY.col_cap * READ**2)
    row = 20e-15 * READ**2 + ARRAY.access_cap * ACCESS**2
    found = energy(ARRAY.read_transposed(5.0, 7.0, 20e-15))
    assert found == close(5 * ARRAY.col_cap * READ**2 + 7 * row)


def test_pulses_charge_what_is_raised_and_what_inhibits():
    """11 cells of each of 3 rows: up, 149 columns inhibit; down, 93 rows do."""
    opened = ARRAY.access_cap * ACCESS**2
    up = 3 * (opened + ARRAY.row_cap * 1.6**2) + 149 * ARRAY.col_cap * 1.6**2
    assert energy(ARRAY.pulse_set(11.0, 1.6, 50e-9, 3.0)) == close(up)
    down = 3 * opened + 93 * ARRAY.row_cap * 1.3**2 + 11 * ARRAY.col_cap * 1.3**2
    assert energy(ARRAY.pulse_reset(11.0, 1.3, 80e-9, 3.0)) == close(down)


def test_a_pulse_lies_over_the_cell_and_what_is_in_series():
    """217.4 kohm, 25 kohm of the transistor, wires of mean length, and 3 kohm of switches."""
    path = 1 / 4.6e-6 + 25e3 + wire_res(TECH) * (WIDTH + HEIGHT) / 2
    assert ARRAY.written(0.4, 1.3, 80e-9, 90.0) == close(1.3**2 / path * 80e-9)
    assert ARRAY.written(0.4, 1.3, 80e-9, 90.0, series=3e3) == close(1.3**2 / (path + 3e3) * 80e-9)
    assert Feed(500.0, 2e3).series(4.0, 1.0, 160.0) == 4 * 500.0 + 2e3
    assert Feed(500.0, 2e3).series(64.0, 5.0, 160.0) == 64 * 500.0 + 2 * 2e3


@pytest.mark.parametrize(("rows", "cols", "share"), [(48, 32, 0.3), (96, 40, 0.5), (64, 64, 1.0)])
def test_cells_on_a_line_lose_what_the_network_of_wires_loses(rows, cols, share):
    """The network solved node by node, as training with resistive wires does: cells that lie
    anywhere in their range, and ones anywhere in a column, which lose 2 to 40 % of their current.
    """
    random, segment = np.random.default_rng(rows), 6.0  # [ohm]
    g = random.uniform(2e-6, 12e-6, (rows, cols))
    on = (np.arange(rows) < share * rows).astype(float)
    random.shuffle(on)
    out = np.empty((cols, 1))
    assert sense(
        g, on[:, None].copy(), on[:, None].copy(), 1 / segment, 1 / segment, out, 1e-9, 10**5
    )
    conducting, without = on.sum() * cols, (on @ g).sum()
    res = conducting / without + segment * (rows + cols) / 2
    for line, beside in ((rows, on.sum()), (cols, cols)):
        res = crowded(res, segment * line, beside)
    lost, expected = 1 - out.sum() / without, 1 - conducting / res / without
    assert 0.02 < lost < 0.4
    assert expected == pytest.approx(lost, abs=0.01)


def test_pulses_on_ferroelectric_gates():
    """11 columns lead to the gates of 3 rows each; a pulse turns a 20th of the polarization."""
    array = FefetArray(TECH, FEFET, 96.0, 160.0)
    gate = FEFET.ferroelectric
    expected = 3 * array.access_cap * ACCESS**2 + 11 * (array.col_cap + 3 * gate.gate_cap) * 3.65**2
    for pulse in (array.pulse_set, array.pulse_reset):
        assert energy(pulse(11.0, 3.65, 75e-9, 3.0)) == close(expected)
    turned = 2 * gate.polarization * gate.area * F**2 / 20 * 3.65
    assert array.written(0.4, 3.65, 75e-9, 20.0) == close(turned)


CROSSPOINT = CrosspointArray(TECH, RERAM, 96.0, 160.0, nonlinearity=70.0)


def test_lines_of_crosspoints():
    """Cells of 6 by 4.5 wires; no transistor hangs on a line."""
    width, height = 160 * 4.5 * TECH.wire.width, 96 * 6.0 * TECH.wire.width
    assert CROSSPOINT.row_cap == close(WIRE * width)
    assert CROSSPOINT.col_cap == close(WIRE * height)
    found = energy(CROSSPOINT.read(5.0, 7.0))
    assert found == close((5 * WIRE * width + 7 * WIRE * height) * READ**2)
    found = energy(CROSSPOINT.read_transposed(5.0, 7.0, 20e-15))
    assert found == close((5 * WIRE * height + 7 * 20e-15) * READ**2)


def conductance(share, voltage, full):
    """Current falls by 70 over half of the write voltage, exponentially."""
    at_read = 1e-6 + share * 9e-6
    return at_read * READ / voltage * 70.0 ** ((voltage - READ) / (full / 2))


def test_pulses_on_crosspoints():
    """11 cells of each of 3 rows: 3 * 149 + 93 * 11 others see half of the voltage."""
    rows, cols = CROSSPOINT.row_cap, CROSSPOINT.col_cap
    sharing = 3 * 149 + 93 * 11
    for pulse, full, voltage, width in (
        (CROSSPOINT.pulse_set, 3 * rows, 1.6, 50e-9),
        (CROSSPOINT.pulse_reset, 11 * cols, 1.3, 80e-9),
    ):
        half = voltage / 2
        lines = full * voltage**2 + (149 * cols + 93 * rows) * half**2
        leaked = sharing * half**2 * conductance(0.5, half, voltage) * width
        assert energy(pulse(11.0, voltage, width, 3.0)) == close(lines + leaked)
    wires = (CROSSPOINT.row_res + CROSSPOINT.col_res) / 2
    for series in (0.0, 4e3, 4e5):
        low, high = 0.0, 1.3  # what the cell keeps, by halving
        for _ in range(60):
            kept = (low + high) / 2
            current = conductance(0.4, kept, 1.3) * kept
            low, high = (kept, high) if kept + (wires + series) * current < 1.3 else (low, kept)
        found = CROSSPOINT.written(0.4, 1.3, 80e-9, 90.0, series=series)
        assert found == pytest.approx(1.3 * current * 80e-9, rel=1e-6, abs=0.0)


SRAM = SramArray(TECH, 96.0, 160.0)
S_WIDTH, S_HEIGHT = 160 * TECH.sram.width * F, 96 * TECH.sram.height * F


def test_lines_of_sram_cells():
    """Two access gates a cell on a wordline, an access drain on a bitline."""
    access = gate_cap(TECH, TECH.sram.access * F)
    assert SRAM.row_cap == close(WIRE * S_WIDTH + 2 * 160 * access)
    assert SRAM.col_cap == close(WIRE * S_HEIGHT + 96 * SRAM.access_drain)
    assert SRAM.row_res == close(wire_res(TECH) * S_WIDTH)
    assert SRAM.col_res == close(wire_res(TECH) * S_HEIGHT)
    one = SramArray(TECH, 1.0, 1.0).footprint
    assert SRAM.footprint.area.total == close(S_WIDTH * S_HEIGHT)
    assert SRAM.footprint.leakage.total == close(96 * 160 * one.leakage.total)


def test_reads_and_writes_of_sram_cells():
    """One line of a pair falls by all of the sense voltage; 0.3 of the 160 cells of a row flip."""
    ramp, fallen = 1e10, np.log(VDD / (VDD - TECH.sram.sense_voltage))
    for cost, line, cap, res in (
        (SRAM.read(ramp), SRAM.row_cap, SRAM.col_cap, SRAM.col_res),
        (SRAM.read_transposed(ramp), SRAM.col_cap, SRAM.row_cap, SRAM.row_res),
    ):
        tau = SRAM.read_res * (SRAM.access_drain + cap) + res * cap / 2
        assert time(cost) == close(float(stage(tau * fallen, ramp)[0]))
        assert energy(cost) == close(line * VDD**2)
    found = SRAM.write(ramp, 0.3)
    assert energy(found) == close((SRAM.row_cap + 0.3 * 160 * SRAM.node_cap) * VDD**2)
    res = nfet_res(TECH, TECH.sram.pulldown * F) + pfet_res(TECH, TECH.sram.pullup * F)
    assert time(found) == close(float(stage(res / 2 * SRAM.node_cap, ramp)[0]))


def serving(rows, cols, address, *, by_chance=False):
    """Decoder, prechargers, write drivers and sense amplifiers of an array.

    Rows follow each other, or come ``by_chance``.
    """
    array = SramArray(TECH, rows, cols)
    height = max(float(array.col_length), cell_height(TECH))
    line = {"load": array.row_cap, "res": array.row_res}
    decoder = Decoder(TECH, address, **line, fit_height=height, random=by_chance)
    lines = {"load": array.col_cap, "line_res": array.col_res, "fit_width": array.row_length}
    precharger, driver = Precharger(TECH, cols, **lines), WriteDriver(TECH, cols, **lines)
    return array, decoder, precharger, driver, SenseAmp(TECH, cols, fit_width=array.row_length)


def row_read(array, decoder, precharger, _, sense_amp):
    opened = decoder.select() + array.read(decoder.output_ramp)
    return opened + precharger.precharge() + sense_amp.sense()


def row_written(array, decoder, precharger, driver, _, flipped):
    """One line of each pair falls, whatever the bits were."""
    opened = decoder.select() + array.write(decoder.output_ramp, flipped)
    return opened + driver.write(1.0) + precharger.precharge_written(1.0)


def test_a_bank_of_sram():
    parts, bank = serving(96.0, 160.0, 7.0), SramBank(TECH, 96.0, 160.0)
    same_footprint(bank, stands("bank", *parts))
    same_cost(bank.read(), row_read(*parts).under("bank"))
    same_cost(bank.write(0.3), row_written(*parts, 0.3).under("bank"))


def test_a_buffer_of_sram():
    """3 cores of 20 lines of 24 bits: 144 bits are 6 accesses, 2 of each core."""
    parts = serving(20.0, 24.0, 5.0, by_chance=True)
    buffer = SramBuffer(TECH, 480.0, 24.0, 3.0)
    same_footprint(buffer, stands("buffer", *((3.0, part) for part in parts)))
    same_cost(buffer.read(144.0), (2.0 * row_read(*parts).across(3.0)).under("buffer"))
    same_cost(buffer.write(144.0), (2.0 * row_written(*parts, 0.5).across(3.0)).under("buffer"))


def test_a_buffer_of_flip_flops():
    """As above; a line of 20 takes the clock, and all of its bits may change."""
    register = Register(TECH, 480.0)
    line = {"load": WIRE * 12 * 24 * INV.width, "random": True}
    decoder = Decoder(TECH, 5.0, **line, fit_height=20 * cell_height(TECH))
    buffer = FlipFlopBuffer(TECH, 480.0, 24.0, 3.0)
    same_footprint(buffer, stands("buffer", (3.0, register), (3.0, decoder)))
    once = decoder.select() + register.store(1 / 40, 1 / 20)
    for cost in (buffer.read(144.0), buffer.write(144.0)):
        same_cost(cost, (2.0 * once.across(3.0)).under("buffer"))


LINES = {"load": 30e-15, "line_res": 900.0}


def test_bitlines_are_charged_by_what_they_fell():
    found = Precharger(TECH, 160.0, **LINES)
    swing = TECH.sram.sense_voltage
    assert energy(found.precharge(0.3)) == close(0.3 * 160 * found.line_cap * VDD * swing)
    assert energy(found.precharge_written(0.3)) == close(0.3 * 160 * found.line_cap * VDD**2)
    assert found.line_cap > 30e-15
    bare = Precharger(TECH, 160.0, load=30e-15)
    squares = [(time(one.precharge()) / np.log(2)) ** 2 for one in (found, bare)]
    slower = np.sqrt(squares[0]) - np.sqrt(squares[1])
    assert slower == pytest.approx(900.0 * 30e-15 / 2, rel=1e-3, abs=0.0)  # a step comes first


def test_write_drivers_pull_what_is_written():
    found = WriteDriver(TECH, 160.0, **LINES)
    switched = found.driver.input_cap + found.driver.output_cap
    assert energy(found.write(0.3)) == close(0.3 * 160 * switched * VDD**2)
    leakage = 160 * (INV.leakage_power + 2 * found.driver.leakage_power)
    assert found.footprint.leakage.total == close(leakage)


def test_latches_resolve_the_sense_voltage():
    found = SenseAmp(TECH, 160.0)
    assert energy(found.sense(0.3)) == close(0.3 * 160 * found.node_cap * VDD**2)
    gm = nfet_gm(TECH, found.pull_down * F) + pfet_gm(TECH, found.pull_up * F)
    resolved = found.node_cap / gm * np.log(VDD / TECH.sram.sense_voltage)
    assert time(found.sense()) == close(float(resolved + 1 / TECH.clock))


def test_a_multiplexer_moves_one_way_of_each_output():
    found = AnalogMux(TECH, 20.0, 8.0, driven_res=2e3, read_voltage=0.4)
    gate = found.gate
    switched = gate.control_cap * VDD**2 + 2 * gate.drain_cap * 0.4**2
    assert energy(found.select(0.3)) == close(0.3 * 20 * switched)
    assert found.control_load[0] == close(20 * gate.nfet_cap)
    assert found.control_load[1] == close(20 * gate.pfet_cap)
    assert energy(AnalogMux(TECH, 20.0, 1.0).select()) == 0.0


# -- switches ------------------------------------------------------------------------------------


def switched(found, energy_of_lines, toggles, gates):
    """Flip-flops: so many toggle, all are clocked; a toggle charges the gates of one output."""
    stored = found.register.store(toggles / 96)
    driven = toggles * (gates + found.buffers.switched) * VDD**2
    return energy(stored) + energy_of_lines + driven


# Of each pass gate an NFET and a PFET between the line and a voltage: their gates and their sides.
SWITCHES = [
    ("Q", "line", "V"), ("Q'", "line", "V"), ("Q'", "line", "rest"), ("Q", "line", "rest"),
]  # fmt: skip


def test_what_two_pass_gates_put_on_a_line_and_on_a_flip_flop():
    """The first and the third are NFETs: on the line two drains of each kind, and on each output of
    the flip-flop one gate of each kind. Either voltage has its own two drains, which rest.
    """
    on = {net: [kind for kind, pins in zip("NPNP", SWITCHES, strict=True) if net in pins]
          for net in ("line", "Q", "Q'", "V", "rest")}  # fmt: skip
    assert sorted(on["line"]) == ["N", "N", "P", "P"]
    for net in ("Q", "Q'", "V", "rest"):
        assert sorted(on[net]) == ["N", "P"]


ARGS = {"driven_res": 3e4, **LINES, "read_voltage": 0.5, "write_voltage": 1.7}


def test_switches_that_drive_lines():
    """0.3 of 96 lines with two drains each, of 0.75 in use: 0.4 of these hold a one, so that
    2 * 0.4 * 0.6 of them toggle from plane to plane. A line alone is switched on and off.
    """
    for kind in (RowSwitchMatrix, ColSwitchMatrix):
        found = kind(TECH, 96.0, **ARGS)
        line, gates = 2 * found.drain_cap * 0.5**2, found.control_cap
        toggles = 0.75 * 96 * 0.48
        expected = switched(found, 0.3 * 96 * line, toggles, gates)
        assert energy(found.drive(0.3, 0.75)) == close(expected)
        assert energy(found.drive_one()) == close(switched(found, line, 2, gates))


def test_rows_are_selected_to_be_programmed():
    """In a crosspoint array 5 rows take all of the voltage, 91 half of it: a quarter each."""
    found = RowSwitchMatrix(TECH, 96.0, **ARGS)
    gates, drains = found.control_cap, 2 * found.drain_cap
    expected = switched(found, 5 * drains * VDD**2, 10, gates)
    assert energy(found.write(5.0)) == close(expected)
    half_selected = drains * 1.7**2 * (5 + 91 / 4)
    found_energy = energy(found.write_half_selected(5.0))
    assert found_energy == close(switched(found, half_selected, 10, gates))


def test_columns_are_pulsed():
    """0.3 of 96 columns, 28.8, with 7 pulses each; of the others and half of these one inhibits."""
    found = ColSwitchMatrix(TECH, 96.0, **ARGS)
    line, gates = 2 * found.drain_cap * 1.7**2, found.control_cap
    toggles, swings = 96 * 2 * 0.3 * 0.7, 7 * 28.8 + 96 - 14.4  # from row to row
    assert energy(found.write(0.3, 7.0)) == close(switched(found, line * swings, toggles, gates))
    swings = 7 * 28.8 + 96 / 4
    found_energy = energy(found.write_half_selected(0.3, 7.0))
    assert found_energy == close(switched(found, line * swings, toggles, gates))


def test_rows_behind_transistors():
    """Two of a row's drains at the access voltage, two at the read voltage; minimum pass gates."""
    found = AccessSwitchMatrix(TECH, 96.0, **LINES, read_voltage=0.5, access_voltage=1.1)
    drain, gates = found.gate.output_cap, 2 * found.gate.input_cap
    row = drain * (2 * 1.1**2 + 2 * 0.5**2)
    expected = switched(found, 0.3 * 96 * row, 0.75 * 96 * 0.48, gates)
    assert energy(found.drive(0.3, 0.75)) == close(expected)
    assert energy(found.drive_one()) == close(switched(found, row, 2, gates))
    row = 2 * drain * 1.1**2
    assert energy(found.write(5.0)) == close(switched(found, 5 * row, 10, gates))


def test_a_decoded_row_at_two_voltages():
    """One drain of its pass gates goes to one or the other."""
    found = RowFollower(TECH, 96.0, **LINES, read_voltage=0.5, write_voltage=1.7)
    more = energy(found.write()) - energy(found.read())
    drain = found.gate.output_cap
    assert more == pytest.approx(drain * (1.7**2 - 0.5**2), rel=1e-6, abs=0.0)
