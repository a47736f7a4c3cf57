"""One change, one place: a converter is a class and a line in a table, in a run as well.

A single-slope converter: it counts cycles until a ramp has passed the column's current. It has a
section of its own in the technology file, and codes of its own in training.
"""

import json
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import pytest
from common import document, refusal

from neurorebit.__main__ import main
from neurorebit.circuits.converters.converter import Converter, Quantisation
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.layout import stretched
from neurorebit.inputs.files import read_inputs
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Setting, paths, quantity
from neurorebit.schema.technology import CircuitSection, Technology
from neurorebit.studies.sweep import sweep

ENERGY = 2e-12  # J a conversion
SECTION = (
    "technology.sensing.slope.source=measured",
    "technology.sensing.slope.area=100 um2",
    "technology.sensing.slope.energy=2 pJ",
)
CHIPS = {  # by architecture: the key of the converter, the part that is billed
    "rebit": ("apim", "analog/pe/apim/readout/converters/adc"),
    "reram": ("arrays", "tile/pe/reram/readout/converters/adc"),
}


@dataclass(frozen=True, eq=False)
class Slope(CircuitSection):
    """What the technology says of a single-slope converter."""

    key: ClassVar[str] = "slope"
    source: str
    area: Annotated[Real, quantity("m2", above=0)]
    energy: Annotated[Real, quantity("J", above=0)]


@dataclass(frozen=True, eq=False)
class SlopeAdc(Converter):
    """A cycle for each code; training knows it as two bits narrower than it is."""

    section = Slope

    @property
    def size(self):
        area = self.count * self.tech.section(Slope).area
        return stretched(self, area, np.sqrt(area))

    @property
    def body(self):
        return Footprint.of(self.area)

    @property
    def beat(self):
        return 2.0**self.bits * 1e-9

    @action
    def convert(self):
        energy = self.tech.section(Slope).energy
        return Cost.of(self.count * energy, self.beat)

    @classmethod
    def quantisation(cls, bits, reach):
        top = 2 ** (bits - 3) - 1
        return Quantisation(reach / top, top)


@pytest.fixture
def slope(monkeypatch):
    """The kind's line in the table."""
    monkeypatch.setitem(CONVERTERS, "slope", SlopeAdc)


def settings(*texts):
    return [Setting(*text.split("=", 1)) for text in texts]


def ran(out, *words):
    assert main(["run", "mlp", "--out", str(out), *words]) == 0
    return json.loads((out / "report.json").read_text())


def conversions(rows, cols):
    """Of one vector through arrays of 128 rows: each plane of 8, each column of each array."""
    return 8 * cols * np.ceil(rows / 128)


@pytest.mark.usefixtures("slope")
@pytest.mark.parametrize("chip", CHIPS)
def test_its_conversions_are_billed(tmp_path, chip):
    section, part = CHIPS[chip]
    words = [word for text in SECTION for word in ("--set", text)]
    words += ["--set", f"architecture.{section}.adc=slope", "--architecture", chip, "--no-train"]
    report = ran(tmp_path, *words)
    for node, layer in zip(read_inputs("mlp").network.matrices, report["layers"], strict=False):
        billed = layer["phases"]["forward"]["energy_by_part_J"][part]
        count = conversions(node.matmul.rows, node.matmul.cols)
        assert billed == pytest.approx(count * ENERGY, rel=1e-9)
    assert report["chip"]["area_by_part_m2"][part] > 0.0


@pytest.mark.usefixtures("slope")
@pytest.mark.parametrize("chip", CHIPS)
def test_its_codes_are_those_of_training(tmp_path, chip):
    """As it says: of six bits it trains as a successive approximation of four."""
    section, _ = CHIPS[chip]
    common = ("--images", "60", "--seed", "3", "--threads", "1", "--architecture", chip)
    own = [*SECTION, f"architecture.{section}.adc=slope", f"architecture.{section}.adc_bits=6"]
    other = [f"architecture.{section}.adc_bits=4"]
    if chip == "reram":
        own.append("architecture.arrays.back_adc_bits=6")
        other.append("architecture.arrays.back_adc_bits=4")
    found = []
    for i, texts in enumerate((own, other)):
        words = [word for text in texts for word in ("--set", text)]
        found.append(ran(tmp_path / str(i), *words, *common)["training"]["weights_sha256"])
    assert found[0] == found[1]


@pytest.mark.usefixtures("slope")
def test_its_section_is_read_and_checked():
    tech = read_technology(
        document(
            "technology", "32nm", sensing__slope__source="x", sensing__slope__area="2 um2",
            sensing__slope__energy="3 pJ",
        )
    )  # fmt: skip
    slope = tech.section(Slope)
    assert (slope.area, slope.energy) == (pytest.approx(2e-12), pytest.approx(3e-12))

    def told(**sets):
        return refusal(lambda: read_technology(document("technology", "32nm", **sets)))

    assert "sensing.slope.energy: expected a number in J, got '3'" in told(
        sensing__slope__source="x", sensing__slope__area="2 um2", sensing__slope__energy="3"
    )
    assert "sensing.slope: the key 'area' is missing" in told(
        sensing__slope__source="x", sensing__slope__energy="3 pJ"
    )
    assert "sensing.slope.enrgy: unknown key; did you mean 'energy'?" in told(
        sensing__slope__enrgy="3 pJ"
    )


@pytest.mark.usefixtures("slope")
@pytest.mark.parametrize("chip", CHIPS)
def test_a_technology_without_its_section_is_refused(chip):
    section, _ = CHIPS[chip]
    key = f"architecture.{section}.adc"
    said = refusal(lambda: read_inputs("mlp", chip, settings=settings(f"{key}=slope")))
    assert f"{section}.adc: slope needs a section 'sensing.slope', which " in said
    assert "lacks; add it, or take sar or flash or flash_voltage" in said


@pytest.mark.usefixtures("slope")
def test_its_section_is_an_axis(tmp_path):
    """Two picojoules more for each conversion, of which nothing else of the pass takes notice."""
    text = paths.shipped("technology", "32nm").read_text()
    own = tmp_path / "own.yaml"
    section = "sensing:\n  slope: {source: measured, area: 100 um2, energy: 2 pJ}\n"
    own.write_text(text.replace("sensing:\n", section))
    made = settings("architecture.apim.adc=slope")
    axes = {"technology.sensing.slope.energy": "1 pJ, 3 pJ"}
    table = sweep("mlp", axes, technology=str(own), settings=made)
    low, high = table["forward energy [J/image]"]
    layers = read_inputs("mlp").network.matrices
    count = sum(conversions(node.matmul.rows, node.matmul.cols) for node in layers)
    assert high - low == pytest.approx(count * 2e-12, rel=1e-9)


@pytest.mark.usefixtures("slope")
def test_where_a_technology_lacks_it_an_array_of_technologies_is_nan():
    own = document(
        "technology", "32nm", sensing__slope__source="x", sensing__slope__area="2 um2",
        sensing__slope__energy="3 pJ",
    )  # fmt: skip
    both = Technology.stack([read_technology(own), read_technology(document("technology", "22nm"))])
    energy = SlopeAdc(both, 5.0).convert().energy.total
    assert energy[0] == pytest.approx(3e-12)
    assert np.isnan(energy[1])


def test_without_its_line_no_file_may_name_it():
    said = refusal(lambda: read_inputs("mlp", settings=settings("architecture.apim.adc=slope")))
    assert f"apim.adc: expected one of {', '.join(CONVERTERS)}, got 'slope'" in said
    said = refusal(lambda: read_technology(document("technology", "32nm", sensing__slope="{}")))
    assert "sensing.slope: unknown key" in said
