"""Recurrent layers and attention of tensors that were computed along their axes, so that their
channels may come last in memory as well."""

import pytest
import torch
from torch import nn
from torch.nn import functional

import cnncalc
from cnncalc import UsageError


class Reads(nn.Module):
    """Calls a function of a module, two convolutions and a signal with 4 channels."""

    def __init__(self, module, function):
        super().__init__()
        self.module, self.function = module, function
        self.first, self.second = nn.Conv1d(4, 8, 1), nn.Conv1d(4, 8, 2, 2)
        self.token, self.registers = (nn.Parameter(torch.rand(1, n, 8)) for n in (1, 3))

    def forward(self, x):
        y = self.function(self, x)
        return y[0] if isinstance(y, tuple) else y


def rows(x):
    return x.transpose(1, 2)


def places(x):
    return x.permute(2, 0, 1)


def encoder(**options):
    return nn.TransformerEncoderLayer(8, 2, 16, **options)


def pooled(m, x):
    x = places(m.first(x))
    x = torch.cat([x.mean(0, keepdim=True), x])
    return m.module(x[:1], x, x)[0].squeeze(0)


def with_registers(m, x):
    x = rows(m.first(x))
    extra = [one.expand(len(x), -1, -1) for one in (m.token, m.registers)]
    return m.module(torch.cat([*extra, x], 1))[:, 0]


def self_attention(m, x):
    x = places(m.first(x))
    x = torch.cat([x, x])
    return m.module(x, x, x)[0].transpose(0, 1)


def two_scales(m, x):
    return m.module(torch.cat([places(m.first(x)), places(m.second(x))])).permute(1, 2, 0)


def columns(m, x):
    return m.module(functional.relu(m.first(x).unsqueeze(2).permute(3, 0, 1, 2)).squeeze(3))[
        0
    ].transpose(0, 1)


CASES = {
    "concatenated features": (
        nn.LSTM(16, 5, batch_first=True),
        lambda m, x: m.module(torch.cat([rows(m.first(x)), rows(m.first(x))], 2)),
        2 * 4 * 8 * 6 + 4 * 5 * (16 + 5) * 6,
    ),
    "stacked features": (
        nn.LSTM(16, 5, batch_first=True),
        lambda m, x: m.module(torch.stack([rows(m.first(x)), rows(m.first(x))], 3).flatten(2)),
        2 * 4 * 8 * 6 + 4 * 5 * (16 + 5) * 6,
    ),
    "dropped positions": (
        nn.LSTM(8, 5, batch_first=True),
        lambda m, x: m.module(functional.dropout1d(rows(m.first(x)), 0.5, m.training)),
        4 * 8 * 6 + 4 * 5 * (8 + 5) * 6,
    ),
    "columns of a map with one row": (
        nn.LSTM(8, 5, bidirectional=True), columns, 4 * 8 * 6 + 2 * 4 * 5 * (8 + 5) * 6
    ),
    "softmax, with the positions first": (
        nn.GRU(8, 5),
        lambda m, x: m.module(places(m.first(x)).softmax(-1))[0].transpose(0, 1),
        4 * 8 * 6 + 3 * 5 * (8 + 5) * 6,
    ),
    "a signal with its channels last": (
        nn.LSTM(6, 5, batch_first=True), lambda m, x: m.module(x), 4 * 5 * (6 + 5) * 4
    ),
    "attention with the positions first": (
        nn.MultiheadAttention(8, 2), self_attention, 4 * 8 * 6 + 4 * 8 * 8 * 12 + 2 * 8 * 12 * 12
    ),
    "attention of the mean to all positions": (  # as at the end of CLIP's ResNets
        nn.MultiheadAttention(8, 2), pooled, 4 * 8 * 6 + 2 * 8 * 8 + 2 * 8 * 8 * 7 + 2 * 8 * 7
    ),
    "a class token and registers": (
        encoder(batch_first=True),
        with_registers,
        4 * 8 * 6 + 4 * 8 * 8 * 10 + 2 * 8 * 10 * 10 + 2 * 8 * 16 * 10,
    ),
    "two scales with the positions first": (
        encoder(),
        two_scales,
        4 * 8 * 6 + 2 * 4 * 8 * 3 + 4 * 8 * 8 * 9 + 2 * 8 * 9 * 9 + 2 * 8 * 16 * 9,
    ),
}  # fmt: skip
"""A module, what is called, and the MACs by hand for 6 positions."""


@pytest.mark.parametrize("name", CASES)
def test_sequences_are_read_in_any_order(name):
    module, function, macs = CASES[name]
    model = Reads(module, function).eval()
    x = torch.rand(1, 4, 6, requires_grad=True)
    model(x).sum().backward()
    used = sum(one.numel() for one in model.parameters() if one.grad is not None)
    report = cnncalc.summarize(cnncalc.from_torch(model, (4, 6)))
    assert "opaque" not in [row.kind for row in report]
    assert (report.totals.params, report.totals.macs) == (used, macs)
    assert report.output_shape == tuple(model(x).shape[1:])
    with pytest.raises(UsageError, match="is not modelled"):
        cnncalc.memory(report)
    checked = cnncalc.verify(model, "cpu", input=(4, 6))
    assert checked.agrees, checked.disagreements


class Tagged(nn.Module):
    """Reads words and their tags, given by their numbers."""

    def __init__(self):
        super().__init__()
        self.word, self.tag = nn.Embedding(50, 6), nn.Embedding(20, 4)
        self.lstm = nn.LSTM(10, 5, batch_first=True)

    def forward(self, x):
        return self.lstm(torch.cat([self.word(x), self.tag(x)], -1))[0]


def test_concatenated_embeddings_are_read():
    report = cnncalc.summarize(cnncalc.from_torch(Tagged(), (6,)))
    assert [row.kind for row in report if row.params] == ["embedding", "embedding", "lstm"]
    assert report.totals.params == 50 * 6 + 20 * 4 + 4 * 5 * (10 + 5 + 2)
    assert report.totals.macs == 4 * 5 * (10 + 5) * 6


def test_attention_along_the_batch_is_opaque():
    model = Reads(nn.MultiheadAttention(8, 2), lambda m, x: m.module(*[rows(m.first(x))] * 3))
    report = cnncalc.summarize(cnncalc.from_torch(model, (4, 6)))
    assert report.outputs[0].kind == "opaque"
