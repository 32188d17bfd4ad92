"""A network with an operation that no kind describes: unknown counts are never zeros."""

import json

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc import cli
from cnncalc.conventions.published import check
from cnncalc.core.errors import Mistakes, UsageError
from cnncalc.render import load, names
from cnncalc.render.columns import choose_columns
from cnncalc.render.view import View

NETWORK = {
    "name": "detector",
    "input": "3x32x32",
    "layers": [
        {"conv": {"filters": 16, "kernel": 3, "padding": 1}, "name": "conv"},
        {"opaque": {"output": "16x7x7", "what": "region pooling"}, "name": "roi"},
        {"linear": 10, "name": "fc"},
    ],
}
KNOWN_PARAMS, KNOWN_MACS = 3 * 3 * 3 * 16 + 16 + 784 * 10 + 10, 27 * 16 * 1024 + 7840
STATED = {"opaque": {"output": 10, "params": 50, "biases": 10, "buffers": 3, "macs": 40}}


def run(*words, spec=NETWORK):
    return CliRunner().invoke(cli.app, [*words], input=json.dumps(spec))


def test_totals_are_lower_bounds():
    report = cnncalc.summarize(NETWORK)
    assert (report.totals.params, report.totals.macs) == (KNOWN_PARAMS, KNOWN_MACS)
    assert not report.exact
    assert {"params", "macs", "flops", "buffers", "bytes_read"} <= report.unknown
    assert not {"activation", "activations_total", "bytes_written"} & report.unknown
    assert [row.name for row in report.opaque] == ["roi"]


def test_a_network_without_opaque_layers_is_exact():
    report = cnncalc.summarize("lenet5")
    assert report.exact
    assert report.to_dict()["totals"]["exact"] is True
    assert all(layer["exact"] for layer in report.to_dict()["layers"])


def test_what_is_given_is_exact():
    report = cnncalc.summarize({"input": 8, "layers": [STATED]})
    assert not {"params", "weights", "biases", "buffers", "macs", "flops"} & report.unknown
    assert "operations_total" in report.unknown
    totals = report.totals
    assert (totals.weights, totals.biases, totals.buffers, totals.macs) == (40, 10, 3, 40)
    lines = {total.label: total.text for total in View(report).totals}
    assert lines["Parameters"] == "50 (40 weights + 10 biases)"
    assert lines["MACs"] == "40"


def test_json_has_null_for_unknown_counts():
    record = cnncalc.summarize(NETWORK).to_dict()
    conv, roi, *_ = record["layers"]
    assert conv["exact"] is True
    assert (roi["exact"], roi["params"], roi["macs"], roi["multiply"]) == (False, None, None, None)
    assert roi["activation"] == 784
    assert record["totals"]["exact"] is False
    assert record["totals"]["macs"] == KNOWN_MACS


@pytest.mark.parametrize("name", names())
def test_every_format_marks_lower_bounds(name):
    text = load(name).render(View(cnncalc.summarize(NETWORK)))
    if name == "json":
        assert json.loads(text)["totals"]["exact"] is False
    elif name == "csv":  # no totals; what is unknown is empty
        assert "roi,opaque,,16×7×7,,,3136,≤ 34" in text
    else:
        least = {"latex": r"$\geq$", "html": "&#8805;"}.get(name, "≥")
        assert f"{least} 8,298" in text
        assert "roi" in text


def test_blocks_are_lower_bounds_too():
    block = {"block": [NETWORK["layers"][1], {"conv": {"filters": 2, "kernel": 3}}], "name": "head"}
    spec = {
        "input": "3x32x32",
        "blocks": {"head": {"layers": [*block["block"]]}},
        "layers": [{"head": None, "name": "head"}],
    }
    view = View(cnncalc.summarize(spec), choose_columns(["layer", "params", "macs%"]), depth=1)
    (line,) = [line for line in view.lines if line.name == "head"]
    assert view.texts(line) == ["head", "≥ 290", ""]  # 16·2·9 + 2
    assert view.values(line) == ["head", "≥ 290", None]


def test_every_column_of_an_opaque_layer_is_text():
    view = View(cnncalc.summarize(NETWORK), choose_columns(["all"]), depth=1)
    cells = dict(zip(view.columns, view.texts(view.lines[2]), strict=True))
    assert cells["params"] == cells["buffers"] == cells["multiply"] == "?"
    assert cells["read"] == "≥ 65.54 kB"
    assert cells["intensity"] == cells["macs%"] == ""
    assert cells["rf"] == "≤ 34"


def test_strict_says_why_and_exits_with_1():
    done = run("summarize", "-", "--strict")
    assert done.exit_code == 1
    assert "cnncalc: totals are lower bounds, because of roi (opaque)" in done.stderr
    assert "≥ 8,298" in done.stdout
    assert run("summarize", "-").exit_code == 0
    assert run("summarize", "lenet5", "--strict").exit_code == 0


def test_explanations_say_what_is_not_known():
    (parameters, macs) = (
        cnncalc.explain(NETWORK, "roi", quantity)[0].answer for quantity in ("parameters", "macs")
    )
    assert parameters == macs == "not known"
    (whole,) = cnncalc.explain(NETWORK, quantity="macs")
    assert whole.answer.startswith("≥ 450,208")
    assert whole.answer.endswith("; not known for roi")
    assert "sum, at least" in run("explain", "-").stdout


def test_a_plot_says_what_its_shares_are_of():
    assert "Shares are of the known counts" in run("summarize", "-", "--plot").stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["memory", "-"], "the memory of an opaque operation is not known"),
        (["summarize", "-", "--convention", "thop"], "the total of thop 0.1.1 is not known"),
        (["reconcile", "-", "4.1 GMACs"], "no total can be compared with 4.1 GMACs: the total of"),
        (["reconcile", "-", "9 params"], "compared with 9 params: the total of Keras total params"),
        (["reconcile", "-", "9 connections"], "; replace it with a layer that cnncalc knows"),
        (["summarize", "-", "--convention", "macs"], "; state its counts in the spec"),
        (["verify", "-"], "detector cannot be compared: it is not known what layer 'roi'"),
        (["export", "-"], "layer 'roi' (opaque): what an opaque operation computes is not known"),
    ],
)
def test_what_needs_the_unknown_is_refused(words, says):
    done = run(*words)
    assert isinstance(done.exception, UsageError)
    assert says in str(done.exception)


def test_stated_counts_are_compared():
    """4·3·9 + 4 = 112 parameters and 50 stated ones; 3·3·3·4·30·30 MACs and 40 stated ones."""
    spec = {"input": "3x32x32", "layers": [{"conv": {"filters": 4, "kernel": 3}}, STATED]}
    for number, name in {
        "162 params": "params",
        "97240 MACs": "macs",
        "6682 values": "activations",
    }.items():
        found = cnncalc.reconcile(spec, number)
        assert name in found.to_dict()["agreeing"][0]["conventions"], number
    assert cnncalc.summarize(spec).under("params-buffers").total == 165
    assert found.unknown == {}


def test_it_is_not_built_in_pytorch():
    with pytest.raises(UsageError, match="so PyTorch cannot run it"):
        cnncalc.to_torch(NETWORK)


@pytest.mark.parametrize(
    ("layer", "ask", "says"),
    [
        (
            "total",
            "macs",
            "macs of detector: not known for layer 'roi' (opaque)",
        ),
        ("total", "params", "of detector: not known for layer 'roi' (opaque)"),
        ("total", "peak_memory", "memory of an opaque operation is not known"),
        ("roi", "flops", "flops of layer 'roi': not known, because the layer is opaque"),
        ("roi", "weights_per_neuron", "has no weights"),
        ("roi", "rf", "layer 'roi' has no exact receptive field, only an upper bound"),
        (
            "roi",
            "receptive_field_start",
            "layer 'roi' has no exact receptive field, only an upper bound",
        ),
    ],
)
def test_questions_without_an_exact_answer_are_refused(layer, ask, says):
    (graded,) = cnncalc.grade({"architecture": NETWORK, "answers": {layer: {ask: 0}}})
    (mark,) = graded.marks
    assert mark.outcome.value == "unreadable"
    assert says in mark.why
    assert graded.possible == 0


def test_questions_with_an_exact_answer_are_graded():
    answers = {"roi": {"shape": "16x7x7"}, "conv": {"params": 448}, "total": {"memory": 81_000}}
    (graded,) = cnncalc.grade({"architecture": NETWORK, "answers": answers})
    assert [mark.outcome.value for mark in graded.marks] == ["right"] * 3


@pytest.mark.parametrize("quantity", ["macs", "params", "depth", "neurons"])
def test_claims_about_unknown_totals_are_not_compared(quantity):
    claim = {"quantity": quantity, "value": "5", "source": "nowhere"}
    with pytest.raises(Mistakes, match="not known for layer 'roi'"):
        check({**NETWORK, "published": [claim]})


def test_channels_last_reorders_its_shape():
    spec = {"layout": "hwc", "input": "32x32x3", "layers": [{"opaque": "7x7x16"}]}
    assert tuple(cnncalc.summarize(spec).output_shape) == (16, 7, 7)
