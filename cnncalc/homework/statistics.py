"""Statistics of a class: its scores, its questions, and its mistakes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from statistics import correlation, fmean, quantiles
from typing import Any, NamedTuple

from cnncalc.homework.gradebook import Graded
from cnncalc.homework.marking import Mark

BINS = 10
"""The number of bars of the distribution, from 0 to 100% of the points."""
MIN_STUDENTS = 3
"""The minimum number of students for a meaningful discrimination index."""


class Scores(NamedTuple):
    """The scores of a class, as percentages of the points.

    ``bins`` counts the students with at least 0% and less than 10%, and so on, up to 90 to 100%.
    """

    mean: float
    lowest: float
    lower_quartile: float
    median: float
    upper_quartile: float
    highest: float
    bins: tuple[int, ...]


class QuestionStatistics(NamedTuple):
    """A question's statistics: the number of answers with each outcome and each mistake.

    ``discrimination`` is the correlation, from −1 to 1, between the points of the question and
    those of all others: how well it separates strong from weak students. It is None for fewer than
    three students, and if all earn the same on the question or on the others.
    """

    label: str
    outcomes: Mapping[str, int]
    mistakes: Mapping[str, int]
    discrimination: float | None

    def to_dict(self) -> dict[str, Any]:
        """The statistics as plain data."""
        return self._asdict()


def scores(graded: Sequence[Graded]) -> Scores | None:
    """The scores of those who could earn points; None if nobody could."""
    shares = sorted(100 * one.score / one.possible for one in graded if one.possible)
    if not shares:
        return None
    ends = shares if len(shares) > 1 else shares * 2
    lower, median, upper = map(float, quantiles(ends, n=4, method="inclusive"))
    counts = Counter(min(int(share * BINS / 100), BINS - 1) for share in shares)
    return Scores(
        mean=float(fmean(shares)),
        lowest=float(shares[0]),
        lower_quartile=lower,
        median=median,
        upper_quartile=upper,
        highest=float(shares[-1]),
        bins=tuple(counts[place] for place in range(BINS)),
    )


def questions(graded: Sequence[Graded]) -> tuple[QuestionStatistics, ...]:
    """The statistics of all questions, in the order of the sheets."""
    asked: dict[str, list[tuple[Graded, Mark]]] = {}
    for one in graded:
        for mark in one.marks:
            if mark.answer.question is not None:
                asked.setdefault(mark.answer.label, []).append((one, mark))
    return tuple(
        QuestionStatistics(
            label,
            Counter(mark.outcome.value for _, mark in answers),
            Counter(title for _, mark in answers for title in _made(mark)),
            _discrimination(answers),
        )
        for label, answers in asked.items()
    )


def mistakes(graded: Sequence[Graded]) -> dict[str, tuple[str, ...]]:
    """The students who made each mistake, the most common mistake first."""
    made: dict[str, dict[str, None]] = {}
    for one, name in zip(graded, names(graded), strict=True):
        for title in (title for mark in one.marks for title in _made(mark)):
            made.setdefault(title, {})[name] = None
    return {
        title: tuple(students)
        for title, students in sorted(made.items(), key=lambda item: -len(item[1]))
    }


def names(graded: Sequence[Graded]) -> tuple[str, ...]:
    """The names of the students; a name that several share is followed by that of the
    submission."""
    counts = Counter(one.student for one in graded)
    return tuple(
        one.student if counts[one.student] == 1 else f"{one.student} ({one.handle})"
        for one in graded
    )


def _made(mark: Mark) -> Iterable[str]:
    """The mistakes of the most likely diagnosis."""
    return (mistake.title for one in mark.diagnoses[:1] for mistake in one.slip.mistakes)


def _discrimination(answers: Sequence[tuple[Graded, Mark]]) -> float | None:
    points: list[Fraction] = [one.points(mark) for one, mark in answers]
    others = [one.score - earned for (one, _), earned in zip(answers, points)]
    if len(answers) < MIN_STUDENTS or len({*points}) == 1 or len({*others}) == 1:
        return None
    return round(correlation([*map(float, points)], [*map(float, others)]), 2)
