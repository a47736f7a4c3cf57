"""No table of any report is wider than 100 columns: all networks, chips and schemes shipped."""

import re

import pytest
from made_report import EPOCHS, TRAINING

from neurorebit.inputs.files import read_inputs
from neurorebit.results.writers import text as readable
from neurorebit.results.writers.layout import NARROWEST, WIDTH, page, shortened, table
from neurorebit.schema import InfeasibleError, InputError, paths
from neurorebit.schemes.table import SCHEMES
from neurorebit.studies.request import Request
from neurorebit.studies.run import report_of

RULE = re.compile(r"-+(  -+)+")
DEMANDS = {
    "memory_bits_per_weight": 123456.0, "digital_macs_per_image": 1.5e12, "arrays_per_weight": 2,
    "writes_per_cell_and_epoch": 1234.5, "writes_per_cell_and_epoch_most": 1.234e9,
    "writes_per_cell_and_epoch_p999": 1.2e9, "pulses_per_weight_and_epoch": 1e7,
    "lifetime_epochs": 1e6,
}  # fmt: skip
TRAINED = TRAINING | {
    "epochs": [EPOCHS[0] | {"epoch": 1000 + i, "cells_programmed": 10**12 + i} for i in range(30)],
    "demands": DEMANDS, "dataset": "CIFAR-10 (unverified)", "images": 50_000, 
    "test_images": 10_000, "scheme": "mixed_precision",
}  # fmt: skip


def tables(text):
    """The lines of a report's tables, and the sections that each stands in."""
    for block in text.split("\n\n"):
        lines = block.splitlines()
        if any(RULE.fullmatch(line) for line in lines):
            yield from lines


@pytest.mark.parametrize("network", paths.names("network"))
@pytest.mark.parametrize("architecture", paths.names("architecture"))
def test_no_table_is_wider_than_a_page(network, architecture):
    ways = list(SCHEMES) if network == "mlp" else [None]
    seen = 0
    for scheme in ways:
        settings = (f"architecture.scheme={scheme}",) if scheme else ()
        try:
            inputs = read_inputs(network, architecture, settings=_set(settings))
            report = report_of(inputs, Request(network, architecture, train=False))
        except (InputError, InfeasibleError):
            continue  # a scheme that this chip has no cells for
        for training in (None, TRAINED):
            text = readable.write(report | {"training": training})
            wide = [line for line in tables(text) if len(line) > WIDTH]
            assert not wide
            known = {"training": training, "ablations": [], "overrides": list(settings)}
            answers = readable.write(report | known).split("\n\n")[0].splitlines()
            lines = 9 if report["totals"]["image"] is None else 10  # no epoch where none trains
            assert len(answers) == lines
            assert all(len(line) <= WIDTH for line in answers[1:])
            with page(NARROWEST):  # of a terminal
                narrow = readable.write(report | known)
            answers = narrow.split("\n\n")[0].splitlines()
            assert len(answers) == lines
            assert all(len(line) <= NARROWEST for line in (*answers[1:], *tables(narrow)))
            parts = re.split(r"Energy of each part, without DRAM.*\n", text)[1].split("\n\n")[0]
            assert len(parts.splitlines()) <= 1 + 4 + 10 + 2  # rule, heading, ten, others, sum
            seen += 1
    assert seen


def _set(texts):
    from neurorebit.inputs.files import parse_setting

    return tuple(parse_setting(text) for text in texts)


def test_a_table_that_is_too_wide_loses_the_middle_of_names_then_continues_below():
    path = "tile/pe/macro/readout/input_shift_add/register"
    head = ["part", *(f"column {i}" for i in range(6))]
    # six columns of 8 and a gap of 2 leave 40
    drawn = table(head, [[path, *["1234567"] * 6]]).splitlines()
    assert drawn[-1].startswith("tile/../readout/input_shift_add/register ")
    wide = table([*head, *(f"more {i}" for i in range(9))], [[path, *["1234567890"] * 15]])
    assert len(wide.split("\n\n")) == 3
    assert all(len(line) <= WIDTH for line in wide.splitlines())
    assert wide.count("1234567890") == 15
    assert wide.count("register") == 3


@pytest.mark.parametrize(
    ("path", "most", "short"),
    [
        ("a/b", 5, "a/b"),
        ("tile/pe/macro/adder", 15, "tile/../adder"),
        ("tile/pe/macro/adder", 8, "adder"),
        ("a_name_without_steps", 10, "a_name_w.."),
    ],
)
def test_names_are_shortened_in_the_middle(path, most, short):
    assert shortened(path, most) == short
