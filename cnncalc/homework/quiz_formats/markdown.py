"""A quiz in Markdown."""

from collections.abc import Iterator

from cnncalc.homework.quiz import PosedQuestion, Quiz
from cnncalc.render.formats.markdown import escape

SUFFIX = ".md"


def write(quiz: Quiz, solved: bool) -> str:
    """A title and a numbered list."""
    parts = [f"# {escape(quiz.title)}", *(_question(one, solved) for one in quiz.posed)]
    return "\n\n".join(parts) + "\n"


def _question(one: PosedQuestion, solved: bool) -> str:
    lines = [f"{one.number}. {one.text}", *(f"   {line}" for line in _below(one, solved))]
    return "\n".join(line.rstrip() for line in lines)


def _below(one: PosedQuestion, solved: bool) -> Iterator[str]:
    """The choices below a question, and its solution."""
    if one.choices:
        yield ""
        yield from (f"- {choice}" for choice in one.lettered)
    if solved:
        equations = [f"- `{working.text()}`" for working in one.question.derivation.workings]
        yield ""
        yield f"**{one.answer}**{one.reason}"
        yield from ["", *equations] if equations else []
