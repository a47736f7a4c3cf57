"""Results of a transposed convolution, added up where they meet, and the errors that come back."""

from __future__ import annotations

from collections.abc import Callable

from neurorebit.kernels import windows
from neurorebit.layers.network import Node
from neurorebit.layers.window import Window
from neurorebit.training.parts.product import as_kernels_take_it
from neurorebit.training.parts.workers import Array, Workers, spans

CHUNK = 1 << 17  # numbers of one job


def add_up(results: Array, out: Array, node: Node, workers: Workers) -> None:
    """``out`` [B, H, W, N] = the sums of ``results`` [B, h, w, groups * taps * N / groups]."""

    def job(some: slice) -> None:
        out[some] = 0
        for columns, lines, window in _groups(results[some], node):
            windows.scatter(columns, out[some], lines, 0, window)

    _by_image(job, results, workers)


def fetch(dy: Array, errors: Array, node: Node, workers: Workers) -> None:
    """``errors`` [B, h, w, groups * taps * N / groups] = those of ``dy`` that each result has."""

    def job(some: slice) -> None:
        for columns, lines, window in _groups(errors[some], node):
            windows.gather(dy[some], columns, lines, 0, window)

    _by_image(job, errors, workers)


def _by_image(job: Callable[[slice], None], results: Array, workers: Workers) -> None:
    parts = spans(len(results), max(1, CHUNK // results[0].size))
    workers.run(lambda i: job(slice(*parts[i])), len(parts))


def _groups(results: Array, node: Node) -> list[tuple[Array, windows.Lines, windows.Window]]:
    """Of each group its results [positions, columns], where they lie, and their window."""
    images, height, width, depth = results.shape
    spread, groups = node.layer.spread(node.shape_in), node.groups
    assert isinstance(spread, Window)
    cols, channels = depth // groups, node.shape_out.channels // groups
    flat = results.reshape(-1, depth)
    lines = windows.Lines(0, images * height, height, width, 0, height, 0, width)
    return [
        (
            flat[:, group * cols : (group + 1) * cols],
            lines,
            as_kernels_take_it(spread, group * channels, channels),
        )
        for group in range(groups)
    ]
