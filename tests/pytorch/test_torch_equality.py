"""One physics: the same nets trained by the native engine and through PyTorch, bit by bit."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import neurorebit as nr  # noqa: E402
import neurorebit.torch as nrt  # noqa: E402
from neurorebit.schemes.table import SCHEMES  # noqa: E402
from neurorebit.studies.request import Request  # noqa: E402
from neurorebit.training.losses import LOSSES, softmax_loss  # noqa: E402
from neurorebit.training.model import Model  # noqa: E402
from neurorebit.training.parts.workers import Workers, quiet  # noqa: E402
from neurorebit.training.state import capture  # noqa: E402
from neurorebit.weights.fitting import LayerStart, Start  # noqa: E402

TRAINED = [name for name, scheme in SCHEMES.items() if scheme.trains]
RATE, BATCH, SEED = 0.0625, 12, 3  # a rate that schemes of whole numbers take, too
LAYERS = [
    {"kind": "conv", "name": "0", "channels": 6, "kernel": 3, "padding": 1},
    {"kind": "relu"},
    {"kind": "max_pool", "kernel": 2},
    {"kind": "conv", "name": "3", "channels": 8, "kernel": 3, "stride": 2, "groups": 2},
    {"kind": "relu"},
    {"kind": "flatten"},
    {"kind": "linear", "name": "6", "features": 5},
]
WHOLE = {"loss": "squared_one_hot", "learning_rate": RATE}


class Last(nn.Module):
    """Flattens a map with its channels last, as the native engine does."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


def module():
    made = nn.Sequential(
        nn.Conv2d(2, 6, 3, padding=1, bias=False),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, stride=2, groups=2, bias=False),
        nn.ReLU(),
        Last(),
        nn.Linear(72, 5, bias=False),
    )
    for layer in (made[0], made[3], made[6]):
        nn.init.normal_(layer.weight, std=0.3)  # so that few bits hold something of all
    return made


def ours(weight, groups=1):
    """A weight of PyTorch [out, in / groups, height, width] as a matrix [groups, rows, cols]."""
    array = weight.detach().numpy()
    if array.ndim == 2:
        return array.T[None].copy()
    out, channels, height, width = array.shape
    split = array.reshape(groups, out // groups, channels, height, width)
    return np.stack([part.transpose(2, 3, 1, 0).reshape(-1, out // groups) for part in split])


def chip_of(word):
    return nr.chip(SCHEMES[word].architecture).set("architecture.scheme", word)


def native(made, word, training=None):
    """The same net in the native engine, with the weights of a module."""
    whole = WHOLE if SCHEMES[word].refuses else {}
    network = nr.network(
        {
            "name": "small",
            "source": "a test",
            "input": {"channels": 2, "height": 16, "width": 16},
            "classes": 5,
            "layers": LAYERS,
            "activity": {"source": "a test", "input_density": 0.2},
            "training": {**whole, **(training or {})},
        }
    )
    chip = chip_of(word)
    inputs = Request(
        network.document,
        chip.architecture.document,
        chip.technology.document,
        chip.device.document,
        settings=chip.settings,
    ).inputs()
    matrices = {
        "0": LayerStart(ours(made[0].weight)),
        "3": LayerStart(ours(made[3].weight, 2)),
        "6": LayerStart(ours(made[6].weight)),
    }
    return Model(
        inputs.network,
        inputs.architecture,
        inputs.device,
        scheme=SCHEMES[word],
        seed=SEED,
        workers=Workers(1),
        start=Start(matrices, {}, ""),
    )


def batches(steps):
    random = np.random.default_rng(1)
    for _ in range(steps):
        yield random.integers(0, 256, (BATCH, 16, 16, 2), np.uint8), random.integers(0, 5, BATCH)


def difference(one, other):
    """The paths of two captured states that are not the same bits."""
    assert one.arrays.keys() | one.plain.keys() == other.arrays.keys() | other.plain.keys()
    wrong = [
        path
        for path, value in one.arrays.items()
        if not np.array_equal(value, other.arrays.get(path, other.plain.get(path)), equal_nan=True)
    ]
    for path, value in one.plain.items():
        found = other.plain.get(path, other.arrays.get(path))
        same = value == found or (value != value and found != found)
        wrong += [] if np.all(same) else [path]
    return wrong


@pytest.mark.parametrize("word", TRAINED)
def test_three_steps_are_those_of_the_native_engine_bit_by_bit(word):
    """Scores of each step; then all that each layer holds: cells, levels, ranges and counters."""
    made = module()
    model = native(made, word)
    analog = nrt.convert(made, chip_of(word), word, seed=SEED, threads=1)
    learn = nrt.optimiser(analog, lr=RATE)
    loss = LOSSES["squared_one_hot"] if SCHEMES[word].refuses else softmax_loss
    with quiet():
        for images, labels in batches(3):
            wanted = model.forward(images, learning=True)
            scores = analog(torch.from_numpy(images).permute(0, 3, 1, 2))
            assert np.array_equal(scores.detach().numpy(), wanted)
            _, gradient = loss(wanted, labels, 0.0)
            learn.zero_grad()
            scores.backward(torch.from_numpy(gradient.reshape(scores.shape).astype(np.float32)))
            model.backward(gradient, RATE)
            learn.step()
    for layer, matrix in zip(model.matrices, analog.array_matrices, strict=True):
        assert layer.weights.written.updates == 3
        layer.sends_back = True  # the native engine knows that no error goes to the image
        assert difference(capture({"l": layer}), capture({"l": matrix.held})) == []


@pytest.mark.parametrize("word", ["real", "quantized", "hybrid"])
def test_an_optimiser_of_pytorch_takes_the_steps_of_the_native_engine(word):
    """To rounding: SGD of PyTorch adds in another order; cells then follow in the same way."""
    made = module()
    model = native(made, word)
    analog = nrt.convert(made, chip_of(word), word, seed=SEED, threads=1)
    training = analog.array_session.training
    learn = torch.optim.SGD(
        analog.parameters(), RATE, training.momentum, weight_decay=training.weight_decay
    )
    analog.follow(learn)
    with quiet():
        for images, labels in batches(1):
            wanted = model.forward(images, learning=True)
            scores = analog(torch.from_numpy(images).permute(0, 3, 1, 2))
            _, gradient = softmax_loss(wanted, labels, 0.0)
            scores.backward(torch.from_numpy(gradient))
            model.backward(gradient, RATE)
            learn.step()
    for layer, matrix in zip(model.matrices, analog.array_matrices, strict=True):
        mine, theirs = layer.weights, matrix.held.weights
        np.testing.assert_allclose(theirs.real, mine.real, rtol=1e-5, atol=1e-7)
        assert theirs.written.updates == mine.written.updates == 1
        if word == "hybrid":
            assert np.mean(theirs.levels == mine.levels) > 0.995
            same = theirs.levels == mine.levels
            assert np.array_equal(theirs.analog[same], mine.analog[same])
