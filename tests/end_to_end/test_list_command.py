"""neurorebit list: what there is to choose from."""

import pytest

from neurorebit.data.table import DATASETS, FORMATS
from neurorebit.schema import paths
from neurorebit.schemes.table import SCHEMES
from neurorebit.studies.listing import KINDS, listing

NAMES = {
    "networks": paths.names("network"),
    "devices": paths.names("device"),
    "technologies": paths.names("technology"),
    "architectures": paths.names("architecture"),
    "schemes": tuple(SCHEMES),
    "data": (*DATASETS, *(form.written for form in FORMATS.values())),
}


def body(text):
    title, _, _, *rows = text.splitlines()
    return title, [row.split()[0] for row in rows]


@pytest.fixture(scope="module")
def listed():
    """The table of each kind, where none is named."""
    parts = listing([]).split("\n\n")
    return {body(part)[0]: part for part in parts}


def test_all_kinds_are_listed_where_none_is_named(listed):
    assert list(listed) == list(NAMES)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_a_line_for_each(listed, kind):
    assert body(listed[kind]) == (kind, list(NAMES[kind]))


def test_a_kind_that_is_named_is_listed_alone(command, listed):
    done = command("list", "schemes")
    assert (done.code, done.out, done.err) == (0, listed["schemes"] + "\n", "")


def test_a_device_says_which_chips_can_use_it(listed):
    """Without pulse data, only those that never pulse a cell: that infer alone, or have SRAM.

    Devices of low resistance need access transistors that are wider than their cells: chips that
    infer alone widen these, the others cannot be built.
    """
    lines = {line.split()[0]: line for line in listed["devices"].splitlines() if line}
    said = {name: " ".join(line.split()) for name, line in lines.items()}
    assert "100 and 120 pulses inference_reram, inference_sram, sram, wage " in said["gst_pcm"]
    assert "128 and 128 pulses all " in said["taox_hfox"]
    assert "no pulses inference_reram, inference_sram, sram, wage " in said["stt_mram"]
    assert "W. Wu et al." in lines["taox_hfox"]


def test_an_unknown_kind_is_told_the_right_ones(command):
    done = command("list", "nets")
    assert done.code == 2
    assert done.err.startswith("KIND: expected one of networks, devices, technologies, ")
