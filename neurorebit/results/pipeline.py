"""The sections ``pipeline`` and ``capacity`` of a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neurorebit.estimation.capacity import CapacityEstimate
from neurorebit.estimation.pipelined import FlowEstimate, Limit, PipelineEstimate, StepEstimate

Json = dict[str, Any]
KINDS = ("inference", "training")


def section(found: PipelineEstimate | None, layers: Sequence[str]) -> Json:
    """The section of an estimate with these layers; nothing where layers follow each other."""
    return {} if found is None else {"pipeline": _of(found, layers)}


def size(found: CapacityEstimate | None) -> Json:
    """The section ``capacity`` of a chip of given size; nothing of one that has room for all."""
    if found is None:
        return {}
    section = {
        "tiles": found.tiles,
        "tiles_of_all_layers": found.needed,
        "swapped": list(found.swapped),
        "swapped_share_of_weights": found.share,
        "images_of_a_swap": found.images,
        "reload_s": found.times,
        "reload_energy_J": found.energies,
        "writes_per_cell_and_image": found.writes,
        "lifetime_images": found.lifetime,
    }
    return {"capacity": section}


def _of(found: PipelineEstimate, layers: Sequence[str]) -> Json:
    return {
        "hand_over": found.way,
        "buffer_bits": found.between,
        "inference": None if found.inference is None else _flow(found.inference, layers),
        "training": None
        if found.training is None
        else _flow(found.training, layers)
        | {
            "waits_behind": list(found.waits),
            "kept_in_dram_bits": found.kept,
            "gradients_beside": found.gradients,
        },
    }


def _flow(found: FlowEstimate, layers: Sequence[str]) -> Json:
    return {
        "images": found.images,
        "interval_s": found.interval,
        "images_per_s": found.rate,
        "latency_s": found.latency,
        "time_of_images_s": found.time,
        "without_pipeline_s": found.before,
        "steps": [_step(step) for step in found.steps],
        "utilization_of_layers": dict(zip(layers, found.utilization, strict=False)),
        "utilization_of_macros": found.macros,
    }


def _step(found: StepEstimate) -> Json:
    return {
        "phases": list(found.phases),
        "layers": list(found.layers),
        "interval_s": found.interval,
        "fill_s": found.fill,
        "time_s": found.time,
        "limits": [_limit(one) for one in found.limits],
    }


def _limit(found: Limit) -> Json:
    return {
        "part": found.part,
        "stream": found.stream,
        "layer": found.layer,
        "phases": list(found.phases),
        "load_s": found.load,
        "share": found.share,
    }


def longest(found: Json) -> list[Json]:
    """The steps of a pipeline that take longest, the longest first."""
    return sorted(found["steps"], key=lambda step: -step["time_s"])


def name(limit: Json) -> str:
    """A part of the chip, and whose it is."""
    what = (
        limit["part"] if limit["part"] == limit["stream"] else f"{limit['part']} {limit['stream']}"
    )
    return what if limit["layer"] is None else f"{limit['layer']}: {what}"
