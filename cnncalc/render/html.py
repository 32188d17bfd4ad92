"""One HTML table that stands by itself: in a page, in a notebook, or as a file.

It takes the colours of the page around it, so that it reads well in light and in dark. Characters
beyond ASCII are written as references, so that a file needs no declared encoding.
"""

from collections.abc import Iterable
from html import escape

from cnncalc.view import View

SUFFIX = ".html"

STYLE = """\
.cnncalc { font-family: system-ui, sans-serif; overflow-x: auto; }
.cnncalc table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.cnncalc caption { font-weight: bold; text-align: left; padding-bottom: 0.5em; }
.cnncalc th, .cnncalc td { padding: 0.15em 0.8em; text-align: left; white-space: nowrap; }
.cnncalc .number { text-align: right; }
.cnncalc thead th { border-bottom: 1px solid currentColor; }
.cnncalc tfoot tr:first-child > * { border-top: 1px solid currentColor; }
.cnncalc p { font-size: smaller; opacity: 0.75; }"""


def render(view: View) -> str:
    """The table with its title, remarks, totals and conventions."""
    numeric = [view.numeric(name) for name in view.columns]
    parts = [
        '<section class="cnncalc">',
        f"<style>\n{STYLE}\n</style>",
        *(f"<p>{escape(remark)}</p>" for remark in view.remarks),
        f"<table>\n<caption>{escape(view.title)}</caption>",
        f"<thead>\n{_row('th', view.headings, numeric)}\n</thead>",
        "<tbody>",
        *(_row("td", view.texts(line), numeric) for line in view.lines),
        "</tbody>",
        "<tfoot>",
        *(_across(len(numeric), total.label, total.text) for total in view.totals),
        "</tfoot>\n</table>",
        f"<p>{escape(view.conventions)}</p>",
        "</section>",
    ]
    return "\n".join(parts).encode("ascii", "xmlcharrefreplace").decode("ascii") + "\n"


def _row(tag: str, cells: Iterable[str], numeric: Iterable[bool]) -> str:
    return f"<tr>{''.join(_cell(tag, *cell) for cell in zip(cells, numeric, strict=True))}</tr>"


def _cell(tag: str, text: str, number: bool) -> str:
    mark = ' class="number"' if number else ""
    return f"<{tag}{mark}>{escape(text)}</{tag}>"


def _across(columns: int, label: str, text: str) -> str:
    return f'<tr><td colspan="{columns}"><b>{escape(label)}:</b> {escape(text)}</td></tr>'
