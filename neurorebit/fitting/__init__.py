"""A device file from measured pulse trains: ``neurorebit fit``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neurorebit.fitting import output
from neurorebit.fitting.data import read_traces
from neurorebit.fitting.model import fit_traces
from neurorebit.schema import Argument, Document, File, InputError, paths
from neurorebit.schema.device import read_device

BEGIN = 4096  # bytes of a file that say what made it


@dataclass(frozen=True)
class Fit:
    """A fitted device: the text of its file, a table for a reader, a picture (PNG)."""

    text: str
    table: str
    picture: bytes


def fit(
    data: Path,
    out: Path,
    *,
    name: str,
    voltages: tuple[float, float] | None = None,
    widths: tuple[float, float] | None = None,
    like: str = "taox_hfox",
) -> str:
    """Fit a CSV file of pulse trains, write the device file ``out`` and a picture; a table of it.

    As ``fitted``; InputError also where a file cannot be written or is in the way and not of a fit.
    """
    if out.suffix not in (".yaml", ".yml"):
        message = "expected a name that ends in .yaml"
        raise InputError(message, origin=Argument("out", out), cure="name another file")
    _refuse_another(out)
    made = fitted(data, name=name, voltages=voltages, widths=widths, like=like)
    output.write({out: made.text.encode(), out.with_suffix(".png"): made.picture})
    return made.table


def fitted(
    data: Path,
    *,
    name: str,
    voltages: tuple[float, float] | None = None,
    widths: tuple[float, float] | None = None,
    like: str = "taox_hfox",
) -> Fit:
    """The device of a CSV file of pulse trains; nothing is written.

    ``voltages`` [V] and ``widths`` [s] are those of the pulses up and down. What the data do not
    say, the cell and what is None, is taken from the device ``like``; file and table tell it.
    InputError where the data are wrong, or the device has a value that no file may have or no
    pulses to take from.
    """
    if not name.isprintable() or not name.strip():
        message = "expected one line of text"
        raise InputError(message, origin=Argument("name", repr(name)), cure="give another name")
    other = Document(paths.shipped("device", like), "device")
    pulses = read_device(other).pulses
    given = {"voltages": voltages, "widths": widths}
    assumed = tuple(name for name, values in given.items() if values is None)
    if pulses is not None:
        voltages = voltages or (float(pulses.voltage_ltp), float(pulses.voltage_ltd))
        widths = widths or (float(pulses.width_ltp), float(pulses.width_ltd))
    if voltages is None or widths is None:
        message = f"expected one, for {like} has no pulses to take it from"
        cure = (Argument("voltages"), " and ", Argument("widths"), " give those of the pulses")
        raise InputError(message, origin=Argument(assumed[0]), cure=cure)
    conditions = output.Conditions(name, voltages, widths, assumed, like=other)
    traces = read_traces(data)
    if traces.missing and pulses is None:
        message = f"has no pulses to assume for {traces.missing}, which the data lack"
        raise InputError(message, origin=Argument("like", like), cure="name a device that has")
    found = fit_traces(traces)
    text = output.device_file(traces, found, conditions)
    try:
        read_device(Document.of_text(text, Path(name), "device", shown="the device file"))
    except InputError as problem:
        wrong = ("no device comes of it, ", problem.key, ": ", problem.message)
        both = (Argument("voltages"), " and ", Argument("widths"))
        checks = ("check the data's unit and noise, ", *both)
        raise InputError(wrong, origin=File(str(data)), cure=checks) from None
    return Fit(text, output.table(traces, found, conditions), output.picture(traces, found))


def _refuse_another(out: Path) -> None:
    """InputError where the device file or its picture would replace one that no fit has made."""
    for path in (out, out.with_suffix(".png")):
        try:
            with path.open("rb") as file:
                ours = output.MADE.encode() in file.read(BEGIN)
        except OSError:
            continue  # there is none, or writing will tell
        if not ours:
            message = "is there, and not made by fit"
            raise InputError(message, origin=Argument("out", path), cure="name another file")
