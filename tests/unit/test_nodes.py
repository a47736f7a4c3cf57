"""The same chip in every node: rows are those of an estimate, and what cannot be built stays."""

import numpy as np
import pytest
from common import near

from neurorebit.chips.parts.phases import TRAINING
from neurorebit.estimation.estimate import estimate
from neurorebit.inputs.files import read_inputs
from neurorebit.schema import InputError, Setting, paths
from neurorebit.schemes.assumed import assumed
from neurorebit.studies.technologies import nodes, text


@pytest.fixture(scope="module")
def table():
    return nodes("lenet5")


def single(technology, *settings):
    inputs = read_inputs("lenet5", technology=technology, settings=settings)
    activity = assumed(inputs.network, inputs.architecture, inputs.device)
    batch = inputs.network.training.batch
    chip = inputs.architecture, inputs.technology, inputs.device
    return estimate(
        inputs.network, *chip, activity=activity, batch=batch, images=inputs.images
    ), batch


def test_every_technology_has_a_row(table):
    assert sorted(table["technology"]) == sorted(paths.nodes())
    assert table["technology"][0] == "130nm_lstp"
    assert table["technology"][-1] == "7nm_hp"
    assert table["feasible"].all()


@pytest.mark.parametrize("name", ["130nm_hp", "32nm_lstp", "7nm_lstp"])
def test_a_row_is_an_estimate(table, name):
    found, batch = single(name)
    row = list(table["technology"]).index(name)
    shares = {"image": 1.0, "iteration": 1.0 / batch}
    training = [found.phases[name] for name in TRAINING]
    spent = sum(shares[p.per] * p.total_energy for p in training)
    leaked = sum(shares[p.per] * p.leakage_energy for p in training)
    inference = found.phases["inference"]
    expected = {
        "area [m2]": found.area.total,
        "leakage [W]": found.leakage.total,
        "inference energy [J/image]": inference.total_energy,
        "inference latency [s/image]": inference.total_latency,
        "inference TOPS/W chip": inference.ops / inference.total_energy / 1e12,
        "training energy [J/image]": spent,
        "leakage share [%]": 100.0 * leaked / spent,
    }
    for key, value in expected.items():
        assert table[key][row] == near(value, rel=1e-9), key


def test_a_supply_that_a_node_cannot_take_leaves_the_others(table):
    low = nodes("lenet5", ["32nm", "65nm", "22nm"], settings=["technology.vdd=0.38V"])
    assert low["feasible"].tolist() == [True, False, True]
    assert low["reason"][1].startswith("technology.vdd: must lie between 0.4017 V and 1.65 V")
    assert np.isnan(low["area [m2]"][1])
    found, _ = single("22nm", Setting("technology.vdd", "0.38V"))
    assert low["area [m2]"][2] == near(found.area.total, rel=1e-9)
    lines = text(low.table).splitlines()
    assert lines[5].split() == ["65nm", *["-"] * 10]
    assert any(line.startswith("! 65nm: technology.vdd: must lie") for line in lines)


def test_where_no_node_is_left_the_table_says_why():
    none = text(nodes("lenet5", ["22nm", "32nm"], settings=["technology.vdd=3V"]).table)
    assert none.count("\n! ") == 2


def test_a_device_too_low_in_resistance_is_told_by_part():
    found = nodes("lenet5", ["32nm"], settings=["device.r_on=6kohm"])
    assert found["reason"][0].startswith("analog/pe/apim/array: cannot be built")


def test_a_technology_that_does_not_exist_is_an_error():
    with pytest.raises(InputError, match="33nm: no such technology"):
        nodes("lenet5", ["33nm"])


def test_the_trends_that_the_readme_tells(table):
    cards = np.array([not name.startswith(("28nm", "40nm")) for name in table["technology"]])
    kept = {name: table[name][cards] for name in table if table[name].dtype == float}
    column = {name: values.reshape(2, 9) for name, values in kept.items()}
    low, high = column["leakage [W]"]
    assert np.all(high > 300.0 * low)
    assert np.all(column["leakage share [%]"][1] > 80.0)
    for name in ("area [m2]", "forward latency [s/image]", "training latency [s/image]"):
        # fins come in whole numbers: a multiplexer of 14 nm loads its column more than one of 22
        assert np.all(np.diff(column[name]) < 0.001 * column[name][:, 1:]), name
    feature = np.array([130, 90, 65, 45, 32, 22, 14, 10, 7.0])
    squares = column["area [m2]"][0] / feature**2
    # capacitors of converters do not shrink with the feature
    assert np.ptp(squares[:6]) < 0.1 * squares[0]
    assert squares[-1] > 2.5 * squares[0]
    gain = column["training latency [s/image]"][0] / column["training latency [s/image]"][1]
    assert gain[0] > 2.0 * gain[-1] > 2.0
