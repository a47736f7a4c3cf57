"""What report.txt says, and where."""

import math

import pytest
from common import near
from hypothesis import given
from hypothesis import strategies as st
from made_report import EPOCHS, HEADER, TRAINING, built

from neurorebit.results.parts import grouped, largest
from neurorebit.results.writers import text as readable
from neurorebit.results.writers.summary import summary
from neurorebit.schema.activity import Origin


def test_the_first_and_the_last_lines_answer():
    lines = readable.write(built(TRAINING)).splitlines()
    assert lines[0] == "NeuroReBIT 1.2.3: neurorebit run small"
    assert lines[1:10] == [
        "Accuracy   50.00 % of 2,000 test images of noise, hybrid, 2 epochs",
        "Area       10 mm2, 4 mW leakage; 1 tile, 2 PEs, 3,000 macros, 96,000 converters",
        "Inference  3.5 pJ + 1.5 pJ DRAM an image, 20 ps, 5e+10 images/s, 175 mW without DRAM",
        "Training   94.5 pJ + 40.5 pJ DRAM an image, 540 ps, 1.852e+09 images/s, 175 mW without "
        "DRAM",
        "Epoch      1.05 nJ + 450 pJ DRAM, 6 ns, 10 images; programming once: 350 pJ, 2 ns",
        "TOPS/W     inference 68.57, backward 2.857, gradient 11.43: with leakage, no DRAM, 2 "
        "ops a MAC",
        "Area in    tree 70.0 %, macro/adc 20.0 %, macro/array 10.0 %",
        "Energy in  macro/array 40.0 %, DRAM 30.0 %, macro/adc 20.0 % (training)",
        "Mind       activity measured; ablations: adc=ideal; 1 changed setting; 1 choice without "
        "effect",
    ]
    assert lines[-9:] == lines[1:10]


def test_what_a_reader_must_know_is_said():
    report = built({**TRAINING, "diverged": True, "test_accuracy": None}) | {"short_run": True}
    text = summary(report)
    accuracy, mind = text.splitlines()[0], text.split("Mind")[1:]
    assert accuracy == "Accuracy   unknown: no test (hybrid, 2 epochs)"
    assert " ".join(" ".join(mind).split()) == (
        "THE TRAINING DIVERGED; a short training; activity measured; 1 ablation; see below"
    )
    assert summary(built()).splitlines()[0] == "Accuracy   unknown: nothing was trained"


def test_ablations_that_have_no_room_are_counted():
    """However many there are, the answers keep their ten lines."""
    many = [f"some_key_{i}=value: not the same" for i in range(12)]
    lines = summary(built() | {"ablations": many, "idle": many}).splitlines()
    assert lines[8:] == [
        "Mind       activity measured; 12 ablations; 1 changed setting; 12 choices without effect"
    ]


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        (Origin.ASSUMED, "~ rests on assumed activity"),
        (Origin.RECORDED, "~ rests on the activity of a recorded training"),
    ],
)
def test_figures_by_activity_of_elsewhere_say_so_beside_themselves(origin, said):
    text = readable.write(built(origin=origin))
    lines = text.splitlines()[1:10]
    assert said in lines[-1]
    about = [line.split()[0] for line in lines[:-1] if line[11:].startswith("~")]
    assert about == ["Inference", "Training", "Epoch", "TOPS/W"]
    for heading in ("Phases", "Totals", "Energy of each layer, without DRAM", "Time of each layer"):
        (line,) = (line for line in text.splitlines() if line.startswith(f"{heading} ("))
        assert "activity" in line


def test_largest_consumers_of_one_name_are_told_apart():
    """``register`` of two readouts, whose longer names have no room."""
    parts = {
        f"{side}/{'readout' * 5}/{part}": amount
        for side, amounts in (("one", (50.0, 1.0)), ("other", (30.0, 19.0)))
        for part, amount in zip(("register", "adder"), amounts, strict=True)
    }
    report = built()
    report["chip"]["area_by_part_m2"] = {f"chip/{part}": area for part, area in parts.items()}
    line = next(line for line in summary(report).splitlines() if line.startswith("Area in"))
    assert line == ("Area in    one/../register 50.0 %, other/../register 30.0 %, adder 19.0 %")


def test_notes_stand_before_the_first_table():
    head = readable.write(built()).split("\n\n")[1].splitlines()
    assert "0123456789ab" in head[0]
    assert head[1:] == [
        "! adc=ideal: not the same",
        "~ device.r_on=1: without effect",
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
        "Chip", "Phases", "Totals", "Layers", "Energy of each layer, without DRAM",
        "Time of each layer", "Slowest stream of each layer", "Energy of each part, without DRAM",
        "Training", "Activity", "Assumptions", "Summary",
    ]  # fmt: skip
    assert "nan" not in text
    assert "the moon is far" in text
    assert "\nTraining\n" not in readable.write(built())


def test_the_paper_stands_beside_its_own_network_and_chip_alone():
    image = {"channels": 3, "height": 32, "width": 32}
    report = built() | {"network": "vgg11", "architecture": "rebit"}
    for values, shown in (
        ({"input": image, "width": 1.0}, True),
        ({"input": image, "width": 0.5}, False),
        ({"input": image | {"height": 64}, "width": 1.0}, False),
    ):
        report["inputs"] = {"network": HEADER["inputs"]["network"] | {"values": values}}
        assert ("Beside the ReBIT paper" in readable.write(report)) is shown
        assert "Beside the ReBIT" not in readable.write(report | {"architecture": "reram"})


@pytest.mark.parametrize(
    "words",
    [
        ["energy", "3.5 pJ", "7 pJ", "14 pJ", "21 pJ", "70 pJ", "140 pJ"],
        ["of it leakage", "14.3 %", "14.3 %", "14.3 %", "14.3 %", "14.3 %", "14.3 %"],
        ["TOPS/W chip", "68.57", "34.29", "2.857", "11.43", "0.1143", "0"],
        ["power", "175 mW", "175 mW", "175 mW", "175 mW", "175 mW", "175 mW"],
        ["sum", "10", "100.0 %", "4", "100.0 %"],
        ["tree", "7", "70.0 %", "3", "75.0 %"],
        ["macro", "1", "2", "3,000", "96,000"],
        ["energy with DRAM", "5 pJ", "135 pJ", "540 pJ", "1.5 nJ", "500 pJ"],
        ["images", "1", "1", "4", "10"],
        ["conv1", "conv", "100", "50.0 %", "1.5", "15.0 %"],
        ["what layers share", "7", "70.0 %"],
        ["conv1", "2.75", "5.5", "11", "16.5", "55", "110", "275"],
        ["all at once", "0.125", "0.25", "0.5", "0.75", "2.5", "5", "12.5"],
        ["conv1", *["arrays"] * 7],
        ["linear1", *["DRAM"] * 7],
        ["1", "2.5", "25.00 %", "50.00 %", "12", "100", "3.5"],
        ["2", "1.5", "75.00 %", "7", "110", "3"],
        ["conv1", "0.5 0.25 0.25", "0.5", "1", "0.5", "0.1", "0.2"],
        ["linear1", "0.12", "0.5", "1", "0.5", "0.1", "0.2"],
    ],
)
def test_tables_say_the_figures(words):
    lines = readable.write(built(TRAINING)).splitlines()
    cells = [[cell for cell in line.split("  ") if cell.strip()] for line in lines]
    found = [[cell.strip() for cell in row] for row in cells]
    assert any(row[: len(words)] == words for row in found)


def test_a_long_training_shows_its_first_and_last_epochs():
    epochs = [EPOCHS[0] | {"epoch": i + 1} for i in range(30)]
    text = readable.write(built(TRAINING | {"epochs": epochs}))
    shown = text.split("Training\n--------\n")[1].split("\n\n")[0].splitlines()
    assert [line.split()[0] for line in shown[3:]] == [
        *"12345", "...", *(str(i) for i in range(21, 31))
    ]  # fmt: skip
    assert "the first 5 and the last 10 of 30; training.csv has all" in text


def test_each_definition_stands_with_the_phases():
    section = readable.write(built()).split("Phases\n------\n")[1].split("\n\n")
    for word, meaning in readable.DEFINITIONS.items():
        assert f"{word} " in section[1]
        assert meaning in " ".join(section[1].split())


names = st.text("ab", min_size=1, max_size=2)
amounts = st.floats(0, 1e3, allow_subnormal=False)
parts = st.dictionaries(
    st.lists(names, min_size=1, max_size=4).map("/".join), st.tuples(amounts, amounts), min_size=1
)


@given(parts)
def test_grouping_loses_nothing(parts):
    groups = grouped(parts)
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
    assert grouped(parts) == {
        "pe/adc": (50.0,),
        "pe/array": (30.0,),
        "pe without its parts": (9.0,),
        "pe: smaller parts": (0.5,),
        "tree": (0.1,),
        "buffer": (3.0,),
    }


def test_the_largest_parts_are_shown_and_all_others_are_one_row():
    parts = {f"a/{i}": (float(10 + i), 0.0) for i in range(12)} | {"b": (0.0, 1.0)}
    shown = largest(parts, 3)
    assert shown == {"b": (0.0, 1.0), "a/11": (21.0, 0.0), "a/10": (20.0, 0.0),
                     "10 smaller parts": (145.0, 0.0)}  # fmt: skip
