"""The bill of Tiki-Taka: a second array that trains pulse, its reads, and what they add up in."""

from dataclasses import replace

import numpy as np
import pytest
from common import cuts_of, near
from unit.test_in_place import read

from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.chips.parts.workload import Workload
from neurorebit.chips.tiki_taka.chip import TikiTakaChip
from neurorebit.estimation.estimate import estimate
from neurorebit.schema.activity import FastActivity, Origin
from neurorebit.schemes.assumed import assumed
from neurorebit.schemes.tiki_taka.keys import TikiTakaKeys

FAST = FastActivity(ups=3.0, downs=5.0, reads=2.0, conductance=0.5)
BATCH = 128
SWITCHED = 1.6**2 * 50e-9  # J * ohm: a TaOx/HfOx pulse
WORD_MOVED = 2 * 32 * 3.9e-12  # J: 32 bits from HBM2 and back


def of(*choices, network="lenet5", scheme="tiki_taka"):
    return read("reram", f"scheme={scheme}", *choices, network=network)


def run(inputs, fast=FAST):
    """With the digital memory and arithmetic that the scheme asks for."""
    spec = inputs.architecture
    found = assumed(inputs.network, spec, inputs.device)
    layers = tuple(replace(layer, fast=fast) for layer in found.layers)
    return estimate(
        inputs.network, spec, inputs.technology, inputs.device,
        activity=replace(found, layers=layers), batch=BATCH, images=50_000,
    )  # fmt: skip


def chip_of(inputs):
    spec = inputs.architecture
    plan = Floorplan.of(Workload.of(inputs.network.stages), spec)
    return TikiTakaChip(inputs.technology, inputs.device, spec, plan, batch=float(BATCH))


def joules(phase, part):
    """Of all items below a part, layer by layer."""
    return sum(amount for item, amount in phase.energy.items.items() if item.startswith(part))


def test_a_weight_has_a_cell_three_times_and_nothing_forms_gradients():
    """Slow, fast, and what the fast one is read against."""
    area = run(of()).area.items
    slow = area["tile/pe/reram/array"]
    for part in ("tile/pe/fast/reram/array", "tile/pe/fast/references"):
        assert area[part] == near(slow, rel=1e-12)
    assert not any("gradient" in part or "fast/reram/references" in part for part in area)
    assert any("gradient_unit" in part for part in run(read("reram", network="lenet5")).area.items)


def test_a_vector_takes_a_train_of_31_slots_up_and_down():
    """Arrays work side by side, vectors one after the other; lines switch in a few percent."""
    inputs = of()
    found, trains = run(inputs).phases["gradient"], 31 * (50e-9 + 50e-9)
    for node, seconds in zip(inputs.network.matrices, found.latency, strict=False):
        assert seconds == near(node.matmul.vectors * trains, rel=0.1)
        assert seconds > node.matmul.vectors * trains


def test_every_pulse_of_the_fast_cells_is_billed():
    """Through a cell amid 1 and 10 uS, a transistor of 25 kohm, wires and the switches of lines, of
    which a column's has one cell at least and a row's no more than all.
    """
    inputs = of()
    macro = chip_of(inputs).fast.macro
    path = 1 / 5.5e-6 + 25e3 + (macro.array.row_res + macro.array.col_res) / 2
    least = path + macro.col_switches.switch.res
    most = path + 128 * (macro.col_switches.switch.res + macro.row_switches.input_switch.res)
    taken = joules(run(inputs).phases["gradient"], "tile/pe/fast/reram/cells")
    for node, energy in zip(inputs.network.matrices, taken, strict=False):
        image = (FAST.ups + FAST.downs) / BATCH * node.matmul.weights
        assert image * SWITCHED / most < energy < image * SWITCHED / least


@pytest.mark.parametrize("cells", ["1t1r", "crosspoint"])
def test_lines_are_charged_as_trains_that_are_drawn_ask_for(cells):
    """Every slot on its own, its lines counted one by one, against the mean of the estimate."""
    macro = chip_of(of(f"arrays.cells={cells}")).fast.macro
    array, volts, slots = macro.array, 1.6, 4000
    rng = np.random.default_rng(3)
    rows, up, down = (rng.random((slots, 128)) < p for p in (0.11, 0.05, 0.05))
    drawn = 0.0
    for on, columns, sets in ((rows, up, True), (rows, down, False)):
        for row, col in zip(on, columns, strict=True):
            n, c = int(np.sum(row)), int(np.sum(col))
            if cells == "1t1r":
                opened = n * array.access_cap * 1.1**2
                held = n * array.row_cap + (128 - c) * array.col_cap
                pulsed = (128 - n) * array.row_cap + c * array.col_cap
                drawn += opened + (held if sets else pulsed) * volts**2
            else:
                full = n * array.row_cap if sets else c * array.col_cap
                half = (128 - c) * array.col_cap + (128 - n) * array.row_cap
                shared = np.add.outer(row, col) & ~np.logical_and.outer(row, col)
                siemens = array.conductance_at(0.5, volts / 2, volts)
                drawn += full * volts**2 + half * (volts / 2) ** 2
                drawn += int(np.sum(shared)) * siemens * (volts / 2) ** 2 * 50e-9
    found = macro.coincide(float(slots), 0.11 * 128, 0.10 * 128, up=0.0, down=0.0)
    charged = found.energy.items["reram/array" if cells == "1t1r" else "crosspoint/array"]
    assert charged == near(drawn, rel=0.02)


def test_rows_are_read_by_brute_force():
    """Every row of every fast array, twice a step."""
    inputs = of()
    fast, energy = chip_of(inputs).fast, 0.0
    cuts = cuts_of(inputs.network, inputs.architecture)
    for node, blocks in zip(inputs.network.matrices, cuts, strict=True):
        for first in range(0, node.matmul.cols, 128):
            wide = min(128, node.matmul.cols - first) / 128
            row = fast.read_row(0.5, wide).energy.total
            energy += sum(stop - start for start, stop in blocks) * row
    update = run(inputs).phases["update"]
    assert update.macro_energy == near(FAST.reads * energy, rel=1e-9)
    slowest = 128 * fast.read_row(0.5, 1.0).latency.total  # lenet5 has arrays that are full
    assert np.max(update.latency) >= FAST.reads * slowest * (1 - 1e-9)


def test_a_row_of_one_cell_a_column_settles_to_half_a_step_of_it():
    """Converters are made for one cell, over 4 of its standard deviations; 15 steps of 5 bits.

    A cell anywhere in its range deviates by a root of a twelfth of the range.
    """
    macro = chip_of(of()).fast.macro
    assert float(macro.readout.converters.full_scale) == near(10e-6)
    assert float(chip_of(of()).macro.readout.converters.full_scale) == near(1280e-6)
    array = macro.array
    settled = macro.read(1.0 / 128.0, 0.5).latency.items["reram/array"] / 8
    load = array.col_cap + macro.readout.mux.gate.drain_cap * 9
    cell, low, high = (1 / array.column_res(1.0, state) for state in (0.5, 0.0, 1.0))
    end = macro.readout.mux.switch.res + macro.readout.converters.input_res
    leads = cell + 1 / end
    tau = load / leads + array.col_res * array.col_cap / 2
    assert settled == near(tau * np.log(cell / (4 * (high - low) / 12**0.5 / 15 / 2)), rel=1e-9)


@pytest.mark.parametrize(
    ("bits", "times"),
    [("auto", 1.0), ("0", FAST.reads), ("1000000000", 0.0)],
)
def test_words_without_room_live_in_memory(bits, times):
    """Room for one layer: each once an iteration; for none: with every read; for all: never."""
    inputs = of(f"gradient_unit.store_bits={bits}")
    weights = sum(node.matmul.weights for node in inputs.network.matrices)
    update = run(inputs).phases["update"]
    assert np.sum(update.dram_energy) == pytest.approx(times * weights * WORD_MOVED, abs=1e-18)


def test_a_chopper_is_a_flip_flop_a_row_and_nothing_else():
    """Each is clocked with every read of its row, and half of them change then."""
    bare, chopped = (run(of(scheme=name)) for name in ("tiki_taka", "tiki_taka_chopped"))
    signs = {part: area for part, area in chopped.area.items.items() if part.endswith("pe/signs")}
    assert set(chopped.area.items) - set(bare.area.items) == set(signs)
    assert not set(bare.area.items) - set(chopped.area.items)
    translators = chopped.area.items["tile/pe/row_translators/register"]  # 8 bits and 16 at random
    assert sum(signs.values()) == near(translators / 24, rel=0.02)
    found = joules(chopped.phases["update"], "tile/pe/signs")
    rows = [sum(stop - start for start, stop in cuts) for cuts in
            cuts_of(of().network, of().architecture)]  # fmt: skip
    assert found[0] > 0
    assert found[: len(rows)] / rows == pytest.approx([found[0] / rows[0]] * len(rows))
    gradient = [found.phases["gradient"].total_energy for found in (bare, chopped)]
    assert gradient[1] == near(gradient[0], rel=5e-3), "flip-flops leak, and wires are longer"


@pytest.mark.parametrize("bits", ["auto", "0"])
def test_without_references_memory_has_three_words_of_a_weight(bits):
    """Cells to be read against are gone; sums, averages and what they were go to DRAM and back."""
    room = f"gradient_unit.store_bits={bits}"
    one, three = (run(of(room, scheme=name)) for name in ("tiki_taka_chopped", "agad"))
    assert "tile/pe/fast/references" not in three.area.items
    assert "tile/pe/fast/reram/references" in three.area.items  # a line for each converter
    for part in ("tile/pe/fast/reram/array", "tile/pe/signs"):
        assert three.area.items[part] == near(one.area.items[part], rel=0.05)
    update = [found.phases["update"] for found in (one, three)]
    assert np.sum(update[1].dram_energy) == near(3 * np.sum(update[0].dram_energy), rel=1e-9)
    work = [joules(phase, "hidden_store/multiplier") for phase in update]
    np.testing.assert_allclose(work[1], 2 * work[0])
    work = [joules(phase, "hidden_store/adder") for phase in update]
    np.testing.assert_allclose(work[1], 3 * work[0])


@pytest.mark.parametrize(
    ("field", "phase"), [("ups", "gradient"), ("downs", "gradient"), ("reads", "update")]
)
def test_more_of_it_costs_more(field, phase):
    more = replace(FAST, **{field: 2 * getattr(FAST, field)})
    few, many = (run(of(), fast).phases[phase].total_energy for fast in (FAST, more))
    assert many > few


def fast_of(inputs, **changes):
    """The activity assumed for an estimate, and that of the first layer's fast array."""
    network = replace(inputs.network, **changes)
    found = assumed(network, inputs.architecture, inputs.device)
    return found, found.layers[0].fast


def test_what_the_fast_array_does_was_recorded_in_a_training():
    """Of 1,438 images in 23 batches, the last of 30: each image has a vector, which reads a row."""
    inputs = of(network="mlp")
    assert inputs.network.training.batch == 64
    (recorded,) = [one for one in inputs.network.recorded if one.scheme == "tiki_taka"]
    found = fast_of(inputs)[0]
    for node, layer in zip(inputs.network.matrices, found.layers, strict=True):
        assert layer.fast == recorded.layers[node.name].fast
        assert layer.fast.reads == pytest.approx(1438 / 23 / node.matmul.rows, rel=1e-3)
    assert "fast array ours" not in found.source
    assert found.origin is Origin.RECORDED


def changed(network, batch=None, **own):
    """The keys of training with another batch, or other keys of the scheme's own."""
    training = network.training
    tiki_taka = replace(training.own(TikiTakaKeys).tiki_taka, **own)
    return replace(training, batch=batch or training.batch, tiki_taka=tiki_taka)


@pytest.mark.parametrize(
    ("keys", "vectors", "most"),
    [({"batch": 32}, 32, 32), ({"pulses": 50.0}, 64, 50), ({"transfer_every": 2}, 64, 64)],
)
def test_a_fast_array_is_assumed_for_another_batch_or_other_keys_of_the_scheme(keys, vectors, most):
    """A linear layer has a vector an image and reads a row for each that is due, of 784."""
    inputs = of(network="mlp")
    found, fast = fast_of(inputs, training=changed(inputs.network, **keys))
    every = keys.get("transfer_every", 1)
    assert fast.reads == near(vectors / every / 784)
    assert fast.ups + fast.downs == near(0.02 * most)
    assert "fast array ours" in found.source


def test_a_fast_array_is_assumed_where_nothing_was_trained():
    inputs = of(network="mlp")
    found, fast = fast_of(inputs, recorded=())
    assert inputs.network.training.batch == 64
    assert fast.reads == near(64 / 784)
    assert fast.ups + fast.downs == near(0.02 * 64)
    assert "fast array ours" in found.source
    assert found.origin is Origin.ASSUMED


def test_only_schemes_with_a_fast_array_have_activity_of_one():
    inputs = of(network="mlp")
    one = replace(inputs.architecture, scheme="reram")
    assert all(layer.fast is None for layer in assumed(inputs.network, one, inputs.device).layers)
