"""The options of each layer: cuts of its matrix, copies of its arrays, a tile shared or its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.chips.parts.mapping import Chosen
from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.chips.parts.workload import Workload
from neurorebit.layers.cuts import may_split, most_common
from neurorebit.studies.mapping.layout import EXACT

Array = NDArray[np.float64]
# kernel-split or not, groups packed or not, in a tile with others or not
WAYS = tuple(itertools.product((0.0, 1.0), repeat=3))


@dataclass(frozen=True, order=True)
class Option:
    """One way to map a layer; None: as the keys of its arrays say."""

    copies: int | None = None
    split: bool | None = None
    packed: bool | None = None
    shared: bool | None = None

    def entry(self, layer: str) -> dict[str, Any]:
        """As an entry of the section ``mapping`` has it."""
        return {
            "layer": layer,
            "copies": self.copies,
            "kernel_split": self.split,
            "pack_groups": self.packed,
            "share_tile": self.shared,
        }

    @property
    def numbers(self) -> tuple[float, ...]:
        """As ``Chosen`` has them."""
        values = self.copies, self.split, self.packed, self.shared
        return tuple(np.nan if value is None else float(value) for value in values)


def chosen(columns: Sequence[Sequence[Option]]) -> Chosen:
    """Options by layer, each list as long as the longest: designs on the first axis."""
    longest = max(map(len, columns))
    padded = [[*column, *[column[-1]] * (longest - len(column))] for column in columns]
    table = np.array([[one.numbers for one in column] for column in padded])
    return Chosen(*np.moveaxis(table, (0, 1, 2), (2, 1, 0)))


@dataclass(frozen=True, eq=False)
class Cuts:
    """The ways to cut the layers and place them: of each way and layer what one copy takes."""

    plan: Floorplan
    allowed: NDArray[np.bool_]  # by way and layer
    splits: NDArray[np.bool_]  # layers that may be kernel-split
    packs: NDArray[np.bool_]  # layers whose groups may share an array

    @classmethod
    def of(cls, workload: Workload, spec: ArchitectureSpec) -> Cuts:
        """All ways; a layer has those that differ on it."""
        layers = len(workload.rows)
        split, pack, share = (np.array(WAYS)[:, i, None] * np.ones((1, layers)) for i in range(3))
        may = np.asarray(may_split(workload, most_common(workload.positions)))
        splits = np.broadcast_to(may, (layers,))
        wanted = Chosen(np.ones((1, layers)), np.where(splits, split, 0.0), pack, share)
        plan = Floorplan.of(workload, spec, chosen=wanted)
        packs = np.any(np.broadcast_to(plan.packing.packed, split.shape), axis=0)
        shares = np.broadcast_to(plan.stands_with_others, split.shape)
        allowed = (splits | (split == 0.0)) & (packs | (pack == 0.0)) & (shares | (share == 0.0))
        return cls(plan, np.asarray(allowed), splits, np.asarray(packs))

    @property
    def held(self) -> float:
        """Arrays of a tile that is not kernel-split."""
        tile = self.plan.tile_side
        return float(np.max((tile / self.plan.rows) * (tile / self.plan.cols)))

    @property
    def least(self) -> Array:
        """The least tiles of each layer; of one that may share its tile, a part."""
        shared = np.array(WAYS)[:, 2, None] > 0.0
        tiles = np.where(shared, self.plan.array_shares / self.held, self.plan.tiles_of_a_set)
        least: Array = np.min(np.where(self.allowed, tiles, np.inf), axis=0)
        return least

    def of_layer(self, layer: int) -> Iterator[tuple[int, Option]]:
        """The ways of a layer: the number of each, and what it asks for; nothing of what a layer
        cannot have.
        """
        for way, (split, pack, share) in enumerate(WAYS):
            if self.allowed[way, layer]:
                yield (
                    way,
                    Option(
                        split=bool(split) if self.splits[layer] else None,
                        packed=bool(pack) if self.packs[layer] else None,
                        shared=bool(share),
                    ),
                )

    def amount(self, of: Array, way: int, layer: int) -> float:
        """An amount of the floorplan, of one way and layer."""
        return float(np.broadcast_to(of, self.allowed.shape)[way, layer])


def options_of(
    workload: Workload, spec: ArchitectureSpec, tiles: Sequence[float], images: float = 1.0
) -> list[list[Option]]:
    """Of each layer the options that take so many tiles or fewer.

    Of all numbers of copies that work in the same number of rounds, the least; ``images`` follow
    each other through a layer without a gap. A layer that stands
    in no array, whose vectors wait for each other, or that shares an array with other layers is
    left as it is.
    """
    cuts = Cuts.of(workload, spec)
    usual = Floorplan.of(workload, spec)
    layers = range(len(workload.rows))
    joined = np.broadcast_to(usual.array_shares < np.minimum(usual.arrays, 1.0), (len(layers),))
    options = []
    for layer in layers:
        if joined[layer] or _at(workload.in_cells, layer) == 0.0:
            options.append([Option()])
            continue
        limits = {"tiles": tiles[layer], "images": images}
        options.append(list(_of_layer(workload, spec, cuts, layer, **limits)))
    return options


def _of_layer(
    workload: Workload,
    spec: ArchitectureSpec,
    cuts: Cuts,
    layer: int,
    *,
    tiles: float,
    images: float,
) -> Iterator[Option]:
    vectors = 1.0 if _at(workload.serial, layer) > 0.0 else _at(workload.vectors, layer)
    for way, cut in cuts.of_layer(layer):
        fitting = cuts.amount(cuts.plan.fitting, way, layer)
        of_a_set = cuts.amount(cuts.plan.tiles_of_a_set, way, layer)
        arrays = cuts.amount(cuts.plan.arrays, way, layer)
        most = min(vectors, fitting * max(np.floor(tiles / of_a_set + EXACT), 1.0))
        if cut.shared:
            most = min(most, fitting, np.ceil(cuts.held / arrays) - 1.0)
        shared = cut.shared or (False if spec.forward.share_tiles else None)
        for copies in fewest(vectors * images, most):
            yield replace(cut, copies=copies, shared=shared)


def fewest(vectors: float, most: float) -> list[int]:
    """Numbers of copies, each the least that has done with the vectors after so many rounds."""
    found, copies = [], 1.0
    while copies <= most:
        found.append(int(copies))
        rounds = np.ceil(vectors / copies)
        if rounds <= 1.0:
            break
        copies = np.ceil(vectors / (rounds - 1.0))
    return found


def _at(amounts: Array, layer: int) -> float:
    return float(amounts[layer] if amounts.size > 1 else amounts[0])
