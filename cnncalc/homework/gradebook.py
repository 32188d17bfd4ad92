"""A class: submissions that are marked with one common key or with separate keys."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from filecmp import cmp
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from cnncalc.core.errors import (
    CnncalcError,
    Mistakes,
    SpecError,
    UsageError,
    Where,
    did_you_mean,
    some,
)
from cnncalc.core.shape import Layout
from cnncalc.homework import feedback
from cnncalc.homework import sheet as sheets
from cnncalc.homework.entries import failure
from cnncalc.homework.labels import normal, worded
from cnncalc.homework.marking import Mark, Marked, Marker, Outcome
from cnncalc.homework.scheme import Scheme, points, scheme
from cnncalc.homework.sheet import Sheet
from cnncalc.homework.submissions import Submission
from cnncalc.homework.written import printable

ANSWER = ("question", "answer", "outcome", "points", "possible", "remark")
STUDENT = ("student", "points", "possible", *(outcome.value for outcome in Outcome), "problem")
"""The columns of an answer and of a student as plain data."""


class Graded(NamedTuple):
    """One submission: its marks and points, or the problem that keeps it from being graded."""

    student: str
    source: str
    marked: Marked | None
    score: Fraction = Fraction(0)
    possible: Fraction = Fraction(0)
    problem: str = ""
    scheme: Scheme = Scheme()
    handle: str = ""
    """The name, without extension, of the files that are written about it."""

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks; none if the sheet cannot be graded."""
        return self.marked.marks if self.marked else ()

    @property
    def answers(self) -> list[dict[str, str]]:
        """Every answer as plain data: the question, the answer, its outcome, points and remark."""
        return [self.record(mark) for mark in self.marks]

    @property
    def not_asked(self) -> tuple[str, ...]:
        """The labels of the answers that the key does not ask for."""
        return self.marked.sheet.not_asked if self.marked else ()

    def record(self, mark: Mark) -> dict[str, str]:
        """One answer as plain data."""
        cells = (
            mark.answer.label,
            feedback.given(mark),
            mark.outcome.value,
            points(self.points(mark)),
            points(mark.answer.points),
            feedback.remark(mark),
        )
        return dict(zip(ANSWER, cells, strict=True))

    def to_dict(self) -> dict[str, Any]:
        """The student as plain data: points, and the number of answers with each outcome."""
        counts = Counter(mark.outcome for mark in self.marks)
        score = (points(self.score), points(self.possible)) if self.marked else ("", "")
        cells = (self.student, *score, *(counts[outcome] for outcome in Outcome), self.problem)
        return dict(zip(STUDENT, cells, strict=True))

    def part(self, mark: Mark) -> Fraction:
        """The fraction of its points that an answer earns."""
        return self.scheme.part(mark)

    def points(self, mark: Mark) -> Fraction:
        """The points that an answer earns."""
        return mark.answer.points * self.part(mark)


class Keys:
    """The key of every student: one for all, or a folder with one for each, named after the
    submission, its file or its folder."""

    def __init__(self, target: Path, layout: Layout | None = None) -> None:
        """Read a single key, or find the keys in a folder.

        Raises UsageError if the folder has no keys, or two with the same name, and the errors of
        ``key`` for a single key.
        """
        self.target = target
        self.layout = layout
        self.one = None if target.is_dir() else key(target, layout)
        self.own: Mapping[str, Path] = {}
        self.wrong: dict[Where, Mark] = {}
        """The wrong answers in those keys of a folder that have been used."""
        if self.one is None:
            self.own = _by_name(sorted(file for file in target.iterdir() if file.is_file()))
            if not self.own:
                fact = f"the folder {str(target)!r} has no keys"
                raise UsageError(fact, "name the folder that contains them")

    def of(self, submission: Submission) -> Sheet:
        """The key of a submission; raises UsageError if there is none, or the errors of ``key``."""
        if self.one is not None:
            return self.one
        file = submission.file
        for name in (submission.handle, file.stem, file.parent.name):
            if name in self.own:
                return key(self.own[name], self.layout)
        handle = submission.handle
        hint = did_you_mean(handle, self.own) or f"; the folder has {some(self.own)}"
        raise UsageError(f"no key is named {handle!r}{hint}")

    def passed_over(
        self, submissions: Sequence[Submission], graded: Sequence[Graded]
    ) -> Iterator[tuple[str, Path]]:
        """The students who were graded with another student's key although their own is in the same
        folder; each comes with their own key."""
        used, folder = self.target, self.target.parent
        sent = {one.file for one in submissions}
        beside = sorted(path for path in folder.iterdir() if path.suffix == used.suffix)
        own = {normal(path.stem): path for path in beside if path not in sent}
        for one in graded:
            names = [normal(one.student), normal(one.handle)]
            found = [own[name] for name in names if name in own]
            if found and used not in found and self._answers(found[0]):
                yield one.student, found[0]

    def copied(
        self, submissions: Sequence[Submission], graded: Sequence[Graded]
    ) -> Iterator[tuple[str, Path]]:
        """The students whose submission is the same, byte for byte, as a key, each with that
        key."""
        keys = [self.target] if self.one else [*self.own.values()]
        for sent, one in zip(submissions, graded, strict=True):
            size = sent.file.stat().st_size if one.marked else -1
            for file in keys:
                if file.stat().st_size == size and cmp(sent.file, file, shallow=False):
                    yield one.student, file
                    break

    def _answers(self, file: Path) -> bool:
        """Whether a file has answers: a key does, but a blank answer sheet does not."""
        try:
            return any(answer.given is not None for answer in sheets.load(file, self.one).answers)
        except CnncalcError:
            return False


def _by_name(files: Sequence[Path]) -> dict[str, Path]:
    """The files by their names without extensions; raises UsageError for two with the same
    name."""
    own: dict[str, Path] = {}
    for file in files:
        other = own.setdefault(printable(file.stem), file)
        if other != file:
            raise UsageError(
                f"the keys {str(other)!r} and {str(file)!r} have the same name", "keep one of them"
            )
    return own


def key(target: Path, layout: Layout | None = None) -> Sheet:
    """A key; raises the errors of ``sheet.load``, Mistakes for invalid questions, and UsageError
    for invalid credit."""
    read = sheets.load(target, layout=layout, is_key=True)
    scheme(read.credit)
    wrong = [
        SpecError(f"{worded(answer.label)}: {answer.problem}", answer.where)
        for answer in read.answers
        if answer.question is None
    ]
    if wrong:
        raise Mistakes(wrong)
    return read


def wrong_in(key: Sheet, marker: Marker) -> Iterator[Mark]:
    """The key's own answers that are not right; sheets are graded against the calculated values."""
    for mark in marker.sheet(key).marks:
        if mark.answer.given is not None and mark.outcome.value != "right":
            yield mark


def grade(
    keys: Keys,
    submissions: Iterable[Submission],
    marker: Marker,
    credit: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Graded]:
    """Every submission, in order; one that cannot be graded does not stop the others.

    ``credit`` overrides the key's.
    """
    for one in submissions:
        try:
            if one.problem:
                raise UsageError(one.problem)
            own = keys.of(one)
            if own is not keys.one:
                keys.wrong |= {mark.answer.where: mark for mark in wrong_in(own, marker)}
            found = sheets.load(one.file, own, one.handle)
            yield graded(marker.sheet(found), credit, one.handle)
        except Exception as why:  # a bug must not keep the rest of the class from being graded
            text = str(why) if isinstance(why, CnncalcError) else failure(why)
            source, problem = printable(str(one.file)), printable(text.partition("\n")[0])
            yield Graded(one.handle, source, None, problem=problem, handle=one.handle)


def graded(
    marked: Marked, credit: Mapping[str, str] = MappingProxyType({}), handle: str = ""
) -> Graded:
    """A marked sheet with its points; raises UsageError for invalid credit."""
    worth = scheme({**marked.sheet.credit, **credit})
    asked = [mark for mark in marked.marks if mark.answer.question is not None]
    return Graded(
        marked.sheet.student,
        printable(marked.sheet.source),
        marked,
        score=sum((mark.answer.points * worth.part(mark) for mark in asked), Fraction(0)),
        possible=sum((mark.answer.points for mark in asked), Fraction(0)),
        scheme=worth,
        handle=handle or printable(Path(marked.sheet.source).stem),
    )
