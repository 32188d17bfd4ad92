"""Every quantity asked about every kind of layer and shape, answered with every mistake.

Daily, every kind is asked a few questions of each sort; with --exhaustive, all of them.
"""

from collections.abc import Iterator
from itertools import cycle, islice

import pytest

from cnncalc import layers
from cnncalc.api import summarize
from cnncalc.core.errors import CnncalcError, LayerError, UsageError
from cnncalc.homework import asks, mistakes
from cnncalc.homework.question import Question, question

ASKS, MISTAKES = tuple(asks.every()), tuple(mistakes.every())
KINDS = [layers.load(name) for name in layers.names()]
SHAPES = ("12", "4x7", "4x7x6", "1x1x1", "4x5x6x7")
"""Inputs of every number of axes, besides those of a kind's examples."""
FEW = 2
"""How many asks and reports of a kind are tried in a daily run."""


def reports(kind):
    """Networks with this kind: its worked examples, and the same fields on other shapes."""
    for example in kind.examples:
        for inputs in (example.inputs, *([shape] * len(example.inputs) for shape in SHAPES)):
            named = {f"x{place}": shape for place, shape in enumerate(inputs)}
            layer = {kind.kind: example.given, "name": "layer", "from": list(named)}
            spec = {"input": named, "layout": "chw", "layers": [layer, {"relu": None}]}
            try:
                yield summarize(spec, batch=2)
            except CnncalcError:  # these fields are for other shapes
                continue


def questions(of, report) -> Iterator[Question]:
    """The questions about the layer and about the whole network that have an answer."""
    for ask in of:
        for about in ("layer", None):
            try:
                asked = question(ask, report, about)
                assert asked.value is not None
                yield asked
            except (UsageError, LayerError):  # refused in a sentence
                continue


def is_answered(asked):
    """Whether there is a value, which then has a derivation; a mistake may leave none."""
    try:
        assert asked.value is not None
    except LayerError:
        return False
    assert asked.derivation.answer
    return True


def sample(kind, whole):
    """What to try of a kind: asks, and networks."""
    first = KINDS.index(kind)
    if whole:
        return ASKS, reports(kind)
    found = list(reports(kind))
    turned = islice(cycle(found), first, first + FEW)
    return list(islice(cycle(ASKS), FEW * first, FEW * first + FEW)), list(turned)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_mistake_answers_every_question_about_every_kind(kind, request):
    of, networks = sample(kind, request.config.getoption("--exhaustive"))
    for report in networks:
        for asked in questions(of, report):
            assert is_answered(asked)
            for mistake in MISTAKES:
                for other in mistake.other(asked):
                    is_answered(other)
                    assert other.label
