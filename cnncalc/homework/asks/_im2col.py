"""The matrices of a convolution that is computed as a matrix product (im2col)."""

from math import prod

from cnncalc.analysis.report import Report, Row
from cnncalc.core.shape import Map
from cnncalc.homework.ask import Ask, NoAnswer
from cnncalc.homework.written import KIND, Reading, Size, Terms, Value, Written


def sides(row: Row) -> tuple[int, int, int]:
    """The number of filters, of weights in each, and of positions; raises NoAnswer if the layer
    is not a plain convolution."""
    layer, weight = row.layer, row.layer.tensors(*row.inputs).get("weight", ())
    plain = hasattr(layer, "axes") and isinstance(row.output, Map) and weight
    if not plain or prod(weight) * prod(row.output.dimensions[1:]) != row.layer.macs(*row.inputs):
        raise NoAnswer("is not a convolution that can be computed as a single matrix product")
    filters, *depth = weight
    if filters != row.output.dimensions[0] or prod(depth) % row.inputs[0].dimensions[0]:
        raise NoAnswer("is not a convolution that can be computed as a single matrix product")
    return filters, prod(depth), prod(row.output.dimensions[1:])


class Im2col(Ask):
    """The rows and columns of one of the matrices."""

    takes = (Size,)
    adds_up = False

    def agrees(
        self, written: Written, value: Value, report: Report, terms: Terms = KIND
    ) -> Reading | None:
        """Whether a written size agrees, with the rows before the columns."""
        return super().agrees(written, value, report, terms._replace(strict=True))
