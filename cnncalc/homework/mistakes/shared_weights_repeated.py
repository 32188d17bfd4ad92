from collections import Counter
from collections.abc import Iterator, Mapping

from cnncalc.homework.mistake import Example, WrongSum
from cnncalc.homework.question import Question


class SharedWeightsRepeated(WrongSum):
    """You counted shared weights once for every layer that uses them. Layers that share weights
    have one set of them, so the parameters count once. The operations count every time.
    """

    says = "counted shared weights once for every layer that uses them"
    prior = 40
    examples = (
        Example(
            ({"linear": 10, "repeat": 3, "weights": "recurrent"},),
            "10",
            "parameters",
            "330",
            "10·10 + 10 for each of the 3 layers, which share one set of parameters",
            of=None,
        ),
    )

    def times(self, question: Question) -> Iterator[tuple[str, Mapping[str, int]]]:
        """Count the layers that hold shared weights once for each use."""
        if question.ask.explained == "parameters":
            rows = question.part(question.report)
            users = Counter(row.weights_of for row in rows if row.weights_of)
            if users:
                yield "", {name: 1 + more for name, more in users.items()}
