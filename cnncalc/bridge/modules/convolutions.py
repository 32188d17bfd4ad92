"""Convolutions that torch.nn does not have."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnncalc.bridge.modules._parameters import _beside_channels, _trained


class Separable(nn.Module):
    """A depthwise convolution and a pointwise one."""

    def __init__(self, depthwise: nn.Module, pointwise: nn.Module) -> None:
        super().__init__()
        self.depthwise = depthwise
        self.pointwise = pointwise

    def forward(self, x: Tensor) -> Tensor:
        return self.pointwise(self.depthwise(x))


class _Windows(nn.Module):
    """Windows over a padded input. ``padding`` lists what is added before and after each axis, the
    last axis first; in a ``ComputedConv``, what is added at both ends of each axis, in order."""

    def __init__(
        self,
        kernel_size: Sequence[int],
        stride: Sequence[int],
        padding: Sequence[int],
        dilation: Sequence[int],
    ) -> None:
        super().__init__()
        self.kernel_size = tuple(kernel_size)
        self.stride = tuple(stride)
        self.padding = tuple(padding)
        self.dilation = tuple(dilation)

    def padded(self, x: Tensor) -> Tensor:
        return functional.pad(x, self.padding)

    def convolved(
        self,
        x: Tensor,
        filters: Tensor,
        bias: Tensor | None = None,
        groups: int = 1,
        padding: Sequence[int] | int = 0,
    ) -> Tensor:
        convolve = getattr(functional, f"conv{len(self.stride)}d")
        y: Tensor = convolve(x, filters, bias, self.stride, padding, self.dilation, groups)
        return y


class PartialConv(_Windows):
    """A convolution whose filters read only the channels that a table assigns to them (LeNet-5's
    C3).

    Filters differ in depth, so their planes are concatenated in one tensor.
    """

    def __init__(
        self, connections: Sequence[Sequence[int]], *window: Sequence[int], bias: bool
    ) -> None:
        super().__init__(*window)
        self.connections = tuple(map(tuple, connections))
        depths = list(map(len, self.connections))
        fan_in = max(depths) * prod(self.kernel_size)
        self.weight = _trained(sum(depths), *self.kernel_size, fan_in=fan_in)
        self.bias = _trained(len(depths), fan_in=fan_in) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.padded(x)
        filters = self.weight.split([len(channels) for channels in self.connections])
        maps = [
            self.convolved(x[:, channels], planes[None])
            for channels, planes in zip(self.connections, filters)
        ]
        y = torch.cat(maps, dim=1)
        return y if self.bias is None else y + _beside_channels(self.bias, y)


class LocallyConnected(_Windows):
    """A convolution with separate filters and biases at every position."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        places: Sequence[int],
        *window: Sequence[int],
        bias: bool,
    ) -> None:
        super().__init__(*window)
        self.places = tuple(places)
        taps = in_channels * prod(self.kernel_size)
        self.weight = _trained(prod(places), taps, out_channels, fan_in=taps)
        self.bias = _trained(out_channels, *places, fan_in=taps) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.padded(x)
        for dim, (F, S, D) in enumerate(zip(self.kernel_size, self.stride, self.dilation), 2):
            x = x.unfold(dim, D * (F - 1) + 1, S)[..., ::D]
        # Now batch, channels, positions and taps: a matrix of images and taps at every position.
        n = len(self.places)
        places, taps = range(2, 2 + n), range(2 + n, 2 + 2 * n)
        windows = x.permute(*places, 0, 1, *taps).flatten(0, n - 1).flatten(2)
        y = torch.bmm(windows, self.weight).permute(1, 2, 0).unflatten(2, self.places)
        return y if self.bias is None else y + self.bias


class _Filters(_Windows):
    """The filters and biases of a convolution with groups."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *window: Sequence[int],
        groups: int,
        bias: bool,
    ) -> None:
        super().__init__(*window)
        self.groups = groups
        depth = in_channels // groups
        fan_in = depth * prod(self.kernel_size)
        self.weight = _trained(out_channels, depth, *self.kernel_size, fan_in=fan_in)
        self.bias = _trained(out_channels, fan_in=fan_in) if bias else None


class ComputedConv(_Filters, ABC):
    """A convolution with computed filters, which pads both sides of an axis alike."""

    @abstractmethod
    def filters(self) -> Tensor:
        """The filters, computed from the learned tensors."""

    def forward(self, x: Tensor) -> Tensor:
        return self.convolved(x, self.filters(), self.bias, self.groups, self.padding)


class WeightNormConv(ComputedConv):
    """A convolution whose filters have learned lengths."""

    def __init__(self, in_channels: int, out_channels: int, *window: Any, **more: Any) -> None:
        super().__init__(in_channels, out_channels, *window, **more)
        rows = tuple(range(1, self.weight.dim()))
        norms = torch.linalg.vector_norm(self.weight.detach(), dim=rows, keepdim=True)
        self.scale = nn.Parameter(norms)

    def filters(self) -> Tensor:
        return torch._weight_norm(self.weight, self.scale)


class StandardizedConv(ComputedConv):
    """A convolution whose filters have mean 0 and variance 1. If ``scale`` is given, each filter is
    multiplied by it and by a learned factor."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *window: Any,
        scale: float | None,
        eps: float,
        **more: Any,
    ) -> None:
        super().__init__(in_channels, out_channels, *window, **more)
        self.scale = scale
        self.eps = eps
        if scale is not None:
            self.gain = nn.Parameter(torch.ones(out_channels))

    def filters(self) -> Tensor:
        rows, factors = self.weight.flatten(1)[None], None
        if self.scale is not None:
            factors = self.gain * self.scale
        rows = functional.batch_norm(rows, None, None, factors, None, True, 0, self.eps)
        return rows[0].unflatten(1, self.weight.shape[1:])


class DeformConv(_Filters):
    """A convolution whose taps are moved by offsets and, optionally, multiplied by factors.

    Offsets are ordered as in torchvision: group, tap, then vertical and horizontal.
    """

    def __init__(self, *window: Any, offset_groups: int = 1, **more: Any) -> None:
        super().__init__(*window, **more)
        self.offset_groups = offset_groups

    def forward(self, x: Tensor, offsets: Tensor, factors: Tensor | None = None) -> Tensor:
        x = self.padded(x)
        places = offsets.shape[2:]
        images = x.shape[0] * self.offset_groups
        # The grid has the rows of every tap one after another, for each image and group of offsets.
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
        F, S, D = self.kernel_size[axis], self.stride[axis], self.dilation[axis]
        taps = torch.arange(F, device=x.device) * D
        starts = torch.arange(moved.shape[3 + axis], device=x.device) * S
        tap = taps.reshape((-1, 1) if axis == 0 else (1, -1))
        tap = tap.expand(self.kernel_size).reshape(-1, 1, 1)
        place = tap + starts.reshape((-1, 1) if axis == 0 else (1, -1)) + moved[:, :, axis]
        return (2 * place + 1) / x.shape[2 + axis] - 1
