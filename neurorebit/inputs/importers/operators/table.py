"""The operators that are mapped to layers: what does it, and to which kinds."""

from __future__ import annotations

from neurorebit.inputs.importers.operators import (
    elementwise,
    matrices,
    movement,
    norms,
    sequences,
    windows,
)
from neurorebit.inputs.importers.operators.elementwise import Handler

OPERATORS: dict[str, tuple[Handler, str]] = {
    **windows.TABLE,
    **matrices.TABLE,
    **norms.TABLE,
    **elementwise.TABLE,
    **movement.TABLE,
    **sequences.TABLE,
}
