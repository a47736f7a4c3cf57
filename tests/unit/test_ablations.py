"""What a report says of a training that is not that of the chip it bills."""

from dataclasses import replace

import pytest

from neurorebit.ablations import SAID, ablations
from neurorebit.inputs import Setting, read_inputs

CHOICES = {
    "quantiser": "wage", "edge_bits": "8", "mapping": "pair", "write": "verify", "reprogram": "1",
    "error_path": "levels", "read": "levels", "conversion": "bit_serial", "wires": "resistive",
    "digital": "bit_serial",
}  # fmt: skip


@pytest.mark.parametrize("key", SAID)
def test_every_choice_that_is_not_the_chips_is_named(key):
    inputs = read_inputs("mlp")
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


@pytest.mark.parametrize("key", sorted(SAID))
def test_a_choice_that_a_scheme_does_not_heed_is_not_said_to_matter(key):
    """In place nothing is written to levels, and no error goes through real weights."""
    heeded = key in ("read", "rest", "conversion", "wires")
    inputs = read_inputs("mlp", "reram", settings=(Setting("architecture.weights", "reram"),))
    if key == "rest":
        training = replace(inputs.network.training, rest=10.0)
    else:
        chosen = {"reprogram": 1}.get(key, CHOICES[key])
        training = replace(inputs.network.training, **{key: chosen})
    (told,) = ablations(inputs.architecture, training)
    assert ("without effect" in told) == (not heeded)


def test_cells_read_as_levels_heed_the_bits_of_the_edges():
    inputs = read_inputs("mlp", "reram", settings=(Setting("architecture.weights", "reram"),))
    training = replace(inputs.network.training, read="levels", edge_bits=3)
    assert not any("without effect" in told for told in ablations(inputs.architecture, training))


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ("quantized", "training was software, without arrays"),
        ("reram_mapped", "errors went back through the arrays"),
        ("reram", "a scheme of another chip; the estimate bills the hybrid chip"),
    ],
)
def test_a_scheme_that_is_not_the_chips_is_named(weights, told):
    inputs = read_inputs("mlp", settings=(Setting("architecture.weights", weights),))
    (said,) = ablations(inputs.architecture, inputs.network.training)
    assert said.startswith(f"weights={weights}: ")
    assert told in said
