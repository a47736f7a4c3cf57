"""The type of a quantity: one number, or an array with one number per design."""

import numpy as np
from numpy.typing import NDArray

Real = float | NDArray[np.float64]
