"""Small networks for the tests of training: a step, and models on devices of choice."""

from dataclasses import replace

import numpy as np

from neurorebit.schemes.table import SCHEMES
from neurorebit.training.model import Model
from neurorebit.training.parts.product import Windows
from neurorebit.training.trainer import softmax_loss

CONV = {"kind": "conv", "channels": 5, "kernel": 3, "padding": 1}
LAYERS = [CONV, {"kind": "relu"}, {"kind": "flatten"}, {"kind": "linear", "features": 3}]
SHAPE = (4, 4, 6)  # 54 rows for the convolution, 80 for the classifier
EXACT = {"input_bits": 16, "error_bits": "fp32", "d2d": 0.0, "c2c": 0.0}  # of what is not a cell


def one_step(model, x, labels, rate=0.1):
    loss, gradient = softmax_loss(model.forward(x, learning=True), labels)
    model.backward(gradient, rate)
    return loss


def model_on(bench, network, weights, device, **changes):
    """A model on the shipped chip with another device."""
    spec = bench.chip(weights, **changes)[0]
    return Model(
        network,
        spec,
        device,
        scheme=SCHEMES[weights],
        seed=1,
        workers=bench.workers,
        dtype=np.float64,
    )


def linear_device(bench, levels=1000, **variation):
    """Pulses on straight lines, without spread unless asked for."""
    device = bench.chip("hybrid")[1]
    pulses = replace(
        device.pulses, levels_ltp=levels, levels_ltd=levels, nonlinearity_ltp=0.0,
        nonlinearity_ltd=0.0, c2c=0.0,
    )  # fmt: skip
    none = replace(device.variation, **{"d2d": 0.0, "c2c": 0.0, **variation})
    return replace(device, pulses=pulses, variation=none)


def vectors(model, x, dy_seed=0):
    """What a layer's weights are given: the input of the first layer, and errors."""
    layer = model.matrices[0]
    windows = Windows(x, 1 / 255, layer.node)
    shape = layer.node.shape_out
    dy = np.random.default_rng(dy_seed).normal(
        size=(len(x), shape.height, shape.width, shape.channels)
    )
    return layer.weights, windows, dy
