"""``cnncalc grade``: which answers are right, and which mistakes explain the others."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import _listing as listing
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core import units
from cnncalc.core.errors import UsageError, one_of, some
from cnncalc.homework import class_page, feedback, feedback_formats, gradebook_formats, statistics
from cnncalc.homework.gradebook import ANSWER, STUDENT, Graded
from cnncalc.homework.grading import Grades, grade
from cnncalc.homework.labels import worded
from cnncalc.homework.marking import Mark, Outcome
from cnncalc.homework.scheme import Scheme, out_of
from cnncalc.homework.submissions import Submission
from cnncalc.homework.written import printable, shortened

if TYPE_CHECKING:
    from cnncalc.render import Format

Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="[KEY] ANSWERS...",
        help="One answer sheet; or a key (a file, or a folder with one key per student) and "
        "the class's answer sheets, as files or folders.",
        show_default=False,
    ),
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Accept only exact values, with K = 1000 and channels first."),
]
Tolerance = Annotated[
    str,
    typer.Option(
        "--tolerance",
        metavar="X",
        help="Accept values that differ from the right value by up to this fraction: 1% or 0.01.",
    ),
]
Credit = Annotated[
    list[str] | None,
    typer.Option(
        "--credit",
        metavar="NAME=VALUE",
        help="Set the fraction of the points that an outcome earns, as in slip=0.5. "
        f"Outcomes: {', '.join(Scheme._fields)}.",
    ),
]
FeedbackFolder = Annotated[
    Path | None,
    typer.Option("--feedback", help="Write a page for every student to this folder."),
]
Page = Annotated[
    str,
    typer.Option(
        "--page",
        metavar="NAME",
        help=f"The format of the students' pages: {one_of(feedback_formats.names())}.",
    ),
]
Export = Annotated[
    list[str] | None,
    typer.Option(
        "--export",
        metavar="NAME",
        help=f"Write a gradebook for {one_of(gradebook_formats.names())}; -o names the folder.",
    ),
]
Name = Annotated[
    str | None,
    typer.Option(
        "--name",
        metavar="NAME",
        help="The name of the assignment; by default, the key's file name.",
    ),
]
Everything = Annotated[
    bool, typer.Option("--all", help="Show every student's answers, not only the summary.")
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write to this file; with --export, to this folder."),
]


def run(
    context: typer.Context,
    files: Files,
    strict: Strict = False,
    tolerance: Tolerance = "0",
    credit: Credit = None,
    feedback_folder: FeedbackFolder = None,
    page: Page = "markdown",
    export: Export = None,
    name: Name = None,
    everything: Everything = False,
    layout: options.LayoutName = None,
    format: options.FormatName = None,
    output: Output = None,
) -> None:
    """Grade answer sheets, and name the mistake behind a wrong answer if a known one explains it.

    An answer sheet is YAML, JSON, CSV or TSV, a table in Markdown or plain text, a summary printed
    by Keras, torchinfo or torchsummary, a notebook or an Excel workbook. Correct answers may be
    rounded or written in any common form, and answers that follow from an earlier mistake get
    credit. 'Discr.' is the discrimination of a question: how closely its points correlate with the
    points on all others, from -1 to 1. The exit code is 1 if an answer is not right when you grade
    one sheet, or if a sheet cannot be graded when you grade a class.

    cnncalc grade answers.yaml

    cnncalc grade key.yaml submissions/*.yaml --feedback pages --export moodle -o grades

    cnncalc grade keys submissions/*.md --credit slip=0.75 --tolerance 1%
    """
    form = listing.format_of(format, None if export else output)
    gradebooks = {book: gradebook_formats.load(book) for book in export or ()}
    feedback_form = feedback_formats.load(page)
    if feedback_folder is None:
        needs = "has no effect without --feedback, which names the folder for the pages"
        shared.refuse(context, ("page",), needs)
    title = _title(name, files[0])
    alone = len(files) == 1 and not files[0].is_dir()
    grades = grade(
        files[0] if alone else files[1:],
        None if alone else files[0],
        strict=strict,
        tolerance=tolerance,
        credit=shared.pairs(credit, "--credit", "slip=0.5"),
        layout=layout,
        watch=_watch,
    )
    if alone and grades[0].marked and not grades[0].answers:
        raise UsageError(f"{str(files[0])!r} has no answers to grade")
    _report_oddities(grades, files[0])
    # Write files first, because a pipe may close standard output early.
    if feedback_folder is not None:
        written = {
            f"{one.handle}{feedback_form.SUFFIX}": feedback_form.write(one) for one in grades
        }
        _write_all(feedback_folder, written)
    for book, form_of_book in gradebooks.items():
        _write_all((output or Path(".")) / book, form_of_book.write(grades, title))
    text = _alone(grades[0], form) if alone else _of_class(grades, form, everything, title)
    shared.write(text, None if export else output)
    passed = grades[0].marked.all_right if alone and grades[0].marked else not grades.unread
    raise typer.Exit(0 if passed else 1)


def _title(name: str | None, key: Path) -> str:
    """The name of the assignment; raises UsageError if it cannot be part of a file name."""
    title = name if name is not None else printable(key.stem)
    unfit = not title.strip() or not title.isprintable() or {*title} & {*"/\\"}
    if unfit or title in (".", ".."):
        if name is None:
            raise UsageError(f"the files cannot be named after {str(key)!r}; give --name")
        raise UsageError(
            "--name becomes part of file names, so it must be printable text without / or \\, "
            f"not {title[:60]!r}"
        )
    return title


def _watch(found: Sequence[Submission]) -> Iterable[Submission]:
    return shared.announced(found, lambda one: one.handle)


def _report_oddities(grades: Grades, key: Path) -> None:
    """Print notes for the teacher that are not part of the grades."""
    for note in grades.notes:
        typer.echo(note, err=True)
    for mark in grades.wrong_in_key:
        where, label = printable(str(mark.answer.where)), shortened(mark.answer.label)
        given, right = shortened(feedback.given(mark)), shortened(feedback.right(mark))
        typer.echo(
            f"{where}: the key gives {given} for {worded(label)}, but {right} is right and is used",
            err=True,
        )
    shared.warn(grades.warnings)
    for student, copy in grades.copied.items():
        typer.echo(f"{printable(student)}: the sheet is a copy of the key {printable(str(copy))}",
                   err=True)  # fmt: skip
    if grades.own_keys:
        shared.warn([_own_keys(grades.own_keys, key)])
    for folder in grades.skipped:
        name = printable(str(folder))
        typer.echo(f"skipped {name}: folders whose names begin with __ are not graded", err=True)


def _own_keys(own: Mapping[str, Path], key: Path) -> str:
    """The warning that some students have a key of their own, which was not used."""
    first = next(iter(own.values()))
    folder, name = printable(str(first.parent)), printable(str(first))
    theirs = f"they have their own key, {name}; to use it"
    if len(own) > 1:
        theirs = f"they have their own keys, such as {name}; to use them"
    used = printable(str(key))
    return f"{some(own)}: graded with {used} although {theirs}, give the folder {folder} as the key"


def _write_all(folder: Path, texts: Mapping[str, str]) -> None:
    """Write texts to files of a folder; raises UsageError if that fails."""
    for name, text in texts.items():
        shared.save(folder / name, text.encode(errors="replace"))
    number, place = len(texts), printable(str(folder))
    typer.echo(f"wrote {units.counted(number, 'file')} to {place}", err=True)


BAR = 40
"""The longest bar of the distribution."""


def _alone(graded: Graded, form: "Format | None") -> str:
    """The answers and the points of one sheet."""
    if form is not None:
        return listing.rendered(form, graded.student, ANSWER, graded.answers)
    headings = {"Question": False, "Answer": False, "": False, "Remark": False}
    table = listing.columns(headings, map(_line, graded.marks))
    right = sum(mark.outcome is Outcome.RIGHT for mark in graded.marks)
    asked = sum(mark.answer.question is not None for mark in graded.marks)
    others = len(graded.marks) - asked
    unread = sum(
        mark.outcome is Outcome.UNREADABLE and mark.answer.question is not None
        for mark in graded.marks
    )
    are = "is" if 1 in (right, asked) else "are"
    answers = "answer" if asked == 1 else "answers"
    summary = f"{right} of {asked} {answers} {are} right, {out_of(graded.score, graded.possible)}"
    if unread:
        summary += f"; {units.counted(unread, 'answer')} could not be read"
    if others:
        summary += f"; {units.counted(others, 'other row')} could not be graded"
    if all(mark.outcome is Outcome.UNREADABLE for mark in graded.marks):
        summary = "nothing could be graded"
    workings = [text for mark in graded.marks if (text := _working(mark))]
    unasked = [f"not asked: {some(graded.not_asked)}\n"] if graded.not_asked else []
    return "\n".join([table, *workings, *unasked, f"{graded.student}: {summary}\n"])


def _line(mark: Mark) -> tuple[str, ...]:
    return (
        mark.answer.label,
        feedback.given(mark),
        feedback.SIGNS[mark.outcome],
        feedback.remark(mark),
    )


def _working(mark: Mark) -> str:
    """The wrong arithmetic above the right arithmetic; empty unless the answer is wrong."""
    if mark.outcome is not Outcome.WRONG:
        return ""
    lines = [mark.answer.label]
    for title, derivation in feedback.workings(mark):
        lines.append(f"  {title}: {derivation.answer}")
        lines += [f"    {working.text()}" for working in derivation.workings]
    return "\n".join(lines) + "\n"


def _of_class(graded: Grades, form: "Format | None", everything: bool, title: str) -> str:
    """The students' points, then the questions, the mistakes and the distribution of points; in
    CSV, LaTeX and Markdown, only the students' points."""
    if form is not None and form.SUFFIX == ".json":
        students = [
            {**one.to_dict(), "answers": one.answers, "not asked": one.not_asked} for one in graded
        ]
        found = {
            "students": students,
            "questions": [one.to_dict() for one in graded.questions],
            "scores": graded.scores and graded.scores._asdict(),
            "mistakes": graded.mistakes,
            "warnings": graded.warnings,
        }
        return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    if form is not None and form.SUFFIX == ".html":
        return class_page.write(graded, title)
    if form is not None:
        return listing.rendered(form, "Marks", STUDENT, [one.to_dict() for one in graded])
    each = [_alone(one, None) for one in graded if everything and one.marked]
    summary = [_questions(graded), _mistakes(graded), _scores(graded)]
    return "\n".join([*each, _students(graded), *filter(None, summary)])


def _students(graded: Sequence[Graded]) -> str:
    headings = {"Student": False, "Points": True, "Of": True}
    headings |= dict.fromkeys(feedback.SIGNS.values(), True) | {"Remark": False}
    rows = [[*map(str, one.to_dict().values())] for one in graded]
    for row, one, name in zip(rows, graded, statistics.names(graded), strict=True):
        row[0] = name
        row[-1] = row[-1] or feedback.unread(one.marks)
    table = listing.columns(headings, rows)
    legend = ", ".join(f"{sign} {outcome.value}" for outcome, sign in feedback.SIGNS.items())
    return f"{table}{legend}\n"


def _questions(graded: Grades) -> str:
    """A table of the questions: how often each was answered right, how well it discriminates, and
    the mistakes."""
    if not graded.questions:
        return ""
    headings = {"Question": False, "Right": True, "Of": True, "Discr.": True, "Mistakes": False}
    rows = []
    for one in graded.questions:
        ordered = sorted(one.mistakes.items(), key=lambda item: -item[1])
        made = ", ".join(f"{title} {count}×" for title, count in ordered)
        right = one.outcomes.get(Outcome.RIGHT.value, 0)
        apart = "" if one.discrimination is None else f"{one.discrimination:.2f}"
        rows.append([one.label, str(right), str(sum(one.outcomes.values())), apart, made])
    return listing.columns(headings, rows)


def _mistakes(graded: Grades) -> str:
    """The students who made each mistake."""
    headings = {"Mistake": False, "Students": True, "Who": False}
    rows = [[title, str(len(who)), some(who)] for title, who in graded.mistakes.items()]
    return listing.columns(headings, rows) if rows else ""


def _scores(graded: Grades) -> str:
    """A bar for each ten percent of the points, the mean and the quartiles; empty if there are no
    points, and for a single student."""
    found = graded.scores
    if found is None or len(graded) == 1:
        return ""
    most = max(found.bins)
    step = 100 // len(found.bins)
    bars = [
        [f"{low}–{low + step}%", "█" * -(-BAR * count // most), str(count) if count else ""]
        for low, count in zip(range(0, 100, step), found.bins)
    ]
    rows = [[span, f"{bar} {count}".strip()] for span, bar, count in bars]
    return listing.columns({"Points": True, "Students": False}, rows) + (
        f"\nmean {found.mean:.1f}%, median {found.median:.1f}%, quartiles "
        f"{found.lower_quartile:.1f}% and {found.upper_quartile:.1f}%, "
        f"lowest {found.lowest:.1f}%, highest {found.highest:.1f}%\n"
    )
