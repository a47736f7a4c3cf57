"""Pipelining over layers and images: what waits for what, and the buffers between layers.

In a pipeline each stage works on another image, one image every interval. What it takes is spread
over the interval, so that stages follow each other by lags in units of it.

See docs/models/pipeline.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.parts.residence import ROUNDING, Traffic
from neurorebit.chips.parts.workload import Workload
from neurorebit.circuits.cost import Real
from neurorebit.layers.maps import Map, Read

Array = NDArray[np.float64]
NONE, MAPS, LINES = "none", "maps", "lines"
HAND_OVER = {
    NONE: "one image at a time, layer after layer",
    MAPS: "each layer works on another image; it begins when the maps that it reads are complete, "
    "and a map is kept until the last layer that reads it has done",
    LINES: "each layer works on another image, or on another part of the same one: it begins when "
    "the lines under its window are there, and lines are kept as long as a window is to see them",
}

WAITING = "in training batch norm makes a layer wait for the whole batch"
PIPELINED = (
    "pipeline: layers and phases bear the time between images in proportion to what each takes "
    "alone; of a part that several layers share each takes its turn, and none waits for longer "
    "than the interval"
)
PIPELINED_TRAINING = (
    "pipeline of a training: layers between which no batch norm waits for the batch work on "
    "different images, forward, back and on gradients, and hand over whole maps; batch-long "
    "tensors pass through DRAM as without a pipeline; update and sync wait for the batch"
)


def order(way: str, inference: str, *, trains: bool = False) -> tuple[str, ...]:
    """What overlaps with what, as assumptions say it; ``inference``: what is said of it beside."""
    what = "layers and phases" if trains else "layers"
    first = f", {what} follow each other" if way == NONE else f"; {PIPELINED}"
    waits = f"; {WAITING}" if trains else ""
    said = (
        f"streams of one layer overlap{first}{waits}",
        f"inference: {HAND_OVER[way]}; {inference}",
    )
    return (*said, PIPELINED_TRAINING) if trains and way != NONE else said


class Place(NamedTuple):
    """Where a layer works in a phase, by the names of parts: its arrays, which all layers have
    together if ``shared``, and the tiles with their tree that its values go through.
    """

    arrays: str
    tiles: str
    shared: bool = False


class Edge(NamedTuple):
    """A stage that reads a map, and the map's place among all."""

    number: int
    map: Map
    read: Read


def edges_of(maps: Sequence[Map], stages: int) -> list[list[Edge]]:
    """The maps that each stage reads of others, and what comes with the image."""
    found: list[list[Edge]] = [[] for _ in range(stages)]
    for number, one in enumerate(maps):
        for read in one.reads:
            if read.stage != one.made:
                found[read.stage].append(Edge(number, one, read))
    return found


def wanted(read: Read, lines: int, results: int) -> NDArray[np.intp]:
    """The line of a map that each line of a stage's results waits for, from 0."""
    y = np.arange(results)
    if read.whole:
        return np.full(results, lines - 1)
    if read.joined:
        made: NDArray[np.intp] = np.ceil((y + 1) * (lines / results) - 1e-9).astype(np.intp) - 1
        return made
    found: NDArray[np.intp] = np.minimum(read.first + y * read.step, lines) - 1
    return found


class Pipeline:
    """The structure of a network in a pipeline; numbers follow from it alone, not from times."""

    def __init__(self, workload: Workload, way: str) -> None:
        self.workload, self.way = workload.all, way
        self.stages = len(self.workload.rows)
        self.edges = edges_of(self.workload.maps, self.stages)

    def lines(self, stage: int) -> int:
        """Lines of the results of a stage."""
        lines = self.workload.lines
        return int(lines[stage] if lines.size > 1 else lines[0])

    # -- buffers of inference --------------------------------------------------------------------

    @cached_property
    def lags(self) -> Array:
        """Intervals by which each stage is behind the fetch of the image."""
        lags = np.zeros(self.stages)
        for stage, read in enumerate(self.edges):
            lags[stage] = max((self._lag(lags, edge, stage) for edge in read), default=0.0)
        return lags

    def _lag(self, lags: Array, edge: Edge, stage: int) -> float:
        """How far a stage is at least behind the fetch, for one of the maps that it reads."""
        one, read = edge.map, edge.read
        made = 0.0 if one.made is None else lags[one.made]
        if self.way == MAPS or read.whole or one.gathers:
            return float(made + 1.0)
        results = self.lines(stage)
        late = (wanted(read, one.lines, results) + 1.0) / one.lines - np.arange(results) / results
        return float(made + np.max(late))

    def places_of_maps(self) -> list[float]:
        """How many of its values each map takes in the buffer: parts of a map, or several maps."""
        return [self._places(one) for one in self.workload.maps]

    def _places(self, one: Map) -> float:
        made = 0.0 if one.made is None else float(self.lags[one.made])
        most = 0.0
        for read in one.reads:
            if read.stage == one.made:
                most = max(most, 1.0)
                continue
            behind = float(self.lags[read.stage]) - made
            if self.way == MAPS or read.whole or one.gathers:
                most = max(most, behind + 1.0)
            else:
                kept = behind * one.lines + read.before + read.step
                most = max(most, float(np.ceil(kept - 1e-9)) / one.lines)
        return most

    @cached_property
    def values(self) -> float:
        """Values that the buffer holds at once."""
        maps = self.workload.maps
        return sum(one.values * n for one, n in zip(maps, self.places_of_maps(), strict=True))

    def traffic(self, bits: Real, room: Real) -> Traffic:
        """As ``residence.traffic``, where all maps are live at once: in their order they stay in
        the buffer as long as there is room, the others go to DRAM and come back.
        """
        shape = np.broadcast_shapes(np.shape(bits), np.shape(room), (1,))
        taken = np.zeros(shape[:-1])
        moved = Traffic(*(np.zeros((*shape[:-1], self.stages)) for _ in range(4)))
        most = np.broadcast_to(room, shape)[..., 0] * (1.0 + ROUNDING)
        for one, places in zip(self.workload.maps, self.places_of_maps(), strict=True):
            size = np.broadcast_to(one.values * np.asarray(bits), shape)[..., 0]
            stays = taken + places * size <= most
            taken = taken + np.where(stays, places * size, 0.0)
            for stage in one.read:
                first = one.made is None and stage == one.life.start
                moved.fetched[..., stage] += size if first else np.where(stays, 0.0, size)
            for stage in one.joined:
                moved.joined[..., stage] += size
            if one.made is not None:
                moved.made[..., one.made] += size
                moved.leaving[..., one.made] += size if one.result else np.where(stays, 0.0, size)
        return moved

    # -- batches of a training -------------------------------------------------------------------

    @cached_property
    def levels(self) -> NDArray[np.intp]:
        """How many times the results of a batch are waited for before each stage begins."""
        w, levels = self.workload, np.zeros(self.stages, np.intp)
        leads, waits = (np.broadcast_to(a, (self.stages,)) > 0.0 for a in (w.leads, w.waits))
        for stage, read in enumerate(self.edges):
            made = [edge.map.made for edge in read if edge.map.made is not None]
            levels[stage] = max((levels[m] + int(waits[m]) for m in made), default=0)
            levels[stage] += int(leads[stage])
        return levels

    @cached_property
    def turns(self) -> bool:
        """Whether errors may follow the forward pass of an image before the batch is through: no
        result of the last level waits for the batch.
        """
        waits = np.broadcast_to(self.workload.waits, (self.stages,)) > 0.0
        return not np.any(waits & (self.levels == self.levels.max()))

    def before(self, stage: int) -> list[int]:
        """The stages of the same level whose maps a stage reads."""
        made = {edge.map.made for edge in self.edges[stage]}
        return sorted(m for m in made if m is not None and self.levels[m] == self.levels[stage])

    @cached_property
    def behind(self) -> list[list[int]]:
        """The stages of the same level that read the maps of a stage."""
        found: list[list[int]] = [[] for _ in range(self.stages)]
        for stage in range(self.stages):
            for made in self.before(stage):
                found[made].append(stage)
        return found

    def training_bits(self, input_bits: Real, error_bits: Real) -> Real:
        """Room for what layers of one level hand to each other: maps, and errors on their way back.

        In a training a stage begins on an image when the maps that it reads are complete: one is
        made while another is read. What skips layers comes from DRAM, where it is anyway.
        """
        values = np.zeros(int(self.levels.max()) + 1)
        for one in self.workload.maps:
            if one.made is None:
                continue
            level = self.levels[one.made]
            near = any(one.made in self.before(stage) for stage in one.read)
            values[level] += 2.0 * one.values * near
        last = values[-1] * (
            input_bits + error_bits if self.turns else np.maximum(input_bits, error_bits)
        )
        others = float(np.max(values[:-1], initial=0.0)) * np.maximum(input_bits, error_bits)
        bits: Real = np.maximum(last, others)
        return bits
