"""``cnncalc quiz``: question sheets, a different one for every student, and their keys."""

import re
from pathlib import Path
from typing import Annotated

import typer

from cnncalc.cli import _shared as shared
from cnncalc.core.errors import UsageError, one_of
from cnncalc.homework import papers
from cnncalc.homework.quiz import GEOMETRIES, LEVELS, TOPICS, USUAL, Order, Quiz, pose

MOST_STUDENTS = 10_000

Topics = Annotated[
    str, typer.Option("--topics", "-t", help=f"Some of {', '.join(TOPICS)}, with commas between.")
]
LevelName = Annotated[str, typer.Option("--level", "-l", help=f"{one_of([*LEVELS])}.")]
GEOMETRY = typer.Option(
    "--geometry",
    help=f"Whether windows fit (clean) or leave pixels over (illegal): {one_of(GEOMETRIES)}; "
    "unless it is said clean, and any where the stride is asked about.",
)
Count = Annotated[int, typer.Option("--count", "-n", help="How many questions.")]
Seed = Annotated[int | None, typer.Option("--seed", help="The same seed gives the same questions.")]
EVERY_WEEK = ",".join(USUAL)


def order_of(
    topics: str, level: str, geometry: str | None, count: int, seed: int, choices: bool = False
) -> Order:
    """The order that the words of a command line make."""
    words = tuple(word.strip().lower() for word in topics.split(",") if word.strip())
    windows = None if geometry is None else geometry.lower()
    return Order(words, level.lower(), windows, count, seed, choices)


def new_seed() -> int:
    """A seed that nobody has chosen."""
    from random import SystemRandom

    return SystemRandom().randrange(10**6)


def run(
    topics: Topics = EVERY_WEEK,
    level: LevelName = "easy",
    geometry: Annotated[str | None, GEOMETRY] = None,
    count: Count = 10,
    seed: Seed = None,
    choices: Annotated[
        bool, typer.Option("--choices", help="Multiple choice; wrong ones come from mistakes.")
    ] = False,
    solutions: Annotated[
        bool, typer.Option("--solutions", help="Below each question its answer, derived.")
    ] = False,
    key: Annotated[
        bool, typer.Option("--key", help="The key that cnncalc grade takes, in place of the sheet.")
    ] = False,
    per_student: Annotated[
        Path | None,
        typer.Option("--per-student", help="A text file of names: one a line, one sheet each."),
    ] = None,
    format: Annotated[
        str, typer.Option("--format", "-f", help=f"{one_of(papers.names())}.")
    ] = "markdown",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="A folder for sheets, answer sheets to fill in, and keys."
        ),
    ] = None,
) -> None:
    """Write question sheets with their keys; a seed makes them again.

    cnncalc quiz --topics shape,params --count 5 --seed 7

    cnncalc quiz --level hard --geometry illegal --seed 7 --solutions

    cnncalc quiz --seed 7 --per-student class.txt --choices -f latex -o week3
    """
    if seed is None:  # told, so that the questions can be made again
        seed = new_seed()
        typer.echo(f"--seed {seed}", err=True)
    order = order_of(topics, level, geometry, count, seed, choices)
    form = papers.load(format)
    if output is not None:
        _write_all(order, _names(per_student), form, solutions, output)
        return
    if per_student is not None:
        raise UsageError("--per-student writes a sheet for each name, and needs a folder: -o week3")
    posed = pose(order)
    shared.write(posed.sheet(answers=True) if key else form.write(posed, solutions), None)


def _names(file: Path | None) -> list[str]:
    """The names in a file, one a line; one for everybody where there is no file."""
    if file is None:
        return [""]
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as why:
        reason = getattr(why, "strerror", None) or why
        raise UsageError(f"cannot read {str(file)!r}: {reason}") from None
    names = [line.strip() for line in lines if line.strip()]
    if not 1 <= len(names) <= MOST_STUDENTS:
        raise UsageError(f"{file} names {len(names):,} students; it takes 1 to {MOST_STUDENTS:,}")
    return names


def _write_all(
    order: Order, names: list[str], form: papers.Form, solutions: bool, folder: Path
) -> None:
    """A sheet, an answer sheet and a key for every name, in folders of their own."""
    stems = [file_name(name) for name in names]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        raise UsageError(f"several students would share a file: {one_of(twice)}")
    for name in shared.announced(names):
        _write_one(pose(order, name), file_name(name), form, solutions, folder)
    many = f"{len(names):,} quizzes" if len(names) > 1 else "a quiz"
    typer.echo(f"wrote {many} to {folder}: questions, answers (to fill in) and keys", err=True)


def _write_one(quiz: Quiz, stem: str, form: papers.Form, solutions: bool, folder: Path) -> None:
    texts = {
        folder / "questions" / f"{stem}{form.SUFFIX}": form.write(quiz, solutions),
        folder / "answers" / f"{stem}.yaml": quiz.sheet(answers=False),
        folder / "keys" / f"{stem}.yaml": quiz.sheet(answers=True),
    }
    for path, text in texts.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        except OSError as why:
            raise UsageError(f"cannot write {str(path)!r}: {why.strerror or why}") from None


def file_name(student: str) -> str:
    """A name as a file is called: letters, digits, - and _ alone."""
    return re.sub(r"[^\w-]+", "_", student).strip("_") or "quiz"
