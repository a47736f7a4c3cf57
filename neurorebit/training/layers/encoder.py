"""Activations as codes of a few bits.

See docs/models/training.md#codes-of-activations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

import numpy as np
from numpy.typing import DTypeLike

from neurorebit.kernels import quantise
from neurorebit.training.layers.base import Tools
from neurorebit.training.parts import integers
from neurorebit.training.parts.workers import Array

SAMPLE = 1 << 16  # numbers a percentile is taken of


@dataclass(eq=False)
class Encoder:
    """Activations as codes of a few bits, without a sign unless they are ``signed``.

    The largest code is ``clip``: a percentile of the activations' magnitudes, averaged over the
    steps of the first epoch and then kept; a sign takes a bit, and codes are symmetric around zero.
    The bytes of an image are scaled without clipping.
    """

    bits: int
    percentile: float
    clip: float = 0.0
    observed: int = 0
    _: KW_ONLY
    observing: bool = True
    signed: bool = False

    @property
    def shortest(self) -> DTypeLike:
        """The shortest integer that holds the codes."""
        if self.signed:
            return np.int8 if self.bits <= 8 else np.int16
        return np.uint8 if self.bits <= 8 else np.uint16

    def encode(
        self, x: Array, tools: Tools, learning: bool, kind: DTypeLike | None = None
    ) -> tuple[Array, float]:
        """Codes of ``x``, taken from the workspace, and the activation that one unit stands for.

        Their type is ``kind``, or the shortest integer that holds them.
        """
        top = self.top
        codes = tools.workspace.take(x.shape, kind or self.shortest)
        if x.dtype == np.uint8:
            table = np.rint(np.arange(256) * (top / 255.0)).astype(codes.dtype)
            tools.each((x, codes), quantise.look_up, table)
            return codes, 1.0 / top

        def highest() -> float:
            sample = x.reshape(-1)[:: stride(x.size, x.shape[-1])]
            sample = np.abs(sample) if self.signed else sample
            return float(np.percentile(sample, self.percentile))

        unit = self.unit(highest, learning)
        kernel = quantise.encode_signed if self.signed else quantise.encode
        tools.each((x, codes), kernel, 1.0 / unit, top)
        return codes, unit

    @property
    def top(self) -> int:
        """The largest code."""
        return int(2 ** (self.bits - int(self.signed)) - 1)

    def unit(self, highest: Callable[[], float], learning: bool) -> float:
        """The activation that one unit stands for; where it is observed, ``highest`` gives more."""
        if (learning and self.observing) or self.observed == 0:
            self.clip += (highest() - self.clip) / (self.observed + 1)
            self.observed += learning
        return self.clip / self.top if self.clip != 0.0 else 1.0


def stride(size: int, channels: int) -> int:
    """The step between the numbers of a sample, so that every channel is sampled."""
    step = -(-size // SAMPLE)
    while math.gcd(step, channels) > 1:
        step += 1
    return step


@dataclass(eq=False)
class IntegerEncoder(Encoder):
    """Activations as whole numbers of a fixed unit, 2^(1 - bits), clipped at either end.

    Without calibration, with a place for the sign where there is none to keep: what cannot be below
    zero has codes of one bit less. Bytes are numbers from 0 to 1.
    """

    def encode(
        self, x: Array, tools: Tools, learning: bool, kind: DTypeLike | None = None
    ) -> tuple[Array, float]:
        """Codes of ``x``, taken from the workspace, and the activation that one unit stands for."""
        unit, top = 2.0 ** (1 - self.bits), integers.top(self.bits)
        codes = tools.workspace.take(x.shape, kind or self.shortest)
        if x.dtype == np.uint8:
            exact = np.arange(256) / (255.0 * unit)
            table = np.minimum(np.rint(exact), top).astype(codes.dtype)
            tools.each((x, codes), quantise.look_up, table)
            return codes, unit
        kernel = quantise.encode_signed if self.signed else quantise.encode
        tools.each((x, codes), kernel, 1.0 / unit, top)
        return codes, unit
