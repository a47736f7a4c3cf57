"""Small networks on the shipped chip, for the tests of training."""

from dataclasses import replace

import numpy as np
import pytest
import yaml

from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.network import read_network
from neurorebit.schema import Document, paths
from neurorebit.schema.device import read_device
from neurorebit.schemes.table import SCHEMES
from neurorebit.training.model import Model
from neurorebit.training.parts.workers import Workers


class Bench:
    """Builds networks from their layers, and models of them on a chip of choice."""

    def __init__(self, folder):
        self.folder = folder
        self.workers = Workers(1)

    def network(self, shape, layers, classes, **training):
        """A network with inputs of ``shape`` (height, width, channels)."""
        height, width, channels = shape
        tree = {
            "source": "a test",
            "name": "small",
            "input": {"channels": channels, "height": height, "width": width},
            "classes": classes,
            "layers": layers,
            "activity": {"source": "a test", "input_density": 0.2},
        }
        file = self.folder / "small.yaml"
        file.write_text(yaml.safe_dump(tree))
        network = read_network(Document(file))
        return replace(network, training=replace(network.training, **training))

    def chip(self, weights, *, d2d=0.1, c2c=0.1, **changes):
        """The shipped architecture and device, with changes."""
        spec = read_architecture(Document(paths.shipped("architecture", "rebit")))
        device = read_device(Document(paths.shipped("device", spec.device)))
        arrays = {k: v for k, v in changes.items() if hasattr(spec.apim, k)}
        others = {k: v for k, v in changes.items() if k not in arrays}
        spec = replace(spec, scheme=weights, apim=replace(spec.apim, **arrays), **others)
        return spec, replace(device, variation=replace(device.variation, d2d=d2d, c2c=c2c))

    def model(
        self,
        network,
        weights="real",
        *,
        seed=1,
        workers=None,
        dtype=np.float64,
        wires=None,
        **changes,
    ):
        """A model that computes in float64, so that small differences can be told."""
        return Model(
            network,
            *self.chip(weights, **changes),
            scheme=SCHEMES[weights],
            seed=seed,
            workers=workers or self.workers,
            dtype=dtype,
            wires=wires,
        )


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def images():
    """Random bytes in the shape of images."""

    def make(count, shape, seed=0):
        return np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8)

    return make
