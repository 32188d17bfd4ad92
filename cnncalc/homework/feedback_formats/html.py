"""A student's feedback page in HTML."""

from collections.abc import Iterable, Iterator
from html import escape

from cnncalc.derivations import mathml
from cnncalc.homework import feedback
from cnncalc.homework.feedback_formats import _parts
from cnncalc.homework.gradebook import Graded
from cnncalc.homework.marking import Mark, Outcome
from cnncalc.render.page import page

SUFFIX = ".html"
STYLE = "td:nth-child(3) { white-space: nowrap; }"
COLOURS = {Outcome.RIGHT: "good", Outcome.FOLLOWS: "good", Outcome.WRONG: "bad"}


def write(graded: Graded) -> str:
    """A complete page: the marks in a table, then the solutions."""
    return page(_parts.title(graded), _body(graded), STYLE)


def _body(graded: Graded) -> Iterator[str]:
    if graded.problem:
        yield f"<p>{escape(graded.problem)}</p>"
    if graded.marks:
        headings = "".join(f"<th>{heading}</th>" for heading in _parts.HEADINGS)
        yield f"<table>\n<thead><tr>{headings}</tr></thead>\n<tbody>"
        for mark in graded.marks:
            yield _row(_parts.row(graded, mark), COLOURS.get(mark.outcome, ""))
        notes = filter(None, (_parts.not_asked(graded), _parts.credit(graded)))
        yield f'</tbody>\n</table>\n<p class="small">{escape(" ".join(notes))}</p>'
    for mark in _parts.solutions(graded):
        yield from _solution(mark)


def _row(cells: Iterable[str], colour: str) -> str:
    """A question with its answer, points and remark; the answer in the colour of its outcome."""
    label, answer, points, remark = map(escape, cells)
    return (
        f'<tr><td>{label}</td><td class="{colour}">{answer}</td>'
        f"<td>{points}</td><td>{remark}</td></tr>"
    )


def _solution(mark: Mark) -> Iterator[str]:
    yield f"<section>\n<h2>{escape(mark.answer.label)}</h2>"
    for lesson in feedback.lessons(mark):
        yield from (f"<p>{escape(part)}</p>" for part in lesson.split("\n\n"))
    for worked in feedback.workings(mark):
        title = worked.title[:1].upper() + worked.title[1:]
        yield f"<p>{escape(title)}: <b>{escape(worked.derivation.answer)}</b></p>"
        yield from map(mathml.equation, worked.derivation.workings)
    yield "</section>"
