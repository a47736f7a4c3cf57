"""DNN+NeuroSim V2.1's tiles and buffers, drawn with our blocks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.adder import AdderTree
from neurorebit.circuits.htree import HTree
from neurorebit.circuits.register import Register
from validation.neurosim.walk.basis import ToolBasis, ToolBuffer
from validation.neurosim.walk.plan import bits_of, up

FOLDS = 16.0  # of the tracks of a tile's tree


@dataclass(frozen=True, eq=False)
class ToolTile:
    """One of its two kinds of tiles: with a PE for each kernel position, or for whole matrices."""

    chip: ToolBasis
    split: bool
    cores: tuple[float, float]  # of its input and output buffers

    @property
    def side_cells(self) -> float:
        plan = self.chip.plan
        return plan.split_side if self.split else plan.pe_side

    @property
    def arrays(self) -> float:
        """Arrays along the side of a PE."""
        plan, side = self.chip.plan, self.side_cells
        return float(up(np.sqrt(up(side / plan.rows) * up(side / plan.cols))))

    @property
    def pes(self) -> float:
        plan = self.chip.plan
        return plan.common if self.split else plan.pes_per_side**2

    @property
    def added(self) -> float:
        """PEs that its trees add up."""
        return self.chip.plan.common if self.split else self.chip.plan.pes_per_side

    @property
    def grid(self) -> float:
        """PEs along its side."""
        return float(up(np.sqrt(self.pes)))

    @cached_property
    def pe_tree(self) -> AdderTree:
        chip = self.chip
        count = float(up(self.arrays * chip.plan.cols / chip.ways))
        width = float(chip.array_width)
        return AdderTree(chip.tech, self.arrays, chip.sum_bits, count, fit_width=width)

    @property
    def pe_registers(self) -> tuple[float, float]:
        """Flip-flops of a PE for inputs and for results."""
        chip = self.chip
        stages = float(bits_of(self.arrays))
        bits = chip.converted + chip.record.input_bits + chip.plan.cells_per_weight + stages
        return chip.plan.rows * chip.record.input_bits, chip.plan.cols / chip.ways * bits

    @cached_property
    def pe_parts(self) -> dict[str, float]:
        """Area [m^2] of what a PE has beside its arrays."""
        chip, n = self.chip, self.arrays
        into, out = self.pe_registers
        high, wide = float(n * chip.array_height), float(n * chip.array_width)
        registers = Register(chip.tech, into, fit_height=high).area
        registers = registers + Register(chip.tech, out, fit_width=wide).area
        return {"trees": chip.tree_area(self.pe_tree), "registers": float(registers)}

    @cached_property
    def pe_side(self) -> float:
        """Side of a PE [m]."""
        arrays = self.arrays**2 * self.chip.array_area
        return float(np.sqrt(arrays + sum(self.pe_parts.values())))

    @property
    def result_bits(self) -> float:
        """Bits of what leaves a PE."""
        return float(self.chip.sum_bits + bits_of(self.side_cells / self.chip.plan.rows))

    @cached_property
    def tree(self) -> AdderTree:
        chip = self.chip
        count = float(up(self.added * chip.plan.cols / chip.ways))
        width = float(self.grid * self.pe_side)
        return AdderTree(chip.tech, self.added, self.result_bits, count, fit_width=width)

    @cached_property
    def buffers(self) -> tuple[ToolBuffer, ToolBuffer]:
        """For inputs and for results."""
        chip, r = self.chip, self.chip.record
        kept = self.result_bits if r["chipActivation"] else r.input_bits
        return (
            chip.tile_buffer(
                self.added * r.input_bits * chip.plan.rows, self.added * chip.plan.rows
            ),
            chip.tile_buffer(self.added * kept * chip.plan.cols / chip.ways, self.added * kept),
        )

    @property
    def wires(self) -> float:
        """Wires of its tree."""
        return self.grid * self.chip.plan.rows

    @cached_property
    def htree(self) -> HTree:
        side = self.pe_side
        tolerance = self.chip.record["globalBusDelayTolerance"]
        return HTree(
            self.chip.tech,
            self.grid,
            self.grid,
            leaf_height=side,
            leaf_width=side,
            width=self.wires,
            tolerance=tolerance,
        )

    @cached_property
    def parts(self) -> dict[str, float]:
        """Area [m^2] of what it has beside the arrays, by kind."""
        chip = self.chip
        areas = {part: self.pes * area for part, area in self.pe_parts.items()}
        areas["trees"] += chip.tree_area(self.tree)
        cores = zip(self.cores, self.buffers, strict=True)
        areas["tile_buffers"] = sum(n * buffer.area for n, buffer in cores)
        areas["wires"] = chip.htree_area(self.htree, FOLDS)
        return areas

    @property
    def array_count(self) -> float:
        return self.pes * self.arrays**2

    @cached_property
    def side(self) -> float:
        """Side of the tile [m]."""
        arrays = self.array_count * self.chip.array_area
        return float(np.sqrt(arrays + sum(self.parts.values())))
