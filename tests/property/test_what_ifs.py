"""Supply and temperature as what-ifs, in every technology: physics says which way all goes."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from common import document
from numpy.typing import NDArray
from property.blocks import NAMES, TECHNOLOGIES
from property.files import INPUTS, chip, stacked

from neurorebit.circuits.wire import wire_res
from neurorebit.estimation.estimate import estimate
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import InfeasibleError, InputError
from neurorebit.schema.technology import Technology
from neurorebit.schema.technology_misfits import misfits
from neurorebit.schemes.assumed import assumed

SUPPLIES = np.linspace(0.0, 1.0, 13)  # from the least to the greatest
KELVIN = np.append(273.0, np.linspace(300.0, 400.0, 11))
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


def test_a_chip_at_a_lower_supply_is_slower_and_saves_energy() -> None:
    """In all technologies, from near the threshold to far above the nominal supply."""
    tech = stacked()
    low, high = tech.supply_range
    tech = dataclasses.replace(tech, vdd=low + SUPPLIES[:, None, None] * (high - low))
    found, rows, everywhere = chip(tech), len(SUPPLIES), np.ones(LEVELS, bool)
    quick = (tech.vdd > tech.threshold + 0.2)[
        ..., 0
    ]  # below, cells conduct for as long as gates take
    assert grows(total(found.chip.footprint.leakage.total, rows), everywhere)
    for name, phase in found.phases.items():
        energy = total(phase.energy.total, rows)
        assert np.all(np.isfinite(energy)), name
        assert grows(energy, quick), name
        time = total(phase.time, rows) + total(phase.common_time, rows)
        assert np.all(np.isfinite(time)), name
        assert grows(-time, everywhere), name


@each_technology
@pytest.mark.parametrize("beyond", [-0.01, 1.01])
def test_beyond_the_range_of_the_law_a_supply_is_refused(name: str, beyond: float) -> None:
    """From 0.1 V below the threshold and 8 kT/q (0.20681 V at 300 K) to 1.5 times the nominal."""
    tech = TECHNOLOGIES[NAMES.index(name)]
    low, high = max(tech.threshold - 0.1, 0.206816), 1.5 * tech.nominal_vdd
    given = document("technology", name, vdd=f"{low + beyond * (high - low):.6g} V")
    with pytest.raises(InputError) as caught:
        read_technology(given)
    assert f"vdd: must lie between {low:.4g} V and {high:.4g} V (from 0.1 V" in str(caught.value)


@pytest.mark.parametrize(("key", "value"), [("vdd", 0.3), ("temperature", 272.0)])
def test_a_chip_beyond_its_range_names_a_part(key: str, value: float) -> None:
    tech = dataclasses.replace(INPUTS.technology, **{key: value})
    activity = assumed(INPUTS.network, INPUTS.architecture, INPUTS.device)
    given = INPUTS.architecture, tech, INPUTS.device
    with pytest.raises(InfeasibleError, match=r"^\w+/.*: cannot be built in this technology: its "):
        estimate(INPUTS.network, *given, activity=activity, batch=1, images=1)


# --- temperature


def test_heat_leaks_more_and_slows_down_all_the_way_from_273_to_400_kelvin() -> None:
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
@pytest.mark.parametrize("kelvin", [272.0, 401.0])
def test_a_temperature_without_currents_is_refused(name: str, kelvin: float) -> None:
    with pytest.raises(InputError, match="temperature: must lie between 273 K and 400 K"):
        read_technology(document("technology", name, temperature=f"{kelvin} K"))
    odd = dataclasses.replace(TECHNOLOGIES[NAMES.index(name)], temperature=kelvin)
    assert any(np.any(m.where) for m in misfits(odd))
    assert np.isnan([odd.on_n, odd.on_p, odd.off_n, odd.off_p]).all()


def test_shipped_technologies_fit() -> None:
    assert not any(np.any(m.where) for m in misfits(Technology.stack(TECHNOLOGIES)))
