"""What digital macros have in common: the activity at a point, and which full adders may meet."""

from __future__ import annotations

from collections.abc import Sequence

from neurorebit.circuits.settling.full_adder import UNRESTORED
from neurorebit.circuits.settling.serial_tree import Activity
from neurorebit.macros.point import Point
from neurorebit.schema import ImpossibleError

HALF = "half of the bits are ones, of values that are not zero"


def activity(point: Point) -> Activity:
    """The activity at a point; ImpossibleError where toggles and shares of ones do not fit."""
    shares = [point.given(key) or 0.0 for key in ("input_sparsity", "weight_sparsity")]
    dense, held = (0.5 * (1.0 - float(share)) for share in shares)
    ones = float(point.assumed("input_ones", dense, HALF))
    why = "bits follow each other independently"
    toggle = float(point.assumed("input_toggle", 2.0 * ones * (1.0 - ones), why))
    found = Activity(toggle, ones, float(point.assumed("weight_ones", held, HALF)))
    if not found.possible:
        message = f"lines of which {ones:g} are ones cannot toggle with a probability of {toggle:g}"
        most = 2.0 * min(ones, 1.0 - ones)
        raise ImpossibleError(message, key="input_toggle", cure=f"take at most {most:g}")
    return found


def count(point: Point, key: str) -> int | None:
    """A count at a point as a plain number, or None."""
    value = point.given(key)
    return None if value is None else int(value)


def refuse_unrestored(styles: Sequence[str]) -> None:
    """ImpossibleError where full adders that do not restore their outputs follow each other."""
    turns = zip(styles, (*styles[1:], styles[0]), strict=True)
    if any(one in UNRESTORED and other in UNRESTORED for one, other in turns):
        message = "full adders of pass gates do not restore their outputs"
        cure = "let them take turns with others, as in [mirror, pass]"
        raise ImpossibleError(message, key="full_adders", cure=cure)
