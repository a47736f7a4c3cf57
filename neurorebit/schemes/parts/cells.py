"""Cells that are programmed by pulses: one for each weight, read against mid range."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from neurorebit.kernels import cell, pulse
from neurorebit.kernels.cell import PulseNoise, Response, Traits, UpDown
from neurorebit.kernels.levels import Count
from neurorebit.kernels.noise import Draw
from neurorebit.schema import InputError
from neurorebit.schema.device import Device, Pulses
from neurorebit.training.parts.weights import PART, Site, Written
from neurorebit.training.parts.workers import Array, spans

SPREADS = {  # variation.pulse_d2d: the fields of pulse.Spread that d2d applies to
    "step": ("step",),
    "bounds": ("bounds",),
    "step_and_bounds": ("step", "bounds"),
    "label": ("label",),
    "state": ("state",),
}
NOISES = {  # variation.pulse_c2c
    "step": PulseNoise.STEP,
    "range": PulseNoise.RANGE,
    "state": PulseNoise.STATE,
}


@dataclass(frozen=True, eq=False)
class Physics:
    """Traits of the cells of one array that never change, and the response of the device.

    ``traits``: arrays with one entry for every cell, or with a single one that all cells share.
    ``bends``: of the nominal curves.
    """

    traits: Traits
    response: Response
    bends: UpDown

    @classmethod
    def of(cls, site: Site, number: int, size: int | None = None) -> Physics:
        """The cells of a layer's array of that number; InputError where pulses are not known.

        ``size``: how many; one a weight unless given.
        """
        variation, pulses = site.device.variation, pulses_of(site)
        spread = pulse.Spread(
            **dict.fromkeys(SPREADS[variation.pulse_d2d], variation.d2d),
            stuck_low=variation.stuck_low,
            stuck_high=variation.stuck_high,
            asymmetry=variation.asymmetry,
        )
        labels = UpDown(float(pulses.nonlinearity_ltp), float(pulses.nonlinearity_ltd))
        bends = UpDown(cell.bend(labels.up), cell.bend(labels.down))
        _felt(site.device, pulses, bends, np.dtype(site.dtype))
        size = int(np.prod(site.shape)) if size is None else size
        bounded = size if any(spread._replace(label=0.0, asymmetry=0.0)) else 1
        curved = size if spread.label else 1
        counts = bounded, bounded, bounded, curved, curved, size if spread.asymmetry else 1
        nominal = (-1.0, 1.0, 1.0, *bends, 1.0)
        traits = Traits(*(np.full(n, v, site.dtype) for n, v in zip(counts, nominal, strict=True)))
        parts = spans(size, PART)

        def job(i: int) -> None:
            start, stop = parts[i]
            draw = site.draw(start, step=0, array=number)
            pulse.manufacture(_part(traits, start, stop), spread, labels, site.offset, draw)

        site.workers.run(job, len(parts))
        noise = NOISES[variation.pulse_c2c]
        c2c = float(pulses.c2c) if noise is PulseNoise.RANGE else variation.c2c
        c2c = c2c if variation.form == "state" else 0.0  # else each read draws it
        up, down = float(pulses.levels_ltp), float(pulses.levels_ltd)
        return cls(traits, Response(up, down, int(noise), c2c, site.offset), bends)

    def part(self, start: int, stop: int) -> Traits:
        """The traits of some cells."""
        return _part(self.traits, start, stop)

    def steps_at(self, weight: float) -> UpDown:
        """The steps of a pulse up and a pulse down of a nominal cell at a weight, as weights."""
        response, bends = self.response, self.bends
        pulses = response.pulses_up, response.pulses_down
        found: UpDown = cell.steps_at(0.5 * (weight + 1.0), *pulses, *bends)
        return found

    @property
    def steps(self) -> UpDown:
        """The steps of a pulse at mid range, by which a controller turns changes into pulses.

        Cells hold weights about mid range. The mean step over the whole curve, 2 / pulses, is
        smaller on any bent curve, so the label would act as a learning rate.
        """
        return self.steps_at(0.0)

    @property
    def granule(self) -> float:
        """The mean of both steps at mid range."""
        return 0.5 * float(self.steps.up + self.steps.down)


def _part(traits: Traits, start: int, stop: int) -> Traits:
    return Traits(*(a[start:stop] if a.size > 1 else a for a in traits))


def pulses_of(site: Site) -> Pulses:
    """The device's response to pulses; InputError where it has none."""
    if site.device.pulses is None:
        raise InputError(
            f"{site.device.name}: no published pulse data, and scheme={site.spec.scheme}, "
            f"training.write={site.training.write} programs cells by pulses; take another device"
        )
    return site.device.pulses


def _felt(device: Device, pulses: Pulses, bends: UpDown, dtype: np.dtype) -> None:
    """InputError where the first pulse is less than the resolution of the numbers in training."""
    least = float(np.finfo(dtype).eps)
    first = cell.pulsed(0.0, 1.0 / pulses.levels_ltp, bends.up)
    last = 1.0 - cell.pulsed(1.0, -1.0 / pulses.levels_ltd, bends.down)
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
            pulse.clip(self.weight.reshape(-1)[start:stop], self.physics.part(start, stop))
        self.total = float(np.sum(self.weight, dtype=np.float64))

    def part(self, start: int, stop: int) -> pulse.Cells:
        """Some cells as kernels take them, with counts that begin at zero."""
        return pulse.Cells(
            self.weight.reshape(-1)[start:stop],
            self.physics.part(start, stop),
            self.physics.response,
            self.writes[start:stop],
            np.zeros(len(Count)),
        )

    def draw(self, start: int, step: int) -> Draw:
        """The random numbers of the cells from ``start`` on in one step, as kernels take them."""
        return self.site.draw(start, step, self.number)

    def pulse(self, start: int, pulses: Array, step: int) -> Array:
        """Send the cells from ``start`` on these pulses; return the counts of what was written."""
        part = self.part(start, start + pulses.size)
        pulse.pulse(part, pulses, self.draw(start, step))
        return np.asarray(part.counts)

    def count(self, counts: list[Array]) -> None:
        """Add up the counts of all parts of an update."""
        total = sum(counts, np.zeros(len(Count)))
        steps, response = self.site.spec.levels - 1, self.physics.response
        self.written.sets += int(total[Count.SETS])
        self.written.resets += int(total[Count.RESETS])
        self.written.set_steps += total[Count.STEPS_UP] * steps / response.pulses_up
        self.written.reset_steps += total[Count.STEPS_DOWN] * steps / response.pulses_down
        self.total += float(total[Count.CHANGE])
        self.written.conductance += 0.5 + 0.5 * self.total / self.weight.size


def placed(site: Site, size: int, number: int) -> Array:
    """What ``size`` cells of an array hold that were brought to mid range within their bounds."""
    return bounded(site, np.zeros(size, site.dtype), number)


def bounded(site: Site, weight: Array, number: int) -> Array:
    """The weights (flat) within the bounds of the cells of an array; the same object."""
    physics = Physics.of(site, number, weight.size)
    for start, stop in spans(weight.size, PART):
        pulse.clip(weight[start:stop], physics.part(start, stop))
    return weight
