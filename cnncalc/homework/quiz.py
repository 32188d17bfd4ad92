"""Quizzes: random questions about layers, their answers, and wrong answers to choose from.

Every student gets different questions, and the same seed gives the same questions again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import gcd
from random import Random
from string import ascii_lowercase
from typing import Any, NamedTuple

from cnncalc import api, layers
from cnncalc.analysis.report import Report
from cnncalc.core.errors import CnncalcError, UsageError, Where, unknown
from cnncalc.derivations.stride import Axis
from cnncalc.homework import asks
from cnncalc.homework.diagnosis import Slip, Slips
from cnncalc.homework.phrases import described, phrase
from cnncalc.homework.question import Question, question
from cnncalc.homework.sheet import given_network
from cnncalc.homework.written import Value, format_value
from cnncalc.layers._pool import Pool
from cnncalc.spec.text import located

Given = dict[str, Any]
"""The layer or window of a question, as an answer sheet writes it."""


class Level(NamedTuple):
    """The sizes to choose from, and whether to use dilation, groups and layers without bias."""

    kernels: tuple[int, ...]
    strides: tuple[int, ...]
    places: tuple[int, int]
    channels: tuple[int, ...]
    filters: tuple[int, ...]
    layers: tuple[int, int]
    beyond: bool


LEVELS = {
    "easy": Level(
        kernels=(2, 3, 5),
        strides=(1, 2, 3),
        places=(3, 12),
        channels=(1, 3, 8),
        filters=(4, 6, 10, 16),
        layers=(2, 3),
        beyond=False,
    ),
    "hard": Level(
        kernels=(3, 5, 7, 11),
        strides=(1, 2, 3, 4),
        places=(10, 60),
        channels=(8, 16, 64, 96),
        filters=(32, 96, 128, 384),
        layers=(4, 6),
        beyond=True,
    ),
}
GEOMETRIES = ("clean", "illegal", "any")
"""Windows that fit, windows that do not, or either."""


class Dice:
    """Random questions of one level."""

    def __init__(self, seed: str, level: Level, geometry: str) -> None:
        self.random = Random(seed)
        self.level = level
        self.geometry = geometry

    def one(self, values: Sequence[Any]) -> Any:
        """One of these values."""
        return self.random.choice(values)

    def window(self, pool: bool = False) -> Given:
        """N, F, S, P and D of a window; a pool has neither padding nor dilation."""
        level = self.level
        F = self.one(level.kernels)
        D = self.one((1, 1, 2)) if level.beyond and not pool else 1
        illegal = self.geometry == "illegal" or (self.geometry == "any" and self.one((True, False)))
        S = self.one([stride for stride in level.strides if stride > 1 or not illegal])
        P = 0 if pool else self.random.randint(0, F // 2)
        left_over = self.random.randint(1, S - 1) if illegal else 0
        # Work backwards from the output, so that the window fits or not as required.
        steps = self.random.randint(*level.places) - 1
        N = steps * S + Axis(0, F, S, P, D).extent + left_over - 2 * P
        return {"N": N, "F": F, "S": S, "P": P, "D": D}

    def sliding(self, kind: str, **fields: Any) -> Given:
        """A layer with a random window on a square map."""
        layer = layers.load(kind)
        letters = self.window(pool=issubclass(layer, Pool))
        names = {"kernel_size": "F", "stride": "S", "padding": "P", "dilation": "D"}
        window = {name: letters[letter] for name, letter in names.items()}
        usual = {name: getattr(layer, name, None) for name in names}
        written = {name: size for name, size in window.items() if size != usual[name]}
        channels = self.one(self.level.channels)
        return {kind: {**fields, **written}, "input": f"{channels}x{letters['N']}x{letters['N']}"}

    def conv(self) -> Given:
        """A convolution; on the hard level sometimes with groups or without biases."""
        fields: Given = {"out_channels": self.one(self.level.filters)}
        given = self.sliding("conv", **fields)
        channels = int(given["input"].partition("x")[0])
        if self.level.beyond:
            both = gcd(channels, fields["out_channels"])
            groups = self.one([n for n in (1, 2, 4) if both % n == 0])
            given["conv"] |= {"groups": groups} if groups > 1 else {}
            given["conv"] |= self.one(({}, {}, {"bias": False}))
        return given

    def conv_or_pool(self) -> Given:
        """A convolution or a max pooling layer."""
        return self.sliding("max_pool") if self.one((0, 0, 1)) else self.conv()

    def conv_or_linear(self) -> Given:
        """A convolution or a fully connected layer."""
        if self.one((0, 0, 1)):
            features = self.one(self.level.filters) * 10
            size = self.one((4, 5, 6, 7))
            channels = self.one(self.level.channels)
            shape = f"{channels}x{size}x{size}" if self.level.beyond else features
            return {"linear": self.one((10, 100, *self.level.filters)), "input": shape}
        return self.conv()

    def chain(self) -> Given:
        """A stack of convolutions and pools, on an input that is large enough for all of them."""
        layers: list[Given] = []
        for _ in range(self.random.randint(*self.level.layers)):
            size = self.one([kernel for kernel in self.level.kernels if kernel <= 7])
            if layers and self.one((0, 0, 1)):
                layers.append({"max_pool": {"kernel_size": 2, "stride": 2}})
                continue
            fields = {"out_channels": 8, "kernel_size": size, "stride": self.one((1, 1, 2))}
            dilated = self.level.beyond and self.one((0, 0, 1))
            layers.append({"conv": {**fields, **({"dilation": 2} if dilated else {})}})
        layers[-1] = {**layers[-1], "name": "last"}
        return {"layers": layers, "input": "3x2000x2000", "layer": "last"}

    def letters(self) -> Given:
        """The letters of a window."""
        letters = self.window()
        return {name: size for name, size in letters.items() if name != "D" or size > 1}

    def odd_window(self) -> Given:
        """A window whose padding can keep the size of the input."""
        F = self.one([kernel for kernel in self.level.kernels if kernel % 2])
        D = self.one((1, 2)) if self.level.beyond else 1
        return {"N": self.random.randint(12, 64) + D * F, "F": F, **({"D": D} if D > 1 else {})}

    def layer_of(self, report: Report, topic: "Topic") -> Given:
        """A layer of a network, with its input, whose answer is not plain to see: not zero, and
        not the input itself."""
        rows = [row for row in report if len(row.inputs) == 1 and not row.implied]
        for row in self.random.sample(rows, min(len(rows), MAX_TRIES)):
            given = {row.kind: plain(row.layer.given), "input": "x".join(map(str, row.inputs[0]))}
            try:
                value = asked_about(given, topic.ask).value
            except CnncalcError:
                continue
            if value not in (0, row.inputs[0]) or value is False:
                return given
        raise UsageError(f"{report.name} has no layer for the topic {topic.ask!r}")


class Topic(NamedTuple):
    """What a question asks, in which words, how its layer is chosen, and its default geometry."""

    ask: str
    words: tuple[str, ...]
    give: Callable[[Dice], Given]
    geometry: str = "clean"


TOPICS = {
    "shape": Topic(
        "shape",
        (
            "What is the shape of the output?",
            "Which shape does the output have, channels included?",
            "How many channels, rows and columns does the output have?",
        ),
        Dice.conv_or_pool,
    ),
    "params": Topic(
        "parameters",
        (
            "How many parameters does it have?",
            "How many learnable parameters does it have?",
            "How many numbers does this layer learn?",
        ),
        Dice.conv_or_linear,
    ),
    "macs": Topic(
        "macs",
        (
            "How many multiply-accumulates (MACs) does it need?",
            "How many products does it add up in all? Count each as one MAC.",
        ),
        Dice.conv,
    ),
    "rf": Topic(
        "receptive_field",
        (
            "How many input pixels along each axis does one output of the last layer see?",
            "How wide is the receptive field of one output of the last layer, in input pixels?",
        ),
        Dice.chain,
    ),
    "stride": Topic(
        "stride_legal",
        (
            "Is the stride legal (yes or no)?",
            "Does the window fit a whole number of times (yes or no)?",
        ),
        Dice.letters,
        "any",
    ),
    "flops": Topic(
        "flops",
        (
            "How many FLOPs (two per MAC) does it need?",
            "Counting two FLOPs for each MAC, how many FLOPs does it need?",
        ),
        Dice.conv,
    ),
    "memory": Topic(
        "memory",
        (
            "How many bytes does the output take in float32?",
            "How much memory, in bytes, does its output need at 4 bytes per number?",
        ),
        Dice.conv_or_pool,
    ),
    "padding": Topic(
        "same_padding",
        (
            "With stride 1, how many zeros on each side keep the output as large as the input?",
            "Which padding on each side leaves the size unchanged at stride 1?",
        ),
        Dice.odd_window,
    ),
}
USUAL = ("shape", "params", "macs", "rf", "stride")
MAX_QUESTIONS = 1_000
MAX_TRIES = 200
"""How many layers of a network are tried for a question."""
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
    """The settings in these words: topics may be separated by commas, and case does not matter."""
    words = topics.split(",") if isinstance(topics, str) else topics
    named = tuple(word.strip().lower() for word in words if word.strip())
    windows = None if geometry is None else geometry.lower()
    return Order(named, level.lower(), windows, questions, seed, choices)


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
        """Why the answer is right, if no equation shows it: ``: illegal, 3 ...``."""
        derivation = self.question.derive()
        return "" if derivation.workings else f": {derivation.answer}"

    @property
    def mistakes(self) -> dict[Value, tuple[Slip, ...]]:
        """Every wrong value that a single mistake gives, with the mistakes that give it."""
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
        return {"given": dict(self.given), "ask": self.topic.ask, **choices}

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
        """``Quiz for Ada``."""
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
    network: api.Target | None = None,
) -> Quiz:
    """A quiz with its key; the same arguments always give the same questions.

    ``level`` is ``easy`` or ``hard``, ``geometry`` is ``clean``, ``illegal`` or ``any``. Another
    ``student`` gets other questions. With a ``network``, the questions are about its layers, and
    level and geometry do not matter. Raises UsageError for whatever does not exist.

    >>> len(quiz("shape,params", questions=2, seed=7).posed)
    2
    """
    wanted = order(topics, level, geometry, questions, seed, choices)
    if network is not None:
        wanted = wanted._replace(report=api.report_of(network, {}))
    return pose(wanted, student)


def pose(order: Order, student: str = "") -> Quiz:
    """The quiz of a student; raises UsageError if the order is not valid."""
    check(order)
    topics = [TOPICS[name] for name in order.topics]
    if order.report:  # a layer on its own has no way behind it
        topics = [topic for topic in topics if not asks.load(topic.ask).whole_way]
        if not topics:
            raise UsageError("this topic is about several layers; leave out the network")
    posed = []
    for number in range(1, order.questions + 1):
        seed = f"{order.seed}/{student}/{number}"
        topic = topics[(number - 1) % len(topics)]
        dice = Dice(seed, LEVELS[order.level], order.geometry or topic.geometry)
        given = dice.layer_of(order.report, topic) if order.report else topic.give(dice)
        asked = asked_about(given, topic.ask)
        choices = _choices(asked, dice) if order.choices else ()
        words = dice.one(topic.words)
        posed.append(PosedQuestion(number, topic, given, asked, words, choices))
    return Quiz(student, tuple(posed))


def asked_about(given: Given, ask: str) -> Question:
    """The question; raises UsageError, SpecError or Mistakes if it has no answer."""
    return question(asks.load(ask), *given_network(located(given, Where("")), layout="chw"))


def check(order: Order) -> None:
    """Raise UsageError for an unknown topic, level or geometry, or too many questions."""
    if not order.topics:
        raise UsageError(f"a quiz needs at least one topic; choose from {', '.join(TOPICS)}")
    for what, word, known in (
        *(("topic", topic, tuple(TOPICS)) for topic in order.topics),
        ("level", order.level, tuple(LEVELS)),
        ("geometry", order.geometry or "any", GEOMETRIES),
    ):
        if word not in known:
            raise unknown(what, word, known)
    if not 1 <= order.questions <= MAX_QUESTIONS:
        raise UsageError(f"a quiz has 1 to {MAX_QUESTIONS:,} questions, not {order.questions:,}")


def plain(value: Any) -> Any:
    """A value of a field as a spec writes it, with lists for tuples."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, tuple) else value


def wrong_values(asked: Question) -> dict[Value, tuple[Slip, ...]]:
    """Every value that a single mistake gives and that is not accepted as right."""
    unit = asked.ask.unit
    return {
        value: slips
        for value, slips in Slips(asked).wrong_values().items()
        if asked.agrees(asked.read(format_value(value, unit))) is None
    }


def _choices(asked: Question, dice: Dice) -> tuple[str, ...]:
    """The right answer and those of the likeliest mistakes, shuffled.

    Empty for yes or no, and if no mistake gives another answer.
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
