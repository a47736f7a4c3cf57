"""PyTorch's own files, where it is installed: read without running code, with its scores."""

import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is no dependency")

import neurorebit as nr  # noqa: E402  # where it is installed
from neurorebit.schema import InputError  # noqa: E402
from neurorebit.weights.archive import read  # noqa: E402

NETWORK = {
    "name": "small",
    "input": {"channels": 1, "height": 8, "width": 8},
    "classes": 10,
    "layers": [
        {"kind": "conv", "channels": 4, "kernel": 3}, {"kind": "batch_norm"}, {"kind": "relu"},
        {"kind": "max_pool", "kernel": 2}, {"kind": "flatten"},
        {"kind": "linear", "features": 12}, {"kind": "batch_norm"}, {"kind": "relu"},
        {"kind": "linear", "features": 10, "bias": True},
    ],
    "activity": {"source": "a guess", "input_density": 0.3},
    "training": {"dataset": "digits"},
}  # fmt: skip


@pytest.fixture
def module():
    torch.manual_seed(3)
    nn = torch.nn
    made = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(36, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 10),
    )  # fmt: skip
    with torch.no_grad():  # statistics of its own
        made(torch.rand(64, 1, 8, 8))
    return made.eval()


@pytest.fixture
def images():
    return np.random.default_rng(1).integers(0, 256, (80, 8, 8), np.uint8)


def classes(module, images):
    with torch.no_grad():
        return module(torch.tensor(images[:, None] / 255.0).float()).argmax(1).numpy()


def test_a_state_dict_gets_the_classes_of_its_module(module, images, tmp_path):
    torch.save(module.state_dict(), tmp_path / "model.pt")
    torch.save({"state_dict": module.state_dict(), "epoch": 3}, tmp_path / "checkpoint.pth")
    labels = classes(module, images)
    for given in (tmp_path / "model.pt", tmp_path / "checkpoint.pth", module.state_dict()):
        found = nr.evaluate(
            NETWORK, "rebit", weights_from=given, data=(images, labels, images, labels), draws=1,
            progress=False,
        )  # fmt: skip
        assert found.software == 1.0


def test_eight_bits_and_ideal_converters_change_little(module, images):
    chip = nr.chip("inference_reram").set(
        {"architecture.weight_bits": 8, "architecture.inference_arrays.cell_bits": 2}
    )
    labels = classes(module, images)
    found = nr.evaluate(
        NETWORK, chip, weights_from=module.state_dict(), data=(images, labels, images, labels),
        draws=1, progress=False,
    ).frame.set_index("key")["accuracy"]  # fmt: skip
    assert found["inputs"] >= 1.0 - 2 / 80


def test_a_whole_module_is_not_unpickled(module, tmp_path):
    torch.save(module, tmp_path / "model.pt")
    with pytest.raises(InputError, match=r"model.pt: not a state dict that can be read without"):
        read(tmp_path / "model.pt")


def test_a_damaged_file_is_refused(tmp_path):
    (tmp_path / "model.pt").write_bytes(b"not torch")
    with pytest.raises(InputError, match="not a state dict that can be read without running code"):
        read(tmp_path / "model.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(InputError, match="holds a list, not a state dict"):
        read(tmp_path / "list.pt")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda t: t.to_sparse(), "bias: is no dense tensor of numbers (can't convert Sparse"),
        (lambda t: t.to("meta"), "bias: is no dense tensor of numbers (Cannot copy out of meta"),
        (
            lambda t: t.to(torch.complex64),
            "bias: holds complex64, not numbers; give arrays of real numbers",
        ),
    ],
)
def test_tensors_that_are_no_dense_numbers_are_refused(module, tmp_path, make, told):
    state = {"bias": make(torch.zeros(3))}
    torch.save(state, tmp_path / "model.pt")
    for given in (tmp_path / "model.pt", state):
        with pytest.raises(InputError) as problem:
            nr.train(NETWORK, weights_from=given, data="digits", progress=False)
        assert told in str(problem.value)


def test_what_torch_warns_of_is_not_said(tmp_path, recwarn):
    """Pickles of a version that torch does not know, for one thing."""
    (tmp_path / "model.pt").write_bytes(pickle.dumps({"a": 1}, 4))
    with pytest.raises(InputError, match="not a state dict"):
        read(tmp_path / "model.pt")
    assert not recwarn.list
