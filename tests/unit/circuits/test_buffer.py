"""Buffers and memory off the chip (docs/models/memory.md)."""

import dataclasses
from functools import cached_property

from common import near

from neurorebit.circuits.buffer import FlipFlopBuffer, SramBuffer
from neurorebit.circuits.dram import Dram
from neurorebit.circuits.gates import STEP, cells
from neurorebit.circuits.register import Register
from validation.neurosim.composition.decoders import minimum


class MinimumBuffer(FlipFlopBuffer):
    """With a decoder of minimum gates, as the records have it."""

    @cached_property
    def decoder(self):
        return minimum(super().decoder)

    def _access(self, bits):
        """Every bit of a line changes."""
        share = self.line / self.bits
        return self._access_all(self.decoder.select() + self.register.store(share, share), bits)


def test_flip_flop_records(records, agree, edges):
    """Delays are the decoder's, which the tool has 1 to 14 % too short."""
    for r in records("Buffer"):
        i = r.inputs
        if i["is_sram"]:
            continue
        buffer = MinimumBuffer(r.tech, i["num_bit"], i["interface_width_bit"])
        read = buffer.read(float(i["interface_width_bit"]))
        agree(r, area_m2=buffer.footprint.area.total)
        agree(r, 1e-3, leakage_W=buffer.footprint.leakage.total)  # wide gates of the decoder
        lines = i["num_read"] * i["access_bits_read"] / i["interface_width_bit"]
        agree(r, edges, read_energy_J=lines * read.energy.total)
        agree(r, 0.14, read_latency_s=i["num_read"] * read.latency.total)


def test_check_values(tech32):
    """With a decoder of minimum gates: 128 lines of 128 bits 2.131 ns at 300 K. One
    that is sized takes half of it.
    """
    cool = dataclasses.replace(tech32, temperature=300.0)
    large = MinimumBuffer(cool, 128.0 * 128.0, 128.0).read(128.0)
    assert large.latency.total == near(2.131e-9, rel=0.07)
    assert FlipFlopBuffer(cool, 128.0 * 128.0, 128.0).read(128.0).latency.total < 1.1e-9


def test_an_sram_line_by_hand(tech32):
    """Decoder, precharge, bitline, amplifier; every line of the array counts."""
    buffer = SramBuffer(tech32, 128.0 * 64.0, 64.0)
    assert buffer.lines == 128.0
    read = buffer.read(64.0)
    array, ramp = buffer.array, buffer.decoder.output_ramp
    parts = [
        buffer.decoder.select(),
        buffer.precharger.precharge(),
        array.read(ramp),
        buffer.sense_amp.sense(),
    ]
    assert read.latency.total == near(sum(p.latency.total for p in parts), rel=1e-12)
    assert read.energy.total == near(sum(p.energy.total for p in parts), rel=1e-12)
    assert buffer.decoder.load == array.row_cap
    assert buffer.precharger.load == array.col_cap
    cells_leak = array.footprint.leakage.total
    assert buffer.footprint.leakage.total > cells_leak > 0.0


def test_cores_share_the_work(tech32):
    """Four cores take a quarter of the time, the same energy, and four times the area."""
    for cls in (SramBuffer, FlipFlopBuffer):
        one, four = cls(tech32, 16384.0, 128.0), cls(tech32, 16384.0, 128.0, 4.0)
        a, b = one.read(1024.0), four.read(1024.0)
        assert a.latency.total == near(4 * b.latency.total, rel=1e-12)
        assert a.energy.total == near(b.energy.total, rel=1e-12)
        area = 4 * one.footprint.area.total
        assert four.footprint.area.total == near(area, rel=1e-12)
        leakage = 4 * one.footprint.leakage.total
        assert four.footprint.leakage.total == near(leakage, rel=1e-12)


def test_a_single_line_needs_no_decoder(tech32):
    buffer = FlipFlopBuffer(tech32, 32.0, 32.0)
    line = Register(tech32, 32.0).store(0.5).energy.total
    assert buffer.read(32.0).energy.total == near(line, rel=1e-12)
    assert SramBuffer(tech32, 32.0, 32.0)._ramp == STEP
    load = FlipFlopBuffer(tech32, 64.0, 32.0).decoder.load
    assert load == near(2e-10 * 32 * 12 * cells(tech32).inverter.width, rel=1e-12)


def test_dram_records(records, agree):
    kinds = {1: (4.288e12, 14e-12), 2: (15.2e12, 3.9e-12)}
    for r in records("DRAM"):
        bandwidth, energy = kinds[r.inputs["dram_type"]]
        dram = Dram(r.tech, bandwidth=bandwidth, energy=energy)
        cost = dram.transfer(r.inputs["num_bits"])
        agree(r, read_latency_s=cost.latency.total, read_energy_J=cost.energy.total)
