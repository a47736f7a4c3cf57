"""Where every weight stands, counted cell by cell: arrays of any shape, layers of every kind."""

import itertools

import numpy as np
import pytest
from common import cuts_of, made_up, near

from neurorebit.chips.hybrid.analog import AnalogMacro
from neurorebit.chips.hybrid.chip import HybridChip
from neurorebit.chips.in_place.chip import InPlaceChip
from neurorebit.chips.in_place.sram import SramRowMacro
from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.chips.parts.workload import Workload
from neurorebit.estimation.estimate import estimate
from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.network import read_network
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document, paths
from neurorebit.schema.device import read_device

TECH = read_technology(Document(paths.shipped("technology", "32nm_lstp")))
DEVICE = read_device(Document(paths.shipped("device", "taox_hfox")))
# channels, kernel, stride, padding, groups: strides that leave a rest, groups, depthwise
LAYERS = (
    (24, 3, 1, 1, 1), (80, 3, 2, 1, 1), (160, 3, 2, 0, 4), (160, 3, 1, 1, 160), (100, 1, 1, 0, 1),
    (72, 5, 3, 2, 1),
)  # fmt: skip
INPUT = (3, 17, 15)
SHAPES = [(128, 128), (64, 256), (256, 64), (100, 72)]  # rows and columns of an array
shapes = pytest.mark.parametrize(("rows", "cols"), SHAPES, ids=lambda n: str(n))


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    lines = [f"input: {{channels: {INPUT[0]}, height: {INPUT[1]}, width: {INPUT[2]}}}", "layers:"]
    for channels, kernel, stride, padding, groups in LAYERS:
        lines += [
            f"  - {{kind: conv, channels: {channels}, kernel: {kernel}, stride: {stride}, "
            f"padding: {padding}, groups: {groups}}}",
            "  - {kind: relu}",
        ]
    file = tmp_path_factory.mktemp("cells") / "kinds.yaml"
    file.write_text(
        "source: a test\nname: kinds\nclasses: 10\n"
        + "\n".join(lines)
        + "\n  - {kind: flatten}\n  - {kind: linear, features: 10}\n"
        + "activity: {source: a test, input_density: 0.3}\n"
    )
    return read_network(Document(file))


def architecture(name="rebit", **sets):
    document = Document(paths.shipped("architecture", name), "architecture")
    for path, text in sets.items():
        document.set(path.replace("__", "."), str(text))
    return read_architecture(document)


def starts(side, kernel, stride, padding):
    """Where a window may begin, one after the other."""
    found = range(-padding, side + padding, stride)
    return [at for at in found if at + kernel <= side + padding]


def kinds():
    """For each layer by hand: channels and outputs of a group, positions, groups, vectors."""
    channels, height, width = INPUT
    for outputs, kernel, stride, padding, groups in LAYERS:
        down, across = (starts(side, kernel, stride, padding) for side in (height, width))
        vectors = len(down) * len(across)
        yield channels // groups, outputs // groups, kernel**2, groups, vectors
        channels, height, width = outputs, len(down), len(across)
    yield channels * height * width, 10, 1, 1, 1


def cells(channels, outputs, positions, groups):
    """Every weight of a layer: its group, position, channel and output."""
    ranges = map(range, (groups, positions, channels, outputs))
    return np.array(list(itertools.product(*ranges))).T


def blocks(*indices):
    """How many different places there are, and the most that stand in one."""
    key = np.ravel_multi_index(indices, [index.max() + 1 for index in indices])
    _, counts = np.unique(key, return_counts=True)
    return len(counts), counts.max()


def test_layers_are_those_worked_out_by_hand(network):
    work = Workload.of(network.stages)
    for i, (channels, outputs, positions, groups, vectors) in enumerate(kinds()):
        assert work.weights[i] == channels * outputs * positions * groups
        assert work.vectors[i] == vectors
        assert work.macs[i] == channels * outputs * positions * groups * vectors


@shapes
@pytest.mark.parametrize("split", ["true", "false"])
def test_arrays_hold_each_weight_once(network, rows, cols, split):
    sides = {"apim__rows": rows, "apim__cols": cols, "apim__cols_per_adc": 4}
    spec = architecture(**sides, apim__kernel_split=split, apim__pack_groups="false")
    plan = Floorplan.of(Workload.of(network.stages), spec)
    for i, (channels, outputs, positions, groups, _) in enumerate(kinds()):
        group, position, channel, output = cells(channels, outputs, positions, groups)
        if plan.split[i]:
            places = group, position, channel // rows, output // cols
        else:  # an unrolled matrix, position by position
            places = group, (position * channels + channel) // rows, output // cols
        arrays, most = blocks(*places)
        assert plan.arrays[i] == arrays
        assert most <= rows * cols
        assert plan.cells[i] >= plan.copies[i] * len(group)
        assert plan.utilization[i] == len(group) / plan.cells[i]


@shapes
@pytest.mark.parametrize(
    ("name", "sets"),
    [
        ("sram", {"weight_bits": "4", "arrays__cols_per_adc": "4"}),
        ("reram", {"weight_bits": "5", "arrays__cell_bits": "3", "arrays__cols_per_adc": "4"}),
    ],
)
def test_arrays_hold_each_cell_of_a_weight_once(network, rows, cols, name, sets):
    """Cells of a weight stand beside each other, as many as its bits ask for."""
    sides = {"arrays__rows": rows, "arrays__cols": cols, "arrays__rows_per_adc": 4}
    spec = architecture(name, **sides, **sets, arrays__pack_groups="false")
    plan = Floorplan.of(Workload.of(network.stages), spec)
    per_weight = {"sram": 4, "reram": 2}[name]
    for i, (channels, outputs, positions, groups, _) in enumerate(kinds()):
        group, position, channel, col = cells(channels, outputs * per_weight, positions, groups)
        if plan.split[i]:
            places = group, position, channel // rows, col // cols
        else:
            places = group, (position * channels + channel) // rows, col // cols
        arrays, most = blocks(*places)
        assert plan.arrays[i] == arrays
        assert most <= rows * cols
        assert plan.cells[i] >= plan.copies[i] * len(group)
        assert plan.utilization[i] == len(group) / plan.cells[i]


@shapes
def test_a_tile_is_full_of_arrays(network, rows, cols):
    """Cells of its PEs, counted in arrays, are those of its side."""
    spec = architecture(apim__rows=rows, apim__cols=cols, apim__cols_per_adc=4)
    plan = Floorplan.of(Workload.of(network.stages), spec)
    chip = HybridChip(TECH, DEVICE, spec, plan)
    for tile, side in ((chip.split_tile, plan.split_side), (chip.whole_tile, plan.pe_side)):
        assert tile.pe.macros * rows * cols == near(np.square(side))


@shapes
def test_forward_energy_by_brute_force(network, rows, cols):
    """Every array of every layer and group on its own, with the rows that training converts;
    packed groups have hand counts of their own (test_packed_groups).
    """
    sides = {"apim__rows": rows, "apim__cols": cols, "apim__cols_per_adc": 4}
    spec = architecture(**sides, apim__pack_groups="false")
    macro = AnalogMacro(TECH, DEVICE, rows=float(rows), cols=float(cols), cols_per_adc=4.0)
    energy = 0.0
    for (_, outputs, _, groups, vectors), cuts in zip(kinds(), cuts_of(network, spec), strict=True):
        for start, stop in cuts:
            for first in range(0, outputs, cols):
                used = float(min(cols, outputs - first))
                cost = macro.mvm(0.3, 0.5, float(stop - start), used)
                energy += groups * vectors * float(cost.energy.total)
    given, activity = (spec, TECH, DEVICE), made_up(network, spec.input_bits, 0.3)
    found = estimate(network, *given, activity=activity, batch=8, images=8)
    assert found.phases["forward"].macro_energy == near(energy, rel=1e-9)


@pytest.mark.parametrize("name", ["sram", "reram"])
@pytest.mark.parametrize(("rows", "cols"), [(64, 256), (256, 64)])
def test_both_ways_through_arrays_that_are_not_square(network, name, rows, cols):
    """Chips that learn in place: every array with the rows and columns that it uses."""
    sides = {"arrays__rows": rows, "arrays__cols": cols}
    spec = architecture(name, **sides, arrays__pack_groups="false")
    plan = Floorplan.of(Workload.of(network.stages), spec)
    macro = InPlaceChip(TECH, DEVICE, spec, plan, batch=8.0).macro
    there = back = 0.0
    for i, (kind, cuts) in enumerate(zip(kinds(), cuts_of(network, spec), strict=True)):
        _, outputs, _, groups, vectors = kind
        used = outputs * int(spec.cells_per_weight)
        for (start, stop), first in itertools.product(cuts, range(0, used, cols)):
            high, wide = (stop - start) / rows, min(cols, used - first) / cols
            plane = macro.read(0.3, 0.5, high, wide)
            there += groups * vectors * spec.input_bits * plane.energy.total
            plane = macro.read_transposed(0.5, 0.5, wide, high)
            back += (i > 0) * groups * vectors * spec.error_bits * plane.energy.total
    given, activity = (spec, TECH, DEVICE), made_up(network, spec.input_bits, 0.3)
    found = estimate(network, *given, activity=activity, batch=8, images=8).phases
    assert found["forward"].macro_energy == near(there, rel=1e-9)
    assert found["backward"].macro_energy == near(back, rel=1e-9)


@pytest.mark.parametrize(("rows", "cols"), [(128, 128), (64, 256), (256, 64), (100, 96)])
@pytest.mark.parametrize("copies", [1, 3])
def test_digital_macros_hold_each_weight_once(network, rows, cols, copies):
    """A row is an output channel, a word an input channel, for one kernel position; small groups
    follow each other in the rows of a macro, with all of their window in the words of a row.
    """
    spec = architecture(dpim__rows=rows, dpim__cols=cols, dpim__copies=copies)
    chip = HybridChip(TECH, DEVICE, spec, Floorplan.of(Workload.of(network.stages), spec))
    words = cols // 32
    for i, (channels, outputs, positions, groups, _) in enumerate(kinds()):
        group, position, channel, output = cells(channels, outputs, positions, groups)
        together = min(rows // outputs, groups)
        if together >= 2:
            word = position * channels + channel
            macros, most = blocks(group // together, word // words)
        else:
            macros, most = blocks(group, position, output // rows, channel // words)
        assert chip.digital_macros[i] == copies * macros
        assert most <= rows * words
        room = chip.digital_tiles[i] * chip.digital_positions * spec.dpim.macros_per_pe
        assert room >= copies * macros


@pytest.mark.parametrize(("rows", "cols"), [(64.0, 256.0), (256.0, 64.0), (128.0, 128.0)])
def test_a_transposed_read_takes_each_column_once(rows, cols):
    """Once, whatever the array's shape: a quarter of the columns, and an adder for every row."""
    macro = SramRowMacro(TECH, rows=rows, cols=cols)
    read = macro.read_transposed(0.25)
    accesses = 0.25 * cols
    select = macro.transposed_decoder.select()
    sensed = macro.array.read_transposed(macro.transposed_decoder.output_ramp)
    energy, latency = read.energy.items, read.latency.items
    assert energy["sram/transposed_decoder"] == near(accesses * select.energy.total, rel=1e-12)
    assert energy["sram/array"] == near(accesses * sensed.energy.total, rel=1e-12)
    assert latency["sram/array"] == near(accesses * sensed.latency.total, rel=1e-12)
    adder = macro.transposed_readout.adder
    assert adder.bits == np.log2(cols) + 1.0
    assert adder.count == rows
    assert energy["sram/transposed_readout/adder"] == near(
        accesses * adder.add().energy.total, rel=1e-12
    )
