"""Memory devices: conductance range, pulse response and variation, as their files give them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from neurorebit.schema import Document, Section, published, quantity
from neurorebit.schema.numbers import Real

# Ranges of what was published; "secondary" are figures whose own publication was not opened.
SIDES = published(
    1.0,
    50.0,
    source="2 F: crossbars of 4 F2, H.-S. P. Wong et al., Proc. IEEE 2012, secondary; 22 F: cells "
    "of 500 F2, Yao et al., ESSERC 2024, secondary",
)
VOLTAGES = published(
    0.03,
    12.0,
    "V",
    source="40 mV: T. Fu et al., Nat. Commun. 2020; 11 V: floating gates, X. Guo et al., IEDM "
    "2017, secondary",
)
READS = published(
    0.05,
    2.0,
    "V",
    source="0.15 V: Yao et al., ESSERC 2024, secondary; 1 V: S. H. Jo et al., Nano Lett. 2010, "
    "secondary",
)
LEVELS = published(
    2, 4096, source="2: any binary memory; 2,048: M. Rao et al., Nature 2023, secondary"
)
WIDTHS = published(
    1e-11,
    0.2,
    "s",
    source="20 ps: VO2, arXiv:2403.13530, 2024; 150 ms: 'Open-loop analog programmable "
    "electrochemical memory array', Nat. Commun. 2023",
)
SPREADS = published(
    0.0,
    0.6,
    source="0: no spread; 0.6: twice the 30 % that T. Gokmen, Y. Vlasov, Front. Neurosci. 2016, "
    "take for steps and bounds, secondary",
)
DRIFTS = published(
    0.0,
    0.2,
    source="0: no drift; 0.11: R. S. Khan et al., 'Resistance drift in Ge2Sb2Te5 phase change "
    "memory line cells', 2020",
)
WRITES = published(
    100.0,
    1e16,
    source="10^3: floating gates, US patent 7,898,844, 2011; over 10^15: J. J. Kan et al., IEEE "
    "Trans. Electron Devices 2017",
)
GATES = published(
    1.0,
    400.0,
    source="2 F2: M. Jerry et al., IEDM 2017, secondary; 319 F2: 500 nm squares at 28 nm, H. "
    "Mulaosmanovic et al., VLSI Technology 2017, secondary",
)
RESISTANCES = published(
    100.0,
    1e9,
    "ohm",
    source="180 ohm: switch of a phase-change material, E. K. Chua et al., Appl. Phys. Lett. 2010, "
    "secondary; nA at about 1 V: S. Fujii et al., VLSI Technology 2016",
)
RATIOS = published(
    1.2,
    1e8,
    source="1.35: 170 to 230 uS, 'Open-loop analog programmable electrochemical memory array', "
    "Nat. Commun. 2023; over 10^7: amyloid and gold, Materials 16(5):1884, 2023",
)

Multiple = Annotated[Real, quantity("", above=0), SIDES]  # of the feature size
Volt = Annotated[Real, quantity("V", above=0, below=20), VOLTAGES]
Steps = Annotated[int, Field(ge=2, le=100_000), LEVELS]
Width = Annotated[Real, quantity("s", above=0, at_most=1), WIDTHS]
Spread = Annotated[float, quantity("", at_least=0, at_most=1), SPREADS]


@dataclass(frozen=True, eq=False, kw_only=True)
class Cell(Section):
    """A cell of the array: the device, its access transistor, and the voltages of a read.

    ``access_share`` is the resistance of the access transistor over r_on. FeFETs have none: the
    current of a read does not flow through their access transistors.
    """

    source: str
    height: Multiple
    width: Multiple
    read_voltage: Annotated[Real, quantity("V", above=0, below=5), READS]
    access_voltage: Volt
    access_share: Annotated[Real, quantity("", above=0, below=1)] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Pulses(Section):
    """The response to identical programming pulses; ltp raises the conductance, ltd lowers it.

    The nonlinearities are signed labels (docs/models/devices.md#nonlinearity-labels); ``c2c`` is
    the standard deviation of the change that one pulse makes, as a share of the conductance range.
    """

    source: str
    levels_ltp: Steps
    levels_ltd: Steps
    nonlinearity_ltp: Annotated[Real, quantity("", above=-10.1, below=10.1)]
    nonlinearity_ltd: Annotated[Real, quantity("", above=-10.1, below=10.1)]
    voltage_ltp: Volt
    voltage_ltd: Volt
    width_ltp: Width
    width_ltd: Width
    c2c: Annotated[Real, quantity("", at_least=0, at_most=1)]


@dataclass(frozen=True, eq=False, kw_only=True)
class Variation(Section):
    """Relative variation of conductances: log-normal factors of mean 1, L and L' below.

    Their standard deviation is the given one; L is fixed for each cell, L' is a new draw each time.
    Cells written to a level: in ``form`` state, a write gives G = G_level L(d2d) L'(c2c); in form
    read, writes and pulses omit L', and every read draws one. Cells programmed by pulses:
    ``pulse_d2d`` says what ``d2d`` varies (the step of a pulse, the cell's bounds, both, the
    magnitude of its nonlinearity labels, or the whole conductance), ``pulse_c2c`` what the draw of
    each pulse varies (the conductance, by the ``c2c`` that the pulses were measured with, times the
    range; the step, by ``c2c``; or the conductance after an update, by ``c2c``). ``asymmetry``: of
    the ratio of a cell's steps up to its steps down, whatever else its pulses vary by. ``read`` is
    additional noise of every read; ``stuck_low`` and ``stuck_high`` are the shares of the cells
    that are stuck at an end of the range. ``reference``: of a cell written to hold what another
    cell was read to have, as the references of fast arrays are; None: that of a verified write,
    ``c2c`` in form state and none in form read.
    """

    source: str
    form: Literal["state", "read"]
    d2d: Spread
    c2c: Spread
    pulse_d2d: Literal["step", "bounds", "step_and_bounds", "label", "state"] = "step_and_bounds"
    pulse_c2c: Literal["step", "range", "state"] = "range"
    read: Annotated[float, quantity("", at_least=0, at_most=1)] = 0.0
    stuck_low: Annotated[float, quantity("", at_least=0, at_most=1)] = 0.0
    stuck_high: Annotated[float, quantity("", at_least=0, at_most=1)] = 0.0
    asymmetry: Annotated[float, quantity("", at_least=0, at_most=1)] = 0.0
    reference: Annotated[float, quantity("", at_least=0, at_most=1)] | None = None

    @property
    def referenced(self) -> float:
        """Relative spread of a cell written to hold what another cell was read to have."""
        if self.reference is not None:
            return self.reference
        return self.c2c if self.form == "state" else 0.0


@dataclass(frozen=True, eq=False)
class Retention(Section):
    """Drift of a cell at rest: upwards G = G0 (t / 1 s)^exponent, downwards by the inverse factor.

    ``toward`` is the share of the range to which every cell drifts and where it stops, or
    ``random``: each cell drifts up, down or not at all, at most to the end of the range.
    """

    source: str
    exponent: Annotated[float, quantity("", at_least=0, at_most=1), DRIFTS]
    toward: Annotated[float, quantity("", at_least=0, at_most=1)] | Literal["random"]


@dataclass(frozen=True, eq=False)
class Endurance(Section):
    """The number of ``writes`` after which a cell fails."""

    source: str
    writes: Annotated[float, quantity("", above=0), WRITES]


@dataclass(frozen=True, eq=False)
class Ferroelectric(Section):
    """The gate stack of a ferroelectric FET, which is written by a charge, not by a current.

    The conductance follows the polarization, from minus to plus the remanent ``polarization``.
    ``area`` is that of the gate, in units of the square of the feature size; ``gate_cap`` is the
    capacitance that every pulse charges.
    """

    source: str
    polarization: Annotated[Real, quantity("C/m2", above=0)]
    area: Annotated[Real, quantity("", above=0), GATES]
    gate_cap: Annotated[Real, quantity("F", at_least=0)]


@dataclass(frozen=True, eq=False, kw_only=True)
class Device(Section):
    """A memory device with conductances between ``g_min`` and ``g_max`` [S]."""

    source: str
    name: str
    kind: Literal["reram", "pcm", "fefet", "mram"]
    r_on: Annotated[Real, quantity("ohm", above=0, at_most=1e12), RESISTANCES]
    on_off_ratio: Annotated[Real, quantity("", at_least=1.01), RATIOS]
    cell: Cell
    variation: Variation
    pulses: Pulses | None = None
    ferroelectric: Ferroelectric | None = None
    retention: Retention | None = None
    endurance: Endurance | None = None

    @property
    def r_off(self) -> Real:
        """Resistance [ohm] in the off state."""
        return self.r_on * self.on_off_ratio

    @property
    def g_max(self) -> Real:
        """Conductance [S] in the on state."""
        return 1.0 / self.r_on

    @property
    def g_min(self) -> Real:
        """Conductance [S] in the off state."""
        return 1.0 / self.r_off

    @property
    def response(self) -> Pulses:
        """The pulse data; ``read_inputs`` refuses devices without it where cells are programmed."""
        assert self.pulses is not None
        return self.pulses


def read_device(document: Document) -> Device:
    """Read the device of a file; InputError where the file is not valid."""
    device = document.read(Device)
    if device.variation.stuck_low + device.variation.stuck_high > 1.0:
        cure = "stuck_low and stuck_high add up to 1 at most"
        message = "more cells are stuck than there are"
        raise document.impossible(("variation", "stuck_high"), message, cure)
    if (device.kind == "fefet") != (device.ferroelectric is not None):
        raise document.impossible(
            ("kind",),
            "a section 'ferroelectric' goes with kind 'fefet' alone",
            "add or remove it, or change the kind",
        )
    if (device.kind == "fefet") != (device.cell.access_share is None):
        message = "the key 'access_share' goes with all kinds but fefet"
        raise document.impossible(("cell",), message, "add or remove it")
    return device
