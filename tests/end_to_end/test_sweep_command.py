"""The command ``sweep``: what it prints, writes and refuses."""

import csv
import json
import sys

import numpy as np
import pytest
from common import near

from neurorebit.__main__ import main


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_sweep_prints_its_best_and_writes_all(command, tiny, place):
    done = command(
        "sweep", tiny, "--axis", "technology.vdd=0.8V:1V:3", "--axis", "device.r_on=6kohm,100kohm",
        "--technology", "22nm", "--set", "architecture.apim.adc_bits=4",
        "--pareto", "energy,latency", "--out", "new/all.csv",
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("6 designs, 3 feasible, 3 on the front of energy, latency\n! 3: ")
    assert "Best by energy: 3 of 3" in done.out
    assert done.out.endswith("written to new/all.csv\n")
    found = rows(place / "new" / "all.csv")
    assert [row["technology.vdd [V]"] for row in found] == ["0.8"] * 2 + ["0.9"] * 2 + ["1.0"] * 2
    assert [row["feasible"] for row in found] == ["False", "True"] * 3
    assert [row["pareto"] for row in found] == ["False", "True"] * 3


def test_a_row_is_what_a_run_reports(command, tiny, place):
    command(
        "sweep", tiny, "--axis", "technology=22nm,7nm", "--axis", "architecture.error_bits=6,16",
        "--out", "all.csv",
    )  # fmt: skip
    row = rows(place / "all.csv")[3]
    command("run", tiny, "--no-train", "--technology", "7nm", "--set", "architecture.error_bits=16")
    report = json.loads((place / "reports" / "tiny" / "report.json").read_text())
    expected = {
        "area [m2]": report["chip"]["area_m2"],
        "leakage [W]": report["chip"]["leakage_W"],
        "training energy [J/image]": report["totals"]["image"]["energy_J"],
        "training energy with DRAM [J/image]": report["totals"]["image"]["energy_with_dram_J"],
        "training latency [s/image]": report["totals"]["image"]["latency_s"],
    }
    shares = {"update": 1 / 32, "sync": 1 / 32}  # an image's, of a batch of the tiny network
    for name, phase in report["phases"].items():
        per, share = "/image", shares.get(name, 1.0)
        if name == "programming":  # once for all weights: neither an image's nor at a rate
            per = ""
            assert not any(column.startswith("programming TOPS") for column in row)
        expected[f"{name} energy [J{per}]"] = share * phase["energy_J"]
        expected[f"{name} DRAM energy [J{per}]"] = share * phase["dram_energy_J"]
        expected[f"{name} latency [s{per}]"] = share * phase["latency_s"]
        if not per:
            continue
        expected[f"{name} TOPS"] = phase["tops"]
        expected[f"{name} TOPS/W macro"] = phase["tops_per_W_macro"]
        expected[f"{name} TOPS/W chip"] = phase["tops_per_W"]
        expected[f"{name} TOPS/W with DRAM"] = phase["tops_per_W_with_dram"]
    for name, value in expected.items():
        assert float(row[name]) == near(value, rel=1e-12), name


def test_designs_of_a_file_change_together(command, tiny, place):
    (place / "designs.csv").write_text(
        "technology.vdd [V],device.r_on,architecture.apim.pe_side\n"
        "0.85,90 kohm,auto\n"
        "1,2e5 ohm,256\n"
    )
    done = command("sweep", tiny, "--designs", "designs.csv", "--out", "all.csv")
    assert (done.code, done.err) == (0, "")
    found = rows(place / "all.csv")
    assert [row["technology.vdd [V]"] for row in found] == ["0.85", "1.0"]
    assert [row["device.r_on [ohm]"] for row in found] == ["90000.0", "200000.0"]
    assert [row["architecture.apim.pe_side"] for row in found] == ["auto", "256"]
    assert np.all([float(row["area [m2]"]) > 0 for row in found])


def test_designs_of_a_spreadsheet_are_read_as_they_are_meant(command, tiny, place):
    (place / "plain.csv").write_text("technology.vdd,device.r_on\n0.85 V,90 kohm\n1V,200kohm\n")
    (place / "excel.csv").write_bytes(
        "\ufefftechnology.vdd [V];device.r_on [kohm];\r\n0,85;90;\r\n;;\r\n1;200;\r\n".encode()
    )
    for name in ("plain", "excel"):
        done = command("sweep", tiny, "--designs", f"{name}.csv", "--out", f"all_{name}.csv")
        assert (done.code, done.err) == (0, "")
    assert rows(place / "all_plain.csv") == rows(place / "all_excel.csv")


@pytest.mark.parametrize(
    ("axis", "reason"),
    [
        ("technology.vdd=0.3V,1V", "! 1: technology.vdd: must lie between 0.342 V and 1.35 V"),
        ("technology.vdd=9V,1V", "! 1: technology.vdd: must be above 0 V and below 5 V, got 9V"),
        ("device=stt_mram,taox_hfox", "! 1: tech/device/stt_mram.yaml: pulses: STT-MRAM has no "),
    ],
)
def test_an_impossible_value_leaves_its_reason_and_the_others_stay(
    command, tiny, place, axis, reason
):
    done = command("sweep", tiny, "--axis", axis, "--out", "all.csv")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("2 designs, 1 feasible\n")
    assert reason in done.out
    found = rows(place / "all.csv")
    assert [row["feasible"] for row in found] == ["False", "True"]
    assert (found[0]["area [m2]"], found[1]["reason"]) == ("nan", "")


@pytest.mark.parametrize("axis", ["device=sst_mram,taox_hfox", "technology.vdd=0.9,1V"])
def test_a_mistake_among_the_values_ends_a_sweep(command, tiny, place, axis):
    done = command("sweep", tiny, "--axis", axis, "--out", "all.csv")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"--axis {axis.partition(',')[0]}: ")
    assert not (place / "all.csv").exists()


def test_a_terminal_sees_a_bar(command, tiny, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    done = command("sweep", tiny, "--axis", "technology.vdd=0.8V,1V")
    assert done.code == 0
    assert "100%" in done.err
    assert "2.00/2.00" in done.err


def test_help_says_how_to_write_an_axis(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["sweep", "--help"])
    assert ended.value.code == 0
    assert "LOW:HIGH:COUNT" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "a sweep takes 1 to 10,000,000 designs, these axes make 0"),
        (["--axis", "technology.vdd"], "--axis technology.vdd: expected KEY=VALUES"),
        (["--axis", "technology.vdd=0.8V", "--axis", "technology.vdd=1V"], "given twice"),
        (["--axis", "technology.vdd=0.8V", "--pareto", "speed"], "--pareto speed: expected one of"),
        (["--axis", "technology.vdd=0.8V", "--out", "all.txt"], "--out all.txt: expected a file"),
        (
            ["--designs", "none.csv"],
            "none.csv: cannot be read: No such file or ",
        ),
        (
            ["--designs", "uneven.csv"],
            "uneven.csv:3: device.r_on: expected 2 values",
        ),
        (["--designs", "twice.csv"], "twice.csv:1: device.r_on: given twice; keep one"),
        (["--designs", "empty.csv"], "empty.csv: is empty; put a name at the head of each"),
        (["--designs", "head.csv"], "head.csv: holds no design; write a design in each line"),
        (["--designs", "lines.csv"], "lines.csv:5: architecture.apim.adc_bits: expected 2 values"),
        (
            ["--designs", "wrong.csv"],
            "wrong.csv:4: architecture.apim.adc_bits=six: apim.adc_bits: expected a whole number",
        ),
        (["--designs", "gap.csv"], "gap.csv:2: technology.vdd: a value is missing; complete the"),
        (["--designs", "key.csv"], r"key.csv:1: \x1b[31m: a key starts with one of technology, "),
    ],
)
def test_a_wrong_sweep_is_one_line(command, tiny, place, words, message):
    (place / "uneven.csv").write_text("technology.vdd,device.r_on\n1V,90kohm\n1V\n")
    (place / "twice.csv").write_text("device.r_on,device.r_on\n1kohm,2kohm\n")
    (place / "empty.csv").write_text("")
    (place / "head.csv").write_text("technology.vdd\n")
    two = "technology.vdd,architecture.apim.adc_bits\n"
    (place / "lines.csv").write_text(f"{two}0.9V,4\n\n,\n0.9V\n")
    (place / "wrong.csv").write_text(f"{two}0.9V,4\n\n0.9V,six\n")
    (place / "gap.csv").write_text(f"{two},4\n")
    (place / "key.csv").write_text("\x1b[31m,technology.vdd\n1,1V\n")
    done = command("sweep", tiny, *words)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not list(place.glob("all*"))


# --- nodes


def test_nodes_prints_a_row_for_each_and_writes_them(command, tiny, place):
    done = command(
        "nodes", tiny, "--technology", "45nm,65nm,22nm_hp", "--set", "technology.vdd=1.4V",
        "--out", "nodes.csv",
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines[4:7]] == ["45nm", "65nm", "22nm_hp"]
    assert "\n! 22nm_hp: technology.vdd: must lie between 0.2068 V and 1.275 V" in done.out
    assert lines[-1] == "written to nodes.csv"
    found = rows(place / "nodes.csv")
    assert [row["feasible"] for row in found] == ["True", "True", "False"]
    command("run", tiny, "--no-train", "--technology", "45nm", "--set", "technology.vdd=1.4V")
    report = json.loads((place / "reports" / "tiny" / "report.json").read_text())
    assert float(found[0]["area [m2]"]) == near(report["chip"]["area_m2"], rel=1e-12)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--technology", "33nm"], "--technology 33nm: no such technology"),
        (["--out", "nodes.txt"], "--out nodes.txt: expected a file that ends in .csv or .parquet"),
        (["--set", "technology.vd=1V"], "--set technology.vd=1V: vd: unknown key"),
    ],
)
def test_what_is_wrong_with_nodes_is_told(command, tiny, options, told):
    done = command("nodes", tiny, *options)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(told)
    assert done.err.count("\n") == 1
