"""Write docs/validation/adc_bits.md: what bits of the converters cost, and what they bring.

For 3 to 8 bits of the forward converters of a chip: energy and time of a conversion with its front
end, inference of VGG11 as an estimate, and the accuracy of a short training of a small network.
``python -m validation.converters.trade`` takes some minutes; ``--estimate`` leaves trainings out.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import neurorebit as nr
from neurorebit.circuits.converters.bank import Converters
from validation.converters.__main__ import PAGES
from validation.converters.survey import technology

BITS = range(3, 9)
CHIP, NODE, KEY = "rebit", "32nm_lstp", "architecture.apim.adc_bits"
COST, TRAINED, DATA, EPOCHS = "vgg11", "mlp", "digits", 3


EXPLAINED = (
    "An image takes less time at 6 bits than at 5, and that is no slip: what a tile's output",
    "buffer holds for both passes, 2 x 32 partial sums, grows from 1024 to 1088 bits, and so from",
    "one core of 32 words of 32 bits to two. At 4 and 5 bits the one core's port is what conv1 and",
    "conv2 wait for (stream `tiles`, 29.7 us each of VGG11's 105), from 6 bits on their arrays are",
    "(21.5 us). With cores half as large (`transport.tile_buffer_lines: 16`) a chip of 5 bits",
    "takes 75 us and 19.1 uJ an image.",
)


def row(bits: int, trains: bool) -> str:
    """A line of the table."""
    chip: Any = nr.chip(CHIP).set(KEY, bits)
    bank = Converters(technology(NODE), float(bits), 1.0)
    one, phase = bank.convert(), nr.estimate(COST, chip).phases.loc["inference"]
    cells = [
        f"{bits}",
        f"{float(one.energy.total) * 1e12:.2f} pJ, {float(one.latency.total) * 1e9:.1f} ns",
        f"{phase['energy_J'] * 1e6:.1f} uJ",
        f"{phase['latency_s'] * 1e6:.0f} us",
        f"{phase['tops_per_W']:.1f}",
    ]
    if trains:
        done = nr.train(TRAINED, chip, scheme="hybrid", data=DATA, epochs=EPOCHS)
        cells.append(f"{float(done.epochs['test_accuracy'].iloc[-1]):.1%}")
    return "| " + " | ".join(cells) + " |"


def page(trains: bool = True) -> str:
    """The page as Markdown."""
    heads = ["bits", "a conversion", "energy an image", "time an image", "TOPS/W"]
    heads += [f"accuracy of {TRAINED}"] if trains else []
    lines = [
        "# Bits of the forward converters: energy and accuracy",
        "",
        f"Chip `{CHIP}`, {NODE}: a conversion with its front end; inference of {COST} (an "
        f"estimate); the test accuracy of `{TRAINED}` after {EPOCHS} epochs of `{DATA}`, scheme "
        "hybrid.",
        "",
        "| " + " | ".join(heads) + " |",
        "|---" * len(heads) + "|",
        *(row(bits, trains) for bits in BITS),
        "",
        *EXPLAINED,
        "",
        "Written by `python -m validation.converters.trade`.",
        "",
    ]
    return "\n".join(lines)


def main(words: list[str] | None = None) -> int:
    """Write the page, or with ``--estimate`` print its table without accuracies."""
    parser = argparse.ArgumentParser(prog="python -m validation.converters.trade")
    parser.add_argument("--estimate", action="store_true", help="train nothing, write no page")
    text = page(trains := not parser.parse_args(words).estimate)
    if trains:
        (PAGES / "adc_bits.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
