"""The description of a training scheme: all that the package knows of it apart from its weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from neurorebit.chips.parts.learning import Learning
from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.layers.network import Network, Node
from neurorebit.schema import Loc, Section
from neurorebit.schema.activity import FastActivity
from neurorebit.schema.optimisers import OPTIMISERS, Optimiser, Steps
from neurorebit.schema.training import WORD, Training

if TYPE_CHECKING:  # at run time only where training is asked for: weights need Numba
    from neurorebit.training.parts.weights import Site, Weights

# keys of the section `training` that groups of schemes heed
LEVEL_KEYS = frozenset({"quantiser", "edge_bits", "level_range", "weight_clip", "weight_decay"})
CODE_KEYS = frozenset({"clip_percentile", "calibration_steps"})  # what converters and codes span
ADC_KEYS = frozenset({"adc", "adc_errors", "conversion"})
ARRAY_KEYS = CODE_KEYS | ADC_KEYS | {"rest", "wires", "error_bits", "level_range"}
WRITE_KEYS = frozenset({"mapping", "write", "write_tolerance", "reprogram"})
CELL_KEYS = ARRAY_KEYS | {"read", "weight_range"}
ANY_RULE = frozenset(OPTIMISERS)  # where real weights stand in digital memory
SGD = frozenset({"sgd"})


class Held(Enum):
    """Where a scheme holds the weights that it trains."""

    SOFTWARE = "in digital memory; there are no arrays"
    FOLLOWED = "in digital memory; the cells of the arrays follow them"
    CELLS = "in the cells of the arrays alone"
    GIVEN = "in the cells of the arrays, which are written once; nothing is trained"


@dataclass(frozen=True)
class Variant:
    """A further row of the comparison of schemes: the same scheme with other settings."""

    chip: str
    settings: Mapping[str, str]


class Refusal(NamedTuple):
    """What does not fit a scheme: the kind of file and the key in it, a message, and the cure."""

    kind: str
    loc: Loc
    message: str
    cure: str


@dataclass(frozen=True)
class FastArray:
    """A second array of each weight, which gradients pulse.

    ``assumed`` gives the activity of a layer's fast array in one batch where no training has
    measured it, from the layer and the section ``training``; ``source`` says where it comes from.
    """

    assumed: Callable[[Node, Training], FastActivity]
    source: str


@dataclass(frozen=True)
class Factors:
    """Two thin matrices of words of each layer in digital memory, in which changes gather.

    ``rank`` are their columns; ``work`` are products and additions of a weight in a mean step.
    """

    rank: Callable[[Training], int]
    work: Callable[[Training], tuple[float, float]]


def _alone(spec: ArchitectureSpec) -> Refusal:
    """Why a scheme whose weights are one cell each cannot train a chip with several."""
    digits, several = float(np.max(spec.digits_per_weight)), "a scheme whose cells follow levels"
    if digits > 1:
        message = f"a weight is {digits:g} cells, and this scheme changes one cell a weight"
        cure = f"take cell_bits as wide as weight_bits, {several}, or architecture=panther"
        return Refusal("architecture", (spec.forward_section, "cell_bits"), message, cure)
    message = "a weight is a pair of cells, and this scheme changes one cell a weight"
    return Refusal(
        "architecture", ("signed_weights",), message, f"take signed_weights=reference, or {several}"
    )


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """How weights are held and how they learn.

    ``summary`` is one sentence for a reader. ``architecture`` is the shipped chip on which the
    comparison of schemes trains this one, ``chip`` describes that chip in its table, ``variants``
    are further rows of the table by name.

    ``heeds`` are keys of the section ``training``, out of those that some schemes ignore; ``keys``
    is a section whose fields the scheme adds to ``training``, each with a default.

    ``organisation`` is the one of the table of organisations that the chip of the scheme has; none:
    whatever the architecture file describes.

    ``kept`` words of each weight stay in digital memory, and with ``velocity`` one more where there
    is momentum. A scheme that ``descends`` takes the steps of a rule of ``training.optimiser``, one
    of its ``optimisers``; ``own`` are products and additions of a weight that come on top, where a
    step does not end in a rounded pulse or a real weight. ``fast`` describes the second array of a
    weight where there is one.

    ``in_sram``: further keys that the scheme heeds on a chip whose arrays are of SRAM, where it
    holds the weights in its cells, bit by bit; None: such arrays change nothing.

    ``arrays`` gives the number of arrays that hold a weight together, where it is not one of them.

    ``several``: whether a weight may be several cells of a memory device, with a digit in each;
    pulses that a gradient asks for know no carry from cell to cell.

    ``word`` gives the bits of a word in memory, where it is not one of 32. ``refuses``: where a
    network or a chip has what the scheme cannot train.

    ``departure`` says where the training of this scheme departs from the chip that the estimate
    bills, ``on_sram`` the same for a chip whose arrays hold no memory devices; ``{chip}`` stands
    for that chip.

    ``load`` imports the class of the weights, and with it Numba.
    """

    summary: str
    held: Held
    architecture: str
    chip: str
    heeds: frozenset[str]
    kept: int
    load: Callable[[], Callable[[Site], Weights]]
    organisation: str | None = None
    velocity: bool = True
    descends: bool = True
    optimisers: frozenset[str] = SGD
    own: tuple[int, int] = (0, 0)
    factors: Factors | None = None
    keys: type[Section] | None = None
    variants: Mapping[str, Variant] = field(default_factory=dict)
    fast: FastArray | None = None
    in_sram: frozenset[str] | None = None
    arrays: Callable[[Training], int] | None = None
    several: bool = False
    word: Callable[[Training], int] | None = None
    refuses: Callable[[Network, ArchitectureSpec], Iterator[Refusal]] | None = None
    departure: str = ""
    on_sram: str = ""

    def digital(self) -> Callable[[Site], Weights]:
        """Imports the class of weights that digital macros hold alone, in some of the layers.

        Of a training that is software, they are as all others.
        """
        if self.held is Held.SOFTWARE:
            return self.load()
        from neurorebit.schemes.parts.software import DigitalWeights

        return DigitalWeights

    @property
    def trains(self) -> bool:
        """Whether it trains weights; else they are given."""
        return self.held is not Held.GIVEN

    def words(self, training: Training) -> int:
        """Words of each weight that digital memory keeps."""
        return self.kept + (self._work(training).words if self.velocity else 0)

    def rule(self, training: Training) -> Optimiser:
        """The rule by which it learns: that of the training, or SGD where it takes no other."""
        return OPTIMISERS[training.optimiser if training.optimiser in self.optimisers else "sgd"]

    def _work(self, training: Training) -> Steps:
        """What the rule takes for a weight, without what is the scheme's own."""
        momentum = self.velocity and training.momentum > 0.0
        decays = "weight_decay" in self.heeds and training.weight_decay > 0.0
        return self.rule(training).work(momentum=momentum, decay=decays)

    def refusals(self, network: Network, spec: ArchitectureSpec) -> Iterator[Refusal]:
        """What it cannot train of a network, of its training, or of a chip."""
        word = network.training.optimiser
        if self.trains and word not in self.optimisers:
            message = f"{word} learns numbers in digital memory, and weights here learn otherwise"
            cure = f"take {' or '.join(sorted(self.optimisers))}, or a scheme of digital weights"
            yield Refusal("network", ("training", "optimiser"), message, cure)
        if self.refuses is not None:
            yield from self.refuses(network, spec)
        software = self.held is Held.SOFTWARE or not spec.holds_devices
        if self.trains and not (self.several or software) and np.any(spec.cells_per_weight > 1):
            yield _alone(spec)

    def word_bits(self, training: Training) -> int:
        """Bits of such a word."""
        return WORD if self.word is None else self.word(training)

    def rank(self, training: Training) -> int:
        """The rank of two thin matrices of words of each layer; 0: there are none."""
        return 0 if self.factors is None else self.factors.rank(training)

    def learning(self, training: Training) -> Learning:
        """What an update asks of digital memory and arithmetic for each weight.

        A momentum or a decay of zero takes neither a product nor an addition.
        """
        rule, steps = self.rule(training), self._work(training) if self.descends else Steps()
        momentum = self.descends and self.velocity and training.momentum > 0.0
        decays = self.descends and "weight_decay" in self.heeds and training.weight_decay > 0.0
        own: tuple[float, float] = self.own
        products, additions = own if self.factors is None else self.factors.work(training)
        writes = "write" in self.heeds
        return Learning(
            self.words(training),
            steps.products + products,
            steps.additions + additions,
            momentum=momentum and not rule.apart,
            moments=steps.words if rule.apart else 0,
            serial=steps.serial,
            rounded=self.held is not Held.CELLS and "quantiser" in self.heeds,
            reads_cells=decays and self.held is Held.CELLS,
            write=None if self.held is Held.CELLS else training.write if writes else "direct",
            tolerance=training.write_tolerance if writes else Training().write_tolerance,
            word_bits=self.word_bits(training),
            rank=self.rank(training),
            arrays=1 if self.arrays is None else self.arrays(training),
        )

    @property
    def own_keys(self) -> tuple[str, ...]:
        """The keys that the scheme adds to the section ``training``."""
        return tuple(key.name for key in fields(self.keys)) if self.keys else ()  # type: ignore[arg-type]

    def held_on(self, devices: bool) -> Held:
        """Where weights are held on a chip whose arrays are of memory devices, or of SRAM."""
        return self.held if devices or self.in_sram is None else Held.FOLLOWED

    def heeded(self, key: str, devices: bool = True) -> bool:
        """Whether a key of ``training`` has an effect, out of those that some schemes ignore."""
        further = frozenset() if devices else self.in_sram or frozenset()
        return key in self.heeds | further or key in self.own_keys
