"""The type of every amount: one number, or an array with one number for each design."""

import numpy as np
from numpy.typing import NDArray

Real = float | NDArray[np.float64]
