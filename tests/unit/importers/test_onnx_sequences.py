"""Recurrent operators, and operators of integers: the layers that they become, by hand."""

import numpy as np
import pytest
from common import refusal
from graphs import Made
from test_onnx_networks import layers

import neurorebit as nr


class TestSequences:
    def made(self, kind, gates, directions=1, outputs=1):
        made = Made(1, 7, 5)
        made.add("Transpose", "x", perm=[1, 0, 2])
        keys = {"direction": "bidirectional"} if directions == 2 else {}
        read = [
            made.last,
            made.weight(directions, gates * 6, 5),
            made.weight(directions, gates * 6, 6),
        ]
        made.add(kind, *read, hidden_size=6, outputs=outputs, **keys)
        return made

    @pytest.mark.parametrize(("kind", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
    @pytest.mark.parametrize("directions", [1, 2])
    def test_the_whole_sequence(self, kind, gates, directions):
        made = self.made(kind, gates, directions)
        network = nr.network(made.model())
        assert int(network.layers["macs"].sum()) == directions * 7 * gates * 6 * (5 + 6)
        assert network.layers["shape_out"].iloc[-1] == f"{6 * directions} x 1 x 7"

    def test_the_last_state_alone(self):
        made = self.made("LSTM", 4, outputs=3)
        last = made.nodes[-1].output[1]
        made.add("Squeeze", last, made.ints(0))
        made.add("Gemm", made.last, made.weight(6, 2))
        network = nr.network(made.model())
        assert int(network.layers["macs"].sum()) == 7 * 24 * 11 + 12
        assert len(network.document.tree["layers"]) == 2

    def test_a_first_state_of_the_input_is_refused(self):
        made = Made(1, 7, 5)
        made.add("Transpose", "x", perm=[1, 0, 2])
        state = made.add("ReduceMean", made.last, axes=[0])
        read = [made.nodes[0].output[0], made.weight(1, 15, 5), made.weight(1, 15, 5)]
        made.add("GRU", *read, None, None, state, hidden_size=5, name="rnn")
        assert "node 'rnn' (GRU)" in refusal(lambda: nr.network(made.model()))


class TestQuantised:
    def test_quantised_and_back(self):
        """A chip rounds by itself; weights of few bits are weights."""
        made = Made(1, 3, 6, 6)
        scale, zero = made.number(0.1), made.weight(name="z", fill=0, elem=np.uint8)
        made.add("QuantizeLinear", "x", scale, zero)
        x = made.add("DequantizeLinear", made.last, scale, zero)
        weight = made.weight(4, 3, 3, 3, fill=1, elem=np.int8)
        held = made.weight(name="wz", fill=0, elem=np.int8)
        made.add("Conv", x, made.add("DequantizeLinear", weight, scale, held))
        assert layers(made) == [("conv", "4 x 4 x 4", 4 * 16 * 27)]

    def test_operators_of_integers(self):
        made = Made(1, 3, 6, 6)
        scale, zero = made.number(0.1), made.weight(name="z", fill=0, elem=np.uint8)
        x = made.add("QuantizeLinear", "x", scale, zero)
        weight, held = (
            made.weight(4, 3, 3, 3, fill=1, elem=np.int8),
            made.weight(name="wz", fill=0, elem=np.int8),
        )
        bias = made.weight(4, fill=0, elem=np.int32)
        made.add("QLinearConv", x, scale, zero, weight, scale, held, scale, zero, bias, name="q")
        made.add("DequantizeLinear", made.last, scale, zero)
        network = nr.network(made.model())
        assert [node.kind for node in network.resolved.nodes] == ["conv"]
        assert network.resolved.nodes[0].layer.bias

    def test_integers_with_a_scale_of_the_values(self):
        made = Made(1, 12)
        x, scale, zero = made.add("DynamicQuantizeLinear", "x", outputs=3)
        weight = made.weight(12, 5, fill=1, elem=np.int8)
        held = made.weight(name="wz", fill=0, elem=np.int8)
        made.add("MatMulInteger", x, weight, zero, held)
        made.add("Cast", to=1)
        made.add("Mul", made.last, made.add("Mul", scale, made.number(0.02)))
        got = layers(made)
        assert ("linear", "5 x 1 x 1", 60) in got
        assert [kind for kind, *_ in got].count("reduce") == 2
