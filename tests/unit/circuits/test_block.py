"""Fields out of range make a block nan; sides that are not given leave it free."""

from dataclasses import KW_ONLY, dataclass

import numpy as np
import pytest

from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.sense_amp import SenseAmp
from neurorebit.circuits.write_driver import WriteDriver


@dataclass(frozen=True, eq=False)
class Plate(Block):
    length: Positive = 2.0
    load: Real = 0.0
    _: KW_ONLY
    side: Real | None = None
    name: str = "plate"

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.length * 3.0)

    @action
    def charge(self, times: Real = 1.0) -> Cost:
        return Cost.of(times * self.load)


class Board(Plate):
    """Inherits which fields must be above zero."""


@pytest.mark.parametrize("kind", [Plate, Board])
def test_a_positive_field_of_zero_is_nan_and_another_is_not(kind):
    assert kind().footprint.area.total == 6.0
    assert np.isnan(kind(0.0).footprint.area.total)
    assert np.isnan(kind(0.0).charge().energy.total)
    assert kind(load=0.0).charge().energy.total == 0.0
    assert np.isnan(kind(load=-1.0).charge().energy.total)
    assert np.isnan(kind(side=-1.0).footprint.area.total)


def test_only_the_designs_out_of_range_are_nan():
    area = Plate(np.array([1.0, 0.0, np.nan, 2.0])).footprint.area.total
    np.testing.assert_array_equal(area, [3.0, np.nan, np.nan, 6.0])


def test_what_is_not_given_follows_from_the_technology(tech32):
    cell = tech32.sram.width * tech32.feature
    given = SenseAmp(tech32, pitch=cell, swing=tech32.sram.sense_voltage)
    assert SenseAmp(tech32).area == given.area
    assert SenseAmp(tech32).sense().latency.total == given.sense().latency.total
    assert Precharger(tech32).read_swing == tech32.sram.sense_voltage
    assert Precharger(tech32, swing=0.25).read_swing == 0.25
    assert WriteDriver(tech32, drive_strength=1.0).driver.nfet == 2.0 * tech32.feature


def test_a_side_of_zero_holds_nothing(tech32):
    """It is not "free": that is None."""
    assert np.isfinite(AnalogMux(tech32).area)
    assert np.isnan(AnalogMux(tech32, fit_width=0.0).area)
