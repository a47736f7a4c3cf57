"""DNN+NeuroSim V2.1's weight-gradient unit: module WeightGradientUnit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.circuits.cost import Cost, action
from neurorebit.circuits.gates import STEP
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.wire import wire_res
from validation.neurosim.cases import Case
from validation.neurosim.cases.macros import unit_figures
from validation.neurosim.composition.converters import Converters
from validation.neurosim.composition.gradient import GradientArray, GradientUnit
from validation.neurosim.composition.macro import Side
from validation.neurosim.quirks import digital, gates
from validation.neurosim.quirks.macros import ToolSramParallel
from validation.neurosim.quirks.parts import ToolConverters, vars_of
from validation.neurosim.quirks.quirk import Quirk
from validation.neurosim.quirks.sub_array import sram_written
from validation.neurosim.records.module import Inputs


@dataclass(frozen=True, eq=False, kw_only=True)
class _DearConverters(ToolConverters):
    """Every column is converted once a conversion of any: energy times the columns that share."""

    times: float = 1.0

    @action
    def read(self, res: Any = 1e4) -> Cost:
        """With the energy of all columns."""
        once, right = self.fitted.convert(res), ToolConverters.read(self, res)
        more = (self.times - 1.0) * once.energy.total
        return Cost.of(right.energy.total + more, right.latency.total)


@dataclass(frozen=True, eq=False, kw_only=True)
class ToolGradientArray(ToolSramParallel, GradientArray):
    """An array of its unit."""

    @property
    def _read_voltage(self) -> Any:
        return self.i["read_voltage_V"]

    def summed_bits(self, side: Side) -> Any:
        """Shift-adds as wide as if conversions had the planes in them already."""
        return side.adc_bits + side.planes

    def mux_of(self, side: Side) -> AnalogMux:
        return replace(super().mux_of(side), unfolded=True)  # type: ignore[call-arg]

    def converters_of(self, side: Side) -> Converters:
        right = super().converters_of(side)
        return _DearConverters(**vars_of(right), times=self.i["num_row_muxed"])

    def moved(self, side: Side) -> Cost:
        """At every conversion."""
        return self.selected(side)

    def sensed(self, side: Side) -> Cost:
        """Once a plane, after a step."""
        return Cost.of(0.0, self.fallen(side, STEP) / self.i["num_row_muxed"]).under("array")


@dataclass(frozen=True, eq=False, kw_only=True)
class ToolUnit(GradientUnit):
    """Its unit: only full arrays, and one sum of the tree a vector."""

    i: Inputs
    choice: tuple[int, int] = (0, 0)

    @property
    def arrays_down(self) -> Any:
        return np.floor(self.positions / self.rows)

    @property
    def arrays_across(self) -> Any:
        return np.floor(self.bit_columns / self.cols)

    @cached_property
    def array(self) -> GradientArray:
        right = vars_of(super().array)
        return ToolGradientArray(**right, i=self.i, choice=self.choice)

    @property
    def sum_bits(self) -> Any:
        """Of a column: the bits of an activation are not joined."""
        return self.column_bits

    @property
    def res(self) -> Any:
        """Of its columns [ohm]."""
        array, tech = self.array, self.tech
        wire = wire_res(tech) * tech.wire.width * 4.0
        active = np.ceil(self.rows * self.i["activity_row_read"] * (1.0 - 1e-12))
        return (array.access_res + wire) / active


def unit_tool_figures(unit: GradientUnit, i: Inputs, choice: tuple[int, int]) -> dict[str, Any]:
    """The tool's figures of a record of module WeightGradientUnit."""
    tool: Any = ToolUnit(**vars_of(unit), i=i, choice=choice)
    figures = {name: figure.value for name, figure in unit_figures(tool, i).items()}
    array, tree, reads_done = tool.array, tool.tree, i["num_read"]
    vector = array.read_vector(i["activity_row_read"], res=tool.res)
    down = float(tool.arrays_down)
    time = vector.latency.total + i["num_col_muxed"] * digital.tree_latency(tree, down)
    energy = tool.arrays * vector.energy.total + digital.tree_energy(tree, down)
    area = tool.arrays * array.footprint.area.total + digital.tree_area(tree)
    cells = array.footprint.leakage.total - array.front.mux_decoder.footprint.leakage.total
    write_time, write_energy = sram_written(array, _of_array(i))
    figures |= {
        "area_m2": area,
        "read_latency_s": reads_done * time,
        "read_energy_J": reads_done * energy,
        "leakage_W": tool.arrays * cells,
        "write_latency_s": write_time,
        "write_energy_J": tool.arrays * write_energy,
    }
    return figures


def _of_array(i: Inputs) -> Inputs:
    """The record of a unit as that of one of its arrays."""
    sizes = {
        "num_row": i["subarray_rows"],
        "num_col": i["subarray_cols"],
        "num_col_muxed": i["num_row_muxed"] * i["num_bit_input"],
    }
    return replace(i, record=replace(i.record, inputs={**i.record.inputs, **sizes}))


def correct_unit(case: Case, quantity: str, ours: float) -> Any:
    """The figure of the unit drawn with the tool's parts."""
    if "tool" not in case.also:
        unit, i = case.block, case.inputs
        case.also["tool"] = [unit_tool_figures(unit, i, choice) for choice in gates.CHOICES]
    return gates.nearest(
        case.theirs[quantity], (figures[quantity] for figures in case.also["tool"])
    )


QUIRKS = (
    Quirk(
        "WeightGradientUnit",
        ("num_array_in_row", "num_array_in_col", "out_precision_bit"),
        tool="arrays that would not be full are left out; bits of activations are not joined",
        right="as many as hold everything, at least one; a shift-add joins the bits",
        correct=correct_unit,
    ),
    Quirk(
        "WeightGradientUnit",
        ("area_m2", "subarray_area_m2", "leakage_W"),
        tool="arrays left out; a tree's row in full; decoders and trees do not leak; planes "
        "counted twice in shift-adds; as SRAM_parallel",
        right="all that is there, once, and a shift-add for the bits of activations",
        correct=correct_unit,
    ),
    Quirk(
        "WeightGradientUnit",
        ("read_latency_s", "read_energy_J"),
        tool="every column converted at every conversion of any; one sum of the tree a vector; "
        "arrays left out; planes counted twice in shift-adds; as SRAM_parallel and AdderTree",
        right="each column once a plane; a sum for each column of a converter, and a shift-add",
        correct=correct_unit,
    ),
    Quirk(
        "WeightGradientUnit",
        ("write_latency_s", "write_energy_J"),
        tool="as SRAM_parallel, flip-flops of all reads",
        right="see SRAM_parallel",
        correct=correct_unit,
    ),
)
