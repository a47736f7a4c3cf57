"""Flip-flop banks (docs/models/logic.md#flip-flops)."""

from common import near

from neurorebit.circuits.gates import cells
from neurorebit.circuits.register import Register


def test_records(records, agree):
    for r in records("DFF"):
        i = r.inputs
        bank = Register(r.tech, i["num_dff"], fit_width=i["fixed_width_m"])
        cost = bank.store(i["num_dff_per_op"] / i["num_dff"])
        agree(r, area_m2=bank.area, height_m=bank.height, cap_tg_drain_F=bank.input_cap)
        agree(r, read_latency_s=i["num_read"] * cost.latency.total)
        agree(r, read_energy_J=i["num_read"] * cost.energy.total)
        agree(r, leakage_W=bank.footprint.leakage.total)


def test_check_values(tech32, tech14):
    bank = Register(tech32, 100.0, fit_width=128 * 20 * tech32.feature)
    assert bank.area == near(2.9360e-10, rel=1e-4)
    assert 7 * bank.store(0.6).energy.total == near(1.6200e-12, rel=1e-4)
    assert 7 * bank.store(0.6).latency.total == near(3.5e-9, rel=1e-12)
    assert bank.footprint.leakage.total == near(1.1363e-8, rel=1e-4)
    fins = Register(tech14, 100.0, fit_width=128 * 20 * tech14.feature)
    assert fins.area == near(7.0246e-11, rel=1e-4)
    assert fins.footprint.leakage.total == near(1.2863e-8, rel=1e-4)


# One latch after the other, from D to Q: an inverter has a gate and a drain of each kind, a pass
# gate two sides of each kind, on the nodes that stand here.
INVERTERS = [("a", "b"), ("b", "c"), ("d", "e"), ("e", "f")]  # input, output
PASS_GATES = [("D", "a"), ("c", "a"), ("c", "d"), ("f", "d")]  # written through, and closed by


def test_a_changed_bit_moves_each_node_of_both_latches_once(tech32):
    """Half of the nodes rise, which takes C V^2 of the supply; falling takes nothing."""
    bank, cell = Register(tech32, 1.0), cells(tech32).inverter
    loaded = dict.fromkeys("Dabcdef", 0.0)
    for gate, drain in INVERTERS:
        loaded[gate] += cell.input_cap
        loaded[drain] += cell.output_cap
    for sides in PASS_GATES:
        for node in sides:
            loaded[node] += cell.output_cap
    assert loaded["D"] == bank.input_cap
    taken = sum(loaded.values()) * tech32.vdd**2 / 2
    assert bank.store(1.0, 0.0).energy.total == near(taken, rel=1e-12)


def test_a_gated_clock_costs_nothing(tech32):
    """Six inputs and four outputs of an inverter a cycle; two inputs and six outputs a change."""
    bank, cell = Register(tech32, 10.0), cells(tech32).inverter
    assert bank.store(0.0, 0.0).energy.total == 0.0
    clock = 10 * tech32.vdd**2 * (6 * cell.input_cap + 4 * cell.output_cap)
    assert bank.store(0.0).energy.total == near(clock, rel=1e-12)
    data = 10 * tech32.vdd**2 * (2 * cell.input_cap + 6 * cell.output_cap)
    assert bank.store(1.0, 0.0).energy.total == near(data, rel=1e-12)
