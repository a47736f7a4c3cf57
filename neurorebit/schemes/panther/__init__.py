"""PANTHER: weights are sliced among cells, which outer products change in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.chips.sliced.spec import SlicedSpec
from neurorebit.layers.network import Network, Node
from neurorebit.schema.activity import FastActivity
from neurorebit.schema.training import Training
from neurorebit.schemes.panther.keys import PantherKeys
from neurorebit.schemes.parts.scheme import CELL_KEYS, FastArray, Held, Refusal, Scheme

if TYPE_CHECKING:
    from neurorebit.training.parts.weights import Site, Weights

# pulses up, and as many down, that a vector gives a cell, the mean over slices: 1 to 8 in the
# layers of mlp and lenet5, in their first six steps
EACH = 3.0


def assumed_activity(node: Node, training: Training) -> FastActivity:
    """Assumed pulses of a layer's outer products in one batch, with as many up as down."""
    matmul = node.matmul
    assert matmul is not None
    pulses = EACH * matmul.vectors * training.batch
    return FastActivity(pulses, pulses, 0.0, 0.5)


def refusals(network: Network, spec: ArchitectureSpec) -> Iterator[Refusal]:
    """Chips without slices."""
    if not isinstance(spec, SlicedSpec):
        message = f"outer products change slices of weights, and {spec.called} has none"
        cure = "take architecture=panther, or a scheme of this chip"
        yield Refusal("architecture", ("scheme",), message, cure)


def _load() -> Callable[[Site], Weights]:
    from neurorebit.schemes.panther.weights import PantherWeights

    return PantherWeights


PANTHER = Scheme(
    summary="Weights in bit slices; outer products change them in place, carries are resolved.",
    held=Held.CELLS,
    organisation="sliced",
    architecture="panther",
    chip="32-bit weights in eight slices",
    heeds=(CELL_KEYS | {"write_tolerance"}) - {"level_range"},
    kept=0,
    velocity=False,
    descends=False,
    keys=PantherKeys,
    fast=FastArray(
        assumed_activity, f"of outer products ours: {EACH:g} pulses up and down a cell and vector"
    ),
    load=_load,
    refuses=refusals,
)
