"""One change, one place: an organisation is its classes and a line in a table, in a run as well.

A chip that does the forward pass alone; a host takes what the other phases need from DRAM, and only
the new levels of the cells come back.
"""

import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
from common import refusal

from neurorebit.__main__ import main
from neurorebit.chips.hybrid.analog import AnalogMacro
from neurorebit.chips.parts.chip import Chip
from neurorebit.chips.parts.organisation import Organisation
from neurorebit.chips.parts.phases import Phase, Phases
from neurorebit.chips.parts.spec import Bits, ForwardArrays, LearningSpec
from neurorebit.chips.parts.tile import Pe
from neurorebit.chips.table import ORGANISATIONS
from neurorebit.circuits.cost import Bill
from neurorebit.estimation.design import organisation_of
from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.files import read_inputs
from neurorebit.schema import Document, Section
from neurorebit.studies.sweep import sweep

FILE = """\
source: by hand
name: own
technology: 32nm_lstp
device: taox_hfox
scheme: hybrid
weight_bits: 3
input_bits: 8
error_bits: 8
core:
  source: by hand
  rows: 128
  cols: 128
  cols_per_adc: 8
  adc: sar
  adc_bits: 5
  adc_range: 4
  pe_side: auto
  kernel_split: true
  parallel_programming: all
host: {source: by hand, value_bits: 16}
vector_unit: {source: by hand, lanes: 64, stored_bits: 16}
transport:
  source: by hand
  bus_bits: 2048
  delay_tolerance: 0.1
  tile_buffer: flip_flop
  tile_buffer_lines: 32
  tile_buffer_bits: 32
  global_buffer: sram
  global_buffer_lines: 128
  global_buffer_bits: 128
  staging_bits: 1048576
dram: {source: by hand, energy: 4 pJ/bit, bandwidth: 10 Tbit/s}
"""


@dataclass(frozen=True, eq=False)
class Host(Section):
    """What the host takes: values of so many bits."""

    source: str
    value_bits: Bits


@dataclass(frozen=True, eq=False)
class HostedSpec(LearningSpec):
    """The file of such a chip."""

    organisation = "hosted"
    called = "the chip with a host"
    forward_section = "core"

    core: ForwardArrays
    host: Host


@dataclass(frozen=True, eq=False)
class HostedChip(Chip[AnalogMacro]):
    """Analog tiles, and what all tiles share."""

    spec: HostedSpec

    @cached_property
    def macro(self):
        core = self.spec.core
        return AnalogMacro(
            self.tech, self.device, rows=core.rows, cols=core.cols, adc_bits=core.adc_bits,
            cols_per_adc=core.cols_per_adc, adc_kind=core.adc, input_bits=self.spec.input_bits,
        )  # fmt: skip

    def pe(self, rows, cols):
        macro = self.macro
        return Pe(
            self.tech, macro, rows, cols, results=cols * macro.adcs, lines=macro.rows,
            result_bits=macro.output_bits, sum_bits=macro.output_bits,
            input_bits=macro.rows * rows * self.value_bits,
        )  # fmt: skip

    @property
    def parts(self):
        blocks = self.tree, self.buffer, self.vector_unit, self.control
        return *self.forward_tiles, *((1.0, block) for block in blocks)


@dataclass(frozen=True, eq=False)
class HostedPhases(Phases):
    """The forward pass in the tiles; the rest over DRAM."""

    chip: HostedChip

    def read(self, macro, pieces):
        a = self.activity
        density, conductance = pieces.spread(a.density), pieces.spread(a.conductance)
        return macro.mvm(density, conductance, pieces.rows, pieces.cols)

    def _hosted(self, values):
        bits = values * self.spec.host.value_bits
        seconds = self.chip.dram.transfer(bits).latency.total
        return Phase(Bill({"host": 0.0 * bits}), seconds, bits, Bill())

    def backward(self):
        return self._hosted(self.workload.results)

    def gradient(self):
        return self._hosted(self.workload.inputs)

    def update(self):
        return self._hosted(0.0 * self.workload.weights)

    def sync(self):
        arrays, cells = self.plan.arrays, self.plan.held
        changes = self.level_changes(self.spec.cell_steps)
        one = self.chip.in_macros(lambda macro: macro.program(*changes, 0.5, cells / arrays))
        pulsed = arrays * one.energy
        return Phase(pulsed, one.latency.total, self.programmed * self.spec.weight_bits, pulsed)


def build(job):
    chip = HostedChip(job.technology, job.device, job.spec, job.plan)
    return HostedPhases(chip, job.activity, job.batch, job.learning)


@pytest.fixture
def hosted(monkeypatch):
    """The organisation's line in the table."""
    own = Organisation("a forward pass, and a host", HostedSpec, ("core", "host"), build)
    monkeypatch.setitem(ORGANISATIONS, "hosted", own)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(FILE)
    return path


def ran(file, out, *words):
    chip = "--architecture", str(file)
    assert main(["run", "mlp", *chip, "--no-train", "--out", str(out), *words]) == 0
    return json.loads((out / "report.json").read_text())


@pytest.mark.usefixtures("hosted")
def test_its_sections_mark_its_files(file):
    spec = read_architecture(Document(file, "architecture"))
    assert isinstance(spec, HostedSpec)
    assert organisation_of(spec) is ORGANISATIONS["hosted"]
    for name in ("rebit", "reram", "sram"):
        assert not isinstance(read_inputs("mlp", name).architecture, HostedSpec)


@pytest.mark.usefixtures("hosted")
def test_it_runs(file, tmp_path):
    """Analog tiles cost what those of ReBIT cost; DRAM takes 16 bits a value at 4 pJ a bit."""
    own, rebit = ran(file, tmp_path / "a"), ran("rebit", tmp_path / "b")
    items = own["phases"]["forward"]["energy_by_part_J"]
    others = rebit["phases"]["forward"]["energy_by_part_J"]
    macro = [part for part in items if part.startswith("tile/pe/apim/")]
    assert len(macro) > 5
    for part in macro:
        same = others[part.replace("tile/", "analog/", 1)]
        assert items[part] == pytest.approx(same, rel=1e-9), part
    workload = read_inputs("mlp").network.matrices
    results = sum(node.matmul.cols for node in workload)
    inputs = sum(node.matmul.rows for node in workload)
    for phase, values in (("backward", results), ("gradient", inputs), ("update", 0)):
        billed = own["phases"][phase]["dram_energy_J"]
        assert billed == pytest.approx(values * 16 * 4e-12, rel=1e-9)
    assert own["phases"]["sync"]["energy_J"] > 0.0
    # nobody has to write anything for inference and for programming, of which ReBIT has more to do:
    # its digital macros load the weights as words
    theirs = rebit["phases"]["inference"]["dram_energy_J"]
    found = own["phases"]["inference"]["dram_energy_J"]
    assert found == pytest.approx(4.0 / 3.9 * theirs, rel=1e-9)
    parts = rebit["phases"]["programming"]["energy_by_part_J"].items()
    theirs = sum(energy for part, energy in parts if part.startswith("analog/pe/apim/"))
    found = own["phases"]["programming"]
    assert found["macro_energy_J"] == pytest.approx(theirs, rel=1e-9)
    weights = sum(node.matmul.rows * node.matmul.cols for node in workload)
    assert found["dram_energy_J"] == pytest.approx(weights * 3 * 4e-12, rel=1e-9)
    assert not any("dpim" in part for part in own["chip"]["area_by_part_m2"])
    assert own["paper"] == {}


@pytest.mark.usefixtures("hosted")
def test_its_keys_can_be_set_and_swept(file, tmp_path):
    wide = ran(file, tmp_path / "a", "--set", "architecture.host.value_bits=32")
    found = sweep("mlp", {"architecture.host.value_bits": "16, 32"}, architecture=str(file))
    low, high = found["backward DRAM energy [J/image]"]
    assert high == pytest.approx(2.0 * low)
    assert high == pytest.approx(wide["phases"]["backward"]["dram_energy_J"])
    bits = sweep("mlp", {"architecture.core.adc_bits": "4, 6"}, architecture=str(file))
    assert np.all(np.diff(bits["area [m2]"]) > 0.0)


@pytest.mark.usefixtures("hosted")
def test_messages_know_it(file, tmp_path):
    def told(old, new):
        other = tmp_path / "other.yaml"
        other.write_text(FILE.replace(old, new))
        return refusal(lambda: read_architecture(Document(other, "architecture")))

    assert "host.value_bit: unknown key; did you mean 'value_bits'?" in told(
        "value_bits:", "value_bit:"
    )
    assert "core.cols_per_adc: must divide core.cols, 128, got 7" in told(
        "cols_per_adc: 8", "cols_per_adc: 7"
    )
    report = ran(file, tmp_path / "out")
    assert report["ablations"] == [
        "scheme=hybrid: a scheme of another chip, architecture=rebit; the estimate bills the chip "
        "with a host"
    ]


def test_without_its_line_a_file_is_of_no_organisation(file):
    said = refusal(lambda: read_architecture(Document(file, "architecture")))
    assert "no section says how the chip is organised" in said
    assert "add apim and dpim (analog macros for the forward pass, digital ones for all" in said
    assert ", or arrays and gradient_unit (arrays that are read both ways and updated" in said
