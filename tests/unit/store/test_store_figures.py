"""The headline figures of reports, evaluations and schemes, from documents made by hand."""

import math

import numpy as np

from neurorebit.store.figures import of_designs, of_report, of_schemes

TOTAL = {"energy_J": 2.0, "energy_with_dram_J": 3.0, "latency_s": 5.0}


def report(**more):
    return {
        "chip": {"area_m2": 7.0, "leakage_W": 11.0},
        "activity": {"origin": "assumed"},
        "totals": {"image": None, "inference": TOTAL},
        "phases": {"programming": {"energy_J": 13.0, "latency_s": math.nan}},
        "training": None,
        **more,
    }


def by_name(figures):
    return {(f.name, f.of): (f.value, f.unit, f.origin) for f in figures}


def test_a_chip_that_only_infers_has_no_figures_of_training():
    assert by_name(of_report(report())) == {
        ("area", ""): (7.0, "m2", "estimated"),
        ("leakage", ""): (11.0, "W", "estimated"),
        ("inference_energy", ""): (2.0, "J/image", "assumed activity"),
        ("inference_latency", ""): (5.0, "s/image", "assumed activity"),
        ("programming_energy", ""): (13.0, "J", "assumed activity"),  # nan is no figure
    }


def test_an_evaluation_has_the_accuracy_of_each_step():
    rows = [
        {"key": "software", "accuracy": 0.9, "rest_s": None},
        {"key": "rest", "accuracy": 0.7, "rest_s": 3600.0},
    ]
    found = by_name(of_report(report(evaluation={"test_images": 50, "rows": rows})))
    tested = "measured on 50 test images"
    assert found["accuracy", ""] == (0.7, "", f"{tested}, all steps")
    assert found["accuracy", "software"] == (0.9, "", tested)
    assert found["accuracy", "rest 3600 s"] == (0.7, "", tested)


def test_a_regression_has_errors_and_no_accuracy():
    training = {"test_rmse": 0.5, "test_r2": 0.25, "test_images": 9, "images": 80, "epochs": [{}]}
    found = by_name(of_report(report(training=training)))
    assert found["test_rmse", ""] == (0.5, "", "measured on 9 test images")
    assert found["test_r2", ""][0] == 0.25
    assert (found["epochs", ""][0], found["images", ""][0]) == (1, 80)
    assert ("accuracy", "") not in found


def test_schemes_have_figures_of_their_own_and_the_highest_accuracy():
    rows = [
        {"scheme": "real", "seeds": 3, "test_accuracy": 0.8, "test_accuracy_std": 0.01},
        {"scheme": "reram", "seeds": 1, "test_accuracy": 0.6, "energy_J_per_epoch": 4.0,
         "area_m2": 2.0, "lifetime_epochs": math.inf},
    ]  # fmt: skip
    assert by_name(of_schemes(rows)) == {
        ("accuracy", ""): (0.8, "", "the highest of 2 schemes"),
        ("accuracy", "real"): (0.8, "", "measured, of 3 seeds"),
        ("accuracy_std", "real"): (0.01, "", "measured, of 3 seeds"),
        ("accuracy", "reram"): (0.6, "", "measured"),
        ("energy_of_epoch", "reram"): (4.0, "J", "of the first seed"),
        ("area", "reram"): (2.0, "m2", "of the first seed"),
    }


def test_of_designs_those_count_that_can_exist():
    table = {
        "feasible": np.array([True, False, True]),
        "area [m2]": np.array([3.0, 1.0, 2.0]),
        "leakage [W]": np.full(3, np.nan),
        "accuracy": np.array([0.5, 0.9, np.nan]),
    }
    assert by_name(of_designs(table)) == {
        ("designs", ""): (3.0, "", "counted"),
        ("feasible", ""): (2.0, "", "counted"),
        ("area", ""): (2.0, "m2", "the least of 2 designs"),
        ("accuracy", ""): (0.5, "", "the highest of 1 designs"),
    }
