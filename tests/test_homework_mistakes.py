"""Every mistake has an explanation and worked examples, and is found when made."""

import inspect
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnncalc import cli, layers
from cnncalc.api import summarize
from cnncalc.core.errors import LayerError, UsageError
from cnncalc.homework import asks, mistakes, numeric, scores
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

MISTAKES = tuple(mistakes.every())
EXAMPLES = [
    pytest.param(one, example, id=f"{one.name}-{example.wrong}")
    for one in MISTAKES
    for example in one.examples
]


def asked(example) -> Question:
    network, layers = example.layers, example.layers
    if scores.is_given(layers[0]):
        return scores.question(asks.find(example.ask), layers[0])
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
def test_a_wrong_rule_has_the_parameters_of_its_formula(right, wrong):
    assert taken_by(wrong) == taken_by(inspect.unwrap(right))


def taken_by(rule):
    """The names and defaults of a rule's parameters."""
    return [(one.name, one.default) for one in inspect.signature(rule).parameters.values()]


@pytest.mark.parametrize(("mistake", "example"), EXAMPLES)
def test_values_worked_by_hand_are_wrong_and_diagnosed(mistake, example):
    about = asked(example)
    written = about.read(example.wrong)
    assert about.agrees(written) is None
    found = Slips(about).diagnose(written)
    assert [mistake] in [list(one.slip.mistakes) for one in found]


KINDS = [layers.load(name) for name in layers.names()]


def questions(kind):
    """Every question about the first worked example of a kind."""
    example = kind.examples[0]
    inputs = {f"x{place}": shape for place, shape in enumerate(example.inputs)}
    layer = {kind.kind: example.given, "name": "layer", "from": list(inputs)}
    report = summarize({"input": inputs, "layers": [layer]})
    for ask in asks.every():
        try:
            yield question(ask, report, "layer")
        except UsageError:  # the layer has no answer to it
            continue


def value_of(about):
    try:
        return about.value
    except LayerError:  # the mistake leaves no output
        return None


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_mistake_can_be_tried_on_every_kind(kind):
    for about in questions(kind):
        for one in MISTAKES:
            for other in one.other(about):
                assert isinstance(other, Question)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_mistake_can_follow_one_that_replaces_the_layer(kind):
    """A replaced layer lacks the fields of the one in the report."""
    replaced = {}
    for about in questions(kind):
        for one in MISTAKES:
            for other in one.other(about):
                replaced.setdefault(other.layers.get("layer"), other)
    for first in replaced.values():
        for second in MISTAKES:
            for other in second.other(first):
                value_of(other)


@pytest.mark.parametrize("base", [Mistake, WrongLayer, WrongInput, WrongSum, WrongWriting])
def test_an_incomplete_mistake_raises_a_type_error(base):
    with pytest.raises(TypeError, match="abstract"):
        base()


def command(*words):
    return CliRunner().invoke(cli.app, ["mistakes", *words], prog_name="cnncalc")


def test_part_of_the_name_of_a_mistake_gets_a_hint():
    with pytest.raises(UsageError, match="no mistake 'subsampling'; did you mean 'subsampling-par"):
        raise command("subsampling").exception


def test_the_name_of_a_mistake_may_be_several_words():
    assert command("bias", "forgotten").stdout == command("bias-forgotten").stdout != ""


def test_the_command_lists_all_mistakes():
    listed = " ".join(command().output.split())
    assert all(one.title in listed and one.says in listed for one in MISTAKES)


def test_the_command_explains_one_with_its_examples():
    assert command("batch-forgotten").output == (
        "batch forgotten: counted a single image instead of the whole batch\n\n"
        "You counted a single image. Every image in the batch has its own activations and needs "
        "its own operations, so multiply\nboth by the batch size. Only the parameters are shared."
        "\n\n"
        "  macs of conv: {filters: 10, kernel: 5, padding: 2} on 3x32x32, batch size 32\n"
        "    768,000: 75 products for each of 10·32·32 outputs, but for only one of the 32 images\n"
    )
    assert "\n  total parameters of googlenet\n" in command("Auxiliary heads included").output


def test_the_command_suggests_the_nearest_mistake():
    for between in "-_ ":
        refused = command(f"bias{between}forgoten")
        assert isinstance(refused.exception, UsageError)
        assert f"did you mean 'bias{between}forgotten'?" in str(refused.exception)


def test_the_explanation_of_a_mistake_has_names_in_quotes():
    text = mistakes.load("ceil_for_floor").explanation
    assert text.endswith("unless the layer has 'ceil_mode' or 'same' padding.")
    assert not any("`" in mistake.explanation for mistake in mistakes.every())


def test_an_explanation_fits_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    explanation = command("bias-forgotten").stdout.split("\n\n")[1]
    assert explanation.startswith("You left out the biases")
    assert max(map(len, explanation.splitlines())) <= 60
    assert "run 'cnncalc mistakes' to list them" in str(command("x").exception)
