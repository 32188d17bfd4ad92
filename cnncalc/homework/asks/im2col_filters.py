from cnncalc.analysis.report import Report, Row
from cnncalc.core.shape import Map
from cnncalc.homework.asks._im2col import Im2col, sides
from cnncalc.homework.written import Value


class Im2colFilters(Im2col):
    """The filters as a matrix (im2col): a row for each filter, a column for each of its weights."""

    aliases = ("filter_matrix", "weight_matrix", "kernel_matrix")

    def of(self, row: Row, report: Report) -> Value:
        """Rows and columns."""
        filters, weights, _ = sides(row)
        return Map(filters, (weights,))
