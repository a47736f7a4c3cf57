"""Activity at both of its ends: nothing divides by it, and no clock waits for data."""

from dataclasses import fields, replace

import numpy as np
import pytest
from test_energy_tree import CHIPS

from neurorebit.estimation.estimate import Estimate, estimate
from neurorebit.inputs.files import Inputs, parse_setting, read_inputs
from neurorebit.schemes.assumed import assumed

SHARES = ("error_density", "error_nonzero", "conductance", "set_fraction", "reset_fraction")


def at(inputs: Inputs, share: float) -> Estimate:
    """All densities and shares of all layers and of fast arrays at one value."""
    spec = inputs.architecture
    activity = assumed(inputs.network, spec, inputs.device)
    planes = tuple(share for _ in activity.layers[0].input_density)
    layers = []
    for layer in activity.layers:
        fast = layer.fast and replace(
            layer.fast, **{field.name: share for field in fields(layer.fast)}
        )
        changed = {name: share for name in (*SHARES, "words_written")}
        layers.append(replace(layer, input_density=planes, fast=fast, **changed))
    return estimate(
        inputs.network,
        spec,
        inputs.technology,
        inputs.device,
        activity=replace(activity, layers=tuple(layers)),
        batch=8,
        images=8,
    )


@pytest.mark.parametrize(("architecture", "choices"), CHIPS)
@pytest.mark.parametrize("network", ["resnet18", "lenet5"])
def test_an_estimate_is_bounded_at_both_ends_of_activity(network, architecture, choices):
    """Black images on cells at g_min took 10 days and 756 J. Without a one, nothing is dearer or
    slower than with ones alone, but that a range of fewer ones has a finer step to settle to: never
    finer than that of one cell, and the time grows with its logarithm.
    """
    inputs = read_inputs(network, architecture, settings=tuple(map(parse_setting, choices)))
    none, most = (at(inputs, share) for share in (0.0, 1.0))
    for name, phase in none.phases.items():
        full = most.phases[name]
        assert np.isfinite([phase.total_energy, phase.total_latency]).all()
        assert np.isfinite([full.total_energy, full.total_latency]).all()
        # a way of one pulse takes several where cells are verified, so all rows wait as many times
        further = 20.0 if name == "programming" else 1.0
        assert phase.total_latency <= 1.05 * further * full.total_latency, name
        assert phase.total_energy <= 1.001 * further * full.total_energy, name
