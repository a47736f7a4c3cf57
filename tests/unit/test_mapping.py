"""The floorplan against figures worked out elsewhere, and the cuts both sides share."""

import numpy as np
import pytest
from common import cuts_of
from hypothesis import given
from hypothesis import strategies as st

from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.chips.parts.workload import Workload
from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.network import read_network
from neurorebit.layers.base import Matmul
from neurorebit.layers.cuts import array_cuts, common_positions, is_kernel_split
from neurorebit.schema import Document, paths


def spec(**sets):
    document = Document(paths.shipped("architecture", "rebit"), "architecture")
    for path, text in sets.items():
        document.set(path.replace("__", "."), text)
    return read_architecture(document)


def network(name):
    return read_network(Document(paths.shipped("network", name)))


def plan(name="vgg11", **sets):
    chosen = spec(**sets)
    return Floorplan.of(Workload.of(network(name).stages).weighted, chosen)


# --- VGG11 on 128 x 128 arrays; by hand: conv1 has 27 rows, fewer than an array, and the classifier
# no kernel, so seven layers of nine have a PE for each kernel position


def test_most_layers_of_vgg11_are_kernel_split():
    assert common_positions(network("vgg11").matmuls) == 9
    np.testing.assert_array_equal(plan().split, [0, 1, 1, 1, 1, 1, 1, 1, 0])
    assert not plan(apim__kernel_split="false").split.any()


def test_vgg11_takes_17_kernel_split_tiles_and_2_others():
    # a PE of 256 x 256 cells: 512 inputs and 512 outputs take four tiles
    found = plan()
    assert found.split_side == 256
    np.testing.assert_array_equal(found.tiles, [1, 1, 1, 1, 2, 4, 4, 4, 1])
    split = found.split
    assert found.tiles[split].sum() == 17
    assert found.tiles[~split].sum() == 2


def test_a_given_side_of_512_makes_9_tiles():
    found = plan(apim__pe_side="512")
    np.testing.assert_array_equal(found.tiles, np.ones(9))
    # the first and the last layer, not kernel-split, have tiles of 2 x 2 such PEs
    np.testing.assert_array_equal(found.copies, [64, 16, 8, 4, 2, 1, 1, 1, 16])
    # with copies .105469, .5, 1, 1, 1, 1, 1, 1, .078125: the share that copies do not count in
    with_copies = found.utilization * found.copies
    np.testing.assert_allclose(
        with_copies, [0.10546875, 0.5, 1, 1, 1, 1, 1, 1, 0.078125], rtol=1e-12
    )


def test_a_tile_of_512_holds_a_layer_of_vgg8_each():
    # the kernel-split layers of the VGG8 that docs/models/chip.md#floorplan works out
    found = plan("vgg8", apim__pe_side="512")
    split = found.split
    np.testing.assert_array_equal(split, [0, 1, 1, 1, 1, 1, 0, 0])
    np.testing.assert_array_equal(found.tiles[split], np.ones(5))
    np.testing.assert_array_equal(found.copies[split], [16, 8, 4, 2, 1])


def test_arrays_hold_all_weights():
    # conv1: one array for 27 x 64; conv5: 9 positions, 2 blocks of 256 channels, 4 of 512 outputs
    found = plan()
    np.testing.assert_array_equal(
        found.arrays, [1, 9, 9 * 2, 9 * 2 * 2, 9 * 2 * 4, 9 * 16, 9 * 16, 9 * 16, 4]
    )
    np.testing.assert_array_equal(found.array_rows, [1, 9, 9, 18, 18, 36, 36, 36, 4])
    assert np.all(found.cells >= found.workload.weights * found.copies)


@pytest.mark.parametrize("name", paths.names("network"))
@pytest.mark.parametrize("side", ["auto", "512"])
def test_no_tile_is_more_than_full(name, side):
    found = plan(name, apim__pe_side=side)
    assert np.all(found.utilization * found.copies <= 1 + 1e-12)
    assert np.all(found.copies >= 1)
    assert np.all(found.tiles >= 1)


# --- the rows that one array holds: what the estimate counts and the training converts


def test_the_cuts_of_vgg11():
    cuts = cuts_of(network("vgg11"), spec())
    assert cuts[0] == ((0, 27),)
    assert cuts[1] == tuple((64 * i, 64 * i + 64) for i in range(9))
    assert cuts[2] == tuple((128 * i, 128 * i + 128) for i in range(9))
    assert cuts[4] == tuple((128 * i, 128 * i + 128) for i in range(18))
    assert cuts[8] == ((0, 128), (128, 256), (256, 384), (384, 512))


def test_without_kernel_split_the_unrolled_matrix_is_cut():
    cuts = cuts_of(network("vgg11"), spec(apim__kernel_split="false"))
    assert cuts[1] == ((0, 128), (128, 256), (256, 384), (384, 512), (512, 576))


def test_the_rows_of_an_array_come_from_the_architecture():
    cuts = cuts_of(network("mlp"), spec(apim__rows="300"))
    assert cuts == (((0, 300), (300, 600), (600, 784)), ((0, 256),), ((0, 128),))


@pytest.mark.parametrize("name", paths.names("network"))
@pytest.mark.parametrize("rows", ["64", "128", "256"])
@pytest.mark.parametrize("split", ["true", "false"])
def test_the_estimate_counts_the_arrays_that_training_converts(name, rows, split):
    sets = {"apim__rows": rows, "apim__kernel_split": split}
    cuts = cuts_of(network(name), spec(**sets))
    np.testing.assert_array_equal([len(cut) for cut in cuts], plan(name, **sets).array_rows)


def matmul(channels, side, cols, groups=1):
    """Of a square window of so many taps along its side, at one place of a map."""
    rows = channels * side**2
    return Matmul(rows, cols, 1, rows * groups, groups=groups, taps=(side, side))


matmuls = st.builds(
    matmul,
    st.integers(1, 700),
    st.integers(1, 5),
    st.integers(1, 9),
    st.sampled_from([1, 1, 2]),
)


@given(st.lists(matmuls, min_size=1, max_size=4), st.integers(8, 300), st.booleans())
def test_every_row_stands_in_exactly_one_array(layers, rows, split):
    cuts = array_cuts(layers, rows, split)
    positions = common_positions(layers)
    assert len(cuts) == len(layers)
    for one, cut in zip(layers, cuts, strict=True):
        held = [row for start, stop in cut for row in range(start, stop)]
        assert held == list(range(one.rows))
        assert all(0 < stop - start <= rows for start, stop in cut)
        if is_kernel_split(one, positions, rows, split):
            channels = one.channels
            assert all(start // channels == (stop - 1) // channels for start, stop in cut)


@pytest.mark.parametrize(
    ("one", "split"),
    [
        (matmul(3, 3, 64), False),  # fewer rows than an array
        (matmul(128, 1, 64), False),  # no kernel
        (matmul(15, 3, 64), True),
        (matmul(15, 3, 64, 3), False),  # grouped
        (matmul(10, 5, 64), False),  # another kernel than most layers
    ],
)
def test_only_large_layers_with_the_common_kernel_are_split(one, split):
    assert is_kernel_split(one, 9, 128, enabled=True) is split
    assert is_kernel_split(one, 9, 128, enabled=False) is False
