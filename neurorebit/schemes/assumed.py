"""The activity that an estimate assumes where no training has measured it."""

from __future__ import annotations

from dataclasses import replace

from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.layers.network import Network
from neurorebit.schema.activity import Activity
from neurorebit.schemes.table import SCHEMES


def assumed(network: Network, spec: ArchitectureSpec) -> Activity:
    """The activity that the network file assumes, with that of fast arrays where weights have one.

    The file says nothing of a fast array; its activity follows from the scheme's own keys.
    """
    activity, fast = network.assumed(int(spec.input_bits)), SCHEMES[spec.scheme].fast
    if fast is None:
        return activity
    layers = zip(activity.layers, network.matrices, strict=True)
    return Activity(
        f"{activity.source}; {fast.source}",
        tuple(replace(seen, fast=fast.assumed(node, network.training)) for seen, node in layers),
    )
