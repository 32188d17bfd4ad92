"""A layer counted twice."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from cnncalc.homework.mistake import Example, WrongSum
from cnncalc.homework.question import Question


class LayerCountedTwice(WrongSum):
    """A total adds up every layer once."""

    says: ClassVar = "a layer is added up twice"
    prior: ClassVar = 8
    examples: ClassVar = (
        Example(
            ({"linear": 100}, {"linear": 10}),
            "784",
            "parameters",
            "80,520",
            "78,500 + 1,010 + 1,010",
            of=None,
        ),
    )

    def times(self, question: Question) -> Iterator[tuple[str, Mapping[str, int]]]:
        """Each layer twice."""
        for row in question.part(question.report):
            yield row.name, {row.name: 2}
