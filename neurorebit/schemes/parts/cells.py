"""Cells that are programmed by pulses: one for each weight, read against mid range."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurorebit.kernels import cell, noise, pulse
from neurorebit.schema import InputError
from neurorebit.schema.device import Device, Pulses
from neurorebit.training.parts.weights import PART, Site, Written
from neurorebit.training.parts.workers import Array, spans

SPREADS = {  # what d2d spreads: of the step, of the bounds, of the labels, of the conductance
    "step": (1, 0, 0, 0),
    "bounds": (0, 1, 0, 0),
    "step_and_bounds": (1, 1, 0, 0),
    "label": (0, 0, 1, 0),
    "state": (0, 0, 0, 1),
}
FORMS = {"step": 0, "range": 1, "state": 2}  # of c2c, numbered as in cell.programmed


@dataclass(frozen=True, eq=False)
class Physics:
    """Traits of the cells of one array that never change.

    ``traits``: low and high bound, step, bend up and bend down, each with one number for every
    cell, or with a single number that all cells share. ``device``: the numbers of the device that
    ``cell.programmed`` takes. ``bends``: up and down, of the nominal curves.
    """

    traits: tuple[Array, Array, Array, Array, Array]
    device: tuple[float, float, int, float, float]
    bends: tuple[float, float]

    @classmethod
    def of(cls, site: Site, number: int) -> Physics:
        """The cells of a layer's array of that number; InputError where pulses are not known."""
        variation, pulses = site.device.variation, pulses_of(site)
        share = [variation.d2d * n for n in SPREADS[variation.pulse_d2d]]
        spread = (*share, variation.stuck_low, variation.stuck_high)
        bends = cell.bend(pulses.nonlinearity_ltp), cell.bend(pulses.nonlinearity_ltd)
        _felt(site.device, pulses, bends, np.dtype(site.dtype))
        size = int(np.prod(site.shape))
        bounded = size if any(spread[:2] + spread[3:]) else 1
        curved = size if spread[2] else 1
        counts = bounded, bounded, bounded, curved, curved
        nominal = (-1.0, 1.0, 1.0, *bends)
        traits = tuple(np.full(n, v, site.dtype) for n, v in zip(counts, nominal, strict=True))
        labels = float(pulses.nonlinearity_ltp), float(pulses.nonlinearity_ltd)
        parts = spans(size, PART)

        def job(i: int) -> None:
            start, stop = parts[i]
            own = (a[start:stop] if a.size > 1 else a for a in traits)
            where = start, site.index, noise.ARRAYS * number, site.seed
            pulse.manufacture(*own, spread, labels, site.offset, *where)

        site.workers.run(job, len(parts))
        form = FORMS[variation.pulse_c2c]
        c2c = float(pulses.c2c) if form == 1 else variation.c2c
        c2c = c2c if variation.form == "state" else 0.0  # else each read draws it
        device = float(pulses.levels_ltp), float(pulses.levels_ltd), form, c2c, site.offset
        return cls(traits, device, bends)  # type: ignore[arg-type]

    def part(self, start: int, stop: int) -> tuple[Array, ...]:
        """The traits of some cells."""
        return tuple(a[start:stop] if a.size > 1 else a for a in self.traits)

    @property
    def granule(self) -> float:
        """The mean step of a pulse, as a weight."""
        return float(cell.spacing(*self.device[:2]))


def pulses_of(site: Site) -> Pulses:
    """The device's response to pulses; InputError where it has none."""
    if site.device.pulses is None:
        raise InputError(
            f"{site.device.name}: no published pulse data, and scheme={site.spec.scheme}, "
            f"training.write={site.training.write} programs cells by pulses; take another device"
        )
    return site.device.pulses


def _felt(device: Device, pulses: Pulses, bends: tuple[float, float], dtype: np.dtype) -> None:
    """InputError where the first pulse is less than the resolution of the numbers in training."""
    least = float(np.finfo(dtype).eps)
    first = cell.pulsed(0.0, 1.0 / pulses.levels_ltp, bends[0])
    last = 1.0 - cell.pulsed(1.0, -1.0 / pulses.levels_ltd, bends[1])
    for key, step in (("nonlinearity_ltp", first), ("nonlinearity_ltd", last)):
        if step < least:
            raise InputError(
                f"{device.name}: pulses.{key}: the first pulse moves a cell by {step:.1e} of its "
                f"range, which is lost in {dtype}; take a label nearer to 0"
            )


@dataclass(eq=False)
class Cells:
    """One array of a layer: a cell for each weight, from -1 to 1 within each cell's own bounds.

    ``number`` is that of the array in its layer; each has cells and random numbers of its own.
    """

    site: Site
    number: int = 0
    weight: Array = field(init=False)
    writes: Array = field(init=False)
    written: Written = field(init=False, default_factory=Written)
    total: float = field(init=False, default=0.0)
    physics: Physics = field(init=False)

    def __post_init__(self) -> None:
        self.physics = Physics.of(self.site, self.number)
        self.weight = np.zeros(self.site.shape, self.site.dtype)
        self.writes = np.zeros(self.weight.size, np.uint32)

    def place(self, weight: Array) -> None:
        """Set the first weights, within the bounds of the cells."""
        self.weight[...] = weight
        for start, stop in spans(weight.size, PART):
            pulse.place(self.weight.reshape(-1)[start:stop], *self.physics.part(start, stop)[:2])
        self.total = float(np.sum(self.weight, dtype=np.float64))

    def part(self, start: int, stop: int) -> tuple[Any, ...]:
        """Some cells as kernels take them: weights, traits, the device, writes."""
        physics = self.physics
        traits = physics.part(start, stop)
        weight, writes = self.weight.reshape(-1)[start:stop], self.writes[start:stop]
        return weight, *traits, physics.device, writes

    def pulse(self, start: int, pulses: Array, draw: int, counts: Array) -> None:
        """Send these pulses to the cells from ``start`` on; ``pulse.pulse`` adds to ``counts``."""
        weight, *own = self.part(start, start + pulses.size)
        pulse.pulse(
            weight,
            pulses,
            *own,
            (
                start,
                self.site.index,
                noise.CYCLE + noise.ARRAYS * self.number,
                draw,
                self.site.seed,
            ),
            counts,
        )

    def count(self, counts: list[Array]) -> None:
        """Add up the counts of all parts of an update."""
        total = sum(counts, np.zeros(5))
        steps = self.site.spec.levels - 1
        self.written.sets += int(total[0])
        self.written.resets += int(total[1])
        self.written.set_steps += total[2] * steps / self.physics.device[0]
        self.written.reset_steps += total[3] * steps / self.physics.device[1]
        self.total += float(total[4])
        self.written.conductance += 0.5 + 0.5 * self.total / self.weight.size
