"""Where a layer's weights live: one class for each scheme a file may name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from neurorebit.architecture import ArchitectureSpec
from neurorebit.device import Device
from neurorebit.kernels import cpu, noise
from neurorebit.network import Node, Training
from neurorebit.train import product
from neurorebit.train.converters import Converters
from neurorebit.train.product import Windows
from neurorebit.train.workers import Array, Workers, Workspace, spans

PART = 1 << 18  # weights of one job


@dataclass(frozen=True, eq=False)
class Site:
    """What the weights of a layer are told: their layer, their chip, and who works for them.

    ``cuts`` are the row ranges of the layer's matrix that one array each holds, ``index`` its
    number among the matrix layers, ``wires`` the resistance [ohm] of an array's wires from cell to
    cell, along a row and along a column.
    """

    node: Node
    index: int
    cuts: tuple[tuple[int, int], ...]
    spec: ArchitectureSpec
    device: Device
    training: Training
    seed: int
    workers: Workers
    workspace: Workspace
    dtype: type[np.floating] = np.float32
    wires: tuple[float, float] | None = None


class Weights(Protocol):
    """A layer's weights: how they multiply, and how they learn.

    ``in_arrays``: whether inputs and errors have the few bits that arrays take. Whatever an
    instance holds beside its site is saved and taken up again by the rule of ``train/state.py``.
    """

    in_arrays: bool

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """Forward: ``out`` [B, H, W, N] = the matrix times each vector of ``x``."""

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """Backward: ``dx`` [B, H, W, C] = the transposed matrix times ``dy`` [B, H, W, N]."""

    def update(self, x: Windows, dy: Array, rate: float) -> None:
        """Gradient, update, sync: learn from the batch."""

    def begin_epoch(self) -> None:
        """What happens once an epoch."""

    @property
    def written(self) -> Written:
        """What was written in the updates so far."""


@dataclass
class Written:
    """Totals over the updates so far: cells programmed up and down, level steps, SRAM words.

    ``conductance`` adds up, update by update, the mean conductance as a share of the range.
    """

    updates: int = 0
    sets: int = 0
    resets: int = 0
    set_steps: int = 0
    reset_steps: int = 0
    words: int = 0
    conductance: float = 0.0


@dataclass(eq=False)
class RealWeights:
    """Software: one exact matrix [groups, rows, cols] for both passes, trained by momentum SGD."""

    site: Site
    real: Array = field(init=False)
    velocity: Array = field(init=False)
    written: Written = field(init=False, default_factory=Written)
    bound: float = field(init=False, default=float("inf"))
    in_arrays = False

    def __post_init__(self) -> None:
        matrix = self.site.node.matrix
        assert matrix is not None
        shape = (matrix.groups, matrix.rows, matrix.cols)
        self.real = np.empty(shape, self.site.dtype)
        self.velocity = np.zeros(shape, self.site.dtype)
        flat = self.real.reshape(-1)
        deviation = (2.0 / matrix.rows) ** 0.5  # He et al., ICCV 2015, doi:10.1109/ICCV.2015.123
        site = self.site

        def fill(i: int) -> None:
            start, stop = parts[i]
            part = flat[start:stop]
            noise.fill(part, deviation, start, 0, site.index, noise.INITIAL, site.seed)

        parts = spans(flat.size, PART)
        site.workers.run(fill, len(parts))

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """The exact product."""
        whole = ((0, self.real.shape[1]),)
        product.multiply(x, self.real, out, self.site.workers, whole, x.scale)

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """The exact transposed product."""
        product.transposed(dy, self.real, x, dx, self.site.workers)

    def update(self, x: Windows, dy: Array, rate: float) -> None:
        """One step of momentum SGD with weight decay, then ``sync`` part by part."""
        site = self.site
        gradient = site.workspace.take(self.real.shape, self.real.dtype)
        product.outer(x, dy, gradient, site.workers)
        flat = [a.reshape(-1) for a in (self.real, self.velocity, gradient)]
        momentum, decay = site.training.momentum, site.training.weight_decay
        parts = spans(self.real.size, PART)
        self.written.updates += 1

        def job(i: int) -> Array | None:
            start, stop = parts[i]
            cpu.sgd(*(a[start:stop] for a in flat), rate, momentum, decay, self.bound)
            return self.sync(start, stop)

        self.synced(site.workers.run(job, len(parts)))
        site.workspace.drop(gradient)
        self.written.words += self.real.size

    def sync(self, start: int, stop: int) -> Array | None:
        """Bring the arrays in line with these real weights; counts of ``cpu.program``."""
        return None

    def synced(self, counts: list[Array | None]) -> None:
        """Add up what the parts of a sync counted."""

    def begin_epoch(self) -> None:
        """Nothing happens."""


@dataclass(eq=False)
class HybridWeights(RealWeights):
    """ReBIT: noisy few-level arrays forward, exact real weights backward (training.md 5).

    ``analog`` is what the arrays hold, as a share of ``full``, the weight of the outermost level;
    each cell is read against a noiseless reference at mid range (mapping R1). A cell is written
    when the level of its real weight changes, with fresh cycle-to-cycle noise each time.
    """

    levels: Array = field(init=False)
    analog: Array = field(init=False)
    full: float = field(init=False)
    in_arrays = True

    def __post_init__(self) -> None:
        super().__post_init__()
        site = self.site
        self.top = (site.spec.levels - 1) // 2
        self.levels = np.full(self.real.shape, -128, np.int8)  # no level: all cells are written
        self.analog = np.zeros_like(self.real)
        self._analog_sum = 0.0
        self.converters = Converters(site)
        self._stale = True
        self._rescale()
        parts = spans(self.real.size, PART)
        self.synced(site.workers.run(lambda i: self.sync(*parts[i]), len(parts)))
        self.written = Written()  # the first writing belongs to no step

    def _rescale(self) -> None:
        if self._stale:
            deviation = float(np.std(self.real, dtype=np.float64))
            self.full = self.site.training.level_range * deviation
            self.bound = self.site.training.weight_clip * self.full
            self._stale = False

    def begin_epoch(self) -> None:
        """Fit the levels to the real weights anew at the next sync."""
        self._stale = self.written.updates > 0

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """Partial sums of the arrays through their converters, added up digitally."""
        self.converters.multiply(x, self.analog, out, x.scale * self.full, learning)

    def update(self, x: Windows, dy: Array, rate: float) -> None:
        """Gradient and update of the real weights, sync of the arrays."""
        self._rescale()
        super().update(x, dy, rate)
        self.written.conductance += 0.5 + 0.5 * self._analog_sum / self.analog.size

    def sync(self, start: int, stop: int) -> Array:
        """Write the cells whose level changed."""
        site, device = self.site, self.site.device
        counts = np.zeros(5)
        cpu.program(
            self.real.reshape(-1)[start:stop],
            self.levels.reshape(-1)[start:stop],
            self.analog.reshape(-1)[start:stop],
            self.top / self.full,
            self.top,
            float(device.g_min),
            float(device.g_max),
            device.variation.d2d,
            device.variation.c2c,
            start,
            site.index,
            self.written.updates,
            site.seed,
            counts,
        )
        return counts

    def synced(self, counts: list[Array | None]) -> None:
        """Add up cells and level steps, and the change of the conductance."""
        total = sum((part for part in counts if part is not None), np.zeros(5))
        self.written.sets += int(total[0])
        self.written.resets += int(total[1])
        self.written.set_steps += int(total[2])
        self.written.reset_steps += int(total[3])
        self._analog_sum += float(total[4])


WEIGHTS: dict[str, type[RealWeights]] = {"hybrid": HybridWeights, "real": RealWeights}
