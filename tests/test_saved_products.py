"""What autograd saves for products, linear layers and attention, which read tensors as they lie in
memory."""

import pytest
import torch
from test_saved import saved_by
from torch import nn

import cnncalc
from cnncalc import UsageError, footprint

attend = nn.functional.scaled_dot_product_attention


class Model(nn.Module):
    """A model that calls a function of itself and of two maps of 6 channels."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.first, self.second = nn.Conv2d(4, 6, 1), nn.Conv2d(4, 6, 1)
        self.linear = nn.Linear(6, 5)

    def forward(self, x):
        return self.function(self, self.first(x), self.second(x))


def saves_as_much(function, sizes):
    agree(Model(function), sizes)


def agree(model, sizes):
    """Compare what a model saves with hooks on PyTorch's tensors."""
    spec = cnncalc.from_torch(model, sizes)
    for batch in (1, 2, 3):
        report = cnncalc.summarize(spec, batch=batch)
        ours = sum(entry.bytes for entry in footprint.saved_for_backward(report))
        assert ours == saved_by(model, batch, sizes)


MAPS = pytest.mark.parametrize("sizes", [(4, 6, 6), (4, 1, 6), (4, 6, 1)])


def rows(x):
    return x.flatten(2).mT


@MAPS
@pytest.mark.parametrize(
    "function",
    [
        lambda m, x, y: m.linear(torch.cat([rows(x).mean(1, keepdim=True), rows(x)], 1)),
        lambda m, x, y: m.linear(rows(x).transpose(0, 1).softmax(-1)).transpose(0, 1),
        lambda m, x, y: m.linear(rows(x).transpose(0, 1).softmax(0)).transpose(0, 1),
        lambda m, x, y: m.linear(torch.cat([rows(x).transpose(0, 1)] * 2)).transpose(0, 1),
        lambda m, x, y: (z := rows(x).permute(1, 2, 0).softmax(0)).permute(2, 0, 1)
        @ z.permute(2, 1, 0),
        lambda m, x, y: ((z := x.permute(1, 0, 2, 3).softmax(-1)) @ z.mT).transpose(0, 1),
        lambda m, x, y: ((z := torch.cat([x.transpose(0, 1)] * 2)) @ z.mT).transpose(0, 1),
    ],
)  # fmt: skip
def test_what_computes_a_contiguous_result_keeps_no_order(function, sizes):
    saves_as_much(function, sizes)


@pytest.mark.parametrize("axis", [1, 2, 3])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("read", [lambda z: z @ z.mT, lambda z: attend(z, z, z)])
def test_stacked_tensors_lie_in_the_order_of_their_axes(axis, turned, read):
    def function(m, x, y):
        return read(torch.stack([z.mT if turned else z for z in (rows(x), rows(y))], axis))

    saves_as_much(function, (4, 2, 3))


@pytest.mark.parametrize("turned", [False, True])
def test_tensors_stacked_along_the_first_axis_are_not_copied(turned):
    def function(m, x, y):
        z = torch.stack([z.mT if turned else z for z in (rows(x), rows(y))])
        return (z @ z.mT).transpose(0, 1)

    saves_as_much(function, (4, 2, 3))


@pytest.mark.parametrize("sizes", [(4, 6, 6), (4, 1, 6), (4, 6, 1), (4, 1, 1)])
@pytest.mark.parametrize(
    "function",
    [
        lambda m, x, y: attend(x, y, x),
        lambda m, x, y: attend(*[x.transpose(2, 3)] * 3),
        lambda m, x, y: attend(x.transpose(2, 3), y.transpose(2, 3), y.transpose(2, 3)),
        lambda m, x, y: attend(*[x.permute(0, 3, 2, 1)] * 3),
        lambda m, x, y: attend(*[x.permute(0, 2, 3, 1).relu()] * 3),
    ],
)
def test_attention_runs_in_one_kernel_if_features_have_a_stride_of_1(function, sizes):
    saves_as_much(function, sizes)


class Turned(nn.Module):
    """Attention after a convolution of a map whose channels and width were exchanged."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 6, 1)

    def forward(self, x):
        return attend(*[self.conv(x.transpose(1, 3).relu())] * 3)


@pytest.mark.parametrize("sizes", [(6, 1, 4), (6, 2, 4), (1, 6, 4)])
def test_a_convolution_of_a_map_with_an_axis_of_size_1_has_the_format_of_pytorch(sizes):
    agree(Turned(), sizes)


def test_attention_to_one_of_several_features_is_unknown():
    model = Model(lambda m, x, y: attend(x[..., :1], y[..., :1], y[..., :1]))
    report = cnncalc.summarize(cnncalc.from_torch(model, (4, 6, 6)))
    with pytest.raises(UsageError, match="how the model copies its input is not modelled"):
        footprint.saved_for_backward(report)


@pytest.mark.parametrize("part", [lambda z: z[:, :1], lambda z: z[:, 1:2], lambda z: z[:, :, :1]])
def test_repeating_keys_for_several_heads_copies_nothing(part):
    def function(m, x, y):
        q, k, v = (z.flatten(2).mT.reshape(len(z), -1, 2, 3).transpose(1, 2) for z in (x, y, x))
        return attend(q, part(k).expand_as(q), part(v).expand_as(q)).transpose(1, 2).flatten(2)

    saves_as_much(function, (4, 6, 6))


@MAPS
def test_repeating_images_once_copies_them(sizes):
    def function(m, x, y):
        z = rows(x).repeat_interleave(1, 0).view(len(x), -1, 2, 3).transpose(1, 2)
        return (z @ z.mT) @ (z * 2)

    saves_as_much(function, sizes)


def test_a_product_of_a_batch_that_is_not_first_with_itself_is_unknown():
    def gram(m, x, y):
        z = x.permute(1, 0, 2, 3)
        return (z @ z.mT).transpose(0, 1)

    report = cnncalc.summarize(cnncalc.from_torch(Model(gram), (4, 6, 6)), batch=2)
    with pytest.raises(UsageError, match="how the model copies its input is not modelled"):
        footprint.saved_for_backward(report)


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x, y: (x.transpose(0, 1) @ y.permute(1, 0, 3, 2)).transpose(0, 1),
        lambda m, x, y: ((z := x.permute(2, 0, 1, 3)) @ z.mT).transpose(0, 1),
        lambda m, x, y: (x[:, :3].transpose(0, 1) @ x[:, 3:].permute(1, 0, 3, 2)).transpose(0, 1),
    ],
)  # fmt: skip
def test_products_of_a_batch_that_is_not_first_copy_each_factor(function):
    saves_as_much(function, (4, 6, 6))
