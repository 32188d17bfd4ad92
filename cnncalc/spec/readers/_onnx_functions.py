"""Compares the functions of an ONNX file with those that we write for the same layers."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from math import prod
from typing import Any

from cnncalc.core.errors import LayerError
from cnncalc.core.layer import Layer
from cnncalc.core.onnx import FLOAT, INT64, OPSET, packed
from cnncalc.core.shape import Shape
from cnncalc.spec.readers._onnx_file import Function, Held, Operator

Sizes = tuple[int, ...]


class _Differs(Exception):
    """The function is not the one that we write."""


def check(function: Function, layer: Layer, inputs: Sequence[Shape], held: Sequence[Sizes]) -> None:
    """Raise LayerError unless a function is the one that we write for a layer with these inputs,
    and ``held``, the sizes of its weights, are those that it needs."""
    try:
        _Body(function, layer, inputs, held).compare(layer)
    except _Differs:
        raise LayerError(
            "its function is not the one that cnncalc writes for these fields; export the network "
            "again with this version of cnncalc"
        ) from None


class _Body:
    """The operators of a function. A layer's ``to_onnx`` receives this object in place of the
    writer; everything that it writes must come next in the function."""

    def __init__(
        self, function: Function, layer: Layer, inputs: Sequence[Shape], held: Sequence[Sizes]
    ) -> None:
        self.made = function
        self.shapes = inputs
        self.inputs = [*function.inputs[: len(inputs)]]
        self.nodes = iter(function.nodes)
        self.tensors: Mapping[str, Sizes] = layer.tensors(*inputs)
        self.held = iter(zip(function.inputs[len(inputs) :], held))
        self.names: dict[str, str] = {}
        names = [*function.inputs, *chain(*(node.outputs for node in function.nodes))]
        fits = len(function.inputs) == len(inputs) + len(held) and function.opset == OPSET
        if not fits or "" in names or len({*names}) < len(names):
            raise _Differs

    def compare(self, layer: Layer) -> None:
        """Raise _Differs unless the layer writes exactly this function."""
        output = layer.to_onnx(self, *self.shapes)
        if [*self.nodes, *self.held] or self.made.outputs != (output,):
            raise _Differs

    def function(self) -> None:
        """Nothing: the operators are in a function already."""

    def node(self, kind: str, *inputs: str, count: int = 1, **settings: Any) -> Any:
        """The output of the next operator, or all outputs if there are several."""
        found = self._next(kind)
        read, given = [*found.inputs], found.attributes
        read += [""] * (len(inputs) - len(read))
        alike = all(key in given and _equal(given[key], one) for key, one in settings.items())
        fits = read == [*inputs] and alike and len(given) == len(settings)
        if not fits or len(found.outputs) != count:
            raise _Differs
        return found.outputs[0] if count == 1 else [*found.outputs]

    def _next(self, kind: str) -> Operator:
        found = next(self.nodes, None)
        if found is None or found.kind != kind:
            raise _Differs
        return found

    def weight(self, name: str, learned: bool = True) -> str:
        """The input with a parameter or buffer of the layer; empty if it has none."""
        return self._input(name, self.tensors[name]) if name in self.tensors else ""

    def rows(self, name: str, start: int, stop: int) -> str:
        """The input with some rows of a parameter; empty if the layer has none."""
        if name not in self.tensors:
            return ""
        return self._input(f"{name}.{start}", (stop - start, *self.tensors[name][1:]))

    def stacked(self, names: Sequence[str], blocks: Sequence[int] = (0,)) -> str:
        """The input with several parameters; empty if the layer has none of them."""
        if names[0] not in self.tensors:
            return ""
        return self._input(names[0], (len(names), *self.tensors[names[0]]))

    def _input(self, name: str, sizes: Sizes) -> str:
        """The input with weights of these sizes: the next one, unless they were read before."""
        if name not in self.names:
            self.names[name], found = next(self.held, ("", ()))
            need_sizes(name, found, sizes)
        return self.names[name]

    def ints(self, values: Iterable[int], *sizes: int) -> str:
        """The name of constant integers, which the next operator must make."""
        return self._constant(INT64, values, sizes or None)

    def number(self, value: float) -> str:
        """The name of a constant number, which the next operator must make."""
        return self._constant(FLOAT, [value], ())

    def fixed(self, values: Iterable[float], *sizes: int) -> str:
        """The name of constant numbers, which the next operator must make."""
        return self._constant(FLOAT, values, sizes or None)

    def _constant(self, dtype: int, values: Iterable[Any], sizes: Sizes | None) -> str:
        """The name of a constant. If ``sizes`` are given, there may be many values; they are
        computed only if the file has as many bytes."""
        found = self._next("Constant")
        held = found.attributes.get("value")
        if sizes is None:
            values = [*values]
            sizes = (len(values),)
        fits = [*found.attributes] == ["value"] and not found.inputs and len(found.outputs) == 1
        if not fits or not isinstance(held, Held) or (held.dtype, held.sizes) != (dtype, sizes):
            raise _Differs
        data = held.raw(prod(sizes) * (8 if dtype == INT64 else 4))
        if data is None or data != packed(dtype, [*values]):
            raise _Differs
        return found.outputs[0]


def _equal(found: Any, value: Any) -> bool:
    """Whether a setting of the file is this value; floats are compared as 32-bit numbers."""
    if isinstance(found, float):
        return isinstance(value, float | int) and packed(FLOAT, [found]) == packed(FLOAT, [value])
    if isinstance(value, str | int):
        return type(found) is type(value) and found == value
    return isinstance(found, list) and found == [*value]


def need_sizes(name: str, found: Sizes, sizes: Sizes) -> None:
    """Raise LayerError unless weights of the file have the sizes that a layer needs."""
    if found != sizes:
        file, own = (" × ".join(map(str, one)) or "one number" for one in (found, sizes))
        raise LayerError(f"its {name} is {file} in the file, but must be {own}")
