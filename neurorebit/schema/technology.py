"""Technologies: transistors, wires, layout rules and circuit fits of a CMOS process.

A technology is one file under ``tech/cmos``. Currents depend on the temperature through a table in
the file and on the supply through one law from weak to strong inversion (``conduction``).
``Technology.stack`` combines several technologies into one with an array in every field.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from neurorebit.schema import InputError, Section, published, quantity
from neurorebit.schema.conduction import THERMAL, Conduction, with_slope, with_threshold
from neurorebit.schema.numbers import Real
from neurorebit.schema.reads import changed

S = TypeVar("S", bound="CircuitSection")
Count = Annotated[Real, quantity("", at_least=0)]
Multiple = Annotated[Real, quantity("", above=0)]  # of the feature size
FEATURES = published(
    2e-9,
    3.5e-7,
    "m",
    source="2 nm: TSMC N2, IEDM 2024, secondary; 350 nm: C. R. Schlottmann et al., IEEE J. "
    "Solid-State Circuits 2012",
)
CLOCKS = published(
    1e5,
    6e9,
    "Hz",
    source="106 kHz: M. Seok et al., VLSI Circuits 2008, secondary; 6 GHz: IBM z15, IEEE J. "
    "Solid-State Circuits 2021",
)
BELOW = 0.1  # how far a supply may lie below the threshold [V]
SWITCHING = 8.0  # least supply in which a gate still switches, over the thermal voltage
OXIDE = 1.5  # greatest supply over the nominal one, for the field in the gate's oxide
COLDEST = 273.0  # to which currents are extrapolated [K]
Table = Annotated[NDArray[np.float64], quantity("A/m", above=0, many=True)]
Coefficients = Annotated[NDArray[np.float64], quantity("", many=True)]
Bounds = Annotated[NDArray[np.float64], quantity("", above=0, many=True)]  # lower, upper
Times = Annotated[NDArray[np.float64], quantity("s", above=0, many=True)]  # lower, upper


@dataclasses.dataclass(frozen=True, eq=False)
class GateCap(Section):
    """Gate capacitance per electrical width (docs/models/technology.md#gate-capacitance)."""

    source: str
    intrinsic: Annotated[Real, quantity("F/m", above=0)]
    overlap: Annotated[Real, quantity("F/m", at_least=0)]
    fringe: Annotated[Real, quantity("F/m", at_least=0)]


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Drive(Section):
    """Drain currents per electrical width, at the nominal supply, over the temperature grid.

    ``overdrive_n`` and ``overdrive_p`` are the currents at a gate voltage of ``overdrive_share``
    times the supply, from which the transconductance is computed. ``barrier_lowering`` is what a
    volt at the drain takes from the threshold (docs/models/technology.md#supply-and-temperature).
    """

    source: str
    temperatures: Annotated[NDArray[np.float64], quantity("K", above=0, many=True)]
    on_n: Table
    on_p: Table
    off_n: Table
    off_p: Table
    overdrive_n: Annotated[Real, quantity("A/m", above=0)]
    overdrive_p: Annotated[Real, quantity("A/m", above=0)]
    overdrive_share: Annotated[Real, quantity("", above=0, at_most=1)]
    resistance_multiplier: Multiple
    supply_exponent: Multiple
    barrier_lowering: Annotated[Real, quantity("", at_least=0, at_most=0.3)]


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Leakage(Section):
    """Leakage of a gate over that of one of its parallel transistors, averaged over input states.

    With each further input the state in which all transistors are off becomes rarer in the same
    proportion as transistors are added, so gates of more than three inputs have the value of three.
    """

    source: str
    nand2: Multiple
    nand3: Multiple
    nor2: Multiple
    nor3: Multiple


@dataclasses.dataclass(frozen=True, eq=False)
class Switch(Section):
    """Pass gates and access transistors (docs/models/gates.md#analog-switches).

    ``linear`` is the resistance at small voltages over the switching resistance; ``drop`` is the
    resistance of a switch over that of its load.
    """

    source: str
    linear: Multiple
    drop: Multiple


@dataclasses.dataclass(frozen=True, eq=False)
class Fin(Section):
    """Geometry of a fin; a drawn width of two feature sizes is one fin.

    See docs/models/technology.md#electrical-width.
    """

    source: str
    height: Annotated[Real, quantity("m", above=0)]
    width: Annotated[Real, quantity("m", above=0)]
    pitch: Annotated[Real, quantity("m", above=0)]


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Junction(Section):
    """Drain junction: zero-bias capacitances, grading exponents, built-in voltage.

    See docs/models/technology.md#junction-capacitance.
    """

    source: str
    bottom: Annotated[Real, quantity("F/m2", above=0)]
    sidewall: Annotated[Real, quantity("F/m", above=0)]
    gate_edge: Annotated[Real, quantity("F/m", above=0)]
    grading_bottom: Multiple
    grading_sidewall: Multiple
    grading_gate_edge: Multiple
    built_in: Annotated[Real, quantity("V", above=0)]


@dataclasses.dataclass(frozen=True, eq=False)
class WireClass(Section):
    """Aspect ratio and resistivity of wires of at least ``min_width``."""

    min_width: Annotated[Real, quantity("m", at_least=0)]
    aspect_ratio: Multiple
    resistivity: Annotated[Real, quantity("ohm*m", above=0)]


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Wire(Section):
    """Local wires, and wider wires for routing (docs/models/wires.md#classes-of-routing-wires)."""

    source: str
    width: Annotated[Real, quantity("m", above=0)]
    aspect_ratio: Multiple
    resistivity: Annotated[Real, quantity("ohm*m", above=0)]
    resistivity_slope: Annotated[Real, quantity("/K", at_least=0)]
    cap: Annotated[Real, quantity("F/m", above=0)]
    medium_width: Multiple  # of the local width
    long_width: Multiple
    medium_from: Multiple  # of the feature size
    long_from: Multiple
    classes: tuple[WireClass, ...]


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Layout(Section):
    """Layout rules in units of the feature size (docs/models/technology.md#layout-rules)."""

    source: str
    cell_height: Multiple
    min_width: Multiple
    pn_gap: Multiple
    poly_extension: Multiple
    field_poly_gap: Multiple
    gate_width: Multiple
    gate_gap: Multiple
    metal2_pitch: Multiple
    metal3_pitch: Multiple


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Sram(Section):
    """The 6T cell: size and transistor widths in units of the feature size.

    Its transistors may have a higher threshold than those of logic, by ``threshold_shift``
    (docs/models/technology.md#low-leakage-cells).
    """

    source: str
    height: Multiple
    width: Multiple
    pulldown: Multiple
    pullup: Multiple
    access: Multiple
    sense_voltage: Annotated[Real, quantity("V", above=0)]
    threshold_shift: Annotated[Real, quantity("V", at_least=0, below=1)] = 0.0


class CircuitSection(Section):
    """A section that a circuit declares; technology files may omit it.

    It is the key ``key`` of the section ``sensing``. A dataclass that derives from this class
    declares the keys of the section.
    """

    key: ClassVar[str]


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Sensing(Section):
    """Sensing of lines; the circuits that sense declare sections here, see ``CircuitSection``.

    Lines of SRAM cells are held at ``read_voltage`` where they are converted. ``cycle``, if given,
    is the time of one decision of a converter, in place of that which follows from the gates.
    """

    source: str
    read_voltage: Annotated[Real, quantity("V", above=0)]
    cycle: Annotated[Real, quantity("s", above=0)] | None = None


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Technology(Section):
    """A CMOS process as its file describes it, in SI units."""

    source: str
    feature: Annotated[Real, quantity("m", at_least=1e-9, at_most=1e-5), FEATURES]
    gate_length: Annotated[Real, quantity("m", above=0, informative=True)]
    channel: Literal["planar", "finfet"]
    vdd: Annotated[Real, quantity("V", above=0, below=5)]
    nominal_vdd: Annotated[Real, quantity("V", above=0, below=5)]
    threshold: Annotated[Real, quantity("V", above=0)]
    temperature: Annotated[Real, quantity("K", above=0)]
    nominal_temperature: Annotated[Real, quantity("K", above=0)]
    clock: Annotated[Real, quantity("Hz", above=0), CLOCKS]
    pn_ratio: Multiple
    gate_cap: GateCap
    drive: Drive
    leakage: Leakage
    switch: Switch
    junction: Junction
    wire: Wire
    layout: Layout
    sram: Sram
    sensing: Sensing
    fin: Fin | None = None

    @property
    def finfet(self) -> NDArray[np.bool_]:
        """Whether the transistors are FinFETs; with one value per design in a stack."""
        return np.asarray(np.asarray(self.channel) == "finfet")

    @cached_property
    def supply_range(self) -> tuple[Real, Real]:
        """Least and greatest supply [V] (docs/models/technology.md#range-of-the-supply)."""
        threshold = np.maximum(self.conduction_n.threshold, self.conduction_p.threshold)
        least = np.maximum(threshold - BELOW, SWITCHING * THERMAL * np.asarray(self.temperature))
        return _scalar(least), _scalar(OXIDE * np.asarray(self.nominal_vdd))

    @property
    def supply_ratio(self) -> Real:
        """Supply over nominal supply; nan outside ``supply_range``."""
        return _scalar(self._supplied(np.asarray(self.vdd) / self.nominal_vdd))

    def _supplied(self, value: Real) -> NDArray[np.float64]:
        """A value where the supply is in its range; nan elsewhere."""
        low, high = self.supply_range
        vdd = np.asarray(self.vdd)
        inside = (vdd >= low * (1 - 1e-12)) & (vdd <= high * (1 + 1e-12))
        return np.where(inside, value, np.nan)

    @property
    def coldest(self) -> NDArray[np.float64]:
        """Least temperature [K]: the currents are extrapolated from the tables to 273 K."""
        first = np.asarray(self.drive.temperatures[..., 0])
        many = self.drive.temperatures.shape[-1] > 1
        return np.minimum(first, COLDEST) if many else first

    def _tabulated(
        self, table: NDArray[np.float64], at: Real, activated: bool
    ) -> NDArray[np.float64]:
        """A table of the section ``drive`` at a temperature [K]; nan outside its range.

        Linear between two temperatures of the table. Below it, as from the first to the middle of
        its temperatures: an off current (``activated``) follows an energy over the thermal one, an
        on current a power of the temperature.
        """
        grid = self.drive.temperatures
        kelvin = np.asarray(at, dtype=np.float64)[..., None]
        step = np.diff(grid, axis=-1)
        rising = np.ones_like(grid)
        rising[..., 1:] = step
        falling = np.ones_like(grid)
        falling[..., :-1] = step
        distance = kelvin - grid
        weight = np.where(distance < 0, 1 + distance / rising, 1 - distance / falling)
        value = np.sum(np.maximum(weight, 0.0) * table, axis=-1)
        kelvin, first = kelvin[..., 0], grid[..., 0]
        inside = (kelvin >= self.coldest) & (kelvin <= grid[..., -1])
        if np.any(inside & (kelvin < first)):
            middle = grid.shape[-1] // 2
            scale = np.reciprocal if activated else np.log
            span = scale(grid[..., middle]) - scale(first)
            distance = scale(np.where(inside, kelvin, first)) - scale(first)
            colder = (table[..., middle] / table[..., 0]) ** (distance / span) * table[..., 0]
            value = np.where(kelvin < first, colder, value)
        return np.where(inside, value, np.nan)

    def _conduction(self, kind: str, at: Real) -> Conduction:
        """The law through the currents of the tables of a kind, n or p, at a temperature [K]."""
        on, off = getattr(self.drive, f"on_{kind}"), getattr(self.drive, f"off_{kind}")

        def ratio(kelvin: Real) -> NDArray[np.float64]:
            return self._tabulated(on, kelvin, False) / self._tabulated(off, kelvin, True)

        lowering, reference = np.asarray(self.drive.barrier_lowering), self.nominal_temperature
        exponent = np.asarray(self.drive.supply_exponent) / (1.0 + lowering)
        law = Conduction(np.nan, self.threshold, self.nominal_vdd, lowering, exponent=exponent)
        law = with_slope(law, ratio(reference))
        if np.all(np.asarray(at) == reference):
            return law
        slope = law.slope * (np.asarray(at) / reference)
        return with_threshold(dataclasses.replace(law, slope=slope), ratio(at))

    @cached_property
    def conduction_n(self) -> Conduction:
        """The law of the NFET's current at this temperature."""
        return self._conduction("n", self.temperature)

    @cached_property
    def conduction_p(self) -> Conduction:
        """The law of the PFET's current at this temperature."""
        return self._conduction("p", self.temperature)

    def _on(self, table: NDArray[np.float64], law: Conduction) -> Real:
        nominal = self._tabulated(table, self.temperature, activated=False)
        return _scalar(self._supplied(nominal * law.current(self.vdd, self.vdd)))

    def _off(self, table: NDArray[np.float64], law: Conduction) -> Real:
        nominal = self._tabulated(table, self.temperature, activated=True)
        share = law.current(0.0, self.vdd) / law.current(0.0, self.nominal_vdd)
        return _scalar(self._supplied(nominal * share))

    @cached_property
    def on_n(self) -> Real:
        """NFET on-current [A/m] at this temperature and supply."""
        return self._on(self.drive.on_n, self.conduction_n)

    def on_n_at(self, volts: Real) -> Real:
        """NFET on-current [A/m] at this temperature with gate and drain at ``volts`` [V]."""
        nominal = self._tabulated(self.drive.on_n, self.temperature, activated=False)
        return _scalar(np.asarray(nominal * self.conduction_n.current(volts, volts)))

    @cached_property
    def on_p(self) -> Real:
        """PFET on-current [A/m] at this temperature and supply."""
        return self._on(self.drive.on_p, self.conduction_p)

    @cached_property
    def off_n(self) -> Real:
        """NFET off-current [A/m] at this temperature and supply."""
        return self._off(self.drive.off_n, self.conduction_n)

    @cached_property
    def off_p(self) -> Real:
        """PFET off-current [A/m] at this temperature and supply."""
        return self._off(self.drive.off_p, self.conduction_p)

    @cached_property
    def exists(self) -> bool | NDArray[np.bool_]:
        """Whether supply and temperature are within the ranges of the tables and of the law."""
        known = np.isfinite(self.on_n)
        return True if np.all(known) else known

    @cached_property
    def of_cells(self) -> Technology:
        """The technology with the transistors of SRAM cells in place of those of logic.

        Their on and off currents are those of the law at a threshold above that of logic.
        """
        shift = np.asarray(self.sram.threshold_shift)
        if not np.any(shift > 0.0):
            return self
        drive, tables = self.drive, {}
        for kind in ("n", "p"):
            law = self._over_tables(kind)
            for state, gate in (("on", law.nominal), ("off", 0.0)):
                share = law.current(gate - shift[..., None], law.nominal)
                share = share / law.current(gate, law.nominal)
                tables[f"{state}_{kind}"] = share * getattr(drive, f"{state}_{kind}")
        made = changed(self, threshold=self.threshold + shift, drive=changed(drive, **tables))
        for derived in DERIVED:
            vars(made).pop(derived, None)
        vars(made)["supply_range"] = self.supply_range  # cells get what logic gets
        return made

    def _over_tables(self, kind: str) -> Conduction:
        """The law at each temperature of the tables, along a last axis."""
        grid, law = self.drive.temperatures, self._conduction(kind, self.nominal_temperature)
        slope, threshold, nominal, lowering, exponent, reference = (
            np.asarray(value)[..., None]
            for value in (
                law.slope,
                law.threshold,
                law.nominal,
                law.lowering,
                law.exponent,
                self.nominal_temperature,
            )
        )
        wide = Conduction(slope * grid / reference, threshold, nominal, lowering, exponent=exponent)
        tables = (getattr(self.drive, f"{state}_{kind}") for state in ("on", "off"))
        return with_threshold(wide, np.divide(*tables))

    def has(self, kind: type[CircuitSection]) -> bool:
        """Whether the technology has a section of this kind."""
        return isinstance(getattr(self.sensing, kind.key, None), kind)

    def section(self, kind: type[S]) -> S:
        """The section of this kind; InputError where the technology has none."""
        section = getattr(self.sensing, kind.key, None)
        if not isinstance(section, kind):
            message = "the technology has no such section"
            raise InputError(message, key=f"sensing.{kind.key}", cure="add it")
        return section

    @staticmethod
    def stack(technologies: Sequence[Technology]) -> Technology:
        """One technology with an array in every field, an entry for each of ``technologies``."""
        stacked: Technology = _stack(technologies)
        return stacked


DERIVED = [n for n, kept in vars(Technology).items() if isinstance(kept, cached_property)]


@functools.lru_cache
def technology_with(sections: tuple[type[CircuitSection], ...]) -> type[Technology]:
    """The class of technologies whose section ``sensing`` may have these sections."""
    optional = [(kind.key, kind | None, dataclasses.field(default=None)) for kind in sections]
    sensing = dataclasses.make_dataclass(
        "Sensing", optional, bases=(Sensing,), frozen=True, eq=False, kw_only=True
    )
    own = [("sensing", sensing)]
    return dataclasses.make_dataclass(
        "Technology", own, bases=(Technology,), frozen=True, eq=False, kw_only=True
    )


def _scalar(value: NDArray[np.float64]) -> Real:
    return float(value) if value.ndim == 0 else value


def _stack(given: Sequence[Any]) -> Any:
    """Dataclasses of the same kind as one, field by field; numbers become arrays.

    Where some technologies lack a section, that of another technology takes its place, because a
    key next to it says which technologies use it; a circuit's own section becomes nan, and so does
    a number that is not given.
    """
    first = next((value for value in given if value is not None), None)
    filling = _undefined(first) if isinstance(first, CircuitSection) else first
    filling = np.nan if isinstance(first, float) else filling
    values = [filling if value is None else value for value in given]
    if dataclasses.is_dataclass(first) and not isinstance(first, type):
        return type(first)(
            **{
                f.name: _stack([getattr(v, f.name) for v in values])
                for f in dataclasses.fields(first)
            }
        )
    if isinstance(first, tuple):
        return tuple(_stack(column) for column in zip(*values, strict=True))
    if isinstance(first, str):
        return first if all(v == first for v in values) else np.array(values)
    return None if first is None else np.stack([np.asarray(v, dtype=np.float64) for v in values])


def _undefined(section: Any) -> Any:
    """The same section with nan for every number."""
    numbers = {
        field.name: np.nan * getattr(section, field.name)
        for field in dataclasses.fields(section)
        if isinstance(getattr(section, field.name), float | np.ndarray)
    }
    return dataclasses.replace(section, **numbers)
