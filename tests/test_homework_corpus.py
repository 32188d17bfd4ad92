"""Stated mistakes are found again, and right answers are right, by arithmetic that is not ours."""

import random

import homework_cases as cases
import homework_corpus as corpus
import homework_numbers as numbers
import pytest

from cnncalc.homework import mistakes

WRONG, RIGHT = 300, 400


@pytest.fixture(scope="module")
def score():
    return corpus.score(WRONG, seed=4)


def test_the_stated_mistake_is_told_first(score):
    assert score.missed == ()
    assert score.first >= 0.9 * score.answers  # ambiguous answers may be told as the other mistake
    assert score.good


def test_the_stated_mistake_is_among_the_first_three(score):
    assert score.among_three >= 0.99 * score.answers


def test_every_mistake_is_made():
    made = {answer.mistake for answer in corpus.wrong_answers(WRONG, seed=4)}
    assert made | numbers.MISTAKES.keys() == set(mistakes.names())


def test_a_diagnosis_that_gives_another_value_is_missed():
    rng = random.Random(0)
    case = cases.conv_parameters(cases.Conv(3, 32, 32, 10, 5), cases.Given({}, "parameters", None))
    answer = corpus.written_wrong(case, "bias_forgotten", case.wrong["bias_forgotten"][0], rng)
    assert answer.text == "750"  # 5·5·3·10
    wrong = corpus.Found(answer, (("one_bias_per_layer",), ("bias_forgotten",)))
    assert (wrong.first, wrong.among_three, wrong.ambiguous) == (False, True, False)
    nothing = corpus.Found(answer, ())
    assert (nothing.first, nothing.among_three, nothing.ambiguous) == (False, False, False)


def test_no_right_answer_is_marked_wrong():
    assert corpus.wrongly_marked(RIGHT, seed=4) == []
