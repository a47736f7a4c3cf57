"""A network mapped to a chip: the best copies, cuts and places of its layers under an area."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurorebit import __version__
from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.chips.parts.pipelining import NONE
from neurorebit.inputs.files import Inputs
from neurorebit.results.typed.mapping import Figures, MappedNetwork
from neurorebit.schema import Argument, InputError
from neurorebit.schemes.assumed import assumed
from neurorebit.studies.mapping.costs import WORK, Costs
from neurorebit.studies.mapping.layout import OBJECTIVES, THROUGHPUT, Array
from neurorebit.studies.mapping.layouts import layouts
from neurorebit.studies.mapping.options import Cuts, Option, chosen, options_of
from neurorebit.studies.mapping.search import least_area, optimum
from neurorebit.studies.run import estimated

GAP = 1e-4  # share by which a better mapping may exist, unless another is asked for
SECONDS = 300.0  # that the search takes at most, unless more are asked for
MM2 = 1e6  # in a square metre
MOST = 4096.0  # tiles of a chip whose area is not bounded by its network


def mapped(
    inputs: Inputs,
    *,
    objective: str = "latency",
    work: str = "inference",
    area: float | None = None,
    gap: float = GAP,
    seconds: float = SECONDS,
) -> MappedNetwork:
    """The mapping with the least latency, energy or energy-delay product.

    ``work``: what costs it, the inference or the training of an image. ``area`` [m^2] bounds the
    chip, that of the chip as given unless given. InputError where no mapping has room there,
    InfeasibleError where a part of the chip cannot exist.
    """
    _refuse(inputs, objective, work)
    estimated(inputs, assumed(inputs.network, inputs.architecture, inputs.device), inputs.images)
    costs = Costs(inputs, work)
    given = Figures(*costs.value(None))
    most = given.area if area is None else area
    least = _least_tiles(costs)
    high = _most_tiles(costs, most)
    if high < np.ceil(sum(least) - 1e-9):
        raise _no_room(costs, most, least)
    room = high - sum(least)
    images = costs.batch if work == "training" else 1.0
    tiles = [room + own for own in least]
    options = options_of(costs.weighted, inputs.architecture, tiles, images)
    taken = np.broadcast_to(
        costs.plan(chosen(options)).tile_shares, (_longest(options), len(least))
    )
    high = min(high, float(np.ceil(np.sum(np.max(taken, axis=0)))) + 1.0)
    found_layouts = layouts(costs, options, (np.ceil(sum(least) - 1e-9), high))
    found = optimum(found_layouts, objective, most, gap=gap, seconds=seconds)
    if found is None:
        raise _no_room(costs, most, least)
    menu = found_layouts[found.layout].menu
    picked = dict(zip(menu.stage[found.picked], menu.option[found.picked], strict=True))
    best_options = [options[i][int(picked[stage])] for i, stage in enumerate(costs.places)]
    best = Figures(*costs.value(best_options))
    about = {
        **inputs.names,
        "objective": objective,
        "work": work,
        "area": most,
        "programmes": found.programmes,
        "activity": "assumed",
        "source": f"{objective} of {work}, by integer programming (neurorebit {__version__})",
    }
    bound = min(found.bound, best.of(objective))
    rows = _rows(costs, best_options)
    return MappedNetwork(given, best, rows, bound=bound, stopped=found.stopped, about=about)


def _rows(costs: Costs, options: Sequence[Option]) -> tuple[dict[str, Any], ...]:
    """How each layer with weights stands on the chip, and its time, before and after."""
    plans = costs.plan(None), costs.plan(chosen([[one] for one in options]))
    before, after = (
        {
            "copies": np.broadcast_to(plan.copies, (1, len(options)))[0],
            "tiles": np.broadcast_to(plan.tile_shares, (1, len(options)))[0],
            "latency": _times(costs, plan),
        }
        for plan in plans
    )
    return tuple(
        {
            **one.entry(str(name)),
            "copies_after": float(after["copies"][i]),
            "tiles": float(after["tiles"][i]),
            "latency_s": float(after["latency"][i]),
            "copies_before": float(before["copies"][i]),
            "tiles_before": float(before["tiles"][i]),
            "latency_before_s": float(before["latency"][i]),
        }
        for i, (name, one) in enumerate(zip(costs.weighted.names, options, strict=True))
    )


def _times(costs: Costs, plan: Floorplan) -> Array:
    """The time of each layer with weights; in a pipeline of the part that it takes longest."""
    times = costs.loads(plan, 1)[0] if costs.paced else costs.of_layers(plan, 1)[1]
    return np.asarray(times[0, costs.places])


def _longest(options: Sequence[Sequence[Option]]) -> int:
    """Options of the layer that has the most."""
    return max(map(len, options))


def _refuse(inputs: Inputs, objective: str, work: str) -> None:
    for name, word, table in (("objective", objective, OBJECTIVES), ("work", work, WORK)):
        if word not in table:
            message = f"expected one of {', '.join(table)}"
            raise InputError(message, origin=Argument(name, word), cure="take one of them")
    if work == "training" and not inputs.architecture.trains:
        message = f"{inputs.architecture.called} has no training"
        raise InputError(message, origin=Argument("work", work), cure="take inference")
    paced = inputs.architecture.pipelining != NONE
    if objective == THROUGHPUT and work != "inference":
        message = "the throughput of a training is not among the objectives"
        raise InputError(message, origin=Argument("work", work), cure="take inference")
    if paced != (objective == THROUGHPUT):
        message = (
            f"pipelining={inputs.architecture.pipelining}: times of layers do not add up"
            if paced
            else "images follow each other one by one, so that latency says it all"
        )
        cure = "take throughput" if paced else "set architecture.pipelining to lines or maps"
        raise InputError(message, origin=Argument("objective", objective), cure=cure)


def _least_tiles(costs: Costs) -> list[float]:
    """The least tiles of each layer; of one that may share its tile, a part."""
    cuts = Cuts.of(costs.weighted, costs.inputs.architecture)
    least = np.minimum(cuts.least, costs.plan(None).tile_shares) * costs.weighted.in_cells
    return [float(n) for n in np.broadcast_to(least, (len(costs.weighted.rows),))]


def _most_tiles(costs: Costs, area: float) -> float:
    """The most tiles that a chip of this area has room for."""
    numbers = np.arange(1.0, MOST + 1.0)
    nothing = np.zeros_like(numbers)
    areas = np.minimum(costs.whole(numbers, nothing)[0], costs.whole(nothing, numbers)[0])
    return float(np.sum(areas <= area * (1.0 + 1e-9)))


def _no_room(costs: Costs, area: float, least: list[float]) -> InputError:
    """What is wrong with an area that no mapping has room in."""
    options = options_of(costs.weighted, costs.inputs.architecture, [1.0] * len(least))
    low = np.ceil(sum(least) - 1e-9)
    high = max(low, float(np.sum(costs.plan(None).tiles)))
    needed = least_area(layouts(costs, options, (low, high)))
    message = (
        f"{costs.inputs.names['network']} has no room in {MM2 * area:.4g} mm2; its least mapping "
        f"takes {MM2 * needed:.6g} mm2"
    )
    return InputError(message, origin=Argument("area"), value=area, cure="allow as much, or more")
