"""Comparators, pooling and shifters (docs/models/logic.md)."""

import pytest
from common import near

from neurorebit.circuits.comparator import Comparator
from neurorebit.circuits.gates import STEP, cells, chain
from neurorebit.circuits.pooling import MaxPool
from neurorebit.circuits.shifter import Shifter


def test_comparator_records(records, agree, edges):
    for r in records("Comparator"):
        i = r.inputs
        block = Comparator(
            r.tech,
            i["num_bit"],
            i["num_comparator"],
            load=i["cap_load_F"],
            fit_width=i["fixed_width_m"],
        )
        cost = block.compare(i["num_comparator_per_op"] / i["num_comparator"])
        agree(r, area_m2=block.area, height_m=block.height)
        agree(r, leakage_W=block.footprint.leakage.total)
        agree(r, 2 * edges, read_latency_s=i["num_read"] * cost.latency.total)
        agree(r, 2 * edges, read_energy_J=i["num_read"] * cost.energy.total)


def test_one_bit_is_one_pair_of_gates(tech32):
    two, three = cells(tech32).nand, cells(tech32).nand3
    delay, _ = chain(
        STEP,
        2 * two.nfet_res * (two.output_cap + three.input_cap),
        two.pfet_res * (three.output_cap + 1e-14),
    )
    assert Comparator(tech32, 1.0, load=1e-14).delay == near(delay, rel=1e-12)


@pytest.mark.parametrize(("window", "comparators", "levels"), [(2, 1, 1), (4, 3, 2), (9, 8, 4)])
def test_pooling_is_a_tree(tech32, window, comparators, levels):
    pool = MaxPool(tech32, window=float(window))
    assert pool.comparators == comparators
    assert pool.levels == levels
    one = MaxPool(tech32, window=2.0)
    energy = comparators * one.pool().energy.total
    assert pool.pool().energy.total == near(energy, rel=1e-12)
    latency = levels * one.pool().latency.total
    assert pool.pool().latency.total == near(latency, rel=1e-12)


def test_pooling_records(records, agree):
    """The tool draws its NORs like NANDs, which touches area and energy by a few percent."""
    for r in records("MaxPooling"):
        i = r.inputs
        pool = MaxPool(
            r.tech, i["num_bit"], i["window"], i["num_max_pooling"], load=i["cap_load_F"]
        )
        agree(r, 0.05, area_m2=pool.footprint.area.total)
        agree(r, 0.05, read_energy_J=i["num_read"] * pool.pool().energy.total)


def test_shifter_records(records, agree):
    for r in records("BitShifter"):
        i = r.inputs
        block = Shifter(r.tech, i["num_bit"], i["num_unit"], fit_width=i["fixed_width_m"])
        cost = block.shift()
        agree(r, area_m2=block.area, height_m=block.height)
        agree(r, leakage_W=block.footprint.leakage.total)
        agree(r, read_latency_s=i["num_read"] * cost.latency.total)
        agree(r, read_energy_J=i["num_read"] * cost.energy.total)
