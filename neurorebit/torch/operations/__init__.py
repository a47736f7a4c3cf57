"""The formulas of the kernels as operations of PyTorch, for devices that Numba does not serve."""

from neurorebit.torch.operations.layers import Operations

__all__ = ["Operations"]
