"""Activations of flat arrays, and their gradients.

A gradient comes in place of ``dy``, from the output ``y`` or the input ``x``. Functions are
computed in double precision, exponentials by arithmetic of our own (``noise.exponential``), which
gives the same bits on every machine. nan stays nan.
"""

import math

import numpy as np
from numba import njit

from neurorebit.kernels import noise

MOST = 700.0  # largest magnitude of an exponent
ROOT_HALF = math.sqrt(0.5)
DENSITY = 1.0 / math.sqrt(2.0 * math.pi)  # of the normal distribution at 0
BEND = math.sqrt(2.0 / math.pi)  # of the tangent form of GELU
CUBE = 0.044715


@njit(cache=True, nogil=True, error_model="numpy")
def logistic(x):
    """1 / (1 + exp(-x))."""
    z = -x
    z = MOST if z > MOST else z
    z = -MOST if z < -MOST else z
    return 1.0 / (1.0 + noise.exponential(z))


@njit(cache=True, nogil=True)
def clipped_at_six(x, out):
    """``out`` = min(max(x, 0), 6)."""
    zero, six = x.dtype.type(0), x.dtype.type(6)
    for i in range(x.size):
        y = zero if x[i] < zero else x[i]
        out[i] = six if y > six else y


@njit(cache=True, nogil=True)
def clipped_at_six_gradient(dy, y):
    """Zero where the output is at either end."""
    zero, six = y.dtype.type(0), y.dtype.type(6)
    for i in range(y.size):
        dy[i] = zero if y[i] <= zero or y[i] >= six else dy[i]


@njit(cache=True, nogil=True)
def leaky(x, out, slope):
    """``out`` = x, ``slope`` times x below zero."""
    zero, share = x.dtype.type(0), x.dtype.type(slope)
    for i in range(x.size):
        out[i] = share * x[i] if x[i] < zero else x[i]


@njit(cache=True, nogil=True)
def leaky_gradient(dy, x, slope):
    """Times the slope where the input is not positive."""
    zero, share = x.dtype.type(0), x.dtype.type(slope)
    for i in range(x.size):
        dy[i] = share * dy[i] if x[i] <= zero else dy[i]


@njit(cache=True, nogil=True)
def sigmoid(x, out):
    """``out`` = 1 / (1 + exp(-x))."""
    real = x.dtype.type
    for i in range(x.size):
        out[i] = real(logistic(np.float64(x[i])))


@njit(cache=True, nogil=True)
def sigmoid_gradient(dy, y):
    """Times y (1 - y)."""
    one = y.dtype.type(1)
    for i in range(y.size):
        dy[i] *= y[i] * (one - y[i])


@njit(cache=True, nogil=True)
def tangent(x, out):
    """``out`` = tanh(x) = 2 logistic(2 x) - 1."""
    real = x.dtype.type
    for i in range(x.size):
        out[i] = real(2.0 * logistic(2.0 * np.float64(x[i])) - 1.0)


@njit(cache=True, nogil=True)
def tangent_gradient(dy, y):
    """Times 1 - y^2."""
    one = y.dtype.type(1)
    for i in range(y.size):
        dy[i] *= one - y[i] * y[i]


@njit(cache=True, nogil=True)
def gelu(x, out):
    """``out`` = x times the normal distribution function of x."""
    real = x.dtype.type
    for i in range(x.size):
        z = np.float64(x[i])
        out[i] = real(z * 0.5 * (1.0 + math.erf(ROOT_HALF * z)))


@njit(cache=True, nogil=True)
def gelu_gradient(dy, x):
    """Times the distribution function plus x times the density."""
    real = x.dtype.type
    for i in range(x.size):
        z = np.float64(x[i])
        fall = -0.5 * z * z
        density = DENSITY * noise.exponential(-MOST if fall < -MOST else fall)
        dy[i] *= real(0.5 * (1.0 + math.erf(ROOT_HALF * z)) + z * density)


@njit(cache=True, nogil=True)
def gelu_by_tangent(x, out):
    """``out`` = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2."""
    real = x.dtype.type
    for i in range(x.size):
        z = np.float64(x[i])
        out[i] = real(z * logistic(2.0 * BEND * (z + CUBE * z * z * z)))


@njit(cache=True, nogil=True)
def gelu_by_tangent_gradient(dy, x):
    """Times the gate plus x times its slope."""
    real = x.dtype.type
    for i in range(x.size):
        z = np.float64(x[i])
        gate = logistic(2.0 * BEND * (z + CUBE * z * z * z))
        slope = 2.0 * BEND * (1.0 + 3.0 * CUBE * z * z)
        dy[i] *= real(gate + z * gate * (1.0 - gate) * slope)


@njit(cache=True, nogil=True)
def silu(x, out):
    """``out`` = x / (1 + exp(-x))."""
    real = x.dtype.type
    for i in range(x.size):
        z = np.float64(x[i])
        out[i] = real(z * logistic(z))


@njit(cache=True, nogil=True)
def silu_gradient(dy, x):
    """Times s (1 + x (1 - s)), s the logistic function of x."""
    real = x.dtype.type
    for i in range(x.size):
        z = np.float64(x[i])
        s = logistic(z)
        dy[i] *= real(s * (1.0 + z * (1.0 - s)))


@njit(cache=True, nogil=True)
def pieces(z):
    """min(max(z / 6 + 1 / 2, 0), 1)."""
    y = z / 6.0 + 0.5
    y = 0.0 if y < 0.0 else y
    return 1.0 if y > 1.0 else y


@njit(cache=True, nogil=True)
def hard_sigmoid(x, out):
    """``out`` = min(max(x / 6 + 1 / 2, 0), 1)."""
    real = x.dtype.type
    for i in range(x.size):
        out[i] = real(pieces(np.float64(x[i])))


@njit(cache=True, nogil=True)
def hard_sigmoid_gradient(dy, y):
    """A sixth between the ends, zero at them."""
    zero, one, sixth = y.dtype.type(0), y.dtype.type(1), y.dtype.type(1.0 / 6.0)
    for i in range(y.size):
        dy[i] = zero if y[i] <= zero or y[i] >= one else sixth * dy[i]


@njit(cache=True, nogil=True)
def hard_swish(x, out):
    """``out`` = x times the hard sigmoid of x."""
    real = x.dtype.type
    for i in range(x.size):
        z = np.float64(x[i])
        out[i] = real(z * pieces(z))


@njit(cache=True, nogil=True)
def hard_swish_gradient(dy, x):
    """Times x / 3 + 1 / 2 between -3 and 3; zero below, one above."""
    real = x.dtype.type
    for i in range(x.size):
        z = np.float64(x[i])
        slope = z / 3.0 + 0.5
        slope = 0.0 if z <= -3.0 else slope
        dy[i] *= real(1.0 if z >= 3.0 else slope)


@njit(cache=True, nogil=True)
def elu(x, out, alpha):
    """``out`` = x, or ``alpha`` (exp(x) - 1) below zero."""
    real = x.dtype.type
    for i in range(x.size):
        z = np.float64(x[i])
        fall = 0.0 if z > 0.0 else z
        bent = alpha * (noise.exponential(-MOST if fall < -MOST else fall) - 1.0)
        out[i] = x[i] if z > 0.0 else real(bent)


@njit(cache=True, nogil=True)
def elu_gradient(dy, y, alpha):
    """Times y + ``alpha`` where the output is not positive."""
    zero, most = y.dtype.type(0), y.dtype.type(alpha)
    for i in range(y.size):
        dy[i] = dy[i] if y[i] > zero else dy[i] * (y[i] + most)
