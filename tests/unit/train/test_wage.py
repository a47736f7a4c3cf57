"""WAGE: a training step in whole numbers by plain loops, quantisers at their edges, pulses."""

from dataclasses import replace

import numpy as np
import pytest
from oracle import naive, wage
from small import linear_device

from neurorebit.data import digits
from neurorebit.inputs.architecture import read_architecture
from neurorebit.kernels import noise, quantise
from neurorebit.kernels import wage as kernels
from neurorebit.kernels.levels import Count
from neurorebit.schema import Document, paths
from neurorebit.schema.training import Augment
from neurorebit.schemes.table import SCHEMES
from neurorebit.training.losses import LOSSES
from neurorebit.training.model import Model, activity_of
from neurorebit.training.parts import integers
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.workers import Workers
from neurorebit.training.trainer import train

SIZE, CHANNELS, MAPS, CLASSES = 6, 2, 3, 4
LAYERS = [
    {"kind": "conv", "channels": MAPS, "kernel": 3},
    {"kind": "relu"},
    {"kind": "max_pool", "kernel": 2},
    {"kind": "flatten"},
    {"kind": "linear", "features": CLASSES},
]
SQUARES = {"loss": "squared_one_hot", "momentum": 0.0, "learning_rate": 1.0}
IMAGES, LABELS = np.random.default_rng(5).integers(0, 256, (3, 6, 6, 2), np.uint8), [2, 0, 3]
BITS = [(2, 8, 8, 8), (3, 5, 6, 4), (8, 8, 8, 8), (2, 8, 12, 8)]  # W, A, G, E


def model_of(bench, chip, *, layers=LAYERS, shape=(SIZE, SIZE, CHANNELS), **given):
    """A model on the shipped chip, with its keys and those of training changed."""
    spec = read_architecture(Document(paths.shipped("architecture", chip)))
    device = given.pop("device", None) or linear_device(bench)
    workers, training = given.pop("workers", bench.workers), given.pop("training", {})
    own = {k: given.pop(k) for k in list(given) if hasattr(spec, k)}
    network = bench.network(shape, layers, CLASSES, **(SQUARES | training | given))
    return Model(
        network, replace(spec, **own), device, scheme=SCHEMES[own.get("scheme", spec.scheme)],
        seed=7, workers=workers, dtype=np.float32,
    )  # fmt: skip


def step(model, images=IMAGES, labels=LABELS, rate=1.0):
    scores = model.forward(images, learning=True)
    gradient = LOSSES["squared_one_hot"](scores, np.array(labels), 0.0)[1]
    model.backward(gradient, rate)
    return scores


def held(model):
    return [layer.weights.whole[0].tolist() for layer in model.matrices]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("bits", BITS)
def test_training_is_that_of_plain_loops_in_whole_numbers_bit_for_bit(bench, bits, threads):
    """Three steps of three images, a number that no power of two divides; the rate falls."""
    weight, inputs, gradient, errors = bits
    plain = wage.Small(CHANNELS, MAPS, SIZE, CLASSES, bits=bits, seed=7)
    keys = {
        "weight_bits": weight, "input_bits": inputs, "error_bits": errors,
        "gradient_bits": gradient,
    }  # fmt: skip
    with Workers(threads) as workers:
        model = model_of(bench, "wage", workers=workers, **keys)
        assert held(model) == [plain.conv.held, plain.last.held]
        first = held(model)
        for rate in (2, 0, -1):
            scores = step(model, rate=2.0**rate)
            want = plain.step(IMAGES.tolist(), LABELS, rate)
            np.testing.assert_array_equal(scores * 2 ** (inputs - 1), want)
            assert held(model) == [plain.conv.held, plain.last.held]
    assert held(model) != first
    for layer, one in zip(model.matrices, (plain.conv, plain.last), strict=True):
        np.testing.assert_array_equal(layer.weights.codes[0], one.weights)
        kept = layer.weights.kept["weight"][0] * one.unit * one.alpha
        np.testing.assert_array_equal(kept, one.weights)


def test_on_a_chip_of_other_cells_whole_numbers_are_software_and_the_same(bench):
    chip, software = (
        model_of(bench, name, scheme="wage", weight_bits=2) for name in ("wage", "reram")
    )
    for model in (chip, software):
        step(model)
    assert held(chip) == held(software)
    assert [layer.weights.in_arrays for layer in chip.matrices] == [True, True]
    assert [layer.weights.in_arrays for layer in software.matrices] == [False, False]


def test_cells_of_sram_are_written_where_bits_change_and_counted(bench):
    model = model_of(bench, "wage")
    before = [layer.weights.codes.copy() for layer in model.matrices]
    for _ in range(3):
        step(model, rate=8.0)
    for layer, old in zip(model.matrices, before, strict=True):
        assert layer.weights.written.words == 3 * old.size
        assert layer.weights.written.sets + layer.weights.written.resets > 0
        ones = sum((int(c) & 3).bit_count() for c in layer.weights.codes.ravel())
        assert layer.weights.ones == ones
        started = sum((int(c) & 3).bit_count() for c in old.ravel())
        written = layer.weights.written
        assert written.sets - written.resets == ones - started
        assert activity_of(layer).words_written == 1.0


EDGES = [  # bits, value, its whole number: ends, halves (to even), beyond
    (8, 0.5 / 128, 0), (8, 1.5 / 128, 2), (8, 126.5 / 128, 126), (8, 126.6 / 128, 127),
    (8, 1.0, 127), (8, 9.0, 127), (8, -1.0, -127), (8, -0.5 / 128, 0), (2, 0.25, 0), (2, 0.26, 1),
    (2, 0.75, 1), (2, -0.76, -1), (3, 0.625, 2), (3, 0.9, 3),
]  # fmt: skip


@pytest.mark.parametrize(("bits", "value", "code"), EDGES)
def test_numbers_are_rounded_to_even_and_stop_before_the_ends(bits, value, code):
    x = np.array([value], np.float32)
    kernels.round_values(x, bits)
    assert x[0] * 2 ** (bits - 1) == code
    x = np.array([4.0 * value], np.float32)
    counted = kernels.round_errors(x, 2.0 ** (bits - 1) / 4.0, bits)
    assert x[0] * 2 ** (bits - 1) == code
    ones = (code % 2**bits).bit_count()
    assert counted == quantise.Rounded(ones, int(code != 0))


@pytest.mark.parametrize(
    ("memory", "weight"),
    [(0, 0), (32, 0), (33, 1), (96, 1), (127, 1), (-32, 0), (-33, -1), (-127, -1)],
)
def test_memory_of_eight_bits_becomes_a_weight_of_two(memory, weight):
    assert kernels.weight_of(memory, 6, 1) == weight


def test_memory_stops_at_its_ends_and_bits_of_cells_are_counted():
    """127 + 5 stays; 40 - 30 takes a weight from 1 to 0, one bit; -30 - 10 from 0 to -1, two."""
    held = np.array([127, 40, -30, -120], np.int32)
    codes, counts = np.array([1, 1, 0, -1], np.float32), np.zeros(len(Count))
    change = np.array([-5.0, 30.0, 10.0, 20.0])
    kernels.learn(held, change, codes, kernels.Memory(6, 127, 1, 2), counts)
    assert held.tolist() == [127, 10, -40, -127]
    assert codes.tolist() == [1, 0, -1, -1]
    assert counts[[Count.SETS, Count.RESETS]].tolist() == [2, 1]


@pytest.mark.parametrize(("value", "exponent"), [(1, 0), (1.41, 0), (1.42, 1), (91, 7), (90, 6)])
def test_a_shift_is_the_nearest_power_of_two_by_logarithm(value, exponent):
    """90 / 64 is below the square root of two, 91 / 64 above it."""
    assert integers.power(value) == 2.0**exponent
    assert integers.power(value / 1024) == 2.0 ** (exponent - 10)


def test_gradients_are_rounded_at_random_without_bias():
    """20,000 draws of 2.3 and of -0.3: their deviation is sqrt(0.21 / n), 0.0032."""
    for wanted, ends in ((2.3, {2, 3}), (-0.3, {-1, 0})):
        x = np.full(20_000, wanted / 0.5)
        kernels.round_gradient(x, 0.5, noise.Draw(0, 4, 1, 0, 9))
        assert set(x.tolist()) == ends
        assert abs(x.mean() - wanted) < 5 * 0.0033
    x = np.array([3.0, -2.0, 0.0])
    kernels.round_gradient(x, 1.0, noise.Draw(5, 4, 1, 0, 9))
    assert x.tolist() == [3, -2, 0]


def test_a_gradient_is_rounded_by_the_number_of_its_place():
    x = np.full(70, 0.5)
    kernels.round_gradient(x[3:], 1.0, noise.Draw(3, 4, 1, 0, 9))
    chances = [naive.uniform(cell, 4, 1, wage.GRADIENTS, 9) for cell in range(3, 70)]
    assert x[3:].tolist() == [float(u < 0.5) for u in chances]


def test_long_sums_are_exact_where_single_precision_is_not(bench):
    """5,000 terms of up to 127 x 127."""
    random = np.random.default_rng(1)
    x, dy = random.integers(60, 128, (5000, 2)), random.integers(60, 128, (5000, CLASSES))
    node = model_of(bench, "wage", layers=LAYERS[-1:], shape=(1, 1, 2)).matrices[0].node
    seen = Windows(x.reshape(5000, 1, 1, 2).astype(np.float32), 1.0, node)
    errors, got = dy.reshape(5000, 1, 1, CLASSES).astype(np.float32), np.zeros((1, 2, CLASSES))
    integers.outer(seen, errors, got, bench.workers, most=127 * 127)
    want = x.T @ dy
    assert want.min() > 2**24
    np.testing.assert_array_equal(got[0], want)


def test_a_wide_layer_is_exact_in_both_passes(bench):
    """2,000 inputs of 8-bit weights: terms of up to 127 x 127, of which 1,040 may pass 2^24."""
    model = model_of(bench, "wage", layers=LAYERS[-1:], shape=(1, 1, 2000), weight_bits=8)
    weights, node = model.matrices[0].weights, model.matrices[0].node
    weights.codes[...] = np.random.default_rng(2).integers(100, 128, weights.codes.shape)
    x = np.random.default_rng(3).integers(100, 128, (2, 1, 1, 2000)).astype(np.float32)
    out = np.empty((2, 1, 1, CLASSES), np.float32)
    integers.multiply(Windows(x, 1.0, node), weights.codes, out, bench.workers, most=127 * 127)
    want = x.reshape(2, -1).astype(int) @ weights.codes[0].astype(int)
    np.testing.assert_array_equal(out.reshape(2, -1), want.astype(np.float32))


# --- in place


def test_pulses_are_the_whole_steps_of_the_gradient(bench):
    """Cells of 7 bits, straight, of 126 pulses: a pulse is 1/64, the step of a 7-bit gradient.

    The largest gradient, 3, is next to 4: at a rate of 16 a gradient of 1 is worth 4 pulses.
    """
    model = model_of(
        bench, "reram", scheme="wage_reram", layers=LAYERS[-1:], shape=(1, 1, 2),
        gradient_bits=7, device=linear_device(bench, 126),
    )  # fmt: skip
    weights = model.matrices[0].weights
    weights.cells.place(np.zeros((1, 2, CLASSES)))
    gradient = np.array([[3.0, -0.5, 0.25, 0.0], [1.0, -2.0, 1.5, 0.75]], np.float32)
    pulses, want = np.zeros(8, np.int32), [-12, 2, -1, 0, -4, 8, -6, -3]
    weights.rate = 16.0
    weights.consider(gradient)
    weights.plan(gradient.reshape(-1).copy(), pulses, 0, 16.0)
    assert pulses.tolist() == want
    before = weights.kept["weight"].copy()
    weights.cells.count([weights.cells.pulse(0, pulses, 1)])
    moved = (weights.kept["weight"] - before).reshape(-1) * 64
    np.testing.assert_allclose(moved, want, atol=1e-4)
    assert (weights.written.sets, weights.written.resets) == (2, 5)
    steps = 10 * 126 / 126, 26 * 126 / 126  # of 127 levels, a pulse each
    assert (weights.written.set_steps, weights.written.reset_steps) == pytest.approx(steps)


def test_in_place_inputs_errors_and_scores_are_whole_numbers_too(bench):
    """With ideal converters the first pass is the exact product of the cells, over the scaling."""
    model = model_of(bench, "reram", scheme="wage_reram", weight_bits=3, adc="ideal")
    plain = wage.Small(CHANNELS, MAPS, SIZE, CLASSES, bits=(3, 8, 8, 8), seed=7)
    conv, last = (layer.weights for layer in model.matrices)
    assert conv.full == pytest.approx(0.75 / plain.conv.alpha)
    scores = step(model) * 128
    np.testing.assert_array_equal(scores, np.rint(scores))
    seen = model.matrices[0].encoder
    codes, unit = seen.encode(IMAGES, model.tools, learning=True)
    assert unit == 1 / 128
    assert codes.tolist() == [plain.encode(image) for image in IMAGES.tolist()]
    assert last.written.updates == conv.written.updates == 1
    assert last.written.sets + last.written.resets > 0


def test_first_weights_are_even_and_reach_a_step_and_a_half(bench):
    """Of 2 bits 0.75; of 8 bits sqrt(6 / 18), which is more than 1.5 / 128; given ones as given."""
    for bits, reach, alpha in ((2, 0.75, 1), (8, (6 / 18) ** 0.5, 1)):
        weights = model_of(bench, "wage", weight_bits=bits, gradient_bits=16).matrices[0].weights
        first = weights.whole / 2**15
        assert 0.9 * reach < np.abs(first).max() <= reach + 1e-4
        assert weights.scale == 2.0 ** (1 - bits) / alpha
    wide = model_of(bench, "wage", layers=LAYERS[-1:], shape=(1, 1, 600)).matrices[0].weights
    assert wide.scale == 0.5 / 8  # 0.75 over 0.1 is 7.5


@pytest.mark.parametrize(("chip", "scheme"), [("wage", "wage"), ("reram", "wage_reram")])
def test_handwritten_digits_are_learned(bench, chip, scheme):
    """1,438 real images three times, without norms, 359 to be judged by; cells straight."""
    layers = [
        {"kind": "flatten"}, {"kind": "linear", "features": 128}, {"kind": "relu"},
        {"kind": "linear", "features": 10},
    ]  # fmt: skip
    spec = replace(read_architecture(Document(paths.shipped("architecture", chip))), scheme=scheme)
    network = bench.network(
        (8, 8, 1), layers, 10, epochs=3, batch=32, loss="squared_one_hot", learning_rate=8.0,
        augment=Augment(pad=0, flip=False),
    )  # fmt: skip
    data = digits.load(None, network.input)
    given = {"scheme": SCHEMES[scheme], "seed": 1, "threads": 1}
    found = train(network, spec, linear_device(bench, 126), data, **given)
    assert found.test_accuracy > 0.85
    in_memory = {"wage": 8.0, "wage_reram": 0.0}
    assert found.demands.memory_bits_per_weight == in_memory[scheme]
    assert found.demands.arrays_per_weight == 1
    assert found.activity.layers[0].set_fraction > 0.0


def test_what_digital_memory_keeps_and_an_update_asks():
    """Eight bits a weight, two rounds and a step in software; in place cells alone, no product."""
    from neurorebit.chips.parts.learning import Learning
    from neurorebit.inputs.files import read_inputs

    training = read_inputs("lenet_wage", "wage").network.training
    assert SCHEMES["wage"].learning(training) == Learning(1, 0, 3, write="direct", word_bits=8)
    assert SCHEMES["wage_reram"].learning(training) == Learning(0, 0, 2, word_bits=32)
