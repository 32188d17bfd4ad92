"""One HTML table: a whole page as a file, or a fragment in a notebook.

It inherits the colours of the page around it, so that it is readable in light and dark mode.
Characters beyond ASCII are written as character references, so that no encoding can corrupt them.
"""

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from cnncalc.render.page import page

if TYPE_CHECKING:
    from cnncalc.render.sheet import Sheet

SUFFIX = ".html"

STYLE = """\
.cnncalc { font-family: system-ui, sans-serif; overflow-x: auto; }
.cnncalc table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.cnncalc caption { font-weight: bold; text-align: left; padding-bottom: 0.5em; }
.cnncalc th, .cnncalc td { padding: 0.15em 0.8em; text-align: left; white-space: nowrap; }
.cnncalc .number { text-align: right; }
.cnncalc .prose { min-width: 16em; white-space: normal; }
.cnncalc thead th { border-bottom: 1px solid currentColor; }
.cnncalc tfoot tr:first-child > * { border-top: 1px solid currentColor; }
.cnncalc p { font-size: smaller; opacity: 0.75; }"""


def render(view: "Sheet") -> str:
    """A complete page: the table with its title, remarks, totals and conventions."""
    own = "body { max-width: none; }\n.cnncalc caption { display: none; }"
    return _ascii([page(view.title, _section(view), f"{STYLE}\n{own}").rstrip("\n")])


def piece(view: "Sheet") -> str:
    """The table with its style, to embed in an existing page."""
    return _ascii([f"<style>\n{STYLE}\n</style>", *_section(view)])


def _section(view: "Sheet") -> list[str]:
    kinds = [_kind(view, name) for name in view.columns]
    totals = [_across(len(kinds), total.label, total.text) for total in view.totals]
    return [
        '<section class="cnncalc">',
        *(f"<p>{escape(remark)}</p>" for remark in view.remarks),
        f"<table>\n<caption>{escape(view.title)}</caption>",
        f"<thead>\n{_row('th', view.headings, kinds)}\n</thead>",
        "<tbody>",
        *(_row("td", view.texts(line), kinds) for line in view.lines),
        "</tbody>",
        *(["<tfoot>", *totals, "</tfoot>"] if totals else []),
        "</table>",
        *([f"<p>{escape(view.conventions)}</p>"] if view.conventions else []),
        "</section>",
    ]


def _ascii(parts: Iterable[str]) -> str:
    return "\n".join(parts).encode("ascii", "xmlcharrefreplace").decode("ascii") + "\n"


def _kind(view: "Sheet", name: str) -> str:
    """The class of a column's cells, if it has one."""
    if view.prose(name):
        return "prose"
    return "number" if view.numeric(name) else ""


def _row(tag: str, cells: Iterable[str], kinds: Iterable[str]) -> str:
    return f"<tr>{''.join(_cell(tag, *cell) for cell in zip(cells, kinds, strict=True))}</tr>"


def _cell(tag: str, text: str, kind: str) -> str:
    mark = f' class="{kind}"' if kind else ""
    return f"<{tag}{mark}>{escape(text)}</{tag}>"


def _across(columns: int, label: str, text: str) -> str:
    return f'<tr><td colspan="{columns}"><b>{escape(label)}:</b> {escape(text)}</td></tr>'
