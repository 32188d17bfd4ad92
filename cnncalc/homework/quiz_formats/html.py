"""A quiz as an HTML page."""

from collections.abc import Iterable, Iterator
from html import escape

from cnncalc.derivations import mathml
from cnncalc.homework.quiz import PosedQuestion, Quiz
from cnncalc.render.page import page

SUFFIX = ".html"


def write(quiz: Quiz, solved: bool) -> str:
    """A complete page with a title and a numbered list."""
    listed = (f"<li>{''.join(_question(one, solved))}</li>" for one in quiz.posed)
    return page(quiz.title, ["<ol>", *listed, "</ol>"])


def _question(one: PosedQuestion, solved: bool) -> Iterator[str]:
    yield f"<p>{escape(one.text)}</p>"
    if one.choices:
        yield f'<ol type="a">{_items(one.choices)}</ol>'
    if solved:
        yield f"<p><b>{escape(one.answer)}</b>{escape(one.reason)}</p>"
        yield from map(mathml.equation, one.question.derivation.workings)


def _items(texts: Iterable[str]) -> str:
    return "".join(f"<li>{escape(text)}</li>" for text in texts)
