"""Our converters beside published ones (``validation/converters/published.csv``)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from validation.converters import trade
from validation.converters.__main__ import main
from validation.converters.page import macros
from validation.converters.survey import PUBLISHED, Survey, energy, names, places, read


@pytest.fixture(scope="module")
def survey() -> Survey:
    return read(PUBLISHED)


def test_the_extract_has_what_is_compared(survey: Survey) -> None:
    assert survey.energy.size > 100
    assert survey.feature.min() >= 28.0
    assert survey.feature.max() <= 130.0
    assert len(names()) == 14


def test_energies_lie_between_the_best_and_the_median(survey: Survey) -> None:
    """All of them at 32 to 90 nm. At 130 nm, where five to nine are published, within twice it."""
    found = list(places(survey))
    assert {place.bits for place in found} == {4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0}
    outside = [place for place in found if not place.inside]
    assert all(place.technology.startswith("130nm") for place in outside)
    assert all(place.ours < 2.1 * place.median for place in outside)
    assert len(found) - len(outside) >= 0.95 * len(found)


def test_flash_converters_of_few_bits_are_not_cheaper_than_published(survey: Survey) -> None:
    """At 4 and 5 effective bits; finer ones are published as folding or as SAR converters alone."""
    for kind in ("flash", "flash_voltage"):
        for place in places(survey, kind):
            if place.bits == 5.0:
                assert place.best <= place.ours <= place.median, (kind, place)


def test_energies_have_the_slope_of_those_published(survey: Survey) -> None:
    """From 4 to 10 bits: the mean of all technologies within a standard error of it."""
    slope, error = survey.slope()
    assert 0.3 < slope < 1.0
    ours = [np.log2(energy("sar", n, 10.0) / energy("sar", n, 4.0)) / 6.0 for n in names()]
    assert abs(np.mean(ours) - slope) < error
    assert all(abs(one - slope) < 2.5 * error for one in ours)


def test_those_inside_macros_are_reported(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, rendered: None
) -> None:
    """Two SARs of 8 bits alone within a factor 2 in energy; the third holds its clamps as well."""
    jia, wang, yao = macros()
    for one in (jia, wang):
        ours, published = one["energy"]
        assert 0.5 < ours / published < 2.0
    assert yao["energy"][0] < yao["energy"][1]
    assert main(["--out", str(tmp_path)]) == 0
    assert "Jia, JSSC 2020" in capsys.readouterr().out
    assert (tmp_path / "converters.png").stat().st_size > 10_000


def test_a_survey_without_its_columns_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    wrong = tmp_path / "survey.csv"
    wrong.write_text("feature_nm,enob\n28,5\n")
    assert main([str(wrong)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "expected numbers in the columns feature_nm, enob, energy_pJ, rate_Hz" in said


def test_bits_cost_energy_and_time(capsys: pytest.CaptureFixture[str]) -> None:
    """The table of the trade, without its trainings: more energy and less TOPS/W for each bit."""
    assert trade.main(["--estimate"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")][1:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert [int(row[0]) for row in cells] == list(trade.BITS)
    energy, tops = ([float(row[k].split()[0]) for row in cells] for k in (2, 4))
    assert energy == sorted(energy)
    assert tops == sorted(tops, reverse=True)
