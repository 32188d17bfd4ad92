"""A quiz as an HTML page."""

from collections.abc import Iterable, Iterator
from html import escape

from cnncalc.homework.quiz import PosedQuestion, Quiz

SUFFIX = ".html"


def write(quiz: Quiz, solved: bool) -> str:
    """A complete page with a title and a numbered list."""
    title = escape(quiz.title)
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f"<title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n<ol>",
        *(f"<li>{''.join(_question(one, solved))}</li>" for one in quiz.posed),
        "</ol>\n</body>\n</html>",
    ]
    return "\n".join(parts) + "\n"


def _question(one: PosedQuestion, solved: bool) -> Iterator[str]:
    yield f"<p>{escape(one.text)}</p>"
    if one.choices:
        yield f'<ol type="a">{_items(one.choices)}</ol>'
    if solved:
        yield f"<p><b>{escape(one.answer)}</b>{escape(one.reason)}</p>"
        equations = [working.text() for working in one.question.derive().workings]
        if equations:
            yield f"<ul>{_items(equations)}</ul>"


def _items(texts: Iterable[str]) -> str:
    return "".join(f"<li>{escape(text)}</li>" for text in texts)
