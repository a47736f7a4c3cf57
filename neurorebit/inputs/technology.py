"""The reader of technology files, with the sections that circuits declare for themselves."""

from __future__ import annotations

import numpy as np

from neurorebit.circuits.analog.input_dac import InputDacSection
from neurorebit.circuits.analog.line_buffer import LineBufferSection
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.schema import Document
from neurorebit.schema.technology import CircuitSection, Technology, technology_with
from neurorebit.schema.technology_misfits import misfits

OF_INPUTS: tuple[type[CircuitSection], ...] = (InputDacSection, LineBufferSection)


def technology_type() -> type[Technology]:
    """The dataclass that a technology file is read into, with the sections of all converters."""
    declared = [section for kind in CONVERTERS.values() for section in kind.sections()]
    return technology_with((*dict.fromkeys(declared), *OF_INPUTS))


def read_technology(document: Document, fitting: bool = True) -> Technology:
    """The technology of a file; InputError where a value is wrong or they do not fit together.

    Whether supply, threshold and temperature do is left open where ``fitting`` is not asked for.
    """
    technology = document.read(technology_type())
    drive = technology.drive
    points = drive.temperatures.size
    for name in ("on_n", "on_p", "off_n", "off_p"):
        found = getattr(drive, name).size
        if found != points:
            message = f"expected {points} currents, one for each of 'temperatures', got {found}"
            raise document.impossible(("drive", name), message, "give as many")
    if points < 2 or np.any(np.diff(drive.temperatures) <= 0):
        raise document.impossible(
            ("drive", "temperatures"), "must rise, with two or more entries", "sort them"
        )
    if (technology.channel == "finfet") != (technology.fin is not None):
        message, cure = "a section 'fin' goes with channel 'finfet' alone", "add or remove it"
        raise document.impossible(("channel",), message, cure)
    if fitting:
        document.refuse(misfits(technology))
    return technology
