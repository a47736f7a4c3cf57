"""Activity of an estimate without a training: recorded in trainings, brought to the chip."""

import json
from dataclasses import replace

import pytest
from common import near, refusal

from neurorebit.inputs.activity import of_others, read_activity
from neurorebit.inputs.files import parse_setting, read_inputs
from neurorebit.schema import InputError
from neurorebit.schema.activity import LayerActivity, Origin, RecordedActivity
from neurorebit.schemes.assumed import assumed
from neurorebit.studies import activity as files
from neurorebit.studies.sweep import sweep

SEEN = LayerActivity(
    (0.5, 0.4, 0.2), 0.1, 0.3, 0.45,
    set_fraction=0.01, reset_fraction=0.02, set_levels=1.0, reset_levels=1.5, words_written=1.0,
)  # fmt: skip


def recorded(scheme="hybrid", **changes):
    values = {
        "scheme": scheme, "source": "a training", "weight_bits": 3.0, "input_bits": 3,
        "levels_ltp": 128.0, "levels_ltd": 64.0, "own": {"batch": 64},
        "layers": {f"linear{i}": SEEN for i in (1, 2)},
    }  # fmt: skip
    return RecordedActivity(**values | changes)


def found(*settings, recorded_as=None, architecture="rebit"):
    inputs = read_inputs("mlp", architecture, settings=[parse_setting(s) for s in settings])
    names = [node.name for node in inputs.network.matrices]
    one = recorded_as or recorded()
    one = replace(one, layers=dict.fromkeys(names, SEEN))
    network = replace(inputs.network, recorded=(one,))
    return assumed(network, inputs.architecture, inputs.device)


# --- brought to the bits and pulses of the chip


@pytest.mark.parametrize(
    ("bits", "planes"),
    [(3, (0.5, 0.4, 0.2)), (2, (0.4, 0.2)), (5, (0.5, 0.5, 0.5, 0.4, 0.2))],
)
def test_inputs_lose_and_gain_their_least_significant_planes(bits, planes):
    layer = found(f"architecture.input_bits={bits}").layers[0]
    assert layer.input_density == planes


def test_finer_levels_are_crossed_more_often():
    """From 6 steps of the range to 14: each of 14/6 times the steps is crossed on its own."""
    layer = found("architecture.weight_bits=4").layers[0]
    ratio = 14.0 / 6.0
    assert layer.set_fraction == near(1.0 - 0.99**ratio)
    assert layer.reset_fraction == near(1.0 - 0.98**ratio)
    # the cells together move as far as they did, in steps that are 14/6 times finer
    assert layer.set_fraction * layer.set_levels == near(0.01 * 1.0 * ratio)
    assert layer.reset_fraction * layer.reset_levels == near(0.02 * 1.5 * ratio)


def test_cells_that_learn_by_pulses_get_more_of_them_where_they_are_finer():
    """From 128 pulses over the range to 32 up, from 64 to 256 down; 6 steps each way."""
    one = recorded("reram")
    settings = (
        "architecture.weight_bits=3", "architecture.arrays.cell_bits=3",
        "device.pulses.levels_ltp=32", "device.pulses.levels_ltd=256",
    )  # fmt: skip
    layer = found(*settings, recorded_as=one, architecture="reram").layers[0]
    assert layer.set_fraction == near(1.0 - 0.99**0.25)
    assert layer.reset_fraction == near(1.0 - 0.98**4)
    assert layer.set_fraction * layer.set_levels == near(0.01)
    assert layer.reset_fraction * layer.reset_levels == near(0.03)


def test_a_share_stays_a_share_however_fine_the_levels():
    layer = found("architecture.weight_bits=8").layers[0]
    assert 0.0 < layer.set_fraction < 1.0


# --- where it comes from


def test_what_the_file_gives_holds_instead():
    layers = found(
        "network.activity.error_density=0.25", "network.activity.set_fraction=0.5",
        "network.activity.input_density=0.1, 0.2, 0.3", "architecture.weight_bits=4",
    )  # fmt: skip
    assert [layer.error_density for layer in layers.layers] == [0.25] * 3
    assert [layer.set_fraction for layer in layers.layers] == [0.5] * 3
    assert [layer.input_density[0] for layer in layers.layers] == [0.1, 0.2, 0.3]
    assert layers.layers[0].reset_fraction == near(1.0 - 0.98 ** (14.0 / 6.0))
    assert layers.source.startswith(
        "assumed in the network file are input_density, error_density, set_fraction"
    )


def test_a_scheme_that_no_training_recorded_takes_the_mean_of_others():
    inputs = read_inputs("mlp", "reram")
    alone = replace(inputs.network, recorded=())
    activity = assumed(alone, inputs.architecture, inputs.device)
    (mean,) = (one for one in of_others() if one.scheme == "reram")
    kinds = [mean.layers[name] for name in ("first", "inner", "last")]
    assert [a.error_density for a in activity.layers] == [a.error_density for a in kinds]
    assert [a.input_density for a in activity.layers] == [a.input_density for a in kinds]
    assert activity.source.startswith("assumed: mean of the layers of ")


def test_activity_of_other_layers_is_said_not_to_count():
    """As of a copied file whose layers were changed."""
    inputs = read_inputs("mlp")
    changed = replace(inputs.network, recorded=())
    activity = assumed(changed, inputs.architecture, inputs.device)
    assert activity.origin is Origin.ASSUMED
    assert activity.source.endswith("(activity/mlp.json is of other layers)")


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("architecture.weight_bits", [2, 3, 5, 8]),
        ("architecture.input_bits", [2, 8, 11]),
        ("device.pulses.levels_ltp", [40, 128, 500]),
        ("network.activity.set_fraction", [0.1, 0.2]),
    ],
)
@pytest.mark.parametrize("chip", ["rebit", "reram"])
def test_a_sweep_assumes_what_runs_assume(chip, key, values):
    other = ["architecture.arrays.cell_bits=8"] if chip == "reram" else []
    given = [parse_setting(text) for text in other]
    together = sweep("mlp", {key: values}, architecture=chip, settings=given)
    for i, value in enumerate(values):
        settings = [parse_setting(text) for text in (f"{key}={value}", *other)]
        alone = sweep("mlp", {"training.batch": [64]}, architecture=chip, settings=settings)
        for phase in ("forward", "update", "sync"):
            column = f"{phase} energy [J/image]"
            assert together["feasible"][i]
            assert together[column][i] == near(alone[column][0], rel=1e-12)


# --- files


def test_a_file_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "a.json"
    files.write(path, files._text("net", [recorded(), recorded("reram", levels_ltp=None)]))
    assert read_activity(path, "a.json") == (recorded(), recorded("reram", levels_ltp=None))
    other = path.read_text().replace('"error_density": 0.1', '"error_density": 1.5')
    path.write_text(other)
    told = refusal(lambda: read_activity(path, "b.json"))
    assert told.startswith("b.json: recorded[0].layers.linear1.error_density: ")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"schema": 7}, "a.json: expected an activity file of schema 1, got 7"),
        ({"recorded": [{"scheme": "hybrid"}]}, "are missing"),
        ({"extra": 1}, "unknown key"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path, change, told):
    path = tmp_path / "a.json"
    files.write(path, files._text("net", [recorded()]))
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert told in refusal(lambda: read_activity(path, "a.json"))


def test_the_mean_counts_each_network_once(tmp_path):
    """Two networks, of two and of four layers: the inner layers are those of the second alone."""
    high = replace(SEEN, error_density=0.5)
    low = replace(SEEN, error_density=0.3)
    one = recorded(layers={"a": SEEN, "b": SEEN})
    two = recorded(layers={"a": high, "b": low, "c": high, "d": high})
    for name, each in (("one", one), ("two", two)):
        files.write(tmp_path / f"{name}.json", files._text(name, [each]))
    text = files.mean([tmp_path / "one.json", tmp_path / "two.json"])
    layers = json.loads(text)["recorded"][0]["layers"]
    densities = {kind: layer["error_density"] for kind, layer in layers.items()}
    assert densities == {"first": near(0.3), "inner": near(0.4), "last": near(0.3)}


def test_a_mean_of_nothing_is_refused(tmp_path):
    """No network has a layer between the first and the last, or bit planes are missing."""
    for layers, told in (
        ({"a": SEEN, "b": SEEN}, "mean: no network has inner layers of scheme hybrid; add a net"),
        ({"a": SEEN, "b": replace(SEEN, input_density=(0.5,)), "c": SEEN}, "has 1 bit planes; "),
    ):
        files.write(tmp_path / "one.json", files._text("one", [recorded(layers=layers)]))
        assert told in refusal(lambda: files.mean([tmp_path / "one.json"]))


# --- inputs that may be below zero

SIGNED = """
name: two
input: {channels: 1, height: 4, width: 4}
classes: 3
layers:
  - {kind: flatten}
  - {kind: linear, features: 5}
  - {kind: linear, features: 3}
"""


def of_signed(tmp_path, *settings, recorded_as=None):
    path = tmp_path / "two.yaml"
    path.write_text(SIGNED)
    inputs = read_inputs(str(path), "rebit", settings=[parse_setting(s) for s in settings])
    network = inputs.network
    if recorded_as is not None:
        network = replace(network, recorded=(recorded_as,))
    return assumed(network, inputs.architecture, inputs.device)


def test_signed_inputs_that_nobody_measured_are_normal(tmp_path):
    """Half of all are above zero and half below; two's complement of both has as many ones as
    zeros, but for the codes of zero: a 1 in 97 of 7 bits at most.
    """
    found = of_signed(tmp_path)
    first, second = found.layers
    assert (len(first.input_density), first.stored_density) == (8, None)
    assert len(second.input_density) == 14
    assert second.input_density[:7] == near(second.input_density[7:])
    assert second.stored_density == pytest.approx(0.5, abs=0.01)
    # of |x| < 3.29 deviations at 127, above 63.5 lie those beyond 1.645 deviations: 5 % on a side
    assert second.input_density[6] == pytest.approx(0.05, abs=1e-3)
    assert "normal with a mean of zero" in found.source


def test_signed_inputs_that_were_measured_hold_for_their_way_alone(tmp_path):
    planes = tuple(0.01 * n for n in range(1, 15))
    seen = replace(SEEN, input_density=planes, stored_density=0.47)
    layers = {"linear1": SEEN, "linear2": seen}
    one = recorded(layers=layers, input_bits=8, signed_inputs="two_phase")
    found = of_signed(tmp_path, recorded_as=one)
    assert found.layers[1].input_density == planes
    assert found.layers[1].stored_density == 0.47
    assert "normal" not in found.source
    other = of_signed(tmp_path, "architecture.signed_inputs=offset", recorded_as=one)
    assert len(other.layers[1].input_density) == 8
    assert "normal with a mean of zero" in other.source
    fewer = of_signed(tmp_path, "architecture.input_bits=6", recorded_as=one)
    assert fewer.layers[1].input_density == (*planes[2:7], *planes[9:])


def test_a_density_that_is_given_is_that_of_all_planes(tmp_path):
    found = of_signed(tmp_path, "network.activity.input_density=0.2")
    assert found.layers[1].input_density == (0.2,) * 14
    assert "normal" not in found.source


def test_what_a_file_has_of_other_schemes_may_stay(tmp_path, monkeypatch):
    path, old, new = tmp_path / "a.json", recorded("reram"), recorded("hybrid", source="anew")
    files.write(path, files._text("net", [recorded("hybrid"), old]))
    report = {"inputs": {"network": {"values": {"name": "net"}}}}
    monkeypatch.setattr(files.document, "read", lambda place: report)
    monkeypatch.setattr(files, "_recorded", lambda found, where: new)
    files.write(path, files.recorded([tmp_path], path))
    assert read_activity(path, "a.json") == (new, old)
    other = recorded("reram", layers={"another": SEEN})
    files.write(path, files._text("net", [other]))
    with pytest.raises(InputError, match="activity of other layers than the trainings"):
        files.recorded([tmp_path], path)
