"""Every number of every technology, device and architecture file moves a result.

A tenth more of a quantity and of all numbers of a list, one step of a whole number, of an
architecture also twice of each; at 300 K and at 350 K, where the supply is lowered a little. All
keys of a file stand along an axis of their own, so one pass of the formulas answers for all of
them, and for all technologies beside each other. A key that moves nothing must be declared
informative where its section is, and ``show`` says so.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from numpy.typing import NDArray
from property.blocks import BLOCKS, CIRCUITS, NAMES, TECHNOLOGIES, amounts, build, required
from property.files import INPUTS, estimated, keys, mapped, stacked, with_axes

from neurorebit.chips.in_place.sram import SramParallelMacro
from neurorebit.circuits.analog.input_dac import DACS
from neurorebit.circuits.analog.line_buffer import LineBuffer
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.circuits.decoder import Decoder
from neurorebit.circuits.wire import Bus
from neurorebit.inputs.files import parse_setting, read_inputs
from neurorebit.schema import Document, InputError, Setting, informative, one_of, paths, split
from neurorebit.schema.device import Device, read_device
from neurorebit.schema.technology import Technology
from neurorebit.schemes.table import SCHEMES
from neurorebit.studies.keys import place
from neurorebit.studies.sweep import OUTCOMES, sweep
from neurorebit.training.model import Model
from neurorebit.training.parts.workers import Workers
from neurorebit.training.trainer import softmax_loss

TENTH = 1.1
POINTS = ((300.0, 1.0), (350.0, 0.95))  # temperature [K], supply over the nominal one
NARROW = (Setting("network.layers[1].features", "24"), Setting("network.layers[4].features", "16"))
TRAINED = read_inputs("mlp", settings=NARROW)
DEVICES = {n: read_device(Document(paths.shipped("device", n))) for n in paths.names("device")}
SLOW = 0.01  # of the memory's bandwidth: where it is the slowest

Moved = dict[str, NDArray[np.bool_]]  # by key, for each technology


# --- the numbers of a file


def told_informative(tree: Any, path: str = "") -> Iterator[str]:
    """The paths of all numbers that are declared to move nothing."""
    for field in dataclasses.fields(tree):
        value, step = getattr(tree, field.name), f"{path}.{field.name}".lstrip(".")
        if field.name in informative(tree):
            yield step
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            yield from told_informative(value, step)


def changed_each(tree: Any, names: tuple[str, ...]) -> Any:
    """A file for each key in which that key is changed, and a last one as it is, along a new axis.

    What is zero becomes a tenth of what other technologies have, or of one; in a list it stays.
    """

    def change(path: str, value: Any) -> Any:
        base = np.asarray(value)
        if base.dtype.kind == "U":  # words
            return base
        more = base + 1 if base.dtype.kind == "i" else TENTH * base
        if "[]" not in path:
            more = np.where(base == 0.0, 0.1 * np.max(np.abs(base)) or 0.1, more)
        chosen = np.array([name == path for name in (*names, "")])
        return np.where(chosen.reshape((-1,) + (1,) * base.ndim), more, base)

    return mapped(tree, change)


# --- what they move


LENGTHS = np.geomspace(5e-5, 2e-2, 70)  # of lines [m]
WIDTHS = np.geomspace(0.5, 20.0, 50)  # of wires, over that of a local one
BITS = np.arange(2.0, 13.0)  # of converters, which other limits bind at other bits


def billed(tech: Technology) -> Iterator[Any]:
    """What the blocks of the circuits cost, where a key may only count at one end as well."""
    for cls in CIRCUITS:
        yield from amounts(build(cls, tech)).values()
    other_wires = place(tech, ("wire", "medium_width"), WIDTHS)
    for cost in (
        Bus(tech, LENGTHS).transfer(),
        Bus(other_wires, 3.0 * tech.wire.medium_from * tech.feature).transfer(),
        *(kind(tech, BITS).convert() for kind in CONVERTERS.values()),
        *(kind(tech, bits=BITS).convert() for kind in DACS.values()),
        LineBuffer(tech, bits=BITS).hold(),
        SramParallelMacro(tech).read(),
    ):
        yield from (cost.energy.total, cost.latency.total)
    yield Decoder(tech, fit_width=1e-4).area


def billed_with(tech: Technology, device: Device) -> Iterator[Any]:
    """What the blocks cost that hold a device."""
    for cls in BLOCKS:
        if "device" in required(cls):
            yield from amounts(build(cls, tech, device)).values()


def moves(outcomes: Iterator[Any], files: int) -> NDArray[np.bool_]:
    """Which files give another number than the last one somewhere, in each technology."""
    moved = np.zeros((files, len(NAMES)), bool)
    with np.errstate(all="ignore"):  # what cannot be built is nan, and moves nothing
        for outcome in outcomes:
            amount = np.asarray(outcome)
            shape = np.broadcast_shapes(amount.shape, (*moved.shape, 1))
            amount = np.broadcast_to(amount, shape)
            moved |= np.any(np.abs(amount - amount[-1]) > 1e-9 * np.abs(amount[-1]), axis=-1)
    return moved[:-1]


# --- technologies


@cache
def of_technologies() -> Moved:
    """Which keys move anything in which technology."""
    base = stacked()
    names = keys(base)
    moved = np.zeros((len(names), len(NAMES)), bool)
    for kelvin, share in POINTS:
        at = dataclasses.replace(
            base, temperature=np.full((len(NAMES), 1), kelvin), vdd=share * base.nominal_vdd
        )
        tech = changed_each(at, names)
        for outcomes in (estimated(tech), billed(tech)):
            moved |= moves(outcomes, len(names) + 1)
    return dict(zip(names, moved, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_every_key_of_a_technology_moves_a_result_or_is_informative(name: str) -> None:
    column, tech = NAMES.index(name), TECHNOLOGIES[NAMES.index(name)]
    still = {key for key in keys(tech) if not of_technologies()[key][column]}
    assert still == set(told_informative(tech))


# --- devices and architectures


def value_of(tree: Any, key: str) -> Any:
    return functools.reduce(getattr, key.split("."), tree)


@cache
def of_device(name: str) -> frozenset[str]:
    """Keys of a device that move something, in whatever technology it can be built."""
    device = with_axes(DEVICES[name], 2)
    names = keys(device)
    changed = changed_each(device, names)
    pulsed = dataclasses.replace(changed, pulses=changed.pulses or INPUTS.device.pulses)
    moved = np.zeros((len(names), len(NAMES)), bool)
    for kelvin, _ in POINTS:
        tech = dataclasses.replace(stacked(), temperature=np.full((len(NAMES), 1), kelvin))
        for outcomes in (estimated(tech, pulsed), billed_with(tech, changed)):
            moved |= moves(outcomes, len(names) + 1)
    return frozenset(key for key, row in zip(names, moved, strict=True) if row.any())


def words(hint: Any) -> tuple[str, ...]:
    """The words that may stand at a key, none where it holds something else."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    tables = (item.table for item in get_args(hint) if isinstance(item, one_of))
    return tuple(next(tables, ()))


def nouns(tree: Any, path: str = "architecture") -> Iterator[str]:
    """Every other word that a key of the file may have, as a setting."""
    hints = get_type_hints(type(tree), include_extras=True)
    for field in dataclasses.fields(tree):
        value, key = getattr(tree, field.name), f"{path}.{field.name}"
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            yield from nouns(value, key)
        elif isinstance(value, bool):
            yield f"{key}={str(not value).lower()}"
        else:
            yield from (f"{key}={w}" for w in words(hints[field.name]) if w != value)


def stepped(spec: Any, key: str) -> float:
    """A tenth more, or the next whole number that fits the others, or the last one that does.

    The value itself where no other fits, as with another word of the file.
    """
    value = value_of(spec, key)
    if not isinstance(value, int):
        return TENTH * value
    others = itertools.chain(range(value + 1, 2 * value + 1), range(value - 1, 0, -1))
    return next(
        (n for n in others if not any(m.where for m in place(spec, split(key), n).misfits())), value
    )


def doubled(spec: Any, key: str) -> float:
    """Twice as much: a step more of what others are divided by may not change a whole number."""
    return 2 * value_of(spec, key)


def swept(
    name: str,
    kelvin: float,
    setting: str,
    bandwidth: float,
    step: Callable[[Any, str], float] = stepped,
) -> frozenset[str]:
    """Keys of an architecture that move an estimate, with another word in the file."""
    settings = [*([setting] if setting else []), f"technology.temperature={kelvin} K"]
    spec = read_inputs("vgg11", name, settings=[parse_setting(s) for s in settings]).architecture
    spec = place(spec, ("dram", "bandwidth"), bandwidth * spec.dram.bandwidth)
    names = keys(spec)
    designs = {
        f"architecture.{key}": [
            step(spec, key) if other == key else value_of(spec, key) for other in (*names, "")
        ]
        for key in names
    }
    table = sweep("vgg11", designs=designs, architecture=name, settings=settings)
    outcomes = np.stack([table[column] for column in OUTCOMES], axis=-1)
    moved = np.any(np.abs(outcomes - outcomes[-1]) > 1e-9 * np.abs(outcomes[-1]), axis=-1)
    return frozenset(key for key, row in zip(names, moved[:-1], strict=True) if row)


@cache
def of_architecture(name: str) -> frozenset[str]:
    """Keys of an architecture that move an estimate: as it is, with other words, with slow DRAM."""
    moved = swept(name, 300.0, "", 1.0) | swept(name, 350.0, "", SLOW)
    moved |= swept(name, 300.0, "", 1.0, doubled)
    for setting in nouns(read_inputs("vgg11", name).architecture):
        with contextlib.suppress(InputError):  # a word that does not fit the others
            moved |= swept(name, 300.0, setting, 1.0)
    return moved


def still(tree: Any, moved: frozenset[str]) -> set[str]:
    return set(keys(tree)) - moved


# --- training


@functools.cache
def images() -> NDArray[np.uint8]:
    shape = TRAINED.network.input
    size = (8, shape.height, shape.width, shape.channels)
    return np.random.default_rng(0).integers(0, 256, size, np.uint8)


@cache
def trained(spec: Any, device: Device) -> NDArray[np.floating] | None:
    """What a network says after two steps, where its cells can be what the scheme needs."""
    network = TRAINED.network
    with contextlib.suppress(InputError):  # a device without pulses
        model = Model(
            network, spec, device, scheme=SCHEMES[spec.scheme], seed=1, workers=Workers(1)
        )
        for _ in range(2):
            scores = model.forward(images(), learning=True)
            _, gradient = softmax_loss(scores, np.arange(8) % network.classes)
            model.backward(gradient, 0.1)
        return model.forward(images(), learning=True)
    return None


def worded(device: Device) -> Iterator[Device]:
    """The device, and with every other word that its variation may have."""
    yield device
    for setting in reversed(list(nouns(device.variation, ""))):
        key, word = setting.removeprefix(".").split("=")
        yield place(device, ("variation", key), word)


def learns_otherwise(spec: Any, device: Device, changed: Callable[..., tuple[Any, Device]]) -> bool:
    """Whether training notices a change, wherever its weights live and however cells vary."""
    for kind, weights in itertools.product(worded(device), SCHEMES):
        there = dataclasses.replace(spec, scheme=weights)
        one, other = trained(there, kind), trained(*changed(there, kind))
        if one is not None and other is not None and not np.array_equal(one, other):
            return True
    return False


@pytest.mark.parametrize("name", DEVICES)
def test_every_key_of_a_device_moves_a_result_or_is_informative(name: str) -> None:
    device = DEVICES[name]

    def changed(key: str, spec: Any, cells: Device) -> tuple[Any, Device]:
        return spec, place(cells, split(key), TENTH * value_of(cells, key) or 0.1)

    of_pulses = set() if device.pulses else {"variation.asymmetry"}  # there are none to differ
    left = {
        key  # endurance is of a cell's lifetime
        for key in still(device, of_device(name)) - {"endurance.writes"} - of_pulses
        if not learns_otherwise(TRAINED.architecture, device, functools.partial(changed, key))
    }
    assert left == set(told_informative(device))


SAME = {"wage"}  # chips that have the blocks of another one, with other values


@pytest.mark.parametrize("name", [n for n in paths.names("architecture") if n not in SAME])
def test_every_key_of_an_architecture_moves_a_result_or_is_informative(name: str) -> None:
    inputs = read_inputs("mlp", name, settings=NARROW)
    chip, device = inputs.architecture, inputs.device

    def changed(key: str, spec: Any, cells: Device) -> tuple[Any, Device]:
        return place(spec, split(key), stepped(spec, key)), cells

    left = {
        key
        for key in still(chip, of_architecture(name))
        if not learns_otherwise(chip, device, functools.partial(changed, key))
    }
    assert left == set(told_informative(chip))
