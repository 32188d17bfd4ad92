"""A sheet from its text to its marks."""

from fractions import Fraction

import pytest

from cnncalc.homework import sheet
from cnncalc.homework.marking import Marker
from cnncalc.homework.written import Terms
from cnncalc.spec import text

SHEET = """
student: Ada
architecture: alexnet
answers:
  conv1: {shape: 96x54x54, params: 34,848, macs: 105M, memory: 1.1 MB}
  pool1: {shape: 26x26x96}
  conv2: {params: (5*5*96+1)*256 = 614,565, rf: 51}
  conv3: {params: 9**9**9}
  conv9: {shape: 3}
  fc8: {params: ~4.1M, macs: }
  totals: {params: ~62M}
questions:
  - {given: {conv: {filters: 10, kernel: 5, padding: 2}, input: 3x32x32}, ask: params, answer: 750}
  - {given: {N: 7, F: 3, S: 3}, ask: stride_legal, answer: illegal}
  - {given: {conv: {filters: 10, kernel: 5, padding: 2}, input: 3x32x32}, ask: params, answer: 250}
  - {given: {conv: {filters: 10, kernel: 5, padding: 2}, input: 3x32x32}, ask: params, answer: 77}
"""


@pytest.fixture(scope="module")
def marks():
    read = sheet.read(text.read(SHEET, "ada.yaml"))
    assert read.student == "Ada"
    return {mark.answer.label: mark for mark in Marker().sheet(read).marks}


@pytest.mark.parametrize(
    ("label", "outcome", "mistakes"),
    [
        ("conv1 shape", "wrong", [["plus_one_forgotten"]]),
        ("conv1 parameters", "wrong", [["bias_forgotten"]]),
        ("conv1 macs", "right", []),
        ("conv1 memory", "right", []),
        ("pool1 shape", "follows", []),  # (54 − 3)/2 + 1 = 26 from the wrong 54
        ("conv2 parameters", "arithmetic", []),
        ("conv2 receptive field", "right", []),
        ("conv3 parameters", "unreadable", []),
        ("conv9", "unreadable", []),
        ("fc8 parameters", "right", []),
        ("fc8 macs", "unanswered", []),
        ("total parameters", "right", []),
        ("question 1", "wrong", [["bias_forgotten"]]),
        ("question 2", "right", []),
        ("question 3", "wrong", [["bias_forgotten", "filter_depth_forgotten"]]),
        ("question 4", "wrong", []),
    ],
)
def test_answers_are_marked(marks, label, outcome, mistakes):
    mark = marks[label]
    assert mark.outcome.value == outcome
    assert [[one.name for one in found.slip.mistakes] for found in mark.diagnoses] == mistakes


def test_the_wrong_arithmetic_is_shown_as_it_ran(marks):
    derivation = marks["conv1 parameters"].diagnoses[0].derivation
    assert [working.text() for working in derivation.workings] == [
        "weights = F·F·C_in·C_out = 11·11·3·96 = 34,848",
        "biases = 0",
        "params = weights + biases = 34,848 + 0 = 34,848",
    ]


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ("62000000", "right"),  # 62,378,344 rounds to it
        ("62400000", "right"),
        ("63000000", "wrong"),
        ("62,367,776", "wrong"),
    ],
)
def test_trailing_zeros_of_a_count_may_be_rounding(given, outcome):
    asked = f"{{architecture: alexnet, answers: {{totals: {{params: '{given}'}}}}}}"
    (mark,) = Marker().sheet(sheet.read(text.read(asked, "ada.yaml"))).marks
    assert mark.outcome.value == outcome


def test_trailing_zeros_do_not_hide_a_mistake():
    """1000·1 weights without the bias: 1001 also rounds to 1000."""
    asked = "questions: [{given: {linear: 1, input: 1000}, ask: params, answer: 1000}]"
    (mark,) = Marker().sheet(sheet.read(text.read(asked, "ada.yaml"))).marks
    assert [one.name for one in mark.diagnoses[0].slip.mistakes] == ["bias_forgotten"]
    (mark,) = Marker(Terms(strict=True)).sheet(sheet.read(text.read(asked, "ada.yaml"))).marks
    assert mark.outcome.value == "wrong"


ABOUT_A_LINEAR = (
    "{architecture: 1x32x32-10C5-MP2-10N, answers: {max_pool1: {shape: 10x15x15}, "
    "linear1: {params: {answer: 'ANSWER'TOLERANCE}}}}"
)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("22600", "follows"),  # about 10·15·15·10 + 10 = 22,510
        ("14*14*100 = 20000", "arithmetic"),  # 19,600 is about 10·14·14·10 + 10 = 19,610
    ],
)
def test_a_tolerance_in_the_key_applies_as_on_the_command_line(answer, outcome):
    exact = ABOUT_A_LINEAR.replace("ANSWER", answer).replace("TOLERANCE", "")
    within = ABOUT_A_LINEAR.replace("ANSWER", answer).replace("TOLERANCE", ", tolerance: 1%")
    found = [
        Marker(terms).sheet(sheet.read(text.read(source, "ada.yaml"))).marks[-1].outcome.value
        for source, terms in (
            (exact, Terms()),
            (exact, Terms(tolerance=Fraction(1, 100))),
            (within, Terms()),
        )
    ]
    assert found == ["wrong", outcome, outcome]


def test_a_unit_excludes_rounded_elements():
    """10·32·32 = 10,240 elements of 4 bytes; 10200 may be 10,240 rounded, but not as bytes."""
    asked = "{architecture: 1x34x34-10C3, answers: {conv1: {memory: {answer: 10200UNIT}}}}"
    found = [
        Marker().sheet(sheet.read(text.read(asked.replace("UNIT", unit), "ada.yaml"))).marks[0]
        for unit in ("", ", unit: B")
    ]
    assert [mark.outcome.value for mark in found] == ["right", "wrong"]


def test_both_mistakes_that_explain_a_total_are_named():
    """400 values of 4 bytes for 4 images: 1,600 bytes are one image, or one byte for each value."""
    asked = "{architecture: {input: 100, layers: [{linear: 300}]}, batch: 4, answers: "
    asked += "{totals: {memory: 1600 B}}}"
    (mark,) = Marker().sheet(sheet.read(text.read(asked, "ada.yaml"))).marks
    named = [[mistake.name for mistake in one.slip.mistakes] for one in mark.diagnoses]
    assert named[:2] == [["batch_forgotten"], ["elements_for_bytes"]]


def test_a_contradictory_unit_is_reported():
    asked = "questions: [{given: {linear: 7, input: 9}, ask: params, answer: 999 MB}]"
    (mark,) = Marker().sheet(sheet.read(text.read(asked, "ada.yaml"))).marks
    assert mark.why == "the answer is in bytes, but the question asks for a plain number"


def test_a_habit_of_a_whole_sheet_is_noted_once():
    answers = "{c1: {shape: 28x28x6, macs: 118K}, s2: {shape: 14x14x6}, c3: {shape: 16x10x10}}"
    read = sheet.read(text.read(f"architecture: lenet5\nanswers: {answers}", "ada.yaml"))
    notes = [mark.reading.notes for mark in Marker().sheet(read).marks]
    assert notes == [("channels last",), ("rounded",), (), ()]  # 117,600
