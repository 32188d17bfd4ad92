from dataclasses import replace

from cnncalc.analysis.report import Report, Row
from cnncalc.core.shape import Map, Shape
from cnncalc.homework.ask import Ask, NoAnswer
from cnncalc.homework.asks._field import NO_FIELD, exact_fields
from cnncalc.homework.written import KIND, Number, Reading, Size, Terms, Value, Written


class ReceptiveField(Ask):
    """The number of input pixels that one output sees, along each axis."""

    aliases = ("rf", "field", "field_of_view", "receptive_field_size", "rf_size")
    takes = (Size, Number)
    explained = "receptive-field"
    symbols = ("r_out",)
    adds_up = False
    cumulative = True

    def of(self, row: Row, report: Report) -> Value:
        """One size if all axes agree, else one per axis."""
        exact_fields(row)
        sizes = row.receptive_field
        if not sizes:
            raise NoAnswer(NO_FIELD)
        return sizes[0] if len(set(sizes)) == 1 else Map(sizes[0], sizes[1:])

    def agrees(
        self, written: Written, value: Value, report: Report, terms: Terms = KIND
    ) -> Reading | None:
        """Accept the sizes alone, or with the channels of the input as a depth: ``5x5x3``."""
        reading = super().agrees(written, value, report, terms)
        if reading is None and isinstance(written, Size) and not terms.strict:
            for shape in report.input_shapes.values():
                alone = _without_depth(written.sizes, shape)
                if alone and super().agrees(replace(written, sizes=alone), value, report, terms):
                    return Reading(("with the depth of the input",))
        return reading


def _without_depth(sizes: tuple[int, ...], shape: Shape) -> tuple[int, ...]:
    """The sizes along the axes of a map, without its channels in front or at the end; empty if they
    are in neither place."""
    if isinstance(shape, Map) and len(sizes) == len(shape):
        if sizes[-1] == shape.channels:
            return sizes[:-1]
        if sizes[0] == shape.channels:
            return sizes[1:]
    return ()
