"""Bugs that the fuzzer found.

Numbers are worked by hand or come from PyTorch; ``fuzz.compared`` returns the differences from
PyTorch.
"""

import fuzz
import jsonschema
import pytest
import torch
from random_networks import Single
from torch import nn

import cnncalc
from cnncalc import bridge, footprint, layers
from cnncalc.bridge.oracles import inference_peak_in_pytorch, training_peak_in_pytorch
from cnncalc.core.errors import CnncalcError, UsageError
from cnncalc.core.parsing import fields_of
from cnncalc.core.shape import Map, Vector


def agrees(spec, batch=2):
    """The report of a network, after checking that PyTorch agrees with it."""
    report = cnncalc.summarize(spec, batch=batch)
    assert list(fuzz.compared(report)) == []
    return report


# In the calculator.


def test_batch_norm_refuses_an_epsilon_of_0_as_pytorch_does():
    with pytest.raises(CnncalcError, match="'eps' must be a number greater than 0, not 0"):
        cnncalc.summarize({"input": "4x5x5", "layers": [{"batch_norm": {"eps": 0}}]})
    with pytest.raises(ValueError, match="eps must be positive"):
        nn.BatchNorm2d(4, eps=0)(torch.zeros(2, 4, 5, 5))
    # Norms that compute statistics of their input also add epsilon to a variance, and accept 0.
    for kind in ("layer_norm", "instance_norm", {"group_norm": {"num_groups": 2, "eps": 0}}):
        agrees({"input": "4x5x5", "layers": [kind]})


@pytest.mark.parametrize("kernel", [3, 4])  # as many zeros before as after, and one more after
@pytest.mark.parametrize("counted", [True, False])
def test_a_same_average_may_have_a_window_larger_than_the_volume(kernel, counted):
    pool = {"kernel": kernel, "stride": 1, "padding": "same", "count_include_pad": counted}
    layers_ = [{"scale": None}, {"avg_pool": pool}]
    report = agrees({"input": "6x2x6x4", "layers": layers_})
    assert report.output_shape == Map(6, (2, 6, 4))
    # The padded copy, with kernel − 1 more cells along each axis; and if the padding is left out of
    # the mean, the part of every window that lies inside. The scale before it saves its input.
    copied = 6 * (2 + kernel - 1) * (6 + kernel - 1) * (4 + kernel - 1)
    inside = 0 if counted else 2 * 6 * 4
    kept = 2 * 6 * 2 * 6 * 4 + 2 * copied + inside
    saved = footprint.saved_for_backward(report)
    assert sum(held.bytes for held in saved) == 4 * kept


def test_an_uneven_average_may_fit_only_the_padded_volume():
    pool = {"avg_pool": {"kernel": 4, "padding": [[2, 1], [0, 0], [0, 0]]}}
    # ⌊(3 + 2 + 1 − 4)/4⌋ + 1 = 1
    assert agrees({"input": "1x3x4x4", "layers": [pool]}).output_shape == Map(1, (1, 1, 1))
    # With even padding, it is PyTorch's own pool, which refuses.
    with pytest.raises(CnncalcError, match="larger than an axis of size 3"):
        cnncalc.summarize(
            {"input": "1x3x4x4", "layers": [{"avg_pool": {"kernel": 4, "padding": [1, 0, 0]}}]}
        )
    with pytest.raises(RuntimeError):
        nn.AvgPool3d(4, padding=(1, 0, 0))(torch.zeros(2, 1, 3, 4, 4))


def test_the_schema_refuses_a_connection_table_that_repeats_a_channel():
    schema = fields_of(layers.load("conv"))["connections"].schema
    jsonschema.validate([[0, 1], [1]], schema)
    with pytest.raises(jsonschema.ValidationError, match="non-unique"):
        jsonschema.validate([[1, 1]], schema)


def test_branches_with_different_steps_are_not_treated_as_aligned():
    # One cell of eight is kept, the fourth, and spread over all: output 0 reads inputs 0 and 3,
    # output 7 reads inputs 3 and 7, which lie furthest apart.
    spec = {
        "input": [1, 8],
        "layers": [
            {"crop": {"size": 1}, "name": "gate"},
            {"multiply": None, "from": ["gate", "input"]},
        ],
    }
    report = cnncalc.summarize(spec)
    assert report.rows[-1].receptive_field == (5,)
    assert max(fuzz.reached(report)) == (5,)


# In PyTorch: known problems that the comparison must not attribute to cnncalc.


def test_a_channel_shuffle_copies_on_the_cpu_but_not_always_on_meta():
    shuffle = nn.ChannelShuffle(1)
    on_cpu, nowhere = torch.zeros(2, 4, 5, 5), torch.zeros(2, 4, 5, 5, device="meta")

    def shares(x):
        return shuffle(x).untyped_storage()._cdata == x.untyped_storage()._cdata

    assert not shares(on_cpu)
    assert shares(nowhere)
    agrees({"input": "4x5x5", "layers": [{"scale": None}, {"channel_shuffle": 1}, "tanh"]})


def test_a_transposed_volume_may_take_the_size_of_its_input():
    small = nn.ConvTranspose3d(6, 2, 1)(torch.zeros(1, 6, 3, 3, 3))
    assert small.untyped_storage().nbytes() in {small.nbytes, 3 * small.nbytes}
    spec = {"input": "6x3x3x3", "layers": [{"conv_transpose": {"filters": 2, "kernel": 1}}, "silu"]}
    saved = footprint.saved_for_backward(agrees(spec, batch=1))
    assert sum(held.bytes for held in saved) == 4 * (6 * 27 + 2 * 27)


def test_pytorch_refuses_a_group_of_one_number_in_one_image():
    spec = {"input": 1, "layers": [{"group_norm": 1}]}
    assert agrees(spec, batch=2).output_shape == Vector(1)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        nn.GroupNorm(1, 1).eval()(torch.zeros(1, 1))


def test_a_local_response_norm_of_a_permuted_volume_is_refused_by_pytorch():
    permuted = torch.zeros(2, 6, 4, 3, 2).permute(0, 4, 2, 3, 1)
    with pytest.raises(RuntimeError, match=fuzz.NO_VIEW):
        nn.LocalResponseNorm(2)(permuted)
    nn.LocalResponseNorm(2)(permuted.contiguous())
    nn.LocalResponseNorm(2)(permuted[..., 0])  # an image in any order
    agrees({"input": "6x4x3x2", "layers": [{"permute": [3, 1, 2, 0]}, {"lrn": 2}]})


def test_the_halves_of_a_separable_convolution_pass_a_gradient_back():
    # With one channel the depthwise half has no groups, which PyTorch miscounts backward.
    spec = {"input": "1x10x10", "layers": [{"separable_conv": {"filters": 2, "kernel": [3, 4]}}]}
    report = cnncalc.summarize(spec, batch=2)
    # 12 taps of one plane and 2 pointwise filters, at 8·7 positions of 2 images; backward, the
    # weights of both halves, and the map between them
    assert report.totals.macs == (12 + 2) * 56 * 2
    assert report.totals.backward_macs == (12 + 2 + 2) * 56 * 2
    found = bridge.verify(report, "cpu")
    assert (found.disagreements, found.skipped) == ((), ())


# In the oracle itself.


def test_a_shuffled_image_is_freed_before_its_copy():
    # On the CPU it is a copy, so the image is freed: at most two maps of 2·9·7 numbers.
    spec = {"input": "2x9x7", "layers": [{"channel_shuffle": 1}, "gelu"]}
    report = cnncalc.summarize(spec)
    assert footprint.inference_peak(report).bytes == 4 * 2 * 126
    assert inference_peak_in_pytorch(report, "cpu") == 4 * 2 * 126


@pytest.mark.parametrize("kind", ["batch_norm", "layer_norm", "instance_norm", "group_norm"])
def test_the_plain_modules_use_the_given_epsilon(kind):
    given = {"num_groups": 2} if kind == "group_norm" else {}
    found = fuzz.ask(Single(kind, given, (Map(4, (5, 5)),), {"eps": "small"}, (False,)))
    assert isinstance(found, str)  # a refusal, not a shape


# Non-contiguous gradients, which some layers copy.

CONV = {"conv": {"filters": 6, "kernel": 1}, "name": "a"}
PERMUTED = {"permute": [1, 2, 0]}


@pytest.mark.parametrize("image", ["3x7x5", "2x9", "2x3x4x5", "3x1x6"])
@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize(
    "layer",
    [
        {"group_norm": 3},
        {"group_norm": 6},
        {"instance_norm": {"affine": True}},
        {"instance_norm": {"track_running_stats": True}},
        {"batch_norm": {}},
        {"layer_norm": {"over": "channels"}},
        {"local_response_norm": 3},
        {"max_pool": 1},
        {"softmax": {}},
        {"flatten": {}},
        {"linear": 4},
    ],
)
def test_the_gradient_of_a_part_of_a_concatenation_is_copied_where_pytorch_does(
    layer, batch, image
):
    ends = [{"concat": {}, "from": ["a", "b"]}] if not {"flatten", "linear"} & {*layer} else []
    report = cnncalc.summarize(
        {"input": image, "layers": [CONV, {**layer, "name": "b"}, *ends]}, batch=batch
    )
    assert list(fuzz.peaks_differ(report, True, "")) == []
    assert list(fuzz.peaks_differ(report, False, "")) == []


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(
    "chain",
    [
        [CONV, {"group_norm": 2}, PERMUTED],
        [CONV, "instance_norm", PERMUTED],
        [CONV, {"group_norm": 2}, {"layer_norm": {"over": "channels"}}],
        [CONV, "flatten", {"reshape": [6, 7, 5]}, PERMUTED],
        [CONV, {"conv": {"filters": 1, "kernel": 1}}, "instance_norm", {"permute": [0, 2, 1]}],
    ],
)
def test_a_permuted_gradient_is_copied_where_pytorch_does(chain, batch):
    report = cnncalc.summarize({"input": "3x7x5", "layers": chain}, batch=batch)
    assert list(fuzz.peaks_differ(report, True, "")) == []


def test_a_gradient_of_unknown_order_is_not_guessed():
    spec = {"input": "3x7x5", "layers": [CONV, {"group_norm": 2}, "silu", PERMUTED]}
    report = cnncalc.summarize(spec, batch=2)
    with pytest.raises(UsageError, match=r"'group_norm1' .*not modelled"):
        footprint.training_peak(report)
    assert footprint.saved_for_backward(report)


def test_interleaved_images_are_not_treated_as_contiguous():
    spec = {
        "input": "2x10",
        "layers": [{"locally_connected": {"filters": 1, "kernel": 1}}, "instance_norm"],
    }
    assert footprint.training_peak(cnncalc.summarize(spec, batch=1))
    with pytest.raises(UsageError, match="not modelled"):
        footprint.training_peak(cnncalc.summarize(spec, batch=2))


def test_one_tensor_can_be_two_outputs():
    unread = [{"identity": None, "from": "a"}, {"identity": None, "from": "a"}]
    spec = {"input": "3x7x5", "layers": [CONV, *unread, {"relu": None, "from": "a"}]}
    found = bridge.verify(cnncalc.summarize(spec, batch=2), "cpu")
    assert (found.disagreements, found.skipped) == ((), ())


def test_the_gradients_of_one_tensor_that_is_two_outputs_are_added_first():
    dropouts = ["dropout", {"dropout": None, "from": "a"}]  # in eval mode, both return their input
    conv = {"conv": {"filters": 1, "kernel": 1}, "name": "a"}
    report = agrees({"input": "1x2", "layers": [conv, *dropouts]})
    # The input, two gradients and their sum, of 2·2 numbers each, and the two parameters.
    peak = footprint.measure(report, training=False).training_peak
    assert peak.bytes == 4 * (4 * 4 + 2) == training_peak_in_pytorch(report, training=False)


@pytest.mark.parametrize("image", ["8x5x6x5", "3x1x1x4", "2x3x3x3"])
@pytest.mark.parametrize("batch", [1, 2])
def test_memory_that_depends_on_the_machine_is_not_compared(image, batch):
    layers = [{"conv_transpose": {"filters": 1, "kernel": 1}}, "relu"]
    report = cnncalc.summarize({"input": image, "layers": layers}, batch=batch)
    found = bridge.verify(report, "cpu")
    assert found.agrees
    assert {one.quantity for one in found.skipped} == {
        "saved_for_backward",
        "inference_peak",
        "training_peak",
    }
    assert all("3-D transposed convolution" in one.why for one in found.skipped)
    on_meta = bridge.verify(report, "meta")
    assert (on_meta.disagreements, on_meta.skipped) == ((), ())


def test_shared_weights_applied_to_frames_read_clips_of_any_length():
    block = [{"time_distributed": "prelu"}, {"upsample": {"scale_factor": [2, 1]}}]
    spec = {
        "input": "2x5x5",
        "blocks": {"block": {"layers": block}},
        "layers": [{"block": None, "repeat": 2, "weights": "shared"}],
    }
    assert bridge.verify(cnncalc.summarize(spec, batch=2), "cpu").disagreements == ()
