"""Cells that are written: directly to levels, by pulses to levels, and by pulses in place."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from neurorebit.kernels import noise as purposes
from neurorebit.kernels.cell import Mapping, Response, Traits, UpDown
from neurorebit.kernels.levels import Count, Device, Grid
from neurorebit.kernels.noise import Draw
from neurorebit.kernels.pulse import SLACK, Plan, Write
from neurorebit.torch.operations import cell, noise
from neurorebit.torch.operations.noise import Tensor


class Cells(NamedTuple):
    """Cells of one array, flat: what they hold, their traits, and how often each was written."""

    weight: Tensor
    traits: Traits  # of tensors with an entry for each cell or one for all
    response: Response
    writes: Tensor  # int64


def single(real: Tensor, value: float) -> float:
    """A number as it is in the precision of ``real``."""
    return float(torch.tensor(value, dtype=real.dtype))


def quantise(real: Tensor, grid: Grid, unit: float) -> Tensor:
    """``unit`` times the level of each real weight."""
    per_level = single(real, grid.per_level)
    return (cell.nearest(real, per_level, grid.top, odd=grid.odd) * unit).to(real.dtype)


def program(
    real: Tensor, levels: Tensor, cells: Any, *, grid: Grid, device: Device, draw: Draw
) -> Any:
    """Write cells directly to the levels of their real weights; returns the ``Count`` of it.

    All tensors are flat: ``real`` weights, ``levels`` (int8) last written, and of ``cells`` what
    they hold and how often they were written. The last three are changed in place, as
    ``kernels.levels.program`` changes them.
    """
    analog, writes = cells
    per_level = single(real, grid.per_level)
    now = cell.nearest(real, per_level, grid.top, odd=grid.odd)
    move = now - levels
    counts = torch.zeros(len(Count), dtype=torch.float64, device=real.device)
    some = slice(None) if grid.every else torch.nonzero(move)[:, 0]
    now, move, old = now[some], move[some], analog[some].clone()
    at = torch.arange(real.numel(), device=real.device)[some] + draw.first
    new = _written(now / grid.top, at, device, draw).to(analog.dtype)
    analog[some] = new
    levels[some] = now.to(levels.dtype)
    writes[some] += 1
    rising = move >= 0
    counts[Count.SETS] = rising.sum()
    counts[Count.RESETS] = (~rising).sum()
    counts[Count.STEPS_UP] = move.clamp(min=0.0).sum()
    counts[Count.STEPS_DOWN] = -move.clamp(max=0.0).sum()
    counts[Count.CHANGE] = (new.double() - old.double()).sum()
    return counts


def _written(meant: Tensor, at: Tensor, device: Device, draw: Draw) -> Tensor:
    """What cells hold after a direct write to the weights ``meant``."""
    g_min, g_max, d2d, c2c, mapping, low, high = device
    offset = (g_max + g_min) / (g_max - g_min)
    widths = [float(cell.width(torch.tensor(value, dtype=torch.float64))) for value in (d2d, c2c)]

    def spread(kinds: tuple[int, int]) -> Tensor:
        z_device = noise.normal(at, kinds[0], draw._replace(step=0))
        z_cycle = noise.normal(at, kinds[1], draw)
        both = widths[0] * widths[0] + widths[1] * widths[1]
        return noise.exponential(widths[0] * z_device + widths[1] * z_cycle - 0.5 * both)

    def held(purpose: int) -> Tensor:
        return cell.stuck(noise.uniform(at, purpose, draw._replace(step=0)), low, high)

    first = spread((purposes.DEVICE, purposes.CYCLE))
    if mapping == Mapping.REFERENCE and low == high == 0.0:
        g = 0.5 * (g_min + g_max) + 0.5 * (g_max - g_min) * meant
        return (g * first - 0.5 * (g_min + g_max)) / (0.5 * (g_max - g_min))
    stuck = held(purposes.STUCK)
    if mapping == Mapping.PAIR:
        second, least = spread((purposes.OTHER_DEVICE, purposes.OTHER_CYCLE)), offset - 1.0
        other = held(purposes.OTHER_STUCK)
        plus, minus = cell.pair(meant, offset)
        plus = torch.where(stuck == 0, plus * first, least + 1.0 + stuck)
        minus = torch.where(other == 0, minus * second, least + 1.0 + other)
        return 0.5 * (plus - minus)
    found = cell.noisy(meant, mapping, first, offset=offset)
    return torch.where(stuck != 0, stuck, found)


def of_cells(traits: Traits, some: Tensor) -> Traits:
    """The traits of some cells."""
    return Traits(*(t[some] if t.numel() > 1 else t for t in traits))


def clip(weight: Tensor, traits: Traits) -> None:
    """Clip the weights of cells to their own bounds, in place."""
    weight.copy_(torch.minimum(torch.maximum(weight, traits.low), traits.high))


def pulse(cells: Cells, pulses: Tensor, draw: Draw) -> Tensor:
    """Send each cell its ``pulses`` (negative: down), in place; returns the ``Count`` of it."""
    weight, traits, response, writes = cells
    some = torch.nonzero(pulses)[:, 0]
    n, old = pulses[some], weight[some]
    z = noise.normal(some + draw.first, purposes.CYCLE, draw)
    new = cell.programmed(old, n, of_cells(traits, some), response, z=z).to(weight.dtype)
    weight[some] = new
    writes[some] += 1
    counts = torch.zeros(len(Count), dtype=torch.float64, device=weight.device)
    counts[Count.SETS], counts[Count.RESETS] = (n > 0).sum(), (n < 0).sum()
    counts[Count.STEPS_UP], counts[Count.STEPS_DOWN] = n.clamp(min=0).sum(), -n.clamp(max=0).sum()
    counts[Count.CHANGE] = (new.double() - old.double()).sum()
    return counts


def rounded(change: Tensor, rate: float, steps: UpDown, most: float, *, draw: Draw) -> Tensor:
    """Pulses (int64) for changes by ``rate`` times ``change``, rounded at random."""
    wanted = rate * change.double()
    u = noise.run_of_words(change.numel(), purposes.ROUND, draw, change.device).double()
    size = wanted.abs() * torch.where(wanted > 0.0, 1.0 / steps.up, 1.0 / steps.down)
    n = torch.floor(torch.where(size < most, size, most) + u / noise.WORDS)  # nan: most
    return torch.where(wanted > 0.0, n, -n).to(torch.int64)


def to_levels(
    real: Tensor, known: Tensor, cells: Cells, *, grid: Grid, plan: Plan, draw: Draw
) -> Any:
    """Write cells to the levels of their real weights by pulses, in place; returns the ``Count``.

    As ``kernels.pulse.to_levels``; attempts of a verified write are made for all cells at once.
    """
    now = cell.nearest(real.double(), grid.per_level, grid.top, odd=grid.odd)
    some = torch.nonzero((now != known) | grid.every)[:, 0]
    now, before, old = now[some], known[some].double(), cells.weight[some]
    own, at = of_cells(cells.traits, some), some + draw.first
    meant, weight, writes = now / grid.top, old, cells.writes[some]
    ups, downs = torch.zeros_like(before), torch.zeros_like(before)
    response, bends = cells.response, (plan.bend_up, plan.bend_down)
    pulses = response.pulses_up, response.pulses_down
    held, reads = before.clamp(min=-float(grid.top)) / grid.top, 0
    if plan.write == Write.RESET:
        weight = torch.where(own.low < own.high, own.low, weight)
        held = torch.full_like(before, -1.0)
        downs += pulses[1]
        writes = writes + 1
    last = torch.zeros_like(before)
    going = torch.ones_like(weight, dtype=torch.bool)
    for attempt in range(plan.most if plan.write == Write.VERIFY else 1):
        if plan.write == Write.VERIFY:
            held = weight.double()
            reads += int(going.sum())
            going = going & ~_there(meant, held, own, plan.tolerance)
            if not bool(going.any()):
                break
        n = cell.nominal(held, meant, bends, pulses)
        if plan.write == Write.VERIFY:
            n = torch.where(n == 0, torch.where(meant > held, 1.0, -1.0).double(), n)
            n = last = torch.where(going, _attempted(n, last), last)
        sent = going & (n != 0)
        kept = draw._replace(step=draw.step * plan.most + attempt)
        z = noise.normal(at, purposes.CYCLE, kept)
        new = cell.programmed(weight, n, own, response, z=z).to(weight.dtype)
        weight = torch.where(sent, new, weight)
        ups += torch.where(sent & (n > 0), n, 0.0)
        downs -= torch.where(sent & (n < 0), n, 0.0)
        writes = writes + (sent if plan.write != Write.RESET else 0)
    cells.weight[some] = weight
    cells.writes[some] = writes
    known[some] = now.to(known.dtype)
    counts = torch.zeros(len(Count), dtype=torch.float64, device=real.device)
    counts[Count.SETS], counts[Count.RESETS] = (ups > 0).sum(), (downs > 0).sum()
    counts[Count.STEPS_UP], counts[Count.STEPS_DOWN] = ups.sum(), downs.sum()
    counts[Count.CHANGE], counts[Count.READS] = (weight.double() - old.double()).sum(), reads
    return counts


def _there(meant: Tensor, held: Tensor, own: Traits, tolerance: float) -> Tensor:
    """Whether cells are within the tolerance, or at the end of a range that ends before."""
    below = (meant <= held) & (held <= own.low + SLACK)
    above = (meant >= held) & (held >= own.high - SLACK)
    return ((meant - held).abs() <= tolerance) | below | above


def _attempted(n: Tensor, last: Tensor) -> Tensor:
    """Pulses of an attempt of a verified write, as ``kernels.pulse.attempted``."""
    size = torch.floor((n.abs() + 1.0) / 2.0)
    against = torch.minimum(size, torch.floor(last.abs() / 2.0).clamp(min=1.0))
    along = torch.minimum(size, 2.0 * last.abs())
    size = torch.where(n * last < 0, against, torch.where(last != 0, along, size))
    return torch.where(n > 0, size, -size)


def whole(residue: Tensor, change: Tensor, rate: float, steps: UpDown, *, most: float) -> Tensor:
    """Whole pulses (int64) out of the residue of each cell, which is changed in place."""
    total = residue.double() + rate * change.double()
    each = torch.where(total > 0.0, float(steps.up), float(steps.down)).double()
    size = total.abs() / each
    n = torch.floor(torch.where(size < most, size, most))  # nan: most
    n = torch.where(total > 0.0, n, -n)
    residue.copy_(total - n * each)
    return n.to(torch.int64)


def store(real: Tensor, cells: Tensor, grid: Grid, bits: int) -> Tensor:
    """Write the levels of real weights to cells of one bit each; returns the ``Count`` of it.

    As ``kernels.levels.store``; ``cells`` (int32) are changed in place.
    """
    per_level = single(real, grid.per_level)
    now = cell.nearest(real, per_level, grid.top, odd=grid.odd).to(torch.int32)
    now = (now - 1) >> 1 if grid.odd else now
    counts = torch.zeros(len(Count), dtype=torch.float64, device=real.device)
    for bit in range(bits):
        counts[Count.SETS] += (((now & ~cells) >> bit) & 1).sum()
        counts[Count.RESETS] += (((cells & ~now) >> bit) & 1).sum()
    cells.copy_(now)
    counts[Count.CHANGE] = counts[Count.SETS] - counts[Count.RESETS]
    return counts


def scale_gradient(real: Tensor, gradient: Tensor, per_level: float, top: int) -> Tensor:
    """Gradient of the loss to the spacing of levels, as ``kernels.levels.scale_gradient``."""
    x = real.double() * per_level
    inside = torch.floor(x + 0.5) - x
    share = torch.where(x >= top, float(top), torch.where(x <= -top, -float(top), inside))
    return (gradient.double() * share).sum()
