"""A report says what estimate and training found, in tables, CSV and JSON, and it adds up."""

import csv
import io
import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from common import near
from made_report import TRAINING, built

from neurorebit.chips.parts.phases import PHASES
from neurorebit.inputs.architecture import read_architecture
from neurorebit.results.folder import claim, write
from neurorebit.results.writers import costs, layers, table
from neurorebit.results.writers import json as json_writer
from neurorebit.results.writers import training as epochs
from neurorebit.schema import Document, InputError, paths

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
    assert forward["power_W"] == near(7e-12 / 40e-12)
    assert forward["energy_delay_Js"] == near(7e-12 * 40e-12)
    assert forward["tops_per_mm2"] == near(240 / 40e-12 / 1e12 / 10.0)


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
    # inference 3.5 pJ; 7, 14 and 21 pJ an image trained on; 70 and 140 pJ an iteration of 4 images;
    # 10 images make 3 iterations
    totals = built()["totals"]
    assert totals["inference"]["energy_J"] == near(3.5e-12)
    assert totals["image"]["energy_J"] == near((42 + 210 / 4) * 1e-12)
    assert totals["iteration"]["energy_J"] == near((4 * 42 + 210) * 1e-12)
    assert totals["epoch"]["energy_J"] == near((10 * 42 + 3 * 210) * 1e-12)
    assert totals["epoch"]["dram_energy_J"] == near((10 * 18 + 3 * 90) * 1e-12)
    assert totals["epoch"]["energy_with_dram_J"] == near((1050 + 450) * 1e-12)
    assert totals["epoch"]["latency_s"] == near((10 * 240 + 3 * 1200) * 1e-12)
    assert [totals[name]["images"] for name in totals] == [1, 1, 4, 10]
    assert totals["inference"]["power_W"] == near(7 / 40)
    assert totals["inference"]["images_per_s"] == near(1 / 20e-12)
    assert totals["epoch"]["power_W"] == near(1050 / 6000)
    assert totals["epoch"]["images_per_s"] == near(10 / 6000e-12)
    assert totals["epoch"]["energy_delay_Js"] == near(1050e-12 * 6000e-12)


def test_the_papers_figures_stand_beside_ours_with_their_convention():
    paper = built()["paper"]
    assert paper["forward"]["paper_tops_per_W"] == 74.29
    assert paper["backward"]["paper_tops_per_W"] == 1.78
    assert paper["forward"]["tops_per_W"] == near(240 / 7e-12 / 1e12)
    assert paper["forward"]["tops_per_W_without_leakage"] == near(240 / 6e-12 / 1e12)
    assert "5-bit converters" in paper["forward"]["convention"]
    assert "8-bit errors" in paper["backward"]["convention"]
    assert paper["backward"]["convention"].endswith("word_parallel build")  # of the shipped chip


@pytest.mark.parametrize("build", ["bit_serial", "word_parallel"])
def test_the_convention_of_the_backward_figure_names_the_build_of_the_digital_macros(build):
    spec = read_architecture(Document(paths.shipped("architecture", "rebit")))
    chip = replace(spec, dpim=replace(spec.dpim, build=build))
    assert chip.conventions["backward"].endswith(f"{build} build")


# --- files


def test_json_is_plain_and_reads_back():
    made = built(TRAINING)
    contents = table.files(made)
    assert list(contents)[-1] == "report.json"
    assert {"costs.csv", "training.png", "energy.png", "area.png"} <= contents.keys()
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


def test_costs_csv_adds_up_to_the_totals():
    made = built()
    rows = list(csv.DictReader(io.StringIO(costs.write(made))))

    def found(**wanted):
        return math.fsum(
            float(row["value"]) for row in rows if all(row[k] == v for k, v in wanted.items())
        )

    assert found(quantity="area") == near(10e-6)
    assert found(quantity="area", layer="conv1", part="chip/macro/adc", phase="") == near(0.5e-6)
    assert found(quantity="leakage", unit="W") == near(4e-3)
    for name in PHASES:
        phase = made["phases"][name]
        for quantity, key, unit in (
            ("energy", "energy_J", "J"), ("DRAM energy", "dram_energy_J", "J"),
            ("latency", "latency_s", "s"),
        ):  # fmt: skip
            whole = found(quantity=quantity, phase=name, unit=f"{unit}/{phase['per']}")
            assert whole == near(phase[key])
    assert not [row for row in rows if float(row["value"]) == 0.0]


def test_costs_csv_quotes_names_of_layers():
    made = built()
    made["layers"][0]["name"] = 'odd, "layer"'
    rows = list(csv.DictReader(io.StringIO(costs.write(made))))
    assert {row["layer"] for row in rows} == {'odd, "layer"', "linear1", "chip"}


def test_training_csv_has_a_row_for_each_epoch_and_else_its_header():
    head = "epoch,loss,train_accuracy,test_accuracy,cells_programmed,images_per_second,seconds,"
    head += "energy_until_J,energy_with_dram_until_J,cells_programmed_until\n"
    assert epochs.write(built()) == head
    report = built(TRAINING)
    spent, both = (report["totals"]["epoch"][k] for k in ("energy_J", "energy_with_dram_J"))
    assert epochs.write(report) == (
        f"{head}1,2.5,0.25,0.5,12,100.0,3.5,{spent!r},{both!r},12.0\n"
        f"2,1.5,0.75,,7,110.0,3.0,{2 * spent!r},{2 * both!r},19.0\n"
    )


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
