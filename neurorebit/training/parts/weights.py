"""The interface between training and the weights of a layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Protocol

import numpy as np

from neurorebit.chips.parts.signs import SIGNED_INPUTS, SignedInputs
from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.kernels.noise import Draw
from neurorebit.layers.network import Node
from neurorebit.schema.device import Device, Pulses
from neurorebit.schema.formats import FLOATS, Format, narrow
from neurorebit.schema.training import Training
from neurorebit.training.parts.codes import Use
from neurorebit.training.parts.integers import Integers
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.workers import Array, Workers, Workspace
from neurorebit.weights.fitting import LayerStart

PART = 1 << 18  # weights of one job


@dataclass(frozen=True, eq=False, kw_only=True)
class Site:
    """Where a layer's weights are: their layer and chip, and the workers and memory they share.

    ``index``: number of the layer among the matrix layers. ``cuts``: the row ranges of the layer's
    matrix that stand in one array each. ``wires``: resistance [ohm] of the array's wires from cell
    to cell, along a row and along a column; None where wires are ideal. ``words``: words of each
    weight that the scheme keeps in digital memory, ``rank``: of two thin matrices of words of the
    layer that it keeps. ``edge``: whether the layer is the first or the
    last matrix layer. ``scores``: whether its outputs are the scores of the classes. ``given``:
    what the weights are before the first step; None where they are drawn. ``frozen``: they stay
    so, and their cells have rested in every pass.
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
    words: int
    rank: int = 0
    edge: bool = False
    scores: bool = False
    given: LayerStart | None = None
    frozen: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """The layer's matrix: groups, rows, columns."""
        matmul = self.node.matmul
        assert matmul is not None
        return matmul.groups, matmul.rows, matmul.cols

    def draw(self, first: int, step: int, array: int = 0) -> Draw:
        """The random numbers of cells from ``first`` on, as kernels take them.

        ``array``: number of the array in the layer.
        """
        return Draw(first, step, self.index, array, self.seed)

    @property
    def deviation(self) -> float:
        """Standard deviation by He et al. (ICCV 2015, doi:10.1109/ICCV.2015.123)."""
        return float((2.0 / self.fan_in) ** 0.5)

    @property
    def fan_in(self) -> float:
        """Products that make one output, on the mean: rows, times the results that are merged."""
        matmul = self.node.matmul
        assert matmul is not None
        results = matmul.cols * matmul.groups * matmul.vectors
        return matmul.rows * (results / (results - matmul.merged))

    @property
    def start(self) -> float:
        """Standard deviation of the first weights.

        That of He et al.; of scores, which no rectifier follows, 1 / sqrt(3 rows), the default of
        common libraries. With a larger one the first losses exceed ln(classes) by far, and at the
        paper's rate training needs epochs to recover.
        """
        return self.deviation / 6.0**0.5 if self.scores else self.deviation

    @property
    def signed_inputs(self) -> SignedInputs | None:
        """How inputs below zero enter the arrays; None where the layer has none."""
        matmul = self.node.matmul
        signed = matmul is not None and matmul.signed
        return SIGNED_INPUTS[self.spec.signed_inputs] if signed else None

    @property
    def weight_bits(self) -> int:
        """Bits of a weight in this layer."""
        special = self.training.edge_bits if self.edge else None
        return int(self.spec.weight_bits if special is None else special)

    @property
    def error_bits(self) -> int | None:
        """Bits of an error; None: floating point."""
        given = self.training.error_bits
        bits = self.spec.errors if given is None else given
        return None if bits is None or isinstance(bits, str) else int(bits)

    @property
    def error_format(self) -> Format | None:
        """The floating-point format that errors are rounded to; None: they are of single precision,
        or whole numbers.
        """
        given = self.training.error_bits
        word = self.spec.errors if given is None else given
        return FLOATS[word] if isinstance(word, str) and narrow(FLOATS[word]) else None

    @property
    def offset(self) -> float:
        """Conductance of the weight 0 over half the range: (r + 1) / (r - 1), r = on/off ratio."""
        ratio = float(self.device.on_off_ratio)
        return (ratio + 1.0) / (ratio - 1.0)


class Weights(Protocol):
    """A layer's weights: how they multiply, and how they learn.

    All attributes of an instance but its site are saved in checkpoints and restored from them, by
    the rule of ``training/state.py``.
    """

    site: Site

    @property
    def in_arrays(self) -> bool:
        """Whether inputs and errors have the few bits that arrays take."""

    @property
    def integers(self) -> Integers | None:
        """The whole numbers that inputs and errors are, in arrays or in software; else None."""

    @property
    def arrays(self) -> int:
        """Arrays that hold each weight."""

    @property
    def digital(self) -> tuple[str, ...]:
        """The passes that digital arithmetic computes: forward, backward, gradient."""

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """Forward: ``out`` [B, H, W, N] = the matrix times each vector of ``x``."""

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """Backward: ``dx`` [B, H, W, C] = the transposed matrix times ``dy`` [B, H, W, N]."""

    def update(self, x: Windows, dy: Array, rate: float) -> None:
        """Learn from a batch: gradient, update, and sync of what follows the weights."""

    def begin_epoch(self) -> None:
        """Called once before each epoch."""

    @property
    def written(self) -> Written:
        """Totals of the writes of all updates so far."""

    @property
    def written_fast(self) -> Written | None:
        """Totals of the writes to the fast array; None where a weight has no such array.

        The updates are counted in ``written`` alone.
        """

    @property
    def views(self) -> dict[str, Array]:
        """The weights by where they are held (real, quantised, analog), all in one unit."""

    @property
    def writes(self) -> Array:
        """How often each cell was written since training began."""

    @property
    def converted(self) -> dict[str, Use | None]:
        """How the converters of each pass used their codes; empty where nothing is converted."""

    @property
    def kept(self) -> dict[str, Array]:
        """What a file of weights keeps, by the names of its table: ``weight`` [groups, rows, cols]
        at least, and where there are levels and cells, these.
        """


class WeightScheme(Protocol):
    """The part of a scheme that training uses."""

    def words(self, training: Training) -> int:
        """Words of each weight that digital memory keeps."""

    def word_bits(self, training: Training) -> int:
        """Bits of such a word."""

    def rank(self, training: Training) -> int:
        """The rank of two thin matrices of words of each layer; 0: there are none."""

    @property
    def load(self) -> Callable[[], Callable[[Site], Weights]]:
        """Imports the class of the weights."""

    def digital(self) -> Callable[[Site], Weights]:
        """Imports the class of weights that digital macros hold alone, in some of the layers."""


@dataclass
class Written:
    """Totals over the updates so far.

    ``sets`` and ``resets``: cells programmed up and down; a cell that is reset before it is set
    counts for both. ``set_steps`` and ``reset_steps``: level steps, each from one of the levels of
    the architecture's ``weight_bits`` to the next, whatever pulses it took. ``words``: SRAM words.
    ``conductance``: sum over the updates of the mean conductance, as a share of the range.
    ``reads``: reads of single cells that verified their writes; None where writes are not simulated
    pulse by pulse. ``blocks``: a ``kernels.blocks.Tally`` [2, ...] of the trains of blocks and of
    those of single cells after them; None where cells are programmed row by row.
    """

    updates: int = 0
    sets: int = 0
    resets: int = 0
    set_steps: float = 0.0
    _: KW_ONLY
    reset_steps: float = 0.0
    words: int = 0
    conductance: float = 0.0
    reads: int | None = None
    blocks: Array | None = None

    def pulses(self, device: Pulses, levels: int) -> tuple[float, float]:
        """The pulses up and down that the level steps correspond to, in cells of ``levels``."""
        up, down = float(device.levels_ltp), float(device.levels_ltd)
        return self.set_steps * up / (levels - 1), self.reset_steps * down / (levels - 1)
