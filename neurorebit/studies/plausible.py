"""Notes of a report on values that are possible, but that nobody has published."""

from __future__ import annotations

from collections.abc import Iterator

from neurorebit.inputs.files import Inputs
from neurorebit.inputs.pairs import finer_than_pulses
from neurorebit.schema.hints import far_out

RETICLE = 858e-6  # m2: the field of a wafer stepper, 26 mm x 33 mm


def of_values(inputs: Inputs) -> Iterator[str]:
    """The notes on numbers of the files, one sentence each."""
    files = {
        "technology": inputs.technology,
        "device": inputs.device if inputs.architecture.holds_devices else None,
        "architecture": inputs.architecture,
    }
    for kind, section in files.items():
        for loc, value, known in far_out(section) if section is not None else ():
            key = ".".join((kind, *map(str, loc)))
            yield (
                f"{key}={known.written(value)} lies outside of what was published, {known} "
                f"({known.source}): check its unit"
            )
    if note := finer_than_pulses(inputs.architecture, inputs.device):
        yield note


def of_area(area: float) -> Iterator[str]:
    """The note on a chip of ``area`` [m2] that no stepper exposes as one die."""
    if area > RETICLE:
        yield (
            f"the chip has {area * 1e6:,.0f} mm2, {area / RETICLE:.1f} times the largest die that "
            "a stepper exposes (26 mm x 33 mm = 858 mm2): read it as several dies, whose links "
            "are not billed"
        )
