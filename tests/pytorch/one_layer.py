"""Layers of small networks, computed by the kernels and by operations of PyTorch."""

import copy
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np
import torch
import yaml

from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.network import read_network
from neurorebit.schema import Document, paths
from neurorebit.schema.device import read_device
from neurorebit.schemes.table import SCHEMES
from neurorebit.torch.operating import Operations
from neurorebit.training.model import Model
from neurorebit.training.parts.workers import Workers

WORKERS = Workers(1)
QUIET = {"d2d": 0.0, "c2c": 0.0, "read": 0.0}


class Plain:
    """A layout whose parameter is the matrix itself."""

    def matrix(self, tensor):
        return tensor

    def tensor(self, matrix):
        return matrix


@dataclass(eq=False)
class OneMatrix:
    """What an engine takes of a layer of a model."""

    held: object
    pending: list = field(default_factory=list)
    layout: Plain = field(default_factory=Plain)

    @property
    def parameter(self):
        weights = self.held.weights
        return torch.from_numpy(weights.real if hasattr(weights, "real") else weights.cells.weight)


def layer_of(
    folder, scheme, layer, shape, *, chip="rebit", variation=QUIET, training=None, before=(), **keys
):
    """A matrix layer on a chip, and a copy of it for the other engine.

    ``shape`` (height, width, channels); ``before``: layers before it; ``keys`` of the
    architecture, of its arrays or not.
    """
    height, width, channels = shape
    tree = {
        "source": "a test",
        "name": "small",
        "input": {"channels": channels, "height": height, "width": width},
        "classes": 5,
        "layers": [*before, layer, {"kind": "flatten"}, {"kind": "linear", "features": 5}],
        "activity": {"source": "a test", "input_density": 0.2},
    }
    (folder / "small.yaml").write_text(yaml.safe_dump(tree))
    network = read_network(Document(folder / "small.yaml"))
    made = replace(network.training, **(training or {}))
    spec = read_architecture(Document(paths.shipped("architecture", chip)))
    device = read_device(Document(paths.shipped("device", spec.device)))
    own = spec.forward_section
    arrays = {k: v for k, v in keys.items() if hasattr(spec.forward, k)}
    others = {k: v for k, v in keys.items() if k not in arrays}
    spec = replace(spec, scheme=scheme, **{own: replace(spec.forward, **arrays)}, **others)
    device = replace(device, variation=replace(device.variation, **variation))
    model = Model(
        replace(network, training=made), spec, device, scheme=SCHEMES[scheme], seed=7,
        workers=WORKERS,
    )  # fmt: skip
    first = model.matrices[-2]
    first.sends_back = True
    return OneMatrix(first), OneMatrix(duplicate(first))


def duplicate(layer):
    """A layer with a state of its own, on the same site."""
    site = layer.weights.site
    kept = {id(site): site, id(layer.tools): layer.tools, id(layer.node): layer.node}
    kept[id(layer.outer)] = layer.outer
    return copy.deepcopy(layer, kept)


def maps(node, images=3, *, signed=False, seed=0, errors=False):
    """Random inputs of a layer, or errors of its outputs."""
    shape = node.shape_out if errors else node.shape_in
    size = images, shape.height, shape.width, shape.channels
    random = np.random.default_rng(seed)
    values = random.normal(size=size)
    if errors:
        return (values * 10.0 ** random.uniform(-3, 0, (images, 1, 1, 1))).astype(np.float32)
    return (values if signed else np.maximum(values, 0.0)).astype(np.float32)


def both(pair, x, *, learning=True):
    """The output by the kernels and by operations, and what the latter keep."""
    kernels, operations = pair
    wanted = kernels.held.forward((x.copy(),), learning)
    given = torch.from_numpy(x.copy())
    out, saved = Operations().forward(operations, given, operations.held.node, learning)
    return np.array(wanted), out.numpy(), saved


WANTS = SimpleNamespace(input=True, weight=True, bias=True)
