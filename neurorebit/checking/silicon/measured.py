"""Figures of a point, in whichever form they are published, as energy per operation, operations
per second, area, and energy by part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from neurorebit.checking.silicon.reader import Silicon
from neurorebit.checking.silicon.record import Measurement
from neurorebit.schema import InputError, units

TERA, GIGA, SQUARE = 1e12, 1e9, 1e-6  # SI units of a tera and a giga operation, and of a mm2


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What is known of a macro at a point; None stands for what is not.

    ``energy`` [J] and ``parts`` [J] are those of an operation as the source counts them, ``speed``
    is the number of operations a second, ``area`` [m^2] that of the macro, ``density`` operations a
    second and m^2, ``clock`` [Hz] the highest one, ``leakage`` [W] that of a macro at rest.
    ``blocks`` are single blocks by the record's word.
    """

    energy: float | None = None
    speed: float | None = None
    area: float | None = None
    density: float | None = None
    clock: float | None = None
    leakage: float | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    blocks: Mapping[str, float] = field(default_factory=dict)


Each = Callable[[float, float, float], float]  # value, operations of a product, of a MAC
ENERGY: dict[str, Each] = {  # energy of an operation [J]
    "J_per_op": lambda value, product, mac: value,
    "J_per_mac": lambda value, product, mac: value / mac,
    "J": lambda value, product, mac: value / product,
    "tops_per_W": lambda value, product, mac: 1.0 / (value * TERA),
    "gops_per_W": lambda value, product, mac: 1.0 / (value * GIGA),
    "ops_per_J": lambda value, product, mac: 1.0 / value,
    "macs_per_J": lambda value, product, mac: 1.0 / (value * mac),
}
SPEED: dict[str, Each] = {  # operations a second
    "ops_per_s": lambda value, product, mac: value,
    "macs_per_s": lambda value, product, mac: value * mac,
    "tops": lambda value, product, mac: value * TERA,
    "gops": lambda value, product, mac: value * GIGA,
    "s": lambda value, product, mac: product / value,
    "products_per_s": lambda value, product, mac: value * product,
}
AREA: dict[str, float] = {"area_m2": 1.0, "area_mm2": 1e-6, "area_um2": 1e-12}
DENSITY: dict[str, float] = {
    "ops_per_s_m2": 1.0,
    "tops_per_mm2": TERA / SQUARE,
    "gops_per_mm2": GIGA / SQUARE,
}
AGREE = 0.05  # relative, within which two forms of a figure are the same
TIME = "s"  # of a product
CLOCK, LEAKAGE = "clock_Hz", "leakage_W"
POWER = "W"  # together with a time or a throughput, or with a clock
QUANTITIES: dict[
    str, tuple[str, str]
] = {  # forms with a unit behind the number, and their bare ones
    "energy_per_op": ("J_per_op", "J"),
    "energy_per_mac": ("J_per_mac", "J"),
    "energy": ("J", "J"),
    "power": (POWER, "W"),
    "time": (TIME, "s"),
    "area": ("area_m2", "m2"),
    "clock": (CLOCK, "Hz"),
    "leakage": (LEAKAGE, "W"),
}
BARE = (*ENERGY, *SPEED, *AREA, *DENSITY, POWER, CLOCK, LEAKAGE)
KNOWN = (*BARE, *QUANTITIES)


def of_point(found: Silicon, point: Measurement, product: float, period: float) -> Figures:
    """The figures of a point.

    ``product``: operations of a product of one macro; ``period`` [s]: ours, from a product to the
    next, which a power is multiplied by where the point has neither time nor throughput.
    """
    given = _given(found, point)
    mac = float(found.record.ops.per_mac)
    copies = {kind: 1.0 for kind in ("throughput", "power", "area")}
    if found.record.copies is not None:
        copies |= dict.fromkeys(found.record.copies.counted_in, float(found.record.copies.count))
    _refuse_contradictions(found, point, given, product=product, mac=mac)
    speed = _speed(given, product, mac, copies["throughput"])
    energy, parts = _energy(given, product, mac)
    if energy is None and POWER in given:
        power = given[POWER] / copies["power"]
        energy = power / speed if speed is not None else power * period / product
    areas = [given[key] * size / copies["area"] for key, size in AREA.items() if key in given]
    density = [given[key] * size for key, size in DENSITY.items() if key in given]
    blocks = {key: given[key] for key in found.record.blocks if key in given}
    return Figures(
        energy=energy,
        speed=speed,
        area=areas[0] if areas else None,
        density=density[0] if density else None,
        clock=given.get(CLOCK),
        leakage=given[LEAKAGE] / copies["power"] if LEAKAGE in given else None,
        parts=parts,
        blocks=blocks,
    )


def _refuse_contradictions(
    found: Silicon, point: Measurement, given: Mapping[str, Any], *, product: float, mac: float
) -> None:
    """InputError where two forms of a figure say different things."""
    tables: tuple[tuple[str, dict[str, float]], ...] = (
        ("energy", {key: form(given[key], product, mac) for key, form in ENERGY.items()
                    if key in given and not isinstance(given[key], Mapping)}),
        ("throughput", {key: form(given[key], product, mac) for key, form in SPEED.items()
                        if key in given and key != TIME}),
        ("area", {key: given[key] * size for key, size in AREA.items() if key in given}),
        ("density", {key: given[key] * size for key, size in DENSITY.items() if key in given}),
    )  # fmt: skip
    source, loc = found.places[found.record.points.index(point)]
    for name, values in tables:
        (first, value), *others = (*values.items(), ("", float("nan")))
        for key, other in others:
            if abs(other / value - 1.0) > AGREE:
                message = f"another {name} than '{first}' says, {other / value:.3g} times as much"
                raise source.error((*loc, "measured", key), message, "keep one of them")


def _given(found: Silicon, point: Measurement) -> dict[str, Any]:
    """The numbers of ``measured``, and mappings of parts to numbers."""
    source, loc = found.places[found.record.points.index(point)]
    if point.measured is None:
        return {}
    if not isinstance(point.measured, Mapping):
        cure = "write 'tops_per_W: 10' and the like in lines below it"
        raise source.error((*loc, "measured"), "expected figures by name", cure)
    numbers: dict[str, Any] = {}
    for key, value in point.measured.items():
        here = (*loc, "measured", key)
        if key not in KNOWN and key not in found.record.blocks:
            named = ", ".join((*KNOWN, *found.record.blocks))
            message = "neither a figure of a macro nor one of the record's 'blocks'"
            raise source.error(here, message, f"there are: {named}")
        if value is None:
            continue
        bare, unit = QUANTITIES.get(key, (key, None))
        if bare in numbers:
            raise source.error(here, f"'{bare}' is given too", "keep one of them")
        if isinstance(value, Mapping):
            if bare not in ENERGY:
                raise source.error(here, "expected a number", "only energies have parts")
            numbers[bare] = {
                str(part): _number(source.error((*here, part), ""), each, unit)
                for part, each in value.items()
            }
        else:
            numbers[bare] = _number(source.error(here, ""), value, unit)
    return numbers


def _number(at: InputError, value: object, unit: str | None) -> float:
    """A number, bare or (where there is a unit) with one; InputError unless it is above zero."""
    try:
        number = float(str(value)) if unit is None else units.parse(str(value), unit)
    except ValueError:
        number = float("nan")
    if not 0.0 < number < float("inf"):
        message = f"expected a number above zero, got '{value}'"
        bare = "write it without a unit, which its key has"
        cure = bare if unit is None else f"write it with its unit, as in 1 {unit}"
        raise InputError(message, origin=at.origin, key=at.key, value=value, cure=cure)
    return number


def _speed(given: Mapping[str, Any], product: float, mac: float, copies: float) -> float | None:
    """Operations a second of one macro; the time of a product is that of one macro already."""
    for key, form in SPEED.items():
        if key in given:
            return form(given[key], product, mac) / (1.0 if key == TIME else copies)
    return None


def _energy(
    given: Mapping[str, Any], product: float, mac: float
) -> tuple[float | None, dict[str, float]]:
    """The energy of an operation [J] and, where it is published, that of its parts."""
    parts: dict[str, float] = {}
    whole = None
    for key, form in ENERGY.items():
        value = given.get(key)
        if isinstance(value, Mapping):
            parts = {name: form(each, product, mac) for name, each in value.items()}
        elif value is not None and whole is None:
            whole = form(value, product, mac)
    return (sum(parts.values()) if parts and whole is None else whole), parts
