"""Shared weights and frozen layers, compared with hand calculation and with PyTorch."""

import json

import pytest
import torch
from torch_memory import saved_by_pytorch
from typer.testing import CliRunner

import cnncalc
from cnncalc import Mistakes, bridge, footprint
from cnncalc.bridge.oracles import (
    inference_peak_in_pytorch,
    training_peak_in_pytorch,
)
from cnncalc.cli import app
from cnncalc.footprint.checkpoints import groups
from cnncalc.render.formats import markdown
from cnncalc.render.view import View

CONV = {"conv": {"filters": 4, "kernel": 3, "padding": 1}}


def tower(*layers):
    """Two inputs through the same layers, and the distance between the results."""
    return {
        "input": {"a": "3x12x12", "b": "3x12x12"},
        "blocks": {"tower": {"layers": list(layers)}},
        "layers": [
            {"tower": None, "from": "a", "name": "ta"},
            {"tower": None, "from": "b", "name": "tb", "weights": "ta"},
            {"subtract": None, "from": ["ta", "tb"]},
            "abs",
            {"linear": 1},
        ],
    }


SIAMESE = tower(
    {"conv": {"filters": 4, "kernel": 3}},
    "batch_norm",
    "relu",
    {"max_pool": 2},
    {"conv": {"filters": 8, "kernel": 3, "bias": False}},
    "prelu",
    {"linear": 16},
    "sigmoid",
)
STEPS = {"input": "4x6x6", "layers": [CONV | {"name": "m", "repeat": 3, "weights": "m"}, "relu"]}
FROZEN_TRUNK = {
    "input": "3x8x8",
    "blocks": {"trunk": {"layers": [CONV, "batch_norm", "relu", {"max_pool": 2}]}},
    "layers": [{"trunk": None, "trainable": False}, {"linear": 10}],
}
FROZEN_HEAD = {
    "input": "3x8x8",
    "layers": [
        CONV,
        {"prelu": 4, "trainable": False},
        {"scale": None, "trainable": False},
        {"batch_norm": None, "trainable": False},
        CONV | {"trainable": False},
        {"linear": 6},
        {"linear": 6, "name": "frozen", "trainable": False},
        {"linear": 6, "weights": "frozen"},
    ],
}


def test_a_siamese_network_counts_its_weights_once():
    spec = tower(
        {"conv": {"filters": 64, "kernel": 10}}, "relu", {"max_pool": 2},
        {"conv": {"filters": 128, "kernel": 7}}, "relu", {"max_pool": 2},
        {"conv": {"filters": 128, "kernel": 4}}, "relu", {"max_pool": 2},
        {"conv": {"filters": 256, "kernel": 4}}, "relu", {"linear": 4096}, "sigmoid",
    )  # fmt: skip
    totals = cnncalc.summarize(spec, input={"a": "3x105x105", "b": "3x105x105"}).totals
    # Koch et al. 2015: 64·(300 + 1), 128·(3,136 + 1), 128·(2,048 + 1), 256·(2,048 + 1),
    # 4,096·(9,216 + 1) in the tower, and 4,096 + 1.
    assert totals.params == 19_264 + 401_536 + 262_272 + 524_544 + 37_752_832 + 4_097
    once = 64 * 300 * 96**2 + 128 * 3136 * 42**2 + 128 * 2048 * 18**2 + 256 * 2048 * 6**2
    assert totals.macs == 2 * (once + 9216 * 4096) + 4096 == 2_053_181_440


def test_steps_of_a_repeat_share_one_layer():
    report = cnncalc.summarize(STEPS)
    assert [row.cost.params for row in report] == [4 * (36 + 1), 0, 0, 0]
    assert [row.weights_of for row in report] == [None, "m.0", "m.0", None]
    assert report.totals.macs == 3 * 36 * 4 * 36


def test_a_repeated_block_shares_round_by_round():
    unit = {"unit": None, "repeat": 2}
    spec = {
        "input": "4x6x6",
        "blocks": {"unit": {"layers": [CONV, "relu"]}},
        "layers": [unit | {"name": "a"}, unit | {"name": "b", "weights": "a"}],
    }
    report = cnncalc.summarize(spec)
    assert report["b.1.conv1"].weights_of == "a.1.conv1"
    assert report.totals.params == 2 * 148


def test_weights_of_weights_belong_to_the_first_layer():
    layers = [CONV | {"name": "a"}, CONV | {"name": "b", "weights": "a"},
              CONV | {"name": "c", "weights": "b"}]  # fmt: skip
    report = cnncalc.summarize({"input": "4x6x6", "layers": layers})
    assert report["c"].weights_of == "a"


def test_branches_share_within_the_block_they_are_in():
    way = [CONV | {"weights": "both"}]
    spec = {
        "input": "4x6x6",
        "blocks": {"pair": {"layers": [{"branches": [way, way], "join": "add"}]}},
        "layers": ["pair", "pair"],
    }
    assert cnncalc.summarize(spec).totals.params == 2 * 148


def test_a_residual_shares_all_its_layers():
    residual = {"residual": [CONV, "relu", CONV]}
    layers = [residual | {"name": "a"}, residual | {"name": "b", "weights": "a"}]
    report = cnncalc.summarize({"input": "4x6x6", "layers": layers})
    assert report.totals.params == 2 * 148
    assert report.totals.macs == 4 * 36 * 4 * 36


def test_buffers_count_once():
    spec = {"input": "4x6x6", "layers": [{"batch_norm": None, "repeat": 2, "weights": "bn"}]}
    totals = cnncalc.summarize(spec).totals
    assert (totals.params, totals.buffers) == (8, 9)


# PyTorch.


@pytest.mark.parametrize("spec", [SIAMESE, STEPS, FROZEN_TRUNK, FROZEN_HEAD])
def test_pytorch_agrees(spec):
    for training in (True, False):
        report = cnncalc.summarize(spec, batch=2)
        found = bridge.verify(report, "cpu", training=training)
        assert not found.disagreements


@pytest.mark.parametrize("optimizer", ["momentum", "nag", "adagrad", "rmsprop", "adadelta", "adam"])
@pytest.mark.parametrize("spec", [SIAMESE, STEPS, FROZEN_TRUNK, FROZEN_HEAD])
def test_optimizer_state_agrees(spec, optimizer):
    report = cnncalc.summarize(spec, batch=2)
    found = footprint.training_peak(report, optimizer=optimizer).bytes
    assert found == training_peak_in_pytorch(report, optimizer)


@pytest.mark.parametrize("spec", [SIAMESE, STEPS, FROZEN_TRUNK, FROZEN_HEAD])
def test_mixed_precision_agrees(spec):
    report = cnncalc.summarize(spec, batch=2)
    found = footprint.measure(report, dtype="amp")
    assert found.saved_for_backward == saved_by_pytorch(report, autocast=True)
    assert found.training_peak.bytes == training_peak_in_pytorch(report, autocast=True)
    assert found.inference_peak.bytes == inference_peak_in_pytorch(report, autocast=True)


@pytest.mark.parametrize("spec", [STEPS, FROZEN_TRUNK, FROZEN_HEAD])
def test_checkpoints_agree(spec):
    report = cnncalc.summarize(spec, batch=2)
    found = footprint.measure(report, checkpoint=2).training_peak.bytes
    assert found == training_peak_in_pytorch(report, segments=groups(report, 2))


def test_the_memory_of_frozen_layers_is_that_of_inference():
    frozen = {"input": "3x8x8", "layers": [CONV | {"trainable": False}, "relu"]}
    found = footprint.measure(cnncalc.summarize(frozen), optimizer="adam")
    assert (found.saved_for_backward, found.gradients, found.optimizer_state) == (0, 0, 0)
    assert found.parameters == 4 * (4 * 27 + 4)
    assert found.training_peak.phase == "forward"


def test_shared_weights_on_a_map_with_channels_last_are_not_modelled():
    conv = {"conv": {"filters": 5, "kernel": 3, "padding": 1}, "repeat": 2, "weights": "m"}
    report = cnncalc.summarize({"input": "6x6x5", "layers": [{"permute": [2, 0, 1]}, conv]})
    with pytest.raises(cnncalc.UsageError, match="uses its weights reads a map with channels"):
        footprint.measure(report)


OTHER_STEPS = {
    "input": "4x9x9",
    "layers": [
        {"conv": {"filters": 4, "kernel": 3, "padding": 1}, "name": "one"},
        {"batch_norm": None, "name": "norm"},
        {"conv": {"filters": 4, "kernel": 3, "padding": 2, "dilation": 2}, "weights": "one"},
        {"batch_norm": {"momentum": 0.5}, "weights": "norm"},
        {"conv": {"filters": 4, "kernel": 3, "stride": 2}, "weights": "one"},
        {"global_avg_pool": None},
    ],
}


def test_layers_with_other_steps_share_weights():
    report = cnncalc.summarize(OTHER_STEPS, batch=2)
    assert report.totals.params == 4 * 4 * 9 + 4 + 8
    assert report.totals.macs == 2 * 4 * 4 * 9 * (81 + 81 + 16)
    found = bridge.verify(report, "cpu")
    assert found.disagreements == ()
    network = cnncalc.to_torch(report)
    assert network.conv1.dilation == (2, 2)
    for moved in (network, network.double(), network.to("meta")):
        assert moved.conv1.weight is moved.one.weight
        assert moved.batch_norm1.running_mean is moved.norm.running_mean


def test_padding_that_follows_from_the_input_is_worked_out_for_each_user():
    conv = {"conv": {"filters": 4, "kernel": 3, "stride": 2, "padding": "same"}}
    spec = {
        "input": {"a": "4x8x8", "b": "4x9x9"},
        "layers": [
            {**conv, "from": "a", "name": "first"},
            {**conv, "from": "b", "weights": "first", "name": "second"},
        ],
    }
    report = cnncalc.summarize(spec)
    assert bridge.verify(report, "cpu").disagreements == ()
    one, other = cnncalc.to_torch(report)(torch.ones(1, 4, 8, 8), torch.ones(1, 4, 9, 9))
    # 8 pixels take a zero after them only, 9 pixels one on both sides.
    assert not torch.allclose(one[..., 0, 0], other[..., 0, 0])


def test_shared_layers_are_one_module():
    network = cnncalc.to_torch(SIAMESE)
    assert not any(name.startswith("tb.") for name, _ in network.named_parameters())
    assert (
        sum(one.numel() for one in network.parameters()) == cnncalc.summarize(SIAMESE).totals.params
    )
    x = torch.randn(2, 3, 12, 12)
    distance = network.get_submodule("linear1").bias
    network.eval()
    assert torch.equal(network(x, x), distance.expand(2, 1))  # equal inputs, the same features


@pytest.mark.parametrize("spec", [SIAMESE, STEPS, FROZEN_TRUNK, FROZEN_HEAD, OTHER_STEPS])
def test_the_exported_program_shares_and_freezes(spec):
    report = cnncalc.summarize(spec)
    module = {}
    exec(bridge.torch_source(report), module)
    network = next(one for name, one in module.items() if name == "Network")()
    sizes = [(one.numel(), one.requires_grad) for one in network.parameters()]
    assert sum(size for size, _ in sizes) == report.totals.params
    assert sum(size for size, trains in sizes if trains) == report.totals.trainable
    images = [torch.zeros(2, *shape.dimensions) for shape in report.input_shapes.values()]
    assert network(*images).shape[1:] == tuple(report.output_shape)


# Frozen layers.


def test_frozen_parameters_still_count():
    totals = cnncalc.summarize(FROZEN_TRUNK).totals
    assert (totals.frozen, totals.trainable) == (4 * 28 + 8, 64 * 10 + 10)
    assert totals.params == totals.frozen + totals.trainable


def test_a_layer_that_shares_is_frozen_with_its_owner():
    layers = [{"linear": 4, "name": "a", "trainable": False}, {"linear": 4, "weights": "a"}]
    report = cnncalc.summarize({"input": 4, "layers": layers})
    assert not report["linear1"].trainable
    assert (report.totals.params, report.totals.trainable) == (20, 0)


def test_the_backward_pass_skips_frozen_layers():
    # The frozen convolution needs no gradient at all; the last one only that of its weights.
    layers = [CONV | {"trainable": False}, CONV]
    report = cnncalc.summarize({"input": "4x6x6", "layers": layers})
    assert [row.cost.backward_macs for row in report] == [0, 36 * 4 * 36]
    layers = [CONV, CONV | {"trainable": False}]  # now the frozen one passes a gradient on
    report = cnncalc.summarize({"input": "4x6x6", "layers": layers})
    assert [row.cost.backward_macs for row in report] == [36 * 4 * 36, 36 * 4 * 36]


def test_trainable_may_be_a_parameter():
    spec = {
        "input": 4,
        "parameters": {"tune": False},
        "layers": [{"linear": 4, "trainable": "$tune"}],
    }
    assert cnncalc.summarize(spec).totals.trainable == 0
    assert cnncalc.summarize(spec, settings={"tune": True}).totals.trainable == 20


# Where they are shown.


def test_the_table_shows_shared_parameters_in_parentheses():
    report = cnncalc.summarize(STEPS)
    text = markdown.render(View(report, columns=("layer", "params", "weights_of"), depth=2))
    assert "| m.0 | 148 |  |" in text
    assert "| m.1 | (148) | m.0 |" in text
    assert "Parameters in parentheses are shared" in text
    exact = markdown.render(View(report, columns=("layer", "weights"), depth=2, exact=True))
    assert "| m.2 | (144) |" in exact


def test_a_block_of_shared_layers_is_in_parentheses():
    text = markdown.render(View(cnncalc.summarize(SIAMESE), columns=("layer", "params"), depth=1))
    assert "| tb | (" in text
    assert "| ta | (" not in text


def test_json_names_the_owner_and_totals_are_exact():
    report = cnncalc.summarize(STEPS).to_dict()
    assert [row["weights_of"] for row in report["layers"]] == [None, "m.0", "m.0", None]
    assert report["totals"]["params"] == report["totals"]["trainable"] == 148
    assert report["totals"]["frozen"] == 0


def test_the_totals_show_what_is_trainable():
    text = str(cnncalc.summarize(FROZEN_TRUNK))
    assert "Trainable" in text
    assert "Frozen" in text
    assert "Frozen" not in str(cnncalc.summarize(STEPS))


def test_claims_and_conventions_count_once():
    spec = STEPS | {
        "published": [
            {"quantity": "params", "value": 148, "source": "4·(36 + 1)"},
            {"quantity": "trainable", "value": 148, "source": "none is frozen"},
            {"quantity": "macs", "value": 15552, "source": "3·36·4·36"},
        ]
    }
    assert [finding.verdict for finding in cnncalc.claims(spec)] == ["agrees"] * 3
    report = cnncalc.summarize(spec)
    assert report.under("params").total == 148
    assert report.under("params-buffers").total == 148
    assert report.under("torch").total == 2 * report.totals.macs
    assert report.under("thop").total == report.totals.macs
    assert report.under("keras").total == 148
    # torchinfo counts the parameters once: 4·6·6 numbers in, 148, and 3 outputs of 4·6·6 twice.
    assert report.under("torchinfo-total").total == 4 * (144 + 148 + 2 * 3 * 144)


def test_keras_calls_frozen_parameters_non_trainable():
    report = cnncalc.summarize(FROZEN_TRUNK)  # 4·28 and 2·4 frozen, 2·4 moving means and variances
    assert report.under("keras-non-trainable").total == 120 + 8
    assert report.under("keras-trainable").total == report.totals.trainable == 650
    assert report.under("keras").total == 778


def test_an_explanation_says_where_shared_parameters_count():
    (shared,) = cnncalc.explain(STEPS, "m.1", "parameters")
    assert shared.answer == "0 parameters; it shares the 148 of m.0, where they are counted"
    (frozen,) = cnncalc.explain(FROZEN_TRUNK, "trunk1.conv1", "parameters")
    assert frozen.answer == "112 parameters, frozen"


def test_a_question_about_a_sharing_layer_counts_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "steps.yaml").write_text(json.dumps(STEPS))
    answers = {"totals": {"params": 444, "macs": 15_552}, "m.1": {"params": 0}}
    file = tmp_path / "ada.yaml"
    file.write_text(json.dumps({"architecture": "steps.yaml", "answers": answers}))
    ran = CliRunner().invoke(app, ["grade", str(file)])
    assert "counted shared weights once for every layer" in ran.stdout
    assert "2/3" in ran.stdout.replace(" of ", "/"), ran.stdout


# Mistakes.


def test_a_layer_whose_sharing_fails_can_still_be_named():
    layers = [
        {**CONV, "name": "a"},
        {"linear": 8, "name": "b", "weights": "a"},
        {"linear": 8, "weights": "b"},
    ]
    with pytest.raises(Mistakes) as raised:
        cnncalc.summarize({"input": "3x8x8", "layers": layers})
    assert ["'b' is linear" in error.sentence for error in raised.value.errors] == [True]


def test_the_layer_that_holds_the_weights_is_named():
    layers = [
        {**CONV, "name": "a"},
        {**CONV, "name": "b", "weights": "a", "from": "input"},
        {**CONV, "weights": "b", "trainable": False, "from": "input"},
    ]
    with pytest.raises(Mistakes, match="write it beside 'a', which holds the weights"):
        cnncalc.summarize({"input": "3x8x8", "layers": layers})


@pytest.mark.parametrize(
    ("layers", "says"),
    [
        ([CONV, CONV | {"weights": "conv3"}],
         "'weights: conv3' does not name a layer above, and no other layer uses it; for weights of "
         "its own, leave out 'weights'"),
        ([CONV | {"weights": "b"}, CONV | {"name": "b"}],
         "'weights: b' names a layer that is not above this one"),
        ([CONV | {"name": "first"}, CONV | {"weights": "frist"}], "did you mean 'first'?"),
        ([CONV | {"name": "a"}, {"conv": {"filters": 4, "kernel": 1}, "weights": "a"}],
         "layer 'conv1' (conv, input 4×6×6): needs weight 4×4×1×1, bias 4, but 'a' holds "
         "weight 4×4×3×3, bias 4"),
        ([CONV | {"name": "a"}, {"relu": None, "weights": "a"}], "and 'relu1' is relu"),
        ([CONV | {"name": "a", "repeat": 2}, CONV | {"weights": "a"}],
         "needs the same layers, but it has 2 and this one has 1"),
        ([{"conv": {"filters": 2, "kernel": 3}, "name": "a"},
          {"conv": {"filters": 2, "kernel": 3}, "weights": "a"}],
         "layer 'conv1' (conv, input 2×4×4): shares the weights of 'a', which fit its input 4×6×6 "
         "but not this one"),
        ([CONV | {"name": "a"}, CONV | {"weights": "a", "trainable": False}],
         "'trainable' differs from that of the shared weights; write it beside 'a'"),
        ([CONV | {"trainable": "no"}], "'trainable' must be true or false, not 'no'"),
        ([CONV | {"weights": 3}], "'weights' must be a name, not 3"),
        ([{"conv": {"filters": 4, "kernel": 3, "trainable": False}}],
         "has no field 'trainable'; write it beside 'conv'"),
        ([{"conv": {"filters": 4, "kernel": 3, "shortcut": []}}], "has no field 'shortcut'"),
    ],
)  # fmt: skip
def test_what_cannot_be_shared_is_refused(layers, says):
    with pytest.raises(Mistakes) as refused:
        cnncalc.summarize({"input": "4x6x6", "layers": layers})
    assert says in str(refused.value)


def test_a_broken_layer_that_shares_is_reported_once():
    layers = [{"conv": {"filtres": 4}, "name": "a"}, CONV | {"weights": "a"}]
    with pytest.raises(Mistakes) as refused:
        cnncalc.summarize({"input": "4x6x6", "layers": layers})
    assert "filtres" in str(refused.value)
    assert "weights" not in str(refused.value)


def test_a_name_that_only_a_left_out_layer_shares_is_not_a_mistake():
    layers = [CONV | {"weights": "w"}, CONV | {"weights": "w", "when": "${1 == 2}"}]
    assert cnncalc.summarize({"input": "4x6x6", "layers": layers}).totals.params == 148


def test_frozen_attention_is_counted_in_inference():
    spec = {"input": "6x4", "layers": [{"attention": 2, "trainable": False}]}
    assert not bridge.verify(cnncalc.summarize(spec), "cpu", training=False).disagreements
