"""Operations of PyTorch become layers that compute the same, or opaque layers."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

import cnncalc


class Calls(nn.Module):
    """Runs a function of a map and of parameters of these sizes."""

    def __init__(self, function, *sizes):
        super().__init__()
        self.function = function
        self.w = nn.ParameterList(torch.rand(size) + 1 for size in sizes)

    def forward(self, x):
        return self.function(x, *self.w)


class WithTable(nn.Module):
    """Runs a function of a map and a buffer of these sizes."""

    def __init__(self, function, *sizes):
        super().__init__()
        self.function = function
        self.register_buffer("table", torch.rand(sizes))

    def forward(self, x):
        return self.function(x, self.table)


def read(model, *shape):
    return cnncalc.summarize(cnncalc.from_torch(model, shape))


def products(model, x):
    with FlopCounterMode(display=False) as flops, torch.no_grad():
        model.eval()(x)
    return flops.get_total_flops() // 2


def changed(x):
    """The map after a change of all its values."""
    y = x * 2
    y[:, :, 0:] = y.relu() + x
    return y


EXACT = {
    "orders that differ": (lambda x: x + x.transpose(2, 3), ["permute", "add"], (4, 6, 6)),
    "concatenated orders": (
        lambda x: torch.cat([x, x.transpose(2, 3)], 1), ["permute", "concat"], (8, 6, 6)
    ),
    "concatenated rows": (
        lambda x: torch.cat([x, x.transpose(2, 3)], 2), ["permute", "concat"], (4, 12, 6)
    ),
    "a negation": (lambda x: -x, ["multiply"], (4, 6, 6)),
    "a square": (lambda x: x.square(), ["power"], (4, 6, 6)),
    "a reciprocal": (lambda x: x.rsqrt().reciprocal(), ["power", "power"], (4, 6, 6)),
    "a clamp": (lambda x: x.clamp(0, 6), ["relu6"], (4, 6, 6)),
    "a Euclidean norm": (lambda x: x.norm(dim=1, keepdim=True), ["reduce"], (1, 6, 6)),
    "values of length 1": (
        lambda x: functional.normalize(x.permute(0, 2, 3, 1), dim=-1).permute(0, 3, 1, 2),
        ["l2_normalize"],
        (4, 6, 6),
    ),
    "a Euclidean norm in linalg": (
        lambda x: torch.linalg.vector_norm(x, dim=1, keepdim=True), ["reduce"], (1, 6, 6)
    ),
    "the largest along an axis": (lambda x: x.max(1, keepdim=True)[0], ["reduce"], (1, 6, 6)),
    "the larger of two": (lambda x: torch.max(x, -x), ["multiply", "maximum"], (4, 6, 6)),
    "sums over two axes": (lambda x: x.sum((1, 3)), ["reduce"], (6,)),
    "a swap of two axes": (
        lambda x: x.flatten(2).mT, ["flatten", "permute"], (36, 4)
    ),
    "a permutation of a list": (
        lambda x: torch.permute(x, [0, 2, 1, 3]), ["permute"], (6, 4, 6)
    ),
    "two axes moved": (
        lambda x: torch.movedim(x, (1, 2), (2, 3)), ["permute"], (6, 4, 6)
    ),
    "all of an axis": (lambda x: x.narrow(1, 0, 4) + 1, ["add"], (4, 6, 6)),
    "some of an axis": (lambda x: x.narrow(2, 1, 3), ["slice"], (4, 3, 6)),
    "the end of an axis": (lambda x: x.narrow(2, -3, 2), ["slice"], (4, 2, 6)),
    "the last of an axis": (lambda x: x.select(1, -1), ["slice", "reshape"], (6, 6)),
    "the channels, one by one": (lambda x: x.unbind(1)[2], ["slice", "reshape"], (6, 6)),
    "sizes of 1 expanded": (
        lambda x: x[:, :1].expand(-1, 3, -1, -1), ["slice", "expand"], (3, 6, 6)
    ),
    "sizes of 1 that stay": (lambda x: x.expand(-1, 4, 6, 6) + 1, ["add"], (4, 6, 6)),
    "sizes of 1 dropped": (
        lambda x: x.mean(1, keepdim=True).permute(0, 2, 3, 1).squeeze(-1),
        ["reduce", "reshape"],
        (6, 6),
    ),
    "interleaved channels": (
        lambda x: x.view(-1, 2, 2, 6, 6).transpose(1, 2).reshape(-1, 4, 6, 6),
        ["channel_shuffle"],
        (4, 6, 6),
    ),
    "interleaved rows": (
        lambda x: x.view(-1, 4, 2, 3, 6).transpose(2, 3).reshape(-1, 4, 6, 6),
        ["reshape", "permute", "reshape"],
        (4, 6, 6),
    ),
    "indices of a pool": (
        lambda x: functional.max_unpool2d(*functional.max_pool2d(x, 2, return_indices=True), 2),
        ["max_pool", "max_unpool"],
        (4, 6, 6),
    ),
    "every second place": (
        lambda x: x[:, :, 1::2], ["reshape", "slice", "reshape"], (4, 3, 6)
    ),
    "a cyclic shift": (lambda x: x.roll((1, -2), dims=(2, 3)), ["roll"], (4, 6, 6)),
    "padding with another number": (lambda x: functional.pad(x, (1, 1), value=3.0), ["pad"],
                                    (4, 6, 8)),
    "padded channels": (
        lambda x: functional.pad(x, (0, 0, 0, 0, 1, 1)), ["reshape", "pad", "reshape"], (6, 6, 6)
    ),
    "padded on one side, cropped on another": (
        lambda x: functional.pad(x, (-1, 1, 2, -2)), ["crop", "pad"], (4, 6, 6)
    ),
    "sizes after a transposed batch": (
        lambda x: x.transpose(0, 1).reshape(4, -1, 36).transpose(0, 1), ["flatten"], (4, 36)
    ),
    "stacked maps": (
        lambda x: torch.stack([x, -x], 1).sum(1), ["multiply", "concat", "reshape", "reduce"],
        (4, 6, 6)
    ),
    "maps stacked before the batch": (
        lambda x: torch.stack([x, -x]).amax(0), ["multiply", "concat", "reshape", "reduce"],
        (4, 6, 6)
    ),
    "a function of every window": (
        lambda x: joined(functional.relu(windows(x)) * 2, 6), None, (6, 6, 4)
    ),
    "an axis split in another way after it was merged": (
        lambda x: x.view(-1, 4, 2, 3, 3, 2).permute(0, 1, 3, 2, 5, 4).reshape(-1, 4, 6, 6)
        .reshape(-1, 4, 2, 3, 2, 3).transpose(2, 3).reshape(-1, 4, 6, 6),
        None,
        (4, 6, 6),
    ),
    "a pool of every window": (
        lambda x: functional.max_pool2d(windows(x).permute(0, 3, 1, 2), 3).reshape(-1, 16),
        None,
        (16,),
    ),
    "products with the batch merged": (
        lambda x: torch.bmm(x.reshape(-1, 6, 6), x.reshape(-1, 6, 6)).reshape(x.shape),
        ["matmul"],
        (4, 6, 6),
    ),
    "products of the batch's matrices": (
        lambda x: (x.transpose(0, 1) @ x.transpose(0, 1)).transpose(0, 1), ["matmul"], (4, 6, 6)
    ),
    "products with the same matrix": (
        lambda x: x @ x.mean(1, keepdim=True), ["reduce", "expand", "matmul"], (4, 6, 6)
    ),
    "sums of products": (
        lambda x: torch.einsum("bchw, bdhw -> bcdh", x, x.relu()), None, (4, 4, 6)
    ),
    "products of all positions": (
        lambda x: x.flatten(2).transpose(1, 2) @ x.flatten(2), None, (36, 36)
    ),
    "overlapping windows": (
        lambda x: x.unfold(2, 4, 2).unfold(3, 4, 2).reshape(-1, 4, 4, 16).sum(3), None, (4, 4)
    ),
    "places repeated in a row": (
        lambda x: x.repeat_interleave(2, 1), None, (8, 6, 6)
    ),
    "attention in windows": (
        lambda x: functional.scaled_dot_product_attention(*[windows(x).flatten(1, 2)] * 3, scale=2)
        .mean(1).reshape(-1, 16),
        None,
        (16,),
    ),
    "rotated pairs": (
        lambda x: torch.stack([-x[..., 1::2], x[..., ::2]], -1).flatten(3),
        None,
        (4, 6, 6),
    ),
    "a sum of reordered windows": (
        lambda x: (windows(x) + windows(x.transpose(2, 3)).transpose(1, 2)).reshape(-1, 4, 36),
        None,
        (4, 36),
    ),
    "a sum of a map and its transposed means": (
        lambda x: x + x.mean(1, keepdim=True).transpose(2, 3),
        ["reduce", "permute", "expand", "add"],
        (4, 6, 6),
    ),
    "windows as columns": (
        lambda x: functional.unfold(x, (2, 2), stride=2), ["unfold"], (16, 9)
    ),
    "all rows of windows": (
        lambda x: joined(windows(x).narrow(1, 0, 3), 6), ["permute"], (6, 6, 4)
    ),
    "some rows of split axes": (
        lambda x: x.view(-1, 2, 2, 2, 3, 6)[:, :, :, :1].reshape(-1, 4, 3, 6),
        ["slice"],
        (4, 3, 6),
    ),
    "groups repeated": (
        lambda x: x.view(-1, 2, 1, 2, 6, 6).expand(-1, -1, 3, -1, -1, -1).reshape(-1, 12, 6, 6),
        ["reshape", "expand", "reshape", "permute", "reshape"],
        (12, 6, 6),
    ),
    "the first row of windows repeated": (
        lambda x: windows(x)[:, :1].expand(-1, 3, -1, -1).reshape(-1, 144), None, (144,)
    ),
    "an axis before the windows": (
        lambda x: windows(x).expand(2, -1, -1, -1, -1).sum(0).reshape(-1, 144), None, (144,)
    ),
    "a sum of more axes than a map has": (
        lambda x: (
            x.view(-1, 2, 2, 2, 3, 1, 6) + x.view(-1, 2, 2, 2, 3, 6, 1)
        ).reshape(-1, 4, 36, 6),
        None,
        (4, 36, 6),
    ),
    "new values for the whole map": (changed, ["multiply", "relu", "add"], (4, 6, 6)),
    "a normalization over an axis in the middle": (
        lambda x: functional.layer_norm(
            x.transpose(2, 3).view(-1, 2, 2, 6, 6).transpose(3, 4), (6,)
        ).reshape(-1, 4, 36),
        None,
        (4, 36),
    ),
    "windows along merged axes": (
        lambda x: windows(x).reshape(-1, 9, 4).unfold(1, 3, 3).reshape(-1, 144), None, (144,)
    ),
    "some places of merged axes": (
        lambda x: windows(x).reshape(-1, 9, 4)[:, :2].reshape(-1, 32), None, (32,)
    ),
    "some channels of swapped groups": (
        lambda x: x.view(-1, 2, 2, 6, 6).transpose(1, 2).reshape(-1, 4, 36)[:, 1:3] + 1,
        ["reshape", "permute", "reshape", "slice", "add"],
        (2, 36),
    ),
    "a softmax of many axes": (
        lambda x: x.view(-1, 2, 2, 2, 3, 6).softmax(1).reshape(-1, 4, 6, 6),
        ["reshape", "softmax", "reshape"],
        (4, 6, 6),
    ),
    "a maximum of one of many axes": (
        lambda x: x.view(-1, 2, 2, 2, 3, 6).amax(2).reshape(-1, 2, 6, 6),
        ["reshape", "reduce", "reshape"],
        (2, 6, 6),
    ),
    "a mean that keeps one of many axes": (
        lambda x: x.view(-1, 2, 2, 2, 3, 6).mean(3, keepdim=True).reshape(-1, 4, 3, 6),
        ["reshape", "reduce", "reshape"],
        (4, 3, 6),
    ),
    "many axes concatenated": (
        lambda x: torch.cat([x.view(-1, 2, 2, 2, 3, 6), x.view(-1, 2, 2, 2, 3, 6)[:, :, :, :1]], 3)
        .reshape(-1, 4, 54),
        ["slice", "reshape", "reshape", "concat", "flatten"],
        (4, 54),
    ),
    "a sum of many axes with their means": (
        lambda x: (
            (y := x.view(-1, 2, 2, 2, 3, 6)) + y.mean(3, keepdim=True)
        ).reshape(-1, 4, 36),
        None,
        (4, 36),
    ),
    "the largest values": (lambda x: x.max(1)[0], ["reduce"], (6, 6)),
    "a normalization over all axes in another order": (
        lambda x: functional.layer_norm(x.permute(0, 2, 3, 1), (6, 6, 4)),
        ["permute", "layer_norm"],
        (6, 6, 4),
    ),
}  # fmt: skip


def windows(x, size=3):
    """Windows of this size, along the axis of the batch, with channels last."""
    n, c, h, w = x.shape
    x = x.permute(0, 2, 3, 1).view(n, h // size, size, w // size, size, c)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, size, size, c)


def joined(x, height):
    """The map that has these windows."""
    _, size, _, c = x.shape
    n = height // size
    x = x.view(-1, n, n, size, size, c).permute(0, 1, 3, 2, 4, 5)
    return x.reshape(-1, n * size, n * size, c)


@pytest.mark.parametrize("name", EXACT)
def test_an_operation_becomes_layers_that_compute_the_same(name):
    function, kinds, output = EXACT[name]
    report = read(Calls(function), 4, 6, 6)
    assert kinds in (None, [row.kind for row in report])
    assert report.output_shape == output
    x = torch.rand(2, 4, 6, 6) + 1
    expected = function(x)
    assert torch.allclose(cnncalc.to_torch(report)(x).reshape(expected.shape), expected, atol=1e-5)


def half_changed(x):
    """The map after a change of some values."""
    y = x * 2
    y[:, :, 1:] = 0
    return y


OPAQUE = {
    "a factor of a sum": (lambda x: torch.add(x, x, alpha=2), ["opaque"]),
    "a difference from a tensor": (lambda x: torch.rsub(x, x), ["opaque"]),
    "an exponent that is a map": (lambda x: x**x, ["opaque"]),
    "an exponent of a number": (lambda x: 2**x, ["opaque"]),
    "a clamp elsewhere": (lambda x: x.clamp(1, 2), ["opaque"]),
    "a norm of order 1": (lambda x: x.norm(1, dim=1, keepdim=True), ["opaque"]),
    "values with an L1 norm of 1": (lambda x: functional.normalize(x, p=1.0), ["opaque"]),
    "a mean over two of many axes": (
        lambda x: x.view(-1, 2, 2, 2, 3, 6).mean((1, 3)).reshape(-1, 36), ["opaque", "flatten"]
    ),
    "many axes concatenated in different orders": (
        lambda x: torch.cat(
            [x.view(-1, 2, 2, 2, 3, 6), x.view(-1, 2, 2, 2, 3, 6).transpose(1, 2)], 3
        ).reshape(-1, 144 * 2),
        ["opaque"],
    ),
    "many axes concatenated with numbers": (
        lambda x: torch.cat(
            [x.view(-1, 2, 2, 2, 3, 6), torch.ones(len(x), 2, 2, 1, 3, 6)], 3
        ).reshape(-1, 216),
        ["opaque"],
    ),
    "listed places": (lambda x: x[:, [0, 2]], ["opaque"]),
    "every second place of a part": (lambda x: x[:, :, 0:4:2], ["opaque"]),
    "every second place after a part": (lambda x: x[:, :, 2::2], ["opaque"]),
    "filters that are computed": (
        lambda x: functional.conv2d(x, torch.ones(3, 4, 1, 1)), ["opaque"]
    ),
    "a mean over the batch": (lambda x: x - x.mean(0, keepdim=True), ["opaque"]),
    "an axis before the batch": (lambda x: x.expand(1, -1, -1, -1, -1)[0], ["opaque"]),
    "an antialiased size": (
        lambda x: functional.interpolate(x, size=(3, 3), mode="bilinear", antialias=True),
        ["opaque"],
    ),
    "padding before what has none": (
        lambda x: functional.pixel_shuffle(functional.pad(x, (1, 1)), 2), ["pad", "pixel_shuffle"]
    ),
    "another size of an unpooled map": (
        lambda x: functional.max_unpool2d(
            *functional.max_pool2d(x, 2, return_indices=True), 2, output_size=(7, 7)
        ),
        ["max_pool", "opaque"],
    ),
    "a transposed batch": (lambda x: x.transpose(0, 1).relu().transpose(0, 1), ["relu"]),
    "a complex factor": (lambda x: (x * 1j).imag, ["opaque", "opaque"]),
    "products of maps": (lambda x: torch.addcmul(x, x, x), ["opaque"]),
    "maps stacked in different orders": (
        lambda x: torch.stack([x, x.mT], 1).sum(1), ["opaque", "reduce"]
    ),
    "orders concatenated with the batch in the middle": (
        lambda x: torch.cat([x.transpose(0, 1), x.permute(1, 0, 3, 2)], 2).transpose(0, 1),
        ["opaque"],
    ),
    "a pool of windows as channels": (
        lambda x: functional.max_pool2d(windows(x).permute(3, 0, 1, 2), 3)
        .transpose(0, 1).reshape(-1, 16),
        ["opaque"],
    ),
    "products with the batch": (
        lambda x: x + torch.einsum("bchw,bchv->cwv", x, x), ["opaque"]
    ),
    "a sum of one factor": (lambda x: torch.einsum("bchw,bcij->bchw", x, x), ["opaque"]),
    "a sum of products of three": (
        lambda x: torch.einsum("bchw,bchw,bchw->bch", x, x, x), ["opaque"]
    ),
    "sizes that do not divide": (
        lambda x: windows(x).reshape(-1, 2, 18).reshape(-1, 144), ["opaque"]
    ),
    "a mean with the batch after the channels": (
        lambda x: x.transpose(0, 1).reshape(-1, 6, 6).mean((1, 2)).view(4, -1).T, ["opaque"]
    ),
    "a term with more axes": (lambda x: (x + torch.ones(2, 1, 1, 1, 1)).sum(0), ["opaque"]),
    "images concatenated with constants": (
        lambda x: torch.cat([x, torch.ones(2 * len(x), 4, 6, 6)]).view(3, -1, 4, 6, 6).sum(0),
        ["opaque"],
    ),
    "the first of all channels": (
        lambda x: (x.flatten(0, 1) - x.flatten(0, 1)[:1]).reshape(-1, 144), ["opaque"]
    ),
    "every fourth of six places": (lambda x: x[:, :, ::4], ["opaque"]),
    "places repeated differently": (
        lambda x: x.repeat_interleave(torch.tensor([1, 2, 1, 1]), 1, output_size=5), ["opaque"]
    ),
    "new values for some places": (half_changed, ["multiply", "opaque"]),
    "a shift of all values": (lambda x: x.roll(1), ["opaque"]),
}  # fmt: skip


@pytest.mark.parametrize("name", OPAQUE)
def test_an_operation_that_no_kind_describes_keeps_its_shape_and_products(name):
    function, kinds = OPAQUE[name]
    model, x = Calls(function), torch.rand(1, 4, 6, 6) + 1
    report = read(model, 4, 6, 6)
    assert [row.kind for row in report] == kinds
    assert report.output_shape == tuple(function(x).shape[1:])
    assert report.totals.macs == products(model, x)


CONSTANT = {
    "a constant": (lambda x: x + torch.ones(4, 1, 1), ["parameter", "expand", "add"]),
    "a constant before a map": (
        lambda x: torch.cat([torch.ones(len(x), 1, 6, 6), x], 1), ["parameter", "concat"]
    ),
    "constants around a map": (
        lambda x: torch.cat([torch.ones(len(x), 1, 6, 6), x, x], 1), ["parameter", "concat"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONSTANT)
def test_a_constant_becomes_a_layer_that_only_pytorch_can_compute(name):
    function, kinds = CONSTANT[name]
    report = read(Calls(function), 4, 6, 6)
    assert [row.kind for row in report] == kinds
    assert report.output_shape == tuple(function(torch.rand(1, 4, 6, 6)).shape[1:])
    assert (report.totals.params, report.totals.buffers) == (0, 0)
    with pytest.raises(cnncalc.CnncalcError, match="how its output is computed"):
        cnncalc.to_torch(report)


LEARNED = {
    "a number divided by a parameter": (lambda x, w: x / w, [(4, 1, 1)], ["divide"]),
    "a parameter minus a map": (lambda x, w: w - x, [(4, 1, 1)], ["opaque"]),
    "a parameter that is computed": (
        lambda x, w: x * w.exp(), [(4, 1, 1)], ["parameter", "multiply"]
    ),
    "a parameter that is computed with products": (
        lambda x, w: x + w @ w, [(6, 6)], ["parameter", "expand", "add"]
    ),
    "a scaled sum": (
        lambda x, w, b: torch.addcmul(b, w, x), [(4, 1, 1), (4, 1, 1)], ["scale"]
    ),
    "a bias that is computed": (
        lambda x, w, b: functional.linear(x.flatten(1), w, b * 2), [(5, 144), (5,)],
        ["flatten", "linear", "parameter", "add"]
    ),
    "a product with transposed weights": (
        lambda x, w: x.flatten(1) @ w.T, [(5, 144)], ["flatten", "linear"]
    ),
    "biases of scores": (
        lambda x, w: functional.scaled_dot_product_attention(x, x, x, attn_mask=w.exp()),
        [(4, 6, 6)], ["parameter", "reshape", "dot_product_attention"]
    ),
    "biases of the scores of all heads": (
        lambda x, w: functional.scaled_dot_product_attention(x, x, x, attn_mask=w),
        [(6, 6)], ["parameter", "reshape", "dot_product_attention"]
    ),
    "an axis for the batch": (lambda x, w: (x.transpose(0, 1) + w).transpose(0, 1), [(4, 1, 6, 6)],
                              ["positional_embedding"]),
    "maps and parameters concatenated": (
        lambda x, w: torch.cat([x, w.expand(len(x), -1, -1, -1)], 1), [(1, 2, 6, 6)],
        ["parameter", "concat"]
    ),
    "a parameter before a map": (
        lambda x, w: torch.cat([w.expand(len(x), -1, -1, -1), x], 1), [(1, 2, 6, 6)],
        ["parameter", "concat"]
    ),
    "a parameter times a map": (
        lambda x, w: functional.linear(w, x.flatten(1)).T, [(5, 144)], ["flatten", "opaque"]
    ),
    "filters times a number": (
        lambda x, w: functional.conv2d(x, w * 2), [(3, 4, 1, 1)], ["opaque"]
    ),
    "channels last": (
        lambda x, w: functional.linear(x.permute(0, 2, 3, 1), w).permute(0, 3, 1, 2),
        [(3, 4)],
        ["linear"],
    ),
    "channels last, with biases": (
        lambda x, w, b: functional.linear(x.permute(0, 2, 3, 1), w, b).permute(0, 3, 1, 2),
        [(3, 4), (3,)],
        ["linear"],
    ),
    "along the width": (
        functional.linear, [(5, 6)], ["permute", "conv", "permute"]
    ),
    "a sum with a factor": (
        lambda x, w, b: torch.addcmul(b, w, x, value=2), [(4, 1, 1), (4, 1, 1)], ["opaque"]
    ),
    "filters that are standardized and scaled": (
        lambda x, w, gain: functional.conv2d(
            x,
            functional.batch_norm(
                w.reshape(1, 3, -1), None, None, weight=gain, training=True
            ).reshape_as(w),
        ),
        [(3, 4, 3, 3), (3,)],
        ["opaque"],
    ),
    "a product with a vector": (lambda x, w: x @ w, [(6,)], ["opaque"]),
    "a product with matrices": (
        lambda x, w: x @ w, [(4, 6, 6)], ["parameter", "identity", "matmul"]
    ),
    "a product with weights that are computed": (
        lambda x, w: x.flatten(1) @ w.exp(), [(144, 5)],
        ["parameter", "reshape", "matmul", "flatten"],
    ),
    "a parameter that is computed and used twice": (
        lambda x, w: (x + (y := w.exp())) * y, [(4, 6, 6)], ["parameter", "add", "multiply"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LEARNED)
def test_a_parameter_used_raw_is_counted(name):
    function, sizes, kinds = LEARNED[name]
    model, x = Calls(function, *sizes), torch.rand(1, 4, 6, 6)
    report = read(model, 4, 6, 6)
    assert [row.kind for row in report] == kinds
    assert report.totals.params == sum(one.numel() for one in model.parameters())
    assert report.totals.macs == products(model, x)
    assert report.output_shape == tuple(model(x).shape[1:])


@pytest.mark.parametrize(
    ("function", "sizes", "kind"),
    [
        (lambda x, table: x * table, (4, 1, 1), "parameter"),
        (functional.conv2d, (3, 4, 1, 1), "opaque"),
    ],
)
def test_a_buffer_is_neither_a_factor_nor_filters(function, sizes, kind):
    model, x = WithTable(function, *sizes), torch.rand(1, 4, 6, 6)
    report = read(model, 4, 6, 6)
    assert report[kind].buffers == model.table.numel()
    assert report.totals.params == 0
    assert report.totals.macs == products(model, x)
    assert report.output_shape == tuple(model(x).shape[1:])


def test_a_buffer_is_not_a_class_token():
    model = WithTable(lambda x, table: torch.cat([table.expand(len(x), -1, -1), x], 2), 1, 4, 1)
    report = read(model, 4, 6)
    assert [row.kind for row in report] == ["parameter", "concat"]
    assert (report.totals.params, report.totals.buffers) == (0, 4)
    assert report.output_shape == (4, 7)


def test_biases_of_all_heads_are_the_same_in_every_window():
    def function(x, w):
        x = windows(x).reshape(-1, 9, 2, 2).transpose(1, 2)  # two heads of two features
        return functional.scaled_dot_product_attention(x, x, x, attn_mask=w).reshape(-1, 144)

    model, x = Calls(function, (2, 9, 9)), torch.rand(2, 4, 6, 6)
    report = read(model, 4, 6, 6)
    assert tuple(report["dot_product_attention"].inputs[3]) == (1, 2, 9, 9)
    assert report.totals.params == 2 * 9 * 9
    assert report.totals.macs == 4 * 2 * (9 * 9 * 2 + 9 * 9 * 2)
    net = cnncalc.to_torch(report)
    (weight,) = net.parameters()
    weight.data = model.w[0].data.reshape(weight.shape)
    assert torch.allclose(net(x), model(x), atol=1e-5)


@pytest.mark.parametrize(
    ("sides", "stride", "kinds", "macs"),
    [
        ((1, 1, 1, 1), 2, ["blur_pool"], 4 * 3 * 3 * 9),
        ((1, 1, 1, 1), 1, ["blur_pool"], 4 * 6 * 6 * 9),
        ((2, 0, 2, 0), 2, ["pad", "opaque"], 4 * 3 * 3 * 9),
    ],
)
def test_fixed_filters_blur_a_map_that_is_extended_evenly(sides, stride, kinds, macs):
    def function(x, table):
        x = functional.pad(x, sides, mode="reflect")
        return functional.conv2d(x, table, stride=stride, groups=4)

    report = read(WithTable(function, 4, 1, 3, 3), 4, 6, 6)
    assert [row.kind for row in report] == kinds
    assert report.output_shape == (4, 6 // stride, 6 // stride)
    assert (report.totals.params, report.totals.buffers, report.totals.macs) == (0, 4 * 9, macs)


class Attends(nn.Module):
    def __init__(self, function, **options):
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True, **options)
        self.function = function

    def forward(self, x):
        return self.function(self.attention, x.flatten(2).mT)


@pytest.mark.parametrize(
    ("function", "options", "kinds"),
    [
        (lambda a, x: a(x, x, x)[0], {}, ["flatten", "attention", "permute"]),
        (
            lambda a, x: a(x, x + 1, x + 1, need_weights=False)[0],
            {},
            ["flatten", "add", "add", "opaque"],
        ),
        (lambda a, x: a(x, (y := x + 1), y)[0], {}, ["flatten", "add", "attention", "permute"]),
        (
            lambda a, x: a(x, x, x, need_weights=False)[0],
            {"add_zero_attn": True},
            ["flatten", "opaque"],
        ),
    ],
)  # fmt: skip
def test_attention_is_read_or_opaque(function, options, kinds):
    model = Attends(function, **options)
    report = read(model, 4, 2, 3)
    assert [row.kind for row in report] == kinds
    assert report.totals.params == 4 * 4 * 4 + 4 * 4
    assert report.output_shape == (6, 4)


@pytest.mark.parametrize(
    ("mask", "params"), [(nn.Parameter(torch.zeros(6, 6)), 36), (nn.Buffer(torch.zeros(6, 6)), 0)]
)
def test_attention_with_a_mask_of_the_model_is_opaque(mask, params):
    model = Attends(lambda a, x: a(x, x, x, need_weights=False, attn_mask=a.mask)[0])
    model.attention.mask = mask
    report = read(model, 4, 2, 3)
    assert [row.kind for row in report] == ["flatten", "opaque"]
    assert (report.totals.params, report.totals.buffers) == (4 * 16 + 16 + params, 36 - params)


def test_attention_with_a_learned_key_and_value_is_opaque():
    model = Attends(lambda a, x: a(x, x, x, need_weights=False)[0], add_bias_kv=True)
    report = read(model, 4, 2, 3)
    assert [row.kind for row in report] == ["flatten", "opaque"]
    assert report.totals.params == 4 * 16 + 16 + 2 * 4


@pytest.mark.parametrize(
    ("model", "kinds"),
    [
        (nn.LayerNorm(6), ["layer_norm"]),
        (nn.LayerNorm([4, 6, 6]), ["layer_norm"]),
        (nn.LayerNorm([6, 6]), ["opaque"]),
        (nn.Sequential(nn.MaxPool2d(2, padding=1, ceil_mode=True), nn.Conv2d(4, 2, 1)),
         ["max_pool", "conv"]),
    ],
)  # fmt: skip
def test_a_module_is_read_with_its_parameters_and_shape(model, kinds):
    report = read(model, 4, 6, 6)
    assert [row.kind for row in report] == kinds
    assert report.totals.params == sum(one.numel() for one in model.parameters())
    assert report.output_shape == tuple(model(torch.rand(1, 4, 6, 6)).shape[1:])


@pytest.mark.parametrize("softmax", [nn.Softmax(), nn.LogSoftmax()])
def test_a_softmax_without_an_axis_is_along_the_channels(softmax):
    with pytest.warns(UserWarning, match="Implicit dimension"):
        report = read(softmax, 4, 6, 6)
    with pytest.warns(UserWarning, match="Implicit dimension"):
        found = cnncalc.verify(softmax, "cpu", input=(4, 6, 6))
    assert [row.layer.over for row in report] == ["channels"]
    assert found.agrees, found.disagreements


def test_a_softmax_of_a_signal_without_an_axis_is_opaque():
    """Its axis is the batch."""
    with pytest.warns(UserWarning, match="Implicit dimension"):
        report = read(nn.Softmax(), 4, 6)
    assert [(row.kind, row.output) for row in report] == [("opaque", (4, 6))]


def test_attention_may_take_the_positions_for_channels():
    model = Attends(lambda a, x: a(y := x.mT, y, y, need_weights=False)[0])
    report = read(model, 3, 2, 2)
    assert [row.kind for row in report] == ["flatten", "permute", "attention", "permute"]
    # 4·4·4 weights at each of 3 positions, 4·3·3 products for the scores and as many for the sums
    assert report.totals.macs == 64 * 3 + 2 * 4 * 3 * 3
    assert report.totals.params == 4 * 4 * 4 + 4 * 4
    assert report.output_shape == (3, 4)


def test_attention_with_the_batch_in_the_middle_is_opaque():
    def function(x):
        x = x.transpose(0, 1)
        return functional.scaled_dot_product_attention(x, x, x).transpose(0, 1)

    assert [row.kind for row in read(Calls(function), 4, 6, 6)] == ["opaque"]


class Unpools(nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.pool = nn.MaxPool2d(3, 2, return_indices=True, **options)
        self.unpool = nn.MaxUnpool2d(3, 2, padding=options.get("padding", 0))

    def forward(self, x):
        y, places = self.pool(x)
        return self.unpool(y.relu(), places, output_size=x.shape)


@pytest.mark.parametrize("options", [{"padding": 1}, {"ceil_mode": True}])
def test_max_unpooling_uses_the_places_of_its_pool(options):
    model, x = Unpools(**options), torch.rand(2, 4, 8, 8) + 1
    report = read(model, 4, 8, 8)
    assert [row.kind for row in report] == ["max_pool", "relu", "max_unpool"]
    assert torch.equal(cnncalc.to_torch(report)(x), model(x))


def test_indices_that_are_computed_make_unpooling_opaque():
    def function(x):
        y, places = functional.max_pool2d(x, 2, return_indices=True)
        return functional.max_unpool2d(y, places + 0, 2)

    assert read(Calls(function), 4, 6, 6).outputs[0].kind == "opaque"


class TimeFirst(nn.Module):
    def __init__(self, batch_first):
        super().__init__()
        self.rnn = nn.RNN(4, 3, batch_first=batch_first)

    def forward(self, x):
        x = x.mT if self.rnn.batch_first else x.permute(2, 0, 1)
        y = self.rnn(x)[0]
        return y.mT if self.rnn.batch_first else y.permute(1, 2, 0)


@pytest.mark.parametrize("batch_first", [True, False])
def test_a_recurrent_network_reads_positions_in_either_order(batch_first):
    report = read(TimeFirst(batch_first), 4, 5)
    assert [row.kind for row in report] == ["rnn"]
    assert report.totals.params == 3 * 4 + 3 * 3 + 2 * 3
    assert report.output_shape == (3, 5)


class ChannelsFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(5, 3, batch_first=True)

    def forward(self, x):
        return self.rnn(x)[0]


def test_a_recurrent_network_may_read_the_channels_one_after_another():
    report = read(ChannelsFirst(), 4, 5)
    assert [row.kind for row in report] == ["permute", "rnn", "permute"]
    assert report.totals.macs == 3 * (5 + 3) * 4
    assert report.totals.params == 3 * 5 + 3 * 3 + 2 * 3
    assert report.output_shape == (4, 3)


class OfRows(nn.Module):
    """A module that reads every row of a map as a separate image."""

    def __init__(self, module, *order):
        super().__init__()
        self.module, self.order = module, order

    def forward(self, x):
        n, c, h, w = x.shape
        x = x.transpose(1, 2).reshape(n * h, c, w)
        x = x.permute(["ncw".index(letter) for letter in self.order])
        y = self.module(x)
        y = y[0] if isinstance(y, tuple) else y
        y = y.permute([self.order.index(letter) for letter in "ncw"])
        return y.reshape(n, h, *y.shape[1:]).transpose(1, 2)


@pytest.mark.parametrize(
    ("module", "order"),
    [
        (nn.LSTM(4, 3, bidirectional=True, batch_first=True), "nwc"),
        (nn.GRU(4, 3), "wnc"),
        (nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2), "ncw"),
        (nn.Conv1d(4, 6, 2, bias=False), "ncw"),
    ],
)
def test_a_module_that_reads_each_row_keeps_its_outputs(module, order):
    checked = cnncalc.verify(OfRows(module, *order), "cpu", input=(4, 5, 6))
    assert checked.agrees, checked.disagreements
    kinds = [row.kind for row in read(OfRows(module, *order), 4, 5, 6)]
    assert "time_distributed" in kinds


class InAnOrder(nn.Module):
    """A module that reads a tensor whose batch is another axis than the first."""

    def __init__(self, module, order):
        super().__init__()
        self.module, self.order = module, order

    def forward(self, x):
        y = self.module(self.order(x))
        y = y[0] if isinstance(y, tuple) else y
        return y.reshape(-1, len(x)).transpose(0, 1)


@pytest.mark.parametrize(
    ("module", "order"),
    [
        (nn.Conv1d(4, 4, 3, padding=1), lambda x: x.permute(2, 0, 1, 3).flatten(0, 1)),
        (nn.Conv1d(4, 4, 3, padding=1), lambda x: x.permute(2, 1, 0, 3).flatten(2)),
        (nn.LSTM(6, 3, batch_first=True), lambda x: x.permute(2, 0, 1, 3).flatten(0, 1)),
        (nn.LSTM(4, 3, batch_first=True), lambda x: x.permute(2, 0, 3, 1).flatten(1, 2)),
        (nn.LSTM(4, 3), lambda x: x.permute(0, 2, 3, 1).flatten(0, 2)),
    ],
)
def test_a_module_that_reads_the_batch_as_another_axis_is_opaque(module, order):
    assert "opaque" in [row.kind for row in read(InAnOrder(module, order), 4, 5, 6)]


COMPUTED = {
    "numbers in another order": (
        lambda x, w: (x.permute(0, 3, 2, 1) + w.exp()).permute(0, 3, 2, 1), (6, 6, 4)
    ),
    "numbers for every window": (
        lambda x, w: joined(windows(x) + w.exp().repeat(4 * len(x), 1, 1, 1), 6), (1, 3, 3, 4)
    ),
    "numbers that several layers read": (
        lambda x, w: (x + (y := w.exp())) * y - y.transpose(1, 2), (4, 6, 6)
    ),
    "learned numbers in another order": (
        lambda x, w: torch.cat([x.transpose(1, 3), w.expand(len(x), -1, -1, -1)], 1), (2, 6, 4)
    ),
    "a product with learned numbers": (lambda x, w: x @ w, (6, 6)),
    "a product of the last of many axes": (
        lambda x, w: functional.linear(x.view(-1, 2, 2, 2, 3, 6).transpose(2, 3), w)
        .reshape(-1, 4, 36),
        (6, 6),
    ),
    "sums of products with learned numbers": (
        lambda x, w: torch.einsum("bchw,hkw->bchk", x, w.relu()), (6, 3, 6)
    ),
    "a sum with products": (lambda x, w: x + w @ w.T, (6, 6)),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPUTED)
def test_numbers_that_a_model_computes_are_copied_to_compare_outputs(name):
    function, sizes = COMPUTED[name]
    checked = cnncalc.verify(Calls(function, sizes), "cpu", input=(4, 6, 6))
    assert checked.agrees, checked.disagreements
    assert "outputs" in [one.quantity for one in checked.checks]


def test_products_that_compute_a_constant_count_once_and_are_not_compared():
    model = Calls(lambda x, w: x + (w @ w.T), (6, 6))
    report = cnncalc.summarize(cnncalc.from_torch(model, (4, 6, 6)), batch=5)
    assert report.totals.macs == 6 * 6 * 6
    assert report.totals.backward_macs == 2 * 6 * 6 * 6
    checked = cnncalc.verify(model, "meta", input=(4, 6, 6))
    assert checked.agrees, checked.disagreements
    skipped = [(one.layer, one.quantity) for one in checked.skipped if "macs" in one.quantity]
    assert skipped == [
        ("parameter", "macs"), ("parameter", "backward_macs"),
        ("total", "macs"), ("total", "backward_macs"),
    ]  # fmt: skip


class Positions(nn.Module):
    """Projects the same numbers for every image."""

    def __init__(self):
        super().__init__()
        self.project = nn.Conv2d(3, 4, 1)
        self.register_buffer("places", torch.rand(1, 3, 6, 6))

    def forward(self, x):
        return x + self.project(self.places.exp().expand(len(x), -1, -1, -1))


def test_a_layer_that_reads_the_same_numbers_for_every_image_is_read():
    model = Positions()
    report = cnncalc.summarize(cnncalc.from_torch(model, (4, 6, 6)), batch=5)
    assert [row.kind for row in report] == ["parameter", "conv", "add"]
    assert report.totals.macs == products(model, torch.rand(5, 4, 6, 6))
    checked = cnncalc.verify(model, "cpu", input=(4, 6, 6))
    assert checked.agrees, checked.disagreements
