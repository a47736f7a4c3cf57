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


FOUND = """
## What it shows

- The pulses of a step are rare and of both signs. Of four cells hardly any four ask in one
  direction: trains that end with the `first` cell reach few blocks, and everything is left to
  single cells, so that neither time nor accuracy changes. Blocks of many cells need changes that
  are alike, which a first writing has and a step of training has not.
- A block's `mean` without fine pulses is a step of all its cells. The larger the block, the shorter
  programming takes and the less is learned: two rows at once take half of the time of row by row,
  four a fifth, at a loss of accuracy that grows with the network.
- Inhibition keeps the accuracy of single cells and takes longer than row by row: columns that ask
  in other rows of a group get their trains in turn.
- Where the residue stays in digital memory (`mixed_precision`), what a block sent too much is asked
  back, by blocks that disturb again: more pulses, and less accuracy than without such a memory.
- With as many drivers as columns a row is open for its slowest cell, and blocks lengthen a first
  writing, unless nothing follows them. With one driver the trains of an array follow each other:
  blind blocks of four cells that end at the mean, with fine pulses, take 45 % less time and 64 %
  less energy than single cells, blocks of eight 55 % and 75 %. Most of that energy is what each
  pulse takes to inhibit the other columns. The paper's 46 to 49 % and 63 to 64 % are against
  another baseline, so that only their order can be compared.
- Blind trains ask for quiet pulses. On the shipped device a pulse's noise is several of its steps;
  write-verify after the blocks makes it good, and takes back half of the time that they save.
"""
MARKS = "ov^<>sPXD*"  # of the designs


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
    yield FOUND.strip()


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
    from matplotlib.lines import Line2D
    from matplotlib.ticker import NullFormatter

    panels = list(dict.fromkeys((one.network, one.data) for one in points))
    designs = list(dict.fromkeys(one.design for one in points))
    marks = dict(zip(designs, MARKS, strict=False))
    colours = {"reram": "tab:blue", "mixed_precision": "tab:orange", "hybrid": "tab:green"}
    figure, axes = pyplot.subplots(1, len(panels), figsize=(4.6 * len(panels), 5.0), squeeze=False)
    for axis, key in zip(axes[0], panels, strict=True):
        for one in points:
            if (one.network, one.data) == key:
                mark, colour = marks[one.design], colours[one.scheme]
                axis.plot(one.sync_s * 1e6, 100.0 * one.accuracy, mark, color=colour, alpha=0.8)
        axis.set(xscale="log", xlabel="programming of a step [us]", title=f"{key[0]}, {key[1]}")
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.set_xlim(0.3, 400.0)
        axis.grid(alpha=0.3)
    axes[0][0].set_ylabel("test accuracy [%]")
    lines = [Line2D([], [], ls="", marker=mark, color="k", label=n) for n, mark in marks.items()]
    lines += [Line2D([], [], ls="", marker="o", color=c, label=n) for n, c in colours.items()]
    figure.legend(handles=lines, loc="lower center", ncols=5, fontsize=8)
    figure.tight_layout(rect=(0.0, 0.16, 1.0, 1.0))
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
