"""Every mistake keeps its promises: explained, worked by hand, and found again."""

import inspect
from pathlib import Path

import pytest

from cnncalc.homework import asks, mistakes
from cnncalc.homework.diagnosis import Slips
from cnncalc.homework.mistake import WrongRule
from cnncalc.homework.question import Question, question
from cnncalc.homework.sheet import summarize

MISTAKES = tuple(mistakes.every())
EXAMPLES = [
    pytest.param(one, example, id=f"{one.name}-{example.wrong}")
    for one in MISTAKES
    for example in one.examples
]


def asked(example) -> Question:
    network, layers = example.layers, example.layers
    if not isinstance(network, str):
        *before, last = layers
        last = {last: None} if isinstance(last, str) else last
        network = {"input": example.input, "layers": [*before, {**last, "name": "layer"}]}
    return question(asks.find(example.ask), summarize(network, batch=example.batch), example.of)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: one.name)
def test_a_mistake_is_explained(mistake):
    assert mistake.name == Path(inspect.getsourcefile(type(mistake))).stem
    assert (inspect.getdoc(mistake) or "").endswith(".")
    assert mistake.says[0].islower()
    assert not mistake.says.endswith(".")
    assert 0 < mistake.prior < 100
    assert mistake.examples


@pytest.mark.parametrize(
    ("right", "wrong"),
    [pair for one in MISTAKES if isinstance(one, WrongRule) for pair in one.rules.items()],
    ids=lambda rule: rule.__name__,
)
def test_a_wrong_rule_takes_what_its_formula_takes(right, wrong):
    assert taken_by(wrong) == taken_by(inspect.unwrap(right))


def taken_by(rule):
    """The names and defaults of what a rule takes."""
    return [(one.name, one.default) for one in inspect.signature(rule).parameters.values()]


@pytest.mark.parametrize(("mistake", "example"), EXAMPLES)
def test_what_is_worked_by_hand_is_wrong_and_diagnosed(mistake, example):
    about = asked(example)
    written = about.read(example.wrong)
    assert about.agrees(written) is None
    found = Slips(about).diagnose(written)
    assert [mistake] in [list(one.slip.mistakes) for one in found]
