"""Groups along the diagonal of an array: how many, and what chips are billed for them, by hand."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from whole_chip import BASES, DEVICE, IN, near

import neurorebit as nr
from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.chips.parts.packing import beside
from neurorebit.chips.parts.workload import Workload
from neurorebit.estimation.design import design
from neurorebit.inputs.files import Inputs, Setting, parse_setting, read_inputs
from neurorebit.schema.activity import Activity, LayerActivity

NETWORK = """
name: grouped
input: {channels: 12, height: 5, width: 4}
classes: 3
layers:
  - {kind: conv, channels: 12, kernel: 1}
  - {kind: relu}
  - {kind: conv, channels: 12, kernel: 3, padding: 1, groups: 12}
  - {kind: relu}
  - {kind: conv, channels: 15, kernel: 1, groups: 3}
  - {kind: relu}
  - {kind: flatten}
  - {kind: linear, features: 3}
"""
DEPTHWISE, GROUPED = 1, 2  # 12 groups of 9 rows and a column; 3 of 4 rows and 5 columns
VECTORS = 20
STATE, ERRORS, SOME = 0.45, 0.37, 0.62


def test_lines_of_a_group_share_places():
    """128 lines at 8 places of 16 converters; 16 lines at 8 places of 2."""
    assert beside(1.0, 128.0, 8.0, 1.0) == (128.0, 1.0, 16.0)
    assert beside(9.0, 128.0, 8.0, 1.0) == (8.0, 1.0, 1.0)  # one at each place, 9 of 16 converters
    assert beside(5.0, 128.0, 8.0, 1.0) == (24.0, 1.0, 3.0)
    assert beside(20.0, 128.0, 8.0, 1.0) == (4.0, 2.0, 1.0)  # two places each
    assert beside(50.0, 128.0, 8.0, 1.0) == (2.0, 4.0, 1.0)
    assert beside(70.0, 128.0, 8.0, 1.0) == (1.0, 5.0, 1.0)
    assert beside(1.0, 16.0, 8.0, 2.0) == (8.0, 2.0, 2.0)  # both cells of a weight at one converter
    assert beside(5.0, 16.0, 8.0, 1.0) == (2.0, 3.0, 1.0)


@cache
def inputs_of(kind: str, **sets: Any) -> Inputs:
    name, base = BASES[kind]
    keys = {"input_bits": IN, **base, **{k.replace("__", "."): v for k, v in sets.items()}}
    settings = [Setting(f"architecture.{key}", str(value)) for key, value in keys.items()]
    settings += [Setting(f"device.{key}", str(value)) for key, value in DEVICE.items()]
    return read_inputs(_file(), name, settings=settings)


@cache
def _file() -> str:
    import tempfile
    from pathlib import Path

    path = Path(tempfile.mkdtemp()) / "grouped.yaml"
    path.write_text(NETWORK)
    return str(path)


def made(kind: str, **sets: Any) -> Any:
    inputs = inputs_of(kind, **sets)
    one = LayerActivity(
        tuple(0.1 + 0.05 * plane for plane in range(IN)), ERRORS, SOME, STATE,
        set_fraction=0.02, reset_fraction=0.01, set_levels=1.5, reset_levels=2.5,
        words_written=0.7,
    )  # fmt: skip
    network = inputs.network
    return design(
        Workload.of(network.stages), inputs.architecture, inputs.technology, inputs.device,
        activity=Measured.of(Activity("made up", (one,) * 4)), batch=3.0,
        training=network.training,
    )  # fmt: skip


class Packed(NamedTuple):
    """Groups in an array, arrays, copies; places of a read forward and back."""

    groups: int
    arrays: int
    copies: int
    places: int
    back: int = 0


# arrays of 32 x 16 in tiles of 64 x 64 cells, 8 arrays; 2 converters below each. Forward alone the
# rows of 3 groups fit one array, so that 12 groups take one tile, and 2 of them each of 6 arrays.
# Where arrays are read back, 9 rows take two places of the 4 that 8 converters have: 2 groups fit.
PACKED: Mapping[str, Mapping[int, Packed]] = {
    "hybrid": {DEPTHWISE: Packed(2, 6, 1, 1), GROUPED: Packed(1, 3, 2, 3)},
    "reram": {DEPTHWISE: Packed(2, 6, 1, 2, 2), GROUPED: Packed(1, 3, 1, 8, 4)},
    "inference": {DEPTHWISE: Packed(2, 6, 1, 2), GROUPED: Packed(1, 3, 1, 8)},
}
SECTION = {"hybrid": "apim", "reram": "arrays", "inference": "inference_arrays"}


def small(kind: str, **sets: Any) -> Any:
    """A chip with tiles of 8 arrays."""
    return made(kind, **{f"{SECTION[kind]}__pe_side": 32, **sets})


def test_shared_tiles_are_filled_array_by_array():
    """Three groups in each of 4 arrays, which leave the others to other layers."""
    plan = small("hybrid", apim__share_tiles="true").chip.plan
    found = plan.packing.groups, plan.arrays, plan.copies
    assert [number(n, DEPTHWISE) for n in found] == [3.0, 4.0, 1.0]
    wide = made("hybrid").chip.plan  # tiles of 32 arrays: each group has one, and a copy
    found = wide.packing.groups, wide.arrays, wide.copies, wide.packing.places
    assert [number(n, DEPTHWISE) for n in found] == [1.0, 12.0, 2.0, 1.0]


each_kind = pytest.mark.parametrize("kind", PACKED)


def number(amount: Any, layer: int) -> float:
    return float(np.broadcast_to(np.asarray(amount, float), (4,))[layer])


@each_kind
def test_arrays_copies_and_places(kind):
    """Two cells a weight leave no room for two groups of 5 columns: 2 x 3 of 8 places each."""
    plan = small(kind).chip.plan
    for layer, wanted in PACKED[kind].items():
        found = plan.packing.groups, plan.arrays, plan.copies, plan.packing.places
        assert [number(n, layer) for n in found] == list(wanted[:4])
        assert number(plan.tiles, layer) == 1.0
        if wanted.back:
            assert number(plan.packing.back_places, layer) == wanted.back
    cells = {"hybrid": 1, "reram": 2, "inference": 2}[kind]
    assert number(plan.utilization, DEPTHWISE) == near(108 * cells / 64**2)
    assert number(plan.packing.groups, 0) == 1.0


@each_kind
def test_groups_are_read_one_after_the_other(kind):
    """Each group as if alone, but at few places; those of an array follow each other."""
    found = small(kind)
    macro, plan = found.chip.macro, PACKED[kind]
    stream = found.phases["inference"].streams["arrays"]
    for layer, (groups, rows, cols) in {DEPTHWISE: (12, 9, 1), GROUPED: (3, 4, 5)}.items():
        one, planes = plan[layer], [0.1 + 0.05 * p for p in range(IN)]
        cells = 1 if kind == "hybrid" else 2
        share = cols * cells / (one.places * 2.0)
        if kind == "hybrid":
            mean = sum(planes) / IN
            cost = macro.mvm(mean, STATE, float(rows), float(cols), places=float(one.places))
        else:
            reads = (
                macro.read(d, STATE, rows / 32, share, places=float(one.places)) for d in planes
            )
            cost = sum(reads, start=0.0 * macro.read(0.1))
        assert number(stream.energy.total, layer) == near(
            VECTORS * groups * float(np.asarray(cost.energy.total).item())
        )
        time = one.groups * float(np.asarray(cost.latency.total).item())
        assert number(stream.latency.total, layer) == near(VECTORS / one.copies * time)


def test_errors_go_back_group_by_group():
    """The one column of a group is driven, and its 9 rows are read at two places."""
    found = small("reram")
    macro, one = found.chip.macro, PACKED["reram"][DEPTHWISE]
    bits = found.chip.spec.error_bits
    cost = bits * macro.read_transposed(ERRORS, STATE, 2 / 16, 9 / 16, places=2.0)
    stream = found.phases["backward"].streams["arrays"]
    energy, time = (float(np.asarray(b.total).item()) for b in (cost.energy, cost.latency))
    assert number(stream.energy.total, DEPTHWISE) == near(VECTORS * 12 * energy)
    assert number(stream.latency.total, DEPTHWISE) == near(VECTORS / one.copies * 2 * time)


SRAM = {
    "arrays__rows": 64,
    "arrays__read": "parallel",
}  # x 32 columns of 4 cells a weight: 4 groups of 9 rows in an array


@pytest.mark.parametrize("phase", ["inference", "backward"])
def test_groups_in_sram_are_read_at_once(phase):
    """Of 8 places one group takes 4, which 4 groups share; of 4 back one each, all for 4 groups.

    Three arrays of 36 rows, whose 4 columns have ones in 9 of them.
    """
    found = made("sram", **SRAM)
    chip, plan = found.chip, found.chip.plan
    macro, stream = chip.macro, found.phases[phase].streams["arrays"]
    assert number(plan.packing.groups, DEPTHWISE) == 4.0
    assert number(plan.arrays, DEPTHWISE) == 3.0
    copies = number(plan.copies, DEPTHWISE)
    assert copies == np.floor(number(plan.tiles, DEPTHWISE) * (chip.plan.tile_side**2 / 2048) / 3)
    if phase == "inference":
        reads = (
            macro.read(0.1 + 0.05 * p, STATE / 4, 36 / 64, 16 / 16, places=4.0) for p in range(IN)
        )
        cost = sum(reads, start=0.0 * macro.read(0.1))
    else:
        bits = chip.spec.error_bits
        cost = bits * macro.read_transposed(ERRORS, STATE / 4, 16 / 32, 36 / 64, places=4.0)
    energy, time = (float(np.asarray(b.total).item()) for b in (cost.energy, cost.latency))
    assert number(stream.energy.total, DEPTHWISE) == near(VECTORS * 3 * energy)
    assert number(stream.latency.total, DEPTHWISE) == near(VECTORS / copies * time)


def test_a_rest_of_groups_is_an_array_that_is_less_full():
    """12 groups, 5 of which fit 45 of 80 rows: arrays of 5, 5 and 2."""
    plan = made("sram", **SRAM | {"arrays__rows": 80, "arrays__rows_per_adc": 5}).chip.plan
    assert number(plan.packing.groups, DEPTHWISE) == 5.0
    kinds = plan.read_pieces.by_kind(plan.read_pieces.counts, 4)[:, DEPTHWISE]
    rows = plan.read_pieces.by_kind(plan.read_pieces.rows, 4)[:, DEPTHWISE]
    cols = plan.read_pieces.by_kind(plan.read_pieces.cols, 4)[:, DEPTHWISE]
    there = kinds > 0
    assert kinds[there].tolist() == [2.0, 1.0]
    assert rows[there].tolist() == [45.0, 18.0]
    assert cols[there].tolist() == [20.0, 8.0]


def test_small_layers_share_tiles():
    """Three layers take 1, 4 and 2 of 32 arrays of a tile; 300 rows of the last take 3 tiles."""
    apart = made("hybrid", apim__pe_side=64).chip
    chip = made("hybrid", apim__pe_side=64, apim__share_tiles="true").chip
    assert [number(apart.plan.tiles, i) for i in range(4)] == [1, 1, 1, 3]
    assert float(apart.whole_tiles.item()) == 6.0
    assert float(chip.whole_tiles.item()) == 4.0
    parts = np.array([1, 4, 2]) / 7  # of the tile that three layers fill to 7 of 32
    assert [number(chip.plan.there, i) for i in range(3)] == near(list(parts))
    assert [number(chip.plan.copies, i) for i in range(3)] == [1.0] * 3
    assert number(chip.plan.utilization, DEPTHWISE) == near(108 / (128**2 * 4 / 7))
    assert number(chip.plan.utilization, 3) == number(apart.plan.utilization, 3)


def test_layers_that_fill_less_than_an_array_share_it():
    """10 x 20, 20 x 30 and 30 x 10 weights stand along a diagonal of 60 rows and 60 columns; the
    fourth layer's 10 rows begin another array of 64 x 64, which the fifth's 60 columns do not fit.
    """
    network = nr.network(
        {
            "name": "small",
            "input": {"channels": 10, "height": 1, "width": 1},
            "classes": 60,
            "layers": [{"kind": "linear", "features": n} for n in (20, 30, 10, 10, 60)],
        }
    )
    settings = [
        parse_setting(f"architecture.arrays.{key}")
        for key in ("rows=64", "cols=64", "share_tiles=true", "cols_per_adc=4", "rows_per_adc=4")
    ]
    spec = read_inputs(network.document, "reram", settings=settings).architecture
    work = Workload.of(network.resolved.stages)
    plan = Floorplan.of(work, spec)
    assert plan.array_shares.tolist() == near([1 / 3, 1 / 3, 1 / 3, 1.0, 1.0])
    assert plan.tile_shares.sum() == near(1.0)
    crossed = Floorplan.of(work, replace(spec, arrays=replace(spec.arrays, cells="crosspoint")))
    assert crossed.array_shares.tolist() == [1.0] * 5


def test_shared_tiles_of_the_digital_side():
    """A tile has 6 macros. The first layer's 12 rows of 12 channels take 4, the second's groups 3,
    the third's 2: in one copy, two tiles instead of three.
    """
    keys = {"dpim__copies": 1, "apim__share_tiles": "true"}
    chip, apart = made("hybrid", **keys).chip, made("hybrid", dpim__copies=1).chip
    last = number(apart.digital_tiles, 3)
    assert number(apart.digital_count, 0) == 3.0 + last
    assert number(chip.digital_count, 0) == 2.0 + last
    assert [number(chip.digital_shares, i) for i in range(3)] == near([8 / 9, 6 / 9, 4 / 9])


@pytest.mark.parametrize("kind", ["reram", "reram_rows"])
def test_a_read_at_some_places_is_that_share_of_one_at_all(kind):
    """Of 8 places 3: rows are driven, lines settle and are converted three times."""
    from by_hand import macro

    made_ = macro(kind, transposed=True, cols_per_adc=8.0, rows_per_adc=4.0)
    for read, share in ((made_.read, 3 / 8), (made_.read_transposed, 3 / 4)):
        some, every = read(0.3, 0.4, 0.5, 0.6, places=3.0), read(0.3, 0.4, 0.5, 0.6)
        for part, amount in every.energy.items.items():
            assert some.energy.items[part] == near(share * amount), part


def test_digital_macros_hold_groups_below_each_other():
    """Macros of 16 rows of 3 words, in 3 copies: the rows of 12 groups, 9 positions in 3 macros;
    of 3 groups of 5 rows, 4 channels in 2. Without packing 12 x 9 and 3 x 2 macros.
    """
    chip, apart = made("hybrid").chip, made("hybrid", apim__pack_groups="false").chip
    assert number(chip.digital_groups, DEPTHWISE) == 12.0
    assert number(chip.digital_groups, GROUPED) == 3.0
    assert number(chip.digital_macros, DEPTHWISE) == 3 * 3
    assert number(chip.digital_macros, GROUPED) == 3 * 2
    assert number(apart.digital_macros, DEPTHWISE) == 3 * 108
    assert number(apart.digital_macros, GROUPED) == 3 * 6
    assert number(chip.digital_rows, DEPTHWISE) == 12.0
    assert number(chip.digital_rows, GROUPED) == 15.0


def test_digital_groups_follow_each_other():
    """A row of 9 words in three macros, 12 times: energy as of single groups, time of all rows."""
    found = made("hybrid")
    macro = found.chip.digital_macro
    for phase, work in {
        "backward": lambda words: macro.mtvm(ERRORS, SOME, 1.0, words),
        "gradient": lambda words: macro.outer(SOME, 1.0, words),
    }.items():
        one = work(3.0)
        energy, time = (float(np.asarray(b.total).item()) for b in (one.energy, one.latency))
        energy, time = VECTORS * 12 * 3 * energy, VECTORS / 3 * 12 * time
        if phase == "gradient":  # sums of an image are added in all copies
            kept = macro.collect(1.0, 3.0)
            energy += 3 * 12 * 3 * float(np.asarray(kept.energy.total).item())
            time += 12 * float(np.asarray(kept.latency.total).item())
        stream = found.phases[phase].streams["arrays"]
        assert number(stream.energy.total, DEPTHWISE) == near(energy), phase
        assert number(stream.latency.total, DEPTHWISE) == near(time), phase


def test_crosspoints_keep_groups_apart():
    """No transistor closes the rows of the others."""
    plan = made("reram", arrays__cells="crosspoint").chip.plan
    assert number(plan.packing.groups, DEPTHWISE) == 1.0
    assert number(plan.arrays, DEPTHWISE) == 12.0


def test_cells_of_packed_groups_are_programmed_group_by_group():
    """What a group alone takes, in all copies."""
    found, apart = small("reram"), small("reram", arrays__pack_groups="false")
    copies = PACKED["reram"][DEPTHWISE].copies
    for name in ("sync", "programming"):
        one, other = (number(f.phases[name].macro.total, DEPTHWISE) for f in (found, apart))
        assert one == near(copies * other)
