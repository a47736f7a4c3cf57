"""Where training departs from the chip that the estimate bills, in plain sentences."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.chips.table import ORGANISATIONS
from neurorebit.schema.optimisers import OPTIMISERS
from neurorebit.schema.training import Training
from neurorebit.schemes.parts.scheme import Held, Scheme
from neurorebit.schemes.table import SCHEMES

DEPARTURES = {  # of the keys of training, with another value than the default
    "quantiser": "levels were not the symmetric ones that the spread of the weights sets",
    "edge_bits": "first and last layer had weights of that width, the estimate bills {bits} bits",
    "mapping": "a weight was not read as the estimate bills it; architecture.signed_weights says "
    "on both sides whether it is one cell against mid range or the difference of a pair",
    "reprogram": "all cells were rewritten every so many steps; what keeps its level is billed no "
    "pulses",
    "error_path": "errors went back through the exact levels instead of the real weights",
    "read": "cells were read rounded to the levels of {bits} bits, for which the estimate bills "
    "nothing",
    "rest": "the chip rested so many seconds before each test",
    "conversion": "training converted every bit plane on its own, as the chip does, instead of "
    "their sum once",
    "digital": "errors went back through real weights of 32 bits in whole numbers, bit by bit, as "
    "the chip does; the default is float32",
    "wires": "training read the arrays through the resistance of their wires, measured once an "
    "epoch; the default are ideal wires",
}

RULES = frozenset[str]().union(*(one.heeds for one in OPTIMISERS.values()))  # keys of some rules
STEPS = frozenset({"step_epochs", "step_factor"})  # keys of one schedule
DRIFTS = 1.0  # seconds after its last write from which a cell drifts


def ablations(spec: ArchitectureSpec, training: Training | None = None) -> tuple[str, ...]:
    """Sentences on a chip and its training; without ``training``, on the chip alone."""
    scheme, name = SCHEMES[spec.scheme], f"scheme={spec.scheme}"
    chip = spec.called
    held = scheme.held_on(spec.holds_devices)
    if held is Held.GIVEN:
        return ()
    if held is Held.SOFTWARE:
        what = (
            f"training was software, {scheme.departure}" if training else "software has no arrays"
        )
        return (f"{name}: {what}; the estimate bills {chip}",)
    found = []
    if other := foreign(spec):
        found.append(other)
    elif scheme.departure and held is scheme.held:
        found.append(f"{name}: {scheme.departure.format(chip=chip)}")
    elif scheme.on_sram and not spec.holds_devices:
        found.append(f"{name}: {scheme.on_sram.format(chip=chip)}")
    if training is None:
        return tuple(found)
    if training.adc == "ideal" and scheme.heeded("adc", spec.holds_devices):
        found.append(f"adc=ideal: training used ideal converters, the estimate bills {_bits(spec)}")
    values = dict(changed(training))
    for key, sentence in DEPARTURES.items():
        if key in values and not why_idle(key, spec, training):
            found.append(f"{key}={values[key]}: {sentence.format(bits=spec.weight_bits)}")
    if training.error_bits is not None and training.error_bits != spec.errors:
        found.append(
            f"error_bits={training.error_bits}: training used errors of that width, the estimate "
            f"bills {spec.errors}"
        )
    return tuple(found)


def foreign(spec: ArchitectureSpec) -> str:
    """A sentence on a scheme whose weights another organisation of a chip is made for, or none."""
    scheme = SCHEMES[spec.scheme]
    wanted = scheme.organisation
    if not wanted or isinstance(spec, ORGANISATIONS[wanted].spec):
        return ""
    return (
        f"scheme={spec.scheme}: a scheme of another chip, architecture={scheme.architecture}; the "
        f"estimate bills {spec.called}"
    )


def choices() -> frozenset[str]:
    """The keys of ``training`` that some schemes ignore."""
    return frozenset(RULES | STEPS).union(
        *((*s.heeds, *(s.in_sram or ()), *s.own_keys) for s in SCHEMES.values())
    )


def changed(training: Training) -> Iterator[tuple[str, Any]]:
    """The keys that some schemes ignore and that have another value than the default."""
    default = type(training)()
    for key in (field.name for field in dataclasses.fields(training)):
        if key not in choices():
            continue
        value, usual = getattr(training, key), getattr(default, key)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            if not isinstance(usual, type(value)):  # a word
                usual = type(value)()
            for field in dataclasses.fields(value):
                if getattr(value, field.name) != getattr(usual, field.name):
                    yield f"{key}.{field.name}", getattr(value, field.name)
        elif value != usual:
            yield key, value


def _bits(spec: ArchitectureSpec) -> str:
    """The bits of the converters that training heeds."""
    unit = spec.gradient
    if unit is None:
        return f"{spec.forward.adc_bits} bits"
    forward = "none" if spec.row_by_row else f"{spec.forward.adc_bits} bits"
    return f"{forward} behind the arrays and {unit.adc_bits} bits in the gradient unit"


def why_idle(key: str, spec: ArchitectureSpec, training: Training) -> str:
    """Why a key of ``training`` has no effect on a training of this chip by its scheme.

    Or none but on batch norms; empty where it has one.
    """
    name, devices = spec.scheme, spec.holds_devices
    scheme = SCHEMES[name]
    if key in RULES and key not in OPTIMISERS[training.optimiser].heeds:
        return f"without effect beside optimiser={training.optimiser}"
    if key in STEPS:
        idle = f"without effect beside schedule={training.schedule}"
        return "" if training.schedule == "step" else idle
    if key in RULES:
        alone = key == "momentum" and not scheme.velocity
        return f"of the batch norms alone, scheme={name} has none" if alone else ""
    if key.partition(".")[0] not in choices():
        return ""
    if not _heeded(key, scheme, training, devices):
        return f"without effect, scheme={name} knows no such choice"
    if key == "rest" and training.rest <= DRIFTS:
        return f"without effect, cells drift from {DRIFTS:g} s after their last write"
    if key.partition(".")[0] in ("conversion", "adc_errors") and spec.row_by_row:
        return "without effect beside arrays.read=row_by_row"
    in_cells = scheme.held is Held.CELLS
    if key == "level_range" and in_cells and training.weight_range is not None:
        return f"without effect beside weight_range={training.weight_range:g}"
    overruled = {  # keys, and the choice that leaves them no effect
        "conversion": ("adc", training.adc == "ideal"),
        "calibration_steps": ("adc", training.adc == "ideal"),
        "adc_errors": ("adc", training.adc == "ideal"),
        "error_path": ("digital", training.digital == "bit_serial"),
        "level_range": ("quantiser", training.quantiser == "wage" and not in_cells),
        "write_tolerance": ("write", training.write in ("pulses", "reset")),
    }
    other, alone = overruled.get(key.partition(".")[0], ("", False))
    return f"without effect beside {other}={getattr(training, other)}" if alone else ""


def _heeded(key: str, scheme: Scheme, training: Training, devices: bool) -> bool:
    """Whether a scheme heeds a key; cells read as levels heed the bits of the edge layers."""
    rounded = scheme.held is Held.CELLS and training.read == "levels"
    return scheme.heeded(key.partition(".")[0], devices) or (key == "edge_bits" and rounded)
