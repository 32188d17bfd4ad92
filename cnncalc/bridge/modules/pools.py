"""Pools that torch.nn does not have."""

from collections.abc import Sequence
from functools import reduce
from math import comb, prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnncalc.bridge.modules._parameters import _beside_channels, _trained


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
        with torch.no_grad():  # only the maxima would have gradients, and nothing reads them
            _, indices = pool(pooled, *self.window, ceil_mode=self.ceil_mode, return_indices=True)
        return unpool(x, indices, *self.window, output_size=pooled.shape[2:])


class BlurPool(nn.Module):
    """A fixed binomial filter for every channel, over a map extended by reflection.

    ``padding`` lists what is added before and after each axis, the last axis first.
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
    """LeNet-5's pool: the sum of each window, times a coefficient plus a bias, one of each per
    channel."""

    def __init__(self, channels: int, window: tuple[int, ...]) -> None:
        super().__init__()
        self.window = window
        self.weight = _trained(channels, fan_in=prod(window))
        self.bias = _trained(channels, fan_in=prod(window))

    def forward(self, x: Tensor) -> Tensor:
        average = getattr(functional, f"avg_pool{len(self.window)}d")
        sums = average(x, self.window) * prod(self.window)
        return sums * _beside_channels(self.weight, x) + _beside_channels(self.bias, x)


class SideBySide(nn.Module):
    """The windows of a pool with dilation, copied side by side."""

    def __init__(
        self,
        places: Sequence[int],
        kernel_size: Sequence[int],
        stride: Sequence[int],
        dilation: Sequence[int],
    ) -> None:
        super().__init__()
        self.axes = tuple(zip(places, kernel_size, stride, dilation))

    def forward(self, x: Tensor) -> Tensor:
        for dim, (N_out, F, S, D) in enumerate(self.axes, 2):
            starts = torch.arange(N_out, device=x.device) * S
            taps = torch.arange(F, device=x.device) * D
            x = x.index_select(dim, (starts[:, None] + taps).flatten())
        return x


class MeanInside(nn.Module):
    """An average pool over a padded input that leaves the padding out of the mean."""

    def __init__(self, pool: nn.Module, sides: Sequence[int]) -> None:
        super().__init__()
        self.pool = pool
        self.sides = tuple(sides)

    def forward(self, x: Tensor) -> Tensor:
        inside = functional.pad(torch.ones_like(x[:1, :1]), self.sides)
        return self.pool(functional.pad(x, self.sides)) / self.pool(inside)
