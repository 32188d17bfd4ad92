"""The torch.nn module that is equivalent to a layer, and random layers for the comparison.

The one table of PyTorch's constructors: ``TWINS``, by kind. An entry says how to draw the fields of
a layer for an input, and the equivalent arguments of PyTorch.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from hypothesis import strategies as st
from torch import nn

from cnncalc import layers
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Map, Shape, Vector

Fields = Callable[[Shape], st.SearchStrategy[dict[str, Any]]]


class Twin(NamedTuple):
    """How to draw inputs and fields of a kind, and how to build PyTorch's module; None if PyTorch
    has none for these fields."""

    inputs: st.SearchStrategy[Shape]
    fields: Fields
    module: Callable[[Any, Any], nn.Module | None]


TWINS: dict[str, Twin] = {}

AXES = (("length",), ("height", "width"), ("depth", "height", "width"))


def axis_of(x: Shape) -> st.SearchStrategy[str]:
    """An axis of a shape, by its name."""
    spatial = AXES[len(x.spatial) - 1] if isinstance(x, Map) else ()
    return st.sampled_from(("channels", "last", *spatial))


def dim_of(word: str, x: Shape) -> int:
    """PyTorch's number of an axis, which counts the batch."""
    if word == "last":
        return len(x.dimensions)
    return 1 if word == "channels" else 2 + AXES[len(x.dimensions) - 2].index(word)


def maps(axes: tuple[int, ...] = (1, 2, 3)) -> st.SearchStrategy[Map]:
    """Small feature maps, with channels that groups often divide."""
    channels = st.sampled_from((1, 2, 3, 4, 6, 8, 12))
    spatial = st.sampled_from(axes).flatmap(lambda n: st.tuples(*[st.integers(1, 12)] * n))
    return st.builds(Map, channels, spatial)


MAPS = maps()
VECTORS = st.builds(Vector, st.integers(1, 12))
SHAPES = st.one_of(MAPS, VECTORS)


def twin(kind: str, inputs: st.SearchStrategy[Any], fields: Fields) -> Any:
    """Register a function of the layer and its input as the builder of a kind's module."""

    def enter(module: Callable[[Any, Any], nn.Module | None]) -> Any:
        TWINS[kind] = Twin(inputs, fields, module)
        return module

    return enter


def drawn(**strategies: Any) -> Fields:
    """Independent fields; a function returns its strategy for the input."""

    def fields(x: Shape) -> st.SearchStrategy[dict[str, Any]]:
        ready = {
            name: strategy(x) if callable(strategy) else strategy
            for name, strategy in strategies.items()
        }
        return st.fixed_dictionaries(ready)

    return fields


def sizes(least: int, most: int) -> Callable[[Map], st.SearchStrategy[Any]]:
    """One size, or one for each axis of the input."""
    one = st.integers(least, most)
    return lambda x: one | st.tuples(*[one] * len(x.spatial))


def or_none(strategy: Callable[[Map], st.SearchStrategy[Any]]) -> Any:
    """Sometimes the default of None; the field is then left out."""
    return lambda x: st.none() | strategy(x)


COUNTS = st.sampled_from((1, 2, 3, 4, 6))
FLAGS = st.booleans()
SIDES = st.integers(0, 3)


def paddings(x: Map) -> st.SearchStrategy[Any]:
    """A number, one for each axis, or (before, after) for each."""
    pairs = st.tuples(SIDES, SIDES)
    return SIDES | st.tuples(*[SIDES] * len(x.spatial)) | st.tuples(*[pairs] * len(x.spatial))


def ranked(name: str, x: Shape) -> Callable[..., nn.Module]:
    """The module for as many axes as the input has: Conv1d, Conv2d or Conv3d."""
    axes = len(x.spatial) if isinstance(x, Map) else 1
    return getattr(nn, f"{name}{axes}d")


def pairs(padding: Any, x: Map) -> list[tuple[int, int]]:
    """(before, after) of each axis; sides by name apply to three axes, and missing ones are 0."""
    each = [padding] * len(x.spatial) if isinstance(padding, int) else list(padding)
    while len(each) > len(x.spatial) and each[0] == (0, 0):
        del each[0]
    if len(each) != len(x.spatial):  # it would go on with the channels, or leave axes out
        raise ValueError(f"padding for {len(each)} axes, not {len(x.spatial)}")
    return [(side, side) if isinstance(side, int) else side for side in each]


def sides(padding: Any, x: Map) -> list[int]:
    """Padding as torch.nn.functional.pad wants it: the last axis first, before and after."""
    return [side for pair in reversed(pairs(padding, x)) for side in pair]


def same_for_both(padding: Any) -> bool:
    """Whether before and after are one number."""
    return isinstance(padding, int) or all(isinstance(side, int) for side in padding)


# Convolutions and linear layers.


def padded(padding: Any, x: Map, build: Callable[[Any], nn.Module]) -> nn.Module:
    """A module with padding; if before and after differ, PyTorch pads in a separate step."""
    if isinstance(padding, str) or same_for_both(padding):
        return build(padding)
    return nn.Sequential(ranked("ZeroPad", x)(tuple(sides(padding, x))), build(0))


WINDOW = {
    "kernel_size": sizes(1, 4),
    "stride": sizes(1, 3),
    "padding": paddings,
    "dilation": sizes(1, 3),
    "bias": FLAGS,
}


def or_same(fields: Fields) -> Fields:
    """Fields, sometimes with a padding word; PyTorch has ``same`` only for a stride of 1."""
    words = st.sampled_from(({"padding": "same", "stride": 1}, {"padding": "valid"}))
    return lambda x: fields(x) | st.builds(dict.__or__, fields(x), words)


def is_same(layer: Any) -> bool:
    return layer.padding in ("same", "same_lower", "causal")


def differs_from_same(layer: Any) -> bool:
    """Whether PyTorch's ``same`` differs: without a stride, and with the odd zero at the end."""
    return layer.padding in ("same_lower", "causal") or (is_same(layer) and layer.stride != 1)


@twin("conv", MAPS, or_same(drawn(out_channels=COUNTS, groups=COUNTS, **WINDOW)))
def conv(layer: Any, x: Map) -> nn.Module | None:
    if layer.connections is not None or differs_from_same(layer):
        return None

    def build(padding: Any) -> nn.Module:
        return ranked("Conv", x)(
            x.channels,
            layer.out_channels,
            layer.kernel_size,
            layer.stride,
            padding,
            layer.dilation,
            layer.groups,
            layer.bias,
        )

    return padded(layer.padding, x, build)


GROUPED = or_same(drawn(out_channels=COUNTS, groups=COUNTS, **WINDOW))


@twin("weight_norm_conv", MAPS, GROUPED)
def weight_norm_conv(layer: Any, x: Map) -> nn.Module | None:
    plain = conv(layers.load("conv")(**vars(layer)), x)
    if plain is None:
        return None
    filters = plain[1] if isinstance(plain, nn.Sequential) else plain
    nn.utils.parametrizations.weight_norm(filters)
    return plain


@twin("standardized_conv", MAPS, GROUPED)
def standardized_conv(layer: Any, x: Map) -> nn.Module | None:
    own = {name: one for name, one in vars(layer).items() if name not in ("gain", "eps")}
    plain = conv(layers.load("conv")(**own), x)
    if plain is None:
        return None
    filters = plain[1] if isinstance(plain, nn.Sequential) else plain
    rows = filters.weight.flatten(1)[None]
    # It refuses filters of a single weight, and an eps of 0.
    nn.functional.batch_norm(rows, None, None, training=True, eps=layer.eps)
    if layer.gain is not None:
        plain.register_parameter("gain", nn.Parameter(torch.ones(layer.out_channels)))
    return plain


def depthwise(layer: Any, x: Map) -> nn.Module | None:
    if differs_from_same(layer):
        return None

    def build(padding: Any) -> nn.Module:
        return ranked("Conv", x)(
            x.channels,
            x.channels * layer.multiplier,
            layer.kernel_size,
            layer.stride,
            padding,
            layer.dilation,
            x.channels,
            layer.bias,
        )

    return padded(layer.padding, x, build)


twin("depthwise_conv", MAPS, or_same(drawn(multiplier=COUNTS, **WINDOW)))(depthwise)


@twin(
    "separable_conv",
    MAPS,
    or_same(drawn(out_channels=COUNTS, multiplier=COUNTS, depthwise_bias=FLAGS, **WINDOW)),
)
def separable_conv(layer: Any, x: Map) -> nn.Module | None:
    first = depthwise(replace(layer, bias=layer.depthwise_bias), x)
    if first is None:
        return None
    between = x.channels * layer.multiplier
    return nn.Sequential(first, ranked("Conv", x)(between, layer.out_channels, 1, bias=layer.bias))


@twin(
    "conv_transpose",
    MAPS,
    drawn(
        out_channels=COUNTS,
        groups=COUNTS,
        output_padding=sizes(0, 2),
        **(WINDOW | {"padding": lambda x: paddings(x) | st.just("valid")}),
    ),
)
def conv_transpose(layer: Any, x: Map) -> nn.Module | None:
    sides = 0 if layer.padding == "valid" else layer.padding
    worked_out = is_same(layer)
    told_twice = layer.output_size is not None and worked_out
    extra = layer.output_padding
    if any([extra] if isinstance(extra, int) else extra):
        told_twice |= worked_out or layer.output_size is not None
    if told_twice:
        raise ValueError("the size of the output is given twice")
    if worked_out or not same_for_both(sides):
        if layer.output_size is not None:
            return None
        return Transposed(layer, x)
    module = ranked("ConvTranspose", x)(
        x.channels,
        layer.out_channels,
        layer.kernel_size,
        layer.stride,
        sides if isinstance(sides, int) else [before for before, _ in pairs(sides, x)],
        layer.output_padding,
        layer.groups,
        layer.bias,
        layer.dilation,
    )
    if layer.output_size is not None:
        wanted = layer.output_size
        size = [wanted] * len(x.spatial) if isinstance(wanted, int) else list(wanted)
        steps = zip(module.stride, module.dilation, strict=True)
        if any(D > S for S, D in steps):  # a padding below D is allowed, but a size only below S
            return None
        return Sized(module, size)
    return module


class Sized(nn.Module):
    """A transposed convolution that is called with the size of its output."""

    def __init__(self, module: nn.Module, size: list[int]) -> None:
        super().__init__()
        self.module = module
        self.size = size

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.module(x, output_size=self.size)


class Transposed(nn.Module):
    """The whole output, of which a slice is kept: TensorFlow's N·S of it, or all but the sides."""

    def __init__(self, layer: Any, x: Map) -> None:
        super().__init__()
        whole = (x.channels, layer.out_channels, layer.kernel_size, layer.stride)
        self.whole = ranked("ConvTranspose", x)(
            *whole,
            output_padding=layer.output_padding,
            groups=layer.groups,
            bias=layer.bias,
            dilation=layer.dilation,
        )
        self.layer, self.x = layer, x

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        y = self.whole(given)
        for dim, (N, S) in enumerate(zip(self.x.spatial, self.whole.stride), 2):
            spare = y.shape[dim] - N * S
            if not is_same(self.layer):
                before, after = pairs(self.layer.padding, self.x)[dim - 2]
                if before + after >= y.shape[dim]:
                    raise ValueError("nothing is left")
                y = y.narrow(dim, before, y.shape[dim] - before - after)
            elif spare > 0:
                lower = self.layer.padding == "same_lower"
                y = y.narrow(dim, (spare + lower) // 2, N * S)
            else:
                y = torch.cat(
                    [
                        y,
                        y.narrow(dim, 0, 1).expand(
                            *[-spare if at == dim else -1 for at in range(y.dim())]
                        ),
                    ],
                    dim,
                )
        return y


class Everywhere(nn.Module):
    """A module that reads the channels of every position."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.module(x.movedim(1, -1)).movedim(-1, 1)


@twin("linear", SHAPES, drawn(out_features=COUNTS, bias=FLAGS, per_position=FLAGS))
def linear(layer: Any, x: Shape) -> nn.Module:
    module = nn.Linear(x.dimensions[0], layer.out_features, layer.bias)
    return Everywhere(module) if isinstance(x, Map) else module


# Pools.

POOL = {
    "kernel_size": sizes(1, 5),
    "stride": or_none(sizes(1, 4)),
    "padding": sizes(0, 2),
    "ceil_mode": FLAGS,
}


def pool_padding(layer: Any) -> Any:
    """The padding in the form of PyTorch's pools; None if they do not support it."""
    if layer.padding == "valid":
        return 0
    return layer.padding if not is_same(layer) and same_for_both(layer.padding) else None


def is_dilated(layer: Any) -> bool:
    """Whether the taps of a window are not next to each other."""
    return layer.dilation not in (1, (1,), (1, 1), (1, 1, 1))


@twin("max_pool", MAPS, drawn(dilation=sizes(1, 2), **POOL))
def max_pool(layer: Any, x: Map) -> nn.Module | None:
    padding = pool_padding(layer)
    if padding is None:
        return None
    return ranked("MaxPool", x)(
        layer.kernel_size,
        layer.stride,
        padding,
        layer.dilation,
        ceil_mode=layer.ceil_mode,
    )


@twin("avg_pool", MAPS, drawn(count_include_pad=FLAGS, **POOL))
def avg_pool(layer: Any, x: Map) -> nn.Module | None:
    padding = pool_padding(layer)
    if padding is None or is_dilated(layer):
        return None
    return ranked("AvgPool", x)(
        layer.kernel_size, layer.stride, padding, layer.ceil_mode, layer.count_include_pad
    )


@twin(
    "lp_pool",
    MAPS,
    drawn(
        norm_type=st.sampled_from((1, 2, 1.5, 3)),
        **{name: POOL[name] for name in ("kernel_size", "stride", "ceil_mode")},
        padding=st.integers(0, 1),
    ),
)
def lp_pool(layer: Any, x: Map) -> nn.Module | None:
    if is_dilated(layer):
        return None
    kernel_size = layer.kernel_size
    if len(x.spatial) == 1 and isinstance(kernel_size, tuple):
        (kernel_size,) = kernel_size  # LPPool1d multiplies by it, and takes no tuple
    if layer.padding in (0, (0,), (0, 0), (0, 0, 0), "valid"):
        return ranked("LPPool", x)(layer.norm_type, kernel_size, layer.stride, layer.ceil_mode)
    given = layer.padding
    if is_same(layer) or not same_for_both(given):
        return None
    if layer.ceil_mode or min([given] if isinstance(given, int) else given) < 0:
        raise ValueError("ceil mode of what is padded in a step before it, or a cut")
    pool = ranked("LPPool", x)(layer.norm_type, kernel_size, layer.stride, layer.ceil_mode)
    return nn.Sequential(ranked("ZeroPad", x)(tuple(sides(given, x))), pool)


@twin("adaptive_avg_pool", MAPS, drawn(output_size=sizes(1, 15)))
def adaptive_avg_pool(layer: Any, x: Map) -> nn.Module:
    return ranked("AdaptiveAvgPool", x)(layer.output_size)


@twin("adaptive_max_pool", MAPS, drawn(output_size=sizes(1, 15)))
def adaptive_max_pool(layer: Any, x: Map) -> nn.Module:
    return ranked("AdaptiveMaxPool", x)(layer.output_size)


# Rearrangements and resizing.

MODES = {1: "linear", 2: "bilinear", 3: "trilinear"}


@twin(
    "upsample",
    MAPS,
    lambda x: st.fixed_dictionaries(
        {"mode": st.sampled_from(("nearest", "linear", "bilinear", "trilinear", "bicubic"))}
    ).flatmap(
        lambda mode: (
            st.fixed_dictionaries(
                {"scale_factor": sizes(1, 4)(x) | st.sampled_from((0.5, 1.5, 2.25))}
            ).map(mode.__or__)
            | st.fixed_dictionaries({"size": sizes(1, 20)(x)}).map(mode.__or__)
        )
    ),
)
def upsample(layer: Any, x: Map) -> nn.Module:
    # PyTorch has a different word for linear interpolation for each number of axes.
    mode = MODES[len(x.spatial)] if layer.mode == "linear" else layer.mode
    return nn.Upsample(layer.size, layer.scale_factor, mode, layer.align_corners or None)


@twin("pixel_shuffle", maps(axes=(2,)), drawn(upscale_factor=st.integers(1, 3)))
def pixel_shuffle(layer: Any, x: Map) -> nn.Module:
    return nn.PixelShuffle(layer.upscale_factor)


@twin("channel_shuffle", MAPS, drawn(groups=COUNTS))
def channel_shuffle(layer: Any, x: Map) -> nn.Module:
    return nn.ChannelShuffle(layer.groups)


PADS = {
    "zeros": "ZeroPad",
    "reflect": "ReflectionPad",
    "replicate": "ReplicationPad",
    "circular": "CircularPad",
}


@twin("pad", MAPS, drawn(padding=paddings, mode=st.sampled_from(tuple(PADS))))
def pad(layer: Any, x: Map) -> nn.Module:
    around = tuple(sides(layer.padding, x))
    if layer.value:  # only the function takes one, and refuses it in most modes
        mode = "constant" if layer.mode == "zeros" else layer.mode
        nn.functional.pad(torch.zeros(1, *x.dimensions), around, mode, layer.value)
    return ranked(PADS[layer.mode], x)(around)


@twin(
    "flatten",
    SHAPES,
    drawn(over=lambda x: st.sampled_from(("all", "positions", "planes")[: len(x.dimensions)])),
)
def flatten(layer: Any, x: Shape) -> nn.Module:
    return nn.Flatten(1 + ("all", "positions", "planes").index(layer.over))


@twin(
    "reshape",
    SHAPES,
    drawn(
        shape=lambda x: (
            st.permutations(x.dimensions) | st.lists(st.integers(1, 12), min_size=1, max_size=4)
        )
    ),
)
def reshape(layer: Any, x: Shape) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Unflatten(1, tuple(layer.shape)))


# Norms.


@twin("batch_norm", SHAPES, drawn(affine=FLAGS, scale=FLAGS, bias=FLAGS, track_running_stats=FLAGS))
def batch_norm(layer: Any, x: Shape) -> nn.Module:
    norm = ranked("BatchNorm", x)(
        x.dimensions[0],
        layer.eps,
        layer.momentum,
        affine=layer.affine,
        track_running_stats=layer.track_running_stats,
    )
    norm.weight = norm.weight if layer.scale else None
    norm.bias = norm.bias if layer.bias else None
    return norm


class ChannelsNorm(nn.LayerNorm):
    """ConvNeXt's LayerNorm2d: PyTorch's over the last axis, with the channels moved there."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


@twin(
    "layer_norm",
    SHAPES,
    drawn(over=st.sampled_from(("all", "channels", "last")), elementwise_affine=FLAGS, bias=FLAGS),
)
def layer_norm(layer: Any, x: Shape) -> nn.Module:
    build, sizes = {
        "all": (nn.LayerNorm, x.dimensions),
        "channels": (ChannelsNorm, x.dimensions[:1]),
        "last": (nn.LayerNorm, x.dimensions[-1:]),
    }[layer.over]
    return build(sizes, layer.eps, layer.elementwise_affine, bias=layer.bias)


class ChannelsRMSNorm(nn.RMSNorm):
    """PyTorch's over the last axis, with the channels moved there."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


@twin(
    "rms_norm",
    SHAPES,
    drawn(over=st.sampled_from(("all", "channels", "last")), elementwise_affine=FLAGS),
)
def rms_norm(layer: Any, x: Shape) -> nn.Module:
    build, sizes = {
        "all": (nn.RMSNorm, x.dimensions),
        "channels": (ChannelsRMSNorm, x.dimensions[:1]),
        "last": (nn.RMSNorm, x.dimensions[-1:]),
    }[layer.over]
    return build(sizes, layer.eps, layer.elementwise_affine)


@twin("group_norm", SHAPES, drawn(num_groups=COUNTS, affine=FLAGS, bias=FLAGS))
def group_norm(layer: Any, x: Shape) -> nn.Module:
    return nn.GroupNorm(
        layer.num_groups, x.dimensions[0], layer.eps, affine=layer.affine, bias=layer.bias
    )


@twin("instance_norm", MAPS, drawn(affine=FLAGS, bias=FLAGS, track_running_stats=FLAGS))
def instance_norm(layer: Any, x: Map) -> nn.Module:
    return ranked("InstanceNorm", x)(
        x.channels,
        layer.eps,
        layer.momentum,
        affine=layer.affine,
        bias=layer.bias,
        track_running_stats=layer.track_running_stats,
    )


@twin("local_response_norm", MAPS, drawn(size=st.integers(1, 7)))
def local_response_norm(layer: Any, x: Map) -> nn.Module:
    return nn.LocalResponseNorm(layer.size, layer.alpha, layer.beta, layer.k)


# Elementwise functions.


@twin("channel_dropout", MAPS, drawn(p=st.sampled_from((0, 0.5, 1))))
def channel_dropout(layer: Any, x: Map) -> nn.Module:
    return ranked("Dropout", x)(layer.p)


@twin("dropout", SHAPES, drawn(p=st.sampled_from((0, 0.5, 1))))
def dropout(layer: Any, x: Shape) -> nn.Module:
    return nn.Dropout(layer.p)


@twin("prelu", SHAPES, drawn(num_parameters=COUNTS | st.sampled_from(("channels", "elements"))))
def prelu(layer: Any, x: Shape) -> nn.Module:
    return (
        Slopes(x)
        if layer.num_parameters == "elements"
        else nn.PReLU(
            x.dimensions[0] if layer.num_parameters == "channels" else layer.num_parameters
        )
    )


class Slopes(nn.Module):
    """A learned slope for each element."""

    def __init__(self, x: Shape) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(x.dimensions))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.where(x > 0, x, self.weight * x)


@twin("gelu", SHAPES, drawn(approximate=st.sampled_from(("none", "tanh"))))
def gelu(layer: Any, x: Shape) -> nn.Module:
    return nn.GELU(layer.approximate)


@twin("leaky_relu", SHAPES, drawn())
def leaky_relu(layer: Any, x: Shape) -> nn.Module:
    return nn.LeakyReLU(layer.negative_slope)


@twin("elu", SHAPES, drawn())
def elu(layer: Any, x: Shape) -> nn.Module:
    return nn.ELU(layer.alpha)


@twin("softplus", SHAPES, drawn())
def softplus(layer: Any, x: Shape) -> nn.Module:
    return nn.Softplus(layer.beta, layer.threshold)


@twin("softmax", SHAPES, drawn(over=axis_of))
def softmax(layer: Any, x: Shape) -> nn.Module:
    return nn.Softmax(dim=dim_of(layer.over, x))


class Normalized(nn.Module):
    """Values of length 1 along an axis."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        norms = torch.linalg.vector_norm(x, dim=self.dim, keepdim=True)
        return x / norms.clamp_min(self.eps).expand_as(x)


@twin("l2_normalize", SHAPES, drawn(over=axis_of))
def l2_normalize(layer: Any, x: Shape) -> nn.Module:
    return Normalized(dim_of(layer.over, x), layer.eps)


@twin("log_softmax", SHAPES, drawn(over=axis_of))
def log_softmax(layer: Any, x: Shape) -> nn.Module:
    return nn.LogSoftmax(dim=dim_of(layer.over, x))


# Sequences.


class ChannelsLast(nn.Module):
    """Pass the positions of a signal to a module that expects channels last."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.module(x.transpose(1, 2))
        return (y[0] if isinstance(y, tuple) else y).transpose(1, 2)


class Last(nn.Module):
    """The last position."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[..., -1]


SIGNALS = maps(axes=(1,))
RECURRENT = {
    "hidden_size": st.integers(2, 6),
    "num_layers": st.integers(1, 3),
    "bidirectional": FLAGS,
    "bias": FLAGS,
    "separate_biases": FLAGS,
    "return_sequences": FLAGS,
}


def recurrent(constructor: Callable[..., nn.Module], **more: Callable[[Any], Any]) -> Any:
    """A builder that calls the constructor with a layer's fields, and with ``more`` of them."""

    def build(layer: Any, x: Map) -> nn.Module:
        given = {name: read(layer) for name, read in more.items()}
        module = constructor(
            x.channels,
            layer.hidden_size,
            layer.num_layers,
            bias=layer.bias,
            batch_first=True,
            bidirectional=layer.bidirectional,
            **given,
        )
        for name, _ in [*module.named_parameters()]:
            if name.startswith("bias_hh") and not layer.separate_biases:
                module.register_parameter(name, None)  # still added, but not counted
        every = ChannelsLast(module)
        return every if layer.return_sequences else nn.Sequential(every, Last())

    return build


twin("rnn", SIGNALS, drawn(**RECURRENT))(recurrent(nn.RNN))
twin("gru", SIGNALS, drawn(**RECURRENT))(recurrent(nn.GRU))
twin("lstm", SIGNALS, drawn(**RECURRENT, proj_size=st.integers(0, 1)))(
    recurrent(nn.LSTM, proj_size=lambda layer: layer.proj_size)
)


class PlainAttention(nn.MultiheadAttention):
    """PyTorch's parameters and the definition's products, which a counter sees."""

    def forward(self, x: torch.Tensor, other: torch.Tensor | None = None) -> torch.Tensor:
        maps = (x, *(2 * (x if other is None else other,)))
        if other is not None and hasattr(self, "offset_bias"):
            raise ValueError("offsets between the positions of two maps")
        if maps[1].shape[1] != self.embed_dim:  # seen only now; a weight for each of the three
            sizes = dict.fromkeys(("kdim", "vdim"), maps[1].shape[1])
            bias = self.in_proj_bias is not None
            super().__init__(self.embed_dim, self.num_heads, bias=bias, **sizes)
        weights = (
            self.in_proj_weight.chunk(3)
            if self._qkv_same_embed_dim
            else (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        )
        biases = (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        query, key, value = (
            nn.functional.linear(y.flatten(2).transpose(1, 2), *held)
            .unflatten(2, (self.num_heads, -1))
            .transpose(1, 2)
            for y, *held in zip(maps, weights, biases, strict=True)
        )
        scores = query @ key.transpose(2, 3) / query.shape[3] ** 0.5
        for bias in [self.offset_bias] if hasattr(self, "offset_bias") else []:
            scores = scores + bias.sum()  # any number, wherever they are added
        y = self.out_proj((scores.softmax(3) @ value).transpose(1, 2).flatten(2))
        return y.transpose(1, 2).unflatten(2, x.shape[2:])


@twin("attention", MAPS, drawn(num_heads=st.integers(1, 4), bias=FLAGS, relative_bias=FLAGS))
def attention(layer: Any, x: Map) -> nn.Module:
    try:
        module = PlainAttention(x.channels, layer.num_heads, bias=layer.bias)
        if layer.relative_bias:
            between = [2 * size - 1 for size in x.spatial]
            module.offset_bias = nn.Parameter(torch.zeros(layer.num_heads, *between))
        return module
    except AssertionError as why:  # how PyTorch refuses heads that do not divide the channels
        raise ValueError(str(why)) from None


class Summand(nn.Module):
    """Numbers to add, which are learned, or not."""

    def __init__(self, x: Map, learned: bool) -> None:
        super().__init__()
        if learned:
            self.summand = nn.Parameter(torch.zeros(x))
        else:
            self.register_buffer("summand", torch.zeros(x))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.summand


@twin("positional_embedding", MAPS, drawn(learned=FLAGS))
def positional_embedding(layer: Any, x: Map) -> nn.Module:
    if not isinstance(x, Map):
        raise ValueError("a vector has no positions")
    return Summand(x, layer.learned)


class Function(nn.Module):
    """A function without parameters."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


@twin("power", SHAPES, drawn(exponent=st.sampled_from((-1, 0, 0.5, 1, 2, 3)), saves_output=FLAGS))
def power(layer: Any, x: Shape) -> nn.Module:
    if not layer.saves_output:
        return Function(lambda values: values.pow(layer.exponent))
    own = {0.5: torch.sqrt, -0.5: torch.rsqrt, -1: torch.reciprocal}
    if layer.exponent not in own:
        raise ValueError("PyTorch saves its input")
    return Function(own[layer.exponent])


@twin("glu", SHAPES.filter(lambda x: x.dimensions[0] % 2 == 0), drawn())
def glu(layer: Any, x: Shape) -> nn.Module:
    return nn.GLU(1)


@twin(
    "reduce",
    MAPS.filter(lambda x: x.elements > 1 and x.channels > 1),
    drawn(
        by=st.sampled_from(("mean", "sum", "max", "norm")),
        over=lambda x: (
            axis_of(x) | st.just("positions") | st.lists(axis_of(x), min_size=1, max_size=1)
        ),
        keepdim=FLAGS,
        indices=FLAGS,
    ),
)
def reduce(layer: Any, x: Shape) -> nn.Module:
    words = [layer.over] if isinstance(layer.over, str) else layer.over
    dims: list[int] = []
    for word in words:
        all_of_them = range(2, 1 + len(x.dimensions))
        dims += all_of_them if word == "positions" else [dim_of(word, x)]
    together = torch.Size(x.dimensions[dim - 1] for dim in dims).numel()
    if not dims or (layer.by == "var" and together == 1):
        raise ValueError("nothing to reduce, or no variance")
    if len(dims) == len(x.dimensions) and not layer.keepdim:
        raise ValueError("no axis is left")
    if layer.indices:
        if layer.by != "max" or len(dims) > 1:
            raise ValueError("no indices")
        return Function(lambda values: values.max(dims[0], layer.keepdim)[0])
    sort = {"max": torch.amax, "norm": torch.linalg.vector_norm}
    function = sort.get(layer.by) or getattr(torch, layer.by)
    return Function(lambda values: function(values, dim=dims, keepdim=layer.keepdim))


@twin(
    "expand",
    MAPS,
    lambda x: st.fixed_dictionaries(
        {
            "shape": st.tuples(
                *[
                    st.integers(1, 5) if size == 1 else st.sampled_from((size, -1))
                    for size in x.dimensions
                ]
            )
        }
    ),
)
def expand(layer: Any, x: Shape) -> nn.Module:
    if len(layer.shape) != len(x.dimensions):
        raise ValueError("another number of axes")
    return Function(lambda values: values.expand(-1, *layer.shape))


class Rows(nn.Embedding):
    """An embedding of the zeros that an oracle passes."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.long()).transpose(1, 2)


@twin("embedding", VECTORS, drawn(num_embeddings=COUNTS, embedding_dim=COUNTS))
def embedding(layer: Any, x: Shape) -> nn.Module:
    if not isinstance(x, Vector):  # PyTorch takes indices of any shape, and adds an axis
        raise ValueError("an embedding of a map")
    return Rows(layer.num_embeddings, layer.embedding_dim)


@twin("space_to_depth", maps(axes=(2,)), drawn(downscale_factor=st.integers(1, 3)))
def space_to_depth(layer: Any, x: Map) -> nn.Module:
    return nn.PixelUnshuffle(layer.downscale_factor)


IMAGES = maps(axes=(2,))
COLUMNS = {
    "kernel_size": sizes(1, 3),
    "stride": sizes(1, 3),
    "padding": sizes(0, 2),
    "dilation": sizes(1, 2),
}


@twin("unfold", IMAGES, drawn(**COLUMNS))
def unfold(layer: Any, x: Map) -> nn.Module:
    return nn.Unfold(layer.kernel_size, layer.dilation, layer.padding, layer.stride)


@twin(
    "fold",
    st.builds(
        Map,
        st.sampled_from((4, 6, 8, 9, 12, 18)),
        st.tuples(st.sampled_from((1, 2, 4, 6, 9, 12, 16))),
    ),
    lambda x: drawn(output_size=sizes(1, 6), **COLUMNS)(Map(1, (1, 1))),
)
def fold(layer: Any, x: Map) -> nn.Module:
    return nn.Fold(
        layer.output_size, layer.kernel_size, layer.dilation, layer.padding, layer.stride
    )


def without_fields(constructor: Callable[[], nn.Module]) -> Callable[[Any, Any], nn.Module]:
    return lambda layer, x: constructor()


for kind, constructor in {
    "identity": nn.Identity,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "selu": nn.SELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "hardswish": nn.Hardswish,
    "hardsigmoid": nn.Hardsigmoid,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}.items():
    twin(kind, SHAPES, drawn())(without_fields(constructor))


def written(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields as a spec writes them, without those that are None."""
    return {name: value for name, value in fields.items() if value is not None}


def module_of(layer: Layer, x: Shape) -> nn.Module | None:
    """PyTorch's module for a layer, in eval mode; None if there is none for these fields."""
    module = TWINS[layer.kind].module(layer, x)
    return None if module is None else module.eval()
