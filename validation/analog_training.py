"""Training on cells that are not ideal: ``python -m validation.analog_training [TABLE ...]``.

One array of 20 x 20 weights is to become a given matrix, by the squared error of its outputs on
random inputs: what is left is the error of programming by learning. Cells are those of a device
file with other numbers of pulses, other noise of a pulse, or other errors of reference cells. Then
handwritten digits, whether a first epoch depends on how many follow. Prints tables.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from neurorebit.data import digits
from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.network import read_network
from neurorebit.layers.network import Network
from neurorebit.schema import Document, paths
from neurorebit.schema.device import Device, read_device
from neurorebit.schema.training import Augment
from neurorebit.schemes.residual.keys import Residual
from neurorebit.schemes.table import SCHEMES
from neurorebit.training.model import Model
from neurorebit.training.parts.workers import Workers
from neurorebit.training.trainer import train

SIZE, BATCH, STEPS, LAST = 20, 10, 1500, 150
RATE, SLOWER = 0.1, 5.0  # of which the last 30 % of the steps take a fifth
DEVICE = "taox_tio2"  # curves that bow by labels of 1.85 and -1.79, so that cells forget
SEEDS = (1, 2)
ALL = ("reram", "tiki_taka", "tiki_taka_chopped", "agad")
ONE = """
source: one layer
name: one
input: {channels: 20, height: 1, width: 1}
classes: 20
layers: [{kind: flatten}, {kind: linear, features: 20}]
"""
DIGITS = """
source: digits
name: small
input: {channels: 1, height: 8, width: 8}
classes: 10
layers: [{kind: flatten}, {kind: linear, features: 24}, {kind: relu}, {kind: linear, features: 10}]
"""


def network(text: str, **training: Any) -> Network:
    """A network of a text, trained so."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "network.yaml")
        file.write_text(text, encoding="utf-8")
        read = read_network(Document(file))
    return replace(read, training=replace(read.training, **training))


def device(
    pulses: int | None = None, noise: float | None = None, *, reference: float | None = None
) -> Device:
    """The device with so many pulses each way, that noise of a pulse, that error of references."""
    read = read_device(Document(paths.shipped("device", DEVICE)))
    data = read.response
    pulses = data.levels_ltp if pulses is None else pulses
    c2c = data.c2c if noise is None else noise
    data = replace(data, levels_ltp=pulses, levels_ltd=pulses, c2c=c2c)
    return replace(read, pulses=data, variation=replace(read.variation, reference=reference))


def chip(scheme: str) -> Any:
    """The shipped chip that learns in place, by that scheme."""
    spec = read_architecture(Document(paths.shipped("architecture", "reram")))
    return replace(spec, scheme=scheme)


def left(scheme: str, cells: Device, seed: int, rate: float = RATE, **training: Any) -> float:
    """Root mean square of what the weights miss the matrix by, over half the range of a cell.

    Matrix entries lie evenly between -0.5 and 0.5 of it: to learn nothing leaves 0.29. An input is
    zero with a chance of 70 %, or anything from 0 to 1. Converters are ideal.
    """
    keys = {"momentum": 0.0, "weight_decay": 0.0, "batch": BATCH, "adc": "ideal", **training}
    one = network(ONE, level_range=(SIZE / 2.0) ** 0.5, **keys)  # the range is -1 to 1
    rng, missed = np.random.default_rng(seed), []
    meant = rng.uniform(-0.5, 0.5, (SIZE, SIZE))
    with Workers(1) as workers:
        model = Model(one, chip(scheme), cells, scheme=SCHEMES[scheme], seed=seed, workers=workers)
        (layer,) = model.matrices
        for step in range(STEPS):
            drawn = rng.integers(0, 256, (BATCH, SIZE)) * (rng.random((BATCH, SIZE)) < 0.3)
            x = drawn.astype(np.uint8).reshape(BATCH, 1, 1, SIZE)
            out = layer.forward((x,), learning=True).reshape(BATCH, SIZE)
            error = (out - drawn / 255.0 @ meant) / BATCH
            now = rate if step < 0.7 * STEPS else rate / SLOWER
            layer.backward(error.astype(out.dtype).reshape(BATCH, 1, 1, SIZE), now)
            if step >= STEPS - LAST:
                off = layer.weights.views["analog"][0] - meant
                missed.append(float(np.mean(off**2)))
    found: float = float(np.mean(missed)) ** 0.5
    return found


def row(name: str, schemes: Sequence[str], cells: Device, rate: float = RATE) -> str:
    """A line of a table: the mean over the seeds for each scheme."""
    found = [np.mean([left(one, cells, seed, rate) for seed in SEEDS]) for one in schemes]
    sys.stderr.write(f"{name}: {', '.join(f'{value:.3f}' for value in found)}\n")
    return f"| {name} | {' | '.join(f'{value:.3f}' for value in found)} |"


def head(name: str, columns: Sequence[str]) -> list[str]:
    """The first lines of a table."""
    return [
        f"| {name} | {' | '.join(f'`{one}`' for one in columns)} |",
        "|---" * (len(columns) + 1) + "|",
    ]


def states() -> Iterator[str]:
    """Fewer and fewer pulses from end to end; references without error."""
    yield from head("pulses from end to end", ALL)
    for pulses in (400, 102, 30, 12):
        yield row(str(pulses), ALL, device(pulses, reference=0.0))


def noise() -> Iterator[str]:
    """A pulse with a hundred times the noise; references without error."""
    yield from head("noise of a pulse [% of the range]", ALL)
    for c2c in (0.001, 0.01, 0.03, 0.1):
        yield row(f"{100.0 * c2c:g}", ALL, device(noise=c2c, reference=0.0))


def slower() -> Iterator[str]:
    """A fifth of the rate, where the rate of the other tables is too fast for Tiki-Taka."""
    yield from head("cells", ALL)
    for name, cells in (
        ("400 pulses", device(400, reference=0.0)),
        ("noise of 3 %", device(noise=0.03, reference=0.0)),
    ):
        yield row(name, ALL, cells, RATE / SLOWER)


def references() -> Iterator[str]:
    """Reference cells that are written with an error."""
    schemes = ALL[1:]
    yield from head("error of references [% of the conductance]", schemes)
    for error in (0.0, 0.02, 0.05, 0.1, 0.2):
        yield row(f"{100.0 * error:g}", schemes, device(reference=error))


def arrays() -> Iterator[str]:
    """A weight of several arrays of cells with 12 pulses on straight curves, alike and not."""
    yield from (
        "| spread between cells | `reram` | 2 arrays | 3 arrays | 4 arrays |",
        "|---" * 5 + "|",
    )
    for spread in (0.0, 0.1):
        cells = device(12)
        data = replace(cells.response, nonlinearity_ltp=0.0, nonlinearity_ltd=0.0)
        cells = replace(cells, pulses=data, variation=replace(cells.variation, d2d=spread))
        found = [np.mean([left("reram", cells, seed) for seed in SEEDS])]
        for count in (2, 3, 4):
            own = Residual(arrays=count, rows=SIZE)
            found.append(np.mean([left("residual", cells, seed, residual=own) for seed in SEEDS]))
        yield f"| {100.0 * spread:g} % | {' | '.join(f'{value:.4f}' for value in found)} |"


def first_epochs() -> Iterator[str]:
    """The loss of the first epoch of one and of three, at a constant rate."""
    yield from ("| scheme | first of one epoch | first of three epochs |", "|---|---|---|")
    for scheme in ALL:
        losses = []
        for epochs in (1, 3):
            keys = {"augment": Augment(pad=0, flip=False), "schedule": "constant"}
            small = network(DIGITS, epochs=epochs, batch=32, images=320, **keys)
            data = digits.load(None, small.input)
            made = train(
                small, chip(scheme), device(), data, scheme=SCHEMES[scheme], seed=1, threads=1
            )
            losses.append(made.epochs[0].loss)
        yield f"| `{scheme}` | {losses[0]:.6f} | {losses[1]:.6f} |"


TABLES = {
    table.__name__: table for table in (states, noise, slower, references, arrays, first_epochs)
}


def main(names: Sequence[str]) -> int:
    """Print the tables of these names, all unless given."""
    for name in names or TABLES:
        sys.stdout.write("\n".join([*TABLES[name](), "", ""]))
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
