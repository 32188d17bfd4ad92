"""The modules that layers are built from: all of ``torch.nn``, plus what it lacks.

This module is the ``nn`` that every layer's ``to_torch`` receives.
"""

from collections.abc import Sequence
from functools import partial, reduce
from math import comb, prod
from operator import add, mul
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def __getattr__(name: str) -> Any:
    return getattr(nn, name)


def padded(module: nn.Module, sides: Sequence[int], value: float = 0.0) -> nn.Module:
    """The module with its input padded first, because PyTorch's own padding is equal on both sides.
    A hook does the padding, so that the parameters keep their names."""
    if sides:
        module.register_forward_pre_hook(partial(_pad, sides=tuple(sides), value=value))
    return module


def cropped(module: nn.Module, sides: Sequence[tuple[int, int]]) -> nn.Module:
    """The module with cells cut off its output, also by a hook."""
    if any(map(any, sides)):
        module.register_forward_hook(partial(_crop, crop=Crop(sides)))
    return module


def _crop(_: nn.Module, __: tuple[Tensor], output: Tensor, crop: nn.Module) -> Tensor:
    cut: Tensor = crop(output)
    return cut


def _pad(_: nn.Module, inputs: tuple[Tensor], sides: tuple[int, ...], value: float) -> Tensor:
    return functional.pad(inputs[0], sides, value=value)


def _trained(*sizes: int, fan_in: int) -> nn.Parameter:
    """Parameters initialised like those of PyTorch's convolutions: uniform within 1/√fan_in of
    0."""
    bound = fan_in**-0.5
    return nn.Parameter(torch.empty(sizes).uniform_(-bound, bound))


def _beside_channels(values: Tensor, x: Tensor) -> Tensor:
    """One value per channel, with axes of size 1 so that it broadcasts over those of x."""
    return values.reshape(-1, *[1] * (x.dim() - 2))


# Joins.


class Add(nn.Module):
    """The sum of its inputs, or of its input and a number."""

    def __init__(self, value: float | None = None) -> None:
        super().__init__()
        self.value = value

    def forward(self, *inputs: Tensor) -> Tensor:
        return inputs[0] + self.value if len(inputs) == 1 else reduce(add, inputs)


class Multiply(nn.Module):
    """The product of its inputs, with sizes of 1 broadcast, or of its input and a number."""

    def __init__(self, value: float | None = None) -> None:
        super().__init__()
        self.value = value

    def forward(self, *inputs: Tensor) -> Tensor:
        return inputs[0] * self.value if len(inputs) == 1 else reduce(mul, inputs)


class Divide(nn.Module):
    """The quotient of its inputs, or of its input and a number."""

    def __init__(self, value: float | None = None) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        return x / (self.value if other is None else other)


class WithLearned(nn.Module):
    """A function of its input and a learned tensor, which starts at 1."""

    def __init__(self, function: str, sizes: Sequence[int]) -> None:
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.ones(tuple(sizes)))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = getattr(torch, self.function)(x, self.weight)
        return y


class Power(nn.Module):
    """A fixed power of each element."""

    def __init__(self, exponent: float) -> None:
        super().__init__()
        self.exponent = exponent

    def forward(self, x: Tensor) -> Tensor:
        return x**self.exponent


class Matmul(nn.Module):
    """The matrix product of its inputs."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return a @ b


class Concat(nn.Module):
    """Its inputs, concatenated along a dimension; 1 are the channels."""

    def __init__(self, dim: int = 1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.cat(inputs, dim=self.dim)


class Subtract(nn.Module):
    """The difference of its inputs, or of its input and a number."""

    def __init__(self, value: float | None) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        return x - (self.value if other is None else other)


class Maximum(nn.Module):
    """The largest of its inputs, element by element."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return reduce(torch.maximum, inputs)


class Abs(nn.Module):
    """The absolute value of each element."""

    def forward(self, x: Tensor) -> Tensor:
        return x.abs()


# Convolutions.


class Separable(nn.Module):
    """A depthwise convolution and a pointwise one."""

    def __init__(self, depthwise: nn.Module, pointwise: nn.Module) -> None:
        super().__init__()
        self.depthwise = depthwise
        self.pointwise = pointwise

    def forward(self, x: Tensor) -> Tensor:
        return self.pointwise(self.depthwise(x))


class PartialConv(nn.Module):
    """A convolution whose filters read only the channels that a table assigns to them (LeNet-5's
    C3).

    Filters differ in depth, so their planes are concatenated in one tensor. The padding is before
    and after each axis, the last axis first.
    """

    def __init__(
        self,
        connections: Sequence[Sequence[int]],
        kernel_size: Sequence[int],
        stride: Sequence[int],
        padding: Sequence[int],
        dilation: Sequence[int],
        bias: bool,
    ) -> None:
        super().__init__()
        self.connections = tuple(map(tuple, connections))
        self.stride = tuple(stride)
        self.padding = tuple(padding)
        self.dilation = tuple(dilation)
        depths = list(map(len, self.connections))
        fan_in = max(depths) * prod(kernel_size)
        self.weight = _trained(sum(depths), *kernel_size, fan_in=fan_in)
        self.bias = _trained(len(depths), fan_in=fan_in) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        convolve = getattr(functional, f"conv{len(self.stride)}d")
        x = functional.pad(x, self.padding)
        filters = self.weight.split([len(channels) for channels in self.connections])
        maps = [
            convolve(x[:, channels], planes[None], None, self.stride, 0, self.dilation)
            for channels, planes in zip(self.connections, filters)
        ]
        y = torch.cat(maps, dim=1)
        return y if self.bias is None else y + _beside_channels(self.bias, y)


class LocallyConnected(nn.Module):
    """A convolution with separate filters and biases at every position.

    The padding is before and after each axis, the last axis first.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        places: Sequence[int],
        kernel_size: Sequence[int],
        stride: Sequence[int],
        padding: Sequence[int],
        dilation: Sequence[int],
        bias: bool,
    ) -> None:
        super().__init__()
        self.places = tuple(places)
        self.windows = tuple(zip(kernel_size, stride, dilation))
        self.padding = tuple(padding)
        taps = in_channels * prod(kernel_size)
        self.weight = _trained(prod(places), taps, out_channels, fan_in=taps)
        self.bias = _trained(out_channels, *places, fan_in=taps) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        x = functional.pad(x, self.padding)
        for dim, (F, S, D) in enumerate(self.windows, 2):
            x = x.unfold(dim, D * (F - 1) + 1, S)[..., ::D]
        # Now batch, channels, positions and taps: a matrix of images and taps at every position.
        n = len(self.places)
        places, taps = range(2, 2 + n), range(2 + n, 2 + 2 * n)
        windows = x.permute(*places, 0, 1, *taps).flatten(0, n - 1).flatten(2)
        y = torch.bmm(windows, self.weight).permute(1, 2, 0).unflatten(2, self.places)
        return y if self.bias is None else y + self.bias


class ComputedConv(nn.Module):
    """A convolution with computed filters. The padding is before and after each axis, the last axis
    first."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sequence[int],
        stride: Sequence[int],
        padding: Sequence[int],
        dilation: Sequence[int],
        groups: int,
        bias: bool,
    ) -> None:
        super().__init__()
        self.stride = tuple(stride)
        self.padding = tuple(padding)
        self.dilation = tuple(dilation)
        self.groups = groups
        fan_in = in_channels // groups * prod(kernel_size)
        self.weight = _trained(out_channels, in_channels // groups, *kernel_size, fan_in=fan_in)
        self.bias = _trained(out_channels, fan_in=fan_in) if bias else None

    def filters(self) -> Tensor:
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        convolve = getattr(functional, f"conv{len(self.stride)}d")
        x = functional.pad(x, self.padding)
        return convolve(x, self.filters(), self.bias, self.stride, 0, self.dilation, self.groups)


class WeightNormConv(ComputedConv):
    """A convolution whose filters have learned lengths."""

    def __init__(self, in_channels: int, out_channels: int, *window: Any, **more: Any) -> None:
        super().__init__(in_channels, out_channels, *window, **more)
        norms = self.weight.detach().flatten(1).norm(dim=1)
        self.scale = nn.Parameter(norms)

    def filters(self) -> Tensor:
        rows = self.weight.flatten(1)
        return (rows * (self.scale / rows.norm(dim=1))[:, None]).unflatten(1, self.weight.shape[1:])


class StandardizedConv(ComputedConv):
    """A convolution whose filters have mean 0 and variance 1."""

    def filters(self) -> Tensor:
        rows = self.weight.flatten(1)
        deviation = (rows.var(dim=1, correction=0, keepdim=True) + 1e-10).sqrt()
        rows = (rows - rows.mean(dim=1, keepdim=True)) / deviation
        return rows.unflatten(1, self.weight.shape[1:])


class DeformConv(nn.Module):
    """A convolution whose taps are moved by offsets (and multiplied by factors).

    The padding is before and after each axis, the last axis first. Offsets are ordered as in
    torchvision: group, tap, then vertical and horizontal.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sequence[int],
        stride: Sequence[int],
        padding: Sequence[int],
        dilation: Sequence[int],
        groups: int,
        offset_groups: int,
        bias: bool,
    ) -> None:
        super().__init__()
        self.windows = tuple(zip(kernel_size, stride, dilation))
        self.padding = tuple(padding)
        self.groups = groups
        self.offset_groups = offset_groups
        fan_in = in_channels // groups * prod(kernel_size)
        self.weight = _trained(out_channels, in_channels // groups, *kernel_size, fan_in=fan_in)
        self.bias = _trained(out_channels, fan_in=fan_in) if bias else None

    def forward(self, x: Tensor, offsets: Tensor, factors: Tensor | None = None) -> Tensor:
        x = functional.pad(x, self.padding)
        places = offsets.shape[2:]
        images = x.shape[0] * self.offset_groups
        # One row of the sampling grid per tap, for each image and group of offsets.
        moved = offsets.reshape(images, -1, 2, *places)
        grid = torch.stack([self._moved(x, moved, axis) for axis in (1, 0)], dim=-1)
        read = functional.grid_sample(
            x.reshape(images, -1, *x.shape[2:]), grid.flatten(1, 2), align_corners=False
        ).unflatten(2, (-1, places[0]))
        if factors is not None:
            read = read * factors.reshape(images, 1, -1, *places)
        columns = read.reshape(x.shape[0], self.groups, -1, prod(places))
        filters = self.weight.reshape(self.groups, -1, columns.shape[2])
        y = (filters @ columns).reshape(x.shape[0], -1, *places)
        return y if self.bias is None else y + _beside_channels(self.bias, y)

    def _moved(self, x: Tensor, moved: Tensor, axis: int) -> Tensor:
        """Where the taps read along an axis; the edges of the map are at -1 and 1."""
        F, S, D = self.windows[axis]
        taps = torch.arange(F, device=x.device) * D
        starts = torch.arange(moved.shape[3 + axis], device=x.device) * S
        tap = taps.reshape((-1, 1) if axis == 0 else (1, -1))
        tap = tap.expand([one for one, _, _ in self.windows]).reshape(-1, 1, 1)
        place = tap + starts.reshape((-1, 1) if axis == 0 else (1, -1)) + moved[:, :, axis]
        return (2 * place + 1) / x.shape[2 + axis] - 1


# Pools.


class MaxUnpool(nn.Module):
    """Puts values where a max pool of another map finds its maxima."""

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        stride: Any,
        padding: int | Sequence[int],
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.window = (kernel_size, stride, padding)
        self.ceil_mode = ceil_mode

    def forward(self, x: Tensor, pooled: Tensor) -> Tensor:
        axes = x.dim() - 2
        pool = getattr(functional, f"max_pool{axes}d")
        unpool = getattr(functional, f"max_unpool{axes}d")
        _, indices = pool(pooled, *self.window, ceil_mode=self.ceil_mode, return_indices=True)
        return unpool(x, indices, *self.window, output_size=pooled.shape[2:])


class BlurPool(nn.Module):
    """A fixed binomial filter for every channel, over a map extended by reflection.

    The padding is before and after each axis, the last axis first.
    """

    def __init__(
        self, channels: int, kernel_size: int, stride: Any, padding: Sequence[int]
    ) -> None:
        super().__init__()
        self.stride = stride
        self.padding = tuple(padding)
        row = torch.tensor(
            [comb(kernel_size - 1, k) / 2 ** (kernel_size - 1) for k in range(kernel_size)]
        )
        axes = len(padding) // 2
        filt = reduce(torch.multiply, [row.reshape(-1, *[1] * n) for n in range(axes)])
        self.register_buffer("filt", filt.repeat(channels, 1, *[1] * axes))

    def forward(self, x: Tensor) -> Tensor:
        convolve = getattr(functional, f"conv{x.dim() - 2}d")
        if any(self.padding):
            x = functional.pad(x, self.padding, mode="reflect")
        return convolve(x, self.filt, None, self.stride, groups=x.shape[1])


class Subsampling(nn.Module):
    """LeNet-5's pool: the sum of each window, times a coefficient, plus a bias per channel."""

    def __init__(self, channels: int, window: tuple[int, ...]) -> None:
        super().__init__()
        self.window = window
        self.weight = _trained(channels, fan_in=prod(window))
        self.bias = _trained(channels, fan_in=prod(window))

    def forward(self, x: Tensor) -> Tensor:
        average = getattr(functional, f"avg_pool{len(self.window)}d")
        sums = average(x, self.window) * prod(self.window)
        return sums * _beside_channels(self.weight, x) + _beside_channels(self.bias, x)


class MeanInside(nn.Module):
    """An average pool over a padded input that leaves the padding out of the mean."""

    def __init__(self, pool: nn.Module, sides: Sequence[int]) -> None:
        super().__init__()
        self.pool = pool
        self.sides = tuple(sides)

    def forward(self, x: Tensor) -> Tensor:
        inside = functional.pad(torch.ones_like(x[:1, :1]), self.sides)
        return self.pool(functional.pad(x, self.sides)) / self.pool(inside)


# Linear layers.


class Maxout(nn.Linear):
    """The largest of k linear functions for every output."""

    def __init__(self, n_in: int, n_out: int, k: int, bias: bool) -> None:
        super().__init__(n_in, n_out * k, bias)
        self.pieces = k

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).unflatten(1, (-1, self.pieces)).amax(dim=2)


class RBF(nn.Module):
    """Squared distances from prototypes, which are fixed weights. They start as random bitmaps of
    −1 and 1."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        bitmaps = torch.randint(2, (n_out, n_in)) * 2.0 - 1.0
        self.weight = nn.Parameter(bitmaps, requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        return (x[:, None] - self.weight).square().sum(dim=2)


class PositionLinear(nn.Linear):
    """A linear layer over the channels of every position."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


# Norms, factors, and what is dropped in training.


class ChannelsNorm(nn.LayerNorm):
    """Layer normalisation over the channels of every position."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class Scale(nn.Module):
    """A learned factor for each channel, and perhaps a bias."""

    def __init__(self, channels: int, initial: float, bias: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), float(initial)))
        self.bias = nn.Parameter(torch.zeros(channels)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        y = x * _beside_channels(self.weight, x)
        return y if self.bias is None else y + _beside_channels(self.bias, x)


class ElementSlopes(nn.Module):
    """Keras's PReLU: a learned slope for each element of an image."""

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full(tuple(sizes), 0.25))

    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(min=0) + self.weight * x.clamp(max=0)


class StochasticDepth(nn.Module):
    """In training, sets whole images to 0 and scales up the others."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        # Dropout of one number per image: 0, or 1/(1 − p).
        kept = functional.dropout(x.new_ones(x.shape[0], *[1] * (x.dim() - 1)), self.p)
        return x * kept


# Positions and sizes.


class Crop(nn.Module):
    """The map without some positions at its edges."""

    def __init__(self, sides: Sequence[tuple[int, int]]) -> None:
        super().__init__()
        self.sides = tuple(sides)

    def forward(self, x: Tensor) -> Tensor:
        for dim, (before, after) in enumerate(self.sides, 2):
            x = x.narrow(dim, before, x.shape[dim] - before - after)
        return x


class Slice(nn.Module):
    """The places from start up to stop along a dimension; 1 are the channels."""

    def __init__(self, start: int, stop: int | None, dim: int = 1) -> None:
        super().__init__()
        self.start = start
        self.stop = stop
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        return x[(*[slice(None)] * self.dim, slice(self.start, self.stop))]


class Expand(nn.Module):
    """The input repeated along axes of size 1, as a view."""

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__()
        self.sizes = tuple(sizes)

    def forward(self, x: Tensor) -> Tensor:
        return x.expand(-1, *self.sizes)


class Reduce(nn.Module):
    """The mean, sum, maximum, variance or norm over some dimensions; 1 are the channels."""

    def __init__(self, by: str, dims: Sequence[int], keepdim: bool) -> None:
        super().__init__()
        self.by = by
        self.dims = tuple(dims)
        self.keepdim = keepdim

    def forward(self, x: Tensor) -> Tensor:
        function = {
            "mean": torch.mean,
            "sum": torch.sum,
            "max": torch.amax,
            "var": torch.var,
            "norm": torch.linalg.vector_norm,
        }[self.by]
        return function(x, dim=self.dims, keepdim=self.keepdim)


class Reshape(nn.Module):
    """The same elements in another shape."""

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        self.shape = tuple(shape)

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], *self.shape)


class Permute(nn.Module):
    """Permutes the axes after the batch."""

    def __init__(self, order: Sequence[int]) -> None:
        super().__init__()
        self.order = tuple(order)

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, *[1 + place for place in self.order])


# Sequences: the positions of a map in order, with the channels last.


class _Signal(nn.RNNBase):
    """A recurrent network over the positions of a signal. It outputs the states at all of them, or
    only the last state of each direction."""

    def __init__(
        self,
        *sizes: int,
        separate_biases: bool = True,
        return_sequences: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__(*sizes, **settings)
        self.return_sequences = return_sequences
        # Without separate biases, those of the state are zeros that are not learned.
        biases = [name for name in self._parameters if name.startswith("bias_hh")]
        self.absent = [] if separate_biases else biases
        for name in self.absent:
            del self._parameters[name]

    def forward(self, x: Tensor) -> Tensor:
        for name in self.absent:
            setattr(self, name, self.weight_hh_l0.new_zeros(self.weight_hh_l0.shape[0]))
        # oneDNN's kernels hide their products from counters.
        with torch.backends.mkldnn.flags(enabled=False, allow_tf32=None):
            y = super().forward(x.movedim(1, -1))[0].movedim(-1, 1)
        if self.return_sequences:
            return y
        forwards, *backwards = y.chunk(2 if self.bidirectional else 1, dim=1)
        return torch.cat([forwards[..., -1], *(one[..., 0] for one in backwards)], dim=1)


class SignalRNN(_Signal, nn.RNN):
    """A plain recurrent network."""


class SignalGRU(_Signal, nn.GRU):
    """Gated recurrent units."""


class SignalLSTM(_Signal, nn.LSTM):
    """Long short-term memories."""


class ConvLSTM(nn.Module):
    """A convolutional LSTM over the frames of a sequence. ``cell`` is the size of a frame if the
    gates have peepholes."""

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        kernel_size: Sequence[int],
        bias: bool,
        cell: Sequence[int],
    ) -> None:
        super().__init__()
        self.hidden_channels = hidden_channels
        conv = getattr(nn, f"Conv{len(kernel_size)}d")
        channels = in_channels + hidden_channels
        self.gates = conv(channels, 4 * hidden_channels, kernel_size, padding="same", bias=bias)
        self.peeps = bool(cell)
        for gate in "ifo" if cell else "":
            self.register_parameter(
                f"weight_c{gate}", _trained(hidden_channels, *cell, fan_in=hidden_channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        hidden = cell = x.new_zeros(x.shape[0], self.hidden_channels, *x.shape[3:])
        states = []
        for frame in x.unbind(2):
            i, f, g, o = self.gates(torch.cat([frame, hidden], dim=1)).chunk(4, dim=1)
            if self.peeps:
                i, f = i + self.weight_ci * cell, f + self.weight_cf * cell
            cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
            o = o + self.weight_co * cell if self.peeps else o
            hidden = o.sigmoid() * cell.tanh()
            states.append(hidden)
        return torch.stack(states, dim=2)


class ClassToken(nn.Module):
    """Learned positions before those of a signal."""

    def __init__(self, channels: int, tokens: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels, tokens))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.weight.expand(x.shape[0], -1, -1), x], dim=2)


class PositionAttention(nn.MultiheadAttention):
    """Multi-head attention of the positions of a map to one another, or to those of another map."""

    def forward(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        tokens = x.flatten(2).mT
        # A view is another tensor, so that no kernel hides its products from counters.
        read = tokens.view_as(tokens) if other is None else other.flatten(2).mT
        return super().forward(tokens, read, read)[0].mT.reshape(x.shape)


class RelativeAttention(nn.MultiheadAttention):
    """Multi-head attention with a learned bias per head for every offset between positions."""

    def __init__(self, sizes: Sequence[int], channels: int, heads: int, bias: bool) -> None:
        super().__init__(channels, heads, bias=bias, batch_first=True)
        self.sizes = tuple(sizes)
        offsets = prod(2 * size - 1 for size in sizes)
        self.relative_bias = nn.Parameter(torch.zeros(heads, offsets))

    def forward(self, x: Tensor) -> Tensor:
        places = torch.meshgrid(
            *[torch.arange(size, device=x.device) for size in self.sizes], indexing="ij"
        )
        index: Any = 0
        for size, place in zip(self.sizes, places, strict=True):
            offset = place.flatten()[:, None] - place.flatten() + size - 1
            index = index * (2 * size - 1) + offset
        tokens = x.flatten(2).mT
        mask = self.relative_bias[:, index].repeat(len(x), 1, 1)
        read = tokens.view_as(tokens)
        return super().forward(tokens, read, read, attn_mask=mask)[0].mT.reshape(x.shape)


class PositionalEmbedding(nn.Module):
    """The input plus a number for each element, which is learned, or a wave along the positions."""

    def __init__(self, sizes: Sequence[int], learned: bool) -> None:
        super().__init__()
        if learned:
            self.weight = nn.Parameter(torch.empty(tuple(sizes)).normal_(std=0.02))
            return
        C, n = sizes[0], prod(sizes[1:])
        rates = 10_000 ** (-(torch.arange(C) // 2 * 2) / C)
        angles = rates[:, None] * torch.arange(n)
        waves = torch.where(torch.arange(C)[:, None] % 2 == 0, angles.sin(), angles.cos())
        self.register_buffer("weight", waves.reshape(tuple(sizes)))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight


class WordEmbedding(nn.Embedding):
    """A row for each index, turned into channels."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.long()).movedim(-1, 1)
