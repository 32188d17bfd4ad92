"""From a graph to a spec that a person might have written.

The spec has the same layers under the same names, in the same order. Dotted names imply blocks;
similar blocks become one, with the values that differ as arguments.
"""

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from cnncalc import layers
from cnncalc.core.errors import LayerError, SpecError, Where
from cnncalc.core.layer import Input, Layer
from cnncalc.core.parsing import required_of
from cnncalc.spec.arguments import REPEAT, WHEN, Arguments
from cnncalc.spec.checks import LONGEST_NAME
from cnncalc.spec.forms import UNNAMED, Form, Line
from cnncalc.spec.graph import Graph, build
from cnncalc.spec.inputs import is_doubtful
from cnncalc.spec.node import Node
from cnncalc.spec.parts import Parts, fields
from cnncalc.spec.source import load
from cnncalc.spec.text import scalar

WIDTH = 100
PRESENT = "present"
"""The name of the argument that says whether a block is present; if not, it returns its input."""


def write(graph: Graph) -> str:
    """A graph as the YAML of a spec."""
    return text(plain(graph))


def plain(graph: Graph) -> dict[str, Any]:
    """A graph as plain data that ``load`` accepts."""
    spec = _Writer(graph).spec()
    return spec if is_same(build(load(spec)), graph) else _flat(graph)


def is_same(one: Graph, other: Graph) -> bool:
    """Whether two graphs are valid and have the same layers, connections and outputs."""
    same = one.mistakes == other.mistakes == () and one.outputs == other.outputs
    return same and len(one.nodes) == len(other.nodes) and all(map(_alike, one.nodes, other.nodes))


def _alike(one: Node, other: Node) -> bool:
    """Whether two nodes differ at most in how they are written."""
    a, b = one.layer, other.layer
    if a is not None and b is not None and a.refers_to and b.refers_to:
        a, b = (replace(layer, like="") for layer in (a, b))  # type: ignore[call-arg]
    return a == b and one[:1] + one[2:3] + one[6:9] == other[:1] + other[2:3] + other[6:9]


class _Writer:
    """Writes one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.parts = Parts(graph)
        self.arguments = Arguments(self.parts)
        self.names: dict[int, str] = {}
        self.blocks: dict[str, Any] = {}
        self.inputs = [n for n in graph.nodes if isinstance(n.layer, Input)]

    def spec(self) -> dict[str, Any]:
        """The whole spec."""
        root = self.parts.root
        lines = [self.parts.line(root, place) for place in range(len(root.parts))]
        form = Form("", len(self.inputs), lines, [root])
        entries = self.body(form, [node.name for node in self.inputs])
        bodies = [entries, *(block["layers"] for block in self.blocks.values())]
        _leave_out_names(bodies)
        found = {**_prose(self.graph), **_inputs(self.graph)}
        found |= {"blocks": self.blocks} if self.blocks else {}
        outputs = [str(self.parts.reference(root, place)) for place in self.graph.outputs]
        found |= {"outputs": outputs} if outputs else {}
        short = [_short(entry) for entry in entries]
        for block in self.blocks.values():
            block["layers"] = [_short(entry) for entry in block["layers"]]
        return {**found, "layers": short}

    def body(self, form: Form, reads: list[str]) -> list[dict[str, Any]]:
        """The layers of a block; ``reads`` are the names of its inputs."""
        written = self.arguments.of(form)
        return [self.entry(form, line, values, reads)
                for line, values in zip(form.lines, written.lines)]  # fmt: skip

    def entry(
        self, form: Form, line: Line, values: dict[str, Any], reads: list[str]
    ) -> dict[str, Any]:
        """One line as a mapping."""
        key, values = line.key, dict(values)
        while isinstance(key, tuple) and key[0] == "copies":
            key = key[2]
        when, repeat = values.pop(WHEN, None), values.pop(REPEAT, None)
        sources = [reads[one] if isinstance(one, int) else one for one in line.sources]
        if isinstance(key, Form):
            word, value = self.name(key), self.given(form, line, key, values, when)
        else:
            word = key[0].kind
            if line.like is not None:
                values["like"] = reads[line.like] if isinstance(line.like, int) else line.like
            value = _fields(key[0], values)
        entry: dict[str, Any] = {word: value, "name": line.name}
        if not line.chained:
            entry["from"] = sources[0] if len(sources) == 1 else sources
        entry |= {"repeat": repeat} if repeat is not None else {}
        conditions = [when] if when is not None and not form.optional[line.name] else []
        conditions = ([f"${PRESENT}"] if form.hollow else []) + conditions
        if conditions:
            both = " and ".join(_bare(one) for one in conditions)
            entry["when"] = conditions[0] if len(conditions) == 1 else f"${{{both}}}"
        entry |= {"weights": line.weights} if line.weights else {}
        return entry | ({} if line.trainable else {"trainable": False})

    def given(self, form: Form, line: Line, block: Form, values: dict[str, Any], when: Any) -> Any:
        """The arguments that a line passes to a block."""
        given = [*values.values()]
        if form.optional.get(line.name):
            given.append(when)
        return given[0] if len(given) == 1 and not isinstance(given[0], tuple) else given or None

    def name(self, form: Form) -> str:
        """The name of the block for a form; the first call writes the block."""
        if id(form) not in self.names:
            inner = {line.name for line in form.lines}
            reads = ["input"] if form.reads == 1 and "input" not in inner else []
            for number in range(1, form.reads + 1 if not reads else 0):
                reads.append(_unused(f"in{number}", inner))
            body = self.body(form, reads)
            name = _unused(_title(form), {*self.blocks})
            takes: list[Any] = [one.name for one in self.arguments.of(form).arguments]
            takes += [{PRESENT: True}] if form.hollow else []
            block: dict[str, Any] = {"takes": takes} if takes else {}
            block |= {"reads": reads} if reads != ["input"] else {}
            self.blocks[name] = {**block, "layers": body}
            self.names[id(form)] = name
        return self.names[id(form)]


def _bare(expression: str) -> str:
    """The expression without ``$`` and braces."""
    return expression.removeprefix("$").removeprefix("{").removesuffix("}")


def _unused(name: str, used: set[str]) -> str:
    """The name, with a number appended if it is already in use."""
    found, number = name, 1
    while found in used:
        number += 1
        found = f"{name}_{number}"
    return found


def _title(form: Form) -> str:
    """A name for a block: its label, the name under which it is used, or the kinds inside it."""
    names = {block.name for block in form.blocks}
    kinds = [line.key[0].kind for line in form.lines if isinstance(line.key, tuple)
             and line.key[0] != "copies"]  # fmt: skip
    title = form.label
    if title not in UNNAMED and "×" not in title:
        return f"{title}_block" if title in {kind.kind for kind in layers.every()} else title
    alone = next(iter(names)).rpartition(".")[2]
    title = alone if len(names) == 1 and not alone.isdecimal() else "block"
    if title == "block" and len(kinds) == len(form.lines) <= 3:
        title = "_".join(kinds)
    title = title[: LONGEST_NAME - 10]
    try:
        layers.find(title)
    except LayerError:
        return f"{title}_block" if title in UNNAMED else title
    return f"{title}_block"


def _fields(kind: type[Layer], values: Mapping[str, Any]) -> Any:
    """The value of a layer: the fields that are required or differ from their defaults. If that is
    only the main field, its value needs no name."""
    required = required_of(kind)
    given = {
        name: value
        for name, value in values.items()
        if name in required or value != getattr(kind, name)
    }
    return given[kind.main] if kind.main and [*given] == [kind.main] else given or None


def _prose(graph: Graph) -> dict[str, Any]:
    spec = graph.spec
    found = {"name": graph.name, "source": spec.source, "note": spec.note,
             "variants": dict(spec.variants)}  # fmt: skip
    return {key: value for key, value in found.items() if value}


def _inputs(graph: Graph) -> dict[str, Any]:
    """The shapes of the inputs, the layout unless it is clear, and the data type if given."""
    shapes = {}
    for node in graph.nodes:
        if isinstance(node.layer, Input):
            first, *others = node.layer.shape.dimensions
            sizes = [*others, first] if graph.layout == "hwc" else [first, *others]
            shapes[node.name] = sizes
    doubtful = graph.layout == "hwc" or any(map(is_doubtful, shapes.values()))
    written = {name: "x".join(map(str, s)) if len(s) > 1 else s[0] for name, s in shapes.items()}
    more: dict[str, Any] = {"layout": graph.layout} if doubtful else {}
    more |= {"dtype": graph.spec.dtype} if graph.spec.dtype else {}
    return {"input": written["input"] if [*written] == ["input"] else written, **more}


def _short(entry: dict[str, Any]) -> Any:
    """An entry in its shortest form: ``relu`` for ``{relu: }``."""
    (word, value), *beside = entry.items()
    if value is None:
        return {word: {}, **dict(beside)} if beside else word
    return entry


def _leave_out_names(bodies: Iterable[list[dict[str, Any]]]) -> None:
    """Remove the names that layers would get anyway: their kind and a number."""
    bodies = [[*body] for body in bodies]
    named = [entry for body in bodies for entry in body]
    automatic = [body for body in bodies if not any("when" in entry for entry in body)]
    free = {id(entry) for body in automatic for entry in body if "repeat" not in entry}
    while True:
        written = {entry["name"] for entry in named if id(entry) not in free}
        wrong = set()
        for body in automatic:
            counters: dict[str, int] = {}
            for entry in body:
                word = next(iter(entry))
                word += "_" * word[-1].isdigit()
                number = counters.get(word, 0) + 1
                if id(entry) in free and entry["name"] == f"{word}{number}" not in written:
                    counters[word] = number
                else:
                    wrong.add(id(entry))
        if not wrong & free:
            break
        free -= wrong
    for entry in named:
        if id(entry) in free:
            del entry["name"]


def _flat(graph: Graph) -> dict[str, Any]:
    """A graph as a list of layers that all state their name and inputs."""
    parts = Parts(graph)
    names = [node.name for node in graph.nodes]
    found = {**_prose(graph), **_inputs(graph)}
    outputs = [names[place] for place in graph.outputs]
    entries = []
    for node, layer in zip(graph.nodes, parts.layers):
        if isinstance(layer, Input):
            continue
        values = fields(layer) | ({} if node.like is None else {"like": names[node.like]})
        entry = {layer.kind: _fields(type(layer), values), "name": node.name,
                 "from": [names[place] for place in node.inputs]}  # fmt: skip
        entry |= {} if node.shares is None else {"weights": names[node.shares]}
        entry |= {} if node.trainable or node.shares is not None else {"trainable": False}
        entries.append(entry)
    return {**found, **({"outputs": outputs} if outputs else {}), "layers": entries}


# YAML.


def text(spec: Mapping[str, Any]) -> str:
    """A spec as YAML: one line for each layer, if it fits."""
    return "\n".join(_document(spec)) + "\n"


def _document(spec: Mapping[str, Any]) -> Iterator[str]:
    for key, value in spec.items():
        if key == "blocks":
            yield "blocks:"
            for name, block in value.items():
                yield f"  {_word(name)}:"
                for inner, one in block.items():
                    if inner != "layers":
                        yield f"    {inner}: {_flow(one)}"
                yield "    layers:"
                for entry in block["layers"]:
                    yield from _entry(entry, "      ")
        elif key == "layers":
            yield "layers:"
            for entry in value:
                yield from _entry(entry, "  ")
        elif key == "note" and len(value) > WIDTH - 10 and " ".join(value.split()) == value:
            yield "note: >-"
            yield from textwrap.wrap(value, WIDTH, initial_indent="  ", subsequent_indent="  ",
                                     break_on_hyphens=False, break_long_words=False)  # fmt: skip
        elif isinstance(value, dict):
            yield f"{key}:"
            yield from (f"  {_word(name)}: {_flow(one)}" for name, one in value.items())
        else:
            yield f"{key}: {_flow(value)}"


def _entry(entry: Any, indent: str) -> Iterator[str]:
    """A layer on one line, or with the keys beside its kind below it."""
    if isinstance(entry, str):
        yield f"{indent}- {_word(entry)}"
        return
    flow = f"{indent}- {_flow(entry)}"
    if len(entry) > 1 and len(flow) <= WIDTH:
        yield flow
        return
    mark = "- "
    for key, value in entry.items():
        yield f"{indent}{mark}{_word(key)}: {_flow(value)}"
        mark = "  "


def _flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_word(key)}: {_flow(one)}' for key, one in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flow, value))}]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return _word(value) if isinstance(value, str) else repr(value)


def _word(word: str) -> str:
    """A text, in quotes unless it is a word that YAML reads as text."""
    if re.fullmatch(r"\$?[A-Za-z_0-9][\w./-]*", word, re.ASCII):
        try:
            if scalar(word, Where("")) == word:
                return word
        except SpecError:  # a number that is too large
            pass
    return json.dumps(word, ensure_ascii=not word.isprintable())
