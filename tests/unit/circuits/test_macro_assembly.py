"""What wiring and placement add to the area of a macro."""

import pytest
from common import near

from neurorebit.circuits.array import SramArray
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Footprint
from neurorebit.macros.assembly import Assembly


class Gates(Block):
    """Gates beside an array, and a part of gates."""

    def __init__(self, name, area, *parts):
        self.name, self._area, self._parts = name, area, parts

    @property
    def body(self):
        return Footprint.of(self._area)

    @property
    def parts(self):
        return self._parts


@pytest.fixture
def whole(tech32):
    """3 um2 of gates, two blocks of 1 um2, and 20 x 40 cells."""
    array = SramArray(tech32, 20.0, 40.0)
    return Gates("macro", 3e-12, (2.0, Gates("drivers", 1e-12)), (1.0, array)), array


def test_gates_leave_room_and_arrays_have_edges(whole):
    macro, array = whole
    area = Assembly(utilisation=0.8, edge_cells=2.0).area(macro).items
    cells = float(array.footprint.area.total)
    near(area["macro"], 3e-12 / 0.8)
    near(area["macro/drivers"], 2e-12 / 0.8)
    near(area["macro/array"], cells * (24 / 20) * (44 / 40))


def test_channels_and_decoupling_are_shares_of_the_whole(whole):
    macro, _ = whole
    bare = Assembly().area(macro).total
    area = Assembly(channels=0.1, decoupling=0.05).area(macro)
    near(area.total, bare / 0.85)
    near(area.items["macro/channels"], 0.1 * area.total)
    near(area.items["macro/decoupling"], 0.05 * area.total)


def test_blocks_that_fill_their_rows_have_the_area_of_their_footprint(whole):
    macro, _ = whole
    near(Assembly(utilisation=1.0, edge_cells=0.0).area(macro).total, macro.footprint.area.total)
