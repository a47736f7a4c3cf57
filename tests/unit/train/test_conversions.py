"""How converters use their codes: counted by plain loops, and said where the range is wrong."""

import math

import numpy as np
import pytest
from common import near

from neurorebit.inputs.files import parse_setting, read_inputs
from neurorebit.kernels import convert
from neurorebit.schemes.table import SCHEMES
from neurorebit.studies.conversions import of_ranges
from neurorebit.training.model import Model
from neurorebit.training.parts import converters
from neurorebit.training.parts.codes import Use, used
from neurorebit.training.parts.workers import Workers
from neurorebit.training.trainer import softmax_loss


def test_codes_are_counted_as_they_are_made():
    """Steps of 0.5 to either side: 3 codes each way, ties to even, ends clipped, nan left out."""
    sums = np.array([[0.2, 0.25, 0.3, -0.75, 1.5], [9.0, -9.0, 1.24, np.nan, np.inf]], np.float32)
    counts = np.zeros(7, np.int64)
    convert.tally(sums, 2.0, 3, counts)
    # 0.4, 0.5, 0.6, -1.5, 3.0 / 18, -18, 2.48, nan, inf -> 0, 0, 1, -2, 3 / 3, -3, 2, -, 3
    assert counts.tolist() == [1, 1, 0, 2, 1, 1, 3]


def test_use_of_codes():
    """Four codes alike tell two bits; a quarter of all end in one of the two ends."""
    assert used(np.array([1, 3, 3, 1])) == Use(
        near(0.25), near(2.0 ** (2 * (1 / 8) * 3 + 2 * (3 / 8) * math.log2(8 / 3))), 4
    )
    assert used(np.array([5, 5, 5, 5, 0, 0, 0])) == Use(near(0.25), near(4.0), 7)
    assert used(np.array([0, 7, 0])) == Use(0.0, 1.0, 3)
    assert used(np.zeros(3)) is None


def test_a_normal_sum_uses_half_of_the_codes():
    """Of 31 codes over 4 deviations a step is 4/15 of one: 2^H is sqrt(2 pi e) 15/4 = 15.5."""
    draws = np.random.default_rng(1).normal(size=(4000, 500))
    counts = np.zeros(31, np.int64)
    convert.tally(draws, 15 / 4, 15, counts)
    found = used(counts)
    assert found.effective == pytest.approx(math.sqrt(2 * math.pi * math.e) * 15 / 4, rel=0.01)
    # an end takes what is beyond 14.5 steps: 3.87 deviations
    assert found.clipped == pytest.approx(math.erfc(14.5 * 4 / 15 / math.sqrt(2)), rel=0.2)


IMAGES = 12


def trained(adc_range, scheme="hybrid", chip="rebit", steps=18, threads=1):
    """A small perceptron after some steps, and the codes of its converters."""
    settings = [
        "network.layers[1].features=20", "network.layers[4].features=9",
        f"architecture.scheme={scheme}",
        f"architecture.{'apim' if chip == 'rebit' else 'arrays'}.adc_range={adc_range}",
    ]  # fmt: skip
    inputs = read_inputs("mlp", chip, settings=[parse_setting(s) for s in settings])
    model = Model(
        inputs.network, inputs.architecture, inputs.device, scheme=SCHEMES[scheme], seed=1,
        workers=Workers(threads),
    )  # fmt: skip
    shape = inputs.network.input
    images = np.random.default_rng(0).integers(
        0, 256, (IMAGES, shape.height, shape.width, shape.channels), np.uint8
    )
    for _ in range(steps):
        scores = model.forward(images, learning=True)
        model.backward(softmax_loss(scores, np.arange(IMAGES) % 10)[1], 0.01)
    model.forward(images, learning=False)
    return inputs, model


def test_one_read_in_sixteen_is_counted():
    """Of 18 steps the first and the 17th; each vector of each array and output is a conversion."""
    _, model = trained(4)
    for layer in model.matrices:
        matmul = layer.node.matmul
        arrays = -(-matmul.rows // 128)
        counts = layer.weights.reading.forward.codes
        assert counts.sum() == 2 * IMAGES * arrays * matmul.cols
        assert layer.weights.reading.forward.reads == 18
        assert layer.weights.reading.backward.codes is None  # errors go back in digital arithmetic


def test_both_passes_of_arrays_that_learn_in_place_are_counted():
    _, model = trained(4, "reram", "reram")
    first, *others = model.conversions()
    assert first.forward is not None
    assert first.backward is None  # the first layer sends no error
    for one in others:
        assert one.forward.codes == 31
        assert one.backward.codes == 63


def test_threads_do_not_move_the_counts():
    one, two = (trained(4, threads=threads)[1].conversions() for threads in (1, 2))
    assert one == two


def test_every_read_is_counted_where_asked(monkeypatch):
    """The clipped share is that of a plain loop over the codes of an array."""
    monkeypatch.setattr(converters, "COUNTED", 1)
    _, model = trained(1, steps=3)
    layer = model.matrices[-1]
    counts = layer.weights.reading.forward.codes
    assert counts.sum() == 3 * IMAGES * layer.node.matmul.cols
    use = model.conversions()[-1].forward
    assert use.clipped == near((counts[0] + counts[-1]) / counts.sum())
    assert use.clipped > 0.2  # beyond about one deviation: a third of a normal sum


def record(model):
    """As the record of a training has them."""
    from dataclasses import asdict

    return [asdict(one) for one in model.conversions()]


@pytest.mark.parametrize(
    ("adc_range", "said"), [(0.5, "is narrow"), (64, "is wide"), (4, None), (3, None)]
)
def test_a_range_that_is_wrong_is_told(adc_range, said):
    inputs, model = trained(adc_range)
    lines = list(of_ranges(record(model), inputs.architecture))
    assert len(lines) == (said is not None)
    if said:
        assert lines[0].startswith(f"architecture.apim.adc_range={adc_range:g} {said}")
        assert "in 3 of 3 layers and passes" in lines[0]


def test_software_has_no_converters():
    assert trained(4, "real")[1].conversions() == ()
