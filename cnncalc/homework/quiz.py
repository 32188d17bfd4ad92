"""Quizzes: random questions about layers, their answers, and wrong answers to choose from.

Each named student gets their own questions, and the same seed gives the same questions again.
"""

from collections.abc import Iterable, Mapping
from string import ascii_lowercase
from typing import Any, NamedTuple

from cnncalc.analysis.report import Report
from cnncalc.api.network import Target, report_of
from cnncalc.core.errors import UsageError, unknown
from cnncalc.homework import asks
from cnncalc.homework.diagnosis import Slip, Slips
from cnncalc.homework.phrases import described, phrase
from cnncalc.homework.question import Question
from cnncalc.homework.topics import GEOMETRIES, LEVELS, TOPICS, Dice, Given, Topic, asked_about
from cnncalc.homework.written import Value, format_value

USUAL = ("shape", "params", "macs", "rf", "stride")
MAX_QUESTIONS = 1_000
CHOICES = 4


class Order(NamedTuple):
    """The settings of a quiz; without a geometry, each topic uses its own default. With a
    ``report``, the questions are about layers of that network."""

    topics: tuple[str, ...] = USUAL
    level: str = "easy"
    geometry: str | None = None
    questions: int = 10
    seed: int = 0
    choices: bool = False
    report: Report | None = None


def order(
    topics: str | Iterable[str] = USUAL,
    level: str = "easy",
    geometry: str | None = None,
    questions: int = 10,
    seed: int = 0,
    choices: bool = False,
) -> Order:
    """The settings from words: topics may be separated by commas, and case does not matter."""
    words = topics.split(",") if isinstance(topics, str) else topics
    named = tuple(word.strip().lower() for word in words if word.strip())
    windows = None if geometry is None else str(geometry).lower()
    return Order(named, str(level).lower(), windows, questions, seed, choices)


class PosedQuestion(NamedTuple):
    """A question of a quiz; ``choices`` is empty unless it is multiple choice."""

    number: int
    topic: Topic
    given: Mapping[str, Any]
    question: Question
    words: str
    choices: tuple[str, ...] = ()

    @property
    def answer(self) -> str:
        """The right answer."""
        return format_value(self.question.value, self.question.ask.unit)

    @property
    def reason(self) -> str:
        """Why the answer is right, if no equation shows it: ``: illegal because 3 ...``."""
        derivation = self.question.derivation
        return "" if derivation.workings else f": {derivation.answer}"

    @property
    def mistakes(self) -> dict[Value, tuple[Slip, ...]]:
        """The wrong values that single mistakes give, with the slips that give them."""
        return wrong_values(self.question)

    @property
    def text(self) -> str:
        """The question in words."""
        return f"{self._given()} {self.words}"

    @property
    def lettered(self) -> tuple[str, ...]:
        """The choices with their letters: ``a) 10×32×32``."""
        return tuple(f"{letter}) {text}" for letter, text in zip(ascii_lowercase, self.choices))

    def key(self) -> Given:
        """The question's entry in the key, without the answer."""
        choices = {"choices": list(self.choices)} if self.choices else {}
        unit = {"unit": self.topic.unit} if self.topic.unit else {}
        return {"given": dict(self.given), "ask": self.topic.ask, **unit, **choices}

    def _given(self) -> str:
        if "N" in self.given:
            letters = ", ".join(f"{name} = {size}" for name, size in self.given.items())
            return f"A window slides along an axis with {letters}."
        first, *rows = self.question.report.rows
        layers = (phrase(row) for row in rows if not row.implied)
        return f"{described(first.output)} enters {', then '.join(layers)}."


class Quiz(NamedTuple):
    """The questions for one student; the name is empty if everyone gets the same."""

    student: str
    posed: tuple[PosedQuestion, ...]

    @property
    def title(self) -> str:
        """The title: ``Quiz for Ada``."""
        return f"Quiz for {self.student}" if self.student else "Quiz"

    def sheet(self, answers: bool) -> str:
        """The sheet in YAML: the key if it has the answers, else a blank answer sheet."""
        import yaml

        questions = [
            {
                "name": str(one.number),
                **(one.key() if answers else {}),
                "answer": one.answer if answers else None,
            }
            for one in self.posed
        ]
        student = {"student": self.student} if self.student else {}
        return yaml.safe_dump(
            {**student, "questions": questions}, sort_keys=False, allow_unicode=True, width=100
        ).replace("answer: null", "answer:")


def quiz(
    topics: str | Iterable[str] = USUAL,
    *,
    level: str = "easy",
    geometry: str | None = None,
    questions: int = 10,
    seed: int = 0,
    choices: bool = False,
    student: str = "",
    network: Target | None = None,
) -> Quiz:
    """A quiz with its key; the same arguments always give the same questions.

    ``topics`` are names such as ``shape``, in a list or separated by commas. ``level`` is ``easy``
    or ``hard``; ``geometry`` is ``clean``, ``illegal`` or ``any``. ``choices`` makes questions
    multiple choice, except those answered with yes or no. Each ``student`` gets their own
    questions. With a ``network``, the questions are about single layers of it: topics about several
    layers are left out, and level and geometry do not matter.

    Raises CnncalcError for an invalid setting or network, or a network without a suitable layer.

    >>> len(quiz("shape,params", questions=2, seed=7).posed)
    2
    """
    wanted = order(topics, level, geometry, questions, seed, choices)
    if network is not None:
        wanted = wanted._replace(report=report_of(network, {}))
    return pose(wanted, student)


def pose(order: Order, student: str = "") -> Quiz:
    """The quiz of a student; raises UsageError if the order is not valid or cannot be met."""
    check(order)
    topics = [TOPICS[name] for name in order.topics]
    if order.report:  # a single layer has no earlier layers
        topics = [topic for topic in topics if not asks.load(topic.ask).cumulative]
        if not topics:
            fact = f"the topic {order.topics[0]!r} is about several layers"
            raise UsageError(fact, "choose another one, or leave out the network")
    posed = []
    for number in range(1, order.questions + 1):
        seed = f"{order.seed}/{student}/{number}"
        topic = topics[(number - 1) % len(topics)]
        dice = Dice(seed, LEVELS[order.level], order.geometry or topic.geometry)
        given = dice.layer_of(order.report, topic) if order.report else topic.give(dice)
        asked = asked_about(given, topic.ask)
        choices = _choices(asked, dice) if order.choices else ()
        words = dice.words(topic, asked.value)
        posed.append(PosedQuestion(number, topic, given, asked, words, choices))
    return Quiz(student, tuple(posed))


def check(order: Order) -> None:
    """Raise UsageError for an unknown topic, level or geometry, no topic, or too few or too many
    questions."""
    if not order.topics:
        raise UsageError(f"at least one topic is needed; choose from {', '.join(TOPICS)}")
    for what, word, known in (
        *(("topic", topic, tuple(TOPICS)) for topic in order.topics),
        ("level", order.level, tuple(LEVELS)),
        ("geometry", order.geometry or "any", GEOMETRIES),
    ):
        if word not in known:
            raise unknown(what, word, known)
    if not isinstance(order.questions, int):
        raise UsageError(f"'questions' must be a whole number, not {order.questions!r:.60}")
    if not 1 <= order.questions <= MAX_QUESTIONS:
        raise UsageError(
            f"'questions' must be from 1 to {MAX_QUESTIONS:,}, not {order.questions:,}"
        )


def wrong_values(asked: Question) -> dict[Value, tuple[Slip, ...]]:
    """The wrong values of ``Slips`` that are not accepted as right, with the slips."""
    unit = asked.ask.unit
    return {
        value: slips
        for value, slips in Slips(asked).wrong_values().items()
        if asked.agrees(asked.read(format_value(value, unit))) is None
    }


def _choices(asked: Question, dice: Dice) -> tuple[str, ...]:
    """The right answer and those of the likeliest mistakes, shuffled.

    Empty for yes or no, and if no mistake gives a different answer.
    """
    if isinstance(asked.value, bool):
        return ()
    unit = asked.ask.unit
    apart = [format_value(value, unit) for value in wrong_values(asked)]
    if not apart:
        return ()
    listed = [format_value(asked.value, unit), *apart[: CHOICES - 1]]
    dice.random.shuffle(listed)
    return tuple(listed)
