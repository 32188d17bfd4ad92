"""Memory, compared with PyTorch to the byte: saved tensors and live memory.

On the meta device, PyTorch's batch normalization saves statistics in inference that the CPU does
not, so inference runs on the CPU, at a small size.
"""

import pickle
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torch_memory import SavedTensors, saved_by_pytorch, unwatched_training_peak_in_pytorch

import cnncalc
from cnncalc import Cost, Mistakes, UsageError, footprint, layers
from cnncalc.bridge.oracles import (
    OPTIMIZERS,
    _checkpointed,
    inference_peak_in_pytorch,
    training_peak_in_pytorch,
)
from cnncalc.core import record
from cnncalc.core.fields import LARGEST
from cnncalc.core.layer import Layer, fields_of
from cnncalc.core.shape import read_shape
from cnncalc.footprint import budget
from cnncalc.footprint.budget import fit
from cnncalc.footprint.checkpoints import blocks, groups
from cnncalc.footprint.step import Setting
from cnncalc.footprint.walk import Moment
from cnncalc.layers.relu import Relu
from cnncalc.render.columns import COLUMNS, choose_columns
from cnncalc.render.view import View


def agree(report, device="cpu"):
    for training in (True, False):
        found = footprint.measure(report, training=training)
        assert found.saved_for_backward == saved_by_pytorch(report, device, training)
        assert found.training_peak.bytes == training_peak_in_pytorch(
            report, device=device, training=training
        )
    assert footprint.inference_peak(report).bytes == inference_peak_in_pytorch(report, device)


# Every kind.

SMALL = 10**7


def of_one_layer(kind, given, inputs, *, batch, trained=True):
    """A network of one layer; with ``trained``, after a layer with parameters for each input
    that gets a gradient."""
    names = [f"x{number}" for number in range(len(inputs))]
    first = []
    without = layers.load(kind).parse(given).without_gradient
    for number, name in enumerate(names):
        if trained and number not in without:
            first.append({"prelu": None, "from": name, "name": f"before{number}"})
    befores = {layer["from"]: layer["name"] for layer in first}
    sources = [befores.get(name, name) for name in names]
    node = {kind: given, "from": sources, "name": "layer"}
    spec = {"input": dict(zip(names, inputs, strict=True)), "layers": [*first, node]}
    return cnncalc.summarize(spec, batch=batch)


UNMODELLED = {
    "avg_pool-3": "PyTorch's pool has no dilation",
    "attention": "PyTorch has several kernels, and picks one by device, dtype and gradients",
    "conv_transpose-7": "a cut volume may keep the storage of its input, depending on the kernel",
    "dot_product_attention": "what it saves is; its peaks depend on the kernel",
    "deform_conv": "PyTorch has none; torchvision's kernels allocate columns out of sight",
    "gru": "PyTorch runs it with oneDNN, cuDNN or step by step, depending on the machine",
    "lstm": "as for gru",
    "lp_pool-4": "PyTorch's pool has no dilation",
    "matmul-2": "what it saves is, if a table is its second factor; its peaks are not",
    "opaque": "what it computes is not known",
    "parameter": "what it saves is, if it is known how it is computed; its peaks are not",
    "rms_norm": "PyTorch computes it in several steps, and frees what they make late",
    "rnn": "as for gru",
    "time_distributed": "what a convolution or a batch norm saves is; its peaks are not",
}
"""The kinds (or examples) whose memory is not modelled, and why."""
MODELLED = {
    kind: [
        (f"{kind.kind}-{index}", example)
        for index, example in enumerate(kind.examples)
        if not {kind.kind, f"{kind.kind}-{index}"} & {*UNMODELLED}
    ]
    for kind in layers.every()
}
EXAMPLES = [
    pytest.param(kind.kind, example.given, example.inputs, id=id)
    for kind, examples in MODELLED.items()
    for id, example in examples
]


@pytest.mark.parametrize("trained", [True, False])
@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize(("kind", "given", "inputs"), EXAMPLES)
def test_every_worked_example_agrees(kind, given, inputs, batch, trained):
    report = of_one_layer(kind, given, inputs, batch=batch, trained=trained)
    totals = report.totals
    small = totals.params + totals.macs // 10 + totals.activation < SMALL
    if kind == "mish" and not small:
        pytest.skip("the meta device works out its gradient in steps, the CPU in one")
    try:
        agree(report, "cpu" if small else "meta")
    except ValueError as why:  # PyTorch does not compute the variance of one number
        if batch > 1 or "more than 1 value per channel" not in str(why):
            raise


@pytest.mark.parametrize("unmodelled", UNMODELLED)
def test_unknown_memory_raises_an_error(unmodelled):
    kind, _, index = unmodelled.partition("-")
    example = layers.load(kind).examples[int(index or 0)]
    report = of_one_layer(kind, example.given, example.inputs, batch=1, trained=False)
    with pytest.raises(UsageError, match="not modelled"):
        footprint.measure(report)


OTHERS = [
    # Cases without a worked example: PyTorch's own extra steps, and extreme values of fields.
    ("conv", {"filters": 8, "kernel": 2, "padding": "same"}, ["4x5x5"]),
    ("conv", {"filters": 3, "kernel": 2, "connections": [[0, 1], [2], [0, 1, 2]]}, ["3x5x5"]),
    (
        "conv",
        {"filters": 2, "kernel": 3, "padding": "same", "bias": False, "connections": [[0], [1, 2]]},
        ["3x5"],
    ),
    ("depthwise_conv", {"kernel": 2, "padding": "same"}, ["4x5x5"]),
    ("separable_conv", {"filters": 3, "kernel": 2, "padding": "same", "multiplier": 4}, ["4x5x5"]),
    ("separable_conv", {"filters": 30, "kernel": 2, "padding": "same"}, ["4x5"]),
    ("conv_transpose", {"filters": 3, "kernel": 3}, ["4x5"]),
    ("conv_transpose", {"filters": 1, "kernel": 4, "padding": [1, [0, 1]]}, ["1x1x1"]),
    ("locally_connected", {"filters": 3, "kernel": 2, "bias": False}, ["4x5x5"]),
    ("locally_connected", {"filters": 3, "kernel": 1}, ["4x5x5"]),
    ("locally_connected", {"filters": 3, "kernel": 1, "stride": 2}, ["4x5x5"]),
    ("locally_connected", {"filters": 3, "kernel": 2, "dilation": 2, "padding": 1}, ["4x6"]),
    ("locally_connected", {"filters": 3, "kernel": 2}, ["1x6"]),
    ("locally_connected", {"filters": 3, "kernel": [1, 2], "stride": [1, 2]}, ["1x4x4"]),
    ("locally_connected", {"filters": 3, "kernel": 5, "stride": 3}, ["2x6x6"]),
    ("locally_connected", {"filters": 3, "kernel": 6}, ["2x6x6"]),
    ("max_pool", 2, ["4x8"]),
    ("max_pool", 2, ["4x8x8x8"]),
    ("max_pool", {"kernel": 2, "stride": 1, "padding": "same"}, ["4x8x8"]),
    ("max_pool", {"kernel": 2, "stride": 1, "padding": "same"}, ["4x9"]),
    ("avg_pool", 2, ["4x8"]),
    ("avg_pool", 2, ["4x8x8x8"]),
    ("avg_pool", {"kernel": 2, "stride": 1, "padding": "same"}, ["4x8x8"]),
    (
        "avg_pool",
        {"kernel": 2, "stride": 1, "padding": "same", "count_include_pad": False},
        ["4x8x8"],
    ),
    (
        "avg_pool",
        {"kernel": 2, "stride": 1, "padding": "same", "count_include_pad": False},
        ["1x4x4"],
    ),
    ("blur_pool", {"kernel": 1, "stride": 3}, ["4x8"]),
    ("blur_pool", {"kernel": 2, "stride": 1}, ["4x8x8x8"]),
    ("blur_pool", 5, ["1x8x8"]),
    ("lp_pool", 2, ["4x8"]),
    ("lp_pool", 2, ["4x8x8x8"]),
    ("lp_pool", {"kernel": 2, "p": 3, "ceil_mode": True}, ["4x9x9"]),
    ("global_avg_pool", None, ["4x8"]),
    ("global_avg_pool", None, ["4x8x8x8"]),
    ("global_max_pool", None, ["4x8x8x8"]),
    ("adaptive_avg_pool", 1, ["4x8"]),
    ("adaptive_avg_pool", 2, ["4x8"]),
    ("adaptive_avg_pool", [1, 2], ["4x8x8"]),
    ("adaptive_avg_pool", 2, ["4x8x8x8"]),
    ("adaptive_avg_pool", 1, ["4x8x8x8"]),
    ("adaptive_max_pool", 2, ["4x8x8x8"]),
    ("dropout", 0, ["8"]),
    ("dropout", 1, ["8"]),
    ("channel_dropout", 0, ["8x4x4"]),
    ("channel_dropout", 1, ["8x4x4"]),
    ("channel_dropout", 0.3, ["8x4"]),
    ("stochastic_depth", 0, ["8x4"]),
    ("stochastic_depth", 1, ["8x4"]),
    ("batch_norm", {"affine": False}, ["8x4x4"]),
    ("batch_norm", {"track_running_stats": False}, ["8x4x4"]),
    ("instance_norm", {"track_running_stats": True}, ["4x8x8"]),
    ("instance_norm", {"affine": True, "bias": False}, ["4x8x8"]),
    ("instance_norm", {"affine": True, "bias": False, "track_running_stats": True}, ["4x8x8"]),
    ("group_norm", {"num_groups": 2, "bias": False}, ["4x5"]),
    ("layer_norm", {"over": "last", "elementwise_affine": False}, ["4x5"]),
    ("layer_norm", "channels", ["4x1x1"]),
    ("local_response_norm", {"size": 9}, ["2x4x4"]),
    ("local_response_norm", {"size": 3, "beta": 1}, ["2x4x4"]),
    ("pad", {"padding": 1, "mode": "replicate"}, ["4x8x8"]),
    ("pad", {"padding": 1, "mode": "reflect"}, ["2x4x4x4"]),
    ("pad", {"padding": 0}, ["4x8x8"]),
    ("multiply", None, ["4x1x1", "4x5x5", "1x5x5"]),
    ("multiply", None, ["4x1x1", "4x1x1", "4x5x5", "4x5x5"]),
    ("add", None, ["4x5x5", "4x5x5", "4x5x5", "4x5x5"]),
    ("subtract", {"parameter": "4x1x1"}, ["4x5x5"]),
    ("subtract", {"parameter": "4x5x5"}, ["4x5x5"]),
    ("divide", {"parameter": "1x5x5"}, ["4x5x5"]),
    ("divide", {"parameter": "6"}, ["6"]),
    ("multiply", {"parameter": "4x5x5"}, ["4x5x5"]),
    ("multiply", {"parameter": "1x1"}, ["4x5"]),
    ("channel_shuffle", 1, ["4x5x5"]),
    ("pixel_shuffle", 1, ["4x5x5"]),
    ("upsample", 1, ["4x5x5"]),
    ("subsampling", 2, ["3x8"]),
    ("rbf", 3, ["1"]),
    ("linear", {"out_features": 3, "bias": False}, ["7"]),
    ("permute", [1, 0], ["1x7"]),
    ("mish", None, ["4x5x5"]),
    ("embedding", {"num_embeddings": 9, "embedding_dim": 1}, ["1"]),
    ("unfold", {"kernel": 3, "stride": 3}, ["2x5x5"]),
    ("fold", {"output_size": 6, "kernel": 1, "stride": 2}, ["8x9"]),
    ("reduce", {"by": "sum", "over": "positions"}, ["4x3x3"]),
    ("reduce", {"by": "sum", "over": "channels", "keepdim": False}, ["4x3"]),
    ("reduce", {"by": "max", "over": "channels"}, ["1x3x3"]),
    ("reduce", {"by": "max", "over": "channels", "indices": True}, ["4x3x3"]),
    ("reduce", {"by": "max", "over": "height", "indices": True, "keepdim": False}, ["4x3x3"]),
    ("reduce", {"by": "var", "over": ["channels", "height"]}, ["1x3x3"]),
    ("reduce", {"by": "norm", "over": ["channels", "positions"]}, ["3x3x3"]),
    ("class_token", 2, ["1x6"]),
    ("class_token", 2, ["3x1"]),
    ("max_unpool", {"kernel": 2}, ["2x2", "2x5"]),
    ("weight_norm_conv", {"filters": 3, "kernel": 1, "bias": False}, ["1x5x5"]),
    ("weight_norm_conv", {"filters": 30, "kernel": 3, "padding": 1}, ["20x5"]),
    ("standardized_conv", {"filters": 3, "kernel": 1, "bias": False}, ["2x5"]),
    ("power", {"exponent": 0.5, "saves_output": True}, ["4x5"]),
    ("power", {"exponent": -0.5, "saves_output": True}, ["4x5"]),
    ("power", {"exponent": -1, "saves_output": True}, ["4x5x5"]),
    ("standardized_conv", {"filters": 30, "kernel": 3}, ["20x5"]),
    ("pad", {"padding": [[1, 0]], "mode": "circular"}, ["2x4"]),
    ("pad", {"padding": [1, [0, 2], 0], "mode": "circular"}, ["2x2x3x4"]),
    ("linear", {"out_features": 5, "per_position": True}, ["4x2x3x2"]),
    ("linear", {"out_features": 1, "per_position": True}, ["4x3"]),
    ("linear", {"out_features": 5, "per_position": True, "bias": False}, ["1x3x3"]),
    ("linear", {"out_features": 5, "per_position": True}, ["4x1"]),
    ("conv_lstm", {"hidden": 2, "kernel": 3, "peepholes": True}, ["1x1x4"]),
    ("conv_lstm", {"hidden": 20, "kernel": 1}, ["10x3x4"]),
]


@pytest.mark.parametrize("trained", [True, False])
@pytest.mark.parametrize("batch", [2, 3])
@pytest.mark.parametrize(("kind", "given", "inputs"), OTHERS)
def test_other_fields_and_axes_agree(kind, given, inputs, batch, trained):
    agree(of_one_layer(kind, given, inputs, batch=batch, trained=trained))


# Networks.


CONV = {"conv": {"filters": 4, "kernel": 1}}
GRAPHS = {
    "a token before rows of one number": [
        {"reshape": "4x64"},
        {"linear": {"units": 1, "per_position": True}},
        "class_token",
    ],
    "products beside a map": [
        {**CONV, "name": "a"},
        {**CONV, "name": "b", "from": "x"},
        {"matmul": None, "from": ["a", "b"]},
        {"concat": None, "from": ["a", "matmul1"]},
    ],
    "a token before an instance norm": [
        {"reshape": "4x64"},
        {"instance_norm": {"affine": True}},
        "class_token",
    ],
    "a token before a vector's sizes": [{"linear": 24}, {"reshape": [4, 6]}, "class_token"],
    "a token before split rows": [{"reshape": "4x64"}, CONV, {"reshape": [8, 32]}, "class_token"],
    "a token before joined positions": [CONV, {"flatten": {"over": "positions"}}, "class_token"],
    "a shortcut": [
        {"conv": {"filters": 4, "kernel": 3, "padding": 1}, "name": "a"},
        "batch_norm",
        "relu",
        {"conv": {"filters": 4, "kernel": 3, "padding": 1}},
        {"add": None, "from": ["batch_norm1", "conv1"]},
        {"relu": None},
        {"add": None, "from": ["a", "relu2"]},
    ],
    "nothing before the first parameters": [
        "relu",
        {"max_pool": 2},
        "sigmoid",
        {"conv": {"filters": 4, "kernel": 3}, "name": "c"},
        "sigmoid",
    ],
    "a mask that needs no gradient": [
        {"sigmoid": None, "name": "mask"},
        {"conv": {"filters": 4, "kernel": 1}, "from": "x", "name": "c"},
        {"multiply": None, "from": ["mask", "c"]},
        {"multiply": None, "from": ["multiply1", "mask", "c"]},
    ],
    "a map times itself": [
        {"conv": {"filters": 4, "kernel": 1}, "name": "c"},
        {"multiply": None, "from": ["c", "c"]},
    ],
    "views of views": [
        {"conv": {"filters": 4, "kernel": 1}, "name": "c"},
        {"dropout": 0.5},
        "identity",
        {"slice": {"start": 2}},
        {"crop": 1},
        {"conv": {"filters": 2, "kernel": 1}, "name": "d"},
        {"permute": [2, 0, 1]},
        "tanh",
        {"conv": {"filters": 2, "kernel": 1}},
        "global_avg_pool",
        {"linear": 3},
        {"dropout": 0.5},
        "softmax",
    ],
    "dropped and flattened": [
        {"conv": {"filters": 4, "kernel": 3}},
        "relu",
        {"dropout": 0.5},
        {"channel_dropout": 0.5},
        {"max_pool": 2},
        {"linear": 9},
        "relu",
        {"dropout": 0.5},
        {"linear": 9},
        "log_softmax",
    ],
    "two outputs and a part that is read late": [
        {"conv": {"filters": 6, "kernel": 3, "padding": 1}, "name": "c"},
        {"slice": {"stop": 2}, "name": "early"},
        {"slice": {"start": 2}, "name": "late", "from": "c"},
        {"conv": {"filters": 9, "kernel": 1}, "from": "early"},
        "relu",
        {"max_pool": 2, "name": "out"},
        {"conv": {"filters": 1, "kernel": 1}, "from": "late"},
    ],
    "an input that is read late": [
        {"conv": {"filters": 4, "kernel": 1}, "name": "c"},
        "relu",
        {"concat": None, "from": ["relu1", "x"]},
        "batch_norm",
        {"flatten": None, "from": "x", "name": "again"},
        {"linear": 5},
        {"linear": 5, "from": "again"},
    ],
    "filters of each place": [
        {"locally_connected": {"filters": 4, "kernel": 2}},
        "prelu",
        {"lp_pool": 2},
        {"max_pool": 2},
    ],
    "a map times itself that others read": [
        {"batch_norm": None, "name": "b"},
        {"sigmoid": None, "from": "b", "name": "s"},
        {"multiply": None, "from": ["b", "b"], "name": "m"},
        {"concat": None, "from": ["b", "s", "m"]},
    ],
    "activations in place": [
        {"conv": {"filters": 4, "kernel": 1}, "name": "c"},
        "batch_norm",
        {"relu": {"inplace": True}},
        {"conv": {"filters": 4, "kernel": 1}},
        {"add": None, "from": ["c", "conv1"]},
        {"leaky_relu": {"inplace": True}},
        {"linear": 9},
        {"silu": {"inplace": True}},
        {"relu6": {"inplace": True}},
        {"dropout": 0.5},
        {"linear": 9},
    ],
    "in place before the first parameters": [
        {"relu": {"inplace": True}},
        {"hardswish": {"inplace": True}},
        {"conv": {"filters": 4, "kernel": 3}},
        {"elu": {"inplace": True}},
    ],
    "channels last": [
        {"conv": {"filters": 4, "kernel": 1}},
        {"layer_norm": "channels"},
        {"conv": {"filters": 20, "kernel": 5, "padding": 2}},
        "relu",
        {"conv": {"filters": 20, "kernel": 5, "padding": 2}},
        {"conv_transpose": {"filters": 20, "kernel": 5}},
    ],
    "rows before channels": [
        {"permute": [2, 0, 1]},
        {"conv": {"filters": 30, "kernel": 4}},
    ],
    "columns before rows": [
        {"permute": [0, 2, 1]},
        {"conv": {"filters": 30, "kernel": 4}},
    ],
    "back in order": [
        {"conv": {"filters": 4, "kernel": 1}},
        {"layer_norm": "channels"},
        "softmax",
        {"conv": {"filters": 30, "kernel": 5}},
        {"linear": 5},
    ],
    "norms of other orders": [
        {"conv": {"filters": 4, "kernel": 1}},
        {"layer_norm": "channels"},
        {"conv": {"filters": 4, "kernel": 3, "padding": 1}},
        "batch_norm",
        "gelu",
        {"max_pool": 2},
        "global_avg_pool",
        "flatten",
        {"linear": 5},
    ],
}


IN_PLACE = [kind.kind for kind in layers.every() if "inplace" in fields_of(kind)]


@pytest.mark.parametrize("kind", IN_PLACE)
def test_activations_in_place_save_what_pytorch_saves(kind):
    node = {kind: {"inplace": True}}
    layers = [{"conv": {"filters": 4, "kernel": 3}}, node, {"conv": {"filters": 2, "kernel": 1}}]
    agree(cnncalc.summarize({"input": "3x6x6", "layers": [*layers, node]}, batch=2))


@pytest.mark.parametrize(
    ("before", "says"),
    [
        (["sigmoid"], "overwrites a tensor that an earlier layer saved for backward"),
        (
            [{"relu": {"inplace": True}}],
            "overwrites a tensor that an earlier layer saved for backward",
        ),
        (["flatten"], "overwrites a view"),
        ([{"slice": {"stop": 2}}], "overwrites a view"),
    ],
)
def test_what_cannot_be_overwritten_has_no_known_memory(before, says):
    conv = {"conv": {"filters": 4, "kernel": 3}}
    spec = {"input": "3x6x6", "layers": [conv, *before, {"relu": {"inplace": True}}]}
    with pytest.raises(UsageError, match=says):
        footprint.measure(cnncalc.summarize(spec))
    footprint.inference_peak(cnncalc.summarize(spec))  # nothing is saved


VIEWS = [
    "flatten",
    {"slice": {"stop": 2}},
    {"permute": [1, 2, 0]},
    {"reshape": [2, 2, 16]},
    {"layer_norm": "channels"},
]


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("kind", IN_PLACE)
@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_overwriting_a_view_saves_what_pytorch_saves(view, kind, batch):
    layers = [{"conv": {"filters": 4, "kernel": 3}}, view, {kind: {"inplace": True}}]
    report = cnncalc.summarize({"input": "3x6x6", "layers": layers}, batch=batch)
    ours = sum(layer.bytes for layer in footprint.saved_for_backward(report))
    assert ours == saved_by_pytorch(report)


@pytest.mark.parametrize(
    ("spec", "use"),
    [
        ({"layers": [{"add": None, "from": ["c", "r"]}]}, "also read elsewhere"),
        ({"layers": [{"tanh": None, "from": "c"}]}, "also read elsewhere"),
        ({"layers": ["tanh"], "outputs": ["c", "r"]}, "an output of the network"),
    ],
)
def test_a_map_that_is_still_needed_is_not_overwritten(spec, use):
    first = [
        {"conv": {"filters": 4, "kernel": 3}, "name": "c"},
        "identity",
        {"relu": {"inplace": True}, "name": "r"},
    ]
    text = rf"'r' \(relu\) runs in place and would overwrite 'c', which is {use}; remove 'inplace'"
    with pytest.raises(Mistakes, match=text):
        cnncalc.summarize({**spec, "input": "3x6x6", "layers": [*first, *spec["layers"]]})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("layers", GRAPHS.values(), ids=GRAPHS)
def test_storages_are_shared_and_gradients_needed_as_in_pytorch(layers, batch, dtype):
    spec = {"input": {"x": "4x8x8"}, "layers": layers}
    agree(cnncalc.summarize(spec, batch=batch, dtype=dtype))


# By hand.


def test_a_step_has_the_memory_worked_by_hand():
    # An image of 4·4 numbers, 2 filters of one tap; maps of 2·4·4 numbers.
    layers = [{"conv": {"filters": 2, "kernel": 1}, "name": "c"}, {"relu": None, "name": "r"}]
    found = footprint.measure(cnncalc.summarize({"input": "1x4x4", "layers": layers}))
    x, y, weights, biases = 4 * 16, 4 * 32, 4 * 2, 4 * 2
    assert [moment.alive for moment in found.moments] == [
        x,
        x + y,  # the convolution
        x + y + y,  # ReLU, which saves its output
        x + y + y + y,  # backward: the output's gradient, ReLU's output and its input's gradient
        x + y + weights + biases,
        *[x + weights + biases] * 2,  # the updates
    ]
    peak = found.training_peak
    assert peak == ("r", "backward", x + 3 * y + weights + biases, 16, 0, 0, x + y, 2 * y)


def test_adam_has_the_memory_worked_by_hand():
    report = cnncalc.summarize({"input": "100", "layers": [{"linear": 10}]})
    peak = footprint.training_peak(report, optimizer="adam")
    weights, biases, image = 4000, 40, 400
    parameters = weights + biases
    # Two moments and two counters; a root and its quotient of the weights, which come first.
    state = 2 * parameters + 2 * 4
    assert peak.phase == "step"
    assert peak.bytes == 2 * parameters + state + image + 2 * weights


def test_vgg16_has_the_memory_worked_by_hand():
    found = footprint.measure(cnncalc.summarize("vgg16"))
    # The maps of 64·224², 128·112², 256·56², 512·28² and 512·14² after ReLU.
    maps = [64 * 224**2] * 2 + [128 * 112**2] * 2 + [256 * 56**2] * 3
    maps += [512 * 28**2] * 3 + [512 * 14**2] * 3
    # The outputs of the five pools: 4 bytes each, and 8 for the index.
    pools = [64 * 112**2, 128 * 56**2, 256 * 28**2, 512 * 14**2, 512 * 7**2]
    image = 3 * 224**2
    heads = 2 * (4096 + 4096 + 4096)  # ReLU, the factors of dropout and its output, twice
    by_hand = 4 * (sum(maps) + image + heads) + 12 * sum(pools)
    softmax = 4 * 1000 if found.saved[-1].layer.startswith("softmax") else 0
    assert found.saved_for_backward == by_hand + softmax
    # The output of the first convolution and that of its ReLU.
    assert found.inference_peak == ("relu1", 2 * 4 * 64 * 224**2)


# It can fail, and it reports what is not modelled.


BROKEN = {
    "an input in place of an output": lambda self, tape, x: tape.op(x, keeps=(x,)),
    "nothing kept": lambda self, tape, x: tape.op(x),
    "some bytes too many": lambda self, tape, x: tape.op(x, keeps_output=True, own=4),
    "some bytes too many backward": lambda self, tape, x: tape.op(x, keeps_output=True, beside=4),
    "in place": lambda self, tape, x: tape.view(x),
    "a gradient passed on": lambda self, tape, x: tape.op(x, keeps_output=True, passes=(0,)),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_the_comparison_can_fail(monkeypatch, broken):
    conv = {"conv": {"filters": 4, "kernel": 3}}
    report = cnncalc.summarize({"input": "2x8x8", "layers": [conv, "relu", conv, "relu"]})
    agree(report)
    monkeypatch.setattr(Relu, "steps", broken)
    with pytest.raises(AssertionError):
        agree(report)


@pytest.mark.parametrize("last", ["flatten", {"group_norm": 2}, {"reshape": -1}])
@pytest.mark.parametrize(
    "first",
    [
        {"permute": [0, 2, 1]},
        {"crop": 1},
        {"layer_norm": "channels"},
        {"locally_connected": {"filters": 4, "kernel": 2}},
    ],
)
def test_peaks_that_depend_on_the_element_order_are_refused(first, last):
    report = cnncalc.summarize({"input": "4x8x8", "layers": [first, last]})
    for ask in (footprint.measure, footprint.inference_peak):
        with pytest.raises(UsageError, match="its input is not contiguous"):
            ask(report)


@pytest.mark.parametrize("last", ["instance_norm", {"local_response_norm": 3}])
def test_what_copies_save_is_refused_if_it_depends_on_the_element_order(last):
    report = cnncalc.summarize({"input": "4x8x8", "layers": [{"permute": [0, 2, 1]}, last]})
    with pytest.raises(UsageError, match="its input is not contiguous"):
        footprint.saved_for_backward(report)


def positions(units):
    return {"linear": {"units": units, "per_position": True}}


LAYOUTS = [
    # A permuted gradient that has no view with a row for each position is copied.
    ("1x3x2", [positions(1), {"permute": [2, 0, 1]}]),
    ("3x3x4", [positions(1), {"permute": [0, 2, 1]}]),
    ("3x5", [positions(1), {"permute": [1, 0]}]),
    ("3x2x3x2", [positions(1), {"permute": [2, 1, 0, 3]}]),
    # Blocks become channels in the memory format of the input.
    ("4x6x6", [{"layer_norm": "channels"}, {"space_to_depth": 2}, "relu"]),
    ("4x6x6", [{"layer_norm": "channels"}, {"space_to_depth": 2}, {"conv": [3, 3]}]),
    ("4x6x6", [{"permute": [2, 0, 1]}, {"space_to_depth": 2}, {"conv": [30, 2]}]),
    ("4x6x6", [{"permute": [0, 2, 1]}, {"space_to_depth": 3}, {"conv": [30, 2]}, "flatten"]),
    ("2x3x3", [{"locally_connected": [3, 3]}, {"conv": [4, 1]}]),
    # Halves of the channels keep the order of their input.
    ("3x4x6", [{"permute": [2, 0, 1]}, "glu", {"conv": [30, 3]}]),
    ("3x4x6", [{"conv": [2, 1]}, {"permute": [2, 0, 1]}, "glu", "global_avg_pool"]),
    ("2x6", [{"conv": [2, 1]}, {"permute": [1, 0]}, "glu", {"conv": [2, 1]}]),
    # Halves of size 1 leave the other axes in order.
    ("3x4x2", [{"conv": [3, 1]}, {"permute": [2, 0, 1]}, "glu", "flatten", {"linear": 2}]),
    ("2x6x6", [{"conv": [4, 1]}, {"permute": [1, 0, 2]}, "glu", "global_avg_pool", "relu"]),
    # Two permutations are one, or none.
    ("2x4x6", [{"permute": [2, 0, 1]}, {"permute": [2, 0, 1]}, {"conv": [2, 2]}]),
    ("2x4x6", [{"permute": [0, 2, 1]}, {"permute": [2, 0, 1]}, {"conv": [2, 2]}]),
    ("2x4x6", [{"permute": [1, 2, 0]}, {"permute": [1, 2, 0]}, {"conv": [2, 2]}]),
    ("2x4x6", [{"permute": [2, 0, 1]}, {"permute": [0, 2, 1]}, {"conv": [2, 2]}]),
    ("2x4x6", [{"conv": [4, 1]}, {"permute": [2, 1, 0]}, {"permute": [2, 1, 0]}, "flatten"]),
    ("2x4x6", [{"layer_norm": "channels"}, {"permute": [1, 2, 0]}, "flatten", {"linear": 2}]),
    ("2x1x6", [{"conv": [4, 1]}, {"permute": [1, 0, 2]}, "flatten", {"linear": 2}]),
]


@pytest.mark.parametrize("batch", [1, 2])
def test_same_padding_of_an_even_filter_copies_once_for_the_zero_that_is_left_over(batch):
    conv = {"filters": 4, "kernel": [4, 3], "padding": "same"}
    layers = ["prelu", {"conv": conv}, {"depthwise_conv": {"kernel": 2, "padding": "same"}}]
    report = cnncalc.summarize({"input": "2x6x5", "layers": layers}, batch=batch)
    agree(report)
    network = nn.Sequential(
        nn.PReLU(),
        nn.Conv2d(2, 4, (4, 3), padding="same"),
        nn.Conv2d(4, 4, 2, padding="same", groups=4),
    )
    with SavedTensors(network.parameters()) as found:
        outputs = network(torch.zeros(batch, 2, 6, 5))
    saved = sum(held.bytes for held in footprint.saved_for_backward(report))
    assert saved == found.bytes, outputs.shape


def test_the_peaks_of_circular_padding_without_cells_are_refused():
    pad = {"pad": {"padding": 0, "mode": "circular"}}
    report = cnncalc.summarize({"input": "2x4x4", "layers": [{"prelu": None}, pad]}, batch=2)
    ours = sum(layer.bytes for layer in footprint.saved_for_backward(report))
    assert ours == saved_by_pytorch(report)
    with pytest.raises(UsageError, match="it copies its input without padding, so peak memory"):
        footprint.measure(report)


def test_a_permutation_in_an_unknown_order_is_refused_where_it_matters():
    layers = [{"permute": [2, 1, 0]}, "tanh", {"permute": [2, 0, 1]}]
    footprint.measure(laid_out("4x2x4", ["prelu", *layers, {"conv": [2, 1]}], 1))
    with pytest.raises(UsageError, match="may have its channels last in memory"):
        footprint.measure(laid_out("4x2x4", ["prelu", *layers, {"conv": [2, 2]}], 1))


def laid_out(input, layers, batch):
    """A report; a list stands for filters, a kernel and perhaps a padding."""
    full = [
        {kind: dict(zip(("filters", "kernel", "padding"), given)) if kind in WINDOWS else given}
        for layer in layers
        for kind, given in (layer.items() if isinstance(layer, dict) else [(layer, None)])
    ]
    return cnncalc.summarize({"input": input, "layers": full}, batch=batch)


WINDOWS = ("conv", "locally_connected")


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(("input", "layers"), LAYOUTS)
def test_memory_formats_agree(input, layers, batch):
    agree(laid_out(input, layers, batch))


def test_the_places_of_several_images_keep_their_channels_first():
    agree(laid_out("2x4x4", [{"locally_connected": [3, 3]}, {"conv": [30, 2]}], 2))


@pytest.mark.parametrize(
    ("input", "layers", "batch", "says"),
    [
        ("3x4x2", [positions(2), {"permute": [2, 0, 1]}], 1, "may not be contiguous"),
        (
            "8x10x12",
            [{"layer_norm": "channels"}, {"space_to_depth": 1}, "instance_norm"],
            2,
            "instance_norm.*its input is not contiguous",
        ),
        (
            "4x6x6",
            [{"layer_norm": "channels"}, {"space_to_depth": 3}, "flatten"],
            1,
            "flatten.*its input is not contiguous",
        ),
        (
            "1x1x3x6",
            [{"permute": [3, 0, 1, 2]}, "glu", {"linear": 1}],
            2,
            "flatten.*its input is not contiguous",
        ),
        (
            "1x2",
            [{"permute": [1, 0]}, {"conv_transpose": {"filters": 2, "kernel": 2}}],
            2,
            "because an axis has size 1",
        ),
        ("2x3", [positions(1), "global_avg_pool"], 1, "global_avg_pool.*is not contiguous"),
        (
            "1x3x6",
            [positions(1), {"space_to_depth": 3}],
            2,
            "space_to_depth.*the memory format of its input",
        ),
        (
            "4x6x4",
            [positions(1), "relu", {"space_to_depth": 2}],
            1,
            "the memory format of its input",
        ),
        (
            "1x1x1",
            [positions(2), {"locally_connected": [1, [1, 2], "same_lower"]}],
            3,
            "padded copy",
        ),
        (
            "2x3x3",
            [{"locally_connected": [3, 3]}, {"pad": 1}, {"conv": [30, 2]}],
            1,
            "may have its channels last in memory",
        ),
        (
            "1x3x3",
            [{"locally_connected": [2, 3]}, "relu", {"pad": 1}, {"conv": [2, 2]}],
            1,
            "may have its channels last in memory",
        ),
        (
            "1x2x3",
            ["batch_norm", {"locally_connected": [2, 1]}, {"permute": [1, 0, 2]}],
            3,
            "may not be contiguous",
        ),
        (
            "2x4x3",
            ["batch_norm", {"locally_connected": [2, 1]}, "relu", {"conv": [3, 3]}],
            1,
            "may have its channels last in memory",
        ),
        (
            "2x4x3",
            [
                "batch_norm",
                {"locally_connected": [2, 1]},
                {"concat": {"from": ["locally_connected1", "batch_norm1"], "axis": "width"}},
            ],
            1,
            "locally_connected.*may not be contiguous",
        ),
    ],
)
def test_memory_formats_that_are_not_certain_are_refused(input, layers, batch, says):
    with pytest.raises(UsageError, match=says):
        footprint.measure(laid_out(input, layers, batch))


@pytest.mark.parametrize(
    ("input", "layers"),
    [
        ("5", ["prelu", {"embedding": {"num_embeddings": 9, "embedding_dim": 3}}]),
        (
            "2x4x4",
            [
                {"max_pool": 2, "name": "pool"},
                {"prelu": None, "from": "x", "name": "other"},
                {"max_unpool": 2, "from": ["pool", "other"]},
            ],
        ),
    ],
)
def test_a_layer_without_a_gradient_is_refused(input, layers):
    report = cnncalc.summarize({"input": {"x": input}, "layers": layers})
    footprint.inference_peak(report)
    with pytest.raises(UsageError, match="gets no gradient"):
        footprint.measure(report)


def test_an_even_window_of_a_recurrent_convolution_is_refused():
    spec = {"input": "2x3x4x4", "layers": [{"conv_lstm": {"hidden": 2, "kernel": 2}}]}
    with pytest.raises(UsageError, match="even size is not modelled"):
        footprint.measure(cnncalc.summarize(spec))


def test_a_sum_under_autocast_on_cuda_is_refused():
    spec = {"input": "2x3", "layers": [{"reduce": {"by": "sum", "over": "channels"}}]}
    with pytest.raises(UsageError, match="sums under autocast on CUDA are not modelled"):
        footprint.measure(cnncalc.summarize(spec), dtype="amp", device="cuda")


def test_a_reshaped_gradient_with_gaps_is_refused_where_a_view_depends_on_them():
    joined = {"concat": {"axis": "height", "from": ["reshape1", "b"]}}
    spec = {
        "input": {"a": "4x3x4", "b": "2x1x4"},
        "layers": [{**CONV, "from": "a"}, {"reshape": [2, 6, 4]}, joined],
    }
    with pytest.raises(UsageError, match="has gaps, and whether PyTorch then copies it"):
        footprint.training_peak(cnncalc.summarize(spec))


def test_a_kind_without_steps_is_refused(monkeypatch):
    monkeypatch.setattr(Relu, "steps", Layer.steps)
    monkeypatch.delattr(Relu.__base__, "steps")
    spec = {"input": "2x8x8", "layers": [{"conv": {"filters": 4, "kernel": 3}}, "relu"]}
    with pytest.raises(UsageError, match=r"layer 'relu1' \(relu\): .* is not modelled"):
        footprint.saved_for_backward(cnncalc.summarize(spec))


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"dtype": "int8"}, "no dtype 'int8'"),
        ({"dtype": "float23"}, "did you mean 'float32'"),
        ({"device": "cude"}, "did you mean 'cuda'"),
        ({"device": "gpu"}, "no kind of device 'gpu'; did you mean 'cuda'"),
        ({"device": "metal"}, "choose from cpu, cuda"),
        ({"optimizer": "adan"}, "no optimizer 'adan'; did you mean 'adam'"),
        ({"checkpoint": 0}, "'checkpoint' must be a whole number of at least 1, not 0"),
        ({"checkpoint": 1.5}, r"a whole number of at least 1, not 1\.5"),
        ({"batch": 0}, "the batch size must be a whole number of at least 1, not 0"),
        ({"batch": -2}, "the batch size must be a whole number of at least 1, not -2"),
        ({"batch": 1.5}, r"the batch size must be a whole number of at least 1, not 1\.5"),
    ],
)
def test_options_that_cannot_be_used_are_refused(asked, says):
    with pytest.raises(UsageError, match=says):
        footprint.measure(cnncalc.summarize("lenet5"), **asked)
    if "batch" in asked:
        with pytest.raises(UsageError, match=says):
            footprint.inference_peak(cnncalc.summarize("lenet5"), **asked)


def test_three_axes_before_the_channels_are_refused_where_their_gradient_is_copied():
    spec = {"input": "4x3x4x5", "layers": [{"layer_norm": "channels"}]}
    agree(cnncalc.summarize(spec, batch=2))
    spec["layers"].append({"conv": {"filters": 2, "kernel": 2}})
    report = cnncalc.summarize(spec, batch=2)
    assert footprint.inference_peak(report).bytes == inference_peak_in_pytorch(report)
    with pytest.raises(UsageError, match="may have its channels last in memory"):
        footprint.measure(report)


# Optimizers.


@pytest.mark.parametrize("name", footprint.OPTIMIZERS)
@pytest.mark.parametrize("architecture", ["lenet5", "lenet5_1998"])  # one has fixed weights
def test_optimizer_state_matches_pytorch(architecture, name):
    report = cnncalc.summarize(architecture)
    network = cnncalc.to_torch(report)
    optimizer = OPTIMIZERS[name](network.parameters())
    network(torch.zeros(1, 1, 32, 32)).sum().backward()
    optimizer.step()
    held = [value for state in optimizer.state.values() for value in state.values()]
    tensors = [value for value in held if isinstance(value, torch.Tensor)]
    found = footprint.measure(report, optimizer=name)
    assert found.optimizer_state == sum(tensor.nbytes for tensor in tensors)
    gradients = [held.grad for held in network.parameters() if held.requires_grad]
    assert found.gradients == sum(gradient.nbytes for gradient in gradients)
    assert found.parameters == sum(held.nbytes for held in network.parameters())


STEPS = ["nag", "adagrad", "rmsprop", "adadelta", "adam", "adamw"]


@pytest.mark.parametrize("name", STEPS)
def test_updates_of_all_parameters_together_match_pytorch(monkeypatch, name):
    # As on CUDA, where the counters stay in host memory.
    together = partial(OPTIMIZERS[name], foreach=True)
    monkeypatch.setitem(OPTIMIZERS, name, together)
    report = cnncalc.summarize("lenet5")
    counters = 0 if name == "nag" else 4 * 10
    found = footprint.training_peak(report, optimizer=name, device="cuda")
    assert found.bytes + counters == training_peak_in_pytorch(report, name)


# Other precisions. The CPU has some operations only in float32.


def smallest(examples):
    one = min(examples, key=lambda one: sum(read_shape(x).elements for x in one.inputs))
    return one.given, one.inputs


PRECISIONS = [
    (kind.kind, *smallest([example for _, example in examples]))
    for kind, examples in MODELLED.items()
    if examples
] + OTHERS


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "amp"])
@pytest.mark.parametrize(("kind", "given", "inputs"), PRECISIONS)
def test_other_precisions_agree(kind, given, inputs, dtype):
    report = of_one_layer(kind, given, inputs, batch=2)
    if report.totals.params + report.totals.macs // 10 + report.totals.activation > SMALL // 4:
        pytest.skip("slow in bfloat16")
    mixed = dtype == "amp"
    asked = report if mixed else replace(report, dtype=dtype)
    if mixed and kind in {"conv_lstm", "max_unpool"}:
        with pytest.raises(UsageError, match="not modelled"):
            footprint.measure(report, dtype=dtype)
        return
    found = footprint.measure(report, dtype=dtype)
    try:
        assert found.saved_for_backward == saved_by_pytorch(asked, autocast=mixed)
    except NotImplementedError:
        assert len(report["layer"].output.dimensions) == 4 or kind == "local_response_norm"
        return
    assert found.training_peak.bytes == training_peak_in_pytorch(asked, autocast=mixed)
    assert found.inference_peak.bytes == inference_peak_in_pytorch(asked, autocast=mixed)


# CUDA without a GPU: what can be checked on the CPU, and the rest by hand.


def test_gradients_accumulate_in_place_without_other_references():
    layers = [
        {"scale": None, "name": "s"},
        {"slice": {"stop": 1}, "name": "a"},
        {"slice": {"start": 3}, "from": "s", "name": "b"},
        {"slice": {"start": 2, "stop": 3}, "from": "s", "name": "c"},
        {"add": None, "from": ["a", "b", "c"]},
    ]
    report = cnncalc.summarize({"input": "4x40x40", "layers": layers}, batch=2)
    watched = footprint.training_peak(report)
    assert watched.bytes == training_peak_in_pytorch(report)
    free = footprint.training_peak(report, device="cuda")
    assert free.bytes == unwatched_training_peak_in_pytorch(report)
    assert watched.bytes - free.bytes == 2 * 4 * 4 * 40**2  # a map less


def test_dropout_on_cuda_has_the_memory_worked_by_hand():
    layers = [{"linear": 100}, {"dropout": 0.5}, {"linear": 10}]
    report = cnncalc.summarize({"input": "50", "layers": layers}, batch=3)
    cpu, cuda = (footprint.measure(report, device=device) for device in ("cpu", "cuda"))
    # The inputs of the linear layers, and a factor or a byte for each of 3·100 elements.
    assert cpu.saved_for_backward == 3 * 4 * (50 + 100) + 3 * 100 * 4
    assert cuda.saved_for_backward == 3 * 4 * (50 + 100) + 3 * 100
    assert cpu.inference_peak == cuda.inference_peak
    half = footprint.measure(report, device="cuda", dtype="bfloat16")
    assert half.saved_for_backward == 3 * 2 * (50 + 100) + 3 * 100


def test_statistics_on_cuda_have_the_memory_worked_by_hand():
    spec = {"input": "8x4x4", "layers": ["prelu", "batch_norm"]}
    report = cnncalc.summarize(spec, batch=2)
    maps = 2 * 2 * 8 * 4 * 4 * 2  # of the input and of PReLU, two images, 2 bytes a number
    cpu, cuda = (
        footprint.measure(report, device=device, dtype="bfloat16").saved_for_backward
        for device in ("cpu", "cuda")
    )
    assert (cpu, cuda) == (maps + 2 * 8 * 2, maps + 2 * 8 * 4)


# Checkpoints.


def test_blocks_end_where_a_single_tensor_passes():
    layers = [
        {"conv": {"filters": 4, "kernel": 3, "padding": 1}, "name": "a"},
        {"relu": None, "name": "b"},
        {"conv": {"filters": 4, "kernel": 3, "padding": 1}, "name": "c"},
        {"add": None, "from": ["b", "c"], "name": "d"},
        {"global_avg_pool": None, "name": "e"},
    ]
    report = cnncalc.summarize({"input": "4x8x8", "layers": layers})
    cut = [[row.name for row in report.rows[part.start : part.stop]] for part in blocks(report)]
    assert cut == [["a"], ["b"], ["c", "d"], ["e"]]
    assert groups(report, 2) == [range(1, 3)]  # and the last segment is not checkpointed
    assert groups(report, 9) == []


def test_a_segment_that_saves_nothing_is_not_recomputed():
    layers = [{"conv": {"filters": 4, "kernel": 1}}, {"pad": 1}, {"upsample": 2}, {"pad": 1}]
    report = cnncalc.summarize({"input": "4x8x8", "layers": [*layers, *layers]}, batch=2)
    for every in (1, 2, 3):
        found = footprint.measure(report, checkpoint=every)
        segments = groups(report, every)
        assert found.training_peak.bytes == training_peak_in_pytorch(report, segments=segments)
    assert footprint.measure(report).repeated_macs == 0


def multiply_accumulates_in_pytorch(report, segments=()):
    """The multiply-accumulates of a forward and a backward pass in PyTorch."""
    network, image = cnncalc.to_torch(report), torch.zeros(report.batch, *report.input_shape)
    with FlopCounterMode(display=False) as counter:
        _checkpointed(network, [image], segments).sum().backward()
    return counter.get_total_flops() // 2


@pytest.mark.parametrize("every", [1, 2, 3])
@pytest.mark.parametrize("between", [[], [{"relu": None}], [{"pad": 1}], [{"batch_norm": None}]])
def test_macs_are_recomputed_up_to_the_last_saved_tensor(between, every):
    conv = {"conv": {"filters": 4, "kernel": 3}}
    layers = [conv, *between, conv, *between, conv, *between, conv]
    check_recomputed(layers, every)


@pytest.mark.parametrize("every", [1, 2, 3])
def test_macs_of_linear_layers_are_recomputed_up_to_the_last_saved_tensor(every):
    check_recomputed([{"linear": 10}, {"linear": 4}, {"gelu": None}, {"linear": 3}], every, "40")


def check_recomputed(layers, every, input="4x16x16"):
    report = cnncalc.summarize({"input": input, "layers": layers}, batch=2)
    segments = groups(report, every)
    more = multiply_accumulates_in_pytorch(report, segments)
    more -= multiply_accumulates_in_pytorch(report)
    assert footprint.measure(report, checkpoint=every).repeated_macs == more


# The batch that fits.


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("name", ["lenet5", "googlenet", "mobilenet_v3_small"])
def test_the_largest_batch_fits_and_one_more_does_not(name, optimizer):
    report = cnncalc.summarize(name)

    def peak(batch):
        found = cnncalc.summarize(name, batch=batch)
        return footprint.training_peak(found, optimizer=optimizer).bytes

    budget = 2**30
    found = fit(report, budget, optimizer=optimizer)
    assert peak(found.batch) == found.memory.training_peak.bytes <= budget
    assert peak(found.batch + 1) == found.one_more > budget
    exactly = fit(report, peak(7), optimizer=optimizer)
    assert exactly.batch == 7
    assert fit(report, peak(7) - 1, optimizer=optimizer).batch == 6


def test_suggested_changes_allow_a_larger_batch():
    report = cnncalc.summarize("resnet18")
    found = fit(report, 2**30, optimizer="adam")
    options = {change.option.rpartition(" ")[0]: change for change in found.changes}
    assert list(options) == ["--dtype", "--optimizer", "--checkpoint"]
    checkpointed = options["--checkpoint"]
    every = int(checkpointed.option.split()[-1])
    again = footprint.measure(report, optimizer="adam", checkpoint=every, batch=found.batch)
    assert checkpointed.bytes == again.training_peak.bytes < found.memory.training_peak.bytes
    assert checkpointed.repeated_macs == again.repeated_macs // found.batch <= found.macs
    assert checkpointed.batch > found.batch
    assert found.to_dict()["changes"][0] == found.changes[0]._asdict()
    already = fit(report, 2**30, dtype="bfloat16", checkpoint=every)
    assert already.changes == ()


def test_if_nothing_fits_one_image_is_measured():
    report = cnncalc.summarize("vgg16")
    found = fit(report, 10**9)
    assert found.batch == 0
    assert found.one_more == found.memory.training_peak.bytes > 10**9
    # Half precision takes half the bytes.
    assert [change.option for change in found.changes] == ["--dtype bfloat16"]


def test_the_batch_is_bounded():
    spec = {"input": "1", "layers": [{"linear": 1}]}
    assert fit(cnncalc.summarize(spec), LARGEST**2).batch == LARGEST - 1
    # A network whose memory does not depend on the batch always fits, or never.
    still = cnncalc.summarize({"input": "1", "layers": ["identity"]})
    assert fit(still, 4).batch == 1


# A report's totals.


def wide(size):
    """A network of one layer with this many inputs."""
    inputs = ["input"] * size
    return cnncalc.summarize({"input": "2x3x3", "layers": [{"concat": None, "from": inputs}]})


def deep(size):
    """A network of this many layers in a row."""
    return cnncalc.summarize({"input": "5", "layers": [{"tanh": None, "repeat": size}]})


@pytest.mark.parametrize(("build", "size"), [(wide, 12_000), (deep, 2_300)])
def test_the_memory_of_large_networks_is_modelled(build, size):
    assert footprint.measure(build(size)).inference_peak.bytes > 0


# A concat reads a tensor for each of its inputs, and each tanh reads one.


@pytest.mark.parametrize("build", [wide, deep])
@pytest.mark.parametrize("compute", [footprint.measure, footprint.inference_peak])
def test_larger_networks_are_refused_in_a_sentence(monkeypatch, compute, build):
    monkeypatch.setattr(record, "MAX_READ", 40)
    assert compute(build(40))
    with pytest.raises(UsageError, match=r"at most 40 tensors, .*; the operations up to this"):
        compute(build(41))


@pytest.mark.parametrize("build", [wide, deep])
def test_the_largest_batch_of_larger_networks_is_refused(monkeypatch, build):
    monkeypatch.setattr(budget, "MAX_READ", 40)
    assert fit(build(40), 10**9).batch
    with pytest.raises(
        UsageError, match=r"at most 40 tensors, parameters included; those of this network read 41$"
    ):
        fit(build(41), 10**9)


def test_parameters_count_as_tensors_that_are_read(monkeypatch):
    report = cnncalc.summarize("7-5N")  # the input, the weights, their transposed view, the biases
    monkeypatch.setattr(record, "MAX_READ", 4)
    assert footprint.measure(report)
    monkeypatch.setattr(record, "MAX_READ", 3)
    with pytest.raises(UsageError, match="layer 'linear1'"):
        footprint.measure(report)


@pytest.mark.parametrize(("off", "most"), [(0, 4), (1, 6), (5, 10), (10**30 - 8, 300)])
def test_few_steps_find_the_largest_batch_below_an_estimate(monkeypatch, off, most):
    tried = []

    class Fake:
        """A step that takes a byte for each image, and more from the fourth image on."""

        def __init__(self, report, setting):
            tried.append(setting.batch)
            self.resident = 0
            self.peak = setting.batch + off * (setting.batch > 3)
            self.moments = (Moment("forward", 0, self.peak),)

    monkeypatch.setattr(budget, "Step", Fake)
    setting = Setting(1, "float32", "cpu", "sgd", True, None)
    assert budget.largest_batch(None, setting, 10**30) == 10**30 - off
    assert len(tried) <= most


def test_totals_have_bytes():
    report = cnncalc.summarize("lenet5", batch=2)
    found = footprint.measure(report)
    totals = report.totals
    assert totals.saved_for_backward == found.saved_for_backward
    assert totals.inference_peak == found.inference_peak.bytes
    assert totals.training_peak == found.training_peak.bytes
    assert report.memory == found
    copied = pickle.loads(pickle.dumps(report))
    assert copied.totals == totals
    assert copied.totals.training_peak == totals.training_peak


def test_totals_with_unknown_memory_are_refused():
    report = cnncalc.summarize("lenet5", dtype="int8")
    assert report.totals.params == 61_706
    with pytest.raises(UsageError, match="no dtype 'int8'"):
        _ = report.totals.training_peak


def test_totals_compare_equal_only_to_totals():
    report = cnncalc.summarize("lenet5")
    summed = sum((row.cost for row in report.rows), Cost())
    assert report.totals == summed
    assert hash(report.totals) == hash(summed)
    assert report.totals != 61_706


def test_a_column_shows_the_saved_bytes():
    report = cnncalc.summarize("resnet18")
    view = View(report, choose_columns(["+saved"]), depth=1)
    shown = [COLUMNS["saved"].value(line, view.report) for line in view.lines]
    assert sum(shown) == report.totals.saved_for_backward
    other = View(cnncalc.summarize("lenet5", dtype="int8"), choose_columns(["all"]))
    assert {COLUMNS["saved"].value(line, other.report) for line in other.lines} == {None}
