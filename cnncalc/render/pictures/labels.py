"""The texts in a box: its name, its kind, the shape of its output, and a figure."""

from typing import NamedTuple

from cnncalc.analysis.report import Line, Report
from cnncalc.core import units
from cnncalc.render.columns import COLUMNS
from cnncalc.render.pictures.folding import Folding, Part


class Figure(NamedTuple):
    """How a figure is worded, and its largest value."""

    text: str
    most: str = ""


FIGURES = {
    "macs": Figure("{} MAC{s}", "most MACs"),
    "params": Figure("{} param{s}", "most parameters"),
    "memory": Figure("{}", "most memory"),
    "rf": Figure("RF {}", "largest receptive field"),
    "none": Figure(""),
}
"""The figures that a box can show."""


class Label(NamedTuple):
    """The texts of a box."""

    name: str
    kind: str
    shape: str
    figure: str


def label(part: Part, folding: Folding, figure: str, within: str) -> Label:
    """The texts of a part that stands in the block ``within``."""
    line = folding.line(part)
    shape = line.output.text(folding.report.layout)
    text = figure_text(line, folding.report, figure)
    name, what = span(part), kind(part, folding)
    inner = part.name.removeprefix(f"{within}.")
    if not inner.partition(".")[0].isdecimal():  # a number alone would say little
        name = name.removeprefix(f"{within}.")
    return Label(name, "" if what == name else what, shape, "" if part.outside else text)


def span(part: Part) -> str:
    """``layer1.1–3 ×3``: the name of a part, or of its first and last copy."""
    if not part.last:
        return part.name
    block, _, last = part.last.rpartition(".")
    same = block == part.name.rpartition(".")[0]
    text = f"{part.name}–{last if same else part.last}"
    return f"{text} ×{part.copies}" if part.copies > 1 else text


def kind(part: Part, folding: Folding) -> str:
    """``conv 3×3, s2 + relu``: the kinds in a box; for a block, its own kind."""
    if part.block:
        return part.kind
    main = folding.main(part)
    words = []
    rows = part.rows[: len(part.rows) // part.copies]
    for row in (folding.report.rows[index] for index in rows):
        text = row.kind.replace("_", " ")
        if row is main:
            one = Line(row.name, row.kind, (row,), 0)
            window = COLUMNS["kernel"].value(one, folding.report)
            text += f" {window}" if window else ""
        words.append(text)
    return " + ".join(words)


def tone(part: Part, folding: Folding) -> str:
    """The tone of a box, by the family of its layer."""
    row = folding.main(part)
    if part.outside:
        return "outside"
    if part.block:
        return "block"
    return "input" if row.layer.arity == (0, 0) else row.layer.family


def figure_text(line: Line, report: Report, figure: str) -> str:
    """The chosen figure in words; empty if there is nothing to count."""
    if figure == "none":
        return ""
    column = COLUMNS[figure]
    value = column.value(line, report)
    text = column.bounded(line, value, column.read(value)) if value else None
    return FIGURES[figure].text.format(text, s=units.plural(value)) if text else ""


def _exact(name: str, noun: str, line: Line) -> str:
    """An exact count; if it is not known, its lower bound."""
    return "≥ " * (name in line.unknown) + units.counted(getattr(line.cost, name), noun)


def total(name: str, noun: str, report: Report) -> str:
    """The total of a count, such as ``4.09 G MACs``; if it is not known, its lower bound."""
    number = getattr(report.totals, name)
    return "≥ " * (name in report.unknown) + units.counted(number, noun, units.human)


def title(part: Part, folding: Folding) -> str:
    """The exact numbers, shown when the pointer rests on a box."""
    line, report = folding.line(part), folding.report
    field = COLUMNS["rf"].value(line, report)
    lines = [
        f"{span(part)}: {kind(part, folding)}",
        f"output {line.output.text(report.layout)}",
        _exact("params", "parameter", line),
        _exact("macs", "MAC", line),
        f"{units.counted(int(COLUMNS['memory'].value(line, report) or 0), 'byte')} of output",
    ]
    return "\n".join([*lines, f"receptive field {field}"] if field else lines)
