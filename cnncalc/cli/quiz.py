"""``cnncalc quiz``: question sheets with their keys, different for every student."""

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from cnncalc.cli import _complete as complete
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core.errors import UsageError, one_of, printable, some
from cnncalc.homework import platforms, quiz_formats
from cnncalc.homework.quiz import USUAL, Order, Quiz, check, order, pose
from cnncalc.homework.topics import LEVELS, TOPICS
from cnncalc.spec.files import read_text

MAX_STUDENTS = 10_000
LONGEST_STEM = 60

Topics = Annotated[
    str,
    typer.Option(
        "--topics", "-t", metavar="NAMES", help=f"Topics, separated by commas: {', '.join(TOPICS)}."
    ),
]
LevelName = Annotated[
    str, typer.Option("--level", "-l", metavar="NAME", help=f"The difficulty: {one_of([*LEVELS])}.")
]
GEOMETRY = typer.Option(
    "--geometry",
    metavar="NAME",
    help="Which windows to ask about: clean (they fit), illegal (they do not) or any. "
    "By default, clean; for questions about the stride, any.",
)
Count = Annotated[int, typer.Option("--count", "-n", metavar="N", help="The number of questions.")]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", metavar="N", help="The same seed with the same options gives the same questions."
    ),
]
USUAL_TOPICS = ",".join(USUAL)


def new_seed() -> int:
    """A random seed."""
    from random import SystemRandom

    return SystemRandom().randrange(10**6)


Network = Annotated[
    str | None,
    typer.Argument(
        help="Ask about layers of this network; without one, about random layers.",
        show_default=False,
        autocompletion=complete.networks,
    ),
]
Choices = Annotated[
    bool,
    typer.Option(
        "--choices",
        help="Make the questions multiple choice, with wrong answers from common mistakes.",
    ),
]
Solutions = Annotated[
    bool, typer.Option("--solutions", help="Show the derived answer below each question.")
]
Key = Annotated[
    bool, typer.Option("--key", help="Print the key for 'cnncalc grade' instead of the sheet.")
]
PerStudent = Annotated[
    Path | None,
    typer.Option(
        "--per-student",
        help="A text file with one name per line; each student gets their own quiz.",
    ),
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        "-f",
        metavar="NAME",
        help=f"The format of the sheet: {one_of(quiz_formats.names())}.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Write sheets, blank answer sheets and keys to this folder."
    ),
]
Export = Annotated[
    list[str] | None,
    typer.Option(
        "--export",
        metavar="NAME",
        help=f"Also write a file for {one_of(platforms.names())}; -o names the folder.",
    ),
]


def run(
    context: typer.Context,
    network: Network = None,
    input: options.Input = None,
    settings: options.Settings = None,
    topics: Topics = USUAL_TOPICS,
    level: LevelName = "easy",
    geometry: Annotated[str | None, GEOMETRY] = None,
    count: Count = 10,
    seed: Seed = None,
    choices: Choices = False,
    solutions: Solutions = False,
    key: Key = False,
    per_student: PerStudent = None,
    format: Format = "markdown",
    output: Output = None,
    export: Export = None,
) -> None:
    """Write questions, and with -o also blank answer sheets and keys.

    The same seed with the same options gives the same questions.

    cnncalc quiz --topics shape,params --count 5 --seed 7

    cnncalc quiz --level hard --geometry illegal --seed 7 --solutions

    cnncalc quiz --seed 7 --per-student class.txt --choices -f latex -o week3

    cnncalc quiz --seed 7 --export moodle -o week3

    cnncalc quiz lenet5 --topics shape,params --seed 7
    """
    drawn = new_seed() if seed is None else seed
    if network is None:
        needs = "needs a network, as in cnncalc quiz lenet5"
        shared.refuse(context, ("input", "settings"), needs)
    else:
        useless = "has no effect on the layers of a network; leave out the option or the network"
        shared.refuse(context, ("level", "geometry"), useless)
    report = None if network is None else shared.network(network, input, settings)
    wanted = order(topics, level, geometry, count, drawn, choices)._replace(report=report)
    with shared.typed(questions="--count"):
        check(wanted)
    form = quiz_formats.load(format)
    banks = [platforms.load(name) for name in export or ()]
    if output is not None:
        shared.refuse(context, ("key",), "has no effect with -o, which always writes the key")
        _write_all(wanted, _names(per_student), form, solutions, banks, output)
        _note_seed(seed, drawn)
        return
    for option, used in (("--per-student", per_student), ("--export", export)):
        if used:
            raise UsageError(f"{option} writes files; add a folder for them, as in -o week3")
    if key:
        shared.refuse(context, ("solutions", "format"), "has no effect with --key; leave one out")
    posed = pose(wanted)
    _note_seed(seed, drawn)
    shared.write(posed.sheet(answers=True) if key else form.write(posed, solutions), None)


def _note_seed(given: int | None, drawn: int) -> None:
    """Print a seed that was picked at random, so that the questions can be repeated."""
    if given is None:
        typer.echo(f"--seed {drawn} gives the same questions again", err=True)


def _names(file: Path | None) -> list[str]:
    """The names in a file, one per line; a single empty name if no file is given."""
    if file is None:
        return [""]
    if file.exists() and not file.is_file():
        raise UsageError(f"{str(file)!r} is not an ordinary file; --per-student needs a text file")
    names = [printable(line.strip()) for line in read_text(file).splitlines() if line.strip()]
    if not 1 <= len(names) <= MAX_STUDENTS:
        raise UsageError(
            f"{file} has {len(names):,} names; --per-student takes 1 to {MAX_STUDENTS:,}"
        )
    return names


def _write_all(
    wanted: Order,
    names: list[str],
    form: quiz_formats.Form,
    solutions: bool,
    banks: list[platforms.Platform],
    folder: Path,
) -> None:
    """For every name, write a sheet, a blank answer sheet, a key, and a file for each of
    ``banks``."""
    if again := sorted({name for name in names if names.count(name) > 1}):
        fact = f"--per-student lists {some(again)} more than once"
        raise UsageError(fact, "give each student a different name")
    stems = [file_name(name) for name in names]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        fact = f"several names give the same file name: {some(twice)}"
        help = f"make them differ in a letter or digit among the first {LONGEST_STEM} characters"
        raise UsageError(fact, help)
    _keep_sheets(wanted, names, folder)
    for name in shared.announced(names):
        quiz, stem = pose(wanted, name), file_name(name)
        questions = form.write(quiz, solutions)
        _save(folder / "questions" / f"{stem}{form.SUFFIX}", questions.encode())
        for sheet, text in _sheets(quiz, folder / f"{stem}.yaml").items():
            _save(sheet, text.encode())
        for bank in banks:
            _save(folder / "platforms" / f"{stem}{bank.EXTENSION}", bank.write(quiz))
    place = printable(str(folder))
    what = f"a quiz to {place}: questions, a blank answer sheet and a key"
    if len(names) > 1:
        what = f"{len(names):,} quizzes to {place}: questions, blank answer sheets and keys"
    typer.echo(f"wrote {what}", err=True)


def _save(file: Path, data: bytes) -> None:
    """Write a file; raises UsageError for a pipe or a device, which may wait forever."""
    if file.exists() and not file.is_file():
        raise UsageError(f"{str(file)!r} is not an ordinary file; choose another folder")
    shared.save(file, data)


def _sheets(quiz: Quiz, file: Path) -> dict[Path, str]:
    """The blank answer sheet and the key of a quiz, in subfolders of the file's folder."""
    folders = {"answers": False, "keys": True}
    return {file.parent / one / file.name: quiz.sheet(key) for one, key in folders.items()}


def _keep_sheets(wanted: Order, names: list[str], folder: Path) -> None:
    """Raise UsageError if a key or an answer sheet, filled in or not, would be replaced by a
    different one."""
    for name in names:
        file = folder / f"{file_name(name)}.yaml"
        if not any((folder / one / file.name).is_file() for one in ("answers", "keys")):
            continue
        for sheet, text in _sheets(pose(wanted, name), file).items():
            if sheet.is_file() and sheet.read_bytes() != text.encode():
                fact = f"{str(sheet)!r} exists and would be replaced by a different sheet"
                raise UsageError(fact, "choose another folder, or delete the old sheet")


def file_name(student: str) -> str:
    """A student's file name without its extension: only letters, digits, - and _.

    If the file system cannot encode the name, letters outside ASCII become their code points.
    """
    try:
        os.fsencode(student)
    except UnicodeEncodeError:
        student = student.encode("ascii", "backslashreplace").decode()
    return re.sub(r"[^\w-]+", "_", student).strip("_")[:LONGEST_STEM] or "quiz"
