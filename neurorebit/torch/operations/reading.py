"""Cells that are read: noise of the read, drift since the last write, reference cells."""

from __future__ import annotations

import math

import torch

from neurorebit.kernels import noise as purposes
from neurorebit.kernels.cell import Mapping
from neurorebit.kernels.noise import Draw
from neurorebit.kernels.reading import Noise, Rest
from neurorebit.torch.operations import cell, noise
from neurorebit.torch.operations.noise import Tensor


def factors(count: int, relative: float, purpose: int, *, draw: Draw, device: object) -> Tensor:
    """Log-normal factors of mean 1 of a run of cells (float64)."""
    z = noise.run_of_normals(count, purpose, draw, device)
    spread = math.sqrt(math.log1p(relative * relative))
    return noise.exponential(spread * z - 0.5 * spread * spread)


def read(weight: Tensor, error: Noise, draw: Draw) -> Tensor:
    """Weights as one read sees them; the step of ``draw`` is the number of the read."""
    flat, device = weight.reshape(-1), weight.device
    z = factors(flat.numel(), error.relative, purposes.READ, draw=draw, device=device)
    other = None
    if error.mapping == Mapping.PAIR:
        other = factors(flat.numel(), error.relative, purposes.OTHER_READ, draw=draw, device=device)
    found = cell.noisy(flat.double(), error.mapping, z, other, offset=error.offset)
    return found.to(weight.dtype).reshape(weight.shape)


def rest(weight: Tensor, law: Rest, mapping: int, draw: Draw) -> Tensor:
    """Weights after a rest; both cells of a pair drift."""
    flat = weight.reshape(-1).double()
    at = noise.cells(draw, flat.numel(), weight.device)
    draw = draw._replace(step=0)
    if mapping == Mapping.PAIR:
        plus, minus = cell.pair(flat, law.offset)
        kinds = (purposes.OTHER_DRIFT, purposes.OTHER_STUCK)
        plus = _rested(plus - law.offset, at, law, (purposes.DRIFT, purposes.STUCK), draw=draw)
        minus = _rested(minus - law.offset, at, law, kinds, draw=draw)
        found = 0.5 * (plus - minus)
    else:
        found = _rested(flat, at, law, (purposes.DRIFT, purposes.STUCK), draw=draw)
    return found.to(weight.dtype).reshape(weight.shape)


def _rested(weight: Tensor, at: Tensor, law: Rest, kinds: tuple[int, int], *, draw: Draw) -> Tensor:
    toward = torch.full_like(weight, law.toward)
    if math.isnan(law.toward):
        u = noise.uniform(at, kinds[0], draw)
        end = torch.where(u < 1.0 / 3.0, weight.clamp(max=-1.0), weight.clamp(min=1.0))
        toward = torch.where(u >= 2.0 / 3.0, weight, end)
    grown = law.time**law.exponent
    up = torch.minimum((weight + law.offset) * grown - law.offset, toward)
    down = torch.maximum((weight + law.offset) / grown - law.offset, toward)
    found = torch.where(weight < toward, up, down)
    if law.stuck_low + law.stuck_high > 0.0:
        u = noise.uniform(at, kinds[1], draw)
        held = cell.stuck(u, law.stuck_low, law.stuck_high) != 0.0
        found = torch.where(held, weight, found)
    return found


def compare(weight: Tensor, reference: Tensor, line_of: Tensor, share: int) -> Tensor:
    """Weights [rows, cols] less those of the reference cells [lines, columns] of their lines."""
    found = reference[line_of].repeat_interleave(share, 1)[:, : weight.shape[1]]
    return weight - found
