"""neurorebit list: what there is to choose from."""

import pytest

from neurorebit.data.table import DATASETS, FORMATS
from neurorebit.schema import paths
from neurorebit.schemes.table import SCHEMES
from neurorebit.studies.listing import KINDS

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


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_a_line_for_each(command, kind):
    done = command("list", kind)
    assert (done.code, done.err) == (0, "")
    assert body(done.out) == (kind, list(NAMES[kind]))


def test_all_kinds_are_listed_where_none_is_named(command):
    done = command("list")
    titles = [body(part)[0] for part in done.out.strip().split("\n\n")]
    assert titles == list(NAMES)


def test_a_device_says_which_chips_can_use_it(command):
    """Without pulse data, only those that never pulse a cell: that infer alone, or have SRAM."""
    lines = {line.split()[0]: line for line in command("list", "device").out.splitlines() if line}
    assert "128 and 128 pulses   all " in lines["taox_hfox"]
    assert "no pulses            inference_reram, inference_sram, sram " in lines["stt_mram"]
    assert "W. Wu et al." in lines["taox_hfox"]


def test_an_unknown_kind_is_told_the_right_ones(command):
    done = command("list", "nets")
    assert done.code == 2
    assert done.err.startswith("KIND: expected one of networks, devices, technologies, ")
