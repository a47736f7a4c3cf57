"""Pictures of costs: their bars add up to the report's numbers, and they are drawn when asked."""

import io
import subprocess
import sys

import matplotlib.image
import numpy as np
import pytest
from common import near
from made_report import TRAINING, built
from matplotlib.figure import Figure

from neurorebit.results import cost_pictures
from neurorebit.results.stacks import stack
from neurorebit.results.writers import table

pytestmark = pytest.mark.usefixtures("rendered")


def heights(draw, monkeypatch):
    """The sum of the bars over each layer, in each panel, and labels of axes and legend."""
    figures, save = [], Figure.savefig

    def saved(self, *given, **options):
        figures.append(self)
        save(self, *given, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Figure, "savefig", saved)
        content = draw(built())
    assert matplotlib.image.imread(io.BytesIO(content)).ndim == 3
    (figure,) = figures
    sums = []
    for ax in figure.axes:
        bars = [[bar.get_height() for bar in stack] for stack in ax.containers]
        sums.append(np.sum(bars, axis=0))
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    return sums, [ax.get_ylabel() for ax in figure.axes], legend


def test_bars_of_energy_add_up(monkeypatch):
    """Forward 5.5, 1.25, 0.25 pJ and DRAM 1, 2, 0; inference half of it; training 13.5 times."""
    (inference, training), labels, legend = heights(cost_pictures.energy, monkeypatch)
    assert list(inference) == near([3.25, 1.625, 0.125])
    assert list(training) == near([13.5 * 6.5, 13.5 * 3.25, 13.5 * 0.25])
    assert labels == ["energy [pJ]", "energy [pJ]"]
    assert set(legend) == {"all other parts", "DRAM", "leakage", "macro/array", "macro/adc"}


def test_bars_of_area_add_up(monkeypatch):
    (area,), labels, legend = heights(cost_pictures.area, monkeypatch)
    assert list(area) == near([1.5, 1.5, 7.0])
    assert labels == ["area [mm2]"]
    assert legend == ["all other parts", "macro/array", "macro/adc", "tree"]


def test_the_same_report_gives_the_same_bytes():
    for draw in (cost_pictures.energy, cost_pictures.area):
        assert draw(built()) == draw(built())


def test_many_parts_share_a_grey():
    report = built()
    report["layers"][0]["area_by_part_m2"] = {f"chip/p{i}": 1e-6 * (i + 1) for i in range(30)}
    colours = cost_pictures._colours(
        stack([layer["area_by_part_m2"] for layer in report["layers"]])
    )
    assert list(colours)[:2] == ["p29", "p28"]
    assert len(colours) == len(cost_pictures.COLOURS) == len(set(colours.values()))


@pytest.mark.parametrize(
    ("training", "drawn", "expected"),
    [
        (None, None, set()),
        (TRAINING, None, {"training.png", "energy.png", "area.png"}),
        (None, table.PICTURES, {"energy.png", "area.png"}),
        (TRAINING, ["area.png"], {"area.png"}),
    ],
)
def test_pictures_are_drawn_of_trainings_and_where_asked(training, drawn, expected):
    report = built(training)
    assert {name for name in table.files(report, drawn) if name.endswith(".png")} == expected


def test_an_estimate_imports_nothing_that_draws(tmp_path):
    code = (
        "import sys; from neurorebit.__main__ import main; "
        f"main(['run', 'mlp', '--no-train', '--quiet', '--out', {str(tmp_path / 'out')!r}]); "
        "slow = {'matplotlib', 'pandas', 'scipy', 'numba', 'tabulate', 'concurrent.futures'}; "
        "sys.exit(' '.join(sorted(slow & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr == ""
