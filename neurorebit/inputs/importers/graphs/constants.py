"""Constants of a graph: shapes at once, numbers only where they are asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.inputs.importers.graphs.graph import Graph, Op, library

SMALL = 1 << 14  # elements that are worked out at once: shapes, indices, scales
HUGE = 1 << 40  # elements of a tensor that nothing has

Numbers = NDArray[Any]


class Constant:
    """A tensor that does not depend on what the network is given.

    ``shape`` and data type ``elem`` are always known; ``numbers`` are worked out when first asked
    for, and are None where the file does not hold them.
    """

    def __init__(
        self, shape: Sequence[int], elem: int, numbers: Callable[[], Numbers | None]
    ) -> None:
        self.shape = tuple(int(n) for n in shape)
        self.elem = elem
        self._make = numbers
        self._made = False
        self._numbers: Numbers | None = None

    @classmethod
    def of(cls, array: Numbers) -> Constant:
        """Numbers that are known."""
        elem = library().helper.np_dtype_to_tensor_dtype(array.dtype)
        return cls(array.shape, int(elem), lambda: array)

    @property
    def size(self) -> int:
        """Elements."""
        return math.prod(self.shape)

    @property
    def numbers(self) -> Numbers | None:
        """The numbers, None where they are not known."""
        if not self._made:
            try:
                made = self._make()
            except Exception:  # whatever a malformed or a missing file raises: nobody knows them
                made = None
            self._numbers = None if made is None or made.shape != self.shape else made
            self._made = True
        return self._numbers

    @property
    def small(self) -> Numbers | None:
        """The numbers of a small tensor, None where it is large or they are not known."""
        return self.numbers if self.size <= SMALL else None

    @property
    def scalar(self) -> float | None:
        """The number of a tensor of one number, None of others and where it is not known."""
        array = self.small
        if array is None or array.size != 1 or array.dtype.kind not in "fiub":
            return None
        return float(array.reshape(-1)[0])


def of_tensor(graph: Graph, tensor: Any) -> Constant:
    """An initialiser or a tensor that an attribute holds; InputError where it is malformed."""
    onnx = library()
    if hasattr(tensor, "values"):  # sparse: what is not listed is zero
        dims, elem = list(tensor.dims), int(tensor.values.data_type)
        name, numbers = tensor.values.name, lambda: None
    else:
        dims, elem, name = list(tensor.dims), int(tensor.data_type), tensor.name

        def numbers() -> Any:
            return _read(graph, tensor)

    if any(n < 0 for n in dims) or math.prod(dims) > HUGE:
        raise graph.error(None, f"tensor '{name}' has the shape {dims}", "export the network anew")
    if elem not in onnx.TensorProto.DataType.values() or elem == 0:
        raise graph.error(None, f"tensor '{name}' has no data type", "export the network anew")
    made = Constant(dims, elem, numbers)
    if not hasattr(tensor, "values") and tensor.data_location != onnx.TensorProto.EXTERNAL:
        held = tensor.raw_data
        bits = _bits(elem)
        if held and bits and len(held) != math.ceil(made.size * bits / 8):
            message = f"tensor '{name}' of shape {dims} holds {len(held)} bytes"
            raise graph.error(None, message, "export the network anew")
    return made


def _bits(elem: int) -> int:
    """Bits of a number of this data type, 0 where they are not whole bytes."""
    dtype = library().helper.tensor_dtype_to_np_dtype(elem)
    bits = int(np.dtype(dtype).itemsize) * 8
    return 0 if np.dtype(dtype).kind not in "fiubc" else bits


def _read(graph: Graph, tensor: Any) -> Numbers | None:
    """The numbers of a tensor; None where they should lie in a file that is not there."""
    onnx = library()
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        if graph.path is None:
            return None
        copied = onnx.TensorProto()
        copied.CopyFrom(tensor)
        folder = str(Path(graph.path).resolve().parent)
        onnx.external_data_helper.load_external_data_for_tensor(copied, folder)
        tensor = copied
    array: Numbers = onnx.numpy_helper.to_array(tensor)
    return array


def evaluated(op: Op, inputs: Sequence[Constant | None], output: int) -> Callable[[], Any]:
    """What gives the numbers of an operator's output, from constants."""

    def numbers() -> Any:
        from onnx.reference import ReferenceEvaluator

        feeds: dict[str, Any] = {}
        for name, constant in zip(op.inputs, inputs, strict=True):
            if constant is not None:
                feeds[name] = constant.numbers
                if feeds[name] is None:
                    return None
        wanted = [name for name in op.outputs if name]
        with np.errstate(all="ignore"):
            results = ReferenceEvaluator(op.proto, opsets=op.opsets).run(wanted, feeds)
        found: list[Any] = list(results)
        return np.asarray(found[wanted.index(op.outputs[output])])

    return numbers
