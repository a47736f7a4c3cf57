"""Weights of the scheme ``wage``: whole numbers in digital memory, rounded to fewer bits."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from neurorebit.kernels import wage
from neurorebit.kernels.levels import Count
from neurorebit.schemes.parts import wage as shared
from neurorebit.schemes.wage.keys import WageKeys
from neurorebit.training.parts import integers
from neurorebit.training.parts.codes import Use
from neurorebit.training.parts.converters import Converters
from neurorebit.training.parts.gradient import GradientUnit
from neurorebit.training.parts.integers import Integers
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import PART, Site, Written
from neurorebit.training.parts.workers import Array, spans


@dataclass(eq=False)
class WageWeights:
    """``whole`` in memory learns; both passes read ``codes``, its nearest weights.

    On a chip of SRAM the codes are in its cells, in two's complement. Where rows are read one after
    the other, and counts of the gradient unit are exact, so is all arithmetic: as in software, on
    whatever other chip.
    """

    site: Site
    whole: Array = field(init=False)
    codes: Array = field(init=False)
    written: Written = field(init=False, default_factory=Written)
    writes: Array = field(init=False)
    forward: Converters = field(init=False)
    backward: Converters = field(init=False)
    unit: GradientUnit = field(init=False)
    ones: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        site = self.site
        most = 1 / shared.unit(self.gradient_bits)
        held = np.rint(shared.first(site).astype(np.float64) * most)
        limit = integers.top(self.gradient_bits)
        self.whole = np.clip(held, -limit, limit).astype(np.int32)
        self.codes = np.zeros(site.shape, site.dtype)
        self.writes = np.zeros(0, np.uint32)  # of cells that wear
        self.forward = Converters(site)
        self.backward = Converters(site, transposed=True)
        self.unit = GradientUnit(site)
        self._learn(np.zeros(site.shape))
        self.written = Written()  # the first write belongs to no step

    @property
    def gradient_bits(self) -> int:
        """Bits of a gradient, and of a weight in memory."""
        return self.site.training.own(WageKeys).gradient_bits

    @property
    def memory(self) -> wage.Memory:
        """How memory becomes weights, as kernels take it."""
        bits, wide = self.site.weight_bits, self.gradient_bits
        return wage.Memory(wide - bits, integers.top(wide), integers.top(bits), bits)

    @property
    def integers(self) -> Integers:
        """Bits of inputs and errors."""
        return shared.of_site(self.site)

    @property
    def in_arrays(self) -> bool:
        """Whether the weights are in the cells of the chip."""
        return not self.site.spec.holds_devices

    @property
    def arrays(self) -> int:
        """An array of bits, or none."""
        return int(self.in_arrays)

    @property
    def digital(self) -> tuple[str, ...]:
        """The passes of digital arithmetic: the gradient, and in software all."""
        return ("gradient",) if self.in_arrays else ("forward", "backward", "gradient")

    @property
    def written_fast(self) -> Written | None:
        """There is no fast array."""
        return None

    @property
    def scale(self) -> float:
        """What one code of a weight is worth in a product."""
        return shared.unit(self.site.weight_bits) / shared.scaling(self.site)

    @property
    def views(self) -> dict[str, Array]:
        """The numbers in memory and the weights."""
        one, wide = self.site.dtype, shared.unit(self.gradient_bits)
        return {
            "real": self.whole.astype(one) * one(wide),
            "quantised": self.codes * one(shared.unit(self.site.weight_bits)),
        }

    @property
    def converted(self) -> dict[str, Use | None]:
        """How the converters used their codes, where there are any."""
        uses = {"forward": self.forward.use, "backward": self.backward.use}
        return {name: use for name, use in uses.items() if use is not None}

    @property
    def kept(self) -> dict[str, Array]:
        """The weights as products have them, and their codes."""
        full = self.scale * integers.top(self.site.weight_bits)
        return {
            "weight": self.codes * self.site.dtype(self.scale),
            "full": np.array(full),
            "levels": self.codes.astype(np.int16),
        }

    @property
    def exact(self) -> bool:
        """Whether no converter rounds a product."""
        return not self.in_arrays or self.forward.exact

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """The product, over the layer's scaling."""
        scale = x.scale * self.scale
        if self.exact:
            most = integers.top(self.integers.inputs) * integers.top(self.site.weight_bits)
            integers.multiply(x, self.codes, out, self.site.workers, most=most)
            np.multiply(out, out.dtype.type(scale), out=out)
        else:
            self.forward.multiply(x, self.codes, out, scale=scale, learning=learning)
        shared.scores(self.site, out)

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """The transposed product; its scale is lost where errors are rounded."""
        if self.exact:
            most = integers.top(self.integers.errors) * integers.top(self.site.weight_bits)
            workers = self.site.workers
            integers.transposed(dy, self.codes, x, dx, workers=workers, most=most)
        else:
            self.backward.multiply_back(dy, self.codes, x, dx, scale=1.0)

    def update(self, x: Windows, dy: Array, rate: float) -> None:
        """The gradient in whole numbers of its largest entry, at random; then memory and cells."""
        site = self.site
        gradient = np.empty(site.shape)
        if self.unit.exact or not self.in_arrays:
            most = integers.top(self.integers.inputs) * integers.top(self.integers.errors)
            integers.outer(x, dy, gradient, site.workers, most=most)
        else:
            rounded = np.empty(site.shape, site.dtype)
            self.unit.outer(x, dy, rounded)
            gradient[...] = rounded
        self.written.updates += 1
        self._learn(gradient, shared.factor(gradient, rate))
        self.written.words += self.whole.size
        self.written.conductance += self.ones / (self.codes.size * site.weight_bits)

    def _learn(self, gradient: Array, factor: float = 0.0) -> None:
        """Round ``factor`` times the gradient, take it off memory, and round that to weights."""
        site, step, memory = self.site, self.written.updates, self.memory
        flat = [a.reshape(-1) for a in (self.whole, gradient, self.codes)]
        parts = spans(self.whole.size, PART)

        def job(i: int) -> Array:
            start, stop = parts[i]
            held, change, codes = (a[start:stop] for a in flat)
            counts = np.zeros(len(Count))
            wage.round_gradient(change, factor, site.draw(start, step))
            wage.learn(held, change, codes, memory, counts)
            return counts

        total = sum(site.workers.run(job, len(parts)), np.zeros(len(Count)))
        self.written.sets += int(total[Count.SETS])
        self.written.resets += int(total[Count.RESETS])
        self.ones += float(total[Count.SETS] - total[Count.RESETS])

    def begin_epoch(self) -> None:
        """Nothing happens."""
