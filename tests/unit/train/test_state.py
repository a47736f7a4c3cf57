"""Training that stops and goes on from its state is training that did not stop, to the bit."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from neurorebit.schemes.table import SCHEMES
from neurorebit.training.state import State, capture, restore
from neurorebit.training.trainer import softmax_loss

SHAPE = (6, 6, 3)
LAYERS = [
    {"kind": "conv", "channels": 6, "kernel": 3, "padding": 1},
    {"kind": "batch_norm"},
    {"kind": "relu"},
    {"kind": "max_pool", "kernel": 2},
    {"kind": "flatten"},
    {"kind": "linear", "features": 4},
]


THERE = [  # slices of weights are on a chip of their own: test_panther.py
    name for name, one in SCHEMES.items() if one.trains and one.organisation != "sliced"
]


def learn(model, images, first, last):
    """Steps in epochs of four, each on a batch of its own."""
    for step in range(first, last):
        if step % 4 == 0:
            model.begin_epoch(step // 4)
        x = images(12, SHAPE, seed=step)
        _, gradient = softmax_loss(model.forward(x, learning=True), np.arange(12) % 4)
        model.backward(gradient, 0.05 / (1 + step))


@pytest.mark.parametrize("cut", [0, 2, 4, 7])
@pytest.mark.parametrize("weights", THERE)
def test_a_scheme_goes_on_from_its_state_to_the_bit(bench, images, weights, cut):
    """Saved within an epoch, at its end, before the first step; calibration still going on."""
    network = bench.network(SHAPE, LAYERS, 4, calibration_steps=6)
    whole, first, second = (
        bench.model(network, weights, rows=8, dtype=np.float32) for _ in range(3)
    )
    learn(whole, images, 0, 10)
    learn(first, images, 0, cut)
    kept = capture(first.parts)
    restore(second.parts, State({k: v.copy() for k, v in kept.arrays.items()}, dict(kept.plain)))
    assert second.digest() == first.digest()
    learn(second, images, cut, 10)
    assert second.digest() == whole.digest()
    x = images(5, SHAPE, seed=99)
    np.testing.assert_array_equal(second.forward(x, False), whole.forward(x, False))
    ours, theirs = capture(second.parts), capture(whole.parts)
    assert ours.plain == theirs.plain
    for path, array in ours.arrays.items():
        np.testing.assert_array_equal(array, theirs.arrays[path], err_msg=path)


@dataclass(frozen=True)
class Site:
    rows: int


@dataclass
class Count:
    sets: int = 0


@dataclass(eq=False)
class Held:
    site: Site
    count: Count = field(default_factory=Count)
    cells: np.ndarray = field(default_factory=lambda: np.zeros(3, np.float32))
    mean: float = 0.0
    memory: object = field(init=False, default=None)


def test_kinds_of_values_survive():
    """A NumPy number stays one: it computes with other precision than a plain one."""
    old, new = Held(Site(3)), Held(Site(3))
    old.count.sets, old.cells[1] = 7, 0.1
    old.mean, old.memory = np.float32(0.1), np.arange(4)
    cells = new.cells
    restore({"a": new}, capture({"a": old}))
    assert new.count.sets == 7
    assert new.cells is cells
    assert type(new.mean) is np.float32
    np.testing.assert_array_equal(new.cells, old.cells)
    np.testing.assert_array_equal(new.memory, old.memory)
    old.memory[0] = 9
    assert new.memory[0] == 0, "not the same memory"


def test_what_is_kept_is_named_by_its_path():
    kept = capture({"layer": Held(Site(3))})
    assert kept.plain == {"layer.count.sets": 0, "layer.mean": 0.0, "layer.memory": None}
    assert list(kept.arrays) == ["layer.cells"]


@pytest.mark.parametrize("value", [[1], {}, np.random.default_rng(0), (np.zeros(2),)])
def test_what_cannot_be_kept_is_refused(value):
    held = Held(Site(3))
    held.memory = value
    with pytest.raises(TypeError, match=r"a\.memory: a \w+ cannot be kept"):
        capture({"a": held})


def test_the_state_of_other_objects_is_refused():
    kept = capture({"a": Held(Site(3))})
    with pytest.raises(ValueError, match="only on one side"):
        restore({"b": Held(Site(3))}, kept)
    with pytest.raises(ValueError, match=r"a\.cells is float32"):
        restore({"a": Held(Site(3), cells=np.zeros(4, np.float32))}, kept)
