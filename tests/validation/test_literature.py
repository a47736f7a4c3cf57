"""Published trainings on MNIST: digits of 8 x 8 pixels, chips, and the page of the reports."""

import numpy as np
import pytest
from common import near

import neurorebit as nr
from validation import literature
from validation.literature import PAGE, REPORTS, SYSTEMS, page, small


def test_digits_are_means_over_squares_of_two_and_a_half_pixels():
    image = np.zeros((1, 28, 28, 1), np.uint8)
    image[0, 4:9, 4:9] = 80  # the corner of the inner 20 x 20: two squares each way
    image[0, 6, 4] = 200  # half of it in each of two squares
    found = small(image)[0, :, :, 0]
    assert found.shape == (8, 8)
    assert found[0, 0] == near(round(80 + 0.5 * 120 / 6.25))
    assert found[1, 0] == near(round(80 + 0.5 * 120 / 6.25))
    assert found[0, 1] == 80
    assert found[2:].sum() == found[:, 2:].sum() == 0
    image[0, :4] = 255  # around the digits
    assert np.array_equal(small(image)[0, :, :, 0], found)


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_is_a_chip_that_can_be_built(name):
    system = SYSTEMS[name]
    chip = system.chip().set("architecture.scheme", system.scheme)
    assert nr.estimate(system.trained("chip"), chip).area > 0
    assert system.trained("software").values["training"]["momentum"] == 0
    assert len(literature.PLAIN) == 2


def test_the_page_is_that_of_the_reports():
    assert PAGE.read_text(encoding="utf-8") == page(REPORTS)
