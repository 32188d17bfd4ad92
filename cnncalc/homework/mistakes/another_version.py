import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from cnncalc.analysis.report import Report
from cnncalc.analysis.walk import analyze
from cnncalc.homework.mistake import Example, Mistake
from cnncalc.homework.mistakes.printed_slip import built_in
from cnncalc.homework.question import Question
from cnncalc.spec import catalog, load
from cnncalc.spec.graph import build


class AnotherVersion(Mistake):
    """Your number is right for a similar network. Many networks exist in several sizes and
    versions; check which one the question is about.
    """

    says = "gave the number of a similar network"
    prior = 12
    alone = True
    examples = (
        Example("vgg16", "", "parameters", "143,667,240", "VGG-19 has three more layers", of=None),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question about every other network whose name begins with the same word."""
        changed = question.rules or question.layers or question.times or question.conditions
        if question.layer is not None or changed or not question.ask.adds_up:
            return
        name = built_in(question.report.name)
        for other in relatives(name) if name else ():
            yield replace(question, report=other).saying(other.name)


@cache
def relatives(name: str) -> tuple[Report, ...]:
    """The other built-in networks whose names begin with the same word."""
    family = re.match("[a-z]+", name)
    assert family is not None  # the names of built-in networks begin with letters
    names = [other for other in catalog.names() if re.match(f"{family[0]}(?![a-z])", other)]
    return tuple(analyze(build(load(other))) for other in names if other != name)
