"""Inputs below zero: planes of each way, what circuits they take, and what a chip is billed."""

from dataclasses import replace

import by_hand
import numpy as np
import pytest
from by_hand import TECH, close, same_footprint, stands
from by_hand_resistive import KINDS, SIZES, made, ways_of
from whole_chip import ACTIVITY, BATCH, COUNT, IN, PLANS, by_layer, near, pieces_of, whole

from neurorebit.chips.parts import signs
from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.signs import SIGNED_INPUTS
from neurorebit.chips.parts.workload import Workload
from neurorebit.circuits.gates import cells as gate_cells
from neurorebit.circuits.register import Register
from neurorebit.circuits.signs import Complements, RowGates
from neurorebit.estimation.design import design
from neurorebit.schema.activity import Activity

each_way = pytest.mark.parametrize("way", SIGNED_INPUTS)

# -- planes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [2, 3, 8, 16])
@each_way
def test_planes_add_up_to_the_code(way, bits):
    """Bit by bit, in plain integers: all codes, the correction among them."""
    top = 2 ** (bits - 1) - 1
    planes = SIGNED_INPUTS[way].conversions(bits)
    for code in {*range(-top, top + 1, max(1, top // 50)), -top, -1, 0, 1, top}:
        total = 0
        for plane in planes:
            total += int(plane.worth) * (
                (max(plane.factor * code + plane.add, 0) >> plane.shift) & 1
            )
        assert total == code


def test_reads_of_a_vector():
    """8 bits: a sign plane and 7 others; 7 of each sign; 8 of what is not below zero."""
    reads = {way: SIGNED_INPUTS[way].reads(8.0) for way in SIGNED_INPUTS}
    assert reads == {"two_phase": 14.0, "twos_complement": 8.0, "offset": 8.0}
    for way in SIGNED_INPUTS.values():
        assert len(way.planes(8)) == way.reads(8.0)


@each_way
def test_assumed_densities_are_those_of_normal_numbers(way):
    """Half a million normal numbers, clipped at the 99.9th percentile of their magnitudes."""
    x = np.random.default_rng(7).normal(0.0, 3.0, 500_000)
    clip = np.quantile(np.abs(x), 0.999)
    codes = np.rint(np.clip(x / clip, -1.0, 1.0) * 31).astype(int)  # 6 bits
    if way == "two_phase":
        planes = [(np.maximum(s * codes, 0) >> b) & 1 for s in (1, -1) for b in range(5)]
    else:
        shifted = codes + 32 if way == "offset" else codes & 63
        planes = [(shifted >> b) & 1 for b in range(6)]
    found = signs.assumed(way, 6, 99.9)
    assert found.planes == pytest.approx([p.mean() for p in planes], abs=2e-3)
    memory = np.mean([((codes & 63) >> b) & 1 for b in range(6)])
    assert found.stored == pytest.approx(memory, abs=2e-3)


def test_planes_of_other_bits_are_those_of_each_phase():
    two, one = SIGNED_INPUTS["two_phase"], SIGNED_INPUTS["offset"]
    given = 0.1, 0.2, 0.3, 0.4, 0.5, 0.6
    assert two.brought(given, 3) == (0.2, 0.3, 0.5, 0.6)
    assert two.brought(given, 5) == (0.1, 0.1, 0.2, 0.3, 0.4, 0.4, 0.5, 0.6)
    assert one.brought(given, 4) == (0.3, 0.4, 0.5, 0.6)


# -- circuits ----------------------------------------------------------------------------------


def test_complements_are_four_nands_a_bit():
    """Half of the bits change: both inputs of the bit, and of the gates those that the held control
    opens. That is a NAND's input and 5/8 of its output a bit, over a period of the supply.
    """
    nand = gate_cells(TECH).nand
    block = Complements(TECH, 9.0, 20.0)
    energy = 9.0 * (nand.input_cap + 0.625 * nand.output_cap) * TECH.vdd**2
    assert block.take(3.0, 0.6).energy.total == close(3.0 * 12.0 * energy)
    assert block.footprint.leakage.total == close(720.0 * nand.leakage_power)
    assert block.area == close(720.0 * nand.area)


def test_gates_of_rows_switch_with_their_ones():
    cell = gate_cells(TECH)
    gates = RowGates(TECH, 96.0)
    caps = (one.input_cap + one.output_cap for one in (cell.nand, cell.inverter))
    assert gates.let(0.25).energy.total == close(24.0 * sum(caps) * TECH.vdd**2)
    assert gates.let(0.25).latency.total == 0.0
    leaks = 5.0 * cell.nand.leakage_power + cell.inverter.leakage_power
    assert gates.footprint.leakage.total == close(96.0 * leaks)


@each_way
def test_what_stands_in_a_macro(way):
    """20 units behind sums of 4 cells, 9 bits each; a unit gives 2 results a plane."""
    array, rows, _, path = KINDS["reram"]()
    front, _ = ways_of(array, path)
    found = made("reram", transposed=False, signed_inputs=SIGNED_INPUTS[way])
    plain = made("reram", transposed=False)
    weight = front.shift_add("weight", 5.0, 4.0)
    more = {
        # the difference of two phases is a bit wider, and 5 of them make a sum of as many bits
        "two_phase": (
            front.shift_add("input", 10.0, 5.0),
            Complements(TECH, 9.0, 20.0, **front.fit),
        ),
        "twos_complement": (
            front.shift_add("input", 9.0, 6.0),
            Complements(TECH, 9.0, 20.0, **front.fit),
        ),
        "offset": (
            front.shift_add("input", 9.0, 6.0),
            Register(TECH, 9.0 * 40.0, **front.fit, name="weight_sums"),
        ),
    }[way]
    expected = stands("reram", array, rows, plain.col_switches, plain.references)
    expected = expected + front.stands(weight, *more).under("reram")
    if way == "two_phase":
        expected = expected + RowGates(TECH, 96.0).footprint.under("reram")
    same_footprint(found, expected)
    assert found.output_bits == plain.output_bits


@each_way
@pytest.mark.parametrize("kind", ["reram", "crosspoint", "reram_rows", "sram", "sram_rows"])
def test_a_plane_of_a_vector(kind, way):
    """As without signs, but for shift-adds, gates, complements, and the place of the multiplexers,
    which move once a vector however many planes it has.
    """
    sizes = {**SIZES, "transposed": False}
    if kind.startswith("sram"):
        sizes["cols_per_adc"] = 8.0
    signed = by_hand.macro(kind, signed_inputs=SIGNED_INPUTS[way], **sizes)
    plain = by_hand.macro(kind, **sizes)
    n = SIGNED_INPUTS[way].reads(6.0)
    found = n * signed.read(0.3, 0.4, 0.75, 0.6, planes=n)
    base = 6.0 * plain.read(0.3, 0.4, 0.75, 0.6)
    for part, amount in found.energy.items.items():
        name = part.rpartition("/")[2]
        if name == "row_gates":
            ones = 0.3 * 0.75 if kind in ("reram", "crosspoint", "sram") else 1.0 / 96.0
            times = n * 8.0 if kind in ("reram", "crosspoint", "sram") else n * 0.3 * 72.0
            times = times * 8.0 if kind == "reram_rows" else times
            assert amount == close(times * RowGates(TECH, 96.0).let(ones).energy.total), part
        elif name == "complements":
            units, each = (20.0, 2.0) if kind != "sram_rows" else (40.0, 1.0)
            one = signed.readout.complements.energy
            assert amount == close(n * each * 0.6 * units * one), part
        elif "shift_add" in part:
            continue
        elif "mux" in part:
            assert amount == close(base.energy.items[part]), part
        else:
            assert amount == close(n / 6.0 * base.energy.items[part]), part
    gone = {part for part in base.energy.items if part not in found.energy.items}
    assert not gone


def test_a_result_is_corrected_by_a_sum_that_is_kept():
    """Two results of each of 12 units: an addition each, and the ring of two sums turns."""
    found = made("reram", signed_inputs=SIGNED_INPUTS["offset"])
    cost = found.correct(0.6)
    ring = 2.0 * Register(TECH, 360.0).store(0.3, 0.6).energy.total
    added = found.readout.input_shift_add.accumulate(2.0, 0.6)
    assert cost.energy.total == close(ring + added.energy.total)
    assert cost.latency.total == close(added.latency.total)
    kept = Register(TECH, 360.0).store(0.3, 0.6)
    assert found.keep_sums(0.6).energy.total == close(kept.energy.total)


def test_an_analog_vector_has_the_planes_of_its_layer():
    sizes = {**{k: v for k, v in SIZES.items() if "error" not in k and "back" not in k}}
    sizes.pop("rows_per_adc")
    way = SIGNED_INPUTS["two_phase"]
    signed, plain = (by_hand.analog_macro(**sizes, signed_inputs=one) for one in (way, None))
    found = signed.mvm(0.3, 0.4, 72.0, 96.0, planes=10.0).energy
    base = plain.mvm(0.3, 0.4, 72.0, 96.0).energy
    for part in ("apim/readout/converters/adc", "apim/row_switches", "apim/array"):
        wanted = 10.0 / 6.0 * by_hand.under(base, part)
        assert by_hand.under(found, part) == close(wanted), part
    assert by_hand.under(found, "apim/readout/mux_decoder") == close(
        by_hand.under(base, "apim/readout/mux_decoder")
    )
    complements = 10.0 * 8.0 / 4.0 * 0.6 * 20.0 * signed.readout.complements.energy
    assert by_hand.part(found, "complements") == close(complements)


# -- chips -------------------------------------------------------------------------------------

SIGNED = (0, 1, 0, 0, 1, 0, 1)  # layers whose inputs may be below zero
STORED = 0.37


def _signed_chip(kind, way, signed=SIGNED, densities=None):
    """The chip of the small network as if some layers had signed inputs."""
    base = whole(kind, signed_inputs=way)
    reads = int(SIGNED_INPUTS[way].reads(IN))
    seen = tuple(
        replace(
            one,
            input_density=tuple(0.05 + 0.03 * p + 0.01 * i for p in range(reads)),
            stored_density=STORED,
        )
        if signed[i]
        else one
        for i, one in enumerate(ACTIVITY)
    )
    network, spec = base.inputs.network, base.inputs.architecture
    workload = replace(Workload.of(network.stages), signed=np.array(signed, float))
    found = design(
        workload, spec, base.inputs.technology, base.inputs.device,
        activity=Measured.of(Activity("made up", seen)), batch=float(BATCH),
        training=network.training,
    )  # fmt: skip
    return base, found, seen


@each_way
@pytest.mark.parametrize("kind", ["hybrid", "reram", "sram", "inference", "inference_sram"])
def test_vectors_of_signed_layers(kind, way):
    """Each array of a layer reads each plane once with its density, and all of those planes alone.

    Where inputs are raised, results are corrected.
    """
    _, made_, seen = _signed_chip(kind, way)
    chip, plan = made_.chip, PLANS[kind]
    macro = chip.macro
    found = made_.phases["inference"].streams["arrays"]
    energy, time = np.zeros(COUNT), np.zeros(COUNT)
    for i, one in enumerate(seen):
        planes = len(one.input_density)
        assert planes == (SIGNED_INPUTS[way].reads(IN) if SIGNED[i] else IN)
        slowest = 0.0
        for (rows, cols), count in pieces_of(plan, i).items():
            if kind == "hybrid":
                mean = sum(one.input_density) / planes
                cost = macro.mvm(
                    mean, one.conductance, float(rows), float(cols), planes=float(planes)
                )
            else:
                shares = rows / plan.rows, cols / plan.cols
                each = (
                    macro.read(d, one.conductance, *shares, planes=float(planes))
                    for d in one.input_density
                )
                cost = sum(each, start=0.0 * macro.read(0.1))
            if way == "offset" and SIGNED[i]:
                cost = cost + macro.correct(cols / plan.cols)
            energy[i] += count * float(cost.energy.total)
            slowest = max(slowest, float(np.asarray(cost.latency.total).item()))
        vectors = chip.workload.vectors[i]
        energy[i] *= vectors
        time[i] = np.ceil(vectors / plan.copies[i]) * slowest  # no copy takes part of one
    assert by_layer(found.energy.total) == near(energy)
    assert by_layer(found.latency.total) == near(time)
    told = [line for line in made_.assumptions if "below zero" in line]
    assert len([line for line in told if SIGNED_INPUTS[way].sentence in line]) == 1


@pytest.mark.parametrize("kind", ["hybrid", "reram", "sram", "inference"])
def test_sums_of_weights_are_read_once_weights_have_changed(kind):
    """All rows at one through all arrays of signed layers, in all copies, side by side."""
    _, made_, seen = _signed_chip(kind, "offset")
    other = _signed_chip(kind, "twos_complement")[1]
    plan, macro = PLANS[kind], made_.chip.macro
    due, longest = np.zeros(COUNT), 0.0
    for i in np.flatnonzero(SIGNED):
        for (rows, cols), count in pieces_of(plan, i).items():
            state = seen[i].conductance
            if kind == "hybrid":
                cost = macro.mvm(1.0, state, float(rows), float(cols), planes=1.0)
            else:
                cost = macro.read(1.0, state, rows / plan.rows, cols / plan.cols, planes=1.0)
            cost = cost + macro.keep_sums(cols / plan.cols)
            due[i] += count * plan.copies[i] * float(cost.energy.total)
            longest = max(longest, float(np.asarray(cost.latency.total).item()))
    for name in ("sync", "programming"):
        if name not in made_.phases:
            continue
        phase, without = made_.phases[name], other.phases[name]
        more = by_layer(phase.macro.total) - by_layer(without.macro.total)
        np.testing.assert_allclose(more, due, rtol=1e-9, atol=1e-9 * due.max())
        longer = np.max(phase.common_time) - np.max(without.common_time)
        # chips of other areas have other trees, over which the hybrid's changes come
        assert longer == pytest.approx(longest, rel=1e-3)


@pytest.mark.parametrize("way", SIGNED_INPUTS)
def test_gradient_units_hold_twos_complement(way):
    """The density of what memory holds counts, not that of the planes of the arrays."""
    _, made_, _ = _signed_chip("reram", way)
    same = tuple(
        replace(one, input_density=(STORED,) * IN if SIGNED[i] else one.input_density)
        for i, one in enumerate(ACTIVITY)
    )
    base = whole("reram")
    plain = design(
        Workload.of(base.inputs.network.stages), base.inputs.architecture, base.inputs.technology,
        base.inputs.device, activity=Measured.of(Activity("made up", same)), batch=float(BATCH),
        training=base.inputs.network.training,
    )  # fmt: skip
    found, wanted = (d.phases["gradient"].streams["arrays"] for d in (made_, plain))
    assert by_layer(found.energy.total) == near(by_layer(wanted.energy.total))
    assert by_layer(found.latency.total) == near(by_layer(wanted.latency.total))


@each_way
def test_a_chip_without_signed_layers_knows_of_no_way(way):
    base = whole("reram")
    _, made_, _ = _signed_chip("reram", way, signed=(0,) * COUNT)
    assert made_.chip.footprint.area.total == base.chip.footprint.area.total
    for name, phase in base.phases.items():
        assert np.all(made_.phases[name].energy.total == phase.energy.total), name
        assert np.all(made_.phases[name].time == phase.time), name
    assert not [line for line in made_.assumptions if "below zero" in line]
