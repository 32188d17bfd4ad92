"""Tables as people paste them: headings in many words, and rows that nobody asked for."""

import json

import pytest
from typer.testing import CliRunner

import cnncalc
from cnncalc.cli import app
from cnncalc.homework import feedback_formats
from cnncalc.homework.sheets import _headings

# 6 filters of 5·5·3 weights on 3×32×32: (75 + 1)·6 = 456 parameters, 6·28·28 = 4,704 outputs of
# 18,816 bytes, 4,704·75 = 352,800 MACs. Pooled: 6·14·14 = 1,176; 1,177·10 = 11,770 parameters.
KEY = """
architecture:
  input: 3x32x32
  layers:
    - {conv: {filters: 6, kernel: 5}, name: conv1}
    - {max_pool: 2, name: pool1}
    - {linear: 10, name: fc1}
answers:
  conv1: {shape: , elements: , params: , macs: , flops: , memory: }
  fc1: {params: }
  totals: {params: }
"""


@pytest.fixture
def graded(tmp_path):
    """Grades a table against the key."""
    (tmp_path / "key.yaml").write_text(KEY, encoding="utf-8")

    def grade(text, name="ada.md"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        [one] = cnncalc.grade([tmp_path / name], tmp_path / "key.yaml")
        return one

    return grade


def outcomes(one):
    return {
        answer["question"]: answer["outcome"]
        for answer in one.answers
        if answer["outcome"] != "unanswered"
    }


@pytest.mark.parametrize(
    ("heading", "given", "label"),
    [
        ("Activation map dimensions", "28×28×6", "shape"),
        ("Feature map size", "6@28x28", "shape"),
        ("Feature map size", "4,704", "elements"),
        ("Activation Size", "4704", "elements"),
        ("Weights + biases", "456", "parameters"),
        ("How many parameters", "456", "parameters"),
        ("# Params (K)", "0.456", "parameters"),
        ("MFLOPs", "0.7056", "flops"),
        ("kMACs", "352.8", "macs"),
        ("MACs [K]", "352.8", "macs"),
        ("Memory, KB", "18.8", "memory"),
        ("Memory in KiB", "18.375", "memory"),
        ("Output size (KB)", "18.816", "memory"),
        ("Memory (KB)", "18,816 B", "memory"),  # a unit beside the number takes precedence
    ],
)
def test_headings_in_other_words_are_understood(graded, heading, given, label):
    one = graded(f"| Layer | {heading} |\n|---|---|\n| Conv1 | {given} |\n")
    assert outcomes(one) == {f"conv1 {label}": "right"}


HEADINGS = {
    (
        "shape",
        "28x28x6",
    ): "Output dims; Output dimension (H×W×C); Feature map; Feature maps; O/P shape;"
    "Size of output; Size of the output; Out shape; out_size; Output dim.; Volume size; Dim;"
    "Tensor shape; Resulting shape; Layer output; Output tensor; Shape of output;"
    "Output feature map size; Activation volume; Activation map dims; OutputShape; Output tensor",
    ("elements", "4704"): "Activation count; n_activations; # neurons; No. of activations;"
    "Total activations; Num elements",
    ("parameters", "456"): "Weights (incl. bias); Parameter count; N params; Nb params; n_params;"
    "Params (incl. bias); # params (with bias); number of parameters (including biases);"
    "weights+bias; Param. count; # learnable params; Trainable params; Params #; num_parameters",
    ("macs", "352,800"): "MAC operations; No. of MACs; #MAC; Mult-Adds",
    ("memory", "18.375 KiB"): "Mem; Memory usage; Output memory; Mem (KiB); Memory usage (KiB)",
}


@pytest.mark.parametrize(("label", "given"), HEADINGS)
def test_headings_of_other_courses_are_understood(graded, label, given):
    for heading in HEADINGS[label, given].split(";"):
        one = graded(f"| Layer | {heading} |\n|---|---|\n| Conv1 | {given} |\n")
        assert outcomes(one) == {f"conv1 {label}": "right"}, heading


def test_the_number_of_feature_maps_is_not_a_shape():
    assert _headings.quantity("Feature Map", ("6", "16")) == ("Feature Map", "")


def test_a_word_that_is_not_a_unit_stays_in_the_heading():
    assert _headings.quantity("Output (HxWxC)", ()) == ("Output (HxWxC)", "")
    assert _headings.quantity("colour (red)", ()) == ("colour (red)", "")


@pytest.mark.parametrize("name", ["ada.csv", "ada.tsv", "ada.txt"])
def test_cells_may_be_separated_by_tabs(graded, name):
    rows = "\tOutput Shape\tParam #\nconv1 (Conv2D)\t(None, 28, 28, 6)\t450\nTotal\t\t12 226\n"
    assert outcomes(graded(rows, name)) == {
        "conv1 shape": "right",
        "conv1 parameters": "wrong",
        "total parameters": "right",
    }


STRANGE = """
| Layer | Output shap | Colour | Params | MACs |
|---|---|---|---|---|
| Input | 3x32x32 | red | 0 | 0 |
| konv1 | 6x28x28 | red | 456 | 352,800 |
| conv1 | 6x28x28 | blue | 456 | 352,800 |
| fc1 | 10 | red | 11,770 | 11,760 |
| Totals | | | 12,226 | 364,560 |
"""


def test_a_word_that_is_not_understood_is_reported_once(graded):
    one = graded(STRANGE)
    assert [
        (answer["question"], answer["remark"])
        for answer in one.answers
        if answer["outcome"] == "unreadable"
    ] == [
        ("Output shap", "'Output shap' is not a quantity; did you mean 'output shape'?"),
        ("Colour", "'Colour' is not a quantity that can be asked for"),
        ("konv1", "'konv1' is not a layer of the network; did you mean 'conv1'?"),
    ]
    assert outcomes(one)["conv1 parameters"] == "right"
    assert one.not_asked == ("fc1 macs", "total macs")


def test_a_stand_alone_sheet_reports_them_once(tmp_path):
    file = tmp_path / "ada.md"
    file.write_text(f"architecture: 3x32x32-6C5-MP2-10N\n{STRANGE}", encoding="utf-8")
    [one] = cnncalc.grade(file)
    unread = [answer["question"] for answer in one.answers if answer["outcome"] == "unreadable"]
    assert unread == ["Output shap", "Colour", "konv1", "fc1"]


@pytest.mark.parametrize("alone", [False, True])
def test_a_word_that_is_not_understood_in_one_row_is_shown_with_its_layer(graded, tmp_path, alone):
    rows = {"konv": {"shape": 1, "macs": 2}, "Conv1": {"colour": 3, "prams": 4}}
    own = {"architecture": "3x32x32-6C5-MP2-10N"} if alone else {}
    names = "conv1, max_pool1, flatten, linear1" if alone else "conv1, pool1, flatten, fc1"
    text = json.dumps({**own, "answers": rows})
    (tmp_path / "own.json").write_text(text, encoding="utf-8")
    one = cnncalc.grade(tmp_path / "own.json")[0] if alone else graded(text, "ada.json")
    found = [
        (answer["question"], answer["answer"], answer["remark"])
        for answer in one.answers
        if answer["outcome"] == "unreadable"
    ]
    assert found == [
        ("konv", "", f"'konv' is not a layer of the network; it has {names}"),
        ("Conv1 colour", "3", "'colour' is not a quantity that can be asked for"),
        ("Conv1 prams", "4", "'prams' is not a quantity; did you mean 'params'?"),
    ]


def test_answers_are_about_a_network(graded, tmp_path):
    (tmp_path / "key.yaml").write_text("questions: [{name: a, given: {N: 7, F: 3}, ask: padding}]")
    one = graded("answers: {a: {answer: 1}}", "ada.yaml")
    assert outcomes(one) == {"a answer": "unreadable"}


def test_unasked_answers_are_listed(graded, tmp_path):
    one = graded(STRANGE)
    for name in feedback_formats.names():
        assert "Not asked, and not graded: fc1 macs, total macs." in feedback_formats.load(
            name
        ).write(one)
    words = ["grade", str(tmp_path / "key.yaml"), str(tmp_path / "ada.md")]
    assert (
        "\nnot asked: fc1 macs, total macs\n" in CliRunner().invoke(app, [*words, "--all"]).stdout
    )
    data = json.loads(CliRunner().invoke(app, [*words, "-f", "json"]).stdout)
    assert data["students"][0]["not asked"] == ["fc1 macs", "total macs"]


def test_a_class_shows_why_an_answer_cannot_be_read(graded, tmp_path):
    for name, text in (
        ("a.yaml", "answers: {conv1: {params: lots}}"),
        ("b.yaml", "answers: {conv9: {params: 3}, konv: {shape: 3}}"),
    ):
        graded(text, name)
    words = ["grade", *(str(tmp_path / name) for name in ("key.yaml", "a.yaml", "b.yaml"))]
    shown = " ".join(CliRunner().invoke(app, words).stdout.split())
    assert "conv1 parameters: 'lots' is not a number" in shown
    assert (
        "conv9: 'conv9' is not a layer of the network; it has conv1, pool1, flatten, fc1; and 1"
        in shown
    )


def test_a_table_may_have_a_column_for_each_layer(graded):
    table = "| | conv1 | Pool1 | FC1 |\n|---|---|---|---|\n| Output shape | 6x28x28 | 6x14x14 |\n"
    one = graded(f"{table}| # params | 456 | 0 | 11,770 |\n")
    rights = ("conv1 shape", "conv1 parameters", "fc1 parameters")
    assert outcomes(one) == dict.fromkeys(rights, "right")


def test_bars_need_no_rule_between_headings_and_rows(graded):
    one = graded("Name: Ada\n\nLayer | Output | Params\nConv1 | 6x28x28 | 456\nTotal | | 12226\n")
    rights = ("conv1 shape", "conv1 parameters", "total parameters")
    assert outcomes(one) == dict.fromkeys(rights, "right")


def test_a_table_about_something_else_leaves_the_others_readable(graded):
    rule = "|---|---|\n"
    others = f"| formula | meaning |\n{rule}| (N-F)/S+1 | size |\n\n| for the grader | |\n{rule}"
    one = graded(f"| Layer | Params |\n|---|---|\n| conv1 | 456 |\n\n{others}| points | |\n")
    assert outcomes(one) == {"conv1 parameters": "right", "meaning": "unreadable"}
    problem = "ada.md:1: there is no table of answers; a table begins with a row"
    assert problem in graded(others).problem
