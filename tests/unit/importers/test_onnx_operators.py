"""Families of operators in versions of them: the layers that they become, by hand."""

import numpy as np
import onnx
import pytest
from graphs import FLOAT, INT, Made
from onnx import helper
from test_onnx_networks import layers

import neurorebit as nr
from neurorebit.inputs.importers.graphs.rewritten import REWRITTEN
from neurorebit.inputs.importers.operators.table import OPERATORS

NEWEST = onnx.defs.onnx_opset_version()
VERSIONS = sorted(
    {v for v in (7, 9, 11, 12, 13, 14, 16, 17, 18, 20, 21, 22, NEWEST) if v <= NEWEST}
)


def kinds(made, *outputs, **keys):
    return [kind for kind, *_ in layers(made, *outputs, **keys)]


def start(*shape, **keys):
    """A graph that begins with a product with weights, which keeps the shape."""
    made = Made(*shape, **keys)
    if len(shape) == 4:
        made.add("Conv", "x", made.weight(shape[1], shape[1], 1, 1))
    else:
        made.add("MatMul", "x", made.weight(shape[-1], shape[-1]))
    return made


@pytest.mark.parametrize("opset", VERSIONS)
def test_a_network_in_every_version(opset):
    made = Made(1, 3, 8, 8, opset=opset)
    made.add("Conv", "x", made.weight(4, 3, 3, 3), made.weight(4))
    made.add("BatchNormalization", made.last, *(made.weight(4) for _ in range(4)))
    if opset < 11:
        made.add("Clip", min=0.0, max=6.0)
    else:
        made.add("Clip", made.last, made.number(0.0), made.number(6.0))
    made.add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    if opset < 18:
        made.add("ReduceMean", axes=[2, 3], keepdims=0)
    else:
        made.add("ReduceMean", made.last, made.ints(2, 3), keepdims=0)
    made.add("Dropout")
    made.add("Gemm", made.last, made.weight(4, 6), made.weight(6))
    if opset < 13:
        made.add("Unsqueeze", axes=[1])
        made.add("Squeeze", axes=[1])
    else:
        made.add("Unsqueeze", made.last, made.ints(1))
        made.add("Squeeze", made.last, made.ints(1))
    made.add("Softmax")
    assert layers(made) == [
        ("conv", "4 x 6 x 6", 4 * 36 * 27),
        ("batch_norm", "4 x 6 x 6", 0),
        ("relu6", "4 x 6 x 6", 0),
        ("max_pool", "4 x 3 x 3", 0),
        ("avg_pool", "4 x 1 x 1", 0),
        ("linear", "6 x 1 x 1", 24),
        ("softmax", "6 x 1 x 1", 0),
    ]


@pytest.mark.parametrize("opset", [9, 10, 13, NEWEST])
def test_slices_and_splits(opset):
    made = start(1, 6, 4, 4, opset=opset)
    if opset < 10:
        made.add("Slice", axes=[1, 3], starts=[2, 0], ends=[6, -1])
    else:
        numbers = [made.ints(2, 0), made.ints(6, -1), made.ints(1, 3)]
        made.add("Slice", made.last, *numbers)
    if opset < 13:
        _, kept = made.add("Split", outputs=2, axis=1, split=[1, 3])
    else:
        _, kept = made.add("Split", made.last, made.ints(1, 3), outputs=2, axis=1)
    made.add("Conv", kept, made.weight(2, 3, 1, 1))
    assert layers(made) == [
        ("conv", "6 x 4 x 4", 16 * 36),
        ("slice", "4 x 4 x 4", 0),
        ("slice", "4 x 4 x 3", 0),
        ("slice", "3 x 4 x 3", 0),
        ("conv", "2 x 4 x 3", 72),
    ]


@pytest.mark.parametrize(
    ("opset", "kind"), [(7, "Upsample"), (9, "Upsample"), (10, "Resize"), (13, "Resize")]
)
def test_larger_maps(opset, kind):
    made = start(1, 3, 4, 5, opset=opset)
    scales = [1.0, 1.0, 2.0, 3.0]
    if opset == 7:
        made.add(kind, scales=scales)
    elif opset < 11:
        made.add(kind, made.last, made.number(scales))
    else:
        made.add(kind, made.last, None, made.number(scales), mode="linear")
    assert layers(made)[1:] == [("upsample", "3 x 8 x 15", 0)]


def test_maps_of_other_sizes():
    made = start(1, 3, 4, 5)
    made.add("Resize", made.last, None, None, made.ints(1, 3, 6, 5), mode="linear")
    assert layers(made)[1:] == [("resize", "3 x 6 x 5", 0)]


@pytest.mark.parametrize(
    ("kind", "becomes"),
    [
        ("Relu", "relu"), ("LeakyRelu", "leaky_relu"), ("Sigmoid", "sigmoid"), ("Elu", "elu"),
        ("HardSigmoid", "hard_sigmoid"), ("HardSwish", "hard_swish"), ("Softplus", "function"),
        ("Mish", "function"), ("Exp", "function"), ("Sqrt", "function"), ("Abs", "function"),
        ("Neg", "function"), ("Erf", "function"), ("Softsign", "function"), ("Gelu", "gelu"),
        ("Selu", "elu"), ("Celu", "elu"), ("Floor", "function"), ("Sin", "function"),
    ],
)  # fmt: skip
def test_functions_of_a_value(kind, becomes):
    made = start(1, 4, 3, 3, opset=20)
    made.add(kind)
    assert layers(made)[1:] == [(becomes, "4 x 3 x 3", 0)]


class TestFormsOfActivations:
    """Written with several operators, and found by what they compute."""

    def found(self, made):
        return kinds(made)[1:]

    def test_gelu_with_the_error_function(self):
        for halves_first in (True, False):
            made = start(1, 5, 8)
            x = made.last
            made.add("Div", x, made.number(1.41421354))
            made.add("Erf")
            made.add("Add", made.last, made.number(1.0))
            if halves_first:
                one = made.last
                half = made.add("Mul", x, made.number(0.5))
                made.add("Mul", half, one)
            else:
                made.add("Mul", x, made.last)
                made.add("Mul", made.last, made.number(0.5))
            assert self.found(made) == ["gelu"]
            assert nr.network(made.model()).resolved.nodes[-1].layer.form == "erf"

    def test_gelu_with_a_tangent(self):
        made = start(1, 5, 8)
        x = made.last
        cube = made.add("Pow", x, made.number(3.0))
        made.add("Mul", cube, made.number(0.044715))
        made.add("Add", x, made.last)
        made.add("Mul", made.last, made.number(0.7978845608))
        made.add("Tanh")
        made.add("Add", made.last, made.number(1.0))
        made.add("Mul", x, made.last)
        made.add("Mul", made.last, made.number(0.5))
        assert self.found(made) == ["gelu"]
        assert nr.network(made.model()).resolved.nodes[-1].layer.form == "tanh"

    def test_silu_and_what_is_not(self):
        made = start(1, 5, 8)
        x = made.last
        made.add("Mul", x, made.add("Sigmoid", x))
        assert self.found(made) == ["silu"]
        made = start(1, 5, 8)
        x = made.last
        made.add("Mul", x, made.add("Sigmoid", made.add("Mul", x, made.number(1.702))))
        assert self.found(made) == ["scale", "sigmoid", "multiply"]

    def test_a_part_that_others_read_is_no_part(self):
        made = start(1, 5, 8)
        x = made.last
        gate = made.add("Sigmoid", x)
        made.add("Mul", x, gate)
        made.add("Add", made.last, gate)
        assert self.found(made) == ["sigmoid", "multiply", "add"]

    @pytest.mark.parametrize("opset", [11, 18])
    def test_layer_norm_of_means(self, opset):
        made = start(1, 5, 8, opset=opset)
        x = made.last

        def mean(name):
            if opset < 18:
                return made.add("ReduceMean", name, axes=[-1])
            return made.add("ReduceMean", name, made.ints(-1))

        away = made.add("Sub", x, mean(x))
        squares = made.add("Pow", away, made.number(2.0))
        variance = made.add("Add", mean(squares), made.number(1e-5))
        made.add("Div", away, made.add("Sqrt", variance))
        made.add("Mul", made.last, made.weight(8))
        made.add("Add", made.last, made.weight(8))
        assert self.found(made) == ["layer_norm"]

    def test_a_norm_over_several_axes_moves_what_lies_apart(self):
        made = start(1, 4, 3, 5)
        x = made.last
        away = made.add("Sub", x, made.add("ReduceMean", x, axes=[1, 2, 3]))
        variance = made.add("ReduceMean", made.add("Mul", away, away), axes=[1, 2, 3])
        made.add("Div", away, made.add("Sqrt", made.add("Add", variance, made.number(1e-6))))
        assert self.found(made) == ["layer_norm"]
        assert nr.network(made.model()).resolved.nodes[-1].layer.over == "map"


class TestArithmetic:
    def test_constants_of_one_number_are_scales(self):
        made = start(1, 4, 3, 3)
        made.add("Mul", made.last, made.number(3.0))
        made.add("Add", made.last, made.number(0.5))
        made.add("Div", made.last, made.number(4.0))
        made.add("Sub", made.number(1.0), made.last)
        nodes = nr.network(made.model()).resolved.nodes[1:]
        got = [(node.layer.factor, node.layer.shift) for node in nodes]
        expected = [((3.0,), (0.0,)), ((1.0,), (0.5,)), ((0.25,), (0.0,)), ((-1.0,), (1.0,))]
        assert got == expected

    def test_what_changes_nothing_is_no_layer(self):
        made = start(1, 4, 3, 3)
        made.add("Mul", made.last, made.number(1.0))
        made.add("Add", made.last, made.number(0.0))
        made.add("Cast", to=10)
        made.add("Identity")
        assert kinds(made) == ["conv"]

    def test_constants_of_channels_and_of_maps_come_from_memory(self):
        made = start(1, 4, 3, 5)
        made.add("Mul", made.last, made.weight(4, 1, 1))
        made.add("Add", made.last, made.weight(1, 4, 3, 5))
        assert layers(made)[1:] == [
            ("constant", "4 x 1 x 1", 0),
            ("multiply", "4 x 3 x 5", 0),
            ("constant", "4 x 3 x 5", 0),
            ("add", "4 x 3 x 5", 0),
        ]

    def test_two_maps(self):
        made = start(1, 4, 3, 5)
        one, two = made.last, made.add("Sigmoid", made.last)
        made.add("Sub", one, two)
        made.add("Div", made.last, two)
        made.add("Max", made.last, one)
        made.add("Where", made.add("Greater", made.last, two), one, two)
        assert kinds(made)[2:] == ["combine"] * 6

    def test_a_map_that_is_repeated(self):
        made = start(1, 4, 1, 1)
        made.add("Expand", made.last, made.ints(1, 4, 3, 2))
        made.add("Tile", made.last, made.ints(1, 2, 1, 1))
        assert layers(made)[1:] == [("expand", "4 x 1 x 6", 0), ("expand", "4 x 1 x 12", 0)]

    def test_spatial_attention_over_channels(self):
        made = start(1, 6, 4, 4)
        maps = made.last
        mean = made.add("ReduceMean", maps, axes=[1])
        largest = made.add("ReduceMax", maps, axes=[1])
        made.add("Concat", mean, largest, axis=1)
        made.add("Conv", made.last, made.weight(1, 2, 3, 3), pads=[1, 1, 1, 1])
        made.add("Mul", maps, made.add("Sigmoid"))
        assert layers(made)[1:] == [
            ("reduce", "1 x 4 x 4", 0),
            ("reduce", "1 x 4 x 4", 0),
            ("concat", "2 x 4 x 4", 0),
            ("conv", "1 x 4 x 4", 16 * 18),
            ("sigmoid", "1 x 4 x 4", 0),
            ("multiply", "6 x 4 x 4", 0),
        ]


def test_values_at_places_of_several_axes():
    made = start(1, 6, 8)
    places = made.weight(3, 4, 3, name="places", fill=0, elem=np.int64)
    made.add("GatherND", made.last, places)
    assert layers(made)[1:] == [("flatten", "48 x 1 x 1", 0), ("take", "12 x 1 x 1", 0)]


class TestNorms:
    def test_of_an_instance_and_of_groups(self):
        made = start(1, 6, 4, 4, opset=21)
        made.add("InstanceNormalization", made.last, made.weight(6), made.weight(6))
        made.add("GroupNormalization", made.last, made.weight(6), made.weight(6), num_groups=3)
        nodes = nr.network(made.model()).resolved.nodes[1:]
        assert [(node.kind, node.layer.groups) for node in nodes] == [
            ("group_norm", 6),
            ("group_norm", 3),
        ]

    def test_of_groups_through_an_instance_norm(self):
        """As PyTorch writes it: groups as channels, and back."""
        made = start(1, 6, 4, 4)
        made.add("Reshape", made.last, made.ints(0, 2, -1))
        made.add("InstanceNormalization", made.last, made.weight(2), made.weight(2))
        made.add("Reshape", made.last, made.ints(1, 6, 4, 4))
        (_, norm) = nr.network(made.model()).resolved.nodes
        assert (norm.kind, norm.layer.groups, str(norm.shape_out)) == ("group_norm", 2, "6 x 4 x 4")

    def test_of_neighbouring_channels(self):
        made = start(1, 6, 4, 4)
        made.add("LRN", size=5)
        assert kinds(made)[1:] == ["local_norm"]

    def test_softmax_of_all_axes_in_versions_before_13(self):
        made = start(1, 6, 4, 4, opset=11)
        made.add("Softmax", axis=1)
        assert layers(made)[1:] == [("flatten", "96 x 1 x 1", 0), ("softmax", "96 x 1 x 1", 0)]


class TestProducts:
    def test_weights_on_the_left(self):
        made = start(1, 5, 7)
        made.add("MatMul", made.weight(3, 5), made.last)
        got = layers(made)
        assert got[-1] == ("linear", "3 x 1 x 7", 3 * 5 * 7)

    def test_a_matrix_for_each_of_several_parts(self):
        made = start(1, 4, 5, 7)
        made.add("MatMul", made.last, made.weight(4, 7, 3))
        assert layers(made)[-1][2] == 4 * 5 * 7 * 3

    def test_attention_of_two_maps(self):
        made = Made(1, 9, 12)
        q, k, v = (made.add("MatMul", "x", made.weight(12, 8)) for _ in range(3))
        split, heads = made.ints(1, 9, 2, 4), []
        for name, order in ((q, [0, 2, 1, 3]), (k, [0, 2, 3, 1]), (v, [0, 2, 1, 3])):
            heads.append(made.add("Transpose", made.add("Reshape", name, split), perm=order))
        scores = made.add("Softmax", made.add("MatMul", heads[0], heads[1]), axis=-1)
        made.add("Transpose", made.add("MatMul", scores, heads[2]), perm=[0, 2, 1, 3])
        made.add("MatMul", made.add("Reshape", made.last, made.ints(1, 9, 8)), made.weight(8, 5))
        assert [(kind, macs) for kind, _, macs in layers(made)] == [
            *[("linear", 9 * 12 * 8)] * 3,
            ("matmul", 2 * 9 * 9 * 4),
            ("softmax", 0),
            ("matmul", 2 * 9 * 9 * 4),
            ("linear", 9 * 8 * 5),
        ]

    def test_a_mask_and_turned_positions_move_nothing(self):
        """Scores of several heads and a mask of positions, queries and factors of positions."""
        made = start(1, 9, 8)
        heads = made.add("Reshape", made.last, made.ints(1, 9, 2, 4))
        turned = made.add("Transpose", heads, perm=[0, 2, 1, 3])
        q = made.add("Mul", turned, made.weight(1, 1, 9, 4))
        scores = made.add("MatMul", q, made.add("Transpose", heads, perm=[0, 2, 3, 1]))
        masked = made.add("Add", scores, made.weight(1, 1, 9, 9))
        made.add("Softmax", masked, axis=-1)
        got = kinds(made)
        assert "permute" not in got
        assert "expand" not in got
        assert got.count("constant") == 2

    def test_attention_as_one_operator(self):
        made = Made(1, 9, 12, opset=23)
        q, k, v = (made.add("MatMul", "x", made.weight(12, n)) for n in (16, 8, 8))
        made.add("Attention", q, k, v, q_num_heads=4, kv_num_heads=2)
        got = {}
        for kind, _, macs in layers(made):
            got[kind] = got.get(kind, 0) + macs
        assert got["matmul"] == 2 * 4 * 9 * 9 * 4
        assert got["linear"] == 9 * 12 * 32

    @pytest.mark.parametrize(
        ("equation", "shape", "kind", "macs"),
        [
            ("bti,io->bto", (6, 4), "linear", 5 * 6 * 4),
            ("bti,oi->bot", (4, 6), "linear", 5 * 6 * 4),
            ("bti,tio->bto", (5, 6, 3), "conv", 5 * 6 * 3),
        ],
    )
    def test_products_written_with_letters(self, equation, shape, kind, macs):
        made = start(1, 5, 6)
        made.add("Einsum", made.last, made.weight(*shape), equation=equation)
        got = layers(made)[-1]
        assert (got[0], got[2]) == (kind, macs)

    def test_letters_of_two_maps(self):
        made = start(1, 5, 8)
        heads = made.add("Reshape", made.last, made.ints(1, 5, 2, 4))
        made.add("Einsum", heads, heads, equation="bqhd,bkhd->bhqk")
        assert layers(made)[-1] == ("matmul", "10 x 1 x 5", 2 * 5 * 5 * 4)


class TestFunctionsAndBranches:
    def test_a_function_of_the_file(self):
        made = start(1, 8)
        body = [
            helper.make_node("Sigmoid", ["a"], ["s"]),
            helper.make_node("Mul", ["a", "s"], ["b"]),
        ]
        opsets = [helper.make_opsetid("", 17)]
        made.functions = [helper.make_function("own", "Silu", ["a"], ["b"], body, opsets)]
        made.domains = {"own": 1}
        made.add("Silu", domain="own")
        assert kinds(made)[1:] == ["silu"]

    def test_a_branch_whose_condition_is_constant(self):
        made = start(1, 8)
        out = helper.make_tensor_value_info("y", FLOAT, [1, 8])
        then, other = (
            helper.make_graph([helper.make_node(kind, [made.last], ["y"])], kind, [], [out])
            for kind in ("Relu", "Sigmoid")
        )
        yes = made.weight(name="yes", fill=True, elem=np.bool_)
        made.add("If", yes, then_branch=then, else_branch=other)
        assert kinds(made)[1:] == ["relu"]

    def test_an_operator_that_is_defined_by_others(self):
        made = start(1, 5, 8)
        made.add("MeanVarianceNormalization", axes=[2])
        assert "MeanVarianceNormalization" not in OPERATORS
        assert len(kinds(made)) > 1

    def test_operators_of_optimisers(self):
        made = start(1, 5, 8)
        made.domains = {"com.microsoft": 1}
        x = made.last
        made.add("FusedMatMul", x, made.weight(6, 8), domain="com.microsoft", transB=1, alpha=0.5)
        made.add("BiasGelu", made.last, made.weight(6), domain="com.microsoft")
        assert [kind for kind in kinds(made)[1:] if kind != "constant"] == [
            "linear", "scale", "add", "gelu",
        ]  # fmt: skip
        assert "com.microsoft.BiasGelu" in REWRITTEN


def test_a_class_token_and_positions():
    made = Made(1, 9, 6)
    token = made.weight(1, 1, 6)
    made.add("Concat", token, "x", axis=1)
    made.add("Add", made.last, made.weight(1, 10, 6))
    made.add("Gather", made.last, made.weight(name="first", fill=0, elem=np.int64), axis=1)
    made.add("Gemm", made.last, made.weight(6, 3))
    assert layers(made) == [
        ("constant", "6 x 1 x 1", 0),
        ("concat", "6 x 1 x 10", 0),
        ("constant", "6 x 1 x 10", 0),
        ("add", "6 x 1 x 10", 0),
        ("slice", "6 x 1 x 1", 0),
        ("linear", "3 x 1 x 1", 18),
    ]


def test_a_further_input_comes_from_memory():
    made = Made(1, "n", elem=INT, name="ids")
    made.given("mask", 1, "n")
    made.add("Gather", made.weight(20, 6), "ids")
    wide = made.add("Unsqueeze", "mask", made.ints(2))
    made.add("Mul", made.nodes[0].output[0], wide)
    made.add("MatMul", made.last, made.weight(6, 5))
    got = layers(made, input={"width": 8})
    assert ("embedding", "6 x 1 x 8", 0) in got
    assert ("constant", "1 x 1 x 8", 0) in got or ("constant", "8 x 1 x 1", 0) in got
    assert got[-2:] == [("multiply", "6 x 1 x 8", 0), ("linear", "5 x 1 x 8", 240)]


def test_transposed_convolutions():
    made = Made(1, 4, 5, 6)
    weight = made.weight(4, 3, 3, 2)
    made.add("ConvTranspose", "x", weight, strides=[2, 2], pads=[1, 0, 1, 0], output_padding=[1, 0])
    assert layers(made) == [("conv_transpose", "3 x 10 x 12", 30 * 4 * 3 * 6)]


def test_every_operator_of_the_table_says_what_it_becomes():
    for name, (_, becomes) in OPERATORS.items():
        assert becomes, name
