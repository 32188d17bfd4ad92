"""The asks about the position of a receptive field and its distance from the next."""

from abc import abstractmethod
from fractions import Fraction

from cnncalc.analysis.receptive import Field
from cnncalc.analysis.report import Report, Row
from cnncalc.homework.ask import Ask, NoAnswer
from cnncalc.homework.written import Value

NO_FIELD = (
    "has no receptive field: the network's input has no axes, or the inputs of the layer differ in "
    "theirs"
)


def exact_fields(row: Row) -> None:
    """Raise NoAnswer if only a bound of the receptive field is known."""
    if any(field.bound for field in row.fields or ()):
        raise NoAnswer("has no exact receptive field, only an upper bound")


class AlongField(Ask):
    """A number that describes a receptive field and is the same along every axis."""

    explained = "receptive-field"
    adds_up = False
    cumulative = True

    @abstractmethod
    def along(self, field: Field) -> int | Fraction:
        """The number along one axis."""

    def of(self, row: Row, report: Report) -> Value:
        """The number that all axes share."""
        exact_fields(row)
        if not row.fields:
            raise NoAnswer(NO_FIELD)
        numbers = {self.along(field) for field in row.fields}
        if len(numbers) != 1:
            raise NoAnswer("has a receptive field that differs between axes")
        return numbers.pop()
