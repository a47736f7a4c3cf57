"""What every scheme is told and what every scheme tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from neurorebit.chips.architecture import ArchitectureSpec
from neurorebit.layers.network import Node
from neurorebit.schema.device import Device, Pulses
from neurorebit.schema.training import Training
from neurorebit.training.product import Windows
from neurorebit.training.workers import Array, Workers, Workspace

PART = 1 << 18  # weights of one job


@dataclass(frozen=True, eq=False)
class Site:
    """What the weights of a layer are told: their layer, their chip, and who works for them.

    ``cuts`` are the row ranges of the layer's matrix that one array each holds, ``index`` its
    number among the matrix layers, ``wires`` the resistance [ohm] of an array's wires from cell to
    cell, along a row and along a column, ``edge`` whether it is the first or the last layer,
    ``scores`` whether its outputs are the scores of the classes.
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
    edge: bool = False
    scores: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """The layer's matrix: groups, rows, cols."""
        matmul = self.node.matmul
        assert matmul is not None
        return matmul.groups, matmul.rows, matmul.cols

    @property
    def deviation(self) -> float:
        """That of the weights by He's rule (ICCV 2015, doi:10.1109/ICCV.2015.123)."""
        return float((2.0 / self.shape[1]) ** 0.5)

    @property
    def start(self) -> float:
        """Deviation of the first weights: He's; of scores, no ReLU behind them, 1 / sqrt(3 rows)
        as common libraries have it. With more, first losses pass ln(classes) by far and the
        paper's rate needs epochs to recover.
        """
        return self.deviation / 6.0**0.5 if self.scores else self.deviation

    @property
    def weight_bits(self) -> int:
        """Bits of a weight in this layer."""
        special = self.training.edge_bits if self.edge else None
        return int(self.spec.weight_bits if special is None else special)

    @property
    def error_bits(self) -> int | None:
        """Bits of an error; None: floating point."""
        given = self.training.error_bits
        bits = self.spec.error_bits if given is None else given
        return None if isinstance(bits, str) else int(bits)

    @property
    def offset(self) -> float:
        """The conductance of the weight 0 over half the range, (r + 1) / (r - 1)."""
        ratio = float(self.device.on_off_ratio)
        return (ratio + 1.0) / (ratio - 1.0)


class Weights(Protocol):
    """A layer's weights: how they multiply, and how they learn.

    ``in_arrays``: whether inputs and errors have the few bits that arrays take. ``arrays``: how
    many arrays hold each weight. ``digital``: the passes that digital arithmetic does. Whatever an
    instance holds beside its site is saved and taken up again by the rule of ``train/state.py``.
    """

    site: Site
    in_arrays: ClassVar[bool]
    arrays: ClassVar[int]
    digital: ClassVar[tuple[str, ...]]

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

    @property
    def beside(self) -> Written | None:
        """What was written to a second array that gradients pulse, where there is one; its updates
        are those of ``written``.
        """

    @property
    def views(self) -> dict[str, Array]:
        """The weights by where they are held (real, quantised, analog), in one unit."""

    @property
    def writes(self) -> Array:
        """How often each cell was written since training began."""


@dataclass
class Written:
    """Totals over the updates so far: cells programmed up and down, level steps, SRAM words.

    A cell that is reset before it is set counts for both.

    A level step is one of those between the levels of the architecture's ``weight_bits``, whatever
    it took. ``conductance`` adds up, update by update, the mean conductance as a share of the
    range.
    """

    updates: int = 0
    sets: int = 0
    resets: int = 0
    set_steps: float = 0.0
    reset_steps: float = 0.0
    words: int = 0
    conductance: float = 0.0

    def pulses(self, device: Pulses, levels: int) -> tuple[float, float]:
        """The pulses up and down that the level steps are worth, of cells of so many levels."""
        up, down = float(device.levels_ltp), float(device.levels_ltd)
        return self.set_steps * up / (levels - 1), self.reset_steps * down / (levels - 1)
