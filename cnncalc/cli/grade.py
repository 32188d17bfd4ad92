"""``cnncalc grade``: which answers are right, and which mistake made the others wrong."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncalc.cli import _listing as listing
from cnncalc.cli import _shared as shared
from cnncalc.core.errors import UsageError, one_of
from cnncalc.homework import books, feedback, gradebook, pages, submissions
from cnncalc.homework.gradebook import Asked, Graded
from cnncalc.homework.marking import Mark, Marker, Outcome
from cnncalc.homework.scheme import Scheme, points, scheme
from cnncalc.homework.sheet import load, part_of
from cnncalc.homework.written import Terms, printable

if TYPE_CHECKING:
    from cnncalc.render import Format


def run(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="[KEY] ANSWERS...",
            help="One sheet by itself; or a key (or a folder with one for each student) and "
            "many sheets, or folders of them.",
            show_default=False,
        ),
    ],
    strict: Annotated[
        bool, typer.Option("--strict", help="Only exact values, K = 1000, channels first.")
    ] = False,
    tolerance: Annotated[
        str, typer.Option("--tolerance", help="How far off a value may be: 1%, 0.01.")
    ] = "0",
    credit: Annotated[
        list[str] | None,
        typer.Option(
            "--credit",
            help=f"The part of the points, as in slip=0.5, for: {', '.join(Scheme._fields)}.",
        ),
    ] = None,
    feedback_folder: Annotated[
        Path | None, typer.Option("--feedback", help="A folder for a page for every student.")
    ] = None,
    page: Annotated[
        str, typer.Option("--page", help=f"The form of these pages: {one_of(pages.names())}.")
    ] = "markdown",
    export: Annotated[
        list[str] | None,
        typer.Option("--export", help=f"A gradebook, into the folder -o: {one_of(books.names())}."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="What the homework is called; the key's name.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every student's table too, not only the class's.")
    ] = False,
    format: shared.FormatName = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A file; with --export the folder of gradebooks."),
    ] = None,
) -> None:
    """Mark answer sheets: what is right, what is wrong, and the mistake that gives the value.

    A sheet is YAML, CSV or a Markdown table. The exit code is 1 when an answer of a single sheet is
    wrong, and when a sheet of a class cannot be read.

    cnncalc grade answers.yaml

    cnncalc grade key.yaml submissions/*.yaml --feedback pages --export moodle -o grades

    cnncalc grade keys submissions/*.md --credit slip=0.75 --tolerance 1%
    """
    form = listing.format_of(format, None if export else output)
    dress = pages.load(page)
    wanted = {book: books.load(book) for book in export or ()}
    marker = Marker(Terms(strict=strict, tolerance=_tolerance(tolerance)))
    worth = shared.pairs(credit, "--credit", "slip=0.5")
    scheme(worth)
    alone = len(files) == 1 and not files[0].is_dir()
    if alone:
        found = [gradebook.graded(marker.sheet(load(files[0])), worth)]
    else:
        found = _class(files, marker, worth)
    # Files come first: whoever reads standard output may stop before its end.
    if feedback_folder is not None:
        stems = {one.handle: dress.write(one) for one in found}
        _write_all(feedback_folder, {f"{stem}{dress.SUFFIX}": text for stem, text in stems.items()})
    for book, kind in wanted.items():
        folder = output or Path(".")
        _write_all(folder / book, kind.write(found, name or printable(files[0].stem)))
    text = _alone(found[0], form) if alone else _of_class(found, form, everything)
    shared.write(text, None if export else output)
    passed = found[0].marked.all_right if alone and found[0].marked else not _unread(found)
    raise typer.Exit(0 if passed else 1)


def _tolerance(text: str) -> Fraction:
    """A part of the truth; raises UsageError for anything else."""
    part = part_of(text)
    if part is None or part > 1:
        raise UsageError(f"--tolerance is a part from 0 to 1, as in 1% or 0.01, not {text[:40]!r}")
    return part


def _class(files: Sequence[Path], marker: Marker, credit: Mapping[str, str]) -> list[Graded]:
    """The submissions after the key; what is wrong with the key itself is told first."""
    keys = gradebook.Keys(files[0])
    handed_in = submissions.find(files[1:], key=files[0])
    if not handed_in:
        raise UsageError(f"{str(files[0])!r} is the key; the sheets to grade are missing")
    for folder in submissions.left_out(files[1:]):
        typer.echo(f"left out {folder}: folders whose names begin with __ are not graded", err=True)
    for mark in gradebook.wrong_in(keys.one, marker) if keys.one else ():
        said = f"{mark.answer.where}: the key's {mark.answer.label} is {feedback.given(mark)}"
        typer.echo(f"{said}, but {feedback.right(mark)} is right, and graded by", err=True)
    by_name = shared.announced(handed_in, lambda one: one.handle)
    return list(gradebook.grade(keys, by_name, marker, credit))


def _unread(graded: Sequence[Graded]) -> int:
    """How many sheets could not be read."""
    return sum(bool(one.problem) for one in graded)


def _write_all(folder: Path, texts: Mapping[str, str]) -> None:
    """Put texts in files of a folder; raises UsageError where that cannot be."""
    for name in texts:
        if Path(name).name != name:
            raise UsageError(f"--name names a file in a folder, so {name!r} cannot hold a path")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", errors="replace", newline="")
    except OSError as why:
        raise UsageError(f"cannot write to {str(folder)!r}: {why.strerror or why}") from None
    typer.echo(f"wrote {len(texts):,} file{'s' * (len(texts) != 1)} to {folder}", err=True)


# What is shown.

SIGNS = {
    Outcome.RIGHT: "✓",
    Outcome.FOLLOWS: "↷",
    Outcome.ARITHMETIC: "≈",
    Outcome.WRONG: "✗",
    Outcome.UNANSWERED: "–",
    Outcome.UNREADABLE: "?",
}


ANSWER = ("question", "answer", "outcome", "points", "possible", "remark")
STUDENT = ("student", "points", "possible", *(outcome.value for outcome in Outcome), "problem")


def _alone(graded: Graded, form: "Format | None") -> str:
    """One sheet."""
    if form is not None:
        records = [_answer(graded, mark) for mark in graded.marks]
        return listing.rendered(form, graded.student, ANSWER, records)
    headings = {"Question": False, "Answer": False, "": False, "Remark": False}
    table = listing.columns(headings, map(_line, graded.marks))
    right = sum(mark.outcome is Outcome.RIGHT for mark in graded.marks)
    summary = (
        f"{graded.student}: {right} of {len(graded.marks)} answers are right, "
        f"{points(graded.score)} of {points(graded.possible)} points\n"
    )
    workings = [text for mark in graded.marks if (text := _working(mark))]
    return "\n".join([table, *workings, summary])


def _answer(graded: Graded, mark: Mark) -> dict[str, Any]:
    """One answer as a record."""
    cells = (
        mark.answer.label,
        feedback.given(mark),
        mark.outcome.value,
        points(graded.points(mark)),
        points(mark.answer.points),
        feedback.remark(mark),
    )
    return dict(zip(ANSWER, cells, strict=True))


def _line(mark: Mark) -> tuple[str, ...]:
    return (mark.answer.label, feedback.given(mark), SIGNS[mark.outcome], feedback.remark(mark))


def _working(mark: Mark) -> str:
    """The wrong arithmetic above the right one; nothing where nothing is wrong."""
    if mark.outcome is not Outcome.WRONG:
        return ""
    lines = [mark.answer.label]
    for title, derivation in feedback.workings(mark):
        lines.append(f"  {title}: {derivation.answer}")
        lines += [f"    {working.text()}" for working in derivation.workings]
    return "\n".join(lines) + "\n"


def _of_class(graded: Sequence[Graded], form: "Format | None", everything: bool) -> str:
    """A line for every student, then one for every question."""
    if form is not None and form.SUFFIX == ".json":
        students = [
            {**_student(one), "answers": [_answer(one, mark) for mark in one.marks]}
            for one in graded
        ]
        asked = [one._asdict() for one in gradebook.statistics(graded)]
        found = {"students": students, "questions": asked}
        return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    if form is not None:
        return listing.rendered(form, "Marks", STUDENT, [_student(one) for one in graded])
    each = [_alone(one, None) for one in graded if everything and one.marked]
    return "\n".join([*each, _students(graded), _questions(gradebook.statistics(graded))])


def _student(one: Graded) -> dict[str, Any]:
    """One student as a record: points, and how many answers of each outcome."""
    made = Counter(mark.outcome for mark in one.marks)
    score = (points(one.score), points(one.possible)) if one.marked else ("", "")
    counts = (made[outcome] for outcome in Outcome)
    return dict(zip(STUDENT, (one.student, *score, *counts, one.problem), strict=True))


def _students(graded: Sequence[Graded]) -> str:
    headings = {"Student": False, "Points": True, "Of": True}
    headings |= dict.fromkeys(SIGNS.values(), True) | {"Remark": False}
    records = map(_student, graded)
    table = listing.columns(headings, (list(map(str, record.values())) for record in records))
    legend = ", ".join(f"{sign} {outcome.value}" for outcome, sign in SIGNS.items())
    return f"{table}{legend}\n"


def _questions(asked: Iterable[Asked]) -> str:
    """How often each question was answered right, and which mistakes were made."""
    headings = {"Question": False, "Right": True, "Of": True, "Mistakes": False}
    rows = []
    for one in asked:
        ordered = sorted(one.mistakes.items(), key=lambda item: -item[1])
        made = ", ".join(f"{title} {often}×" for title, often in ordered)
        right = one.outcomes.get(Outcome.RIGHT.value, 0)
        rows.append([one.label, str(right), str(sum(one.outcomes.values())), made])
    return listing.columns(headings, rows)
