"""Files of pulse trains as people write them: units, words, numbering, one direction only."""

import re

import numpy as np
import pytest

from neurorebit.fitting import fit
from neurorebit.fitting.data import read_traces
from neurorebit.schema import Document, InputError, paths
from neurorebit.schema.device import read_device

LOW, HIGH, PULSES = 1e-6, 9e-6, 20
UP = LOW + (HIGH - LOW) * np.linspace(0.0, 1.0, PULSES + 1)


def write(path, *, ways=("ltp", "ltd"), unit="S", head="conductance_{}", first=0, separator=","):
    """One cell whose conductance is a straight line of the pulses, up and down again."""
    scale = {"S": 1.0, "mS": 1e3, "uS": 1e6, "µS": 1e6, "nS": 1e9}[unit]
    lines = [["cell", "cycle", "direction", "pulse", head.format(unit)]]
    for way, values in zip(ways, (UP, UP[::-1]), strict=False):
        if way:
            lines += [
                ["a", "1", way, str(n + first), f"{value * scale:.9g}"]
                for n, value in enumerate(values)
            ]
    path.write_text("\n".join(separator.join(line) for line in lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("unit", "head"),
    [
        ("uS", "conductance_{}"), ("nS", "conductance_{}"), ("mS", "conductance_{}"),
        ("µS", "conductance [{}]"), ("uS", "conductance ({})"), ("S", "conductance [{}]"),
    ],
)  # fmt: skip
def test_a_heading_says_the_unit(tmp_path, unit, head):
    traces = read_traces(write(tmp_path / "a.csv", unit=unit, head=head))
    np.testing.assert_allclose(traces.up.conductances, [UP], rtol=1e-8)
    np.testing.assert_allclose(traces.down.conductances, [UP[::-1]], rtol=1e-8)


@pytest.mark.parametrize(
    "ways",
    [("potentiation", "depression"), ("Potentiation", "LTD"), ("up", "down"), ("SET", "RESET")],
)
def test_directions_have_several_words(tmp_path, ways):
    traces = read_traces(write(tmp_path / "a.csv", ways=ways))
    np.testing.assert_allclose(traces.up.conductances, [UP], rtol=1e-8)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("a,1,sideways,0,1\n", "a.csv:2: direction: expected ltp (up) or ltd (down), got 'side"),
        ("a,1,up,0,x\n", "a.csv:2: conductance_uS: expected a number in uS, got 'x'; write it as"),
        ("a,1,up,0,2e7\n", "a.csv:2: conductance_uS: 2e7 uS is no memory cell's"),
    ],
)
def test_a_wrong_value_is_told_in_its_unit(tmp_path, monkeypatch, wrong, told):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.csv"
    path.write_text(f"cell,cycle,direction,pulse,conductance_uS\n{wrong}")
    with pytest.raises(InputError, match=re.escape(told)):
        read_traces(path)


def test_a_conductance_in_two_units_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("cell,cycle,direction,pulse,conductance_uS,conductance_nS\n")
    with pytest.raises(InputError, match="column 'conductance_S' stands twice"):
        read_traces(tmp_path / "a.csv")


# --- numbering


def fitted(folder, path, **more):
    out = folder / "device.yaml"
    text = fit(path, out, name="mine", **more)
    return text, read_device(Document(out, "device")), out.read_text()


def test_the_numbering_is_told(tmp_path):
    text, device, _ = fitted(tmp_path, write(tmp_path / "a.csv"))
    assert re.search(r"^pulses count from +0 ", text, re.MULTILINE)
    assert "every reading" not in text
    assert float(device.g_min) == pytest.approx(LOW, rel=0.01)
    text, *_ = fitted(tmp_path, write(tmp_path / "a.csv", first=1))
    assert re.search(r"^pulses count from +1 +before pulse 1, not in the data", text, re.MULTILINE)


MEASURED_UP = (  # nS
    906, 1433, 1981, 2453, 2907, 3307, 3781, 4231, 4482, 4902, 5225, 5598, 5894, 6186, 6425,
    6755, 6974, 7256, 7501, 7783, 7903, 8130, 8443, 8523, 8699, 8970, 9082, 9222, 9383, 9387,
    9685, 9899, 9951,
)  # fmt: skip
MEASURED_DOWN = (  # nS
    9740, 9392, 8781, 8361, 7931, 7394, 7160, 6662, 6336, 5960, 5651, 5308, 4857, 4631, 4249,
    4049, 3833, 3589, 3361, 3079, 2883, 2670, 2501, 2318, 2094, 2003, 1766, 1604, 1470, 1329,
    1190, 1047, 944,
)  # fmt: skip


@pytest.mark.parametrize("first", [0, 1])
def test_a_bound_beyond_every_reading_is_flagged(tmp_path, first):
    """The first reading comes before the first pulse: numbered from 1, it is taken for the next."""
    lines = ["cell,cycle,direction,pulse,conductance_nS"]
    for way, values in (("ltp", MEASURED_UP), ("ltd", MEASURED_DOWN)):
        lines += [f"a,1,{way},{n},{value}" for n, value in enumerate(values, first)]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    text, device, _ = fitted(tmp_path, tmp_path / "a.csv")
    below = float(device.g_min) < 0.99e-9 * min(MEASURED_UP + MEASURED_DOWN)
    assert below == bool(first)
    flag = r"^! least conductance +\S+ nS +below every reading, of which the nearest is 906 nS; if "
    assert bool(re.search(flag, text, re.MULTILINE)) == below
    assert ("number it 0" in text) == below


# --- one direction


@pytest.mark.parametrize(
    ("ways", "missing", "known"), [(("ltp", ""), "ltd", "ltp"), (("", "ltd"), "ltp", "ltd")]
)
def test_of_one_direction_the_other_is_assumed_and_said(tmp_path, ways, missing, known):
    text, device, file = fitted(tmp_path, write(tmp_path / "a.csv", ways=ways), like="epiram")
    other = read_device(Document(paths.shipped("device", "epiram"), "device"))
    for key in ("levels", "nonlinearity"):
        name = f"{key}_{missing}"
        assert getattr(device.pulses, name) == getattr(other.pulses, name)
    assert re.search(rf"^! {missing} +not measured: .* as for ", text, re.MULTILINE)
    assert file.count(f"# {missing} was not measured; assumed as for ") == 2
    assert f"# {known} was not measured" not in file
    assert float(device.g_min) == pytest.approx(LOW, rel=0.05)
    assert float(device.g_max) == pytest.approx(HIGH, rel=0.05)
    assert getattr(device.pulses, f"nonlinearity_{known}") == pytest.approx(0.0, abs=0.05)


def test_of_one_direction_the_reading_before_the_first_pulse_is_needed(tmp_path):
    with pytest.raises(InputError, match="no reading from before pulse 1, nor any of the other"):
        read_traces(write(tmp_path / "a.csv", ways=("ltp", ""), first=1))


def test_a_device_without_pulses_cannot_stand_in_for_a_direction(tmp_path):
    path = write(tmp_path / "a.csv", ways=("ltp", ""))
    with pytest.raises(InputError, match="like stt_mram: has no pulses to assume for ltd"):
        fitted(tmp_path, path, like="stt_mram", voltages=(1, 1), widths=(1e-8, 1e-8))
