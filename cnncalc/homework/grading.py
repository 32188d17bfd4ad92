"""``cnncalc.grade``: one answer sheet, or a class against its key."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cnncalc.core.errors import UsageError, Where
from cnncalc.core.shape import layout_of
from cnncalc.homework import entries, gradebook, sheet, statistics, submissions
from cnncalc.homework.gradebook import Graded, Keys
from cnncalc.homework.marking import Mark, Marker
from cnncalc.homework.scheme import scheme
from cnncalc.homework.statistics import QuestionStatistics, Scores
from cnncalc.homework.submissions import Submission
from cnncalc.homework.written import Terms
from cnncalc.spec import text

Target = str | os.PathLike[str]
Watch = Callable[[Sequence[Submission]], Iterable[Submission]]


class Grades(tuple[Graded, ...]):
    """One ``Graded`` per submission, in order.

    ``wrong_in_key`` holds the wrong answers in the keys; the class is graded against the calculated
    values. ``own_keys`` maps each student who was graded with another student's key to their own
    key in the same folder. ``copied`` maps each student whose submission is the same, byte for
    byte, as a key to that key. ``skipped`` lists the folders that were not searched because their
    names start with two underscores.
    """

    wrong_in_key: tuple[Mark, ...] = ()
    own_keys: Mapping[str, Path] = MappingProxyType({})
    copied: Mapping[str, Path] = MappingProxyType({})
    skipped: tuple[Path, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """How the shapes of a sheet or its key are read if neither states the layout."""
        sheets = (one.marked.sheet for one in self if one.marked)
        return tuple(dict.fromkeys(one.note for one in sheets if one.note))

    @cached_property
    def questions(self) -> tuple[QuestionStatistics, ...]:
        """The outcomes, the mistakes and the discrimination of every question."""
        return statistics.questions(self)

    @cached_property
    def scores(self) -> Scores | None:
        """The mean, the quartiles and the distribution of the scores; None if nobody could earn
        points."""
        return statistics.scores(self)

    @cached_property
    def mistakes(self) -> dict[str, tuple[str, ...]]:
        """The students who made each mistake, the most common mistake first."""
        return statistics.mistakes(self)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Likely mistakes in the specs of the sheets or keys, each once."""
        reports = [one.marked.sheet.report for one in self if one.marked]
        return tuple(dict.fromkeys(text for one in reports if one for text in one.warnings))

    @property
    def unread(self) -> int:
        """The number of submissions that could not be graded."""
        return sum(bool(one.problem) for one in self)


def grade(
    answers: Target | Mapping[str, Any] | Sequence[Target],
    key: Target | None = None,
    *,
    strict: bool = False,
    tolerance: Fraction | str = "0",
    credit: Mapping[str, str] = MappingProxyType({}),
    layout: str | None = None,
    watch: Watch = iter,
) -> Grades:
    """Grade one answer sheet or, with a ``key``, the sheets of a class.

    ``answers`` is a sheet as a file or as plain data; with a ``key`` (a file, or a folder with one
    key per student), it is one or more files or folders of submissions. ``strict`` accepts only
    exact values, K = 1000 and channels first. ``tolerance`` is how far off a value may be, as a
    fraction of the right one. ``credit`` is the fraction of the points for each outcome, as in
    ``{"slip": "0.5"}``. ``layout`` (``chw`` or ``hwc``) is how shapes are written in sheets that do
    not state it. ``watch`` receives the submissions of a class before they are graded and passes
    them on, so that progress can be shown.

    Raises UsageError for an option or a file that cannot be used, and SpecError or Mistakes for
    errors in a single key or a single sheet. A problem with one submission of a class, or with the
    key of one student, is recorded as its ``problem``.

    >>> [ada] = grade({"architecture": "lenet5", "answers": {"c1": {"params": 150}}})
    >>> ada.marks[0].outcome.value, ada.answers[0]["remark"]
    ('wrong', 'left out the biases')
    """
    marker = Marker(Terms(strict=strict, tolerance=_part(tolerance)))
    written = layout_of(layout)
    scheme(credit)
    if key is None:
        if isinstance(answers, Mapping):
            read = sheet.read(text.located(dict(answers), Where("")), layout=written)
        else:
            read = sheet.load(_alone(answers), layout=written)
        return Grades([gradebook.graded(marker.sheet(read), credit)])
    if isinstance(answers, Mapping):
        raise UsageError("with a key, answers must be files or folders, not plain data")
    targets = [answers] if isinstance(answers, str | os.PathLike) else answers
    keys = Keys(Path(key), written)
    paths = [Path(target) for target in targets]
    found = submissions.find(paths, Path(key))
    if not found:
        raise UsageError(
            f"there are no sheets to grade besides the key {str(key)!r}",
            "name the sheets, or a folder that contains them, after the key",
        )
    grades = Grades(gradebook.grade(keys, watch(found), marker, credit))
    grades.skipped = tuple(submissions.left_out(paths))
    grades.copied = dict(keys.copied(found, grades))
    grades.wrong_in_key = tuple(keys.wrong.values())
    if keys.one:
        grades.own_keys = dict(keys.passed_over(found, grades))
        grades.wrong_in_key = tuple(gradebook.wrong_in(keys.one, marker))
    return grades


def _alone(answers: Target | Sequence[Target]) -> Target:
    if not isinstance(answers, str | os.PathLike) or Path(answers).is_dir():
        raise UsageError("several sheets need a key; pass it as 'key'")
    return answers


def _part(tolerance: Fraction | str) -> Fraction:
    part = tolerance if isinstance(tolerance, Fraction) else entries.part_of(str(tolerance))
    if part is None or not 0 <= part <= 1:
        raise UsageError(
            "the tolerance must be a fraction from 0 to 1, such as 1% or 0.01, not "
            f"{str(tolerance)[:40]!r}"
        )
    return part
