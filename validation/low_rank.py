"""Write docs/validation/low_rank.md and print it: ``python -m validation.low_rank``.

Short trainings of the MLP on the digits by the scheme ``low_rank``, for some ranks and flushes,
beside ``mixed_precision`` and ``reram``: accuracy, pulses and writes, memory, and what an update
and the programming of a step take.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import neurorebit as nr
from neurorebit.schema.units import show

PAGE = Path(__file__).parents[1] / "docs" / "validation" / "low_rank.md"
SEED, EPOCHS = 1, 3
DESIGNS: tuple[tuple[str, dict[str, float]], ...] = (
    ("reram", {"momentum": 0.9, "learning_rate": 0.05}),
    ("mixed_precision", {"momentum": 0.9, "learning_rate": 0.05}),
    ("mixed_precision", {"momentum": 0.0, "learning_rate": 0.5}),
    *(
        ("low_rank", {"rank": rank, "flush": flush, "density": density, "learning_rate": 0.5})
        for rank, flush, density in (
            (1, 1, 0.01), (2, 1, 0.01), (4, 1, 0.01), (4, 1, 0.05), (4, 2, 0.01), (4, 4, 0.01),
            (8, 2, 0.01), (16, 1, 0.01), (16, 4, 0.01),
        )
    ),
)  # fmt: skip
HEAD = f"""# Low-rank writes

`python -m validation.low_rank` trains the MLP on the digits, all images in {EPOCHS} epochs, seed
{SEED}, on `reram`, and writes this page (some two minutes of one core). `low_rank` has no momentum;
its rate is that of `mixed_precision` without one. Pulses and writes are of a weight in an epoch,
memory in bits of a weight; update and programming are those of a step.

A. Gural, P. Nadeau, M. Tikekar, B. Murmann (arXiv:2009.03887) keep the sum of a layer's changes as
two thin matrices and write cells when enough of them change, which asks for little memory and few
writes; the abstract was read and the paper itself could not be opened. They follow the outer
products of single samples. Here a batch is added at once by a block power iteration, as in the
streaming batch eigenupdates of B. Hoskins et al. (Front. Neurosci. 13:793, 2019), from the gradient
that the chip's gradient unit has in its store: see
[low-rank writes](../models/schemes.md#low-rank-writes).

| scheme | keys | test accuracy | pulses | writes | memory | update | programming |
|---|---|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Point:
    """A training: accuracy [share], pulses and writes of a weight in an epoch, memory [bit]."""

    scheme: str
    keys: str
    accuracy: float
    pulses: float
    writes: float
    memory: float
    update: tuple[float, float]
    sync: tuple[float, float]


def point(scheme: str, keys: dict[str, float]) -> Point:
    """Train by a scheme with these keys."""
    network = nr.network("mlp").set({f"training.{key}": value for key, value in keys.items()})
    done = nr.train(
        network, nr.chip("reram"), scheme=scheme, data="digits", epochs=EPOCHS, seed=SEED,
        threads=1, progress=False,
    )  # fmt: skip
    assert done.accuracy is not None  # of a training that came to its end
    demands = done.document["training"]["demands"]
    table = done.estimate.phases
    times, energies = table["latency_s"].to_dict(), table["energy_J"].to_dict()
    return Point(
        scheme,
        ", ".join(f"`{key}={value:g}`" for key, value in keys.items()),
        done.accuracy,
        demands["pulses_per_weight_and_epoch"],
        demands["writes_per_cell_and_epoch"],
        demands["memory_bits_per_weight"],
        (float(times["update"]), float(energies["update"])),
        (float(times["sync"]), float(energies["sync"])),
    )


def lines() -> Iterator[str]:
    """The lines of the page."""
    yield HEAD
    for scheme, keys in DESIGNS:
        one = point(scheme, keys)
        costs = (
            f"{show(time, 's', 3)}, {show(joule, 'J', 3)}" for time, joule in (one.update, one.sync)
        )
        yield (
            f"| `{scheme}` | {one.keys} | {one.accuracy:.1%} | {one.pulses:.3g} | "
            f"{one.writes:.3g} | {one.memory:.3g} | {' | '.join(costs)} |"
        )
    yield CONCLUSION.rstrip()


CONCLUSION = """
- From rank 4 on accuracy is that of a residue for each weight, with a fortieth of its memory.
- Fewer flushes write cells less often, with more pulses each; a flush of four steps asks for a
  higher rank, and comes late for a rate that is made for every step.
- Pulses are not fewer than with residues and a velocity, which averages gradients. What is saved
  is memory and writes; products with the factors take four to eighteen times the energy and time
  of an update.
"""


def main() -> None:
    """Write the page."""
    text = "\n".join(lines()).rstrip() + "\n"
    PAGE.write_text(text)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
