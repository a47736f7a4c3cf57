"""Notes of a report on the cells of its chip: what their spread and their rest do to them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from neurorebit.inputs.files import Inputs
from neurorebit.schema.device import Device, Pulses
from neurorebit.schemes.parts.scheme import Held
from neurorebit.schemes.table import SCHEMES

BENT = 1.1  # step at mid range over the mean step: from here on a report says it
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


def of_rest(device: Device) -> Iterator[str]:
    """What an estimate and a training leave out of the drift of a device, one sentence."""
    if device.retention is not None:
        yield (
            f"{device.name} drifts (device.retention): cells drift in the rest before a test alone "
            "(training.rest), not while they train, and no writes that refresh them are billed"
        )


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
    if pulsed and device.pulses is not None:
        yield from _steep(device.pulses)


def _steep(pulses: Pulses) -> Iterator[str]:
    """How large a pulse's step is where weights are, on curves that are steep there."""
    from neurorebit.kernels import cell  # a training has imported it

    labels = float(pulses.nonlinearity_ltp), float(pulses.nonlinearity_ltd)
    counts = float(pulses.levels_ltp), float(pulses.levels_ltd)
    steps = cell.steps_at(0.5, *counts, *map(cell.bend, labels))
    over = [0.5 * step * count for step, count in zip(steps, counts, strict=True)]
    if max(over) >= BENT:
        yield (
            f"device.pulses.nonlinearity_ltp={labels[0]:g}, nonlinearity_ltd={labels[1]:g}: a "
            f"pulse at mid range moves a cell by {steps.up / 2.0:.2%} of its range up and "
            f"{steps.down / 2.0:.2%} down, {over[0]:.2f} and {over[1]:.2f} times the mean step; "
            "wherever changes become numbers of pulses, these steps count"
        )
