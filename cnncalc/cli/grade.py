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
    from cnncalc.homework.written import as_text

    given = "" if mark.answer.given is None else as_text(mark.answer.given)
    return (mark.answer.label, given, SIGNS[mark.outcome.value], _remark(mark))


def _remark(mark: "Mark") -> str:
    """What is to say of an answer, in a few words."""
    if mark.outcome.value == "right":
        return ", ".join(mark.reading.notes)
    if mark.outcome.value == "arithmetic":
        return "the working is right, the result of it is not"
    if mark.outcome.value == "wrong":
        if not mark.diagnoses:
            return "no known mistake gives this value"
        return "; or ".join(one.slip.says for one in mark.diagnoses)
    return ", ".join([part for part in (mark.outcome.value, mark.why) if part])


def _working(mark: "Mark") -> str:
    """The wrong arithmetic beside the right one."""
    question = mark.answer.question
    if question is None or mark.outcome.value != "wrong":
        return ""
    lines = [f"{mark.answer.label}"]
    for one in mark.diagnoses[:1]:
        derivation = one.derive()
        lines += [f"  as answered: {derivation.answer} ({one.slip.says})"]
        lines += [f"    {working.text()}" for working in derivation.workings]
    derivation = question.derive()
    lines += [f"  right: {derivation.answer}"]
    lines += [f"    {working.text()}" for working in derivation.workings]
    return "\n".join(lines) + "\n"
