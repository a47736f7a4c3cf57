"""Chips that learn in place: against sums of their arrays, against hand counts, in all kinds."""

from dataclasses import replace

import numpy as np
import pytest
from common import cuts_of, near

from neurorebit.chips.in_place.chip import InPlaceChip
from neurorebit.chips.in_place.gradient import GradientUnit
from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.chips.parts.phases import PHASES
from neurorebit.chips.parts.workload import Workload
from neurorebit.estimation.estimate import estimate
from neurorebit.inputs.files import parse_setting, read_inputs
from neurorebit.schemes.assumed import assumed

KINDS = [
    ("reram", "arrays.adc=sar"),
    ("reram", "arrays.adc=flash"),
    ("reram", "arrays.adc=flash_voltage"),
    ("reram", "arrays.read=row_by_row"),
    ("reram", "arrays.cells=crosspoint"),
    ("reram", "device=hzo_fefet"),
    ("reram", "device=gst_pcm;device.cell.width=30"),
    ("reram", "scheme=tiki_taka"),
    ("reram", "scheme=tiki_taka;arrays.cells=crosspoint"),
    ("reram", "scheme=tiki_taka;arrays.read=row_by_row"),
    ("reram", "scheme=tiki_taka;device=hzo_fefet"),
    ("sram", "scheme=tiki_taka"),
    ("sram", "arrays.read=parallel"),
    ("sram", "arrays.read=row_by_row"),
]
each_kind = pytest.mark.parametrize(("architecture", "choice"), KINDS)


def read(architecture, *choices, network="vgg11"):
    keys = [key for choice in choices for key in choice.split(";")]
    settings = [
        parse_setting(key if key.startswith("device.") else f"architecture.{key}") for key in keys
    ]
    return read_inputs(network, architecture, settings=settings)


def run(inputs, **activity):
    network, spec = inputs.network, inputs.architecture
    found = assumed(network, spec, inputs.device)
    layers = tuple(replace(layer, **activity) for layer in found.layers)
    return estimate(
        network, spec, inputs.technology, inputs.device,
        activity=replace(found, layers=layers), batch=128, images=50_000,
    )  # fmt: skip


def chip_of(inputs):
    spec = inputs.architecture
    plan = Floorplan.of(Workload.of(inputs.network.stages), spec)
    return InPlaceChip(inputs.technology, inputs.device, spec, plan, batch=128.0)


@each_kind
@pytest.mark.parametrize("network", ["vgg11", "resnet18", "mlp"])
def test_parts_layers_and_leakage_add_up(architecture, choice, network):
    found = run(read(architecture, choice, network=network))
    assert set(found.phases) == set(PHASES)
    assert sum(found.area.items.values()) == near(found.area.total, rel=1e-12)
    power = sum(found.leakage.items.values())
    for phase in found.phases.values():
        for part, amount in phase.energy.items.items():
            assert np.all(np.isfinite(amount)), part
            assert np.all(np.asarray(amount) >= 0.0), part
        parts = sum(phase.energy_by_part.values())
        assert parts == near(phase.total_energy, rel=1e-12)
        leaked = sum(e for p, e in phase.energy_by_part.items() if p.startswith("leakage/"))
        assert leaked == near(power * phase.total_latency, rel=1e-12)
        assert phase.total_latency > 0.0


@each_kind
def test_both_passes_by_brute_force(architecture, choice):
    """Every array of every layer on its own, with the rows that the training cuts it from."""
    inputs = read(architecture, choice, network="lenet5")
    network, spec = inputs.network, inputs.architecture
    macro, cells = chip_of(inputs).macro, int(spec.cells_per_weight)
    rows, cols = spec.arrays.rows, spec.arrays.cols
    there = back = 0.0
    activity = assumed(network, spec, inputs.device).layers
    for i, (node, cuts) in enumerate(zip(network.matrices, cuts_of(network, spec), strict=True)):
        m, seen = node.matmul, activity[i]
        for start, stop in cuts:
            for first in range(0, m.cols * cells, cols):
                high = (stop - start) / rows
                wide = min(cols, m.cols * cells - first) / cols
                for density in seen.input_density:
                    plane = macro.read(density, seen.conductance, high, wide)
                    there += m.vectors * plane.energy.total
                plane = macro.read_transposed(seen.error_density, seen.conductance, wide, high)
                back += (i > 0) * m.vectors * spec.error_bits * plane.energy.total
    phases = run(inputs).phases
    assert phases["forward"].macro_energy == near(there, rel=1e-9)
    assert phases["backward"].macro_energy == near(back, rel=1e-9)


def test_bit_planes_of_their_own_density_add_up():
    """Eight planes, of which half have no ones and half twice the ones, are not their mean."""
    inputs = read("reram")
    alike = run(inputs, input_density=(0.2,) * 8).phases["forward"]
    few, many = (run(inputs, input_density=(d,) * 8).phases["forward"] for d in (0.0, 0.4))
    mixed = run(inputs, input_density=(0.0, 0.4) * 4).phases["forward"]
    half = (few.macro_energy + many.macro_energy) / 2.0
    assert mixed.macro_energy == near(half, rel=1e-12)
    assert mixed.macro_energy != near(alike.macro_energy, rel=1e-5)


def test_a_weight_of_more_cells_takes_more_columns():
    """8-bit weights of bits: eight columns each, so eight times the cells and the arrays."""
    chip = chip_of(read("sram"))
    plan, w = chip.plan, chip.workload
    assert np.all(plan.held == 8 * w.weights)
    blocks = np.where(plan.split, 9 * np.ceil(w.channels / 128), np.ceil(w.rows / 128))
    assert np.all(plan.arrays == blocks * np.ceil(8 * w.cols / 128))


def test_a_gradient_unit_is_as_large_as_the_largest_map_asks():
    """VGG11: 16 x 16 x 64, 256 positions and 512 bit columns: 2 x 4 arrays of 128 x 128."""
    unit = chip_of(read("reram")).gradient_unit
    assert (float(unit.arrays_down), float(unit.arrays_across)) == (2.0, 4.0)


def test_the_store_holds_the_largest_layer():
    """512 x 512 x 9 sums of 5 + 8 + 1 bits, 8 more for an activation's, 7 for 128 images."""
    store = chip_of(read("reram")).gradient_store
    assert float(np.max(store.bits)) == 512 * 512 * 9 * (5 + 8 + 1 + 8 + 7)


def test_what_does_not_fit_the_store_goes_to_memory_and_back_with_every_image():
    choices = ("gradient_unit.store_bits=auto", "gradient_unit.store_bits=0")
    fits, none = (read("reram", choice, "gradient_unit.images=1") for choice in choices)
    chip = chip_of(fits)
    here, away = (run(inputs).phases["gradient"] for inputs in (fits, none))
    more = np.sum(away.dram_energy) - np.sum(here.dram_energy)
    expected = 2.0 * np.sum(chip.workload.weights) * 29 * 3.9e-12
    assert more == near(expected, rel=1e-9)


def test_a_part_of_a_unit_costs_a_part():
    """All positions and columns at once are a read of all; half of the columns, half of them."""
    inputs = read("reram")
    unit = GradientUnit(inputs.technology, 256.0, 1024.0)
    whole, part = unit.read(0.5, 0.2), unit.read_part(0.5, 0.2, 256.0, 1024.0)
    assert part.energy.total == near(whole.energy.total, rel=1e-12)
    half = unit.read_part(0.5, 0.2, 256.0, 512.0)
    assert half.energy.total == near(whole.energy.total / 2.0, rel=1e-12)
    assert half.latency.total == near(whole.latency.total, rel=1e-12)


def test_small_maps_of_several_images_are_read_together():
    """conv8: 2 x 2 positions, so 32 images fill 128 rows; a batch of 128 has them.

    Additions and conversions fall by as much.
    """
    choices = (f"gradient_unit.images={n}" for n in ("1", "8", "auto"))
    one, eight, all_of_them = (
        run(read("reram", choice)).phases["gradient"].energy.items for choice in choices
    )
    added = "gradient_unit/array/readout/input_shift_add/adder"
    converted = "gradient_unit/array/readout/converters/adc"
    assert one[added][7] == near(8 * eight[added][7], rel=1e-12)
    assert one[added][7] == near(32 * all_of_them[added][7], rel=1e-12)
    assert one[converted][7] == near(32 * all_of_them[converted][7], rel=1e-12)
    assert one[added][1] == all_of_them[added][1]  # conv2 fills the rows by itself


def test_too_few_units_work_in_turns():
    """conv7 asks for 1 x 32 arrays; one unit has 8: four turns, against one with 16 units."""
    one, many = (read("reram", f"gradient_unit.units={n}") for n in ("1", "16"))
    slow, fast = (run(inputs).phases["gradient"].latency[6] for inputs in (one, many))
    assert slow > 4.0 * fast


def test_pulses_follow_from_the_device():
    """A level of 126 steps is 128 / 126 pulses of 50 ns; a row with a cell to raise takes one."""
    inputs = read("reram")
    activity = {"set_fraction": 1.0, "reset_fraction": 0.0, "set_levels": 1.0}
    sync = run(inputs, **activity).phases["sync"]
    pulses = 128 * 128 / 126 * 50e-9
    assert sync.total_latency > pulses
    assert sync.total_latency == near(pulses, rel=0.05)


@pytest.mark.parametrize(
    ("chip", "weights", "momentum", "words", "products"),
    [
        ("reram", "reram", 0.9, 1, 3), ("reram", "mixed_precision", 0.9, 2, 5),
        ("reram", "mixed_precision", 0.0, 1, 4), ("reram", "reram", 0.0, 0, 2),
        ("reram", "manhattan", 0.9, 0, 0), ("reram", "real", 0.9, 2, 3),
        ("sram", "quantized", 0.9, 2, 4), ("sram", "quantized", 0.0, 1, 3),
    ],
)  # fmt: skip
def test_what_training_keeps_comes_from_memory_and_goes_back(
    chip, weights, momentum, words, products
):
    """In words of 32 bits, once an iteration: real weights that cells do not hold, velocities and
    residues. Rate, momentum and decay are a product each, a level or a pulse count another.
    """
    inputs = read(chip, f"scheme={weights}")
    training = replace(inputs.network.training, momentum=momentum)
    network = replace(inputs.network, training=training)
    update = run(replace(inputs, network=network)).phases["update"]
    count = sum(node.matmul.weights for node in network.matrices)
    assert np.sum(update.dram_energy) == near(words * count * 64 * 3.9e-12)
    store = chip_of(inputs).gradient_store
    once = (count / store.update_lanes * store.multiplier.multiply()).energy.total
    found = np.sum(update.energy.items["gradient_store/multiplier"])
    assert found == near(products * float(np.asarray(once).item()))


def test_sram_is_written_without_pulses():
    inputs = read("sram")
    few, many = (run(inputs, set_levels=n).phases["sync"].total_energy for n in (1.0, 9.0))
    assert few == many


def test_the_first_layer_sends_no_error_back():
    back = run(read("reram")).phases["backward"]
    assert back.energy.items["tile/pe/reram/transposed_readout/converters/adc"][0] == 0.0
    assert back.ops == 2 * (152_769_536 - 27 * 64 * 1024)


@pytest.mark.parametrize(
    ("choice", "low", "high", "phase"),
    [
        ("arrays.adc_bits", "4", "6", "forward"),
        ("arrays.back_adc_bits", "4", "6", "backward"),
        ("error_bits", "6", "8", "backward"),
        ("input_bits", "6", "8", "forward"),
        ("gradient_unit.adc_bits", "3", "5", "gradient"),
    ],
)
def test_more_of_it_costs_more(choice, low, high, phase):
    few, many = (run(read("reram", f"{choice}={n}")).phases[phase] for n in (low, high))
    assert many.total_energy > few.total_energy


def test_references_give_weights_their_signs():
    """One line for each converter: 16 columns and 16 rows beside 128 x 128 cells."""
    macro = chip_of(read("reram")).macro
    cells = macro.footprint.area.items
    side = macro.array.row_length
    for item in ("reram/references/cells", "reram/transposed_references/cells"):
        assert cells[item] == near(side**2 / 8.0, rel=1e-12)


def per_image(phase, batch=128):
    return (1.0 if phase.per == "image" else 1.0 / batch) * np.array(
        [phase.total_energy, phase.total_latency]
    )
