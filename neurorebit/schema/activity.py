"""Activity of the data in each layer, assumed by a network file or measured by training."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any

from neurorebit.schema.document import Section
from neurorebit.schema.fields import quantity

Share = Annotated[float, quantity("", at_least=0, at_most=1)]
Shares = Annotated[Any, quantity("", at_least=0, at_most=1, many=True)]


@dataclass(frozen=True)
class FastActivity:
    """Activity of a layer's fast array in a mean step, where a weight has two arrays.

    ``ups`` and ``downs``: pulses that a cell got. ``reads``: times that a row was read.
    ``conductance``: mean of the cells, as a share of the range.
    """

    ups: float
    downs: float
    reads: float
    conductance: float


@dataclass(frozen=True)
class LayerActivity:
    """Activity of one layer's arrays in a mean step.

    ``input_density``: share of ones in each bit plane of the inputs, least significant first, over
    all pairs of vector and matrix row; the zeros of padding count. ``error_density``: share of ones
    in the two's complement errors that enter the transposed product; ``error_nonzero``: share of
    errors that are not zero. ``conductance``: mean conductance of the layer's cells as a share of
    the range, 0 at g_min and 1 at g_max. ``set_fraction`` and ``reset_fraction``: share of the
    cells programmed up and down in one step, by ``set_levels`` and ``reset_levels`` levels each.
    ``words_written``: share of the layer's SRAM words written in one step, or how often each is.
    ``fast``: of the array that gradients pulse, where it is not that of the weights.
    """

    input_density: tuple[float, ...]
    error_density: float
    error_nonzero: float
    conductance: float
    _: KW_ONLY
    set_fraction: float
    reset_fraction: float
    set_levels: float
    reset_levels: float
    words_written: float
    fast: FastActivity | None = None


@dataclass(frozen=True)
class Activity:
    """The activity of every matrix layer, in network order, and where the numbers come from."""

    source: str
    layers: tuple[LayerActivity, ...]


@dataclass(frozen=True, kw_only=True)
class AssumedActivity(Section):
    """The activity that a network file assumes where no training has measured it.

    ``input_density`` has one number, or one for each layer with weights; all else holds for all.
    """

    source: str
    input_density: Shares
    error_density: Share = 0.5
    error_nonzero: Share = 1.0
    conductance: Share = 0.5
    set_fraction: Share = 0.005
    reset_fraction: Share = 0.005
    set_levels: Annotated[float, quantity("", at_least=0)] = 1.0
    reset_levels: Annotated[float, quantity("", at_least=0)] = 1.0
    words_written: Share = 1.0
