"""From phases to the estimate: rows of layers and of the chip, DRAM energy, leakage, sums."""

import numpy as np
import pytest
from whole_chip import BATCH, COUNT, LAYERS, PLANS, near, number, whole

CHIPS = [
    ("hybrid", {}),
    ("hybrid", {"dpim__build": "word_parallel"}),
    ("reram", {}),
    ("reram", {"scheme": "tiki_taka"}),
    ("sram", {"arrays__read": "parallel"}),
]
each_chip = pytest.mark.parametrize(("kind", "sets"), CHIPS)
PER = {
    "forward": "image", "backward": "image", "gradient": "image", "update": "iteration",
    "sync": "iteration",
}  # fmt: skip


def with_chip(amount, chip=0.0):
    """Of all layers, and in the last row what belongs to none."""
    return [*np.broadcast_to(np.asarray(amount, float), (COUNT,)), chip]


@each_chip
def test_rows(kind, sets):
    found, plan = whole(kind, **sets).estimate, PLANS[kind]
    assert found.rows == (*(layer.name for layer in LAYERS), "chip")
    assert found.kinds == ("conv",) * 5 + ("linear",) * 2 + ("chip",)
    assert found.macs == (*(layer.macs for layer in LAYERS), 0)
    assert (found.batch, found.images, found.activity_source) == (BATCH, 100, "made up")
    held = [layer.weights * plan.cells for layer in LAYERS]
    cells = [
        n * (9 * 64**2 if split else 128**2)
        for n, split in zip(plan.tiles, plan.split, strict=True)
    ]
    assert found.utilization[:-1] == near(tuple(a / b for a, b in zip(held, cells, strict=True)))
    assert np.isnan(found.utilization[-1])
    assert found.chip_utilization == near(sum(held) / sum(cells))


@each_chip
def test_footprint(kind, sets):
    made = whole(kind, **sets)
    for found, due in (
        (made.estimate.area, made.chip.footprint.area),
        (made.estimate.leakage, made.chip.footprint.leakage),
    ):
        assert {f"chip/{part}": n for part, n in found.items.items()} == near(
            {part: number(n) for part, n in due.items.items()}
        )


@each_chip
@pytest.mark.parametrize("name", PER)
def test_a_phase(kind, sets, name):
    made = whole(kind, **sets)
    phase, found = made.phases[name], made.estimate.phases[name]
    assert found.per == PER[name]
    assert found.ops == near(number(made.ops[name]))
    # time that all layers take together is the chip's
    together = float(np.max(phase.common_time))
    assert (together > 0.0) == (name == "sync" or (name, kind) == ("update", "hybrid"))
    latency = with_chip(phase.time, together)
    assert found.latency == near(latency)
    assert found.total_latency == near(sum(latency))
    joules = with_chip(np.asarray(phase.dram_bits) * 3e-12)
    assert found.dram_energy == near(joules)
    # every part leaks all the time, whatever works
    watts = {part: float(n) for part, n in made.estimate.leakage.items.items()}
    due = {part: with_chip(n) for part, n in phase.energy.items.items()}
    due |= {f"leakage/{part}": [n * t for t in latency] for part, n in watts.items()}
    assert set(found.energy.items) == set(due)
    for part, amount in due.items():
        assert found.energy.items[part] == near(amount), part
        assert found.energy_by_part[part] == near(sum(amount)), part
    leaked = sum(watts.values()) * sum(latency)
    assert found.leakage_energy == near(leaked)
    dynamic = sum(sum(with_chip(n)) for n in phase.energy.items.values())
    assert found.total_energy == near(dynamic + leaked)
    macros = sum(sum(with_chip(n)) for n in phase.macro.items.values())
    assert found.macro_energy == near(macros)


@pytest.mark.parametrize("kind", ["hybrid", "reram"])
def test_an_estimate_knows_the_momentum(kind):
    """Velocities of 32 bits come and go where the chip learns in place, in the macros otherwise."""
    bits = [
        np.sum(made.estimate.phases["update"].dram_energy) / 3e-12
        for made in (whole(kind), whole(kind, momentum=0.0))
    ]
    weights = sum(layer.weights for layer in LAYERS)
    assert bits == [near(2 * 32 * weights if kind == "reram" else 0.0), 0.0]
