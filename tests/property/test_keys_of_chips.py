"""Every number of a technology, device or architecture file counts on a chip, or in a training.

Blocks alone are not enough: a key that only a block reads which no chip has is a promise that no
report keeps. What the estimate of a chip reads is noted; what is read must also move a figure. The
chips are the shipped ones, and each with every other word that its file may have.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from property.blocks import NAMES
from property.files import keys, stacked, with_axes
from property.test_keys import (
    DEVICES,
    NARROW,
    TENTH,
    TRAINED,
    changed_each,
    learns_otherwise,
    moves,
    nouns,
    stepped,
    value_of,
)

from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.workload import Workload
from neurorebit.estimation.design import design
from neurorebit.inputs.files import Inputs, parse_setting, read_inputs
from neurorebit.schema import InfeasibleError, InputError, Setting, informative, paths, split
from neurorebit.schema.device import Device
from neurorebit.schema.reads import Reads
from neurorebit.schema.technology import Technology
from neurorebit.schemes.assumed import assumed
from neurorebit.schemes.table import SCHEMES
from neurorebit.studies.keys import place
from neurorebit.studies.run import estimated

REVIEWED = {  # keys that move no figure, and why they stay; what is informative says so itself
    "device.endurance.writes": "the lifetime in epochs of a training, see the test of its demands",
    "technology.layout.metal2_pitch": "tracks of a decoder that is fitted to a width; the decoders "
    "of all chips are fitted to the height of their array",
}
OF_MACROS = ("sensing.input_dac.", "sensing.line_buffer.")  # of macros alone, tested with these
SHOWN = "gate_length"  # of the technology: for the reader, declared where its section is
SMALL = Setting("network.width", "0.25")
Variant = tuple[str, tuple[str, ...]]  # an architecture and settings over it
FINE: Variant = ("rebit", ("architecture.apim.adc_bits=10",))  # whose capacitors matching decides


def inputs_of(variant: Variant, *more: str) -> Inputs:
    name, settings = variant
    given = [SMALL, *map(parse_setting, (*settings, *more))]
    return read_inputs("vgg11", name, settings=given)


def reads_of(variant: Variant, *more: str) -> frozenset[str]:
    """The keys that an estimate reads; InputError or InfeasibleError where there is no chip."""
    reads = Reads()
    seen = inputs_of(variant, *more).observed(reads)
    estimated(seen, assumed(seen.network, seen.architecture, seen.device), seen.images)
    return frozenset(reads.keys)


def chips() -> Iterator[Variant]:
    """The shipped chips, each with every other word that its file may have, if it can be built."""
    for name in paths.names("architecture"):
        yield name, ()
        others = [
            "architecture.error_bits=fp32",
            *nouns(read_inputs("vgg11", name).architecture),
            *(f"architecture.scheme={scheme}" for scheme, one in SCHEMES.items() if one.fast),
        ]
        for word in others:
            if not word.endswith(("=true", "=false")):  # which bring no further block
                yield name, (word,)


@cache
def variants() -> dict[Variant, frozenset[str]]:
    """Chips that together read all that any chip reads, and what each reads; few of them."""
    known: dict[Variant, frozenset[str]] = {}
    for variant in chips():
        with contextlib.suppress(InputError, InfeasibleError):
            read = reads_of(variant)
            if not variant[1]:
                read |= reads_of(variant, "architecture.technology=7nm")  # with fins
            if not variant[1] or read - frozenset().union(*known.values()):
                known[variant] = read
    return known


def figures(inputs: Inputs, tech: Technology, device: Device) -> Iterator[Any]:
    """What the chip costs, in arrays of technologies or devices; nan where it cannot exist."""
    with np.errstate(all="ignore"):
        made = design(
            Workload.of(inputs.network.stages),
            inputs.architecture,
            tech,
            device,
            training=inputs.network.training,
            activity=Measured.of(assumed(inputs.network, inputs.architecture, inputs.device)),
            batch=64.0,
        )
        yield made.chip.footprint.area.total
        yield made.chip.footprint.leakage.total
        for phase in made.phases.values():
            yield from (phase.energy.total, phase.time, phase.common_time)


@cache
def of_technologies() -> dict[str, bool]:
    """Which keys of technologies move a figure of a chip, in any of the technologies."""
    base = stacked()
    base = dataclasses.replace(
        base, temperature=np.full((len(NAMES), 1), 350.0), vdd=0.95 * base.nominal_vdd
    )
    names = keys(base)
    moved = dict.fromkeys(names, False)
    for variant in (*variants(), FINE):
        names = tuple(key for key, done in moved.items() if not done)
        inputs = inputs_of(variant)
        made = figures(inputs, changed_each(base, names), with_axes(inputs.device, 2))
        found = moves(made, len(names) + 1).any(axis=-1)
        moved.update({key: True for key, one in zip(names, found, strict=True) if one})
    return moved


def test_every_key_of_the_technologies_moves_a_figure_of_a_chip() -> None:
    still = {key for key, moved in of_technologies().items() if not moved}
    reviewed = {key.removeprefix("technology.") for key in REVIEWED}
    still = {key for key in still if not key.startswith(OF_MACROS)}
    assert still - reviewed == {SHOWN}
    assert SHOWN in informative(stacked())


@cache
def of_devices() -> frozenset[str]:
    """The keys of devices that move a figure of a chip; those of a FeFET are of no other device."""
    moved: set[str] = set()
    for name, (chip, _) in itertools.product(("taox_hfox", "hzo_fefet"), variants()):
        inputs = inputs_of((chip, ()), f"architecture.device={name}")
        device = with_axes(inputs.device, 2)
        names = keys(device)
        found = moves(
            figures(inputs, inputs.technology, changed_each(device, names)), len(names) + 1
        )
        moved |= {key for key, one in zip(names, found.any(axis=-1), strict=True) if one}
    return frozenset(moved)


def test_every_key_of_the_devices_moves_a_figure_of_a_chip_or_a_training() -> None:
    files = {name: set(keys(device)) for name, device in DEVICES.items()}
    left = set().union(*files.values()) - of_devices()
    left -= {key.removeprefix("device.") for key in REVIEWED}

    def learns(key: str) -> bool:
        def changed(spec: Any, cells: Device) -> tuple[Any, Device]:
            return spec, place(cells, split(key), TENTH * value_of(cells, key) or 0.1)

        device = next(DEVICES[name] for name, known in files.items() if key in known)
        return learns_otherwise(TRAINED.architecture, device, changed)

    assert {key for key in sorted(left) if not learns(key)} == set()


@pytest.mark.parametrize("name", [n for n in paths.names("architecture") if n != "wage"])
def test_what_no_estimate_reads_of_an_architecture_a_training_does(name: str) -> None:
    """What is read and moves nothing is found by ``test_keys``, which changes each key."""
    read = frozenset().union(*(own for (chip, _), own in variants().items() if chip == name))
    spec = read_inputs("mlp", name, settings=NARROW).architecture
    left = {key for key in keys(spec) if f"architecture.{key}" not in read}
    device = read_inputs("mlp", name).device

    def learns(key: str) -> bool:
        def changed(chip: Any, cells: Device) -> tuple[Any, Device]:
            return place(chip, split(key), stepped(chip, key)), cells

        return learns_otherwise(spec, device, changed)

    assert {key for key in sorted(left) if not learns(key)} == set()
