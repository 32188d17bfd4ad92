"""``cnncalc grade``: which answers are right, and which mistake made the others wrong."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import _listing as listing
from cnncalc.cli import _shared as shared

if TYPE_CHECKING:
    from cnncalc.homework.marking import Mark, Marked


def run(
    answers: Annotated[Path, typer.Argument(help="An answer sheet in YAML.", show_default=False)],
    strict: Annotated[
        bool, typer.Option("--strict", help="Only exact values, K = 1000, channels first.")
    ] = False,
    output: shared.TextOutput = None,
) -> None:
    """Mark an answer sheet: what is right, what is wrong, and the mistake that gives the value.

    The exit code is 1 when anything is wrong.

    cnncalc grade answers.yaml
    """
    from cnncalc.homework import sheet
    from cnncalc.homework.marking import Marker
    from cnncalc.homework.written import Terms

    marked = Marker(Terms(strict=strict)).sheet(sheet.load(answers))
    shared.write(_text(marked), output)
    raise typer.Exit(0 if marked.all_right else 1)


SIGNS = {
    "right": "✓",
    "follows": "↷",
    "arithmetic": "≈",
    "wrong": "✗",
    "unanswered": "–",
    "unreadable": "?",
}


def _text(marked: "Marked") -> str:
    headings = {"Question": False, "Answer": False, "": False, "Remark": False}
    table = listing.columns(headings, map(_line, marked.marks))
    right = sum(mark.outcome.value == "right" for mark in marked.marks)
    summary = f"{marked.sheet.student}: {right} of {len(marked.marks)} answers are right\n"
    workings = [text for mark in marked.marks if (text := _working(mark))]
    return "\n".join([table, *workings, summary])


def _line(mark: "Mark") -> tuple[str, ...]:
    from cnncalc.homework import feedback

    sign = SIGNS[mark.outcome.value]
    return (mark.answer.label, feedback.given(mark), sign, feedback.remark(mark))


def _working(mark: "Mark") -> str:
    """The wrong arithmetic above the right one; nothing where nothing is wrong."""
    from cnncalc.homework import feedback

    if mark.outcome.value != "wrong":
        return ""
    lines = [mark.answer.label]
    for title, derivation in feedback.workings(mark):
        lines.append(f"  {title}: {derivation.answer}")
        lines += [f"    {working.text()}" for working in derivation.workings]
    return "\n".join(lines) + "\n"
