"""What a report says of a training that is not that of the chip it bills."""

from dataclasses import replace

import pytest
from common import TRAINED_NETWORKS

from neurorebit.inputs.files import read_inputs
from neurorebit.schema import Setting
from neurorebit.schemes.ablations import DEPARTURES, ablations, changed, why_idle
from neurorebit.schemes.tiki_taka.keys import TikiTaka

CHOICES = {
    "quantiser": "wage", "edge_bits": "8", "mapping": "pair", "reprogram": "1",
    "error_path": "levels", "read": "levels", "conversion": "bit_serial", "wires": "resistive",
    "digital": "bit_serial",
}  # fmt: skip


@pytest.mark.parametrize("key", DEPARTURES)
def test_every_choice_that_is_not_the_chips_is_named(key):
    chip = "reram" if key == "read" else "rebit"
    inputs = read_inputs("mlp", chip)
    value = CHOICES.get(key)
    if key == "rest":
        training = replace(inputs.network.training, rest=10.0)
    else:
        training = read_inputs(
            "mlp", settings=(Setting(f"training.{key}", value),)
        ).network.training
    assert ablations(inputs.architecture, inputs.network.training) == ()
    (told,) = ablations(inputs.architecture, training)
    assert told.startswith(f"{key}={value or 10.0}: ")


@pytest.mark.parametrize("key", sorted(DEPARTURES))
def test_a_choice_that_a_scheme_does_not_heed_is_not_said_to_matter(key):
    """In place nothing is written to levels, and no error goes through real weights."""
    heeded = key in ("read", "rest", "conversion", "wires")
    inputs = read_inputs("mlp", "reram", settings=(Setting("architecture.scheme", "reram"),))
    if key == "rest":
        training = replace(inputs.network.training, rest=10.0)
    else:
        chosen = {"reprogram": 1}.get(key, CHOICES[key])
        training = replace(inputs.network.training, **{key: chosen})
    assert len(ablations(inputs.architecture, training)) == heeded
    assert ("without effect" in why_idle(key, inputs.architecture, training)) == (not heeded)


IDLE = [
    ("hybrid", {"threshold": 0.5}, "scheme=hybrid knows no such choice"),
    ("hybrid", {"tiki_taka": TikiTaka(rate=0.1)}, "scheme=hybrid knows no such choice"),
    ("hybrid", {"write": "pulses", "write_tolerance": 0.1}, "beside write=pulses"),
    ("manhattan", {"weight_decay": 0.0}, "scheme=manhattan knows no such choice"),
    ("tiki_taka", {"weight_clip": 2.0}, "scheme=tiki_taka knows no such choice"),
    ("manhattan", {"momentum": 0.5}, "of the batch norms alone, scheme=manhattan has none"),
    ("real", {"level_range": 3.0}, "scheme=real knows no such choice"),
    ("real", {"adc": "ideal"}, "scheme=real knows no such choice"),
    ("quantized", {"quantiser": "wage", "level_range": 3.0}, "beside quantiser=wage"),
    ("hybrid", {"adc": "ideal", "conversion": "bit_serial"}, "beside adc=ideal"),
    ("reram", {"rest": 0.5}, "cells drift from 1 s after their last write"),
    ("hybrid", {"digital": "bit_serial", "error_path": "levels"}, "beside digital=bit_serial"),
]


def of(chip, weights, values):
    inputs = read_inputs("mlp", chip, settings=(Setting("architecture.scheme", weights),))
    return inputs.architecture, replace(inputs.network.training, **values)


@pytest.mark.parametrize(("weights", "values", "told"), IDLE)
def test_a_choice_that_changes_nothing_is_not_an_ablation(weights, values, told):
    spec, training = of(
        "reram" if weights in ("manhattan", "tiki_taka") else "rebit", weights, values
    )
    (key,) = [key for key, _ in changed(training) if key.startswith(list(values)[-1])]
    assert why_idle(key, spec, training).endswith(told)
    assert not any(line.startswith(key) for line in ablations(spec, training))


HEEDED = [
    ("hybrid", {"write": "verify", "write_tolerance": 0.1}),
    ("quantized", {"level_range": 3.0, "weight_clip": 2.0}),
    ("reram", {"quantiser": "wage", "level_range": 3.0}),
    ("reram", {"momentum": 0.5, "weight_decay": 0.0}),
    ("manhattan", {"threshold": 0.5}),
    ("tiki_taka", {"tiki_taka": TikiTaka(rate=0.1)}),
]


@pytest.mark.parametrize(("weights", "values"), HEEDED)
def test_a_choice_that_a_scheme_heeds_is_not_said_to_be_idle(weights, values):
    chip = "rebit" if weights in ("hybrid", "quantized") else "reram"
    spec, training = of(chip, weights, values)
    (key,) = [key for key, _ in changed(training) if key.startswith(list(values)[-1])]
    assert why_idle(key, spec, training) == ""


@pytest.mark.parametrize("recipe", ["paper", "quick"])
def test_what_a_shipped_recipe_sets_is_not_named(recipe):
    for network in TRAINED_NETWORKS:
        for weights in ("manhattan", "tiki_taka", "real"):
            chip = "rebit" if weights == "real" else "reram"
            settings = (Setting("architecture.scheme", weights),)
            inputs = read_inputs(network, chip, recipe=recipe, settings=settings)
            found = ablations(inputs.architecture, inputs.network.training)
            assert all(line.startswith("scheme=") for line in found)
            assert not any(
                why_idle(key, inputs.architecture, inputs.network.training)
                for key, _ in changed(inputs.network.training)
            )


@pytest.mark.parametrize("chip", ["reram", "sram"])
def test_training_reads_rows_as_the_estimate_bills_them(chip):
    """One after the other each cell is converted alone, see ``tests/unit/train``."""
    settings = (Setting("architecture.arrays.read", "row_by_row"),)
    inputs = read_inputs("mlp", chip, settings=settings)
    assert ablations(inputs.architecture, inputs.network.training) == ()


def test_cells_read_as_levels_heed_the_bits_of_the_edges():
    inputs = read_inputs("mlp", "reram", settings=(Setting("architecture.scheme", "reram"),))
    training = replace(inputs.network.training, read="levels", edge_bits=3)
    assert why_idle("edge_bits", inputs.architecture, training) == ""
    assert why_idle("edge_bits", inputs.architecture, replace(training, read="analog")) != ""


def test_a_rest_in_which_nothing_drifts_changes_nothing():
    spec, training = of("rebit", "hybrid", {"rest": 1.0})
    assert why_idle("rest", spec, training) == (
        "without effect, cells drift from 1 s after their last write"
    )
    assert why_idle("rest", spec, replace(training, rest=1.1)) == ""


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ("quantized", "training was software, without arrays"),
        ("reram_mapped", "errors went back through the arrays"),
        (
            "reram",
            "a scheme of another chip, architecture=reram; the estimate bills the hybrid chip",
        ),
    ],
)
def test_a_scheme_that_is_not_the_chips_is_named(weights, told):
    inputs = read_inputs("mlp", settings=(Setting("architecture.scheme", weights),))
    (said,) = ablations(inputs.architecture, inputs.network.training)
    assert said.startswith(f"scheme={weights}: ")
    assert told in said
