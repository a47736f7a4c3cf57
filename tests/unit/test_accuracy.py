"""Accuracies of designs at a budget: what it is, what is not trained twice, rungs, workers."""

import numpy as np
import pytest

import neurorebit as nr
from neurorebit.machines.executor import Here
from neurorebit.schema import InputError
from neurorebit.studies.accuracy import Memory, Reached, Task, mean_and_spread, reads
from neurorebit.studies.fidelity import Fidelity, fidelity

SMALL = {"network.width": 0.1, "training.calibration_steps": 1}
SPACE = {
    "architecture.apim.adc_bits": [3, 4, 5, 6],
    "architecture.apim.rows": [64, 128],
    "technology.vdd": [0.8, 0.9],
}
RUNGS = ("images=32,epochs=1", "images=64,epochs=2,seeds=2")


def test_a_budget_is_read_from_text_or_numbers():
    found = fidelity("images=1000, epochs=2,width=0.5")
    assert found == Fidelity(images=1000, epochs=2, width=0.5, seeds=1)
    assert found == fidelity({"images": 1000, "epochs": 2, "width": 0.5})
    assert fidelity(found.words) == found
    keys = {setting.key: setting.text for setting in found.settings}
    assert keys == {"training.images": "1000", "training.epochs": "2", "network.width": "0.5"}
    assert found.text == "2 epochs of 1,000 images at width 0.5, 1 seed"
    assert fidelity("").text == "the network's epochs of the network's images, 1 seed"


@pytest.mark.parametrize(
    "text",
    ["images", "images=", "images=0", "images=1.5", "images=nan", "images=1e9", "width=0",
     "width=inf", "seeds=101", "image=3", "images=1,images=2", "epochs=true"],
)  # fmt: skip
def test_what_is_no_budget_is_refused(text):
    with pytest.raises(InputError) as problem:
        fidelity(text)
    assert problem.value.argument == "train"
    assert "images=1000,epochs=2" in str(problem.value)


def test_mean_and_spread_are_those_of_a_sample():
    mean, spread = mean_and_spread([0.9, 0.8, 0.85])
    assert mean == pytest.approx(0.85)
    assert spread == pytest.approx(((0.05**2 + 0.05**2 + 0) / 2) ** 0.5)
    assert np.isnan(mean_and_spread([0.9])[1])


def test_trainings_that_differ_in_nothing_they_read_are_not_repeated():
    budget = Fidelity(images=10)

    def task(seed=0, **design):
        keys = {"bits": "architecture.apim.adc_bits", "vdd": "technology.vdd", "device": "device"}
        return Task(0, tuple((keys[key], text) for key, text in design.items()), budget, seed)

    memory = Memory()
    known = Reached(0.9, "", frozenset({"architecture.apim.adc_bits", "device.r_on"}))
    memory.add(task(bits="5", vdd="0.8 V"), known)
    assert memory.find(task(bits="5", vdd="0.9 V")) is known
    assert memory.find(task(bits="5")) is known
    assert memory.find(task(bits="6", vdd="0.8 V")) is None
    assert memory.find(task(seed=1, bits="5", vdd="0.8 V")) is None
    assert memory.find(task(bits="5", vdd="0.8 V", device="epiram")) is None
    assert reads(known, "training.batch")
    assert reads(known, "architecture")
    assert not reads(known, "technology")
    assert reads(Reached(0.9), "technology.vdd")


def small():
    return nr.network("mlp").set(SMALL)


def test_a_sweep_gets_the_accuracies_of_trainings():
    """Each is that of a training by itself; one whose supply cannot be has none."""
    axes = {"architecture.apim.adc_bits": [3, 5], "technology.vdd": ["0.8 V", "0.9 V", "9 V"]}
    budget = {"images": 32, "epochs": 1, "seeds": 2}
    grid = nr.sweep(small(), "rebit", axes, train=budget, data="digits", progress=False)
    trained = grid.table["feasible"]
    assert trained.tolist() == [True, True, False] * 2
    assert np.array_equal(np.isfinite(grid["accuracy"]), trained)
    assert set(grid["training"][trained]) == {"1 epoch of 32 images, 2 seeds"}
    for row, bits in ((0, 3), (3, 5)):
        chip = nr.chip("rebit").set({"architecture.apim.adc_bits": bits, "technology.vdd": 0.8})
        alone = [
            nr.train(small(), chip, data="digits", images=32, epochs=1, seed=seed, progress=False)
            for seed in (0, 1)
        ]
        first, second = (run.accuracy for run in alone)
        assert grid["accuracy"][row] == pytest.approx((first + second) / 2)
        assert grid["accuracy spread"][row] == pytest.approx(abs(first - second) / 2**0.5)
    assert grid["accuracy"][0] == grid["accuracy"][1]  # the supply changes no accuracy
    assert "accuracy" in repr(grid)


def test_a_sweep_without_data_or_classes_says_so(tmp_path):
    axes = {"technology.vdd": ["0.8 V"]}
    with pytest.raises(InputError, match="no such data set"):
        nr.sweep(small(), "rebit", axes, train="images=8", data="nowhere", progress=False)
    with pytest.raises(InputError, match="expected a whole number"):
        nr.sweep(small(), "rebit", axes, train="images=0", progress=False)


def searched(**more):
    return nr.search(
        small(),
        "rebit",
        SPACE,
        objectives=["energy", "accuracy"],
        data="digits",
        progress=False,
        **{"budget": 8, "batch": 4, "train": RUNGS, **more},
    )


class Counted(Here):
    """A process that counts what it does."""

    done = 0

    def run(self, function, tasks, *, most=None):
        for task, outcome in super().run(function, tasks, most=most):
            Counted.done += 1
            yield task, outcome


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return searched(storage=tmp_path_factory.mktemp("search") / "search.db")


def test_a_search_trains_in_rungs(whole):
    table = whole.table
    assert set(table["state"]) == {"complete", "pruned"}
    complete = table["state"] == "complete"
    last = "2 epochs of 64 images, 2 seeds"
    assert set(table["training"][complete]) == {last}
    assert set(table["training"][~complete]) == {"1 epoch of 32 images, 1 seed"}
    assert set(table["reason"][~complete]) == {"pruned after 1 epoch of 32 images, 1 seed"}
    assert not np.any(table["front"] & ~complete)
    assert np.array_equal(np.isfinite(table["accuracy spread"]), complete)
    assert whole.about["training"][1] == {
        "images": 64, "epochs": 2, "width": None, "seeds": 2, "first_seed": 0, "text": last,
    }  # fmt: skip
    assert "train(network('mlp')" in table["command"][0]


def test_pruned_designs_are_beaten_in_every_objective(whole):
    """By a design whose accuracy after the first rung is no less, and its energy no more."""
    table = whole.table
    pruned = np.flatnonzero(table["state"] == "pruned")
    first = nr.sweep(
        small(), "rebit", SPACE, train=RUNGS[0], data="digits",
        progress=False,
    ).frame  # fmt: skip
    keys = ["architecture.apim.adc_bits", "architecture.apim.rows", "technology.vdd [V]"]
    accuracy = first.set_index(keys)["accuracy"]
    of = [accuracy[tuple(table[key][row] for key in keys)] for row in range(len(whole))]
    energy = table["training energy [J/image]"]
    assert pruned.size
    for row in pruned:
        assert table["accuracy"][row] == of[row]
        rest = range((row // 4 + 1) * 4)  # of its batch and those before it
        assert any(of[i] >= of[row] and energy[i] <= energy[row] and i != row for i in rest)


def test_a_search_goes_on_without_training_twice(whole, tmp_path, monkeypatch):
    import neurorebit.library.searches as library

    monkeypatch.setattr(library, "executor", lambda *given: Counted())
    place = tmp_path / "search.db"
    Counted.done = 0
    searched(storage=place, budget=3)
    begun = Counted.done
    again = searched(storage=place, resume=True)
    assert again.frame.equals(whole.frame)
    total, Counted.done = Counted.done, 0
    searched(storage=place, resume=True)
    assert Counted.done == 0
    assert begun < total


def test_workers_change_no_trial(whole):
    pytest.importorskip("distributed")
    assert searched(workers=2).frame.equals(whole.frame)


def test_a_condition_on_the_accuracy_holds_of_the_front():
    result = searched(where="accuracy>13%", pruner="none", budget=4, train="images=48,epochs=1")
    table = result.table
    assert np.all(table["accuracy"][table["front"]] > 0.13)
    beyond = table["reason"] == "beyond accuracy>13%"
    assert np.array_equal(beyond, ~(table["accuracy"] > 0.13))
