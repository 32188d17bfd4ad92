from collections.abc import Iterator, Mapping

from cnncalc.homework.mistake import WrongSum
from cnncalc.homework.mistakes._examples import on_two_linear
from cnncalc.homework.question import Question


class LayerLeftOut(WrongSum):
    """You left a layer out. A total includes every layer, even a small one at the end. A memory
    total also includes the input, unless the question excludes it.
    """

    says = "left a layer out of the total"
    prior = 15
    examples = (on_two_linear("parameters", "78,500", "without the second layer's 1,010"),)

    def times(self, question: Question) -> Iterator[tuple[str, Mapping[str, int]]]:
        """Leave out each layer, one at a time, then all layers of each kind."""
        rows = question.part(question.report)
        kinds: dict[str, list[str]] = {}
        for row in rows:
            kinds.setdefault(row.kind, []).append(row.name)
            yield f"without {row.name}", {row.name: 0}
        for kind, names in kinds.items():
            if 1 < len(names) < len(rows):
                yield f"without any {kind}", dict.fromkeys(names, 0)
