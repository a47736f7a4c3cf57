"""How a small network of unlike layers lies in arrays, PEs and tiles, worked out by hand."""

from itertools import pairwise

import numpy as np
import pytest
from whole_chip import COUNT, LAYERS, PLANS, inputs_of, pieces_of, plan_of, workload_of

from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.layers.base import Value
from neurorebit.layers.cuts import array_cuts, common_positions
from neurorebit.schema import InputError

KINDS = tuple(PLANS)
each_kind = pytest.mark.parametrize("kind", KINDS)


def common_positions_of(network):
    return common_positions([stage.matmul for stage in network.stages])


WEIGHTS = (324, 7560, 25_200, 480, 18_000, 75_000, 1500)


@each_kind
def test_layers_as_the_hardware_sees_them(kind):
    found = workload_of(kind)
    for field, due in {
        "channels": [layer.channels for layer in LAYERS],
        "rows": [layer.rows for layer in LAYERS],
        "cols": [layer.outputs for layer in LAYERS],
        "groups": [layer.groups for layer in LAYERS],
        "vectors": [layer.vectors for layer in LAYERS],
        "positions": [layer.positions for layer in LAYERS],
        "window_height": [layer.kernel for layer in LAYERS],
        "inputs": [layer.inputs for layer in LAYERS],
        "outgoing": [layer.handed_on for layer in LAYERS],
        "results": [layer.results for layer in LAYERS],
        "sends_error": [0 if layer.first else 1 for layer in LAYERS],
        "macs": [layer.macs for layer in LAYERS],
    }.items():
        np.testing.assert_array_equal(getattr(found, field), due, field)
    np.testing.assert_array_equal(plan_of(kind).split, PLANS[kind].split)
    np.testing.assert_array_equal(found.weights, WEIGHTS)


@each_kind
def test_the_floorplan_by_hand(kind):
    """PEs of split tiles and of others have twice the longer side of an array, tiles four times.

    Larger ones are never filled better: what one of them takes, four of half the side take as well.
    """
    plan, due = plan_of(kind), PLANS[kind]
    assert (plan.split_side, plan.pe_side, plan.tile_side, plan.pes_per_side) == (64, 64, 128, 2)
    assert (plan.split_positions, plan.common_positions) == (9 if any(due.split) else 1, 9)
    assert (plan.rows, plan.cols, plan.cells_per_weight) == (due.rows, due.cols, due.cells)
    for field in (
        "arrays", "array_rows", "array_cols", "pe_rows", "pe_cols", "tiles_down", "tiles", "copies",
        "tiles_across", "tile_pes_across", "tile_pes_down",
    ):  # fmt: skip
        np.testing.assert_array_equal(getattr(plan, field), getattr(due, field), field)
    fullest = [max(rows * cols for rows, cols in pieces_of(due, i)) for i in range(len(LAYERS))]
    np.testing.assert_array_equal(plan.fullest, fullest)


@each_kind
def test_cells_in_use(kind):
    """A split tile has 9 PEs of 64 x 64 cells, another 128 x 128; copies do not count."""
    plan, due = plan_of(kind), PLANS[kind]
    held = [n * due.cells for n in WEIGHTS]
    cells = [
        tiles * (9 * 64**2 if split else 128**2)
        for tiles, split in zip(due.tiles, due.split, strict=True)
    ]
    np.testing.assert_array_equal(plan.held, held)
    np.testing.assert_array_equal(plan.cells, cells)
    np.testing.assert_allclose(plan.utilization, np.array(held) / np.array(cells), rtol=1e-12)
    np.testing.assert_array_equal(plan.width, [layer.outputs * due.cells for layer in LAYERS])


@each_kind
def test_no_array_holds_more_than_there_are_cells(kind):
    """Arrays of a layer and of its copies have their place in its tiles; groups may share."""
    due = PLANS[kind]
    for i, layer in enumerate(LAYERS):
        per_tile = (9 * 64**2 if due.split[i] else 128**2) // (due.rows * due.cols)
        assert due.arrays[i] * due.copies[i] <= due.tiles[i] * per_tile, layer.name


def test_a_given_side_of_all_pes():
    """96 x 96 cells, 3 x 6 arrays; a tile that is not split has 2 x 2 of them, 192 x 192 cells.

    Split: 12 inputs take one array of three below each other, 70 outputs five of six beside each
    other: three copies. 70 inputs take three, 40 outputs three: two copies. Others: 27 x 12 takes
    one array, so 4 PEs of 18 copies; 12 x 40 one by three, 4 PEs of 6; 150 x 10 two PEs below each
    other, twice, with 6 copies in each. 60 arrays of the groups share a tile of 72; 500 rows take
    3 tiles.
    """
    plan = plan_of("hybrid", apim__pe_side=96)
    assert (plan.split_side, plan.pe_side, plan.tile_side) == (96, 96, 192)
    np.testing.assert_array_equal(plan.tiles, [1, 1, 1, 1, 1, 3, 1])
    np.testing.assert_array_equal(plan.tiles_down, [1, 1, 1, 1, 1, 3, 1])
    np.testing.assert_array_equal(plan.pe_rows, [1, 9, 9, 1, 1, 6, 2])
    np.testing.assert_array_equal(plan.pe_cols, [1, 1, 1, 1, 1, 2, 1])
    np.testing.assert_array_equal(plan.copies, [72, 3, 2, 24, 1, 1, 12])
    np.testing.assert_array_equal(plan.cells[1:3], [9 * 96**2] * 2)
    np.testing.assert_array_equal(plan.cells[3:], [192**2, 192**2, 3 * 192**2, 192**2])


def test_arrays_that_are_not_square():
    """192 x 192 cells and arrays of 32 x 64: six below each other, three beside each other."""
    plan = plan_of("hybrid", apim__pe_side=192, apim__cols=64)
    # 12 x 70: 6 / 1 below, 3 / 2 beside; 70 x 40: 6 / 3 below, 3 / 1 beside
    np.testing.assert_array_equal(plan.copies[1:3], [6, 6])
    np.testing.assert_array_equal(plan.arrays[1:3], [9 * 2, 9 * 3])


@pytest.mark.parametrize(
    ("rows", "cols", "side"),
    [(32, 16, 64), (32, 64, 128), (96, 160, 480), (96, 64, 192), (96, 100, 2400), (48, 48, 96)],
)
def test_the_least_side_is_a_whole_number_of_arrays(rows, cols, side):
    """96 x 160: 320 cells hold two beside each other, but 3.33 below; 480 are 5 by 3."""
    tried = [n for n in range(2 * max(rows, cols), side + 1) if n % rows == n % cols == 0]
    assert tried == [side], "the first that both divide"
    plan = plan_of("hybrid", apim__rows=rows, apim__cols=cols, apim__cols_per_adc=4)
    assert (plan.split_side, plan.pe_side, plan.tile_side) == (side, side, 2 * side)


@pytest.mark.parametrize(("side", "cols"), [(128, 256), (512, 4096), (96, 64)])
def test_a_side_of_parts_of_arrays_is_refused(side, cols):
    """A PE of half an array, of an eighth, of one and a half: 100 % of its cells were in use."""
    with pytest.raises(InputError, match=f"apim.pe_side: .*and of apim.cols, {cols}, such as"):
        plan_of("hybrid", apim__pe_side=side, apim__cols=cols)


def test_arrays_without_a_common_square_are_refused():
    """32 x 4095 cells: 131,040 of them are the first number that both divide."""
    message = "apim.cols: arrays of 32 x 4095 cells make no square PE of up to 65536 cells a side"
    with pytest.raises(InputError, match=message):
        plan_of("hybrid", apim__cols=4095, apim__cols_per_adc=7)


def test_whole_tiles_have_the_pes_that_are_asked_for():
    """500 x 150 weights: 4 x 2 tiles of 2 x 2 PEs of 64 x 64 cells, or one of PEs of 256 x 256."""
    plans = {side: plan_of("hybrid", apim__pe_side=side) for side in (64, 256)}
    assert [plan.pe_side for plan in plans.values()] == [64, 256]
    assert [plan.tiles[5] for plan in plans.values()] == [4 * 2, 1]
    assert [plan.pe_rows[5] for plan in plans.values()] == [8, 2]


@pytest.mark.parametrize("kind", ["hybrid_whole", "reram_whole"])
def test_without_kernel_split(kind):
    """12 x 9 = 108 and 70 x 9 = 630 rows, cut at multiples of 32 wherever that is.

    One cell a weight: 108 x 70 fill their tile; 630 rows do not fit one, but 40 columns half of
    one, and so twice. Two: 140 columns fit no tile, 80 take both halves.
    """
    plan, one = plan_of(kind), kind == "hybrid_whole"
    np.testing.assert_array_equal(plan.split, [0] * COUNT)
    np.testing.assert_array_equal(plan.copies[1:3], [1, 2] if one else [1, 1])
    np.testing.assert_array_equal(plan.arrays[1:3], [4 * 5, 20 * 3] if one else [4 * 9, 20 * 5])
    np.testing.assert_array_equal(plan.tiles[1:3], [1, 5] if one else [2, 5])


@pytest.mark.parametrize("kind", ["hybrid", "sram"])
def test_cuts(kind):
    """The second layer: 9 positions of 12 channels, whole where an array has 32 rows or 16."""
    inputs, plan = inputs_of(kind), PLANS[kind]
    arrays = inputs.architecture.forward
    matmuls = [stage.matmul for stage in inputs.network.stages]
    cuts = array_cuts(matmuls, arrays.rows, arrays.kernel_split)
    assert [len(cut) for cut in cuts] == list(plan.array_rows)
    assert cuts[1] == tuple((12 * n, 12 * n + 12) for n in range(9))
    ends = (0, 32, 64, 72) if kind == "hybrid" else (0, 16, 32, 48, 64, 72)
    assert cuts[4] == tuple(pairwise(ends))  # one group's rows
    # 70 channels: two arrays and a rest, position by position
    size = plan.rows
    for n in range(9):
        rows = cuts[2][n * len(cuts[2]) // 9 : (n + 1) * len(cuts[2]) // 9]
        assert rows[0] == (70 * n, 70 * n + size)
        assert rows[-1][1] == 70 * n + 70


# -- other networks --------------------------------------------------------------------------------

HEAD = """\
source: made up
name: other
input: {channels: 4, height: 8, width: 6}
classes: 3
activity: {source: made up, input_density: 0.3}
layers:
"""
TAIL = """\
  - {kind: flatten}
  - {kind: linear, features: 3}
"""


@pytest.fixture
def other(tmp_path):
    def made(body):
        path = tmp_path / "other.yaml"
        path.write_text(HEAD + body + TAIL, encoding="utf-8")
        return str(path)

    return made


def test_a_layer_behind_a_pool_of_the_image_sends_no_error_back(other):
    body = """\
  - {kind: max_pool, kernel: 2, name: small}
  - {kind: conv, channels: 5, kernel: 1, name: one}
  - {kind: relu, name: there}
  - {kind: conv, channels: 5, kernel: 3, padding: 1, input: small}
  - {kind: add, other: there}
  - {kind: relu}
  - {kind: conv, channels: 6, kernel: 2, stride: 2}
  - {kind: batch_norm}
  - {kind: relu}
"""
    found = workload_of("hybrid", network=other(body))
    np.testing.assert_array_equal(found.sends_error, [0, 0, 1, 1])
    np.testing.assert_array_equal(found.inputs, [4 * 4 * 3, 4 * 4 * 3, 5 * 4 * 3, 6 * 2])
    np.testing.assert_array_equal(found.vectors, [12, 12, 2, 1])
    # the pool makes a map for the first stage to begin with, which reads the image for it
    np.testing.assert_array_equal(found.outgoing, [4 * 3 * 4 + 5 * 4 * 3, 5 * 4 * 3, 6 * 2, 3])
    np.testing.assert_array_equal(found.returned, [5 * 4 * 3, 5 * 4 * 3, 6 * 2, 3])
    # the other branch of the sum comes from memory, stored values of the norm go there and come
    # back, and a bit says where a rectifier without a norm lets errors through
    np.testing.assert_array_equal(found.joined, [8 * 6 * 4, 5 * 4 * 3, 0, 0])
    transfers = dict(found.forward.transfers)
    np.testing.assert_array_equal(transfers[Value.STORED], [0, 0, 2 * 6 * 2, 0])
    np.testing.assert_array_equal(transfers[1.0], [5 * 12, 5 * 12, 0, 0])


def test_the_last_of_several_pools_counts(other):
    body = """\
  - {kind: conv, channels: 5, kernel: 1}
  - {kind: relu}
  - {kind: max_pool, kernel: 2}
  - {kind: avg_pool, kernel: 3}
"""
    found = workload_of("hybrid", network=other(body))
    np.testing.assert_array_equal(found.vectors, [48, 1])
    np.testing.assert_array_equal(found.outgoing, [5, 3])


def test_of_kernels_as_common_the_first_counts(other):
    """Two of 2 x 2, two of 1 x 1, one of 3 x 3; the classifier makes three of one position."""
    two = """\
  - {kind: conv, channels: 40, kernel: 2}
  - {kind: relu}
  - {kind: conv, channels: 40, kernel: 2}
  - {kind: relu}
  - {kind: conv, channels: 40, kernel: 3, padding: 1}
  - {kind: relu}
"""
    network = inputs_of("hybrid", network=other(two)).network
    assert common_positions_of(network) == 4
    # 4 x 4 = 16 rows are fewer than an array has, 4 x 40 are more
    np.testing.assert_array_equal(plan_of("hybrid", network=other(two)).split, [0, 1, 0, 0])
    tie = two + "  - {kind: conv, channels: 7, kernel: 3}\n  - {kind: relu}\n"
    assert common_positions_of(inputs_of("hybrid", network=other(tie)).network) == 4
    back = "\n".join(tie.splitlines()[4:] + tie.splitlines()[:4]) + "\n"
    assert common_positions_of(inputs_of("hybrid", network=other(back)).network) == 9


def test_tiles_of_different_kernels_have_a_pe_for_each_position(other):
    body = """\
  - {kind: conv, channels: 40, kernel: 2}
  - {kind: relu}
  - {kind: conv, channels: 40, kernel: 2}
  - {kind: relu}
"""
    plan = plan_of("hybrid", network=other(body))
    np.testing.assert_array_equal(plan.split_positions, [4])
    # 40 x 6 x 4 values go to the classifier: 960 rows
    np.testing.assert_array_equal(plan.cells, [128**2, 4 * 64**2, 8 * 128**2])
    # 16 x 40: in all four PEs, twice below each other; 40 x 40: two arrays of two below each other,
    # three of four beside; 3 columns: in the PEs beside each other, and four times in each
    np.testing.assert_array_equal(plan.copies, [8, 1, 8])


@pytest.mark.parametrize(("groups", "tiles"), [(8, 1), (32, 1), (40, 2)])
def test_groups_share_tiles(other, groups, tiles):
    """An array a group; a tile of 128 x 128 cells has 4 x 8 arrays."""
    body = f"""\
  - {{kind: conv, channels: {3 * groups}, kernel: 1}}
  - {{kind: relu}}
  - {{kind: conv, channels: {2 * groups}, kernel: 3, padding: 1, groups: {groups}}}
  - {{kind: relu}}
"""
    plan = plan_of("hybrid", network=other(body))
    assert (plan.arrays[1], plan.tiles[1], plan.copies[1]) == (groups, tiles, 1)


def test_a_plan_is_that_of_its_layers():
    workload, spec = workload_of("reram"), inputs_of("reram").architecture
    np.testing.assert_array_equal(Floorplan.of(workload, spec).arrays, PLANS["reram"].arrays)
