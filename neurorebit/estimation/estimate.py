"""Footprint of a chip, and energy and latency of each layer, phase and part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.parts.activity import Measured, Rows
from neurorebit.chips.parts.counts import Counts, counts_of
from neurorebit.chips.parts.phases import DRAM, PER, Phase
from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.chips.parts.workload import Workload
from neurorebit.circuits.cost import Bill, Real
from neurorebit.estimation.capacity import CapacityEstimate, capacity_of, refuse_small
from neurorebit.estimation.design import Design, built, design
from neurorebit.estimation.pipelined import PipelineEstimate, pipelined
from neurorebit.estimation.plans import Plan, plans
from neurorebit.layers.network import Network
from neurorebit.schema import InfeasibleError
from neurorebit.schema.activity import Activity
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology


@dataclass(frozen=True)
class PhaseEstimate:
    """What one phase costs, for one image, one iteration or the whole network (``per``).

    ``energy`` itemises dynamic energy and leakage by part, without DRAM; every item is an array
    over the matrix layers with a last row for what belongs to no layer. ``latency`` and
    ``dram_energy`` are such arrays too. ``macro_energy`` is the dynamic energy of the macros alone.
    ``slowest`` names the stream that takes longest in each layer, None where there is none.
    """

    per: str
    ops: float
    energy: Bill
    latency: Rows
    _: KW_ONLY
    dram_energy: Rows
    macro_energy: float
    leakage_energy: float
    slowest: tuple[str | None, ...]

    @property
    def energy_by_part(self) -> dict[str, float]:
        """Energy of each part [J], leakage included."""
        return {part: float(np.sum(amount)) for part, amount in self.energy.items.items()}

    @property
    def total_energy(self) -> float:
        """Energy without DRAM [J]."""
        return float(np.sum(self.energy.total))

    @property
    def total_latency(self) -> float:
        """Time [s]."""
        return float(np.sum(self.latency))


@dataclass(frozen=True)
class Estimate:
    """The chip and what it costs: ``rows`` names the matrix layers and a last row, ``chip``.

    ``phases`` are those that the chip has: one that only infers has none of a training, and what
    programming costs is unknown where the device file has no pulses.
    Items of ``layer_area`` are arrays over the rows: tiles belong to a layer, the rest to none.
    """

    rows: tuple[str, ...]
    kinds: tuple[str, ...]
    macs: tuple[int, ...]
    utilization: tuple[float, ...]  # share of the layer's cells in use, copies not counted
    _: KW_ONLY
    chip_utilization: float
    area: Bill  # [m^2]
    layer_area: Bill  # [m^2]
    counts: dict[str, Counts]  # of each part of the chip that has tiles, macros or converters
    leakage: Bill  # [W]
    phases: dict[str, PhaseEstimate]
    batch: int
    images: int | None  # of one epoch, if known
    activity_source: str
    plans: tuple[Plan, ...] = ()  # of the layers, without the last row
    pipeline: PipelineEstimate | None = None  # where layers work on different images
    capacity: CapacityEstimate | None = None  # of a chip of given size
    assumptions: tuple[str, ...]  # one plain sentence each, for the report's reader


def estimate(
    network: Network,
    spec: ArchitectureSpec,
    technology: Technology,
    device: Device,
    *,
    activity: Activity,
    batch: int,
    images: int | None,
) -> Estimate:
    """The chip for a network, and what each of its phases costs.

    ``batch`` images make an iteration, ``images`` an epoch, if known. InfeasibleError where a part
    cannot exist in this technology.
    """
    workload = Workload.of(network.stages)
    made = design(
        workload,
        spec,
        technology,
        device,
        activity=Measured.of(activity),
        batch=batch,
        training=network.training,
    )
    chip, plan = made.chip, made.chip.plan
    refuse_small(made)
    area, leakage = (
        Bill({part.removeprefix("chip/"): np.asarray(n).item() for part, n in bill.items.items()})
        for bill in (chip.footprint.area, chip.footprint.leakage)
    )
    _check(area, "area")
    names, placed = tuple(stage.node.name for stage in network.stages), plans(made)
    return Estimate(
        rows=(*names, "chip"),
        kinds=(*(stage.node.kind for stage in network.stages), "chip"),
        macs=(*(int(n) for n in workload.macs), 0),
        utilization=(*_utilization(made), float("nan")),
        chip_utilization=float(np.sum(plan.held) / np.sum(plan.cells)),
        area=area,
        layer_area=_by_layer(made, area),
        counts=counts_of(chip),
        leakage=leakage,
        phases={name: _with_leakage(made, name, leakage) for name in made.phases},
        batch=batch,
        images=images,
        activity_source=activity.source,
        plans=placed,
        pipeline=pipelined(made, names, placed),
        capacity=capacity_of(made, names, device),
        assumptions=made.assumptions,
    )


def can_be_built(
    network: Network,
    spec: ArchitectureSpec,
    technology: Technology,
    device: Device,
    *,
    activity: Activity,
) -> bool:
    """Whether every part of the chip for a network can exist in this technology.

    It says what ``estimate`` says, without the cost of any phase.
    """
    with np.errstate(all="ignore"):
        work = built(
            Workload.of(network.stages),
            spec,
            technology,
            device,
            activity=Measured.of(activity),
            batch=float(network.training.batch),
            training=network.training,
        )
        return not any(undefined_parts(work.chip.footprint.area))


def _utilization(made: Design) -> list[float]:
    """Of each layer the share of its cells in use; of products of activations that of the words of
    the unit's macros, none where lanes form them.
    """
    chip, table = made.chip, np.zeros(made.stages)
    places, products = chip.workload.places, chip.workload.all.products
    table[slice(None) if places is None else places] = chip.plan.utilization
    if products is not None and chip.product_unit is not None:
        table[products.places] = chip.product_unit.utilization(products)
    found: list[float] = table.tolist()
    return found


def _by_layer(made: Design, area: Bill) -> Bill:
    """The area of every part in each layer's tiles, and in a last row what belongs to no layer."""
    layers, places = made.stages, made.chip.workload.places
    table = dict(zip(area.items, np.zeros((len(area.items), layers + 1)), strict=True))
    own = slice(layers) if places is None else places
    tiles = made.chip.tiles_of_layers
    for counts, tile in tiles:
        for part, amount in tile.footprint.area.items.items():
            table[part][own] += made.chip.plan.parts_of(counts) * amount
    of_layers = {tile.name for _, tile in tiles}
    for part, amount in area.items.items():
        if part.partition("/")[0] not in of_layers:
            table[part][layers] = amount
    return Bill(dict(table))


def _slowest(phase: Phase, dram_time: Real, layers: int) -> tuple[str | None, ...]:
    """The stream that takes longest in each layer, and nothing in the row of the chip."""
    if not phase.streams:
        return (None,) * (layers + 1)
    times = [*(stream.latency.total for stream in phase.streams.values()), dram_time]
    names = [*phase.streams, DRAM]
    spread = np.array([np.broadcast_to(time, (layers,)) for time in times])
    longest, chosen = spread.max(axis=0), spread.argmax(axis=0)
    return (
        *(names[i] if time > 0 else None for i, time in zip(chosen, longest, strict=True)),
        None,
    )


def _with_leakage(made: Design, name: str, leakage: Bill) -> PhaseEstimate:
    """Add leakage over the phase's time, and give every item all layers and the chip's row."""
    phase, count = made.phases[name], made.stages
    dram = made.chip.dram.transfer(phase.dram_bits)
    parts = tuple(phase.energy.items)
    table = np.zeros((len(parts) + 2, count + 1))
    for row, amount in zip(
        table, (*phase.energy.items.values(), dram.energy.total, phase.time), strict=True
    ):
        row[:count] = amount
    table[-1, count] = np.max(phase.common_time)
    latency = table[-1]
    watts = np.array(list(leakage.items.values()))
    leaked = zip(
        (f"leakage/{part}" for part in leakage.items), np.outer(watts, latency), strict=True
    )
    energy = Bill({**dict(zip(parts, table, strict=False)), **dict(leaked)})
    if not np.all(np.isfinite(table)):
        _check(phase.energy, "energy")
        for stream in phase.streams.values():
            _check(stream.latency, "time")
        _check(Bill({name: latency}), "time")
    return PhaseEstimate(
        per=PER[name],
        ops=float(np.sum(made.ops[name])),
        energy=energy,
        latency=latency,
        dram_energy=table[-2],
        macro_energy=float(np.sum(phase.macro.total)),
        leakage_energy=float(np.sum(latency) * np.sum(watts)),
        slowest=_slowest(phase, dram.latency.total, count),
    )


def undefined_parts(bill: Bill) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Parts whose amount is not finite, and in which designs.

    Where a part and a part of it are undefined, the inner one alone is returned.
    """
    nonfinite = {part: ~np.isfinite(np.asarray(amount)) for part, amount in bill.items.items()}
    wrong = {part: where for part, where in nonfinite.items() if np.any(where)}
    for part, where in wrong.items():
        below = [inner for other, inner in wrong.items() if other.startswith(f"{part}/")]
        for inner in below:
            where = where & ~inner
        if np.any(where):
            yield part, where


def undefined(part: str, of: str) -> str:
    """Why a design cannot exist."""
    return f"{part}: cannot be built in this technology: its {of} is undefined"


def _check(bill: Bill, of: str) -> None:
    """InfeasibleError that names the first part whose amount is not finite."""
    for part, _ in undefined_parts(bill):
        cure = "a device of higher resistance, another technology or another size of array may fit"
        raise InfeasibleError(undefined(part, of), part=part, quantity=of, cure=cure)
