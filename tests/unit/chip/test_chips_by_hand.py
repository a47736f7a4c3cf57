"""Whole chips for VGG11, put together by hand from macros, PEs, tiles and counts.

Layers (channels to outputs, positions of the kernel): 3 to 64, 64 to 128, 128 to 256, 256 to 256,
256 to 512, and three of 512 to 512, all of 3 x 3; last 512 to 10 of 1 x 1. Maps of inputs are 32,
16, 8, 8, 4, 4, 2, 2 pixels wide and 1. The largest map of inputs has 64 * 16^2 = 16384 values, the
largest of results 64 * 32^2 = 65536. The first and the last layer are unrolled: the first has 27
rows, fewer than an array. A batch has 5 images.
"""

import by_hand
import numpy as np
import pytest
from by_hand import RERAM, TECH, close, same, same_cost, stands

from neurorebit.circuits.arithmetic import Multiplier
from neurorebit.circuits.array import ReramArray
from neurorebit.circuits.buffer import FlipFlopBuffer, SramBuffer
from neurorebit.circuits.cost import Footprint
from neurorebit.circuits.crosspoint import CrosspointArray
from neurorebit.circuits.htree import HTree
from neurorebit.circuits.register import Register

LARGEST_IN, LARGEST_OUT = 16384.0, 65536.0
MOST_WEIGHTS = 512.0 * 512.0 * 9.0
TRANSPORT = {
    "transport__bus_bits": "300", "transport__delay_tolerance": "0.2",
    "transport__tile_buffer": "sram", "transport__tile_buffer_lines": "20",
    "transport__tile_buffer_bits": "24", "transport__global_buffer_lines": "100",
    "transport__global_buffer_bits": "60", "transport__staging_bits": "70000",
    "vector_unit__lanes": "7", "vector_unit__stored_bits": "14",
}  # fmt: skip


def tile(pe, name, side, pes, added, input_bits, output_bits, lines):
    """Wires for one side of the grid of PEs."""
    found = by_hand.tile(
        pe, pes=pes, added=added, input_bits=input_bits, output_bits=output_bits, buffer="sram",
        core_lines=20.0, core_bits=24.0, tree_width=side * lines, tolerance=0.2,
    )  # fmt: skip
    return by_hand.named(found, name)


def tree(rows, cols, side, name):
    return HTree(
        TECH, rows, cols, leaf_height=side, leaf_width=side, width=300.0, tolerance=0.2, name=name
    )


def cores(bits):
    """Global buffers have cores of 100 lines of 60 bits; so many of them."""
    return -(-bits // 6000.0)


def global_buffer(input_bits, kind=SramBuffer):
    """Largest map in and out, what is kept of the largest results, and what is on its way."""
    bits = 2.0 * input_bits * LARGEST_IN + 14.0 * LARGEST_OUT + 70000.0
    return kind(TECH, 6000.0, 60.0, cores(bits), name="global_buffer")


def vector_unit(error_bits, input_bits):
    return by_hand.vector_unit(
        lanes=7.0, stored_bits=14.0, error_bits=error_bits, input_bits=input_bits
    )


def same_chip(found, *parts):
    expected = stands("chip", *parts)
    same(found.chip.footprint.area, expected.area)
    same(found.chip.footprint.leakage, expected.leakage)


# -- hybrid ------------------------------------------------------------------------------------

# Analog arrays of 64 rows and 256 columns, 8 to each of 32 converters; inputs of 5 bits leave as
# 7 + 5, and as 2 more on the way. A PE of 256 x 256 cells has 4 x 1 arrays, a tile that is not
# kernel-split 2 x 2 PEs.
HYBRID = {
    "apim__rows": "64", "apim__cols": "256", "apim__pe_side": "256", "apim__adc_bits": "6",
    "input_bits": "5", "error_bits": "10", "dpim__rows": "96", "dpim__cols": "160",
    "dpim__vectors": "3", "dpim__macros_per_pe": "20", "dpim__copies": "2",
    "dpim__accumulator_bits": "44", "dpim__wiring": "1.4",
}  # fmt: skip


def analog_tile(rows, cols, side, pes, added):
    macro = by_hand.analog_macro(
        rows=64.0, cols=256.0, cols_per_adc=8.0, adc_bits=6.0, input_bits=5.0
    )
    pe = by_hand.pe(
        macro, macro_rows=rows, macro_cols=cols, results=cols * 32.0, sum_bits=12.0,
        input_bits=rows * 64.0 * 5.0, lines=64.0,
    )  # fmt: skip
    # two sets of sums, from each of the PEs beside each other
    in_bits, out_bits = added * 5.0 * 64.0, 2.0 * pes / added * cols * 32.0 * 14.0
    return tile(pe, "analog", side, pes, added, in_bits, out_bits, 64.0)


def digital_tile(build):
    """20 macros stand 4 high, so 5 beside each other, with 25 words; errors of 4 rows are held."""
    macro = by_hand.digital_macro(
        build, rows=96.0, cols=160.0, error_bits=10.0, input_bits=5.0, accumulator_bits=44.0,
        vectors=3.0,
    )  # fmt: skip
    errors = 4.0 * 96.0 * 10.0
    pe = by_hand.pe(
        macro, macro_rows=4.0, macro_cols=5.0, results=25.0, sum_bits=54.0, input_bits=errors,
        lines=96.0, wiring=1.4,
    )  # fmt: skip
    return tile(pe, "digital", 3.0, 9.0, 9.0, errors, 25.0 * 32.0, 160.0)


@pytest.mark.parametrize("build", ["bit_serial", "word_parallel"])
def test_a_hybrid_chip(build):
    """Kernel-split tiles: 1, 1, 1, 2 (512 outputs), and 4 for each of the 512 x 512: 17. Two more
    hold the unrolled layers. All 19 stand 5 x 4.

    Digital: outputs take 1, 2, 3, 3, 4 and 4 of the 4 row blocks of a PE, which leaves 20, 10, 6,
    6, 5 and 5 macros of 5 words for channels: 1, 2, 5, 9, 11 tiles across, and 21 for each of the
    last three. 384 outputs are a tile high, so layers of 512 have two: 1 + 2 + 5 + 9 + 22 + 3 * 42
    = 165, twice for two copies. The last layer has 103 macros, twice; 180 of them are a tile: 2.
    All 332 stand 19 x 18.
    """
    split, whole = analog_tile(4.0, 1.0, 3.0, 9.0, 9.0), analog_tile(4.0, 1.0, 2.0, 4.0, 2.0)
    digital = digital_tile(build)
    found = by_hand.chip_design("rebit", "vgg11", **TRANSPORT, **HYBRID, dpim__build=build)
    same_chip(
        found,
        (17.0, split),
        (2.0, whole),
        (332.0, digital),
        tree(5.0, 4.0, max(float(split.side), float(whole.side)), "analog_tree"),
        tree(19.0, 18.0, digital.side, "digital_tree"),
        global_buffer(5.0),
        vector_unit(10.0, 5.0),
        (19.0 + 332.0 + 1.0, by_hand.sequencer()),
    )


def test_the_vector_unit_of_a_chip():
    """Pooling compares inputs, errors are multiplied as errors."""
    chip = by_hand.vector_unit_of(
        by_hand.chip_design("rebit", "vgg11", **TRANSPORT, **HYBRID, dpim__build="bit_serial")
    )
    expected = vector_unit(10.0, 5.0)
    for work in ("normalise", "normalise_back"):
        same_cost(by_hand.vector_work(chip, work, 9.0), by_hand.vector_work(expected, work, 9.0))
    same_cost(by_hand.pooling(chip, 9.0, 4.0), by_hand.pooling(expected, 9.0, 4.0))


# -- in place ----------------------------------------------------------------------------------

# Arrays of 64 rows and 128 columns, 7-bit weights in 2 cells of 4 bits. Forward 8 columns share one
# of 16 converters of 5 bits, back 4 rows one of 16 of 7 bits. Inputs have 6 bits, errors 9. A PE of
# 384 x 384 cells has 6 x 3 arrays.
IN_PLACE = {
    "arrays__rows": "64", "arrays__cols": "128", "arrays__pe_side": "384",
    "arrays__cell_bits": "4", "arrays__rows_per_adc": "4", "arrays__adc_bits": "5",
    "arrays__back_adc_bits": "7", "input_bits": "6", "error_bits": "9",
    "gradient_unit__rows": "48", "gradient_unit__cols": "160", "gradient_unit__adc_bits": "4",
    "gradient_unit__units": "3", "gradient_unit__lanes": "70",
}  # fmt: skip
SIZES = {
    "rows": 64.0, "cols": 128.0, "cols_per_adc": 8.0, "rows_per_adc": 4.0, "adc_bits": 5.0,
    "back_adc_bits": 7.0, "input_bits": 6.0, "error_bits": 9.0, "cells_per_weight": 2.0,
}  # fmt: skip


def two_way_pe(macro, macro_rows, macro_cols, sum_bits, value_bits, results, beside=()):
    """128 wires, the longer side of an array; values of the longer side of the PE are held."""
    return by_hand.pe(
        macro, macro_rows=macro_rows, macro_cols=macro_cols, results=results, sum_bits=sum_bits,
        input_bits=macro_rows * 128.0 * value_bits, lines=128.0, beside=beside,
    )  # fmt: skip


def two_way_tiles(split_pe, whole_pe, value_bits, widest, results):
    """Two sets of what the PEs beside each other give at once: nine that are added give one, four
    in a square two. The wider sums, of either way, grow by 2 bits.
    """
    split_bits, whole_bits = (
        2.0 * beside * n * (widest + 2.0) for beside, n in zip((1.0, 2.0), results, strict=True)
    )
    value = value_bits * 128.0  # a bit for each wire at a time
    split = tile(split_pe, "tile", 3.0, 9.0, 9.0, 9.0 * value, split_bits, 128.0)
    whole = tile(whole_pe, "tile", 2.0, 4.0, 2.0, 2.0 * value, whole_bits, 128.0)
    return split, whole


# (bits of a sum forward, back): 5 bits of a conversion, 2 of the cells, 6 planes; 7, 2 and 9.
# Row by row conversions have 4 bits, and 64 rows add 6, 128 columns 7.
BITS = {"reram": (13.0, 18.0), "crosspoint": (13.0, 18.0), "reram_rows": (18.0, 22.0)}
CHOICES = {
    "reram": {},
    "crosspoint": {"arrays__cells": "crosspoint"},
    "reram_rows": {"arrays__read": "row_by_row"},
}


def in_place_macro(kind):
    more = {"cell_bits": 4.0} if kind == "reram_rows" else {"signed": True}
    return by_hand.macro(kind, **SIZES, **more)


def gradient_unit():
    """The largest map: 256 positions in 6 arrays of 48; 64 channels of 6 bits in 3 of 160."""
    return by_hand.gradient_unit(
        positions=256.0, bit_columns=384.0, rows=48.0, cols=160.0, cols_per_adc=8.0, adc_bits=4.0,
        error_bits=9.0, input_bits=6.0,
    )  # fmt: skip


def gradient_store(bits):
    """Sums of 4 + 9 bits, 3 for 6 arrays, 6 for an activation's bits, 3 for 5 images.

    Lanes: 3 units of 3 * 20 converters.
    """
    buffer = SramBuffer(TECH, 6000.0, 60.0, max(cores(bits), 1.0), name="buffer")
    return by_hand.gradient_store(buffer, bits, 25.0, 180.0, 70.0)


@pytest.mark.parametrize("kind", CHOICES)
def test_a_chip_that_learns_in_place(kind):
    """Two cells a weight: kernel-split tiles 1, 2, 2, 3 and 6 for each of the 512 x 512: 26; two
    more for the unrolled layers. All 28 stand 6 x 5.

    Forward 3 arrays beside each other give 48 results, back 6 below each other 96: the larger
    counts; 2 and 4 of the other PE give 32 and 64.
    """
    there, back = BITS[kind]
    macro = in_place_macro(kind)
    pes = (
        two_way_pe(macro, rows, cols, max(there, back), 9.0, 16.0 * rows)
        for rows, cols in ((6.0, 3.0), (6.0, 3.0))
    )
    split, whole = two_way_tiles(*pes, 9.0, max(there, back), (96.0, 96.0))
    found = by_hand.chip_design("reram", "vgg11", **TRANSPORT, **IN_PLACE, **CHOICES[kind])
    same_chip(
        found,
        (26.0, split),
        (2.0, whole),
        tree(6.0, 5.0, max(float(split.side), float(whole.side)), "tile_tree"),
        global_buffer(6.0),
        vector_unit(9.0, 6.0),
        (3.0, gradient_unit()),
        gradient_store(MOST_WEIGHTS * 25.0),
        (29.0, by_hand.sequencer()),
    )


def test_values_are_held_for_the_longer_side_of_a_pe():
    """Arrays of 128 rows and 64 columns: PEs of 3 x 6 and 2 x 4, whose 6 and 4 columns take errors.

    Tiles have as many cells as before: 26 with 9 PEs, 2 with 4.
    """
    sets = {**TRANSPORT, **IN_PLACE, "arrays__rows": "128", "arrays__cols": "64"}
    area = by_hand.chip_design("reram", "vgg11", **sets).chip.footprint.area
    split, whole = (Register(TECH, n * 128.0 * 9.0).area for n in (6.0, 6.0))
    expected = 26.0 * 9.0 * split + 2.0 * 4.0 * whole
    assert by_hand.part(area, "tile/pe/inputs") == close(float(expected))


def test_a_store_as_large_as_asked_and_buffers_of_flip_flops():
    sets = {"gradient_unit__store_bits": "90000", "transport__global_buffer": "flip_flop"}
    found = by_hand.chip_design("reram", "vgg11", **TRANSPORT, **IN_PLACE, **sets)
    area = found.chip.footprint.area
    store = FlipFlopBuffer(TECH, 6000.0, 60.0, 15.0, name="buffer").footprint.area.total
    assert by_hand.under(area, "gradient_store/buffer") == close(store)
    buffer = global_buffer(6.0, FlipFlopBuffer).footprint.area.total
    assert by_hand.under(area, "global_buffer") == close(buffer)


def test_partial_sums_of_both_passes_have_their_own_bits():
    """Of the layer of 512 to 512 with 16 vectors, what PEs give: forward 512 * 16 results from
    9 * 2 PEs, of 13 + 2 bits; back 512 * 16 inputs at 9 positions from 3 PEs of 384 columns, of
    18 + 2 bits.
    """
    macro = in_place_macro("reram")
    pe = two_way_pe(macro, 6.0, 3.0, 18.0, 9.0, 96.0)
    found = by_hand.chip_design("reram", "vgg11", **TRANSPORT, **IN_PLACE)
    there = pe.hold_results(512.0 * 16.0 * 18.0 * 15.0).energy.total
    back = pe.hold_results(512.0 * 16.0 * 9.0 * 3.0 * 20.0).energy.total
    for phase, expected in (("forward", there), ("backward", back)):
        outputs = by_hand.part(found.phases[phase].energy, "tile/pe/outputs")
        assert outputs[5] == close(expected)


SRAM = {"arrays__rows": "64", "arrays__cols": "112", "arrays__cols_per_adc": "14"}


@pytest.mark.parametrize("read", ["parallel", "row_by_row"])
def test_a_chip_of_sram_has_sram_macros(read):
    """A weight of 7 bits takes 7 cells, so 14 columns share one of 8 converters."""
    sets = {
        **SRAM, "weight_bits": "7", "arrays__read": read, "arrays__rows_per_adc": "4",
        "arrays__adc_bits": "5", "arrays__back_adc_bits": "7", "input_bits": "6", "error_bits": "9",
    }  # fmt: skip
    sizes = {**SIZES, "cols": 112.0, "cols_per_adc": 14.0, "cells_per_weight": 7.0}
    macro = by_hand.macro("sram" if read == "parallel" else "sram_rows", **sizes)
    found = by_hand.chip_design("sram", "vgg11", **sets).chip.footprint.area
    macros = by_hand.part(found, "sram/array") / by_hand.part(macro.footprint.area, "sram/array")
    all_of_them = Footprint(
        by_hand.Bill({n: macros * a for n, a in macro.footprint.area.items.items()})
    ).under("chip/tile/pe")
    within = {n: a for n, a in found.items.items() if n.startswith("chip/tile/pe/sram")}
    same(by_hand.Bill(within), all_of_them.area)


# -- Tiki-Taka ---------------------------------------------------------------------------------


@pytest.mark.parametrize("cells", ["1t1r", "crosspoint"])
def test_a_chip_of_two_arrays_a_weight(cells):
    """Here 16 rows share one of 4 converters of 4 bits and errors have 5: results, sums and values
    of the forward pass are the larger.

    Beside each array stands a fast one, whose converters are made for one cell, and as many cells
    again. All 384 rows of a PE have translators of 6 bits, all 384 columns of 5.
    """
    kind, array = {
        "1t1r": ("reram", ReramArray(TECH, RERAM, 64.0, 128.0, name="references")),
        "crosspoint": (
            "crosspoint",
            CrosspointArray(TECH, RERAM, 64.0, 128.0, nonlinearity=100.0, name="references"),
        ),
    }[cells]  # fmt: skip
    changed = {"rows_per_adc": 16.0, "back_adc_bits": 4.0, "error_bits": 5.0}
    macro = by_hand.macro(kind, **{**SIZES, **changed}, signed=True)
    only = {**SIZES, "input_bits": 1.0, "transposed": False, "summed": 1.0}
    fast = by_hand.fast_array(by_hand.macro(kind, **only), array)
    pes = []
    for rows, cols, side in ((6.0, 3.0, 384.0), (6.0, 3.0, 384.0)):
        beside = (
            (rows * cols, fast),
            (1.0, by_hand.named(by_hand.translators(6.0, side), "row_translators")),
            (1.0, by_hand.named(by_hand.translators(5.0, side), "col_translators")),
        )
        pes.append(two_way_pe(macro, rows, cols, 13.0, 6.0, 16.0 * cols, beside))
    split, whole = two_way_tiles(*pes, 6.0, 13.0, (48.0, 48.0))
    bits = MOST_WEIGHTS * 32.0
    buffer = SramBuffer(TECH, 6000.0, 60.0, cores(bits), name="buffer")
    sets = {
        **TRANSPORT, **IN_PLACE, "scheme": "tiki_taka", "arrays__cells": cells,
        "arrays__rows_per_adc": "16", "arrays__back_adc_bits": "4", "error_bits": "5",
    }  # fmt: skip
    found = by_hand.chip_design("reram", "vgg11", **sets)
    same_chip(
        found,
        (26.0, split),
        (2.0, whole),
        tree(6.0, 5.0, max(float(split.side), float(whole.side)), "tile_tree"),
        global_buffer(6.0),
        vector_unit(5.0, 6.0),
        by_hand.hidden_store(buffer, bits, 5.0, 7.0),
        (29.0, by_hand.sequencer()),
    )
    multiplier = Multiplier(TECH, 16.0, 5.0, 7.0).footprint.area.total
    parts = (f"hidden_store/multiplier/{part}" for part in ("products", "adder"))
    area = sum(by_hand.part(found.chip.footprint.area, part) for part in parts)
    assert area == close(multiplier)


def test_rows_of_fast_arrays_are_read_in_turn():
    """The last layer: 512 rows in 8 arrays of 64, 10 outputs in 20 of 128 columns; 3 reads a row.

    Converters and multiplexers are made for the current of one cell.
    """
    only = {**SIZES, "input_bits": 1.0, "transposed": False, "summed": 1.0}
    references = ReramArray(TECH, RERAM, 64.0, 128.0, name="references")
    fast = by_hand.fast_array(by_hand.macro("reram", **only), references)
    activity = {"fast": by_hand.fast_activity(ups=8.0, downs=5.0, reads=3.0, conductance=0.4)}
    sets = {**TRANSPORT, **IN_PLACE, "scheme": "tiki_taka"}
    found = by_hand.chip_design("reram", "vgg11", activity=activity, **sets)
    one = fast.read_row(0.4, 20.0 / 128.0).energy
    energy = found.phases["update"].energy
    for end in ("fast/reram/readout/mux", "fast/reram/readout/converters/adc", "fast/references"):
        expected = 3.0 * 8.0 * 64.0 * by_hand.part(one, end)
        assert by_hand.part(energy, end)[8] == close(expected), end


@pytest.mark.parametrize(("bits", "sums", "cores"), [("5", 1024.0, 1.0), ("6", 1088.0, 2.0)])
def test_wider_sums_take_another_core_of_the_output_buffer(bits, sums, cores):
    """Two arrays beside each other, of 16 converters each: 32 results, of two passes.

    A result is 8 planes of ``bits`` bits and a carry, over 2 arrays, and has a bit to grow. Cores
    have 32 words of 32 bits (docs/validation/adc_bits.md).
    """
    found = by_hand.chip_design("rebit", "vgg11", apim__adc_bits=bits).chip
    (_, tile), *_ = found.tiles_of_layers
    assert float(np.ravel(tile.output_bits)[0]) == sums
    assert float(np.ravel(tile.output_buffer.cores)[0]) == cores == np.ceil(sums / 1024)
