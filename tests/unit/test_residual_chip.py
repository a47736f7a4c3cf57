"""The bill of several arrays a weight: macros, reads, pulses, and no memory of a weight."""

from dataclasses import replace

import numpy as np
import pytest
from common import near
from unit.test_in_place import read
from unit.test_tiki_taka import BATCH, FAST, joules, run

from neurorebit.estimation.estimate import estimate
from neurorebit.inputs.files import parse_setting, read_inputs
from neurorebit.schemes.assumed import assumed
from neurorebit.schemes.residual import refusals


def of(arrays, *choices):
    settings = ("architecture.scheme=residual", f"training.residual.arrays={arrays}", *choices)
    return read_inputs("lenet5", "reram", settings=[parse_setting(s) for s in settings])


def test_each_further_array_is_a_macro_as_the_first():
    area = {n: run_of(n).area.items for n in (2, 4)}
    for part in ("array", "readout", "references", "transposed_readout"):
        (first, *_), (two, *_), (four, *_) = (
            [sum(a for name, a in items.items() if name.startswith(f"tile/pe/{where}/{part}"))]
            for items, where in ((area[2], "reram"), (area[2], "behind/reram"),
                                 (area[4], "behind/reram"))
        )  # fmt: skip
        assert first > 0, part
        assert two == near(first, rel=1e-9)
        assert four == near(3 * first, rel=1e-9)
    assert not any("gradient_unit" in name or "fast" in name for name in area[2])


def run_of(arrays, *choices):
    return estimate_of(of(arrays, *choices))


def estimate_of(inputs):

    spec = inputs.architecture
    found = assumed(inputs.network, spec, inputs.device)
    layers = tuple(replace(layer, fast=FAST) for layer in found.layers)
    return estimate(
        inputs.network, spec, inputs.technology, inputs.device,
        activity=replace(found, layers=layers), batch=BATCH, images=50_000,
    )  # fmt: skip


@pytest.mark.parametrize("phase", ["forward", "backward", "inference"])
def test_reads_take_the_energy_of_all_arrays_and_the_time_of_one(phase):
    """The first array reads as one that learns alone."""
    alone = run(read("reram", "scheme=reram", network="lenet5")).phases[phase]
    for arrays in (2, 3):
        found = run_of(arrays).phases[phase]
        one, all_of = (joules(p, "tile/pe/reram/readout") for p in (alone, found))
        np.testing.assert_allclose(all_of, arrays * one)


def test_no_word_of_a_weight_is_in_memory():
    found = run_of(3).phases["update"]
    assert np.sum(found.dram_energy) == 0.0
    assert np.sum(joules(found, "tile/pe/behind")) > 0.0


@pytest.mark.parametrize(
    ("choice", "key"),
    [
        ("architecture.arrays.read=row_by_row", "read"),
        ("architecture.arrays.cell_bits=4", "cell_bits"),
    ],
)
def test_chips_that_it_cannot_be_are_refused_with_a_cure(choice, key):
    inputs = of(3, choice)
    (one,) = refusals(inputs.network, inputs.architecture)
    assert one.loc[-1] == key
    assert one.cure.startswith("take ")
