"""The heading of a picture: the name of the network and its totals."""

from cnncalc.analysis.report import Report
from cnncalc.core.errors import inputs_of
from cnncalc.render.pictures import labels
from cnncalc.render.pictures.metrics import Measure, shortened
from cnncalc.render.pictures.scene import Text

HEIGHT, WIDEST = 46, 900


def title(report: Report, only: str | None) -> str:
    """The network, and the block if only one is drawn."""
    return f"{report.name}: {only}" if only else report.name


def heading(title: str, notes: list[str], measure: Measure) -> tuple[Text, ...]:
    """A title with notes below it; nothing on a terminal, where the command is shown above."""
    if measure.compact:
        return ()
    left = measure.margin
    note = shortened(" · ".join(notes), WIDEST, "note", measure)
    return (
        Text(left, left + 13, shortened(title, WIDEST, "title", measure), "title"),
        Text(left, left + 31, note),
    )


def size(texts: tuple[Text, ...], measure: Measure) -> tuple[float, float]:
    """The room that a heading takes."""
    widths = [measure.width(text.content, text.role) for text in texts]
    return max(widths, default=0), HEIGHT if texts else 0


def facts(report: Report) -> list[str]:
    """The input and the totals of a network."""
    shapes = [shape.text(report.layout) for shape in report.input_shapes.values()]
    batch = [f"batch {report.batch}"] if report.batch > 1 else []
    return [
        inputs_of(shapes),
        *batch,
        labels.total("params", "parameter", report),
        labels.total("macs", "MAC", report),
    ]
