"""ReBIT beside the chips that learn in place: the same report, a comparison that can be read."""

import json
import math

import pytest
from common import near

from neurorebit.chips.parts.phases import PHASES

CHIPS = ("rebit", "reram", "sram")
ONLY_INFER = ("inference_reram", "inference_sram")
TRAINING = ("forward", "backward", "gradient", "update", "sync")


@pytest.fixture
def reports(command, tiny):
    """The report of the same network on each chip, estimated."""
    found = {}
    for name in (*CHIPS, *ONLY_INFER):
        told = command("run", tiny, "--no-train", "--architecture", name, "--out", name)
        assert (told.code, told.err) == (0, "")
        with open(f"{name}/report.json") as file:
            found[name] = json.load(file)
    return found


def shape(value):
    """The keys of a report, those of parts and inputs left open."""
    if isinstance(value, dict):
        parts = ("area_by_part_m2", "leakage_by_part_W", "energy_by_part_J", "counts", "parts")
        open_keys = ("inputs", "paper", *parts)
        return {k: None if k in open_keys else shape(v) for k, v in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else None


def test_a_report_has_the_same_keys_whatever_the_chip(reports):
    for name in ("reram", "sram"):
        told = {k: v for k, v in reports[name].items() if k not in ("ablations", "overrides")}
        kept = {k: v for k, v in reports["rebit"].items() if k in told}
        assert shape(told) == shape(kept)


def test_what_a_chip_does_not_do_is_null(reports):
    """Chips that only infer have the keys of the phases of training, and no values."""
    for name, report in reports.items():
        only = name in ONLY_INFER
        for phases in (report["phases"], *(layer["phases"] for layer in report["layers"])):
            assert set(phases) == {*TRAINING, "inference", "programming"}
            for phase, found in phases.items():
                assert (found is None) == (only and phase in TRAINING), (name, phase)
        for total, found in report["totals"].items():
            assert (found is None) == (only and total != "inference"), (name, total)


def test_but_for_what_is_null_all_reports_have_the_same_keys(reports):
    def known(report, other):
        """The report without what is null in the other."""
        if isinstance(report, dict):
            return (
                {
                    key: None if other.get(key, 0) is None else known(value, other.get(key))
                    for key, value in report.items()
                }
                if isinstance(other, dict)
                else report
            )
        if isinstance(report, list) and isinstance(other, list):
            return [known(a, b) for a, b in zip(report, other, strict=False)]
        return report

    for name in ONLY_INFER:
        kept = {k: v for k, v in reports["rebit"].items() if k in reports[name]}
        assert set(kept) == set(reports["rebit"])
        for key in ("phases", "totals", "layers", "chip", "activity"):
            assert shape(known(kept[key], reports[name][key])) == shape(reports[name][key]), key


def test_parts_of_every_chip_add_up(reports):
    for report in reports.values():
        chip = report["chip"]
        assert math.fsum(chip["area_by_part_m2"].values()) == near(chip["area_m2"], rel=1e-12)
        for name in PHASES:
            phase = report["phases"][name]
            if phase is None:
                continue
            parts = math.fsum(phase["energy_by_part_J"].values())
            assert parts == near(phase["energy_J"], rel=1e-12)
            for key in ("energy_J", "latency_s", "dram_energy_J"):
                layers = math.fsum(layer["phases"][name][key] for layer in report["layers"])
                assert layers == near(phase[key], rel=1e-12), (name, key)


def test_a_chip_of_sram_asks_nothing_of_the_device(reports, command, tiny):
    """One without pulse data, of which no cell is made."""
    words = "--no-train", "--architecture", "sram", "--device", "mram_intel_22nm"
    told = command("run", tiny, *words, "--out", "other")
    assert (told.code, told.err) == (0, "")
    with open("other/report.json") as file:
        other = json.load(file)
    for key in ("chip", "phases", "layers", "totals", "assumptions"):
        assert other[key] == reports["sram"][key]


def test_the_papers_figures_stand_beside_those_of_its_own_chip_alone(reports):
    assert set(reports["rebit"]["paper"]) == {"forward", "backward"}
    assert reports["reram"]["paper"] == reports["sram"]["paper"] == {}


def test_energy_time_and_area_of_two_chips_are_one_compare_away(reports, command):
    told = command("compare", "rebit", "reram")
    assert told.code == 1
    for line in ("chip.area_m2", "totals.epoch.energy_J", "totals.epoch.latency_s"):
        assert line in told.out
    assert "inputs.architecture.values.dpim" in told.out
    assert "dpim/weights" not in told.out  # summed up with its owner


def test_all_chips_in_one_table(command, tiny):
    told = command("sweep", tiny, "--axis", "architecture=rebit,reram,sram")
    assert (told.code, told.err.count("cannot")) == (0, 0)
    assert "3 designs, 3 feasible" in told.out


def test_an_all_reram_chip_learns_and_bills_what_it_measured(command, tiny, data):
    told = command(
        "run", tiny, "--architecture", "reram", "--data", data, "--epochs", "1", "--out", "x"
    )
    assert told.code == 0, told.err
    with open("x/report.json") as file:
        report = json.load(file)
    assert report["ablations"] == []
    assert report["activity"]["source"].startswith("measured")
    assert report["training"]["epochs"][0]["cells_programmed"] > 0
