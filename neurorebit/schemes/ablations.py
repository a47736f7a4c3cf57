"""Where training departs from the chip that the estimate bills, in plain sentences."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from neurorebit.chips.architecture import ArchitectureSpec, HybridSpec, InPlaceSpec
from neurorebit.schema.training import IN_PLACE, NO_VELOCITY, Training

LEVELS = ("hybrid", "reram_mapped")  # schemes whose cells follow real weights
ARRAYS = (*LEVELS, *IN_PLACE)
HEEDED = {  # keys of training that not all schemes heed, and those that do
    "quantiser": ("quantized", *LEVELS),
    "edge_bits": ("quantized", *LEVELS),
    "mapping": LEVELS,
    "write": LEVELS,
    "reprogram": LEVELS,
    "error_path": ("hybrid",),
    "read": IN_PLACE,
    "rest": ARRAYS,
    "conversion": ARRAYS,
    "digital": ("hybrid",),
    "wires": ARRAYS,
    "adc": ARRAYS,
    "error_bits": ARRAYS,
    "level_range": ("quantized", *ARRAYS),
    "weight_clip": ("quantized", *LEVELS),
    "weight_decay": ("real", "quantized", *LEVELS, "reram", "mixed_precision"),
    "write_tolerance": LEVELS,
    "threshold": ("manhattan",),
    "tiki_taka": ("tiki_taka",),
}
SAID = {  # keys of training, and what another value than the default means
    "quantiser": "levels were not the symmetric ones that the spread of the weights sets",
    "edge_bits": "first and last layer had weights of that width, the estimate bills {bits} bits",
    "mapping": "a weight was not read as one cell against mid range, as the estimate bills it",
    "write": "cells were not written directly to levels; the estimate bills the pulses sent",
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

UNHEEDED = "without effect, scheme={weights} knows no such choice"
SUMS = (
    "arrays.read=row_by_row: training converted the sum of an array's rows at once, the estimate "
    "bills reads of one row after the other"
)


def ablations(spec: ArchitectureSpec, training: Training | None = None) -> tuple[str, ...]:
    """Sentences on a chip and the training of it; without training, on the chip alone."""
    hybrid, weights = isinstance(spec, HybridSpec), spec.scheme
    chip = "the hybrid chip" if hybrid else "the chip that learns in place"
    if weights in ("real", "quantized"):
        what = "exact and " if weights == "real" else ""
        told = (
            f"training was software, {what}without arrays" if training else "software has no arrays"
        )
        idle = _idle(weights, training) if training else ()
        return (f"scheme={weights}: {told}; the estimate bills {chip}", *idle)
    found = []
    if hybrid == (weights in IN_PLACE):
        found.append(f"scheme={weights}: a scheme of another chip; the estimate bills {chip}")
    elif weights == "reram_mapped":
        found.append("scheme=reram_mapped: errors went back through the arrays; the estimate "
                     f"bills {chip}, where they go through exact weights")  # fmt: skip
    elif weights == "tiki_taka" and not spec.holds_devices:
        found.append("scheme=tiki_taka: training had two arrays of devices a weight, the estimate "
                     f"bills {chip} in one of SRAM")  # fmt: skip
    if weights in IN_PLACE and np.any(spec.cells_per_weight != 1.0):
        found.append("training had one cell a weight, the estimate bills "
                     f"{float(np.max(spec.cells_per_weight)):g}")  # fmt: skip
    if training is None:
        return tuple(found)
    if training.adc == "ideal":
        bits = spec.forward.adc_bits
        found.append(f"adc=ideal: training used an ideal converter, the estimate bills {bits} bits")
    elif isinstance(spec, InPlaceSpec) and spec.arrays.read == "row_by_row":
        found.append(SUMS)
    changed = dict(_changed(training))
    for key, sentence in SAID.items():
        if key in changed and not _why_idle(key, weights, training):
            found.append(f"{key}={changed[key]}: {sentence.format(bits=spec.weight_bits)}")
    found += _idle(weights, training)
    if training.error_bits is not None and training.error_bits != spec.error_bits:
        found.append(
            f"error_bits={training.error_bits}: training used errors of that width, the estimate "
            f"bills {spec.error_bits}"
        )
    return tuple(found)


def _changed(training: Training) -> Iterator[tuple[str, Any]]:
    """The choices that are not the default ones."""
    default = Training()
    for key in (*HEEDED, "momentum"):
        value, usual = getattr(training, key), getattr(default, key)
        if dataclasses.is_dataclass(value):
            for field in dataclasses.fields(value):
                if getattr(value, field.name) != getattr(usual, field.name):
                    yield f"{key}.{field.name}", getattr(value, field.name)
        elif value != usual:
            yield key, value


def _idle(weights: str, training: Training) -> Iterator[str]:
    """Sentences on the choices that change nothing."""
    for key, value in _changed(training):
        if why := _why_idle(key, weights, training):
            yield f"{key}={value}: {why}"


def _why_idle(key: str, weights: str, training: Training) -> str:
    """Why a choice changes nothing, or nothing but norms; empty where it does."""
    if key == "momentum":
        norms = "of the batch norms alone, scheme={weights} has none"
        return norms.format(weights=weights) if weights in NO_VELOCITY else ""
    rounded = weights in IN_PLACE and training.read == "levels"
    heeded = weights in HEEDED[key.partition(".")[0]] or (key == "edge_bits" and rounded)
    if not heeded:
        return UNHEEDED.format(weights=weights)
    others = {  # choices that leave no room for this one
        "conversion": ("adc", training.adc == "ideal"),
        "error_path": ("digital", training.digital == "bit_serial"),
        "level_range": ("quantiser", training.quantiser == "wage" and weights not in IN_PLACE),
        "write_tolerance": ("write", training.write != "verify"),
    }
    other, alone = others.get(key, ("", False))
    return f"without effect beside {other}={getattr(training, other)}" if alone else ""
