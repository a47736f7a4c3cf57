"""Shift-and-add units (docs/models/logic.md#shift-and-add)."""

import pytest
from common import near

from neurorebit.circuits.shift_add import ShiftAdd
from validation.neurosim.quirks.digital import addition

BEAT = 10e-9  # of the records


def test_records(records, agree, edges):
    for r in records("ShiftAdd"):
        i = r.inputs
        unit = ShiftAdd(
            r.tech,
            i["num_adder_bit"],
            i["num_read_pulse"],
            i["num_unit"],
            beat=BEAT,
            fit_width=i["fixed_width_m"],
        )
        cost = unit.accumulate(i["num_read"])
        agree(r, area_m2=unit.area, height_m=unit.height)
        agree(r, num_dff=unit.register.bits, num_adder=unit.adder.count)
        agree(r, leakage_W=unit.footprint.leakage.total)
        worst = addition(unit.adder) - unit.adder.energy  # every gate of the carry path
        changed = unit.register.bits * unit.register.data_energy / 2  # and every bit of a register
        energy = cost.energy.total + i["num_read"] * (unit.count * worst + changed)
        agree(r, edges, read_latency_s=cost.latency.total, read_energy_J=energy)


@pytest.mark.parametrize("bits", [1, 3, 5])
@pytest.mark.parametrize("terms", [1, 2, 8])
def test_an_adder_as_wide_as_a_term_is_exact(bits, terms):
    """Least significant first: what stays in the adder is never wider than a term and a carry."""
    for planes in ([2**bits - 1] * terms, [(5 * t) % 2**bits for t in range(terms)]):
        kept, done = 0, 0
        for t, plane in enumerate(planes):
            total = (kept >> 1) + plane if t else plane
            done |= (kept & 1) << (t - 1) if t else 0
            assert kept >> 1 < 2**bits
            assert total < 2 ** (bits + 1)
            kept = total
        done |= kept << (terms - 1)
        assert done == sum(plane << t for t, plane in enumerate(planes))
        assert done < 2 ** (bits + terms)


def test_steps_hide_behind_the_beat(tech32):
    slow = ShiftAdd(tech32, beat=BEAT)
    one = slow.accumulate(1.0).latency.total
    assert slow.accumulate(8.0).latency.total == near(one, rel=1e-12)
    fast = ShiftAdd(tech32, beat=0.0)
    assert fast.accumulate(8.0).latency.total == near(8 * one, rel=1e-12)
    assert slow.accumulate(8.0).energy.total == near(
        8 * slow.accumulate(1.0).energy.total, rel=1e-12
    )
