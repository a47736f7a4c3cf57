"""Technologies: transistors, wires, layout rules and circuit fits of a CMOS process.

A technology is one file under ``tech/cmos``. Currents depend on the temperature through a table in
the file and on the supply through the alpha-power law (Sakurai and Newton, IEEE JSSC 25(2):584,
1990). ``Technology.stack`` combines several technologies into one with an array in every field.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from neurorebit.schema import InputError, Misfit, Section, published, quantity
from neurorebit.schema.numbers import Real

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
    times the supply, from which the transconductance is computed.
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
    """The 6T cell: size and transistor widths in units of the feature size."""

    source: str
    height: Multiple
    width: Multiple
    pulldown: Multiple
    pullup: Multiple
    access: Multiple
    sense_voltage: Annotated[Real, quantity("V", above=0)]


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
class Arithmetic(Section):
    """Floating-point arithmetic: published energies (docs/models/logic.md#floating-point-lanes)."""

    source: str
    float_feature: Annotated[Real, quantity("m", above=0)]
    float_add: Annotated[Real, quantity("J", above=0)]
    float_multiply: Annotated[Real, quantity("J", above=0)]


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
    arithmetic: Arithmetic
    fin: Fin | None = None

    supply_range = (0.8, 1.2)  # of the nominal supply: the range of the alpha-power law

    @property
    def finfet(self) -> NDArray[np.bool_]:
        """Whether the transistors are FinFETs; with one value per design in a stack."""
        return np.asarray(np.asarray(self.channel) == "finfet")

    @property
    def supply_ratio(self) -> Real:
        """Supply over nominal supply; nan outside ``supply_range``."""
        ratio = np.asarray(self.vdd) / self.nominal_vdd
        low, high = self.supply_range
        inside = (ratio >= low * (1 - 1e-12)) & (ratio <= high * (1 + 1e-12))
        return _scalar(np.where(inside, ratio, np.nan))

    def _at_temperature(self, table: NDArray[np.float64]) -> NDArray[np.float64]:
        """Interpolate a table of the section ``drive`` linearly; nan outside its temperatures."""
        grid = self.drive.temperatures
        kelvin = np.asarray(self.temperature, dtype=np.float64)[..., None]
        step = np.diff(grid, axis=-1)
        rising = np.ones_like(grid)
        rising[..., 1:] = step
        falling = np.ones_like(grid)
        falling[..., :-1] = step
        distance = kelvin - grid
        weight = np.where(distance < 0, 1 + distance / rising, 1 - distance / falling)
        inside = (kelvin[..., 0] >= grid[..., 0]) & (kelvin[..., 0] <= grid[..., -1])
        value = np.sum(np.maximum(weight, 0.0) * table, axis=-1)
        return np.where(inside, value, np.nan)

    def _on(self, table: NDArray[np.float64]) -> Real:
        """On-current [A/m] at this temperature, scaled with the supply by the alpha-power law."""
        nominal = self._at_temperature(table)
        overdrive = (self.supply_ratio * np.asarray(self.nominal_vdd) - self.threshold) / (
            np.asarray(self.nominal_vdd) - self.threshold
        )
        opened = np.where(overdrive > 0.0, overdrive, np.nan)
        return _scalar(nominal * opened**self.drive.supply_exponent)

    @cached_property
    def on_n(self) -> Real:
        """NFET on-current [A/m] at this temperature and supply."""
        return self._on(self.drive.on_n)

    @cached_property
    def on_p(self) -> Real:
        """PFET on-current [A/m] at this temperature and supply."""
        return self._on(self.drive.on_p)

    @cached_property
    def off_n(self) -> Real:
        """NFET off-current [A/m] at this temperature."""
        return _scalar(self._at_temperature(self.drive.off_n))

    @cached_property
    def off_p(self) -> Real:
        """PFET off-current [A/m] at this temperature."""
        return _scalar(self._at_temperature(self.drive.off_p))

    @cached_property
    def exists(self) -> bool | NDArray[np.bool_]:
        """Whether supply and temperature are within the ranges of the tables and of the law."""
        known = np.isfinite(self.on_n)
        return True if np.all(known) else known

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


def misfits(technology: Technology) -> Iterator[Misfit]:
    """The combinations of values that no technology may have, for one or many designs."""
    vdd, nominal = technology.vdd, technology.nominal_vdd
    low, high = (bound * nominal for bound in Technology.supply_range)
    yield Misfit(
        ("vdd",),
        (vdd < low * (1 - 1e-12)) | (vdd > high * (1 + 1e-12)),
        "must lie between {:.4g} V and {:.4g} V (0.8 to 1.2 times nominal_vdd, where the "
        "alpha-power law holds), got {:g} V",
        (low, high, vdd),
        cure="take one between them, or another technology",
    )
    cure = "check its unit"
    yield Misfit(("threshold",), technology.threshold >= vdd, "must lie below vdd", cure=cure)
    for kind, on, off in (
        ("n", technology.on_n, technology.off_n),
        ("p", technology.on_p, technology.off_p),
    ):
        loc = ("drive", f"off_{kind}")
        cure = "check the unit of the currents"
        yield Misfit(loc, off >= on, "must lie below the on current", cure=cure)
    latched = technology.threshold / technology.drive.overdrive_share
    yield Misfit(
        ("vdd",),
        vdd <= latched,
        "must lie above {:.4g} V (threshold over drive.overdrive_share, where the latches of sense "
        "amplifiers turn on), got {:g} V",
        (latched, vdd),
        cure="raise the supply, or take a technology of lower threshold",
    )
    kelvin, grid = technology.temperature, technology.drive.temperatures
    yield Misfit(
        ("temperature",),
        (kelvin < grid[..., 0]) | (kelvin > grid[..., -1]),
        "must lie between {:g} K and {:g} K (drive.temperatures), got {:g} K",
        (grid[..., 0], grid[..., -1], kelvin),
        cure="take one between them; a degree Celsius is not a kelvin",
    )
