"""What whole numbers cannot train: real arithmetic in a network, and bits beyond exact sums."""

from __future__ import annotations

import math
from collections.abc import Iterator

from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.layers.network import Network, Node
from neurorebit.schemes.parts.scheme import Refusal
from neurorebit.schemes.wage.keys import MOST, WageKeys

KINDS = frozenset(
    {"conv", "conv1d", "linear", "relu", "max_pool", "avg_pool", "flatten", "add", "concat"}
)
NORMS = frozenset({"batch_norm", "group_norm", "layer_norm", "local_norm"})
LOSS = "squared_one_hot"
NETWORKS = "as vgg11_wage has it"


def refusals(network: Network, spec: ArchitectureSpec) -> Iterator[Refusal]:
    """Where a network or a chip has what the schemes of whole numbers cannot train."""
    yield from _of_layers(network)
    yield from _of_training(network)
    yield from _of_bits(network, spec)


def memory(network: Network, spec: ArchitectureSpec) -> Iterator[Refusal]:
    """The same, and memory that is narrower than the weights rounded from it."""
    yield from refusals(network, spec)
    training = network.training
    bits, widest = training.own(WageKeys).gradient_bits, spec.weight_bits
    widest = max(widest, training.edge_bits or widest)
    if bits < widest:
        message = f"weights of {widest} bits are rounded from memory of {bits}"
        cure = f"take {widest} or more"
        yield Refusal("network", ("training", "gradient_bits"), message, cure)


def _of_layers(network: Network) -> Iterator[Refusal]:
    for node in network.nodes:
        if why := _why(node):
            yield Refusal("network", ("layers",), f"layer '{node.name}': {why[0]}", why[1])


def _why(node: Node) -> tuple[str, str] | None:
    """Why a layer cannot be trained in whole numbers, and the cure."""
    if node.kind in NORMS:
        message = "a norm has no whole numbers; a shift for each layer stands in its place"
        return message, f"leave it out, {NETWORKS}"
    if node.kind not in KINDS:
        known = ", ".join(sorted(KINDS))
        return f"layers of kind {node.kind} are not of whole numbers", f"build it of {known}"
    if getattr(node.layer, "bias", False):
        return "a bias is a real number", "leave it out (bias: false)"
    if node.rank:
        return "a low-rank update is of real numbers", "leave training.adapters out"
    if node.digital:
        return "its weights are real numbers in digital memory", "leave its key 'scheme' out"
    return None


def _of_training(network: Network) -> Iterator[Refusal]:
    training = network.training
    if network.loss != LOSS:
        message = "a softmax is of real numbers" if network.loss == "cross_entropy" else (
            "outputs lie between -1 and 1, and the targets of a regression anywhere"
        )  # fmt: skip
        yield Refusal("network", ("training", "loss"), message, f"take {LOSS}, {NETWORKS}")
    rate = training.learning_rate
    power = math.log2(rate)
    if power != round(power):
        message = f"rates are shifts, powers of two, and {rate:g} is none"
        cure = f"take {2.0 ** round(power):g}; the schedule's are rounded to powers of two"
        yield Refusal("network", ("training", "learning_rate"), message, cure)


def _of_bits(network: Network, spec: ArchitectureSpec) -> Iterator[Refusal]:
    errors, message = spec.errors, f"whole numbers have 2 to {MOST} bits here"
    if network.training.error_bits is not None:
        given = network.training.error_bits
        if isinstance(given, str) or given > MOST:
            yield Refusal("network", ("training", "error_bits"), message, f"take {MOST} or fewer")
    elif isinstance(errors, str) or (errors or 0) > MOST:
        yield Refusal("architecture", ("error_bits",), message, f"take {MOST} or fewer")
    for key in ("weight_bits", "input_bits"):
        if getattr(spec, key) > MOST:
            yield Refusal("architecture", (key,), message, f"take {MOST} or fewer")
