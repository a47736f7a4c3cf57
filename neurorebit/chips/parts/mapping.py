"""The section ``mapping`` of an architecture file: where and how each layer stands on the chip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from neurorebit.schema import Section
from neurorebit.schema.numbers import Real

Array = NDArray[np.float64]
Names = NDArray[np.str_]  # of the layers, on their axis


@dataclass(frozen=True, eq=False, kw_only=True)
class LayerMapping(Section):
    """How one layer stands on the chip; of what is not given the keys of its arrays decide.

    ``copies`` of its arrays work on different vectors of an image; unless given, as many as fill
    the tiles that one takes. ``kernel_split``: a PE for each position of the window.
    ``pack_groups``: groups share an array. ``share_tile``: it stands in a tile with other layers,
    in arrays of its own, or has tiles of its own. ``digital_copies`` of its digital macros share
    the vectors of an image, as many as ``dpim.copies`` says unless given.
    """

    layer: str
    copies: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    kernel_split: bool | None = None
    pack_groups: bool | None = None
    share_tile: bool | None = None
    digital_copies: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Mapping(Section):
    """How layers stand on the chip, one entry a layer; see ``LayerMapping``."""

    source: str | None = None
    layers: tuple[LayerMapping, ...] = ()


class Chosen(NamedTuple):
    """What a mapping asks of each layer, nan where it asks for nothing; 1 and 0 for yes and no.

    The last axis has the layers; axes before it are those of designs.
    """

    copies: Real = np.nan
    split: Real = np.nan
    packed: Real = np.nan
    shared: Real = np.nan
    digital_copies: Real = np.nan

    @classmethod
    def of(cls, mapping: Mapping | None, names: Names) -> Chosen:
        """What a section asks of the layers of these names."""
        if mapping is None or not mapping.layers:
            return cls()
        keys = "copies", "kernel_split", "pack_groups", "share_tile", "digital_copies"
        asked = {one.layer: one for one in mapping.layers}
        return cls(*(_row([getattr(asked.get(str(n)), key, None) for n in names]) for key in keys))


def _row(values: list[Any]) -> Array:
    """Values of the layers along their axis, each a number, nan for None, or designs' numbers."""
    columns = [np.asarray(np.nan if value is None else value, np.float64) for value in values]
    columns = [column if column.ndim else column[None] for column in columns]
    return np.concatenate(np.broadcast_arrays(*columns), axis=-1)


def decided(asked: Real, otherwise: Any) -> NDArray[np.bool_]:
    """Yes or no as it is asked for; ``otherwise`` where it is not."""
    return np.asarray(np.where(np.isnan(asked), otherwise, np.greater(asked, 0.0)), bool)
