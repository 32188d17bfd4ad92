"""A table in GitHub's Markdown, with its title as a heading and the totals as a list."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cnncalc.core import escaping

if TYPE_CHECKING:
    from cnncalc.render.sheet import Sheet

SUFFIX = ".md"

escape = escaping.markdown


def render(view: "Sheet") -> str:
    """The heading, the remarks, the table, the totals and the conventions."""
    numeric = [view.numeric(name) for name in view.columns]
    totals = [f"- **{total.label}:** {escape(total.text)}" for total in view.totals]
    parts = [
        f"## {escape(view.title)}",
        *map(escape, view.remarks),
        table(view.headings, map(view.texts, view.lines), numeric),
        "\n".join(totals),
        escape(view.conventions),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def table(headings: Iterable[str], rows: Iterable[Iterable[str]], numeric: Iterable[bool]) -> str:
    """The pipe table alone; numbers are right-aligned."""
    rule = _row("---:" if right else ":---" for right in numeric)
    return "\n".join([_row(map(escape, headings)), rule, *(_row(map(escape, row)) for row in rows)])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
