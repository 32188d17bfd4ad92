"""The messages of an ONNX file as plain data: nodes, and the sizes of weights."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from math import prod
from struct import calcsize, unpack
from typing import Any, NamedTuple

from cnncalc.core.onnx import DOMAIN
from cnncalc.spec.readers._protobuf import File, Part, signed

MAX_NODES = 50_000
MAX_NAMES = 1_000_000
DEEPEST = 20
"""The most levels of graphs inside nodes."""
FEW = 4_096
"""The numbers of a tensor are read only if there are at most this many."""
FORMATS = {1: "f", 2: "B", 3: "b", 4: "H", 5: "h", 6: "i", 7: "q", 9: "?", 10: "e", 11: "d",
           12: "I", 13: "Q"}  # fmt: skip
"""The ``struct`` format of each data type."""
BOOLEAN, HALF = 9, 10
FLOATS = (1, HALF, 11, 16)
OWN_DOMAINS = ("", "ai.onnx")
SCOPES = "pkg.torch.onnx.name_scopes"


class Held(NamedTuple):
    """A tensor that the file holds: its sizes, and where its numbers are."""

    name: str
    sizes: tuple[int, ...]
    dtype: int
    parts: tuple[tuple[int, int | bytes | Part], ...] = ()
    is_weight: bool = False

    @property
    def elements(self) -> int:
        """The number of elements."""
        return prod(self.sizes)

    def values(self) -> tuple[Any, ...] | None:
        """The numbers of the tensor, if they are few and inside the file."""
        n = self.elements
        if n > FEW or self.dtype not in FORMATS:
            return None
        found: list[Any] = []
        for number, value in self.parts:
            if number == 9 and isinstance(value, Part):
                form = f"<{n}{FORMATS[self.dtype]}"
                data = value.data(8 * FEW)
                return unpack(form, data) if len(data) == calcsize(form) else None
            if number == 5 and self.dtype == HALF:
                return None  # integers that hold its bits
            if isinstance(value, Part):
                floats = {4: "f", 10: "d"}.get(number)
                found += value.floats(FEW, floats) if floats else value.integers(FEW)
            elif isinstance(value, int):
                found.append(signed(value))
            else:
                found += unpack("<f" if len(value) == 4 else "<d", value)
        return tuple(found) if len(found) == n else None

    def raw(self, length: int) -> bytes | None:
        """The bytes of its numbers; None unless the file holds exactly this many."""
        part = self.parts[0][1] if [number for number, _ in self.parts] == [9] else None
        if not isinstance(part, Part) or part.end - part.begin != length:
            return None
        return part.data(length)


class Operator(NamedTuple):
    """A node of the graph.

    ``kind`` is the name of the operator, with its domain if it is not one of ONNX's own: ``Conv``,
    but ``FusedConv of com.microsoft``.
    """

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    scopes: str = ""
    domain: str = ""
    overload: str = ""


class Function(NamedTuple):
    """A function of the file: the names of its inputs and outputs, and its nodes."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes: tuple[Operator, ...]
    opset: int
    """The version of ONNX's own operators."""


@dataclass
class Model:
    """The content of a file."""

    name: str = ""
    producer: str = ""
    opset: int = 1
    versions: dict[str, int] = field(default_factory=dict)
    functions: dict[tuple[str, str], Function] = field(default_factory=dict)
    """The functions of our domain, by name and overload."""
    count: int = 0
    """The number of nodes so far, including those of functions."""
    nodes: list[Operator] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    """The names of the nodes."""
    held: dict[str, Held] = field(default_factory=dict)
    inputs: dict[str, tuple[int | str, ...] | None] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    shapes: dict[str, tuple[int | str, ...] | None] = field(default_factory=dict)
    dtypes: dict[str, int] = field(default_factory=dict)


def model(file: File) -> Model:
    """The model in a file. Raises SpecError."""
    found, graph = Model(), False
    for number, value in file.message().fields():
        if number == 2 and isinstance(value, Part):
            found.producer = value.text()
        elif number == 7 and isinstance(value, Part):
            graph = True
            _graph(found, value)
        elif number == 8 and isinstance(value, Part):
            name, version = _version(value)
            found.versions[name] = version
            found.opset = found.versions.get("", found.opset)
        elif number == 25 and isinstance(value, Part):
            _function(found, value)
    if not graph:
        raise file.wrong("this is not an ONNX model: it holds no graph")
    return found


def _graph(found: Model, graph: Part) -> None:
    """Read the nodes and tensors of a graph."""
    lists: Mapping[int, Callable[[Model, Part], None]] = {
        1: _node, 2: _title, 5: _initializer, 11: _input, 12: _output, 13: _value,
        15: _sparse,
    }  # fmt: skip
    for number, value in graph.fields():
        if isinstance(value, Part) and number in lists:
            lists[number](found, value)


def _title(found: Model, name: Part) -> None:
    found.name = name.text()


def _function(found: Model, part: Part) -> None:
    listed: dict[int, list[Part]] = defaultdict(list)
    for number, value in part.fields():
        if isinstance(value, Part):
            listed[number].append(value)
    name, domain, overload = ("".join(one.text() for one in listed[n][-1:]) for n in (1, 10, 13))
    if domain in OWN_DOMAINS:
        raise part.file.wrong(f"the file replaces ONNX's operator {name[:60]!r} with a function")
    if domain != DOMAIN:
        return
    if (name, overload) in found.functions:
        fact = f"the file has two functions {name[:60]!r} with the same overload"
        raise part.file.wrong(fact)
    inputs, outputs = (tuple(one.text() for one in listed[n]) for n in (4, 5))
    nodes = tuple(_operator(found, one) for one in listed[7])
    versions = dict(_version(one) for one in listed[9])
    found.functions[name, overload] = Function(inputs, outputs, nodes, versions.get("", 0))


def _version(part: Part) -> tuple[str, int]:
    """A domain of operators and its version; ONNX's own domain is empty."""
    said = dict(part.fields())
    domain, version = said.get(1), said.get(2)
    name = domain.text() if isinstance(domain, Part) else ""
    return "" if name in OWN_DOMAINS else name, version if isinstance(version, int) else 1


def _node(found: Model, part: Part) -> None:
    node = _operator(found, part)
    if node.name and node.name in found.names:
        raise part.file.wrong(f"the file has two nodes called {node.name[:60]!r}")
    found.names.add(node.name)
    found.nodes.append(node)


def _operator(found: Model, part: Part, depth: int = 0) -> Operator:
    """A node. The tensors that a graph inside it reads from around it, and the weights in that
    graph, follow its own inputs."""
    found.count += 1
    if found.count > MAX_NODES:
        raise part.file.wrong(f"the file has more than {MAX_NODES:,} nodes")
    texts: dict[int, str] = {}
    inputs: list[str] = []
    outputs: list[str] = []
    attributes: dict[str, Any] = {}
    scopes = ""
    for number, value in part.fields():
        if not isinstance(value, Part):
            continue
        if number == 1:
            inputs.append(value.text())
        elif number == 2:
            outputs.append(value.text())
        elif number in (3, 4, 7, 8):
            texts[number] = value.text()
        elif number == 5:
            name, setting = _attribute(value)
            attributes[name] = setting
            for graph in _graphs(value):
                inputs += _captured(found, graph, depth)
        elif number == 9 and not scopes:
            scopes = _scopes(value)
    kind = "".join(one if one.isprintable() else "?" for one in texts.get(4, ""))
    domain = texts.get(7, "")
    kind = kind if domain in OWN_DOMAINS else f"{kind} of {domain}"
    name, overload = texts.get(3, ""), texts.get(8, "")
    return Operator(kind, name, tuple(inputs), tuple(outputs), attributes, scopes, domain, overload)


def _graphs(attribute: Part) -> list[Part]:
    """The graphs in an attribute, such as a branch or the body of a loop."""
    return [
        one for number, one in attribute.fields() if number in (6, 11) and isinstance(one, Part)
    ]


def _captured(found: Model, graph: Part, depth: int) -> list[str]:
    """The tensors that a graph inside a node reads from around it, and its weights."""
    if depth >= DEEPEST:
        raise graph.file.wrong(f"graphs inside nodes are nested deeper than {DEEPEST} levels")
    inner, nodes, weights = Model(), list[Operator](), list[str]()
    for number, value in graph.fields():
        if number == 1 and isinstance(value, Part):
            nodes.append(_operator(found, value, depth + 1))
        elif number == 5 and isinstance(value, Part):
            one = tensor(value, is_weight=True)
            if one.name in found.held:
                raise graph.file.wrong(f"the file has two weights called {one.name[:60]!r}")
            _initializer(found, value)
            weights.append(one.name)
        elif number == 11 and isinstance(value, Part):
            _input(inner, value)
        elif number == 12 and isinstance(value, Part):
            _output(inner, value)
    made = {*inner.inputs, *weights, *chain(*(node.outputs for node in nodes))}
    read = [*chain(*(node.inputs for node in nodes)), *inner.outputs]
    return [*dict.fromkeys(name for name in read if name and name not in made), *weights]


def _scopes(entry: Part) -> str:
    """The modules around a node, as PyTorch's newer exporter writes them."""
    said = dict(entry.fields())
    key, value = said.get(1), said.get(2)
    if isinstance(key, Part) and isinstance(value, Part) and key.end - key.begin == len(SCOPES):
        return value.text() if key.text() == SCOPES else ""
    return ""


def _attribute(part: Part) -> tuple[str, Any]:
    """An attribute's name and value: a number, a string, a tensor, or a list of numbers or strings;
    None for anything else, such as a graph."""
    name, value = "", None
    listed: list[Any] = []
    for number, one in part.fields():
        if number == 1 and isinstance(one, Part):
            name = one.text()
        elif number == 2 and isinstance(one, bytes):
            value = unpack("<f", one)[0] if len(one) == 4 else None
        elif number == 3 and isinstance(one, int):
            value = signed(one)
        elif number == 4 and isinstance(one, Part):
            value = one.text()
        elif number == 5 and isinstance(one, Part):
            value = tensor(one)
        elif number == 7:
            listed += one.floats(FEW) if isinstance(one, Part) else unpack("<f", _four(part, one))
        elif number == 8:
            listed += one.integers(FEW) if isinstance(one, Part) else [signed(_whole(part, one))]
        elif number == 9 and isinstance(one, Part):
            listed.append(one.text())
    return name, listed or value


def _four(part: Part, value: int | bytes | Part) -> bytes:
    if not isinstance(value, bytes) or len(value) != 4:
        raise part.file.broken(part.begin)
    return value


def _whole(part: Part, value: int | bytes | Part) -> int:
    if not isinstance(value, int):
        raise part.file.broken(part.begin)
    return value


def tensor(part: Part, is_weight: bool = False) -> Held:
    """A tensor, without its numbers."""
    name, dtype = "", 0
    sizes: list[int] = []
    data: list[tuple[int, int | bytes | Part]] = []
    for number, value in part.fields():
        if number == 1:
            sizes += value.integers(64) if isinstance(value, Part) else [_whole(part, value)]
        elif number == 2 and isinstance(value, int):
            dtype = value
        elif number in (4, 5, 7, 9, 10, 11):
            if len(data) < FEW:
                data.append((number, value))
        elif number == 8 and isinstance(value, Part):
            name = value.text()
    if any(not 0 <= size < 1 << 40 for size in sizes) or len(sizes) > 64:
        raise part.file.wrong(f"the tensor {name[:60]!r} has an impossible size")
    return Held(name, tuple(sizes), dtype, tuple(data), is_weight)


def _initializer(found: Model, part: Part) -> None:
    one = tensor(part, is_weight=True)
    _check_many(found, part)
    found.held[one.name] = one


def _sparse(found: Model, part: Part) -> None:
    raise part.file.wrong("the file holds sparse weights, which are not supported")


def _input(found: Model, part: Part) -> None:
    name, sizes = _described(found, part)
    _check_many(found, part)
    found.inputs[name] = sizes


def _output(found: Model, part: Part) -> None:
    name, sizes = _described(found, part)
    _check_many(found, part)
    found.outputs.append(name)
    found.shapes[name] = sizes


def _value(found: Model, part: Part) -> None:
    name, sizes = _described(found, part)
    _check_many(found, part)
    found.shapes[name] = sizes


def _check_many(found: Model, part: Part) -> None:
    if len(found.held) + len(found.inputs) + len(found.shapes) >= MAX_NAMES:
        raise part.file.wrong(f"the file names more than {MAX_NAMES:,} tensors")


def _described(found: Model, part: Part) -> tuple[str, tuple[int | str, ...] | None]:
    """A tensor's name and sizes; an open size is a string, and None stands for no sizes at all. Its
    data type is noted."""
    name, sizes, dtype = "", None, 0
    for number, value in part.fields():
        if number == 1 and isinstance(value, Part):
            name = value.text()
        elif number == 2 and isinstance(value, Part):
            kind = _inside(value, 1)
            shape = _inside(kind, 2)
            if shape is not None:
                sizes = tuple(_dimension(one) for n, one in shape.fields() if n == 1)
            for n, one in kind.fields() if kind is not None else ():
                dtype = one if n == 1 and isinstance(one, int) else dtype
    found.dtypes[name] = dtype
    return name, sizes


def _inside(part: Part | None, number: int) -> Part | None:
    """The message in a field."""
    found = [one for n, one in part.fields() if n == number] if part is not None else []
    return found[-1] if found and isinstance(found[-1], Part) else None


def _dimension(part: int | bytes | Part) -> int | str:
    for number, value in part.fields() if isinstance(part, Part) else ():
        if number == 1 and isinstance(value, int) and 0 < value < 1 << 40:
            return value
        if number == 2 and isinstance(value, Part):
            return value.text() or "?"
    return "?"
