from cnncalc.analysis.report import Report, Row
from cnncalc.core.errors import LayerError
from cnncalc.core.shape import Map
from cnncalc.homework.ask import Ask
from cnncalc.homework.asks._field import exact_fields
from cnncalc.homework.written import Number, Size, Value


class ReceptiveField(Ask):
    """The number of input pixels that one output sees, along each axis."""

    aliases = ("rf", "field", "field_of_view")
    takes = (Size, Number)
    explained = "receptive-field"
    symbols = ("r_out",)
    adds_up = False
    whole_way = True

    def of(self, row: Row, report: Report) -> Value:
        """One size if all axes agree, else one per axis."""
        exact_fields(row)
        sizes = row.receptive_field
        if not sizes:
            raise LayerError(
                "has no receptive field: it has no axes, or its inputs differ in their axes"
            )
        return sizes[0] if len(set(sizes)) == 1 else Map(sizes[0], sizes[1:])
