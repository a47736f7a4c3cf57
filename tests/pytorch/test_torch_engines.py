"""A converted model by operations of PyTorch learns as it does by the kernels."""

import copy

import numpy as np
import pytest

from neurorebit.schema import InputError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
import neurorebit.torch as nrt  # noqa: E402

INPUTS = torch.rand((24, 2, 6, 6), generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(24) % 3


def model():
    torch.manual_seed(2)
    return torch.nn.Sequential(
        torch.nn.Conv2d(2, 6, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(6, 4, 3, stride=2, groups=2),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(16, 3),
    )


def step(analog, optimizer):
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(analog(INPUTS), LABELS)
    loss.backward()
    optimizer.step()
    return loss.item()


def trained(engine, chip, scheme, own, steps=3):
    """A model after some steps of our optimiser, or of AdamW, and its losses."""
    analog = nrt.convert(model(), chip, scheme=scheme, engine=engine, seed=4)
    if own:
        optimizer = nrt.optimiser(analog, lr=0.05)
    else:
        optimizer = torch.optim.AdamW(analog.parameters(), 1e-2)
        analog.follow(optimizer)
    return analog, [step(analog, optimizer) for _ in range(steps)]


@pytest.mark.parametrize(
    ("chip", "scheme", "own"),
    [
        ("rebit", "hybrid", False),
        ("rebit", "hybrid", True),
        ("rebit", "quantized", True),
        ("rebit", "real", False),
        ("reram", "reram", True),
        ("reram", "mixed_precision", True),
    ],
)
def test_a_model_learns_by_operations_as_by_kernels(chip, scheme, own):
    kernels, losses = trained("kernels", chip, scheme, own)
    operations, others = trained("operations", chip, scheme, own)
    assert np.allclose(losses, others, rtol=5e-3)
    one, other = kernels.state_dict(), operations.state_dict()
    assert one.keys() == other.keys()
    for key, value in one.items():
        assert other[key].shape == value.shape, key
        if value.numel():
            apart = (other[key].double() - value.double()).abs()
            size = value.double().abs().amax() + 1e-12
            assert (apart > 1e-3 * size).double().mean() < 0.05, key


def test_copies_and_states_of_operations_go_on_alike():
    analog, _ = trained("operations", "rebit", "hybrid", False)
    twin = copy.deepcopy(analog)
    third = nrt.convert(model(), "rebit", scheme="hybrid", engine="operations", seed=4)
    third.load_state_dict(analog.state_dict())
    outputs = []
    for each in (analog, twin, third):
        optimizer = torch.optim.SGD(each.parameters(), 0.1)
        each.follow(optimizer)
        step(each, optimizer)
        with torch.no_grad():
            outputs.append(each.eval()(INPUTS))
    assert torch.equal(outputs[0], outputs[1])
    assert torch.equal(outputs[0], outputs[2])


def test_a_scheme_without_operations_is_refused():
    analog = nrt.convert(model(), "reram", scheme="tiki_taka", engine="operations")
    with pytest.raises(InputError, match="tiki_taka"):
        analog.eval()(INPUTS)


def test_resistive_wires_are_refused():
    wires = {"wires": "resistive"}
    analog = nrt.convert(model(), "rebit", scheme="hybrid", engine="operations", training=wires)
    with pytest.raises(InputError, match="wires"):
        analog.eval()(INPUTS)
