from cnncalc.analysis.report import Report, Row
from cnncalc.core.shape import Map
from cnncalc.homework.asks._im2col import Im2col, sides
from cnncalc.homework.written import Value


class Im2colInput(Im2col):
    """The input as a matrix (im2col): a row for each weight of a filter, a column for each
    position of the window."""

    aliases = ("im2col", "im2col_matrix", "input_matrix", "column_matrix")

    def of(self, row: Row, report: Report) -> Value:
        """Rows and columns."""
        _, weights, positions = sides(row)
        return Map(weights, (positions,))
