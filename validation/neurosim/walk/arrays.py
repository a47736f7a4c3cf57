"""DNN+NeuroSim V2.1's arrays in a chip: the sub-arrays of ``macros``, vector by vector.

Every vector of a layer opens its own number of rows. A trace says the share of ones of each bit
plane; the rows open in an array are then binomial.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.circuits.cost import Bill, Cost
from neurorebit.circuits.wire import wire_res
from neurorebit.schema.technology import Technology
from validation.neurosim.cases.macros import macro_of
from validation.neurosim.composition.fits import FittedFlash
from validation.neurosim.composition.macro import Macro
from validation.neurosim.composition.sram import SramMacro, SramRowMacro
from validation.neurosim.quirks import macros, sub_array
from validation.neurosim.records.chip import ChipRecord, Rows
from validation.neurosim.records.module import Inputs, Record
from validation.neurosim.walk.plan import ToolPlan

IDLE = 1e-6  # power [W] of a converter whose column carries nothing
BACK_BITS, BACK_ACTIVE = 8.0, 0.5  # of errors, whatever the network's
CONVERTING = "converters/adc", "converters/front_end"


def binomial(trials: int, shares: Rows) -> Rows:
    """Probability of 0 to ``trials`` ones, along a last axis of its own."""
    n = np.arange(trials + 1.0)
    logs = np.concatenate(([0.0], np.cumsum(np.log(n[1:]))))
    ways = np.exp(logs[-1] - logs - logs[::-1])
    share = shares[..., None]
    probability: Rows = ways * share**n * (1.0 - share) ** (trials - n)
    return probability


def largest(count: Rows) -> Rows:
    """Expected maximum of ``count`` standard normal numbers (Blom's approximation)."""
    share = (count - 0.375) / (count + 0.25)
    t = np.sqrt(-2.0 * np.log(np.maximum(1.0 - share, 1e-12)))
    low = (2.515517 + 0.802853 * t + 0.010328 * t**2) / (
        1.0 + 1.432788 * t + 0.189269 * t**2 + 0.001308 * t**3
    )
    return np.where(count > 1.0, t - low, 0.0)


@dataclass(frozen=True, eq=False)
class ToolArrays:
    """All arrays of a record's chip."""

    record: ChipRecord
    plan: ToolPlan
    tech: Technology
    hidden: dict[str, float]

    def inputs(self, active: Any = 0.5, res: Any = 1e4) -> Inputs:
        """An array as a record of module SubArray."""
        r, plan = self.record, self.plan
        height, width = r.cell
        values: dict[str, Any] = {
            "num_row": plan.rows,
            "num_col": plan.cols,
            "num_col_muxed": r["numColMuxed"],
            "num_row_muxed_backward": r["numRowMuxedAG"] if r.training else 8.0,
            "level_output": r["levelOutput"],
            "level_output_backward": r["levelOutputAG"] if r.training else r["levelOutput"],
            "num_read_pulse": r.input_bits,
            "num_read_pulse_backward": BACK_BITS,
            "num_cell_per_synapse": plan.cells_per_weight,
            "cell_bit": r.cell_bits,
            "is_sar_adc": r["SARADC"],
            "is_current_mode": r["currentMode"],
            "training": float(r.training),
            "resistance_on_ohm": r["resistanceOn"],
            "resistance_off_ohm": r["resistanceOff"],
            "read_voltage_V": r["readVoltage"],
            "access_voltage_V": r["accessVoltage"],
            "cell_height_F": height,
            "cell_width_F": width,
            "activity_row_read": active,
            "activity_backward_col_read": BACK_ACTIVE,
            "column_resistance_ohm": res,
        }
        cell = "SRAM" if r.sram else "RRAM"
        variant = f"{cell}_{'sequential' if r.row_by_row else 'parallel'}"
        record = Record(
            r.tool,
            "SubArray",
            variant=variant,
            technology=r.technology,
            temperature=r["temp"],
            inputs=values,
            outputs={},
            where=r.where,
        )
        return Inputs(record, self.hidden)

    @cached_property
    def right(self) -> Macro:
        """Our macro."""
        return macro_of(self.inputs(), self.tech)

    @cached_property
    def macro(self) -> Any:
        """The same with the tool's parts."""
        return sub_array.drawn(self.right, self.inputs(), (0, 0))  # type: ignore[arg-type]

    @cached_property
    def cell(self) -> tuple[float, float]:
        """Mean conductance [S] of a cell in a column, with access and wires in series, and its
        relative spread; SRAM cells are taken to be all alike.
        """
        r, plan = self.record, self.plan
        wire = wire_res(self.tech) * self.tech.wire.width
        height, width = r.cell
        if isinstance(self.right, SramMacro):
            return float(1.0 / (self.right.access_res + wire * width)), 0.0
        low, high = 1.0 / r["resistanceOff"], 1.0 / r["resistanceOn"]
        steps = 2.0 ** min(r.weight_bits, 12.0)
        weights = np.linspace(-1.0, 1.0, int(steps))
        often = np.exp(-0.5 * (weights / r.spread) ** 2)
        shares = [(weights + 1.0) / 2.0]
        if plan.cells_per_weight > 1.0:
            # Running quotients stand where digits should, and are divided as whole numbers.
            value, base = np.round(steps * (weights + 1.0) / 2.0), 2.0**r.cell_bits
            places = np.arange(1.0, plan.cells_per_weight + 1.0)
            shares = [np.floor(np.floor(value / base**k) / (base - 1.0)) for k in places]
        access = r["resistanceAccess"] if r["memcelltype"] == 2.0 else 0.0
        wires = (height * plan.cols + width * plan.rows) / 2.0 * wire
        cells = [1.0 / (1.0 / (low + share * (high - low)) + access + wires) for share in shares]
        mean, square = (
            float(np.mean([np.average(cell**k, weights=often) for cell in cells])) for k in (1, 2)
        )
        return mean, float(np.sqrt(max(square / mean**2 - 1.0, 0.0)))

    def slowest(self, macro: Any, res: Rows, active: Rows, back: bool) -> Rows:
        """How much longer flash converters take for the slowest of an array's columns than for a
        mean one [1]: the array waits for it.
        """
        adc = (macro.behind if back else macro.front).converters.fitted
        if not isinstance(adc, FittedFlash):
            return np.ones_like(res)
        columns = float(largest(np.array(self.plan.cols)))
        apart = np.minimum(columns * self.cell[1] / np.sqrt(active), 0.95)
        times = [np.asarray(adc.time(res / (1.0 + k * apart))) for k in (-1.0, 0.0, 1.0)]
        ratio: Rows = np.maximum.reduce(times) / times[1]
        return ratio

    def read(self, macro: Any, used: float, active: Rows, back: bool) -> tuple[Rows, Rows, Rows]:
        """A bit plane through an array of which ``used`` rows hold weights and ``active`` are open.

        Energy [J] of the converters if all columns are used, of all else, and time [s].
        """
        rows = np.maximum(active, 1e-9)
        res = 1.0 / ((1.0 if self.record.row_by_row else rows) * self.cell[0])
        res, share = res + 0.0 * rows, rows / used
        left_out = not back and isinstance(macro, macros.ToolReramRow) and macro.adc_kind != "sar"
        longer = np.ones_like(res)
        if isinstance(macro, macros.ToolMacro):
            macro = replace(macro, i=self.inputs(share, res))
            if not isinstance(macro, SramRowMacro):
                longer = self.slowest(macro, res, np.maximum(active, 1.0), back)
        density = BACK_ACTIVE if back else share
        action = macro.read_transposed if back else macro.read
        cost: Cost = (
            action(density) if isinstance(macro, SramRowMacro) else action(density, res=res)
        )
        if left_out:  # row by row it forgets flash converters and their encoders
            kept = {k: v for k, v in cost.energy.items.items() if "/converters" not in k}
            cost = Cost(Bill(kept), cost.latency)
        converting = sum(v for k, v in cost.energy.items.items() if k.endswith(CONVERTING))
        rest = cost.energy.total - converting
        times = sum(v for k, v in cost.latency.items.items() if k.endswith(CONVERTING))
        ways = self.record["numRowMuxedAG" if back else "numColMuxed"]
        idle = converting
        if isinstance(macro, macros.ToolMacro):
            idle = 0.0 if self.record.row_by_row else IDLE * self.plan.cols * times / ways
        converting = np.where(active > 0.0, converting * longer, idle)
        time = cost.latency.total + times * (longer - 1.0)
        amounts = (np.broadcast_to(v, active.shape) for v in (converting, rest, time))
        return tuple(amounts)  # type: ignore[return-value]

    def image(self, macro: Any, back: bool, each: bool) -> tuple[Rows, Rows]:
        """Energy [J] and time [s] of one image in all arrays of each layer.

        ``each`` vector with its own ones, and the slowest array's time; else their mean.
        """
        vectors, layers = self.record.vectors, range(len(self.plan.high))
        energy, time = np.zeros(len(layers)), np.zeros(len(layers))
        tables: dict[float, tuple[Rows, Rows, Rows]] = {}
        for rows, cols, count in self.plan.pieces:
            for i in layers:
                used, planes = round(rows[i]), self.record.densities[:, i]
                if count[i] == 0.0 or vectors[i] == 0.0:
                    continue
                if not each:
                    amounts = self.read(macro, used, planes * used, back)
                else:
                    if used not in tables:
                        tables[used] = self.read(macro, used, np.arange(used + 1.0), back)
                    odds = binomial(used, planes)
                    amounts = tuple(odds @ table for table in tables[used])  # type: ignore[assignment]
                converting, rest, taken = (float(np.sum(planes)) for planes in amounts)
                joules = converting * cols[i] / self.plan.cols + rest
                energy[i] += vectors[i] * count[i] * joules * self.plan.repeated[i]
                seconds = vectors[i] * taken
                if each and not back:
                    one = float(tables[used][2][-1] - tables[used][2][0]) / used
                    seconds += max(one, 0.0) * self._more_ones(i, used)
                time[i] = max(time[i], seconds)
        return energy, time

    def _more_ones(self, i: int, used: float) -> float:
        """Ones by which the array that sees most is ahead of the mean, in an image of a layer.

        A value that is not zero has a lowest bit of one every second time; given that, planes are
        independent. A pixel stands in several windows: rows are neither all different nor all
        alike, so their variance is taken to grow by the root of how often one recurs.
        """
        if not self.record.row_by_row:
            return 0.0
        planes, vectors = self.record.densities[:, i], self.record.vectors[i]
        nonzero = min(1.0, 2.0 * float(planes[-1]))
        if nonzero == 0.0:
            return 0.0
        odds = np.minimum(planes / nonzero, 1.0)
        ones = float(np.sum(planes))
        variance = nonzero * (np.sum(odds * (1.0 - odds)) + (ones / nonzero) ** 2) - ones**2
        pixels = self.record.shapes[0, i] * self.record.shapes[1, i]
        recurs = np.sqrt(max(1.0, self.plan.positions[i] * vectors / pixels))
        count = largest(np.array([self.plan.different[i]]))[0]
        return float(count * np.sqrt(used * vectors * variance * recurs))
