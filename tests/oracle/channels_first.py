"""A network as a tool that is channels-first computes it, from its state dict: plain loops."""

import numpy as np


def convolution(x, weight, bias=None, *, stride=1, padding=0, groups=1):
    """``x`` [C, H, W], ``weight`` [out, in / groups, height, width]; the output [out, H, W]."""
    outputs, inputs, high, wide = weight.shape
    _, height, width = x.shape
    shape = outputs, (height + 2 * padding - high) // stride + 1
    shape = (*shape, (width + 2 * padding - wide) // stride + 1)
    out = np.zeros(shape)
    for n, y, z in np.ndindex(*shape):
        first = n // (outputs // groups) * inputs
        total = 0.0 if bias is None else float(bias[n])
        for c, ky, kx in np.ndindex(inputs, high, wide):
            at = y * stride - padding + ky, z * stride - padding + kx
            if 0 <= at[0] < height and 0 <= at[1] < width:
                total += float(x[first + c, at[0], at[1]]) * float(weight[n, c, ky, kx])
        out[n, y, z] = total
    return out


def batch_norm(x, state, name):
    """Of [C, ...] by running statistics."""
    out = np.zeros(x.shape)
    for c in range(len(x)):
        scale = float(state[f"{name}.weight"][c])
        scale /= (float(state[f"{name}.running_var"][c]) + 1e-5) ** 0.5
        shift = float(state[f"{name}.bias"][c])
        out[c] = (x[c] - float(state[f"{name}.running_mean"][c])) * scale + shift
    return out


def max_pool(x, kernel):
    """The largest of each window of [C, H, W]."""
    channels, height, width = x.shape
    out = np.zeros((channels, height // kernel, width // kernel))
    for c, y, z in np.ndindex(*out.shape):
        lines = x[c, y * kernel : (y + 1) * kernel]
        out[c, y, z] = max(float(v) for line in lines for v in line[z * kernel : (z + 1) * kernel])
    return out


def linear(x, weight, bias=None):
    """``weight`` [out, in] times a vector."""
    out = np.zeros(len(weight))
    for n in range(len(weight)):
        out[n] = sum(float(w) * float(v) for w, v in zip(weight[n], x, strict=True))
        out[n] += 0.0 if bias is None else float(bias[n])
    return out
