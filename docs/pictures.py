"""The pictures of docs/models/, drawn from the code: ``python docs/pictures.py``.

Beside them lies ``numbers.json``, what their curves are made of, by which a test says when they are
due: it computes the numbers anew and draws nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from neurorebit.circuits.adder import Adder
from neurorebit.circuits.converters.bank import Converters
from neurorebit.circuits.converters.comparator import fan_out_delay
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.circuits.gates import STEP, cells, stage
from neurorebit.circuits.prefix import NETWORKS, PrefixAdder
from neurorebit.circuits.wire import RepeatedWire, routing_res
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document, paths
from neurorebit.schema.device import Device, read_device
from neurorebit.schema.technology import Technology

FOLDER = Path(__file__).parent / "models" / "pictures"
NUMBERS = FOLDER / "numbers.json"
Lines = dict[str, list[list[float]]]  # the curves of a picture by name: x and y
INK, COLOURS = "#444444", ("#1f6fb4", "#d1662b", "#3c8f4a", "#8a56a8", "#b0405a")


@cache
def technology(name: str = "32nm_lstp") -> Technology:
    """A shipped technology."""
    return read_technology(Document(paths.shipped("technology", name), "technology"))


def device(name: str) -> Device:
    """A shipped device."""
    return read_device(Document(paths.shipped("device", name), "device"))


def line(x: Any, y: Any) -> list[list[float]]:
    """A curve, to six digits."""
    return [[float(f"{v:.6g}") for v in np.atleast_1d(a)] for a in (x, y)]


# --- the numbers of each picture


def stages() -> Lines:
    """Delay of a stage of 10 ps over the time in which its input rises."""
    rise = np.geomspace(1e-13, 1e-10, 40)
    delay, _ = stage(1e-11, 1.0 / rise)
    step = stage(1e-11, STEP)[0]
    return {
        "a stage of 10 ps": line(rise * 1e12, delay * 1e12),
        "behind a step": line(rise * 1e12, np.full_like(rise, step * 1e12)),
    }


def nodes() -> Lines:
    """FO4 delay and switched energy of a minimum inverter by node."""
    found: Lines = {}
    for flavour in ("hp", "lstp"):
        names = [n for n in paths.names("technology") if n.endswith(f"_{flavour}")]
        names.sort(key=lambda n: int(n.partition("nm")[0]))
        made = [technology(name) for name in names]
        feature = [tech.feature * 1e9 for tech in made]
        delay = [float(fan_out_delay(tech)) * 1e12 for tech in made]
        gates = [cells(tech).inverter for tech in made]
        energy = [
            float((4.0 * gate.input_cap + gate.output_cap) * tech.vdd**2) * 1e15
            for gate, tech in zip(gates, made, strict=True)
        ]
        found[f"FO4 delay, {flavour} [ps]"] = line(feature, delay)
        found[f"energy, {flavour} [fJ]"] = line(feature, energy)
    return found


def repeaters() -> Lines:
    """Energy per length over delay per length, both over those of the fastest design."""
    tech, found = technology(), Lines()
    slack = np.linspace(0.0, 1.0, 26)
    for name, multiple in (("local width", 1.0), ("long wires", tech.wire.long_width)):
        wires = [RepeatedWire(tech, routing_res(tech, multiple), float(s)) for s in slack]
        delay = np.array([float(wire.delay) for wire in wires])
        energy = np.array([float(wire.energy) for wire in wires])
        found[name] = line(delay / delay[0], energy / energy[0])
    return found


def adders() -> Lines:
    """Delay and energy of an addition over the bits."""
    tech, bits = technology(), np.array([4.0, 8.0, 16.0, 24.0, 32.0, 48.0, 64.0])
    made: dict[str, Any] = {"ripple": Adder(tech, bits)}
    made |= {name: PrefixAdder(tech, bits, network=name) for name in NETWORKS}
    found: Lines = {}
    for name, adder in made.items():
        found[f"{name.replace('_', '-')} [ps]"] = line(bits, adder.delay * 1e12)
        found[f"{name.replace('_', '-')} [fJ]"] = line(bits, adder.energy * 1e15)
    return found


def converters() -> Lines:
    """Energy of a conversion with its front end, by kind, over the bits."""
    tech, bits = technology(), np.arange(2.0, 10.0)
    return {
        kind: line(bits, Converters(tech, bits, 1.0, kind).convert().energy.total * 1e12)
        for kind in CONVERTERS
    }


def settling() -> Lines:
    """Time of a column to settle over its rows, by the device."""
    from neurorebit.chips.hybrid.analog import AnalogMacro

    found: Lines = {}
    rows = np.array([32.0, 64.0, 128.0, 256.0, 512.0])
    for name in ("taox_hfox", "epiram", "hzo_fefet"):
        times = []
        for count in rows:
            macro = AnalogMacro(technology(), device(name), rows=count, cols=128.0)
            settled = macro.settle(macro.readout, 0.5, count / 2.0, (count, count))
            times.append(float(settled.latency.total) * 1e9)
        found[name] = line(rows, times)
    return found


def curves() -> Lines:
    """Conductance over pulses up, then down, as shares of the range."""
    from neurorebit.kernels import cell

    share, found = np.linspace(0.0, 1.0, 33), Lines()
    for name in ("taox_hfox", "epiram", "alox_hfo2", "ag_asi"):
        pulses = device(name).response
        up, down = (
            cell.bend(float(pulses.nonlinearity_ltp)),
            cell.bend(float(pulses.nonlinearity_ltd)),
        )
        rising = [cell.pulsed(0.0, x, up) for x in share]
        falling = [cell.pulsed(1.0, -x, down) for x in share]
        found[name] = line([*share, *(1.0 + share)], [*rising, *falling])
    return found


def mapping() -> Lines:
    """Noise of a weight whose conductances have a spread of 10 % at an on/off ratio of 10."""
    w, ratio, spread = np.linspace(-1.0, 1.0, 41), 10.0, 0.1
    least = 1.0 / (ratio - 1.0)
    return {
        "one cell against mid range": line(w, spread * (w + 1.0 + 2.0 * least)),
        "a pair of cells": line(w, spread * np.hypot(np.abs(w) + least, least)),
        "on the weight": line(w, spread * np.abs(w)),
    }


PICTURES: dict[str, tuple[Callable[[], Lines], str, str, str]] = {
    # how it is computed, x axis, y axis, and the form of the axes
    "stage": (stages, "rise of the input [ps]", "delay [ps]", "log x"),
    "nodes": (nodes, "feature [nm]", "delay [ps]; energy [fJ]", "log both"),
    "repeaters": (repeaters, "delay over the least", "energy over the fastest design's", ""),
    "adders": (adders, "bits", "delay [ps]", "two"),
    "converters": (converters, "bits", "energy of a conversion [pJ]", "log y"),
    "settling": (settling, "rows", "time to settle [ns]", ""),
    "curves": (curves, "share of the pulses, up then down", "state", ""),
    "mapping": (mapping, "weight", "standard deviation of the weight", ""),
}


def numbers() -> dict[str, Lines]:
    """The curves of all pictures."""
    return {name: compute() for name, (compute, *_) in PICTURES.items()}


# --- drawing


def draw(name: str, lines: Lines) -> None:
    """Write a picture as SVG, whose text stays text."""
    import matplotlib

    matplotlib.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": name, "font.size": 9.0}
    from matplotlib.figure import Figure

    _, across, up, form = PICTURES[name]
    panels = (" [ps]", " [fJ]") if form == "two" else ("",)
    figure = Figure(figsize=(3.6 * len(panels) + 1.2, 3.2), layout="constrained")
    axes = np.atleast_1d(figure.subplots(1, len(panels)))
    for panel, ending in zip(axes, panels, strict=True):
        shown = {key: xy for key, xy in lines.items() if key.endswith(ending)}
        for i, (key, (x, y)) in enumerate(shown.items()):
            mark = "o" if len(x) < 12 else None
            label = key.removesuffix(ending)
            panel.plot(x, y, color=COLOURS[i % 5], marker=mark, ms=3, lw=1.3, label=label)
        panel.set_xlabel(across)
        panel.set_ylabel({" [fJ]": "energy [fJ]"}.get(ending, up))
        if form in ("log x", "log both"):
            panel.set_xscale("log")
        if form in ("log y", "log both"):
            panel.set_yscale("log")
        panel.grid(color="#dddddd", lw=0.5)
        panel.legend(frameon=False, fontsize=8)
    figure.savefig(FOLDER / f"{name}.svg", metadata={"Date": None}, facecolor="white")


def main() -> int:
    """Draw all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    made = numbers()
    for name, lines in made.items():
        draw(name, lines)
        sys.stdout.write(f"written: models/pictures/{name}.svg\n")
    NUMBERS.write_text(
        json.dumps(made, indent=None, separators=(",", ":")) + "\n", encoding="utf-8"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
