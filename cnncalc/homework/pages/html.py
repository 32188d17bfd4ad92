"""A student's feedback page in HTML."""

from collections.abc import Iterable, Iterator
from html import escape

from cnncalc.homework import feedback
from cnncalc.homework.gradebook import Graded
from cnncalc.homework.marking import Mark
from cnncalc.homework.pages import _parts

SUFFIX = ".html"


def write(graded: Graded) -> str:
    """A complete page: the marks in a table, then the solutions."""
    title = escape(_parts.title(graded))
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        "<style>td, th { padding-right: 1em; text-align: left; vertical-align: top; }</style>",
        f"<title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>",
    ]
    if graded.problem:
        parts.append(f"<p>{escape(graded.problem)}</p>")
    if graded.marks:
        rows = (_parts.row(graded, mark) for mark in graded.marks)
        body = "\n".join(_row("td", cells) for cells in rows)
        parts.append(f"<table>\n{_row('th', _parts.HEADINGS)}\n{body}\n</table>")
        parts.append(f"<p>{escape(_parts.credit(graded))}</p>")
    for mark in _parts.solutions(graded):
        parts += _solution(mark)
    return "\n".join([*parts, "</body>\n</html>"]) + "\n"


def _row(tag: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"


def _solution(mark: Mark) -> Iterator[str]:
    yield f"<h2>{escape(mark.answer.label)}</h2>"
    for lesson in feedback.lessons(mark):
        yield from (f"<p>{escape(part)}</p>" for part in lesson.split("\n\n"))
    for worked in feedback.workings(mark):
        yield f"<p>{escape(worked.title)}: <b>{escape(worked.derivation.answer)}</b></p>"
        lines = (f"<li>{escape(working.text())}</li>" for working in worked.derivation.workings)
        yield f"<ul>{''.join(lines)}</ul>"
