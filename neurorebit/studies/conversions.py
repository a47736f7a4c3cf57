"""What a reader must know of the converters' range: whether it is too narrow, or too wide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from neurorebit.chips.parts.spec import ArchitectureSpec

CLIPPED = 0.05  # share of the conversions of a layer from which the range is called narrow
FEW = 1.0 / 8.0  # of the codes, that a layer uses at least or the range is called wide


def of_ranges(conversions: Sequence[dict[str, Any]], spec: ArchitectureSpec) -> Iterator[str]:
    """Sentences on the layers whose converters clip much, or use few of their codes.

    ``conversions`` as the record of a training has them.
    """
    uses = [
        (f"{one['name']} ({way})", use)
        for one in conversions
        for way in ("forward", "backward")
        if (use := one[way]) is not None
    ]
    key = f"architecture.{spec.forward_section}.adc_range={float(spec.forward.adc_range):g}"
    narrow = [(use["clipped"], name) for name, use in uses if use["clipped"] > CLIPPED]
    if narrow:
        most, name = max(narrow)
        yield (
            f"{key} is narrow: {most:.0%} of the conversions in {name} end in the least or the "
            f"largest code, and more than {CLIPPED:.0%} {_of(len(narrow), len(uses))}"
        )
    wide = [
        (use["effective"], use["codes"], name)
        for name, use in uses
        if use["effective"] < FEW * use["codes"]
    ]
    if wide:
        least, codes, name = min(wide)
        yield (
            f"{key} is wide: of {codes} codes {name} uses as good as {least:.2g}, and fewer than "
            f"an eighth {_of(len(wide), len(uses))}"
        )


def _of(some: int, all_: int) -> str:
    return f"in {some} of {all_} layers and passes"
