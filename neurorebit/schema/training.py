"""How a network is trained: the section ``training`` of its file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from neurorebit.schema import Section, quantity

Size = Annotated[int, Field(ge=1, le=1_000_000)]
IN_PLACE = ("reram", "mixed_precision", "tiki_taka", "manhattan")  # schemes that learn in cells
NO_VELOCITY = ("tiki_taka", "manhattan")  # schemes without momentum
WORD = 32  # bits of a real weight, a velocity, a residue
SLOTS = 31  # of a pulse train (T. Gokmen and Y. Vlasov, doi:10.3389/fnins.2016.00333)


def kept_words(scheme: str, momentum: float) -> int:
    """Words that a scheme keeps of each weight in digital memory: the weight where it is not in
    cells alone, or what has gathered between cells; its velocity where there is momentum.
    """
    velocity = momentum > 0.0 and scheme not in NO_VELOCITY
    return int(scheme not in ("reram", "manhattan")) + int(velocity)


@dataclass(frozen=True)
class Augment(Section):
    """Random crops out of a map padded by ``pad`` pixels, and random mirror images."""

    pad: Annotated[int, Field(ge=0, le=64)] = 4
    flip: bool = True


@dataclass(frozen=True)
class TikiTaka(Section):
    """The scheme of two arrays: a fast one that gradients pulse, and a slow one of the weights.

    ``pulses`` that the most pulsed fast cell gets between two reads of its row (in a batch, where
    rows are read less often; never more than one a vector); a row of the fast array is read every
    ``transfer_every`` vectors, but none more than ``reads`` times in a batch; ``rate`` is the share
    of the learning rate that a read passes on (a pulse is read again and again until later ones
    have worn it away, and counts each time); ``forget``: what the digital memory between them keeps
    of itself when it sends a pulse, or none: it keeps what the pulse is not worth.
    """

    pulses: Annotated[float, quantity("", above=0, at_most=1000)] = 100.0
    transfer_every: Size = 1
    reads: Size = 64
    rate: Annotated[float, quantity("", above=0, at_most=1)] = 0.3
    forget: Annotated[float, quantity("", at_least=0, at_most=1)] | None = None

    def turns(self, vectors: int, rows: int) -> tuple[int, int]:
        """In how many rounds a layer's vectors of a batch go, and how many rows each then reads."""
        reads = -(-vectors // self.transfer_every)
        return min(max(round(reads / rows), 1), self.reads), min(reads, rows)


@dataclass(frozen=True)
class Training(Section):
    """How the network is trained.

    ``images`` and ``test_images`` are those of one epoch and of one evaluation; none means all.
    ``adc`` and ``error_bits`` are ablations: ``ideal`` trains without the converter that the
    estimate bills, ``error_bits`` with other errors than the architecture's. ``conversion``: fast
    converts the sum of the inputs' bit planes, bit_serial each plane, as the arrays do. ``wires``:
    resistive takes the drop of voltage along the arrays' wires into account. ``digital``:
    bit_serial sends hybrid's errors back in whole numbers, bit by bit and exactly.
    The learning rate climbs over ``warmup_epochs``, step by step, then follows the schedule.
    ``level_range``: the outermost level of a layer's analog weights over the standard deviation of
    its real weights; ``weight_clip``: the largest real weight over the outermost level.

    How real weights become levels: ``quantiser`` (symmetric: levels j / n of the outermost, zero
    among them, the outermost following the weights once an epoch; no_zero: an even number of them;
    wage: a fixed outermost of 0.75 times a power of two; learned: it learns with the weights), and
    ``edge_bits``, those of a weight in the first and the last layer. How levels become
    conductances: ``mapping`` (reference: one cell against mid range; pair: two cells, one at the
    least conductance; weight: no cell, spread on the weight), ``write`` (direct: the device's
    spread around the level; pulses: counted on the nominal curve, never read back; verify: pulses
    until a read is within ``write_tolerance`` of a level's spacing; reset: to the low end, then
    pulses up), and ``reprogram`` (change: cells whose level changed; a number: all cells every so
    many steps). ``error_path``: whether hybrid sends errors back through the real weights or
    through their exact levels. ``read``: whether an in-place cell is read as it is or rounded to
    the architecture's levels. ``rest``: how long a chip rests before each test; cells
    drift from a second after their write on.

    ``threshold``: the least gradient that the manhattan scheme acts on, over the layer's root mean
    square.
    """

    dataset: Literal["cifar10", "digits"] = "cifar10"
    fallback: Literal["digits"] | None = None
    epochs: Size = 1
    images: Size | None = None
    test_images: Size | None = None
    batch: Size = 128
    learning_rate: Annotated[float, quantity("", above=0, at_most=100)] = 0.05
    warmup_epochs: Annotated[float, quantity("", at_least=0, at_most=1e6)] = 0.0
    momentum: Annotated[float, quantity("", at_least=0, below=1)] = 0.9
    weight_decay: Annotated[float, quantity("", at_least=0, at_most=1)] = 5e-4
    schedule: Literal["cosine", "constant"] = "cosine"
    augment: Augment = field(default_factory=Augment)
    adc: Literal["array", "ideal"] = "array"
    conversion: Literal["fast", "bit_serial"] = "fast"
    wires: Literal["ideal", "resistive"] = "ideal"
    digital: Literal["float32", "bit_serial"] = "float32"
    error_bits: Annotated[int, Field(ge=2, le=32)] | Literal["fp32"] | None = None
    clip_percentile: Annotated[float, quantity("", above=50, at_most=100)] = 99.9
    level_range: Annotated[float, quantity("", above=0, at_most=100)] = 2.0
    weight_clip: Annotated[float, quantity("", at_least=1, at_most=100)] = 1.5
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
    threshold: Annotated[float, quantity("", at_least=0)] = 0.0
    tiki_taka: TikiTaka = field(default_factory=TikiTaka)
