"""How the tests by hand build chips and their parts, and how they read bills.

Only this module knows which class of ``neurorebit.chips`` builds what, and the names of its
arguments. All counts differ on purpose: a test fails where rows are taken for columns, pulses up
for pulses down, or errors for inputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from common import near

from neurorebit.chips.hybrid.analog import AnalogMacro
from neurorebit.chips.hybrid.builds import BUILDS
from neurorebit.chips.in_place.gradient import GradientArray, GradientStore, GradientUnit
from neurorebit.chips.in_place.reram import RowByRowMacro
from neurorebit.chips.in_place.sram import SramParallelMacro, SramRowMacro
from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.parallel import CrosspointMacro, ParallelMacro
from neurorebit.chips.parts.tile import Pe, Tile
from neurorebit.chips.parts.vector import Sequencer, VectorUnit
from neurorebit.chips.parts.workload import Workload
from neurorebit.chips.tiki_taka.chip import FastArray, HiddenStore, Translators
from neurorebit.circuits.block import Block
from neurorebit.circuits.converters.bank import Converters
from neurorebit.circuits.converters.converter import Converter
from neurorebit.circuits.converters.front_end import FrontEnd
from neurorebit.circuits.cost import Bill, Cost, Footprint
from neurorebit.estimation.design import Design, design
from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.network import read_network
from neurorebit.inputs.technology import read_technology
from neurorebit.layers.add import ADD
from neurorebit.layers.base import ROUND_ERROR, ROUND_RESULT, Operation
from neurorebit.layers.batch_norm import NORMALISE, NORMALISE_BACK
from neurorebit.layers.pooling import COMBINE
from neurorebit.schema import Document
from neurorebit.schema.activity import FastActivity
from neurorebit.schema.device import Device, read_device
from neurorebit.schema.paths import shipped
from neurorebit.schema.technology import Technology
from neurorebit.schemes.assumed import assumed


def _device(name: str, **pulses: float) -> Device:
    """A shipped device in cells that are higher than wide, with pulses up and down unlike."""
    found = read_device(Document(shipped("device", name)))
    cell = replace(found.cell, height=6.0, width=4.5)
    return replace(found, cell=cell, pulses=replace(found.response, **pulses))


TECH: Technology = read_technology(Document(shipped("technology", "32nm_lstp")))
RERAM = _device(
    "taox_hfox", levels_ltp=60, levels_ltd=90, voltage_ltp=1.6, voltage_ltd=1.3, width_ltp=50e-9,
    width_ltd=80e-9,
)  # fmt: skip
FEFET = _device(
    "hzo_fefet", levels_ltp=20, levels_ltd=50, voltage_ltp=3.65, voltage_ltd=2.95, width_ltp=75e-9,
    width_ltd=40e-9,
)  # fmt: skip

_MACROS = {
    "reram": ParallelMacro,
    "crosspoint": CrosspointMacro,
    "reram_rows": RowByRowMacro,
    "sram": SramParallelMacro,
    "sram_rows": SramRowMacro,
}


def macro(kind: str, device: Device = RERAM, **sizes: Any) -> Any:
    """A macro that is read both ways."""
    given = (TECH,) if kind.startswith("sram") else (TECH, device)
    return _MACROS[kind](*given, **sizes)


def analog_macro(**sizes: Any) -> Any:
    return AnalogMacro(TECH, RERAM, **sizes)


def digital_macro(build: str, **sizes: Any) -> Any:
    return BUILDS[build](TECH, **sizes)


def gradient_array(**sizes: Any) -> Any:
    return GradientArray(TECH, **sizes)


def gradient_unit(**sizes: Any) -> Any:
    return GradientUnit(TECH, **sizes)


def named(block: Any, name: str) -> Any:
    """The same block under another name."""
    return replace(block, name=name)


def gradient_store(
    buffer: Block, bits: float, word: float, lanes: float, update_lanes: float
) -> Any:
    return GradientStore(TECH, buffer, bits, word, lanes=lanes, update_lanes=update_lanes)


def hidden_store(buffer: Block, bits: float, read_bits: float, lanes: float) -> Any:
    return HiddenStore(TECH, buffer, bits, read_bits, lanes=lanes)


def translators(bits: float, lines: float) -> Any:
    return Translators(TECH, bits, lines)


def fast_array(of: Any, references: Block) -> Any:
    return FastArray(TECH, of, references)


class Sensed:
    """Converters behind a front end each; first the front ends settle, then the others decide."""

    def __init__(self, adc: Converter) -> None:
        fields = ("bits", "count", "full_scale", "read_voltage", "fit_width", "fit_height")
        given = {name: getattr(adc, name) for name in fields}
        self.adc, self.front_end = adc, FrontEnd(TECH, load=adc.load, **given)
        self.parts = self.front_end, adc
        self.beat = self.front_end.time + adc.beat

    def convert(self) -> Cost:
        return (self.front_end.sense() + self.adc.convert()).under("converters")

    def stands(self, *more: Block) -> Footprint:
        return stands("converters", *self.parts, *more)


def converters(kind: str, **sizes: Any) -> Any:
    return Converters(TECH, kind=kind, **sizes)


@dataclass(frozen=True, eq=False, kw_only=True)
class _ExtendedPe(Pe[Any]):
    """A PE with more blocks, and how many of each."""

    beside: tuple[tuple[float, Block], ...]

    @property
    def extensions(self) -> tuple[tuple[float, Block], ...]:
        return self.beside


def pe(
    of: Block, *, sum_bits: float, beside: tuple[tuple[float, Block], ...] = (), **sizes: Any
) -> Any:
    """A PE whose results have as many bits forward as they have at most."""
    return _ExtendedPe(TECH, of, **sizes, sum_bits=sum_bits, result_bits=sum_bits, beside=beside)


def tile(of: Any, **sizes: Any) -> Any:
    return Tile(TECH, of, **sizes)


def vector_unit(**sizes: Any) -> Any:
    return VectorUnit(TECH, **sizes)


# What layers ask of the vector unit, each operation on every element.
_WORK: dict[str, tuple[Operation, ...]] = {
    "normalise": (NORMALISE, ROUND_RESULT),
    "rectify": (ROUND_RESULT,),
    "add": (ADD,),
    "normalise_back": (NORMALISE_BACK,),
    "round_errors": (ROUND_ERROR,),
}


def vector_work(unit: Any, work: str, elements: float) -> Cost:
    """What the vector unit is billed for the work of a layer on so many elements."""
    return sum((unit.execute(operation, elements) for operation in _WORK[work]), Cost())


def pooling(unit: Any, windows: float, size: float) -> Cost:
    """What the vector unit is billed for windows of so many values."""
    return unit.execute(COMBINE, windows * (size - 1.0))


def sequencer() -> Any:
    return Sequencer(TECH)


# -- whole chips -------------------------------------------------------------------------------


@cache
def _network(name: str) -> Any:
    return read_network(Document(shipped("network", name)))


def fast_activity(**seen: float) -> FastActivity:
    """What a step did to the fast array of a layer."""
    return FastActivity(**seen)


def chip_design(
    architecture: str,
    network: str,
    device: Device = RERAM,
    batch: float = 5.0,
    activity: Mapping[str, Any] | None = None,
    **sets: str,
) -> Design:
    """The design of a shipped architecture with values set over it (two underscores for a dot)."""
    document = Document(shipped("architecture", architecture), "architecture")
    for path, text in sets.items():
        document.set(path.replace("__", "."), text)
    spec, net = read_architecture(document), _network(network)
    found = assumed(net, spec, device)
    layers = tuple(replace(layer, **(activity or {})) for layer in found.layers)
    measured = Measured.of(replace(found, layers=layers))
    return design(
        Workload.of(net.stages), spec, TECH, device,
        activity=measured, batch=batch, training=net.training,
    )  # fmt: skip


def vector_unit_of(found: Design) -> Any:
    """The vector unit of a chip."""
    return found.chip.vector_unit


def part(bill: Bill, end: str) -> Any:
    """What the one part with this end of its path owes."""
    found = [amount for name, amount in bill.items.items() if f"/{name}".endswith(f"/{end}")]
    assert len(found) == 1, (end, sorted(bill.items))
    return found[0]


def under(bill: Bill, within: str) -> Any:
    """What all parts below a path within the chip owe."""
    found = [n for name, n in bill.items.items() if f"/{name}/".find(f"/{within}/") >= 0]
    assert found, (within, sorted(bill.items))
    return sum(found)


# -- by hand -----------------------------------------------------------------------------------


def stands(owner: str, *parts: Block | tuple[float, Block], body: float = 0.0) -> Footprint:
    """What so many of these blocks are under an owner, who has so much area of its own."""
    total = Footprint.of(body)
    for one in parts:
        count, block = one if isinstance(one, tuple) else (1.0, one)
        total = total + count * block.footprint
    return total.under(owner)


def beside(first: Cost, *others: Cost) -> Cost:
    """What all of them do at once: the energy of all, the time of the slowest."""
    slowest = max((first, *others), key=lambda cost: float(cost.latency.total))
    energy = sum((other.energy for other in others), first.energy)
    return Cost(energy, slowest.latency)


def energy_of(cost: Cost) -> Cost:
    """The energy, in no time."""
    return Cost(cost.energy)


def close(expected: Any) -> Any:
    """Equal but for rounding."""
    return near(expected, rel=1e-9)


def same(found: Bill, expected: Bill) -> None:
    """Every part owes what it should; parts that owe nothing need not be there."""
    off = {}
    for name in {*found.items, *expected.items}:
        one, other = (np.asarray(bill.items.get(name, 0.0), float) for bill in (found, expected))
        if not np.allclose(one, other, rtol=1e-9, atol=0.0):
            off[name] = one, other
    assert not off, "\n".join(f"{n}: found {a}, expected {b}" for n, (a, b) in off.items())


def same_cost(found: Cost, expected: Cost) -> None:
    """Energy and time agree, part by part."""
    same(found.energy, expected.energy)
    same(found.latency, expected.latency)


def same_footprint(block: Block, expected: Footprint) -> None:
    """Area and leakage agree, part by part."""
    same(block.footprint.area, expected.area)
    same(block.footprint.leakage, expected.leakage)
