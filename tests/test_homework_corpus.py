"""Deliberate mistakes are found, and right answers are marked right, by independent arithmetic."""

import random

import homework_cases as cases
import homework_classes as classes
import homework_corpus as corpus
import homework_numbers as numbers
import pytest

from cnncalc.homework import mistakes

WRONG, RIGHT = 120, 400


@pytest.fixture(scope="module")
def score():
    return corpus.score(WRONG, seed=4)


def test_the_stated_mistake_comes_first(score):
    assert score.missed == ()
    assert score.first >= 0.9 * score.answers  # ambiguous answers may get the other mistake
    assert score.good


def test_the_stated_mistake_is_among_the_first_three(score):
    assert score.among_three >= 0.99 * score.answers


def test_every_mistake_occurs():
    made = {answer.mistake for answer in corpus.wrong_answers(10 * WRONG, seed=4)}
    by_numbers = numbers.MISTAKES.keys() | classes.SOFTMAX.keys() | classes.LOSS.keys()
    assert made | by_numbers == set(mistakes.names())


def test_a_diagnosis_that_gives_another_value_is_missed():
    rng = random.Random(0)
    case = cases.conv_parameters(cases.Conv(3, 32, 32, 10, 5), cases.Given({}, "parameters", None))
    answer = corpus.written_wrong(case, "bias_forgotten", case.wrong["bias_forgotten"][0], rng)
    assert answer.text == "750"  # 5·5·3·10
    wrong = corpus.Found(answer, (("one_bias_per_layer",), ("bias_forgotten",)))
    assert (wrong.first, wrong.among_three, wrong.ambiguous) == (False, True, False)
    nothing = corpus.Found(answer, ())
    assert (nothing.first, nothing.among_three, nothing.ambiguous) == (False, False, False)


def test_two_mistakes_are_diagnosed():
    two = corpus.score_pairs(25, seed=4)
    assert two.missed == ()
    assert two.first >= 0.7 * two.answers


def test_consequences_of_one_wrong_size_are_marked_as_such():
    sheets = corpus.score_sheets(20, seed=4)
    assert sheets.failed == ()
    assert sheets.mistake_among_three == sheets.sheets
    assert sheets.following > 2 * sheets.sheets


def test_hardly_any_random_number_is_explained():
    assert len(corpus.explained_numbers(20, seed=4)) == 0


def test_the_command_prints_every_figure(capsys, monkeypatch):
    counts = {"--wrong": 0, "--right": 5, "--pairs": 3, "--sheets": 2, "--numbers": 1}
    words = [word for name, count in counts.items() for word in (name, str(count))]
    monkeypatch.setattr("sys.argv", ["corpus", *words])
    assert corpus.main() == 0
    said = capsys.readouterr().out
    for figure in ("5 right answers, 0", "3 answers from two", "2 sheets of", "1 random numbers"):
        assert figure in said


def test_no_right_answer_is_marked_wrong():
    assert corpus.wrongly_marked(RIGHT, seed=4) == []
