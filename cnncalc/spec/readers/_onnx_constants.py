"""The nodes of an ONNX file that read only sizes and constants: those that compute the shape to
reshape to, for example, and those that rearrange weights."""

import operator
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import ceil, floor, prod, sqrt
from typing import Any

from cnncalc.core.onnx import axis_of
from cnncalc.spec.readers._onnx_file import BOOLEAN, FEW, FLOATS, Held, Operator
from cnncalc.spec.readers._onnx_values import (
    Known,
    axes_of,
    computed,
    learned,
    of,
    shape_to,
    unsqueezed_axes,
)

BITS = 64
"""The most bits of an integer."""


def evaluated(node: Operator, inputs: Sequence[Known | None]) -> Known | None:
    """The result of a node that reads only ``Known`` tensors; None if it is not known. Raises
    LayerError or a built-in exception if its operands do not fit."""
    if node.kind == "Constant":
        return _constant(node)
    if node.kind in OF_WEIGHTS:
        most, rule = OF_WEIGHTS[node.kind]
        if any(one is not None and one.weights for one in inputs[:most]):
            return rule(node, inputs)
    if node.kind in MOVES and inputs and inputs[0] is not None:
        return MOVES[node.kind](node, inputs)
    numbers: list[Sequence[Any]] = []
    for one in inputs:
        listed = one.values() if one is not None else ()
        if listed is None or node.kind not in RULES:
            return None
        numbers.append(listed)
    sizes = [one.sizes if one is not None else () for one in inputs]
    made = RULES[node.kind](node, numbers, sizes)
    if made is None:
        return None
    origin = computed(made.sizes, inputs)
    return made._replace(weights=origin.weights, computed=origin.computed)


def _constant(node: Operator) -> Known | None:
    for name in ("value", "value_int", "value_float", "value_ints", "value_floats"):
        value = node.attributes.get(name)
        if isinstance(value, Held):
            return Known(value.sizes, None, {}, value)
        if value is not None:
            return of(value)
    return None


def _same(node: Operator, inputs: Sequence[Known | None]) -> Known | None:
    return inputs[0]


def _copy(node: Operator, inputs: Sequence[Known | None]) -> Known | None:
    """A copy under a name of its own: exporters write one for each of several equal weights."""
    (one,) = inputs
    assert one is not None
    return one._replace(weights={node.outputs[0]: one.params} if one.weights else {})


def _transposed(node: Operator, inputs: Sequence[Known | None]) -> Known | None:
    one = inputs[0]
    assert one is not None
    order = node.attributes.get("perm") or [*range(len(one.sizes))][::-1]
    if sorted(order) != [*range(len(one.sizes))]:
        return None
    sizes = tuple(one.sizes[place] for place in order)
    alone = sum(size > 1 for size in sizes) <= 1
    repeats = one.computed and one.params != one.elements
    return Known(sizes, one.values() if alone else None, one.weights, computed=repeats)


def _reshaped(node: Operator, inputs: Sequence[Known | None]) -> Known | None:
    one, to = inputs[0], inputs[1].values() if len(inputs) > 1 and inputs[1] else None
    assert one is not None
    sizes = shape_to(one.sizes, to or node.attributes.get("shape"), node.attributes)
    return None if sizes is None else one._replace(sizes=sizes)


def _squeezed(node: Operator, inputs: Sequence[Known | None]) -> Known | None:
    one = inputs[0]
    assert one is not None
    axes = axes_of(node, inputs, len(one.sizes))
    kept = enumerate(one.sizes)
    return one._replace(
        sizes=tuple(n for at, n in kept if (n != 1 if axes is None else at not in axes))
    )


def _unsqueezed(node: Operator, inputs: Sequence[Known | None]) -> Known | None:
    one = inputs[0]
    assert one is not None
    axes = unsqueezed_axes(node, inputs, len(one.sizes))
    if axes is None:
        return None
    sizes = [*one.sizes]
    for axis in axes:
        sizes.insert(axis, 1)
    return one._replace(sizes=tuple(sizes))


def _repeated(node: Operator, inputs: Sequence[Known | None]) -> Known | None:
    """Weights that are repeated for every image."""
    one, to = inputs[0], inputs[1].values() if len(inputs) > 1 and inputs[1] else None
    assert one is not None
    same = to is not None and len(to) == len(one.sizes) and one.sizes[:1] == (1,)
    if to is not None and same and all(n in (-1, 1, m) for n, m in zip(to[1:], one.sizes[1:])):
        return one
    return None


def _joined(node: Operator, inputs: Sequence[Known | None]) -> Known | None:
    """Concatenated weights."""
    listed = [one.sizes for one in inputs if one is not None]
    axis = axis_of(node.attributes["axis"], len(listed[0]))
    others = {(*one[:axis], 0, *one[axis + 1 :]) for one in listed}
    if len(listed) != len(inputs) or len(others) != 1:
        return None
    (sizes,) = others
    length = sum(one[axis] for one in listed)
    return computed((*sizes[:axis], length, *sizes[axis + 1 :]), inputs)


def _rows(node: Operator, inputs: Sequence[Known | None]) -> Known | None:
    """Some rows of weights, perhaps repeated."""
    one, places = inputs[:2]
    assert one is not None
    axis = axis_of(node.attributes.get("axis", 0), len(one.sizes))
    if places is None:
        return None
    return computed((*one.sizes[:axis], *places.sizes, *one.sizes[axis + 1 :]), inputs)


OF_WEIGHTS: dict[str, tuple[int | None, Callable[..., Known | None]]] = {
    "Expand": (1, _repeated),
    "Concat": (None, _joined),
    "Gather": (1, _rows),
}
"""The rule for nodes that read weights, and how many of the first inputs may hold them; None
means all."""


def _dequantized(node: Operator, inputs: Sequence[Known | None]) -> Known | None:
    """Integers that stand for learned numbers, however many bits they have."""
    return learned(inputs[0]) if inputs[0] is not None else None


MOVES: Mapping[str, Callable[[Operator, Sequence[Known | None]], Known | None]] = {
    "Identity": _copy,
    "QuantizeLinear": _same,
    "DequantizeLinear": _dequantized,
    "Transpose": _transposed,
    "Reshape": _reshaped,
    "Squeeze": _squeezed,
    "Unsqueeze": _unsqueezed,
    "Flatten": lambda node, inputs: (
        inputs[0]._replace(sizes=(inputs[0].elements,)) if inputs[0] else None
    ),
}
"""Operations that copy, rearrange, quantize or dequantize numbers. Rounding is ignored,
because sizes are never quantized."""

Numbers = Sequence[Sequence[Any]]
Sizes = Sequence[tuple[int, ...]]


def _elementwise(function: Callable[..., Any]) -> Callable[..., Known | None]:
    """A function of tensors, element by element; a tensor is repeated along axes of length 1."""

    def rule(node: Operator, numbers: Numbers, sizes: Sizes) -> Known | None:
        whole = _broadcast(sizes)
        if whole is None or prod(whole) > FEW:
            return None
        spread = map(_spread, numbers, sizes, [whole] * len(sizes))
        return Known(whole, tuple(_fitting(function(*each)) for each in zip(*spread)))

    return rule


def _broadcast(sizes: Sizes) -> tuple[int, ...] | None:
    """The sizes of the result of tensors with these sizes; None if they do not fit each other."""
    rank = max(map(len, sizes))
    axes = [*zip(*((*(1,) * (rank - len(one)), *one) for one in sizes))]
    whole = tuple(next((size for size in axis if size != 1), 1) for axis in axes)
    fit = all(size in (1, wanted) for axis, wanted in zip(axes, whole) for size in axis)
    return whole if fit else None


def _spread(numbers: Sequence[Any], sizes: tuple[int, ...], whole: tuple[int, ...]) -> list[Any]:
    """The numbers of a tensor, repeated along axes of length 1 so that it has the sizes
    ``whole``."""
    if sizes == whole:
        return [*numbers]
    steps = [prod(sizes[axis + 1 :]) * (size != 1) for axis, size in enumerate(sizes)]
    places = product(*map(range, whole))
    own = len(whole) - len(sizes)
    return [numbers[sum(map(operator.mul, steps, place[own:]))] for place in places]


def _modulo(node: Operator, numbers: Numbers, sizes: Sizes) -> Known | None:
    """The remainder with the sign of the divisor; the other one, of ``fmod``, is not known."""
    if node.attributes.get("fmod"):
        return None
    return _elementwise(operator.mod)(node, numbers, sizes)


def _fitting(number: Any) -> Any:
    """A number; raises OverflowError for an integer of more than 64 bits, which ONNX does not
    have."""
    if isinstance(number, int) and number.bit_length() > BITS:
        raise OverflowError
    return number


def _power(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int) and abs(a) > 1 and b > BITS:
        raise OverflowError  # before the power is computed
    return a**b


def _divided(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int):
        rounded = abs(a) // abs(b)  # toward 0
        return rounded if (a < 0) == (b < 0) else -rounded
    return a / b


def _cast(node: Operator, numbers: Numbers, sizes: Sizes) -> Known | None:
    to = node.attributes.get("to")
    turned = bool if to == BOOLEAN else float if to in FLOATS else int
    return Known(sizes[0], tuple(map(turned, numbers[0])))


def _gather(node: Operator, numbers: Numbers, sizes: Sizes) -> Known | None:
    if node.attributes.get("axis", 0) or len(sizes[0]) != 1:
        return None
    return Known(sizes[1], tuple(numbers[0][int(place)] for place in numbers[1]))


def _concat(node: Operator, numbers: Numbers, sizes: Sizes) -> Known | None:
    axis_of(node.attributes["axis"], 1)
    flat = [one for listed in numbers for one in listed]
    return of(flat) if all(len(one) == 1 for one in sizes) and len(flat) <= FEW else None


def _slice(node: Operator, numbers: Numbers, sizes: Sizes) -> Known | None:
    given = [node.attributes.get(word) for word in ("starts", "ends")]
    starts, ends = numbers[1:3] if len(numbers) > 2 else given
    step = numbers[4][0] if len(numbers) > 4 else 1
    if len(sizes[0]) != 1 or not starts or not ends:
        return None
    return of(numbers[0][starts[0] : ends[0] : step])


def _filled(node: Operator, numbers: Numbers, sizes: Sizes) -> Known | None:
    value = node.attributes.get("value")
    one = value.values() if isinstance(value, Held) else (0.0,)
    shape = tuple(numbers[0])
    if one is None or any(size < 0 for size in shape):
        return None
    return _repeating(shape, one)


def _repeating(shape: tuple[int, ...], one: Sequence[Any]) -> Known:
    """A tensor whose numbers are all equal; they are listed if they are few."""
    if prod(shape) > FEW:
        return Known(shape, fill=one[0])
    return Known(shape, tuple(one) * prod(shape))


def _expanded(node: Operator, numbers: Numbers, sizes: Sizes) -> Known | None:
    """A single number, or several equal ones, for every element."""
    rank = max(len(sizes[0]), len(numbers[1]))
    own, wanted = ((*(1,) * (rank - len(one)), *one) for one in (sizes[0], numbers[1]))
    if len({*numbers[0]}) != 1 or any(1 != a != b != 1 for a, b in zip(own, wanted)):
        return None
    return _repeating(tuple(map(max, own, wanted)), numbers[0][:1])


def _range(node: Operator, numbers: Numbers, sizes: Sizes) -> Known | None:
    start, stop, step = (one[0] for one in numbers)
    listed = range(start, stop, step)
    return of([*listed]) if len(listed) <= FEW else None


def _product(node: Operator, numbers: Numbers, sizes: Sizes) -> Known | None:
    """The product of a list."""
    if len(sizes[0]) != 1:
        return None
    found = 1
    for one in numbers[0]:
        found = _fitting(found * one)
    return of([found] if node.attributes.get("keepdims", 1) else found)


def _nonzero(node: Operator, numbers: Numbers, sizes: Sizes) -> Known | None:
    """The indices of all numbers that are not 0."""
    if max(sizes[0], default=0) > FEW or len(sizes[0]) * len(numbers[0]) > FEW:
        return None
    places = [at for at, one in zip(product(*map(range, sizes[0])), numbers[0]) if one]
    flat = [at[dim] for dim in range(len(sizes[0])) for at in places]
    return Known((len(sizes[0]), len(places)), tuple(flat))


RULES: Mapping[str, Callable[[Operator, Numbers, Sizes], Known | None]] = {
    "Add": _elementwise(operator.add),
    "Sub": _elementwise(operator.sub),
    "Mul": _elementwise(operator.mul),
    "Div": _elementwise(_divided),
    "Mod": _modulo,
    "Pow": _elementwise(_power),
    "Neg": _elementwise(operator.neg),
    "Abs": _elementwise(abs),
    "Sqrt": _elementwise(sqrt),
    "Floor": _elementwise(lambda x: float(floor(x))),
    "Ceil": _elementwise(lambda x: float(ceil(x))),
    "Min": _elementwise(lambda *each: min(each)),
    "Max": _elementwise(lambda *each: max(each)),
    "Equal": _elementwise(operator.eq),
    "Less": _elementwise(operator.lt),
    "Greater": _elementwise(operator.gt),
    "Not": _elementwise(operator.not_),
    "And": _elementwise(lambda a, b: bool(a and b)),
    "Or": _elementwise(lambda a, b: bool(a or b)),
    "Where": _elementwise(lambda which, a, b: a if which else b),
    "Cast": _cast,
    "Gather": _gather,
    "Concat": _concat,
    "Slice": _slice,
    "ConstantOfShape": _filled,
    "Expand": _expanded,
    "Range": _range,
    "ReduceProd": _product,
    "NonZero": _nonzero,
}
"""The function that computes each operator on numbers."""
