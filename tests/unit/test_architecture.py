"""The chip's file: the numbers both sides share, and combinations that cannot be."""

import pytest
from common import document

from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.inputs.architecture import read_architecture
from neurorebit.schema import Document, InputError, paths


@pytest.mark.parametrize("name", paths.names("architecture"))
def test_a_shipped_architecture_names_shipped_files(name):
    spec = read_architecture(Document(paths.shipped("architecture", name)))
    assert spec.name == name
    assert paths.shipped("technology", spec.technology).is_file()
    assert paths.shipped("device", spec.device).is_file()


def test_the_defaults_are_those_of_rebit():
    spec = read_architecture(document("architecture", "rebit"))
    assert (spec.scheme, spec.weight_bits, spec.input_bits, spec.error_bits) == ("hybrid", 3, 8, 8)
    assert (spec.apim.rows, spec.apim.cols, spec.apim.cols_per_adc) == (128, 128, 8)
    assert (spec.apim.adc, spec.apim.adc_bits, spec.apim.adc_range) == ("sar", 5, 4.0)
    assert (spec.dpim.build, spec.dpim.adder) == ("word_parallel", "sklansky")
    assert (spec.technology, spec.device) == ("32nm_lstp", "taox_hfox")


@pytest.mark.parametrize(("bits", "levels"), [("2", 3), ("3", 7), ("4", 15), ("8", 255)])
def test_levels_lie_symmetrically_around_zero(bits, levels):
    spec = read_architecture(document("architecture", "rebit", weight_bits=bits))
    assert spec.levels == levels
    assert spec.levels % 2 == 1


@pytest.mark.parametrize(("bits", "width"), [("8", 8), ("32", 32), ("fp32", 32)])
def test_a_floating_point_error_is_32_bits_wide(bits, width):
    spec = read_architecture(
        document("architecture", "rebit", error_bits=bits, dpim__build="word_parallel")
    )
    assert spec.error_width == width


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("apim.cols_per_adc", "7", "apim.cols_per_adc: must divide apim.cols, 128, got 7"),
        ("apim.cols_per_adc", "256", "apim.cols_per_adc: must divide apim.cols, 128, got 256"),
        ("dpim.cols", "48", "dpim.cols: must be a multiple of the 32 bits of a word"),
        (
            "apim.cell_bits",
            "1",
            "apim.cell_bits: the 3 cells of a weight must divide apim.cols_p",
        ),
        (
            "apim.pe_side",
            "200",
            "apim.pe_side: must be a multiple of apim.rows, 128, and of apim.cols, 128, such as "
            "128; or take 'auto'",
        ),
        ("scheme", "reram2", "scheme: expected one of real, "),
        ("weight_bits", "1", "weight_bits: should be greater than or equal to 2, got '1'"),
        ("input_bits", "17", "input_bits: should be less than or equal to 16, got '17'"),
        ("apim.adc_bits", "13", "apim.adc_bits: should be less than or equal to 12, got '13'"),
        ("apim.adc_bitz", "5", "apim.adc_bitz: unknown key; did you mean 'adc_bits'?"),
        ("apim.adc_range", "0", "apim.adc_range: must be above 0 and at most 100, got 0"),
        (
            "apim.adc",
            "flesh",
            f"apim.adc: expected one of {', '.join(CONVERTERS)}, got 'flesh'; did",
        ),
        (
            "dpim.build",
            "parallel",
            "dpim.build: expected one of word_parallel, bit_serial, adder_tree, got ",
        ),
        ("dram.energy", "4 pJ", "dram.energy: expected a number in J/bit, got '4 pJ' (the unit "),
        ("dram.bandwidth", "0 bit/s", "dram.bandwidth: must be above 0 bit/s, got 0 bit/s"),
    ],
)
def test_a_wrong_architecture_is_told(path, text, told):
    with pytest.raises(InputError) as caught:
        read_architecture(document("architecture", "rebit", **{path: text}))
    assert str(caught.value).startswith(f"architecture.{path}={text}: {told}")


WORDS = "'fp32', 'bf16', 'fp16', 'e5m2', 'e4m3'"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("eight", f"expected a whole number, or {WORDS}"),
        ("fp8", f"expected a whole number, or {WORDS}"),
        ("1", f"should be greater than or equal to 2, or {WORDS}"),
        ("33", f"should be less than or equal to 32, or {WORDS}"),
    ],
)
def test_error_bits_are_a_number_or_a_format(text, told):
    with pytest.raises(InputError) as caught:
        read_architecture(document("architecture", "rebit", error_bits=text))
    set_over = f"architecture.error_bits={text}"
    assert str(caught.value).startswith(f"{set_over}: error_bits: {told}, got '{text}'")


@pytest.mark.parametrize(
    ("settings", "told", "cure"),
    [
        ({"error_bits": "bfloat16"}, "expected a whole number", "it is bf16"),
        ({"formats__weight": "fp64"}, "formats.weight: expected one of int32", "did you mean"),
        ({"formats__weight": "int8", "formats__master": "int8"}, "formats.master: a copy", "wider"),
        ({"formats__weight": "fp16", "dpim__build": "bit_serial"}, "formats.weight: rows", "int32"),
        ({"dpim__macros_per_lanes": "3"}, "dpim.macros_per_lanes: must divide", "pe or tile"),
        ({"dpim__cols": "40"}, "dpim.cols: must be a multiple of the 32 bits", "take 128"),
    ],
)
def test_formats_that_do_not_fit_are_refused_with_a_cure(settings, told, cure):
    with pytest.raises(InputError) as caught:
        read_architecture(document("architecture", "rebit", **settings))
    assert told in str(caught.value)
    assert cure in str(caught.value)


def test_errors_of_floating_point_are_not_streamed():
    sets = {"dpim__build": "bit_serial", "error_bits": "fp32"}
    with pytest.raises(InputError) as caught:
        read_architecture(document("architecture", "rebit", **sets))
    assert "error_bits: floating-point errors cannot be streamed bit by bit; take " in str(
        caught.value
    )
    assert "dpim.build=word_parallel, or whole bits such as 32" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "path", "text", "told"),
    [
        ("reram", "arrays.rows_per_adc", "7", "must divide arrays.rows, 128, got 7"),
        (
            "reram",
            "weight_bits",
            "17",
            "the 3 cells of a weight must divide arrays.cols_per_adc, 8",
        ),
        ("reram", "error_bits", "fp32", "floating-point errors cannot be streamed bit by bit;"),
        ("reram", "arrays.cells", "dram", "expected one of 1t1r, crosspoint, sram, got 'dram'"),
        ("reram", "arrays.read", "diagonal", "expected one of parallel, row_by_row, got 'diag"),
        ("reram", "gradient_unit.cols_per_adc", "3", "must divide gradient_unit.cols, 128, got 3"),
        ("reram", "gradient_unit.images", "0", "should be greater than or equal to 1, or 'auto'"),
        ("reram", "arrays.selector_nonlinearity", "1", "must be above 1, got 1"),
        ("sram", "arrays.cell_bits", "2", "unknown key"),
        ("sram", "weight_bits", "5", "the 5 cells of a weight must divide arrays.cols, 128"),
        ("sram", "apim", "{}", "unknown key"),
    ],
)
def test_a_wrong_chip_in_place_is_told(name, path, text, told):
    made = document("architecture", name)
    made.set(path, text)
    with pytest.raises(InputError) as caught:
        read_architecture(made)
    message = str(caught.value)
    assert message.startswith(f"architecture.{path}={text}: ")
    assert told in message
    assert "\n" not in message


def test_crosspoints_are_not_read_row_by_row():
    made = document("architecture", "reram")
    made.set("arrays.cells", "crosspoint")
    made.set("arrays.read", "row_by_row")
    with pytest.raises(InputError, match="take read=parallel, or cells=1t1r"):
        read_architecture(made)


def test_a_weight_of_the_hybrid_chip_may_be_several_cells():
    """Seven bits in cells of two: four, of 2^2 - 1 steps; unless given, one of 2^7 - 2."""
    alone = read_architecture(document("architecture", "rebit", weight_bits="7"))
    assert (alone.cells_per_weight, alone.cell_steps) == (1, 126)
    spec = read_architecture(
        document("architecture", "rebit", weight_bits="7", apim__cell_bits="2")
    )
    assert (spec.cells_per_weight, spec.cell_steps) == (4, 3)


@pytest.mark.parametrize(
    ("name", "cells", "steps", "back"),
    [("rebit", 1, None, 5), ("reram", 1, 126, 6), ("sram", 8, 1, 5)],
)
def test_a_weight_stands_in_as_many_cells_as_its_bits_ask(name, cells, steps, back):
    spec = read_architecture(Document(paths.shipped("architecture", name)))
    assert spec.cells_per_weight == cells
    assert spec.back_adc_bits == back
    if steps is not None:
        assert spec.cell_steps == steps
