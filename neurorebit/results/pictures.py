"""Pictures of trainings, drawn from their reports: what was learned, written and held."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from neurorebit.results.document import is_regression
from neurorebit.results.spending import of_runs

SCHEMES = "schemes.png"
ENERGY = "schemes_energy.png"
ROOF = 103.0  # of accuracies [%], so that a mark at 100 is whole
COUNTS = ((" [millions]", 1e6), (" [thousands]", 1e3), ("", 1.0))  # of cells
HELD = {"real": "real weights", "quantised": "levels", "analog": "analog weights"}


def training(report: dict[str, Any]) -> bytes | None:
    """The picture of a training, None where no epoch was trained: the same report, the same bytes.

    Accuracy (of a regression the RMSE) and cells programmed of each epoch, and the weights of a
    middle layer at the end.
    """
    record = report["training"]
    if record is None or not record["epochs"]:
        return None
    figure, (accuracy, cells, weights) = new_figure(12.0, 3.6, 3)
    epochs = record["epochs"]
    numbers = [epoch["epoch"] for epoch in epochs]
    errors = is_regression(record)
    what, scale = ("rmse", 1.0) if errors else ("accuracy", 100.0)
    on = f"on {record.get('evaluated_on', 'test')} images"
    for key, name in ((f"train_{what}", "while training"), (f"test_{what}", on)):
        shares = [np.nan if epoch[key] is None else scale * epoch[key] for epoch in epochs]
        accuracy.plot(numbers, shares, marker="." if len(numbers) < 40 else "", label=name)
    _mark_the_last(accuracy, record[f"test_{what}"], numbers[-1], percent=not errors)
    ylabel = "RMSE" if errors else "accuracy [%]"
    accuracy.set(title=f"{report['network']}, {record['dataset']}", ylabel=ylabel)
    _legend_below(accuracy)
    programmed = [epoch["cells_programmed"] for epoch in epochs]
    word, unit = next(one for one in COUNTS if max(programmed) >= one[1] or one[1] == 1.0)
    shown = [count / unit for count in programmed]
    cells.plot(numbers, shown, marker="." if len(numbers) < 40 else "", color="C2")
    cells.set(title=f"scheme: {record['scheme']}", ylabel=f"cells programmed{word}")
    for ax in (accuracy, cells):
        ax.set(xlabel="epoch")
        ax.set_ylim(0.0, None if ax is cells or errors else ROOF)
        ax.locator_params(axis="x", integer=True)
        ax.grid(alpha=0.3)
    _histogram(weights, record["histogram"])
    return png(figure)


def _mark_the_last(ax: Any, reached: float | None, epoch: int, *, percent: bool) -> None:
    """A line at the final accuracy or error on test images, and its number."""
    if reached is None:
        return
    final = 100.0 * reached if percent else reached
    said = f"{final:.2f} %" if percent else f"{final:.4g}"
    ax.axhline(final, color="C3", linewidth=0.8, linestyle="--")
    ax.plot([epoch], [final], "o", color="C3", label=f"at the end: {said}")


def _legend_below(ax: Any) -> None:
    """A legend under the axes, where it hides no curve."""
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3, fontsize=8, frameon=False)


def schemes(learned: dict[str, list[dict[str, Any]]]) -> dict[str, bytes]:
    """The picture of several schemes' learning, each by the ``training`` of its runs' reports.

    Accuracy on the test images after each epoch (of a regression R2), the mean over the runs;
    nothing without epochs.
    """
    curves = {name: _mean(runs) for name, runs in learned.items()}
    errors = any(is_regression(run) for runs in learned.values() for run in runs)
    if not any(curve.size for curve in curves.values()):
        return {}
    figure, panels = new_figure(12.0, 4.5, 2)
    for ax in panels:
        for k, (name, curve) in enumerate(curves.items()):
            line = ("-", "--", ":")[k // 10 % 3]
            shown = name if ax is panels[0] else None
            ax.plot(np.arange(1, curve.size + 1), curve, line, marker=".", label=shown)
        ax.set_xlabel("epoch")
        ax.locator_params(axis="x", integer=True)
        ax.grid(alpha=0.3)
    ylabel = "R2 on test images [%]" if errors else "accuracy on test images [%]"
    panels[0].set(ylabel=ylabel, ylim=(0.0, ROOF))
    first, low, high = _zoom(list(curves.values()))
    last = max(curve.size for curve in curves.values())
    panels[1].set(title="the last epochs", ylim=(low, high), xlim=(first - 0.5, last + 0.5))
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return {SCHEMES: png(figure)}


def spending(runs: dict[str, list[dict[str, Any]]]) -> dict[str, bytes]:
    """The picture of accuracy against energy and against writes, by the reports of each scheme.

    The mean accuracy of the seeds after each epoch; nothing where all is software.
    """
    curves = {
        name: [one for one in of_runs(reports) if one.energy_with_dram is not None]
        for name, reports in runs.items()
    }
    if not any(curves.values()):
        return {}
    figure, panels = new_figure(12.0, 4.5, 2)
    ways = {
        "energy with DRAM until then [J]": "energy_with_dram",
        "cells programmed until then": "cells_programmed",
    }
    for ax, (label, of) in zip(panels, ways.items(), strict=True):
        for k, (name, curve) in enumerate(curves.items()):
            accuracies = [np.nan if one.accuracy is None else 100.0 * one.accuracy for one in curve]
            spent = [getattr(one, of) or np.nan for one in curve]  # on a logarithmic axis
            line, shown = ("-", "--", ":")[k // 10 % 3], name if ax is panels[0] else None
            named = {"label": shown} if curve else {}
            ax.plot(spent, accuracies, line, color=f"C{k % 10}", marker=".", **named)
        ax.set(xlabel=label, xscale="log", ylim=(0.0, ROOF))
        ax.grid(alpha=0.3)
    panels[0].set(ylabel="on test images [%]")
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return {ENERGY: png(figure)}


def _zoom(curves: list[Any]) -> tuple[int, float, float]:
    """The first epoch of the last third, and the range of accuracies [%] from there, with margins.

    The curves differ there by less than they rise before.
    """
    begin = max(curve.size for curve in curves) * 2 // 3
    late = np.concatenate([curve[begin:] for curve in curves])
    late = late[np.isfinite(late)]
    if not late.size:
        return begin + 1, 0.0, ROOF
    margin = max(0.5, 0.1 * float(late.max() - late.min()))
    return begin + 1, max(0.0, float(late.min()) - margin), min(ROOF, float(late.max()) + margin)


def _mean(runs: list[dict[str, Any]]) -> Any:
    """Accuracy or R2 [%] after each epoch that all runs have; epochs without a test are nan."""
    keys = ["test_r2" if is_regression(run) else "test_accuracy" for run in runs]
    shares = [[e[key] for e in run["epochs"]] for key, run in zip(keys, runs, strict=True)]
    common = min(map(len, shares))
    return 100.0 * np.mean([np.array(share[:common], float) for share in shares], axis=0)


def new_figure(width: float, height: float, panels: int) -> tuple[Any, Any]:
    """A figure of a size in inches, and its panels side by side."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(1, panels, squeeze=False)[0]


def png(figure: Any) -> bytes:
    """The figure as the bytes of a PNG file: the same figure, the same bytes."""
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def _histogram(ax: Any, histogram: dict[str, Any] | None) -> None:
    """Shares of the weights in each bin."""
    if histogram is None:
        ax.set_axis_off()
        return
    counted = histogram["counts"]
    for name in (name for name in HELD if name in counted):  # real ones first, lines over them
        counts, filled = counted[name], name == "real"
        shares = 100.0 * np.array(counts) / sum(counts)
        edges = np.linspace(-histogram["largest"], histogram["largest"], len(counts) + 1)
        colour = f"C{list(HELD).index(name)}"
        ax.stairs(
            shares, edges, label=HELD[name], fill=filled, color=colour, alpha=0.5 if filled else 1.0
        )
    ax.set(
        title=f"weights of {histogram['layer']}", xlabel="weight", ylabel="share of the weights [%]"
    )
    _legend_below(ax)
