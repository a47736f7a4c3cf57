"""report.html as a parser reads it: numbers of the document, nothing from outside, all escaped."""

import copy
import json
import re
from pathlib import Path

import pytest
from made_report import built
from pages import Page, at, hostile, same, trained

from neurorebit.results.pages.report import costs
from neurorebit.results.writers.table import WRITERS

REFERENCE = Path(__file__).parents[3] / "reports" / "reference"
FOLDERS = ("vgg11_cifar10", "mlp_digits/tiki_taka_seed1", "vgg11_half/reram_seed1")


def write(report):
    return WRITERS["report.html"](report)


def shown(page, document):
    """Every text of the page that has a path, checked against the document; how many there are."""
    for path, given, text in page.shown:
        value = at(document, path)
        assert same(text, value), (path, text, value)
        if given is not None and not isinstance(value, str):
            assert float(given) == value, path
    return len(page.shown)


@pytest.mark.parametrize("name", FOLDERS)
def test_every_number_that_has_a_path_is_that_of_the_document(name):
    document = json.loads((REFERENCE / name / "report.json").read_text())
    page = Page(write(document))
    assert shown(page, document) > 500
    paths = {path for path, _, _ in page.shown}
    for wanted in (
        "/chip/area_m2", "/totals/image/energy_J", "/totals/inference/energy_J",
        "/training/test_accuracy", "/phases/forward/latency_s", "/layers/0/phases/forward/energy_J",
        "/layers/0/floorplan/copies", "/inputs/network/sha256",
    ):  # fmt: skip
        assert wanted in paths
    assert len(page.ids) == len(set(page.ids))


def test_what_a_document_does_not_say_of_a_layer_is_a_dash_without_a_path():
    document = trained()
    document["activity"]["layers"][0]["stored_density"] = 0.25
    page = Page(write(document))
    assert shown(page, document) > 100
    assert ["/activity/layers/0/stored_density", "0.25", "0.25"] in page.shown


def test_an_image_is_said_to_be_without_what_is_done_once_an_iteration():
    said = "is shown without what is done once an iteration"
    assert said in write(trained()).decode()
    inference = trained()
    for name, phase in inference["phases"].items():
        if phase is not None and phase["per"] == "iteration":
            inference["phases"][name] = None
    assert said not in write(inference).decode()


def test_a_page_needs_nothing_from_outside():
    page = Page(write(trained()))
    for address in page.addresses:
        assert address.startswith(("#", "data:")), address
    (policy,) = (given["content"] for tag, given in page.tags if "http-equiv" in given)
    assert "default-src 'none'" in policy
    assert "http" not in policy


def test_stacks_are_those_of_the_document():
    """Forward 5.5 and 1.25 pJ, DRAM 1 and 2 pJ; of 6 times that in backward and gradient 5/6."""
    document = trained()
    views = Page(write(document)).data["figures"]["energy"]
    assert set(views) == {
        f"{of}|{by}"
        for of in (
            "training, one image", "inference, one image", "training, one iteration",
            "programming, once",
        )
        for by in ("phase", "part")
    }  # fmt: skip
    plot = views["training, one image|phase"]
    assert plot["layout"]["yaxis"]["title"]["text"] == "energy [pJ]"
    assert [trace["name"] for trace in plot["data"]] == [
        "forward", "forward: DRAM", "backward", "backward: DRAM", "gradient", "gradient: DRAM",
    ]  # fmt: skip
    assert plot["data"][0]["y"] == pytest.approx([5.5, 1.25, 0.25], rel=1e-12)
    assert plot["data"][1]["y"] == pytest.approx([1.0, 2.0, 0.0], rel=1e-12)
    # forward of conv1 is 5.5 of (7 + 3) x (1 + 2 + 3) pJ
    assert plot["data"][0]["customdata"][0] == ["<b>conv1</b><br>forward<br>5.5 pJ<br>9.2 % of all"]
    sums = [sum(trace["y"][0] for trace in view["data"]) for view in views.values()]
    assert sums[0] == pytest.approx(sums[1], rel=1e-12), "by phase as by part"
    times = Page(write(document)).data["figures"]["time"]["training, one image"]["data"]
    assert times[0]["customdata"][1][0].endswith("<br>slowest: DRAM")


def test_parts_of_a_layer_are_those_of_the_document():
    document = trained()
    details = Page(write(document)).data["details"]
    for layer, own in zip(document["layers"], details["layers"], strict=True):
        for name, packed in own["energy"].items():
            phase = layer["phases"][name]
            found = dict(zip((details["parts"][i] for i in packed[::2]), packed[1::2], strict=True))
            assert found.pop("DRAM", 0.0) == phase["dram_energy_J"]
            assert found == {k: v for k, v in phase["energy_by_part_J"].items() if v}


def test_training_is_drawn_over_epochs_energy_and_writes():
    document = trained()
    views = Page(write(document)).data["figures"]["learning"]
    assert set(views) == {
        f"{what}|{over}" for what in ("accuracy", "loss") for over in ("epochs", "energy", "writes")
    }
    each = document["totals"]["epoch"]["energy_with_dram_J"]
    assert views["accuracy|energy"]["data"][1]["x"] == pytest.approx([each, 2 * each])
    assert views["accuracy|energy"]["data"][1]["y"] == [50.0, None]
    assert views["loss|writes"]["data"][0]["x"] == [12.0, 19.0]
    weights = Page(write(document)).data["figures"]["weights"][""]["data"]
    assert weights[0]["y"] == pytest.approx([12.5, 37.5, 50.0])
    assert weights[0]["x"] == pytest.approx([-4 / 3, 0.0, 4 / 3])


def test_no_name_or_text_leaves_its_place():
    content = write(hostile())
    page = Page(content)
    assert not [tag for tag, _ in page.tags if tag in ("img", "iframe", "object", "b ")]
    ours = content.decode().replace(page.scripts["script 1"], "")  # without Plotly itself
    assert "\x1b" not in ours
    assert "\u202e" not in ours
    assert "<img" not in ours
    labels = json.dumps(page.data["figures"])
    assert "<img" not in labels
    assert set(re.findall(r"<[^>]*>", labels)) <= {"<b>", "</b>", "<br>", "<extra>", "</extra>"}
    assert page.data["details"]["parts"], "parts are text, set as such by the script"


def test_ten_thousand_layers_are_limited_and_say_so():
    report = copy.deepcopy(built())
    first, *_, chip = report["layers"]
    report["layers"] = [{**first, "name": f"conv{i}"} for i in range(10_000)] + [chip]
    report["activity"]["layers"] = [
        {**report["activity"]["layers"][0], "name": f"conv{i}"} for i in range(10_000)
    ]
    page = Page(content := write(report))
    assert len(content) < 9e6
    assert len(page.data["details"]["layers"]) == costs.MOST
    assert page.data["details"]["names"][-1] == "shared"
    text = content.decode()
    assert "The 149 layers of most energy of 10,000" in text
    assert "The 600 largest of 10,001 rectangles" in text
    assert "300 of 10,001 rows" in text


def test_a_report_of_an_older_version_has_no_floorplan_and_still_a_page():
    report = copy.deepcopy(built())
    for layer in report["layers"]:
        layer.pop("floorplan", None)
    assert (
        Page(write(report)).data["figures"]["floorplan-map"][""]["data"][0]["labels"][0] == "chip"
    )


def test_no_phase_that_a_chip_lacks_is_asked_for():
    report = copy.deepcopy(built())
    for name in ("forward", "backward", "gradient", "update", "sync", "programming"):
        report["phases"][name] = None
        for layer in report["layers"]:
            layer["phases"][name] = None
    report["totals"] = dict.fromkeys(report["totals"]) | {
        "inference": report["totals"]["inference"]
    }
    report["paper"] = {}
    views = Page(write(report)).data["figures"]["energy"]
    assert set(views) == {"inference, one image|phase", "inference, one image|part"}


def test_plotly_takes_every_plot_as_it_is():
    """Written as plain dictionaries, which its own classes check here."""
    graph_objects = pytest.importorskip("plotly.graph_objects")
    document = json.loads((REFERENCE / FOLDERS[0] / "report.json").read_text())
    for views in Page(write(document)).data["figures"].values():
        for plot in views.values():
            graph_objects.Figure({"data": plot["data"], "layout": plot["layout"]})


def test_plotly_itself_is_that_of_its_package():
    from plotly.offline import get_plotlyjs

    from neurorebit.results.pages.frame import plotly

    assert plotly().decode() == get_plotlyjs()


def test_the_same_report_gives_the_same_bytes():
    assert write(trained()) == write(trained())
