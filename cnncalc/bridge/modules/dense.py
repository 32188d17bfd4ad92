"""Linear layers, norms, learned factors and stochastic depth."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnncalc.bridge.modules._parameters import _beside_channels


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
        last = x.movedim(1, -1)
        y = super().forward(last.flatten(0, -2))
        return y.unflatten(0, last.shape[:-1]).movedim(-1, 1)


class ChannelsNorm(nn.LayerNorm):
    """Layer normalization over the channels of every position."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class ChannelsRMSNorm(nn.RMSNorm):
    """Root mean square normalization over the channels of every position."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class Scale(nn.Module):
    """A learned factor for each channel, and optionally a bias."""

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
    """During training, sets whole images to 0 and scales up the others."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        # Dropout of one number per image: 0, or 1/(1 − p).
        kept = functional.dropout(x.new_ones(x.shape[0], *[1] * (x.dim() - 1)), self.p)
        return x * kept
