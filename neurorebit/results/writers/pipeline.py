"""The pipeline and the size of a chip for a reader: images a second, what limits them, swaps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from neurorebit.results.document import Json
from neurorebit.results.pipeline import KINDS, longest, name
from neurorebit.results.writers.layout import defined, number, percent, table, wrapped
from neurorebit.schema import units

LONGEST = 12  # steps of a training that are shown, those that take longest
DEFINITIONS = {
    "interval": "time between images, which is that of the part that an image takes longest",
    "one image alone": "from its first line to its last result, where no other image is there",
    "fill": "time of the first image of a step; the others follow an interval apart",
    "busy": "share of the time in which the part of its own that a layer takes longest is at work",
}


def tables(report: Json) -> list[str]:
    """The tables; none where layers follow each other."""
    found = report.get("pipeline")
    if found is None:
        return []
    kinds = [kind for kind in KINDS if found[kind] is not None]
    rows = [
        ["images/s", *(number(found[kind]["images_per_s"]) for kind in kinds)],
        ["layer after layer", *(number(1.0 / found[kind]["without_pipeline_s"]) for kind in kinds)],
        ["interval", *(_time(found[kind]["interval_s"]) for kind in kinds)],
        ["one image alone", *(_time(found[kind]["latency_s"]) for kind in kinds)],
        ["images of a batch", *(f"{found[kind]['images']:,}" for kind in kinds)],
        ["time of a batch", *(_time(found[kind]["time_of_images_s"]) for kind in kinds)],
    ]
    said = [
        table([f"layers hand over\n{found['hand_over']}", *kinds], rows),
        *(_limits(found[kind], kind) for kind in kinds),
        *(_steps(found[kind]) for kind in kinds[1:] if len(found[kind]["steps"]) > 1),
        _busy(found, kinds),
        "\n".join(_sentences(found)),
        defined(DEFINITIONS.items()),
    ]
    return [text for text in said if text]


def _time(seconds: float | None) -> str:
    return "" if seconds is None else units.show(seconds, "s")


def _limits(found: Json, kind: str) -> str:
    """What limits the step that takes longest."""
    step = longest(found)[0]
    rows = [
        [name(one), ", ".join(one["phases"]), _time(one["load_s"]), percent(one["share"])]
        for one in step["limits"]
    ]
    return table([f"{kind} waits for", "in", "an image\ntakes", "of the\ninterval"], rows, 2)


def _steps(found: Json) -> str:
    """The steps of a training, and what each waits for."""
    whole = found["time_of_images_s"]
    rows = [
        [
            ", ".join(step["phases"]),
            _layers(step["layers"]),
            name(step["limits"][0]) if step["limits"] else "",
            _time(step["interval_s"]),
            _time(step["fill_s"]),
            percent(step["time_s"] / whole),
        ]
        for step in longest(found)[:LONGEST]
    ]
    head = ["step", "layers", "waits for", "interval", "fill", "of the\niteration"]
    return table(head, rows, 3)


def _layers(names: list[str]) -> str:
    if len(names) < 3:
        return ", ".join(names)
    return f"{names[0]} to {names[-1]}, {len(names)}"


def _busy(found: Json, kinds: Iterable[str]) -> str:
    """How busy layers and macros are."""
    taken = list(kinds)
    rows: dict[str, list[Any]] = {}
    for i, kind in enumerate(taken):
        of = found[kind]
        shares = {f"all {place} macros": n for place, n in of["utilization_of_macros"].items()}
        for who, share in {**of["utilization_of_layers"], **shares}.items():
            rows.setdefault(who, [""] * len(taken))[i] = percent(share)
    return table(["busy", *taken], [[who, *cells] for who, cells in rows.items()])


def _sentences(found: Json) -> Iterable[str]:
    training = found["training"]
    bits = units.show(found["buffer_bits"], "bit")
    yield f"The global buffer has {bits} for maps."
    if training is None:
        return
    behind = training["waits_behind"]
    yield (
        f"Training waits for the whole batch behind {len(behind)} layers, whose batch norms have "
        "live statistics."
        if behind
        else "No layer of the training waits for the whole batch."
    )
    kept = units.show(training["kept_in_dram_bits"], "bit")
    yield f"Inputs that wait for their gradients take {kept} of DRAM."
    yield f"Gradients are formed beside {training['gradients_beside']}."


def capacity(report: Json) -> str:
    """The size of the chip, and the layers that are swapped; nothing of one that has all."""
    found = report.get("capacity")
    if found is None:
        return ""
    lines = [
        f"The chip has {found['tiles']:,} tiles; all layers take {found['tiles_of_all_layers']:,}."
    ]
    if not found["swapped"]:
        return "\n".join([*lines, "No layer is swapped."])
    share = percent(found["swapped_share_of_weights"])
    lines.append(f"Swapped, with {share} of the weights: {', '.join(found['swapped'])}.")
    each = ", ".join(
        f"{name} {units.show(time, 's')} and {units.show(found['reload_energy_J'][name], 'J')}"
        for name, time in found["reload_s"].items()
    )
    lines.append(f"An image bears of the swaps: {each}.")
    lines.append(
        f"{found['images_of_a_swap']:,} images of inference share a swap: a swapped cell has "
        f"{number(found['writes_per_cell_and_image'])} writes an image"
        + (
            "."
            if found["lifetime_images"] is None
            else f", and endures {number(found['lifetime_images'])} images."
        )
    )
    return "\n".join(wrapped(line, later="  ") for line in lines)
