"""A student's feedback page in Markdown."""

from collections.abc import Iterator

from cnncalc.homework import feedback
from cnncalc.homework.feedback_formats import _parts
from cnncalc.homework.gradebook import Graded
from cnncalc.homework.marking import Mark
from cnncalc.render.formats import markdown

SUFFIX = ".md"


def write(graded: Graded) -> str:
    """The marks in a table, then the solutions."""
    parts = [f"# {_plain(_parts.title(graded))}"]
    if graded.problem:
        parts.append(_code(graded.problem))
    if graded.marks:
        rows = [list(_parts.row(graded, mark)) for mark in graded.marks]
        parts.append(markdown.table(list(_parts.HEADINGS), rows, [False] * 4))
        parts += filter(None, (_plain(_parts.not_asked(graded)), _parts.credit(graded)))
    for mark in _parts.solutions(graded):
        parts += _solution(mark)
    return "\n\n".join(parts) + "\n"


def _solution(mark: Mark) -> Iterator[str]:
    yield f"## {_plain(mark.answer.label)}"
    yield from feedback.lessons(mark)
    for worked in feedback.workings(mark):
        lines = [f"- `{working.text()}`" for working in worked.derivation.workings]
        title = worked.title[:1].upper() + worked.title[1:]
        yield "\n".join([f"{title}: **{worked.derivation.answer}**", "", *lines]).rstrip()


def _plain(text: str) -> str:
    """A text with its Markdown syntax escaped."""
    return "".join(f"\\{one}" if one in "\\`*_{}[]<>#|" else one for one in " ".join(text.split()))


def _code(text: str) -> str:
    """A text as inline code."""
    return f"`{text.replace('`', '′')}`" if text else ""
