"""Modules for sequences, which are the positions of a map in order, and for tensors that do not
depend on the input."""

from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from cnncalc.bridge.modules._parameters import _trained


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
        # oneDNN's kernels would hide their products from FLOP counters.
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
    gates have peepholes, and empty otherwise."""

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
        # A view counts as another tensor, so that no fused kernel hides its products from FLOP
        # counters.
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


class DotProductAttention(nn.Module):
    """Attention over heads × positions × features, optionally with a mask added to the scores."""

    def __init__(self, scale: float | None, steps: bool) -> None:
        super().__init__()
        self.scale = scale
        self.kernels = partial(sdpa_kernel, SDPBackend.MATH) if steps else nullcontext

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        given = (query, key, value) if mask is None else (query, key, value, mask)
        windows = query.shape[1:-3]  # the kernel takes them only as images of the batch
        if windows and self.kernels is nullcontext:
            given = tuple(one.expand(-1, *windows, -1, -1, -1).flatten(0, 1) for one in given)
        attention = partial(functional.scaled_dot_product_attention, scale=self.scale)
        with self.kernels():
            y = attention(*given)
        return y.view(*query.shape[:-1], value.shape[-1])


class Constant(nn.Module):
    """Learned or fixed numbers that do not depend on the input."""

    def __init__(self, sizes: Sequence[int], learned: bool) -> None:
        super().__init__()
        if learned:
            self.weight = nn.Parameter(torch.zeros(tuple(sizes)))
        else:
            self.register_buffer("weight", torch.zeros(tuple(sizes)))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight.expand(len(x), *self.weight.shape)


class Computed(nn.Module):
    """Numbers that a model computes from learned and fixed numbers, but not from the input."""

    def __init__(self, value: Tensor, learned: int, fixed: int) -> None:
        super().__init__()
        self.value = value.requires_grad_(learned > 0)
        if learned:
            self.weight = nn.Parameter(torch.zeros(learned))
        if fixed:
            self.register_buffer("fixed", torch.zeros(fixed))

    def forward(self, x: Tensor) -> Tensor:
        return self.value.to(x.device).expand(len(x), *self.value.shape)


class PositionalEmbedding(nn.Module):
    """The input plus a number for each element, which is learned or the value of a wave along the
    positions."""

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
