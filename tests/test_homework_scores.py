"""Softmax and cross-entropy of given scores, choices that a key states, and names of layers."""

import homework_classes as classes
import pytest

import cnncalc
from cnncalc.homework import gradebook

# NTU, Convolutional Neural Networks I: probabilities 0.66, 0.24 and 0.10 lose −log2(0.66) = 0.6 if
# the first class is right, and −log2(0.10) = 3.32 if the last is. By hand: e² = 7.389, e = 2.718
# and e^0.1 = 1.105 add up to 11.212; 7.389/11.212 = 0.659, 0.242 and 0.099; −ln(0.659) = 0.417.
LOGITS = {"logits": "2 1 0.1"}
TARGET = {"target": [1, 0, 0]}
PRINTED = {"probabilities": [0.66, 0.24, 0.10], "log": 2}


def marked(ask, given, answer):
    question = {"name": "q", "given": given, "ask": ask, "answer": answer}
    [graded] = cnncalc.grade({"questions": [question]})
    return graded.answers[0]["outcome"], graded.answers[0]["remark"]


@pytest.mark.parametrize(
    ("ask", "given", "answer"),
    [
        ("softmax", LOGITS, "0.66 0.24 0.10"),
        ("probabilities", {"logits": [2, 1, 0.1]}, "[0.659, 0.242, 0.099]"),
        ("softmax", {"logits": "3"}, "1"),
        ("softmax", {"logits": "0 0"}, "0.5; 0.5"),
        ("cross_entropy", {**LOGITS, **TARGET}, "0.417"),
        ("cross_entropy", {**LOGITS, **TARGET}, "0.416"),  # −ln(0.66), rounded on the way
        ("softmax", {"logits": "1 2 3"}, "9%, 24.5%, 66.5 %"),
        ("softmax", {"logits": "1 2 3"}, "(0.09, 0.245, 0.665)"),
        ("softmax", {"logits": "1 2 3"}, "0,09; 0,245; 0,665"),
        ("softmax", {"logits": "1 2 3"}, "0,09 0,24 0,67"),
        ("softmax", {"logits": "1 2 3"}, "9 %; 24,5 %; 66,5 %"),
        ("loss", {**PRINTED, **TARGET}, "0.6"),
        ("loss", {**PRINTED, "target": "0 0 1"}, "3.32"),
        ("loss", {"probabilities": "0.5 0.5", "target": "0.5 0.5", "log": "log2"}, "1"),
        ("loss", {"probabilities": "0.1 0.9", "target": "1 0", "log": "10"}, "1.0"),
    ],
)
def test_right_scores_by_hand_are_accepted(ask, given, answer):
    assert marked(ask, given, answer)[0] == "right"


@pytest.mark.parametrize(
    ("ask", "given", "answer", "remark"),
    [
        ("cross_entropy", {**LOGITS, **TARGET}, "0.6016", "used a logarithm of the wrong base"),
        ("cross_entropy", {**LOGITS, **TARGET}, "2.317", "used the probability of the wrong class"),
        (
            "loss",
            {**PRINTED, **TARGET},
            "-0.6",
            "left out the minus sign in front of the logarithm",
        ),
        (
            "softmax",
            LOGITS,
            "0.65 0.32 0.03",
            "divided the logits by their sum, without the exponen",
        ),
        ("softmax", LOGITS, "7.389 2.718 1.105", "did not divide the exponentials by their sum"),
        ("softmax", {"logits": "1 -1"}, "3 4", "2 of 2 numbers are wrong"),
        ("loss", {"logits": "1 -1", "target": "0 1"}, "9", "incorrect; no common mistake"),
    ],
)
def test_mistakes_with_scores_are_diagnosed(ask, given, answer, remark):
    outcome, found = marked(ask, given, answer)
    assert (outcome, found[: len(remark)]) == ("wrong", remark)


def test_independent_arithmetic_confirms_the_mistakes():
    for one in classes.answers(60, seed=4):
        assert marked(one.ask, one.given, one.right)[0] == "right", one
        question = {"name": "q", "given": one.given, "ask": one.ask, "answer": one.wrong}
        [graded] = cnncalc.grade({"questions": [question]})
        [mark] = graded.marks
        if mark.outcome.value == "right":  # two losses of nearly the same size
            assert abs(float(one.wrong) - float(one.right)) < 0.011 * float(one.right), one
            continue
        assert one.mistake in {slip.slip.mistakes[0].name for slip in mark.diagnoses}, one


def test_the_derivation_shows_the_sum_and_the_loss():
    question = {"name": "q", "given": {**LOGITS, "target": "0.5 0.5 0"}, "ask": "loss"}
    [graded] = cnncalc.grade({"questions": [{**question, "answer": 5}]})
    derivation = graded.marks[0].answer.question.derivation
    assert [working.text() for working in derivation.workings] == [
        "sum = e^2 + e^1 + e^0.1 = 11.213",
        "p_1 = e^2/11.213 = 0.659",
        "p_2 = e^1/11.213 = 0.242",
        "p_3 = e^0.1/11.213 = 0.099",
        "L = −(0.5·ln(0.659) + 0.5·ln(0.242)) = 0.917",
    ]


@pytest.mark.parametrize(
    ("ask", "given", "why"),
    [
        ("softmax", {"logit": [1], "logits": 2}, "no key 'logit'; did you mean 'logits'?"),
        ("softmax", {"zebra": 1, "logits": 2}, "it has logits, probabilities, target, log"),
        ("softmax", {**LOGITS, "probabilities": "1"}, "give 'logits' or 'probabilities', not both"),
        ("softmax", {"probabilities": "1"}, "a softmax needs 'logits', as in {logits: 2 1 0.1}"),
        ("softmax", {"logits": None}, "a softmax needs 'logits'"),
        ("loss", {"logits": None}, "a loss needs 'logits' or 'probabilities', as in {logits: 2 1"),
        (
            "softmax",
            {"logits": "1 2; 3 4"},
            "'logits' must be a list of 1 to 1,000 numbers, as in 2 1",
        ),
        ("softmax", {"logits": "701"}, "the numbers of 'logits' must be from −700 to 700"),
        ("softmax", {"logits": "two"}, "two"),
        ("shape", LOGITS, "scores have no shape; ask for softmax or cross_entropy"),
        ("softmax", {"linear": 3, "input": 4}, "needs scores, as in given: {logits: 2 1 0.1}"),
        ("loss", {**LOGITS, "target": "1 0"}, "'target' needs a number for each class"),
        ("loss", LOGITS, "'target' needs a number for each class"),
        ("loss", {**LOGITS, "target": "1 1 0"}, "'target' must be at least 0 and add up to 1"),
        (
            "loss",
            {**LOGITS, "target": "1 -1 0.5"},
            "of 'target' must be at least 0 and add up to 1",
        ),
        ("loss", {**LOGITS, "target": "1 1 0"}, "not to 2"),
        ("softmax", {"logits": "2 1 x"}, "'logits': column 3: 'x' is not a number"),
        ("loss", {"logitz": "2 1", "target": "1 0"}, "no key 'logitz'; did you mean 'logits'?"),
        ("shape", {"architectur": "lenet5", "layer": "c1"}, "did you mean 'architecture'?"),
        ("loss", {**PRINTED, **TARGET, "log": 3}, "'log' must be e, 2 or 10, not '3'"),
        ("loss", {"probabilities": "0 1", "target": "1 0"}, "the loss is infinite"),
    ],
)
def test_scores_that_have_no_answer_are_refused(ask, given, why):
    outcome, remark = marked(ask, given, "1")
    assert outcome == "unreadable"
    assert why in remark


def test_mistakes_that_lead_nowhere_are_left_out():
    # The scores add up to 0, and a negative score has no logarithm.
    assert marked("softmax", {"logits": "1 -1"}, "0.5 0.5")[0] == "wrong"
    assert marked("loss", {"logits": "-1 3", "target": "1 0"}, "7")[0] == "wrong"


# Names.

KEY = """
architecture: alexnet
answers:
  totals: {most_parameters: , which layer has the most MACs: fc6, most_memory: }
questions:
- {name: act, choices: [ReLU, max pooling, batch norm], answer: a}
- {name: why, ask: choice, answer: [translation invariance, it shrinks the map]}
"""


@pytest.fixture
def by_key(tmp_path):
    """Grades a sheet against the key."""
    (tmp_path / "key.yaml").write_text(KEY, encoding="utf-8")

    def grade(text, name="ada.yaml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        grades = cnncalc.grade([tmp_path / name], tmp_path / "key.yaml")
        return grades, {answer["question"]: answer for answer in grades[0].answers}

    return grade


def test_layers_and_choices_are_named_in_any_writing(by_key):
    grades, answers = by_key(
        "answers: {totals: {Most parameters: the FC-6 layer since it is large, most_macs: Conv2 "
        "(5x5), most memory: conv1}}\nquestions: [{name: act, answer: (A)}, {name: why, answer: "
        "Translation Invariance!}]"
    )
    assert {answer["outcome"] for answer in answers.values()} == {"right"}
    # conv2 has 448M MACs, fc6 only 38M: the key's own answer is reported.
    assert [mark.answer.label for mark in grades.wrong_in_key] == ["total most macs"]


def test_a_wrong_name_is_corrected(by_key):
    _, answers = by_key(
        "answers: {totals: {most_parameters: conv1}}\n"
        "questions: [{name: act, answer: batch norm}, {name: why, answer: speed}]"
    )
    assert answers["total most parameters"]["remark"] == "it is fc6"
    assert answers["act"]["remark"] == "it is ReLU"
    assert answers["why"]["remark"] == (
        "the right answer is 'translation invariance' or 'it shrinks the map'"
    )


def test_a_wrong_layer_is_shown_with_the_largest(by_key):
    grades, _ = by_key("answers: {totals: {most_macs: conv1}}")
    [mark] = [one for one in grades[0].marks if one.answer.label == "total most macs"]
    assert mark.answer.question.derivation.answer == (
        "conv2, with 447,897,600 MACs; conv4 has 224,280,576, conv3 has 149,520,384"
    )


@pytest.mark.parametrize(
    ("network", "layer", "why"),
    [
        (
            "alexnet",
            "conv1",
            "most_parameters: layer 'conv1' is a single layer; ask about the network",
        ),
        ("3x8x8-MP2", "totals", "has no layer where this is more than 0"),
    ],
)
def test_only_a_network_has_a_largest_layer(network, layer, why):
    sheet = {"architecture": network, "answers": {layer: {"most_parameters": "x"}}}
    [graded] = cnncalc.grade(sheet)
    assert why in graded.answers[0]["remark"]


@pytest.mark.parametrize("ask", ["stride_legal", "required_stride", "same_padding"])
def test_a_window_is_that_of_a_single_layer(ask):
    [graded] = cnncalc.grade({"architecture": "alexnet", "answers": {"totals": {ask: "1"}}})
    why = f"{ask}: AlexNet is not a single layer; ask about one of its layers"
    assert graded.answers[0]["remark"] == why


def test_layers_with_as_much_are_all_right():
    for name in ("a", "b"):
        layers = [{"linear": 9, "name": "a"}, {"linear": 9, "name": "b"}, {"linear": 2}]
        network = {"input": 9, "layers": layers}
        answers = {"totals": {"most_parameters": name}}
        [graded] = cnncalc.grade({"architecture": network, "answers": answers})
        assert graded.answers[0]["outcome"] == "right"


@pytest.mark.parametrize("given", ["...", ["a", "b"]])
def test_a_name_has_letters(given):
    [graded] = cnncalc.grade(
        {"architecture": "lenet5", "answers": {"totals": {"most_macs": given}}}
    )
    assert "is not a name or a few words" in graded.answers[0]["remark"]


def test_only_a_key_states_what_is_right(tmp_path):
    sheet = {"questions": [{"name": "a", "choices": ["x", "y"], "answer": "x"}]}
    [graded] = cnncalc.grade(sheet)
    assert graded.answers[0]["remark"] == (
        "the question needs 'given' and 'ask'; to compare the answer with a key, run 'cnncalc "
        "grade KEY SHEET'"
    )


@pytest.mark.parametrize(
    ("question", "why"),
    [
        (
            "{name: a, choices: [x, y]}",
            "a: the question needs 'given' and 'ask', or the right answer",
        ),
        ("{name: a, answer: x}", "a: the question needs 'given' and 'ask'"),
        (
            "{name: a, choices: [x, y], answer: [z]}",
            "the right answer 'z' is not one of the choices",
        ),
        (
            "{name: a, given: {N: 5, F: 3}, ask: choice, answer: x}",
            "a: choice: the layer has no answer that can be",
        ),
    ],
)
def test_a_choice_needs_its_answer_in_the_key(tmp_path, question, why):
    (tmp_path / "key.yaml").write_text(f"questions: [{question}]", encoding="utf-8")
    with pytest.raises(cnncalc.CnncalcError, match=why):
        gradebook.key(tmp_path / "key.yaml")
