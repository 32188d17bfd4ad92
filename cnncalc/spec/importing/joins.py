"""Operations between tensors, or of one along some axes."""

from functools import partial
from math import inf
from typing import Any

from cnncalc import layers
from cnncalc.core.call import one_size
from cnncalc.layers._arithmetic import Arithmetic
from cnncalc.layers.add import Add
from cnncalc.layers.divide import Divide
from cnncalc.layers.multiply import Multiply
from cnncalc.layers.subtract import Subtract
from cnncalc.spec.importing.record import Ref
from cnncalc.spec.importing.values import BATCH, Known, Unknown, View
from cnncalc.spec.importing.views import ranged, word
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
    """A factor for every channel, or a summand for every element."""
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
    """Whether a view is that of a factor for every channel, the last layer so far: of the layers
    that can have a bias, only that has no fields."""
    last = walker.made[-1]
    if view.layer != len(walker.made) - 1 or last.is_input or last.fields:
        return False
    return layers.find(last.kind).kind.takes_bias


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


def concat(walker: Walker) -> None:
    """Concatenated maps; a parameter before a signal is a class token."""
    tensors = [walker.value(one) for one in walker.done.arguments["tensors"]]
    views = [one for one in tensors if isinstance(one, View)]
    given = walker.done.arguments.get("dim", walker.done.arguments.get("axis", 0))
    axis = given % len(views[0].axes)
    if len(views) < len(tensors):
        _token(walker, tensors, axis)
        return
    first = views[0]
    if all(view.axes == first.axes for view in views):
        reads, axes = [view.layer for view in views], first.axes
        place = first.at(axis)
        total = sum(view.shape[place] for view in views)
        shape = (*first.shape[:place], total, *first.shape[place + 1 :])
    else:
        reads, shape = [walker.plain(view) for view in views], walker.result()
        axes, place = (BATCH, *range(len(shape))), axis - 1
    fields = {"along": word(View.of(0, shape), place)} if place else {}
    walker.gives(View(walker.make("concat", fields, reads, shape), shape, axes))


def _token(walker: Walker, tensors: list[Any], axis: int) -> None:
    token, *rest = tensors
    if len(rest) != 1 or not isinstance(token, Known) or not isinstance(rest[0], View):
        raise Unknown("it concatenates a map with parameters")
    view = rest[0]
    if len(token.held) != 1 or len(view.shape) != 2 or view.at(axis) != 1:
        raise Unknown("it concatenates a map with parameters")
    tokens = token.sizes[axis]
    shape = (view.shape[0], view.shape[1] + tokens)
    held = {"weight": token.held[0]}
    made = walker.make("class_token", {"tokens": tokens}, [view.layer], shape, held)
    walker.gives(View(made, shape, view.axes))


def linear(walker: Walker) -> None:
    """A linear layer along the last axis."""
    view = walker.data()
    held, _, attributes = walker.parts()
    last = view.at(-1)
    if last:
        order = (last, *(place for place in range(len(view.shape)) if place != last))
        moved = tuple(view.shape[place] for place in order)
        layer = walker.make("permute", {"order": list(order)}, [view.layer], moved)
        axes = tuple(BATCH if axis == BATCH else order.index(axis) for axis in view.axes)
        view = View(layer, moved, axes)
    shape = (held["weight"].sizes[0], *view.shape[1:])
    if len(shape) > 2:  # the same as a convolution with filters of size 1
        fields: dict[str, Any] = {"out_channels": shape[0], "kernel_size": 1}
        fields |= {} if "bias" in held else {"bias": False}
        numbers = {name: one.held[0] for name, one in held.items()}
        made = walker.make("conv", fields, [view.layer], shape, numbers, walker.done.macs)
        walker.gives(View(made, shape, view.axes))
        return
    kind = layers.load("linear")
    walker.gives(walker.called(kind, [view.layer], shape, view.axes, held, attributes))


def convolution(walker: Walker) -> None:
    """A convolution, whose filters may be brought to mean 0 and variance 1 first."""
    filters = walker.argument("weight")
    if isinstance(filters, Known) and filters.computed and len(filters.held) == 1:
        calls = [walker.recording.calls[place] for place in sorted(filters.calls)]
        plain = not any(call.arguments.get("running_mean") for call in calls)
        if plain and tuple(call.name for call in calls) in STANDARDIZED:
            weight = {"weight": Ref(filters.held[0])}
            walker.done = walker.done._replace(
                name="standardized_conv", arguments={**walker.done.arguments, **weight}
            )
    walker.kind()


STANDARDIZED = (("reshape", "batch_norm", "reshape_as"), ("view", "batch_norm", "view_as"))
"""The calls that standardize filters: a batch norm with one channel for each."""


def clamp(walker: Walker) -> None:
    """Values cut off below 0, and perhaps above 6."""
    view, given = walker.data(), walker.done.arguments
    ends = (given.get("min_val", given.get("min")), given.get("max_val", given.get("max")))
    kind = {(0, None): "relu", (0, 6): "relu6"}.get(ends)
    if kind is None:
        raise Unknown(f"it cuts off values below {ends[0]} and above {ends[1]}")
    walker.gives(view._replace(layer=walker.make(kind, {}, [view.layer], view.shape)))


def attention(walker: Walker) -> None:
    """Multi-head attention of positions to one another, or to those of another map."""
    held, (query, *others), attributes = walker.parts()
    if any(one.axes[-1] != 0 or BATCH not in one.axes for one in (query, *others)):
        raise Unknown("the channels are not the last axis")
    if [bool(attributes.get(name)) for name in UNUSUAL] != [False] * len(UNUSUAL):
        raise Unknown("it has more than queries, keys and values")
    key, value = others
    if key != value:
        raise Unknown("its keys and values differ")
    reads = [query.layer] if query == key else [query.layer, key.layer]
    kind = layers.load("attention")
    given = {"num_heads": attributes["num_heads"]}
    walker.gives(walker.called(kind, reads, query.shape, query.axes, held, given))


UNUSUAL = ("bias_k", "bias_v", "add_zero_attn", "attn_mask", "key_padding_mask", "static_k",
           "static_v", "is_causal")  # fmt: skip
"""Arguments of attention that the kind does not have."""


def layer_norm(walker: Walker) -> None:
    """Layer normalisation over the last axes, wherever those are among the dimensions."""
    view = walker.data()
    held, _, attributes = walker.parts()
    axes = len(attributes["normalized_shape"])
    places = view.axes[-axes:]
    if places == (0,) and len(view.shape) > 1:
        attributes["over"] = "channels"
    elif places == (len(view.shape) - 1,) and len(view.shape) > 1:
        attributes["over"] = "last"
    elif sorted(places) != [*range(len(view.shape))] or not view.in_order:
        raise Unknown("it normalises some of several axes")
    kind = layers.load("layer_norm")
    walker.gives(walker.called(kind, [view.layer], view.shape, view.axes, held, attributes))


def along(walker: Walker) -> None:
    """A function along an axis, such as a softmax."""
    view = walker.data()
    place = view.at(walker.axis(default=-1))
    kind = layers.find(walker.done.name).kind
    attributes = {"over": word(view, place)}
    walker.gives(walker.called(kind, [view.layer], view.shape, view.axes, {}, attributes))


def norm(walker: Walker) -> None:
    """The Euclidean norm."""
    order = walker.argument("ord", walker.argument("p", 2))
    if order not in (2, None, "fro"):
        raise Unknown(f"it is a norm of order {order}")
    reduce(walker)


def embedding(walker: Walker) -> None:
    """A row of numbers for each index."""
    view = walker.data()
    held, _, _ = walker.parts()
    rows, numbers = held["weight"].sizes
    shape = (numbers, *view.shape)
    fields = {"num_embeddings": rows, "embedding_dim": numbers}
    weight = {"weight": held["weight"].held[0]}
    made = walker.make("embedding", fields, [view.layer], shape, weight)
    walker.gives(View(made, shape, (BATCH, 1, 0)))


def recurrent(walker: Walker) -> None:
    """A recurrent network over the positions of a signal."""
    name, given, view = walker.done.name.partition("_")[0], walker.done.arguments, walker.data()
    if view.axes not in ((BATCH, 1, 0), (1, BATCH, 0)):
        raise Unknown("it does not read the positions of a signal")
    numbers = [known.held[0] for one in given["params"] if (known := walker.value(one)).held]
    directions = 2 if given["bidirectional"] else 1
    size = walker.sizes(numbers[1])[1]
    stacked = {"num_layers": given["num_layers"]} if given["num_layers"] > 1 else {}
    fields = {"hidden_size": size, **stacked}
    fields |= {"bidirectional": True} if directions == 2 else {}
    fields |= {} if given["has_biases"] else {"bias": False}
    words = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if given["has_biases"] else [])]
    endings = [f"_l{n}{way}" for n in range(given["num_layers"]) for way in WAYS[:directions]]
    held = dict(zip([f"{word}{ending}" for ending in endings for word in words], numbers))
    shape = (directions * size, view.shape[1])
    made = walker.make(name, fields, [view.layer], shape, held, walker.done.macs)
    walker.gives(View(made, shape, view.axes))


WAYS = ("", "_reverse")
"""The directions of a recurrent network."""


def pool_with_indices(walker: Walker) -> None:
    """A max pool whose indices an unpooling layer uses."""
    walker.done = walker.done._replace(
        name="max_pool",
        arguments={**walker.done.arguments, "return_indices": False},
    )
    walker.kind()
    ceil = bool(walker.argument("ceil_mode"))
    walker.pooled[walker.done.made[1]] = walker.plain(walker.data()), ceil


def unpool(walker: Walker) -> None:
    """Values put back where a max pool found them."""
    given = walker.done.arguments
    if given["indices"].number not in walker.pooled:
        raise Unknown("its indices are not those of a max pool")
    pooled, ceil = walker.pooled[given["indices"].number]
    names = ("kernel_size", "stride", "padding")
    fields = {name: one_size(given[name]) for name in names if given.get(name) not in (None, 0)}
    fields |= {"ceil_mode": True} if ceil else {}
    shape = walker.result()
    made = walker.make("max_unpool", fields, [walker.plain(walker.data()), pooled], shape)
    walker.gives(View.of(made, shape))


def pad(walker: Walker) -> None:
    """Padding, which the layer after it may do itself; by negative numbers, it crops."""
    given = walker.done.arguments
    sides, value = given["pad"], given.get("value") or 0
    view = walker.data()
    if max(sides) <= 0:
        pairs = zip(range(len(view.axes) - 1, 0, -1), sides[::2], sides[1::2])
        ends = {axis: (-before, view.shape[view.at(axis)] + after) for axis, before, after in pairs}
        walker.gives(ranged(walker, view, ends))
        return
    if value == -inf:  # for a max pool
        walker.opaque_pad()
    else:
        walker.kind()
    if given.get("mode", "constant") == "constant" and min(sides) >= 0 and view.in_order:
        axes = len(view.shape) - 1
        listed = [list(pair) for pair in zip(sides[::2], sides[1::2])]
        listed = [[0, 0]] * (axes - len(listed)) + listed[::-1]
        plain = len({tuple(pair) for pair in listed}) == 1 and listed[0][0] == listed[0][1]
        walker.pads[len(walker.made) - 1] = (listed[0][0] if plain else listed, value)


def own(walker: Walker) -> None:
    """A module that was made from a layer."""
    given = walker.done.arguments
    kind, fields = given["layer"]
    views = [walker.value(one) for one in given["inputs"]]
    held = {name: walker.value(one).held[0] for name, one in given["held"].items()}
    shape = walker.result()
    reads = [walker.plain(view) for view in views]
    walker.gives(View.of(walker.make(kind, fields, reads, shape, held, walker.done.macs), shape))


REDUCED = {"mean": "mean", "sum": "sum", "amax": "max", "var": "var", "norm": "norm",
           "linalg_vector_norm": "norm"}  # fmt: skip


def reduce(walker: Walker) -> None:
    """A mean, sum or maximum over axes."""
    view = walker.data()
    given = walker.done.arguments.get("dim", walker.done.arguments.get("axis"))
    listed = [*range(len(view.axes))] if given is None else given
    listed = listed if isinstance(listed, tuple | list) else [listed]
    places = sorted(view.at(axis % len(view.axes)) for axis in listed)
    keeps = bool(walker.argument("keepdim"))
    by = REDUCED[walker.done.name]
    spatial = places == [*range(1, len(view.shape))]
    kept = tuple(n for place, n in enumerate(view.shape) if place not in places)
    ones = tuple(1 if place in places else n for place, n in enumerate(view.shape))
    shape = ones if keeps else kept
    if by == "mean" and spatial:
        fields: dict[str, Any] = {} if keeps else {"keepdim": False}
        layer = walker.make("global_avg_pool", fields, [view.layer], shape)
    else:
        fields = {"by": by, "over": [word(view, place) for place in places]}
        fields |= {} if keeps else {"keepdim": False}
        layer = walker.make("reduce", fields, [view.layer], shape)
    if keeps:
        walker.gives(view._replace(layer=layer, shape=shape))
        return
    left = [place for place in range(len(view.shape)) if place not in places]
    axes = [axis for axis in view.axes if axis not in places]
    walker.gives(
        View(layer, shape, tuple(BATCH if axis == BATCH else left.index(axis) for axis in axes))
    )


HANDLERS: Handlers = {
    **dict.fromkeys(["add", "iadd", "radd"], partial(binary, kind=Add)),
    **dict.fromkeys(["sub", "isub", "subtract"], partial(binary, kind=Subtract)),
    **dict.fromkeys(["mul", "imul", "rmul", "multiply"], partial(binary, kind=Multiply)),
    **dict.fromkeys(["div", "itruediv", "true_divide", "divide"], partial(binary, kind=Divide)),
    **dict.fromkeys(["cat", "concat", "concatenate"], concat),
    **dict.fromkeys(("softmax", "log_softmax"), along),
    **dict.fromkeys(REDUCED, reduce),
    **dict.fromkeys(("norm", "linalg_vector_norm"), norm),
    "embedding": embedding,
    **dict.fromkeys(("lstm", "gru", "rnn_tanh"), recurrent),
    **dict.fromkeys((f"max_pool{n}d_with_indices" for n in (1, 2, 3)), pool_with_indices),
    **dict.fromkeys((f"max_unpool{n}d" for n in (1, 2, 3)), unpool),
    "pad": pad,
    "layer": own,
    "rsub": reversed_subtraction,
    "neg": negative,
    "pow": power,
    "square": partial(power, exponent=2),
    "sqrt": partial(power, exponent=0.5),
    "rsqrt": partial(power, exponent=-0.5),
    "reciprocal": partial(power, exponent=-1),
    "linear": linear,
    **dict.fromkeys((f"conv{n}d" for n in (1, 2, 3)), convolution),
    "multi_head_attention_forward": attention,
    **dict.fromkeys(("hardtanh", "clamp", "clip", "clamp_min"), clamp),
    "layer_norm": layer_norm,
}
