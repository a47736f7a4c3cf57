"""Notes of a report on the cells of its chip: what their spread and their rest do to them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from neurorebit.inputs.files import Inputs
from neurorebit.schema.device import Device
from neurorebit.schemes.parts.scheme import Held
from neurorebit.schemes.table import SCHEMES

BOUNDED = ("bounds", "step_and_bounds")  # of variation.pulse_d2d: the ends of a cell's range vary


def crossed(device: Device) -> float:
    """Share of the cells whose conductance at the low end is drawn above that at the high end.

    Both ends have a log-normal factor of their own, so the logarithm of their ratio is normal with
    mean ln(on/off ratio) and variance 2 ln(1 + d2d^2).
    """
    variation = device.variation
    if variation.d2d == 0.0 or variation.pulse_d2d not in BOUNDED:
        return 0.0
    deviation = math.sqrt(2.0 * math.log1p(variation.d2d**2))
    return 0.5 * math.erfc(math.log(float(device.on_off_ratio)) / deviation / math.sqrt(2.0))


def of_cells(inputs: Inputs) -> Iterator[str]:
    """The notes on the cells of a training, one sentence each."""
    spec, training, device = inputs.architecture, inputs.network.training, inputs.device
    held = SCHEMES[spec.scheme].held
    pulsed = held is Held.CELLS or (held is Held.FOLLOWED and training.write != "direct")
    share = crossed(device) if pulsed else 0.0
    cells = sum(matmul.weights for matmul in inputs.network.matmuls)
    if share * cells >= 1.0:
        yield (
            f"device.variation.d2d={device.variation.d2d:g} crosses the ends of {share:.2%} of the "
            "cells: their least conductance is drawn above their largest, and they move between "
            "the two all the same"
        )
