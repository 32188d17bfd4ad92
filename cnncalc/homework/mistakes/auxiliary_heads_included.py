from collections.abc import Iterator
from dataclasses import replace

from cnncalc.api import summarize
from cnncalc.homework.mistake import Example, Mistake
from cnncalc.homework.question import Question
from cnncalc.spec import catalog


class AuxiliaryHeadsIncluded(Mistake):
    """You included the auxiliary classifiers. They branch off the middle of the network to help
    training and are removed afterwards. Published totals usually leave them out.
    """

    says = "included the auxiliary classifiers, which are used only during training"
    prior = 25
    examples = (
        Example(
            "googlenet",
            "",
            "parameters",
            "13,378,280",
            "6,998,552, plus 3,188,840 and 3,190,888 in the two auxiliary classifiers",
            of=None,
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question about the same built-in network with its auxiliary classifiers."""
        report = question.report
        heads = [name for name, on in (report.settings or {}).items() if on is False]
        heads = [name for name in heads if name.startswith("aux")]
        built_in = report.name.lower().replace(" ", "_").replace("-", "_")
        if question.layer is None and heads and built_in in catalog.names():
            settings = {**(report.settings or {}), **dict.fromkeys(heads, True)}
            whole = summarize(built_in, settings=settings, batch=report.batch, dtype=report.dtype)
            added = (row.name.partition(".")[0] for row in whole if row.name not in report)
            yield replace(question, report=whole).saying(", ".join(dict.fromkeys(added)))
