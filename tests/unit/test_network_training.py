"""What a network file says of activity and training."""

import json
from functools import partial

import pytest
from common import refusal
from small_network import SMALL, written_network

from neurorebit.data.table import DATASETS
from neurorebit.inputs.network import read_network
from neurorebit.schema import Document, paths

ONE_MORE = "  - {kind: linear, features: 20}\n  - {kind: relu}\n  - {kind: linear, features: 10}"


@pytest.fixture
def read(tmp_path):
    return partial(written_network, tmp_path)


# --- activity


def test_the_activity_of_a_file_is_optional_key_by_key(read):
    given = read(activity__input_density="0.3", activity__set_fraction="0.1").activity
    assert given.input_density.tolist() == [0.3]
    assert given.set_fraction == 0.1
    assert given.reset_fraction is None
    assert read().recorded == ()


def test_an_activity_file_that_is_missing_is_told(read):
    told = refusal(lambda: read(activity__recorded="nowhere.json"))
    assert "nowhere.json: no such activity file" in told


def test_a_copy_of_a_shipped_file_has_the_activity_of_its_original(tmp_path, read):
    """Wherever it lies; an activity file beside it goes before the shipped one."""
    shipped = paths.shipped("network", "mlp")
    original, text = read_network(Document(shipped)), shipped.read_text(encoding="utf-8")
    assert read(text).recorded == original.recorded != ()
    (tmp_path / "activity").mkdir()
    own = json.loads((shipped.parent / "activity" / "mlp.json").read_text(encoding="utf-8"))
    own["recorded"] = own["recorded"][:1]
    (tmp_path / "activity" / "mlp.json").write_text(json.dumps(own), encoding="utf-8")
    assert read(text).recorded == original.recorded[:1]


def test_activity_of_other_layers_is_left_out(read):
    """Whoever copies a network and changes its layers need not know of the file."""
    text = paths.shipped("network", "mlp").read_text(encoding="utf-8")
    changed = read(text.replace("  - {kind: linear, features: 10}", ONE_MORE))
    assert len(changed.matrices) == 4
    assert changed.recorded == ()


# --- training and recipes


def test_the_files_own_recipe_holds_unless_another_is_asked_for(read):
    assert (read().training.epochs, read().training.images) == (2, 100)
    long = read(recipe="long").training
    assert (long.epochs, long.images, long.learning_rate, long.batch) == (50, None, 0.01, 16)
    bare = read(recipe="bare").training
    assert (bare.epochs, bare.images) == (1, None)


def test_a_setting_wins_over_the_recipe(read):
    assert read(recipe="long", training__epochs="7").training.epochs == 7
    assert read(recipe="long", training__augment__flip="false").training.augment.flip is False


def test_a_warm_up_ends_before_the_training(read):
    assert read(training__warmup_epochs="1.5").training.warmup_epochs == 1.5
    assert refusal(lambda: read(training__warmup_epochs="2")) == (
        "training.warmup_epochs=2: training.warmup_epochs: must be below the 2 epochs of the "
        "training; take fewer, or more epochs"
    )


def test_a_setting_can_choose_the_recipe(read):
    assert read(recipes__long__epochs="9", recipe="long").training.epochs == 9


@pytest.mark.parametrize(
    ("old", "new", "recipe", "told"),
    [
        ("", "", "brief", "small.yaml:1: unknown recipe 'brief'; the file has: quick, long, bare"),
        (
            "recipe: quick",
            "recipe: quik",
            "",
            "small.yaml:17: recipe: unknown recipe 'quik'; the file has: quick, long, bare",
        ),
        (
            "images: 100",
            "image: 100",
            "",
            "small.yaml:19: training.image: unknown key; did you mean 'images'?",
        ),
        (
            "learning_rate: 0.01",
            "learning_rate: 0",
            "quick",
            "small.yaml:20: training.learning_rate: must be above 0 and at most 100, got 0",
        ),
        ("bare:", "bare: 3", "", "small.yaml:21: recipes.bare: "),
        (
            "batch: 16",
            "batch: 16\n  dataset: svhn",
            "",
            "small.yaml:17: training.dataset: expected one of "
            f"{', '.join(DATASETS)}, FILE.npz, FOLDER/, got 'svhn'",
        ),
        ("batch: 16", "batch: 16\n  momentum: 1", "", "small.yaml:17: training.momentum: must be "),
    ],
)
def test_a_wrong_recipe_is_told_whether_or_not_it_is_used(read, old, new, recipe, told):
    assert refusal(lambda: read(SMALL.replace(old, new, 1), recipe)).startswith(told)
