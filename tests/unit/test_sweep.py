"""A sweep equals its points, keeps its holes, and says why."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from common import near
from hypothesis import given
from hypothesis import strategies as st

from neurorebit.estimation.estimate import estimate
from neurorebit.inputs.files import read_inputs
from neurorebit.schema import InfeasibleError, InputError, Setting
from neurorebit.schemes.assumed import assumed
from neurorebit.studies import axes, grid
from neurorebit.studies.grid import boxes
from neurorebit.studies.outcomes import OUTCOMES
from neurorebit.studies.sweep import sweep

TOLERANCE = 1e-12


def single(network, settings, **files):
    """The outcomes of one design, from the estimate of a run."""
    found = read_inputs(
        network, settings=[Setting(key, text) for key, text in settings.items()], **files
    )
    spec = found.architecture
    design = estimate(
        found.network,
        spec,
        found.technology,
        found.device,
        activity=assumed(found.network, spec, found.device),
        batch=min(found.network.training.batch, found.images),
        images=found.images,
    )
    outcomes = {"area [m2]": design.area.total, "leakage [W]": design.leakage.total}
    energy = dram = latency = 0.0
    for name, phase in design.phases.items():
        if phase.per == "network":
            outcomes |= {
                f"{name} energy [J]": phase.total_energy,
                f"{name} DRAM energy [J]": float(np.sum(phase.dram_energy)),
                f"{name} latency [s]": phase.total_latency,
            }
            continue
        share = 1.0 if phase.per == "image" else 1.0 / design.batch
        off_chip, joules, seconds = (
            float(np.sum(phase.dram_energy)),
            phase.total_energy,
            phase.total_latency,
        )
        if name != "inference":
            energy, dram = energy + share * joules, dram + share * off_chip
            latency += share * seconds
        outcomes |= {
            f"{name} energy [J/image]": share * joules,
            f"{name} DRAM energy [J/image]": share * off_chip,
            f"{name} latency [s/image]": share * seconds,
            f"{name} TOPS": phase.ops / seconds / 1e12,
            f"{name} TOPS/W macro": phase.ops / phase.macro_energy / 1e12,
            f"{name} TOPS/W chip": phase.ops / joules / 1e12,
            f"{name} TOPS/W with DRAM": phase.ops / (joules + off_chip) / 1e12,
        }
    outcomes["training energy [J/image]"] = energy
    outcomes["training energy with DRAM [J/image]"] = energy + dram
    outcomes["training latency [s/image]"] = latency
    alone = outcomes["inference latency [s/image]"]
    for name, interval in (("training", latency), ("inference", alone)):
        outcomes |= {f"{name} interval [s/image]": interval, f"{name} images/s": 1.0 / interval}
    return outcomes


def check(table, row, expected):
    assert set(OUTCOMES) == set(expected)
    for name, value in expected.items():
        assert table[name][row] == near(value, rel=TOLERANCE), name


# --- a sweep equals its points


def numbers(tree, path):
    """Every number of a file that a sweep takes, by its key."""
    for field in dataclasses.fields(tree):
        value, key = getattr(tree, field.name), f"{path}.{field.name}"
        if dataclasses.is_dataclass(value):
            yield from numbers(value, key)
        elif isinstance(value, tuple):
            for i, inner in enumerate(value):
                yield from numbers(inner, f"{key}[{i}]")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield key, value


CHOICES = {
    "apim.rows": (64, 128, 256), "apim.cols": (64, 128, 256), "apim.cols_per_adc": (2, 4, 8),
    "dpim.rows": (64, 128, 256), "dpim.cols": (64, 128, 256), "technology.nominal_vdd": (0.8,),
    "technology.temperature": (310.0, 342.5, 390.0), "architecture.weight_bits": (2, 4),
    "sram.height": (11.0, 12.0, 13.0),
    "arrays.rows": (64, 128, 256), "arrays.cols": (64, 128, 256), "arrays.rows_per_adc": (2, 4, 8),
    "arrays.cols_per_adc": (8, 16), "gradient_unit.cols": (64, 128), "unit.cols_per_adc": (2, 4),
    "arrays.adc_bits": (4, 5, 6), "arrays.back_adc_bits": (4, 5, 6), "arrays.cell_bits": (4, 5, 7),
    "dpim.accumulator_bits": (36, 40, 48), "dpim.macros_per_pe": (9, 12, 20),
}  # fmt: skip


def drawn(key, value, count, rng):
    """Values around one, as texts: what suits most keys, and what the others need."""
    for ending, choices in CHOICES.items():
        if key.endswith(ending):
            found = rng.choice(choices, count)
            break
    else:
        found = value * rng.uniform(0.95, 1.05, count)
        found = np.minimum(found, 0.97) if 0.5 <= value <= 1.0 else found
        if isinstance(value, int):
            found = np.round(value * rng.uniform(0.7, 1.3, count)).astype(int)
            found = np.maximum(found, 2 if value < 32 else 32)
    column = axes.column(key, found, None)
    return [column.text(row) for row in range(count)]


CHIPS = [
    ("rebit", "dpim.build=bit_serial"),
    ("rebit", "dpim.build=word_parallel"),
    ("reram", "arrays.adc=sar"),
    ("reram", "arrays.adc=flash"),
    ("reram", "arrays.read=row_by_row"),
    ("reram", "arrays.cells=crosspoint"),
    ("sram", "arrays.read=parallel"),
    ("sram", "arrays.read=row_by_row"),
]


@pytest.mark.parametrize("technology", ["32nm", "14nm"])
@pytest.mark.parametrize(("architecture", "choice"), CHIPS)
def test_every_number_of_every_file_may_be_an_array(technology, architecture, choice):
    base = read_inputs("vgg11", architecture, technology)
    trees = {
        "technology": base.technology,
        "device": base.device,
        "architecture": base.architecture,
        "network.activity": base.network.activity,
    }
    found = {k: v for root, tree in trees.items() for k, v in numbers(tree, root)}
    rng = np.random.default_rng(0)
    designs = {key: drawn(key, value, 4, rng) for key, value in found.items()}
    designs["network.activity.input_density"] = ["0.1", "0.2", "0.3", "0.4"]
    designs["training.batch"] = ["100", "128", "7", "4000"]
    if (architecture, choice) == (
        "reram",
        "arrays.read=row_by_row",
    ):  # whose decoder opens one row at a time
        designs["architecture.arrays.blocks.rows"] = ["1"] * 4
    if architecture == "rebit":  # which must divide the macros of a PE
        designs["architecture.dpim.macros_per_lanes"] = ["1"] * 4
    else:
        designs["architecture.gradient_unit.store_bits"] = ["0", "auto", "100000", "auto"]
    key, _, word = f"architecture.{choice}".partition("=")
    files = {"architecture": architecture, "technology": technology}
    table = sweep("vgg11", designs=designs, settings=[f"{key}={word}"], **files)
    assert len(designs) > 140
    assert table["feasible"].all(), table["reason"]
    for row in (1, 3):
        settings = {key: texts[row] for key, texts in designs.items()} | {key: word}
        check(table, row, single("vgg11", settings, **files))


GRID = {
    "architecture.apim.rows": ["64", "128", "512"],
    "technology": ["32nm", "7nm_hp", "130nm"],
    "architecture.apim.cols": ["64", "256"],
    "architecture.apim.pe_side": ["auto", "512", "1024"],
    "architecture.dpim.build": ["bit_serial", "word_parallel"],
    "architecture.error_bits": ["4", "fp32", "16"],
    "architecture.apim.kernel_split": ["true", "false"],
    "technology.temperature": ["300 K", "350 K"],
    "architecture.apim.parallel_programming": ["all", "64"],
    "device": ["taox_hfox", "epiram"],
    "architecture.transport.tile_buffer": ["flip_flop", "sram"],
    "architecture.transport.global_buffer": ["flip_flop", "sram"],
}


@pytest.mark.parametrize("turn", range(4))
def test_a_grid_of_numbers_and_nouns_equals_its_points(turn):
    """Four keys for each network, in an order by chance, of which it shares one with the next."""
    network = ("vgg11", "resnet18", "mlp", "lenet5")[turn]
    rng = np.random.default_rng(turn)
    order = np.random.default_rng(1).permutation(list(GRID))
    keys = np.roll(order, -3 * turn)[:4]
    table = sweep(network, {key: GRID[key] for key in keys})
    points = list(itertools.product(*(GRID[key] for key in keys)))
    assert len(table["feasible"]) == len(points)
    for row in rng.choice(len(points), 6, replace=False):
        settings = dict(zip(keys, points[row], strict=True))
        files = {kind: settings.pop(kind) for kind in ("technology", "device") if kind in settings}
        try:
            expected = single(network, settings, **files)
        except (InputError, InfeasibleError):
            assert not table["feasible"][row]
            assert all(np.isnan(table[name][row]) for name in OUTCOMES)
        else:
            assert table["feasible"][row], table["reason"][row]
            check(table, row, expected)


def test_rows_are_in_order_the_last_axis_fastest():
    table = sweep(
        "mlp",
        {"technology": "22nm,32nm", "device.r_on": "100 kohm, 200 kohm"},
        designs={"architecture.apim.adc_bits": [4, 5], "architecture.apim.pe_side": ["auto", 256]},
    )
    assert table["architecture.apim.adc_bits"].tolist() == [4] * 4 + [5] * 4
    assert table["architecture.apim.pe_side"].tolist() == ["auto"] * 4 + ["256"] * 4
    assert table["technology"].tolist() == (["22nm"] * 2 + ["32nm"] * 2) * 2
    assert table["device.r_on [ohm]"].tolist() == [1e5, 2e5] * 4


@pytest.mark.parametrize("most", [1, 3, 7])
def test_boxes_do_not_show(monkeypatch, most):
    given = {"technology.vdd": "0.8V:1V:3", "architecture.apim.rows": "64,128"}
    given["device.r_on"] = "100 kohm, 200 kohm"
    whole = sweep("mlp", given)
    monkeypatch.setattr(grid, "AT_ONCE", most)
    told = []
    parts = sweep("mlp", given, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (12, 12)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    for name, values in whole.table.items():
        np.testing.assert_array_equal(parts[name], values)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 50))
def test_boxes_cover_a_grid_once(shape, most):
    seen = np.zeros(shape, int)
    for box in boxes(tuple(shape), most):
        seen[box] += 1
        assert math.prod(cut.stop - cut.start for cut in box) <= most
    assert np.all(seen == 1)


# --- holes


def test_a_design_that_cannot_exist_is_a_hole_with_its_part():
    table = sweep("mlp", {"device.r_on": "6 kohm, 100 kohm"})
    assert table["feasible"].tolist() == [False, True]
    with pytest.raises(InfeasibleError) as found:
        single("mlp", {"device.r_on": "6 kohm"})
    assert table["reason"][0].startswith("analog/pe/apim/array: ")
    assert str(found.value).startswith(table["reason"][0])
    assert all(np.isnan(table[name][0]) for name in OUTCOMES)
    check(table, 1, single("mlp", {"device.r_on": "100 kohm"}))


def test_numbers_that_do_not_fit_together_are_holes():
    given = {"architecture.apim.cols": "64,96", "architecture.apim.cols_per_adc": "8,32,64"}
    table = sweep("mlp", given)
    assert table["feasible"].tolist() == [True, True, True, True, True, False]
    message = (
        "architecture.apim.cols_per_adc: must divide apim.cols, 96, got 64; take a divisor of it"
    )
    assert table["reason"].tolist() == [""] * 5 + [message]


def test_nouns_that_do_not_fit_together_are_holes():
    given = {"architecture.dpim.build": "bit_serial,word_parallel"}
    given["architecture.error_bits"] = "fp32,8"
    table = sweep("mlp", given)
    assert table["feasible"].tolist() == [False, True, True, True]
    assert table["reason"][0].startswith("architecture.error_bits: floating-point errors cannot")


def test_a_supply_for_one_technology_only_is_a_hole_in_the_other():
    table = sweep("mlp", {"technology": "32nm,7nm_hp", "technology.vdd": "0.25V,1.2V"})
    assert table["feasible"].tolist() == [False, True, True, False]
    assert "must lie between 0.342 V and 1.35 V" in table["reason"][0]


@pytest.mark.parametrize(
    ("given", "feasible", "reason"),
    [
        ({"technology.vdd": "0.9V,2V"}, [True, False], "technology.vdd: must lie between 0.342"),
        ({"technology.vdd": "9V,0.9V"}, [False, True], "technology.vdd: must be above 0 V and be"),
        (
            {"architecture.apim.cols": "100,64", "architecture.apim.cols_per_adc": "8,16"},
            [False, False, True, True],
            "architecture.apim.cols_per_adc: must divide",
        ),
        (
            {"architecture.dpim.build": "bit_serial", "architecture.error_bits": "fp32"},
            [False],
            "architecture.error_bits: floating-point errors",
        ),
        ({"technology.vdd": "9V"}, [False], "technology.vdd: must be above 0 V and below 5 V"),
        (
            {"network.layers[1].features": "64,0"},
            [True, False],
            "network.layers[1].features=0: layers[1].features: should be greater than or equal",
        ),
    ],
)
def test_a_value_that_cannot_be_is_a_hole_with_the_reason(given, feasible, reason):
    table = sweep("mlp", given)
    assert table["feasible"].tolist() == feasible
    hole = feasible.index(False)
    assert table["reason"][hole].startswith(reason)
    assert all(np.isnan(table[name][hole]) for name in OUTCOMES)


def test_the_other_designs_are_what_they_are_without_the_impossible_one():
    alone = sweep("mlp", {"technology.vdd": "0.8V,1V"}, pareto=["energy"])
    told = []
    given = {"technology.vdd": "0.8V,9V,1V"}
    table = sweep("mlp", given, pareto=["energy"], progress=lambda *done: told.append(done))
    assert told[-1] == (3, 3)
    for name, values in alone.table.items():
        np.testing.assert_array_equal(table[name][[0, 2]], values)


def test_a_device_without_pulses_takes_part_where_nothing_pulses():
    """SRAM weights need no pulses; programmed cells do, and the design says so."""
    chips = {"architecture": "rebit,sram", "device": "taox_hfox,mram_intel_22nm"}
    table = sweep("mlp", chips)
    assert table["feasible"].tolist() == [True, False, True, True]
    assert "mram_intel_22nm.yaml: pulses: " in table["reason"][1]
    assert "no published pulse data" in table["reason"][1]
    check(table, 3, single("mlp", {}, architecture="sram", device="mram_intel_22nm"))


def test_a_file_that_fits_no_design_is_refused_before_all():
    with pytest.raises(InputError, match="no published pulse data"):
        sweep("mlp", {"technology.vdd": "0.9V"}, device="mram_intel_22nm")


def test_a_file_that_fits_some_designs_is_no_error():
    table = sweep("mlp", {"architecture": "rebit,sram"}, device="mram_intel_22nm")
    assert table["feasible"].tolist() == [False, True]


def test_a_key_that_no_design_has_is_a_mistake():
    with pytest.raises(InputError, match="apim: unknown key"):
        sweep("mlp", {"architecture.apim.adc_bits": "4,5"}, architecture="sram")


def test_a_key_that_some_designs_lack_is_a_hole_there():
    given = {"architecture": "rebit,sram", "architecture.apim.adc_bits": "4,5"}
    table = sweep("mlp", given)
    assert table["feasible"].tolist() == [True, True, False, False]
    assert "apim: unknown key" in table["reason"][2]
