"""Pictures of trainings, drawn from their reports: what was learned, written and held."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

SCHEMES = "schemes.png"
HELD = {"real": "real weights", "quantised": "levels", "analog": "analog weights"}


def training(report: dict[str, Any]) -> bytes | None:
    """The picture of a training, None where no epoch was trained: the same report, the same bytes.

    Accuracy and cells programmed of each epoch, and the weights of a middle layer at the end.
    """
    record = report["training"]
    if record is None or not record["epochs"]:
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.0, 3.6), dpi=100)
    FigureCanvasAgg(figure)
    accuracy, cells, weights = figure.subplots(1, 3)
    figure.subplots_adjust(left=0.06, right=0.98, bottom=0.15, top=0.9, wspace=0.28)
    epochs = record["epochs"]
    numbers = [epoch["epoch"] for epoch in epochs]
    for key, name in (("train_accuracy", "while training"), ("test_accuracy", "on test images")):
        shares = [np.nan if epoch[key] is None else 100.0 * epoch[key] for epoch in epochs]
        accuracy.plot(numbers, shares, marker="." if len(numbers) < 40 else "", label=name)
    accuracy.set(title=f"{report['network']}, {record['dataset']}", ylabel="accuracy [%]")
    accuracy.legend(loc="lower right")
    programmed = [epoch["cells_programmed"] / 1e6 for epoch in epochs]
    cells.plot(numbers, programmed, marker="." if len(numbers) < 40 else "", color="C2")
    cells.set(title=f"scheme: {record['scheme']}", ylabel="cells programmed [millions]")
    for ax in (accuracy, cells):
        ax.set(xlabel="epoch", ylim=(0.0, None))
        ax.locator_params(axis="x", integer=True)
    _histogram(weights, record["histogram"])
    return _png(figure)


def schemes(learned: dict[str, list[dict[str, Any]]]) -> dict[str, bytes]:
    """The picture of several schemes' learning, each by the ``training`` of its runs' reports.

    Accuracy on the test images after each epoch, the mean over the runs; nothing without epochs.
    """
    curves = {name: _mean(runs) for name, runs in learned.items()}
    if not any(curve.size for curve in curves.values()):
        return {}
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 4.5), dpi=100)
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    for k, (name, curve) in enumerate(curves.items()):
        line = ("-", "--", ":")[k // 10 % 3]
        ax.plot(np.arange(1, curve.size + 1), curve, line, marker=".", label=name)
    ax.set(xlabel="epoch", ylabel="accuracy on test images [%]", ylim=(0.0, None))
    ax.locator_params(axis="x", integer=True)
    ax.grid(alpha=0.3)
    ax.legend(loc="lower right")
    figure.tight_layout()
    return {SCHEMES: _png(figure)}


def _mean(runs: list[dict[str, Any]]) -> Any:
    """Accuracy [%] after each epoch that all runs have; epochs without a test are nan."""
    shares = [[epoch["test_accuracy"] for epoch in run["epochs"]] for run in runs]
    common = min(map(len, shares))
    return 100.0 * np.mean([np.array(share[:common], float) for share in shares], axis=0)


def _png(figure: Any) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def _histogram(ax: Any, histogram: dict[str, Any] | None) -> None:
    """Shares of the weights in each bin."""
    if histogram is None:
        ax.set_axis_off()
        return
    for name, counts in histogram["counts"].items():
        shares = 100.0 * np.array(counts) / sum(counts)
        edges = np.linspace(-histogram["largest"], histogram["largest"], len(counts) + 1)
        ax.stairs(shares, edges, label=HELD[name], fill=name == "real", alpha=0.7)
    ax.set(
        title=f"weights of {histogram['layer']}", xlabel="weight", ylabel="share of the weights [%]"
    )
    ax.legend(loc="upper right")
