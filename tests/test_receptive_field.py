"""Receptive fields against PyTorch: the inputs that have a gradient from one output unit."""

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc.errors import CnncalcError

LENGTH = 40


def convs(pads):
    return st.fixed_dictionaries(
        {
            "out_channels": st.just(1),
            "kernel_size": st.integers(1, 5),
            "stride": st.integers(1, 3),
            "padding": pads,
            "dilation": st.integers(1, 3),
        }
    ).map(lambda fields: {"conv": fields})


def pools():
    return st.integers(1, 4).flatmap(
        lambda size: st.fixed_dictionaries(
            {
                "kernel_size": st.just(size),
                "stride": st.integers(1, 3),
                "padding": st.integers(0, size // 2),
            }
        ).map(lambda fields: {"avg_pool": fields})
    )


layer = convs(st.integers(0, 4)) | pools()
# Two convolutions that keep the size and read differently far, and the identity, joined.
kept = st.sampled_from([(1, 1), (3, 1), (3, 2), (5, 1), (5, 3)]).map(
    lambda it: {
        "conv": {
            "out_channels": 1,
            "kernel_size": it[0],
            "dilation": it[1],
            "padding": it[1] * (it[0] - 1) // 2,
        }
    }
)
fork = st.tuples(st.lists(kept, max_size=2), st.lists(kept, max_size=2)).map(
    lambda ways: {"branches": {"a": ways[0], "b": ways[1]}, "join": "add"}
)


def seen(spec):
    """For each output unit, the first and last input pixel with a gradient."""
    network = cnncalc.to_torch(spec).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1.0)
    image = torch.rand(1, 1, LENGTH, dtype=torch.double, requires_grad=True)
    for unit in network(image).flatten():
        (gradient,) = torch.autograd.grad(unit, image, retain_graph=True)
        pixels = gradient.flatten().nonzero().flatten().tolist()
        yield (pixels[0], pixels[-1]) if pixels else None


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(layer | fork, min_size=1, max_size=4))
def test_every_unit_sees_exactly_what_is_said(layers):
    spec = {"input": [1, LENGTH], "layers": layers}
    try:
        report = cnncalc.summarize(spec)
    except CnncalcError:
        assume(False)
    (field,) = report.rows[-1].fields
    for index, support in enumerate(seen(spec)):
        first = field.start + index * field.jump
        last = first + field.size - 1
        if first >= 0 and last < LENGTH:
            assert support == (first, last), index
        elif support is not None:  # cut by the border: taps in the padding have no pixel
            assert first <= support[0], index
            assert support[1] <= last, index


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))
def test_transposed_layers_see_no_more_than_is_said_and_some_unit_that_much(F, S, D):
    layers = [{"conv_transpose": {"filters": 1, "kernel": F, "stride": S, "dilation": D}}]
    spec = {"input": [1, LENGTH], "layers": layers}
    (size,) = cnncalc.summarize(spec).rows[-1].receptive_field
    widths = [last - first + 1 for first, last in filter(None, seen(spec))]
    assert max(widths) == size


@pytest.mark.parametrize(
    "layers",
    [
        ["global_avg_pool", {"upsample": 7}, {"conv": {"filters": 1, "kernel": 3, "padding": 1}}],
        [{"conv": {"filters": 1, "kernel": 3}}, "global_avg_pool"],
        [{"conv": {"filters": 1, "kernel": 3}}, {"linear": 2}],
    ],
)
def test_what_has_seen_everything_sees_no_more(layers):
    report = cnncalc.summarize({"input": [1, LENGTH], "layers": layers})
    assert report.rows[-1].receptive_field == (LENGTH,)
