"""The table of all layers, with a row for each block before the rows of its layers.

HTML lets rows and cells end without an end tag, which makes the page a tenth smaller.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from cnncalc.analysis.report import Line, Report, Row
from cnncalc.core import units
from cnncalc.render.columns import Column
from cnncalc.render.view import View
from cnncalc.render.web.workings import Workings

if TYPE_CHECKING:
    from cnncalc.analysis.hardware.roofline import Roofline

TIME = "time"
"""The column of times, for a page with a device."""
COLUMNS = (
    "layer", "kind", "kernel", "input", "output", "params", "macs", "memory", TIME, "rf",
    "buffers", "flops", "operations", "saved",
)  # fmt: skip
USUAL = ("layer", "kind", "kernel", "output", "params", "macs", "memory", TIME, "rf")
"""The columns that the script shows at first; without the script, all are shown."""
BARS = {"params": "params", "macs": "macs", "memory": "stored", TIME: TIME}
"""The columns with bars, and the column whose values the bars show."""
DERIVED = {
    "output": "shape", "params": "parameters", "macs": "macs", "operations": "operations",
    "memory": "memory", "rf": "receptive-field",
}  # fmt: skip
"""The columns whose numbers link to derivations, and the quantity that each derives."""
LEGEND = (
    "A block has the sums of its layers, and the output and receptive field of the last one. "
    "Bars compare the layers."
)
HINT = "Select a number of a layer to see how it is computed."
CONTROLS = """\
<div id="controls" role="search" hidden>
<label>Search <input type="search" id="search" autocomplete="off"></label>
<button id="open">Open all</button> <button id="fold">Fold all</button>
<label><input type="checkbox" id="exact"> Exact numbers</label>
<details><summary>Columns</summary><div id="columns"></div></details>
<output id="found"></output>
</div>"""


@dataclass(frozen=True)
class Table:
    """The table as HTML, and the id of the row of every layer and block by its name."""

    html: tuple[str, ...]
    rows: dict[str, str]


def tree(report: Report) -> Iterator[Line]:
    """A line for each layer, and one for each block of several layers before them; ``depth`` is the
    nesting level."""
    yield from _inside(report.rows, report, 1)


def _inside(rows: Sequence[Row], report: Report, depth: int) -> Iterator[Line]:
    """The lines of these rows, grouped by the first ``depth`` parts of their names."""
    gathered: dict[str, list[Row]] = {}
    for row in rows:
        gathered.setdefault(".".join(row.name.split(".")[:depth]), []).append(row)
    for name, found in gathered.items():
        if len(found) == 1:
            yield Line(found[0].name, found[0].kind, tuple(found), depth)
        else:
            yield Line(name, (report.groups or {}).get(name, found[0].kind), tuple(found), depth)
            yield from _inside(found, report, depth + 1)


def time(bounds: "Roofline") -> Column:
    """The column with the shortest time of every layer in a training step."""
    least = {layer.row.name: layer.training for layer in bounds.layers}

    def value(line: Line, report: Report) -> float:
        return float(sum(least.get(row.name, 0) for row in line.rows))

    about = "the fewest seconds in a training step"
    return Column("Least time", about, value, units.duration, "backward_macs")


def table(view: View, workings: Workings, about_times: str = "") -> Table:
    """The section with the table, whose numbers are links to their workings."""
    lines = list(tree(view.report))
    full = {
        name: max(_bar(view, name, line) for line in lines) for name in BARS if name in view.columns
    }
    heads = "".join(
        f'<th scope="col"{_marks(view, name)}>{escape(heading)}</th>'
        for name, heading in zip(view.columns, view.headings, strict=True)
    )
    rows = {line.name: f"r{number}" for number, line in enumerate(lines)}
    hint = HINT if any(map(workings.of, lines)) else ""  # long networks have no workings
    html = [
        '<h2 id="layers">Layers</h2>',
        f'<p class="small">{" ".join(filter(None, (LEGEND, hint, escape(about_times))))}</p>',
        CONTROLS,
        '<div class="scroll tall" tabindex="0" role="region" aria-label="Table of layers">',
        f'<table data-depth="{view.fitting_depth()}">',
        f"<thead><tr>{heads}</tr></thead>\n<tbody>",
        *(_row(view, line, rows[line.name], full, workings.of(line)) for line in lines),
        "</tbody>\n</table></div>",
    ]
    return Table(tuple(html), rows)


def _bar(view: View, name: str, line: Line) -> float:
    """The value that the bar of a line shows."""
    value = view.known[BARS[name]].value(line, view.report)
    assert isinstance(value, int | float)
    return value


def _marks(view: View, name: str) -> str:
    """The attributes of a column for the script: ``data-more`` if it is hidden at first,
    ``data-wide`` if it is hidden on a phone."""
    number = ' class="n"' * view.numeric(name)
    more, wide = " data-more" * (name not in USUAL), " data-wide" * (name in ("kind", "kernel"))
    return f'{number} data-c="{name}"{more}{wide}'


def _row(
    view: View, line: Line, key: str, full: Mapping[str, float], links: Mapping[str, str]
) -> str:
    name, *others = view.columns
    head = f'<th scope="row">{escape(view.text(name, line))}</th>'
    cells = "".join(_cell(view, line, one, full.get(one, 0), links) for one in others)
    block = ' class="block"' * line.folded
    return f'<tr id="{key}" data-d="{line.depth}"{block}>{head}{cells}'


def _cell(view: View, line: Line, name: str, full: float, links: Mapping[str, str]) -> str:
    text, key = escape(view.text(name, line)), links.get(DERIVED.get(name, ""))
    linked = f'<a href="#{key}">{text}</a>' if key else text
    if not view.numeric(name):
        return f"<td>{linked}"
    value = view.known[name].value(line, view.report)
    number = f"{value:.3g}" if isinstance(value, float) else str(value)
    rounded = value is not None and number != text.replace(",", "")
    # Without ``data-v``, the script reads the text.
    exact = f' data-v="{escape(number)}"' if rounded else ""
    level = round(100 * _bar(view, name, line) / full) if full else 0
    bar = f' class="b{level}"' if level else ""
    return f"<td{bar}{exact}>{linked}"
