"""The formulas of the kernels as operations of PyTorch, for devices that Numba does not serve."""
