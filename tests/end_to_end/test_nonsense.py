"""What physics rules out is refused in a line; what lies at the edge of it is not."""

import pytest

CURRENTS = ",".join(["700"] * 11)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        (
            "technology.feature=32um",
            "feature: must be at least 1e-09 m and at most 1e-05 m, got 32",
        ),
        ("device.on_off_ratio=1.000000000000001", "on_off_ratio: must be at least 1.01, got 1.00"),
        ("device.r_on=1e30ohm", "r_on: must be above 0 ohm and at most 1e+12 ohm, got 1e30ohm"),
        ("device.pulses.width_ltp=50s", "pulses.width_ltp: must be above 0 s and at most 1 s, got"),
        (
            f"technology.drive.off_n={CURRENTS} A/m",
            "drive.off_n: must lie below the on current; check the unit of the currents",
        ),
        ("technology.clock=1e300GHz", "clock: expected a number in Hz, got '1e300GHz' (too large)"),
    ],
)
def test_nonsense_is_refused(command, place, tiny, setting, told):
    done = command("run", tiny, "--no-train", "--out", "out", "--set", setting)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert done.err.count("\n") == 1
    assert not (place / "out").exists()


@pytest.mark.parametrize(
    ("settings", "words", "told"),
    [  # two keys that fit alone and not together; the lines that hold name both
        (
            ["device.cell.access_voltage=0.4V"], [],
            "cell.access_voltage: must lie above 0.442 V (the technology's threshold), got 0.4 V",
        ),
        (
            ["device.cell.read_voltage=1.7V"], [],
            "cell.read_voltage: must lie below 1.6 V (the least of pulses.voltage_ltp and _ltd), ",
        ),
        (
            ["network.activity.set_fraction=0.7", "network.activity.reset_fraction=0.4"], [],
            "activity.reset_fraction: with set_fraction 0.7, 0.4, more cells are programmed",
        ),
        (
            ["device.pulses.levels_ltp=2"], ["--architecture", "reram"],
            "pulses.levels_ltp: pulses of the device reach 3 levels, and a cell of the chip is to "
            "hold 127",
        ),
        (
            ["architecture.dpim.copies=65"], [],
            "dpim.copies: 65 copies of a layer share its vectors, of which an image has 64 at most",
        ),
    ],
)  # fmt: skip
def test_keys_that_do_not_fit_each_other(command, place, tiny, settings, words, told):
    given = [f"--set={setting}" for setting in settings]
    done = command("run", tiny, "--no-train", "--out", "out", *words, *given)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert done.err.count("\n") == 1
    assert not (place / "out").exists()


def test_such_designs_of_a_sweep_are_infeasible_with_the_reason(command, place, tiny):
    axis = "device.cell.read_voltage=0.5V,1.7V"
    done = command("sweep", tiny, "--axis", axis, "--out", "o.csv")
    assert done.code == 0, done.err
    first, second = (place / "o.csv").read_text().splitlines()[1:]
    assert "must lie below" not in first
    assert "cell.read_voltage: must lie below 1.6 V" in second


@pytest.mark.parametrize(
    ("setting", "note"),
    [
        ("device.r_on=5Gohm", "device.r_on=5 Gohm lies outside of what was published, 100 ohm to "),
        ("device.pulses.width_ltp=1s", "device.pulses.width_ltp=1 s lies outside of what was"),
        ("architecture.dram.energy=1uJ/bit", "architecture.dram.energy=1e-06 J/bit lies outside"),
        ("device.r_on=5Gohm", "1 Gohm (180 ohm: switch of a phase-change material, E. K. Chua"),
        ("technology.clock=1THz", "technology.clock=1 THz lies outside of what was published, "),
        ("architecture.weight_bits=8", "a cell holds 255 levels, and the pulses of TaOx/HfOx "),
    ],
)  # fmt: skip
def test_what_nobody_published_is_noted(command, tiny, setting, note):
    done = command("run", tiny, "--no-train", "--out", "out", "--set", setting)
    assert done.code == 0, done.err
    assert note in done.out
    plain = command("run", tiny, "--no-train", "--out", "plain")
    assert "published" not in plain.out
    assert "a cell holds" not in plain.out
