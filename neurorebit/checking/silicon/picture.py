"""The parity plot: ours over silicon's, a colour a macro, hollow without its constant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from neurorebit.checking.silicon.outcome import FACTOR, Outcome
from neurorebit.checking.silicon.rows import Row
from neurorebit.results.pictures import new_figure, png

PANELS = {  # figure: title, and the unit of the axes in SI units
    "energy": ("energy of an operation [J]", 1.0),
    "speed": ("throughput [TOPS]", 1e-12),
    "area": ("area [mm2]", 1e6),
}
NEAR = 0.1  # the inner lines of the plot
ROOM = 2.0  # beyond the outermost marks, as a factor


def parity(outcome: Outcome) -> bytes:
    """A panel each for energy, throughput and area: the same outcome, the same bytes of a PNG."""
    figure, panels = new_figure(13.0, 4.6, len(PANELS))
    names = [each.name for each in outcome.macros]
    for ax, (kind, (title, unit)) in zip(panels, PANELS.items(), strict=True):
        marks = list(_marks(outcome, kind, unit))
        for row, silicon, blind, fitted in marks:
            colour = f"C{names.index(row.macro) % 10}"
            shape = "os^Dv<>p"[names.index(row.macro) // 10 % 8]
            ax.plot([silicon, silicon], [blind, fitted], color=colour, linewidth=0.6)
            ax.plot(silicon, blind, shape, color=colour, markerfacecolor="none")
            ax.plot(silicon, fitted, shape, color=colour)
        _lines(ax, [value for _, *values in marks for value in values])
        ax.set(xscale="log", yscale="log", title=title, xlabel="silicon")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_minor_formatter("")
        ax.grid(alpha=0.3)
    panels[0].set(ylabel="ours")
    for number, name in enumerate(names):
        shape = "os^Dv<>p"[number // 10 % 8]
        panels[0].plot([], [], shape, color=f"C{number % 10}", label=name)
    panels[0].plot([], [], "o", color="grey", markerfacecolor="none", label="no constant")
    panels[0].plot([], [], "o", color="grey", label="with constant")
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return png(figure)


def _marks(outcome: Outcome, kind: str, unit: float) -> Iterator[tuple[Row, float, float, float]]:
    """Rows of whole macros, with silicon's value and ours without and with the constant."""
    for each in outcome.macros:
        for row in each.rows:
            values = row.silicon, row.blind, row.fitted
            if row.figure == kind and not row.of and None not in values:
                silicon, blind, fitted = (value * unit for value in values if value is not None)
                yield row, silicon, blind, fitted


def _lines(ax: Any, values: list[float]) -> None:
    """Parity, a tenth beside it and a factor of two beside it."""
    if not values:
        return
    ends = min(values) / ROOM, max(values) * ROOM
    ax.plot(ends, ends, color="black", linewidth=0.8)
    for factor, line in ((1.0 + NEAR, "--"), (FACTOR, ":")):
        for times in (factor, 1.0 / factor):
            ax.plot(ends, [end * times for end in ends], line, color="grey", linewidth=0.8)
    ax.set(xlim=ends, ylim=ends)
