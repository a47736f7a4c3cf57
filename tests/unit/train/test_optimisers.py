"""The rules of ``training.optimiser`` against their published formulas, in plain Python floats."""

import math
from dataclasses import replace

import numpy as np
import pytest
from small import CLASSES, INPUTS, SHAPE, dense, one_step, unlike_device

import neurorebit as nr
from neurorebit.inputs.files import read_inputs
from neurorebit.kernels import elementwise
from neurorebit.schema import InputError, Setting
from neurorebit.schema.optimisers import OPTIMISERS
from neurorebit.schemes.ablations import why_idle
from neurorebit.schemes.table import SCHEMES
from neurorebit.studies.request import Request
from neurorebit.studies.schemes import suited
from neurorebit.training.model import Model
from neurorebit.training.parts.workers import Workers
from neurorebit.training.state import State, capture, restore

DIGITAL = [name for name, one in SCHEMES.items() if one.trains and len(one.optimisers) > 1]
RATES = (0.03, 0.02, 0.05, 0.01)
MOMENTUM, DECAY, BETAS, EPSILON = 0.7, 0.04, (0.8, 0.95), 0.003


def by_the_book(rule, weight, gradients):
    """One weight after each step of SGD (Sutskever et al.), Adam (Kingma, Ba) or AdamW."""
    first, second = BETAS
    m = s = v = 0.0
    for t, (rate, gradient) in enumerate(zip(RATES, gradients, strict=True), start=1):
        g = gradient if rule == "adamw" else gradient + DECAY * weight
        m = first * m + (1 - first) * g
        s = second * s + (1 - second) * g * g
        v = MOMENTUM * v + g
        adam = (m / (1 - first**t)) / (math.sqrt(s / (1 - second**t)) + EPSILON)
        step = {"sgd": v, "nesterov": g + MOMENTUM * v}.get(rule, adam)
        shrink = rate * DECAY * weight if rule == "adamw" else 0.0
        weight = weight - rate * step - shrink
    return weight


@pytest.mark.parametrize("rule", OPTIMISERS)
def test_a_rule_is_its_published_formula(bench, monkeypatch, rule):
    """Of real weights, and of those that levels and cells follow; part by part."""
    monkeypatch.setattr("neurorebit.schemes.parts.software.PART", 50)
    training = {
        "optimiser": rule, "momentum": MOMENTUM, "weight_decay": DECAY, "betas": BETAS,
        "epsilon": EPSILON, "weight_clip": 100.0,
    }  # fmt: skip
    found = np.random.default_rng(3).normal(0, 0.3, (len(RATES), INPUTS * 11))
    found[:, 7] = 0.0  # a weight without gradient
    assert DIGITAL == ["real", "quantized", "hybrid", "reram_mapped"]
    for scheme in DIGITAL:
        model = dense(bench, scheme, unlike_device(bench), training=training)
        weights = model.matrices[0].weights
        due = [
            by_the_book(rule, float(w), g) for w, g in zip(weights.real.flat, found.T, strict=True)
        ]
        for rate, gradient in zip(RATES, found, strict=True):

            def set_gradient(x, dy, out, gradient=gradient):
                out[...] = gradient.reshape(out.shape)

            monkeypatch.setattr(weights, "gradient", set_gradient)
            weights.update(None, None, rate)
        np.testing.assert_allclose(weights.real.ravel(), due, rtol=1e-12, err_msg=scheme)


def test_weights_stay_in_their_bound_and_nan_stays():
    w, g = np.array([1.0, -1.0, np.nan]), np.array([-30.0, 30.0, 1.0])
    rates = elementwise.Moments(0.5, 0.9, 0.9, 1e-8, 0.0, 1.0)
    elementwise.adam(w, np.zeros(3), np.zeros(3), g, rates, 1.1)
    np.testing.assert_array_equal(w, [1.1, -1.1, np.nan])
    w = np.array([1.0, -1.0, np.nan])
    elementwise.nesterov(w, np.zeros(3), g, elementwise.Rates(0.5, 0.9, 0.0), 1.1)
    np.testing.assert_array_equal(w, [1.1, -1.1, np.nan])


NORMS = [
    {"kind": "conv", "channels": 4, "kernel": 3, "bias": True}, {"kind": "batch_norm"},
    {"kind": "relu"}, {"kind": "group_norm", "groups": 2}, {"kind": "flatten"},
    {"kind": "linear", "features": 3, "bias": True},
]  # fmt: skip


def parameters(model):
    """What learns beside weights."""
    found = {f"bias {i}": one.bias for i, one in enumerate(model.matrices)}
    for step in model.steps:
        if hasattr(step.layer, "gain"):
            found |= {f"{step.node.name} {k}": getattr(step.layer, k) for k in ("gain", "shift")}
    return found


def test_the_first_step_of_adam_moves_all_that_learns_by_the_rate(bench, images):
    """M over its root mean square is the sign of the gradient: of biases, gains and shifts, too."""
    network = bench.network(SHAPE, NORMS, 3, optimiser="adam", epsilon=1e-300, weight_decay=0.0)
    model = bench.model(network, "real")
    kept = {name: value.copy() for name, value in parameters(model).items()}
    assert len(kept) == 6
    x, labels = images(6, SHAPE), np.arange(6) % 3
    one_step(model, x, labels)
    rate = {float(np.abs(v - kept[name]).max()) for name, v in parameters(model).items()}
    assert max(rate) == pytest.approx(min(rate))
    for name, value in parameters(model).items():
        if name != "bias 0":  # what a norm takes away again: its gradient is rounding alone
            np.testing.assert_allclose(np.abs(value - kept[name]), max(rate), err_msg=name)


def test_adapters_learn_by_the_rule(bench, images):
    keys = {"optimiser": "adam", "epsilon": 1e-300, "weight_decay": 0.0}
    network = bench.network(SHAPE, NORMS, 3, **keys)
    inputs = read_inputs("mlp", settings=(Setting("training.adapters.rank", "2"),))
    training = replace(inputs.network.training, batch=4, **keys)
    model = bench.model(replace(inputs.network, training=training), "hybrid")
    adapter = model.matrices[-1].adapter
    assert network is not None
    before = adapter.up.copy()
    one_step(model, images(4, (28, 28, 1)), np.arange(4))
    moved = np.abs(adapter.up - before)
    np.testing.assert_allclose(moved[moved > 0], moved.max())
    assert (moved > 0).mean() > 0.9


def test_a_learned_spacing_learns_by_the_rule(bench):
    """The first step of Adam moves it by the rate, against the sign of its gradient."""
    training = {"optimiser": "adam", "epsilon": 1e-300, "quantiser": "learned"}
    weights = dense(bench, "quantized", unlike_device(bench), training=training).matrices[0].weights
    before = weights.full / weights.top
    weights.rescale(np.full_like(weights.real, 0.2), 0.001)
    assert abs(weights.full / weights.top - before) == pytest.approx(0.001)


@pytest.mark.parametrize("rule", ["nesterov", "adam"])
def test_a_training_goes_on_as_it_was_on_any_number_of_threads(bench, images, monkeypatch, rule):
    """Four steps at once on one thread; two, and two more from their state, on two threads."""
    monkeypatch.setattr("neurorebit.schemes.parts.software.PART", 16)
    network = bench.network(SHAPE, NORMS, 3, optimiser=rule)
    x, labels = images(6, SHAPE), np.arange(6) % 3
    with Workers(2) as two:
        spec, device = bench.chip("hybrid")
        whole, first, second = (
            Model(network, spec, device, scheme=SCHEMES["hybrid"], seed=1, workers=workers)
            for workers in (bench.workers, two, two)
        )
        for _ in range(4):
            one_step(whole, x, labels)
        for _ in range(2):
            one_step(first, x, labels)
        kept = capture(first.parts)
        copies = {name: array.copy() for name, array in kept.arrays.items()}
        restore(second.parts, State(copies, dict(kept.plain)))
        assert second.digest() == first.digest()
        for _ in range(2):
            one_step(second, x, labels)
    assert second.digest() == whole.digest()
    squares = [name for name in kept.arrays if name.endswith("squares")]
    assert len(squares) == (10 if rule == "adam" else 0)  # two layers: weight, spacing, bias; norms


WORK = {  # words beside the weight, products, additions, roots and divisions of a weight in a step
    # rate; momentum; decay
    ("sgd", 0.9, 0.0): (1, 2, 2, 0), ("sgd", 0.0, 1e-3): (0, 2, 2, 0),
    # the momentum of the step is a product and a sum more
    ("nesterov", 0.9, 0.0): (1, 3, 3, 0), ("nesterov", 0.0, 0.0): (0, 1, 1, 0),
    # m: 2 and 1; s: 2 and 1, and a square of half words: 2 and 1; rate: 1 and 1; epsilon: 1
    ("adam", 0.9, 0.0): (2, 7, 5, 2), ("adam", 0.0, 1e-3): (2, 8, 6, 2),
    ("adamw", 0.9, 1e-3): (2, 8, 6, 2),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "momentum", "decay"), WORK)
def test_what_a_rule_keeps_and_computes_is_billed(bench, rule, momentum, decay):
    words, products, additions, serial = WORK[rule, momentum, decay]
    keys = {"optimiser": rule, "momentum": momentum, "weight_decay": decay}
    network = bench.network(SHAPE, NORMS, 3, **keys)
    for scheme in DIGITAL:
        found = SCHEMES[scheme].learning(network.training)
        assert found.words == 1 + words, scheme
        assert (found.products, found.additions, found.serial) == (products, additions, serial)
        assert found.moments == (0 if rule == "sgd" else words)
        model = bench.model(network, scheme)
        assert model.words == 1 + words
        held = model.matrices[0].weights
        squares = [held.rule.squares.size] if hasattr(held.rule, "squares") else []
        assert squares == [held.real.size] * (words - 1)
        assert held.velocity.size == held.real.size


def test_a_chip_holds_and_moves_the_moments(bench):
    """In place they are words in DRAM, read and written once an iteration; the hybrid chip has
    arrays for them in its digital macros.
    """

    def of(architecture, scheme, rule):
        chip = nr.chip(architecture).set("architecture.scheme", scheme)
        return nr.estimate(nr.network("mlp").set("training.optimiser", rule), chip).document

    weights = 784 * 256 + 256 * 128 + 128 * 10
    for scheme, chip in (("quantized", "sram"), ("hybrid", "rebit")):
        sgd, adam = (of(chip, scheme, rule) for rule in ("sgd", "adam"))
        moved = [one["phases"]["update"]["dram_energy_J"] for one in (sgd, adam)]
        due = 2 * 32 * weights * 3.9e-12 if chip == "sram" else 0.0  # HBM2: 3.9 pJ a bit
        assert moved[1] - moved[0] == pytest.approx(due)
        assert (adam["chip"]["area_m2"] > sgd["chip"]["area_m2"]) == (chip == "rebit")
        spent = [one["phases"]["update"]["energy_J"] for one in (sgd, adam)]
        assert spent[1] > 2.0 * spent[0]  # 64 sums of roots and divisions, 8 products for 3


@pytest.mark.parametrize("scheme", ["reram", "mixed_precision", "tiki_taka", "wage", "manhattan"])
def test_weights_in_cells_learn_by_no_such_rule(scheme):
    architecture = SCHEMES[scheme].architecture
    settings = (Setting("architecture.scheme", scheme), Setting("training.optimiser", "adam"))
    with pytest.raises(InputError, match=f"scheme={scheme}: adam learns numbers in digital") as bad:
        Request("mlp", architecture, settings=settings).inputs()
    assert bad.value.key == "training.optimiser"
    assert "take sgd, or a scheme of digital weights" in str(bad.value)


def test_a_comparison_leaves_out_what_cannot_learn_by_the_rule():
    said = []
    request = Request("mlp", settings=(Setting("training.optimiser", "adamw"),))
    assert suited(request, said.append) == DIGITAL
    assert any(line.startswith("left out: reram_3bit, scheme=reram: adamw") for line in said)


IDLE = [
    ({"optimiser": "adam", "momentum": 0.5}, "momentum", "optimiser=adam"),
    ({"betas": (0.5, 0.9)}, "betas", "optimiser=sgd"),
    ({"epsilon": 0.1, "optimiser": "nesterov"}, "epsilon", "optimiser=nesterov"),
    ({"step_factor": 0.1}, "step_factor", "schedule=cosine"),
    ({"step_epochs": 3.0, "schedule": "linear"}, "step_epochs", "schedule=linear"),
]


@pytest.mark.parametrize(("values", "key", "why"), IDLE)
def test_keys_of_another_rule_or_schedule_have_no_effect(values, key, why):
    inputs = read_inputs("mlp")
    training = replace(inputs.network.training, **values)
    assert why_idle(key, inputs.architecture, training) == f"without effect beside {why}"
    own = replace(training, optimiser="sgd" if key == "momentum" else "adam", schedule="step")
    assert why_idle(key, inputs.architecture, own) == ""


def test_one_range_for_the_cells_of_all_layers(bench):
    training = {"weight_range": 0.6}
    model = dense(bench, "reram", unlike_device(bench), training=training)
    assert [one.weights.full for one in model.matrices] == [0.6, 0.6]
    assert model.network.classes == CLASSES
    spec, own = model.spec, replace(model.training, level_range=3.0)
    assert why_idle("level_range", spec, own).endswith("beside weight_range=0.6")
    assert why_idle("weight_range", replace(spec, scheme="hybrid"), own).endswith("no such choice")
