"""Whole chips against reference figures: what is read, the walk, and that what is wrong shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from common import near
from oracle.chips import VGG8, chip
from oracle.records import TOOL

from neurorebit import __main__ as program
from neurorebit.chips.parts.phases import Phases
from neurorebit.circuits.register import Register
from neurorebit.circuits.wire import RepeatedWire
from neurorebit.schema import InputError
from validation.neurosim.composition.fits import FittedSar
from validation.neurosim.records.chip import ChipRecord, read_chips
from validation.neurosim.walk.arrays import binomial, largest
from validation.neurosim.walk.case import ChipCase
from validation.neurosim.walk.chip import ToolChip
from validation.neurosim.walk.compare import Chip, Walk, compare_chips, tool_of
from validation.neurosim.walk.plan import ToolPlan

# One of each kind: cells, converters, rows at once or one by one, node, with and without training.
KINDS = (
    "vgg11pad_32nm_rram_sar_sub128_w3_L32",
    "vgg11pad_45nm_rram_mlsa_sub64_w3_L32",
    "vgg11pad_32nm_sram_seq_sub128_w32",
    "vgg8_32nm_sram_mlsa_sub128_w5_L64",
    "vgg8_32nm_fefet_mlsa_sub128_w5_L64",
    "s5_inference_sar_L32",
    "vgg11_stock_rram",
)


@pytest.fixture(scope="module")
def public_chips() -> dict[str, ChipRecord]:
    return {record.name: record for record in read_chips(None)}


@pytest.fixture
def chips_folder(tmp_path: Path) -> Callable[..., Path]:
    """A folder with one file of chips."""

    def write(*entries: Any, tool: str = TOOL) -> Path:
        document = {"tool": tool, "configurations": list(entries)}
        (tmp_path / "chip.json").write_text(json.dumps(document))
        return tmp_path

    return write


def all_walks(found: Chip) -> list[Walk]:
    layers = (walk for walks in found.layers.values() for walk in walks.values())
    return [*found.figures.values(), *layers]


@pytest.mark.parametrize("name", KINDS)
def test_the_walk_ends_at_our_figures(public_chips: dict[str, ChipRecord], name: str) -> None:
    record = public_chips[name]
    (found,) = compare_chips([record])
    assert found.broken == []
    phases = 2 if record.training else 1
    assert len(found.figures) == 1 + 2 * phases
    for walk in all_walks(found):
        assert walk.waterfall[-1]["after"] == near(walk.ours, rel=1e-12)
        assert walk.deviation < 0.02
        assert np.isfinite(walk.ours)
        assert walk.ours > 0.0
    computed = int(np.sum(record.vectors > 0.0))
    assert len(found.layers["forward_energy_J"]) == computed
    left_out = [f"layer {i + 1}" for i in np.flatnonzero(record.vectors == 0.0)]
    assert list(found.not_compared) == left_out


def test_the_whole_is_the_sum_of_its_layers(public_chips: dict[str, ChipRecord]) -> None:
    (found,) = compare_chips([public_chips[KINDS[0]]])
    for name, layers in found.layers.items():
        total = found.figures[name]
        first = 0.0 if name.startswith("forward") else None
        ours = sum(walk.ours for walk in layers.values())
        # backward, the first layer still moves its errors to and from DRAM
        assert ours == near(total.ours) if first == 0.0 else ours < total.ours


@pytest.mark.parametrize(
    ("cell_bits", "kernel_split", "expected"),
    [  # docs/models/chip.md#floorplan: weights of 5 bits; sides, tiles, copies of each layer
        (5, 1, ((512, 1024, 512), (1, 1, 1, 1, 1, 1, 8, 1), (64, 16, 8, 4, 2, 1, 1, 8))),
        (3, 1, ((512, 1024, 512), (1, 1, 1, 1, 2, 2, 16, 1), (32, 8, 4, 2, 2, 1, 1, 8))),
        (5, 0, ((0, 1024, 512), (1, 2, 2, 3, 3, 5, 8, 1), (64, 8, 4, 4, 2, 2, 1, 8))),
    ],
)
def test_the_floorplan_of_the_tool(
    chips_folder: Callable[..., Path], cell_bits: int, kernel_split: int, expected: Any
) -> None:
    more = {"cellBit": cell_bits, "novelMapping": kernel_split}
    (record,) = read_chips(chips_folder(chip(VGG8, **more)))
    plan = ToolPlan(record)
    sides, tiles, copies = expected
    assert (plan.split_side, plan.tile_side, plan.pe_side) == sides
    assert tuple(plan.tiles) == tiles
    assert tuple(plan.copies) == copies


def test_the_tool_is_put_together_as_specified(chips_folder: Callable[..., Path]) -> None:
    """A worked example of the reference tool: two kernel-split layers and a small one, flash."""
    layers = [[14, 14, 32, 3, 3, 256, 0, 1], [14, 14, 256, 3, 3, 256, 1, 1]]
    layers.append([1, 1, 1024, 1, 1, 10, 0, 1])
    entry = chip(layers, input_bits=4, numColMuxed=8, numRowMuxedAG=8)
    (record,) = read_chips(chips_folder(entry))
    tool = tool_of(record)
    case = ChipCase(record, tool)
    theirs = ToolChip(record, tool.technology(case.tech), {"activity": 1.0})
    plan = theirs.plan
    assert (plan.split_side, plan.tile_side, plan.pe_side) == (256, 512, 256)
    assert tuple(plan.copies) == (2, 1, 4)
    assert plan.grid == (2, 2)
    assert theirs.sum_bits == 12
    assert theirs.wires == 2304
    assert theirs.buffer.cores == 28
    split = theirs.kinds[True]
    assert split.result_bits == 13
    assert split.tree.count == 144
    assert theirs.array_height == near(1.29713e-3, rel=1e-4)
    assert theirs.array_width == near(1.18618e-3, rel=1e-4)
    assert split.pe_side == near(0.443543e-3, rel=1e-3)
    assert split.side == near(1.38207e-3, rel=1e-3)
    assert theirs.bus_wire.delay == near(5.95808e-7, rel=1e-4)
    assert theirs.bus_wire.energy == near(6.64297e-11, rel=1e-4)
    assert theirs.tree_wire.energy == near(5.51022e-11, rel=1e-4)
    whole = theirs.kinds[False]
    # Times of decoders, whose gates have their own edges (docs/models/gates.md#output-capacitance).
    assert whole.buffers[0].bit("read")[1] * 32 == near(0.966232e-9, rel=1e-3)
    assert theirs.buffer.bit("read")[1] * 128 == near(2.13124e-9, rel=1e-3)
    first = {
        "registers": theirs.registers.latency.total[0] * 2,  # shared by two copies
        "buses": theirs.buses.latency.total[0] * 2,
        "bus energy": theirs.buses.energy.total[0] / 9,  # of one of nine PEs
        "tile buffers": theirs.tile_buffers.latency.total[0],
        "tile tree": theirs.tile_trees.latency.total[0],
        "buffer": theirs.global_buffer.latency.total[0] / 2,  # in training twice
        "chip tree": theirs.chip_tree.latency.total[0],
        "chip tree energy": theirs.chip_tree.energy.total[0],
        "memory": theirs.dram.energy.total[0],
    }
    expected = {
        "registers": 0.36e-6,
        "buses": 0.769506e-6,
        "bus energy": 2.0511e-8,
        "tile buffers": 2 * (1.66965e-6 + 1.73149e-6),
        "tile tree": 293.33 * 1.4829e-9,
        "buffer": 0.204599e-6 + 0.545597e-6,
        "chip tree": 0.67815e-6,
        "chip tree energy": 3.0881e-8,
        "memory": 6.115e-9,
    }
    for term, value in expected.items():
        assert first[term] == near(value, rel=2e-2 if "tile" in term else 2e-3), term


def test_the_reference_chip_of_the_specification(chips_folder: Callable[..., Path]) -> None:
    """The reference tool: VGG-8, 32 nm, 128 levels, 64-level flash; figures of one epoch."""
    figures = {
        "area": 95.2e-6,
        "forward": (37.90, 1.338),
        "activation_gradient": (30.05, 1.285),
    }
    entry = chip(VGG8, figures=figures, ones=0.2, w_std=0.3, resistanceOn=1e5, resistanceOff=1e6)
    (found,) = compare_chips(read_chips(chips_folder(entry)))
    assert found.broken == []
    for walk in found.figures.values():
        assert walk.deviation < 0.01
        assert walk.changes


def test_figures_of_another_tool_are_taken_as_they_are(
    chips_folder: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = chips_folder(chip(VGG8), tool="a chip of ours")
    (record,) = read_chips(folder)
    (found,) = compare_chips([record])
    assert all(not walk.changes for walk in all_walks(found))
    assert found.broken
    assert program.main(["validate", "--reference", str(folder)]) == 1
    assert "chip a chip: area_m2: " in capsys.readouterr().out
    ours = {name: walk.ours for name, walk in found.figures.items()}
    unsaid = {name: np.full(8, np.nan) for name in record.layers}
    same = replace(record, area=ours.pop("area_m2"), totals=ours, layers=unsaid)
    (found,) = compare_chips([same])
    assert found.broken == []


@pytest.mark.parametrize(
    ("kind", "name", "factor"),
    [(RepeatedWire, "energy", 2.0), (Register, "clock_energy", 4.0), (FittedSar, "power", 2.0)],
)
def test_a_block_that_is_wrong_shows(
    public_chips: dict[str, ChipRecord],
    monkeypatch: pytest.MonkeyPatch,
    kind: type,
    name: str,
    factor: float,
) -> None:
    right = vars(kind).get(name) or getattr(kind, name)
    if callable(right):
        wrong: Any = lambda self, *given: factor * right(self, *given)  # noqa: E731
    else:
        wrong = property(lambda self: factor * right.func(self))
    monkeypatch.setattr(kind, name, wrong)
    (found,) = compare_chips([public_chips["vgg11pad_32nm_rram_sar_sub128_w3_L32"]])
    assert found.broken


def test_an_estimate_that_leaves_something_out_shows(
    public_chips: dict[str, ChipRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Phases.input_bits_sent.func  # type: ignore[attr-defined]
    monkeypatch.setattr(Phases, "input_bits_sent", property(lambda self: 0.0 * right(self)))
    (found,) = compare_chips([public_chips["vgg11pad_32nm_rram_sar_sub128_w3_L32"]])
    assert any("forward_energy_J" in line for line in found.broken)


def test_what_is_not_said_is_not_compared(chips_folder: Callable[..., Path]) -> None:
    figures = {"per_epoch": {"forward": {"energy_J": float("nan")}}, "per_layer_per_epoch": None}
    (record,) = read_chips(chips_folder(chip(VGG8) | figures))
    (found,) = compare_chips([record])
    assert list(found.figures) == ["area_m2"]
    assert all(not layers for layers in found.layers.values())


def test_a_step_that_is_undefined_leaves_its_figures_out(
    public_chips: dict[str, ChipRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = ToolChip.parts.func  # type: ignore[attr-defined]
    wrong = property(lambda self: right(self) | {"trees": float("nan")})
    monkeypatch.setattr(ToolChip, "parts", wrong)
    (found,) = compare_chips([public_chips[KINDS[0]]])
    assert list(found.not_compared) == ["area_m2"]
    assert "area_m2" not in found.figures
    assert json.dumps(found.outcome, allow_nan=False)


def test_the_bounds() -> None:
    """A tenth of their figure, and of a difference that is more than that."""
    assert Walk(10.0, 20.0, {"step": 10.9}).within
    assert not Walk(10.0, 20.0, {"step": 11.1}).within
    assert not Walk(10.0, 12.0, {"step": 2.3}).within
    assert Walk(10.0, 12.0, {"step": 2.1}).within
    assert Walk(10.0, 10.9).within
    assert not Walk(10.0, 11.1).within


def test_ones_are_binomial_and_the_largest_of_many_is_known() -> None:
    odds = binomial(8, np.array([0.0, 0.25, 1.0]))
    assert np.sum(odds, axis=-1) == near(1.0)
    assert odds @ np.arange(9.0) == near([0.0, 2.0, 8.0])
    assert odds[1, 2] == near(28 * 0.25**2 * 0.75**6)
    # Tippett's table (1925): expected largest of 2, 10, 100 standard normal numbers
    counts = np.array([1.0, 2.0, 10.0, 100.0])
    assert largest(counts) == pytest.approx([0.0, 0.5642, 1.5388, 2.5076], abs=0.03)


WRONG = [
    ("no name", {"config_id": None}, "config_id: missing"),
    ("no layers", {"layers_ifm_h_w_cin_kh_kw_cout_maxpool_stride": None}, "layers_ifm"),
    (
        "odd layers",
        {"layers_ifm_h_w_cin_kh_kw_cout_maxpool_stride": [[1, 2]]},
        "expected a list of layers, eight numbers each",
    ),
    ("text for bits", {"weight_bits": "5"}, "weight_bits: expected a number"),
    ("no trace", {"trace": {"layers": []}}, "trace.layers: expected one entry for each of the 8"),
    ("no area", {"area_m2": {}}, "area_m2: chip: missing"),
    ("no parameters", {"parameters": 3}, "parameters: expected names and numbers"),
    ("no size", {"area_m2": {"chip": 0.0}}, "area_m2.chip: must be above 0"),
    ("text for a figure", {"per_epoch": {"forward": {"energy_J": "1"}}}, "forward: energy_J: exp"),
    ("too few figures", {"per_layer_per_epoch": [{}]}, "per_layer_per_epoch: expected 8 layers"),
]


@pytest.mark.parametrize(
    ("changed", "says"), [case[1:] for case in WRONG], ids=[c[0] for c in WRONG]
)
def test_a_bad_chip_is_refused_in_one_line(
    chips_folder: Callable[..., Path], changed: dict[str, Any], says: str
) -> None:
    entry = {key: value for key, value in (chip(VGG8) | changed).items() if value is not None}
    with pytest.raises(InputError, match=says) as problem:
        read_chips(chips_folder(entry))
    assert "\n" not in str(problem.value)
    assert "configurations[0]" in str(problem.value)


@pytest.mark.parametrize("missing", ["numRowSubArray", "resistanceOn", "levelOutput"])
def test_a_missing_parameter_is_named(chips_folder: Callable[..., Path], missing: str) -> None:
    entry = chip(VGG8)
    del entry["parameters"][missing]
    with pytest.raises(InputError, match=f"parameters.{missing}: missing"):
        compare_chips(read_chips(chips_folder(entry)))


def test_a_chip_that_cannot_be_built_does_not_stop_the_others(
    chips_folder: Callable[..., Path],
) -> None:
    """Cells of 100 ohm ask for access transistors wider than they are."""
    entries = chip(VGG8, resistanceOn=100.0), chip(VGG8)
    without, whole = compare_chips(read_chips(chips_folder(*entries)))
    assert "array: cannot be built" in without.not_compared["all figures"]
    assert not without.figures
    assert "area_m2" in whole.figures


def test_what_has_no_chip_of_ours_is_said(chips_folder: Callable[..., Path]) -> None:
    entries = [chip(VGG8, pipeline=1), chip(VGG8, accesstype=4), chip(VGG8, technode=14)]
    for found in compare_chips(read_chips(chips_folder(*entries))):
        assert not found.figures
        assert list(found.not_compared) == ["all figures"]


def test_the_outcome_and_the_waterfall(
    chips_folder: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, written = chips_folder(chip(VGG8)), tmp_path / "outcome.txt"
    asked = ["validate", "--reference", str(folder)]
    program.main([*asked, "--json", str(written)])
    said = capsys.readouterr().out
    assert "Chips: our figure over theirs" in said
    assert "theirs: H-trees take the area of their tracks" in said
    outcome = json.loads(written.read_text())
    (entry,) = outcome["chips"]
    assert list(entry) == ["config_id", "tool", "network", "technology", "figures", "not_compared"]
    area = entry["figures"]["area_m2"]
    steps = sum(step["change"] for step in area["waterfall"])
    assert area["theirs"] + steps == near(area["ours"])
    assert area["waterfall"][-1]["step"] == "unexplained"
    assert len(entry["figures"]["forward_energy_J"]["layers"]) == 8
    program.main([*asked, "--waterfall", "a chip"])
    said = capsys.readouterr().out
    assert said.startswith("a chip ")
    assert "unexplained" in said
    assert program.main([*asked, "--waterfall", "none"]) == 2
    assert "no chip 'none'; there are: a chip" in capsys.readouterr().err
