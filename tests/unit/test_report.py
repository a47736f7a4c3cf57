"""A report says what estimate and training found, in tables, CSV and JSON, and it adds up."""

import csv
import io
import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from common import near
from hypothesis import given
from hypothesis import strategies as st

from neurorebit.chips.parts.phases import PHASES
from neurorebit.circuits.cost import Bill
from neurorebit.estimation.estimate import Estimate, PhaseEstimate
from neurorebit.inputs.architecture import read_architecture
from neurorebit.results import document
from neurorebit.results.folder import claim, write
from neurorebit.results.writers import json as json_writer
from neurorebit.results.writers import layers, table
from neurorebit.results.writers import text as readable
from neurorebit.results.writers import training as epochs
from neurorebit.schema import Document, InputError, paths
from neurorebit.schema.activity import Activity, LayerActivity

LAYER = LayerActivity(
    (0.5, 0.25, 0.25),
    0.5,
    1.0,
    0.5,
    set_fraction=0.1,
    reset_fraction=0.2,
    set_levels=1.0,
    reset_levels=1.0,
    words_written=1.0,
)
HEADER = {
    "network": "small",
    "version": "1.2.3",
    "command": "neurorebit run small",
    "ablations": ["adc=ideal: not the same"],
    "overrides": ["--set technology.vdd=0.8V"],
    "notes": ["nothing was trained"],
    "inputs": {"network": {"name": "small", "file": "a/small.yaml", "sha256": "0123456789abcdef"}},
}
EPOCHS = [
    {
        "epoch": 1, "loss": 2.5, "train_accuracy": 0.25, "test_accuracy": 0.5,
        "cells_programmed": 12, "images_per_second": 100.0, "seconds": 3.5,
    },
    {
        "epoch": 2, "loss": 1.5, "train_accuracy": 0.75, "test_accuracy": None,
        "cells_programmed": 7, "images_per_second": 110.0, "seconds": 3.0,
    },
]  # fmt: skip
TRAINING = {
    "dataset": "noise", "images": 10, "epochs": EPOCHS, "test_accuracy": None, "scheme": "hybrid",
    "histogram": None,
}  # fmt: skip


def phase(per, ops, scale):
    """Two parts and their leakage, over two layers and the chip."""
    return PhaseEstimate(
        per=per,
        ops=ops,
        energy=Bill(
            {
                "macro/array": scale * np.array([3.0, 1.0, 0.0]),
                "macro/adc": scale * np.array([2.0, 0.0, 0.0]),
                "leakage/chip/macro": scale * np.array([0.5, 0.25, 0.25]),
            }
        ),
        latency=scale * np.array([20.0, 10.0, 10.0]),
        dram_energy=scale * np.array([1.0, 2.0, 0.0]),
        macro_energy=scale * 6.0,
        leakage_energy=scale * 1.0,
    )


def made_up():
    """An estimate whose figures can be worked out in the head."""
    return Estimate(
        rows=("conv1", "linear1", "chip"),
        kinds=("conv", "linear", "chip"),
        macs=(100, 20, 0),
        utilization=(0.5, 0.25, math.nan),
        chip_utilization=0.4,
        area=Bill({"chip/macro/array": 1e-6, "chip/macro/adc": 2e-6, "chip/tree": 7e-6}),
        leakage=Bill({"chip/macro/array": 1e-3, "chip/tree": 3e-3}),
        phases={
            "forward": phase("image", 240.0, 1e-12),
            "backward": phase("image", 40.0, 2e-12),
            "gradient": phase("image", 240.0, 3e-12),
            "update": phase("iteration", 8.0, 10e-12),
            "sync": phase("iteration", 0.0, 20e-12),
        },
        batch=4,
        images=10,
        activity_source="assumed: nothing",
        assumptions=("the moon is far",),
    )


def built(training=None):
    spec = read_architecture(Document(paths.shipped("architecture", "rebit")))
    activity = Activity("assumed: nothing", (LAYER, replace(LAYER, input_density=(0.125,) * 3)))
    return document.build(HEADER, made_up(), spec, activity, training=training)


# --- figures


def test_a_phase_has_its_figures():
    forward = built()["phases"]["forward"]
    assert forward["per"] == "image"
    assert forward["energy_J"] == near(7e-12)
    assert forward["leakage_energy_J"] == near(1e-12)
    assert forward["dram_energy_J"] == near(3e-12)
    assert forward["latency_s"] == near(40e-12)
    assert forward["tops"] == near(240 / 40e-12 / 1e12)
    assert forward["tops_per_W"] == near(240 / 7e-12 / 1e12)
    assert forward["tops_per_W_macro"] == near(240 / 6e-12 / 1e12)
    assert forward["tops_per_W_with_dram"] == near(240 / 10e-12 / 1e12)


def test_no_operations_are_no_tops():
    sync = built()["phases"]["sync"]
    assert sync["per"] == "iteration"
    assert (sync["tops"], sync["tops_per_W"]) == (0.0, 0.0)


def test_parts_add_up_to_totals():
    made = built()
    chip = made["chip"]
    assert math.fsum(chip["area_by_part_m2"].values()) == near(10e-6, rel=1e-12)
    assert chip["area_m2"] == near(10e-6, rel=1e-12)
    assert chip["leakage_W"] == near(4e-3, rel=1e-12)
    for name, found in made["phases"].items():
        assert math.fsum(found["energy_by_part_J"].values()) == near(found["energy_J"], rel=1e-12)
        for key in ("energy_J", "dram_energy_J", "latency_s"):
            layers = math.fsum(layer["phases"][name][key] for layer in made["layers"])
            assert layers == near(found[key], rel=1e-12)


def test_what_belongs_to_no_layer_stands_in_the_last_row():
    conv, linear, chip = built()["layers"]
    assert (conv["name"], conv["kind"], conv["macs"], conv["utilization"]) == (
        "conv1",
        "conv",
        100,
        0.5,
    )
    assert (chip["name"], chip["kind"], chip["macs"], chip["utilization"]) == (
        "chip",
        "chip",
        0,
        0.4,
    )
    assert linear["phases"]["backward"]["energy_by_part_J"] == {
        "macro/array": 2e-12,
        "macro/adc": 0.0,
        "leakage/chip/macro": 0.5e-12,
    }


def test_totals_count_images_and_iterations():
    # 7, 14 and 21 pJ an image; 70 and 140 pJ an iteration of 4 images; 10 images make 3 iterations
    totals = built()["totals"]
    assert totals["inference"]["energy_J"] == near(7e-12)
    assert totals["image"]["energy_J"] == near((42 + 210 / 4) * 1e-12)
    assert totals["iteration"]["energy_J"] == near((4 * 42 + 210) * 1e-12)
    assert totals["epoch"]["energy_J"] == near((10 * 42 + 3 * 210) * 1e-12)
    assert totals["epoch"]["dram_energy_J"] == near((10 * 18 + 3 * 90) * 1e-12)
    assert totals["epoch"]["energy_with_dram_J"] == near((1050 + 450) * 1e-12)
    assert totals["epoch"]["latency_s"] == near((10 * 240 + 3 * 1200) * 1e-12)
    assert [totals[name]["images"] for name in totals] == [1, 1, 4, 10]


def test_the_papers_figures_stand_beside_ours_with_their_convention():
    paper = built()["paper"]
    assert paper["forward"]["paper_tops_per_W"] == 74.29
    assert paper["backward"]["paper_tops_per_W"] == 1.78
    assert paper["forward"]["tops_per_W"] == near(240 / 7e-12 / 1e12)
    assert paper["forward"]["tops_per_W_without_leakage"] == near(240 / 6e-12 / 1e12)
    assert "5-bit converters" in paper["forward"]["convention"]
    assert "8-bit errors" in paper["backward"]["convention"]
    assert "bit_serial" in paper["backward"]["convention"]


# --- files


def test_json_is_plain_and_reads_back():
    made = built(TRAINING)
    contents = table.files(made)
    assert list(contents)[-1] == "report.json"
    assert "training.png" in contents
    assert json.loads(contents["report.json"]) == made
    assert contents == table.files(built(TRAINING))


def test_json_is_that_of_the_standard_library():
    made = built(TRAINING) | {"odd": [[], {}, [1, [2, {}]], "é\n", (1, 2), None, [{"b": True}]]}
    expected = json.dumps(made, indent=1, sort_keys=True) + "\n"
    assert json_writer.write(made) == expected


def test_not_a_number_never_reaches_the_json():
    made = built()
    made["chip"]["area_m2"] = math.nan
    with pytest.raises(ValueError, match=r"chip\.area_m2: is not a finite number"):
        table.files(made)


def test_layers_csv_has_a_row_for_each_layer_and_phase():
    made = built()
    rows = list(csv.DictReader(io.StringIO(layers.write(made))))
    assert [(row["layer"], row["phase"]) for row in rows] == [
        (layer, name) for layer in ("conv1", "linear1", "chip") for name in PHASES
    ]
    for row in rows:
        parts = [float(value) for key, value in row.items() if key.startswith("energy_J ")]
        assert len(parts) == 3
        assert math.fsum(parts) == near(float(row["energy_J"]), rel=1e-12)
    forward = [float(row["energy_J"]) for row in rows if row["phase"] == "forward"]
    assert math.fsum(forward) == near(7e-12, rel=1e-12)


def test_training_csv_has_a_row_for_each_epoch_and_else_its_header():
    head = "epoch,loss,train_accuracy,test_accuracy,cells_programmed,images_per_second,seconds\n"
    assert epochs.write(built()) == head
    assert epochs.write(built(TRAINING)) == (
        head + "1,2.5,0.25,0.5,12,100.0,3.5\n2,1.5,0.75,,7,110.0,3.0\n"
    )


# --- for a reader


def test_what_to_know_stands_before_the_first_table():
    text = readable.write(built())
    head = text.split("\n\n")[0].splitlines()
    assert head[0] == "NeuroReBIT 1.2.3: neurorebit run small"
    assert "0123456789ab" in head[1]
    assert head[2:] == [
        "! adc=ideal: not the same",
        "* --set technology.vdd=0.8V",
        "- nothing was trained",
    ]


def test_every_section_is_there():
    text = readable.write(built(TRAINING))
    titles = [
        above for above, below in zip(text.splitlines(), text.splitlines()[1:], strict=False)
        if below and below == "-" * len(above)
    ]  # fmt: skip
    assert titles == [
        "Chip", "Phases", "Totals", "Beside the ReBIT paper", "Energy of each layer, without DRAM",
        "Time of each layer", "Energy of each part, without DRAM", "Training", "Activity",
        "Assumptions",
    ]  # fmt: skip
    assert "nan" not in text
    assert "the moon is far" in text
    assert "\nTraining\n" not in readable.write(built())


@pytest.mark.parametrize(
    "words",
    [
        ["forward", "image", "240", "7 pJ", "14.3 %", "3 pJ", "40 ps", "6", "40", "34.29", "24"],
        ["sum", "10", "100.0 %", "4", "100.0 %"],
        ["tree", "7", "70.0 %", "3", "75.0 %"],
        ["one image, forward alone", "1", "7 pJ", "3 pJ", "10 pJ", "40 ps"],
        ["conv1", "conv", "100", "50.0 %", "5.5", "11", "16.5", "55", "110"],
        ["chip", "40.0 %", "0.25", "0.5", "0.75", "2.5", "5"],
        ["1", "2.5", "0.25", "0.5", "12", "100", "3.5"],
        ["2", "1.5", "0.75", "7", "110", "3"],
        ["conv1", "0.5 0.25 0.25", "0.5", "1", "0.5", "0.1", "0.2"],
        ["linear1", "0.12", "0.5", "1", "0.5", "0.1", "0.2"],
    ],
)
def test_tables_say_the_figures(words):
    lines = readable.write(built(TRAINING)).splitlines()
    cells = [[cell for cell in line.split("  ") if cell.strip()] for line in lines]
    found = [[cell.strip() for cell in row] for row in cells]
    assert any(row[: len(words)] == words for row in found)


def test_each_definition_stands_beside_the_phases():
    section = readable.write(built()).split("Phases\n------\n")[1].split("\n\n")
    for word, meaning in readable.DEFINITIONS.items():
        assert f"{word} " in section[1]
        assert meaning in section[1]


names = st.text("ab", min_size=1, max_size=2)
amounts = st.floats(0, 1e3, allow_subnormal=False)
parts = st.dictionaries(
    st.lists(names, min_size=1, max_size=4).map("/".join), st.tuples(amounts, amounts), min_size=1
)


@given(parts)
def test_grouping_loses_nothing(parts):
    groups = readable.grouped(parts)
    assert len(groups) <= len(parts)
    for column in range(2):
        whole = math.fsum(amount[column] for amount in parts.values())
        assert math.fsum(amount[column] for amount in groups.values()) == near(whole, rel=1e-12)


def test_large_parts_are_taken_apart_and_small_ones_summed_up():
    parts = {
        "pe/adc": (50.0,),
        "pe/mux/gate": (0.2,),
        "pe/mux/wire": (0.3,),
        "pe/array": (30.0,),
        "pe": (9.0,),
        "tree": (0.1,),
        "buffer/cells": (2.0,),
        "buffer/logic": (1.0,),
    }
    assert readable.grouped(parts) == {
        "pe/adc": (50.0,),
        "pe/array": (30.0,),
        "pe (own)": (9.0,),
        "pe (rest)": (0.5,),
        "tree": (0.1,),
        "buffer": (3.0,),
    }


# --- writing


def test_files_appear_whole_and_nothing_else_is_left(tmp_path):
    folder = tmp_path / "new" / "folder"
    write(folder, {"a.txt": "one", "b.txt": "two"})
    write(folder, {"a.txt": "three"})
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "a.txt": "three",
        "b.txt": "two",
    }


def test_all_files_are_written_or_none(tmp_path):
    write(tmp_path / "out", {"a.txt": "before"})
    with pytest.raises(UnicodeEncodeError):
        write(tmp_path / "out", {"a.txt": "after", "b.txt": "\ud800"})
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.txt"]
    assert (tmp_path / "out" / "a.txt").read_text() == "before"


def test_a_claim_leaves_no_trace(tmp_path):
    claim(tmp_path / "a" / "b" / "c")
    assert list(tmp_path.iterdir()) == []
    write(tmp_path / "kept", {"a.txt": "x"})
    claim(tmp_path / "kept")
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["a.txt"]


def test_claims_beside_each_other_do_not_meet(tmp_path):
    """Runs that start together: each round, eight claim folders below one that is not there."""
    with ThreadPoolExecutor(8) as pool:
        for i in range(50):
            list(pool.map(claim, [tmp_path / f"{i}" / "out" / name for name in "abcdefgh"]))
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_no_folder_can_have_is_told(tmp_path):
    for name in ("x" * 300, "new/" + "x" * 300):
        with pytest.raises(InputError, match=r"cannot be written.*name another folder"):
            claim(tmp_path / name)
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    with pytest.raises(InputError, match=r"cannot be written.*name another folder"):
        claim(tmp_path / "dangling" / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["dangling"]


@pytest.mark.parametrize("below", ["", "deeper", "deeper/still"])
def test_a_file_in_the_way_is_told(tmp_path, below):
    (tmp_path / "file").write_text("x")
    folder = tmp_path / "file" / below
    for refuse in (claim, lambda place: write(place, {"a.txt": "x"})):
        with pytest.raises(InputError) as caught:
            refuse(folder)
        told = str(caught.value)
        assert told.startswith(f"out {folder}: cannot be written: ")
        assert told.endswith("; name another folder")
    assert (tmp_path / "file").read_text() == "x"


def test_a_folder_that_takes_nothing_is_told():
    with pytest.raises(InputError, match="cannot be written"):
        claim(Path("/proc/nothing"))
