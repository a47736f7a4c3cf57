"""A trained network written to an inference chip once, in blocks: accuracy, time and energy.

Its layers are written from the low end of the range. The bill of a write is that of the shipped
chip; accuracy is measured on cells that were pulsed so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import neurorebit as nr
from validation.blocks.points import SEED, Design, blocks

DRAWS = 2  # chips that are written, of seeds from SEED on
IMAGES = 359  # that each is tested on
QUIET = 0.0037  # of the range, noise of a pulse: a tenth of the shipped device's
SECTION = "architecture.inference_arrays.blocks"


def written(drivers: str) -> tuple[Design, ...]:
    """Designs with so many drivers."""
    made = (
        Design("single cells", {"drivers": drivers}),
        blocks(2, 1, until="first", drivers=drivers),
        blocks(2, 1, until="mean", drivers=drivers),
        blocks(4, 1, until="first", drivers=drivers),
        blocks(4, 1, until="mean", drivers=drivers),
        blocks(8, 1, until="mean", drivers=drivers),
        blocks(4, 4, until="mean", drivers=drivers),
        blocks(4, 1, until="mean", fine="false", drivers=drivers),
        blocks(4, 4, until="mean", fine="false", drivers=drivers),
    )
    return tuple(Design(one.called.replace(f", drivers {drivers}", ""), one.keys) for one in made)


@dataclass(frozen=True)
class Row:
    """A way of writing: time [s] and energy [J] of writing the network once, accuracy [share] and
    its standard deviation over the chips. ``device``: shipped, or quiet.
    """

    design: str
    device: str
    write: str
    one_s: float
    one_J: float
    all_s: float
    all_J: float
    accuracy: float
    spread: float


def trained() -> Any:
    """The MLP on the digits in software, with the levels of the chip, and its training."""
    network = nr.network("mlp")
    done = nr.train(
        network, "rebit", scheme="quantized", data="digits", epochs=5, seed=SEED, threads=1,
        progress=False,
    )  # fmt: skip
    return network, done


def rows() -> Iterator[Row]:
    """All designs: by write-verify on the shipped device, blindly on a quiet one.

    With one driver an array has the trains of its blocks one after the other, with 128 those of a
    group of rows at once; the cells are the same.
    """
    network, done = trained()
    single, all_at_once = (written(drivers) for drivers in ("1", "128"))
    for device, write, noise in (
        ("shipped", "verify", {}), ("quiet", "pulses", {"device.pulses.c2c": QUIET}),
    ):  # fmt: skip
        net = network.set({"training.write": write, "training.test_images": IMAGES})
        for one, every in zip(single, all_at_once, strict=True):
            if write == "verify" and one.keys.get("fine") == "false":
                continue  # there is nothing to verify
            chips = [
                nr.chip("inference_reram").set(
                    {**{f"{SECTION}.{key}": text for key, text in design.keys.items()}, **noise}
                )
                for design in (one, every)
            ]
            phases = [nr.estimate(net, chip).phases for chip in chips]
            found = nr.evaluate(
                net, chips[1], weights_from=done.weights, draws=DRAWS, calibration=128,
                data="digits", conversion="fast", seed=SEED, threads=1, progress=False,
            ).frame.iloc[-1]  # fmt: skip
            alone, together = (
                tuple(float(one[key].to_dict()["programming"]) for key in ("latency_s", "energy_J"))
                for one in phases
            )
            accuracy, spread = float(found["accuracy"]), float(found["spread"])
            yield Row(
                one.called, device, write, alone[0], alone[1], together[0], together[1], accuracy,
                spread,
            )  # fmt: skip
