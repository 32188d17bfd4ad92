"""Layers without a module in torch.nn, in plain PyTorch: the second half of the oracle.

They follow the definitions and don't use ``cnncalc.bridge``, which they are compared with. As in
``torch_modules``, a function takes a layer and the shape of its first input, and returns a module.
Only shapes and parameters are compared, so a module need not compute the same values.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from math import inf
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_modules import TWINS, dim_of, is_dilated, is_same, pairs, ranked, sides

from cnncalc import layers
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import Field
from cnncalc.core.layer import Layer
from cnncalc.core.parsing import fields_of
from cnncalc.core.shape import Map, Shape, Vector, shape_of

PLAIN: dict[str, Callable[[Any, Any], nn.Module | None]] = {}
"""The builders of modules, by kind."""


def plain(kind: str) -> Any:
    """Register a function as the builder of a kind's module."""

    def enter(build: Callable[..., nn.Module | None]) -> Any:
        PLAIN[kind] = build
        return build

    return enter


def module_of(kind: type[Layer], given: Mapping[str, Any], x: Shape) -> nn.Module | None:
    """PyTorch's module for a layer, or else a plain one; None if there is neither.

    ``given`` is the layer's value in a spec, which the calculator may refuse.
    """
    layer = unchecked(kind, given)
    if getattr(layer, "merges", None) is not None:
        return None  # only imported models merge the batch with an axis
    if layer.flattens:
        x = Vector(x.elements)
    built = TWINS[kind.kind].module(layer, x) if kind.kind in TWINS else None
    if built is None and kind.kind in PLAIN:
        built = PLAIN[kind.kind](layer, x)
    return nn.Sequential(nn.Flatten(), built) if built and layer.flattens else built


def unchecked(kind: type[Layer], given: Mapping[str, Any]) -> Layer:
    """The layer with unchecked fields, some of which may be invalid."""
    known = fields_of(kind)
    return kind(**{name: _value(known[name], value) for name, value in given.items()})


def _value(field: Field, written: Any) -> Any:
    try:
        return field.check(written)
    except LayerError:
        return tuple(written) if isinstance(written, list) else written


class Does(nn.Module):
    """A function as a module, with parameters of these sizes."""

    def __init__(self, function: Callable[..., Tensor], **sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.function = function
        for name, held in sizes.items():
            self.register_parameter(name, nn.Parameter(torch.zeros(held)))

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.function(*inputs)


class Learned(nn.Module):
    """A function of one tensor and a parameter, which is broadcast along sizes of 1."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor], layer: Any) -> None:
        super().__init__()
        self.function = function
        self.numbers = nn.Parameter(torch.ones(layer.parameter))
        self.alone = layer.value is None

    def forward(self, *inputs: Tensor) -> Tensor:
        if len(inputs) > 1 or not self.alone:
            raise ValueError("too many operands")
        if self.numbers.dim() != inputs[0].dim() - 1:
            raise ValueError("PyTorch would line up other axes, by the last one")
        return self.function(*inputs, self.numbers.expand(inputs[0].shape[1:]))


# Joins.


@plain("add")
def add(layer: Any, x: Shape) -> nn.Module:
    if layer.parameter is not None:
        return Learned(torch.add, layer)
    if layer.value is not None:
        return Unary(lambda given: given + layer.value)
    return Several(lambda *maps: torch.stack(maps).sum(0))  # unlike +, it repeats no sizes of 1


@plain("multiply")
def multiply(layer: Any, x: Shape) -> nn.Module:
    if layer.parameter is not None:
        return Learned(torch.mul, layer)
    if layer.value is not None:
        return Unary(lambda given: given * layer.value)
    return Several(lambda *maps: torch.stack(torch.broadcast_tensors(*maps)).prod(0))


@plain("divide")
def divide(layer: Any, x: Shape) -> nn.Module:
    if layer.value == 0:
        raise ValueError("division by 0")
    if layer.parameter is not None:
        return Learned(torch.div, layer)
    if layer.value is None:
        return Binary(torch.div)
    return Unary(lambda given: given / layer.value)


@plain("dot_product_attention")
def dot_product_attention(layer: Any, x: Shape) -> nn.Module:
    def attention(q: Tensor, k: Tensor, v: Tensor, *mask: Tensor) -> Tensor:
        heads = q.shape[1:-2]  # and the windows before them, if any
        alike = {one.shape[1:-2] for one in (q, k, v)} == {heads}
        if not alike or len(heads) not in (1, 2) or len(mask) > 1:
            raise ValueError("no heads, or not as many")
        scores = torch.stack([a @ b.mT for a, b in by_head(q, k)], 1).unflatten(1, heads)
        for one in mask:
            if one.dim() != q.dim() or one.shape[-2:] != scores.shape[-2:]:
                raise ValueError("other positions")
            if any(size not in (1, own) for size, own in zip(one.shape[1:], heads)):
                raise ValueError("not as many heads")
            scores = scores + one
        values = by_head(scores.softmax(-1), v)
        return torch.stack([a @ b for a, b in values], 1).unflatten(1, heads)

    def by_head(*given: Tensor) -> Iterator[tuple[Tensor, ...]]:
        return zip(*(one.flatten(1, -3).unbind(1) for one in given), strict=True)

    return Does(attention)


OF_MODELS = (
    "multiply_accumulates",
    "backward_multiply_accumulates",
    "contiguous",
    "borrows",
    "storage",
    "room",
    "per_image",
    "strides",
)
"""The fields of a parameter that say how a model computes it."""


@plain("parameter")
def parameter(layer: Any, x: Shape) -> nn.Module | None:
    if any(getattr(layer, name) for name in OF_MODELS):
        return None  # only the spec says what computes it
    learned = layer.shape if layer.params is None is layer.buffers else (layer.params or 0,)
    fixed = () if layer.params is None is layer.buffers else (layer.buffers or 0,)
    if not layer.learned:
        learned, fixed = (0,), layer.shape
    module = Does(lambda x: torch.zeros(len(x), *layer.shape), numbers=tuple(learned))
    module.register_buffer("fixed", torch.zeros(tuple(fixed)) if fixed else None)
    return module


@plain("roll")
def roll(layer: Any, x: Shape) -> nn.Module:
    words = [
        one
        for word in layer.over
        for one in (range(2, len(x.dimensions) + 1) if word == "positions" else [dim_of(word, x)])
    ]
    shifts = layer.shift * len(words) if len(layer.shift) == 1 else layer.shift
    return Does(lambda x: torch.roll(x, shifts, words))


@plain("matmul")
def matmul(layer: Any, x: Shape) -> nn.Module:
    def product(a: Tensor, b: Tensor) -> Tensor:
        if a.dim() < 3 or a.shape[:-2] != b.shape[:-2]:
            raise ValueError("no matrices, or not as many")
        if layer.shared and (a.dim() > 4 or (a.dim() == 4 and a.shape[-1] == 1)):
            raise ValueError("neither a signal nor an image, or an image without a sum")
        return torch.matmul(a, b)

    return Does(product)


class Several(Does):
    """A function of two tensors or more."""

    def forward(self, *inputs: Tensor) -> Tensor:
        if len(inputs) < 2:
            raise ValueError("nothing to combine")
        return super().forward(*inputs)


class Binary(nn.Module):
    """A function of two tensors of one shape, folded over all inputs."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, first: Tensor, *others: Tensor) -> Tensor:
        if not others:
            raise ValueError("nothing to combine")
        for other in others:
            if other.shape != first.shape:
                raise ValueError("shapes differ")
            first = self.function(first, other)
        return first


class Unary(nn.Module):
    """A function of one tensor."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


@plain("subtract")
def subtract(layer: Any, x: Shape) -> nn.Module:
    if layer.parameter is not None:
        return Learned(torch.sub, layer)
    if layer.value is None:
        return Binary(torch.sub)
    return Unary(lambda given: given - layer.value)


@plain("maximum")
def maximum(layer: Any, x: Shape) -> nn.Module:
    return Binary(torch.maximum)


@plain("abs")
def absolute(layer: Any, x: Shape) -> nn.Module:
    return Unary(torch.abs)


@plain("concat")
def concat(layer: Any, x: Shape) -> nn.Module:
    return Does(lambda *maps: torch.cat(maps, dim=dim_of(layer.along, x)))


# Views.


@plain("crop")
def crop(layer: Any, x: Map) -> nn.Module | None:
    if (layer.crop is None) == (layer.size is None):
        return None  # one of the two
    if layer.crop is not None:
        if layer.offset is not None:
            return None
        cuts = [-side for side in sides(layer.crop, x)]
        return Does(lambda values: functional.pad(values, cuts))
    wanted, axes = layer.size, len(x.spatial)
    offset = (layer.offset,) * axes if isinstance(layer.offset, int) else layer.offset
    left = (wanted,) * len(x.spatial) if isinstance(wanted, int) else wanted

    def middle(values: Tensor) -> Tensor:
        starts = offset or [(N - keep) // 2 for N, keep in zip(x.spatial, left, strict=True)]
        for dim, (start, keep) in enumerate(zip(starts, left, strict=True), 2):
            if start < 0:
                raise ValueError("counted from the end")
            values = values.narrow(dim, start, keep)
        return values

    return Does(middle)


@plain("slice")
def part(layer: Any, x: Shape) -> nn.Module:
    dim = dim_of(layer.along, x)
    stop = x.dimensions[dim - 1] if layer.stop is None else layer.stop
    return Does(lambda values: values.narrow(dim, layer.start, stop - layer.start))


@plain("split")
def split(layer: Any, x: Shape) -> nn.Module:
    dim = dim_of(layer.along, x)
    size = x.dimensions[dim - 1]
    if isinstance(layer.parts, int) and size % layer.parts:
        raise ValueError("torch.chunk would give parts of different sizes")
    if (layer.part or 0) < 0:
        raise ValueError("counted from the end")
    sizes = size // layer.parts if isinstance(layer.parts, int) else layer.parts

    def parts(values: Tensor) -> Tensor:
        made = values.split(sizes, dim)
        return made[-1 if layer.part is None else layer.part]

    return Does(parts)


@plain("time_distributed")
def time_distributed(layer: Any, x: Shape) -> nn.Module | None:
    ((word, given),) = layer.layer.items()
    kind = layers.load(word)
    if len(x.dimensions) == 1 or kind.arity[0] != 1 or unchecked(kind, given or {}).outputs:
        raise ValueError("no frames, or several maps")
    frame = shape_of((x.dimensions[0], *x.dimensions[2:]))
    try:
        inner = module_of(kind, given or {}, frame)
    except AttributeError:
        if isinstance(frame, Vector):  # a module for maps needs the number of axes
            return None
        raise

    def each_frame(values: Tensor) -> Tensor:
        return torch.stack([inner(one) for one in values.unbind(2)], dim=2)

    module = None if inner is None else Does(each_frame)
    if module is not None:
        module.inner = inner
    return module


@plain("permute")
def permute(layer: Any, x: Shape) -> nn.Module:
    return Does(lambda values: values.permute(0, *[place + 1 for place in layer.order]))


# Convolutions and pools that are padded in a separate step.


def each(given: Any, axes: int) -> tuple[int, ...]:
    """A size for every axis."""
    return (given,) * axes if isinstance(given, int) else given


def same_sides(layer: Any, x: Map, stride: Any, dilation: Any) -> list[int]:
    """TensorFlow's rule: ceil(N/S) outputs, and the odd zero after."""
    axes = len(x.spatial)
    window = [each(given, axes) for given in (layer.kernel_size, stride, dilation)]
    ends: list[tuple[int, int]] = []
    for N, F, S, D in zip(x.spatial, *window, strict=True):
        outputs = (N + S - 1) // S
        zeros = max((outputs - 1) * S + D * (F - 1) + 1 - N, 0)
        if layer.padding == "causal":  # all before, as if the stride were 1
            ends.append((D * (F - 1), 0))
            continue
        less, more = zeros // 2, zeros - zeros // 2
        ends += [(more, less) if layer.padding == "same_lower" else (less, more)]
    return [side for pair in reversed(ends) for side in pair]


def padded(around: list[int], module: nn.Module, fill: float = 0.0) -> nn.Module:
    return nn.Sequential(Does(lambda x: functional.pad(x, around, value=fill)), module)


@plain("conv")
def conv(layer: Any, x: Map) -> nn.Module | None:
    around = same_sides(layer, x, layer.stride, layer.dilation) if is_same(layer) else None
    if layer.connections is None:
        return around and padded(around, _conv(layer, x, layer.out_channels, layer.groups))
    if layer.groups != 1 or len(layer.connections) != layer.out_channels:
        return None  # a table determines the number of filters and the channels that each reads
    if around is None:
        around = [] if layer.padding == "valid" else sides(layer.padding, x)
    if min(around, default=0) < 0:  # as in PyTorch's own convolutions, which do not crop
        raise ValueError("negative padding is not supported")
    filters = nn.ModuleList(
        _conv(layer, Map(len(read), x.spatial), 1, 1) for read in layer.connections
    )

    def each(values: Tensor) -> Tensor:
        values = functional.pad(values, around)
        reads = zip(filters, layer.connections, strict=True)
        return torch.cat([one(values[:, read]) for one, read in reads], dim=1)

    module = Does(each)
    module.filters = filters
    return module


def _conv(layer: Any, x: Map, out_channels: int, groups: int) -> nn.Module:
    return ranked("Conv", x)(
        x.channels,
        out_channels,
        layer.kernel_size,
        layer.stride,
        0,
        layer.dilation,
        groups,
        layer.bias,
    )


@plain("depthwise_conv")
def depthwise_conv(layer: Any, x: Map) -> nn.Module:
    around = same_sides(layer, x, layer.stride, layer.dilation)
    return padded(around, _conv(layer, x, x.channels * layer.multiplier, x.channels))


@plain("separable_conv")
def separable_conv(layer: Any, x: Map) -> nn.Module:
    between = x.channels * layer.multiplier
    pointwise = ranked("Conv", x)(between, layer.out_channels, 1, bias=layer.bias)
    return nn.Sequential(depthwise_conv(replace(layer, bias=layer.depthwise_bias), x), pointwise)


@plain("locally_connected")
def locally_connected(layer: Any, x: Map) -> nn.Module:
    """A convolution, with parameters for each of its positions."""
    same = layers.load("conv")(**vars(layer))
    shared = TWINS["conv"].module(same, x) or conv(same, x)
    assert shared is not None
    places = shared(torch.zeros(1, *x.dimensions)).shape[2:].numel()
    sizes = {
        name.rpartition(".")[2]: (places, *held.shape) for name, held in shared.named_parameters()
    }
    return Does(lambda values: shared(values).detach(), **sizes)


class Deformed(nn.Module):
    """Dai et al. 2017, equations 2 to 4, tap by tap: the value at a moved tap times its weights."""

    def __init__(self, conv: nn.Module, around: list[int]) -> None:
        super().__init__()
        self.conv = conv
        self.around = around

    def forward(self, x: Tensor, offsets: Tensor, factors: Tensor | None = None) -> Tensor:
        conv: Any = self.conv
        places = conv(functional.pad(x, self.around)).shape[2:]
        F, S, D = conv.kernel_size, conv.stride, conv.dilation
        taps = F[0] * F[1]
        parts = x.shape[1] // offsets.unflatten(1, (-1, 2 * taps)).shape[1]
        if offsets.shape[2:] != places or x.shape[1] % parts or parts * taps < 1:
            raise ValueError("offsets of another size")
        moves = offsets.unflatten(1, (-1, taps, 2)).repeat_interleave(parts, 1)
        times = torch.ones_like(moves[:, :, :, 0])
        if factors is not None:
            times = factors.unflatten(1, (-1, taps)).repeat_interleave(parts, 1)
        if moves.shape[1] != x.shape[1] or times.shape != moves[:, :, :, 0].shape:
            raise ValueError("factors or groups of another size")
        y = torch.zeros(x.shape[0], conv.out_channels, *places)
        for tap in range(taps):
            down, along = divmod(tap, F[1])
            rows = torch.arange(places[0])[:, None] * S[0] + down * D[0] - self.around[2]
            columns = torch.arange(places[1]) * S[1] + along * D[1] - self.around[0]
            read = self.between(x, rows + moves[:, :, tap, 0], columns + moves[:, :, tap, 1])
            weight = conv.weight[:, :, down, along, None, None]
            y = y + functional.conv2d(read * times[:, :, tap], weight, groups=conv.groups)
        return y if conv.bias is None else y + conv.bias[:, None, None]

    def between(self, x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """The four pixels around every point, interpolated; 0 outside the map."""
        total = torch.zeros_like(rows)
        for row in (rows.floor(), rows.floor() + 1):
            for column in (columns.floor(), columns.floor() + 1):
                share = (1 - (rows - row).abs()) * (1 - (columns - column).abs())
                inside = (row >= 0) & (row < x.shape[2]) & (column >= 0) & (column < x.shape[3])
                place = (row * x.shape[3] + column).long().where(inside, 0)
                pixel = x.flatten(2).gather(2, place.flatten(2)).reshape(place.shape)
                total = total + share * pixel * inside
        return total


@plain("deform_conv")
def deform_conv(layer: Any, x: Map) -> nn.Module | None:
    if len(x.spatial) != 2:
        raise ValueError("a map of another number of axes")
    if is_same(layer):
        around = same_sides(layer, x, layer.stride, layer.dilation)
    else:
        around = sides(0 if layer.padding == "valid" else layer.padding, x)
    return Deformed(_conv(layer, x, layer.out_channels, layer.groups), around)


class FramesLSTM(nn.Module):
    """Shi et al. 2015, equation 3, with separate filters for the frame and the state."""

    def __init__(self, layer: Any, x: Map) -> None:
        super().__init__()
        frame, hidden = Map(x.channels, x.spatial[1:]), layer.hidden_channels
        build, settings = ranked("Conv", frame), {"padding": "same"}
        self.of_frame = build(
            x.channels, 4 * hidden, layer.kernel_size, **settings, bias=layer.bias
        )
        self.of_state = build(hidden, 4 * hidden, layer.kernel_size, **settings, bias=False)
        sizes = (3 * layer.peepholes, hidden, *frame.spatial)
        self.of_cell = nn.Parameter(torch.zeros(sizes))

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.of_state.in_channels
        H = C = torch.zeros(x.shape[0], hidden, *x.shape[3:])
        W = self.of_cell if len(self.of_cell) else torch.zeros(3, 1, *[1] * (x.dim() - 3))
        states = []
        for time in range(x.shape[2]):
            gates = (self.of_frame(x[:, :, time]) + self.of_state(H)).split(hidden, 1)
            i = torch.sigmoid(gates[0] + W[0] * C)
            f = torch.sigmoid(gates[1] + W[1] * C)
            C = f * C + i * torch.tanh(gates[2])
            o = torch.sigmoid(gates[3] + W[2] * C)
            H = o * torch.tanh(C)
            states.append(H)
        return torch.stack(states, 2)


@plain("class_token")
def class_token(layer: Any, x: Map) -> nn.Module:
    if len(x.spatial) != 1:
        raise ValueError("not a signal")
    module = Does(
        lambda values: torch.stack(
            [torch.cat([module.get_parameter("weight"), one], dim=1) for one in values]
        ),
        weight=(x.channels, layer.tokens),
    )
    return module


@plain("conv_lstm")
def conv_lstm(layer: Any, x: Map) -> nn.Module:
    if len(x.spatial) < 2:
        raise ValueError("frames without an axis")
    return FramesLSTM(layer, x)


def pool(name: str, layer: Any, x: Map, *, fill: float, **more: Any) -> nn.Module:
    """A pool with padding in a separate step before it."""
    stride = layer.kernel_size if layer.stride is None else layer.stride
    if is_same(layer):
        around = same_sides(layer, x, stride, more.get("dilation", 1))
    else:
        around = sides(layer.padding, x)
        before, after = zip(*pairs(layer.padding, x), strict=True)
        if before == after:
            more["padding"], around = before, []
    more["ceil_mode"] = layer.ceil_mode and not is_same(layer)
    return padded(around, ranked(name, x)(layer.kernel_size, layer.stride, **more), fill)


@plain("max_pool")
def max_pool(layer: Any, x: Map) -> nn.Module:
    return pool("MaxPool", layer, x, fill=-inf, dilation=layer.dilation)


@plain("max_unpool")
def max_unpool(layer: Any, x: Map) -> nn.Module:
    window = (layer.kernel_size, layer.stride, layer.padding)
    pool = ranked("MaxPool", x)(*window, ceil_mode=layer.ceil_mode, return_indices=True)
    unpool = ranked("MaxUnpool", x)(*window)

    def back(values: Tensor, pooled: Tensor) -> Tensor:
        best, indices = pool(pooled)
        if best.shape != values.shape:  # PyTorch reads indices of another size
            raise ValueError("values of another size")
        return unpool(values, indices, output_size=pooled.shape[2:])

    return Does(back)


@plain("blur_pool")
def blur_pool(layer: Any, x: Map) -> nn.Module:
    """Zhang's release, with the filter as a polynomial's coefficients."""
    F, axes = layer.kernel_size, len(x.spatial)
    row = torch.ones(1)
    for _ in range(F - 1):
        row = functional.pad(row, (0, 1)) + functional.pad(row, (1, 0))
    filt = row
    for _ in range(axes - 1):
        filt = filt.unsqueeze(-1) * row
    filt = (filt / filt.sum()).expand(x.channels, 1, *[F] * axes)
    conv = ranked("Conv", x)(x.channels, x.channels, F, layer.stride, groups=x.channels, bias=False)
    del conv.weight
    conv.register_buffer("weight", filt)
    around = [int((F - 1) / 2), -int(-(F - 1) // 2)] * axes
    return nn.Sequential(Does(lambda y: functional.pad(y, around, mode="reflect")), conv)


@plain("avg_pool")
def avg_pool(layer: Any, x: Map) -> nn.Module:
    if is_dilated(layer):
        return windowed(layer, x, lambda windows: windows.mean(-1))
    return pool("AvgPool", layer, x, fill=0.0)


@plain("lp_pool")
def lp_pool(layer: Any, x: Map) -> nn.Module | None:
    if not is_dilated(layer):
        return None
    p = layer.norm_type  # a root of degree 0 fails, as in PyTorch's own pools
    return windowed(layer, x, lambda windows: (windows**p).sum(-1) ** (1 / p))


def windowed(layer: Any, x: Map, reduced: Callable[[Tensor], Tensor]) -> nn.Module:
    """A pool with dilation, which cuts every window out of the padded map."""
    if layer.ceil_mode and not is_same(layer):
        raise ValueError("the last window would hang over the edge")
    n, padding = len(x.spatial), 0 if layer.padding == "valid" else layer.padding
    stride = layer.kernel_size if layer.stride is None else layer.stride
    axes = [each(given, n) for given in (layer.kernel_size, stride, layer.dilation)]
    if {*map(len, axes)} != {n}:
        raise ValueError(f"a list for other than {n} axes")
    around = same_sides(layer, x, stride, layer.dilation) if is_same(layer) else sides(padding, x)
    if layer.kind == "avg_pool" and not is_same(layer):
        for F, pair in zip(axes[0], pairs(padding, x), strict=True):
            if max(pair) > F // 2:
                raise ValueError("PyTorch's pools have no such padding")
    if min(around) < 0:
        raise ValueError("a cut")

    def pooled(values: Tensor) -> Tensor:
        values = functional.pad(values, around)
        for dim, (F, S, D) in enumerate(zip(*axes, strict=True), 2):
            values = values.unfold(dim, D * (F - 1) + 1, S)[..., ::D]
        return reduced(values.flatten(2 + n))

    return Does(pooled)


def global_pool(name: str) -> Callable[..., nn.Module]:
    def build(layer: Any, x: Map) -> nn.Module:
        one = ranked(name, x)(1)
        return one if layer.keepdim else nn.Sequential(one, nn.Flatten())

    return build


plain("global_avg_pool")(global_pool("AdaptiveAvgPool"))
plain("global_max_pool")(global_pool("AdaptiveMaxPool"))


@plain("subsampling")
def subsampling(layer: Any, x: Map) -> nn.Module:
    channels = (x.channels,)
    affine = Does(lambda values: values, weight=channels, bias=channels)
    return nn.Sequential(ranked("AvgPool", x)(layer.kernel_size), affine)


# Linear layers, and functions of one element.


@plain("maxout")
def maxout(layer: Any, x: Vector) -> nn.Module:
    linear = nn.Linear(x.features, layer.out_features * layer.pieces, layer.bias)
    return nn.Sequential(linear, nn.MaxPool1d(layer.pieces))


@plain("rbf")
def rbf(layer: Any, x: Vector) -> nn.Module:
    prototypes = nn.Parameter(torch.zeros(layer.out_features, x.features), requires_grad=False)
    module = Does(lambda values: torch.cdist(values, prototypes) ** 2)
    module.prototypes = prototypes
    return module


@plain("scale")
def scale(layer: Any, x: Shape) -> nn.Module:
    C = (x.dimensions[0],)
    return Does(lambda values: values, weight=C, **({"bias": C} if layer.bias else {}))


@plain("stochastic_depth")
def stochastic_depth(layer: Any, x: Shape) -> nn.Module:
    return nn.Dropout(layer.p)
