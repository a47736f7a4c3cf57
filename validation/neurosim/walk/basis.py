"""What DNN+NeuroSim V2.1's tiles and its chip are drawn with: arrays, wires and buffers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.adder import AdderTree
from neurorebit.circuits.buffer import FlipFlopBuffer, SramBuffer
from neurorebit.circuits.htree import HTree
from neurorebit.circuits.wire import RepeatedWire, wire_res
from neurorebit.schema.technology import Technology
from validation.neurosim.quirks import digital, transport
from validation.neurosim.records.chip import ChipRecord
from validation.neurosim.walk.arrays import ToolArrays
from validation.neurosim.walk.plan import ToolPlan, up


@dataclass(frozen=True, eq=False)
class ToolBuffer:
    """A core of one of its buffers, and how many there would be."""

    block: SramBuffer | FlipFlopBuffer
    cores: float

    def bit(self, kind: str) -> tuple[float, float]:
        """Energy [J] and time [s] of a bit, ``read`` or ``write``."""
        block = self.block
        if isinstance(block, FlipFlopBuffer):
            time, energy = transport.flip_flop_line(block), block.read(block.line).energy.total
        else:
            time, energy = transport.sram_line(block, kind)
        return float(energy / block.line), float(time / block.line)

    @property
    def through(self) -> tuple[float, float]:
        """Energy [J] and time [s] to write a bit and read it."""
        (a, b), (c, d) = self.bit("write"), self.bit("read")
        return a + c, b + d

    @property
    def area(self) -> float:
        block = self.block
        if isinstance(block, SramBuffer):
            return float(transport.sram_area(block))
        return float(block.footprint.area.total)


@dataclass(frozen=True, eq=False)
class ToolBasis:
    """The arrays of a record's chip, and how the tool draws wires and buffers."""

    record: ChipRecord
    tech: Technology  # as the tool draws it
    hidden: dict[str, float]

    @cached_property
    def plan(self) -> ToolPlan:
        return ToolPlan(self.record)

    @cached_property
    def arrays(self) -> ToolArrays:
        return ToolArrays(self.record, self.plan, self.tech, self.hidden)

    @property
    def ways(self) -> float:
        """Columns of a converter."""
        return self.record["numColMuxed"]

    @property
    def converted(self) -> float:
        """Bits of a conversion; row by row of the sum of the rows."""
        if self.record.row_by_row:
            return float(np.log2(self.plan.rows) + self.record.cell_bits - 1.0)
        return float(np.log2(self.record["levelOutput"]))

    @property
    def sum_bits(self) -> float:
        """Bits that leave an array."""
        return self.converted + self.record.input_bits + self.plan.cells_per_weight + 1.0

    @property
    def array_area(self) -> float:
        return float(self.arrays.macro.footprint.area.total)

    @property
    def array_width(self) -> float:
        return float(self.arrays.macro.outline[0])

    @property
    def array_height(self) -> float:
        return float(self.arrays.macro.outline[1])

    @staticmethod
    def tree_area(tree: AdderTree) -> float:
        return float(digital.tree_area(tree)) if float(tree.operands) > 1.0 else 0.0

    @cached_property
    def bus_wire(self) -> RepeatedWire:
        """Along a PE."""
        return transport.searched(RepeatedWire(self.tech, wire_res(self.tech)), halving=False)

    @cached_property
    def tree_wire(self) -> RepeatedWire:
        """Of all H-trees."""
        tolerance = self.record["globalBusDelayTolerance"]
        wire = RepeatedWire(self.tech, wire_res(self.tech), tolerance)
        return transport.searched(wire, halving=True)

    def htree_area(self, tree: HTree, folds: float) -> float:
        return transport.htree_area(tree, self.tree_wire, folds) if float(tree.depth) else 0.0

    def _buffer(self, bits: float, line: float, sram: bool, cores: float = 1.0) -> ToolBuffer:
        kind = SramBuffer if sram else FlipFlopBuffer
        return ToolBuffer(kind(self.tech, bits, line), cores)

    def tile_buffer(self, bits: float, line: float) -> ToolBuffer:
        """In cores, where it fills one."""
        r = self.record
        width = r["tileBufferCoreSizeCol"]
        core = r["tileBufferCoreSizeRow"] * width
        sram = bool(r["peBufferType"])
        if bits < core:
            return self._buffer(bits, line, sram)
        return self._buffer(core, width, sram, float(up(bits / core)))
