"""A small network with all that a layout can get wrong, and a state dict of it."""

import numpy as np
import pytest
from oracle import channels_first as plain

from neurorebit.inputs.network import read_network
from neurorebit.schema import Document

NETWORK = """\
source: a test
name: small
input: {channels: 2, height: 5, width: 6}
classes: 3
layers:
  - {kind: conv, channels: 4, kernel: 3, padding: 1, groups: 2, name: first}
  - {kind: batch_norm}
  - {kind: relu}
  - {kind: max_pool, kernel: 2}
  - {kind: flatten}
  - {kind: linear, features: 7, name: hidden}
  - {kind: batch_norm}
  - {kind: relu}
  - {kind: linear, features: 3, name: last}
activity: {source: a test, input_density: 0.2}
"""


@pytest.fixture
def network(tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(NETWORK)
    return read_network(Document(file))


@pytest.fixture
def state():
    """A state dict as PyTorch names and shapes it, in a module of its own names."""
    rng = np.random.default_rng(3)

    def norm(name, channels):
        return {
            f"{name}.weight": rng.uniform(0.5, 1.5, channels).astype(np.float32),
            f"{name}.bias": rng.normal(0, 0.3, channels).astype(np.float32),
            f"{name}.running_mean": rng.normal(0, 0.2, channels).astype(np.float32),
            f"{name}.running_var": rng.uniform(0.3, 2.0, channels).astype(np.float32),
            f"{name}.num_batches_tracked": np.int64(5),
        }

    return {
        "features.0.weight": rng.normal(0, 0.4, (4, 1, 3, 3)).astype(np.float32),
        **norm("features.1", 4),
        "classifier.0.weight": rng.normal(0, 0.3, (7, 24)).astype(np.float32),
        **norm("classifier.1", 7),
        "classifier.3.weight": rng.normal(0, 0.5, (3, 7)).astype(np.float32),
    }


@pytest.fixture
def scores():
    """The scores of images [B, H, W, C] by a channels-first network, image by image."""

    def found(state, images, bias=None):
        given = bias or {}
        out = []
        for image in images:
            x = image.transpose(2, 0, 1) / 255.0
            x = plain.convolution(
                x, state["features.0.weight"], given.get("features.0"), padding=1, groups=2
            )
            x = plain.max_pool(np.maximum(plain.batch_norm(x, state, "features.1"), 0.0), 2)
            x = plain.linear(x.ravel(), state["classifier.0.weight"], given.get("classifier.0"))
            x = np.maximum(plain.batch_norm(x, state, "classifier.1"), 0.0)
            out.append(plain.linear(x, state["classifier.3.weight"]))
        return np.array(out)

    return found
