"""Arithmetic on maps, with one another, a number or a parameter."""

from functools import partial

from cnncalc.layers._arithmetic import Arithmetic
from cnncalc.layers.add import Add
from cnncalc.layers.divide import Divide
from cnncalc.layers.multiply import Multiply
from cnncalc.layers.subtract import Subtract
from cnncalc.spec.importing.values import BATCH, Known, Unknown, View
from cnncalc.spec.importing.walker import Handlers, Walker

Operation = type[Arithmetic]


def binary(walker: Walker, kind: Operation) -> None:
    """Arithmetic between two maps, or a map and a number or parameter."""
    first, second = walker.argument("input"), walker.argument("other")
    if walker.argument("alpha", 1) not in (1, None):
        raise Unknown("it has a factor alpha")
    if isinstance(first, View) and isinstance(second, View):
        walker.gives(_between(walker, kind, first, second))
    elif isinstance(first, View) and isinstance(second, int | float):
        made = walker.make(kind.kind, {"value": second}, [first.layer], first.shape)
        walker.gives(first._replace(layer=made))
    else:
        _with_parameter(walker, kind)


def _between(walker: Walker, kind: Operation, first: View, second: View) -> View:
    if first.axes == second.axes and len(first.shape) == len(second.shape):
        reads, axes = [first.layer, second.layer], first.axes
        shape = tuple(map(max, first.shape, second.shape))
    else:
        reads = [walker.plain(first), walker.plain(second)]
        shape = walker.result()
        axes = (BATCH, *range(len(shape)))
    return View(walker.make(kind.kind, {}, reads, shape), shape, axes)


def _with_parameter(walker: Walker, kind: Operation) -> None:
    """A factor for every channel, or a term for every element."""
    known, name = walker.argument("other"), "other"
    if isinstance(known, View):
        known, name = walker.argument("input"), "input"
    view = walker.data("input" if name == "other" else "other")
    if not isinstance(known, Known) or known.computed or not known.held:
        raise Unknown("one of its operands is computed from parameters")
    number = known.held[0]
    if walker.recording.tensors[number].origin != "parameter":
        raise Unknown("one of its operands is a tensor whose value is not known")
    # The parameter's sizes as dimensions of the map, 1 where it is broadcast.
    sizes = dict.fromkeys(range(len(view.shape)), 1)
    for axis, size in zip(reversed(view.axes), reversed(known.sizes)):
        if axis != BATCH:  # there its size is 1: only that is broadcast to every batch
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
    elif name == "other" or kind.commutes:
        made = walker.make(kind.kind, {"parameter": list(shape)}, [view.layer], view.shape, held)
    else:
        raise Unknown("its first operand is a parameter")
    walker.gives(view._replace(layer=made))


def _is_factor(walker: Walker, view: View) -> bool:
    """Whether a view is the output of the last layer so far, and that layer is a factor for every
    channel: the only one without fields that can have a bias."""
    last = walker.made[-1]
    return view.layer == len(walker.made) - 1 and not last.fields and last.layer.takes_bias


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
    """A map with its sign changed."""
    view = walker.data()
    made = walker.make("multiply", {"value": -1}, [view.layer], view.shape)
    walker.gives(view._replace(layer=made))


def power(walker: Walker, exponent: float | None = None) -> None:
    """A map to a fixed power."""
    view = walker.data()
    given = walker.argument("exponent") if exponent is None else exponent
    if not isinstance(given, int | float):
        raise Unknown("its exponent is not a number")
    made = walker.make("power", {"exponent": given}, [view.layer], view.shape)
    walker.gives(view._replace(layer=made))


def clamp(walker: Walker) -> None:
    """Values cut off below 0, and perhaps above 6."""
    view, given = walker.data(), walker.done.arguments
    ends = (given.get("min_val", given.get("min")), given.get("max_val", given.get("max")))
    kind = {(0, None): "relu", (0, 6): "relu6"}.get(ends)
    if kind is None:
        raise Unknown(f"it cuts off values below {ends[0]} and above {ends[1]}")
    walker.gives(view._replace(layer=walker.make(kind, {}, [view.layer], view.shape)))


HANDLERS: Handlers = {
    **dict.fromkeys(("add", "iadd", "radd"), partial(binary, kind=Add)),
    **dict.fromkeys(("sub", "isub", "subtract"), partial(binary, kind=Subtract)),
    **dict.fromkeys(("mul", "imul", "rmul", "multiply"), partial(binary, kind=Multiply)),
    **dict.fromkeys(("div", "itruediv", "true_divide", "divide"), partial(binary, kind=Divide)),
    **dict.fromkeys(("hardtanh", "clamp", "clip", "clamp_min"), clamp),
    "rsub": reversed_subtraction,
    "neg": negative,
    "pow": power,
    "square": partial(power, exponent=2),
    "sqrt": partial(power, exponent=0.5),
    "rsqrt": partial(power, exponent=-0.5),
    "reciprocal": partial(power, exponent=-1),
}
