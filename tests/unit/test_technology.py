"""Technologies: the shipped nodes against their cards, what-ifs, and a stack against its points."""

import dataclasses

import numpy as np
import pytest
from common import document, near

from neurorebit.inputs.technology import read_technology
from neurorebit.schema import InputError, paths
from neurorebit.schema.technology import Technology

NAMES = paths.names("technology")


def technology(name="32nm", **sets):
    return read_technology(document("technology", name, **sets))


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_technology_loads(name):
    tech = technology(name)
    assert tech.vdd == tech.nominal_vdd
    assert tech.feature == near(float(name.split("nm")[0]) * 1e-9)
    assert bool(tech.finfet) == (tech.feature < 20e-9)


def test_all_nodes_are_shipped_in_both_flavours():
    nodes = (7, 10, 14, 22, 28, 32, 40, 45, 65, 90, 130)
    both = [f"{node}nm_{flavour}" for node in nodes for flavour in ("hp", "lstp")]
    assert list(paths.nodes()) == both
    assert list(NAMES) == [*both, "180nm_io", "250nm_io", "350nm_io"]


@pytest.mark.parametrize(
    ("name", "vdd", "on", "off"),
    [  # published drive currents; wafer acceptance tests of MOSIS
        ("28nm_lstp", 1.0, (1020, 700), (1e-3, 1e-3)),
        ("28nm_hp", 1.0, (1340, 940), (0.1, 0.1)),
        ("40nm_hp", 1.0, (1150, 785), (0.1, 0.1)),
        ("180nm_io", 1.8, (549, 261), (14.1e-6, 6.1e-6)),
        ("250nm_io", 2.5, (601, 275), (8.8e-6, 3.9e-6)),
        ("350nm_io", 3.3, (515, 236), (2.5e-6, 2.5e-6)),
    ],
)
def test_a_published_technology_has_the_currents_of_its_source(name, vdd, on, off):
    tech = technology(name)
    assert tech.vdd == vdd
    assert (tech.on_n, tech.on_p) == (near(on[0]), near(on[1]))
    assert (tech.off_n, tech.off_p) == (near(off[0], rel=1e-3), near(off[1], rel=1e-3))


def test_cells_have_the_published_areas():
    for name, area in (("28nm_lstp", 0.127e-12), ("40nm_hp", 0.242e-12)):
        tech = technology(name)
        found = tech.sram.height * tech.sram.width * tech.feature**2
        assert found == near(area, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "vdd", "on"),
    [  # PTM cards at 300 K, as tabulated by DNN+NeuroSim V2.1
        ("130nm_hp", 1.3, 930.0),
        ("130nm_lstp", 1.3, 300.7),
        ("65nm_hp", 1.1, 1120.0),
        ("45nm_lstp", 1.0, 500.2),
        ("32nm_hp", 0.9, 1410.0),
        ("32nm_lstp", 0.9, 600.2),
        ("22nm_hp", 0.85, 1500.0),
        ("14nm_lstp", 0.8, 893.0),
        ("7nm_hp", 0.7, 1912.0),
    ],
)
def test_a_node_has_the_current_of_its_card(name, vdd, on):
    tech = technology(name)
    assert tech.vdd == vdd
    assert tech.on_n == near(on)


def test_currents_between_two_temperatures_lie_on_a_line():
    # 32 nm low power: 600.2 A/m at 300 K, 562.8 A/m at 310 K, 333.3 A/m at 400 K
    assert technology(temperature="305 K").on_n == near((600.2 + 562.8) / 2)
    assert technology(temperature="302.5 K").on_n == near(600.2 - 0.25 * 37.4)
    assert technology(temperature="310 K").on_n == near(562.8)
    assert technology(temperature="400 K").on_n == near(333.3)
    assert technology(temperature="305 K").off_n == near((0.0001001 + 0.0001436) / 2)


def test_outside_its_ranges_a_technology_is_nan_and_stays_nan():
    tech = technology()
    assert np.isnan(dataclasses.replace(tech, vdd=0.34).on_n)
    assert np.isnan(dataclasses.replace(tech, vdd=1.36).supply_ratio)
    assert technology(vdd="0.8 V").supply_ratio == near(0.8 / 0.9)
    assert np.isnan(dataclasses.replace(tech, temperature=272.0).on_n)
    assert np.isnan(dataclasses.replace(tech, temperature=401.0).off_p)
    swept = dataclasses.replace(tech, vdd=np.array([0.3, 0.9, 1.4])).on_n
    np.testing.assert_array_equal(np.isnan(swept), [True, False, True])
    assert swept[1] == near(600.2)


# --- many technologies at once


def numbers(section, prefix=""):
    """Every number of a technology, by its path."""
    found = {}
    for field in dataclasses.fields(section):
        value = getattr(section, field.name)
        path = f"{prefix}{field.name}"
        if dataclasses.is_dataclass(value):
            found |= numbers(value, f"{path}.")
        elif isinstance(value, tuple):
            for i, item in enumerate(value):
                found |= numbers(item, f"{path}[{i}].")
        elif isinstance(value, float | int | np.ndarray) and not isinstance(value, str):
            found[path] = value
    return found


def test_a_stack_equals_its_points():
    points = [technology(name) for name in paths.nodes()]
    stack = Technology.stack(points)
    rows = numbers(stack)
    assert len(rows) > 100
    for i, point in enumerate(points):
        for path, value in numbers(point).items():
            np.testing.assert_array_equal(rows[path][i], value, err_msg=path)


@pytest.mark.parametrize("name", ["on_n", "on_p", "off_n", "off_p", "supply_ratio", "finfet"])
def test_what_follows_from_a_stack_equals_its_points(name):
    points = [technology(node) for node in paths.nodes()]
    many = getattr(Technology.stack(points), name)
    assert many.shape == (len(points),)
    np.testing.assert_array_equal(many, [getattr(point, name) for point in points])


def test_temperature_and_supply_are_axes():
    tech = technology()
    kelvin, vdd = np.array([300.0, 317.0, 400.0])[:, None], np.array([0.8, 0.9])
    grid = dataclasses.replace(tech, temperature=kelvin, vdd=vdd).on_n
    assert grid.shape == (3, 2)
    for i in range(3):
        for j in range(2):
            point = dataclasses.replace(tech, temperature=kelvin[i, 0], vdd=vdd[j])
            assert grid[i, j] == near(point.on_n, rel=1e-14)


# --- what does not fit


@pytest.mark.parametrize(
    ("name", "path", "text", "told"),
    [
        (
            "32nm",
            "vdd",
            "0.3 V",
            "vdd: must lie between 0.342 V and 1.35 V (from 0.1 V below the threshold of the "
            "currents, at least 8 kT/q, to 1.5 times nominal_vdd, beyond which oxides break), got "
            "0.3 V",
        ),
        ("32nm", "vdd", "9 V", "vdd: must be above 0 V and below 5 V, got 9 V"),
        (
            "32nm",
            "feature",
            "32",
            "feature: expected a number in m, got '32' (the unit is missing)",
        ),
        ("32nm", "temperature", "250 K", "temperature: must lie between 273 K and 400 K "),
        ("32nm", "threshold", "0.65 V", "threshold: must lie below 0.63 V (drive.overdrive_share"),
        ("32nm", "channel", "finfet", "channel: a section 'fin' goes with channel 'finfet' alone"),
        ("7nm", "channel", "planar", "channel: a section 'fin' goes with channel 'finfet' alone"),
        (
            "32nm",
            "channel",
            "nanosheet",
            "channel: expected one of planar, finfet, got 'nanosheet'",
        ),
        (
            "32nm",
            "drive.on_n",
            "600, 500 A/m",
            "drive.on_n: expected 11 currents, one for each of 'temperatures', got 2",
        ),
        (
            "32nm",
            "sensing.sar.mismatch",
            "0",
            "sensing.sar.mismatch: must be above 0, got 0",
        ),
        ("32nm", "drive.off_p", "0 A/m", "drive.off_p: must be above 0 A/m, got 0 A/m"),
        ("32nm", "wire.widht", "1 nm", "wire.widht: unknown key; did you mean 'width'?"),
        (
            "32nm",
            "wire.classes[0].aspect_ratio",
            "0",
            "wire.classes[0].aspect_ratio: must be above",
        ),
    ],
)
def test_a_wrong_technology_is_told(name, path, text, told):
    with pytest.raises(InputError) as caught:
        technology(name, **{path: text})
    assert str(caught.value).startswith(f"technology.{path}={text}: {told}")


def test_temperatures_must_rise():
    falling = {
        "drive__temperatures": "300, 300 K",
        **{f"drive__{name}": "1, 1 A/m" for name in ("on_n", "on_p", "off_n", "off_p")},
    }
    with pytest.raises(InputError, match=r"drive\.temperatures: must rise"):
        technology(**falling)
