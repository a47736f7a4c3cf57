"""Chips that only infer: what runs on them, what is refused, and what their figures are beside
published ones.
"""

import csv
import json

import pytest
from common import near

import neurorebit as nr
from neurorebit.inputs.files import read_inputs
from neurorebit.schema import InputError, paths
from neurorebit.studies.sweep import sweep

CHIPS = ("inference_reram", "inference_sram")
# by name: what no pulse data is known of
PULSELESS = {
    "fefet_22nm", "mram_intel_22nm", "pcm_ibm_90nm", "reram_intel_22nm", "reram_tsinghua_130nm",
    "reram_winbond_90nm", "stt_mram",
}  # fmt: skip


def ran(command, *words):
    told = command("run", *words, "--no-train", "--out", "out")
    assert (told.code, told.err) == (0, "")
    with open("out/report.json") as file:
        return json.load(file)


@pytest.mark.parametrize("chip", CHIPS)
def test_every_shipped_device_is_read_on_them(chip):
    """A read needs no pulses; what writing the cells costs is unknown without."""
    without = set()
    for device in paths.names("device"):
        found = nr.estimate("mlp", nr.chip(chip, device=device))
        assert found.energy > 0.0
        if found.document["phases"]["programming"] is None:
            without.add(device)
    assert without == (PULSELESS if chip == "inference_reram" else set())


def test_a_cell_is_as_wide_as_its_access_transistor(command):
    """That of the Intel MRAM has 350 ohm, a quarter of r_on, which asks for more than 10 F."""
    told = ran(command, "mlp", "--architecture", "inference_reram", "--device", "mram_intel_22nm")
    (line,) = [line for line in told["assumptions"] if "feature sizes wide" in line]
    assert line.endswith("as their access transistors ask for; the device file has 10")
    told = ran(command, "mlp", "--architecture", "inference_reram")
    assert not [line for line in told["assumptions"] if "feature sizes wide" in line]


@pytest.mark.parametrize("chip", CHIPS)
def test_a_training_is_refused_in_one_line_with_the_cure(command, chip, tiny, place):
    told = command("run", tiny, "--architecture", chip)
    assert told.code == 2
    assert told.out == ""
    assert told.err == (
        f"tech/architecture/{chip}.yaml:6: scheme: the chip that only infers has no training; its "
        "weights are given; estimate it without one, or train on rebit, reram, panther or wage\n"
    )
    assert not (place / "reports").exists()
    with pytest.raises(InputError, match="estimate it without one"):
        nr.train("mlp", chip, data="digits")


@pytest.mark.parametrize(
    ("chip", "scheme", "said"),
    [
        ("inference_reram", "hybrid", "scheme=hybrid trains weights; on the chip that only infers "
         "take deployed"),
        ("rebit", "deployed", "scheme=deployed trains nothing; on the hybrid chip take real or "),
    ],
)  # fmt: skip
def test_a_scheme_goes_with_its_chip(command, chip, scheme, said):
    told = command("run", "mlp", "--no-train", "--architecture", chip, "--scheme", scheme)
    assert (told.code, told.out) == (2, "")
    assert said in told.err
    assert told.err.count("\n") == 1


def test_schemes_side_by_side_leave_them_out(command):
    told = command("schemes", "mlp", "--schemes", "deployed")
    assert told.code == 2
    assert "expected some of real, quantized, " in told.err


def test_tables_have_the_columns_that_there_are(command):
    ran(command, "mlp", "--architecture", "inference_reram")
    with open("out/report.txt") as file:
        text = file.read()
    answers = text.split("\n\n")[0]
    assert "Programming  " in answers
    assert "Training" not in answers
    assert "backward" not in text.split("\nPhases")[1].split("\n\n")[0]
    for name in ("layers.csv", "costs.csv"):
        with open(f"out/{name}") as file:
            rows = list(csv.DictReader(file))
        assert {row["phase"] for row in rows} - {""} == {"inference", "programming"}


def test_pictures_have_one_panel(command):
    told = command("run", "mlp", "--no-train", "--architecture", CHIPS[0], "--out", "out",
                   "--pictures")  # fmt: skip
    assert (told.code, told.err) == (0, "")
    assert "energy.png" in told.out


def test_compared_with_the_chip_that_trains(command):
    for name, chip in (("a", "rebit"), ("b", "inference_reram")):
        assert command("run", "mlp", "--no-train", "--architecture", chip, "--out", name).code == 0
    told = command("compare", "a", "b")
    assert told.code == 1
    for line in ("phases.inference.energy_J", "phases.backward.energy_J", "chip.area_m2"):
        assert line in told.out


def test_as_objects():
    found = nr.estimate("mlp", "inference_sram")
    assert list(found.phases.index) == ["inference", "programming"]
    assert list(found.totals.index) == ["inference"]
    assert set(found.layers["phase"]) == {"inference", "programming"}
    assert {"inference_energy_J", "programming_energy_J"} < set(found.parts.columns)
    assert found.energy == near(found.phases.loc["inference", "energy_J"])
    assert "training" not in repr(found).splitlines()[1]


def test_in_a_sweep_beside_chips_that_train():
    """No training is no hole: those columns are nan, and such a chip is on no front of them."""
    table = sweep("mlp", {"architecture": "rebit,inference_reram"}, pareto=["energy"])
    assert table["feasible"].tolist() == [True, True]
    training = table["training energy [J/image]"]
    assert training[0] > 0.0
    assert training[1] != training[1]
    assert table["pareto"].tolist() == [True, False]
    for name in ("inference energy [J/image]", "programming energy [J]", "inference TOPS/W chip"):
        assert (table[name] > 0.0).all()
    alone = nr.sweep("mlp", "inference_reram", {"architecture.inference_arrays.adc_bits": [4, 6]})
    assert "Best by inference_energy" in repr(alone)
    assert alone.pareto("inference_energy", "area").index.size == 1


def test_in_every_node():
    told = repr(nr.nodes("mlp", "inference_reram", ["32nm", "22nm"]))
    assert "training" not in told.splitlines()[0]
    assert "inference" in told.splitlines()[0]


# -- beside published figures ----------------------------------------------------------------------


def test_it_is_rebit_without_its_digital_side():
    """The same arrays, converters and activity: the same inference, but for leakage and wires."""
    keys = {"scheme": "deployed"}
    assert read_inputs("vgg11", "inference_reram").architecture.scheme == keys["scheme"]
    whole, alone = (nr.estimate("vgg11", chip) for chip in ("rebit", "inference_reram"))
    one, other = (e.phases.loc["inference"] for e in (whole, alone))
    dynamic = one["energy_J"] - one["leakage_energy_J"]
    assert other["energy_J"] - other["leakage_energy_J"] == pytest.approx(dynamic, rel=0.15)
    analog = sum(
        area for part, area in whole.document["chip"]["area_by_part_m2"].items()
        if part.startswith("chip/analog/") or part.startswith("analog/")
    )  # fmt: skip
    tiles = sum(
        area for part, area in alone.document["chip"]["area_by_part_m2"].items()
        if part.startswith("chip/tile/") or part.startswith("tile/")
    )  # fmt: skip
    assert tiles == pytest.approx(analog, rel=0.05)
    assert alone.area < whole.area / 20.0


ISAAC = {  # 16-bit weights in 8 cells of 2 bits, 16-bit inputs bit by bit, 8-bit converters
    "architecture.weight_bits": 16, "architecture.inference_arrays.cell_bits": 2,
    "architecture.input_bits": 16, "architecture.inference_arrays.adc_bits": 8,
}  # fmt: skip


def test_a_chip_like_isaac_is_within_a_factor_of_two_of_isaac():
    """ISAAC (Shafiee et al., ISCA 2016; secondary): 0.36 to 0.38 TOPS/W at 16 bits in 32 nm.

    Its 8 converters of an array take 16 mW at 1.28 GS/s each, 1.56 pJ a conversion. Of a full
    array, 8 columns a weight and 16 planes of 128 rows make one conversion a MAC, so converters
    alone hold it to 1.28 TOPS/W; links, eDRAM and static power take the rest. Ours has 0.57 for
    VGG11, 0.55 for VGG16 and 0.50 for ResNet-18, of which converters with their front ends, 2.7 pJ
    and more a conversion of 8 bits, take nine tenths: ISAAC's converter is better than most that
    were published (docs/validation/converters.md), and it has no front end.
    """
    chip = nr.chip("inference_reram").set(ISAAC)
    found = nr.estimate("vgg11", chip).phases.loc["inference"]
    assert 0.36 / 2.0 < found["tops_per_W"] < 0.38 * 2.0
    # one conversion a MAC, where arrays are full: more, where they are not
    parts = nr.estimate("vgg11", chip).parts
    joules = sum(
        n
        for part, n in parts["inference_energy_J"].items()
        if "/converters" in part and not part.startswith("leakage")
    )
    macs = 152_769_536
    assert 0.1e-12 < joules / macs < 3.0 * 1.56e-12
