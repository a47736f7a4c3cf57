"""Arrays that hold a weight together are written each on its own, so many at once."""

import math

import pytest

import neurorebit as nr

# of `mlp`, 784-256-128-10, in arrays of 128 x 128: 14, 2 and 1 of a layer, in 2, 8 and 16 copies
ARRAYS = 14 * 2 + 2 * 8 + 1 * 16
CHIPS = [  # scheme, chip, section of its arrays, arrays of a weight
    ("panther", "panther", "sliced_arrays", 8),
    ("residual", "reram", "arrays", 3),
    ("reram", "reram", "arrays", 1),
    ("hybrid", "rebit", "apim", 1),
]


@pytest.mark.parametrize(("scheme", "name", "section", "each"), CHIPS)
def test_programming_takes_turns_among_all_arrays_of_a_weight(scheme, name, section, each):
    chip = nr.chip(name).set("architecture.scheme", scheme)

    def time(at_once):
        changed = chip.set(f"architecture.{section}.parallel_programming", at_once)
        return nr.estimate("mlp", changed).phases.loc["programming", "latency_s"]

    arrays = each * ARRAYS
    one, seven = (time(n) - time("all") for n in (1, 7))
    assert one / seven == pytest.approx((arrays - 1) / (math.ceil(arrays / 7) - 1), rel=1e-6)
