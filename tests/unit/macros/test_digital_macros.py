"""Digital macros: what is billed, from gates and nets by plain arithmetic, and what is refused."""

import numpy as np
import pytest
from common import near

from neurorebit.circuits.gates import cells, gate_pitch
from neurorebit.circuits.register import Register
from neurorebit.circuits.settling.netlist import Caps, neighbours
from neurorebit.circuits.settling.serial_tree import Activity, Shape, buffered, drawn, settled_at
from neurorebit.inputs.files import opened
from neurorebit.inputs.technology import read_technology
from neurorebit.macros.digital_in_cell import DigitalInCell, InCellMacro
from neurorebit.macros.digital_tree import DigitalTree, DigitalTreeMacro
from neurorebit.macros.point import Point
from neurorebit.macros.supplies import Supplies
from neurorebit.schema import ImpossibleError


@pytest.fixture(scope="module")
def tech():
    return read_technology(opened("technology", "22nm_lstp"))


@pytest.fixture(scope="module")
def core(tech):
    return Supplies({"core": tech})


def tree(**keys):
    given = {"kind": "digital_tree", "inputs": 8, "outputs": 3, "weight_bits": 2, "input_bits": 4}
    return DigitalTree(**{**given, **keys})


def test_a_tree_takes_what_its_nets_are_charged_with(core, tech):
    macro = tree(drive=2.0, idle_cycles=2, cell_area=0.4e-12).macro(core, Point(input_toggle=0.4))
    assert isinstance(macro, DigitalTreeMacro)
    assert macro.ops == 2 * 8 * 3
    assert macro.bits == (4.0, 2.0)
    assert macro.cycles == 4 + 2
    inv, energy = cells(tech).inverter, macro.product().energy.items
    side = np.sqrt(macro.side[0] * macro.side[1] / 3 / 8)
    inside = 4 * gate_pitch(tech) + 14 * tech.feature
    worth = [2 * inv.input_cap, 2 * inv.output_cap, 0.2e-9 * inside, 0.2e-9 * side]
    swung = {"tree": 0.0, "products": 0.0, "accumulator": 0.0}
    register = Register(tech)
    for share, near_by in neighbours(Caps(*(each / worth[0] for each in worth))):
        netlist = buffered(macro.placed, near_by)
        swings = settled_at(macro.placed, macro.activity, near_by).swings
        for net, owner in enumerate(netlist.owner):
            if net not in netlist.inputs:
                charged = sum(c * w for c, w in zip(netlist.caps[net], worth, strict=True))
                swung[owner] += share * swings[net] * charged * tech.vdd**2
        stored = sum(2 * swings[q] for q, _ in netlist.flops)
        swung["accumulator"] += share * stored * register.data_energy
    assert energy["macro/tree"] == near(4 * 3 * swung["tree"])
    assert energy["macro/products"] == near(4 * 3 * swung["products"])
    assert energy["macro/accumulator"] == near(4 * 3 * swung["accumulator"])
    # A line drives two NORs of each output through wires of their own, and goes to the last one.
    load = 3 * 2 * (worth[0] + worth[2]) + 0.2e-9 * macro.side[0] * (1 - 0.5 / 3)
    assert macro.lines.line_cap == near(load)
    toggles = macro.operation.lines["lines"].toggles
    assert energy["macro/input_lines"] == near(
        4 * 8 * toggles / 2 * tech.vdd**2 * (load + macro.lines.buffers.switched)
    )
    # Two bits, three of the tree and three planes more: an accumulator of eight bits.
    flops = 3 * 8 + 8
    length = 0.7124 * np.sqrt(flops * macro.side[0] * macro.side[1])
    wire = 0.2e-9 * length
    gates = (flops * 2 * inv.input_cap + wire) / 3 * (1 + inv.output_cap / inv.input_cap)
    assert energy["macro/clock"] == near(
        6 * (flops * register.clock_energy + tech.vdd**2 * (wire + gates))
    )


def test_what_a_point_says_is_what_runs(core):
    whole = tree().macro(core, Point())
    wide = tree().macro(core, Point(weight_bits=3.0))
    assert whole.ops == 2 * wide.ops + 16  # of three outputs two hold a weight, and one nothing
    assert "macro/joining" in wide.product().energy.items
    some = tree().macro(core, Point(rows=4.0))
    assert some.ops == whole.ops / 2
    assert some.product().energy.items["macro/tree"] < whole.product().energy.items["macro/tree"]
    narrow = tree(weight_bits=4).macro(core, Point(weight_bits=1.0))
    full = tree(weight_bits=4).macro(core, Point())
    assert (
        narrow.product().energy.items["macro/products"]
        < 0.5 * full.product().energy.items["macro/products"]
    )
    longer = tree().macro(core, Point(input_bits=8.0))
    assert longer.shape.sum_bits == whole.shape.sum_bits + 4
    point = Point(input_ones=0.1)
    assert tree().macro(core, point).activity == Activity(2 * 0.1 * 0.9, 0.1)
    assert set(point.assumptions) == {"input_toggle", "weight_ones"}


def test_words_that_share_logic_add_cells_and_switches(core, tech):
    one, eight = (tree(words_per_group=n).macro(core, Point()) for n in (1, 8))
    bits, sram = 8 * 2 * 3, tech.sram
    cell = sram.height * sram.width * tech.feature**2
    switch = 2 * gate_pitch(tech) * 28 * tech.feature
    assert one.cells.footprint.area.total == near(bits * cell)
    assert eight.cells.footprint.area.total == near(8 * bits * (cell + switch))
    assert eight.operand_side > one.operand_side
    logic = sum(part.width for part in drawn(one.shape).parts.values())
    area = sum(part.body.area.total for part in one.logic)
    assert area == near(3 * logic * gate_pitch(tech) * 28 * tech.feature)


def test_an_array_of_adders_drives_its_products_through_the_lines(core, tech):
    keys = {"kind": "digital_in_cell", "rows": 8, "columns": 11, "rows_per_register": 4}
    macro = DigitalInCell(**keys).macro(core, Point(weight_bits=2.0, input_toggle=0.5))
    assert isinstance(macro, InCellMacro)
    assert macro.column.width == 2 + 3
    assert macro.weights == 2
    assert macro.ops == 2 * 8 * 2
    inv, side = cells(tech).inverter, macro.cell_side
    inside = 0.2e-9 * (4 * gate_pitch(tech) + 14 * tech.feature)
    # Two lines a row, each with the drain of a pass gate in the cells of two weights of two bits.
    load = 4 * (inv.output_cap + inside) + 0.2e-9 * 11 * side
    assert macro.lines.line_cap == near(load)
    assert macro.lines.count == 16
    flops = 2 * 5 * 2 + 8  # two register rows of two weights, and the inputs
    assert macro.clock.flip_flops == flops
    assert macro.period == macro.cycle_time
    assert macro.product().latency.total == near(2 * macro.cycle_time)
    more = DigitalInCell(**keys).macro(core, Point(weight_bits=2.0, input_bits=3.0, registers=4.0))
    assert more.column.stage == 2
    assert any(name.startswith("macro/accumulators") for name in more.product().energy.items)
    assert more.period == near(3 * more.cycle_time)


def test_more_toggles_and_a_higher_supply_take_more(core):
    def energy(supplies=core, **point):
        return tree().macro(supplies, Point(**point)).product().energy.total

    assert energy(input_toggle=0.1) < energy(input_toggle=0.3) < energy(input_toggle=0.5)
    document = opened("technology", "22nm_lstp").copy()
    document.set("vdd", "0.95 V", "a test")
    higher = Supplies({"core": read_technology(document)})
    assert energy(higher) == near(energy() * (0.95 / 0.85) ** 2, 0.02)


@pytest.mark.parametrize(
    ("keys", "point", "key"),
    [
        ({"multiplier": "booth"}, {}, "multiplier"),
        ({}, {"rows": 9.0}, "rows"),
        ({}, {"columns": 4.0}, "columns"),
        ({}, {"columns": 1.0, "weight_bits": 3.0}, "weight_bits"),
        ({}, {"input_bits": 2.5}, "input_bits"),
        ({"multiplier": "table", "bits_per_cycle": 2, "signed": True}, {}, "signed"),
        ({"full_adders": ("pass",)}, {}, "full_adders"),
        ({"full_adders": ("pass", "mirror", "pass")}, {}, "full_adders"),
        ({}, {"input_toggle": 0.5, "input_ones": 0.1}, "input_toggle"),
    ],
)
def test_keys_that_do_not_fit_are_refused(core, keys, point, key):
    with pytest.raises(ImpossibleError) as refused:
        tree(**keys).at(core, Point(**point))
    assert refused.value.key == key
    assert refused.value.cure


def test_a_weight_too_wide_for_the_array_is_refused(core):
    macro = DigitalInCell(kind="digital_in_cell", rows=8, columns=9, rows_per_register=4)
    with pytest.raises(ImpossibleError, match="11 columns, of 9"):
        macro.macro(core, Point())


def test_recoded_digits_are_made_beside_the_lines(core):
    macro = tree(multiplier="booth", bits_per_cycle=2).macro(core, Point())
    assert isinstance(macro, DigitalTreeMacro)
    assert macro.cycles == 2
    assert macro.lines.count == 3 * 8
    assert macro.product().energy.items["macro/recoders"] > 0.0
    assert macro.shape == Shape(8, 2, 2, 2, "booth", sum_bits=9, active=8, stored=2)


def test_what_is_not_in_use_stays_where_it_is(core):
    """Fewer outputs or rows: the macro, its lines and its clock are the same, its logic rests."""
    whole, some = (tree().macro(core, Point(columns=n)) for n in (3.0, 1.0))
    assert some.ops == whole.ops / 3
    assert some.footprint.area.total == near(whole.footprint.area.total)
    now, then = (each.product().energy.items for each in (whole, some))
    assert then["macro/tree"] == near(now["macro/tree"] / 3)
    assert then["macro/input_lines"] == near(now["macro/input_lines"])
    assert then["macro/clock"] == near(now["macro/clock"])


def test_rows_and_columns_of_an_array_of_adders_that_are_not_in_use(core):
    keys = {"kind": "digital_in_cell", "rows": 8, "columns": 11, "rows_per_register": 4}

    def at(**point):
        return DigitalInCell(**keys).at(core, Point(weight_bits=2.0, input_toggle=0.5, **point))

    whole, half, narrow = at(), at(rows=4.0), at(columns=6.0)
    assert half.ops == whole.ops / 2 == narrow.ops
    for each in (half, narrow):
        assert each.footprint.area.total == near(whole.footprint.area.total)
    now, rows, columns = (each.product().energy.items for each in (whole, half, narrow))
    assert rows["macro/drivers"] == near(now["macro/drivers"] / 2)
    assert rows["macro/products"] == near(now["macro/products"] / 2, 0.1)
    assert now["macro/adders"] / 2 < rows["macro/adders"] < now["macro/adders"]
    assert columns["macro/drivers"] == near(now["macro/drivers"])
    assert columns["macro/adders"] == near(now["macro/adders"] / 2)
    for point in ({"registers": 3.0}, {"registers": 16.0}, {"rows": 9.0}, {"columns": 12.0}):
        with pytest.raises(ImpossibleError) as refused:
            at(**point)
        assert refused.value.key in point


@pytest.fixture(scope="module")
def macros(core):
    """Trees by width of transistors."""
    return lambda drive: tree(drive=drive).macro(core, Point())


def test_energy_has_no_jumps_and_rises_with_width_and_supply(macros):
    widths = np.linspace(1.0, 2.0, 13)
    taken = np.array([macros(float(drive)).product().energy.total for drive in widths])
    steps = np.diff(taken) / taken[:-1]
    assert steps.min() > 0.0
    assert steps.max() < 1.0 / 12.0  # as much as the transistors grow, at most
    document = opened("technology", "22nm_lstp").copy()
    supplied = []
    for vdd in np.linspace(0.7, 0.8, 11):
        document.set("vdd", f"{vdd:.4f} V", "a test")
        supplies = Supplies({"core": read_technology(document)})
        supplied.append(tree().macro(supplies, Point()).product().energy.total)
    steps = np.diff(supplied) / np.array(supplied[:-1])
    assert steps.min() > 0.0
    assert steps.max() < 0.04  # (0.71 / 0.70)^2 is 1.029


def test_recoding_is_cheaper_than_products_of_each_bit_where_words_are_wide(core):
    """Half as many operands, for gates that are larger: it pays in long trees of wide words."""

    def gates(multiplier, bits):
        shape = Shape(32, bits, 4, 2, multiplier, signed=True, sum_bits=0)
        return sum(part.width for part in drawn(shape).parts.values())

    ratios = [gates("booth", bits) / gates("and", bits) for bits in (4, 8, 16)]
    assert ratios == sorted(ratios, reverse=True), ratios
