"""Layers that are frozen, and low-rank updates beside them: what learns, stays and is sent."""

import gradients
import numpy as np
import pytest
from oracle import naive

import neurorebit as nr
from neurorebit.inputs.network import read_network
from neurorebit.schema import Document, InputError
from neurorebit.training.trainer import softmax_loss

NET = """\
source: a test
name: small
input: {channels: 2, height: 6, width: 5}
classes: 3
layers:
  - {kind: conv, channels: 4, kernel: 3, padding: 1, name: first}
  - {kind: batch_norm, name: norm1}
  - {kind: relu}
  - {kind: conv, channels: 5, kernel: 3, bias: true, name: second}
  - {kind: batch_norm, name: norm2}
  - {kind: relu}
  - {kind: flatten}
  - {kind: linear, features: 3, name: last}
activity: {source: a test, input_density: 0.2}
training: {%s}
"""
EXACT = "momentum: 0.0, weight_decay: 0.0"


@pytest.fixture
def made(tmp_path, bench):
    def network(keys, **options):
        (tmp_path / "net.yaml").write_text(NET % keys)
        return bench.model(read_network(Document(tmp_path / "net.yaml")), **options)

    return network


@pytest.fixture
def batch():
    rng = np.random.default_rng(6)
    return rng.integers(0, 256, (4, 6, 5, 2), np.uint8), np.array([0, 2, 1, 2])


def stirred(model, seed=9):
    """Running statistics and the second matrices of adapters with numbers of their own."""
    rng = np.random.default_rng(seed)
    for step in model.steps:
        if hasattr(step.layer, "running_mean"):
            step.layer.running_mean[...] = rng.normal(0, 0.3, step.layer.running_mean.size)
            step.layer.running_variance[...] = rng.uniform(0.5, 2.0, step.layer.gain.size)
        if getattr(step.layer, "adapter", None) is not None:
            step.layer.adapter.up[...] = rng.normal(0, 0.3, step.layer.adapter.up.shape)
    return model


@pytest.mark.parametrize(
    ("keys", "count"),
    [
        ("frozen: [second, norm2]", 10 + 4 + 4 + 10),
        ("frozen: [first]", 4 + 4 + 10 + 5 + 5 + 5 + 10),
        ("frozen: [first, norm1]", 10 + 5 + 5 + 5 + 10),
        ("frozen: [norm1, norm2], adapters: {rank: 2}", 10 + 8 + 10 + 10 + 10 + 6),
        ("adapters: {rank: 2, layers: [second]}", 10 + 4 + 4 + 10 + 10 + 5 + 5 + 10),
    ],
)
def test_gradients_of_what_learns_are_those_of_differences(made, batch, keys, count):
    """Errors pass through what is frozen: layers before it get the right gradients."""
    model = stirred(made(f"{EXACT}, {keys}"))
    checked = gradients.check(model, *batch)
    assert checked == count


@pytest.mark.parametrize("scheme", ["real", "hybrid", "reram_mapped"])
def test_what_is_frozen_stays_and_the_others_learn(made, batch, scheme):
    model = made("frozen: [first, norm1, second]", weights=scheme)
    before = model.kept()
    for _ in range(3):
        loss = softmax_loss(model.forward(batch[0], learning=True), batch[1])
        model.backward(loss[1], rate=0.1)
    after = model.kept()
    same = {name for name in before if np.array_equal(before[name], after[name])}
    for name in ("first.weight", "second.weight", "second.bias", "norm1.gain", "norm1.mean"):
        assert name in same
    for name in ("last.weight", "norm2.gain", "norm2.mean"):
        assert name not in same
    if scheme != "real":
        assert {"first.conductance", "second.conductance", "second.levels"} <= same
        assert "last.conductance" not in same
        still = model.activity()[0]
        assert (still.set_fraction, still.reset_fraction, still.words_written) == (0.0, 0.0, 0.0)
        assert still.input_density[0] > 0.0


def test_no_error_goes_back_to_where_nothing_learns(made, batch, monkeypatch):
    model = made("frozen: [first, norm1, second, norm2]")
    sent = []
    kind = type(model.matrices[0].weights)
    original = kind.mtvm

    def noted(self, dy, x, dx):
        sent.append(self)
        original(self, dy, x, dx)

    monkeypatch.setattr(kind, "mtvm", noted)
    loss = softmax_loss(model.forward(batch[0], learning=True), batch[1])
    model.backward(loss[1], rate=0.1)
    assert sent == []


def test_memory_is_given_back_by_what_is_frozen(made, batch):
    model = made("frozen: [first, norm1, second, norm2]")
    for _ in range(4):
        loss = softmax_loss(model.forward(batch[0], learning=True), batch[1])
        model.backward(loss[1], rate=0.01)
    assert model.workspace._holders == {}


def test_an_adapter_adds_the_product_of_its_matrices(made, batch):
    """Y = W x + B A x, by plain loops, for a convolution and a linear layer."""
    model, plain = (stirred(made(f"adapters: {{rank: {rank}}}")) for rank in (2, 2))
    for layer, other in zip(model.matrices, plain.matrices, strict=True):
        low = layer.adapter.down[0] @ layer.adapter.up
        other.weights.real[...] = layer.weights.real + low[None]
        other.adapter.up[...] = 0.0
    found, wanted = (m.forward(batch[0], learning=False) for m in (model, plain))
    np.testing.assert_allclose(found, wanted, rtol=1e-9)
    first = model.matrices[0]
    weights = first.weights.real + (first.adapter.down[0] @ first.adapter.up)[None]
    out = naive.convolution(batch[0] / 255.0, weights, 3, 1, 1, 1)
    np.testing.assert_allclose(first.forward((batch[0],), learning=False), out, rtol=1e-9)


def test_an_adapter_changes_nothing_before_the_first_step(made, batch):
    with_one, without = made("adapters: {rank: 3}"), made("frozen: []")
    scores = [model.forward(batch[0], learning=False) for model in (with_one, without)]
    np.testing.assert_array_equal(*scores)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("frozen: [nobody]", "no layer is named 'nobody'; name one that there is"),
        ("adapters: {rank: 2, layers: [nobody]}", "no layer is named 'nobody'"),
        ("frozen: [first, norm1, second, norm2, last]", "every layer is frozen"),
        ("adapters: {rank: 0}", "training.adapters.rank"),
    ],
)
def test_what_cannot_be_frozen_is_refused(made, keys, told):
    with pytest.raises(InputError) as problem:
        made(keys)
    assert told in str(problem.value)
    assert len(str(problem.value).splitlines()) == 1


def small(**keys):
    return nr.network("mlp").set({"network.width": 0.1, "training.calibration_steps": 1, **keys})


ADAPTED = {"training.adapters.rank": 3}


@pytest.mark.parametrize("keys", [ADAPTED, {"training.frozen": "[linear1, batch_norm1]"}])
def test_a_run_resumes_to_the_same_bits(tmp_path, keys):
    given = {"data": "digits", "epochs": 1, "images": 192, "progress": False}
    whole = nr.train(small(**keys), **given)
    part = nr.train(small(**keys), checkpoint=tmp_path, stop_after=0.0, **given)
    assert part.interrupted
    rest = nr.train(small(**keys), checkpoint=tmp_path, resume=True, **given)
    assert rest.training["weights_sha256"] == whole.training["weights_sha256"]
    assert rest.accuracy == whole.accuracy
    threads = nr.train(small(**keys), threads=2, **given)
    assert threads.training["weights_sha256"] == whole.training["weights_sha256"]


def test_adapters_are_saved_and_taken_up(tmp_path):
    given = {"data": "digits", "epochs": 1, "images": 192, "progress": False, "scheme": "real"}
    done = nr.train(small(**ADAPTED), **given)
    assert done.weights.layers["linear1"]["adapter_down"].shape == (1, 784, 3)
    path = done.weights.save(tmp_path / "w.npz")
    found = nr.evaluate(
        small(**ADAPTED), "rebit", weights_from=path, draws=1, data="digits", progress=False
    )
    assert found.software == done.accuracy


def test_frozen_cells_have_rested_in_every_pass():
    """What is frozen drifts in training, too: a run of no rate sees the scores of the tests."""
    drift = {
        "device.retention.source": "a test", "device.retention.exponent": 0.05,
        "device.retention.toward": 0.0,
    }  # fmt: skip
    chip = nr.chip("rebit").set(drift)
    net = small(**ADAPTED).set({"training.rest": 86400.0})
    results = {}
    for rest in (0.0, 86400.0):
        done = nr.train(
            net.set("training.rest", rest), chip, data="digits", epochs=1, images=64, progress=False
        )
        results[rest] = done.epochs["loss"].iloc[0]
    assert results[0.0] != results[86400.0]  # the first loss, of cells that nobody wrote again
    free = small()
    losses = {
        rest: nr.train(
            free.set("training.rest", rest), chip, data="digits", epochs=1, images=64,
            progress=False,
        ).epochs["loss"].iloc[0]
        for rest in (0.0, 86400.0)
    }  # fmt: skip
    assert losses[0.0] == losses[86400.0]  # cells that learn are written in every step


@pytest.mark.parametrize("chip", ["rebit", "reram", "sram"])
def test_the_bill_leaves_out_what_is_frozen(chip):
    """Work of a frozen part is that of a network of the head alone."""
    frozen = "[linear1, batch_norm1, linear2, batch_norm2]"
    whole = nr.estimate(nr.network("mlp"), chip)
    part = nr.estimate(nr.network("mlp").set("training.frozen", frozen), chip)
    for phase in ("gradient", "update", "sync"):
        energy = part.layers[part.layers["phase"] == phase].set_index("layer")["energy_J"]
        leaking = part.layers[part.layers["phase"] == phase].set_index("layer")["latency_s"]
        assert leaking[["linear1", "linear2"]].tolist() == [0.0, 0.0]
        assert energy["linear3"] > 0.0
    sizes = {"linear1": 784 * 256, "linear2": 256 * 128, "linear3": 128 * 10}
    assert part.phases["ops"]["gradient"] == 2 * sizes["linear3"]
    assert part.phases["ops"]["update"] == sizes["linear3"]
    assert part.phases["ops"]["backward"] == 0.0
    assert whole.phases["ops"]["gradient"] == 2 * sum(sizes.values())
    same = [name for name in ("inference", "programming") if name in whole.phases.index]
    for phase in same:
        assert part.phases["energy_J"][phase] == whole.phases["energy_J"][phase]
    assert part.area == whole.area


def test_errors_are_billed_through_what_is_frozen_between_learners():
    frozen = nr.estimate(nr.network("mlp").set("training.frozen", "[linear2]"))
    whole = nr.estimate("mlp")
    for name in ("linear2", "linear3"):
        rows = [
            e.layers[(e.layers["phase"] == "backward") & (e.layers["layer"] == name)]
            for e in (frozen, whole)
        ]
        assert rows[0]["energy_J"].item() == pytest.approx(rows[1]["energy_J"].item(), rel=1e-12)


def test_adapters_are_billed_in_digital_macros():
    """Operations by hand; of energy, what a second rank adds is what the next one adds."""
    estimates = [
        nr.estimate(nr.network("mlp").set("training.adapters.rank", rank), "rebit")
        for rank in (8, 16, 24)
    ]
    plain = nr.estimate("mlp", "rebit")
    sizes = ((784, 256), (256, 128), (128, 10))
    sums = sum(rows + cols for rows, cols in sizes)
    first = estimates[0].phases["ops"]
    assert first["update"] == 8 * sums
    assert first["gradient"] == 2 * 8 * sums
    assert first["inference"] == plain.phases["ops"]["inference"] + 2 * 8 * sums
    sent = 2 * 8 * (sums - 784)  # no error goes back to the image
    assert first["backward"] == plain.phases["ops"]["backward"] + sent
    assert first["sync"] == 0.0
    for phase in ("inference", "backward", "gradient", "update", "programming"):
        phases = [e.document["phases"][phase] for e in estimates]
        energies = [one["energy_J"] - one["leakage_energy_J"] for one in phases]
        one, two = energies[1] - energies[0], energies[2] - energies[1]
        assert one > 0.0
        # rows and words fill macros as they come: not quite a straight line
        assert two == pytest.approx(one, rel=0.25), phase
    assert plain.area < estimates[0].area <= estimates[1].area
    assert any("adapters: two matrices" in line for line in estimates[0].document["assumptions"])


def test_a_chip_without_digital_macros_has_no_adapters():
    with pytest.raises(InputError, match="they learn in digital macros, and the chip that learns"):
        nr.estimate(nr.network("mlp").set("training.adapters.rank", 2), "reram")


HEAD = {"network.layers[7].scheme": "real"}


def test_a_head_in_digital_memory_learns_exactly_beside_arrays(bench, tmp_path, batch):
    """The codes of the inputs times the real weights, and no cell of that layer."""
    text = (NET % "").replace("name: last}", "name: last, scheme: real}")
    (tmp_path / "net.yaml").write_text(text)
    model = bench.model(read_network(Document(tmp_path / "net.yaml")), "hybrid")
    head, rng = model.matrices[-1], np.random.default_rng(4)
    x = np.abs(rng.normal(size=(4, 1, 1, head.node.shape_in.size)))
    found = head.forward((x,), learning=True).reshape(4, 3)
    top, clip = 255, np.percentile(x, 99.9)
    codes = np.clip(np.floor(x.reshape(4, -1) * top / clip + 0.5), 0, top)
    np.testing.assert_allclose(found, codes @ head.weights.real[0] * (clip / top), rtol=1e-9)
    assert set(model.kept()) >= {"last.weight", "second.conductance"}
    assert "last.conductance" not in model.kept()
    assert head.weights.writes.size == 0


def test_the_bill_of_a_digital_head_has_no_arrays_of_it():
    plain, mixed = (nr.estimate(net, "rebit") for net in ("mlp", nr.network("mlp").set(HEAD)))
    rows = mixed.document["layers"][2]
    assert rows["name"] == "linear3"
    parts = rows["phases"]["inference"]["energy_by_part_J"]
    analog = [e for name, e in parts.items() if name.startswith("analog/")]
    assert analog
    assert not any(analog)
    assert sum(e for name, e in parts.items() if name.startswith("digital/")) > 0.0
    assert rows["phases"]["sync"]["energy_J"] == 0.0
    held = 784 * 256 + 256 * 128  # in cells, of all copies
    programmed = {
        e: x.phases["ops"]["programming"] for e, x in (("plain", plain), ("mixed", mixed))
    }
    assert programmed["plain"] - programmed["mixed"] >= 128 * 10
    assert programmed["mixed"] >= held
    counts = [e.document["chip"]["counts"] for e in (plain, mixed)]
    assert counts[1]["analog"]["tiles"] == counts[0]["analog"]["tiles"] - 1
    assert counts[1]["digital"]["tiles"] > counts[0]["digital"]["tiles"]


def test_a_frozen_backbone_in_cells_with_a_head_in_digital_memory():
    frozen = "[linear1, batch_norm1, linear2, batch_norm2]"
    net = nr.network("mlp").set({**HEAD, "training.frozen": frozen})
    est = nr.estimate(net, "rebit")
    assert est.phases["ops"]["sync"] == 0.0
    assert est.phases["energy_J"]["sync"] == 0.0
    assert est.phases["ops"]["update"] == 128 * 10
    small_net = small(**HEAD).set("training.frozen", frozen)
    done = nr.train(small_net, data="digits", epochs=1, images=192, progress=False)
    assert done.training["epochs"][0]["cells_programmed"] == 0
    assert done.training["epochs"][0]["loss"] < 3.0


@pytest.mark.parametrize(
    ("chip", "word", "told"),
    [
        ("reram", "real", "the chip that learns in place holds weights by reram; take real on the"),
        ("rebit", "reram", "the hybrid chip holds weights by hybrid or in digital macros (real)"),
        ("inference_reram", "real", "the chip that only infers holds weights by deployed"),
    ],
)
def test_schemes_that_one_chip_cannot_hold_are_refused(chip, word, told):
    with pytest.raises(InputError) as problem:
        nr.estimate(nr.network("mlp").set("network.layers[7].scheme", word), chip)
    assert told in str(problem.value)


def test_the_chips_own_scheme_may_be_named():
    one = nr.estimate(nr.network("mlp").set("network.layers[7].scheme", "hybrid"), "rebit")
    assert one.phases["energy_J"].tolist() == nr.estimate("mlp").phases["energy_J"].tolist()
