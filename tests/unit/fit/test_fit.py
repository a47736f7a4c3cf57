"""Devices fitted to pulse trains: known ones are found again, wrong data are refused."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from neurorebit.fitting import fit
from neurorebit.fitting.data import read_traces
from neurorebit.fitting.model import Figure, Spread, _differ, fit_traces
from neurorebit.fitting.output import _d2d
from neurorebit.schema import Document, InputError
from neurorebit.schema.device import read_device

HEAD = "cell,cycle,direction,pulse,conductance_S\n"
AN = {  # docs/models/devices.md#nonlinearity-labels: label, normalised constant
    0.04: 31.566827, 0.5: 2.519877, 0.63: 1.997332,
    1.5: 0.825164, 2.0: 0.609035, 4.0: 0.269089,
}  # fmt: skip


def after(state, pulses, label):
    """The state after a share of the pulses (docs/models/devices.md#pulse-curves)."""
    if label == 0:
        return state + pulses
    k = math.copysign(1 / AN[abs(label)], label)
    top = 1 / (1 - math.exp(-k))
    return top - (top - state) * math.exp(-k * pulses)


def measured(labels=(1.5, -2.0), pulses=(64, 50), cells=16, cycles=12, **off):
    """Lines of an experiment with devices of ``least`` to 10 uS, and the devices themselves.

    ``read`` is noise of the readings over the range, ``meter`` over the conductance.
    """
    d2d, step, c2c, read, meter = (
        off.get(name, 0.0) for name in ("d2d", "step", "c2c", "read", "meter")
    )
    rng = np.random.default_rng(off.get("seed", 4))
    least = off.get("least", 1e-6)
    lows, highs = (g * (1 + d2d * rng.normal(size=cells)) for g in (least, 1e-5))
    steps = 1 + step * rng.normal(size=cells)
    lines = [HEAD]
    for cell in range(cells):
        state = 0.0
        for cycle in range(cycles):
            for name, sign, label, count in zip(
                ("ltp", "ltd"), (1, -1), labels, pulses, strict=True
            ):
                for pulse in range(count + 1):
                    if pulse:
                        state = after(state, sign * steps[cell] / count, label)
                        state = min(max(state + c2c * rng.normal(), 0.0), 1.0)
                    seen = state + read * rng.normal()
                    g = lows[cell] + (highs[cell] - lows[cell]) * seen
                    g *= 1 + (meter * rng.normal() if meter else 0.0)
                    lines.append(f"{cell},{cycle},{name},{pulse},{g:.8g}\n")
    return "".join(lines), SimpleNamespace(lows=lows, highs=highs, steps=steps)


@pytest.fixture
def found(tmp_path):
    def found(text):
        file = tmp_path / "data.csv"
        file.write_text(text)
        return fit_traces(read_traces(file))

    return found


def test_a_device_with_all_its_variation_is_found_again(found):
    """Labels to 0.15, bounds to 3 %, noise of a pulse to 5 %, spreads to 15 %, of steps to 25 %."""
    text, truth = measured(d2d=0.1, step=0.1, c2c=0.01)
    device = found(text)
    assert (device.up.label, device.down.label) == pytest.approx((1.5, -2.0), abs=0.15)
    assert (device.up.pulses, device.down.pulses) == (64, 50)
    assert device.g_min == pytest.approx(np.median(truth.lows), abs=0.03 * 9e-6)
    assert device.g_max == pytest.approx(np.median(truth.highs), rel=0.03)
    assert device.c2c == pytest.approx(0.01, rel=0.05)
    assert device.spread.high.value == pytest.approx(np.std(truth.highs, ddof=1) / 1e-5, rel=0.15)
    assert device.spread.step.value == pytest.approx(np.std(truth.steps, ddof=1), rel=0.25)


@pytest.mark.parametrize("labels", [(0, 0), (1.5, -1.5), (2.0, 2.0), (4.0, -4.0)])
def test_without_noise_the_curve_is_found_exactly(found, labels):
    device = found(measured(labels, (100, 80), cells=1, cycles=1)[0])
    assert (device.up.label, device.down.label) == pytest.approx(labels, abs=2e-3)
    assert (device.g_min, device.g_max) == pytest.approx((1e-6, 1e-5), rel=1e-3)
    assert device.misfit < 2e-4
    assert device.c2c < 1e-4


@pytest.mark.parametrize("read", [0.01, 0.02, 0.03])
def test_noise_of_readings_is_told_from_noise_of_pulses(found, read):
    """And moves neither the labels nor the bounds."""
    device = found(measured(read=read)[0])
    assert device.read == pytest.approx(read, rel=0.1)
    assert device.c2c < 0.3 * read
    assert (device.up.label, device.down.label) == pytest.approx((1.5, -2.0), abs=0.2)
    assert (device.g_min, device.g_max) == pytest.approx((1e-6, 1e-5), abs=0.02 * 9e-6)
    assert device.spread.cycle.value < 0.025  # with the noise of readings it would be 0.04 to 0.1
    assert device.misfit < 0.01


def test_readings_and_pulses_may_be_noisy_at_once(found):
    device = found(measured(read=0.03, c2c=0.01, d2d=0.1, step=0.1)[0])
    assert (device.up.label, device.down.label) == pytest.approx((1.5, -2.0), abs=0.3)
    assert (device.c2c, device.read) == pytest.approx((0.01, 0.03), rel=0.15)
    assert device.misfit < 0.04


def test_noises_lie_within_their_errors(found):
    """And where a few cells hardly tell one, its error says so."""
    for seed in range(3):
        device = found(measured(read=0.02, c2c=0.02, cells=4, cycles=3, seed=seed)[0])
        for value, error in zip((device.c2c, device.read), device.noise_errors, strict=True):
            assert value == pytest.approx(0.02, abs=3.5 * error)
            assert 0.0005 < error < 0.01


def test_noise_of_readings_that_pulses_hide_is_said_to_be_hardly_told(tmp_path):
    data, out = tmp_path / "data.csv", tmp_path / "x.yaml"
    for read, told in ((0.003, ("uncertain", "none found (below 0.")), (0.015, ("% +- 0.",))):
        data.write_text(measured(cells=3, cycles=2, c2c=0.02, read=read)[0])
        (line,) = [row for row in fit(data, out, name="x").splitlines() if "of a reading" in row]
        assert any(words in line for words in told), line


@pytest.mark.parametrize("ratio", [2.0, 45.0])
def test_cycles_differ_by_what_their_conductances_scatter_over_their_size(found, ratio):
    """One cycle is 0.2 uS above, the next below: a scatter of 0.2 sqrt(2) uS at every pulse."""
    levels = [10.0 / ratio + (10.0 - 10.0 / ratio) * n / 20 for n in range(21)]
    lines = [HEAD]
    for cycle, off in (("a", 0.2), ("b", -0.2)):
        for way, train in (("ltp", levels), ("ltd", levels[::-1])):
            lines += [f"1,{cycle},{way},{n},{g + off:.6f}e-6\n" for n, g in enumerate(train)]
    cycle = found("".join(lines)).spread.cycle
    square = sum(g * g for g in levels) / len(levels)
    assert cycle.value == pytest.approx((2 * 0.2**2 / square) ** 0.5, rel=0.02)


def test_a_spread_is_seldom_above_what_it_is_said_to_be_below():
    """Few cells of 10 %: the bound fails one time in twenty."""
    rng, draws = np.random.default_rng(2), 2000
    for cells in (3, 8):
        bounds = [
            _differ(0.1 * rng.normal(size=cells), np.full(cells, 0.01)).most for _ in range(draws)
        ]
        assert np.mean(np.array(bounds) < 0.1) == pytest.approx(0.05, abs=0.02)


def test_a_spread_that_is_hardly_told_does_not_dilute_one_that_is():
    told, vague = Figure(0.1, 0.02), Figure(0.01, 0.1, 0.2, known=False)

    def d2d(*spreads):
        return _d2d(SimpleNamespace(g_min=1e-6, g_max=1e-5, spread=Spread(*spreads, None)))

    assert d2d(told, told, vague) == ("bounds", pytest.approx(0.1))
    assert d2d(vague, told, vague) == ("bounds", pytest.approx(0.1))
    assert d2d(vague, vague, told) == ("step", pytest.approx(0.1))
    assert d2d(told, told, told) == ("step_and_bounds", pytest.approx(0.1))
    assert d2d(vague, vague, vague) == ("step_and_bounds", pytest.approx(0.01))
    assert d2d(None, None, None) == ("step_and_bounds", 0.0)


def test_a_device_file_that_no_fit_has_made_is_not_replaced(tmp_path):
    data, out = tmp_path / "mlp.csv", tmp_path / "mlp.yaml"
    data.write_text(HEAD + "".join(ramp("ltp") + ramp("ltd")))
    out.write_text("# a network of mine\n")
    with pytest.raises(InputError, match=r"mlp\.yaml: is there, and not made by fit; name another"):
        fit(data, out, name="x")
    assert out.read_text() == "# a network of mine\n"
    out.unlink()
    fit(data, out, name="x")
    fit(data, out, name="y")
    assert read_device(Document(out)).name == "y"


def test_equal_cells_have_no_spread_and_noise_none_either(found):
    device = found(measured(c2c=0.01)[0])
    assert device.spread.step.value < 0.02
    assert device.spread.high.value < 0.02
    assert device.stuck == (0, 0)


def agrees(device, truth, labels, errors=3.5):
    """Bounds of the cells and labels lie within their errors, and these are small."""
    lows, highs = np.median(truth.lows), np.median(truth.highs)
    assert device.g_min == pytest.approx(lows, rel=errors * max(device.bound_errors[0], 0.01))
    assert device.g_max == pytest.approx(highs, rel=errors * max(device.bound_errors[1], 0.01))
    assert max(device.bound_errors) < 0.1
    for way, true, error in zip((device.up, device.down), labels, device.label_errors, strict=True):
        assert way.label == pytest.approx(true, abs=errors * error)
        assert error < 0.5


def test_the_least_conductance_is_found_at_a_high_on_off_ratio(found):
    """Cells as of EpiRAM: on/off 50, a pulse as noisy as the least conductance is large."""
    text, truth = measured((0.5, -0.5), (64, 64), 8, 6, least=2e-7, d2d=0.1, step=0.1, c2c=0.02)
    device = found(text)
    agrees(device, truth, (0.5, -0.5))
    lowest = min(float(line.rsplit(",", 1)[1]) for line in text.splitlines()[1:])
    assert device.g_min > 0.9 * lowest
    assert device.spread.low.value == pytest.approx(np.std(truth.lows, ddof=1) / 2e-7, abs=0.05)
    assert device.c2c == pytest.approx(0.02, rel=0.05)


def test_noise_that_reaches_the_bounds_does_not_move_them(found):
    """Cells as of the TaOx/HfOx device: 128 pulses, 3.7 % of the range noise by each of them."""
    text, truth = measured((0.04, -0.63), (128, 128), 8, 4, d2d=0.1, step=0.1, c2c=0.037)
    device = found(text)
    agrees(device, truth, (0.04, -0.63))
    assert device.c2c == pytest.approx(0.037, rel=0.04)
    for spread, cells in ((device.spread.low, truth.lows), (device.spread.high, truth.highs)):
        assert spread.value == pytest.approx(np.std(cells, ddof=1) / np.mean(cells), abs=0.03)
    assert not device.spread.step.known
    assert device.spread.step.most > np.std(truth.steps, ddof=1)
    assert device.misfit < 0.08, "ends that noise pushes inwards are no poor fit"


def test_noise_of_readings_may_go_with_the_conductance(found):
    text, truth = measured(cells=8, cycles=6, d2d=0.1, step=0.1, c2c=0.05, meter=0.03)
    device = found(text)
    agrees(device, truth, (1.5, -2.0))
    assert device.c2c == pytest.approx(0.05, rel=0.05)


def test_what_was_not_measured_is_told_and_not_called_nothing(tmp_path):
    data, out = tmp_path / "data.csv", tmp_path / "x.yaml"
    data.write_text(measured(cells=1, cycles=1, c2c=0.01)[0])
    told = fit(data, out, name="x")
    assert told.count("how cells differ is unknown from one cell") == 3
    assert "unknown from one cycle" in told
    assert "d2d: 0  # not measured: unknown from one cell" in out.read_text()
    assert "as many pulses, not read back: unknown from one cycle" in out.read_text()
    data.write_text(measured(cells=3, cycles=2, c2c=0.03, d2d=0.1, step=0.1)[0])
    told = fit(data, out, name="x")
    assert "how cells differ is unknown (below" in told
    assert "of the step unknown" in out.read_text()
    assert read_device(Document(out)).variation.d2d > 0


def test_cells_that_do_not_move_are_counted_and_left_out(found):
    text, _ = measured(cells=6, cycles=1)
    stuck = [
        f"{name},0,{direction},{pulse},{g}\n"
        for name, g in (("low", 1.2e-6), ("high", 9e-6), ("high2", 9.5e-6))
        for direction, count in (("ltp", 64), ("ltd", 50))
        for pulse in range(count + 1)
    ]
    device = found(text + "".join(stuck))
    assert device.stuck == pytest.approx((1 / 9, 2 / 9))
    assert device.up.label == pytest.approx(1.5, abs=2e-3)
    assert device.g_max == pytest.approx(1e-5, rel=1e-3)


@pytest.mark.parametrize("noise", [0.0, 5e-8])
def test_cells_that_work_are_fitted_though_most_do_not_move(found, noise):
    text, _ = measured(cells=2, cycles=2)
    rng = np.random.default_rng(5)
    stuck = [
        f"stuck{n},{cycle},{direction},{pulse},{1.1e-6 + noise * rng.normal()}\n"
        for n in range(5)
        for cycle in range(2)
        for direction, count in (("ltp", 64), ("ltd", 50))
        for pulse in range(count + 1)
    ]
    device = found(text + "".join(stuck))
    assert device.stuck == pytest.approx((5 / 7, 0))
    assert (device.up.label, device.down.label) == pytest.approx((1.5, -2.0), abs=2e-3)
    assert device.misfit < 1e-4


@pytest.mark.parametrize("noise", [0.0, 5e-8])
def test_a_cell_that_dies_between_two_cycles_is_fitted_as_far_as_it_can_be(found, noise):
    rng = np.random.default_rng(5)
    text, _ = measured(cells=2, cycles=1)
    dead = [
        f"{cell},1,{direction},{pulse},{1.1e-6 + noise * rng.normal()}\n"
        for cell in range(2)
        for direction, count in (("ltp", 64), ("ltd", 50))
        for pulse in range(count + 1)
    ]
    assert math.isfinite(found(text + "".join(dead)).misfit)


def test_where_no_cell_moves_both_ways_it_is_told(found):
    flat = [f"a,1,{way},{n},2e-6\n" for way in ("ltp", "ltd") for n in range(11)]
    with pytest.raises(InputError, match="no cell moves both ways; measure ltp and ltd of one"):
        found(HEAD + "".join(flat + ramp("ltp", "b") + ramp("ltd", "c")))


def test_short_trains_tell_the_noise_of_readings_from_that_of_pulses_too(found):
    device = found(measured(read=0.02, pulses=(10, 10), cells=40)[0])
    assert device.read == pytest.approx(0.02, rel=0.1)
    assert device.c2c < 0.008


def test_a_fit_that_no_file_may_hold_leaves_the_old_file(tmp_path):
    data, out = tmp_path / "data.csv", tmp_path / "mine.yaml"
    data.write_text(HEAD + "".join(ramp("ltp") + ramp("ltd")))
    fit(data, out, name="mine")
    before = out.read_bytes()
    with pytest.raises(InputError, match=r"no device comes of it, pulses\.voltage_ltp: .* 20 V"):
        fit(data, out, name="mine", voltages=(1e9, 1e9))
    assert out.read_bytes() == before


def ramp(direction, cell="a", cycle="1", count=10):
    """A hand-made train: 1, 2, … uS up, or down again."""
    steps = range(count + 1) if direction == "ltp" else range(count, -1, -1)
    return [f"{cell},{cycle},{direction},{n},{1 + g}e-6\n" for n, g in enumerate(steps)]


def test_a_hand_made_ramp(found):
    device = found(HEAD + "".join(ramp("ltp") + ramp("ltd")))
    assert (device.g_min, device.g_max) == pytest.approx((1e-6, 11e-6), rel=1e-4)
    assert (device.up.pulses, device.down.pulses) == (10, 10)
    assert (device.up.label, device.down.label) == pytest.approx((0, 0), abs=1e-3)
    assert (device.c2c, device.misfit) == pytest.approx((0, 0), abs=1e-4)


def test_the_device_file_reads_back(tmp_path):
    data, out = tmp_path / "my data.csv", tmp_path / "mine.yaml"
    data.write_text(measured(d2d=0.1, step=0.1, c2c=0.01, cells=8, cycles=4)[0])
    told = fit(data, out, name="It's mine", voltages=(1.6, 1.4), widths=(5e-8, 1e-7))
    device = read_device(Document(out))
    fitted = fit_traces(read_traces(data))
    assert device.name == "It's mine"
    assert (device.g_min, device.g_max) == pytest.approx((fitted.g_min, fitted.g_max), rel=1e-4)
    pulses = device.pulses
    assert (pulses.voltage_ltp, pulses.voltage_ltd) == (1.6, 1.4)
    assert (pulses.width_ltp, pulses.width_ltd) == pytest.approx((5e-8, 1e-7))
    assert (pulses.levels_ltp, pulses.levels_ltd) == (64, 50)
    assert pulses.nonlinearity_ltp == pytest.approx(fitted.up.label, abs=1e-3)
    assert pulses.c2c == pytest.approx(fitted.c2c, rel=0.01)
    assert device.variation.pulse_d2d == "step_and_bounds"
    assert 0.05 < device.variation.d2d < 0.2
    assert device.cell.access_share == 0.25, "assumed as for TaOx/HfOx"
    assert "TaOx/HfOx" in device.cell.source
    assert out.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert "cells differ by" in told


def test_trains_counted_from_1_begin_where_the_others_end(tmp_path):
    whole, later = tmp_path / "whole.csv", tmp_path / "later.csv"
    text = measured(d2d=0.1, cells=4, cycles=2)[0]
    whole.write_text(text)
    lines = [line for line in text.splitlines(keepends=True) if line.split(",")[3] != "0"]
    later.write_text("".join(lines))
    first, second = (fit_traces(read_traces(file)) for file in (whole, later))
    assert (second.up.pulses, second.down.pulses) == (first.up.pulses, first.down.pulses)
    assert second.up.label == pytest.approx(first.up.label, abs=0.01)
    assert second.down.label == pytest.approx(first.down.label, abs=0.01)
    assert (second.g_min, second.g_max) == pytest.approx((first.g_min, first.g_max), rel=0.01)
    conditions = {"name": "x", "voltages": (1.0, 1.0), "widths": (1e-8, 1e-8)}
    assert "before pulse 1" in fit(later, tmp_path / "x.yaml", **conditions)
    assert "before pulse 1" not in fit(whole, tmp_path / "x.yaml", **conditions)


def test_a_ferroelectric_device_keeps_its_gate_stack(tmp_path):
    data, out = tmp_path / "data.csv", tmp_path / "mine.yaml"
    data.write_text(HEAD + "".join(ramp("ltp") + ramp("ltd")))
    fit(data, out, name="mine", voltages=(3.0, 3.0), widths=(5e-8, 5e-8), like="hzo_fefet")
    device = read_device(Document(out))
    assert (device.kind, device.cell.access_share) == ("fefet", None)
    assert device.ferroelectric.polarization == 0.2
    assert "HZO FeFET" in device.ferroelectric.source


UP, DOWN = ramp("ltp"), ramp("ltd")
WRONG = {
    "": ": is empty; put a name at the head of each column in its first line",
    "cell,cycle,direction,conductance_S\n": ":1: column 'pulse' is missing; add it",
    HEAD.replace("cycle", "cell"): ":1: column 'cell' stands twice; keep one",
    HEAD: ": has no reading; write one in each line below the names",
    HEAD + "a,1,ltp,0\n": ":2: conductance_S: expected 5 values, .*, got 4; comple",
    HEAD + "a,1,ltp,0,1,5e-6\n": ":2: .*, got 6; write numbers with a decimal point",
    HEAD + "\na,1,over,0,1e-6\n": r":3: direction: expected ltp \(up\) or ltd \(down\), got 'over'",
    HEAD + "a,1,ltp,-1,1e-6\n": ":2: pulse: expected a whole number from 0 on, got '-1'",
    HEAD + "a,1,ltp,1.5,1e-6\n": ":2: pulse: expected a whole number from 0 on, got '1.5'",
    HEAD + "a,1,ltp,0,much\n": ":2: conductance_S: expected a number in siemens, got 'much'",
    HEAD + "a,1,ltp,0,nan\n": ":2: conductance_S: expected a number in siemens, got 'nan'",
    HEAD + "a,1,ltp,0,-1e-6\n": ":2: conductance_S: must be above 0, got '-1e-6'; correct or drop",
    HEAD + "a,1,ltp,0,2.5\n": r":2: conductance_S: 2\.5 S is no memory cell's; expected siemens",
    HEAD + "".join(UP[1:]): ": pulse: no reading from before pulse 1, nor any of the other",
    HEAD + UP[0] * 2: ":3: pulse: 0 of cell 'a', cycle '1', ltp stands twice; keep one",
    HEAD + "".join(UP[1:] + DOWN): ":2: pulse: cell 'a', cycle '1', ltp: no line for pulse 0",
    HEAD + "".join(UP[:4] + UP[5:] + DOWN): ":2: .*: no line for pulse 4",
    HEAD + "".join(UP + ramp("ltp", "b", count=9) + DOWN): ":13: .*: 9 pulses, but 10 in the first",
    HEAD + "".join(UP[:4] + DOWN): ": pulse: 3 pulses of ltp, expected 5 or more",
    HEAD + "".join(UP + ramp("ltd", "b")): ": cell: none has both ltp and ltd",
    HEAD + "".join(UP + DOWN).replace("ltp", "x").replace("ltd", "ltp").replace("x", "ltd"): (
        ": direction: conductance goes from 1.1e-05 S to 1e-06 S under ltp; ltp raises it"
    ),
    HEAD + 'a,1,ltp,0,"' + "1" * 200_000 + '"\n': ":2: not valid CSV",
    HEAD.replace(",", "|"): ":1: .* bars separate the columns; separate them by commas",
    HEAD.replace(",", " "): ":1: .* blanks separate the columns; separate them by commas",
    HEAD.replace("cell", "Cell"): ":1: column 'cell' is written 'Cell'; write it as 'cell'",
    "# of 2024\n" + HEAD: ":1: .* the line is a comment; begin with the line 'cell,cycle,dire",
    "".join(UP + DOWN): ":1: .* the line has values, not names; put the line 'cell,cycle,direction",
    "a,b\n": r":1: .*add it \(columns: cell, .*; the line has: a, b\)",
    HEAD + UP[0] + 'a,1,ltp,1,"2e-6\n' + "".join(UP[2:]): ":3: a quoted value goes on after",
    HEAD.replace("\n", ",note\n") + "a,1,ltp,0,1e-6,x\x0cy\u2028z\na,1,ltp,1,much,\n": (
        ":3: conductance_S: expected a number"
    ),
}


@pytest.mark.parametrize(("text", "told"), WRONG.items(), ids=range(len(WRONG)))
def test_wrong_data_are_refused_in_one_line(tmp_path, text, told):
    file = tmp_path / "data.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=f"^{file}{told}") as refused:
        read_traces(file)
    assert "\n" not in str(refused.value)


def test_files_that_cannot_be_read_or_written_are_told(tmp_path):
    conditions = {"name": "x", "voltages": (1.0, 1.0), "widths": (1e-8, 1e-8)}
    with pytest.raises(InputError, match="cannot be read: No such file"):
        fit(tmp_path / "none.csv", tmp_path / "x.yaml", **conditions)
    data = tmp_path / "data.csv"
    data.write_bytes(b"\xe9")
    with pytest.raises(InputError, match="not a UTF-8 text file; save it as CSV in UTF-8"):
        fit(data, tmp_path / "x.yaml", **conditions)
    data.write_text(HEAD + "".join(UP + DOWN))
    with pytest.raises(InputError, match=r"ends in \.yaml"):
        fit(data, tmp_path / "x.png", **conditions)
    with pytest.raises(InputError, match="cannot be written"):
        fit(data, tmp_path / "none" / "x.yaml", **conditions)
    with pytest.raises(InputError, match=r"name 'a\\nb': expected one line"):
        fit(data, tmp_path / "x.yaml", **{**conditions, "name": "a\nb"})
    with pytest.raises(InputError, match="voltage_ltp"):
        fit(data, tmp_path / "x.yaml", **{**conditions, "voltages": (30.0, 1.0)})


def test_where_the_picture_cannot_be_written_there_is_no_device_file(tmp_path):
    data = tmp_path / "data.csv"
    data.write_text(HEAD + "".join(UP + DOWN))
    (tmp_path / "x.png").mkdir()
    with pytest.raises(InputError, match=r"x\.png: cannot be written"):
        fit(data, tmp_path / "x.yaml", name="x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.csv", "x.png"]
