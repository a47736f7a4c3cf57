"""The page of programming in blocks, and its picture, from the tables of what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from neurorebit.schema.units import show
from validation.blocks.deployed import DRAWS, IMAGES, QUIET, Row
from validation.blocks.points import SEED, Point

NAME, PICTURE = "block_programming.md", "block_programming.png"
HEAD = f"""# Programming in blocks

`python -m validation.blocks --train --mnist DIR --cifar10` makes the trainings (seed {SEED}, one
thread) and this page; without options it writes page and picture from the CSV files beside it.

W.-L. Chen, F.-Y. Gu, I.-C. Lin, G. L. Zhang, B. Li, U. Schlichtmann, "A Novel and Efficient
Block-Based Programming for ReRAM-Based Neuromorphic Computing" (ICCAD 2023,
doi:10.1109/ICCAD57390.2023.10323793) program the cells of several rows and columns of an inference
chip together, by transistors in word- and bitlines: an approximation phase in blocks, a fine-tuning
phase, an algorithm that chooses the lines, and a retraining that knows of it. They report 46 to
49 % fewer programming cycles and 63 to 64 % less energy than a scheme of two phases for several
rows. Only the abstract could be read: how large blocks are, when a block's pulses end, and what
the algorithm chooses is not public. So these are [keys](../models/programming.md#blocks) here, and
the tables say what each choice does. There is neither a choice of lines nor a retraining.

A design is called by the rows and columns of its blocks; *no fine*: single cells get nothing after
their blocks. Cells are pulsed with the spread of `taox_hfox`; times and energies are those of
`32nm_lstp`, with what training counted of trains, openings and pulses. One cell at a time has one
driver in an array, all others 128.
"""


def write(folder: Path, points: Sequence[Point], rows: Sequence[Row]) -> None:
    """Write page and picture."""
    if points:
        picture(folder / PICTURE, points)
    (folder / NAME).write_text("\n".join(lines(points, rows)).rstrip() + "\n")


def lines(points: Sequence[Point], rows: Sequence[Row]) -> Iterator[str]:
    """The lines of the page."""
    yield HEAD
    if points:
        yield from _training(points)
    if rows:
        yield from _written(rows)


def _training(points: Sequence[Point]) -> Iterator[str]:
    yield f"![Accuracy over the time that a step's programming takes]({PICTURE})\n"
    for key in dict.fromkeys((one.network, one.data, one.scheme) for one in points):
        of = [one for one in points if (one.network, one.data, one.scheme) == key]
        network, data, scheme = key
        first = of[0]
        width = "" if first.width == 1.0 else f" of {first.width:g} of its width"
        yield f"## {network} by {scheme} on {data}\n"
        yield (
            f"{network}{width}, {first.images:,} images in {first.epochs} epochs, "
            f"`write={first.write}`; programming is that of a step, in all arrays at once; pulses "
            "and writes are of a weight in an epoch, blocks those that a step reached.\n"
        )
        yield "| design | test accuracy | programming | pulses | writes | blocks | wall time |"
        yield "|---|---|---|---|---|---|---|"
        for one in of:
            cost = f"{show(one.sync_s, 's')}, {show(one.sync_J, 'J')}"
            yield (
                f"| {one.design} | {one.accuracy:.1%} | {cost} | {one.pulses:.3g} | "
                f"{one.writes:.3g} | {one.blocks:.2%} | {one.wall_s:.0f} s |"
            )
        yield ""


def _written(rows: Sequence[Row]) -> Iterator[str]:
    yield "## A trained network written once\n"
    yield (
        f"The MLP on the digits, trained in software and written to `inference_reram`: {DRAWS} "
        f"chips of seeds from {SEED} on, {IMAGES} test images. On the shipped device by "
        "write-verify after the blocks; blindly on a quiet one, of which a pulse has a noise of "
        f"{QUIET:.2%} of the range. Times and energies are those of all arrays.\n"
    )
    yield "| design | device, write | one driver | 128 drivers | test accuracy |"
    yield "|---|---|---|---|---|"
    for one in rows:
        alone = f"{show(one.one_s, 's')}, {show(one.one_J, 'J')}"
        every = f"{show(one.all_s, 's')}, {show(one.all_J, 'J')}"
        yield (
            f"| {one.design} | {one.device}, {one.write} | {alone} | {every} | "
            f"{one.accuracy:.1%} +- {one.spread:.1%} |"
        )
    yield ""


def picture(path: Path, points: Sequence[Point]) -> None:
    """Accuracy over the time of a step's programming, a panel for each network."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    panels = list(dict.fromkeys((one.network, one.data) for one in points))
    figure, axes = pyplot.subplots(1, len(panels), figsize=(5.0 * len(panels), 4.0), squeeze=False)
    for axis, key in zip(axes[0], panels, strict=True):
        of = [one for one in points if (one.network, one.data) == key]
        for scheme in dict.fromkeys(one.scheme for one in of):
            here = [one for one in of if one.scheme == scheme]
            times = [one.sync_s * 1e6 for one in here]
            shares = [100.0 * one.accuracy for one in here]
            axis.plot(times, shares, "o", label=scheme)
            if scheme == "reram":
                for one, x, y in zip(here, times, shares, strict=True):
                    axis.annotate(one.design, (x, y), fontsize=5, rotation=20)
        axis.set(xscale="log", xlabel="programming of a step [us]", title=f"{key[0]}, {key[1]}")
        axis.legend(fontsize=7)
    axes[0][0].set_ylabel("test accuracy [%]")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
