"""The loop: what it reports, that it repeats, and how it ends early."""

import os
import signal
import threading
from dataclasses import asdict, replace

import numpy as np
import pytest
from common import TRAINED_NETWORKS

from neurorebit.data import digits
from neurorebit.data.dataset import Dataset
from neurorebit.inputs.network import read_network
from neurorebit.schema import Document, paths
from neurorebit.schema.training import Augment, Training
from neurorebit.schemes.ablations import ablations
from neurorebit.schemes.table import SCHEMES
from neurorebit.training.parts.workers import Workers, Workspace, spans
from neurorebit.training.trainer import Interrupts, rate_at, softmax_loss, train

SHAPE = (8, 8, 1)
LAYERS = [
    {"kind": "conv", "channels": 8, "kernel": 3, "padding": 1},
    {"kind": "batch_norm"},
    {"kind": "relu"},
    {"kind": "max_pool", "kernel": 2},
    {"kind": "conv", "channels": 16, "kernel": 3, "padding": 1},
    {"kind": "batch_norm"},
    {"kind": "relu"},
    {"kind": "flatten"},
    {"kind": "linear", "features": 10},
]
QUICK = {
    "epochs": 2,
    "images": 150,
    "test_images": 50,
    "batch": 64,
    "learning_rate": 0.02,
    "augment": Augment(pad=0, flip=False),
}


@pytest.fixture
def run(bench):
    def run(weights, *, threads=1, seed=1, progress=None, data=None, chip=None, **training):
        network = bench.network(SHAPE, LAYERS, 10, **{**QUICK, **training})
        spec, device = bench.chip(weights, **(chip or {}))
        data = data or digits.load(None, network.input)
        return train(
            network,
            spec,
            device,
            data,
            scheme=SCHEMES[weights],
            seed=seed,
            threads=threads,
            progress=progress,
        )

    return run


def numbers(result):
    """A result without its timings."""
    tree = asdict(result)
    for epoch in tree["epochs"]:
        del epoch["seconds"], epoch["images_per_second"]
    tree["weights"] = {name: array.tobytes() for name, array in tree["weights"].items()}
    return tree


@pytest.mark.parametrize("weights", ["hybrid", "real"])
def test_a_seed_gives_the_same_bits_on_one_thread_and_on_two(run, weights):
    one, two = run(weights, threads=1), run(weights, threads=2)
    assert numbers(one) == numbers(two)
    assert numbers(run(weights, threads=2, seed=2)) != numbers(one)


def test_large_layers_give_the_same_bits_on_any_number_of_threads(bench, images):
    """Layers of many blocks, pieces and parts, so that threads do share them."""
    layers = [
        {"kind": "conv", "channels": 48, "kernel": 3, "padding": 1},
        {"kind": "batch_norm"},
        {"kind": "relu"},
        {"kind": "conv", "channels": 64, "kernel": 3, "padding": 1},
        {"kind": "batch_norm"},
        {"kind": "relu"},
        {"kind": "max_pool", "kernel": 16},
        {"kind": "flatten"},
        {"kind": "linear", "features": 8},
    ]
    network = bench.network((16, 16, 3), layers, 8, adc="array")
    x, labels = images(24, (16, 16, 3)), np.arange(24) % 8
    digests = set()
    for threads in (1, 2, 3):
        with Workers(threads) as workers:
            model = bench.model(network, "hybrid", workers=workers, dtype=np.float32)
            for _ in range(2):
                scores = model.forward(x, learning=True)
                model.backward(scores / 100 - np.eye(8, dtype=np.float32)[labels] / 24, 0.05)
            digests.add((model.digest(), scores.tobytes()))
    assert len(digests) == 1


@pytest.mark.parametrize(("weights", "least"), [("real", 0.9), ("hybrid", 0.85)])
def test_handwritten_digits_are_learned(run, weights, least):
    """Real images: 1438 to learn from, 359 to be judged by."""
    result = run(weights, threads=2, epochs=4, images=None, test_images=None)
    assert result.test_accuracy == result.epochs[-1].test_accuracy >= least
    assert [e.epoch for e in result.epochs] == [1, 2, 3, 4]
    assert result.epochs[-1].loss < 0.5 * result.epochs[0].loss
    assert result.epochs[-1].train_accuracy >= least
    assert result.images == 1438
    assert not result.interrupted
    assert not result.diverged
    assert all(e.images_per_second > 0 and e.seconds > 0 for e in result.epochs)


def test_activity_is_measured_on_arrays_only(run):
    result = run("hybrid")
    assert result.activity is not None
    assert len(result.activity.layers) == 3
    assert "6 steps" in result.activity.source
    assert result.epochs[0].cells_programmed > 0
    for layer in result.activity.layers:
        assert all(0 < share < 1 for share in layer.input_density)
    software = run("real")
    assert software.activity is None
    assert software.epochs[0].cells_programmed == 0


def test_progress_hears_of_every_step(run):
    told = []
    result = run("real", progress=told.append)
    assert [(epoch, done, total) for epoch, done, total, _, _ in told] == [
        (1, 64, 300),
        (1, 128, 300),
        (1, 150, 300),
        (2, 214, 300),
        (2, 278, 300),
        (2, 300, 300),
    ]
    assert all(loss > 0 and rate > 0 for *_, loss, rate in told)
    means = [told[2][3], told[5][3]]
    assert means == [epoch.loss for epoch in result.epochs], "the mean of the epoch so far"


def test_ctrl_c_ends_the_run_after_the_step_and_keeps_what_was_reached(run):
    def press(step):
        if step.done == 214:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    result = run("hybrid", progress=press)
    assert result.interrupted
    assert [e.epoch for e in result.epochs] == [1, 2]
    assert result.test_accuracy is not None
    assert result.activity is not None
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_skips_the_evaluation(run):
    def press(step):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    result = run("real", progress=press)
    assert result.interrupted
    assert result.test_accuracy is None
    assert len(result.epochs) == 1


def test_progress_may_end_the_run_in_any_thread(run):
    def raises(*news):
        raise KeyboardInterrupt

    results = []
    thread = threading.Thread(target=lambda: results.append(run("real", progress=raises)))
    thread.start()
    thread.join()
    assert results[0].interrupted
    assert len(results[0].epochs) == 1


def test_a_third_ctrl_c_stops_at_once():
    def press_thrice():
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGINT)

    with Interrupts() as stop, pytest.raises(KeyboardInterrupt):
        press_thrice()
    assert stop.count == 3


@pytest.mark.parametrize("weights", ["real", "hybrid"])
def test_a_run_that_diverges_stops_and_says_so(run, weights):
    result = run(weights, learning_rate=1e38, epochs=30, batch=16)
    assert result.diverged
    assert len(result.epochs) < 30
    assert all(np.isfinite(e.loss) for e in result.epochs)


def test_where_training_departs_from_the_chip_is_said(bench):
    def said(weights="hybrid", **training):
        network = bench.network(SHAPE, LAYERS, 10, **training)
        return ablations(bench.chip(weights)[0], network.training)

    assert said() == ()
    assert said(error_bits=8) == (), "what the chip has anyway is no ablation"
    (ideal,) = said(adc="ideal")
    assert "adc=ideal" in ideal
    assert "5 bits" in ideal
    (planes,) = said(conversion="bit_serial")
    assert "conversion=bit_serial" in planes
    (wires,) = said(wires="resistive")
    assert "wires=resistive" in wires
    told = said(adc="ideal", conversion="bit_serial")
    assert told == (ideal,), "no plane is converted"
    assert "error_bits=32" in said(adc="ideal", error_bits=32)[1]
    assert "software" in said("real")[0]


def test_a_histogram_is_of_the_weights_of_the_middle_layer(bench):
    model = bench.model(bench.network(SHAPE, LAYERS, 10), "hybrid")
    middle = model.matrices[1].weights
    found = model.histogram()
    assert found.layer == "conv2"
    views = {"real": middle.real, "analog": middle.analog * middle.full}
    assert found.largest == max(np.abs(view).max() for view in views.values())
    width = 2 * found.largest / 60
    for name, view in views.items():
        counts = np.zeros(60, int)
        for w in view.ravel():
            counts[min(int((w + found.largest) / width), 59)] += 1
        assert np.abs(np.array(found.counts[name]) - counts).sum() <= 2, "edges round"
        assert sum(found.counts[name]) == view.size
    middle.real[0, 0, 0] = np.inf
    assert model.histogram() is None


@pytest.mark.parametrize("name", TRAINED_NETWORKS)
def test_every_shipped_network_takes_a_step_on_the_shipped_chip(bench, images, name):
    network = read_network(Document(paths.shipped("network", name)))
    shape = (network.input.height, network.input.width, network.input.channels)
    model = bench.model(network, "hybrid", dtype=np.float32)
    before = model.digest()
    loss, gradient = softmax_loss(model.forward(images(2, shape), learning=True), np.array([0, 1]))
    model.backward(gradient, 0.01)
    assert np.isfinite(loss)
    assert model.finite
    assert model.digest() != before
    assert len(model.activity()) == len(network.matrices)


def test_the_rate_climbs_over_the_warm_up_and_then_follows_the_schedule():
    training = Training(epochs=4, learning_rate=0.1, warmup_epochs=2)
    rates = [rate_at(training, step, 5) for step in range(20)]
    np.testing.assert_allclose(rates[:10], np.arange(1, 11) / 100)
    assert rates[10] == 0.1
    assert rates[15] == pytest.approx(0.05)
    assert rates[19] == pytest.approx(0.1 * np.sin(np.pi / 20) ** 2)
    level = replace(training, schedule="constant")
    assert [rate_at(level, step, 5) for step in range(20)] == rates[:10] + [0.1] * 10
    assert rate_at(replace(training, warmup_epochs=0.5), 2, 5) == 0.1, "2.5 steps"
    falling = replace(training, schedule="linear")
    assert rate_at(falling, 10, 5) == 0.1
    assert rate_at(falling, 15, 5) == pytest.approx(0.05)
    assert rate_at(falling, 19, 5) == pytest.approx(0.01)
    steps = replace(training, schedule="step", step_epochs=1.4, step_factor=0.2, warmup_epochs=0)
    found = [rate_at(steps, step, 5) for step in (0, 6, 7, 13, 14, 19)]
    np.testing.assert_allclose(found, [0.1, 0.1, 0.02, 0.02, 0.004, 0.004])
    cold = replace(training, warmup_epochs=0)
    assert rate_at(cold, 0, 5) == 0.1
    assert rate_at(cold, 10, 5) == pytest.approx(0.05)


def test_the_warm_up_reaches_the_weights(run):
    warm = run("real", warmup_epochs=1)
    assert warm.weights_sha256 != run("real").weights_sha256


def test_a_step_that_is_the_only_one_is_timed_too(run):
    result = run("real", epochs=1, images=32)
    assert result.epochs[0].images_per_second > 0


def test_images_of_one_class_only_are_learned_too(run):
    x = np.zeros((40, *SHAPE), np.uint8)
    data = Dataset(
        "black",
        x,
        np.zeros(40, np.int64),
        test_images=x,
        test_labels=np.zeros(40, np.int64),
        origin="a test",
    )
    result = run("hybrid", data=data)
    assert result.test_accuracy == 1.0


def test_results_of_jobs_stand_in_order_and_errors_are_raised():
    with Workers(3) as workers:
        assert workers.run(lambda i: i * i, 100) == [i * i for i in range(100)]
        with pytest.raises(ZeroDivisionError):
            workers.run(lambda i: 1 // (i - 50), 100)
        assert workers.run(lambda i: i, 2) == [0, 1]


def test_each_thread_has_its_own_scratch():
    with Workers(2) as workers:
        both = threading.Barrier(2)

        def job(i):
            mine = workers.scratch("x", (4,), np.float32)
            both.wait()
            return mine.__array_interface__["data"][0]

        first, second = workers.run(job, 2)
    assert first != second


def test_memory_is_used_again_when_nobody_holds_it():
    workspace = Workspace()
    a = workspace.take((4, 4), np.float32)
    workspace.hold(a)
    workspace.drop(a)
    assert not np.shares_memory(a, workspace.take((4, 4), np.float32))
    workspace.drop(a.reshape(16))
    assert np.shares_memory(a, workspace.take((2, 4), np.float64))


def test_spans_cover_everything_once():
    assert spans(7, 3) == [(0, 3), (3, 6), (6, 7)]
    assert spans(0, 3) == []
