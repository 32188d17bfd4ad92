from collections.abc import Iterator
from fractions import Fraction
from math import prod

from cnncalc.analysis.report import Report, Row
from cnncalc.core.errors import LayerError
from cnncalc.derivations import stride
from cnncalc.derivations.explain import Derivation
from cnncalc.homework.ask import Ask
from cnncalc.homework.asks import _window
from cnncalc.homework.mistake import Example, Mistake
from cnncalc.homework.question import Question
from cnncalc.homework.written import KIND, Number, Reading, Size, Terms, Value, Written

CLOSE = Fraction(1, 20)
"""How far a size may be from the exact fraction: 3.3 stands for 3⅓."""


class Unrounded(Ask):
    """The number of values in an output whose sizes are not rounded."""

    takes = (Size, Number)

    def sizes(self, row: Row) -> tuple[Fraction, ...]:
        """The channels and the unrounded sizes; raises LayerError if they are whole anyway."""
        exact = [Fraction(axis.span, axis.S) + 1 for axis in _window.axes(row)]
        if all(size.denominator == 1 for size in exact):
            raise LayerError("has whole sizes")
        return Fraction(row.output.dimensions[0]), *exact

    def of(self, row: Row, report: Report) -> Value:
        """The product of the sizes and the batch size."""
        return Fraction(prod(self.sizes(row)) * report.batch)

    def derive(self, row: Row, report: Report) -> Derivation:
        """The size along the first axis where it is not whole."""
        axis = next(axis for axis in _window.axes(row) if not axis.fits)
        return Derivation(self.title, (), stride.equation(axis))


class UnroundedShape(Unrounded):
    """The output shape with sizes that are not rounded."""

    def of(self, row: Row, report: Report) -> Value:
        """The channels and the sizes."""
        return self.sizes(row)  # type: ignore[return-value]  # no right answer has such sizes

    def agrees(
        self, written: Written, value: Value, report: Report, terms: Terms = KIND
    ) -> Reading | None:
        """Whether every size is close to the exact one."""
        if not isinstance(written, Size):
            return None
        assert isinstance(value, tuple)
        channels, *spatial = value
        for sizes in (value, (*spatial, channels), tuple(spatial)):
            pairs = [*zip(written.fractions, sizes)]
            if len(written.fractions) == len(sizes) and all(abs(a - b) <= CLOSE for a, b in pairs):
                return Reading()
        return None


class FractionKept(Mistake):
    """You kept the fraction. A window has a whole number of positions, so the quotient is rounded
    before 1 is added: down, or up with ``ceil_mode``. Some lectures call a stride that leaves a
    fraction illegal.
    """

    says = "did not round the output size to a whole number"
    prior = 15
    examples = (
        Example(
            ({"conv": {"filters": 9, "kernel": 3, "stride": 2}},),
            "2x8x8",
            "shape",
            "9x3.5x3.5",
            "(8 − 3)/2 + 1 = 3.5, which is rounded down to 3",
        ),
        Example(
            ({"max_pool": {"kernel": 3, "stride": 2}},),
            "4x8x8",
            "elements",
            "49",
            "4·3.5·3.5, but there are only 4·3·3",
        ),
    )

    def other(self, question: Question) -> Iterator[Question]:
        """The question with unrounded sizes."""
        if not question.everywhere:
            if question.ask.name == "shape":
                yield question.asking(UnroundedShape())
            if question.ask.name == "elements":
                yield question.asking(Unrounded())
