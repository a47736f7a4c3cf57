"""What was learned: accuracy over epochs, writes and energy, and the weights at the end."""

from __future__ import annotations

from itertools import accumulate

from neurorebit.results.document import Json, epoch_keys, is_regression
from neurorebit.results.evaluation import label
from neurorebit.results.pages.figure import Figure, Plot
from neurorebit.results.pages.plots import PALETTE, Series, bars, lines, steps
from neurorebit.results.pages.report.numbers import conversions
from neurorebit.results.pages.table import Cell, Column, Table, number, share, word
from neurorebit.results.pages.text import pointer, quantity

HELD = {"real": "real weights", "quantised": "levels", "analog": "analog weights"}
OVER = ("epochs", "energy", "writes")


def figures(report: Json) -> list[Figure | Table]:
    """Curves, histogram and tables of a training, nothing where there is none."""
    training = report["training"]
    if training is None or not training["epochs"]:
        return []
    found: list[Figure | Table] = [_learned(report), _written(report)]
    if training.get("histogram"):
        found.append(_histogram(training["histogram"]))
    return [*found, *_demands(report), *conversions(report)]


def _places(report: Json) -> dict[str, tuple[list[float], str]]:
    """What curves are drawn over: epochs, energy spent until then [J], writes until then."""
    epochs, of_epoch = report["training"]["epochs"], report["totals"]["epoch"]
    numbers = [float(epoch["epoch"]) for epoch in epochs]
    found = {"epochs": (numbers, "epoch")}
    if of_epoch is not None:
        each = of_epoch["energy_with_dram_J"]
        found["energy"] = [n * each for n in numbers], "energy with DRAM until then [J]"
    written = [epoch["cells_programmed"] for epoch in epochs]
    if numbers and numbers[0] == 1.0 and all(one is not None for one in written):
        found["writes"] = list(accumulate(map(float, written))), "cells programmed until then"
    return found


def _learned(report: Json) -> Figure:
    training, places = report["training"], _places(report)
    epochs, errors = training["epochs"], is_regression(training)
    what = "rmse" if errors else "accuracy"
    on = f"on {training.get('evaluated_on', 'test')} images"
    views: dict[str, Plot] = {}
    for over in OVER:
        if over not in places:
            continue
        at, title = places[over]
        notes = [f"epoch {epoch['epoch']}" for epoch in epochs] if over != "epochs" else []
        series = [
            Series(
                said,
                [epoch[f"{key}_{what}"] for epoch in epochs],
                colour,
                hatched=dashed,
                notes=notes,
            )
            for key, said, colour, dashed in (
                ("train", "while training", PALETTE[0], True),
                ("test", on, PALETTE[3], False),
            )
        ]
        titles = title, "RMSE" if errors else "accuracy"
        views[f"{what if errors else 'accuracy'}|{over}"] = lines(
            at, series, titles, "" if errors else "%"
        )
        loss = Series("loss", [epoch["loss"] for epoch in epochs], PALETTE[0], notes=notes)
        views[f"loss|{over}"] = lines(at, [loss], (title, "loss"))
    options = tuple(dict.fromkeys(view.split("|")[0] for view in views))
    along = tuple(dict.fromkeys(view.split("|")[1] for view in views))
    says = ""
    if "energy" in places:
        says = (
            f"Energy until an epoch: its number times that of an epoch on average, "
            f"{quantity(report['totals']['epoch']['energy_with_dram_J'], 'J')} with DRAM."
        )
    choices, table = {"Show": options, "over": along}, _epochs(report)
    return Figure("learning", "What was learned", views, choices, says=says, tables=(table,))


def _epochs(report: Json) -> Table:
    training, places = report["training"], _places(report)
    keys = epoch_keys(training)
    units = {"seconds": "s", "images_per_second": "1/s"}
    columns = [Column(key.replace("_", " "), units.get(key, "")) for key in keys]
    columns[0] = Column("epoch")
    columns += [Column("energy with DRAM until then", "J")] if "energy" in places else []
    rows = []
    for i, epoch in enumerate(training["epochs"]):
        row: list[Cell] = []
        for key in keys:
            at = pointer("training", "epochs", i, key)
            show = share(epoch[key], at, 2) if key.endswith("accuracy") else number(
                epoch[key], units.get(key, "").removeprefix("1/s"), at
            )  # fmt: skip
            row.append(show)
        if "energy" in places:
            row.append(number(places["energy"][0][i], "J"))
        rows.append(row)
    return Table("Epochs", columns, rows, rest="training.csv has all")


def _written(report: Json) -> Figure:
    at, title = _places(report)["epochs"]
    epochs = report["training"]["epochs"]
    cells = Series("cells programmed", [one["cells_programmed"] for one in epochs], PALETTE[2])
    return Figure("writes", "Cells programmed in each epoch",
                  {"": lines(at, [cells], (title, "cells programmed"))})  # fmt: skip


def _histogram(histogram: Json) -> Figure:
    """Of the weights of a middle layer at the end."""
    counted, largest = histogram["counts"], histogram["largest"]
    names = [name for name in HELD if name in counted]
    bins = len(counted[names[0]])
    edges = [largest * (2.0 * i / bins - 1.0) for i in range(bins + 1)]
    series, rows = [], []
    for i, name in enumerate(names):
        whole = sum(counted[name]) or 1
        shares = [count / whole for count in counted[name]]
        notes = [f"{count:,} weights" for count in counted[name]]
        series.append(Series(HELD[name], shares, PALETTE[i], notes=notes))
    for k in range(bins):
        at = "training", "histogram", "counts"
        counts = [number(counted[name][k], "", pointer(*at, name, k)) for name in names]
        rows.append([number(edges[k]), number(edges[k + 1]), *counts])
    columns = [Column("from"), Column("to"), *(Column(HELD[name]) for name in names)]
    return Figure(
        "weights",
        f"Weights of {histogram['layer']} at the end",
        {"": steps(edges, series, ("weight", "share of the weights"))},
        tables=(Table("Weights in each bin", columns, rows),),
    )


def _demands(report: Json) -> list[Table]:
    """What the scheme asked for."""
    demands = report["training"].get("demands")
    if not demands:
        return []
    rows = [
        [word(key.replace("_", " ").replace("p999", "of which 99.9 % of the cells stay below")),
         number(value, "", pointer("training", "demands", key))]
        for key, value in demands.items()
        if isinstance(value, int | float)
    ]  # fmt: skip
    return [Table("What the scheme asks for", (Column("demand", numbers=False), Column("amount")),
                  rows)] if rows else []  # fmt: skip


def evaluation(report: Json) -> list[Figure | Table]:
    """Accuracy step by step, as more and more is not ideal; nothing without an evaluation."""
    found = report.get("evaluation")
    if found is None:
        return []
    rows = found["rows"]
    names = [label(row) for row in rows]
    series = [
        Series("accuracy", [row["accuracy"] for row in rows], PALETTE[0],
               notes=[row["adds"] for row in rows])
    ]  # fmt: skip
    plot = bars(names, series, "accuracy", "%")
    columns = [Column("step", numbers=False), Column("adds", numbers=False), Column("accuracy")]
    columns += [Column("spread from chip to chip"), Column("chips")]
    table = Table("Accuracy, step by step", columns, [
        [word(name), word(row["adds"]),
         share(row["accuracy"], pointer("evaluation", "rows", i, "accuracy"), 2),
         share(row["spread"], pointer("evaluation", "rows", i, "spread"), 2),
         number(row["draws"], "", pointer("evaluation", "rows", i, "draws"))]
        for i, (name, row) in enumerate(zip(names, rows, strict=True))
    ])  # fmt: skip
    says = f"Each step adds to the one above it; {found['test_images']:,} test images."
    return [Figure("steps", "Accuracy, step by step", {"": plot}, says=says, tables=(table,))]
