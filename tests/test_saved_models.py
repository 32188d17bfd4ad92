"""What autograd saves in PyTorch models that cnncalc reads, compared with hooks on PyTorch's own
tensors, for one image and for several."""

import operator
import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch_memory import SavedTensors

import cnncalc
from cnncalc import UsageError, footprint


class Model(nn.Module):
    """A model that calls a function of itself and of its input."""

    def __init__(self, function, **modules):
        super().__init__()
        self.function = function
        self.conv = nn.Conv2d(4, 8, 1)
        self.weight = nn.Parameter(torch.zeros(8, 4, 6))
        for name, module in modules.items():
            setattr(self, name, module)

    def forward(self, x):
        return self.function(self, x)


def saved_by(model, batch, sizes):
    with SavedTensors([*model.parameters(), *model.buffers()]) as saved:
        outputs = model(torch.zeros(batch, *sizes))
    found = saved.bytes
    del outputs
    return found


def saved_in(model, batch=1, sizes=(4, 4, 6)):
    report = cnncalc.summarize(cnncalc.from_torch(model, sizes), batch=batch)
    return sum(entry.bytes for entry in footprint.saved_for_backward(report))


def agree(model, sizes=(4, 4, 6)):
    """Compare what a model saves with PyTorch."""
    for batch in (1, 2, 3):
        assert saved_in(model, batch, sizes) == saved_by(model, batch, sizes)


def is_unknown(model, why, sizes=(4, 4, 6)):
    with pytest.raises(UsageError, match=why):
        saved_in(model, sizes=sizes)


COMPUTED = "saves when it computes the output is not known"
COPIED = "how the model copies its input is not modelled"
OPAQUE = "the memory of an opaque operation is not known"


@pytest.mark.parametrize("axis", [1, 2, -1])
@pytest.mark.parametrize(
    "function",
    [
        lambda x, axis: x.repeat_interleave(2, axis),
        lambda x, axis: x.repeat_interleave(1, axis),
        lambda x, axis: x.permute(0, 3, 1, 2).repeat_interleave(3, axis),
        lambda x, axis: x[:, 1:].repeat_interleave(3, axis)[:, :2],
        lambda x, axis: x.view(-1, 2, 4, 4, 6).repeat_interleave(2, axis).flatten(2),
        lambda x, axis: x.transpose(0, 1).repeat_interleave(2, 3),
        lambda x, axis: x.repeat_interleave(2, axis) * x.repeat_interleave(2, axis),
    ],
)
def test_repeating_positions_in_a_row_is_a_copy(function, axis):
    agree(Model(lambda m, x: functional.gelu(function(m.conv(x), axis))))


def test_repeating_all_values_in_a_row_is_unknown():
    is_unknown(Model(lambda m, x: m.conv(x).repeat_interleave(2).view(-1, 16, 4, 6)), OPAQUE)


@pytest.mark.parametrize(
    ("sizes", "axis"),
    [((4, 1, 6), 1), ((4, 1, 6), 3), ((4, 6, 1), 1), ((4, 6, 1), 2), ((4, 1, 1), 1)],
)
@pytest.mark.parametrize("start", [0, 1])
def test_repeating_every_second_position_is_a_view(sizes, start, axis):
    part = tuple(slice(start, None, 2) if n == axis else slice(None) for n in range(4))
    grown = [-1, -1, *(2 if size == 1 else -1 for size in sizes[1:])]
    scale = nn.Parameter(torch.zeros(1))
    for learns in (False, True):
        model = Model(
            lambda m, x: (m.conv(x) if m.learns else x)[part].expand(grown) * m.scale, scale=scale
        )
        model.learns = learns
        if not learns:
            del model.conv, model.weight
        agree(model, sizes)


DROPOUTS = [
    nn.Dropout1d(0.2),
    nn.Dropout2d(0.2),
    nn.Dropout2d(0.0),
    nn.Dropout2d(1.0),
    nn.Dropout3d(0.2),
    nn.AlphaDropout(0.2),
    nn.FeatureAlphaDropout(0.2),
]


@pytest.mark.parametrize("dropout", DROPOUTS, ids=str)
@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: x * m.dropout(m.weight),
        lambda m, x: x * m.dropout(m.weight.exp()),
        lambda m, x: x + m.dropout(m.weight.exp()[:, :1, :1]),
        lambda m, x: x * (y := m.dropout(m.weight.exp())) + y,
    ],
)
def test_dropouts_save_computed_numbers_as_in_training(function, dropout):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of three axes
        agree(Model(lambda m, x: function(m, m.conv(x)), dropout=dropout))


@pytest.mark.parametrize(
    "function", [functional.dropout, functional.dropout2d, torch.dropout, functional.rrelu]
)
def test_what_functions_of_computed_numbers_save_in_training_is_unknown(function):
    more = (0.1, 0.3) if function is functional.rrelu else (0.2,)
    model = Model(lambda m, x: m.conv(x) + function(m.weight.exp()[None], *more, m.training))
    is_unknown(model, COMPUTED)


@pytest.mark.parametrize("trains", [lambda m: m.training, lambda m: False, lambda m: True])
@pytest.mark.parametrize(
    "drop", [functional.dropout, functional.dropout2d, torch.dropout, torch.dropout_]
)
def test_functions_drop_elements_in_training_if_the_model_says_so(drop, trains):
    agree(Model(lambda m, x: drop(m.conv(x), 0.5, trains(m)) ** 2))


def test_a_dropout_of_computed_numbers_that_is_never_active_saves_nothing():
    agree(Model(lambda m, x: m.conv(x) * functional.dropout(m.weight.exp(), 0.5, False)))


def _dropped(function):
    report = cnncalc.summarize(cnncalc.from_torch(Model(function), (4, 4, 6)))
    return [row.layer.p for row in report.layers if row.kind == "dropout"]


@pytest.mark.parametrize(("active", "p"), [(True, 0.5), (False, 0)])
def test_whether_dropout_is_active_is_known_where_training_computes_something_else(active, p):
    def function(m, x):
        y = functional.dropout(m.conv(x), 0.5, m.training and active) ** 2
        return y.sum(1) if m.training else y

    assert _dropped(function) == [p]


def test_dropout_counts_as_active_if_the_model_calls_it_elsewhere_in_training():
    def function(m, x):
        y = functional.dropout(x, 0.5) if m.training else x
        return functional.dropout(m.conv(y), 0.5, False) ** 2

    assert _dropped(function) == [0.5]


def test_a_model_that_cannot_run_in_training_is_read_in_eval_mode():
    def function(m, x):
        assert not m.training
        return functional.dropout(m.conv(x), 0.5, m.training)

    assert _dropped(function) == [0.5]


def test_attention_that_drops_weights_only_in_training_is_unknown():
    def attend(m, x):
        y = m.conv(x)
        return functional.scaled_dot_product_attention(y, y, y, dropout_p=m.p if m.training else 0)

    for p, check in ((0.0, agree), (0.1, lambda one: is_unknown(one, COPIED))):
        model = Model(attend)
        model.p = p
        check(model)


@pytest.mark.parametrize(
    "function",
    [
        lambda y: y.clamp(0, 6) ** 2,
        lambda y: y.clamp_(0, 6) ** 2,
        lambda y: (y * 2).clamp_(0, 6) ** 2,
        lambda y: functional.hardtanh(y, 0, 6, inplace=True).sigmoid(),
        lambda y: y.mul(2).sigmoid_() ** 2,
    ],
)
def test_clamping_saves_the_input_or_a_copy_of_it(function):
    agree(Model(lambda m, x: function(m.conv(x))))


@pytest.mark.parametrize(
    "function",
    [
        lambda y: y.clamp(min=0).sigmoid(),  # which saves its input, unlike a relu
        lambda y: y.clamp_(min=0) ** 2,
        lambda y: y.sigmoid_().sigmoid_(),  # PyTorch refuses the backward pass of these
        lambda y: y.tanh().view(-1, 4, 2, 4, 6).tanh_(),
        lambda y: y.softmax(1).mul_(2),
        lambda y: y.sqrt().add_(1),
    ],
)
def test_overwriting_what_was_saved_is_unknown(function):
    is_unknown(Model(lambda m, x: function(m.conv(x))), COPIED)


def test_a_dropout_in_place_that_keeps_all_values_overwrites_nothing():
    dropout = nn.Dropout(0.0, inplace=True)
    agree(Model(lambda m, x: m.dropout(m.conv(x).softmax(1)) ** 2, dropout=dropout))


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: m.dropout(x.permute(0, 2, 3, 1)),  # the second axis is not the channels
        lambda m, x: m.dropout(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2).relu(),
        lambda m, x: m.dropout(x.view(-1, 2, 4, 4, 6).transpose(1, 2)).relu(),
        lambda m, x: m.dropout(x.flatten(2).mT),
        lambda m, x: m.dropout(x.flatten(2).mT).mT.relu(),
        lambda m, x: m.dropout(x[:, 2:]).relu(),
        lambda m, x: m.dropout(x[:, :, :1, :1]).relu(),
    ],
)
def test_dropout_of_channels_is_along_the_second_axis(function):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of three and of five axes
        agree(Model(lambda m, x: function(m, m.conv(x)), dropout=nn.Dropout2d(0.2)))


def test_dropout_of_images_that_are_taken_for_channels_is_unknown():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        is_unknown(Model(lambda m, x: m.drop(m.conv(x)), drop=nn.Dropout3d(0.2)), OPAQUE)


def product(y, table):
    return y @ table


def doubled(y, table):
    return y @ table + y @ (2 * table)


def turned(y, table):
    return table.T @ y.mT


def summed(equation):
    return lambda y, table: torch.einsum(
        equation, *([y, table][:: 1 if equation[0] == "a" else -1])
    )


@pytest.mark.parametrize(
    "part",
    [
        lambda y: y,
        lambda y: y[:, 1:],
        lambda y: y[:, :1],
        lambda y: y.chunk(2, 1)[1],
        lambda y: y[:, ::2],
        lambda y: y.mT.contiguous().mT,
    ],
)
@pytest.mark.parametrize(
    "multiply",
    [product, doubled, turned, *map(summed, ["abc,ck->abk", "abc,ck->akb", "ck,abc->abk"])],
)
def test_a_product_with_a_matrix_copies_a_part_of_a_signal(multiply, part):
    for learns in (True, False):
        table = nn.Parameter(torch.zeros(8, 3), requires_grad=learns)
        model = Model(
            lambda m, x: (multiply(part(m.conv(x).flatten(2).mT), m.table).sigmoid() ** 2).flatten(
                1
            ),
            table=table,
        )
        agree(model)


@pytest.mark.parametrize(
    ("function", "table"),
    [
        (lambda x, w: (x @ w).relu(), (6, 3)),
        (lambda x, w: (x[:, 1:] @ w).relu(), (6, 3)),
        (lambda x, w: (x.permute(0, 2, 3, 1) @ w).flatten(1) ** 2, (8, 3)),
        (lambda x, w: (x.permute(0, 2, 1, 3) @ w).sigmoid(), (6, 3)),
        (lambda x, w: (w @ x).flatten(1) ** 2, (3, 4)),
        (lambda x, w: (w @ x[:, :, :, 1:]).flatten(1) ** 2, (1, 4)),
        (lambda x, w: (x[:, :, :1, 1:].flatten(2) @ w).flatten(1) ** 2, (5, 2)),
        (lambda x, w: torch.einsum("hkw,bchw->bchk", w, x).flatten(1) ** 2, (4, 3, 6)),
        (lambda x, w: torch.einsum("hkw,bchw->bckh", w.exp(), x[:, 1:]).flatten(1) ** 2, (4, 3, 6)),
        (lambda x, w: torch.einsum("wkh,bchw->bkwc", w, x[..., 1:]).flatten(1) ** 2, (5, 3, 4)),
        (lambda x, w: torch.einsum("bk,abcd->akcd", w, x[:, :, 1:]).flatten(1) ** 2, (8, 3)),
        (lambda x, w: torch.einsum("bck,abcd->abdk", w, x[:, 2:4]).flatten(1) ** 2, (2, 4, 3)),
        (lambda x, w: torch.einsum("abc,bk->ack", x.unbind(3)[1], w), (8, 3)),
    ],
)
def test_products_with_tables_save_what_pytorch_saves(function, table):
    agree(Model(lambda m, x: function(m.conv(x), m.table), table=nn.Parameter(torch.zeros(table))))


@pytest.mark.parametrize(
    "function",
    [
        lambda y, table: (y.transpose(0, 1) @ table).transpose(0, 1),
        lambda y, table: torch.einsum("abc,ck->bak", y, table).transpose(0, 1),
    ],
)
def test_copies_for_a_product_that_puts_the_images_last_are_unknown(function):
    table = nn.Parameter(torch.zeros(8, 3))
    model = Model(lambda m, x: function(m.conv(x).flatten(2).mT, m.table), table=table)
    is_unknown(model, COPIED)


@pytest.mark.parametrize(
    "function",
    [
        lambda y: y[:, 1:].sigmoid_(),
        lambda y: y[:, ::2].tanh_(),
        lambda y: y.chunk(2, 1)[1].mul_(2).sin(),
        lambda y: functional.gelu(y[:, 0].add_(1)),
        lambda y: functional.dropout(y[:, 1:], 0.5, True, True) ** 2,
        lambda y: functional.gelu(operator.iadd(y[:, 1:], 1)),
    ],
)
def test_what_overwriting_a_part_saves_is_unknown(function):
    model = Model(lambda m, x: function(m.conv(x).view(-1, 8, 24)))
    is_unknown(model, f"{COPIED}|{OPAQUE}")


@pytest.mark.parametrize(
    "function",
    [
        lambda y: y.sigmoid_(),
        lambda y: y.mul_(2).view(-1, 2, 4, 24).tanh_(),
        lambda y: functional.gelu(operator.iadd(y.mT, 1)),
        lambda y: functional.gelu(y[:, 1:2].squeeze_(1)),  # only its sizes change
        lambda y: functional.silu(y[:, 1:], inplace=True),  # which saves a copy
        lambda y: functional.relu(y[:, ::2], inplace=True) ** 2,
    ],
)
def test_overwriting_a_whole_storage_saves_what_pytorch_saves(function):
    agree(Model(lambda m, x: function(m.conv(x).view(-1, 8, 24))))


def attend(y, heads):
    """Attention within a map that has queries, keys and values as its channels."""
    n, channels, height, width = y.shape
    y = y.reshape(n, heads, channels // heads, height * width).permute(0, 1, 3, 2)
    y = functional.scaled_dot_product_attention(*y.chunk(3, dim=3))
    return y.permute(0, 1, 3, 2).reshape(n, channels // 3, height, width)


@pytest.mark.parametrize("heads", [1, 2])
def test_attention_of_a_convolved_map_saves_what_pytorch_saves(heads):
    # From batch 2, one head leaves channels last in memory, so that several use another kernel.
    # With a single image, PyTorch does not see that order where a view merges an axis of size 1,
    # but sees it in the network that to_torch builds.
    model = Model(
        lambda m, x: m.last(attend(m.all(m.outer(attend(m.conv(x)[:, :6], 1))), heads)),
        outer=nn.Conv2d(2, 4, 1),
        all=nn.Conv2d(4, 6 * heads, 1),
        last=nn.Conv2d(2 * heads, 4, 1),
    )
    for batch in (2, 3):
        assert saved_in(model, batch) == saved_by(model, batch, (4, 4, 6))


def test_a_copy_that_a_single_image_does_not_need_is_known_before_a_convolution():
    def function(m, x):
        n, _, height, width = x.shape
        y = m.norm(m.conv(x).flatten(2).mT)
        y = m.outer(y.mT.view(n, 8, height, width)).flatten(2).mT
        y = y.reshape(n, height, width, 8).permute(0, 3, 1, 2).contiguous()
        return m.last(y)

    modules = {"norm": nn.LayerNorm(8), "outer": nn.Conv2d(8, 8, 1), "last": nn.Conv2d(8, 4, 1)}
    agree(Model(function, **modules))


def windows(x):
    """The windows of 3×3 positions of a map, as images with channels last in memory."""
    n, channels, height, width = x.shape
    y = x.permute(0, 2, 3, 1).view(n, height // 3, 3, width // 3, 3, channels).transpose(2, 3)
    return y.reshape(-1, 3, 3, channels).permute(0, 3, 1, 2)


@pytest.mark.parametrize(
    "function",
    [
        lambda m, x: m.bn(m.outer(windows(x))),
        lambda m, x: m.bn(m.outer(windows(x).contiguous())),
        lambda m, x: m.depthwise(m.outer(windows(x))),
        lambda m, x: m.depthwise(m.outer(windows(x).relu())),
        lambda m, x: m.bn(m.inner(windows(x)[:, :4])),
        lambda m, x: m.inner(windows(x)[:, :4]) * 2,
    ],
)
@pytest.mark.parametrize(
    "read",
    [
        lambda x: x.sigmoid().flatten(1) ** 2,
        lambda x: x.flatten(2).mT @ x.flatten(2),
        lambda x: (x.flatten(2) * 2).mT @ x.flatten(2),
        lambda x: (x[:, :4].flatten(2) * 2).mT @ x[:, 4:].flatten(2),
        lambda x: x.permute(0, 2, 3, 1).flatten(1, 2).softmax(1),
    ],
)
def test_convolutions_of_windows_save_what_pytorch_saves(function, read):
    model = Model(
        lambda m, x: read(function(m, m.conv(x))).reshape(len(x), -1),
        outer=nn.Conv2d(8, 8, 1),
        inner=nn.Conv2d(4, 8, 3, padding=1),
        depthwise=nn.Conv2d(8, 8, 3, padding=1, groups=8),
        bn=nn.BatchNorm2d(8),
    )
    agree(model, (4, 6, 6))


def padded(function):
    return Model(lambda m, x: function(functional.pad(m.conv(x).permute(0, 2, 3, 1), [0] * 6)))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.view(len(x), -1, 1, 6, 8).transpose(1, 3).flatten(1) ** 2,
        lambda x: x.mT.contiguous().flatten(1) ** 2,
        lambda x: x.flatten(1) ** 2,
    ],
)
def test_padding_by_nothing_saves_nothing_if_that_is_copied_again(function):
    agree(padded(function))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x,
        lambda x: x + x,
        lambda x: x.transpose(1, 2).flatten(0, 1).sum(1).view(len(x), -1) ** 2,  # a view of 1 row
    ],
)
def test_what_reads_an_image_padded_by_nothing_saves_is_unknown(function):
    is_unknown(padded(function), COPIED, (4, 1, 6))
