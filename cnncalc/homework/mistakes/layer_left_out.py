"""A layer left out of a total."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from cnncalc.homework.mistake import Example, WrongSum
from cnncalc.homework.question import Question


class LayerLeftOut(WrongSum):
    """A total adds up all layers, also small ones like the last, and in memory tables the input."""

    says: ClassVar = "not every layer is added up"
    prior: ClassVar = 15
    examples: ClassVar = (
        Example(
            ({"linear": 100}, {"linear": 10}),
            "784",
            "parameters",
            "78,500",
            "without the second layer's 1,010",
            of=None,
        ),
    )

    def times(self, question: Question) -> Iterator[tuple[str, Mapping[str, int]]]:
        """Each layer not at all; all of a kind not at all."""
        rows = question.part(question.report)
        kinds: dict[str, list[str]] = {}
        for row in rows:
            kinds.setdefault(row.kind, []).append(row.name)
            yield f"without {row.name}", {row.name: 0}
        for kind, names in kinds.items():
            if 1 < len(names) < len(rows):
                yield f"without any {kind}", dict.fromkeys(names, 0)
