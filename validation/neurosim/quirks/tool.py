"""DNN+NeuroSim V2.1: what its records do not repeat, and all of its quirks."""

from __future__ import annotations

import numpy as np

from validation.neurosim.quirks import (
    decoders,
    digital,
    gates,
    gradient_unit,
    sensing,
    sub_array,
    switches,
    technology,
    transport,
)
from validation.neurosim.quirks.quirk import Quirk, Tool

HIDDEN = {  # settings of all its module records
    "write_voltage_V": 4.0 * np.sqrt(2.0),
    "access_voltage_V": 1.1,
    "read_pulse_width_s": 10e-9,
    "activity": 1.0,  # of comparators, decoders and encoders: every bit changes
    "drive_strength": 1.0,  # of write drivers: minimum inverters, whatever the load
    "access_share": 0.25,
}

LOGIC = (  # what has gates in the path of its latency or energy
    *("Adder", "AdderTree", "ShiftAdd", "DFF", "BitShifter", "Comparator", "MaxPooling", "Buffer"),
    *("MultilevelSAEncoder", "RowDecoder", "WLNewDecoderDriver", "SRAMWriteDriver", "Bus", "HTree"),
    *("SwitchMatrix", "NewSwitchMatrix", "SubArray", "WeightGradientUnit"),
)

FAMILIES = (
    technology, gates, digital, decoders, switches, sensing, transport, sub_array, gradient_unit,
)  # fmt: skip

QUIRKS = (
    *(
        Quirk(
            name,
            ("*_energy_*", "*latency_*", "ramp_*", "energy_*", "repeater_*"),
            tool="FinFET gates: an input counts the fins of a width times fin pitch over 2 F, a "
            "minimum one twice; to undo it every gate of the block would have to be drawn wrongly",
            right="a minimum device is one fin",
            correct=None,
            finfet=True,
        )
        for name in LOGIC
    ),
    *(quirk for family in FAMILIES for quirk in family.QUIRKS),
)
NEUROSIM = Tool("DNN+NeuroSim V2.1", technology.as_drawn, HIDDEN, QUIRKS)
