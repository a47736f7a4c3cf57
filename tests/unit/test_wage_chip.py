"""Chips of whole numbers: their bill, what they refuse, and who is left out of a comparison."""

import pytest

import neurorebit as nr
from neurorebit.inputs.files import read_inputs
from neurorebit.schema import ImpossibleError, Setting
from neurorebit.schemes.ablations import ablations
from neurorebit.schemes.assumed import assumed
from neurorebit.schemes.table import SCHEMES
from neurorebit.studies.notes import notes
from neurorebit.studies.request import Request
from neurorebit.studies.scheme_rows import choices
from neurorebit.studies.schemes import suited

WHOLE = ["wage", "wage_reram"]
ROWS = [name for name, row in choices().items() if row.scheme in WHOLE]
WEIGHTS = 25 * 8 + 200 * 16 + 256 * 128 + 128 * 10  # a quarter of the width
NARROW = {"network.width": 0.25}


def of(network, scheme, **keys):
    chosen = {"architecture.scheme": scheme} | {k.replace("__", "."): v for k, v in keys.items()}
    settings = tuple(Setting(key, str(value)) for key, value in chosen.items())
    return read_inputs(network, SCHEMES[scheme].architecture, settings=settings)


def phases(chip, **keys):
    return nr.estimate(nr.network("lenet_wage").set(NARROW | keys), chip).phases


def test_memory_is_billed_by_the_bits_of_a_gradient():
    """Read and written once an iteration, 3.9 pJ a bit; gradients have room on the chip."""
    eight, sixteen = (
        phases("wage", **{"training.gradient_bits": bits}).loc["update", "dram_energy_J"]
        for bits in (8, 16)
    )
    assert eight == pytest.approx(2 * 8 * WEIGHTS * 3.9e-12)
    assert sixteen == pytest.approx(2 * 16 * WEIGHTS * 3.9e-12)


def test_in_place_digital_memory_keeps_nothing():
    chip = nr.chip("reram").set("architecture.scheme", "wage_reram")
    assert phases(chip).loc["update", "dram_energy_J"] == 0.0


def test_passes_are_billed_by_the_bits_of_inputs_and_errors():
    """Each plane of an input and of an error is a pass of its own through the arrays."""
    whole = phases("wage")
    fewer = phases(nr.chip("wage").set("architecture.input_bits", 4))
    assert fewer.loc["inference", "macro_energy_J"] < 0.7 * whole.loc["inference", "macro_energy_J"]
    fewer = phases(nr.chip("wage").set("architecture.error_bits", 4))
    assert fewer.loc["backward", "macro_energy_J"] < 0.7 * whole.loc["backward", "macro_energy_J"]


def test_its_own_chip_is_what_it_trains_and_another_one_is_named():
    one = of("lenet_wage", "wage")
    assert ablations(one.architecture, one.network.training) == ()
    other = read_inputs("lenet_wage", "rebit", settings=(Setting("architecture.scheme", "wage"),))
    (said,) = ablations(other.architecture, other.network.training)
    assert "training was software, whole numbers without arrays; the estimate bills" in said


REFUSED = [
    ("vgg11", {}, "layer 'batch_norm1': a norm", "leave it out, as vgg11_wage has it"),
    ("lenet_wage", {"training.loss": "cross_entropy"}, "a softmax", "take squared_one_hot"),
    ("lenet_wage", {"training.learning_rate": "0.3"}, "0.3 is none", "take 0.25"),
    ("lenet_wage", {"architecture.input_bits": "9"}, "2 to 8 bits", "take 8 or fewer"),
    ("lenet_wage", {"architecture.error_bits": "9"}, "2 to 8 bits", "take 8 or fewer"),
    ("lenet_wage", {"training.error_bits": "fp32"}, "2 to 8 bits", "take 8 or fewer"),
    ("lenet_wage", {"network.layers[0].bias": "true"}, "a bias", "bias: false"),
    ("lenet_wage", {"network.layers[1].kind": "avg_pool"}, None, None),
    ("lenet_wage", {"network.layers[2]": "{kind: tanh}"}, "kind tanh", "build it of add"),
]


def asked(network, scheme, train=True, **settings):
    given = {"architecture.scheme": scheme} | settings
    chosen = tuple(Setting(key, str(text)) for key, text in given.items())
    return Request(network, SCHEMES[scheme].architecture, settings=chosen, train=train)


@pytest.mark.parametrize("scheme", WHOLE)
@pytest.mark.parametrize(("network", "settings", "message", "cure"), REFUSED)
def test_what_whole_numbers_cannot_train_is_refused(scheme, network, settings, message, cure):
    request = asked(network, scheme, **settings)
    if message is None:
        request.inputs()
        return
    with pytest.raises(ImpossibleError) as refused:
        request.inputs()
    assert f"scheme={scheme}: " in refused.value.message
    assert message in refused.value.message
    assert cure in str(refused.value)


def test_an_estimate_of_what_cannot_be_trained_says_so():
    request = asked("vgg11", "wage", train=False)
    inputs = request.inputs()
    activity = assumed(inputs.network, inputs.architecture, inputs.device)
    (said,) = [line for line in notes(inputs, request, activity, None) if "no such" in line]
    assert said.startswith("no such training: scheme=wage: layer 'batch_norm1': a norm")
    request = asked("lenet_wage", "wage", train=False)
    inputs = request.inputs()
    activity = assumed(inputs.network, inputs.architecture, inputs.device)
    assert not any("no such" in line for line in notes(inputs, request, activity, None))


@pytest.mark.parametrize("scheme", WHOLE)
@pytest.mark.parametrize("bits", [1, 17])
def test_gradients_have_two_to_sixteen_bits(scheme, bits):
    with pytest.raises(ImpossibleError, match="gradient_bits: should be"):
        of("lenet_wage", scheme, training__gradient_bits=bits)


def test_memory_is_not_narrower_than_its_weights():
    keys = {"architecture.weight_bits": 4, "training.gradient_bits": 3}
    with pytest.raises(ImpossibleError, match="weights of 4 bits are rounded from memory of 3"):
        asked("lenet_wage", "wage", **keys).inputs()
    keys = {"training.edge_bits": 6, "training.gradient_bits": 5}
    with pytest.raises(ImpossibleError, match="weights of 6 bits are rounded from memory of 5"):
        asked("lenet_wage", "wage", **keys).inputs()
    asked("lenet_wage", "wage_reram", **keys).inputs()


def test_a_comparison_leaves_out_what_cannot_train_the_network():
    said = []
    every = list(choices())
    assert suited(Request("lenet_wage"), said.append) == every
    assert said == []
    assert suited(Request("vgg11"), said.append) == [name for name in every if name not in ROWS]
    assert [line.split(",")[0] for line in said] == [f"left out: {name}" for name in ROWS]
    assert "layer 'batch_norm1'" in said[0]
