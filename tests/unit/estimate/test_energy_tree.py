"""Energy goes up the same tree as area: what an action bills is a part of the chip."""

import pytest

from neurorebit.estimation.estimate import estimate
from neurorebit.inputs.files import parse_setting, read_inputs
from neurorebit.schemes.assumed import assumed

CHIPS = [
    ("rebit", ()),
    ("rebit", ("architecture.dpim.build=word_parallel",)),
    ("reram", ()),
    ("reram", ("architecture.arrays.read=row_by_row",)),
    ("reram", ("architecture.arrays.cells=crosspoint",)),
    ("reram", ("architecture.scheme=tiki_taka",)),
    ("sram", ()),
    ("sram", ("architecture.arrays.read=parallel",)),
]


@pytest.mark.parametrize(("architecture", "choices"), CHIPS)
@pytest.mark.parametrize("network", ["resnet18", "mlp"])
def test_energy_has_a_part_of_the_area(network, architecture, choices):
    """But what cells take, in pulses and in reads, which are a part of their array."""
    settings = tuple(map(parse_setting, choices))
    inputs = read_inputs(network, architecture, settings=settings)
    spec = inputs.architecture
    found = estimate(
        inputs.network,
        spec,
        inputs.technology,
        inputs.device,
        activity=assumed(inputs.network, spec, inputs.device),
        batch=8,
        images=8,
    )
    parts = {
        "/".join(part.split("/")[:depth])
        for part in found.area.items
        for depth in range(1, part.count("/") + 2)
    }
    for phase in found.phases.values():
        billed = {part for part in phase.energy.items if not part.startswith("leakage/")}
        assert all(part.endswith(("/cells", "/current")) for part in billed - parts)
        assert billed & parts or not billed
