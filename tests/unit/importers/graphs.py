"""ONNX graphs that tests write node by node, in any version of the operators."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64


class Made:
    """A graph under way: nodes are added in order, and named as they are called here."""

    def __init__(self, *shape, opset=17, elem=FLOAT, name="x"):
        self.opset = opset
        self.inputs = [helper.make_tensor_value_info(name, elem, list(shape))]
        self.nodes, self.held, self.functions, self.domains = [], [], [], {}
        self.last = name
        self.random = np.random.default_rng(0)

    def weight(self, *shape, name=None, fill=None, elem=np.float32):
        """An initialiser: random numbers of a shape, or ``fill``."""
        name = name or f"w{len(self.held)}"
        array = self.random.standard_normal(shape) if fill is None else np.full(shape, fill)
        self.held.append(numpy_helper.from_array(np.asarray(array, elem), name))
        return name

    def ints(self, *numbers):
        """An initialiser of whole numbers."""
        name = f"i{len(self.held)}"
        self.held.append(numpy_helper.from_array(np.array(numbers, np.int64), name))
        return name

    def number(self, value):
        """An initialiser of one number."""
        name = f"c{len(self.held)}"
        self.held.append(numpy_helper.from_array(np.array(value, np.float32), name))
        return name

    def given(self, name, *shape, elem=FLOAT):
        """A further input."""
        self.inputs.append(helper.make_tensor_value_info(name, elem, list(shape)))
        return name

    def add(self, kind, *inputs, name=None, outputs=1, domain="", **attributes):
        """A node that reads the last tensor, or ``inputs`` where they are given."""
        name = name or f"{kind.lower()}{len(self.nodes)}"
        outs = [f"{name}:{i}" for i in range(outputs)]
        read = [self.last] if not inputs else ["" if one is None else one for one in inputs]
        self.nodes.append(helper.make_node(kind, read, outs, name, domain=domain, **attributes))
        self.last = outs[0]
        return outs[0] if outputs == 1 else outs

    def model(self, *outputs):
        """The model whose outputs these are, or the last tensor."""
        outs = [helper.make_empty_tensor_value_info(o) for o in outputs or (self.last,)]
        graph = helper.make_graph(self.nodes, "made", self.inputs, outs, self.held)
        opsets = [helper.make_opsetid("", self.opset)]
        opsets += [helper.make_opsetid(d, v) for d, v in self.domains.items()]
        return helper.make_model(
            graph, opset_imports=opsets, functions=self.functions, ir_version=8
        )
