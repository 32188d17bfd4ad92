"""What autograd saves where peak memory is not modelled: maps in another order, and attention."""

from itertools import pairwise, permutations
from math import prod

import pytest
import torch
from torch import nn
from torch_memory import SavedTensors, saved_by_pytorch

import cnncalc
from cnncalc import UsageError, footprint
from cnncalc.core import strides
from cnncalc.core.strides import Strided, contiguous, elementwise
from cnncalc.spec import text


def agree(spec, batches=(1, 2)):
    for batch in batches:
        report = cnncalc.summarize(spec, batch=batch)
        ours = sum(entry.bytes for entry in footprint.saved_for_backward(report))
        assert ours == saved_by_pytorch(report)
        with pytest.raises(UsageError, match="peak memory is not modelled"):
            footprint.measure(report)
        with pytest.raises(UsageError, match="peak memory is not modelled"):
            footprint.inference_peak(report)


def laid(tensor):
    return Strided(tuple(tensor.shape), tuple(tensor.stride()))


def maps(sizes):
    """Tensors of these sizes in every order in memory, with and without gaps."""
    for order in permutations(range(len(sizes))):
        back = [order.index(axis) for axis in range(len(sizes))]
        for gap in (0, 1):
            larger = [sizes[axis] + gap for axis in order]
            whole = torch.zeros(larger).permute(back)
            yield whole[tuple(slice(size) for size in sizes)]


@pytest.mark.parametrize("sizes", [(2, 3, 4, 2), (1, 3, 1, 4), (4, 6), (2, 1, 3, 1, 2)])
def test_views_exist_where_pytorch_finds_them(sizes):
    shapes = [(-1,), (2, -1), (-1, 2), (*sizes[:1], -1, *sizes[-1:]), (1, *sizes), (*sizes, 1)]
    for x in maps(sizes):
        assert laid(x).contiguous == x.is_contiguous()
        for shape in shapes:
            whole = x.numel() // -torch.Size(shape).numel() if -1 in shape else 0
            wanted = [whole if size == -1 else size for size in shape]
            if torch.Size(wanted).numel() != x.numel():
                continue
            try:
                expected = laid(x.view(wanted))
            except RuntimeError:
                expected = None
            assert laid(x).viewed(wanted) == expected


@pytest.mark.parametrize("sizes", [(2, 3, 4, 2), (1, 3, 1, 4), (2, 4, 3)])
def test_operations_between_elements_keep_the_order_of_pytorch(sizes):
    once = laid(torch.zeros(1, 1).expand(1, 1))
    assert elementwise(once, laid(torch.zeros(2, 3).mT[:1, :1])).sizes == (1, 1)
    others = [*maps(sizes)][::7]
    for x in maps(sizes):
        assert elementwise(laid(x)) == laid(nn.functional.gelu(x))
        for y in (*others, torch.zeros(sizes[-1:]).expand(sizes), x[:, :1]):
            assert elementwise(laid(x), laid(y)) == laid(x * y)
            assert elementwise(laid(y), laid(x)) == laid(y * x)


def test_operations_on_maps_keep_the_memory_format():
    for x in maps((2, 3, 4, 5)):
        format = laid(x).format
        assert laid(torch.cat([x, x])) == strides.joined((4, 3, 4, 5), [laid(x), laid(x)])
        for y in (
            nn.functional.pad(x, (1, 0)),
            nn.functional.conv2d(x, torch.zeros(2, 3, 1, 1)),
            nn.functional.max_pool2d(x, 2),
            torch.cat([x, x], 1),
        ):
            assert laid(y) == strides.ordered(y.shape, format)
    assert contiguous((2, 1, 3)).format == ()


# Networks.

QKV = {
    "input": "6x5",
    "layers": [
        {"linear": {"out_features": 18, "per_position": True}},
        {"permute": [1, 0]},
        {"reshape": [5, 3, 3, 2], "name": "qkv"},
        *[
            entry
            for part in range(3)
            for entry in (
                {"slice": {"start": part, "stop": part + 1, "along": "depth"}, "from": "qkv"},
                {"reshape": [5, 3, 2]},
                {"permute": [1, 0, 2], "name": f"x{part}"},
            )
        ],
        {"dot_product_attention": None, "from": ["x0", "x1", "x2"], "name": "attention"},
        {"permute": [0, 2, 1]},
        {"reshape": [6, 5]},
        {"linear": {"out_features": 6, "per_position": True}},
    ],
}
"""Attention of 3 heads, as vision transformers compute it."""


def test_attention_saves_one_copy_of_everything():
    agree(QKV)
    report = cnncalc.summarize(QKV)
    # Inputs of both linear layers, queries, keys and values, the sums of each row.
    saved = footprint.saved_for_backward(report)
    assert sum(entry.bytes for entry in saved) == 4 * (30 + 90 + 30 + 3 * 5)


@pytest.mark.parametrize(
    ("layer", "value"),
    [
        ({"kernel": "steps"}, [3, 5, 2]),
        ({"scale": 2}, [3, 5, 4]),  # the kernel needs as many values as features
    ],
)
@pytest.mark.parametrize("order", [[0, 1, 2], [1, 0, 2], [0, 2, 1], [2, 1, 0]])
def test_attention_in_steps_saves_scores(layer, value, order):
    given = {"q": [3, 4, 2], "k": [3, 5, 2], "v": value}
    inputs = {name: [sizes[axis] for axis in order] for name, sizes in given.items()}
    layers = [
        entry
        for name in given
        for entry in (
            {"scale": None, "from": name},
            {"permute": [order.index(axis) for axis in range(3)], "name": f"{name}2"},
        )
    ]
    layers.append({"dot_product_attention": layer, "from": ["q2", "k2", "v2"]})
    agree({"input": inputs, "layers": layers})
    agree(
        {"input": inputs, "layers": [*layers[:-1], {**layers[-1], "dot_product_attention": None}]}
    )


@pytest.mark.parametrize("learned", [True, False])
def test_a_learned_mask_keeps_attention_in_steps(learned):
    layers = [
        {"scale": None, "name": "q"},
        {"parameter": {"shape": [2, 3, 3], "learned": learned}, "from": "input", "name": "bias"},
        {"dot_product_attention": None, "from": ["q", "input", "q", "bias"]},
    ]
    agree({"input": "2x3x4", "layers": layers})


@pytest.mark.parametrize("elsewhere", [{"dtype": "amp"}, {"device": "cuda"}])
def test_attention_elsewhere_is_unknown(elsewhere):
    report = cnncalc.summarize({"input": "2x3x4", "layers": [ATTENTION]})
    with pytest.raises(UsageError, match="on CUDA or under autocast is not modelled"):
        footprint.saved_for_backward(report, **elsewhere)


ATTENTION = {"dot_product_attention": None, "from": ["input"] * 3}


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [0, 2, 1, 3], [1, 0, 2, 3], [0, 1, 3, 2]])
@pytest.mark.parametrize("mask", [None, [4, 2, 5, 5], [1, 2, 5, 5], [4, 1, 5, 5]])
@pytest.mark.parametrize("more", [{}, {"kernel": "steps"}])
@pytest.mark.parametrize("features", [3, 6])
def test_windows_are_images_of_the_batch_in_attention(order, mask, more, features):
    shape = [4, 2, 5, 3]
    value = [*shape[:-1], features]
    inputs = {"q": [shape[axis] for axis in order], "v": [value[axis] for axis in order]}
    back = [order.index(axis) for axis in range(4)]
    layers = [
        entry
        for name in inputs
        for entry in (
            {"scale": None, "from": name},
            {"permute": back, "name": f"{name}2"},
        )
    ]
    reads = ["q2", "q2", "v2"]
    for learned in (False, True) if mask else (False,):
        added = {"parameter": {"shape": mask, "learned": learned}, "from": "q", "name": "mask"}
        attention = {
            "dot_product_attention": more or None,
            "from": [*reads, "mask"] if mask else reads,
        }
        ends = [attention, {"permute": [0, 2, 1, 3]}, {"reshape": [20, -1]}, "sigmoid", "scale"]
        agree({"input": inputs, "layers": [*layers, *[added] * bool(mask), *ends]})


WINDOWS = [{"scale": None}, {"reshape": [6, 2, 3, 2]}, {"permute": [0, 2, 1, 3]}]
"""Windows of 2 times 2 in a map of 4 times 6 with 3 channels."""
TURNED = [{"conv": {"filters": 4, "kernel": 1}}, {"permute": [1, 0, 2]}]
LAST = [{"linear": {"out_features": 4, "per_position": True}}]


@pytest.mark.parametrize(
    "layers",
    [
        [*WINDOWS, {"reshape": [3, 6, 4]}, {"conv": {"filters": 2, "kernel": 1}}],
        [*TURNED, {"linear": {"out_features": 3, "per_position": True}}, "relu", "flatten"],
        [*TURNED, {"reduce": {"by": "max", "over": "channels"}}, "scale"],
        [*TURNED, {"roll": 1}, "scale"],
        [*TURNED, "l2_normalize", "scale"],
        [*TURNED, {"group_norm": 2}, "scale"],
        [*TURNED, {"dropout": 0.5}, {"stochastic_depth": 0.5}, "flatten", "scale"],
        [*TURNED, {"crop": 1}, "flatten", "scale"],
        [*TURNED, {"pad": 1}, "flatten", "scale"],
        [{"scale": None}, {"permute": [2, 0, 1]}, {"pad": [[1, 0], [0, 2]]}, "flatten", "scale"],
        [*WINDOWS, {"pad": [[1, 0], [0, 2], [1, 1]]}, {"reshape": [3, -1, 4]}, "scale"],
        [*TURNED, {"expand": [4, 4, 6]}, "flatten", "scale"],
        [*LAST, {"group_norm": 2}, "flatten", "scale"],
        [*LAST, {"max_pool": 2}, "flatten", "scale"],
        [*LAST, {"slice": {"start": 1}}, {"conv": {"filters": 4, "kernel": 3}}, "flatten", "scale"],
        [*LAST, {"conv": {"filters": 1, "kernel": 3}}, {"reshape": [1, 8]}, "scale"],
    ],
)
def test_other_orders_save_what_pytorch_saves(layers):
    agree({"input": "3x4x6", "layers": layers})


@pytest.mark.parametrize(
    "sizes", [(2, 3, 4, 5), (1, 1, 4, 2), (2, 3, 1, 4), (2, 4, 3), (2, 3, 2, 1, 2)]
)
def test_concatenations_have_the_memory_format_of_all_their_parts(sizes):
    listed = [*maps(sizes)]
    for x, z in [*zip(listed, listed), *pairwise(listed)]:
        y = torch.cat([x, z], 1)
        assert laid(y) == strides.joined(y.shape, [laid(x), laid(z)])


@pytest.mark.parametrize(
    "layers",
    [
        [*TURNED, {"concat": None, "from": ["permute1", "input"]}, "flatten", "scale"],
        [*TURNED, {"concat": "height", "from": ["permute1", "permute1"]}, "flatten", "scale"],
        [{"conv": {"filters": 6, "kernel": 1}}, {"slice": {"stop": 1, "along": "height"}},
         {"slice": {"stop": 1, "along": "width"}}, "flatten", {"linear": 6}, {"reshape": [3, 2]},
         {"permute": [1, 0]}, {"reshape": [2, 1, 3]}, "scale"],
    ],
)  # fmt: skip
def test_what_follows_concatenations_and_parts_saves_what_pytorch_saves(layers):
    spec = {"input": [4, 4, 6] if "concat" in str(layers) else [3, 4, 6], "layers": layers}
    saves_what_pytorch_saves(spec, "cpu", "cpu")


ENDS = ([], ["flatten"], [{"reshape": [-1, 3]}], [{"permute": [1, 0]}, "flatten"])


def ends(layers, input):
    """Compare what the layers save after a layer that is trained, followed by each of the ends."""
    for end in ENDS:
        if len(end) < 2 or len(input) == 2:
            spec = {"input": input, "layers": [{"scale": None}, *layers, *end, "scale"]}
            saves_what_pytorch_saves(spec, "cpu", "cpu")


@pytest.mark.parametrize("over", ["channels", "last"])
@pytest.mark.parametrize("order", [[0, 1, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0], [0, 2, 1]])
@pytest.mark.parametrize("part", [[], [{"slice": {"start": 1}}]])
def test_normalized_vectors_are_laid_out_as_in_pytorch(over, order, part):
    ends([{"permute": order}, *part, "sigmoid", {"permute": [0, 2, 1]}, *part,
          {"l2_normalize": over}], [3, 4, 6])  # fmt: skip


@pytest.mark.parametrize("over", ["channels", "last", "all"])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize(
    ("input", "first"),
    [
        ([6], []),
        ([6, 4], []),
        ([6, 4], [{"permute": [1, 0]}]),
        ([3, 4, 6], [{"permute": [1, 2, 0]}]),
        ([3, 4, 6], [{"permute": [2, 0, 1]}]),
        ([3, 4, 6], [{"permute": [2, 0, 1]}, {"slice": {"start": 1, "stop": 4}}]),
        ([3, 4, 6, 2], [{"permute": [3, 0, 1, 2]}]),
    ],
)
def test_normalization_by_the_mean_square_saves_what_pytorch_saves(over, affine, input, first):
    ends([*first, {"rms_norm": {"over": over, "affine": affine}}], input)


def test_normalization_by_the_mean_square_is_unknown_elsewhere():
    norm = {"layers": [{"scale": None}, {"rms_norm": "channels"}]}
    report = cnncalc.summarize({"input": "3x4x6", **norm})
    for elsewhere in ({"dtype": "amp"}, {"device": "cuda"}, {"dtype": "bfloat16"}):
        with pytest.raises(UsageError, match="on CUDA or in low precision is not modelled"):
            footprint.saved_for_backward(report, **elsewhere)
    layers = [{"scale": None}, {"permute": [1, 2, 0]}, {"slice": {"stop": 1}}, {"rms_norm": "last"}]
    report = cnncalc.summarize({"input": "3x4x6", "layers": layers})
    with pytest.raises(UsageError, match="its input is not contiguous"):
        footprint.saved_for_backward(report)


@pytest.mark.parametrize("sizes", [(2, 3, 4, 5), (2, 3, 1, 4), (2, 1, 3, 4), (1, 3, 4, 1)])
def test_convolutions_of_maps_follow_the_suggested_format(sizes):
    for x in [*maps(sizes), torch.zeros((*sizes[:1], 1, 1, 1)).expand(sizes)]:
        y = nn.functional.conv2d(x, torch.zeros(6, sizes[1], 1, 1))
        assert laid(y) == strides.ordered(y.shape, laid(x).suggested)


@pytest.mark.parametrize(
    ("input", "layers"),
    [
        ([4, 3, 6], [{"permute": [1, 0, 2]}, {"reshape": [3, 1, 4, 6]}]),
        ([4, 3, 6], [{"permute": [0, 2, 1]}, {"reshape": [4, 2, 3, 3]}]),
        ([1, 6, 4], [{"permute": [2, 0, 1]}]),
        ([6, 1, 4], [{"permute": [2, 0, 1]}]),
        ([6, 1, 4], [{"permute": [2, 1, 0]}]),
    ],
)
@pytest.mark.parametrize("window", [{"kernel": 1}, {"kernel": 3, "padding": 1}])
def test_convolutions_with_axes_of_size_1_and_of_volumes_are_laid_out_as_in_pytorch(
    input, layers, window
):
    ends([*layers, {"conv": {"filters": 6, **window}}, "relu"], input)


def test_volumes_with_channels_last_depend_on_the_machine():
    layers = [{"scale": None}, {"permute": [3, 0, 1, 2]}, {"conv": {"filters": 6, "kernel": 1}}]
    report = cnncalc.summarize({"input": "3x4x5x2", "layers": [*layers, "flatten", "scale"]})
    with pytest.raises(UsageError, match="its input is not contiguous"):
        footprint.saved_for_backward(report)


SPLIT = {"split": {"parts": [3, 1], "part": 0}}
NORMS = [
    {"group_norm": 1},
    "layer_norm",
    {"layer_norm": {"over": "channels"}},
    "batch_norm",
    "l2_normalize",
]


def saves_what_pytorch_saves(spec, device, oracle):
    for batch in (2, 3):
        report = cnncalc.summarize(spec, batch=batch)
        saved = footprint.saved_for_backward(report, device=device)
        assert sum(entry.bytes for entry in saved) == saved_by_pytorch(report, oracle)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(
    ("sizes", "first", "part"),
    [
        ([4], [], [SPLIT]),
        ([4, 5], [], [SPLIT]),
        ([4, 5], [], [{"split": {"parts": [3, 1], "part": 1}}]),
        ([4, 5, 6], [], [SPLIT]),
        ([4, 5, 6], [], [{"crop": [0, 1]}]),
        ([4, 5, 6, 2], [], [SPLIT]),
        ([3, 5, 6], LAST, []),
        ([3, 5, 6], LAST, [SPLIT]),
        ([3, 5, 6, 2], LAST, []),
        ([3, 5, 6, 2], LAST, [SPLIT]),
    ],
)
def test_normalizations_save_parts_as_pytorch_does(norm, sizes, first, part):
    layers = [{"scale": None}, *first, "sigmoid", *part, norm, "scale"]
    saves_what_pytorch_saves({"input": sizes, "layers": layers}, "cpu", "cpu")


def test_a_part_of_the_same_numbers_for_every_image_is_copied():
    layers = [{"constant": [4]}, {"split": {"parts": [3, 1], "part": 0}}, {"group_norm": 1}]
    agree({"input": [1], "layers": [layers[0], "layer_norm", *layers[1:]]})
    agree({"input": [1], "layers": layers})


@pytest.mark.parametrize("first", [[], LAST, TURNED])
@pytest.mark.parametrize("part", [[], [SPLIT]])
def test_group_norm_on_cuda_puts_channels_first(first, part):
    # The meta device copies as CUDA does.
    layers = [{"scale": None}, *first, "sigmoid", *part, {"group_norm": 1}, "scale"]
    saves_what_pytorch_saves({"input": [4, 4, 6], "layers": layers}, "cuda", "meta")


def test_a_mean_of_a_map_in_another_order_saves_nothing():
    layers = [*TURNED, "relu", {"global_avg_pool": None}, "scale"]
    report = cnncalc.summarize({"input": "3x4x6", "layers": layers}, batch=2)
    saved = footprint.saved_for_backward(report)
    assert sum(entry.bytes for entry in saved) == saved_by_pytorch(report)
    footprint.inference_peak(report)
    with pytest.raises(UsageError, match="peak memory is not modelled"):
        footprint.measure(report)


# Numbers that a model computes.


class Calls(nn.Module):
    """A model that calls a function of its input, its parameter and its buffer."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.zeros(6, 6))
        self.register_buffer("index", torch.zeros(6, 6, dtype=torch.int64))

    def forward(self, x):
        return self.function(x, self.weight, self.index)


def saves_as_much(model):
    """Compare what a model of 4×6×6 saves with hooks on PyTorch's tensors."""
    spec = cnncalc.from_torch(model, (4, 6, 6))
    for batch in (1, 2, 3):
        report = cnncalc.summarize(spec, batch=batch)
        ours = sum(entry.bytes for entry in footprint.saved_for_backward(report))
        assert ours == saved_by(model, batch)


def saved_by(model, batch=2, sizes=(4, 6, 6)):
    with SavedTensors([*model.parameters(), *model.buffers()]) as saved:
        outputs = model(torch.zeros(batch, *sizes))
    found = saved.bytes
    del outputs
    return found


def without_gradients(function, *given):
    with torch.no_grad():
        return function(*given)


@pytest.mark.parametrize(
    ("function", "by_hand"),
    [
        (lambda x, w, index: x * w.exp(), 144 + 1152),  # the output once, and the input
        (lambda x, w, index: x * w.pow(2), 1152),
        (lambda x, w, index: x + w.exp().log(), 144),
        (lambda x, w, index: x * w.sigmoid() * 16, 144 + 1152),
        (lambda x, w, index: x + x.new_ones(6, 6).cumsum(0) * w, 144),  # no gradient needs x
        (lambda x, w, index: x + w[index.view(-1), 0].view(6, 6), 0),  # the index is a buffer
        (lambda x, w, index: x + w @ w.T, 0),
        (lambda x, w, index: x + w.exp() - w.log(), 144),  # the weight is a parameter
        (lambda x, w, index: x * w.exp() + x * w.sigmoid(), 2 * 144 + 1152),
        (lambda x, w, index: x + w.exp().log() + w.exp().sin(), 2 * 144),
        (lambda x, w, index: (x + w) * w[:3].repeat(2, 1) * w, 2 * 1152 + 144),
        (lambda x, w, index: (x + w) * w.T, 1152),  # a view of the parameter
        (lambda x, w, index: (x * w[0]) * w[1], 2 * 1152),
        (lambda x, w, index: x + (y := w.exp()) - y.log(), 144),
        (lambda x, w, index: x + (y := w.exp()) - y.mT, 144),  # which two layers read
        (lambda x, w, index: x + (y := w * 2) - y.log(), 144),
        (lambda x, w, index: (x + w) * index.sigmoid()[2], 144),  # a part of a storage
        (lambda x, w, index: x * (torch.zeros(len(x), 1, 1, 1) + w), 1152),  # for every image
        (lambda x, w, index: (x + w) * index.float().repeat(len(x), 1, 1, 1), 2 * 144),
        (lambda x, w, index: (x + w) * index.float(), 144),
        (lambda x, w, index: (x + w) * (w > 0).float(), 144),  # which needs no gradient
        (lambda x, w, index: (x + w) * without_gradients(torch.sin, index), 144),
        (lambda x, w, index: x + w * w.exp().argmax(), 8),
        (lambda x, w, index: x + nn.functional.dropout(w, 0.5, False), 0),
    ],
)
def test_computing_numbers_saves_what_pytorch_saves(function, by_hand):
    model = Calls(function)
    spec = cnncalc.from_torch(model, (4, 6, 6))
    written = text.read(cnncalc.to_yaml(spec), "net.yaml")
    for one in (spec, written):
        report = cnncalc.summarize(one, batch=2)
        saved = sum(entry.bytes for entry in footprint.saved_for_backward(report))
        assert saved == saved_by(model) == by_hand


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w, index: x + w.mul_(1),  # which PyTorch refuses to train
        lambda x, w, index: x * w.exp().detach(),  # whose gradient is not needed
        lambda x, w, index: x.sigmoid() * w.detach(),
        lambda x, w, index: x + without_gradients(torch.exp, w),
        lambda x, w, index: (x + w) * (y := w.exp()) + x * y.detach(),
        lambda x, w, index: (x + w) * (index + 1),  # whole numbers
        lambda x, w, index: (x + w) * (y := index.sin()) + (y * w),  # saved for another layer
        lambda x, w, index: (x + w) * (torch.zeros(len(x), 1, 1, 1) + w).sin().cos(),
        lambda x, w, index: (x + w) * (torch.zeros(len(x), 6, 6) + w).exp()[0],
    ],
)
def test_what_computing_shared_numbers_saves_is_unknown(function):
    report = cnncalc.summarize(cnncalc.from_torch(Calls(function), (4, 6, 6)))
    with pytest.raises(UsageError, match="saves when it computes the output is not known"):
        footprint.saved_for_backward(report)


class Held(Calls):
    """A model that calls a function of its input and of itself: it also holds a module, and numbers
    that are not a buffer."""

    def __init__(self, function, module=None):
        super().__init__(lambda x, w, index: function(self, x + w))
        self.module = module
        self.numbers = torch.zeros(2, 6, 6)


def table(m, x):
    """Two parts of a table, and numbers for each image, which have gaps or another order."""
    sine, cosine = torch.cat([m.index.sin(), m.index.cos()], -1).chunk(2, -1)
    each = torch.zeros(len(x), 6, 6, 4).cos().permute(0, 3, 1, 2)
    return x * cosine + x.mT * sine + each


def rotary(m, x):
    """Attention to positions that are rotated by parts of a table."""
    sine, cosine = torch.cat([m.index[:, :3].sin(), m.index[:, :3].cos()], -1).chunk(2, -1)
    x = x.flatten(1, 2).reshape(-1, 4, 6, 2, 3).transpose(2, 3)
    x = x.reshape(-1, 8, 6, 3)
    x = x * cosine + x * sine
    return nn.functional.scaled_dot_product_attention(x, x, x).transpose(1, 2).reshape(-1, 6, 24)


def coordinates(x):
    grid = torch.meshgrid(torch.arange(6.0), torch.arange(6.0), indexing="ij")
    return torch.stack(grid)[None].repeat(len(x), 1, 1, 1)


def channels_last(x):
    return torch.zeros(len(x), 6, 6, 4).cos().permute(0, 3, 1, 2)


attend = nn.functional.scaled_dot_product_attention


@pytest.mark.parametrize(
    "function",
    [
        table,
        rotary,
        lambda m, x: table(m, x).permute(0, 2, 3, 1).reshape(-1, 144).sigmoid(),
        lambda m, x: x * m.numbers[1] + x * m.numbers[0],  # a plain attribute
        lambda m, x: x * torch.zeros_like(x).sin() + x.new_zeros(6, 6).cos() * x,
        lambda m, x: torch.cat([m.weight[None, :1].exp().expand(len(x), 1, 6), x[:, 0]], 1) ** 2,
        lambda m, x: attend(x, x, x, torch.cat([m.index.sin()[None]] * 4)),  # a mask of 3 axes
        lambda m, x: attend(x, x, x, torch.cat([m.index.sin()[None, None]] * 2, 1)[:, 1:]),
        lambda m, x: attend(x, x, x, torch.cat([m.index.sin(), m.index.cos()], 1)[:, :6]),
        lambda m, x: attend(x, x, x, m.index.sin() + torch.zeros(len(x), 4, 1, 1)),
        lambda m, x: x * (torch.cat([torch.zeros(len(x), 1, 6, 6) + m.index] * 2, 1)[:, 1:]),
        lambda m, x: x @ torch.cat([m.weight] * 2, 1)[:, 6:] @ m.weight.exp().T,
        lambda m, x: x * (torch.zeros(6, len(x), 6) + m.weight[:, None]).transpose(0, 1)[:, None],
        lambda m, x: (x.flatten(0, 1) * (torch.zeros(4 * len(x), 6, 6) + m.weight)).view(-1, 4, 36),
        lambda m, x: x + (m.index.sin().flatten().unflatten(0, (1, 6, 1, 6))[:, :, 0]),
    ],
)
def test_where_computed_numbers_are_decides_what_is_saved(function):
    saves_as_much(Held(function))


@pytest.mark.parametrize(
    ("function", "module"),
    [
        *[
            (function, nn.Dropout(p))
            for p in (0.0, 0.3, 1.0)
            for function in (
                lambda m, x: x * m.module(m.weight.exp()),
                lambda m, x: x + m.module(m.index.sin()).mT.exp(),
                lambda m, x: x + m.module(m.module(m.weight)),
            )
        ],
        (lambda m, x: x * m.module(m.weight.exp()), nn.Dropout(0.3, inplace=True)),
        (lambda m, x: m.module(torch.cat([x, coordinates(x)], 1)).tanh(), nn.Conv2d(6, 4, 1)),
        (lambda m, x: (x + m.module(channels_last(x)).relu()).flatten(1) ** 2, nn.Conv2d(4, 4, 1)),
        (lambda m, x: x * m.module(torch.arange(6)), nn.Embedding(6, 6)),
        (lambda m, x: x * m.module(m.module(m.weight).relu()), nn.Linear(6, 6)),
    ],
)
def test_modules_save_computed_numbers_as_in_training(function, module):
    saves_as_much(Held(function, module))


@pytest.mark.parametrize("learned", [True, False])
@pytest.mark.parametrize("per_image", [True, False])
def test_copies_of_numbers_are_saved(learned, per_image):
    own = {"shape": [2, 3], "learned": learned, "storage": "new", "per_image": per_image}
    layers = [{"scale": None, "name": "x"}, {"parameter": own}]
    agree({"input": "2x3", "layers": [*layers, {"multiply": None, "from": ["x", "parameter1"]}]})


def test_a_group_normalization_copies_a_part_of_a_map():
    part = {"slice": {"stop": 2}, "name": "part"}
    layers = [{"conv": {"filters": 4, "kernel": 1}}, "relu", part, {"group_norm": 1}]
    agree({"input": "3x4x6", "layers": layers})


# Copies in imported models.


def saved_in(function, batch=2):
    model = Calls(function)
    report = cnncalc.summarize(cnncalc.from_torch(model, (4, 6, 6)), batch=batch)
    assert any(row.kind == "identity" for row in report.rows)
    ours = sum(entry.bytes for entry in footprint.saved_for_backward(report))
    assert ours == saved_by_pytorch(report)
    return ours, saved_by(model, batch)


@pytest.mark.parametrize(
    ("function", "by_hand"),
    [
        # The output of ReLU, and its copy.
        (lambda x, w, index: (x + w).relu().mT.contiguous() ** 2, 2 * 1152),
        (lambda x, w, index: (x + w).relu().clone() ** 2, 2 * 1152),
    ],
)
def test_copies_in_a_model_are_saved(function, by_hand):
    assert saved_in(function) == (by_hand, by_hand)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w, index: (x + w).relu().mT.clone() ** 2,
        lambda x, w, index: (x + w).relu()[:, :2].contiguous() ** 2,  # only one image is contiguous
        lambda x, w, index: (x + w).relu().view(-1, 6).mT.contiguous().mT.view(-1, 4, 6, 6) ** 2,
        lambda x, w, index: x @ w[None].repeat(4, 1, 1),  # which is copied for each image
        lambda x, w, index: torch.einsum("bchw,hkw->cbhk", x, w.exp()[:, None]).transpose(0, 1),
        lambda x, w, index: nn.functional.pad((x + w).mT, (0, 0, 0, 0)) ** 2,
    ],
)
def test_other_copies_in_a_model_are_unknown(function):
    report = cnncalc.summarize(cnncalc.from_torch(Calls(function), (4, 6, 6)))
    with pytest.raises(UsageError, match="how the model copies its input is not modelled"):
        footprint.saved_for_backward(report)


def test_a_copy_that_is_only_reshaped_is_left_out():
    model = Calls(lambda x, w, index: (x + w).relu().mT.contiguous().view(-1, 4, 36).sigmoid())
    report = cnncalc.summarize(cnncalc.from_torch(model, (4, 6, 6)), batch=2)
    assert all(row.kind != "identity" for row in report.rows)
    ours = sum(entry.bytes for entry in footprint.saved_for_backward(report))
    assert ours == saved_by(model) == 2 * 1152


class After(Calls):
    """The same after a convolution."""

    def __init__(self, function):
        super().__init__(function)
        self.conv = nn.Conv2d(4, 6, 1)

    def forward(self, x):
        return super().forward(self.conv(x).sigmoid())


linear = nn.functional.linear


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w, i: linear(x.mT, w).sigmoid(),
        lambda x, w, i: linear(x.permute(0, 3, 1, 2), w).flatten(1).sigmoid(),
        lambda x, w, i: linear(x.permute(0, 3, 2, 1), w).flatten(2).sigmoid(),
        lambda x, w, i: linear(x.view(-1, 2, 3, 2, 3, 6).transpose(2, 3), w).flatten(1) ** 2,
        lambda x, w, i: linear(x.view(-1, 6, 2, 3, 6).permute(0, 2, 4, 3, 1), w).flatten(1).tanh(),
        lambda x, w, i: (
            linear(x.view(-1, 6, 6, 2, 3).transpose(1, 2).flatten(3), w).flatten(1) ** 2
        ),
        lambda x, w, i: x * linear(i.sigmoid().expand(len(x), 6, 6), w)[:, None],
        lambda x, w, i: x @ x.mT.contiguous(),
        lambda x, w, i: x[..., :3] @ x[..., 3:].mT.contiguous() + w,
        lambda x, w, i: x @ x.view(-1, 36, 6)[:, ::6].mT.contiguous()[:, None] + w,
    ],
)
def test_rows_and_matrices_are_copied_as_in_a_model(function):
    saves_as_much(After(function))


def computed(x, w, i, *sizes):
    """Learned numbers that are read as a new tensor with these sizes, for every image."""
    return w[i.view(-1)[: prod(sizes) // 6]].view(sizes).expand(len(x), *sizes)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w, i: computed(x, w, i, 1, 4, 6).mT @ x[:, :1, :4],
        lambda x, w, i: computed(x, w, i, 2, 2, 6).transpose(1, 2) @ x[:, :2],
        lambda x, w, i: x[:, :2] @ computed(x, w, i, 2, 2, 6).mT,
        lambda x, w, i: x[:, :2].mT @ computed(x, w, i, 2, 6, 2).permute(0, 3, 2, 1),
        lambda x, w, i: x[:, :4, :3, :2] * computed(x, w, i, 2, 3, 4).transpose(1, 3),
        lambda x, w, i: torch.cat([computed(x, w, i, 6, 4).mT[:, None], x[:, :, :4]], 1) ** 2,
        lambda x, w, i: (x[:, :, :4] + computed(x, w, i, 6, 4).mT[:, None]) ** 2,
    ],
)
@pytest.mark.parametrize("first", [Calls, After])
def test_numbers_computed_in_another_order_are_read_as_in_a_model(first, function):
    saves_as_much(first(function))


def windowed(x):
    """Windows of 2 times 3 in a map with 6 channels."""
    x = x.permute(0, 2, 3, 1).view(-1, 3, 2, 2, 3, 6).transpose(2, 3).contiguous()
    return x.view(-1, 6, 6)


def attended(x, w):
    x = linear(windowed(x), w).view(-1, 6, 2, 3).transpose(1, 2)
    y = nn.functional.scaled_dot_product_attention(x, x, x).transpose(1, 2).reshape(-1, 6, 6)
    y = y.view(-1, 3, 2, 2, 3, 6).transpose(2, 3).contiguous()
    return y.view(-1, 6, 6, 6).permute(0, 3, 1, 2)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w, index: attended(x, w),
        lambda x, w, index: attended(x, w).sigmoid() + x,
    ],
)
def test_attention_in_windows_saves_what_a_model_saves(function):
    saves_as_much(After(function))


def cut(x):
    """The same windows, which a reshape copies."""
    return x.reshape(-1, 6, 3, 2, 2, 3).permute(0, 2, 4, 3, 5, 1).reshape(-1, 6, 6, 6)


def cut_in_heads(x):
    x = x.reshape(-1, 2, 3, 3, 2, 2, 3).permute(0, 3, 5, 1, 4, 6, 2).reshape(-1, 2, 6, 3)
    return nn.functional.scaled_dot_product_attention(x, x, x).reshape(-1, 6, 2, 6, 3).flatten(1)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w, index: linear(y := cut(x), w) + linear(y, w),
        lambda x, w, index: linear(y := cut(x), w) + nn.functional.gelu(y),
        lambda x, w, index: nn.functional.gelu(cut(x)),
        lambda x, w, index: (y := cut(x).flatten(0, 1)).matmul(y.mT).view(-1, 6, 6, 6),
        lambda x, w, index: cut(x)[:, :3] ** 2,
        lambda x, w, index: cut(x).view(-1, 6, 2, 3, 6).square().flatten(1),
        lambda x, w, index: linear(y := x.permute(0, 2, 3, 1).reshape(-1, 36, 6), w) * y,
        lambda x, w, index: cut_in_heads(x).tanh(),
    ],
)
def test_a_copy_that_several_layers_read_is_saved_once(function):
    saves_as_much(After(function))


def lines(x):
    """The lines of all images, which a reshape copies only if there are several images."""
    return x.permute(0, 2, 3, 1).reshape(-1, 6, x.shape[1])


def test_a_copy_that_merges_the_batch_is_not_made_for_one_image():
    def function(x, w, index):
        return ((y := lines((x + w).sigmoid())) * y.sigmoid()).view(-1, 36, 4)

    # The outputs of both sigmoids, and for two images also the copy between them.
    assert saved_in(function, batch=1) == (1152, 1152)
    assert saved_in(function, batch=2) == (3456, 3456)
    assert saved_in(function, batch=3) == (5184, 5184)


def pixels(x, w):
    """A map with channels last in memory."""
    return linear(x.permute(0, 2, 3, 1), w).permute(0, 3, 1, 2)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w, index: linear(y := lines(x), w).mT @ (linear(y, w) + linear(y, w).tanh()),
        lambda x, w, index: linear(y := lines(x), w) * nn.functional.gelu(y),
        lambda x, w, index: lines(x)[:, :3] ** 2,
        lambda x, w, index: (y := lines(x).softmax(-1)).mT @ y,
        lambda x, w, index: linear(y := nn.functional.gelu(lines(x)), w) * linear(y, w),
        lambda x, w, index: linear(y := pixels(x, w).reshape(-1, 6, 6), w) * linear(y, w),
        lambda x, w, index: linear(y := pixels(x, w).reshape(-1, 6, 6).relu(), w) * linear(y, w),
        # Windows in a map with channels last, of which no axes can be merged.
        lambda x, w, index: (
            y := pixels(x, w).view(-1, 2, 3, 6, 6).permute(0, 4, 2, 3, 1).reshape(-1, 3, 6, 2)
        ).sigmoid() * y,
        lambda x, w, index: (
            pixels(x, w).view(-1, 6, 2, 3, 6)[:, :, :, :1].square() * x[:, :, :2, None]
        ),
    ],
)  # fmt: skip
def test_what_reads_a_merged_batch_saves_what_a_model_saves(function):
    saves_as_much(After(lambda x, w, index: function(x, w, index).reshape(len(x), -1)))


def in_heads(x):
    return x.flatten(2).view(-1, 4, 3, 12).transpose(1, 2)


def normalized(x):
    return nn.functional.layer_norm(x, (12,))


@pytest.mark.parametrize(
    "function",
    [
        normalized,
        lambda x: nn.functional.rms_norm(x, (12,)),
        lambda x: x.roll(1, 2),
        lambda x: x.roll(1, 1),
        lambda x: nn.functional.pad(x, (0, 0, 1, 1))[:, :, 1:-1],
    ],
)
def test_what_is_computed_from_a_transposed_view_is_contiguous(function):
    def whole(x, w, index):
        return function(in_heads((x + w).sigmoid())).sigmoid().transpose(1, 2).flatten(2) ** 2

    def attending(x, w, index):
        q, k = function(y := in_heads(x + w)), y
        y = nn.functional.scaled_dot_product_attention(q, k, k)
        return y.transpose(1, 2).flatten(2) ** 2

    for model in (Calls(whole), Calls(attending)):
        spec = cnncalc.from_torch(model, (4, 6, 6))
        for batch in (1, 2):
            report = cnncalc.summarize(spec, batch=batch)
            ours = sum(entry.bytes for entry in footprint.saved_for_backward(report))
            assert ours == saved_by(model, batch)


@pytest.mark.parametrize(
    "function",
    [
        # A mask of booleans, which PyTorch turns into numbers.
        lambda x, w, index: nn.functional.scaled_dot_product_attention(x, x, x, index),
        # A batch that is merged with one of five axes.
        lambda x, w, index: (
            (y := x.view(-1, 2, 2, 2, 3, 6).permute(0, 5, 1, 2, 4, 3).reshape(-1, 2, 2, 3, 2))[:, 0]
            * y[:, 1]
        ).view(-1, 6, 12),
        # A copy that does not begin with the batch.
        lambda x, w, index: (
            (y := x.view(-1, 2, 2, 2, 3, 6).permute(2, 0, 4, 1, 3, 5).flatten(3, 4))[0] * y[1]
        ),
    ],
)
def test_copies_of_masks_and_of_several_tensors_at_once_are_unknown(function):
    model = Calls(function)
    model.index = model.index > 0
    report = cnncalc.summarize(cnncalc.from_torch(model, (4, 6, 6)))
    with pytest.raises(UsageError, match="how the model copies its input is not modelled"):
        footprint.saved_for_backward(report)


def pooled(x, pool):
    """A pool of windows of 3 times 2 positions, 6 channels each, which are the last axis."""
    y = pool(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    return y.reshape(-1, 6, y[0].numel()).tanh()


def in_maps(x):
    return windowed(x).view(-1, 2, 3, 6)


@pytest.mark.parametrize(
    "pool",
    [
        nn.MaxPool2d(2),
        nn.MaxPool2d((2, 1)),
        nn.MaxPool2d((1, 2), (1, 1)),
        nn.MaxPool2d((2, 3), ceil_mode=True),
        nn.MaxPool2d((2, 3), padding=(0, 1), stride=(2, 1)),
        nn.AvgPool2d(2),
    ],
)
@pytest.mark.parametrize(
    "maps",
    [
        in_maps,
        lambda x: torch.cat([y := in_maps(x), y], 3)[..., 3:9],  # with gaps between positions
        lambda x: in_maps(x).flatten(0, 1).view(-1, 2, 3, 6),
    ],
)
def test_a_pool_of_windows_saves_them_without_a_copy(pool, maps):
    saves_as_much(After(lambda x, w, index: pooled(maps(x), pool)))


def test_a_pool_of_a_part_of_a_signal_keeps_the_channels_last():
    def function(x, w, index):
        y = linear(x.flatten(2).mT, w)[..., :4].unflatten(1, (6, 6)).permute(0, 3, 1, 2)
        y = nn.functional.max_pool2d(y, 2).permute(0, 2, 3, 1).reshape(-1, 9, 2, 2)
        y = y.transpose(1, 2)
        return nn.functional.scaled_dot_product_attention(y, y, y).flatten(1)

    saves_as_much(After(function))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: nn.functional.max_pool1d(windowed(x).mT, 4),  # 4 does not divide 6
        lambda x: nn.functional.max_pool2d(in_maps(x).permute(0, 3, 1, 2), 2, padding=1),
        lambda x: nn.functional.max_pool2d(in_maps(x).permute(0, 3, 1, 2)[..., 1:], 2),
        lambda x: nn.functional.max_pool2d(x.reshape(-1, 3, 6, 6)[:, 1:], 2),
    ],
)
def test_what_other_pools_of_windows_save_is_unknown(function):
    model = After(lambda x, w, index: function(x).reshape(len(x), 2, -1))
    report = cnncalc.summarize(cnncalc.from_torch(model, (4, 6, 6)))
    with pytest.raises(UsageError, match="how the model copies its input is not modelled"):
        footprint.saved_for_backward(report)


einsum = torch.einsum


@pytest.mark.parametrize(
    ("equation", "part", "table"),
    [
        ("bchw,hkw->bchk", lambda x: x, [6, 3, 6]),
        ("bchw,hkc->bhwk", lambda x: x, [6, 3, 6]),
        ("bchw,wkc->bhwk", lambda x: x, [6, 3, 6]),
        ("bchw,hkc->bhwk", lambda x: x.mT.contiguous().mT, [6, 3, 6]),
        ("bchw,chk->bcwk", lambda x: x[:, :, :3], [6, 3, 6]),
        ("bchw,hkw->bkhc", lambda x: x, [6, 3, 6]),
        ("bhc,hkc->bhk", lambda x: x[..., 0], [6, 3, 6]),
        ("bchw,hkw->bchk", lambda x: x[:, :, :1], [1, 3, 6]),
        ("bchw,hkw->bchk", lambda x: x, [6, 1, 6]),
        ("bchw,hkw->bchk", lambda x: x[:, :1], [6, 3, 6]),
        ("bchw,wkc->bhwk", lambda x: x[:, :, :1], [6, 3, 6]),
        ("bnchw,wkc->bnhwk", lambda x: x.view(-1, 3, 2, 6, 6), [6, 3, 2]),
    ],
)
@pytest.mark.parametrize("scaled", [True, False])
def test_a_sum_of_products_with_a_table_saves_what_pytorch_saves(equation, part, table, scaled):
    class Table(After):
        def __init__(self):
            super().__init__(None)
            self.table = nn.Parameter(torch.zeros(table))

        def forward(self, x):
            table = self.table * 2 if scaled else self.table
            y = einsum(equation, part(self.conv(x).sigmoid()), table)
            return y.sigmoid().flatten(1) ** 2

    saves_as_much(Table())


def test_a_table_that_differs_between_images_is_unknown():
    matmul = {"matmul": {"shared": True}, "from": ["a", "b"]}
    spec = {"input": {"a": [2, 4, 3], "b": [2, 3, 5]}, "layers": [matmul]}
    with pytest.raises(UsageError, match="both of its factors differ between images"):
        footprint.saved_for_backward(cnncalc.summarize(spec, batch=2))
    table = {"parameter": [2, 3, 5], "name": "table"}
    layers = [table, "scale", {**matmul, "from": ["input", "scale1"]}]
    report = cnncalc.summarize({"input": [2, 4, 3], "layers": layers}, batch=2)
    with pytest.raises(UsageError, match="or are copied for each"):
        footprint.saved_for_backward(report)


@pytest.mark.parametrize("images", [1, 3])
@pytest.mark.parametrize("repeats", [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("sizes", [(), (5,)])
def test_a_shared_product_multiplies_the_matrices_of_each_image(sizes, repeats, images):
    inputs = [torch.rand(1 if same else images, *sizes, 4, 4) for same in repeats]
    a, b = (one.expand(images, *sizes, 4, 4) for one in inputs)
    matmul = {"matmul": {"shared": True}, "from": ["a", "b"]}
    given = {"a": [*sizes, 4, 4], "b": [*sizes, 4, 4]}
    network = cnncalc.to_torch({"input": given, "layers": [matmul]})
    torch.testing.assert_close(network(a, b), a @ b)


@pytest.mark.parametrize("first", ["x", "table"])
@pytest.mark.parametrize("table", [[3, 6, 6], [1, 6, 6], [6, 6]])
@pytest.mark.parametrize("order", [[0, 1, 2], [1, 0, 2], [0, 2, 1], [2, 0, 1]])
def test_a_product_with_a_table_is_laid_out_as_in_pytorch(table, order, first):
    sizes = [4, 6] if first == "x" else [6, 4]
    sizes = [table[0], *sizes] if len(table) == 3 else sizes
    factors = ["x", "table"] if first == "x" else ["table", "x"]
    order = order if len(table) == 3 else [n for n in order if n < 2]
    back = [order.index(axis) for axis in range(len(order))]
    layers = [
        {"parameter": table, "name": "table"},
        {"scale": None, "from": "input"},
        {"permute": back, "name": "x"},
        {"matmul": {"shared": True}, "from": factors},
        {"permute": [1, 0, 2][: len(sizes)]},
        {"reshape": [-1]},
        "sigmoid",
        "scale",
    ]
    agree({"input": [sizes[axis] for axis in order], "layers": layers}, (1, 2, 3))


@pytest.mark.parametrize("copy", ["none", "contiguous"])
@pytest.mark.parametrize("merges", [0, 1, 2])
@pytest.mark.parametrize("sizes", [[3, 4, 2], [1, 4, 2], [3, 1, 2], [3, 4, 1]])
@pytest.mark.parametrize("order", [[0, 1, 2], [1, 2, 0], [2, 1, 0]])
def test_merging_images_with_another_axis_saves_what_pytorch_saves(copy, merges, sizes, order):
    layers = [{"scale": None}, "sigmoid", {"permute": order}]
    merging = {"identity": {"copy": copy, "merges": merges}, "name": "merged"}
    ends = [{"slice": {"stop": 1}}, {"power": 2}, {"reshape": [-1]}, "scale"]
    agree({"input": sizes, "layers": [*layers, merging, *ends]}, (1, 2, 3))


def test_how_a_model_merges_images_in_an_unknown_order_is_unknown():
    layers = [{"identity": {"copy": "unknown", "merges": 0}}]
    report = cnncalc.summarize({"input": [3, 4], "layers": layers})
    with pytest.raises(UsageError, match="how the model copies its input is not modelled"):
        footprint.saved_for_backward(report)


def projected(x, w):
    """Queries, keys and values of 2 heads with 1 feature, for 36 positions."""
    return linear(x.flatten(2).mT, w).view(-1, 36, 3, 2, 1)


def heads(q, k, v):
    y = nn.functional.scaled_dot_product_attention(q, k, v)
    return y.reshape(-1, 2, 36).sigmoid()


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w: heads(*projected(x, w).permute(2, 0, 3, 1, 4).reshape(3, -1, 36, 1)),
        lambda x, w: heads(*projected(x, w).permute(2, 0, 3, 1, 4).reshape(3, -1, 2, 36)),
        lambda x, w: heads(*windowed(x).view(-1, 6, 3, 2).permute(2, 0, 1, 3).reshape(3, -1, 6, 2)),
        lambda x, w: (y := x.permute(2, 0, 1, 3).reshape(6, -1, 6)).sigmoid().unflatten(1, (-1, 6))
        .transpose(0, 1) ** 2 + y.unflatten(1, (-1, 6)).transpose(0, 1),
        lambda x, w: (y := x.reshape(-1, 3, 6).mT.contiguous()).sigmoid().view(-1, 12, 18) ** 2
        + y.view(-1, 12, 18),
        lambda x, w: (y := x.permute(3, 0, 1, 2).reshape(6, -1)).sigmoid().unflatten(1, (-1, 36))
        .transpose(0, 1) * y.unflatten(1, (-1, 36)).transpose(0, 1),
    ],
)  # fmt: skip
def test_copies_that_merge_images_with_another_axis_are_those_of_a_model(function):
    saves_as_much(After(lambda x, w, index: function(x, w)))


@pytest.mark.parametrize("sides", [(0, 0, 0, 0, 0, 0), (0, 0, 0, -1, 0, -2), (0, 0, 0, 1, 0, 0)])
def test_padding_without_cells_copies_a_map(sides):
    def function(x, w, index):
        y = x.permute(0, 2, 3, 1).contiguous().sigmoid()
        z = nn.functional.pad(y, sides)
        return torch.cat([(y**2).flatten(1), (z.sigmoid() * z).flatten(1)], 1)

    saves_as_much(After(function))


def test_a_softmax_of_permuted_axes_is_not_copied_again():
    def function(x, w, index):
        y = (x + w).transpose(1, 2).softmax(-1).reshape(-1, 24, 6)
        return y.mT @ y

    model = Calls(function)
    report = cnncalc.summarize(cnncalc.from_torch(model, (4, 6, 6)), batch=2)
    ours = sum(entry.bytes for entry in footprint.saved_for_backward(report))
    assert ours == saved_by(model) == 1152


POOLED = (
    [{"permute": [2, 0, 1]}, "global_avg_pool", "flatten"],
    [{"permute": [2, 0, 1]}, "global_avg_pool", "relu", {"reshape": [6]}],
    [{"permute": [2, 0, 1]}, {"adaptive_avg_pool": [1, 4]}, "relu", {"reshape": [6, 4]}],
    [{"permute": [2, 0, 1]}, "batch_norm", {"reshape": [6, 4]}],
    [{"permute": [2, 0, 1]}, "softmax", {"reshape": [6, 4]}],
)


@pytest.mark.parametrize("layers", POOLED)
def test_leaving_out_sizes_of_1_in_another_order_saves_what_pytorch_saves(layers):
    conv = {"conv": {"filters": 4, "kernel": 1}}
    for batch in (1, 2):
        report = cnncalc.summarize({"input": [4, 1, 6], "layers": [conv, *layers]}, batch=batch)
        ours = sum(entry.bytes for entry in footprint.saved_for_backward(report))
        assert ours == saved_by_pytorch(report)


def test_the_copy_of_a_map_in_an_order_that_is_not_a_memory_format_is_unknown():
    layers = [{"conv": {"filters": 4, "kernel": 1}}, {"permute": [2, 1, 0]}, {"group_norm": 1}]
    report = cnncalc.summarize({"input": [4, 1, 6], "layers": layers})
    with pytest.raises(UsageError, match="how PyTorch copies it is not modelled"):
        footprint.saved_for_backward(report)


@pytest.mark.parametrize(
    ("field", "why"),
    [
        ({"saved_bytes": 4}, "'saved_bytes' needs 'params' or 'buffers'"),
        ({"contiguous": True}, "'contiguous' needs 'params' or 'buffers'"),
        ({"storage": "input"}, "'storage: input' needs 'params' or 'buffers'"),
        ({"per_image": True}, "remove 'per_image'"),
        ({"params": 3, "per_image": True, "strides": [1, 2, 3]}, "expected 2 strides, not 3"),
        ({"params": 3, "per_image": True, "strides": [1]}, "expected 2 strides, not 1"),
        ({"params": 3, "strides": [-1]}, "must be a list of 1 to 5 whole numbers of at least 0"),
    ],
)
def test_memory_of_numbers_that_are_not_computed_is_refused(field, why):
    spec = {"input": [3], "layers": [{"parameter": {"output": [3], **field}}]}
    with pytest.raises(cnncalc.CnncalcError, match=why):
        cnncalc.summarize(spec)


@pytest.mark.parametrize("first", [{"slice": {"start": 1}}, {"parameter": [2]}])
def test_a_vector_with_gaps_or_repeated_is_copied(first):
    agree({"input": "3", "layers": [first, {"reshape": [2]}, {"group_norm": 1}]})


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("between", [[], ["relu"], [{"reshape": [1, 2, 1]}]], ids=str)
def test_attention_to_features_of_size_1_reads_the_strides_that_views_leave(between, batch):
    join = {"branches": [[], [], []], "join": {"dot_product_attention": None}}
    local = {"locally_connected": {"filters": 2, "kernel": 1}}
    layers = [local, *between, join]
    report = cnncalc.summarize({"input": "2x1x1", "layout": "chw", "layers": layers}, batch=batch)
    ours = sum(entry.bytes for entry in footprint.saved_for_backward(report))
    assert ours == saved_by_pytorch(report)


@pytest.mark.parametrize("order", [(0, 2, 1, 3), (0, 1, 2, 3)])
def test_attention_in_one_kernel_keeps_the_order_of_its_query(order):
    """Its heads are put together by a view or by a copy, which two layers read."""

    def function(x, w, index):
        q = x.flatten(2).view(-1, 6, 3, 12).permute(order)
        y = nn.functional.scaled_dot_product_attention(q, q, q).permute(order).reshape(-1, 6, 36)
        return (y * y.sigmoid()).view(-1, 6, 6, 6)

    saves_as_much(After(function))


def test_a_channel_shuffle_whose_parts_are_read_is_one_copy():
    def function(x, w, index):
        y = x.view(-1, 2, 3, 6, 6).transpose(1, 2).contiguous().view(-1, 6, 6, 6)
        first, second = y.chunk(2, dim=1)
        return first * second.sigmoid()

    model = After(function)
    report = cnncalc.summarize(cnncalc.from_torch(model, (4, 6, 6)))
    assert "channel_shuffle" in [row.kind for row in report]
    saves_as_much(model)


@pytest.mark.parametrize("inner", [{"conv": {"filters": 3, "kernel": 1}}, "batch_norm"])
@pytest.mark.parametrize("sizes", [[4, 2, 3, 5], [4, 1, 3, 5], [1, 2, 3, 5]])
@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 0, 1, 2], [1, 0, 2, 3], [0, 2, 1, 3]])
def test_a_layer_applied_to_frames_reads_them_as_images(inner, sizes, order):
    given = [sizes[order.index(axis)] for axis in range(4)]
    frames = {"time_distributed": {"layer": inner}}
    ends = [{"permute": [1, 2, 3, 0]}, "sigmoid", {"reshape": [-1]}, {"power": 2}, "scale"]
    layers = ["sigmoid", {"permute": order}, frames, *ends]
    agree({"input": given, "layout": "chw", "layers": layers}, (2, 3))


def test_what_a_layer_applied_to_frames_saves_is_known_for_few_kinds():
    spec = {"input": [4, 2, 3, 5], "layers": [{"time_distributed": {"layer": "relu"}}]}
    with pytest.raises(UsageError, match="which frames PyTorch copies is not modelled"):
        footprint.saved_for_backward(cnncalc.summarize(spec))
