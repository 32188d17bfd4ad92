"""A report as an ONNX file, with the weights of a PyTorch module."""

from collections.abc import Iterable, Mapping, Sequence
from json import dumps
from struct import pack
from typing import Any

import torch

from cnncalc.analysis.report import Report, Row
from cnncalc.bridge import network
from cnncalc.core.errors import LayerError, UsageError
from cnncalc.core.onnx import DOMAIN, FIELDS, FLOAT, INT64, OPSET, PRODUCER, VERSION, packed

FORMAT = 10
"""The version of the file format."""
LARGEST = (1 << 31) - 1
"""The largest size of a file, in bytes."""
REAL = ("alpha", "beta", "bias", "epsilon", "gamma")
"""The settings that are never integers."""
BATCH = "batch"
"""The name of the dynamic first size of every input and output."""


def onnx_file(
    report: Report, weights: Mapping[str, Any] | None = None, seed: int | None = None
) -> bytes:
    """The content of an ONNX file that computes the same as the module of ``to_torch`` in eval
    mode.

    ``weights`` is the ``state_dict`` of such a module; by default, that of a new module that is
    initialized with ``seed``. Raises UsageError for a layer that ONNX cannot express, and for a
    network that is too large for a file.
    """
    size = 4 * (report.totals.params + report.totals.fixed + report.totals.buffers)
    if size > LARGEST:
        raise UsageError(
            f"the weights of {report.name} take {size:,} bytes, but an ONNX file cannot be larger "
            f"than {LARGEST:,}; export a smaller network"
        )
    if weights is None:
        with torch.random.fork_rng(devices=[]):
            if seed is not None:
                torch.manual_seed(seed)
            weights = network.Network(report).state_dict()
    graph = _Graph(weights)
    for row in report.rows:
        graph.add(row)
    return graph.file(report)


class _Graph:
    """The nodes and tensors written so far. Every layer's ``to_onnx`` receives this object."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.state = state
        self.nodes: list[bytes] = []
        self.functions: list[bytes] = []
        self.tensors: dict[str, bytes] = {}
        self.made: list[str] = []
        self.inputs: list[str] = []
        self.row: Row
        self.count = 0
        self.held: dict[str, None] | None = None

    def add(self, row: Row) -> None:
        """Write a layer."""
        self.row, self.count, self.held = row, 0, None
        self.inputs = [self.made[source] for source in row.sources]
        if row.layer.arity == (0, 0):
            self.made.append(row.name)
            return
        given, start = self.inputs, len(self.nodes)
        try:
            made = row.layer.to_onnx(self, *row.inputs)
        except LayerError as why:
            raise UsageError(f"layer {row.name!r} ({row.kind}): {why}") from None
        self.made.append(made if self.held is None else self._called(given, start, made))

    def function(self) -> None:
        """Write the operators of the current layer as a function, because on their own they would
        be read back as other layers. ``inputs`` become the function's own."""
        if self.held is None:
            self.held = {}
            self.inputs = [f"{self.row.name}.input{place}" for place in range(len(self.inputs))]

    def _called(self, given: Sequence[str], start: int, made: str) -> str:
        """Move the operators since ``start`` into a function, and write a call of it, which has the
        layer's fields."""
        row, held = self.row, [*(self.held or ())]
        formal = [f"{row.name}.input{place}" for place in range(len(given))]
        self.functions.append(
            _message(
                (1, row.kind),
                *((4, one) for one in (*formal, *held)),
                (5, made),
                (6, FIELDS),
                *((7, node) for node in self.nodes[start:]),
                (9, _message((2, OPSET))),
                (10, DOMAIN),
                (13, row.name),
            )
        )
        del self.nodes[start:]
        self.nodes.append(
            _message(
                *((1, one) for one in (*given, *held)),
                (2, row.name),
                (3, row.name),
                (4, row.kind),
                (5, _attribute(FIELDS, dumps(row.layer.given))),
                (7, DOMAIN),
                (8, row.name),
            )
        )
        return row.name

    def node(self, kind: str, *inputs: str, count: int = 1, **settings: Any) -> Any:
        """Write an operator; return the name of its output, or of every output if there are
        several."""
        name = self._name(kind.lower() if self.count else "")
        outputs = [name, *(f"{name}.{place}" for place in range(1, count))]
        listed = [*inputs]
        while listed and not listed[-1]:
            listed.pop()
        self.nodes.append(
            _message(
                *((1, one) for one in listed),
                *((2, one) for one in outputs),
                (3, name),
                (4, kind),
                *((5, _attribute(key, value)) for key, value in settings.items()),
            )
        )
        return name if count == 1 else outputs

    def _name(self, ending: str) -> str:
        """A name for an operator of the current layer. The first operator has the layer's name."""
        self.count += 1
        return f"{self.row.name}.{ending}{self.count}" if ending else self.row.name

    def weight(self, name: str, learned: bool = True) -> str:
        """The name of a parameter or buffer of the layer's module; empty if it has none. A tensor
        that is not ``learned`` becomes a constant, except in a function."""
        full = f"{self.row.weights_of or self.row.name}.{name}"
        if full not in self.state:
            return ""
        if not learned and self.held is None:
            return self._fixed(_floats(full, self.state[full]))
        return self._tensor(full, self.state[full])

    def rows(self, name: str, start: int, stop: int) -> str:
        """The name of a tensor with some rows of a parameter; empty if the layer has no such
        parameter."""
        full = f"{self.row.weights_of or self.row.name}.{name}"
        if full not in self.state:
            return ""
        return self._tensor(f"{full}.{start}", self.state[full][start:stop])

    def stacked(self, names: Sequence[str], blocks: Sequence[int] = (0,)) -> str:
        """The name of a tensor that stacks some parameters, each with its blocks in the given
        order, such as the gates of a recurrent cell; empty if the layer has none of them."""
        full = [f"{self.row.weights_of or self.row.name}.{name}" for name in names]
        if full[0] not in self.state:
            return ""
        found = [self.state[one].chunk(len(blocks)) for one in full]
        numbers = [torch.cat([one[place] for place in blocks]) for one in found]
        return self._tensor(full[0], torch.stack(numbers))

    def _tensor(self, name: str, numbers: torch.Tensor) -> str:
        """Write numbers under this name, unless an earlier layer has written them."""
        if name not in self.tensors:
            self.tensors[name] = _floats(name, numbers)
        if self.held is not None:
            self.held[name] = None
        return name

    def ints(self, values: Iterable[int], *sizes: int) -> str:
        """The name of constant integers: a list of them, or a tensor of these sizes."""
        listed = [*values]
        return self._constant(sizes or [len(listed)], INT64, packed(INT64, listed))

    def number(self, value: float) -> str:
        """The name of a constant number."""
        return self._constant([], FLOAT, packed(FLOAT, [value]))

    def fixed(self, values: Iterable[float], *sizes: int) -> str:
        """The name of numbers that are not learned: a list of them, or a tensor of these sizes."""
        listed = [*values]
        return self._fixed(_tensor("", sizes or [len(listed)], FLOAT, packed(FLOAT, listed)))

    def _fixed(self, tensor: bytes) -> str:
        name = f"{self.row.name}.fixed{len(self.nodes)}"
        self.nodes.append(
            _message((2, name), (3, name), (4, "Constant"), (5, _attribute("value", tensor)))
        )
        return name

    def _constant(self, sizes: Sequence[int], dtype: int, data: bytes) -> str:
        if self.held is not None:
            return self._fixed(_tensor("", sizes, dtype, data))
        name = f"{self.row.name}.constant{len(self.tensors)}"
        self.tensors[name] = _tensor(name, sizes, dtype, data)
        return name

    def file(self, report: Report) -> bytes:
        """The whole file."""
        inputs = [row for row in report.rows if row.layer.arity == (0, 0)]
        place = {row.name: index for index, row in enumerate(report.rows)}
        graph = _message(
            *((1, node) for node in self.nodes),
            (2, report.name or "network"),
            *((5, tensor) for tensor in self.tensors.values()),
            *((11, _value(row.name, row.output.dimensions)) for row in inputs),
            *((12, _value(self.made[place[row.name]], row.output.dimensions))
              for row in report.outputs),
        )  # fmt: skip
        versions = [_message((2, OPSET)), _message((1, DOMAIN), (2, VERSION))]
        return _message(
            (1, FORMAT),
            (2, PRODUCER),
            (7, graph),
            *((8, one) for one in versions[: 1 + bool(self.functions)]),
            *((25, one) for one in self.functions),
        )


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def _message(*fields: tuple[int, int | float | str | bytes]) -> bytes:
    """A Protocol Buffers message, from the number and the value of each field."""
    parts: list[bytes] = []
    for number, value in fields:
        if isinstance(value, int):
            parts += [_varint(number << 3), _varint(value)]
        elif isinstance(value, float):
            parts += [_varint(number << 3 | 5), pack("<f", value)]
        else:
            data = value.encode() if isinstance(value, str) else value
            parts += [_varint(number << 3 | 2), _varint(len(data)), data]
    return b"".join(parts)


def _attribute(name: str, value: Any) -> bytes:
    """A setting of an operator, with its type."""
    if name in REAL:
        value = float(value)
    if isinstance(value, int):
        return _message((1, name), (3, value), (20, 2))
    if isinstance(value, float):
        return _message((1, name), (2, value), (20, 1))
    if isinstance(value, str):
        return _message((1, name), (4, value), (20, 3))
    if isinstance(value, bytes):
        return _message((1, name), (5, value), (20, 4))
    return _message((1, name), *((8, one) for one in value), (20, 7))


def _tensor(name: str, sizes: Sequence[int], dtype: int, data: bytes) -> bytes:
    return _message(*((1, size) for size in sizes), (2, dtype), (8, name), (9, data))


def _floats(name: str, numbers: torch.Tensor) -> bytes:
    """A tensor of 32-bit numbers."""
    plain = numbers.detach().cpu().float().contiguous()
    return _tensor(name, plain.shape, FLOAT, plain.numpy().tobytes())


def _value(name: str, sizes: Sequence[int]) -> bytes:
    """An input or output: its name, data type and sizes."""
    dims = [_message((2, BATCH)), *(_message((1, size)) for size in sizes)]
    shape = _message(*((1, dim) for dim in dims))
    return _message((1, name), (2, _message((1, _message((1, FLOAT), (2, shape))))))
