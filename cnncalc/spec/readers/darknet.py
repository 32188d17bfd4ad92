"""Darknet: the ``.cfg`` of a network, without its weights.

Layers are named after their sections and numbered as Darknet prints them: ``convolutional0``.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from cnncalc.core.errors import SpecError, Where, did_you_mean, unknown
from cnncalc.spec.readers._wiring import Wiring, check_length

NAME = "a Darknet cfg"
ACTIVATIONS = {"leaky": "leaky_relu", "logistic": "sigmoid", "swish": "silu", "relu": "relu",
               "mish": "mish", "tanh": "tanh", "elu": "elu", "selu": "selu"}  # fmt: skip
HEADS = ("yolo", "region", "detection", "gaussian_yolo", "cost")
"""Sections that change no shape and hold no parameters."""
IGNORED = ("stopbackward", "dontload", "dontloadscales", "learning_rate", "numload", "flipped")
"""Keys that affect neither shapes nor counts."""
FILTERS = "batch_normalize filters size stride pad padding groups dilation activation"
KNOWN = {
    "convolutional": FILTERS,
    "conv": FILTERS,
    "maxpool": "size stride padding",
    "max": "size stride padding",
    "connected": "output activation batch_normalize",
    "conn": "output activation batch_normalize",
    "shortcut": "from activation",
    "route": "layers groups group_id",
    "upsample": "stride",
    "reorg": "stride",
    "dropout": "probability",
    "softmax": "groups",
}
"""The keys of layers that are read, by section; others are refused, unless they are in ``IGNORED``
or their section is in ``HEADS``."""
LOGISTIC = ("convolutional", "conv", "connected", "conn")
"""Sections whose activation is logistic if none is given."""


WHOLE = re.compile(r"-?[0-9]{1,9}")


class Section(NamedTuple):
    """A section with its values, the line that it begins on, and those of its values."""

    kind: str
    values: dict[str, str]
    where: Where
    places: dict[str, Where]

    def at(self, key: str) -> Where:
        """The line of a value, or that of the section if it is not given."""
        return self.places.get(key, self.where)

    def number(self, key: str, usual: int) -> int:
        """A whole number; raises SpecError for anything else."""
        return self.whole(key, self.values.get(key, str(usual)))

    def whole(self, key: str, text: str) -> int:
        """One of the whole numbers that a key has; raises SpecError for anything else."""
        if not WHOLE.fullmatch(text):
            raise SpecError(f"'{key}' must be a whole number, not {text[:40]!r}", self.at(key))
        return int(text)

    def numbers(self, key: str) -> list[int]:
        """Whole numbers with commas between them."""
        texts = self.values.get(key, "").replace(" ", "").split(",")
        return [self.whole(key, text) for text in texts]


def is_it(text: str) -> bool:
    """Whether a file has the section of a network, or begins with that of a layer."""
    if re.search(r"^\s*\[\s*(net|network)\s*\]\s*$", text[:5_000], re.MULTILINE):
        return True
    first = re.match(r"(?:\s|[#;].*\n)*\[\s*(\w+)\s*\]\s*\n", text[:5_000])
    return first is not None and first[1] in KINDS


def read(text: str, source: str, inputs: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """The spec of a network."""
    check_length(text, source)
    first, *rest = _sections(text, source)
    if first.kind not in ("net", "network"):
        raise SpecError(
            f"a Darknet cfg begins with [net], not [{first.kind[:40]}]",
            first.where,
            "add [net] with width, height and channels",
        )
    return _Network(source).spec(first, rest)


def _sections(text: str, source: str) -> list[Section]:
    sections: list[Section] = []
    for number, line in enumerate(text.splitlines(), 1):
        bare, where = re.sub(r"[#;].*", "", line).strip(), Where(source, number)
        if match := re.fullmatch(r"\[\s*(\w+)\s*\]", bare):
            sections.append(Section(match[1].lower(), {}, where, {}))
        elif "=" in bare and sections:
            key, _, value = bare.partition("=")
            sections[-1].values[key.strip()] = value.strip()
            sections[-1].places[key.strip()] = where
        elif "=" in bare:
            fact = f"{bare.partition('=')[0].strip()[:40]!r} comes before the first section"
            raise SpecError(fact, where, "move it below [net]")
        elif bare:
            raise SpecError("expected a [section] or key=value here", where)
    return sections


class _Network:
    """Turns the sections into layers; ``outputs`` lists the tensor that each section makes, and
    ``last`` is the tensor that the next layer reads."""

    def __init__(self, source: str) -> None:
        self.wiring = Wiring(source)
        self.outputs: list[str] = []
        self.last = "image"
        self.heads: list[str] = []
        """The tensors that the detection heads read."""

    def spec(self, net: Section, sections: list[Section]) -> dict[str, Any]:
        """The spec of the whole network."""
        shape = [net.number("channels", 3), net.number("height", 0), net.number("width", 0)]
        if lacking := [repr(key) for key, size in zip(("height", "width"), shape[1:]) if not size]:
            raise SpecError(f"[net] needs {' and '.join(lacking)}", net.where)
        self.wiring.input(self.last, shape)
        for number, section in enumerate(sections):
            self.section(section, f"{section.kind}{number}")
            self.outputs.append(self.last)
        spec = self.wiring.spec("Darknet network")
        made = [self.wiring.made[name] for name in dict.fromkeys([*self.heads, self.last])]
        several = len(made) > 1 and "input" not in made
        return {**spec, "outputs": made} if several else spec

    def section(self, section: Section, name: str) -> None:
        """Add the layers of one section."""
        self.wiring.where = section.where
        if section.kind in HEADS:
            self.heads.append(self.last)
            return
        if section.kind not in KINDS:
            hint = did_you_mean(section.kind, (*KINDS, *HEADS))
            fact = f"the section [{section.kind[:40]}] is unknown or not supported{hint}"
            raise SpecError(fact, section.where)
        known = KNOWN.get(section.kind, "").split()
        for key in section.values:
            if key not in known and key not in IGNORED:
                fact = f"the key {key[:40]!r} of [{section.kind}] is unknown or not supported"
                raise SpecError(f"{fact}{did_you_mean(key, known)}", section.at(key))
        kind, fields, tensors = KINDS[section.kind](self, section)
        self.add(name, kind, fields, tensors)
        if section.number("batch_normalize", 0):
            self.add(f"{name}_norm", "batch_norm", None, [self.last])
        word = section.values.get(
            "activation", "logistic" if section.kind in LOGISTIC else "linear"
        )
        if word != "linear" and word not in ACTIVATIONS:
            raise SpecError(
                str(unknown("activation", word, (*ACTIVATIONS, "linear"))), section.at("activation")
            )
        if word != "linear":
            self.add(f"{name}_{word}", ACTIVATIONS[word], None, [self.last])

    def add(self, name: str, kind: str, fields: Any, tensors: list[str]) -> None:
        """Add a layer, whose output becomes the last one."""
        self.wiring.made[name] = self.wiring.layer(name, kind, fields, tensors)
        self.last = name

    def earlier(self, section: Section, key: str) -> list[str]:
        """The outputs of earlier sections, given by number or counted back from this one."""
        here = len(self.outputs)
        if not section.values.get(key):
            raise SpecError(f"[{section.kind}] needs {key!r}", section.where)
        places = [number if number >= 0 else here + number for number in section.numbers(key)]
        for number, place in zip(section.numbers(key), places):
            if not 0 <= place < here:
                count = f"only {here}" if here else "no"
                fact = f"but {count} layer{'s come' if here > 1 else ' comes'} before this one"
                raise SpecError(f"{key!r} is {number}, {fact}", section.at(key))
        return [self.outputs[place] for place in places]


Made = tuple[str, Any, list[str]]
"""A kind, its fields, and the tensors that it reads."""


def _convolutional(net: _Network, section: Section) -> Made:
    """`conv`, then perhaps `batch_norm` and an activation."""
    size = section.number("size", 1)
    padding = size // 2 if section.number("pad", 0) else section.number("padding", 0)
    fields = {
        "out_channels": section.number("filters", 1),
        "kernel_size": size,
        "stride": section.number("stride", 1),
        "padding": padding,
        "groups": section.number("groups", 1),
        "dilation": section.number("dilation", 1),
        "bias": not section.number("batch_normalize", 0),
    }
    return "conv", fields, [net.last]


def _maxpool(net: _Network, section: Section) -> Made:
    """`max_pool`."""
    stride = section.number("stride", 1)
    size = section.number("size", stride)
    total = section.number("padding", size - 1)  # on both sides together
    sides = [total // 2, total - total // 2]
    return (
        "max_pool",
        {"kernel_size": size, "stride": stride, "padding": [sides, sides]},
        [net.last],
    )


def _connected(net: _Network, section: Section) -> Made:
    """`linear`, then perhaps `batch_norm` and an activation."""
    bias = not section.number("batch_normalize", 0)
    return "linear", {"out_features": section.number("output", 1), "bias": bias}, [net.last]


def _shortcut(net: _Network, section: Section) -> Made:
    """`add`, then perhaps an activation; refused for maps of different sizes or depths."""
    return "add", None, [net.last, *net.earlier(section, "from")]


def _route(net: _Network, section: Section) -> Made:
    """`concat`, or `identity` for a single layer; `slice` for one group of channels."""
    tensors = net.earlier(section, "layers")
    groups, group = section.number("groups", 1), section.number("group_id", 0)
    if groups > 1:
        return _group(net, section, tensors, groups, group)
    return ("concat" if len(tensors) > 1 else "identity"), None, tensors


def _group(net: _Network, section: Section, tensors: list[str], groups: int, group: int) -> Made:
    """One of several groups of channels."""
    if len(tensors) > 1:
        fact = "'groups' of a [route] to several layers is not supported"
        raise SpecError(fact, section.at("layers"), "give each layer a [route] of its own")
    shape = net.wiring.shapes[net.wiring.source_of(tensors[0])]
    if shape is None:  # the layer that cannot be calculated is reported later
        return "identity", None, tensors
    if shape[0] % groups:
        fact = f"a [route] cannot divide {shape[0]} channels into {groups} groups"
        raise SpecError(fact, section.at("groups"))
    if not 0 <= group < groups:
        fact = f"'group_id' must be from 0 to {groups - 1}, not {group}"
        raise SpecError(fact, section.at("group_id"))
    size = shape[0] // groups
    return "slice", {"start": group * size, "stop": (group + 1) * size}, tensors


def _same(kind: str) -> Callable[[_Network, Section], Made]:
    def read(net: _Network, section: Section) -> Made:
        return kind, None, [net.last]

    read.__doc__ = f"`{kind}`."
    return read


def _softmax(net: _Network, section: Section) -> Made:
    """`softmax`."""
    if (groups := section.number("groups", 1)) != 1:
        fact = f"'groups' of [softmax] must be 1, not {groups}"
        raise SpecError(f"{fact}: a softmax over parts of its input is not supported",
                        section.at("groups"))  # fmt: skip
    return "softmax", None, [net.last]


def _dropout(net: _Network, section: Section) -> Made:
    """`dropout`."""
    text = section.values.get("probability", "0.5")
    if not re.fullmatch(r"0?\.[0-9]{1,9}|0|1(\.0{1,9})?", text):
        raise SpecError(
            f"'probability' must be from 0 to 1, not {text[:40]!r}", section.at("probability")
        )
    return "dropout", {"p": float(text)}, [net.last]


def _upsample(net: _Network, section: Section) -> Made:
    """`upsample`."""
    return "upsample", {"scale_factor": section.number("stride", 2)}, [net.last]


def _reorg(net: _Network, section: Section) -> Made:
    """`space_to_depth`."""
    return "space_to_depth", section.number("stride", 2), [net.last]


KINDS: Mapping[str, Callable[[_Network, Section], Made]] = {
    "convolutional": _convolutional,
    "conv": _convolutional,
    "maxpool": _maxpool,
    "max": _maxpool,
    "avgpool": _same("global_avg_pool"),
    "avg": _same("global_avg_pool"),
    "connected": _connected,
    "conn": _connected,
    "dropout": _dropout,
    "softmax": _softmax,
    "shortcut": _shortcut,
    "route": _route,
    "upsample": _upsample,
    "reorg": _reorg,
}
"""The function that reads each section."""
