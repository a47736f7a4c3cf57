"""The tables of the README and of docs/ that follow from the package and from committed reports.

``python docs/figures.py`` writes them between their marks, ``<!-- figures: NAME -->`` and
``<!-- end -->``; a test says when it is due.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import reference_blocks

import neurorebit as nr
from neurorebit.__main__ import COMMANDS
from neurorebit.chips.parts.phases import PHASES
from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.data.table import DATASETS, FORMATS
from neurorebit.results.document import PAPER
from neurorebit.schema import paths, units
from neurorebit.schema.device import Device
from neurorebit.schema.hints import ranges
from neurorebit.schema.technology import Technology
from neurorebit.schemes.table import SCHEMES

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
REFERENCE = ROOT / "reports" / "reference"
MARKED = re.compile(r"(?<=<!-- figures: )(?P<name>\w+) -->\n.*?(?=<!-- end -->)", re.DOTALL)
CHIPS = {"rebit": "ReBIT", "reram": "all ReRAM", "sram": "all SRAM"}
Json = dict[str, Any]


def table(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    """The lines of a Markdown table."""
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(row)} |"


def shown(value: float | None, unit: str = "", digits: int = 3) -> str:
    """A quantity to a few digits; a dash where there is none."""
    if value is None:
        return "-"
    if not unit:
        return f"{float(f'{value:.{digits}g}'):g}"
    if unit == "m2":
        return f"{float(f'{value * 1e6:.{digits}g}'):g} mm2"
    return units.show(float(f"{value:.{digits}g}"), unit)


# --- what there is


def commands() -> Iterator[str]:
    """Every command."""
    yield from table(["command", "does"], [[f"`neurorebit {k}`", v] for k, v in COMMANDS.items()])


def files() -> Iterator[str]:
    """The kinds of files, and those that are shipped."""
    what = {
        "network": "layers, training and its recipes",
        "architecture": "bits, arrays, converters, where the weights live",
        "technology": "one CMOS node",
        "device": "one memory cell, its pulses and variation",
    }
    rows = [
        [
            f"{kind}: {text}",
            f"`{paths.FOLDERS[kind]}/`",
            " ".join(f"`{n}`" for n in paths.names(kind)),
        ]
        for kind, text in what.items()
    ]
    yield from table(["what", "where", "shipped"], rows)


def operators() -> Iterator[str]:
    """The operators of ONNX that are mapped to layers, and the kinds of these."""
    from neurorebit.inputs.importers.graphs.rewritten import REWRITTEN
    from neurorebit.inputs.importers.operators.table import OPERATORS

    rows = [[f"`{name}`", becomes] for name, (_, becomes) in sorted(OPERATORS.items())]
    rows += [[f"`{name}`", "operators above"] for name in sorted(REWRITTEN)]
    yield from table(["operator", "becomes"], rows)


def data() -> Iterator[str]:
    """The data sets that have a name, and what a path may be."""
    rows = [
        [
            f"`{name}`",
            one.title,
            " or ".join(map(str, one.shapes)) or "scaled to the input",
            f"{one.classes}",
            f"{one.train_images:,}",
            f"`{one.archive.folder}`, a download" if one.archive else "installed",
        ]
        for name, one in DATASETS.items()
    ]
    rows += [[f"`{form.written}`", form.summary, *["your own"] * 4] for form in FORMATS.values()]
    head = ["`dataset`", "what", "input", "classes", "training images", "folder"]
    yield from table(head, rows)


def published() -> Iterator[str]:
    """The ranges that a number of a file is held against, and where they were published."""
    rows = []
    for root, section in {
        "technology": Technology,
        "device": Device,
        "architecture": ArchitectureSpec,
    }.items():
        rows += [
            [f"`{'.'.join((root, *map(str, loc)))}`", str(known), known.source]
            for loc, known in ranges(section)
        ]
    yield from table(["key", "published", "lowest and highest"], rows)


def schemes() -> Iterator[str]:
    """The schemes and their variants."""
    rows = []
    for name, scheme in SCHEMES.items():
        rows.append([f"`{name}`", scheme.summary, f"`{scheme.architecture}`: {scheme.chip}"])
        for variant, other in scheme.variants.items():
            rows.append([f"`{variant}` (of `schemes` only)", f"as `{name}`", other.chip])
    yield from table(["scheme (`architecture.scheme`)", "weights", "chip"], rows)


# --- what chips cost


@cache
def estimate(chip: str) -> Json:
    """The report of VGG11 on a shipped chip, with the activity that its trainings recorded."""
    return nr.estimate(nr.network("vgg11"), nr.chip(chip)).document


@cache
def reference() -> Json:
    """The committed reference report."""
    report: Json = json.loads((REFERENCE / "vgg11" / "report.json").read_text(encoding="utf-8"))
    return report


def phases() -> Iterator[str]:
    """What the phases of the reference report cost."""
    rows = [
        [
            name, phase["per"], shown(phase["energy_J"], "J"), shown(phase["dram_energy_J"], "J"),
            shown(phase["latency_s"], "s"), shown(phase["tops_per_W"]),
            shown(phase["tops_per_W_macro"]), shown(phase["tops_per_W_with_dram"]),
        ]
        for name in PHASES if (phase := reference()["phases"].get(name))
    ]  # fmt: skip
    head = ["phase", "per", "energy", "DRAM", "time", "TOPS/W", "macros alone", "with DRAM"]
    yield from table(head, rows)


def chips() -> Iterator[str]:
    """The three chips that train, on the same network."""
    rows = []
    for name, title in CHIPS.items():
        report = estimate(name)
        image, epoch, phase = report["totals"]["image"], report["totals"]["epoch"], report["phases"]
        scale = 50_000 / epoch["images"]
        rows.append([
            title, shown(report["chip"]["area_m2"], "m2"), shown(report["chip"]["leakage_W"], "W"),
            *(shown(phase[k]["energy_J"], "J") for k in ("forward", "backward", "gradient")),
            shown(image["energy_J"], "J"), shown(image["dram_energy_J"], "J"),
            shown(image["energy_with_dram_J"], "J"),
            f"{shown(scale * epoch['latency_s'], 's')}, "
            f"{shown(scale * epoch['energy_with_dram_J'], 'J')}",
            *(shown(phase[k]["tops_per_W"]) for k in ("forward", "backward")),
        ])  # fmt: skip
    yield from table([
        "chip", "area", "leakage", "forward", "backward", "gradient", "training, an image",
        "its DRAM", "both", "epoch with DRAM", "TOPS/W forward", "backward",
    ], rows)  # fmt: skip


BUILDS = (
    ("word_parallel", "sklansky"),
    ("word_parallel", "carry_save"),
    ("word_parallel", "ripple"),
    ("bit_serial", "sklansky"),
    ("bit_serial", "ripple"),
)


def builds() -> Iterator[str]:
    """VGG11's errors through the digital macros of ReBIT: their builds and adders."""
    rows = []
    for build, adder in BUILDS:
        chip = nr.chip("rebit").set("architecture.dpim.build", build)
        found = nr.estimate(nr.network("vgg11"), chip.set("architecture.dpim.adder", adder))
        back = found.phases.loc["backward"]
        given = [(back.energy_J, "J"), (back.latency_s, "s"), (found.parts["area_m2"].sum(), "m2")]
        rows.append([
            f"`{build}`, `{adder}`", *(shown(float(value), unit) for value, unit in given),
            shown(float(back.tops_per_W)),
        ])  # fmt: skip
    rows.append(
        ["the ReBIT paper, without its convention", "-", "-", "-", shown(PAPER["backward"])]
    )
    yield from table(["build, adder", "energy", "time", "area of the chip", "TOPS/W"], rows)


def nodes() -> Iterator[str]:
    """The ReBIT chip in every node, in both flavours."""
    grid = nr.nodes(nr.network("vgg11"), nr.chip("rebit")).table
    left = (
        ("area [m2]", "m2"), ("leakage [W]", "W"), ("forward energy [J/image]", "J"),
        ("backward energy [J/image]", "J"), ("training energy [J/image]", "J"),
        ("training latency [s/image]", "s"), ("forward TOPS/W chip", ""),
        ("backward TOPS/W chip", ""),
    )  # fmt: skip
    right = (left[1], left[4], left[5], left[6])
    names = list(grid["technology"])
    features = [n.removesuffix("_lstp") for n in names if n.endswith("_lstp")]
    rows = []
    for feature in sorted(features, key=lambda n: -int(n.removesuffix("nm"))):
        row = [feature.replace("nm", " nm")]
        for flavour, columns in (("lstp", left), ("hp", right)):
            i = names.index(f"{feature}_{flavour}")
            row += [shown(float(grid[name][i]), unit) for name, unit in columns]
        rows.append(row)
    yield from table([
        "node", "area", "leakage", "forward", "backward", "training", "time", "TOPS/W forward",
        "backward", "HP: leakage", "training", "time", "TOPS/W forward",
    ], rows)  # fmt: skip


def systems() -> Iterator[str]:
    """Every system on one network: accuracy, bill, and what it took to reach an accuracy."""
    folder = REFERENCE / "systems"
    made, spent = (
        list(csv.DictReader((folder / name).read_text(encoding="utf-8").splitlines()))
        for name in ("schemes.csv", "schemes_energy.csv")
    )
    reached = {(row["scheme"], row["target"]): row for row in spent}
    targets = list(dict.fromkeys(row["target"] for row in spent))
    rows = []
    for row in made:
        numbers = {key: float(value) for key, value in row.items() if number(value)}
        cells = [f"`{row['scheme']}`", row["chip"], f"{100 * numbers['test_accuracy']:.2f}"]
        for key, unit in COLUMNS.items():
            cells.append(shown(numbers.get(key), unit))
        for target in targets:
            at = reached[row["scheme"], target]
            cells.append(at["epoch"] or "never")
            energy, cells_written = at["energy_with_dram_J"], at["cells_programmed"]
            cells.append(shown(float(energy), "J") if energy else "-")
            cells.append(f"{float(cells_written):,.0f}" if cells_written else "-")
        rows.append(cells)
    heads = [f"{target}: {what}" for target in targets for what in ("epoch", "energy", "writes")]
    yield from table(
        ["system", "chip", "test accuracy [%]", "energy an epoch", "with DRAM", "time", "area",
         "digital bits a weight", "writes a cell and epoch", *heads], rows)  # fmt: skip


COLUMNS = {
    "energy_J_per_epoch": "J",
    "energy_with_dram_J_per_epoch": "J",
    "latency_s_per_epoch": "s",
    "area_m2": "m2",
    "memory_bits_per_weight": "",
    "writes_per_cell_and_epoch": "",
}


def number(text: str) -> bool:
    """Whether a cell of a table is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


BLOCKS: dict[str, Callable[[], Iterator[str]]] = reference_blocks.BLOCKS | {
    block.__name__: block
    for block in (
        commands,
        data,
        files,
        operators,
        published,
        schemes,
        phases,
        chips,
        builds,
        systems,
        nodes,
    )
}


def derived(text: str) -> str:
    """The text of a page with its tables as they are to be."""

    def block(found: re.Match[str]) -> str:
        lines = "\n".join(BLOCKS[found["name"]]())
        return f"{found['name']} -->\n{lines}\n"

    return MARKED.sub(block, text)


def main() -> int:
    """Write all pages whose tables are out of date."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        if (new := derived(text)) != text:
            page.write_text(new, encoding="utf-8")
            sys.stdout.write(f"written: {page.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
