"""Pages in a real browser: drawn without an error, sorted, copied, by keyboard, dark, on paper."""

import json
import math
import shlex
from pathlib import Path

import pytest
from browser import Tab, started
from pages import HOSTILE, at, hostile, same

from neurorebit.__main__ import main
from neurorebit.results.writers.table import WRITERS

REFERENCE = Path(__file__).parents[2] / "reports" / "reference"
DOCUMENT = json.loads((REFERENCE / "vgg11_cifar10" / "report.json").read_text())
ALL_DRAWN = """() => [...document.querySelectorAll('.plot')].filter(
    (plot) => !plot.querySelector('svg.main-svg')).map((plot) => plot.dataset.figure)"""


@pytest.fixture(scope="module")
def browser():
    with started() as one:
        yield one


@pytest.fixture(scope="module")
def report(browser, tmp_path_factory):
    """The page of a committed training, opened once."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_bytes(WRITERS["report.html"](DOCUMENT))
    tab = Tab(browser, path)
    yield tab
    tab.is_sound()


def test_every_figure_is_drawn_and_every_number_is_that_of_the_document(report):
    assert report.run(ALL_DRAWN) == []
    shown = report.run(
        "() => [...document.querySelectorAll('[data-path]')].map("
        "(one) => [one.dataset.path, one.textContent])"
    )
    assert len(shown) > 500
    assert [one for one in shown if not same(one[1], at(DOCUMENT, one[0]))] == []
    report.is_sound()


def test_bars_are_as_high_as_the_document_says_and_hover_says_so(report):
    energies = report.run(
        "() => document.querySelector('#energy .plot').calcdata.map((trace) => "
        "[trace[0].trace.name, trace.map((bar) => [bar.s, bar.data ?? '', "
        "trace[0].trace.customdata[bar.i][0]])])"
    )
    for name, bars in energies:
        phase, _, dram = name.partition(": ")
        key = "dram_energy_J" if dram else "energy_J"
        for layer, (height, _, text) in zip(DOCUMENT["layers"], bars, strict=True):
            value = layer["phases"][phase][key]
            assert math.isclose(height, 1e6 * value, rel_tol=1e-12, abs_tol=1e-12)
            assert same(text.split("<br>")[2], value), text


def test_a_click_on_a_layer_shows_its_parts(report):
    bar = report.page.locator("#energy .plot .points .point path").nth(5)
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    report.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert report.run("() => document.querySelector('#layer select').value") == "5"
    rows = report.run(
        "() => [...document.querySelectorAll('#layer tbody tr')].map("
        "(row) => [...row.cells].map((cell) => cell.textContent))"
    )
    phases = DOCUMENT["layers"][5]["phases"]
    for part, *texts, _, _ in rows:
        for name, text in zip(("forward", "backward", "gradient"), texts, strict=True):
            parts = phases[name]["energy_by_part_J"] | {"DRAM": phases[name]["dram_energy_J"]}
            assert same(text, parts.get(part, 0.0)), (part, name)
    report.page.locator("#layer select").first.select_option("7")
    first = report.page.locator("#layer caption").text_content()
    assert first == f"Parts of {DOCUMENT['layers'][7]['name']}: energy: training, one image"


def column(tab, table, place):
    return tab.run(
        "([table, place]) => [...document.querySelector(table).tBodies[0].rows].map("
        "(row) => row.cells[place].dataset.v)",
        [table, place],
    )


def test_a_table_sorts_by_the_keyboard_and_copies_in_si_units(report):
    table = "#phases table"
    heading = report.page.locator(f"{table} th", has_text="energy").first
    heading.locator("button").focus()
    report.page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    energies = list(map(float, column(report, table, 2)))
    assert energies == sorted(energies, reverse=True)
    report.page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "ascending"
    assert list(map(float, column(report, table, 2))) == sorted(energies)
    report.page.locator("#phases button.copy").first.click()
    head, *lines = report.clipboard().splitlines()
    assert head.split("\t")[:4] == ["phase", "per", "energy [J]", "of it leakage [J]"]
    for line in lines:
        name, per, energy, *_ = line.split("\t")
        assert per == DOCUMENT["phases"][name]["per"]
        assert float(energy) == DOCUMENT["phases"][name]["energy_J"]
    assert report.page.locator("#phases [role=status]").first.inner_text() == "Copied"
    names = report.page.locator(f"{table} th button").first
    names.click()
    assert column(report, table, 0) == sorted(DOCUMENT["phases"])


def test_choices_are_taken_by_arrow_keys(report):
    report.page.locator("#learning input:checked").last.focus()
    report.page.keyboard.press("ArrowRight")
    assert report.page.locator("#learning input:checked").last.get_attribute("value") == "energy"
    places = report.run("() => document.querySelector('#learning .plot').data[1].x")
    each = DOCUMENT["totals"]["epoch"]["energy_with_dram_J"]
    assert places == pytest.approx([each, 2 * each, 3 * each])


NAMELESS = """() => {
  const those = 'button, select, input, [role=img], figure, section';
  const named = (one) => one.textContent.trim() || one.getAttribute('aria-label') ||
    one.getAttribute('aria-labelledby') || one.labels?.[0]?.textContent.trim();
  return [...document.querySelectorAll(those)].filter((one) => !named(one))
    .map((one) => one.outerHTML); }"""


def test_everything_that_acts_has_a_name_and_takes_the_focus(report):
    nameless = report.run(NAMELESS)
    assert nameless == []
    assert report.run("() => document.querySelectorAll('[tabindex=\"-1\"] button').length") == 0
    without = report.run(
        "() => [...document.querySelectorAll('figure')].filter("
        "(one) => !one.querySelector('table')).map((one) => one.id)"
    )
    assert without == ["writes"], "whose numbers stand in the table of epochs"


CONTRAST = """() => {
  const light = (rgb) => { const [r, g, b] = rgb.match(/[\\d.]+/g).slice(0, 3).map((v) => {
      v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (one) => { for (; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (!/rgba\\(.*, 0\\)/.test(colour)) return colour; } return 'rgb(255, 255, 255)'; };
  const seen = (one) => one.offsetParent && one.textContent.trim() && !one.closest('.plot');
  const those = 'p, dt, dd, li, h1, h2, h3, th, td, span, button, a, summary';
  return [...document.querySelectorAll(those)].filter(seen)
    .map((one) => { const [a, b] = [light(getComputedStyle(one).color), light(ground(one))];
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), one.outerHTML.slice(0, 60)]; })
    .filter(([ratio]) => ratio < 4.5); }"""


def test_light_and_dark_are_as_the_system_has_it_and_as_the_reader_takes_it(report):
    theme = "() => document.documentElement.dataset.theme"
    ink = "() => document.querySelector('#energy .plot').layout.font.color"
    assert report.run(theme) == "light"
    assert report.run(CONTRAST) == []
    light = report.run(ink)
    report.page.emulate_media(color_scheme="dark")
    report.page.wait_for_selector("html[data-theme=dark]")
    assert report.run(CONTRAST) == []
    assert report.run(ink) != light
    report.page.get_by_role("button", name="Show the page light").click()
    assert report.run(theme) == "light"
    assert report.run(ink) == light
    report.page.emulate_media(color_scheme="light")


def test_on_paper_it_is_light_and_has_figures_and_tables(report):
    report.page.get_by_role("button", name="Show the page dark").click()
    pdf = report.page.pdf(format="A4", print_background=True)
    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type /Page\n") >= 5
    report.page.emulate_media(media="print")
    shown = report.run(
        "() => ['nav', '.choices', '.tools', 'figure', '#phases table'].map((one) => "
        "getComputedStyle(document.querySelector(one)).display !== 'none')"
    )
    assert shown == [False, False, False, True, True]
    wide = "() => document.documentElement.scrollWidth - innerWidth"
    report.page.set_viewport_size({"width": 688, "height": 900})  # A4 within its margins
    report.run("() => dispatchEvent(new Event('beforeprint'))")
    assert report.run(wide) <= 0, "nothing is wider than the paper"
    assert report.run("() => document.documentElement.dataset.theme") == "light"
    report.run("() => dispatchEvent(new Event('afterprint'))")
    assert report.run("() => document.documentElement.dataset.theme") == "dark"
    report.page.set_viewport_size({"width": 1280, "height": 900})
    report.page.emulate_media(media="screen")


def test_hostile_names_are_only_text(browser, tmp_path):
    path = tmp_path / "report.html"
    path.write_bytes(WRITERS["report.html"](hostile()))
    tab = Tab(browser, path)
    tab.page.wait_for_timeout(100)
    assert tab.run("() => document.querySelectorAll('img, b:not(.card b)').length") == 0
    assert tab.run(ALL_DRAWN) == []
    labels = tab.run("() => document.querySelector('#energy .xtick').textContent")
    assert "<" in labels, "as text"
    assert tab.run("() => document.querySelector('h1').textContent").startswith(HOSTILE[:20])
    tab.is_sound()


@pytest.fixture
def work(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    return tmp_path


COUNT = "() => document.querySelector('#trade [role=status]').textContent"


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A folder with the page and the table of ten designs."""
    place = tmp_path_factory.mktemp("sweep")
    axes = ("--axis", "technology.vdd=0.8V:1.0V:5", "--axis", "architecture.apim.adc_bits=4,6")
    where = ("--page", str(place / "s.html"), "--out", str(place / "s.csv"), "--quiet")
    assert main(["sweep", "mlp", *axes, "--pareto", "energy,latency", *where]) == 0
    return place


def test_a_sweep_s_page_shows_designs_and_their_commands(browser, swept, work):
    tab = Tab(browser, swept / "s.html", webgl=False)
    assert tab.run("() => document.querySelector('#trade .plot').data.length") == 3
    assert tab.run(COUNT) == "10 designs"
    lines = tab.run("() => document.querySelector('#parallel .plot').data.map((l) => l.x.length)")
    assert sum(lines) == 10 * 8, "each design through two keys, five figures, and its end"
    point = tab.page.locator("#trade .plot .scatterlayer .points path").first
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    tab.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    command = tab.page.locator("#trade .command code").inner_text()
    tab.page.locator("#trade select").first.select_option("area")
    title = tab.run("() => document.querySelector('#trade .plot').layout.xaxis.title.text")
    assert title == "area [mm²]"
    designs = json.loads(tab.run("() => document.getElementById('data').textContent"))["designs"]
    index = designs["commands"].index(command)
    plot = "document.querySelector('#trade .plot')"
    hover = tab.run(f"() => {plot}.data.flatMap((one) => one.customdata ?? [])")
    text = dict(hover)[index]
    assert text.replace("<br>", " ").replace("  ", " ").strip().endswith(command)
    tab.is_sound()
    _, name, *rest = shlex.split(command)
    assert main([name, *rest, "--out", "one", "--quiet"]) == 0
    head, *rows = (swept / "s.csv").read_text().splitlines()
    row = dict(zip(head.split(","), rows[index].split(","), strict=True))
    made = json.loads((work / "one" / "report.json").read_text())
    energy = float(row["training energy [J/image]"])
    assert made["totals"]["image"]["energy_J"] == pytest.approx(energy, rel=1e-9)


def test_ranges_of_parallel_coordinates_are_kept_below(browser, swept):
    tab = Tab(browser, swept / "s.html")
    if not tab.run("() => document.querySelector('#parallel canvas') !== null"):
        pytest.skip("this Chromium has no WebGL at the moment")
    tab.run(
        "() => Plotly.restyle(document.querySelector('#parallel .plot'), "
        "{'dimensions[0].constraintrange': [[[0.79, 0.91]]]})"
    )
    assert tab.run(COUNT) == "6 of 10 designs are within the ranges above"
    tab.is_sound()


def test_a_comparison_s_page_has_both_runs_side_by_side(browser, work, capsys):
    for chip in ("rebit", "reram"):
        main(["run", "mlp", "--no-train", "--quiet", "--architecture", chip, "--out", chip])
    assert main(["compare", "rebit", "reram", "--page", "both.html"]) == 1
    tab = Tab(browser, work / "both.html")
    assert tab.run(ALL_DRAWN) == []
    one, two = (json.loads((work / n / "report.json").read_text()) for n in ("rebit", "reram"))
    rows = tab.run(
        "() => [...document.querySelector('#summary table').tBodies[0].rows].map("
        "(row) => [...row.cells].map((cell) => cell.textContent))"
    )
    found = {path: (first, second) for path, first, second, _ in rows}
    for path in ("chip.area_m2", "phases.backward.energy_J", "totals.image.latency_s"):
        pointer = "/" + path.replace(".", "/")
        assert same(found[path][0], at(one, pointer))
        assert same(found[path][1], at(two, pointer))
    tab.is_sound()


def test_a_search_s_page_shows_its_front_and_what_moves_it(browser, work, capsys):
    (work / "space.yaml").write_text(
        "space:\n  architecture.apim.adc_bits: [4, 5, 6]\n"
        "  technology.vdd: {low: 0.8 V, high: 1 V, step: 0.1 V}\n"
    )
    words = ("search", "mlp", "--space", "space.yaml", "--budget", "9", "--quiet")
    assert main([*words, "--objectives", "energy,latency", "--out", "found"]) == 0
    tab = Tab(browser, work / "found" / "search.html")
    assert tab.run("() => document.querySelector('#importances svg.main-svg') !== null")
    assert tab.run("() => document.querySelector('#parallel canvas') !== null")
    front = json.loads((work / "found" / "search.json").read_text())["front"]
    rows = tab.run("() => [...document.querySelectorAll('#front tbody tr')].map("
                   "(row) => Number(row.cells[1].textContent))")  # fmt: skip
    assert sorted(rows) == front
    tab.page.locator("#trade .plot .scatterlayer .points path").first.click(force=True)
    assert tab.page.locator("#trade .command code").inner_text().startswith("neurorebit run mlp")
    tab.is_sound()
