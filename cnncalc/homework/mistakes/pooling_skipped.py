from collections.abc import Iterator

from cnncalc import layers
from cnncalc.analysis.report import Row
from cnncalc.core.errors import some
from cnncalc.core.layer import Layer
from cnncalc.homework.mistake import Example, Mistake, is_pool
from cnncalc.homework.question import Question


class PoolingSkipped(Mistake):
    """You skipped a pooling layer. It learns nothing, but it shrinks the map for all later layers
    and enlarges their receptive fields.
    """

    says = "skipped the pooling"
    prior = 15
    examples = (
        Example(
            ({"max_pool": 2},), "64x224x224", "shape", "64x224x224", "the input, without pooling"
        ),
        Example(
            (
                {"conv": {"filters": 6, "kernel": 5}},
                {"max_pool": 2},
                {"conv": {"filters": 16, "kernel": 5}},
            ),
            "1x32x32",
            "shape",
            "16x24x24",
            "32 − 4 = 28, 28 − 4 = 24, but 28 is halved in between",
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question without one of the pools so far, or without any of them."""
        if not question.everywhere:
            yield from self._without(question, [question.row] if question.row else [])
            return
        rows = question.report.rows
        last = rows.index(question.row) if question.row else len(rows)
        pools = [row for row in rows[: last + 1] if is_pool(row) and row.output != row.inputs[0]]
        for pool in pools:
            for other in self._without(question, [pool]):
                yield other.saying(pool.name)
        if len(pools) > 1:
            names = some(pool.name for pool in pools)
            yield from (other.saying(names) for other in self._without(question, pools))

    def _without(self, question: Question, pools: list[Row]) -> Iterator[Question]:
        names = {row.name for row in pools if is_pool(row)}
        other = question.with_layers(lambda _: _nothing(), only=names)
        if other is not None:
            yield other


def _nothing() -> Layer:
    """The identity."""
    return layers.load("identity").parse(None)
