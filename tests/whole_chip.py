"""A chip and its phases for a small network of unlike layers, and what follows from it by hand.

Tests write down what a phase is to do, layer by layer, in costs of the chip's blocks; ``check``
compares. Whatever builds a design and reads its bills stands here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from lane_registers import lane

from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.chips.parts.workload import Workload
from neurorebit.circuits.arithmetic import Multiplier
from neurorebit.circuits.cost import Bill, Cost
from neurorebit.circuits.prefix import PrefixAdder
from neurorebit.estimation.design import design
from neurorebit.estimation.estimate import Estimate, estimate
from neurorebit.inputs.files import Inputs, Setting, read_inputs
from neurorebit.schema.activity import Activity, FastActivity, LayerActivity

NETWORK = str(Path(__file__).parent / "data" / "branches.yaml")
BATCH = 3
IN, ERROR, STORED, BUS = 6, 11, 14, 96  # bits of inputs, errors, kept values; wires of a chip tree

COMMON = {
    "input_bits": IN, "error_bits": ERROR, "vector_unit.lanes": 7,
    "vector_unit.stored_bits": STORED,
    "transport.bus_bits": BUS, "dram.energy": "3 pJ/bit", "dram.bandwidth": "2 Tbit/s",
}  # fmt: skip
DEVICE = {  # wide cells, so that periphery fits small arrays
    "cell.width": 24, "cell.height": 16,
    "pulses.levels_ltp": 100, "pulses.levels_ltd": 140, "pulses.voltage_ltp": "1.5 V",
    "pulses.voltage_ltd": "1.9 V", "pulses.width_ltp": "40 ns", "pulses.width_ltd": "70 ns",
}  # fmt: skip


# -- the layers by hand --------------------------------------------------------------------------


class Layer(NamedTuple):
    """A matrix layer: channels and outputs of a group, vectors of an image, the rest of
    docs/models/phases.md#traffic.
    """

    name: str
    channels: int
    outputs: int
    positions: int
    groups: int
    vectors: int
    pooled: int
    inputs: int
    added: int
    forked: int
    kernel: int
    normed: bool
    rectified: bool
    first: bool

    @property
    def rows(self) -> int:
        """Inputs of one output."""
        return self.channels * self.positions

    @property
    def results(self) -> int:
        """Values of the output map."""
        return self.outputs * self.groups * self.vectors

    @property
    def handed_on(self) -> int:
        """Values of the output map after pooling."""
        return self.outputs * self.groups * self.pooled

    @property
    def weights(self) -> int:
        return self.rows * self.outputs * self.groups

    @property
    def macs(self) -> int:
        return self.weights * self.vectors


LAYERS = (
    # 3 x 9 x 7 pixels; a border of one leaves 9 x 7 positions; two layers read the map
    Layer("stem_conv", 3, 12, 9, 1, 63, 63, 189, 0, 756, 3, True, True, True),
    # every other pixel: 5 x 4 of 9 x 7
    Layer("wide", 12, 70, 9, 1, 20, 20, 756, 0, 0, 3, False, True, False),
    Layer("deep_conv", 70, 40, 9, 1, 20, 20, 1400, 0, 0, 3, True, False, False),
    # of the two branches the later one bears the sum of 40 x 5 x 4 values, and the rectifier
    Layer("side", 12, 40, 1, 1, 20, 20, 756, 800, 0, 1, True, True, False),
    # windows of 3 x 3, every other pixel: 2 x 1 of 5 x 4
    Layer("grouped", 8, 50, 9, 5, 20, 2, 800, 0, 0, 3, False, True, False),
    Layer("hidden", 500, 150, 1, 1, 1, 1, 500, 0, 0, 1, False, True, False),
    Layer("last", 150, 10, 1, 1, 1, 1, 150, 0, 0, 1, False, False, False),
)
COUNT = len(LAYERS)


class Plan(NamedTuple):
    """How the layers lie in arrays of ``rows`` by ``cols``, one number for each layer."""

    rows: int
    cols: int
    cells: int  # of a weight
    split: Sequence[int]
    arrays: Sequence[int]
    array_rows: Sequence[int]
    array_cols: Sequence[int]
    pe_rows: Sequence[int]
    pe_cols: Sequence[int]
    tiles_down: Sequence[int]
    tiles: Sequence[int]
    copies: Sequence[int]

    @property
    def tiles_across(self) -> Sequence[int]:
        """A layer of one group fills a grid of tiles; groups are packed in tiles of 128 columns."""
        return tuple(
            -(-layer.outputs * self.cells // 128) if layer.groups > 1 else tiles // down
            for layer, tiles, down in zip(LAYERS, self.tiles, self.tiles_down, strict=True)
        )

    @property
    def tile_pes_across(self) -> Sequence[int]:
        """Of the two PEs along the side of a tile; a kernel-split one hands inputs on."""
        return tuple(
            1 if split else min(2, n) for split, n in zip(self.split, self.pe_cols, strict=True)
        )

    @property
    def tile_pes_down(self) -> Sequence[int]:
        """As those across."""
        return tuple(
            1 if split else min(2, n) for split, n in zip(self.split, self.pe_rows, strict=True)
        )


# PEs of kernel-split tiles are 64 x 64 cells, the other tiles 128 x 128 in four PEs of 64 x 64: the
# smallest there can be, four and two of the array's longer side. test_branches_plan.py says why.
PLANS = {
    # arrays of 32 x 16, one cell a weight
    "hybrid": Plan(
        32, 16, 1, (0, 1, 1, 0, 0, 0, 0), (1, 45, 81, 3, 60, 160, 5), (1, 9, 27, 1, 3, 16, 5),
        (1, 5, 3, 3, 4, 10, 1), (1, 9, 18, 1, 2, 8, 3), (1, 2, 1, 1, 1, 3, 1),
        (1, 1, 2, 1, 1, 4, 2), (1, 2, 2, 1, 2, 8, 2), (32, 2, 1, 8, 1, 1, 8),
    ),
    # of 32 x 16, two cells a weight: twice the columns
    "reram": Plan(
        32, 16, 2, (0, 1, 1, 0, 0, 0, 0), (2, 81, 135, 5, 105, 304, 10), (1, 9, 27, 1, 3, 16, 5),
        (2, 9, 5, 5, 7, 19, 2), (1, 9, 18, 1, 2, 8, 3), (1, 3, 2, 2, 2, 5, 1),
        (1, 1, 2, 1, 1, 4, 2), (1, 3, 4, 1, 4, 12, 2), (16, 2, 1, 4, 1, 1, 4),
    ),
    # of 16 x 32, four cells a weight; the 27 rows of the first layer are enough to be split
    "sram": Plan(
        16, 32, 4, (1, 1, 1, 0, 0, 0, 0), (18, 81, 225, 5, 175, 608, 20),
        (9, 9, 45, 1, 5, 32, 10), (2, 9, 5, 5, 7, 19, 2), (9, 9, 18, 1, 2, 8, 3),
        (1, 5, 3, 3, 4, 10, 1), (1, 1, 2, 1, 1, 4, 2), (1, 5, 6, 2, 6, 20, 2),
        (4, 4, 1, 8, 1, 1, 2),
    ),
    # without kernel split: 108 and 630 rows cut at multiples of 32, tile by tile
    "hybrid_whole": Plan(
        32, 16, 1, (0,) * 7, (1, 20, 60, 3, 60, 160, 5), (1, 4, 20, 1, 3, 16, 5),
        (1, 5, 3, 3, 4, 10, 1), (1, 2, 10, 1, 2, 8, 3), (1, 2, 1, 1, 1, 3, 1),
        (1, 1, 5, 1, 1, 4, 2), (1, 1, 5, 1, 2, 8, 2), (32, 1, 2, 8, 1, 1, 8),
    ),
    "reram_whole": Plan(
        32, 16, 2, (0,) * 7, (2, 36, 100, 5, 105, 304, 10), (1, 4, 20, 1, 3, 16, 5),
        (2, 9, 5, 5, 7, 19, 2), (1, 2, 10, 1, 2, 8, 3), (1, 3, 2, 2, 2, 5, 1),
        (1, 1, 5, 1, 1, 4, 2), (1, 2, 5, 1, 4, 12, 2), (16, 1, 1, 4, 1, 1, 4),
    ),
}  # fmt: skip


def pieces(length: int, size: int) -> Counter[int]:
    """What a length is cut into."""
    return Counter(min(size, length - start) for start in range(0, length, size))


def pieces_of(plan: Plan, i: int) -> Counter[tuple[int, int]]:
    """Rows and columns in use of each array of a layer, and how many arrays are like it."""
    layer, found = LAYERS[i], Counter[tuple[int, int]]()
    high = pieces(layer.channels if plan.split[i] else layer.rows, plan.rows)
    wide = pieces(layer.outputs * plan.cells, plan.cols)
    blocks = layer.positions if plan.split[i] else layer.groups
    for rows, n in high.items():
        for cols, m in wide.items():
            found[rows, cols] += blocks * n * m
    return found


PLANS["inference"], PLANS["inference_sram"] = PLANS["reram"], PLANS["sram"]  # the same arrays
PLANS["sliced"] = PLANS["hybrid"]  # one cell a weight in the arrays of each slice

# -- what the data did ---------------------------------------------------------------------------


def _seen(i: int) -> LayerActivity:
    """Of a layer; nothing is like anything else."""
    return LayerActivity(
        input_density=tuple(0.1 + 0.04 * plane + 0.013 * i for plane in range(IN)),
        error_density=0.35 + 0.01 * i,
        error_nonzero=0.6 + 0.02 * i,
        conductance=0.4 + 0.03 * i,
        set_fraction=0.02 + 0.001 * i,
        reset_fraction=0.01 + 0.0007 * i,
        set_levels=1.5 + 0.1 * i,
        reset_levels=2.5 + 0.2 * i,
        words_written=0.7 + 0.01 * i,
        verify_reads=0.0,
    )


ACTIVITY = tuple(map(_seen, range(COUNT)))
FAST = tuple(
    FastActivity(
        ups=1.1 + 0.2 * i, downs=0.4 + 0.1 * i, reads=2.3 + 0.5 * i, conductance=0.55 - 0.02 * i
    )
    for i in range(COUNT - 1)
)
# more pulses than a vector an image has slots: all of its lines carry ones
FAST = (*FAST, FastActivity(ups=60.0, downs=40.0, reads=5.3, conductance=0.43))


# -- chips ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Whole:
    """A chip, what each phase does on it, and its estimate."""

    inputs: Inputs
    chip: Any
    phases: Mapping[str, Any]
    ops: Mapping[str, Any]
    estimate: Estimate
    activity: tuple[LayerActivity, ...]
    batch: int

    def tile(self, split: int) -> Any:
        """The kind of tile that a layer has."""
        return self.chip.split_tile if split else self.chip.whole_tile


BASES = {
    "hybrid": ("rebit", {
        "weight_bits": 4, "apim.rows": 32, "apim.cols": 16, "dpim.rows": 16, "dpim.cols": 96,
        "dpim.vectors": 5, "dpim.macros_per_pe": 6, "dpim.copies": 3, "dpim.accumulator_bits": 37,
    }),
    "reram": ("reram", {
        "weight_bits": 5, "arrays.cell_bits": 3, "arrays.rows": 32, "arrays.cols": 16,
        "arrays.rows_per_adc": 4, "gradient_unit.rows": 64, "gradient_unit.cols": 32,
        "gradient_unit.units": 3, "gradient_unit.lanes": 11,
    }),
    "sram": ("sram", {
        "weight_bits": 4, "arrays.rows": 16, "arrays.cols": 32, "arrays.rows_per_adc": 4,
        "gradient_unit.rows": 64, "gradient_unit.cols": 32, "gradient_unit.units": 2,
        "gradient_unit.lanes": 11,
    }),
    "sliced": ("panther", {
        "weight_bits": 9, "sliced_arrays.slices": 546, "sliced_arrays.rows": 32,
        "sliced_arrays.cols": 16, "sliced_arrays.rows_per_adc": 4, "sliced_arrays.adc_bits": 5,
        "sliced_arrays.back_adc_bits": 6, "sliced_arrays.carry_every": 7,
        "sliced_arrays.update_bits": 10, "sliced_arrays.lanes": 13,
    }),
    "inference": ("inference_reram", {
        "weight_bits": 5, "inference_arrays.cell_bits": 3, "inference_arrays.rows": 32,
        "inference_arrays.cols": 16,
    }),
    "inference_sram": ("inference_sram", {
        "weight_bits": 4, "inference_arrays.rows": 16, "inference_arrays.cols": 32,
    }),
}  # fmt: skip


def inputs_of(kind: str, network: str = NETWORK, **sets: Any) -> Inputs:
    """The files of a chip; keys of the architecture with two underscores for each dot."""
    name, base = BASES[kind.removesuffix("_whole")]
    if kind.endswith("_whole"):
        section = "apim" if name == "rebit" else "arrays"
        base = {**base, f"{section}.kernel_split": "false"}
    common = {key: value for key, value in COMMON.items() if key != "error_bits"}
    common = common if kind.startswith("inference") else COMMON
    keys = {**common, **base, **{key.replace("__", "."): value for key, value in sets.items()}}
    settings = [Setting(f"architecture.{key}", str(value)) for key, value in keys.items()]
    settings += [Setting(f"device.{key}", str(value)) for key, value in DEVICE.items()]
    return read_inputs(network, name, settings=settings)


@cache
def whole(
    kind: str,
    batch: int = BATCH,
    momentum: float = 0.9,
    decay: float = 1e-4,
    even: bool = False,
    **sets: Any,
) -> Whole:
    """The chip of one kind with values set over its file; with ``even`` all bit planes alike."""
    inputs = inputs_of(kind, **sets)
    network, spec = inputs.network, inputs.architecture
    training = replace(network.training, momentum=momentum, weight_decay=decay)
    network = replace(network, training=training)
    seen = ACTIVITY[: len(network.matrices)]
    if spec.scheme in ("tiki_taka", "panther"):
        seen = tuple(replace(a, fast=fast) for a, fast in zip(seen, FAST, strict=False))
    if even:
        seen = tuple(replace(a, input_density=(a.input_density[0],) * IN) for a in seen)
    activity = Activity("made up", seen)
    found = design(
        Workload.of(network.stages), spec, inputs.technology, inputs.device,
        activity=Measured.of(activity), batch=float(batch), training=network.training,
    )  # fmt: skip
    full = estimate(
        network, spec, inputs.technology, inputs.device, activity=activity, batch=batch, images=100
    )
    return Whole(inputs, found.chip, found.phases, found.ops, full, seen, batch)


def workload_of(kind: str, **sets: Any) -> Workload:
    """The network as a chip sees it."""
    return Workload.of(inputs_of(kind, **sets).network.stages)


def plan_of(kind: str, **sets: Any) -> Floorplan:
    """How a chip lays the layers out."""
    return Floorplan.of(workload_of(kind, **sets), inputs_of(kind, **sets).architecture)


# -- bills ---------------------------------------------------------------------------------------


def number(amount: Any) -> float:
    """A number that may stand in an array of one."""
    return float(np.asarray(amount).item())


def rounds(vectors: int, copies: int, images: int) -> float:
    """Rounds for an image, of several that follow each other; copies take whole vectors."""
    return -(-vectors * images // copies) / images


def seconds(cost: Cost) -> float:
    return number(cost.latency.total)


class Due(NamedTuple):
    """What a stream is to owe for one layer: actions, how often, and a time [s]."""

    actions: Sequence[tuple[float, Cost]]
    time: float

    @property
    def items(self) -> dict[str, float]:
        """Energy [J] by part."""
        found: dict[str, float] = {}
        for times, cost in self.actions:
            for part, amount in cost.energy.items.items():
                found[part] = found.get(part, 0.0) + times * number(amount)
        return found


def one_by_one(*costs: Cost) -> Due:
    """Actions one after the other."""
    return Due([(1.0, cost) for cost in costs], sum(map(seconds, costs)))


def side_by_side(*costs: Cost) -> Due:
    """Actions at the same time."""
    return Due([(1.0, cost) for cost in costs], max(map(seconds, costs)))


NOTHING = Due([], 0.0)


class Work(NamedTuple):
    """What a phase is to do for one layer; ``fill``: the time [s] of a batch's first value."""

    streams: Mapping[str, Due]
    steps: float
    dram: float
    fill: float


def near(wanted: Any) -> Any:
    """To ten digits; nothing is close to zero but zero."""
    return pytest.approx(wanted, rel=1e-10, abs=0.0)


def by_layer(amount: Any) -> np.ndarray:
    return np.broadcast_to(np.asarray(amount, float), (COUNT,))


def check_bill(found: Mapping[str, Any], due: Sequence[Mapping[str, float]]) -> None:
    """Every part, layer by layer."""
    for part in {*found, *(part for items in due for part in items)}:
        wanted = [items.get(part, 0.0) for items in due]
        assert by_layer(found.get(part, 0.0)) == near(wanted), part


def check_stream(found: Cost, due: Sequence[Due]) -> None:
    """Energy and time, layer by layer."""
    check_bill(found.energy.items, [d.items for d in due])
    wanted = [d.time for d in due]
    assert by_layer(found.latency.total) == near(wanted)


def check(made: Whole, name: str, work: Sequence[Work]) -> None:
    """A phase in full: streams, control, DRAM, and the time of the slowest and of the fill."""
    phase, chip = made.phases[name], made.chip
    assert set(phase.streams) == set(work[0].streams)
    for stream, cost in phase.streams.items():
        check_stream(cost, [w.streams[stream] for w in work])
    assert by_layer(phase.dram_bits) == near([w.dram for w in work])
    due = []
    for w in work:
        control = chip.control.step(float(w.steps))
        actions = [a for stream in w.streams.values() for a in stream.actions]
        due.append(Due([*actions, (1.0, control)], 0.0).items)
    check_bill(phase.energy.items, due)
    check_bill(phase.macro.items, [w.streams["arrays"].items for w in work])
    times = [
        max(*(s.time for s in w.streams.values()), seconds(chip.dram.transfer(float(w.dram))))
        + w.fill / made.batch
        for w in work
    ]
    assert by_layer(phase.time) == near(times)
    assert np.all(np.asarray(phase.common_time) == 0.0)


# -- the vector unit (docs/models/chip.md#vector-unit) ---------------------------------------------

Counts = Sequence[tuple[float, int]]  # how many, of how many bits


def lanes(
    unit: Any, elements: float, cycles: float, adds: Counts, products: Counts = (), words: float = 0
) -> Cost:
    """So many cycles of a lane for each element, with additions, products of stored values, and
    words of 32 bits of which half change.
    """
    tech, fast = unit.tech, {"network": "sklansky"}
    added = sum(n * PrefixAdder(tech, float(b), **fast).energy for n, b in adds)
    multiplied = sum(n * Multiplier(tech, STORED, float(b)).energy for n, b in products)
    register = unit.register
    stored = words * 32 * (register.clock_energy + register.data_energy / 2)
    made, flip = lane(tech, STORED), register.clock_energy + register.data_energy / 2
    latched = flip * made.product_bits * sum(n for n, _ in products)
    latched += flip * made.sum_bits / 40 * sum(n * min(b, 40) for n, b in adds)
    time = elements * cycles / unit.lanes * made.cycle
    parts = {"adder": added, "multiplier": multiplied, "register": stored}
    parts["pipeline/register"] = latched
    total = Cost(latency=Bill({"": time}))
    for part, energy in parts.items():
        if energy:
            total = total + Cost.of(elements * energy).under(f"vector/{part}")
    return total


def normalise(unit: Any, elements: float) -> Cost:
    """A sum, a sum of squares; then scale and shift, clip and round."""
    adds = ((2, 32), (1, 40), (2, 16))
    return lanes(unit, elements, 4, adds, ((2, STORED),), words=2)


def rectify(unit: Any, elements: float) -> Cost:
    """Clip and round."""
    return lanes(unit, elements, 1, ((2, 16),))


def add(unit: Any, elements: float) -> Cost:
    """Two branches as one."""
    return lanes(unit, elements, 1, ((1, STORED),))


def pool(unit: Any, elements: float, window: float) -> Cost:
    """A lane adds or compares three more values of a window in a cycle."""
    return lanes(unit, elements * (window - 1) / 3, 1, ((3, IN),))


def normalise_back(unit: Any, elements: float) -> Cost:
    """Two sums, then error and stored value are combined."""
    return lanes(unit, elements, 4, ((4, 32),), ((2, ERROR), (1, STORED)), words=2)


def round_errors(unit: Any, elements: float) -> Cost:
    """Half a word of random bits is added, and the sum clipped."""
    return lanes(unit, elements, 1, ((2, 16),), words=0.5)


# -- what all chips do alike -----------------------------------------------------------------------


def vector_unit_back(made: Whole, i: int) -> Due:
    """Batch norm backwards, sums of all inputs rounded, errors of two readers of a map added."""
    layer, unit = LAYERS[i], made.chip.vector_unit
    work = []
    if layer.normed:
        work.append(normalise_back(unit, float(layer.results)))
    if not layer.first:
        work.append(round_errors(unit, float(layer.inputs)))
    if layer.forked:
        work.append(add(unit, float(layer.forked)))
    if layer.pooled < layer.vectors:  # windows overlap: the error of each may meet another's
        work.append(lanes(unit, float(layer.handed_on), 1, ((1, ERROR),)))
    return one_by_one(*work)


def errors_stored(i: int) -> int:
    """DRAM traffic [bit] of the backward pass."""
    layer = LAYERS[i]
    # errors of the next layer's inputs come, those of the layer's results go, a second reader's too
    bits = (layer.handed_on + layer.results + layer.forked) * ERROR
    if layer.normed:
        bits += 2 * layer.results * STORED  # results are read for two sums, and once more
    if not layer.first:
        bits += (layer.results + layer.inputs) * ERROR  # errors come again, and go to the inputs
    return bits


def inputs_stored(i: int) -> int:
    """DRAM traffic [bit] of the gradient."""
    layer = LAYERS[i]
    # errors of the first layer's results come too, as no backward pass has brought them in
    return layer.inputs * IN + (layer.results * ERROR if layer.first else 0)
