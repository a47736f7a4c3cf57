"""Trainings by the public functions: what is reached stays, and nothing is written unasked."""

import numpy as np
import pytest

import neurorebit as nr
from neurorebit.library import trainings
from neurorebit.library.progress import Images

SMALL = {"network.width": 0.1, "training.calibration_steps": 1, "training.batch": 32}


@pytest.fixture(scope="module")
def net():
    return nr.network("mlp").set(SMALL)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_same_training_as_the_command_of_the_same_inputs(net, tmp_path):
    from neurorebit.__main__ import main

    done = nr.train(net, "rebit", epochs=2, images=64, seed=3, threads=1, progress=False)
    assert files(tmp_path) == []
    sets = [word for key, value in SMALL.items() for word in ("--set", f"{key}={value}")]
    more = ["--epochs", "2", "--images", "64", "--seed", "3", "--threads", "1", "--out", "theirs"]
    assert main(["run", "mlp", *sets, *more]) == 0
    found = nr.compare(done, "theirs")
    assert found.results == ()
    assert done.save("mine").name == "mine"
    assert files(tmp_path / "mine") == files(tmp_path / "theirs")
    with pytest.raises(nr.InputError, match="another training"):
        nr.estimate(net).save("mine")
    nr.estimate(net).save("mine", replace=True)
    assert nr.read("mine").epochs.empty


def test_an_interrupt_keeps_what_was_reached(net, monkeypatch):
    class Stopped(Images):
        def __call__(self, step):
            if step.done >= 96:
                raise KeyboardInterrupt

    monkeypatch.setattr(trainings, "Images", Stopped)
    done = nr.train(net, "rebit", epochs=5, images=64, progress=False)
    assert done.interrupted
    assert done.epochs.index.tolist() == [1, 2]
    assert done.training["images_seen"] == 96
    assert done.estimate.area > 0.0
    assert "INTERRUPTED" in repr(done)
    assert "no checkpoint was kept" in repr(done)


def test_a_training_goes_on_from_its_checkpoint_as_if_never_stopped(net, tmp_path):
    whole = nr.train(net, epochs=2, images=64, threads=1, progress=False)
    options = {"epochs": 2, "images": 64, "threads": 1, "progress": False, "checkpoint": "kept"}
    begun = nr.train(net, stop_after=0.0, **options)
    assert begun.interrupted
    assert "checkpoint.npz" in files(tmp_path / "kept")
    with pytest.raises(nr.InputError, match="unfinished run"):
        nr.train(net, **options)
    done = nr.train(net, resume=True, **options)
    assert done.training["weights_sha256"] == whole.training["weights_sha256"]
    assert files(tmp_path / "kept") == []
    with pytest.raises(nr.InputError, match="no folder to go on from"):
        nr.train(net, resume=True, progress=False)


def test_images_of_the_callers_own_are_trained_on(net):
    rng = np.random.default_rng(1)
    images, labels = rng.integers(0, 256, (48, 28, 28), np.uint8), np.arange(48) % 10
    data = (images, labels, images[:20], labels[:20])
    done = nr.train(net, data=data, epochs=1, progress=False)
    assert done.training["images"] == 48
    assert done.training["test_images"] == 20
    assert not done.training["fallback"]
    with pytest.raises(nr.InputError, match="labels go from 0 to 10"):
        nr.train(net, data=(images, np.arange(48) % 11, images, labels), progress=False)
    with pytest.raises(nr.InputError, match="expected train images of"):
        nr.train(net, data=(images[:, :20], labels, images, labels), progress=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": "digit"}, "no such data set, archive or folder"),
        ({"data": 3}, "expected a name, a folder"),
        ({"seed": -1}, "expected a whole number from 0"),
        ({"scheme": "hibrid"}, "did you mean 'hybrid'"),
        ({"epochs": 0}, "epochs"),
    ],
)
def test_what_is_wrong_is_refused_before_any_training(net, options, message):
    with pytest.raises(nr.InputError, match=message):
        nr.train(net, progress=False, **options)


def test_a_comparison_of_schemes_is_kept_only_where_asked(net, tmp_path):
    table = nr.compare_schemes(
        net, ["hybrid", "real"], seeds=2, epochs=1, images=32, progress=False
    )
    assert files(tmp_path) == []
    assert set(table.runs) == {(name, seed) for name in ("hybrid", "real") for seed in (0, 1)}
    means = np.mean([table.runs["hybrid", seed].accuracy for seed in (0, 1)])
    assert table.frame.loc["hybrid", "test_accuracy"] == pytest.approx(means, rel=1e-12)
    table.save("kept")
    assert {"schemes.csv", "schemes.txt", "schemes.png"} <= set(files(tmp_path / "kept"))
    assert nr.read("kept/real_seed1").accuracy == table.runs["real", 1].accuracy
    again = {"epochs": 1, "images": 32, "seeds": 2, "progress": False, "out": "kept"}
    with pytest.raises(nr.InputError, match="out kept: holds the table"):
        nr.compare_schemes(net, ["hybrid", "real"], **again)
    same = nr.compare_schemes(net, ["hybrid", "real"], resume=True, **again)
    assert same.rows[0]["test_accuracy"] == table.rows[0]["test_accuracy"]
