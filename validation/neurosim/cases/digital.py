"""What our blocks say of a record: digital blocks."""

from __future__ import annotations

from neurorebit.circuits.adder import Adder, AdderTree
from neurorebit.circuits.comparator import Comparator
from neurorebit.circuits.encoder import Encoder
from neurorebit.circuits.gates import log2_up
from neurorebit.circuits.pooling import MaxPool
from neurorebit.circuits.register import Register
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.circuits.shifter import Shifter
from neurorebit.schema.technology import Technology
from validation.neurosim.cases.case import Asked, Case, Figure, accessed, module, placed, valued
from validation.neurosim.records.module import Inputs


@module("Adder")
def _adder(i: Inputs, tech: Technology) -> Case:
    count = i["num_adder"]
    block = Adder(
        tech,
        i["num_bit"],
        count,
        load=i["cap_load_F"],
        ramp=i.given("ramp_input_per_s", 1e20),
        fit_width=i.optional("fixed_width_m"),
        fit_height=i.optional("fixed_height_m"),
    )
    active = min(i.given("num_adder_per_op", count), count) / count
    figures = placed(block) | accessed("read", block, "add", i["num_read"], active=active)
    return Case(tech, i, figures | valued(block, ramp_output_per_s="output_ramp"), block)


@module("AdderTree")
def _adder_tree(i: Inputs, tech: Technology) -> Case:
    block = AdderTree(
        tech,
        i["num_subcore_row"],
        i["num_adder_bit"],
        i["num_adder_tree"],
        load=i.given("cap_load_F", 0.0),
        fit_width=i.optional("fixed_width_m"),
    )
    used = i.given("num_unit_add", i["num_subcore_row"])
    figures = placed(block) | accessed("read", block, "add", i["num_read"], operands=used)
    levels = block.levels(block.operands)
    asked = Asked(block, "sum_bits", float(levels / block.sum_bits))
    return Case(tech, i, figures | {"num_stage": Figure(levels, asked)}, block)


@module("DFF")
def _register(i: Inputs, tech: Technology) -> Case:
    bits = i["num_dff"]
    block = Register(
        tech, bits, fit_width=i.optional("fixed_width_m"), fit_height=i.optional("fixed_height_m")
    )
    share = min(i.given("num_dff_per_op", bits), bits) / bits
    figures = placed(block) | accessed("read", block, "store", i["num_read"], active=share)
    return Case(tech, i, figures | valued(block, cap_tg_drain_F="input_cap"), block)


@module("ShiftAdd")
def _shift_add(i: Inputs, tech: Technology) -> Case:
    block = ShiftAdd(
        tech,
        i["num_adder_bit"],
        i["num_read_pulse"],
        i["num_unit"],
        beat=i.given("read_pulse_width_s", 10e-9),
        fit_width=i.optional("fixed_width_m"),
        fit_height=i.optional("fixed_height_m"),
    )
    figures = placed(block) | accessed("read", block, "accumulate", 1.0, terms=i["num_read"])
    figures |= valued(block, num_adder="adder.count", num_dff="register.bits")
    return Case(tech, i, figures, block)


@module("BitShifter")
def _shifter(i: Inputs, tech: Technology) -> Case:
    block = Shifter(tech, i["num_bit"], i["num_unit"], fit_width=i.optional("fixed_width_m"))
    return Case(tech, i, placed(block) | accessed("read", block, "shift", i["num_read"]), block)


@module("Comparator")
def _comparator(i: Inputs, tech: Technology) -> Case:
    count = i["num_comparator"]
    block = Comparator(
        tech,
        i["num_bit"],
        count,
        load=i.given("cap_load_F", 0.0),
        activity=i.given("activity", 1.0),
        fit_width=i.optional("fixed_width_m"),
    )
    active = min(i.given("num_comparator_per_op", count), count) / count
    figures = placed(block) | accessed("read", block, "compare", i["num_read"], active=active)
    return Case(tech, i, figures, block)


@module("MaxPooling")
def _max_pool(i: Inputs, tech: Technology) -> Case:
    block = MaxPool(
        tech,
        i["num_bit"],
        i["window"],
        i["num_max_pooling"],
        load=i.given("cap_load_F", 0.0),
        fit_width=i.optional("fixed_width_m"),
    )
    return Case(tech, i, placed(block) | accessed("read", block, "pool", i["num_read"]), block)


@module("MultilevelSAEncoder")
def _encoder(i: Inputs, tech: Technology) -> Case:
    block = Encoder(
        tech,
        log2_up(i["num_level"]),
        i["num_encoder"],
        fit_width=i.optional("fixed_width_m"),
        fit_height=i.optional("fixed_height_m"),
    )
    return Case(tech, i, placed(block) | accessed("read", block, "encode", i["num_read"]), block)
