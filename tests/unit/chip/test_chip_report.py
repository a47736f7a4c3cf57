"""What a report says of a chip beside its sums: counts, areas of layers, slowest streams."""

import math

import pytest
from common import near

from neurorebit.inputs.files import parse_setting, read_inputs
from neurorebit.schemes.assumed import assumed
from neurorebit.studies.run import estimated

CHIPS = [
    ("vgg11", "rebit", ""),
    ("vgg8", "reram", ""),
    ("vgg8", "sram", ""),
    ("resnet18", "reram", ""),
    ("mlp", "reram", "architecture.scheme=tiki_taka"),
]


def estimate_of(network, architecture, setting=""):
    settings = (parse_setting(setting),) if setting else ()
    inputs = read_inputs(network, architecture, settings=settings)
    return inputs, estimated(
        inputs, assumed(inputs.network, inputs.architecture, inputs.device), inputs.images
    )


def test_counts_of_the_shipped_mlp_on_the_hybrid_chip():
    """Its layers are small, so that PEs and tiles have the least sides there are."""
    inputs, estimate = estimate_of("mlp", "rebit")
    spec = inputs.architecture
    macros_per_pe = 4  # PEs are at least twice an array on a side
    pes_per_tile = 4  # tiles twice a PE
    adcs = spec.apim.cols // spec.apim.cols_per_adc
    analog = estimate.counts["analog"]
    assert analog.pes == pes_per_tile * analog.tiles
    assert analog.macros == macros_per_pe * analog.pes
    assert analog.converters == adcs * analog.macros
    digital = estimate.counts["digital"]
    assert digital.converters == 0
    assert digital.macros == digital.pes * math.isqrt(int(spec.dpim.macros_per_pe)) ** 2


def test_converters_of_both_reads_count_and_those_of_the_gradient_unit():
    inputs, estimate = estimate_of("mlp", "reram")
    arrays, unit = inputs.architecture.arrays, inputs.architecture.gradient_unit
    tile, gradient = estimate.counts["tile"], estimate.counts["gradient_unit"]
    forward, transposed = arrays.cols / arrays.cols_per_adc, arrays.rows / arrays.rows_per_adc
    assert tile.converters == tile.macros * (forward + transposed)
    assert gradient.converters == gradient.macros * unit.cols / unit.cols_per_adc
    assert (gradient.tiles, gradient.pes) == (0, 0)


def test_fast_arrays_are_macros_too():
    _, one = estimate_of("mlp", "reram")
    _, two = estimate_of("mlp", "reram", "architecture.scheme=tiki_taka")
    assert two.counts["tile"].macros == 2 * one.counts["tile"].macros
    assert two.counts["tile"].pes == one.counts["tile"].pes


@pytest.mark.parametrize(("network", "architecture", "setting"), CHIPS)
def test_areas_of_layers_add_up_to_the_chip_part_by_part(network, architecture, setting):
    _, estimate = estimate_of(network, architecture, setting)
    layers, chip = estimate.layer_area.items, estimate.area.items
    assert layers.keys() == chip.keys()
    for part, amounts in layers.items():
        assert len(amounts) == len(estimate.rows)
        assert math.fsum(amounts) == near(chip[part], rel=1e-12)
    shared = {part for part, amounts in layers.items() if amounts[-1] > 0}
    assert all(sum(layers[part][:-1]) == 0 for part in shared)


@pytest.mark.parametrize(("network", "architecture", "setting"), CHIPS)
def test_a_layer_that_takes_time_has_a_slowest_stream(network, architecture, setting):
    _, estimate = estimate_of(network, architecture, setting)
    for phase in estimate.phases.values():
        assert len(phase.slowest) == len(estimate.rows)
        assert phase.slowest[-1] is None
        for name, time in zip(phase.slowest[:-1], phase.latency[:-1], strict=True):
            assert (name is not None) == (time > 0)


def test_a_slow_dram_is_the_slowest_stream():
    _, estimate = estimate_of("mlp", "reram", "architecture.dram.bandwidth=1e3 bit/s")
    for name in ("forward", "backward", "gradient"):
        assert set(estimate.phases[name].slowest[:-1]) <= {"DRAM", None}
