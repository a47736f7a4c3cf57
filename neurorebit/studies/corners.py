"""The same chip at corners of temperature and supply, with the worst of each figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate

from neurorebit.inputs.files import Source, read_inputs
from neurorebit.results.sweep import CRITERIA, FEASIBLE, REASON, Table, usual
from neurorebit.results.sweep_text import head_and_values
from neurorebit.results.typed.grid import Sweep
from neurorebit.schema import InputError, Setting
from neurorebit.studies.sweep import sweep

TEMPERATURE, SUPPLY, WORST = "technology.temperature", "technology.vdd", "worst of"
KELVINS, VOLTS = f"{TEMPERATURE} [K]", f"{SUPPLY} [V]"  # columns
KELVIN = (300.0, 350.0, 400.0)
SHARES = (0.9, 1.0, 1.1)  # of the chip's supply
FIGURES = {  # of a corner, by what the worst of them is called
    "energy": ("energy", "inference_energy"),
    "energy with DRAM": ("energy_with_dram",),
    "latency": ("latency", "inference_latency"),
    "leakage": ("leakage",),
}
TOLD = (
    "* the worst of a column. Energy with leakage, without DRAM unless said; the clock of sense "
    "amplifiers stays."
)


def corners(
    network: Source,
    *,
    architecture: Source = "rebit",
    technology: Source | None = None,
    device: Source | None = None,
    settings: Sequence[Setting] = (),
    temperatures: Sequence[float] = KELVIN,
    supplies: Sequence[float] = SHARES,
) -> Sweep:
    """What the chip costs at each temperature [K] and share of its supply: a row for each corner.

    The column ``worst of`` names the figures that are worst there. A corner in which the chip
    cannot exist has nan and the reason. InputError where a file or a setting is wrong, or where a
    setting is the temperature, which is an axis here.
    """
    _refuse(settings, temperatures, supplies)
    given = tuple(one for one in settings if one.key != SUPPLY)
    asked = read_inputs(network, architecture, technology, device, settings=settings)
    vdd = float(asked.technology.vdd)
    axes = {
        TEMPERATURE: [float(kelvin) for kelvin in temperatures],
        SUPPLY: [float(f"{share * vdd:.6g}") for share in supplies],
    }
    found = sweep(
        network,
        axes,
        architecture=architecture,
        technology=technology,
        device=device,
        settings=given,
    )
    return Sweep({**found.table, WORST: _worst(found.table)}, found.axes)


def _refuse(
    settings: Sequence[Setting], temperatures: Sequence[float], supplies: Sequence[float]
) -> None:
    for one in settings:
        if one.key == TEMPERATURE:
            cure = "drop it, or give the temperatures of the corners"
            raise InputError("is an axis of the corners", origin=one.label, key=one.key, cure=cure)
    for name, values in (("temperatures", temperatures), ("supplies", supplies)):
        if not values or not all(np.isfinite(value) and value > 0.0 for value in values):
            cure = "give one or more, each above 0"
            raise InputError("no corner can be at these", key=name, value=list(values), cure=cure)


def _shown(table: Table) -> dict[str, str]:
    """The column of each figure: of training where the chip trains, of inference where not."""
    trains = usual(table) == "energy"
    columns = {}
    for called, names in FIGURES.items():
        if trains or len(names) > 1 or called == "leakage":
            columns[called] = CRITERIA[names[0] if trains else names[-1]]
    return columns


def _worst(table: Table) -> NDArray[np.str_]:
    """The figures that are worst in each row."""
    named: list[list[str]] = [[] for _ in table[FEASIBLE]]
    for called, column in _shown(table).items():
        values = np.where(table[FEASIBLE], table[column], np.nan)
        if np.any(np.isfinite(values)):
            named[int(np.nanargmax(values))].append(called)
    return np.array([", ".join(names) for names in named])


def text(table: Table) -> str:
    """The table for a reader."""
    feasible = table[FEASIBLE]
    shown = _shown(table)
    columns = {name: table[name][feasible] for name in (KELVINS, VOLTS, *shown.values())}
    head, body = [], []
    for name, values in columns.items():
        title, texts = head_and_values(name, values)
        head.append(title)
        body.append(list(texts))
    worst = [words.split(", ") for words in table[WORST][feasible]]
    for column, called in enumerate(shown, start=2):
        body[column] = [
            f"{value} {'*' if called in worst[row] else ' '}"
            for row, value in enumerate(body[column])
        ]
    align = ["right"] * len(head)
    drawn = tabulate(
        list(zip(*body, strict=True)), head, "simple", disable_numparse=True, colalign=align
    )
    lost = [
        f"! {table[KELVINS][row]:g} K, {table[VOLTS][row]:g} V: {table[REASON][row]}"
        for row in np.flatnonzero(~feasible)
    ]
    return "\n\n".join(filter(None, (drawn, "\n".join(lost), TOLD)))
