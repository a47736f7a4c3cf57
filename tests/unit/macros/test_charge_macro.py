"""Charge-domain macros: a product is the sum of what its parts take (docs/models/charge.md)."""

from dataclasses import replace

import numpy as np
import pytest
from by_hand import TECH
from common import near

from neurorebit.circuits.charge.columns import ChargeColumns
from neurorebit.circuits.charge.inputs import ResistorDac
from neurorebit.circuits.charge.ladder import CapacitorLadders
from neurorebit.circuits.converters.sar import SarAdc
from neurorebit.circuits.near_memory import Datapath
from neurorebit.circuits.register import Register
from neurorebit.macros.charge import Charge
from neurorebit.macros.point import Point
from neurorebit.macros.supplies import Supplies
from neurorebit.schema.errors import ImpossibleError


@pytest.fixture(scope="module")
def tech32():
    return TECH


AND = {"multiply": "and"}


def columns(**more):
    given = {"rows": 60.0, "columns": 24.0, "capacitor": 1.5e-15, "adc_bits": 6.0} | more
    return Charge(kind="charge", **given)


def made(tech, of, **point):
    return of.macro(Supplies({"core": tech}), Point(**point))


def test_bits_of_columns_one_after_the_other(tech32):
    """Inputs of 5 bits, weights of 4: five turns of 12 conversions in each of two converters."""
    of = columns(
        column_banks=3.0, columns_per_adc=12.0, datapath_bits=20.0, scale_bits=6.0,
        active_rows=45.0, multiply="and",
    )  # fmt: skip
    point = {"input_bits": 5.0, "weight_bits": 4.0, "input_ones": 0.3, "weight_ones": 0.6}
    found = made(tech32, of, clock=2e8, **point)
    assert (found.ops, found.outputs, found.converters) == (2 * 45 * 6, 6, 2)
    adc = SarAdc(tech32, 6.0, 2.0)
    bank = ChargeColumns(
        tech32, 60.0, 8.0, adc.load, cap=1.5e-15, input_lines=1.0, transistors=1.0, settling=2.5e-9
    )
    path = Datapath(tech32, 20.0, 2.0, scale_bits=6.0)
    register = Register(tech32, 60.0 * 5.0)
    turn = 3.0 * bank.multiply(0.18, 0.3, 0.75).energy.total
    turn += register.store(0.375, 0.75).energy.total
    each = adc.convert().energy.total + path.take().energy.total + found.mux.select().energy.total
    due = 5.0 * (turn + 12.0 * each) + 3.0 * path.finish().energy.total
    assert found.product().energy.total == near(due, rel=1e-12)
    area = 3.0 * bank.footprint.area.total + adc.footprint.area.total
    area += path.footprint.area.total + register.footprint.area.total
    assert found.footprint.area.total == near(area + found.mux.footprint.area.total, rel=1e-12)
    waits = 12.0 * (found.mux.select() + (adc.convert() | path.take())).latency.total
    time = 5.0 * (bank.multiply().latency.total + waits) + 3.0 * path.finish().latency.total
    assert found.product().latency.total == near(time, rel=1e-12)


def test_lanes_that_converters_share_take_turns(tech32):
    alone = made(tech32, columns(columns_per_datapath=1.0))
    shared = made(tech32, columns(columns_per_datapath=8.0))
    assert (alone.datapath.count, shared.datapath.count) == (24.0, 3.0)
    assert shared.product().energy.total == near(alone.product().energy.total, rel=1e-12)
    assert shared.product().latency.total > alone.product().latency.total


def test_ladders_behind_converters_of_codes(tech32):
    of = columns(
        rows=96.0, columns=40.0, weights="ladder", words_per_ladder=4.0, inputs="dac", dac_bits=7.0,
        datapath_bits=0.0, multiply="and",
    )  # fmt: skip
    found = made(tech32, of, input_bits=7.0, weight_bits=5.0, clock=1e8)
    assert (found.ops, found.converters, found.planes) == (2 * 24 * 8, 8, 1)
    adc = SarAdc(tech32, 6.0, 8.0)
    array = CapacitorLadders(tech32, 24.0, 8.0, 5.0, load=adc.load, words=4.0, cap=1.5e-15)
    dac = ResistorDac(tech32, 7.0, 24.0, array.input_load, time=5e-9)
    mean = 0.5 * (1.0 - 2.0**-7)
    square = mean**2 + 0.25 * (1.0 - 4.0**-7) / 3.0
    due = array.multiply(0.5, mean, square).energy.total + array.read_words(0.5).energy.total
    due += dac.convert().energy.total + adc.convert().energy.total
    due += Register(tech32, 24.0 * 7.0).store(0.5, 1.0).energy.total
    assert found.product().energy.total == near(due, rel=1e-12)
    assert "datapath" not in {k.split("/")[1] for k, v in found.product().energy.items.items() if v}


def test_what_a_column_drives_is_its_follower_or_its_converter(tech32):
    plain, led = (made(tech32, columns(buffer=word)) for word in ("none", "follower"))
    load = SarAdc(tech32, 6.0).load
    assert plain.array.load == near(load, rel=1e-12)
    assert led.array.load == near(led.follower.input_cap, rel=1e-12)
    own = made(tech32, columns(adc_capacitors="column"))
    assert own.array.load == 0.0
    assert own.adc.load == near(own.array.column_cap, rel=1e-12)
    energy = led.follower.drive().energy.total
    assert energy == near(24 * tech32.vdd * load * 7 * np.log(2) / 20.0, rel=1e-12)


def test_charge_grows_with_capacitors_and_falls_with_the_supply(tech32):
    small, large = (made(tech32, columns(capacitor=c)).product() for c in (1e-15, 4e-15))
    assert large.energy.total > small.energy.total
    lower = made(replace(tech32, vdd=0.85 * tech32.vdd), columns()).product()
    assert lower.energy.total < made(tech32, columns()).product().energy.total


@pytest.mark.parametrize(
    ("keys", "point", "key"),
    [
        ({"active_rows": 61.0}, {}, "active_rows"),
        ({}, {"weight_bits": 25.0}, "weight_bits"),
        ({"weights": "ladder"} | AND, {"weight_bits": 5.0}, "columns"),
        ({"inputs": "dac", "dac_bits": 4.0} | AND, {"input_bits": 5.0}, "dac_bits"),
        (
            {"weights": "ladder", "words_per_ladder": 7.0} | AND,
            {"weight_bits": 8.0},
            "words_per_ladder",
        ),
        ({"words_per_ladder": 2.0}, {}, "words_per_ladder"),
        ({"weights": "ladder"}, {"weight_bits": 8.0}, "multiply"),
        ({"weights": "ladder", "sharing": "shorted"} | AND, {"weight_bits": 8.0}, "sharing"),
        ({"weights": "ladder", "cell_area": 1e-12} | AND, {"weight_bits": 8.0}, "cell_area"),
        ({"adc_capacitors": "column", "buffer": "follower"}, {}, "buffer"),
        ({"adc_capacitors": "column", "adc": "flash"}, {}, "adc_capacitors"),
        ({"datapath_bits": 0.0, "scale_bits": 4.0}, {}, "scale_bits"),
        ({"column_banks": 5.0}, {}, "column_banks"),
    ],
)
def test_keys_that_do_not_fit_are_refused_with_a_cure(tech32, keys, point, key):
    with pytest.raises(ImpossibleError, match=key) as refused:
        made(tech32, columns(**keys), **point)
    assert refused.value.cure


def test_what_nobody_gives_is_assumed_and_said(tech32):
    point = Point()
    columns().macro(Supplies({"core": tech32}), point)
    assert set(point.assumptions) == {"input_ones", "weight_ones"}
