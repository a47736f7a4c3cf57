"""Macros of resistive cells at operating points, by hand from their blocks' own actions."""

import dataclasses
import math

import numpy as np
import pytest
from common import document, near, refusal

from neurorebit.circuits.array import ReramArray
from neurorebit.circuits.converters.halving import HalvingNeuron
from neurorebit.inputs.technology import read_technology
from neurorebit.macros.current_sensing import CurrentSensing
from neurorebit.macros.near_memory import NearMemory
from neurorebit.macros.point import Point
from neurorebit.macros.resistive import planes_of, spread
from neurorebit.macros.supplies import Supplies
from neurorebit.macros.voltage_sensing import VoltageSensing
from neurorebit.schema.device import read_device

CORE = read_technology(document("technology", "65nm_lstp"))
HIGHER = dataclasses.replace(CORE, vdd=1.3)
DEVICE = read_device(document("device", "taox_hfox"))
SUPPLIES = Supplies({"core": CORE, "periphery": HIGHER, "word line": HIGHER}, DEVICE)
ONLY = Supplies({"core": CORE}, DEVICE)


def of_part(cost, part):
    return sum(v for path, v in cost.energy.items.items() if path.startswith(f"macro/{part}"))


def parts(bill):
    return {name.split("/")[1] for name in bill.items}


# -- planes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bits", "signed", "phases", "planes"),
    [
        (1, True, 1, [1]),
        (4, True, 1, [3]),
        (8, True, 2, [4, 3]),
        (8, False, 2, [4, 4]),
        (2, True, 3, [1]),
    ],
)
def test_a_sign_takes_no_plane_and_first_phases_have_one_more(bits, signed, phases, planes):
    assert spread(planes_of(float(bits), signed), float(phases)) == planes


# -- columns that float ----------------------------------------------------------------------------

FLOATING = {
    "kind": "voltage_sensing", "converter": "integrating_halving", "rows": 64.0, "columns": 32.0,
    "output_bits": 8.0,
    "planes_per_phase": 3.0, "integrate_time": 100e-9, "step_time": 50e-9, "phase_time": 20e-9,
    "word_line_low": 0.3, "word_line_high": 1.2, "driver_cap": 20e-15, "gate_cap": 2e-15,
    "coupling_cap": 0.5e-15, "pulse_width": 7e-9,
}  # fmt: skip


def floating(point=None, **keys):
    at = {"input_bits": 6.0, "output_bits": 7.0, "phases": 2.0, "weight_bits": 3.0}
    at |= {"input_sparsity": 0.4, "weight_sparsity": 0.2} | (point or {})
    return VoltageSensing(**(FLOATING | keys)).at(SUPPLIES, Point(**at))


def test_a_product_of_pairs_in_rows():
    """32 inputs by 32 outputs, a MAC is two operations; six bits in planes of 3 and of 2."""
    macro = floating()
    assert macro.ops == near(2 * 32 * 32)
    assert macro.bits == (6.0, 3.0)
    assert macro.planes == [3.0, 2.0]
    assert floating({"phases": None}).planes == [3.0, 2.0]  # of at most three
    assert floating({"phases": None}, planes_per_phase=None).planes == [5.0]
    assert floating(pair="columns").ops == near(2 * 64 * 16)
    assert floating(pair="cell").ops == near(2 * 64 * 32)
    assert floating(pair="none").ops == near(2 * 64 * 32)


def test_word_lines_open_in_every_plane_or_phase():
    """5 planes x 64 rows of 20 fF + 32 x 2.5 fF, from 0.3 to 1.2 V."""
    each = 64 * 100e-15 * 0.9 * 1.2
    found = floating().product().energy.items["macro/word_lines"]
    assert found == near(5 * each)
    found = floating(word_lines_open="phase").product().energy.items["macro/word_lines"]
    assert found == near(2 * each)


def test_cells_carry_half_of_the_pulses_up():
    """Pairs of weights of which 20 % are zero: a fifth of the range on average."""
    conductance = DEVICE.g_min + 0.2 * (DEVICE.g_max - DEVICE.g_min)
    series = DEVICE.cell.access_share * DEVICE.r_on
    cell = 1 / (1 / conductance + series)
    read = DEVICE.cell.read_voltage
    current = 0.5 * 0.6 * 64 * 32 * cell * read
    found = floating().product().energy.items["macro/array/current"]
    assert found == near(5 * current * CORE.vdd * 7e-9)


def test_phases_convert_in_one_step_of_the_result():
    """7 samples and 7 bits, then 3 samples and 4 bits; in neurons for 8 bits and 7 samples."""
    cost = floating().product()
    read = DEVICE.cell.read_voltage
    times = {"samples": 7.0, "integrate_time": 100e-9, "step_time": 50e-9}
    first = HalvingNeuron(CORE, 8.0, 32.0, read, used_samples=7.0, used_bits=7.0, **times)
    second = HalvingNeuron(CORE, 8.0, 32.0, read, used_samples=3.0, used_bits=4.0, **times)
    expected = first.convert().energy.total + second.convert().energy.total
    assert cost.energy.items["macro/converters"] == near(expected)
    assert cost.latency.total == near((7 + 3) * 100e-9 + (7 + 4) * 50e-9 + 2 * 20e-9)


def test_a_column_settles_to_half_a_step():
    """8 ln 2 time constants of a column and the samples' capacitors, through 64 cells."""
    macro = floating(pulse_width=None)
    array = ReramArray(CORE, DEVICE, 64.0, 32.0)
    tau = (array.col_cap + macro.converters.load) / (64 * macro.cell_conductance)
    tau += array.col_res * array.col_cap / 2
    assert macro.pulse_width == near(macro.drivers.delay + 8 * math.log(2) * tau)


def test_other_converters_take_every_plane():
    macro = floating(converter="sar", integrate_time=None, step_time=None)
    cost = macro.product()
    one = macro.converters.convert()
    assert cost.energy.items["macro/converters"] == near(5 * one.energy.total)
    assert "shift_add" in parts(cost.energy)
    assert "shift_add" in parts(macro.footprint.area)


def test_part_of_an_array_takes_part():
    """16 of 64 rows and 8 of 32 columns: a sixteenth of the cells, a quarter of the rest."""
    whole, part = floating().product(), floating({"rows": 16.0, "columns": 8.0}).product()
    shares = {"array/current": 1 / 16, "word_lines": 1 / 4, "converters": 1 / 4}
    for name, share in shares.items():
        found = part.energy.items[f"macro/{name}"] / whole.energy.items[f"macro/{name}"]
        assert found == near(share)


def test_a_low_level_above_the_high_one_is_refused():
    told = refusal(lambda: floating(word_line_low=1.3))
    assert "must lie below the high level, 1.2 V, got 1.3 V" in told


# -- columns that are held -------------------------------------------------------------------------

HELD = {"kind": "current_sensing", "rows": 64.0, "columns": 32.0, "columns_per_adc": 4.0}


def held(point=None, **keys):
    at = {"input_bits": 4.0, "output_bits": 6.0, "weight_bits": 2.0} | (point or {})
    return CurrentSensing(**(HELD | keys)).at(SUPPLIES, Point(**at))


def test_a_product_is_one_turn_of_the_multiplexers():
    assert held().ops == near(2 * 64 * 8)
    assert held(pair="columns").ops == near(2 * 64 * 4)
    assert held(pair="rows").ops == near(2 * 32 * 8)
    assert held(slices=2.0).ops == near(2 * 64 * 4)
    assert held({"rows": 16.0, "columns": 5.0}).ops == near(2 * 16 * 5)


def test_planes_convert_one_after_the_other():
    macro = held()
    assert macro.planes == 4.0
    one = macro.converters.convert()
    cost = macro.product()
    assert of_part(cost, "converters") == near(4 * one.energy.total)
    assert macro.converters.tech is HIGHER
    again = held({"phases": 4.0}).product()  # signs of inputs and of weights, one after the other
    assert of_part(again, "converters") == near(16 * one.energy.total)
    assert again.energy.items["macro/word_lines"] == near(4 * cost.energy.items["macro/word_lines"])
    assert held({"input_bits": 4.0}, bits_per_plane=2.0).planes == 2.0
    assert held(inputs="width").planes == 1.0


def test_word_lines_of_ones_carry_inputs():
    """Half of 64 lines in each of four planes."""
    macro = held()
    each = macro.word_lines.own_energy + macro.word_lines.line_energy
    assert macro.product().energy.items["macro/word_lines"] == near(4 * 32 * each)
    pulsed = held(inputs="pulses").product()
    assert pulsed.energy.items["macro/word_lines"] == near(64 * each)
    assert "word_lines" not in parts(
        held(inputs="pulses", word_lines_open="always").product().energy
    )


def test_cells_conduct_while_columns_settle_and_are_acquired():
    """Single cells at the middle of the range; a plane of two bits lasts three units, half on."""
    for bits, units in ((1.0, 1.0), (2.0, 1.5)):
        macro = held(inputs="pulses", bits_per_plane=bits)
        conductance = (DEVICE.g_min + DEVICE.g_max) / 2
        cell = 1 / (1 / conductance + DEVICE.cell.access_share * DEVICE.r_on)
        time = macro.settling + macro.converters.acquisition
        current = 64 * 0.5 * 8 * cell * DEVICE.cell.read_voltage
        expected = 4 / bits * current * HIGHER.vdd * units * time
        assert macro.product().energy.items["macro/array/current"] == near(expected)


def test_voltages_are_held_for_the_cycles_of_a_clock():
    """Buffers give the current of the cells, for 12 cycles of 400 MHz."""
    macro = held({"clock": 400e6}, inputs="amplitude", cycles=12.0, swing=0.2, pair="cell")
    assert macro.held == near(30e-9)
    assert macro.voltage == near(0.1)
    lines = 2 * 8
    assert macro.buffers.mean_driven == near(lines * macro.cell_conductance)
    assert macro.buffers.mean == near(0.05)
    cost = macro.product()
    assert cost.energy.items["macro/buffers"] == near(macro.buffers.hold().energy.total)
    assert "macro/array/current" not in cost.energy.items
    assert macro.cycles == 12.0


def test_what_is_given_without_a_need_and_what_is_missing():
    told = refusal(lambda: held({"columns": 9.0}))
    assert "the macro has 8 at most, got 9" in told
    told = refusal(lambda: held({"output_bits": None}))
    assert "neither the macro nor the point says of how many bits the converters are" in told
    told = refusal(lambda: held({"input_bits": None}))
    assert "the macro needs 'input_bits' at this point" in told


def test_lines_without_a_partner_or_a_converter_are_refused():
    told = refusal(lambda: floating(rows=63.0))
    assert "pairs of cells in two rows need an even number of them, got 63" in told
    told = refusal(lambda: held(pair="columns", columns=31.0))
    assert "in two columns need an even number" in told
    told = refusal(lambda: held(columns_per_adc=33.0))
    assert "32 columns leave no converter its 33" in told


def test_buffers_and_converters_of_rows_that_rest_take_nothing():
    def spent(rows):
        cost = held({"rows": rows}, inputs="amplitude", pair="cell", cycles=12.0).product()
        return of_part(cost, "buffers"), of_part(cost, "dacs")

    # what they settle in follows the columns' currents, and changes a little
    assert spent(32.0) == pytest.approx([part / 2.0 for part in spent(64.0)], rel=0.02)


def test_what_a_point_cannot_change_is_not_taken():
    """Cells fix the bits of weights, the record those of converters; no cycles need no clock."""
    given = {"weight_bits": 2.0, "output_bits": 6.0, "clock": 1e6}
    point = Point(input_bits=4.0, **given)
    CurrentSensing(**(HELD | {"adc_bits": 6.0})).at(SUPPLIES, point)
    assert dict(point.untaken) == {
        "weight_bits": "", "output_bits": "macro.adc_bits", "clock": "",
    }  # fmt: skip
    point = Point(input_bits=4.0, **given)
    VoltageSensing(**(FLOATING | {"pulse_width": None})).at(SUPPLIES, point)
    assert dict(point.untaken) == {"weight_bits": "", "clock": ""}
    assert "macro.pulse_width" in point.assumptions


MORE = [  # structure, what a point asks for, what the macro has
    (floating, {"rows": 65.0}, 64), (floating, {"columns": 33.0}, 32),
    (floating, {"output_bits": 9.0}, 8), (held, {"rows": 65.0}, 64), (held, {"columns": 9.0}, 8),
]  # fmt: skip


@pytest.mark.parametrize(("made", "asked", "most"), MORE)
def test_a_point_asks_for_no_more_than_the_macro_has(made, asked, most):
    ((key, value),) = asked.items()
    assert made({key: float(most) if key != "output_bits" else 8.0}) is not None
    assert f"the macro has {most} at most, got {value:g}" in refusal(lambda: made(asked))


@pytest.mark.parametrize("key", ["input_bits", "output_bits", "weight_bits", "phases", "rows"])
def test_a_part_of_a_bit_or_of_a_row_is_refused(key):
    for made in (floating, held):
        assert "1.5 is no whole number" in refusal(lambda made=made: made({key: 1.5}))


def test_rows_beside_a_memory_are_read_as_the_point_says():
    """Half of the rows: half of the operations and cycles, the array as it was."""
    structure = NearMemory(kind="near_memory", rows=128.0, columns=64.0)
    whole, half = (structure.at(ONLY, Point(rows=rows)) for rows in (128.0, 64.0))
    assert half.ops == near(whole.ops / 2.0)
    assert half.cycles == near(64.0)
    assert half.footprint.area.total == near(whole.footprint.area.total)
    for key, value in (("rows", 129.0), ("columns", 65.0)):
        told = refusal(lambda key=key, value=value: structure.at(ONLY, Point(**{key: value})))
        assert f"at most, got {value:g}" in told


@pytest.mark.parametrize("kind", ["sar", "flash", "ramp", "integrating"])
def test_structures_take_every_converter_and_have_an_area(kind):
    for macro in (held(adc=kind), floating(converter=kind, integrate_time=None, step_time=None)):
        assert np.isfinite(macro.product().energy.total)
        assert macro.footprint.area.total > macro.array.footprint.area.total
        assert set(parts(macro.product().latency)) <= set(parts(macro.footprint.area)) | {"control"}


def test_a_role_without_a_supply_is_the_cores():
    macro = CurrentSensing(**HELD).macro(ONLY, Point(input_bits=2.0, output_bits=5.0))
    assert macro.converters.tech is CORE
    assert not macro.word_lines.shifted


# -- sections of the technology file that these macros alone read ----------------------------------


def changed(section, key, factor):
    """The supplies with a key of a section of the technology times ``factor``."""
    own = getattr(CORE.sensing, section)
    more = dataclasses.replace(own, **{key: factor * getattr(own, key)})
    tech = dataclasses.replace(CORE, sensing=dataclasses.replace(CORE.sensing, **{section: more}))
    return Supplies({"core": tech}, DEVICE)


@pytest.mark.parametrize("section", ["input_dac", "line_buffer"])
def test_every_key_of_their_sections_moves_a_figure(section):
    at = Point(input_bits=8.0, output_bits=5.0, weight_bits=2.0)
    kinds = [{"dac": dac, "rows": rows} for dac in ("r2r", "capacitive") for rows in (64.0, 256.0)]

    def figures(supplies):
        for kind in kinds:
            macro = CurrentSensing(**(HELD | {"inputs": "amplitude", "pair": "cell"} | kind)).macro(
                supplies, at
            )
            cost = macro.product()
            yield from (cost.energy.total, cost.latency.total, macro.footprint.area.total)

    before = list(figures(ONLY))
    own = getattr(CORE.sensing, section)
    names = [f.name for f in dataclasses.fields(own) if f.name != "source"]
    still = {
        key
        for key in names
        if all(list(figures(changed(section, key, factor))) == before for factor in (2.0, 0.02))
    }
    assert still == set()
