"""``cnncalc practice``: practice questions in the terminal, one at a time."""

from typing import Annotated

import typer

from cnncalc.cli import _shared as shared
from cnncalc.cli.quiz import USUAL_TOPICS, Count, LevelName, Seed, Topics, new_seed
from cnncalc.homework import feedback
from cnncalc.homework.marking import Mark, Marker, Outcome
from cnncalc.homework.quiz import PosedQuestion, quiz


def run(
    topics: Topics = USUAL_TOPICS,
    level: LevelName = "easy",
    geometry: Annotated[
        str,
        typer.Option(
            "--geometry",
            metavar="NAME",
            help="Which windows to ask about: clean (they fit), illegal (they do not) or any.",
        ),
    ] = "any",
    count: Count = 10,
    seed: Seed = None,
) -> None:
    """Practise in the terminal: every known mistake is explained, and your score is kept.

    Press Enter to see the solution, and Ctrl-C or Ctrl-D to stop.

    cnncalc practice

    cnncalc practice --topics shape,stride --level hard --count 5
    """
    seed = new_seed() if seed is None else seed
    with shared.typed(questions="--count"):
        posed = quiz(topics, level=level, geometry=geometry, questions=count, seed=seed).posed
    right = asked = 0
    try:
        for one in posed:
            right += _asked(one, count)
            asked += 1
    except (KeyboardInterrupt, EOFError, RuntimeError):  # RuntimeError if standard input is closed
        typer.echo()
    typer.echo(f"{right} of {asked} right" if asked else "no questions answered")


def _asked(one: PosedQuestion, count: int) -> bool:
    """Ask until the answer can be read; return whether it is right."""
    typer.echo(f"{one.number}/{count}  {one.text}")
    while True:
        given = input("> ").strip()
        mark = Marker().mark(one.question, given or None, one.topic.unit)
        if mark.outcome is not Outcome.UNREADABLE:
            typer.echo(_reply(mark))
            return mark.outcome is Outcome.RIGHT
        typer.echo(f"  {mark.why}")


def _reply(mark: Mark) -> str:
    """The reply to an answer."""
    remark = feedback.remark(mark)
    if mark.outcome is Outcome.RIGHT:
        return f"  right{f' ({remark})' if remark else ''}\n"
    lines = [f"  not quite: {remark}" if mark.diagnoses else f"  {remark}"]
    lines += [f"  {lesson}" for lesson in feedback.lessons(mark)]
    for title, derivation in feedback.workings(mark):
        why = derivation.answer.removeprefix(f"{feedback.right(mark)}: ")
        if not derivation.workings and why in remark:
            continue  # the remark already says why
        lines.append(f"  {title}: {derivation.answer}")
        lines += [f"    {working.text()}" for working in derivation.workings]
    return "\n".join(lines) + "\n"
