from collections.abc import Iterator, Mapping

from cnncalc.homework.mistake import Example, WrongSum
from cnncalc.homework.question import Question


class AuxiliaryHeadsLeftOut(WrongSum):
    """You counted only the layers on the way to the last layer. Layers that lead to a side output,
    such as an auxiliary classifier, are part of this network, so they count too.
    """

    says = "left out the layers that lead to side outputs"
    prior = 20
    examples = (
        Example(
            (
                {"linear": 20, "name": "middle"},
                {"linear": 10, "name": "aux"},
                {"linear": 5, "from": "middle"},
            ),
            "30",
            "parameters",
            "725",
            "30·20 + 20 plus 20·5 + 5, without the 20·10 + 10 of the side output",
            of=None,
        ),
    )

    def times(self, question: Question) -> Iterator[tuple[str, Mapping[str, int]]]:
        """Leave out the layers that do not lead to the last one."""
        rows = question.report.rows
        leading = {len(rows) - 1}
        for place in range(len(rows) - 1, -1, -1):
            if place in leading:
                leading.update(rows[place].sources)
        beside = {row.name: 0 for place, row in enumerate(rows) if place not in leading}
        if question.layer is None and beside:
            yield "", beside
