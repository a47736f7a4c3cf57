"""What a report says of the spread of cells."""

from dataclasses import replace

import pytest
from oracle import naive

from neurorebit.schema import Document, paths
from neurorebit.schema.device import Retention, read_device
from neurorebit.studies.cell_notes import crossed, of_rest

DEVICE = read_device(Document(paths.shipped("device", "taox_hfox")))


def device(ratio, spread, form="step_and_bounds"):
    variation = replace(DEVICE.variation, d2d=spread, pulse_d2d=form)
    return replace(DEVICE, on_off_ratio=ratio, variation=variation)


@pytest.mark.parametrize(("ratio", "spread"), [(2.0, 0.3), (1.5, 0.3), (10.0, 1.0)])
def test_crossed_ends_are_as_frequent_as_in_drawn_cells(ratio, spread):
    cells = 20_000
    ends = [
        [naive.positive(spread, naive.normal(i, 0, 0, purpose, 7)) for purpose in (3, 4)]
        for i in range(cells)
    ]
    drawn = sum(low > ratio * high for low, high in ends) / cells
    share = crossed(device(ratio, spread))
    assert 0.01 < share < 0.2
    assert drawn == pytest.approx(share, abs=4 * (share / cells) ** 0.5)


def test_no_ends_cross_where_they_do_not_vary():
    assert crossed(device(2.0, 0.0)) == 0.0
    assert crossed(device(2.0, 0.3, "step")) == 0.0


def test_a_device_that_drifts_is_said_to_and_no_other():
    drifting = replace(DEVICE, retention=Retention("own", 0.01, 0.0))
    assert not list(of_rest(DEVICE))
    (line,) = of_rest(drifting)
    assert "no writes that refresh them are billed" in line
