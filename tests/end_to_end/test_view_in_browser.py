"""The served pages in a real browser: they work under their policy, and reach nothing else."""

import threading

import browser
import pytest

from neurorebit.__main__ import main
from neurorebit.store.view.server import Server
from neurorebit.store.view.site import Site

HOSTILE = """<!doctype html><title>hostile</title><script>
const root = location.pathname.split("/").slice(0, 2).join("/") + "/";
window.said = [];
function tell(what) { window.said.push(what); }
fetch(root).then(() => tell("fetched"), () => tell("not fetched"));
try { localStorage.length; tell("stored"); } catch { tell("not stored"); }
const image = new Image();
image.onload = () => tell("loaded");
image.onerror = () => tell("not loaded");
image.src = root + "run/1/energy.png";
</script>"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server of one run, to whose folder somebody added a page of his own."""
    place = tmp_path_factory.mktemp("served")
    store, out = place / "runs.sqlite", place / "out"
    words = ["run", "mlp", "--no-train", "--pictures", "--quiet", "--out", str(out)]
    assert main([*words, "--store", str(store)]) == 0
    (out / "training.csv").unlink()
    (out / "training.csv").symlink_to("/etc/hostname")
    (out / "layers.csv").write_text(HOSTILE)
    made = Server(Site(store))
    thread = threading.Thread(target=made.serve, daemon=True)
    thread.start()
    yield made, out
    made.close()
    thread.join(10)


def test_pages_work_and_reach_nothing(server):
    made, out = server
    with browser.started() as chromium:
        page = chromium.new_page()
        complaints = []
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(made.url)
        page.click("text=report.html")
        page.wait_for_selector("html[data-ready]")
        assert page.evaluate("document.querySelectorAll('.js-plotly-plot').length") > 0
        page.go_back()
        page.click("a >> nth=0")
        assert "neurorebit run mlp" in page.inner_text("table >> nth=0")
        page.click("text=all runs")
        assert page.title() == "Runs - NeuroReBIT"
        assert complaints == []

        (out / "report.html").write_text(HOSTILE)
        page.goto(f"{made.url}run/1/report.html")
        page.wait_for_function("window.said.length == 3")
        said = {"not fetched", "not stored", "not loaded"}
        assert set(page.evaluate("window.said")) == said
        page.goto(f"{made.url}run/1/layers.csv")  # a text, whatever it holds
        assert page.title() != "hostile"
        assert page.goto(f"{made.url}run/1/training.csv").status == 404
