"""What the mapping of an architecture file asks of layers, held against the network's."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.chips.parts.mapping import LayerMapping
from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.chips.parts.workload import Workload
from neurorebit.layers.cuts import may_split
from neurorebit.layers.network import Network
from neurorebit.schema import Misfit

PLACE = ("mapping", "layers")
SHOWN = 6  # layers that an error lists


def misfits(network: Network, spec: ArchitectureSpec) -> Iterator[Misfit]:
    """What a network's layers cannot have of what the mapping asks of them."""
    if spec.mapping is None or not spec.mapping.layers:
        return
    entries = spec.mapping.layers
    workload = Workload.of(network.stages).weighted
    names = [str(name) for name in workload.names]
    wrong = list(_of_names(entries, names))
    yield from wrong
    if wrong:
        return
    plan = Floorplan.of(workload, spec)
    may = np.broadcast_to(may_split(workload, plan.common_positions), (len(names),))
    for i, one in enumerate(entries):
        layer = names.index(one.layer)
        loc = (*PLACE, i)
        for key in ("copies", "digital_copies"):
            yield from _of_copies((*loc, key), getattr(one, key), workload, layer)
        if one.digital_copies is not None:
            message = f"no macro of {spec.called} is digital"
            lacking = not spec.digital_macros
            yield Misfit((*loc, "digital_copies"), lacking, message, cure="leave it out")
        cure = "leave it out"
        if one.kernel_split and not may[layer]:
            message = "a layer is split by kernels that has one group and as many positions of its "
            message += f"window as most layers, {plan.common_positions:g}"
            yield Misfit((*loc, "kernel_split"), plan.common_positions > 0, message, cure=cure)
        alone = one.pack_groups is not None and _at(workload.groups, layer) == 1.0
        yield Misfit((*loc, "pack_groups"), alone, "the layer has one group", cure=cure)
        if one.share_tile:
            with_others = np.asarray(plan.stands_with_others)[..., layer, None]
            message = "with its copies, the layer leaves no room in a tile to others"
            yield Misfit((*loc, "share_tile"), ~with_others, message, cure=cure)


def _of_names(entries: Sequence[LayerMapping], names: list[str]) -> Iterator[Misfit]:
    """Layers that are not there, or that stand twice."""
    seen: set[str] = set()
    for i, one in enumerate(entries):
        loc = (*PLACE, i, "layer")
        if one.layer not in names:
            near = difflib.get_close_matches(one.layer, names, n=1)
            more = ", ..." if len(names) > SHOWN else ""
            listed = f"layers in arrays: {', '.join(names[:SHOWN])}{more}"
            cure = f"did you mean '{near[0]}'?" if near else listed
            message = "no layer of the network that stands in arrays has this name"
            yield Misfit(loc, True, message, cure=cure)
        elif one.layer in seen:
            yield Misfit(loc, True, "given twice", cure="keep one")
        seen.add(one.layer)


def _of_copies(
    loc: tuple[Any, ...], copies: Any, workload: Workload, layer: int
) -> Iterator[Misfit]:
    """Copies share the vectors of an image; those of a recurrent layer wait for each other."""
    if copies is None:
        return
    waits = _at(workload.serial, layer) > 0.0
    most = 1.0 if waits else _at(workload.vectors, layer)
    message = "{:g} copies share the vectors of an image, of which "
    message += "one at a time comes to a recurrent layer" if waits else "the layer has {:g}"
    cure = f"take {most:g} or fewer" if most > 1.0 else "take 1"
    yield Misfit(loc, copies > most, message, (copies, most), cure=cure)


def _at(amounts: Any, layer: int) -> float:
    return float(amounts[layer] if amounts.size > 1 else amounts[0])
