"""Training heeds each key of an architecture file that changes a value, and no other.

Each key of each shipped file is changed, to several values, and a small network trained. Either
what it learned changes, or the key stands in ``COST_ONLY`` with the reason why training does not
know it: it changes what the chip costs, and no number that the chip computes, or a report says what
training leaves out. Both sides are held: a key of the list that moves a training is an error too.
"""

from __future__ import annotations

import contextlib
import functools
import tempfile
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pytest
from property.test_keys import words

from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.files import Inputs, parse_setting, read_inputs
from neurorebit.schema import Document, InputError, paths
from neurorebit.schemes.table import SCHEMES
from neurorebit.training.model import Model
from neurorebit.training.parts.workers import Workers
from neurorebit.training.trainer import softmax_loss

TEXT = "a name or a source, for the reader"
PLACE = "where things lie on the chip and how many of them there are; sums are the same"
EXACT = "digital arithmetic and words that are wide enough, so that its results are exact"
TIME = "which part works when; the results are the same"
TRANSPORT = "wires and buffers move bits as they are"
BLOCKS = "a direct write states its result; blocks move what pulses and verify write"
KINDS = "all shipped kinds have uniform steps over the same range (Converter.quantisation)"

COST_ONLY = {  # by the end of a key: why training does not know it; the reviewed list
    "source": TEXT,
    "name": TEXT,
    "technology": "reaches training only through the wires of training.wires=resistive",
    "gradient_unit.cols_per_adc": "columns take turns at a converter, as if each had its own",
    "sram: arrays.cols_per_adc": "lines take turns; no references are shared",
    "sram: arrays.rows_per_adc": "lines take turns; no references are shared",
    "adc": KINDS,
    "pe_side": PLACE,
    "mapping": "copies and tiles of single layers are places; cuts of kernels are tested as "
    "kernel_split",
    "until": "a block is one cell unless the file says otherwise; tested with larger ones",
    "others": "see blocks.until",
    "fine": "see blocks.until",
    "pack_groups": "groups that share an array are read apart, and sum what they would alone",
    "share_tiles": PLACE,
    "activation_products": EXACT,
    "parallel_programming": TIME,
    "selector_nonlinearity": "the current of cells that are not selected; training writes cells "
    "without disturbing others",
    "gradient_unit.cols": PLACE,
    "gradient_unit.units": PLACE,
    "gradient_unit.reads": TIME,
    "gradient_unit.lanes": TIME,
    "gradient_unit.store_bits": "sums that have no room go to memory and come back as they are",
    "transport": TRANSPORT,
    "dram": "bits come back as they were stored",
    "vector_unit.lanes": TIME,
    "pipelining": TIME,
    "capacity": PLACE,
    "vector_unit.skip_zero_errors": "what an error of zero is multiplied with adds nothing",
    "dpim": EXACT,
    # of one chip: what its own scheme and arrays leave without effect
    "rebit: apim.blocks.rows": BLOCKS,
    "rebit: apim.blocks.cols": BLOCKS,
    "rebit: apim.blocks.drivers": BLOCKS,
    "rebit: apim.cols": "columns are converted one by one, and errors do not come back through "
    "them",
    "rebit: formats.rounding": "words of 32 bits are computed in single precision; tested with "
    "narrower ones",
    "rebit: formats.master": "no copy is wider than words of 32 bits; tested with narrower ones",
    "reram: arrays.cols_per_adc": "lines that share a converter share reference cells, which "
    "pulses bring to mid range exactly; they differ by read noise and after training.rest",
    "reram: arrays.rows_per_adc": "see arrays.cols_per_adc",
    "reram: arrays.cells": "a selector in place of a transistor changes no sum; it does in "
    "training.wires=resistive",
    "sram: arrays.cells": "cells of a device need further keys, and are another chip",
    "sram: device": "no memory device is on this chip",
    "reram: arrays.cell_bits": "gradients pulse one cell a weight: of fewer bits the chip is "
    "refused, and more than a weight has change nothing",
    "reram: signed_weights": "pairs are not read transposed, and refused",
    "sram: signed_weights": "see reram: signed_weights",
    "sram: signed_inputs": "rows are latched one by one, and their sums are exact in any planes",
    "sram: arrays.rows": "latches and adders are exact, however rows are divided among arrays",
    "sram: arrays.cols": "latches and adders are exact",
    "sram: arrays.kernel_split": "latches and adders are exact",
    "sram: arrays.adc_bits": "rows are latched one by one; converters read all at once "
    "(arrays.read=parallel)",
    "sram: arrays.back_adc_bits": "see arrays.adc_bits",
    "sram: arrays.adc_range": "see arrays.adc_bits",
}
NETWORK = """
source: made up for this test; 135 rows, 70 columns, maps of 36 pixels
name: small
input: {channels: 15, height: 6, width: 6}
classes: 10
layers:
  - {kind: conv, channels: 4, kernel: 3, padding: 1}
  - {kind: batch_norm}
  - {kind: relu}
  - {kind: max_pool, kernel: 2}
  - {kind: conv, channels: 70, kernel: 3, padding: 1}
  - {kind: leaky_relu}
  - {kind: flatten}
  - {kind: linear, features: 10}
training: {batch: 12, calibration_steps: 1}
"""
IMAGES = 12


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every key of an architecture, its value, and what may stand there."""
    hints = get_type_hints(type(tree), include_extras=True)
    for field in fields(tree):
        value, key = getattr(tree, field.name), f"{path}.{field.name}".lstrip(".")
        if is_dataclass(value):
            yield from leaves(value, key)
        else:
            yield key, value, hints[field.name]


def others(key: str, value: Any, hint: Any) -> Iterator[str]:
    """Other values of a key, as they stand in a file; those that do not fit are refused there."""
    if isinstance(value, bool):
        yield str(not value).lower()
        return
    if key == "device":
        yield "ag_asi"
    if key == "scheme":
        yield "real"
    if key == "technology":
        yield "65nm"
    if key == "apim.cell_bits":  # one cell unless given
        yield "2"
    if key == "gradient_unit.adc_range":
        yield "full"
    yield from (word for word in words(hint) if word != value)
    if isinstance(value, int):
        yield from (str(n) for n in (value - 1, value + 1, value // 2, 2 * value, 8 * value))
    elif isinstance(value, float):
        yield from (repr(share * value) for share in (0.1, 0.5, 2.0))
    elif value in ("auto", "all", "full"):
        yield from ("1", "2", "128", "4096")
    elif key in ("source", "name"):
        yield "another"


@functools.cache
def file() -> Path:
    path = Path(tempfile.mkdtemp()) / "small.yaml"
    path.write_text(NETWORK)
    return path


def inputs_of(chip: str, *settings: str) -> Inputs:
    return read_inputs(file(), chip, settings=[parse_setting(s) for s in settings])


@functools.cache
def images() -> tuple[Any, Any]:
    rng = np.random.default_rng(3)
    return rng.integers(0, 256, (IMAGES, 6, 6, 15), np.uint8), np.arange(IMAGES) % 10


def learned(inputs: Inputs) -> tuple[str, bytes]:
    """What two steps left in the network, and what it says then."""
    network, spec = inputs.network, inputs.architecture
    scheme = SCHEMES[spec.scheme]
    model = Model(network, spec, inputs.device, scheme=scheme, seed=1, workers=Workers(1))
    x, labels = images()
    for _ in range(2):
        scores = model.forward(x, learning=True)
        model.backward(softmax_loss(scores, labels)[1], 0.05)
    return model.digest(), model.forward(x, learning=False).tobytes()


def moves(chip: str, key: str, value: Any, hint: Any) -> bool:
    """Whether any other value of a key changes what is learned."""
    usual = base(chip)
    for other in others(key, value, hint):
        with contextlib.suppress(InputError):
            if learned(inputs_of(chip, f"architecture.{key}={other}")) != usual:
                return True
    return False


@functools.cache
def base(chip: str) -> tuple[str, bytes]:
    return learned(inputs_of(chip))


def reviewed(chip: str, key: str) -> bool:
    """Whether a key stands in the list: itself, its last step, or its section."""
    steps = key.split(".")
    named = {key, steps[0], steps[-1]} - ({"name"} if len(steps) > 1 else set())
    return bool(named & COST_ONLY.keys()) or f"{chip}: {key}" in COST_ONLY


def of_real_numbers(name: str) -> bool:
    """Whether the scheme of a shipped chip trains the network of this test, which has a norm."""
    scheme = SCHEMES[read_architecture(Document(paths.shipped("architecture", name))).scheme]
    return scheme.trains and scheme.refuses is None


CHIPS = [name for name in paths.names("architecture") if of_real_numbers(name)]


@pytest.mark.parametrize("chip", CHIPS)
def test_training_heeds_what_changes_a_value_and_nothing_else(chip: str) -> None:
    keys = list(leaves(inputs_of(chip).architecture))
    still = {key for key, value, hint in keys if not moves(chip, key, value, hint)}
    assert still == {key for key, *_ in keys if reviewed(chip, key)}
