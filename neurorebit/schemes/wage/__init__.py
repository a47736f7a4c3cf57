"""WAGE: weights, activations, gradients and errors are whole numbers of few bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from neurorebit.schema.training import Training
from neurorebit.schemes.parts.scheme import ADC_KEYS, Held, Scheme
from neurorebit.schemes.wage.keys import WageKeys
from neurorebit.schemes.wage.refusals import memory

if TYPE_CHECKING:
    from neurorebit.training.parts.weights import Site, Weights


def _load() -> Callable[[Site], Weights]:
    from neurorebit.schemes.wage.weights import WageWeights

    return WageWeights


def word(training: Training) -> int:
    """Bits of a weight in memory."""
    return training.own(WageKeys).gradient_bits


WAGE = Scheme(
    summary="Whole numbers alone: weights, activations, gradients and errors of 2, 8, 8, 8 bits.",
    held=Held.SOFTWARE,
    architecture="wage",
    chip="SRAM cells that follow 8-bit memory",
    heeds=frozenset({"error_bits", "edge_bits"}),
    kept=1,
    velocity=False,
    descends=False,
    own=(0, 3),  # rounding of the gradient, the step, rounding to a weight; scales are shifts
    keys=WageKeys,
    load=_load,
    in_sram=ADC_KEYS | {"calibration_steps"},
    word=word,
    refuses=memory,
    departure="whole numbers without arrays",
)
