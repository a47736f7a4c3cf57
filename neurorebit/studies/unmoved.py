"""Keys that were set, that the estimate reads, and that move no figure of it all the same.

A key may be read and not matter: converters' bits where rows are latched one by one, a split of
kernels where no kernel has several positions. Whether it does is not decided by a list: the
estimate is made once more without the setting, and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from neurorebit.estimation.estimate import Estimate
from neurorebit.inputs.files import Inputs
from neurorebit.schema import InfeasibleError, InputError, Setting, plain
from neurorebit.studies.idle import IDLE, LABELS, Used, heeds
from neurorebit.studies.request import Request

UNMOVED = f"{IDLE}, no figure of this network on this chip moves"
CHIP = ("architecture", "technology", "device")  # files whose keys the estimate reads
MOST = 64  # settings of which it is asked, each by an estimate of about 0.1 s


def unmoved(
    inputs: Inputs,
    request: Request,
    used: Used,
    base: Estimate,
    *,
    made: Callable[[Inputs], Estimate],
) -> Iterator[str]:
    """A sentence for each key that was set and read, and without which every figure is the same.

    ``base`` is the estimate of the run, ``made`` that of other inputs with its activity. Keys that
    the training read are taken to matter to it, and so are those without which the inputs are
    refused or there is no chip.
    """
    asked = [setting for setting in inputs.settings if _is_of_chip(setting, used)]
    for setting in asked if len(asked) <= MOST else ():
        others = tuple(one for one in request.settings if one.key != setting.key)
        if len(others) == len(request.settings):
            continue
        try:
            without = replace(request, settings=others).inputs()
            if _values(without) != _values(inputs) and alike(base, made(without)):
                yield f"{setting.key}={setting.text}: {UNMOVED}"
        except (InputError, InfeasibleError):
            continue


def kept(sentences: Iterable[str], settings: Iterable[Setting]) -> Iterator[str]:
    """The sentences of a recorded run that hold for keys that are set in it."""
    keys = {f"{one.key}={one.text}" for one in settings}
    yield from (s for s in sentences if s.endswith(UNMOVED) and s.partition(": ")[0] in keys)


def alike(one: Any, other: Any) -> bool:
    """Whether two estimates, or parts of them, have the same numbers; what is text may differ."""
    if is_dataclass(one) and not isinstance(one, type):
        names = [field.name for field in fields(one)]
        return type(one) is type(other) and all(
            alike(getattr(one, name), getattr(other, name)) for name in names
        )
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, str) or one is None:
        return True
    return bool(np.array_equal(one, other, equal_nan=True))


def _is_of_chip(setting: Setting, used: Used) -> bool:
    """Whether a setting is a number or a word of the chip's files that the estimate alone read."""
    root, _, path = setting.key.partition(".")
    named = path.rpartition(".")[2] in LABELS or path in CHIP or path == "scheme"
    trained = used.trained and (used.training is None or heeds(used.training, setting.key))
    return root in CHIP and not named and not trained and heeds(used.billed, setting.key)


def _values(inputs: Inputs) -> list[Any]:
    """The values of the chip's files."""
    return [plain(getattr(inputs, kind)) for kind in CHIP]
