"""The combinations of values that no technology may have."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from neurorebit.schema import Misfit
from neurorebit.schema.conduction import THERMAL
from neurorebit.schema.technology import Technology


def misfits(technology: Technology) -> Iterator[Misfit]:
    """The combinations of values that no technology may have, for one or many designs."""
    drive, vdd = technology.drive, technology.vdd
    yield from _of_drive(technology)
    kelvin, coldest, hottest = (
        technology.temperature, technology.coldest, drive.temperatures[..., -1],
    )  # fmt: skip
    yield Misfit(
        ("temperature",),
        (kelvin < coldest) | (kelvin > hottest),
        "must lie between {:g} K and {:g} K (from drive.temperatures, extrapolated downwards), "
        "got {:g} K",
        (coldest, hottest, kelvin),
        cure="take one between them; a degree Celsius is not a kelvin",
    )
    low, high = technology.supply_range
    yield Misfit(
        ("vdd",),
        (vdd < low * (1 - 1e-12)) | (vdd > high * (1 + 1e-12)),
        "must lie between {:.4g} V and {:.4g} V (from 0.1 V below the threshold of the currents, "
        "at least 8 kT/q, to 1.5 times nominal_vdd, beyond which oxides break), got {:g} V",
        (low, high, vdd),
        cure="take one between them, or another technology",
    )


def _of_drive(technology: Technology) -> Iterator[Misfit]:
    """Currents, exponents and thresholds that do not fit together."""
    drive = technology.drive
    cure = "check the unit of the currents"
    for kind in ("n", "p"):
        on, off = getattr(drive, f"on_{kind}"), getattr(drive, f"off_{kind}")
        where = np.any(np.asarray(off) >= np.asarray(on), axis=-1)
        loc = ("drive", f"off_{kind}")
        yield Misfit(loc, where, "must lie below the on current", cure=cure)
        law = getattr(technology, f"conduction_{kind}")
        ideal = THERMAL * np.asarray(technology.temperature)
        message = (
            f"with drive.off_{kind} and threshold the current falls by a decade in {{:.3g}} mV at "
            "300 K, and no transistor does so in less than 59.5 mV"
        )
        swing = 300e3 * THERMAL * np.log(10.0) * law.slope / ideal
        cured = "check the units of the currents and of the threshold"
        yield Misfit(
            ("drive", f"on_{kind}"), ~where & (law.slope < ideal), message, (swing,), cure=cured
        )
    least = 1.0 + np.asarray(drive.barrier_lowering)
    message = (
        "must lie above {:.4g} and up to {:.4g} (1 and 2 times 1 + barrier_lowering), got {:g}"
    )
    where = (drive.supply_exponent <= least) | (drive.supply_exponent > 2.0 * least)
    values = (least, 2.0 * least, drive.supply_exponent)
    cure = "1.3 is usual: velocity is saturated at 1, and not at all at 2"
    yield Misfit(("drive", "supply_exponent"), where, message, values, cure=cure)
    latched = drive.overdrive_share * technology.nominal_vdd
    yield Misfit(
        ("threshold",),
        technology.threshold >= latched,
        "must lie below {:.4g} V (drive.overdrive_share times nominal_vdd, where the overdrive "
        "currents hold), got {:g} V",
        (latched, technology.threshold),
        cure="check its unit",
    )
