"""Each ONNX operator as layers, and what is refused; the files are written by a tiny encoder."""

import struct
from io import BytesIO
from math import prod, sqrt

import pytest
from onnx_bytes import constant, floats, integers, message, model, node, number, tensor

from cnncalc.core.errors import CnncalcError
from cnncalc.spec.readers import _flow, _onnx_constants, _onnx_file, _onnx_values, _protobuf, onnx

ONE = number("one", 1.0)
HALF = number("half", 0.5)
ROOT = number("root", sqrt(2))
OVER_ROOT = number("over_root", sqrt(0.5))


def kinds(report):
    return " ".join(row.kind for row in report.layers)


# Functions that older versions spell out.

ERF = [node("Div", "x root", "d"), node("Erf", "d", "e"), node("Add", "e one", "p")]


@pytest.mark.parametrize(
    "nodes",
    [
        [*ERF, node("Mul", "x p", "m"), node("Mul", "m half", "y")],
        [*ERF, node("Mul", "p half", "m"), node("Mul", "m x", "y")],
        [*ERF, node("Mul", "x half", "h"), node("Mul", "h p", "y")],
        [node("Mul", "over_root x", "d"), *ERF[1:], node("Mul", "x p", "m"),
         node("Mul", "half m", "y")],
        [node("Constant", "", "c", value=number("", 1.0)), *ERF[:2], node("Add", "c e", "p"),
         node("Mul", "x p", "m"), node("Mul", "m half", "y")],
    ],
)  # fmt: skip
def test_a_gelu_in_any_order_is_one_layer(summarized, nodes):
    report = summarized(model(nodes, [ROOT, ONE, HALF, OVER_ROOT]))
    assert kinds(report) == "gelu"
    assert report.output_shape == (3, 8, 8)


@pytest.mark.parametrize(
    ("nodes", "found"),
    [
        # Not by the square root of 2.
        ([node("Div", "x one", "d"), *ERF[1:], node("Mul", "x p", "m"),
          node("Mul", "m half", "y")], "divide opaque add multiply multiply"),
        # Nothing is halved, or something else is multiplied.
        ([*ERF, node("Mul", "x p", "y")], "divide opaque add multiply"),
        ([*ERF, node("Mul", "p root", "m"), node("Mul", "m x", "y")],
         "divide opaque add multiply multiply"),
        ([*ERF, node("Mul", "p p", "y")], "divide opaque add multiply"),
        # Something else reads what is inside.
        ([*ERF, node("Mul", "x p", "m"), node("Mul", "m half", "h"), node("Add", "h p", "y")],
         "divide opaque add multiply multiply add"),
        ([*ERF, node("Mul", "x p", "m"), node("Mul", "m half", "h"), node("Add", "h d", "y")],
         "divide opaque add multiply multiply add"),
        ([*ERF[:2], node("Relu", "e", "y")], "divide opaque relu"),
        ([node("Erf", "x", "e"), node("Sum", "e x x", "y")], "opaque add"),
    ],
)  # fmt: skip
def test_what_is_almost_a_gelu_stays_as_it_is(summarized, nodes, found):
    data = model(nodes, [ROOT, ONE, HALF], values=[("e", (1, 3, 8, 8))])
    assert kinds(summarized(data)) == found


def spelled(square="Pow", second=-1, last=("g", "s"), epsilon="eps"):
    """A layer norm as several nodes."""
    nodes = [
        node("ReduceMean", "x", "mean", axes=[-1]),
        node("Sub", "x mean", "minus"),
        node("Pow", "minus two", "square")
        if square == "Pow"
        else node("Mul", f"minus {square}", "square"),
        node("ReduceMean", "square", "variance", axes=[second]),
        node("Add", f"variance {epsilon}", "plus"),
        node("Sqrt", "plus", "root"),
        node("Div", "minus root", "n"),
    ]
    if last:
        nodes += [node("Mul", f"n {last[0]}", "scaled"), node("Add", f"scaled {last[1]}", "y")]
    return nodes


NORM = [tensor("g", [8]), tensor("s", [8]), number("two", 2.0), number("eps", 1e-6),
        number("three", 3.0)]  # fmt: skip
TOKENS = [("x", (1, 6, 8))]


@pytest.mark.parametrize("square", ["Pow", "minus"])
def test_a_layer_norm_is_one_layer(summarized, square):
    report = summarized(model(spelled(square), NORM, TOKENS))
    assert kinds(report) == "layer_norm"
    assert report.totals.params == 8 + 8
    assert report.output_shape == (6, 8)


@pytest.mark.parametrize(
    "changes",
    [
        {"square": "three"},
        {"square": "mean"},
        {"second": -2},
        {"last": ()},
        {"last": ("g", "two")},
        {"epsilon": "x"},
    ],
)
def test_what_is_almost_a_layer_norm_stays_as_it_is(summarized, changes):
    nodes = spelled(**changes)
    outputs = ("y",) if changes.get("last", True) else ("n",)
    found = kinds(summarized(model(nodes, NORM, TOKENS, outputs)))
    assert "layer_norm" not in found
    assert found.startswith("global_avg_pool expand subtract")


def test_a_quotient_of_something_else_is_not_a_layer_norm(summarized):
    nodes = [node("Sqrt", "x", "r"), node("Div", "x r", "y")]
    assert kinds(summarized(model(nodes))) == "power divide"


@pytest.mark.parametrize(("gate", "found"), [("Sigmoid", "silu"), ("HardSigmoid", "hardswish")])
def test_a_product_with_its_own_gate_is_one_layer(summarized, gate, found):
    settings = {"alpha": 1 / 6, "beta": 0.5} if gate == "HardSigmoid" else {}
    nodes = [node(gate, "x", "s", **settings), node("Mul", "s x", "y")]
    assert kinds(summarized(model(nodes))) == found


# Arithmetic.

MAP = (1, 3, 8, 8)
OPAQUE = [("y", MAP)]


@pytest.mark.parametrize(
    ("nodes", "weights", "found", "params"),
    [
        ([node("Sum", "x", "s"), node("Relu", "s", "y")], [], "relu", 0),
        ([node("Sum", "x x one", "y")], [ONE], "opaque", 0),
        ([node("ReduceMean", "x", "m", axes=[2, 3]), node("Sum", "x m m", "y")], [],
         "global_avg_pool opaque", 0),
        ([node("ReduceMean", "x", "m", axes=[2, 3], keepdims=0),
          node("Transpose", "x", "t", perm=[0, 2, 3, 1]), node("Mul", "t m", "p"),
          node("Transpose", "p", "y", perm=[0, 3, 1, 2])], [],
         "global_avg_pool reshape multiply", 0),
        ([node("ReduceMean", "x", "m", axes=[2, 3], keepdims=0),
          node("Transpose", "x", "t", perm=[0, 2, 3, 1]), node("Sub", "t m", "p"),
          node("Transpose", "p", "y", perm=[0, 3, 1, 2])], [],
         "global_avg_pool reshape expand subtract", 0),
        ([node("Add", "x u", "y")], [tensor("u", [])], "opaque", 0),
        ([node("Add", "x w", "y")], [tensor("w", [1, 1, 3, 8, 8])], "opaque", 192),
        ([node("Add", "x w", "y")], [tensor("w", [3, 8, 8])], "positional_embedding", 192),
        ([node("Add", "x w", "y")], [tensor("w", [8, 1])], "add", 8),
        ([node("Mul", "x w", "y")], [tensor("w", [8])],
         "reshape permute reshape scale flatten permute reshape", 8),
        ([node("Mul", "x w", "y")], [tensor("w", [3, 1, 1])], "scale", 3),
        ([node("Div", "w x", "y")], [tensor("w", [3, 1, 1])], "opaque", 3),
        ([node("Div", "x w", "y")], [tensor("w", [3, 1, 1])], "divide", 3),
        ([node("Max", "x one", "y")], [ONE], "opaque", 0),
        ([node("Max", "x w", "y")], [tensor("w", [3, 1, 1])], "opaque", 3),
        ([node("Pow", "x x", "y")], [], "opaque", 0),
        ([node("Pow", "x half", "y")], [HALF], "power", 0),
        ([node("Sqrt", "x", "a"), node("Reciprocal", "a", "b"), node("Neg", "b", "y")], [],
         "power power multiply", 0),
        ([node("Div", "half x", "y")], [HALF], "power multiply", 0),
        ([node("LayerNormalization", "x w v", "y", axis=0)],
         [tensor("w", [192]), tensor("v", [192])], "opaque", 384),
        ([node("LayerNormalization", "x w v", "y", axis=1)],
         [tensor("w", [3, 8, 8]), tensor("v", [3, 8, 8])], "layer_norm", 384),
        ([node("ReduceSum", "x", "r", axes=[0]), node("Relu", "r", "y")], [], "opaque relu", 0),
        ([node("ReduceL2", "x", "r", axes=[1]), node("Div", "x r", "y")], [],
         "reduce expand divide", 0),
    ],
)  # fmt: skip
def test_arithmetic_becomes_layers(summarized, nodes, weights, found, params):
    report = summarized(model(nodes, weights, values=[*OPAQUE, ("r", MAP)]))
    assert (kinds(report), report.totals.params) == (found, params)
    assert report.output_shape == (3, 8, 8)


def test_weights_that_cover_part_of_a_size(summarized):
    nodes = [node("Reshape", "x to", "r"), node("Add", "r w", "a"),
             node("Reshape", "a back", "y")]  # fmt: skip
    weights = [integers("to", 1, 3, 2, 4, 8), tensor("w", [2, 1, 1]), integers("back", 1, 3, 8, 8)]
    report = summarized(model(nodes, weights, values=[("a", (1, 3, 2, 4, 8))]))
    assert "opaque" in kinds(report)
    assert (report.output_shape, report.totals.params) == ((3, 8, 8), 2)


def test_older_softmax_is_over_all_later_axes(summarized):
    one = model([node("Softmax", "x", "y", axis=1)], opset=11, values=OPAQUE)
    assert kinds(summarized(one)) == "opaque"
    last = model([node("Softmax", "x", "y", axis=3)], opset=11)
    assert kinds(summarized(last)) == "softmax"


def test_a_norm_over_a_middle_axis_is_permuted(summarized):
    nodes = [node("Transpose", "x", "t", perm=[0, 1, 3, 2]),
             node("LayerNormalization", "t w", "y")]  # fmt: skip
    report = summarized(model(nodes, [tensor("w", [6])], [("x", (1, 3, 6, 8))]))
    # 6×3×8, and back as 6×24, 24×6
    assert kinds(report) == "permute layer_norm flatten permute reshape"
    assert (report.output_shape, report.totals.params) == ((3, 8, 6), 6)


def test_a_sum_over_a_size_of_1_is_read(summarized):
    nodes = [node("ReduceSum", "x", "y", axes=[2])]
    report = summarized(model(nodes, inputs=[("x", (1, 3, 1, 8))]))
    assert (kinds(report), report.output_shape) == ("reduce", (3, 1, 8))


def test_a_batch_is_not_added_to_features(summarized):
    nodes = [node("Transpose", "x", "t", perm=[1, 0]), node("Add", "x t", "a"),
             node("Relu", "a", "y")]  # fmt: skip
    data = model(nodes, inputs=[("x", (3, 3))])
    with pytest.raises(CnncalcError, match="operator Add is unknown, and the file does not give"):
        summarized(data)


def test_sizes_that_do_not_fit_each_other(summarized):
    data = model(
        [node("Add", "x z", "a"), node("Relu", "a", "y")], inputs=[("x", MAP), ("z", (1, 2, 8, 8))]
    )
    with pytest.raises(CnncalcError, match="operator Add is unknown"):
        summarized(data)


# Shapes and parts.

TO_Y = node("Relu", "a", "y")


@pytest.mark.parametrize(
    ("nodes", "weights", "size", "found", "output"),
    [
        ([node("Reshape", "x", "a", shape=[1, 192]), TO_Y], [], MAP, "relu flatten", (192,)),
        ([node("Flatten", "x", "a", axis=-3), TO_Y], [], MAP, "relu flatten", (192,)),
        ([node("Transpose", "x", "a"), node("Transpose", "a", "b"),
          node("Relu", "b", "y")], [], MAP, "relu", MAP[1:]),
        ([node("Squeeze", "x", "a", axes=[1]), TO_Y], [], (1, 1, 8, 8), "relu reshape", (8, 8)),
        ([node("Squeeze", "x", "s"), node("Unsqueeze", "s ax", "a"), TO_Y],
         [integers("ax", 0, 1)], (1, 1, 8, 8), "relu", (1, 8, 8)),
        ([node("Expand", "x to", "a"), TO_Y], [integers("to", 1, 3, 8, 8)], (1, 3, 1, 8),
         "expand relu", (3, 8, 8)),
        ([node("Expand", "x to", "a"), TO_Y], [integers("to", 8, 8)], MAP, "relu", (3, 8, 8)),
        ([node("Slice", "x", "a", starts=[1], ends=[3], axes=[2]), TO_Y], [], MAP, "slice relu",
         (3, 2, 8)),
        ([node("Slice", "x", "a", starts=[0, 1], ends=[1, 2]), TO_Y], [], MAP, "slice relu",
         (1, 8, 8)),
        ([node("Split", "x to", "a b", axis=2), TO_Y], [integers("to", 2, 6)], MAP,
         "slice slice relu", (3, 2, 8)),
        ([node("Gather", "x i", "a", axis=2), TO_Y], [tensor("i", [], 7, bytes(8))], MAP,
         "slice relu flatten", (3, 8)),
        ([node("Squeeze", "x", "s", axes=[0]), node("Gather", "s i", "a"), TO_Y],
         [integers("i", 0, 1, 2)], (1, 3), "relu", (3,)),
    ],
)  # fmt: skip
def test_operators_on_shapes_become_layers(summarized, nodes, weights, size, found, output):
    report = summarized(model(nodes, weights, [("x", size)]))
    assert (kinds(report), report.output_shape) == (found, output)


@pytest.mark.parametrize(
    ("one", "weights", "size"),
    [
        (node("Transpose", "x", "a", perm=[0, 1]), [], MAP),
        (node("Reshape", "x to", "a"), [integers("to", 1, 5, -1)], MAP),
        (node("Reshape", "x to", "a"), [integers("to", -1, -1)], MAP),
        (node("Reshape", "x to", "a"), [integers("to", 1, 192, 1, 1, 0)], MAP),
        (node("Reshape", "x one", "a"), [ONE], MAP),
        (node("Reshape", "x to", "a"), [integers("to", 6, 2)], (4, 3)),
        (node("Squeeze", "x", "a", axes=[1]), [], MAP),
        (node("Expand", "x to", "a"), [integers("to", 1, 1, 3, 8, 8)], MAP),
        (node("Expand", "x to", "a"), [integers("to", 2, 8)], MAP),
        (node("Expand", "x to", "a"), [integers("to", 2, 3, 8, 8)], MAP),
        (node("Slice", "x", "a", starts=[0]), [], MAP),
        (node("Slice", "x", "a", starts=[3], ends=[1]), [], MAP),
        (node("Slice", "x from to two two", "a"),
         [integers("from", 0), integers("to", 8), integers("two", 2)], MAP),
        (node("Unsqueeze", "x", "a"), [], MAP),
        (node("Gather", "x i", "a", axis=1), [integers("i", 0, 2)], MAP),
        (node("Concat", "x x", "a", axis=0), [], MAP),
        (node("Concat", "t x", "a", axis=1), [tensor("t", [1, 1, 8, 8])], MAP),
        (node("MaxUnpool", "x x", "a", kernel_shape=[2, 2], strides=[2, 2]), [], MAP),
        (node("Gemm", "x w", "a", alpha=0.5), [tensor("w", [8, 4])], MAP),
        (node("Gemm", "x w", "a"), [tensor("w", [8, 4, 1])], MAP),
        (node("Gemm", "w x", "a", transA=1), [tensor("w", [8, 4])], (8, 4)),
        (node("MatMul", "x w", "a"), [tensor("w", [2, 8, 4])], MAP),
        (node("MatMul", "w x", "a"), [tensor("w", [8, 8])], MAP),
        (node("MatMul", "x x", "a"), [], (4, 4)),
        (node("Softmax", "x", "a", axis=0), [], MAP),
    ],
)  # fmt: skip
def test_what_no_kind_expresses_needs_the_sizes_of_its_output(summarized, one, weights, size):
    with pytest.raises(CnncalcError, match="is unknown, and the file does not give the sizes"):
        summarized(model([one, TO_Y], weights, [("x", size)]))


# Operators that no tool could run.

FOUR = integers("four", 0, 1, 2, 3)
SQUARE = tensor("square", [1, 4], 7, bytes(32))


@pytest.mark.parametrize(
    ("one", "weights", "why"),
    [
        (node("Unsqueeze", "x", "a", axes=[9]), [], "its axis 9 must be from -5 to 4"),
        (node("Unsqueeze", "x", "a", axes=[1, -5]), [], "its axes name the same axis twice"),
        (node("Unsqueeze", "x square", "a"), [SQUARE],
         "a constant has the sizes 1 × 4, but must be a list of numbers"),
        (node("Reshape", "x square", "a"), [SQUARE], "a constant has the sizes 1 × 4"),
        (node("Squeeze", "x square", "a"), [SQUARE], "a constant has the sizes 1 × 4"),
        (node("ReduceMax", "x square", "a"), [SQUARE], "a constant has the sizes 1 × 4"),
        (node("ReduceMax", "x", "a", axes=[4]), [], "its axis 4 must be from -4 to 3"),
        (node("Slice", "x square four", "a"), [SQUARE, FOUR], "a constant has the sizes 1 × 4"),
        (node("Slice", "x", "a", starts=[3], ends=[1], axes=[7]), [], "its axis 7 must be from -4"),
        (node("Slice", "x", "a", starts=[0, 0], ends=[1], axes=[2]), [],
         "its starts, ends, axes and steps must have the same length"),
        (node("Slice", "x", "a", starts=[0, 0], ends=[1, 1], axes=[2, -2]), [], "same axis twice"),
        (node("Split", "x", "a b", axis=7), [], "its axis 7 must be from -4 to 3"),
        (node("Split", "x", "a b", axis=2, split=[2, 5]), [],
         r"it splits 8 into 2 \+ 5, for 2 outputs"),
        (node("Split", "x", "a b", axis=2, split=[8]), [], "it splits 8 into 8, for 2 outputs"),
        (node("Split", "x square", "a b", axis=2), [SQUARE], "a constant has the sizes 1 × 4"),
        (node("Gather", "x i", "a", axis=1), [integers("i", 3)],
         "it reads position 3 of an axis of size 3"),
        (node("Gather", "x i", "a", axis=4), [integers("i", 0)], "its axis 4 must be"),
        (node("Concat", "x x", "a", axis=4), [], "its axis 4 must be from -4 to 3"),
        (node("Concat", "t x", "a", axis=-5), [tensor("t", [1, 1, 8, 8])], "its axis -5 must be"),
        (node("Flatten", "x", "a", axis=5), [], "its axis 5 must be from -4 to 3"),
        (node("Softmax", "x", "a", axis=4), [], "its axis 4 must be from -4 to 3"),
        (node("LayerNormalization", "x w", "a", axis=-5), [tensor("w", [8])], "its axis -5 must"),
        (node("Pad", "x four", "a"), [FOUR], "it has 4 pads, but must have 8, two for each axis"),
        (node("Pad", "x square", "a"), [SQUARE], "a constant has the sizes 1 × 4"),
        (node("Pad", "x four  i", "a"), [FOUR, integers("i", 2, -2)], "same axis twice"),
        (node("Pad", "x four  i", "a"), [FOUR, integers("i", 2, 4)], "its axis 4 must be"),
        (node("Resize", "x   i", "a"), [integers("i", 1, 3, 16)],
         "it has 3 scales or sizes, but must have 4"),
        (node("Resize", "x  s i", "a"), [floats("s", 1, 1, 2, 2), integers("i", 1, 3, 16, 16)],
         "it has both scales and sizes; ONNX allows only one of them"),
        (node("DepthToSpace", "x", "a"), [], "has operands or settings that do not fit it"),
        (node("LRN", "x", "a"), [], "has operands or settings that do not fit it"),
        (node("Mul", "x", "a"), [], "it reads 1 tensor, but must read 2"),
        (node("Mul", "x x x", "a"), [], "it reads 3 tensors, but must read 2"),
        (node("Relu", "x x", "a"), [], "it reads 2 tensors, but must read 1"),
        (node("MaxPool", "x x", "a", kernel_shape=[2, 2]), [], "it reads 2 tensors, but must"),
        (node("Conv", "x w  w", "a"), [tensor("w", [8, 3, 1, 1])], "must read 2 or 3"),
        (node("Slice", "x i i i i i", "a"), [integers("i", 1)], "must read 1 to 5"),
        (node("ReduceL2", "x", "a", axes=[1], keepdims=2), [],
         "its keepdims is 2, but must be 0 or 1"),
        (node("MaxPool", "x", "a", kernel_shape=[2, 2], ceil_mode=-1), [], "its ceil_mode is -1"),
        (node("Gemm", "x w", "a", transB=2), [tensor("w", [8, 8])], "its transB is 2"),
    ],
)  # fmt: skip
def test_an_operator_that_no_tool_could_run_is_refused(summarized, one, weights, why):
    values = [("a", MAP)]  # not opaque even if the file has its sizes
    with pytest.raises(CnncalcError, match=why):
        summarized(model([one, TO_Y], weights, values=values))


def test_two_nodes_of_one_name_are_refused(summarized):
    nodes = [node("Relu", "x", "a", "n"), node("Relu", "a", "y", "n")]
    with pytest.raises(CnncalcError, match="the file has two nodes called 'n'"):
        summarized(model(nodes))


def test_empty_operands_at_the_end_do_not_count(summarized):
    nodes = [node("Relu", "x ", "a"), node("Sum", "a", "y")]
    assert kinds(summarized(model(nodes))) == "relu"


def test_an_embedding_is_read(summarized):
    nodes = [node("Gather", "w x", "a"), TO_Y]
    report = summarized(model(nodes, [tensor("w", [100, 16])], [("x", (1, 5))]))
    # PyTorch's order: the 16 features are last.
    assert kinds(report) == "embedding relu permute"
    assert (report.totals.params, report.output_shape) == (1600, (5, 16))


@pytest.mark.parametrize("axis", [1, 2])
def test_a_class_token_is_read(summarized, axis):
    sizes = (1, 6, 8) if axis == 1 else (1, 8, 6)
    token = (1, 1, 8) if axis == 1 else (1, 8, 1)
    nodes = [node("Concat", "t x", "y", axis=axis)]
    report = summarized(model(nodes, [tensor("t", token)], [("x", sizes)]))
    assert report.totals.params == 8
    assert sorted(report.output_shape) == [7, 8]
    assert kinds(report).count("class_token") == 1


def test_an_unpool_reads_the_input_of_its_pool(summarized):
    window = {"kernel_shape": [2, 2], "strides": [2, 2]}
    nodes = [node("MaxPool", "x", "p i", **window), node("MaxUnpool", "p i", "y", **window)]
    report = summarized(model(nodes))
    assert kinds(report) == "max_pool max_unpool"
    assert report.output_shape == (3, 8, 8)
    nodes[1] = node("MaxUnpool", "p i s", "y", **window)
    assert kinds(summarized(model(nodes, [integers("s", 1, 3, 8, 8)]))) == "max_pool max_unpool"
    larger = [integers("s", 1, 3, 9, 9)]
    report = summarized(model(nodes, larger, outputs=["y"], values=[("y", (1, 3, 9, 9))]))
    assert kinds(report) == "max_pool opaque"


def test_a_product_of_two_maps_is_read(summarized):
    nodes = [node("Transpose", "x", "t", perm=[0, 1, 3, 2]), node("MatMul", "x t", "y")]
    report = summarized(model(nodes, inputs=[("x", (1, 2, 5, 7))]))
    # 2 heads, 5×7 by 7×5
    assert (report.output_shape, report.totals.macs) == ((2, 5, 5), 2 * 5 * 7 * 5)


@pytest.mark.parametrize(("size", "out"), [((1, 1), 4), ((1, 6), 1), ((1, 1), 1)])
def test_a_linear_layer_of_one_feature_is_read(summarized, size, out):
    nodes = [node("Gemm", "x w b", "y", transB=1)]
    weights = [tensor("w", [out, size[1]]), tensor("b", [out])]
    report = summarized(model(nodes, weights, [("x", size)]))
    assert (kinds(report), report.output_shape) == ("linear", (out,))
    assert report.totals.params == size[1] * out + out


# Numbers that a file computes from constants.

VECTOR = _onnx_values.of([4, 6, 9])


def known(sizes, *numbers):
    return _onnx_values.Known(sizes, numbers)


def computed(kind, *inputs, **attributes):
    one = _onnx_file.Operator(kind, "", (), ("y",), attributes)
    return _onnx_constants.evaluated(one, inputs)


@pytest.mark.parametrize(
    ("kind", "inputs", "attributes", "sizes", "numbers"),
    [
        ("Div", [known((), -7), known((), 2)], {}, (), (-3,)),
        ("Div", [known((), 1.0), known((), 4)], {}, (), (0.25,)),
        ("Div", [known((), -(1 << 60) - 1), known((), 2)], {}, (), (-(1 << 59),)),
        ("Add", [VECTOR, known((), 1)], {}, (3,), (5, 7, 10)),
        ("Sub", [known((3, 1), 1, 2, 3), known((1, 2), 4, 5)], {}, (3, 2),
         (-3, -4, -2, -3, -1, -2)),
        ("Add", [known((2, 1), 1, 2), known((2,), 3, 5)], {}, (2, 2), (4, 6, 5, 7)),
        ("Mul", [known((1, 3), 1, 2, 3), known((2, 1, 1), 1, 2)], {}, (2, 1, 3),
         (1, 2, 3, 2, 4, 6)),
        ("Add", [known((0,)), known((1,), 3)], {}, (0,), ()),
        ("Min", [VECTOR], {}, (3,), (4, 6, 9)),
        ("Max", [VECTOR, known((), 5), known((1,), 7)], {}, (3,), (7, 7, 9)),
        ("Mod", [known((), -7), known((), 3)], {}, (), (2,)),
        ("Where", [known((2,), True, False), known((), 1), known((), 2)], {}, (2,), (1, 2)),
        ("And", [known((), True), known((), False)], {}, (), (False,)),
        ("Or", [known((), True), known((), False)], {}, (), (True,)),
        ("Floor", [known((), 2.7)], {}, (), (2.0,)),
        ("Ceil", [known((), 2.2)], {}, (), (3.0,)),
        ("Cast", [known((), 2.7)], {"to": 7}, (), (2,)),
        ("Cast", [known((), 2)], {"to": 1}, (), (2.0,)),
        ("Cast", [known((2,), 0.5, 0)], {"to": 9}, (2,), (True, False)),
        ("Gather", [VECTOR, known((2,), 2, 0)], {}, (2,), (9, 4)),
        ("Concat", [VECTOR, known((1,), 1)], {"axis": 0}, (4,), (4, 6, 9, 1)),
        ("Slice", [VECTOR, known((1,), 1), known((1,), 3)], {}, (2,), (6, 9)),
        ("Slice", [VECTOR], {"starts": [0], "ends": [2]}, (2,), (4, 6)),
        ("Slice", [VECTOR, known((1,), 0), known((1,), 3), known((1,), 0), known((1,), 2)], {},
         (2,), (4, 9)),
        ("ConstantOfShape", [known((2,), 2, 1)], {}, (2, 1), (0.0, 0.0)),
        ("Expand", [known((), 5), known((2,), 2, 2)], {}, (2, 2), (5, 5, 5, 5)),
        ("Range", [known((), 1), known((), 7), known((), 2)], {}, (3,), (1, 3, 5)),
        ("ReduceProd", [VECTOR], {}, (1,), (216,)),
        ("ReduceProd", [VECTOR], {"keepdims": 0}, (), (216,)),
        ("NonZero", [known((2, 2), 1, 0, 0, 1)], {}, (2, 2), (0, 1, 0, 1)),
        ("Constant", [], {"value_ints": [3, 4]}, (2,), (3, 4)),
        ("Constant", [], {"value_int": 3}, (), (3,)),
        ("Transpose", [VECTOR], {}, (3,), (4, 6, 9)),
        ("Reshape", [VECTOR, known((2,), -1, 1)], {}, (3, 1), (4, 6, 9)),
        ("Squeeze", [known((1, 1), 3)], {}, (), (3,)),
        ("Squeeze", [known((1, 1), 3), known((1,), 0)], {}, (1,), (3,)),
        ("Unsqueeze", [VECTOR, known((1,), 0)], {}, (1, 3), (4, 6, 9)),
        ("Flatten", [known((1, 2), 3, 4)], {}, (2,), (3, 4)),
        ("DequantizeLinear", [VECTOR], {}, (3,), (4, 6, 9)),
    ],
)  # fmt: skip
def test_numbers_are_computed_from_constants(kind, inputs, attributes, sizes, numbers):
    made = computed(kind, *inputs, **attributes)
    assert (made.sizes, made.values()) == (sizes, numbers)


MANY = known((3,), 1 << 10, 1 << 10, 1 << 10)
UNREAD = _onnx_values.Known((3,))


@pytest.mark.parametrize(
    ("kind", "inputs", "attributes"),
    [
        ("Strange", [VECTOR], {}),
        ("Add", [UNREAD, VECTOR], {}),
        ("Add", [VECTOR, known((2,), 1, 2)], {}),
        ("Add", [known((80, 1), *range(80)), known((1, 80), *range(80))], {}),
        ("Mod", [known((), -7), known((), 3)], {"fmod": 1}),
        ("ReduceProd", [known((2, 3), 1, 2, 3, 4, 5, 6)], {"axes": [0]}),
        ("Gather", [VECTOR, known((), 0)], {"axis": 1}),
        ("Slice", [VECTOR], {}),
        ("Unsqueeze", [VECTOR], {}),
        ("Concat", [known((1, 1), 1), VECTOR], {"axis": 0}),
        ("ConstantOfShape", [known((1,), -1)], {}),
        ("Range", [known((), 0), known((), 1 << 20), known((), 1)], {}),
        ("Constant", [], {"sparse_value": None}),
        ("Transpose", [VECTOR], {"perm": [1, 0]}),
        ("Reshape", [VECTOR, known((1,), 2)], {}),
        ("Reshape", [VECTOR, UNREAD], {}),
        ("Expand", [_onnx_values.Known((2, 4), None, {"w": 8}), known((2,), 3, 4)], {}),
    ],
)
def test_numbers_that_are_not_known(kind, inputs, attributes):
    assert computed(kind, *inputs, **attributes) is None


def test_many_numbers_are_not_listed():
    made = computed("ConstantOfShape", MANY)
    assert (made.sizes, made.values()) == ((1 << 10,) * 3, None)


def test_weights_repeated_for_every_image_stay_weights():
    token = _onnx_values.Known((1, 1, 8), None, "token")
    assert computed("Expand", token, known((3,), 5, -1, -1)) == token


# How a file stores numbers.


def stored(sizes, dtype, *pairs, more=b""):
    """A power whose exponent is stored in these fields."""
    held = message(*[(1, size) for size in sizes], (2, dtype), (8, "e"), *pairs)
    return model([node("Pow", "x e", "y")], [held + more], values=OPAQUE)


def fixed64(number, value):
    return bytes([number << 3 | 1]) + struct.pack("<d", value)


@pytest.mark.parametrize(
    "data",
    [
        stored([], 1, (9, struct.pack("<f", 3.0))),
        stored([], 1, (4, struct.pack("<f", 3.0))),
        stored([], 1, (4, 3.0)),
        stored([], 11, (10, struct.pack("<d", 3.0))),
        stored([], 11, more=fixed64(10, 3.0)),
        stored([], 7, (7, 3)),
        stored([], 7, (7, bytes([3]))),
        stored([], 10, (9, struct.pack("<e", 3.0))),
    ],
)
def test_a_number_is_read_however_it_is_stored(data):
    (layer,) = onnx.read(BytesIO(data), "net.onnx", {})["layers"]
    assert layer["power"] == {"exponent": 3}


@pytest.mark.parametrize(
    "data",
    [
        stored([], 16, (9, bytes([0x80, 0x3F]))),  # bfloat16
        stored([], 10, (5, 0x3C00)),  # the bits of a half
        stored([], 1, (9, bytes(3))),
        stored([], 1),
        stored([1], 1, (4, bytes(8))),
        stored([5000], 1),
    ],
)
def test_a_number_that_is_not_read_is_never_guessed(summarized, data):
    assert kinds(summarized(data)) == "opaque"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (stored([], 7, (7, b"\xff")), "is damaged or cut off"),
        (model([message((1, "x"), (2, "y"), (4, "Relu"), (5, message((1, "a"), (7, 3))))]),
         "is damaged or cut off"),
        (model([message((1, "x"), (2, "y"), (4, "Relu"), (5, message((1, "a"), (8, 3.0))))]),
         "is damaged or cut off"),
        (model([], [message((1, 3.0), (8, "w"))]), "is damaged or cut off"),
        (message((1, 10), (2, "a"), (7, message((15, "s")))), "holds sparse weights"),
        (model([node("Relu", "x", "y")], inputs=[("x", MAP), ("z", (2, 3))]),
         "the batches of the inputs differ: 1 and 2"),
        (model([node("Relu", "x", "y")], inputs=[("x", MAP), ("z", ("n", 3))]),
         "the batches of the inputs differ: 1 and any size"),
        (model([node("Gather", "x", "y")]), r"'gather' \(Gather\): it reads 1 tensor, but"),
        (model([node("Concat", "x x", "y")]), r"'concat' \(Concat\): it needs an axis"),
        (model([node("Conv", "x w", "y", strides=[0, 0])], [tensor("w", [4, 3, 3, 3])]),
         r"'conv' \(Conv\)"),
    ],
)  # fmt: skip
def test_a_damaged_file_gets_one_sentence(summarized, data, why):
    with pytest.raises(CnncalcError, match=why) as caught:
        summarized(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("where", "limit", "most", "why"),
    [
        (_protobuf, "MAX_FIELDS", 20, "the file has more than 20 fields"),
        (_onnx_file, "MAX_NAMES", 2, "names more than 2 tensors"),
    ],
)
def test_too_many_fields_or_names_are_refused(summarized, monkeypatch, where, limit, most, why):
    monkeypatch.setattr(where, limit, most)
    with pytest.raises(CnncalcError, match=why):
        summarized(model([node("Relu", "x", "y")], [ONE, HALF]))


@pytest.mark.parametrize("learned", [False, True])
def test_a_tensor_of_many_dimensions_is_refused(summarized, learned):
    first = "w" if learned else "x"
    nodes = [
        node("Unsqueeze", first if at == 0 else f"t{at}", f"t{at + 1}", axes=[1])
        for at in range(65)
    ]
    nodes += [node("Relu", "x", "y")]
    with pytest.raises(CnncalcError, match="produces a tensor with 65 dimensions; at most 64"):
        summarized(model(nodes, [tensor("w", [4], 1)]))


def test_a_very_long_name_is_refused(summarized):
    with pytest.raises(CnncalcError, match="has a value of more than 1,000,000 bytes"):
        summarized(model([node("Relu", "x", "y", "n" * 1_000_001)]))


# Opaque layers, names and shared weights.


def test_integer_operators_are_those_that_they_replace(summarized):
    one = node("QLinearConv", "x s z w s z s z", "y", pads=[1, 1, 1, 1])
    weights = [tensor("w", [4, 3, 3, 3], 3), number("s", 1.0), tensor("z", [], 2, bytes(1))]
    report = summarized(model([one], weights))
    assert (kinds(report), report.totals.params) == ("conv", 4 * 3 * 9)
    report = summarized(model([node("MatMulInteger", "x w", "y")], [tensor("w", [8, 5], 3)]))
    assert report.totals.macs == 3 * 8 * 8 * 5


@pytest.mark.parametrize(
    ("sizes", "output"),
    [
        ((1, 5, 2), (5, 2)),
        ((1,), (1,)),
        ((5, 2), (5, 2)),
        ((1, 2, 3, 4, 5, 6), (720,)),
        (("n", 5), (5,)),
    ],
)
def test_an_unknown_operator_has_the_sizes_of_the_file(summarized, sizes, output):
    nodes = [node("Strange", "x", "a unread"), node("Relu", "a", "y")]
    report = summarized(model(nodes, values=[("a", sizes)]))
    assert (kinds(report), report["strange"].output) == ("opaque relu", output)


@pytest.mark.parametrize(
    ("sizes", "why"),
    [
        ((4, 5), "has an output without a batch axis"),
        (("n", "m"), "leaves sizes of its output open"),
    ],
)
def test_an_unknown_operator_must_keep_the_batch(summarized, sizes, why):
    nodes = [node("Strange", "x", "a"), node("Relu", "a", "y")]
    with pytest.raises(CnncalcError, match=why):
        summarized(model(nodes, inputs=[("x", (2, 3, 8, 8))], values=[("a", sizes)]))


def test_a_second_output_that_is_read_is_opaque(summarized):
    nodes = [node("Dropout", "x", "d mask"), node("Mul", "d mask", "y")]
    values = [("d", MAP), ("mask", MAP)]
    assert kinds(summarized(model(nodes, values=values))) == "opaque opaque multiply"
    nodes = [node("MaxPool", "x", "d mask", kernel_shape=[1, 1]), nodes[1]]
    report = summarized(model(nodes, values=values))
    assert kinds(report) == "max_pool opaque multiply"  # the first output is known


def test_a_constant_that_cannot_be_computed_has_the_sizes_of_the_file(summarized):
    nodes = [node("Div", "three zero", "c"), node("Add", "x c", "y")]
    weights = [integers("three", 3), integers("zero", 0)]
    report = summarized(model(nodes, weights, values=[("c", ("n",)), ("y", MAP)]))
    assert kinds(report) == "opaque"


def test_layers_are_named_after_modules(summarized):
    nodes = [
        node("Relu", "x", "a", "/layer1/layer1.0/act/Relu"),
        node("Relu", "a", "b", "n", scopes=["", "head.act", "relu"]),
        node("Relu", "b", "c", "plain"),
        node("Relu", "c", "y", "m", scopes=["one"]),
    ]
    report = summarized(model(nodes))
    assert [row.name for row in report] == ["layer1.0.act", "head.act", "plain", "relu"]


def test_a_second_bias_is_a_layer(summarized):
    nodes = [node("MatMul", "x w", "a"), node("Add", "a b", "c"), node("Add", "c d", "y")]
    weights = [tensor("w", [8, 5]), tensor("b", [5]), tensor("d", [5])]
    report = summarized(model(nodes, weights, [("x", (1, 8))]))
    assert (kinds(report), report.totals.params) == ("linear add", 8 * 5 + 5 + 5)


def test_weights_can_be_shared_with_a_bias_for_one_layer_only(summarized):
    nodes = [node("MatMul", "x w", "a"), node("MatMul", "x w", "b"), node("Add", "b v", "c"),
             node("Add", "a c", "y")]  # fmt: skip
    weights = [tensor("w", [8, 5]), tensor("v", [5])]
    report = summarized(model(nodes, weights, [("x", (1, 8))]))
    assert (kinds(report), report.totals.params) == ("linear linear add add", 8 * 5 + 5)


VECTORS = [tensor("w", [3, 1, 1]), tensor("b", [3, 1, 1]), tensor("c", [3, 1, 1])]
PAIR = [node("Mul", "x w", "m"), node("Add", "m b", "y")]
APART = [node("Mul", "x w", "m"), node("Mul", "x w", "n")]


@pytest.mark.parametrize(
    ("nodes", "outputs", "found", "params"),
    [
        (PAIR, "y", "scale", 6),
        ([*PAIR, node("Mul", "y w", "n"), node("Add", "n b", "z")], "z", "scale add scale add", 6),
        ([*APART, node("Add", "m b", "y"), node("Add", "n c", "z")], "y z",
         "scale scale add add", 9),
        ([*APART, node("Add", "m b", "y"), node("Add", "n b", "z")], "y z",
         "scale scale add add", 6),
        ([*PAIR, node("Add", "y m", "z")], "z", "scale add add", 6),  # also without the bias
        (PAIR, "y m", "scale add", 6),
        ([*PAIR, node("Reshape", "m s", "n"), node("Relu", "n", "z")], "y z",
         "scale add relu", 6),
        ([*APART[:1], node("Reshape", "m s", "n"), node("Add", "n b", "y"), node("Relu", "m", "z")],
         "y z", "scale add relu", 6),
        ([*APART[:1], node("Reshape", "m s", "n"), node("Add", "n b", "y")], "y", "scale", 6),
    ],
)  # fmt: skip
def test_a_product_and_a_sum_become_layers(summarized, nodes, outputs, found, params):
    shape = integers("s", 1, 3, 8, 8)
    report = summarized(model(nodes, [*VECTORS, shape], outputs=outputs.split(" ")))
    assert (kinds(report), report.totals.params) == (found, params)
    assert len(report.outputs) == len(outputs.split(" "))


@pytest.mark.parametrize(
    ("nodes", "params", "says"),
    [
        ([*PAIR, node("Mul", "y b", "z")], 9, "The file stores 'b' once, but uses it in several"),
        ([*PAIR, node("Mul", "y b", "u"), node("Add", "u w", "z")], 12,
         "The file stores 2 vectors of weights once, such as 'w', but uses them in several places. "
         "Each use is counted, because some exporters store equal weights only once."),
        ([node("Conv", "x f a", "c"), node("Conv", "c g a", "z")], 24, "stores 'a' once"),
        ([node("Conv", "x f a", "c"), node("MatMul", "x l", "d"), node("Add", "d a", "e"),
          node("Add", "c e", "z")], 9 + 3 + 9 + 3, "stores 'a' once"),
        ([node("BatchNormalization", "x a a r v", "z")], 6, "stores 'a' once"),
        ([node("LayerNormalization", "x k k", "z")], 6, "stores 'k' once"),
    ],
)  # fmt: skip
def test_vectors_that_the_file_stores_once_are_counted_for_each_use_with_a_note(
    summarized, nodes, params, says
):
    more = [tensor("f", [3, 3, 1, 1]), tensor("g", [3, 3, 1, 1]), tensor("a", [3]),
            tensor("k", [3]), tensor("r", [3]), tensor("v", [3]), tensor("l", [3, 3])]  # fmt: skip
    report = summarized(model(nodes, [*VECTORS, *more], [("x", (1, 3, 3, 3))], outputs=["z"]))
    assert (report.totals.params, says in report.note) == (params, True)


def test_layers_that_may_share_weights_only_because_they_are_untrained(summarized):
    nodes = [node("PRelu", "x s", "a"), node("PRelu", "a s", "y"), node("PRelu", "y s", "z")]
    says = "Layer 'prelu_2' shares the weights of an earlier layer. If the model is untrained, the"
    for weights, count in ((floats("s", 0.25), 1), (tensor("s", [3, 1, 1]), 3)):
        report = summarized(model(nodes[:2], [weights]))
        assert (report.totals.params, says in report.note) == (count, True)
    note = summarized(model(nodes, [floats("s", 0.25)], outputs=["z"])).note
    assert note.startswith("2 layers, such as 'prelu_2', share the weights of an earlier layer.")
    trained = tensor("s", [3, 1, 1], data=struct.pack("<3f", 0.1, 0.2, 0.3))
    assert not summarized(model(nodes[:2], [trained])).note


def test_a_matrix_that_is_used_twice_by_a_layer_is_refused(summarized):
    nodes = [node("RNN", "x w w", "h", hidden_size=5, layout=1), node("Relu", "h", "y")]
    with pytest.raises(CnncalcError, match="layer 'rnn' uses 'w' as several of its weights, which"):
        summarized(model(nodes, [tensor("w", [1, 5, 5])], [("x", (1, 7, 5))]))


def test_an_opaque_layer_counts_weights_that_it_reads_twice_once(summarized):
    report = summarized(model([node("Strange", "x w w", "y")], VECTORS, values=[("y", MAP)]))
    assert (report.totals.params, report.note) == (3, "")


def test_a_part_of_joined_weights_is_not_used_by_another_layer(summarized):
    nodes = [node("Concat", "m n", "mn", axis=1), node("MatMul", "x mn", "a"),
             node("MatMul", "x m", "b"), node("Concat", "a b", "y", axis=1)]  # fmt: skip
    weights = [tensor("m", [8, 5]), tensor("n", [8, 5])]
    with pytest.raises(CnncalcError, match="'matmul' shares 'm' with another layer, but differs"):
        summarized(model(nodes, weights, [("x", (1, 8))]))


def joined(height):
    """Weights that are joined to the joined ones before, as in Fibonacci's sequence."""
    names = ["v", "w", *(f"j{n}" for n in range(height))]
    pairs = zip(names, names[1:], names[2:])
    return [node("Concat", f"{a} {b}", c, axis=0) for a, b, c in pairs], names[-1]


def test_weights_that_are_joined_again_and_again_are_counted_once(summarized):
    nodes, last = joined(60)  # with repeats, it would hold about 4 · 10¹² names
    nodes += [node("Strange", f"x {last}", "y")]
    weights = [tensor("v", [8, 5]), tensor("w", [8, 5])]
    report = summarized(model(nodes, weights, [("x", (1, 8))], values=[("y", (1, 8))]))
    assert (kinds(report), report.totals.params) == ("opaque", 2 * 8 * 5)


def test_weights_of_which_a_part_is_joined_again_are_counted_once(summarized):
    nodes = [node("Concat", "v w", "a", axis=0), node("Concat", "a v", "b", axis=0),
             node("Strange", "x b", "y")]  # fmt: skip
    weights = [tensor("v", [8, 5]), tensor("w", [4, 5])]
    report = summarized(model(nodes, weights, [("x", (1, 8))], values=[("y", (1, 8))]))
    assert report.totals.params == 8 * 5 + 4 * 5


def test_weights_are_joined_only_so_often(summarized, monkeypatch):
    monkeypatch.setattr(onnx, "MAX_NUMBERS", 100)
    nodes, last = joined(60)
    nodes += [node("Strange", f"x {last}", "y")]
    weights = [tensor("v", [5_000, 1]), tensor("w", [5_000, 1])]  # too many to list
    with pytest.raises(CnncalcError, match="computes with more than 100 numbers"):
        summarized(model(nodes, weights, [("x", (1, 8))], values=[("y", (1, 8))]))


def test_the_axis_of_a_concatenation_may_be_left_out_before_version_4(summarized):
    report = summarized(model([node("Concat", "x x", "y")], opset=3))
    assert (kinds(report), report.output_shape) == ("concat", (6, 8, 8))


def test_a_table_for_different_kinds_is_refused(summarized):
    nodes = [node("Add", "x t", "a"), node("Mul", "a t", "y")]
    with pytest.raises(
        CnncalcError, match="shares 't' with another layer, but differs from it in kind or in"
    ):
        summarized(model(nodes, [tensor("t", [3, 8, 8])]))


@pytest.mark.parametrize("sizes", [[1], [1, 1], [1, 1, 1], [1, 1, 1, 1]])
def test_a_scale_of_one_channel(summarized, sizes):
    held = [tensor("w", sizes), tensor("b", sizes)]
    report = summarized(model(PAIR, held, [("x", (1, 1, 8, 8))]))
    assert [(row.kind, row.params) for row in report.layers] == [("scale", 2)]
    report = summarized(model(PAIR, held))  # the same number for three channels
    assert [(row.kind, row.params) for row in report.layers] == [("multiply", 1), ("add", 1)]


def test_a_map_of_five_sizes_is_too_much_for_a_layer(summarized):
    nodes = [node("Reshape", "x to", "a"), node("MaxPool", "a", "b", kernel_shape=[2, 2]),
             node("Relu", "b", "y")]  # fmt: skip
    with pytest.raises(CnncalcError, match="operator MaxPool is unknown"):
        summarized(model(nodes, [integers("to", 1, 3, 2, 4, 2, 4)]))


@pytest.mark.parametrize(
    ("sizes", "axis", "found"),
    [
        ((1, 24, 8), 1, "reshape softmax"),
        ((1, 3, 2, 4, 8), 2, "reshape softmax"),
        ((1, 1, 24, 8), 1, "reshape softmax"),
    ],
)
def test_a_softmax_over_part_of_a_size_or_several_is_reshaped(summarized, sizes, axis, found):
    nodes = [node("Reshape", "x to", "a"), node("Softmax", "a", "b", axis=axis),
             node("Reshape", "b back", "y")]  # fmt: skip
    report = summarized(model(nodes, [integers("to", *sizes), integers("back", *MAP)]))
    assert kinds(report).startswith(found)
    assert report.output_shape == (3, 8, 8)


@pytest.mark.parametrize("to", [(16, 12), (2, 16, 6), (1, 2, 2, 2, 3, 8)])
def test_sizes_that_do_not_nest(summarized, to):
    """16 positions of one image would have to become images, or there are too many axes."""
    nodes = [node("Reshape", "x to", "a"), TO_Y]
    with pytest.raises(CnncalcError, match="operator Reshape is unknown"):
        summarized(model(nodes, [integers("to", *to)]))


def test_settings_are_read_however_they_are_stored(summarized):
    """Lists of numbers, packed or not, and a graph, which is skipped."""
    for listed in ([(7, 2.0)] * 4, [(7, struct.pack("<4f", 2, 2, 2, 2))]):
        one = message((1, "x"), (2, "y"), (4, "Relu"), (5, message((1, "unused"), *listed)),
                      (5, message((1, "body"), (6, b""))), (9, message((1, "k"), (2, "v"))),
                      (6, "doc"), (1000, 3))  # fmt: skip
        assert kinds(summarized(model([one]))) == "relu"


@pytest.mark.parametrize(
    ("nodes", "weights", "size"),
    [
        ([node("Conv", "x x", "a")], [], MAP),
        ([node("Transpose", "x", "t", perm=[1, 0, 2, 3]),
          node("MaxPool", "t", "a", kernel_shape=[2, 2])], [], MAP),
        ([node("Squeeze", "x", "s", axes=[1]), node("GlobalAveragePool", "s", "a")], [], (1, 1)),
        ([node("Transpose", "x", "t"), node("MatMul", "t w", "a")], [tensor("w", [4, 5])], (4, 3)),
        ([node("Transpose", "x", "t", perm=[1, 2, 0]), node("MatMul", "t t", "a")], [], (8, 3, 8)),
        ([node("Transpose", "x", "t"), node("Reshape", "t to", "a")], [integers("to", 3)], (1, 3)),
    ],
)  # fmt: skip
def test_a_batch_that_is_not_first_is_not_guessed(summarized, nodes, weights, size):
    with pytest.raises(CnncalcError, match="is unknown, and the file does not give the sizes"):
        summarized(model([*nodes, TO_Y], weights, [("x", size)]))


def test_a_bias_after_an_activation_is_an_addition(summarized):
    nodes = [node("Relu", "x", "a"), node("Add", "a b", "y")]
    report = summarized(model(nodes, [tensor("b", [3, 1, 1])]))
    assert (kinds(report), report.totals.params) == ("relu add", 3)


def test_sizes_of_another_product_do_not_fit():
    assert _flow.Flow.of("x", (3,), 1).regrouped((1, 6), "") is None


def test_a_wrong_name_of_an_input_with_open_sizes_is_refused(summarized):
    open_sizes = model([node("Relu", "x", "y")], inputs=[("x", (1, 3, "h", "w"))])
    for name in ("z", "x"):
        with pytest.raises(CnncalcError, match=f"no input '{name}'; its only input is called 'in"):
            summarized(open_sizes, input={name: "3x8x8"})
    assert summarized(open_sizes, input={"input": "3x8x8"}).output_shape == (3, 8, 8)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (b"", "does not give the sizes of input 'x'"),
        (message((4, b"")), "does not give the sizes of input 'x'"),
        (message((1, message((1, 1)))), "does not give the sizes of input 'x'"),
        (message((1, message((2, message((1, b""), (1, message((1, 3), (3, "d")))))))), ""),
        (message((1, message((2, message((1, b""), (1, message((3, "c")))))))),
         r"leaves sizes of input 'x' open \(batch × \?\)"),
    ],
)  # fmt: skip
def test_sizes_that_an_input_leaves_out(summarized, kind, why):
    entry = message((1, "x"), (2, kind), (3, "documentation"))
    graph = message((1, node("Relu", "x", "y")), (11, entry), (12, message((1, "y"))))
    data = message((1, 10), (2, "a"), (7, graph))
    if why:
        with pytest.raises(CnncalcError, match=why):
            summarized(data)
    else:
        assert summarized(data).output_shape == (3,)


def test_parts_that_are_not_fields_of_a_node_or_tensor_are_skipped(summarized):
    one = message((1, "x"), (2, "y"), (4, "Relu"), (8, 5))
    opset = message((8, message((1, "my.own"), (2, 3))))
    held = message((1, 2), (2, 1), (8, "w"), (12, "documentation"), (2, "wrong"))
    assert kinds(summarized(model([one], [held]) + opset)) == "relu"
    found = _onnx_file.Held("w", (2,), 7, tuple([(7, 1)] * 2), True)
    assert found.values() == (1, 1)


def test_more_fields_than_a_tensor_may_have_numbers_are_skipped(summarized):
    numbers = [(7, 1)] * (_onnx_file.FEW + 1)
    held = message((1, len(numbers)), (2, 7), (8, "e"), *numbers)
    documented = message((7, message((10, "documentation"))))
    data = model([node("Pow", "x e", "y")], [held], values=OPAQUE) + documented
    assert kinds(summarized(data)) == "opaque"


def tower(kind, height):
    """Constants, each computed from the one before."""
    made = [node(kind, f"a{n} a{n}", f"a{n + 1}") for n in range(height)]
    return model([*made, node("Relu", "x", "y")], [integers("a0", 3)])


@pytest.mark.parametrize(
    "data",
    [
        tower("Pow", 9),
        tower("Mul", 90),
        tower("Concat", 90),
        model([node("Pow", "a b", "c"), node("Relu", "x", "y")],
              [integers("a", -7), integers("b", 10**17)]),
        model([node("ReduceProd", "a", "b"), node("Relu", "x", "y")],
              [integers("a", *[2**60] * 3_000)]),
    ],
    ids=["powers", "squares", "copies", "power", "product"],
)  # fmt: skip
def test_numbers_beyond_64_bits_are_not_known(summarized, data):
    assert [row.kind for row in summarized(data).layers] == ["relu"]


@pytest.mark.parametrize("sizes", [(0, 2**31), (2**39, 0), (*[1] * 60, 100)])
def test_the_places_of_numbers_are_only_listed_if_they_are_few(summarized, sizes):
    held = tensor("a", sizes, 7, bytes(8 * prod(sizes)))
    data = model([node("NonZero", "a", "b"), node("Relu", "x", "y")], [held])
    assert [row.kind for row in summarized(data).layers] == ["relu"]


def test_a_matrix_computed_from_a_column_and_a_row_has_both_sizes(summarized):
    column, row = (
        tensor("", sizes, data=struct.pack("<3f", 1, 2, 3)) for sizes in ((3, 1), (1, 3))
    )
    nodes = [
        constant("a", column),
        constant("b", row),
        node("Sub", "a b", "c"),
        node("MatMul", "x c", "y"),
    ]
    report = summarized(model(nodes, inputs=[("x", (1, 3))]))
    assert (report.output_shape, report.totals.macs) == ((3,), 9)


def test_powers_and_products_of_constants_are_exact(summarized):
    # 2² · 2 = 8 rows
    nodes = [node("Pow", "two two", "four"), node("Concat", "four two", "both", axis=0),
             node("ReduceProd", "both", "eight"), node("Concat", "first eight rest", "to", axis=0),
             node("Reshape", "x to", "r"), node("Relu", "r", "y")]  # fmt: skip
    held = [integers("first", 1, 3), integers("two", 2), integers("rest", 8)]
    assert summarized(model(nodes, held)).output_shape == (3, 8, 8)


def test_constants_are_computed_only_so_often(summarized, monkeypatch):
    monkeypatch.setattr(onnx, "MAX_NUMBERS", 100)
    made = [node("Add", "a a", f"b{n}") for n in range(60)]
    with pytest.raises(CnncalcError, match="computes with more than 100 numbers"):
        summarized(model([*made, node("Relu", "x", "y")], [integers("a", 5)]))


# Channels that are shuffled.


def shuffle(groups, rest, order=(0, 2, 1, 3, 4), size=8):
    """Channels in groups, as exporters shuffle them."""
    return [
        node("Relu", "x", "r"),
        node("Reshape", "r apart", "a"),
        node("Transpose", "a", "t", perm=[*order]),
        node("Reshape", "t whole", "s"),
        node("Conv", "s w", "y"),
    ], [
        integers("apart", 1, groups, rest, size, size),
        integers("whole", 1, groups * rest, size, size),
        tensor("w", (5, groups * rest, 1, 1)),
    ]


def test_a_channel_shuffle_of_three_operators_is_one_layer(summarized):
    nodes, tensors = shuffle(2, 3)
    report = summarized(model(nodes, tensors, inputs=[("x", (1, 6, 8, 8))]))
    assert kinds(report) == "relu channel_shuffle conv"
    assert report.layers[1].layer.groups == 2


@pytest.mark.parametrize("size", [8, 1])
def test_values_that_several_layers_read_are_rearranged_once(summarized, size):
    nodes, tensors = shuffle(2, 3, size=size)
    split, concat = (
        node("Split", "s", "half more", axis=1),
        node("Concat", "more half", "y", axis=1),
    )
    data = model([*nodes[:-1], split, concat], tensors, inputs=[("x", (1, 6, size, size))])
    assert kinds(summarized(data)) == "relu channel_shuffle slice slice concat"


@pytest.mark.parametrize("order", [(0, 1, 2, 4, 3), (0, 2, 1, 4, 3)])
def test_a_shuffle_that_also_moves_positions_is_not_a_channel_shuffle(summarized, order):
    nodes, tensors = shuffle(2, 3, order)
    report = summarized(model(nodes, tensors, inputs=[("x", (1, 6, 8, 8))]))
    assert "channel_shuffle" not in kinds(report)


def test_a_reshape_that_mixes_sizes_is_a_reshape(summarized):
    data = model(
        [node("Reshape", "x shape", "y")],
        [integers("shape", -1, 27, 2)],
        inputs=[("x", (1, 2, 27))],
    )
    report = summarized(data)
    assert kinds(report) == "reshape"
    assert report.output_shape == (27, 2)


def test_settings_are_the_decimals_that_they_were_written_as(summarized):
    norm = node("BatchNormalization", "x g b m v", "y", epsilon=1e-5)
    drop = node("Dropout", "y p", "z")
    data = model(
        [norm, drop], [*(tensor(name, [3]) for name in "gbmv"), number("p", 0.1)], outputs=["z"]
    )
    norm, drop = (row.layer for row in summarized(data).layers)
    assert (norm.eps, drop.p) == (1e-5, 0.1)


def test_a_deformable_convolution_is_read(summarized):
    """Two channels of offsets for each of 3·3 taps."""
    nodes = [
        node("Conv", "x o", "moved", pads=[1, 1, 1, 1]),
        node("DeformConv", "x w moved b", "y", pads=[1, 1, 1, 1]),
    ]
    weights = [tensor("o", (18, 3, 3, 3)), tensor("w", (4, 3, 3, 3)), tensor("b", (4,))]
    report = summarized(model(nodes, weights))
    assert kinds(report) == "conv deform_conv"
    assert report.layers[1].params == 112  # 4·3·3·3 + 4
    assert report.output_shape == (4, 8, 8)
    nodes[1] = node("DeformConv", "x w moved b", "y", pads=[1, 1, 1, 1], offset_group=2)
    with pytest.raises(CnncalcError, match="its offsets must have 36 channels, two for each tap"):
        summarized(model(nodes, weights))


def test_columns_of_an_image_are_read(summarized):
    nodes = [node("Col2Im", "x size block", "y", strides=[2, 2])]
    numbers = [integers("size", 4, 4), integers("block", 2, 2)]
    report = summarized(model(nodes, numbers, [("x", (1, 8, 4))]))
    assert kinds(report) == "fold"
    assert report.output_shape == (2, 4, 4)


@pytest.mark.parametrize(
    ("nodes", "shape"),
    [
        ([node("Relu", "x", "r"), node("DeformConv", "x r x", "y")], (1, 3, 8, 8)),
        ([node("Col2Im", "x size block", "y", strides=[2, 2], pads=[0, 0, 1, 1])], (1, 8, 4)),
    ],
)  # fmt: skip
def test_an_operation_that_no_kind_expresses_is_opaque(summarized, nodes, shape):
    """Filters that the network computes, and padding on one side."""
    numbers = [integers("size", 4, 4), integers("block", 2, 2)]
    data = model(nodes, numbers, [("x", shape)], values=[("y", (1, 3, 8, 8))])
    assert kinds(summarized(data)).endswith("opaque")


def test_a_sum_of_maps_in_different_orders_is_read(summarized):
    turned = [node("Transpose", name, f"{name}t", perm=[0, 1, 3, 2]) for name in "ab"]
    nodes = [node("Relu", "x", "a"), node("Tanh", "x", "b"), *turned, node("Sum", "at bt x", "y")]
    report = summarized(model(nodes))
    assert kinds(report) == "relu tanh permute permute add"
    assert report.output_shape == (3, 8, 8)


@pytest.mark.parametrize(("p", "found"), [(1, "abs lp_pool"), (2, "lp_pool"), (3, "abs lp_pool")])
def test_the_powers_of_a_pool_are_those_of_absolute_values(summarized, p, found):
    data = model([node("LpPool", "x", "y", kernel_shape=[2, 2], p=p)])
    report = summarized(data)
    assert kinds(report) == found
    assert report.output_shape == (3, 7, 7)
