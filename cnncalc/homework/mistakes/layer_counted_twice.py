from collections.abc import Iterator, Mapping

from cnncalc.homework.mistake import WrongSum
from cnncalc.homework.mistakes._examples import on_two_linear
from cnncalc.homework.question import Question


class LayerCountedTwice(WrongSum):
    """You counted a layer twice. A total includes every layer exactly once."""

    says = "counted a layer twice"
    prior = 8
    examples = (on_two_linear("parameters", "80,520", "78,500 + 1,010 + 1,010"),)

    def times(self, question: Question) -> Iterator[tuple[str, Mapping[str, int]]]:
        """Count each layer twice, one at a time."""
        for row in question.part(question.report):
            yield row.name, {row.name: 2}
