"""A device file from measured pulse trains: ``neurorebit fit``."""

from __future__ import annotations

from pathlib import Path

from neurorebit import paths
from neurorebit.device import read_device
from neurorebit.fit import output
from neurorebit.fit.data import read_traces
from neurorebit.fit.model import fit_traces
from neurorebit.schema import Document, InputError


def fit(
    data: Path,
    out: Path,
    *,
    name: str,
    voltages: tuple[float, float],
    widths: tuple[float, float],
    like: str = "taox_hfox",
) -> str:
    """Fit a CSV file of pulse trains, write the device file ``out`` and a picture; a table of it.

    ``voltages`` [V] and ``widths`` [s] are those of the pulses up and down. The cell, which the
    data do not say, is taken from the device ``like``. InputError where the data are wrong, the
    device has a value that no file may have, or a file cannot be written.
    """
    if out.suffix not in (".yaml", ".yml"):
        raise InputError(f"--out {out}: expected a name that ends in .yaml")
    conditions = output.Conditions(
        name, voltages, widths, Document(paths.shipped("device", like), "device")
    )
    read_device(conditions.like)  # or refuses
    traces = read_traces(data)
    fitted = fit_traces(traces)
    output.write(out, output.device_file(traces, fitted, conditions))
    read_device(Document(out, "device"))
    output.picture(out.with_suffix(".png"), traces, fitted)
    return output.table(fitted)
