"""Readings of the all-ReRAM chip against hybrid: ``python -m validation.all_reram FOLDER [SEEDS]``.

A paper says neither how many levels its in-place cells have nor what its 10 % are of, so that each
reading is trained on the same network with the same schedule: VGG11 of an eighth of the width,
5,000 images of CIFAR-10 an epoch for eight epochs, tested on 4,000. FOLDER keeps the report of each
training; what it has finished is not made again, and what was begun goes on. Prints a table.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurorebit.results import document
from neurorebit.schema import Setting
from neurorebit.schemes.reram import THREE_BITS
from neurorebit.studies.request import Request
from neurorebit.studies.run import run
from neurorebit.training import checkpoint

SCHEDULE = {
    "network.width": "0.125", "training.epochs": "8", "training.images": "5000",
    "training.test_images": "4000",
}  # fmt: skip
REAL = {"training.learning_rate": "0.05", "training.warmup_epochs": "1"}
WHOLE = {"training.learning_rate": "8"}
SEVEN = dict(THREE_BITS.settings)  # states of 3 bits, as the row reram_3bit has them
TENTH, LABEL = {"device.pulses.c2c": "0.1"}, {"device.variation.pulse_d2d": "label"}


@dataclass(frozen=True)
class Reading:
    """A training: what it is, network, chip, scheme, and what is set."""

    what: str
    network: str
    chip: str
    scheme: str
    settings: dict[str, str]


READINGS = {
    "hybrid": Reading("ReBIT", "vgg11", "rebit", "hybrid", REAL),
    "real": Reading("software", "vgg11", "rebit", "real", REAL),
    "label_range": Reading(
        "7 states; C2C 10 % of the range, D2D 0.1 on the label", "vgg11", "reram", "reram",
        REAL | SEVEN | TENTH | LABEL,
    ),
    "today": Reading(
        "7 states; C2C as measured, 3.7 % of the range, D2D 10 % of steps and bounds", "vgg11",
        "reram", "reram", REAL | SEVEN,
    ),
    "range": Reading(
        "7 states; C2C 10 % of the range, D2D 10 % of steps and bounds", "vgg11", "reram", "reram",
        REAL | SEVEN | TENTH,
    ),
    "step": Reading(
        "7 states; 10 % of a pulse's step, D2D 10 % of steps and bounds", "vgg11", "reram",
        "reram", REAL | SEVEN | {"device.variation.pulse_c2c": "step"},
    ),
    "wage": Reading("whole numbers in SRAM, 2-8-8-8", "vgg11_wage", "wage", "wage", WHOLE),
    "wage_3bit": Reading(
        "whole numbers in place, 7 states, C2C 3.7 % of the range", "vgg11_wage", "reram",
        "wage_reram", WHOLE | SEVEN,
    ),
    "wage_label_range": Reading(
        "whole numbers in place, 7 states, C2C 10 % of the range, D2D 0.1 on the label",
        "vgg11_wage", "reram", "wage_reram", WHOLE | SEVEN | TENTH | LABEL,
    ),
    "wage_7bit": Reading(
        "whole numbers in place, 128 pulses, C2C 3.7 % of the range", "vgg11_wage", "reram",
        "wage_reram", WHOLE,
    ),
}  # fmt: skip


def asked(name: str, seed: int, folder: Path) -> Request:
    """The training of a reading."""
    one = READINGS[name]
    given = {"architecture.scheme": one.scheme} | SCHEDULE | one.settings
    out = folder / f"{name}_seed{seed}"
    return Request(
        one.network, one.chip, recipe="paper", seed=seed, out=out,
        settings=tuple(Setting(key, text) for key, text in given.items()),
        resume=checkpoint.find(out) is not None,
    )  # fmt: skip


def trained(name: str, seed: int, folder: Path) -> dict[str, Any]:
    """What a training reached: the one in the folder, or a new one."""
    request = asked(name, seed, folder)
    assert request.out is not None
    found = None if request.resume else document.find(request.out)
    report = found or run(request, lambda line: None).report
    reached: dict[str, Any] = report["training"]
    return reached


def main(given: list[str]) -> int:
    """Train all readings with all seeds, and print the table."""
    folder, seeds = Path(given[0]), int(given[1]) if len(given) > 1 else 1
    lines = ["| reading | what | test accuracy [%] |", "|---|---|---|"]
    reached: dict[str, list[float]] = {name: [] for name in READINGS}
    for seed in range(1, seeds + 1):
        for name in READINGS:
            reached[name].append(100.0 * trained(name, seed, folder)["test_accuracy"])
            sys.stderr.write(f"{name}, seed {seed}: {reached[name][-1]:.2f} %\n")
    for name, values in reached.items():
        listed = ", ".join(f"{value:.2f}" for value in values)
        lines.append(f"| {name} | {READINGS[name].what} | {listed} |")
    sys.stdout.write("\n".join([*lines, ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
