"""Every gradient of a model against central differences of its loss, in double precision."""

import numpy as np
import pytest

from neurorebit.training.trainer import softmax_loss

STEP = 1e-5


def parameters(model):
    """Pairs of what learns and of its velocity, which is the gradient without momentum."""
    found = []
    for step in model.steps:
        layer = step.layer
        if getattr(layer, "adapter", None) is not None:
            one = layer.adapter
            found += [(one.down, one.down_velocity), (one.up, one.up_velocity)]
        if step.node.layer.frozen:
            continue
        if hasattr(layer, "weights"):
            found.append((layer.weights.real, layer.weights.velocity))
            if layer.bias is not None:
                found.append((layer.bias, layer.bias_velocity))
        if hasattr(layer, "gain"):
            found += [(layer.gain, layer.gain_velocity), (layer.shift, layer.shift_velocity)]
    return found


def check(model, x, labels, *, each=10, seed=3):
    """Compare ``each`` entries of each parameter, drawn at random; returns how many there were.

    ``model`` is one without momentum and decay; its backward pass learns at a rate of zero.
    """
    rng = np.random.default_rng(seed)

    def loss():
        return softmax_loss(model.forward(x, learning=True), labels)[0]

    model.backward(softmax_loss(model.forward(x, learning=True), labels)[1], rate=0.0)
    known = [(values, velocity.copy()) for values, velocity in parameters(model)]
    checked = 0
    for values, gradient in known:
        flat = values.reshape(-1)
        for i in rng.choice(flat.size, min(flat.size, each), replace=False):
            old = flat[i]
            flat[i] = old + STEP
            above = loss()
            flat[i] = old - STEP
            below = loss()
            flat[i] = old
            numerical = (above - below) / (2 * STEP)
            assert gradient.reshape(-1)[i] == pytest.approx(numerical, rel=1e-6, abs=1e-9)
            checked += 1
    return checked
