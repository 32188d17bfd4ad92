from cnncalc.analysis.report import Report, Row
from cnncalc.core.shape import Map
from cnncalc.homework.ask import Ask
from cnncalc.homework.asks._im2col import sides
from cnncalc.homework.written import Size, Value


class Im2colFilters(Ask):
    """The filters as a matrix (im2col): a row for each filter, a column for each of its weights."""

    aliases = ("filter_matrix", "weight_matrix", "kernel_matrix")
    takes = (Size,)
    adds_up = False

    def of(self, row: Row, report: Report) -> Value:
        """Rows and columns."""
        filters, weights, _ = sides(row)
        return Map(filters, (weights,))
