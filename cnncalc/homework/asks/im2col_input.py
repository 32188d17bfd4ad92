from cnncalc.analysis.report import Report, Row
from cnncalc.core.shape import Map
from cnncalc.homework.ask import Ask
from cnncalc.homework.asks._im2col import sides
from cnncalc.homework.written import Size, Value


class Im2colInput(Ask):
    """The input as a matrix (im2col): a row for each weight of a filter, a column for each
    position of the window."""

    aliases = ("im2col", "im2col_matrix", "input_matrix", "column_matrix")
    takes = (Size,)
    adds_up = False

    def of(self, row: Row, report: Report) -> Value:
        """Rows and columns."""
        _, weights, positions = sides(row)
        return Map(weights, (positions,))
