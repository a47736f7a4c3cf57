"""Write docs/validation/writing.md and print it: ``python -m validation.writing``.

Rules by which a write-verify loop chooses the pulses of its next attempt, side by side: cells with
ranges and steps of their own are taken from mid range by one level, and from the low end to mid
range, and counted are those that are not at their level after 32 attempts, the error, pulses and
reads. What a pulse and a read cost is asked of the macro of the shipped chip. The loops here are
written for this page: neither the kernels of training nor the estimate's are called.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.hybrid.analog import AnalogMacro
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document, paths
from neurorebit.schema.device import read_device

Array = NDArray[np.float64]
PAGE = Path(__file__).parents[1] / "docs" / "validation" / "writing.md"
DEVICE = read_device(Document(paths.shipped("device", "taox_hfox")))
TECHNOLOGY = read_technology(Document(paths.shipped("technology", "32nm_lstp")))
CELLS, ATTEMPTS, STEPS, TOLERANCE = 20_000, 32, 6, 0.25  # 7 levels; a quarter of their spacing
WAYS = {"one level up": (0.5, 0.5 + 1 / STEPS), "low end to mid range": (0.0, 0.5)}


@dataclass(frozen=True)
class Pulses:
    """A device: pulses from end to end, and the noise of a pulse."""

    called: str
    count: int
    form: str  # "range" or "step"
    c2c: float
    step: float = 0.1  # spread of a cell's own step; its ends vary by 10 %


DEVICES = (
    Pulses("3.7 % of the range a pulse, 128 pulses (shipped)", 128, "range", 0.037),
    Pulses("the same, cells' steps differ by 100 %", 128, "range", 0.037, 1.0),
    Pulses("3.7 % of the range a pulse, 16 pulses", 16, "range", 0.037),
    Pulses("10 % of a step, 128 pulses", 128, "step", 0.1),
)


def turned(wanted: Array, last: Array, grown: Array) -> Array:
    """After an overshoot half of the last attempt at most, else ``grown``."""
    return np.where(wanted * last < 0.0, np.maximum(np.floor(np.abs(last) / 2.0), 1.0), grown)


def doubling(last: Array) -> Array:
    """Twice the last attempt, without bound before the first."""
    return np.where(last == 0.0, np.inf, 2.0 * np.abs(last))


Rule = Callable[[Array, Array, Array], tuple[Array, Array]]
"""Pulses that lead to the level, those of the last attempt, a bound so far -> pulses, bound."""


def all_of_it(wanted: Array, last: Array, bound: Array) -> tuple[Array, Array]:
    """What leads to the level."""
    return np.abs(wanted), bound


def narrowing(wanted: Array, last: Array, bound: Array) -> tuple[Array, Array]:
    """What leads to the level; each overshoot halves a bound, for good."""
    bound = turned(wanted, last, bound)
    return np.minimum(np.abs(wanted), bound), bound


def adapting(wanted: Array, last: Array, bound: Array) -> tuple[Array, Array]:
    """What leads to the level; a bound that is halved by an overshoot and doubled otherwise."""
    return np.minimum(np.abs(wanted), turned(wanted, last, doubling(last))), bound


def ramp(wanted: Array, last: Array, bound: Array) -> tuple[Array, Array]:
    """One pulse, then two, four ...; one again after an overshoot."""
    first = (last == 0.0) | (wanted * last < 0.0)
    return np.minimum(np.abs(wanted), np.where(first, 1.0, 2.0 * np.abs(last))), bound


def single(wanted: Array, last: Array, bound: Array) -> tuple[Array, Array]:
    """One pulse an attempt."""
    return np.ones_like(wanted), bound


def half(wanted: Array, last: Array, bound: Array) -> tuple[Array, Array]:
    """Half of what leads to the level, and the adapting bound: the rule of this version."""
    size = np.floor(np.abs(wanted) / 2.0 + 0.5)
    return np.minimum(size, turned(wanted, last, doubling(last))), bound


RULES: dict[str, Rule] = {
    "all of the way": all_of_it,
    "all, an overshoot halves the bound for good (earlier versions)": narrowing,
    "all, the bound is doubled again": adapting,
    "1, 2, 4 ... pulses, 1 after an overshoot": ramp,
    "one pulse": single,
    "**half of the way, adapting bound**": half,
}


def factor(random: np.random.Generator, deviation: float) -> Array:
    """Log-normal factors of mean 1."""
    width = np.sqrt(np.log1p(deviation**2))
    found: Array = np.exp(width * random.standard_normal(CELLS) - width**2 / 2.0)
    return found


def written(made: Pulses, rule: Rule, start: float, goal: float) -> tuple[Array, Array, Array]:
    """Error [levels], pulses and reads of the cells whose range holds the goal."""
    random = np.random.default_rng(1)
    own, ratio = factor(random, made.step), DEVICE.on_off_ratio
    low, high = (
        (conductance * factor(random, 0.1) - 1.0) / (ratio - 1.0) for conductance in (1.0, ratio)
    )
    place, last = np.clip(start, low, high), np.zeros(CELLS)
    writing, bound = (goal >= low) & (goal <= high), np.full(CELLS, np.inf)
    held = writing.copy()
    pulses, reads = np.zeros(CELLS), np.zeros(CELLS)
    for _ in range(ATTEMPTS):
        reads += writing
        writing &= np.abs(goal - place) > TOLERANCE / STEPS
        wanted = np.floor((goal - place) * made.count + 0.5)
        size, bound = rule(wanted, last, bound)
        size = np.where(writing, np.maximum(size, 1.0), 0.0)
        last = np.where(writing, np.copysign(size, goal - place), last)
        z, share = random.standard_normal(CELLS), own * np.copysign(size, last) / made.count
        if made.form == "step":
            width = np.sqrt(np.log1p(made.c2c**2 / np.maximum(size, 1.0)))
            share = share * np.exp(width * z - width**2 / 2.0)
        state = np.clip((place - low) / (high - low) + share, 0.0, 1.0)
        if made.form == "range":
            state = np.clip(state + made.c2c * np.sqrt(size) * z, 0.0, 1.0)
        place = np.where(size > 0.0, low + state * (high - low), place)
        pulses += size
    return (place - goal)[held] * STEPS, pulses[held], reads[held]


def costs() -> tuple[float, float, float, float]:
    """Energy [J] and time [s] of a pulse and of a read, where few cells are written."""
    macro: Any = AnalogMacro(TECHNOLOGY, DEVICE, rows=128.0, cols=128.0, cols_per_adc=8.0)
    few = 1e-3
    one, two = (macro.program((few, n), (0.0, 0.0), 0.5) for n in (10.0, 20.0))
    read, cells = macro.verify(few, 1.0), few * 128 * 128
    return (
        float(two.energy.total - one.energy.total) / (10.0 * cells),
        float(DEVICE.response.width_ltp),
        float(read.energy.total) / cells,
        float(read.latency.total) / cells,
    )


def rows(made: Pulses) -> list[str]:
    """The table of a device."""
    pulse, width, read, time = costs()
    lines = []
    for called, rule in RULES.items():
        cells = [called]
        for start, goal in WAYS.values():
            error, sent, seen = written(made, rule, start, goal)
            left, root = np.mean(np.abs(error) > TOLERANCE + 1e-9), np.sqrt(np.mean(error**2))
            energy, took = sent.mean() * pulse + seen.mean() * read, sent.mean() * width
            took += seen.mean() * time
            cells.append(
                f"{left:.2%}, {root:.2f}, {np.abs(error).max():.1f} / {sent.mean():.0f}, "
                f"{seen.mean():.1f} / {energy * 1e12:.0f} pJ, {took * 1e6:.2f} us"
            )
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def page() -> str:
    """The page as Markdown."""
    pulse, width, read, time = costs()
    lines = [
        "# Rules of write-verify",
        "",
        "A verified write reads a cell, sends pulses, and reads again until the cell is within a",
        "quarter of the spacing of 7 levels, 32 times at most. How many pulses an attempt sends",
        "is a choice. Published loops send weak pulses that grow from attempt to attempt and begin",
        "anew after an overshoot (F. Alibart et al., Nanotechnology 23:075201, 2012, by amplitude;",
        "W. Wan et al., Nature 608:504, 2022; both secondary).",
        "",
        f"Here {CELLS:,} cells, whose ends vary by 10 % and whose steps by 10 % unless a heading",
        "says otherwise, are written by several rules; cells whose range does not reach the level",
        "are left out. In a field: cells not at their level, error (root of the mean square, and",
        "largest) in levels / pulses, reads / energy, time of a cell. A pulse takes",
        f"{pulse * 1e12:.1f} pJ and {width * 1e9:.0f} ns, a read {read * 1e12:.1f} pJ and "
        f"{time * 1e9:.1f} ns (`rebit`, 32nm_lstp, one cell of a row).",
    ]
    for made in DEVICES:
        lines += ["", f"## {made.called}", "", "| an attempt | " + " | ".join(WAYS) + " |"]
        lines += ["|---|---|---|", *rows(made)]
    return "\n".join([*lines, "", *CHOSEN, "", "Written by `python -m validation.writing`.", ""])


CHOSEN = (
    "A pulse whose noise is several of its steps makes the second half of a way as likely to be",
    "wrong as right: looking first saves a third of the pulses. A bound that overshoots narrow for",
    "good leaves cells behind that noise throws far off later; without any bound, cells of large",
    "steps swing to and fro. On quiet devices half of the way costs one to three reads more and",
    "saves the pulses from the edge of the tolerance to its middle, so that cells stop nearer to",
    "the edge; pulses cost more than reads in energy and time.",
)


def main() -> int:
    """Write the page."""
    text = page()
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
