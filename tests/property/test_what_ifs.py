"""Supply and temperature as what-ifs, in every technology: physics says which way all goes."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import yaml
from common import document, near
from numpy.typing import NDArray
from property.blocks import NAMES, TECHNOLOGIES
from property.files import INPUTS, chip, stacked

from neurorebit.circuits.gates import nfet_res, pfet_res
from neurorebit.circuits.wire import wire_res
from neurorebit.estimation.estimate import estimate
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import InfeasibleError, InputError, paths, units
from neurorebit.schema.technology import Technology, misfits
from neurorebit.schemes.assumed import assumed

SUPPLIES = np.linspace(0.8, 1.2, 9)  # over the nominal one: where the alpha-power law is trusted
KELVIN = np.linspace(300.0, 400.0, 11)
LEVELS = len(SUPPLIES), len(NAMES)
each_technology = pytest.mark.parametrize("name", NAMES)


def total(amount: Any, rows: int) -> NDArray[np.float64]:
    """Over all layers, for each row and technology."""
    found = np.asarray(amount)
    shape = np.broadcast_shapes(found.shape, (rows, len(NAMES), 1))
    return np.sum(np.broadcast_to(found, shape), axis=-1)


def grows(values: NDArray[np.float64], where: NDArray[np.bool_]) -> bool:
    """Whether each row is above the one before, where both can be built."""
    both = where[1:] & where[:-1]
    return bool(np.all(np.diff(values, axis=0)[both] > 0.0))


# --- supply


@each_technology
def test_currents_follow_the_alpha_power_law(name: str) -> None:
    """docs/models/technology.md#switching-resistance, with the numbers of the file."""
    text = yaml.safe_load(paths.shipped("technology", name).read_text())
    nominal, threshold = (units.parse(text[key], "V") for key in ("nominal_vdd", "threshold"))
    exponent = float(text["drive"]["supply_exponent"])
    tech, width = TECHNOLOGIES[NAMES.index(name)], 1e-6
    for share in SUPPLIES:
        vdd = float(share * nominal)
        found = dataclasses.replace(tech, vdd=vdd)
        current = ((vdd - threshold) / (nominal - threshold)) ** exponent
        assert found.on_n / tech.on_n == near(current, rel=1e-12)
        assert found.on_p / tech.on_p == near(current, rel=1e-12)
        assert (found.off_n, found.off_p) == (tech.off_n, tech.off_p)
        for res in (nfet_res, pfet_res):
            slower = res(found, width) / res(tech, width)
            assert slower == near(share / current, rel=1e-12)


def test_a_chip_at_a_lower_supply_is_slower_and_saves_energy() -> None:
    """In all technologies, over the whole range of the law, where latches turn on."""
    tech = stacked()
    tech = dataclasses.replace(tech, vdd=SUPPLIES[:, None, None] * tech.nominal_vdd)
    reached = tech.drive.overdrive_share * tech.vdd > tech.threshold
    valid = np.broadcast_to(reached[..., 0], LEVELS)
    assert np.all(valid[1:])
    with np.errstate(invalid="ignore"):
        found = chip(tech)
    rows = len(SUPPLIES)
    assert grows(total(found.chip.footprint.leakage.total, rows), valid)
    for name, phase in found.phases.items():
        assert grows(total(phase.energy.total, rows), valid), name
        time = total(phase.time, rows) + total(phase.common_time, rows)
        assert np.all(np.isfinite(time[valid])), name
        assert grows(-time, valid), name


@each_technology
@pytest.mark.parametrize("share", [0.79, 1.21])
def test_beyond_the_range_of_the_law_a_supply_is_refused(name: str, share: float) -> None:
    nominal = TECHNOLOGIES[NAMES.index(name)].nominal_vdd
    with pytest.raises(InputError) as caught:
        read_technology(document("technology", name, vdd=f"{share * nominal:.6g} V"))
    told = (
        f"vdd: must lie between {0.8 * nominal:.4g} V and {1.2 * nominal:.4g} V (0.8 to 1.2 times"
    )
    assert told in str(caught.value)


def test_where_latches_no_longer_turn_on_a_supply_is_refused() -> None:
    """7 nm low power: a threshold of 0.402525 V over 0.7, at 0.8 times 0.7 V."""
    with pytest.raises(InputError, match=r"vdd: must lie above 0\.575 V .*latches"):
        read_technology(document("technology", "7nm_lstp", vdd="0.56 V"))


@pytest.mark.parametrize(("key", "value"), [("vdd", 0.5), ("temperature", 290.0)])
def test_a_chip_beyond_its_range_names_a_part(key: str, value: float) -> None:
    tech = dataclasses.replace(INPUTS.technology, **{key: value})
    activity = assumed(INPUTS.network, INPUTS.architecture, INPUTS.device)
    given = INPUTS.architecture, tech, INPUTS.device
    with pytest.raises(InfeasibleError, match=r"^\w+/.*: cannot be built in this technology: its "):
        estimate(INPUTS.network, *given, activity=activity, batch=1, images=1)


# --- temperature


def test_heat_leaks_more_and_slows_down_all_the_way_to_400_kelvin() -> None:
    tech = dataclasses.replace(stacked(), temperature=KELVIN[:, None, None])
    everywhere = np.ones((len(KELVIN), len(NAMES)), bool)

    def spread(values: Any) -> NDArray[np.float64]:
        return np.broadcast_to(values, (*everywhere.shape, 1))[..., 0]

    assert grows(spread(tech.off_n), everywhere)
    assert grows(spread(tech.off_p), everywhere)
    assert grows(-spread(tech.on_n), everywhere)
    assert grows(-spread(tech.on_p), everywhere)
    assert grows(spread(wire_res(tech)), everywhere)
    found, rows = chip(tech), len(KELVIN)
    assert grows(total(found.chip.footprint.leakage.total, rows), everywhere)
    for name in ("forward", "backward", "gradient", "update"):
        phase = found.phases[name]
        assert grows(total(phase.time, rows) + total(phase.common_time, rows), everywhere), name


@each_technology
@pytest.mark.parametrize("kelvin", [299.0, 401.0])
def test_a_temperature_without_currents_is_refused(name: str, kelvin: float) -> None:
    with pytest.raises(InputError, match="temperature: must lie between 300 K and 400 K"):
        read_technology(document("technology", name, temperature=f"{kelvin} K"))
    odd = dataclasses.replace(TECHNOLOGIES[NAMES.index(name)], temperature=kelvin)
    assert any(np.any(m.where) for m in misfits(odd))
    assert np.isnan([odd.on_n, odd.on_p, odd.off_n, odd.off_p]).all()


def test_shipped_technologies_fit() -> None:
    assert not any(np.any(m.where) for m in misfits(Technology.stack(TECHNOLOGIES)))
