"""Questions about convolutions with numbers on a sheet."""

import homework_numbers as numbers
import pytest
from typer.testing import CliRunner

from cnncalc import cli
from cnncalc.core.errors import Where
from cnncalc.homework import mistakes, sheet
from cnncalc.homework.convolution import Tensor
from cnncalc.homework.marking import Marker
from cnncalc.homework.mistakes._numbers import WrongNumbers
from cnncalc.spec import text

KEDGE = "input: 0 1 2; 3 4 5; 6 7 8, kernel: 0 1; 2 3"
RELU = "input: 1 2 4 3, kernel: 1 -1, bias: 1"


def sheet_of(given, answer, ask="convolution"):
    asked = f"questions: [{{name: q, given: {{{given}}}, ask: {ask}, answer: {answer}}}]"
    return sheet.read(text.read(asked, "ada.yaml"))


def marked(given, answer, ask="convolution"):
    (mark,) = Marker().sheet(sheet_of(given, answer, ask)).marks
    return mark


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        # KEDGE lecture: 3×3 and 2×2.
        (KEDGE, "19 25; 37 43"),
        (KEDGE, "[[19, 25], [37, 43]]"),
        (KEDGE, '"19, 25; 37, 43"'),
        # 0·3 + 1·2 + 3·1 + 4·0 = 5
        (f"{KEDGE}, flip: true", "5 11; 23 29"),
        (f"{KEDGE}, bias: 0.5", "19.5 25.5; 37.5 43.5"),
        (f"{KEDGE}, stride: 2", "19"),
        (f"{KEDGE}, pool: max:2", "43"),
        (f"{KEDGE}, pool: avg:2", "31"),  # (19 + 25 + 37 + 43)/4
        # TF's same puts the odd cell after: 2·0 + 5·2 ... on the right and below are zeros.
        (f"{KEDGE}, padding: same", "19 25 10; 37 43 16; 7 8 0"),
        (RELU, "0 -1 2"),
        (f"{RELU}, activation: relu", "0 0 2"),
        (f"{RELU}, activation: leaky_relu:0.1", "0 -0.1 2"),
        # 1/(1 + e^0) = 0.5, 1/(1 + e^1) = 0.2689, 1/(1 + e^-2) = 0.8808
        (f"{RELU}, activation: sigmoid", "0.5 0.269 0.88"),
        ("input: [[1, 2], [3, 4]], kernels: [[[1]], [[2]]]", "1 2; 3 4 | 2 4; 6 8"),
        ("input: 1 2; 3 4, kernels: [1, 2], bias: [0, 1]", "1 2; 3 4 | 3 5; 7 9"),
        # TUM lecture, whose boundary example is a box of 3 on ten numbers.
        (
            "input: 4 3 2 -5 3 5 2 5 5 6, kernel: box, padding: same",
            "7/3 3 0 0 1 10/3 4 4 16/3 11/3",
        ),
        ("input: 4 3 2 -5 3, kernel: box, padding: 1, mode: replicate", "11/3 3 0 0 0.33"),
        ("input: 1 2 3 4 5, kernel: 1 1, dilation: 2", "4 6 8"),
        ("input: 2.50, kernel: 2", "5"),
    ],
)
def test_a_right_matrix_is_accepted(given, answer):
    mark = marked(given, answer)
    assert mark.outcome.value == "right", mark


@pytest.mark.parametrize(
    ("given", "answer", "made"),
    [
        (f"{KEDGE}, flip: true", "19 25; 37 43", ["kernel_flipped"]),
        (f"{KEDGE}, padding: same", "19 25; 37 43", ["padding_forgotten"]),
        (f"{KEDGE}, stride: 2", "19 25; 37 43", ["stride_forgotten"]),
        (f"{KEDGE}, pool: max:2", "19 25; 37 43", ["pooling_skipped"]),
        ("input: 1 2 3 4 5, kernel: 1 1, dilation: 2", "3 5 7 9", ["dilation_ignored"]),
        (f"{RELU}, activation: relu", "0 -1 2", ["activation_forgotten"]),
        (f"{RELU}, activation: relu", "0 0 1", ["sums_without_bias"]),
        (RELU, "2 3 0", ["kernel_flipped"]),
        (f"{KEDGE}, bias: 1, flip: true", "19 25; 37 43", ["kernel_flipped", "sums_without_bias"]),
        ("input: 4 3 2 -5 3, kernel: box", "9 0 0", ["kernel_factor_forgotten"]),
        ("input: 1 4 2 6 3, kernel: 1, pool: max:2ceil", "2.5 4 3", ["maximum_for_mean"]),
    ],
)
def test_the_mistake_behind_a_wrong_matrix_is_named(given, answer, made):
    mark = marked(given, answer)
    assert [sorted(one.name for one in found.slip.mistakes) for found in mark.diagnoses[:1]] == [
        made
    ]


def test_an_unexplained_matrix_is_compared_number_by_number():
    mark = marked(KEDGE, "19 25; 37 44")
    assert not mark.diagnoses
    assert mark.why == "1 of 4 numbers is wrong: (2,2) is 43, not 44"


def test_wrong_decimals_are_shown_as_decimals():
    assert marked(f"{RELU}, activation: sigmoid", "0.5 0.5 0.5").why == (
        "2 of 3 numbers are wrong: (2) is 0.269, not 0.5; (3) is 0.881, not 0.5"
    )
    assert marked(f"{KEDGE}, pool: avg:2, bias: 0.5", "9").why == (
        "1 of 1 numbers is wrong: (1) is 31.5, not 9"
    )


@pytest.mark.parametrize(
    ("ask", "answer"), [("shape", "1x2x2"), ("params", "4"), ("macs", "16"), ("rf", "2")]
)
def test_the_same_layers_can_be_asked_for_counts(ask, answer):
    assert marked(KEDGE, answer, ask).outcome.value == "right"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("kernel: 0 1", "needs 'input', as in input: 0 1 2; 3 4 5"),
        ("input: 0 1; 2, kernel: 1", "the input: row 2 has 1 number"),
        ("input: 0 1, kernel: x1", "no kernel is named 'x1'"),
        ("input: 0 1, kernel: 1; x", "kernel 1: row 2, column 1: 'x' is not a number"),
        ("input: 0 1, kernel: 1 2 3", "a window of 3 is larger than the input of 2"),
        ("input: 0 1, kernel: 1, kernels: [1]", "not both"),
        ("input: 0 1, kernels: 1", "'kernels' must be a list of at least one"),
        ("input: 0 1, kernels: []", "'kernels' must be a list of at least one"),
        ("input: 0 1, kernel: 1, flip: maybe", "'flip' must be true or false, not 'maybe'"),
        ("input: 0 1, kernel: 1, paddng: 1", "no key 'paddng'; did you mean 'padding'?"),
        ("input: 0 1, kernel: 1, activation: relo", "did you mean 'relu'"),
        ("input: 0 1, kernel: 1, pool: mxx:2", "pool: no pooling is called 'mxx'"),
        ("input: 0 1, kernel: 1, bias: 1 2", "bias: there is 1 kernel, but 2 biases; give one"),
        ("input: 0 1, kernel: 1, bias: x", "bias: column 1: 'x' is not a number"),
        ("input: /etc/passwd, kernel: 1", "'/etc/passwd' is not a number"),
        ("input: random:5x5, kernel: 1", "is not a number"),
        ("input: 3x32x32, linear: 4", "needs numbers, as in given: {input: 0 1 2; 3 4 5"),
    ],
)
def test_invalid_numeric_questions_are_refused(given, says):
    (answer,) = sheet_of(given, "1").answers
    assert answer.question is None
    assert says in answer.problem
    assert "\n" not in answer.problem


def test_every_mistake_handles_numeric_questions():
    given = f"{KEDGE}, padding: 1, bias: 1, activation: relu, pool: avg:2"
    (answer,) = sheet_of(given, "1").answers
    for mistake in mistakes.every():
        for other in mistake.other(answer.question):
            assert other.ask.name == "convolution"
            assert isinstance(other.value, Tensor)


def test_an_incomplete_numeric_mistake_raises_a_type_error():
    with pytest.raises(TypeError, match="abstract"):
        WrongNumbers()


def test_only_some_of_very_many_windows_are_shown():
    big = "; ".join(["1 2 3 4 5 6 7 8 9 10"] * 10)
    mark = marked(f"input: {big}, kernel: 1 1; 1 1", "1")
    lines = [working.text() for working in mark.answer.question.derivation.workings]
    assert lines[-1] == "... and 71 more windows"
    assert len(lines) == 12
    assert (
        mark.answer.question.derivation.workings[1].latex().startswith("u(1,1) &= 1 \\times 1 + ")
    )


def test_a_class_can_answer_in_every_format(tmp_path):
    (tmp_path / "key.yaml").write_text(
        f"questions: [{{name: conv, given: {{{KEDGE}}}, ask: convolution}}]", encoding="utf-8"
    )
    for name, written in {
        "ada.yaml": "questions:\n  - name: conv\n    answer: |\n      19 25\n      37 43\n",
        "bob.csv": 'question,answer\nconv,"19 25; 37 43"\n',
        "cy.csv": 'question;answer\nconv;"19 25; 37 43"\n',
        "di.md": "| question | answer |\n|---|---|\n| conv | `19 25<br>37 43` |\n",
    }.items():
        (tmp_path / name).write_text(written, encoding="utf-8")
    files = sorted(path for path in tmp_path.iterdir() if path.name != "key.yaml")
    words = ["grade", str(tmp_path / "key.yaml"), *map(str, files), "-f", "csv"]
    result = CliRunner().invoke(cli.app, words)
    assert [line.split(",")[1] for line in result.stdout.splitlines()[1:]] == ["1"] * 4


def test_independent_arithmetic_confirms_the_stated_mistakes():
    made = set()
    for work, stated, wrong in numbers.wrong_answers(30, seed=4):
        asked = {"given": work.given, "ask": "convolution"}
        right = {**asked, "answer": numbers.written(numbers.worked(work))}
        slipped = {**asked, "answer": numbers.written(wrong)}
        root = text.located({"questions": [right, slipped]}, Where(""))
        first, second = Marker().sheet(sheet.read(root)).marks
        assert first.outcome.value == "right", work
        named = [[one.name for one in found.slip.mistakes] for found in second.diagnoses]
        assert named[:1] == [[stated]], work
        made.add(stated)
    assert made == set(numbers.MISTAKES)
