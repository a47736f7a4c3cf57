"""Device: a memory cell's conductance range, pulse response and variation, as its file gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from neurorebit.schema import Document, Section, quantity
from neurorebit.schema.numbers import Real

Multiple = Annotated[Real, quantity("", above=0)]  # of the feature size
Volt = Annotated[Real, quantity("V", above=0, below=20)]


@dataclass(frozen=True, eq=False, kw_only=True)
class Cell(Section):
    """The cell in the array: one device and its access transistor, and how it is read.

    ``access_share`` is the access transistor's resistance over r_on, where a read goes through it:
    in all kinds but FeFETs, whose gates it opens.
    """

    source: str
    height: Multiple
    width: Multiple
    read_voltage: Annotated[Real, quantity("V", above=0, below=5)]
    access_voltage: Volt
    access_share: Annotated[Real, quantity("", above=0, below=1)] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Pulses(Section):
    """The response to identical programming pulses; ltp raises the conductance, ltd lowers it.

    Nonlinearity is the signed label of subarray.md 9; ``c2c`` the standard deviation of one pulse's
    change as a share of the conductance range.
    """

    source: str
    levels_ltp: Annotated[int, Field(ge=2, le=100_000)]
    levels_ltd: Annotated[int, Field(ge=2, le=100_000)]
    nonlinearity_ltp: Annotated[Real, quantity("", above=-10.1, below=10.1)]
    nonlinearity_ltd: Annotated[Real, quantity("", above=-10.1, below=10.1)]
    voltage_ltp: Volt
    voltage_ltd: Volt
    width_ltp: Annotated[Real, quantity("s", above=0)]
    width_ltd: Annotated[Real, quantity("s", above=0)]
    c2c: Annotated[Real, quantity("", at_least=0, at_most=1)]


@dataclass(frozen=True, eq=False, kw_only=True)
class Variation(Section):
    """Relative spread of conductances; e belongs to a cell for good, e' is drawn anew.

    Cells written to a level: ``form`` state leaves G = G_level (1 + d2d e)(1 + c2c e'); in form
    read writes and pulses leave out e', and every read draws one. Cells programmed by pulses:
    ``pulse_d2d`` says what ``d2d`` spreads (the step of a pulse, the cell's bounds, both, the
    magnitude of its nonlinearity labels, or the whole conductance), ``pulse_c2c`` what a pulse's
    own draw spreads (its step by ``c2c``; the conductance by the ``c2c`` of the pulse data, of the
    range; or the conductance that an update leaves, by ``c2c``). ``read`` is the noise of every
    read beside it; ``stuck_low`` and ``stuck_high`` are the shares of the cells that stay at an end
    of the range.
    """

    source: str
    form: Literal["state", "read"]
    d2d: Annotated[float, quantity("", at_least=0, at_most=1)]
    c2c: Annotated[float, quantity("", at_least=0, at_most=1)]
    pulse_d2d: Literal["step", "bounds", "step_and_bounds", "label", "state"] = "step_and_bounds"
    pulse_c2c: Literal["step", "range", "state"] = "step"
    read: Annotated[float, quantity("", at_least=0, at_most=1)] = 0.0
    stuck_low: Annotated[float, quantity("", at_least=0, at_most=1)] = 0.0
    stuck_high: Annotated[float, quantity("", at_least=0, at_most=1)] = 0.0


@dataclass(frozen=True, eq=False)
class Retention(Section):
    """Drift of a cell at rest: G = G0 (t / 1 s)^exponent upwards, its inverse downwards.

    ``toward``: the share of the range that every cell drifts to and stops at, or ``random``: up,
    down or not at all, to the end of the range.
    """

    source: str
    exponent: Annotated[float, quantity("", at_least=0, at_most=1)]
    toward: Annotated[float, quantity("", at_least=0, at_most=1)] | Literal["random"]


@dataclass(frozen=True, eq=False)
class Endurance(Section):
    """How many times a cell can be written before it fails."""

    source: str
    writes: Annotated[float, quantity("", above=0)]


@dataclass(frozen=True, eq=False)
class Ferroelectric(Section):
    """The gate stack of a ferroelectric FET, which is written by charge and not by a current.

    The state goes with the polarization, from minus to plus the remanent ``polarization``, over the
    ``area`` of the gate in squares of the feature size; ``gate_cap`` is charged by every pulse.
    """

    source: str
    polarization: Annotated[Real, quantity("C/m2", above=0)]
    area: Multiple
    gate_cap: Annotated[Real, quantity("F", at_least=0)]


@dataclass(frozen=True, eq=False, kw_only=True)
class Device(Section):
    """A memory device: conductances between ``g_min`` and ``g_max``."""

    source: str
    name: str
    kind: Literal["reram", "pcm", "fefet", "mram"]
    r_on: Annotated[Real, quantity("ohm", above=0)]
    on_off_ratio: Annotated[Real, quantity("", above=1)]
    cell: Cell
    variation: Variation
    pulses: Pulses | None = None
    ferroelectric: Ferroelectric | None = None
    retention: Retention | None = None
    endurance: Endurance | None = None

    @property
    def r_off(self) -> Real:
        """Resistance in the off state [ohm]."""
        return self.r_on * self.on_off_ratio

    @property
    def g_max(self) -> Real:
        """Conductance in the on state [S]."""
        return 1.0 / self.r_on

    @property
    def g_min(self) -> Real:
        """Conductance in the off state [S]."""
        return 1.0 / self.r_off

    @property
    def response(self) -> Pulses:
        """The pulse data, where cells are programmed: ``read_inputs`` refuses devices without."""
        assert self.pulses is not None
        return self.pulses


def read_device(document: Document) -> Device:
    """The device of a file; InputError where it is wrong."""
    device = document.read(Device)
    if device.variation.stuck_low + device.variation.stuck_high > 1.0:
        message = (
            "more cells are stuck than there are; stuck_low and stuck_high add up to 1 at most"
        )
        raise document.impossible(("variation", "stuck_high"), message)
    if (device.kind == "fefet") != (device.ferroelectric is not None):
        raise document.impossible(
            ("kind",), "a section 'ferroelectric' goes with kind 'fefet' alone"
        )
    if (device.kind == "fefet") != (device.cell.access_share is None):
        message = "the key 'access_share' goes with all kinds but fefet"
        raise document.impossible(("cell",), message)
    return device
