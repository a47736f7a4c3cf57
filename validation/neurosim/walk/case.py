"""A record of a chip as our inputs, and what our estimate says of it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Literal

import numpy as np

from neurorebit.chips.in_place.spec import GradientArrays, InPlaceSpec, ResistiveArrays, SramArrays
from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.chips.parts.workload import VectorLoad, Workload
from neurorebit.estimation.design import Design, design
from neurorebit.estimation.estimate import undefined, undefined_parts
from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.technology import read_technology
from neurorebit.layers.base import ROUND_ERROR, ROUND_RESULT
from neurorebit.layers.pooling import COMBINE
from neurorebit.schema import Document, InfeasibleError, paths
from neurorebit.schema.device import Device, read_device
from neurorebit.schema.technology import Technology
from neurorebit.schema.training import Training
from validation.neurosim.cases.transport import GDDR5, HBM2
from validation.neurosim.records.chip import ChipRecord
from validation.neurosim.walk.change import ChipTool, Pair

ERROR_BITS = 8
PHASES = {"forward": "forward", "activation_gradient": "backward"}  # the record's word, ours
Adc = Literal["sar", "flash", "flash_voltage"]


class ChipCase:
    """Our chip at a record's design: its network, bits, arrays, converters, cells and activity."""

    def __init__(self, record: ChipRecord, tool: ChipTool) -> None:
        self.record, self.tool = record, tool
        self.drawn = tool.drawn(record)

    @property
    def phases(self) -> tuple[str, ...]:
        """Those that the record is about."""
        return tuple(PHASES) if self.record.training else ("forward",)

    @cached_property
    def tech(self) -> Technology:
        """The technology, at the record's temperature and clock, with its SRAM cell and wires."""
        r = self.record
        tech = read_technology(Document(paths.shipped("technology", r.technology)))
        low, high = tech.drive.temperatures[0], tech.drive.temperatures[-1]
        if not low <= r["temp"] <= high:
            raise r.error(f"parameters.temp: must lie between {low:g} and {high:g}")
        sram = replace(
            tech.sram,
            height=r["heightInFeatureSizeSRAM"],
            width=r["widthInFeatureSizeSRAM"],
            pulldown=r["widthSRAMCellNMOS"],
            pullup=r["widthSRAMCellPMOS"],
            access=r["widthAccessCMOS"],
            sense_voltage=r["minSenseVoltage"],
        )
        tech = replace(tech, temperature=r["temp"], clock=r["clkFreq"], sram=sram)
        width = r.parameters.get("wireWidth", 0.0) * 1e-9
        if width == 0.0 or np.isclose(width, float(tech.wire.width), atol=0.0):
            return tech
        warmer = 1.0 + tech.wire.resistivity_slope * (tech.temperature - 300.0)
        wire = replace(tech.wire, width=width, aspect_ratio=r["AR"], resistivity=r["Rho"] / warmer)
        return replace(tech, wire=wire)

    @cached_property
    def device(self) -> Device:
        """The cell; one of SRAM has no use for it."""
        r = self.record
        name = "hzo_fefet" if r["memcelltype"] == 3.0 else "taox_hfox"
        shipped = read_device(Document(paths.shipped("device", name)))
        if r.sram:
            return shipped
        height, width = r.cell
        cell = replace(
            shipped.cell,
            height=height,
            width=width,
            read_voltage=r["readVoltage"],
            access_voltage=r["accessVoltage"],
        )
        ratio = r["resistanceOff"] / r["resistanceOn"]
        return replace(shipped, r_on=r["resistanceOn"], on_off_ratio=ratio, cell=cell)

    @cached_property
    def workload(self) -> Workload:
        """Layers as the record has them: without padding, pooled 2 x 2 where it says so."""
        r = self.record
        height, width, channels, kernel_height, _, outputs, pooled, _ = r.shapes
        sends = np.where(np.arange(len(height)) == 0, 0.0, 1.0)
        inputs, results = height * width * channels, outputs * r.vectors
        outgoing = results / np.where(pooled > 0.0, 4.0, 1.0)
        forward = (ROUND_RESULT, results), (COMBINE, results - outgoing)
        return Workload(
            channels * r.positions,
            outputs,
            np.ones(len(height)),
            r.vectors,
            positions=r.positions,
            window_height=kernel_height,
            inputs=inputs,
            outgoing=outgoing,
            sends_error=sends,
            forward=VectorLoad(forward),
            backward=VectorLoad(((ROUND_ERROR, sends * inputs),)),
            inference=VectorLoad(forward),
            maps=(),  # no record has an inference
        )

    @cached_property
    def spec(self) -> InPlaceSpec:
        """The architecture; what a record does not say is that of the shipped one."""
        r, drawn = self.record, self.drawn
        file = "sram" if r.sram else "reram"
        shipped = read_architecture(Document(paths.shipped("architecture", file)))
        assert isinstance(shipped, InPlaceSpec)
        adc: Adc = "sar" if r["SARADC"] else "flash" if r["currentMode"] else "flash_voltage"
        arrays: ResistiveArrays | SramArrays = replace(
            shipped.arrays,
            read="row_by_row" if r.row_by_row else "parallel",
            rows=int(r["numRowSubArray"]),
            cols=int(r["numColSubArray"]),
            cols_per_adc=int(r["numColMuxed"]),
            rows_per_adc=int(r["numRowMuxedAG"]) if r.training else 8,
            adc=adc,
            adc_bits=np.log2(r["levelOutput"]),
            back_adc_bits=np.log2(r["levelOutputAG" if r.training else "levelOutput"]),
            kernel_split=bool(r["novelMapping"]),
        )
        if isinstance(arrays, ResistiveArrays):
            arrays = replace(arrays, cells="1t1r", cell_bits=int(r.cell_bits))
        unit: GradientArrays = replace(
            shipped.gradient_unit,
            rows=int(r["numRowSubArrayWG"]),
            cols=int(r["numColSubArrayWG"]),
            cols_per_adc=int(r["numRowMuxedWG"]),
            adc=adc,
            adc_bits=np.log2(r["levelOutputWG"]),
            units=1,
            store_bits=int(r["bufferOverHeadConstraint"] * self.maps),
        )
        transport = replace(
            shipped.transport,
            bus_bits=int(drawn.wires) if drawn else shipped.transport.bus_bits,
            delay_tolerance=r["globalBusDelayTolerance"],
            tile_buffer="sram" if r["peBufferType"] else "flip_flop",
            tile_buffer_lines=int(r["tileBufferCoreSizeRow"]),
            tile_buffer_bits=int(r["tileBufferCoreSizeCol"]),
            global_buffer="sram" if r["globalBufferType"] else "flip_flop",
            global_buffer_lines=int(r["globalBufferCoreSizeRow"]),
            global_buffer_bits=int(r["globalBufferCoreSizeCol"]),
            staging_bits=0,
        )
        lanes = int(drawn.lanes) if drawn else shipped.vector_unit.lanes
        vector = replace(shipped.vector_unit, lanes=lanes, stored_bits=int(r.input_bits))
        dram = shipped.dram
        bandwidth, energy = HBM2 if r["dramType"] == 2.0 else GDDR5
        dram = replace(dram, energy=energy, bandwidth=bandwidth, stacks=1)
        return replace(
            shipped,
            weight_bits=int(r.weight_bits),
            input_bits=int(r.input_bits),
            error_bits=ERROR_BITS,
            arrays=arrays,
            gradient_unit=unit,
            transport=transport,
            vector_unit=vector,
            dram=dram,
        )

    @property
    def maps(self) -> float:
        """Bits of the largest input map."""
        return self.record.input_bits * float(np.max(self.workload.inputs))

    @cached_property
    def activity(self) -> Measured:
        """What the record's trace says; half of the bits of an error, and of SRAM cells, are one.

        Programming is not compared: nothing is programmed.
        """
        zero = np.zeros(1)
        half = np.full(1, 0.5)
        planes = tuple(self.record.densities[::-1])
        return Measured(
            planes,
            half,
            np.ones(1),
            half,
            set_fraction=zero,
            reset_fraction=zero,
            set_levels=zero,
            reset_levels=zero,
            words_written=zero,
            verify_reads=zero,
            stored_density=np.full(1, np.nan),
        )

    @property
    def batch(self) -> float:
        """Images that go through a layer in one stream."""
        return self.record["batchSize"] if self.record.training else 1.0

    def designed(self, plan: Floorplan) -> Design:
        """Our chip with a floorplan."""
        return design(
            self.workload,
            self.spec,
            self.tech,
            self.device,
            activity=self.activity,
            batch=self.batch,
            training=Training(),
            plan=plan,
        )

    @cached_property
    def best(self) -> Design:
        """With the floorplan that we would choose."""
        chosen = self.designed(Floorplan.of(self.workload, self.spec, self.record.split))
        for part, _ in undefined_parts(chosen.chip.footprint.area):
            raise InfeasibleError(f"our {undefined(part, 'area')}")
        return chosen

    @cached_property
    def alike(self) -> Design:
        """With the record's floorplan."""
        drawn, best = self.drawn, self.best.chip.plan
        if drawn is None:
            return self.best
        tile = drawn.tile_side or float(np.max(best.tile_side))
        plan = replace(
            best,
            split_side=np.array([drawn.split_side or float(np.max(best.split_side))]),
            pe_side=np.array([drawn.pe_side or tile / 2.0]),
            tile_side=np.array([tile]),
        )
        return self.designed(plan)

    def pair(self, built: Design, phase: str) -> Pair:
        """Energy [J], with that of DRAM, and time [s] of each layer, for all images."""
        work = built.phases[PHASES[phase]]
        dram = built.chip.dram.transfer(work.dram_bits).energy.total
        amounts = work.energy.total + dram, work.time
        shape = self.workload.rows.shape
        both = np.array([np.broadcast_to(np.asarray(amount), shape) for amount in amounts])
        return self.record.images * both

    @cached_property
    def area(self) -> float:
        """Of our chip [m^2]."""
        return float(np.max(self.best.chip.footprint.area.total))

    @cached_property
    def figures(self) -> dict[str, Pair]:
        """Of each phase that is compared."""
        return {phase: self.pair(self.best, phase) for phase in self.phases}
