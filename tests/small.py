"""Small networks for the tests of training: a step, and models on devices of choice."""

from dataclasses import replace

import numpy as np
from oracle import cells as plain
from oracle import naive

from neurorebit.inputs.architecture import read_architecture
from neurorebit.schema import Document, paths
from neurorebit.schemes.table import SCHEMES
from neurorebit.training.model import Model, activity_of
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


# --- dense layers with unlike numbers throughout, for what is written a second time by hand

DENSE = [
    {"kind": "flatten"}, {"kind": "linear", "features": 11}, {"kind": "relu"},
    {"kind": "linear", "features": 5},
]  # fmt: skip
INPUTS, HIDDEN, CLASSES, SEED = 14, 11, 5, 1
SIZES = ((INPUTS, HIDDEN), (HIDDEN, CLASSES))  # rows and columns of the two layers


def unlike_device(bench, *, steep=(1.75, -1.46), **variation):
    """Pulses up and down differ in number and curve, noises in size."""
    device = bench.chip("hybrid")[1]
    pulses = replace(
        device.pulses, levels_ltp=97, levels_ltd=41, nonlinearity_ltp=steep[0],
        nonlinearity_ltd=steep[1], c2c=0.013,
    )  # fmt: skip
    varied = replace(device.variation, **{"d2d": 0.12, "c2c": 0.17, **variation})
    return replace(device, on_off_ratio=7.0, pulses=pulses, variation=varied)


def dense(bench, weights, device, *, training=None, spec=None, **changes):
    """Two dense layers on a chip with that device; errors and products are exact unless said.

    ``spec``: another chip than the shipped one.
    """
    keys = {"adc": "ideal", "momentum": 0.7, "weight_decay": 0.01, "batch": 6, **(training or {})}
    network = bench.network((1, 1, INPUTS), DENSE, CLASSES, **keys)
    changes = {"error_bits": "fp32", **changes}
    if spec is None:
        return model_on(bench, network, weights, device, **changes)
    return Model(
        network,
        replace(spec, **changes),
        device,
        scheme=SCHEMES[weights],
        seed=SEED,
        workers=bench.workers,
        dtype=np.float64,
    )


def given(layer, step=0, vectors=6):
    """Bytes in and errors out of a layer, of other size in each step."""
    rng = np.random.default_rng(100 * layer + step)
    x = rng.integers(0, 256, (vectors, 1, 1, SIZES[layer][0]), np.uint8)
    return x, rng.normal(0, 0.3 / (1 + step), (vectors, 1, 1, SIZES[layer][1]))


def learn(model, layer, x, dy, rate):
    """One step of one layer, on its own: what it put out, and what it sent back."""
    matrix = model.matrices[layer]
    matrix.sends_back = True
    out = matrix.forward((x,), learning=True).copy()
    (back,) = matrix.backward(dy.copy(), rate)
    return out.reshape(len(x), -1), back.reshape(len(x), -1)


def held_by(model, layer):
    """The weights in the arrays over the outermost one, flat, and what that is."""
    weights = model.matrices[layer].weights
    shares = weights.cells.weight if hasattr(weights, "cells") else weights.analog
    return shares.ravel(), weights.full


def writes_of(model, layer):
    """How often each cell of a layer was written."""
    return model.matrices[layer].weights.writes


def fast_of(model, layer):
    """What the fast cells of a layer hold."""
    return model.matrices[layer].weights.fast.weight.ravel()


def measured(model, layer):
    """The activity that a layer measured, which has learned."""
    return activity_of(model.matrices[layer])


def real_of(model, layer):
    """The real weights [rows, cols] of a layer that has them."""
    return model.matrices[layer].weights.real[0]


def cells_of(model, layer):
    """What the cells of a layer's weights hold, flat."""
    return held_by(model, layer)[0]


def in_place_chip(weights, **arrays):
    """The shipped chip that learns in place, with other arrays."""
    spec = read_architecture(Document(paths.shipped("architecture", "reram")))
    return replace(spec, scheme=weights, arrays=replace(spec.arrays, **arrays))


def against(model, layer, back=False, relative=0.0, read=0):
    """A read's weights over the outermost one [rows, cols], by plain loops: cells less references.

    Forward a reference column for each ``cols_per_adc`` cells, backward a row for ``rows_per_adc``.
    ``relative``: noise of the read with that number, of the references alone.
    """
    shares, site = cells_of(model, layer), model.matrices[layer].weights.site
    spec, (rows, cols) = site.spec, SIZES[layer]
    if back:
        share, line_of, first = 1, [], 0
        for start, stop in site.cuts:
            line_of += [first + i // spec.rows_per_adc for i in range(stop - start)]
            first = line_of[-1] + 1
    else:
        share, line_of = int(spec.forward.cols_per_adc / spec.cells_per_weight), list(range(rows))
    count, array = (line_of[-1] + 1) * -(-cols // share), plain.BACK if back else plain.FORTH
    placed = hasattr(model.matrices[layer].weights, "cells")
    held = plain.references(site.device, count, layer, SEED, array, placed)
    middle, purpose = plain.offset(site.device), plain.READ + plain.ARRAY * array
    if relative:
        draws = [naive.normal(i, read, layer, purpose, SEED) for i in range(count)]
        held = [
            plain.positive(relative, z) * (w + middle) - middle
            for w, z in zip(held, draws, strict=True)
        ]
    return np.array(plain.compared(shares, (rows, cols), held, line_of, share))


def less_references(held, back=False):
    """The weights [rows, cols] of a layer's arrays less what their reference cells hold.

    ``back``: of a transposed read, which shares rows of reference cells.
    """
    weight = held.cells.weight if hasattr(held, "cells") else held.analog
    references = held.reading.back_references if back else held.reading.references
    rows, cols = weight.shape[1:]
    lines = np.asarray(references.line_of)[:rows, None]
    return weight[0] - references.cells[lines, np.arange(cols) // references.share]
