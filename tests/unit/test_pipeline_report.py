"""What estimates and reports say of pipelines, on a chip that infers and on one that trains."""

import numpy as np
import pytest
from common import near

import neurorebit as nr
from neurorebit.results.pages.report import page
from neurorebit.results.writers.summary import answers

NETWORK = "lenet5"


def made(chip, way="lines", **sets):
    found = nr.chip(chip).set("architecture.pipelining", way)
    for key, value in sets.items():
        found = found.set(f"architecture.{key.replace('__', '.')}", value)
    return nr.estimate(NETWORK, found)


@pytest.fixture(scope="module")
def usual():
    return {chip: made(chip, "none").document for chip in ("inference_reram", "rebit")}


@pytest.fixture(scope="module")
def piped():
    return {chip: made(chip) for chip in ("inference_reram", "rebit")}


def test_the_chip_leaks_over_the_time_between_images(usual, piped):
    for chip, estimate in piped.items():
        now, before = estimate.document, usual[chip]
        interval = now["pipeline"]["inference"]["interval_s"]
        phase = now["phases"]["inference"]
        assert phase["latency_s"] == near(interval)
        assert phase["leakage_energy_J"] == near(now["chip"]["leakage_W"] * interval)
        assert interval < before["phases"]["inference"]["latency_s"]
        assert now["pipeline"]["inference"]["without_pipeline_s"] == near(
            before["phases"]["inference"]["latency_s"]
        )
        # what moves is the same; the buffer alone may have another size
        old, new = (one["phases"]["inference"]["energy_by_part_J"] for one in (before, now))
        for part in old:
            if not part.startswith(("leakage", "global_buffer")):
                assert new[part] == near(old[part]), part


def test_totals_have_latency_and_rate_apart(piped):
    total = piped["inference_reram"].document["totals"]["inference"]
    found = piped["inference_reram"].document["pipeline"]["inference"]
    assert total["images_per_s"] == near(1.0 / found["interval_s"])
    assert total["latency_s"] == near(found["latency_s"])
    assert total["latency_s"] > found["interval_s"]
    assert total["power_W"] == near(total["energy_J"] / found["interval_s"])
    assert piped["inference_reram"].images_per_s == near(total["images_per_s"])
    count = found["images"]
    assert found["time_of_images_s"] == near(found["latency_s"] + (count - 1) * found["interval_s"])


def test_an_iteration_is_its_steps_and_what_follows_them(piped):
    report = piped["rebit"].document
    found, total = report["pipeline"]["training"], report["totals"]["iteration"]
    after = sum(report["phases"][name]["latency_s"] for name in ("update", "sync"))
    steps = sum(step["time_s"] for step in found["steps"])
    assert total["latency_s"] == near(steps + after)
    assert found["time_of_images_s"] == near(steps + after)
    assert report["totals"]["image"]["images_per_s"] == near(found["images"] / (steps + after))
    assert total["energy_J"] == near(
        sum(
            report["phases"][name]["energy_J"] * (found["images"] if per == "image" else 1)
            for name, per in (
                ("forward", "image"), ("backward", "image"), ("gradient", "image"),
                ("update", "iteration"), ("sync", "iteration"),
            )
        )
    )  # fmt: skip


def test_nothing_is_said_without_a_pipeline(usual):
    assert all("pipeline" not in report for report in usual.values())
    assert made("inference_reram", "none").pipeline.empty


@pytest.mark.parametrize(
    ("sets", "part"),
    [
        ({"vector_unit__lanes": 1}, ("vector", "vector", None)),
        ({"transport__bus_bits": 1}, ("tile_tree", "tree", None)),
        (
            {"dram__bandwidth": "1.1 Gbit/s", "transport__activation_bits": 0},
            ("DRAM", "DRAM", None),
        ),
        ({"inference_arrays__share_tiles": True}, ("shared tile tiles", None, None)),
    ],
)
def test_a_part_that_layers_share_is_named(sets, part):
    limit = made("inference_reram", **sets).document["pipeline"]["inference"]["steps"][0]["limits"][
        0
    ]
    place, stream, layer = part
    assert (limit["part"], limit["layer"]) == (place, layer)
    assert stream in (None, limit["stream"])
    assert limit["share"] == near(1.0)


def test_texts_and_pages_show_it(piped):
    for estimate in piped.values():
        report = estimate.document
        rate = report["pipeline"]["inference"]["images_per_s"]
        assert "Pipeline" in estimate.text
        assert f"{rate:,.4g}"[:3] in estimate.text.replace(",", "")
        assert b'id="pipeline-stages"' in page.write(report, answers(report))
        steps = estimate.pipeline
        assert set(steps["of"]) == {k for k in ("inference", "training") if report["pipeline"][k]}
        assert np.all(steps["time_s"] > steps["fill_s"])


def test_a_sweep_equals_its_points(piped):
    grid = nr.sweep(
        NETWORK, "rebit", {"architecture.pipelining": ["none", "lines", "maps"]}, progress=False
    ).frame
    report = piped["rebit"].document["pipeline"]
    of = {row["architecture.pipelining"]: row for _, row in grid.iterrows()}
    for kind in ("inference", "training"):
        assert of["lines"][f"{kind} interval [s/image]"] == near(report[kind]["interval_s"])
        assert of["lines"][f"{kind} images/s"] == near(report[kind]["images_per_s"])
    assert of["lines"]["inference latency [s/image]"] == near(report["inference"]["latency_s"])
    assert of["maps"]["inference latency [s/image]"] > report["inference"]["latency_s"]
    none = of["none"]
    assert none["inference interval [s/image]"] == near(none["inference latency [s/image]"])
