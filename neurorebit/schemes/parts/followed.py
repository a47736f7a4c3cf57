"""Real weights that cells of memory devices follow: what one cell a weight and several share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurorebit.kernels import levels, pulse
from neurorebit.kernels.cell import Mapping
from neurorebit.kernels.levels import Count
from neurorebit.kernels.levels import Device as Direct
from neurorebit.kernels.pulse import Write
from neurorebit.schema.device import Device
from neurorebit.schema.training import Training
from neurorebit.schemes.parts.cells import Physics
from neurorebit.schemes.parts.levels import LevelWeights
from neurorebit.training.parts import digital, product
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import PART, Site
from neurorebit.training.parts.workers import Array, spans

MOST = 32  # writes of a cell with write-verify, at most
WRITES = {  # training.write, except direct
    "pulses": Write.PULSES,
    "verify": Write.VERIFY,
    "reset": Write.RESET,
}


def direct(device: Device, mapping: Mapping) -> Direct:
    """A device as a direct write takes it."""
    variation = device.variation
    return Direct(
        float(device.g_min),
        float(device.g_max),
        variation.d2d,
        variation.c2c if variation.form == "state" else 0.0,
        int(mapping),
        variation.stuck_low,
        variation.stuck_high,
    )


def plan(training: Training, physics: Physics, spacing: float) -> pulse.Plan:
    """How cells are written by pulses; ``spacing`` of levels over half of a cell's range."""
    write = int(WRITES[training.write])
    return pulse.Plan(*physics.bends, write, training.write_tolerance * spacing, MOST)


def lower(cells: Array, physics: Physics) -> None:
    """Bring cells that are not stuck to their low ends."""
    cells[...] = -np.inf
    for start, stop in spans(cells.size, PART):
        pulse.clip(cells[start:stop], physics.part(start, stop))


@dataclass(eq=False)
class FollowedWeights(LevelWeights, ABC):
    """Real weights, exact in the passes of digital macros, and cells that follow their levels."""

    in_arrays: ClassVar[bool] = True
    in_words: ClassVar[bool] = True
    digital: ClassVar[tuple[str, ...]] = ("backward", "gradient")

    def due(self, update: int) -> bool:
        """Whether the cells follow the real weights at this update."""
        every = self.site.training.reprogram
        return every == "change" or update % every == 0

    @property
    def every(self) -> bool:
        """Whether all cells are written, or those whose level changes."""
        return self.site.training.reprogram != "change" and self.due(self.written.updates)

    @abstractmethod
    def exact(self, out: Array) -> None:
        """``out`` = the weights of the levels that were last written."""

    @property
    @abstractmethod
    def direct(self) -> Direct:
        """The device as a direct write takes it."""

    @abstractmethod
    def plan(self, physics: Physics) -> pulse.Plan:
        """How cells of most levels are written by pulses."""

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """The exact transposed product with the real weights (as an ablation, their levels)."""
        site = self.site
        if site.training.digital == "bit_serial":
            assert site.error_bits is not None, "fp32 is refused where the files are read"
            bits, workers = site.error_bits, site.workers
            with self._as_held() as real:
                digital.transposed(dy, real, x, dx, bits=bits, workers=workers)
            return
        if site.training.error_path == "real":
            super().mtvm(dy, x, dx)
            return
        held = site.workspace.take(self.real.shape, site.dtype)
        self.exact(held)
        product.transposed(dy, held, x, dx, workers=site.workers)
        site.workspace.drop(held)

    def hold(self, size: int, number: int) -> Array:
        """What reference cells hold: written once to mid range, in the same way as the others."""
        return self.held_at(self.site, size, number)

    def held_at(self, site: Site, size: int, number: int) -> Array:
        """As ``hold``, of cells with the random numbers of a site."""
        real, known = np.zeros(size, site.dtype), np.full(size, -128, np.int8)
        held, writes = np.zeros(size, site.dtype), np.zeros(size, np.uint32)
        pulsed = site.training.write != "direct"
        made = Physics.of(site, number, size) if pulsed else None
        if made is not None:
            lower(held, made)
        middle = levels.Grid(1.0, 1, odd=False, every=True)
        for start, stop in spans(size, PART):
            part, counts = slice(start, stop), np.zeros(len(Count))
            draw = site.draw(start, 0, number)
            given = real[part], known[part]
            if made is None:
                levels.program(*given, held[part], writes[part], middle, self.direct, draw, counts)
                continue
            traits, response = made.part(start, stop), made.response
            cells = pulse.Cells(held[part], traits, response, writes[part], counts)
            pulse.to_levels(*given, cells, middle, self.plan(made), draw)
        return held
