"""What a loop of PyTorch does with a converted model: what works, and what is refused."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import neurorebit as nr  # noqa: E402
import neurorebit.torch as nrt  # noqa: E402


def module():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3))


def data():
    generator = torch.Generator().manual_seed(5)
    return torch.rand(8, 1, 4, 4, generator=generator), torch.arange(8) % 3


def step(analog, learn, *, sync=True):
    x, y = data()
    learn.zero_grad()
    loss = nn.functional.cross_entropy(analog(x), y)
    loss.backward()
    learn.step()
    if sync:
        analog.sync()
    return float(loss.detach())


def refused(match):
    return pytest.raises(nr.InputError, match=match)


@pytest.mark.parametrize(
    ("chip", "scheme", "cure"),
    [
        ("rebit", "reram", r"take neurorebit.chip\('reram'\)"),
        ("rebit", "tiki_taka", r"take neurorebit.chip\('reram'\)"),
        ("reram", "hybrid", r"take neurorebit.chip\('rebit'\)"),
        ("inference_reram", "hybrid", "take deployed"),
        ("rebit", "hybird", "did you mean 'hybrid'"),
    ],
)
def test_a_scheme_and_a_chip_that_do_not_belong_together(chip, scheme, cure):
    with refused(cure):
        nrt.convert(module(), chip, scheme)


def test_keys_of_training_that_the_loop_decides_and_unknown_ones():
    with refused("the optimiser has the rate; leave it out"):
        nrt.convert(module(), "rebit", "hybrid", training={"learning_rate": 0.1})
    with refused("unknown key"):
        nrt.convert(module(), "rebit", "hybrid", training={"wirte": "verify"})
    with refused("training.write"):
        nrt.convert(module(), "rebit", "hybrid", training={"write": "verified"})


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"threads": 0}, "threads: expected a whole number from 1 on"),
        ({"seed": -1}, "seed: expected a whole number"),
        ({"signed": ("head",)}, "signed head: no such module"),
        ({"training": ["write"]}, "training: expected a dictionary, got list"),
        ({"engine": "gpu"}, "no such engine; take one of kernels, operations"),
    ],
)
def test_arguments_that_are_wrong(keys, message):
    with refused(message):
        nrt.convert(module(), "rebit", "hybrid", **keys)


def test_inputs_that_do_not_fit_a_layer():
    analog = nrt.convert(module(), "rebit", "hybrid", threads=1)
    with refused("layer '0': a 3 x 3 kernel .* does not fit"):
        analog(torch.rand(2, 1, 2, 2))
    with refused("takes maps of 1 channels"):
        analog(torch.rand(2, 3, 4, 4))
    with refused("layer '0': an input without numbers; give a batch"):
        analog(torch.rand(0, 1, 4, 4))


class Two(nn.Module):
    """A model of two inputs."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 3)

    def forward(self, x, y):
        return self.inner(x) + self.inner(y)


def test_a_model_of_several_inputs_is_billed():
    pytest.importorskip("onnx")
    analog = nrt.convert(Two(), "rebit", "hybrid", threads=1)
    x, y = torch.rand(2, 4), torch.rand(2, 4)
    given = nrt.estimate(analog, (x, y)).layers
    analog(x, y)
    assert given["layer"].nunique() == nrt.estimate(analog).layers["layer"].nunique() == 3


def test_an_optimiser_of_pytorch_on_weights_in_cells():
    analog = nrt.convert(module(), "reram", "reram", threads=1)
    with refused("no optimiser of PyTorch changes; take neurorebit.torch.optimiser"):
        analog(data()[0])
    with refused("keeps no real weights"):
        analog.eval()(data()[0])
        analog.sync()
    with torch.no_grad():
        analog.train()(data()[0])  # nothing is to learn
    learn = nrt.optimiser(analog, 0.1)
    assert step(analog, learn, sync=False) > 0.0
    with torch.no_grad():
        analog[3].weight.add_(1.0)
    with refused("its weights were changed, and are in cells alone"):
        analog(data()[0])


def test_a_step_without_sync():
    analog = nrt.convert(module(), "rebit", "hybrid", threads=1)
    learn = torch.optim.SGD(analog.parameters(), 0.1)
    step(analog, learn, sync=False)
    with refused(r"cells did not follow; call analog.sync\(\)"):
        step(analog, learn)
    analog.sync()
    analog.follow(learn)
    assert step(analog, learn, sync=False) < step(analog, learn, sync=False) + 1.0


def test_levels_that_learn_take_our_optimiser():
    analog = nrt.convert(module(), "rebit", "hybrid", training={"quantiser": "learned"}, threads=1)
    with refused("levels learn by an optimiser of ours"):
        step(analog, torch.optim.SGD(analog.parameters(), 0.1))
    analog = nrt.convert(module(), "rebit", "hybrid", training={"quantiser": "learned"}, threads=1)
    analog(data()[0])
    full = [matrix.held.weights.full for matrix in analog.array_matrices]
    learn = nrt.optimiser(analog, 0.1)
    for _ in range(2):
        step(analog, learn, sync=False)
    assert full != [matrix.held.weights.full for matrix in analog.array_matrices]


def test_several_backward_passes_are_one_step_with_the_sum_of_their_gradients():
    """As in any loop of PyTorch: halves of a batch, or the batch."""
    x, y = data()
    for word, chip in (("hybrid", "rebit"), ("mixed_precision", "reram")):
        ends = []
        for parts in (1, 2):
            analog = nrt.convert(module(), chip, word, training={"adc": "ideal"}, threads=1)
            analog.load_state_dict(ends[0][1] if ends else analog.state_dict())
            learn = nrt.optimiser(analog, 0.1)
            start = {key: value.clone() for key, value in analog.state_dict().items()}
            for some in torch.arange(8).chunk(parts):
                part = nn.functional.cross_entropy(analog(x[some]), y[some]) * (len(some) / 8)
                part.backward()
            learn.step()
            updates = [m.held.weights.written.updates for m in analog.array_matrices]
            assert updates == [1, 1]
            ends.append((analog, start))


def test_gradients_of_real_weights_are_those_of_the_chips_codes():
    """A linear layer by hand: codes times rounded errors, within the steps of both."""
    layer = nn.Linear(4, 3)
    analog = nrt.convert(layer, "rebit", "hybrid", threads=1)
    x, dy = torch.rand(5, 4), torch.randn(5, 3)
    analog(x).backward(dy)
    step_x, step_dy = float(x.max()) / 255, 2 * float(dy.abs().max()) / 127
    wanted = dy.T @ x
    bound = 5 * (step_x * float(dy.abs().max()) + step_dy * float(x.max()))
    assert float((analog.weight.grad - wanted).abs().max()) < bound
    assert float((analog.bias.grad - dy.sum(0)).abs().max()) < 5 * step_dy


def test_autocast_leaves_arrays_their_numbers():
    analog = nrt.convert(module(), "rebit", "hybrid", threads=1).eval()
    x, _ = data()
    with torch.no_grad():
        plain = analog[0](x)
        with torch.autocast("cpu", torch.bfloat16):
            found = analog[0](x)
            given = analog[0](x.bfloat16())
    assert found.dtype == given.dtype == torch.float32
    torch.testing.assert_close(found, plain, atol=0.1, rtol=0.1)  # the noise of another read


def test_a_compiled_model_calls_the_arrays():
    analog = nrt.convert(module(), "rebit", "hybrid", threads=1)
    compiled = torch.compile(analog, backend="eager")
    learn = torch.optim.SGD(analog.parameters(), 0.1)
    x, y = data()
    nn.functional.cross_entropy(compiled(x), y).backward()
    learn.step()
    analog.sync()
    assert [m.held.weights.written.updates for m in analog.array_matrices] == [1, 1]
    compiled(x)


def test_data_parallel_is_refused():
    analog = nrt.convert(module(), "rebit", "hybrid", threads=1)
    with refused("DataParallel copies a layer for each device"):
        analog[0]._replicate_for_data_parallel()  # as DataParallel does for each device


def test_an_input_below_zero_after_a_first_one_without():
    analog = nrt.convert(module(), "rebit", "hybrid", threads=1)
    analog(data()[0])
    with refused("say so where it is converted: signed="):
        analog(-data()[0])
    said = nrt.convert(module(), "rebit", "hybrid", signed=("0",), threads=1)
    said(data()[0])
    said(-data()[0])
    assert [matrix.signed for matrix in said.array_matrices] == [True, False]


def test_weights_that_are_given_are_written_once_and_calibrated():
    analog = nrt.convert(module(), "inference_reram", threads=1).eval()
    assert not any(layer.weight.requires_grad for layer in analog.array_layers.values())
    x, _ = data()
    analog.calibrate([x, (x, None)])
    layers = [matrix.held for matrix in analog.array_matrices]
    assert [layer.weights.reading.forward.squares.measured for layer in layers] == [2, 2]
    with torch.no_grad():
        first, again = analog(x), analog(x)
    assert first.shape == again.shape == (8, 3)
    with refused("no parameter of the model learns"):
        nrt.optimiser(analog.requires_grad_(False))


def test_the_run_of_a_loop_is_a_report_like_any_other(tmp_path):
    """The same files and keys as a run of the native engine; counts by hand."""
    pytest.importorskip("onnx")
    analog = nrt.convert(module(), "rebit", "hybrid", training={"batch": 8}, threads=1)
    learn = torch.optim.SGD(analog.parameters(), 0.1)
    with refused("the model has had no input yet"):
        nrt.estimate(analog)
    assumed = nrt.estimate(analog, (1, 4, 4))
    assert assumed.document["activity"]["origin"] == "assumed"
    with refused("an epoch without a batch"):
        analog.end_epoch(1.0)
    for _ in range(2):
        losses = [step(analog, learn) for _ in range(3)]
        analog.eval()
        with torch.no_grad():
            analog(torch.rand(5, 1, 4, 4))
        analog.train()
        analog.end_epoch(float(np.mean(losses)), test_accuracy=0.6, train_accuracy=0.5)
    place = analog.save_run(tmp_path / "run")
    report = json.loads((place / "report.json").read_text())
    wanted = nr.run("mlp", "rebit", training=False).save(tmp_path / "other")
    assert {p.name for p in wanted.iterdir()} <= {p.name for p in place.iterdir()}
    assert report.keys() == json.loads((wanted / "report.json").read_text()).keys()
    training = report["training"]
    assert [epoch["test_accuracy"] for epoch in training["epochs"]] == [0.6, 0.6]
    assert (training["images"], training["images_seen"], training["test_images"]) == (24, 48, 5)
    assert (report["activity"]["origin"], report["scheme"]) == ("measured", "hybrid")
    conv, linear = report["activity"]["layers"]
    layers = [matrix.held for matrix in analog.array_matrices]
    pairs = 6 * 8 * 4 * 9, 6 * 8 * 16  # steps, images, vectors, rows
    for found, layer, count in zip((conv, linear), layers, pairs, strict=True):
        assert found["input_density"] == pytest.approx([n / count for n in layer.seen.ones])
        cells = layer.weights.real.size * 6
        writes = found["set_fraction"] + found["reset_fraction"]
        assert writes == pytest.approx(
            (layer.weights.written.sets + layer.weights.written.resets) / cells
        )
    assert nrt.estimate(analog).energy == pytest.approx(report["totals"]["image"]["energy_J"])
    with refused("holds the report of another training"):
        step(analog, learn)
        analog.save_run(tmp_path / "run")
    assert nrt.run(analog).accuracy == 0.6
    assert "caller's loader" in (place / "report.txt").read_text()


class Words(nn.Module):
    """An LSTM that reads words, attention over its states, and a head that stays digital."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(7, 6)
        self.steps = nn.LSTM(6, 8, batch_first=True)
        self.focus = nn.MultiheadAttention(8, 2, batch_first=True)
        self.kept = nn.Linear(8, 8)
        self.head = nn.Linear(8, 3)

    def forward(self, words):
        states, _ = self.steps(self.table(words))
        seen, _ = self.focus(states, states, states, need_weights=False)
        return self.head(torch.relu(self.kept(seen.mean(1))))


def test_the_products_of_a_recurrent_layer_and_of_attention_are_billed():
    pytest.importorskip("onnx")
    analog = nrt.convert(Words(), "rebit", "hybrid", keep=("kept",), threads=1)
    learn = torch.optim.SGD(analog.parameters(), 0.1)
    words = torch.randint(0, 7, (4, 5))
    for _ in range(2):
        learn.zero_grad()
        analog(words).square().sum().backward()
        learn.step()
        analog.sync()
    found = nrt.estimate(analog)
    names = [layer["name"] for layer in found.document["activity"]["layers"]]
    assert len(names) == 10  # two of the LSTM, four and two products of attention, two heads
    source = found.document["activity"]["source"]
    assert source.startswith("measured in 2 steps of a loop of PyTorch; of ")
    assert "kept" in source


@pytest.fixture
def group(tmp_path):
    """A group of processes of which this is the only one."""
    distributed = torch.distributed
    store = distributed.FileStore(str(tmp_path / "store"), 1)
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    yield distributed
    distributed.destroy_process_group()


def test_processes_exchange_gradients_of_real_weights_and_no_pulses(group, monkeypatch):
    analog = nrt.convert(module(), "rebit", "hybrid", threads=1)
    shared = nn.parallel.DistributedDataParallel(analog)
    learn = torch.optim.SGD(shared.parameters(), 0.1)
    shared.module.follow(learn)
    for _ in range(2):
        step(shared, learn, sync=False)
    assert [m.held.weights.written.updates for m in analog.array_matrices] == [2, 2]
    cells = nrt.convert(module(), "reram", "reram", threads=1)
    learn = nrt.optimiser(cells, 0.1)
    step(cells, learn, sync=False)
    monkeypatch.setattr(group, "get_world_size", lambda *_: 2)
    with refused("which processes do not exchange"):
        step(cells, learn, sync=False)
