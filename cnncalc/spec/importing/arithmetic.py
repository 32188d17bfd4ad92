"""Arithmetic between tensors, or with numbers and parameters."""

from functools import partial
from math import prod
from typing import Any

from cnncalc.layers._arithmetic import Arithmetic
from cnncalc.layers.add import Add
from cnncalc.layers.divide import Divide
from cnncalc.layers.multiply import Multiply
from cnncalc.layers.power import FUNCTIONS
from cnncalc.layers.relu import Relu
from cnncalc.layers.relu6 import Relu6
from cnncalc.layers.subtract import Subtract
from cnncalc.spec.importing.copies import copy
from cnncalc.spec.importing.regrouping import grown, like, regrouped
from cnncalc.spec.importing.sources import source
from cnncalc.spec.importing.values import BATCH, Known, Regrouped, Tensor, Unknown, View
from cnncalc.spec.importing.walker import Handlers, Walker

Operation = type[Arithmetic]


def binary(walker: Walker, kind: Operation) -> None:
    """Arithmetic between two tensors, or between a tensor and a number."""
    if walker.argument("alpha", 1) not in (1, None):
        raise Unknown("it has a factor alpha")
    first, second = (walker.raw(walker.done.arguments.get(name)) for name in ("input", "other"))
    if isinstance(first, View | Regrouped) and isinstance(second, int | float):
        sizes = walker.made[first.layer].shape
        made = walker.make(kind.kind, {"value": second}, [first.layer], sizes)
        walker.gives(first._replace(layer=made))
    elif isinstance(first, View | Regrouped) and isinstance(second, View | Regrouped):
        walker.gives(_between(walker, kind, first, second))
    elif isinstance(second, Known):
        walker.gives(_with(walker, kind, walker.data(), "other"))
    elif isinstance(first, Known):
        walker.gives(_with(walker, kind, walker.data("other"), "input"))
    else:
        raise Unknown("one of its operands is not a tensor")


def _between(walker: Walker, kind: Operation, first: Tensor, second: Tensor) -> Tensor:
    """Arithmetic between two tensors. Those that are not views stay as they are if their sizes are
    equal, or if they cannot become views."""
    if first.sizes == second.sizes and not _simple(first, second):
        first = regrouped(first)
        shape = walker.made[first.layer].shape
        reads = [first.layer, like(walker, regrouped(second), first)]
        return first._replace(layer=walker.make(kind.kind, {}, reads, shape))
    try:
        view, other = walker.view(first), walker.view(second)
    except Unknown:
        sizes = walker.sizes(walker.done.made[0])
        both = (grown(walker, regrouped(one), sizes) for one in (first, second))
        return _between(walker, kind, *both)
    if _simple(view, other):
        reads, result = [view.layer, other.layer], view
        shape = tuple(map(max, view.shape, other.shape))
    else:
        reads, shape = [walker.plain(view), walker.plain(other)], walker.result()
        result = View.of(0, shape)
    if not kind.broadcasts:
        reads = [_expanded(walker, one, shape) for one in reads]
    return result._replace(layer=walker.make(kind.kind, {}, reads, shape), shape=shape)


def _simple(first: Tensor, second: Tensor) -> bool:
    """Whether both are views with the same axes."""
    if isinstance(first, Regrouped) or isinstance(second, Regrouped):
        return False
    alike = (first.axes, first.inside) == (second.axes, second.inside)
    return alike and len(first.shape) == len(second.shape)


def _expanded(walker: Walker, layer: int, shape: tuple[int, ...]) -> int:
    """The layer with sizes of 1 repeated."""
    if walker.made[layer].shape == shape:
        return layer
    return walker.make("expand", {"shape": list(shape)}, [layer], shape)


def _with(walker: Walker, kind: Operation, view: View, name: str) -> View:
    """Arithmetic with an argument that does not depend on the input: a factor for every channel, a
    term for every element, or other numbers."""
    given = walker.done.arguments[name]
    known = walker.value(given)
    number = known.held[0] if known.held else -1
    learned = number >= 0 and walker.recording.tensors[number].origin == "parameter"
    learned = learned and number not in walker.owners
    if known.computed or not learned or prod(known.sizes) != prod(walker.sizes(number)):
        operands = [view, source(walker, given, view)]
        found = _between(walker, kind, *(operands if name != "input" else operands[::-1]))
        return walker.view(found)
    # The parameter's sizes as dimensions of the map, 1 where it is broadcast.
    sizes = dict.fromkeys(range(len(view.shape)), 1)
    for axis, size in zip(reversed(view.axes), reversed(known.sizes)):
        if axis != BATCH:  # numbers that fit any batch have size 1 there
            sizes[axis] = size
    shape = tuple(sizes.values())
    held = {"weight": number}
    per_channel = shape == (view.shape[0], *[1] * (len(shape) - 1))
    if per_channel and kind.per_channel:
        made = walker.make(kind.per_channel, {}, [view.layer], view.shape, held)
    elif per_channel and kind.can_be_bias and _is_factor(walker, view):
        factor = walker.made[-1]
        held = {**factor.held, "bias": number}
        walker.made[-1] = factor._replace(fields={"bias": True}, held=held)
        walker.owners.setdefault(number, view.layer)
        made = view.layer
    elif kind.per_element and shape == view.shape and len(shape) > 1:
        made = walker.make(kind.per_element, {}, [view.layer], view.shape, held)
    elif name != "input" or kind.commutes:
        made = walker.make(kind.kind, {"parameter": list(shape)}, [view.layer], view.shape, held)
    else:
        raise Unknown("its first operand is a parameter")
    return view._replace(layer=made)


def _is_factor(walker: Walker, view: View) -> bool:
    """Whether a view is the output of the last layer so far, and that layer is a factor for every
    channel: the only one without fields that can have a bias."""
    last = walker.made[-1]
    return view.layer == len(walker.made) - 1 and not last.fields and last.layer.takes_bias


def added(walker: Walker, view: View, given: Any) -> View:
    """The sum with numbers that do not depend on the input."""
    return walker.view(_between(walker, Add, view, source(walker, given, view)))


def scaled_sum(walker: Walker) -> None:
    """A term plus a product, ``addcmul``; the term and one factor must not depend on the input."""
    if walker.argument("value", 1) != 1:
        raise Unknown("its products have a factor")
    factors = [name for name in ("tensor1", "tensor2") if walker.is_known(name)]
    (name,) = factors if len(factors) == 1 else [""]
    if not name or not walker.is_known("input"):
        raise Unknown("its term and exactly one of its factors must not depend on the input")
    product = _with(
        walker, Multiply, walker.data("tensor2" if name == "tensor1" else "tensor1"), name
    )
    walker.gives(_with(walker, Add, product, "input"))


def reversed_subtraction(walker: Walker) -> None:
    """A number minus a map."""
    view, number = walker.data(), walker.argument("other", walker.argument("1"))
    if not isinstance(number, int | float):
        raise Unknown("it subtracts from a tensor")
    made = view.layer
    for kind, value in Subtract.of_number(number):
        made = walker.make(kind, {"value": value}, [made], view.shape)
    walker.gives(view._replace(layer=made))


def negative(walker: Walker) -> None:
    """A map with the opposite sign."""
    view = walker.data()
    made = walker.make("multiply", {"value": -1}, [view.layer], view.shape)
    walker.gives(view._replace(layer=made))


def power(walker: Walker, exponent: float | None = None) -> None:
    """A map raised to a fixed power."""
    view = walker.data()
    given = walker.argument("exponent") if exponent is None else exponent
    if not isinstance(given, int | float):
        raise Unknown("its exponent is not a number")
    own = {"saves_output": True} if walker.done.name == FUNCTIONS.get(given) else {}
    made = walker.make("power", {"exponent": given, **own}, [view.layer], view.shape)
    walker.gives(view._replace(layer=made))


def clamp(walker: Walker) -> None:
    """Values cut off below 0, and perhaps above 6."""
    view, given = walker.data(), walker.done.arguments
    ends = (given.get("min_val", given.get("min")), given.get("max_val", given.get("max")))
    kind = {(0, None): Relu, (0, 6): Relu6}.get(ends)
    if kind is None:
        raise Unknown(f"it cuts off values below {ends[0]} and above {ends[1]}")
    fields = {"inplace": True} if given.get("inplace") else {}
    layer = walker.make(kind.kind, fields, [view.layer], view.shape)
    if kind.keeps_output:  # a clamp saves its input
        layer = copy(walker, layer, "unknown")
    walker.gives(view._replace(layer=layer))


HANDLERS: Handlers = {
    **dict.fromkeys(["add", "iadd", "radd"], partial(binary, kind=Add)),
    **dict.fromkeys(["sub", "isub", "subtract"], partial(binary, kind=Subtract)),
    **dict.fromkeys(["mul", "imul", "rmul", "multiply"], partial(binary, kind=Multiply)),
    **dict.fromkeys(["div", "itruediv", "true_divide", "divide"], partial(binary, kind=Divide)),
    "rsub": reversed_subtraction,
    "neg": negative,
    "pow": power,
    "square": partial(power, exponent=2),
    **{name: partial(power, exponent=exponent) for exponent, name in FUNCTIONS.items()},
    "addcmul": scaled_sum,
    **dict.fromkeys(("hardtanh", "clamp", "clip", "clamp_min"), clamp),
}
