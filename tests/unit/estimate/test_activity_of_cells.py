"""What a recorded activity means for weights of several cells (docs/models/phases.md)."""

from dataclasses import replace

import numpy as np
import pytest
from common import near

from neurorebit.inputs.architecture import read_architecture
from neurorebit.schema import Document
from neurorebit.schema.paths import shipped
from neurorebit.schemes.assumed import in_cells


def chip(**changes):
    spec = read_architecture(Document(shipped("architecture", "rebit")))
    cell = changes.pop("cell_bits", None)
    return replace(spec, apim=replace(spec.apim, cell_bits=cell), **changes)


def moved(ups, downs, up, down):
    return {"set_fraction": ups, "set_levels": up, "reset_fraction": downs, "reset_levels": down}


@pytest.mark.parametrize("levels", [1, 2])
def test_digits_move_as_those_of_every_level_do(levels):
    """Weights of 6 bits in three digits of 4 levels, each level moved up, with no end to the range:
    the low digit goes on by the levels or wraps, the others by carries.
    """
    found = in_cells(chip(weight_bits=6, cell_bits=2), moved(0.3, 0.0, levels, 1.0))
    sets = resets = up = down = 0
    for place in range(64):
        for number in range(3):
            before, after = place >> 2 * number & 3, (place + levels) % 64 >> 2 * number & 3
            sets, up = sets + (after > before), up + max(after - before, 0)
            resets, down = resets + (after < before), down + max(before - after, 0)
    assert found["set_fraction"] == near(0.3 * sets / 64 / 3)
    assert found["reset_fraction"] == near(0.3 * resets / 64 / 3)
    assert found["set_levels"] == near(up / sets)
    assert found["reset_levels"] == near(down / resets)


def test_of_pairs_both_ways_are_alike():
    """Two digits of 2 bits: 0.2 of the weights up by one level, 0.1 down by two."""
    found = in_cells(chip(weight_bits=5, cell_bits=2, signed_weights="pair"), moved(0.2, 0.1, 1, 2))
    assert found["set_fraction"] == near(found["reset_fraction"])
    assert found["set_levels"] == near(found["reset_levels"])
    mean = (0.2 + 0.2) / 0.3  # levels of a weight that moves
    low, high = 0.3 / 4, 0.3 * mean / 4 / 4  # of four cells
    assert found["set_fraction"] + found["reset_fraction"] == near(low + high)


def test_a_digit_of_fewer_levels_takes_longer_steps():
    """3 bits in digits of 2 and of 1 bit: the high digit steps over the whole range, 3 of 3."""
    found = in_cells(chip(weight_bits=3, cell_bits=2), moved(0.1, 0.0, 4, 1.0))
    # four levels: the low digit moves by at most half of its levels, the high one flips
    low, high = 0.1, 0.1
    assert found["set_fraction"] == near((low / 2 + high / 2) / 2)
    assert found["set_levels"] == near((2 * low / 2 + 3 * high / 2) / (low / 2 + high / 2))


def test_designs_and_layers_are_arrays():
    share = np.array([0.1, 0.3, 0.0])
    spec = chip(weight_bits=np.array([[4.0], [6.0]]), cell_bits=2)
    found = in_cells(spec, moved(share, share, 1.0 + share, 1.0 + share))
    for row, bits in enumerate((4, 6)):
        alone = in_cells(
            chip(weight_bits=bits, cell_bits=2), moved(share, share, 1.0 + share, 1.0 + share)
        )
        for key, value in alone.items():
            assert found[key][row] == near(value)
