"""Every mistake keeps its promises: explained, worked by hand, and found again."""

import inspect
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnncalc import cli
from cnncalc.core.errors import UsageError
from cnncalc.homework import asks, mistakes, numeric
from cnncalc.homework.diagnosis import Slips
from cnncalc.homework.mistake import (
    Mistake,
    WrongInput,
    WrongLayer,
    WrongRule,
    WrongSum,
    WrongWriting,
)
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
    if asks.find(example.ask).numbers:
        return numeric.question(
            asks.find(example.ask), *numeric.network({**layers[0], "input": example.input})
        )
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


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: one.name)
def test_a_mistake_makes_nothing_of_a_question_that_it_cannot_be_made_in(mistake):
    """No mistake stumbles over a layer or an ask that it has nothing to do with."""
    spec = {
        "input": {"image": "2x6x6", "signal": "12"},
        "layers": [
            {"relu": {}, "name": "a", "from": "image"},
            {"softmax": {}, "name": "b", "from": "signal"},
            {"concat": {"from": ["a", "image"]}, "name": "c"},
            {"global_avg_pool": {}, "name": "d"},
        ],
    }
    report = summarize(spec)
    for ask in asks.every():
        for layer in ("a", "b", "c", "d", None):
            try:
                about = question(ask, report, layer)
            except UsageError:
                continue
            for other in mistake.other(about):
                assert isinstance(other, Question)


@pytest.mark.parametrize(
    "left_out",
    [
        lambda: Mistake().other(None),
        lambda: WrongLayer().instead(None),
        lambda: WrongInput().enters(None, None),
        lambda: WrongSum().times(None),
        lambda: WrongWriting().meant(None, None),
    ],
)
def test_a_mistake_must_say_what_is_wrong(left_out):
    with pytest.raises(NotImplementedError):
        left_out()


def command(*words):
    return CliRunner().invoke(cli.app, ["mistakes", *words], prog_name="cnncalc")


def test_the_command_lists_all_mistakes():
    listed = " ".join(command().output.split())
    assert all(one.title in listed and one.says in listed for one in MISTAKES)


def test_the_command_explains_one_with_its_examples():
    assert command("batch-forgotten").output == (
        "batch forgotten: one image is counted, not the batch\n\n"
        "Every image of a batch has its own activations and takes its own operations, so that both "
        "are multiplied by the number of images. Only the parameters are shared.\n\n"
        "  macs of conv: {filters: 10, kernel: 5, padding: 2} on 3x32x32, 32 images at a time\n"
        "    768,000: 75 products for each of 10·32·32 outputs, for one image of 32\n"
    )
    assert "\n  total parameters of googlenet\n" in command("Auxiliary heads included").output


def test_the_command_tells_the_nearest_mistake():
    refused = command("bias-forgoten")
    assert isinstance(refused.exception, UsageError)
    assert "did you mean 'bias_forgotten'?" in str(refused.exception)
    assert "cnncalc mistakes lists them" in str(command("x").exception)
