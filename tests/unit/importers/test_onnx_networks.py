"""Networks of ONNX graphs: their layers, shapes and multiply-accumulates, by hand arithmetic."""

import numpy as np
import onnx
import pytest
from common import refusal
from graphs import INT, Made
from onnx import helper, numpy_helper

import neurorebit as nr
from neurorebit.inputs.importers.graphs.graph import graph_of
from neurorebit.inputs.importers.onnx_file import import_graph


def layers(made, *outputs, **keys):
    """Kind, shape of the output and multiply-accumulates of each layer."""
    model = made.model(*outputs) if isinstance(made, Made) else made
    frame = nr.network(model, **keys).layers
    return [tuple(row) for row in frame[["kind", "shape_out", "macs"]].itertuples(index=False)]


def test_a_small_convolutional_network():
    made = Made(1, 3, 9, 7)
    made.add(
        "Conv", "x", made.weight(8, 3, 3, 2), made.weight(8), pads=[1, 0, 1, 1], strides=[2, 1]
    )
    made.add("Relu")
    made.add("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    made.add(
        "Conv", made.last, made.weight(8, 1, 3, 3), group=8, dilations=[2, 2], pads=[2, 2, 2, 2]
    )
    made.add("Conv", made.last, made.weight(12, 4, 1, 1), group=2)
    made.add("Flatten")
    made.add("Gemm", made.last, made.weight(5, 144), made.weight(5), transB=1)
    assert layers(made) == [
        ("conv", "8 x 5 x 7", 8 * 5 * 7 * 3 * 3 * 2),
        ("relu", "8 x 5 x 7", 0),
        ("max_pool", "8 x 3 x 4", 0),
        ("conv", "8 x 3 x 4", 8 * 3 * 4 * 9),
        ("conv", "12 x 3 x 4", 12 * 3 * 4 * 4),
        ("linear", "5 x 1 x 1", 5 * 144),
    ]


def test_layers_have_the_names_of_nodes():
    made = Made(1, 3, 4, 4)
    made.add("Conv", "x", made.weight(2, 3, 1, 1), name="/stem/conv")
    made.add("Relu", name="/stem/act")
    network = nr.network(made.model())
    assert list(network.layers.index) == ["/stem/conv", "/stem/act"]


@pytest.mark.parametrize(("auto", "size"), [("SAME_UPPER", 5), ("SAME_LOWER", 5), ("VALID", 3)])
def test_automatic_padding(auto, size):
    made = Made(1, 2, 9, 9)
    made.add("Conv", "x", made.weight(4, 2, 4, 4), auto_pad=auto, strides=[2, 2])
    assert layers(made) == [("conv", f"4 x {size} x {size}", 4 * size * size * 2 * 16)]


def test_the_zero_more_of_an_odd_padding_stands_where_it_is_said():
    for auto, padding in (("SAME_UPPER", [0, 1, 0, 1]), ("SAME_LOWER", [1, 0, 1, 0])):
        made = Made(1, 2, 8, 8)
        made.add("Conv", "x", made.weight(4, 2, 3, 3), auto_pad=auto, strides=[2, 2])
        (layer,) = nr.network(made.model()).resolved.nodes
        assert list(layer.layer.padding) == padding


def test_signals_of_one_dimension():
    made = Made(1, 6, 50)
    made.add("Conv", "x", made.weight(10, 6, 5), made.weight(10), pads=[2, 2], strides=[2])
    made.add("Relu")
    made.add("AveragePool", kernel_shape=[5], strides=[5])
    made.add("Conv", made.last, made.weight(4, 10, 3), dilations=[2], pads=[4, 0])
    assert layers(made) == [
        ("conv1d", "10 x 1 x 25", 10 * 25 * 6 * 5),
        ("relu", "10 x 1 x 25", 0),
        ("avg_pool", "10 x 1 x 5", 0),
        ("conv", "4 x 1 x 5", 4 * 5 * 10 * 3),
    ]


def test_images_whose_channels_come_last_do_not_move():
    made = Made(1, 8, 8, 3)
    made.add("Transpose", perm=[0, 3, 1, 2])
    made.add("Conv", made.last, made.weight(4, 3, 3, 3))
    made.add("Relu")
    made.add("Transpose", perm=[0, 2, 3, 1])
    made.add("MatMul", made.last, made.weight(4, 5))
    network = nr.network(made.model())
    assert str(network.resolved.input) == "3 x 8 x 8"
    assert [kind for kind, *_ in layers(made)] == ["conv", "relu", "linear"]


def test_tokens_of_an_image_do_not_move_but_mixing_them_does():
    made = Made(1, 3, 8, 8)
    made.add("Conv", "x", made.weight(6, 3, 2, 2), strides=[2, 2])
    made.add("Reshape", made.last, made.ints(1, 6, 16))
    made.add("Transpose", perm=[0, 2, 1])
    made.add("MatMul", made.last, made.weight(6, 10))
    made.add("Relu")
    made.add("Transpose", perm=[0, 2, 1])
    made.add("MatMul", made.last, made.weight(16, 7))
    assert layers(made) == [
        ("conv", "6 x 4 x 4", 6 * 16 * 3 * 4),
        ("linear", "10 x 4 x 4", 16 * 6 * 10),
        ("relu", "10 x 4 x 4", 0),
        ("permute", "16 x 1 x 10", 0),
        ("linear", "7 x 1 x 10", 10 * 16 * 7),
    ]


def test_shapes_are_worked_out_from_shape_arithmetic():
    made = Made("batch", 3, 6, 6)
    made.add("Conv", "x", made.weight(4, 3, 3, 3))
    maps = made.last
    shape = made.add("Shape", maps)
    first = made.add("Gather", shape, made.ints(0), axis=0)
    made.add("Concat", first, made.ints(-1), axis=0)
    made.add("Reshape", maps, made.last)
    made.add("Gemm", made.last, made.weight(64, 3))
    assert layers(made)[-1] == ("linear", "3 x 1 x 1", 64 * 3)


def test_open_axes_are_set_by_the_input():
    made = Made("n", 3, "h", "w")
    made.add("Conv", "x", made.weight(4, 3, 3, 3), pads=[1, 1, 1, 1])
    made.add("GlobalAveragePool")
    made.add("Flatten")
    made.add("Gemm", made.last, made.weight(4, 2))
    told = refusal(lambda: nr.network(made.model()))
    assert "input 'x' [n, 3, h, w] has open axes" in told
    assert "set network.input.height and network.input.width" in told
    assert layers(made, input=(3, 6, 5))[0] == ("conv", "4 x 6 x 5", 4 * 30 * 27)
    assert layers(made, input={"height": 8, "width": 2})[0] == ("conv", "4 x 8 x 2", 4 * 16 * 27)


def test_a_graph_that_is_written_for_one_size():
    made = Made(1, 3, 6, 6)
    made.add("Conv", "x", made.weight(4, 3, 3, 3), pads=[1, 1, 1, 1])
    made.add("Reshape", made.last, made.ints(1, 144))
    made.add("Gemm", made.last, made.weight(144, 2))
    told = refusal(lambda: nr.network(made.model(), input=(3, 8, 8)))
    assert "node 'reshape1' (Reshape)" in told
    assert "leave out network.input" in told


def test_a_bias_behind_a_product_and_padding_before_it_are_parts_of_it():
    made = Made(1, 3, 6, 6)
    made.add("Pad", "x", made.ints(0, 0, 1, 0, 0, 0, 1, 2), made.number(0.0))
    made.add("Conv", made.last, made.weight(4, 3, 3, 3))
    made.add("Add", made.last, made.weight(1, 4, 1, 1))
    made.add("Reshape", made.last, made.ints(1, 144))
    made.add("MatMul", made.last, made.weight(144, 5))
    made.add("Add", made.weight(5), made.last)
    nodes = nr.network(made.model()).resolved.nodes
    assert [(node.kind, node.layer.bias) for node in nodes] == [("conv", True), ("linear", True)]
    assert list(nodes[0].layer.padding) == [1, 1, 0, 2]


def test_dense_and_shuffled_blocks():
    made = Made(1, 4, 5, 5)
    stem = made.add("Conv", "x", made.weight(6, 4, 1, 1))
    more = made.add("Conv", stem, made.weight(2, 6, 1, 1))
    made.add("Concat", stem, more, axis=1)
    made.add("Reshape", made.last, made.ints(1, 2, 4, 5, 5))
    made.add("Transpose", perm=[0, 2, 1, 3, 4])
    made.add("Reshape", made.last, made.ints(1, 8, 5, 5))
    one, two = made.add("Split", made.last, outputs=2, axis=1)
    made.add("Conv", one, made.weight(4, 1, 3, 3), group=4, pads=[1, 1, 1, 1])
    made.add("Concat", two, made.last, axis=1)
    made.add("Conv", made.last, made.weight(3, 8, 1, 1))
    assert [kind for kind, *_ in layers(made)] == [
        "conv", "conv", "concat", "shuffle", "slice", "slice", "conv", "concat", "conv",
    ]  # fmt: skip


def test_squeeze_and_excitation_with_a_hard_swish_of_pieces():
    made = Made(1, 8, 4, 4)
    maps = made.add("Conv", "x", made.weight(8, 1, 3, 3), group=8, pads=[1, 1, 1, 1])
    made.add("ReduceMean", maps, axes=[2, 3])
    made.add("Conv", made.last, made.weight(2, 8, 1, 1), made.weight(2))
    made.add("Relu")
    made.add("Conv", made.last, made.weight(8, 2, 1, 1), made.weight(8))
    made.add("HardSigmoid", alpha=1 / 6, beta=0.5)
    maps = made.add("Mul", maps, made.last)
    made.add("Add", maps, made.number(3.0))
    made.add("Clip", made.last, made.number(0.0), made.number(6.0))
    made.add("Mul", maps, made.last)
    made.add("Div", made.last, made.number(6.0))
    assert layers(made) == [
        ("conv", "8 x 4 x 4", 8 * 16 * 9),
        ("avg_pool", "8 x 1 x 1", 0),
        ("conv", "2 x 1 x 1", 16),
        ("relu", "2 x 1 x 1", 0),
        ("conv", "8 x 1 x 1", 16),
        ("hard_sigmoid", "8 x 1 x 1", 0),
        ("multiply", "8 x 4 x 4", 0),
        ("hard_swish", "8 x 4 x 4", 0),
    ]


def test_an_operator_without_a_layer_is_refused_by_name_and_node():
    made = Made(1, 4, 5, 5)
    made.add("Conv", "x", made.weight(6, 4, 1, 1))
    made.add("TopK", made.last, made.ints(2), outputs=2, axis=1, name="/head/best")
    told = refusal(lambda: nr.network(made.model()))
    assert "node '/head/best' (TopK)" in told
    assert "neither mapped to a layer nor folded" in told


def test_a_shape_that_is_known_in_a_run_alone_is_refused():
    made = Made(1, 4, 5, 5)
    made.add("Conv", "x", made.weight(6, 4, 1, 1))
    made.add("NonZero", name="where")
    told = refusal(lambda: nr.network(made.model()))
    assert "node 'where' (NonZero)" in told


def test_what_an_output_does_not_need_is_left_out():
    made = Made(1, 4, 5, 5)
    kept = made.add("Conv", "x", made.weight(6, 4, 1, 1))
    made.add("Conv", "x", made.weight(9, 4, 1, 1))
    assert len(layers(made, kept)) == 1


def test_several_outputs_are_results():
    made = Made(1, 4, 5, 5)
    stem = made.add("Conv", "x", made.weight(6, 4, 1, 1), name="stem")
    one = made.add("Conv", stem, made.weight(2, 6, 1, 1), name="one")
    two = made.add("Conv", stem, made.weight(3, 6, 1, 1), name="two")
    network = nr.network(made.model(one, two)).resolved
    assert network.outputs == ("one",)
    assert [node.name for node in network.nodes if node.result] == ["one", "two"]


class TestWeights:
    """The same network, however its weights are carried."""

    def made(self):
        made = Made(1, 3, 8, 8)
        made.add("Conv", "x", made.weight(16, 3, 3, 3, name="w"), made.weight(16, name="b"))
        made.add("BatchNormalization", made.last, *(made.weight(16) for _ in range(4)))
        made.add("Flatten")
        made.add("MatMul", made.last, made.weight(576, 7, name="m"))
        return made

    def expected(self):
        conv, linear = 16 * 36 * 27, 576 * 7
        shape = "16 x 6 x 6"
        return [("conv", shape, conv), ("batch_norm", shape, 0), ("linear", "7 x 1 x 1", linear)]

    def test_initialisers(self):
        assert layers(self.made()) == self.expected()

    def test_initialisers_that_are_listed_as_inputs(self):
        model = self.made().model()
        for t in model.graph.initializer:
            model.graph.input.append(helper.make_tensor_value_info(t.name, t.data_type, t.dims))
        assert layers(model) == self.expected()

    def test_graph_inputs_without_numbers(self):
        model = self.made().model()
        for t in list(model.graph.initializer):
            model.graph.input.append(helper.make_tensor_value_info(t.name, t.data_type, t.dims))
            model.graph.initializer.remove(t)
        assert layers(model) == self.expected()

    def test_constant_nodes(self):
        model = self.made().model()
        for t in list(model.graph.initializer):
            node = helper.make_node("Constant", [], [t.name], value=t)
            model.graph.node.insert(0, node)
            model.graph.initializer.remove(t)
        assert layers(model) == self.expected()

    def test_constants_of_a_shape(self):
        model = self.made().model()
        for t in list(model.graph.initializer):
            shape = numpy_helper.from_array(np.array(t.dims, np.int64), f"{t.name}.shape")
            model.graph.initializer.append(shape)
            model.graph.node.insert(0, helper.make_node("ConstantOfShape", [shape.name], [t.name]))
            model.graph.initializer.remove(t)
        assert layers(model) == self.expected()

    def test_a_data_file_that_is_absent(self, tmp_path):
        model = self.made().model()
        for t in model.graph.initializer:
            t.ClearField("raw_data")
            t.data_location = onnx.TensorProto.EXTERNAL
            entry = t.external_data.add()
            entry.key, entry.value = "location", "gone.data"
        onnx.save(model, tmp_path / "net.onnx")
        frame = nr.network(tmp_path / "net.onnx").layers
        assert frame["macs"].tolist() == [macs for *_, macs in self.expected()]

    def test_an_order_that_is_not_that_of_the_nodes(self):
        model = self.made().model()
        nodes = list(model.graph.node)[::-1]
        del model.graph.node[:]
        model.graph.node.extend(nodes)
        assert layers(model) == self.expected()


def test_the_numbers_of_layers():
    """By the name of a layer; the inputs of a matrix in the order of our maps."""
    made = Made(1, 2, 3, 4)
    weight, bias = made.weight(5, 2, 1, 1), made.weight(5)
    made.add("Conv", "x", weight, bias, name="conv")
    made.add("Flatten")
    made.add("Gemm", made.last, made.weight(60, 3), name="head")
    imported = import_graph(graph_of(made.model(), "made"))
    held = {t.name: numpy_helper.to_array(t) for t in made.held}
    conv, head = imported.arrays("conv"), imported.arrays("head")
    assert np.array_equal(conv["weight"], held[weight])
    assert np.array_equal(conv["bias"], held[bias])
    sizes, order = imported.parameters["head"].order
    ours = head["weight"].reshape(*sizes, 3).transpose(*order, 3).reshape(60, 3)
    x = np.arange(60.0).reshape(5, 3, 4)  # a map of the graph: channels, rows, columns
    there = x.reshape(-1) @ head["weight"]
    assert np.allclose(x.transpose(1, 2, 0).reshape(-1) @ ours, there)


def test_a_word_for_each_number_of_a_table_is_an_embedding():
    made = Made(1, 12, elem=INT, name="ids")
    made.add("Gather", made.weight(50, 6), "ids")
    made.add("MatMul", made.last, made.weight(6, 4))
    assert layers(made) == [("embedding", "6 x 1 x 12", 0), ("linear", "4 x 1 x 12", 12 * 24)]


def test_a_graph_and_its_network_file_cost_the_same(tmp_path):
    made = Made(1, 3, 8, 8)
    made.add("Conv", "x", made.weight(16, 3, 3, 3))
    made.add("Relu")
    made.add("GlobalAveragePool")
    made.add("Flatten")
    made.add("Gemm", made.last, made.weight(16, 10))
    onnx.save(made.model(), tmp_path / "net.onnx")
    network = nr.network(tmp_path / "net.onnx")
    again = nr.network(network.save(tmp_path / "net.yaml"))
    one, two = (nr.estimate(n, nr.chip("rebit")) for n in (network, again))
    assert one.totals.equals(two.totals)
    assert float(one.totals["energy_J"].iloc[0]) > 0.0
