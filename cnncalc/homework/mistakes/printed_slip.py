from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from cnncalc.analysis.report import Report, Row
from cnncalc.conventions import published
from cnncalc.conventions.published import Finding
from cnncalc.derivations.explain import Derivation
from cnncalc.homework.ask import Ask
from cnncalc.homework.mistake import Example, Mistake
from cnncalc.homework.question import Question
from cnncalc.homework.written import Number, Value
from cnncalc.spec import catalog


class Printed(Ask):
    """A figure as it is printed."""

    def __init__(self, number: Number, unit: str) -> None:
        self.number = number
        self.unit = unit  # type: ignore[misc]

    def of(self, row: Row, report: Report) -> Value:
        """The figure, whatever the layer."""
        return self.number.value

    def total(self, rows: Sequence[Row], report: Report, times: Mapping[str, int]) -> Value:
        """The figure, whatever the layers."""
        return self.of(rows[-1], report)

    def derive(self, row: Row, report: Report) -> Derivation:
        """The figure."""
        return Derivation(self.title, (), self.number.text)

    def derive_total(
        self, rows: Sequence[Row], report: Report, times: Mapping[str, int]
    ) -> Derivation:
        """The figure."""
        return self.derive(rows[-1], report)


class PrintedSlip(Mistake):
    """Your number is printed in a source, but it does not follow from the network. Calculate it
    from the layers: a printed figure may be rounded, count something else, or be wrong.
    """

    says = "gave a printed figure that does not follow from the layers"
    prior = 60
    examples = (
        Example(
            "vgg16",
            "",
            "memory",
            "93 MB",
            "“24M · 4 bytes ≈ 93 MB” in a lecture whose table adds up to 15.2M numbers",
            of=None,
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The printed figures about the same layer or network, unless the question already contains
        another mistake."""
        if question.rules or question.layers or question.times or question.conditions:
            return
        counts = {getattr(question.ask, "count", None), getattr(question.ask, "summed", None)}
        for one in errata(question.report.name):
            claim = one.claim
            same = claim.layer == question.layer and one.calculated == question.value
            if same and claim.quantity in counts and claim.than is None:
                number = Number.read(claim.value)
                assert number is not None  # it was compared with the network
                printed = question.asking(Printed(number, question.ask.unit))
                yield printed.saying(f"{claim.source}; {one.reason}")


@lru_cache(maxsize=100)
def errata(name: str) -> tuple[Finding, ...]:
    """The printed figures that do not follow from a built-in network; none for other networks."""
    known = built_in(name)
    return tuple(one for one in published.check(known) if one.reason) if known else ()


def built_in(name: str) -> str:
    """The built-in network whose name a report prints like this; empty if there is none."""
    spelled = name.lower().replace(" ", "_").replace("-", "_")
    known = (one for one in (spelled, spelled.replace("_", "")) if one in catalog.names())
    return next(known, "")
