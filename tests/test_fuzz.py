"""A few hundred random layers and networks compared with PyTorch, and proof that the fuzzer can
fail.

The long run is a command: see fuzz.py and docs/fuzzing.md.
"""

from collections import Counter
from pathlib import Path

import fuzz
import pytest
import random_networks
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_networks import Single
from torch.utils.flop_counter import FlopCounterMode
from typer.testing import CliRunner

import cnncalc
from cnncalc import footprint, layers
from cnncalc.bridge.network import Network
from cnncalc.core.errors import CnncalcError, LayerError, UsageError
from cnncalc.core.layer import Reach, need_map
from cnncalc.core.shape import Map, Vector

pytestmark = pytest.mark.filterwarnings(
    "ignore::UserWarning"
)  # PyTorch's, with odd but legal sizes

RANDOM = st.randoms(use_true_random=False)


def few(times):
    """This many times as many examples as other tests draw."""
    return settings(
        max_examples=times * settings.default.max_examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # the fuzzer shrinks cases itself
    )


@few(4)
@given(RANDOM.map(random_networks.single))
def test_a_layer_matches_pytorch_or_both_refuse_it(case):
    assert not fuzz.check_layer(case).disagreements


@few(2)
@given(RANDOM.map(fuzz.network))
def test_a_network_matches_pytorch(case):
    assert not fuzz.check_network(case).disagreements, case.text


@few(2)
@given(RANDOM.map(fuzz.layer_or_network))
def test_no_output_exceeds_its_receptive_field(case):
    assert not fuzz.check_fields(case).disagreements, case.text


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("pool", ["global_avg_pool", {"adaptive_avg_pool": 1}])
@pytest.mark.parametrize(
    "first",
    [{"layer_norm": "channels"}, {"permute": [2, 0, 1]}, {"locally_connected": {"K": 3, "F": 2}}],
)
def test_the_means_of_a_map_with_channels_last_are_copied_in_the_backward_pass(first, pool, batch):
    convs = [{"conv": {"filters": 2, "kernel": 1}}, first, {"conv": {"filters": 5, "kernel": 1}}]
    for before in (convs[:2], convs):
        body = {"residual": ["global_max_pool"], "shortcut": [pool]}
        spec = {"input": "2x3x4", "layout": "chw", "layers": [*before, body]}
        report = cnncalc.summarize(spec, batch=batch)
        assert [*fuzz.compared(report)] == []


@pytest.mark.parametrize(
    "last", ["instance_norm", {"local_response_norm": 3}, {"locally_connected": {"K": 2, "F": 2}}]
)
def test_some_channels_of_a_single_image_are_contiguous(last):
    layers = [{"conv": {"filters": 4, "kernel": 1}}, {"slice": {"stop": 2}}, last]
    report = cnncalc.summarize({"input": "3x6x5", "layers": layers})
    assert footprint.saved_for_backward(report)
    assert [*fuzz.compared(report)] == []


@pytest.mark.parametrize("batch", [1, 2])
def test_an_expanded_gradient_of_unpooled_values_may_be_copied(batch):
    conv = {"conv": {"filters": 1, "kernel": 1}}
    unpool = {"branches": [[], []], "join": {"max_unpool": {"kernel_size": 1}}}
    layers = [conv, unpool, {"reduce": {"how": "sum", "axis": "width"}}]
    report = cnncalc.summarize({"input": {"x": "2x11x5"}, "layers": layers}, batch=batch)
    with pytest.raises(UsageError, match="what PyTorch then copies is not modelled"):
        footprint.measure(report)
    assert [*fuzz.compared(report)] == []


def test_the_order_of_indices_of_channels_that_are_last_is_not_known():
    pooled = {"layer_norm": "channels", "name": "pooled"}
    unpool = {"max_unpool": {"kernel_size": 1}, "from": ["pooled", "pooled"]}
    layers = [pooled, unpool]
    report = cnncalc.summarize({"input": {"x": "2x3x4"}, "layout": "chw", "layers": layers})
    with pytest.raises(UsageError, match="indices may have their channels last"):
        footprint.measure(report)
    assert [*fuzz.compared(report)] == []


SAME = {"conv": {"filters": 2, "kernel": 3, "padding": "same"}}
LOCAL = {"locally_connected": {"filters": 2, "kernel": 1}}


@pytest.mark.parametrize(
    ("input", "layers"),
    [
        ("1x2", ["relu", {"permute": [1, 0]}, SAME]),
        ("2x1x4", [{"conv": {"filters": 1, "kernel": 1}}, {"permute": [2, 1, 0]}, SAME]),
        ("3x1", [{"layer_norm": "channels"}, SAME, {"permute": [1, 0]}]),
        ("4x2x1", ["batch_norm", LOCAL, "relu", SAME]),
        ("1x3", [{"depthwise_conv": {"kernel": 3, "padding": 1}}, {"permute": [1, 0]}, SAME]),
    ],
)
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_the_peaks_of_windows_over_an_axis_of_one_are_refused(input, layers, batch):
    spec = {"input": {"x": input}, "layout": "chw", "layers": layers}
    report = cnncalc.summarize(spec, batch=batch)
    assert footprint.saved_for_backward(report)
    with pytest.raises(UsageError, match="because an axis has size 1"):
        footprint.measure(report)
    assert [*fuzz.compared(report)] == []


def test_one_channel_may_be_followed_by_channels_that_are_last():
    rows = {"linear": {"out_features": 1, "per_position": True}}
    spread = {"conv_transpose": {"filters": 3, "kernel": 1}}
    report = cnncalc.summarize({"input": {"x": "1x1x2"}, "layers": [rows, spread, "flatten"]})
    with pytest.raises(UsageError, match=r"flatten.*its input is not contiguous"):
        footprint.measure(report)


@pytest.mark.parametrize("input", ["1x1x1", "1x2x2", "1x1x3", "2x2x2"])
@pytest.mark.parametrize("batch", [1, 2])
def test_rows_of_a_cut_map_are_copied(input, batch):
    cut = {"conv_transpose": {"filters": 1, "kernel": 3, "stride": 2, "padding": "same"}}
    rows = {"linear": {"out_features": 1, "per_position": True}}
    spec = {"input": {"x": input}, "layout": "chw", "layers": [cut, rows]}
    report = cnncalc.summarize(spec, batch=batch)
    with pytest.raises(UsageError, match="how PyTorch copies it is not modelled"):
        footprint.saved_for_backward(report)
    assert [*fuzz.compared(report)] == []


@pytest.mark.parametrize("input", ["1x2", "2x2"])
def test_the_gradient_of_rows_beside_another_map_may_be_copied(input):
    linear = {"linear": {"out_features": 1, "per_position": True}, "name": "rows"}
    layers = [linear, {"concat": {"from": ["rows", "x"]}}, "relu"]
    report = cnncalc.summarize({"input": {"x": input}, "layout": "chw", "layers": layers}, batch=3)
    with pytest.raises(UsageError, match="what PyTorch then copies is not modelled"):
        footprint.measure(report)
    assert [*fuzz.compared(report)] == []


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("features", [1, 6])
@pytest.mark.parametrize("first", [{"layer_norm": "channels"}, {"permute": [1, 0]}])
@pytest.mark.parametrize("input", ["2x2", "3x2", "1x3"])
def test_the_gradient_of_rows_of_a_permuted_signal_is_copied(input, first, features, batch):
    linear = {"linear": {"out_features": features, "per_position": True}}
    report = cnncalc.summarize({"input": {"x": input}, "layers": [first, linear]}, batch=batch)
    footprint.measure(report)
    assert [*fuzz.compared(report)] == []


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("padding", [[[1, 0], 0, 0], [0, [2, 1], [6, 3]], [[0, 2], 0, [1, 1]]])
@pytest.mark.parametrize("first", [True, False])
def test_circular_padding_of_a_part_of_another_gradient(first, padding, batch):
    pad = {"pad": {"padding": padding, "mode": "circular"}}
    size = cnncalc.summarize({"input": "4x6x6x7", "layers": [pad]}).output_shape[1:]
    branches = [[pad], [{"adaptive_avg_pool": [*size]}]][:: 1 if first else -1]
    layers = ["layer_norm", {"branches": branches, "join": "concat"}]
    report = cnncalc.summarize({"input": "4x6x6x7", "layers": layers}, batch=batch)
    assert [*fuzz.compared(report)] == []


def test_the_peaks_of_means_in_an_unknown_order_are_refused():
    local = {"locally_connected": {"filters": 3, "kernel": [1, 3]}}
    spec = {"input": "3x4x3", "layers": [local, {"adaptive_avg_pool": 1}]}
    report = cnncalc.summarize(spec)
    with pytest.raises(UsageError, match="input is not contiguous, so peak memory is not modelled"):
        footprint.measure(report)
    windows = footprint.saved_for_backward(report)
    assert sum(saved.bytes for saved in windows) == 4 * (3 * 1 * 3) * 4  # of the local layer
    assert [*fuzz.compared(report)] == []
    footprint.inference_peak(report)
    footprint.measure(cnncalc.summarize(spec, batch=2))


# What is drawn.


def is_taken(case):
    try:
        return bool(cnncalc.summarize(case.spec))
    except CnncalcError:
        return False


def test_every_kind_is_drawn_accepted_and_usually_also_refused():
    taken, refused = Counter(), Counter()
    for index in range(2500):
        case = fuzz.drawn("layers", 7, index)
        (taken if is_taken(case) else refused)[case.kind] += 1
    assert set(taken) == {kind.kind for kind in layers.every() if kind.known}
    assert len(refused) > len(taken) / 2


def test_networks_use_every_part_of_the_language():
    drawn = [fuzz.drawn("networks", 7, index) for index in range(260)]
    words = ("blocks", "takes", "residual", "shortcut", "branches", "join", "repeat", "when",
             "from", "parameters", "${", "weights", "trainable")  # fmt: skip
    for word in words:
        assert any(word in case.text for case in drawn), word
    assert any("{" not in case.text for case in drawn)  # block style
    reports = list(map(fuzz.summarized, drawn))
    shapes = {len(x.dimensions) for report in reports for x in report.input_shapes.values()}
    assert shapes == {1, 2, 3, 4}
    assert {len(report.input_shapes) for report in reports} == {1, 2}
    steps = {
        kind.kind
        for kind in layers.every()
        if kind.known and (kind.arity[0] == 1 or kind.arity[1] is None)
    }
    rare = {"fold", "deform_conv", "embedding"}  # few inputs fit; drawn alone
    assert {row.kind for report in reports for row in report} >= steps - rare


@pytest.mark.parametrize("what", fuzz.COMPARED)
def test_a_seed_draws_the_same_cases(what):
    assert fuzz.drawn(what, 3, 5) == fuzz.drawn(what, 3, 5) != fuzz.drawn(what, 4, 5)


@pytest.mark.parametrize("name", ["lenet5_1998", "mobilenet_v2", "unet"])
def test_multiplications_are_counted_as_pytorch_counts_them(name):
    report = cnncalc.summarize(name)
    with torch.device("meta"):
        network = Network(report).eval()
    counter = FlopCounterMode(display=False)
    with counter:
        y = network(torch.zeros(1, *report.input_shape, device="meta"))
    forward = counter.get_total_flops()
    with counter:
        y.sum().backward()
    ran = fuzz.run(report, network, "meta")
    assert 2 * sum(macs for _, macs in ran.layers.values()) == forward > 0
    if name != "mobilenet_v2":  # it has groups
        assert 2 * ran.backward == counter.get_total_flops() > forward


# It can fail: each compared quantity, with one kind broken on purpose.

ENOUGH = 3


def might_have(case, kind):
    """Whether a case may have a layer of this kind: where it has none, nothing is broken."""
    text = case.kind if isinstance(case, Single) else case.text
    return any(name in text for name in (kind, *layers.load(kind).aliases))


def breaks(monkeypatch, kind, name, broken, what="networks"):
    """The disagreements about something broken, in the first cases that have any."""
    monkeypatch.setattr(layers.load(kind), name, broken)
    found = []
    for index in range(900):
        case = fuzz.drawn(what, 1, index)
        if might_have(case, kind):
            found += filter(None, [fuzz.judged(what, case).disagreements])
        if len(found) >= ENOUGH:
            break
    assert found, "no case notices it"
    return "\n".join(one for disagreements in found for one in disagreements)


@pytest.mark.parametrize("what", ["layers", "networks"])
def test_a_wrong_shape_is_noticed(monkeypatch, what):
    twice = lambda self, x: Map(need_map(x).channels, tuple(2 * n for n in x.spatial))  # noqa: E731
    description = breaks(monkeypatch, "subsampling", "output", twice, what)
    assert "(shape, MACs)" in description or "PyTorch refuses it" in description


@pytest.mark.parametrize("what", ["layers", "networks"])
def test_a_wrong_number_of_parameters_is_noticed(monkeypatch, what):
    conv = layers.load("conv")
    right = conv.parameters
    wrong = lambda self, x: right(self, x)._replace(biases=0)  # noqa: E731
    assert "holds (" in breaks(monkeypatch, "conv", "parameters", wrong, what)


@pytest.mark.parametrize("what", ["layers", "networks"])
def test_wrong_multiplications_are_noticed(monkeypatch, what):
    wrong = lambda self, x: x.elements  # noqa: E731
    assert "(shape, MACs)" in breaks(monkeypatch, "linear", "macs", wrong, what)


@pytest.mark.parametrize("what", ["layers", "networks"])
def test_wrong_bytes_are_noticed(monkeypatch, what):
    nothing = lambda self, tape, x: tape.op(x)  # noqa: E731
    description = breaks(monkeypatch, "tanh", "steps", nothing, what)
    assert "saved for backward" in description or " peaks at " in description


def test_a_receptive_field_that_is_too_small_is_noticed(monkeypatch):
    single = lambda self, x: tuple(Reach(1, axis.S, axis.before) for axis in self.axes(x))  # noqa: E731
    description = breaks(monkeypatch, "conv", "reach", single, "fields")
    assert "an output reads" in description


def test_an_unnecessary_refusal_is_noticed(monkeypatch):
    def refuse(self, x):
        raise LayerError("no")

    description = breaks(monkeypatch, "max_pool", "output", refuse, "layers")
    assert "the calculator refuses it" in description


def test_a_missing_refusal_is_noticed(monkeypatch):
    description = breaks(monkeypatch, "group_norm", "output", lambda self, x: x, "layers")
    assert "PyTorch refuses to build it" in description
    assert "divisible by num_groups" in description


def test_a_failure_is_shrunk_and_reproducible(monkeypatch):
    monkeypatch.setattr(layers.load("tanh"), "steps", lambda self, tape, x: tape.op(x))
    drawn = ((place, fuzz.drawn("networks", 1, place)) for place in range(900))
    cases = (place for place, case in drawn if might_have(case, "tanh"))
    failures = next(filter(None, (fuzz.work("networks", 1, one, 1).failures for one in cases)))
    head, description, *spec = min(failures, key=len).splitlines()
    assert head.startswith("--seed 1 --networks 1 --first ")
    assert "saved for backward" in description
    # The input, a layer with parameters, and the broken one.
    assert len(spec[spec.index("layers:") :]) <= 4
    index = int(head.split()[5])
    assert fuzz.judged("networks", fuzz.drawn("networks", 1, index)).disagreements


def test_a_broken_kind_is_reported_and_does_not_stop_the_run(monkeypatch):
    def crash(self, x):
        raise KeyError("oh")

    monkeypatch.setattr(layers.load("softmax"), "output", crash)
    tally = fuzz.work("layers", 1, 0, 300)
    assert tally.words["broken"] == len(tally.failures) > 0
    assert "KeyError('oh')" in tally.failures[0]


# Intended differences occur.

SIGNAL, IMAGE, VOLUME = Map(4, (9,)), Map(4, (9, 8)), Map(4, (5, 5, 5))

DIFFERENT = [
    ("max_pool", {"kernel_size": 2}, Vector(8), {}),
    ("max_pool", {"kernel_size": [2]}, IMAGE, {}),
    ("multiply", {}, Map(3, (2, 5)), {}),
    (
        "separable_conv",
        {"out_channels": 1, "kernel_size": 3, "padding": [[0, 0], [0, 3]]},
        SIGNAL,
        {},
    ),
    ("pixel_shuffle", {"upscale_factor": 1}, VOLUME, {}),
    ("pixel_shuffle", {"upscale_factor": 1}, SIGNAL, {}),
    ("layer_norm", {}, IMAGE, {"eps": -1}),
    ("instance_norm", {}, IMAGE, {"momentum": -1}),
    ("conv_transpose", {"out_channels": 2, "kernel_size": 1}, IMAGE, {"dilation": 0}),
    ("upsample", {"size": 4}, IMAGE, {"scale_factor": 0}),
    ("pad", {"padding": 1}, IMAGE, {"padding": -1}),
    ("crop", {"crop": 1}, IMAGE, {"crop": -1}),
    ("max_pool", {"kernel_size": 2, "padding": [[0, 2]]}, SIGNAL, {}),
    ("avg_pool", {"kernel_size": 2, "padding": [[0, 1]], "ceil_mode": True}, SIGNAL, {}),
    ("conv", {"out_channels": 1, "kernel_size": 2, "padding": "causal"}, IMAGE, {}),
    ("leaky_relu", {"inplace": True}, Vector(8), {"negative_slope": -1}),
    ("class_token", {}, Map(4, (9,)), {"tokens": 0}),
    ("roll", {"shift": 1, "over": ["height", "positions"]}, IMAGE, {}),
    ("avg_pool", {"kernel_size": 2, "dilation": [1, 1]}, SIGNAL, {}),
    ("lp_pool", {"kernel_size": 2, "dilation": [1, 1]}, SIGNAL, {}),
]


def word_for(kind, given, x, wrong):
    """The result of a layer, with a vector of size 1 as a further input if it takes several."""
    inputs = (x, Vector(1)) if layers.load(kind).arity[1] != 1 else (x,)
    return fuzz.check_layer(Single(kind, given, inputs, wrong, (False,) * len(inputs))).word


@pytest.mark.parametrize(("kind", "given", "x", "wrong"), DIFFERENT)
def test_stated_differences_are_refused_here_and_not_by_pytorch(kind, given, x, wrong):
    assert word_for(kind, given, x, wrong) in {stated.why for stated in fuzz.STATED}


def test_an_instance_norm_of_one_number_is_refused_by_both():
    assert word_for("instance_norm", {}, Map(6, (1,)), {}) == "refused by both"


def test_standardized_filters_of_one_weight_are_refused_by_both():
    given = {"out_channels": 4, "kernel_size": 1, "groups": 4}
    assert word_for("standardized_conv", given, IMAGE, {}) == "refused by both"


def test_every_stated_difference_occurs():
    assert {word_for(*case) for case in DIFFERENT} == {stated.why for stated in fuzz.STATED}


def test_stated_differences_are_documented():
    page = (Path(__file__).parent.parent / "docs" / "fuzzing.md").read_text(encoding="utf-8")
    for stated in fuzz.STATED:
        assert f"| {stated.why} |" in page


# The command.


def test_the_command_prints_the_figures():
    shown = CliRunner().invoke(fuzz.app, ["--layers", "20", "--networks", "5", "--fields", "0"])
    assert shown.exit_code == 0, shown.output
    assert "20 layers: 0 disagreements" in shown.output
    assert "5 networks: 0 disagreements" in shown.output
