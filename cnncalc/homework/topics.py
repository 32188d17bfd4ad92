"""The topics of a quiz, and the random layers, networks and windows of its questions."""

from collections.abc import Callable, Sequence
from math import gcd
from random import Random
from typing import Any, NamedTuple

from cnncalc import layers
from cnncalc.analysis.report import Report
from cnncalc.core.errors import CnncalcError, UsageError, Where
from cnncalc.core.shape import Map
from cnncalc.derivations.stride import Axis
from cnncalc.homework import asks
from cnncalc.homework.network import given_network
from cnncalc.homework.question import Question, question
from cnncalc.homework.written import Value
from cnncalc.layers._pool import Pool
from cnncalc.spec.text import located

Given = dict[str, Any]
"""The layer or window of a question, as an answer sheet writes it."""


class Level(NamedTuple):
    """The sizes to choose from, and whether to use dilation, groups and layers without bias."""

    kernels: tuple[int, ...]
    strides: tuple[int, ...]
    positions: tuple[int, int]
    channels: tuple[int, ...]
    filters: tuple[int, ...]
    layers: tuple[int, int]
    advanced: bool


LEVELS = {
    "easy": Level(
        kernels=(2, 3, 5),
        strides=(1, 2, 3),
        positions=(3, 12),
        channels=(1, 3, 8),
        filters=(4, 6, 10, 16),
        layers=(2, 3),
        advanced=False,
    ),
    "hard": Level(
        kernels=(3, 5, 7, 11),
        strides=(1, 2, 3, 4),
        positions=(10, 60),
        channels=(8, 16, 64, 96),
        filters=(32, 96, 128, 384),
        layers=(4, 6),
        advanced=True,
    ),
}
GEOMETRIES = ("clean", "illegal", "any")
"""Windows that fit, windows that do not, or either."""


class Dice:
    """Random layers and windows for the questions of one level."""

    def __init__(self, seed: str, level: Level, geometry: str) -> None:
        self.random = Random(seed)
        self.level = level
        self.geometry = geometry

    def pick(self, values: Sequence[Any]) -> Any:
        """One of these values."""
        return self.random.choice(values)

    def window(self, pool: bool = False) -> Given:
        """N, F, S, P and D of a window; a pool has neither padding nor dilation."""
        level = self.level
        F = self.pick(level.kernels)
        D = self.pick((1, 1, 2)) if level.advanced and not pool else 1
        either = self.geometry == "any"
        illegal = self.geometry == "illegal" or (either and self.pick((True, False)))
        S = self.pick([stride for stride in level.strides if stride > 1 or not illegal])
        P = 0 if pool else self.random.randint(0, F // 2)
        left_over = self.random.randint(1, S - 1) if illegal else 0
        # Work backwards from the output, so that the window fits or not as required.
        steps = self.random.randint(*level.positions) - 1
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
        channels = self.pick(self.level.channels)
        return {kind: {**fields, **written}, "input": f"{channels}x{letters['N']}x{letters['N']}"}

    def conv(self) -> Given:
        """A convolution; on the hard level, sometimes with groups or without biases."""
        fields: Given = {"out_channels": self.pick(self.level.filters)}
        given = self.sliding("conv", **fields)
        channels = int(given["input"].partition("x")[0])
        if self.level.advanced:
            both = gcd(channels, fields["out_channels"])
            groups = self.pick([n for n in (1, 2, 4) if both % n == 0])
            given["conv"] |= {"groups": groups} if groups > 1 else {}
            given["conv"] |= self.pick(({}, {}, {"bias": False}))
        return given

    def conv_or_pool(self) -> Given:
        """A convolution or a max pooling layer."""
        return self.sliding("max_pool") if self.pick((0, 0, 1)) else self.conv()

    def conv_or_linear(self) -> Given:
        """A convolution or a fully connected layer."""
        if self.pick((0, 0, 1)):
            features = self.pick(self.level.filters) * 10
            size = self.pick((4, 5, 6, 7))
            channels = self.pick(self.level.channels)
            shape = f"{channels}x{size}x{size}" if self.level.advanced else features
            return {"linear": self.pick((10, 100, *self.level.filters)), "input": shape}
        return self.conv()

    def chain(self) -> Given:
        """A stack of convolutions and pools, on an input that is large enough for all of them."""
        layers: list[Given] = []
        for _ in range(self.random.randint(*self.level.layers)):
            size = self.pick([kernel for kernel in self.level.kernels if kernel <= 7])
            if layers and self.pick((0, 0, 1)):
                layers.append({"max_pool": {"kernel_size": 2, "stride": 2}})
                continue
            fields = {"out_channels": 8, "kernel_size": size, "stride": self.pick((1, 1, 2))}
            dilated = self.level.advanced and self.pick((0, 0, 1))
            layers.append({"conv": {**fields, **({"dilation": 2} if dilated else {})}})
        layers[-1] = {**layers[-1], "name": "last"}
        return {"layers": layers, "input": "3x2000x2000", "layer": "last"}

    def letters(self) -> Given:
        """The letters of a window."""
        letters = self.window()
        return {name: size for name, size in letters.items() if name != "D" or size > 1}

    def words(self, topic: "Topic", answer: Value) -> str:
        """One of the topic's questions that suits this answer."""
        words: str = self.pick(topic.words)
        plane = isinstance(answer, Map) and len(answer.spatial) == 2
        return words if plane or words not in FOR_MAPS else topic.words[0]

    def odd_window(self) -> Given:
        """A window whose padding can keep the size of the input."""
        F = self.pick([kernel for kernel in self.level.kernels if kernel % 2])
        D = self.pick((1, 2)) if self.level.advanced else 1
        return {"N": self.random.randint(12, 64) + D * F, "F": F, **({"D": D} if D > 1 else {})}

    def layer_of(self, report: Report, topic: "Topic") -> Given:
        """A layer of a network, with its input, whose answer is not obvious: neither zero nor the
        input itself. Raises UsageError if none is found."""
        rows = [
            row for row in report if len(row.inputs) == 1 and row.layer.known and not row.implied
        ]
        for row in self.random.sample(rows, min(len(rows), MAX_TRIES)):
            given = {row.kind: plain(row.layer.given), "input": "x".join(map(str, row.inputs[0]))}
            try:
                value = asked_about(given, topic.ask).value
            except CnncalcError:
                continue
            if value not in (0, row.inputs[0]) or value is False:
                return given
        name = next(name for name, one in TOPICS.items() if one is topic)
        raise UsageError(f"{report.name or 'the network'} has no layer for the topic {name!r}")


class Topic(NamedTuple):
    """A topic: what its questions ask, in which words, how their layers are chosen, and the default
    geometry."""

    ask: str
    words: tuple[str, ...]
    give: Callable[[Dice], Given]
    geometry: str = "clean"
    unit: str = ""
    """The unit that the words name; a count of anything else is then wrong."""


TOPICS = {
    "shape": Topic(
        "shape",
        (
            "What is the shape of the output?",
            "What shape does the output have, including channels?",
            "How many channels, rows and columns does the output have?",
        ),
        Dice.conv_or_pool,
    ),
    "params": Topic(
        "parameters",
        (
            "How many parameters does the layer have?",
            "How many learnable parameters does the layer have?",
            "How many numbers does this layer learn?",
        ),
        Dice.conv_or_linear,
    ),
    "macs": Topic(
        "macs",
        (
            "How many multiply-accumulates (MACs) does the layer need?",
            "How many products does the layer sum in total? Count each as one MAC.",
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
            "How many FLOPs (two per MAC) does the layer need?",
            "Counting two FLOPs for each MAC, how many FLOPs does the layer need?",
        ),
        Dice.conv,
    ),
    "memory": Topic(
        "memory",
        (
            "How many bytes does the output take in float32?",
            "How much memory, in bytes, does the output need at 4 bytes per number?",
        ),
        Dice.conv_or_pool,
        unit="B",
    ),
    "padding": Topic(
        "same_padding",
        (
            "With stride 1, how many zeros on each side keep the output as large as the input?",
            "What padding on each side leaves the size unchanged at stride 1?",
        ),
        Dice.odd_window,
    ),
}
FOR_MAPS = TOPICS["shape"].words[1:]
"""The words that suit only an output with channels, rows and columns."""
MAX_TRIES = 200
"""The maximum number of layers of a network to try for a question."""


def asked_about(given: Given, ask: str) -> Question:
    """The question; raises UsageError, SpecError or Mistakes if it has no answer."""
    return question(asks.load(ask), *given_network(located(given, Where("")), layout="chw"))


def plain(value: Any) -> Any:
    """A value of a field as a spec writes it, with lists for tuples."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, tuple) else value
