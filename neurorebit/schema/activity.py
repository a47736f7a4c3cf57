"""Activity of the data in each layer: given in a network file, measured in training, or by rule."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from enum import Enum
from typing import Annotated, Any

from pydantic import Field

from neurorebit.schema.document import Section
from neurorebit.schema.fields import quantity

Share = Annotated[float, quantity("", at_least=0, at_most=1)]
Shares = Annotated[Any, quantity("", at_least=0, at_most=1, many=True)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Amount = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


@dataclass(frozen=True)
class FastActivity:
    """Activity of a layer's fast array in a mean step, where a weight has two arrays.

    ``ups`` and ``downs``: pulses that a cell got. ``reads``: times that a row was read.
    ``conductance``: mean of the cells, as a share of the range.
    """

    ups: Amount
    downs: Amount
    reads: Amount
    conductance: Fraction


@dataclass(frozen=True)
class TrainActivity:
    """Pulse trains of one direction in a mean step, where cells are programmed in blocks.

    Of a group of rows that are opened together, the mean over all groups in all arrays of a layer:
    ``openings``, how often they are; ``slots``, level steps whose pulses follow each other in it;
    ``open_rows``, these times the rows that are open. ``blocks``: share of the blocks that get a
    train; ``share`` of the cells that get pulses, ``levels`` that each of these is led by.
    """

    openings: Amount
    slots: Amount
    open_rows: Amount
    blocks: Fraction
    _: KW_ONLY
    share: Fraction
    levels: Amount


@dataclass(frozen=True)
class BlockActivity:
    """Trains of the blocks of a layer's cells in a mean step, and those of single cells after them.

    These are None where they were sent by write-verify, whose pulses the layer counts.
    """

    up: TrainActivity
    down: TrainActivity
    fine_up: TrainActivity | None
    fine_down: TrainActivity | None


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
    ``verify_reads``: reads of a cell that verified its writes in one step, over all cells; the
    levels then count all pulses, those of further attempts among them. None: writes were not
    simulated pulse by pulse. ``fast``: of the array that gradients pulse, where it is not that of
    the weights. ``stored_density``: share of ones in the two's complement codes that memory has of
    inputs that may be below zero, whose planes are those of ``signed_inputs``; None where they
    cannot be. ``blocks``: of cells that were programmed in blocks; the numbers of cells and levels
    above count what both kinds of trains sent.
    """

    input_density: tuple[Fraction, ...]
    error_density: Fraction
    error_nonzero: Fraction
    conductance: Fraction
    _: KW_ONLY
    set_fraction: Fraction
    reset_fraction: Fraction
    set_levels: Amount
    reset_levels: Amount
    words_written: Amount
    verify_reads: Amount | None = None
    fast: FastActivity | None = None
    stored_density: Fraction | None = None
    blocks: BlockActivity | None = None


class Origin(Enum):
    """Where an activity comes from; the values are the words of reports."""

    MEASURED = "measured"  # in the training of the same run
    RECORDED = "recorded"  # in another training of the network
    ASSUMED = "assumed"  # given in the network file, or the mean over other networks


@dataclass(frozen=True)
class Activity:
    """The activity of every matrix layer, in network order, and where the numbers come from."""

    source: str
    layers: tuple[LayerActivity, ...]
    origin: Origin = Origin.ASSUMED


@dataclass(frozen=True, kw_only=True)
class RecordedActivity(Section):
    """The activity that one training measured, and the conditions under which it holds.

    ``scheme`` says how the weights were held, ``source`` which training it was, in a sentence that
    names network, data and schedule. Weights had ``weight_bits``, inputs ``input_bits``; a cell
    took ``levels_ltp`` pulses up and ``levels_ltd`` down over its range, None for a device without
    pulses. ``own`` are the keys that the scheme adds to the section ``training``, with ``batch``.
    ``layers`` holds the activity by the name of the layer, in network order.
    """

    scheme: str
    source: str
    weight_bits: Annotated[float, Field(gt=0.0, le=64.0)]
    input_bits: Annotated[int, Field(gt=0, le=64)]
    signed_inputs: str = ""  # of the architecture, where a layer had any
    levels_ltp: Amount | None
    levels_ltd: Amount | None
    own: dict[str, Any]
    layers: dict[str, LayerActivity]


@dataclass(frozen=True, kw_only=True)
class ActivityFile(Section):
    """Activities that trainings of one network measured, one for each scheme."""

    schema: int
    network: str
    recorded: tuple[RecordedActivity, ...]


@dataclass(frozen=True, kw_only=True)
class AssumedActivity(Section):
    """What a network file says of its activity, for an estimate without a training.

    ``recorded`` names a file of activities that trainings measured, by a path from the network
    file's folder or else from that of the shipped ones. What is given as a number holds instead,
    under every scheme. ``input_density`` has one number, or one for each layer with weights; all
    else holds for all layers.
    """

    source: str = ""
    recorded: str = ""
    input_density: Shares | None = None
    error_density: Share | None = None
    error_nonzero: Share | None = None
    conductance: Share | None = None
    set_fraction: Share | None = None
    reset_fraction: Share | None = None
    set_levels: Annotated[float, quantity("", at_least=0)] | None = None
    reset_levels: Annotated[float, quantity("", at_least=0)] | None = None
    words_written: Share | None = None
