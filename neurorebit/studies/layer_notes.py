"""Notes on layers that arrays hold in a way of their own: signed inputs, and packed groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.chips.parts.signs import SIGNED_INPUTS
from neurorebit.chips.parts.workload import Workload
from neurorebit.inputs.files import Inputs

NAMED = 3  # layers of a note that are named, if there are more


def of_layers(inputs: Inputs) -> Iterator[str]:
    """The notes of a report on them; nothing where there are none."""
    network, spec = inputs.network, inputs.architecture
    names = [stage.node.name for stage in network.stages]
    signed = [
        stage.node.name
        for stage in network.stages
        if stage.matmul.signed and stage.matmul.stationary
    ]
    if signed:
        way = SIGNED_INPUTS[spec.signed_inputs]
        yield (
            f"inputs of {listed(signed)} may be below zero (signed_inputs: {spec.signed_inputs}): "
            f"{way.sentence}"
        )
    workload = Workload.of(network.stages)
    packing = Floorplan.of(workload, spec).packing
    chosen = np.broadcast_to(packing.packed, workload.groups.shape)
    packed = [name for name, some in zip(names, chosen, strict=True) if some]
    if packed:
        yield (
            f"groups of {listed(packed)} lie along the diagonals of arrays, up to "
            f"{np.max(packing.groups):g} in one, and are read "
            + ("at once" if np.any(packing.at_once > 1.0) else "one after the other")
        )


def listed(names: Sequence[str]) -> str:
    """Names in a sentence, the first of many."""
    if len(names) > NAMED + 1:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more layers"
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
