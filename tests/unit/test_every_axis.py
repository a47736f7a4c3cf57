"""Every number of every kind of file may be an axis of a sweep, and each row is that of a run."""

import dataclasses
from functools import cache

import pytest

from neurorebit.estimation.estimate import estimate
from neurorebit.inputs.files import read_inputs
from neurorebit.schema import Setting
from neurorebit.schemes.assumed import assumed
from neurorebit.studies.sweep import sweep

CHIPS = {  # among them every section of every file
    "hybrid": ("rebit", "32nm", "taox_hfox", ()),
    "fin": ("reram", "14nm", "hzo_fefet", ()),
    "crosspoint": ("reram", "32nm", "epiram", ("architecture.arrays.cells=crosspoint",)),
    "flash": ("reram", "32nm", "taox_hfox", ("architecture.arrays.adc=flash",)),
    "sram": ("sram", "32nm", "taox_hfox", ()),
}


def numbers(tree, path):
    """The keys below a section that hold a number, with the number."""
    for field in dataclasses.fields(tree):
        value, key = getattr(tree, field.name), f"{path}.{field.name}"
        if dataclasses.is_dataclass(value):
            yield from numbers(value, key)
        elif isinstance(value, tuple):
            for i, inner in enumerate(value):
                if dataclasses.is_dataclass(inner):
                    yield from numbers(inner, f"{key}[{i}]")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield key, value


def of_chip(name):
    """The numeric keys of a chip's files."""
    architecture, technology, device, settings = CHIPS[name]
    given = [Setting(*text.split("=")) for text in settings]
    read = read_inputs("mlp", architecture, technology, device, settings=given)
    trees = {
        "technology": read.technology,
        "device": read.device,
        "architecture": read.architecture,
        "network.activity": read.network.activity,
        "training": read.network.training,
    }
    found = {key: value for root, tree in trees.items() for key, value in numbers(tree, root)}
    return {**found, "network.layers[1].features": 256, "network.width": 1.0}


def cases():
    """Each key once, with a chip that has it."""
    seen = {}
    for chip in CHIPS:
        for key, value in of_chip(chip).items():
            seen.setdefault(key, (chip, value))
    return [(key, *rest) for key, rest in seen.items()]


@cache
def energy(chip):
    """Energy of a forward pass [J], of a run of the files as they are."""
    architecture, technology, device, settings = CHIPS[chip]
    given = [Setting(*text.split("=")) for text in settings]
    read = read_inputs("mlp", architecture, technology, device, settings=given)
    activity = assumed(read.network, read.architecture, read.device)
    found = estimate(
        read.network, read.architecture, read.technology, read.device, activity=activity,
        batch=read.network.training.batch, images=read.images,
    )  # fmt: skip
    return found.phases["forward"].total_energy


CASES = cases()


def test_there_are_keys_of_every_file():
    roots = {key.partition(".")[0] for key, _, _ in CASES}
    assert roots == {"technology", "device", "architecture", "network", "training"}
    assert len(CASES) > 200


@pytest.mark.parametrize(("key", "chip", "value"), CASES, ids=[case[0] for case in CASES])
def test_a_number_may_be_an_axis(key, chip, value):
    """Two values, of which at least the file's own can be built, and is what a run gives.

    What a run gives with other values is held in ``test_sweep``, for all keys at once.
    """
    other = 2 * value if isinstance(value, int) else 1.01 * value
    architecture, technology, device, settings = CHIPS[chip]
    files = {"architecture": architecture, "technology": technology, "device": device}

    table = sweep("mlp", {key: [value, other]}, **files, settings=settings)
    assert table["feasible"][0]
    assert table["forward energy [J/image]"][0] == pytest.approx(energy(chip), rel=1e-12)
