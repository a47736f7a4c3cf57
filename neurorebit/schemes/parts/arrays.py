"""Reads of a layer's arrays: read noise, drift at rest, wires, converters of both passes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import KW_ONLY, InitVar, dataclass, field
from typing import NamedTuple

import numpy as np

from neurorebit.kernels import levels, reading
from neurorebit.kernels.cell import Mapping
from neurorebit.schemes.parts.references import BACK, FORWARD, Hold, References
from neurorebit.training.parts.codes import Use
from neurorebit.training.parts.converters import Converters
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import PART, Site
from neurorebit.training.parts.wires import Wires
from neurorebit.training.parts.workers import Array, spans

MAPPINGS = {  # training.mapping
    "reference": Mapping.REFERENCE,
    "pair": Mapping.PAIR,
    "weight": Mapping.WEIGHT,
}


def conductances(
    site: Site, weight: Array, mapping: Mapping, references: References | None
) -> dict[str, Array]:
    """What the cells of weights conduct [S], and their reference cells, as a file keeps them.

    Of a pair of cells ``conductance`` is the one that adds, ``conductance_minus`` the other. Where
    no cell is modelled (mapping ``weight``) there is nothing.
    """
    middle = 0.5 * (float(site.device.g_max) + float(site.device.g_min))
    half = 0.5 * (float(site.device.g_max) - float(site.device.g_min))
    if mapping is Mapping.WEIGHT:
        return {}
    if mapping is Mapping.PAIR:
        low = middle - half  # the other cell of a pair is at the least conductance
        ends = np.maximum(weight, 0.0), np.maximum(-weight, 0.0)
        plus, minus = ((low + 2.0 * half * end).astype(np.float32) for end in ends)
        return {"conductance": plus, "conductance_minus": minus}
    found = {"conductance": (middle + half * weight).astype(np.float32)}
    if references is not None:
        found["reference"] = (middle + half * references.cells).astype(np.float32)
    return found


class Through(NamedTuple):
    """Wires that a read goes through, None where they are ideal, and its share of ones."""

    wires: Wires | None
    ones: Callable[[], float]


@dataclass(eq=False)
class Arrays:
    """The reads of a layer's arrays: their number, their wires, and the converters of both passes.

    Read noise is drawn for each batch and each direction. Where rows are read one after the other,
    each cell is converted with its own bits, and the sums are digital. ``rounded``: conductances
    are rounded to the levels of the architecture. ``follows``: the converters' ranges follow the
    partial sums. ``mapping``: how conductances represent a weight. ``hold``: gives the weights of
    reference cells (``references.py``), which cells that are read against mid range are compared
    with; arrays that are read row by row have none, their mid range is subtracted in numbers.
    ``digits``: levels of a cell that holds a digit of a weight, from end to end of its range, and
    ``shift`` the weight that its zero has above mid range; ``shared`` are reference cells that
    forward reads have in common with others. ``alone``: there are none, see ``difference``.
    """

    site: Site
    rounded: bool = False
    follows: bool = False
    mapping: Mapping = Mapping.REFERENCE
    _: KW_ONLY
    hold: InitVar[Hold]
    back: InitVar[bool] = True  # whether there are transposed reads
    digits: int = 0
    shift: float = 0.0
    shared: InitVar[References | None] = None
    alone: InitVar[bool] = False
    number: int = 0  # of several arrays that hold a weight, for its random numbers
    reads: int = 0
    references: References | None = field(init=False, default=None)
    back_references: References | None = field(init=False, default=None)
    forward: Converters = field(init=False)
    backward: Converters = field(init=False)
    wires: Wires | None = field(init=False, default=None)
    back_wires: Wires | None = field(init=False, default=None)

    def __post_init__(self, hold: Hold, back: bool, shared: References | None, alone: bool) -> None:
        self.references = shared
        compared = self.mapping is Mapping.REFERENCE and not self.site.spec.row_by_row and not alone
        if compared and shared is None:
            self.references = References(self.site, FORWARD + 2 * self.number, hold)
        if compared and back:
            self.back_references = References(self.site, BACK + 2 * self.number, hold)
        self.forward = Converters(self.site, self.follows)
        self.backward = Converters(self.site, self.follows, transposed=True)
        if self.site.training.wires == "resistive":
            self.wires = Wires(self.site)
            if back:
                self.back_wires = Wires(self.site, transposed=True)

    @property
    def converted(self) -> dict[str, Use | None]:
        """How the converters of each pass used their codes; a pass without any is left out."""
        uses = {"forward": self.forward.use, "backward": self.backward.use}
        return {name: use for name, use in uses.items() if use is not None}

    def forget_ranges(self) -> None:
        """Measure the forward converters' ranges anew."""
        self.forward = Converters(self.site, self.follows)

    def mvm(self, weight: Array, x: Windows, out: Array, *, full: float, learning: bool) -> None:
        """``out`` = ``full`` times the product, converted array by array and added digitally."""
        bits = int(self.site.spec.input_bits)
        through = Through(self.wires, lambda: x.ones(bits))
        seen = self._read(weight, self.references, learning=learning, through=through)
        self.forward.multiply(x, seen, out, scale=x.scale * full, learning=learning)
        self.site.workspace.drop(seen)

    def difference(
        self,
        other: Arrays,
        weights: tuple[Array, Array],
        x: Windows,
        out: Array,
        *,
        full: float,
        learning: bool,
    ) -> None:
        """``out`` = ``full`` times the product of half the difference of two arrays, which one
        conversion takes.
        """
        none = Through(None, lambda: 0.0)
        mine, theirs = (
            one._read(held, None, learning=learning, through=none)
            for one, held in zip((self, other), weights, strict=True)
        )
        found = self.site.workspace.take(mine.shape, mine.dtype)
        np.subtract(mine, theirs, out=found)
        np.multiply(found, found.dtype.type(0.5), out=found)
        for one in (mine, theirs):
            self.site.workspace.drop(one)
        self.forward.multiply(x, found, out, scale=x.scale * full, learning=learning)
        self.site.workspace.drop(found)

    def mtvm(self, weight: Array, dy: Array, x: Windows, dx: Array, *, full: float) -> None:
        """``dx`` = ``full`` times the transposed product, converted and added in the same way."""
        through = Through(self.back_wires, lambda: 0.0)
        seen = self._read(weight, self.back_references, learning=True, through=through)
        self.backward.multiply_back(dy, seen, x, dx, scale=full)
        self.site.workspace.drop(seen)

    @property
    def relative(self) -> float:
        """Standard deviation of a conductance from read to read, over its mean."""
        variation = self.site.device.variation
        return math.hypot(variation.read, variation.c2c if variation.form == "read" else 0.0)

    def _read(
        self, weight: Array, references: References | None, *, learning: bool, through: Through
    ) -> Array:
        """The weights as this read sees them: themselves, or a changed copy in the workspace."""
        site, seen, mapping = self.site, weight, int(self.mapping)
        self.reads += 1
        law, error = self.law(learning), self.error
        if law is not None:
            seen = self._copy(
                seen, lambda a, b, i: reading.rest(a, b, law, mapping, site.draw(i, 0, self.number))
            )
        if error is not None:
            seen = self._copy(
                seen,
                lambda a, b, i: reading.read(a, b, error, site.draw(i, self.reads, self.number)),
            )
        grid = self.rounding
        if grid is not None:
            seen = self._copy(seen, lambda a, b, i: levels.quantise(a, b, grid, 1.0 / grid.top))
        if through.wires is not None:
            applied = through.wires.applied(seen, learning, through.ones)
            site.workspace.drop(seen)
            seen = applied
        if references is not None:
            compared = site.workspace.take(seen.shape, seen.dtype)
            references.compared(seen, references.seen(law, error, self.reads), compared)
            site.workspace.drop(seen)
            seen = compared
        if self.shift:
            shifted = site.workspace.take(seen.shape, seen.dtype)
            np.subtract(seen, seen.dtype.type(self.shift), out=shifted)
            site.workspace.drop(seen)
            seen = shifted
        return seen

    def law(self, learning: bool) -> reading.Rest | None:
        """How cells have drifted before a read; None where they have not."""
        return None if learning and not self.site.frozen else self._rest

    @property
    def error(self) -> reading.Noise | None:
        """The noise of a read; None where there is none."""
        mapping = int(self.mapping)
        return reading.Noise(self.relative, mapping, self.site.offset) if self.relative else None

    @property
    def rounding(self) -> levels.Grid | None:
        """The levels that what is read is rounded to; None where it is not."""
        site, spec = self.site, self.site.spec
        alone = spec.row_by_row and spec.holds_devices and site.training.adc != "ideal"
        if not (self.rounded or alone):
            return None
        bits = int(spec.cell_bits) if alone else site.weight_bits
        two = bits == 1  # both ends of the range, and none between
        top = self.digits - 1 if self.digits else 1 if two else 2 ** (bits - 1) - 1
        return levels.Grid(float(top), top, odd=two or self.digits > 0, every=True)

    @property
    def _rest(self) -> reading.Rest | None:
        """How cells drift before a test; None where they do not."""
        site, retention = self.site, self.site.device.retention
        if site.training.rest <= 1.0 or retention is None:
            return None
        toward, variation = retention.toward, site.device.variation
        return reading.Rest(
            site.training.rest,
            retention.exponent,
            math.nan if isinstance(toward, str) else 2.0 * toward - 1.0,
            site.offset,
            variation.stuck_low,
            variation.stuck_high,
        )

    def _copy(self, source: Array, kernel: Callable[[Array, Array, int], None]) -> Array:
        """A changed copy, made part by part; the source goes back to the workspace if it is its."""
        out = self.site.workspace.take(source.shape, source.dtype)
        flat = source.reshape(-1), out.reshape(-1)
        parts = spans(source.size, PART)

        def job(i: int) -> None:
            start, stop = parts[i]
            kernel(flat[0][start:stop], flat[1][start:stop], start)

        self.site.workers.run(job, len(parts))
        self.site.workspace.drop(source)
        return np.asarray(out)
