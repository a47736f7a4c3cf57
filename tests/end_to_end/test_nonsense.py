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
