"""A quiz as a complete LaTeX document."""

from collections.abc import Iterator

from cnncalc.homework.quiz import PosedQuestion, Quiz
from cnncalc.render.formats.latex import escape

SUFFIX = ".tex"


def write(quiz: Quiz, solved: bool) -> str:
    """A document with a title and an enumeration."""
    lines = [
        r"\documentclass{article}",
        r"\usepackage{amsmath}",
        r"\begin{document}",
        rf"\section*{{{escape(quiz.title)}}}",
        r"\begin{enumerate}",
        *(line for one in quiz.posed for line in _question(one, solved)),
        r"\end{enumerate}",
        r"\end{document}",
    ]
    return "\n".join(lines) + "\n"


def _question(one: PosedQuestion, solved: bool) -> Iterator[str]:
    yield rf"\item {escape(one.text)}"
    if one.choices:
        yield r"\begin{itemize}"
        for choice in one.lettered:
            letter, _, text = choice.partition(" ")
            yield rf"\item[{letter}] {escape(text)}"
        yield r"\end{itemize}"
    if solved:
        yield rf"\par\textbf{{{escape(one.answer)}}}{escape(one.reason)}"
        equations = [working.latex() for working in one.question.derivation.workings]
        if equations:
            yield "\\begin{align*}\n  " + " \\\\\n  ".join(equations) + "\n\\end{align*}"
