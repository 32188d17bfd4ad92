"""Questions about the scores of a classifier, for a softmax or a cross-entropy.

given: {logits: 2 1 0.1, target: 1 0 0}          # natural logarithm, unless log says otherwise
given: {probabilities: 0.66 0.24 0.10, target: 1 0 0, log: 2}
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import e, exp, isclose, log
from typing import Any, ClassVar, NamedTuple

from cnncalc.analysis.report import Report, Row
from cnncalc.api import summarize
from cnncalc.core.errors import LayerError, UsageError, did_you_mean
from cnncalc.derivations.explain import Derivation
from cnncalc.formulas.expression import Expression
from cnncalc.homework.ask import Ask, NoAnswer
from cnncalc.homework.convolution import of
from cnncalc.homework.convolution.given import named_in_errors
from cnncalc.homework.convolution.writing import Style
from cnncalc.homework.numeric import Equation
from cnncalc.homework.question import Question
from cnncalc.homework.written import Value, format_value

LOGITS, PROBABILITIES, TARGET, BASE = "logits", "probabilities", "target", "log"
KEYS = (LOGITS, PROBABILITIES, TARGET, BASE)
BASES = {"e": 0, "2": 2, "10": 10}
"""The bases of the logarithm; 0 stands for e."""
LARGEST = 700
"""The limit on logits, chosen so that every exponential is a finite float."""
MAX_CLASSES = 1_000


class Scores(NamedTuple):
    """The scores of the classes, and how they are used, which a mistake may change."""

    logits: tuple[float, ...] = ()
    probabilities: tuple[float, ...] = ()
    target: tuple[float, ...] = ()
    base: int = 0
    exponential: bool = True
    normalized: bool = True
    sign: int = -1


def softmax(scores: Scores) -> tuple[float, ...]:
    """The probabilities: exp(z_i) divided by the sum over all classes. Raises LayerError if the
    scores without the exponential add up to 0."""
    if scores.probabilities:
        return scores.probabilities
    parts = tuple(exp(z) if scores.exponential else z for z in scores.logits)
    if not scores.normalized:
        return parts
    if not sum(parts):
        raise LayerError("has scores that add up to 0")
    return tuple(part / sum(parts) for part in parts)


def cross_entropy(scores: Scores) -> float:
    """−Σ t_i·log(p_i); raises LayerError for the logarithm of a number that is not positive."""
    pairs = [(t, p) for t, p in zip(scores.target, softmax(scores), strict=True) if t]
    if any(p <= 0 for _, p in pairs):
        raise LayerError("needs the logarithm of a number that is not positive")
    return scores.sign * sum(t * log(p, scores.base or e) for t, p in pairs)


class ScoreAsk(Ask):
    """A quantity of scores, not of a layer."""

    adds_up = False
    needs: ClassVar[str]
    """An example of what a question must give."""

    @abstractmethod
    def answer(self, scores: Scores) -> Value:
        """The value for these scores; raises LayerError if there is none."""

    @abstractmethod
    def check_scores(self, scores: Scores) -> None:
        """Raise UsageError if the scores lack something."""

    def lines(self, scores: Scores) -> Iterator[str]:
        """The equations that follow those of the probabilities; none by default."""
        yield from ()

    def of(self, row: Row, report: Report) -> Value:
        """Raise NoAnswer: without scores there is nothing to compute."""
        raise NoAnswer(f"needs scores, as in given: {self.needs}")


@dataclass(frozen=True, eq=False)
class Scored(Question):
    """A question about ``scores``, which a mistake may change."""

    scores: Scores = Scores()

    @cached_property
    def value(self) -> Value:
        """The probabilities, or the loss."""
        assert isinstance(self.ask, ScoreAsk)
        return self.ask.answer(self.scores)

    @cached_property
    def derivation(self) -> Derivation:
        """The sum of the exponentials, the probabilities, and the loss."""
        assert isinstance(self.ask, ScoreAsk)
        written = (*_probabilities(self.scores), *self.ask.lines(self.scores))
        lines = tuple(Equation("", Expression("", 0), line) for line in written)
        return Derivation(self.ask.title, lines, format_value(self.value))

    @property
    def changes(self) -> object:
        """Everything that a mistake has changed, including the scores."""
        return super().changes, self.scores

    def with_scores(self, scores: Scores) -> "Scored":
        """The same question about other scores."""
        return replace(self, scores=scores)


def _probabilities(scores: Scores) -> Iterator[str]:
    """The equations of the sum of the exponentials, and of each probability."""
    if not scores.logits:
        return
    text = Style().text
    powers = [f"e^{z:g}" if scores.exponential else f"{z:g}" for z in scores.logits]
    whole = text(float(sum(softmax(scores._replace(normalized=False)))))
    if scores.normalized:
        yield f"sum = {' + '.join(powers)} = {whole}"
    over = f"/{whole}" if scores.normalized else ""
    for place, (power, p) in enumerate(zip(powers, softmax(scores), strict=True), 1):
        yield f"p_{place} = {power}{over} = {text(float(p))}"


def is_given(given: Mapping[Any, Any]) -> bool:
    """Whether a question gives scores."""
    return not {LOGITS, PROBABILITIES}.isdisjoint(given)


def question(ask: Ask, given: Mapping[str, Any]) -> Scored:
    """The question about the given scores; raises UsageError if they are invalid."""
    for name in given:
        if name not in KEYS:
            hint = did_you_mean(name, KEYS) or f"; it has {', '.join(KEYS)}"
            raise UsageError(f"a question about scores has no key {name[:60]!r}{hint}")
    if LOGITS in given and PROBABILITIES in given:
        raise UsageError("give 'logits' or 'probabilities', not both")
    base = str(given.get(BASE, "e")).lower().removeprefix("log")
    if base not in BASES:
        raise UsageError(f"'log' must be e, 2 or 10, not {base[:40]!r}")
    scores = Scores(
        _numbers(given, LOGITS),
        _numbers(given, PROBABILITIES),
        _numbers(given, TARGET),
        BASES[base],
    )
    if not isinstance(ask, ScoreAsk):
        raise UsageError(f"scores have no {ask.title}; ask for softmax or cross_entropy")
    _check(scores)
    ask.check_scores(scores)
    size = len(scores.logits or scores.probabilities)
    report = summarize({"name": "the scores", "input": size, "layers": ["softmax"]})
    return Scored(ask, report, scores=scores)


def _check(scores: Scores) -> None:
    """Raise UsageError for scores that cannot be those of a classifier."""
    if any(abs(z) > LARGEST for z in scores.logits):
        raise UsageError(f"the numbers of '{LOGITS}' must be from −{LARGEST} to {LARGEST}")
    for name, given in ((PROBABILITIES, scores.probabilities), (TARGET, scores.target)):
        if given and not (min(given) >= 0 and isclose(sum(given), 1, abs_tol=0.05)):
            total = f"{float(sum(given)):g}"
            fact = f"the numbers of '{name}' must be at least 0 and add up to 1"
            raise UsageError(fact if min(given) < 0 else f"{fact}, not to {total}")


def _numbers(given: Mapping[str, Any], name: str) -> tuple[float, ...]:
    """A list of numbers, empty if it is missing; raises UsageError for anything else."""
    if given.get(name) is None:
        return ()
    data = given[name]
    with named_in_errors(f"'{name}'"):
        tensor = of(data if isinstance(data, str | list) else [data])
    if (
        len(tensor.planes) > 1
        or not 1 <= len(tensor.planes[0]) <= MAX_CLASSES
        or tensor.shape[1:-1]
    ):
        raise UsageError(f"'{name}' must be a list of 1 to {MAX_CLASSES:,} numbers, as in 2 1 0.1")
    return tuple(map(float, tensor.planes[0]))
