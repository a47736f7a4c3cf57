"""How a network is trained: the section ``training`` of its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Annotated, ClassVar, Literal, NamedTuple, TypeVar

from pydantic import Field

from neurorebit.schema import Section, one_of, quantity, word_or
from neurorebit.schema.formats import FLOATS, OTHER_FORMATS
from neurorebit.schema.optimisers import OPTIMISERS, OTHER_OPTIMISERS

Keys = TypeVar("Keys", bound=Section)
Size = Annotated[int, Field(ge=1, le=1_000_000)]
Share = Annotated[float, quantity("", at_least=0, below=1)]
WORD = 32  # bits of a real weight, a velocity, a residue
SLOTS = 31  # of a pulse train (T. Gokmen and Y. Vlasov, doi:10.3389/fnins.2016.00333)

LOSSES = {
    "cross_entropy": "of the softmax, for classes",
    "squared": "half the squared distance from targets, for a regression",
    "squared_one_hot": "half the squared distance from 1 for the class and 0 for the others",
    "mse": "squared where there is one output, squared_one_hot where there are classes",
}
_SQUARES = "for numbers it is squared, for classes squared_one_hot"
OTHER_LOSSES = {  # words of other tools
    **dict.fromkeys(("MSE", "mean_squared_error", "l2", "L2"), _SQUARES),
    **dict.fromkeys(("ce", "nll", "categorical_crossentropy", "softmax"), "it is cross_entropy"),
}


@dataclass(frozen=True)
class Augment(Section):
    """How training images are changed at random, anew in each epoch.

    ``pad``: crops out of a map with so many black pixels around; along the axes that have more than
    one. ``flip``: mirror images, where the data set allows them. ``rotate``: turned by up to so
    many degrees either way. ``jitter``: brightness and contrast changed by factors of up to 1 plus
    and minus this share. ``cutout``: a black square of so many pixels (DeVries and Taylor,
    arXiv:1708.04552). In this order: rotate, jitter, pad, flip, cutout.
    """

    pad: Annotated[int, Field(ge=0, le=64)] = 4
    flip: bool = True
    _: KW_ONLY
    rotate: Annotated[float, quantity("", at_least=0, at_most=180)] = 0.0
    jitter: Annotated[float, quantity("", at_least=0, below=1)] = 0.0
    cutout: Annotated[int, Field(ge=0, le=1024)] = 0


@dataclass(frozen=True)
class Normalise(Section):
    """What is taken from each channel of an image, and what the rest is divided by.

    One number for all channels or one for each, of pixels from 0 to 1 where the data have bytes.
    """

    mean: Annotated[tuple[Annotated[float, quantity("")], ...], Field(min_length=1)]
    std: Annotated[tuple[Annotated[float, quantity("", above=0)], ...], Field(min_length=1)]


@dataclass(frozen=True, kw_only=True)
class Adapters(Section):
    """Low-rank updates beside the weights of matrix layers, which are frozen themselves.

    A layer gives W x + B A x, with A of ``rank`` rows and B of as many columns (Hu et al., ICLR
    2022, arXiv:2106.09685). Both learn in digital memory. ``layers`` names the layers that have
    one; all of one group unless given.
    """

    rank: Annotated[int, Field(ge=1, le=1024)]
    layers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AdcErrors(Section):
    """Errors of converters in training: standard deviations, in steps.

    ``noise``: of each conversion. ``offset``: of each converter. ``gain``: of each converter, at
    the end of its range. ``linearity``: of the codes of each converter, as its kind makes them.
    """

    noise: Annotated[float, quantity("", at_least=0, at_most=100)] = 0.0
    offset: Annotated[float, quantity("", at_least=0, at_most=100)] = 0.0
    gain: Annotated[float, quantity("", at_least=0, at_most=100)] = 0.0
    linearity: Annotated[float, quantity("", at_least=0, at_most=100)] = 0.0


@dataclass(frozen=True, kw_only=True)
class Training(Section):
    """How the network is trained.

    ``images``: training images of one epoch; ``test_images``: test images of one evaluation; None
    means all that the data set has. The readers of files look ``dataset`` and ``fallback`` up in
    the table of data sets, and read the section as a class derived from this one, with the keys
    that schemes add (``own``). ``dataset`` is a word of that table or a path, None where no data
    set is named; ``evaluate_on``: which of its images the trained chip is tested on.

    ``loss`` is the mean over the images of a batch: cross_entropy of the softmax; squared, half the
    sum over the outputs of their squared distance from the targets of a regression;
    squared_one_hot, the same distance from 1 for the class and 0 for the others. None: squared for
    a single output, else cross_entropy. ``label_smoothing`` is the share of a label that is spread
    evenly over all classes. ``normalise``: images are taken as they are (none), or shifted and
    scaled by the mean and standard deviation of each channel over the training images (standard),
    or by those given; they are signed then.

    ``optimiser``: how real weights learn, a word of ``OPTIMISERS``; ``momentum`` is of sgd and
    nesterov, ``betas`` (memories of the means of gradients and of their squares) and ``epsilon`` of
    adam and adamw.

    The learning rate rises step by step over ``warmup_epochs``, then follows ``schedule``:
    constant; cosine, half a turn to zero; linear, to zero; or step, times ``step_factor`` after
    every ``step_epochs``.
    ``clip_percentile``: activations above this percentile are clipped where they are encoded.
    ``calibration_steps``: steps over which the converters' ranges are measured.

    ``adc``: ideal trains without the converters that the estimate bills. ``adc_errors``: converters
    err as they are designed to (designed), by given numbers, or not at all (none). ``error_bits``:
    bits of an error, where they are not the architecture's. ``conversion``: fast converts the sum
    of the inputs' bit planes once, unless inputs have a sign plane; bit_serial converts each plane,
    as the arrays do. ``wires``: resistive
    models the voltage drop along the wires of the arrays. ``digital``: bit_serial computes errors
    that go back through digital weights in exact integer arithmetic, bit by bit.

    How real weights become levels: ``level_range`` is the outermost level of a layer over the
    standard deviation of its real weights, ``weight_clip`` the largest real weight over the
    outermost level; ``weight_range``, where it is given, is the weight at the end of the range of
    cells that learn in place, the same in all layers. ``quantiser``: symmetric (levels j / n of the
    outermost, zero among them; the outermost follows the weights once an epoch), no_zero (an even
    number of levels), wage (a fixed outermost level of 0.75 times a power of two), or learned (the
    outermost level learns with the weights). ``edge_bits``: bits of a weight in the first and the
    last layer.

    How levels become conductances: ``mapping`` is reference (one cell against mid range), pair (two
    cells, one of them at the least conductance) or weight (no cell: the device's spread applies to
    the weight). ``write`` is direct (a
    verified write, of which the device file states the result, its spread around the level;
    the estimate derives pulses and reads), pulses (as many as the
    nominal curve asks for, never read back), verify (pulses until a read lies within
    ``write_tolerance`` of the level, in units of the levels' spacing) or reset (to the low end,
    then pulses up). ``reprogram``: change writes the cells whose level changed, a number N writes
    all cells every N steps. ``error_path``: whether errors go back through the real weights or
    through their exact levels.

    ``read``: whether a cell that learns in place is read as an analog value or rounded to the
    architecture's levels. ``rest``: time [s] for which the chip rests before each test; cells drift
    from one second after their last write.

    ``frozen``: names of layers whose parameters stay as they are. No gradient of theirs is
    computed; cells are written once, before the first step, and have rested for ``rest`` in every
    pass. ``adapters``: low-rank updates that learn beside matrices, which are frozen then.
    """

    instead: ClassVar[Mapping[str, str]] = {
        "optimizer": "it is called 'optimiser'",
        "nesterov": "take optimiser: nesterov",
        "eps": "it is called 'epsilon'",
        "lr": "it is called 'learning_rate'",
        "batch_size": "it is called 'batch'",
        "seed": "it is an argument of the run, not a key",
        "threads": "they are an argument of the run, not a key",
    }

    dataset: str | None = None
    fallback: str | None = None
    evaluate_on: Literal["test", "validation"] = "test"
    loss: Annotated[str, one_of(LOSSES, OTHER_LOSSES)] | None = None
    label_smoothing: Annotated[float, quantity("", at_least=0, below=1)] = 0.0
    normalise: Annotated[str | Normalise, word_or(("none", "standard"), Normalise)] = "none"
    epochs: Size = 1
    images: Size | None = None
    test_images: Size | None = None
    batch: Size = 128
    learning_rate: Annotated[float, quantity("", above=0, at_most=100)] = 0.05
    warmup_epochs: Annotated[float, quantity("", at_least=0, at_most=1e6)] = 0.0
    optimiser: Annotated[str, one_of(OPTIMISERS, OTHER_OPTIMISERS)] = "sgd"
    momentum: Share = 0.9
    betas: tuple[Share, Share] = (0.9, 0.999)
    epsilon: Annotated[float, quantity("", above=0, at_most=1)] = 1e-8
    weight_decay: Annotated[float, quantity("", at_least=0, at_most=1)] = 5e-4
    schedule: Literal["cosine", "constant", "linear", "step"] = "cosine"
    step_epochs: Annotated[float, quantity("", above=0, at_most=1e6)] = 10.0
    step_factor: Annotated[float, quantity("", above=0, at_most=1)] = 0.5
    augment: Augment = field(default_factory=Augment)
    adc: Literal["array", "ideal"] = "array"
    adc_errors: Annotated[str | AdcErrors, word_or(("none", "designed"), AdcErrors)] = "none"
    conversion: Literal["fast", "bit_serial"] = "fast"
    wires: Literal["ideal", "resistive"] = "ideal"
    digital: Literal["float32", "bit_serial"] = "float32"
    error_bits: (
        Annotated[int, Field(ge=2, le=32)] | Annotated[str, one_of(FLOATS, OTHER_FORMATS)] | None
    ) = None
    clip_percentile: Annotated[float, quantity("", above=50, at_most=100)] = 99.9
    level_range: Annotated[float, quantity("", above=0, at_most=100)] = 2.0
    weight_clip: Annotated[float, quantity("", at_least=1, at_most=100)] = 1.5
    weight_range: Annotated[float, quantity("", above=0, at_most=100)] | None = None
    calibration_steps: Size = 100
    quantiser: Literal["symmetric", "no_zero", "wage", "learned"] = "symmetric"
    edge_bits: Annotated[int, Field(ge=2, le=8)] | None = None
    mapping: Literal["reference", "pair", "weight"] = "reference"
    write: Literal["direct", "pulses", "verify", "reset"] = "direct"
    write_tolerance: Annotated[float, quantity("", above=0, at_most=1)] = 0.25
    reprogram: Size | Literal["change"] = "change"
    error_path: Literal["real", "levels"] = "real"
    read: Literal["analog", "levels"] = "analog"
    rest: Annotated[float, quantity("s", at_least=0)] = 0.0
    frozen: tuple[str, ...] = ()
    adapters: Adapters | None = None

    def own(self, keys: type[Keys]) -> Keys:
        """The keys that a scheme adds, as given here, or their defaults."""
        return self if isinstance(self, keys) else keys()


class Step(NamedTuple):
    """How far a training is, after one of its steps.

    ``epoch`` counts from 1; ``done`` and ``todo`` are images of the whole training; ``loss`` is the
    mean of the epoch so far, ``rate`` is in images per second.
    """

    epoch: int
    done: int
    todo: int
    loss: float
    rate: float
