"""A fitted device as a file, a table and a picture."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from tabulate import tabulate

from neurorebit.fitting.data import DIRECTIONS, Traces
from neurorebit.fitting.model import Figure, Fitted, usual_conductance
from neurorebit.schema import Argument, Document, InputError, units

DIGITS = 5
MADE = "fitted by neurorebit fit to"  # in the first line
ONE_CELL = "unknown from one cell"
ONE_CYCLE = "unknown from one cycle"
HIDDEN = 0.4  # of a pulse's noise: less of a reading's cannot be told apart from it
HARDLY = 0.5  # relative error of a noise above which it is uncertain
POOR_BOUND = 0.3  # relative error of a conductance
BEYOND = 0.01  # of a reading: how far a bound may lie beyond all of them
POOR = 0.08  # misfit: a device that no curve of this kind describes


@dataclass(frozen=True)
class Conditions:
    """Conditions that the data lack: name, pulses up and down [V] [s], the device of the cell.

    ``assumed``: which of the pulses' voltages and widths are taken from that device.
    """

    name: str
    voltages: tuple[float, float]
    widths: tuple[float, float]
    assumed: tuple[str, ...]
    _: KW_ONLY
    like: Document

    @property
    def origin(self) -> str:
        """Where voltages and widths come from."""
        given = " and ".join(w for w in ("voltages", "widths") if w not in self.assumed)
        taken = " and ".join(self.assumed)
        parts = ([f"{given} as given"] if given else []) + (
            [f"{taken} assumed as for {self.like.tree['name']}"] if taken else []
        )
        return ", ".join(parts)


def device_file(traces: Traces, fitted: Fitted, conditions: Conditions) -> str:
    """The text of the device file."""
    like, spread = conditions.like.tree, fitted.spread
    trains = len(traces.up.cells) + len(traces.down.cells)
    source = f"fitted to {trains} pulse trains of {len(traces.cells)} cells in {traces.file}"
    form, d2d = _d2d(fitted)
    up, down = fitted.up, fitted.down
    levels = [f"{count}{_trains(fitted, way)}" for way, count in enumerate(fitted.levels)]
    labels = [
        f"{up.label:.4g}  # signed label, +- {fitted.label_errors[0]:.2g}",
        f"{down.label:.4g}  # +- {fitted.label_errors[1]:.2g}",
    ]
    if traces.missing:
        way, pulses = DIRECTIONS.index(traces.missing), like["pulses"]
        unknown = f"  # {traces.missing} was not measured; assumed as for {like['name']}"
        levels[way] = f"{pulses[f'levels_{traces.missing}']}{unknown}"
        labels[way] = f"{pulses[f'nonlinearity_{traces.missing}']}{unknown}"
    lines = [
        f"# {conditions.name}, {MADE} {' '.join(traces.file.split())}",
        f"# (SHA-256 {traces.sha256}).",
        f"source: {_text(source)}",
        f"name: {_text(conditions.name)}",
        f"kind: {like['kind']}",
        f"r_on: {units.show(1.0 / fitted.g_max, 'ohm', DIGITS)}"
        f"  # largest conductance {_error(fitted.bound_errors[1])}",
        f"on_off_ratio: {fitted.g_max / fitted.g_min:.{DIGITS}g}"
        f"  # least conductance {_error(fitted.bound_errors[0])}",
        *_assumed(like, "cell"),
        "variation:",
        f"  source: {_text(source)}",
        "  form: state",
        f"  d2d: {d2d:.3g}  # {_d2d_told(fitted)}",
        f"  c2c: {spread.cycle.value if spread.cycle else 0.0:.3g}"
        f"  # of the conductance after as many pulses, not read back: {_cycle(fitted)}",
        f"  read: {_read(fitted):.3g}  # of the conductance read, the meter's noise included; of "
        f"the range: {_noise(fitted, 1)}",
        f"  pulse_d2d: {form}",
        "  pulse_c2c: range",
        f"  stuck_low: {fitted.stuck[0]:.3g}",
        f"  stuck_high: {fitted.stuck[1]:.3g}",
        "pulses:",
        f"  source: {_text(f'{source}; {conditions.origin}')}",
        f"  levels_ltp: {levels[0]}",
        f"  levels_ltd: {levels[1]}",
        f"  nonlinearity_ltp: {labels[0]}",
        f"  nonlinearity_ltd: {labels[1]}",
        *(
            f"  {key}_{direction}: {units.show(value, unit, DIGITS)}"
            for key, unit, values in (
                ("voltage", "V", conditions.voltages),
                ("width", "s", conditions.widths),
            )
            for direction, value in zip(("ltp", "ltd"), values, strict=True)
        ),
        f"  c2c: {fitted.c2c:.3g}  # of the range, per pulse: {_noise(fitted, 0)}",
        *_assumed(like, "ferroelectric"),
    ]
    return "\n".join(lines) + "\n"


def _assumed(like: dict[str, Any], section: str) -> list[str]:
    """The lines of a section that the other device has, if it has."""
    if not like.get(section):
        return []
    source = _text(f"not in the data; assumed as for {like['name']}")
    keys = [f"  {key}: {value}" for key, value in like[section].items() if key != "source"]
    return [f"{section}:", f"  source: {source}", *keys]


def _read(fitted: Fitted) -> float:
    """Noise of a reading, over the root mean square of conductances spread over the range."""
    low, high = fitted.g_min, fitted.g_max
    return round(fitted.read * (high - low) / usual_conductance(low, high), 4)


def _d2d(fitted: Fitted) -> tuple[str, float]:
    """The form of the variation from cell to cell, as a device file names it, and its size.

    Spreads that the data hardly determine count only where the data determine none.
    """
    figures = (fitted.spread.low, fitted.spread.high, fitted.spread.step)
    known = [f for f in figures if f and f.known] or [f for f in figures if f]
    of_low, of_high, step = (f.value if f in known and f else 0.0 for f in figures)
    low, high = fitted.g_min * (figures[0] in known), fitted.g_max * (figures[1] in known)
    bounds = float(np.hypot(low * of_low, high * of_high) / (np.hypot(low, high) or 1.0))
    if step < 0.5 * bounds:
        return "bounds", bounds
    if bounds < 0.5 * step:
        return "step", step
    return "step_and_bounds", float(np.hypot(step, bounds) / 2**0.5)


def _d2d_told(fitted: Fitted) -> str:
    """The sentence about it for the device file."""
    spread = fitted.spread
    if spread.low is None or spread.high is None or spread.step is None:
        return f"not measured: {ONE_CELL}"
    return ", ".join(
        f"of {name} {_spread(figure)}"
        for name, figure in (
            ("g_min", spread.low),
            ("g_max", spread.high),
            ("the step", spread.step),
        )
    )


def _cycle(fitted: Fitted) -> str:
    """How conductances differ from cycle to cycle, in words."""
    return _spread(fitted.spread.cycle) if fitted.spread.cycle else ONE_CYCLE


def _noise(fitted: Fitted, of: int) -> str:
    """Noise of a pulse, or of a reading, of the range, in words."""
    value, error = (fitted.c2c, fitted.read)[of], fitted.noise_errors[of]
    hidden = HIDDEN * fitted.c2c * of
    if value == 0.0:
        return f"none found (below {hidden:.2%})" if hidden else "none found"
    known = error <= HARDLY * value and value >= hidden
    return f"{value:.2%} +- {100 * error:.1g}%" if known else f"{value:.2%}, uncertain"


def _spread(figure: Figure) -> str:
    """A spread, or its upper limit where the data hardly determine it."""
    if figure.known:
        return f"{figure.value:.1%} +- {figure.error:.1%}"
    if figure.most < 1.0:
        return f"unknown (below {figure.most:.0%})"
    return "unknown"


def _error(relative: float) -> str:
    """How well a conductance is known."""
    return f"+- {relative:.1%}" if relative < POOR_BOUND else "uncertain"


def _trains(fitted: Fitted, way: int) -> str:
    """A comment where the levels are not the pulses of the trains."""
    pulses = (fitted.up.pulses, fitted.down.pulses)[way]
    return "" if fitted.levels[way] == pulses else f"  # by the steps; trains had {pulses} pulses"


def _text(words: str) -> str:
    """Words as a YAML scalar."""
    return "'" + " ".join(words.split()).replace("'", "''") + "'"


def table(traces: Traces, fitted: Fitted, conditions: Conditions) -> str:
    """The fit for a reader."""
    spread, up, down = fitted.spread, fitted.up, fitted.down
    low, high, step = (
        f"cells differ by {_spread(figure)}" if figure and figure.known
        else f"how cells differ is {_spread(figure)}" if figure
        else f"how cells differ is {ONE_CELL}"
        for figure in (spread.low, spread.high, spread.step)
    )  # fmt: skip
    errors = [_error(error) for error in fitted.bound_errors]
    rows = [
        ["least conductance", f"{units.show(fitted.g_min, 'S')} {errors[0]}", low],
        ["largest", f"{units.show(fitted.g_max, 'S')} {errors[1]}", high],
        ["pulses up, down", f"{fitted.levels[0]}, {fitted.levels[1]}", f"{step}, in their step"
         + "".join(f"; trains had {way.pulses}" for way, n in zip((up, down), fitted.levels,
                                                                  strict=True) if n != way.pulses)],
        ["nonlinearity up, down", ", ".join(
            f"{way.label:.3f} +- {error:.2f}"
            for way, error in zip((up, down), fitted.label_errors, strict=True)), "signed labels"],
        ["stuck low, high", f"{fitted.stuck[0]:.1%}, {fitted.stuck[1]:.1%}", "of the cells"],
        ["noise of a pulse", _noise(fitted, 0), "of the range"],
        ["noise of a reading", _noise(fitted, 1), "of the range, the meter's included"],
        ["spread by cycle", _cycle(fitted),
         "of the conductance after as many pulses, not read back"],
        ["misfit", f"{fitted.misfit:.2%}", "of the range, of what is expected to the median trains"
         + (": a poor fit, see the picture" if fitted.misfit > POOR else "")],
        ["pulses of", _up_and_down(conditions.voltages, "V")
         + ", " + _up_and_down(conditions.widths, "s"), conditions.origin],
    ]  # fmt: skip
    first = ["pulses count from", "0", "the reading before the first pulse"]
    if not traces.begun:
        first[1:] = ["1", "before pulse 1, not in the data: what a cell's other trains end with"]
    rows.insert(3, first)
    rows += _outside(traces, fitted)
    if traces.missing:
        other, way = conditions.like.tree, DIRECTIONS.index(traces.missing)
        for row, key in ((2, "levels"), (4, "nonlinearity")):
            texts = rows[row][1].split(", ")
            texts[way] = f"{other['pulses'][f'{key}_{traces.missing}']} assumed"
            rows[row][1] = ", ".join(texts)
        said = f"not measured: its pulses and nonlinearity as for {other['name']}"
        rows.append([f"! {traces.missing}", "", said])
    return tabulate(rows, tablefmt="plain", disable_numparse=True)


def _outside(traces: Traces, fitted: Fitted) -> list[list[str]]:
    """A row for each bound that lies beyond every reading of the working cells."""
    readings = [train.of(*fitted.working) for train in (traces.up, traces.down) if train.cells]
    low = min(float(values.min()) for values in readings)
    high = max(float(values.max()) for values in readings)
    rows = []
    for bound, name, outside, nearest in (
        (fitted.g_min, "least conductance", fitted.g_min < (1.0 - BEYOND) * low, low),
        (fitted.g_max, "largest conductance", fitted.g_max > (1.0 + BEYOND) * high, high),
    ):
        if outside:
            side = "below" if bound < nearest else "above"
            hint = "; if reading 1 comes before the first pulse, number it 0"
            cure = "" if traces.begun else hint
            said = f"{side} every reading, of which the nearest is {units.show(nearest, 'S')}{cure}"
            rows.append([f"! {name}", units.show(bound, "S"), said])
    return rows


def _up_and_down(values: tuple[float, float], unit: str) -> str:
    up, down = (units.show(value, unit) for value in values)
    return up if up == down else f"{up} up and {down} down"


def write(contents: Mapping[Path, bytes]) -> None:
    """Write files of one folder, all or none; InputError where that cannot be done."""
    path = next(iter(contents))
    try:
        for path in contents:
            if path.is_dir():
                raise IsADirectoryError(None, "a folder has that name")
        with TemporaryDirectory(dir=path.parent, prefix=".writing-") as scratch:
            for path, content in contents.items():
                (Path(scratch) / path.name).write_bytes(content)
            for path in contents:
                os.replace(Path(scratch) / path.name, path)
    except OSError as problem:
        message = f"cannot be written: {problem.strerror}"
        origin = Argument("out", path)
        raise InputError(message, origin=origin, cure="name another file") from None


def picture(traces: Traces, fitted: Fitted) -> bytes:
    """Trains, medians and fitted curves, as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 3.6), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    trains = (traces.up, traces.down)
    for ax, train, way, expected in zip(
        axes, trains, (fitted.up, fitted.down), fitted.expected, strict=True
    ):
        ax.set_xlabel("pulses up" if way.sign > 0 else "pulses down")
        if not train.cells:
            ax.set_title("not measured")
            continue
        shown = train.conductances[:: max(1, len(train.conductances) // 200)]
        ax.plot(1e6 * shown.T, color="0.8", linewidth=0.5)
        median = np.median(train.of(*fitted.working), axis=0)
        ax.plot(1e6 * median, "k.", markersize=4, label="median of working cells")
        ax.plot(1e6 * way.curve(fitted.g_min, fitted.g_max), "C1", label="fit")
        ax.plot(1e6 * expected, "C1:", label="fit, with noise cut off at the bounds")
        ax.legend()
    axes[0].set_ylabel("conductance [uS]")
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=150, metadata={"Description": MADE})
    return content.getvalue()
