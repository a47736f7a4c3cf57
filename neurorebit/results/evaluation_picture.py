"""The picture of an evaluation: accuracy, step by step, as more and more is not ideal."""

from __future__ import annotations

from typing import Any

from neurorebit.results.evaluation import label
from neurorebit.results.pictures import new_figure, png


def draw(report: dict[str, Any]) -> bytes:
    """Bars from row to row: what is lost hangs from the row before; points are single chips."""
    rows = report["evaluation"]["rows"]
    figure, (ax,) = new_figure(max(6.0, 1.1 * len(rows) + 1.5), 4.2, 1)
    shares = [100.0 * row["accuracy"] for row in rows]
    low = min(100.0 * row["least"] for row in rows)
    floor = max(0.0, low - 0.25 * max(100.0 - low, 4.0))
    for i, (row, share) in enumerate(zip(rows, shares, strict=True)):
        ax.bar(i, share - floor, bottom=floor, width=0.6, color="C0")
        if i and shares[i - 1] > share:
            ax.bar(i, shares[i - 1] - share, bottom=share, width=0.6, color="C3", alpha=0.35)
        at = floor + 0.01 * (100.0 - floor)
        ax.text(i, at, f"{share:.2f}", ha="center", va="bottom", fontsize=8, color="white")
        if row["draws"] > 1:
            each = [100.0 * one for one in row["accuracies"]]
            ax.plot([i] * len(each), each, ".", color="black", markersize=4)
    for i in range(len(rows) - 1):
        ax.plot([i + 0.3, i + 0.7], [shares[i], shares[i]], color="grey", linewidth=0.7)
    names = [label(row) for row in rows]
    ax.set_xticks(range(len(rows)), names, rotation=20, ha="right")
    ax.set(
        ylabel="accuracy on test images [%]",
        ylim=(floor, max(*shares, 100.0 * max(row["most"] for row in rows)) + 0.08 * (100 - floor)),
        title=f"{report['network']} on {report['architecture']}, {report['device']}",
    )
    ax.grid(axis="y", alpha=0.3)
    return png(figure)
