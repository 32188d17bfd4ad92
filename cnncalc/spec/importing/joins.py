"""Concatenations, reductions, normalisations and recurrent layers."""

from typing import Any

from cnncalc import layers
from cnncalc.spec.importing.regrouping import regrouped
from cnncalc.spec.importing.sources import source
from cnncalc.spec.importing.values import BATCH, Known, Regrouped, Unknown, View
from cnncalc.spec.importing.views import word
from cnncalc.spec.importing.walker import Handlers, Walker


def concat(walker: Walker) -> None:
    """Concatenated maps; a parameter before a signal is a class token."""
    listed = walker.done.arguments["tensors"]
    listed = [one for one in listed if 0 not in walker.sizes(one.number)]
    tensors = [walker.value(one) for one in listed]
    views = [one for one in tensors if isinstance(one, View)]
    given = walker.done.arguments.get("dim", walker.done.arguments.get("axis", 0))
    axis = given % len(views[0].axes)
    first = views[0]
    if len(views) < len(tensors):
        if _is_token(tensors, axis):
            _token(walker, tensors[0], tensors[1], axis)
            return
        views = [source(walker, one, first) for one in listed]
    if all((view.axes, view.inside) == (first.axes, first.inside) for view in views):
        reads, like = [view.layer for view in views], first
        place = first.at(axis)
        total = sum(view.shape[place] for view in views)
        shape = (*first.shape[:place], total, *first.shape[place + 1 :])
    else:
        reads, shape = [walker.plain(view) for view in views], walker.result()
        like, place = View.of(0, shape), axis - 1
    fields = {"along": word(View.of(0, shape), place)} if place else {}
    made = walker.make("concat", fields, reads, shape)
    walker.gives(like._replace(layer=made, shape=shape))


def stack(walker: Walker) -> None:
    """Tensors along a new axis, which are concatenated."""
    first, *others = [walker.value(one) for one in walker.done.arguments["tensors"]]
    if not isinstance(first, View) or any(
        not isinstance(one, View) or (one.axes, one.inside) != (first.axes, first.inside)
        for one in others
    ):
        raise Unknown("it stacks tensors with axes in different orders, or parameters")
    count, whole = 1 + len(others), regrouped(first)
    reads = [first.layer, *(one.layer for one in others)]
    shape = (count * first.shape[0], *first.shape[1:])
    axes = [tuple(at + (at != BATCH) for at in axis) for axis in whole.axes]
    axes.insert(walker.done.arguments.get("dim", 0) % (len(axes) + 1), (0,))
    made = walker.make("concat", {}, reads, shape)
    walker.gives(Regrouped(made, (count, *first.shape), tuple(axes)))


def _is_token(tensors: list[Any], axis: int) -> bool:
    """Whether learned numbers come before the positions of a signal."""
    token, view, *others = tensors
    if others or not isinstance(token, Known) or not isinstance(view, View):
        return False
    return len(token.held) == 1 and len(view.shape) == 2 and view.axes[axis] == 1


def _token(walker: Walker, token: Known, view: View, axis: int) -> None:
    tokens = token.sizes[axis]
    shape = (view.shape[0], view.shape[1] + tokens)
    held = {"weight": token.held[0]}
    made = walker.make("class_token", {"tokens": tokens}, [view.layer], shape, held)
    walker.gives(View(made, shape, view.axes))


def clamp(walker: Walker) -> None:
    """Values cut off below 0, and perhaps above 6."""
    view, given = walker.data(), walker.done.arguments
    ends = (given.get("min_val", given.get("min")), given.get("max_val", given.get("max")))
    kind = {(0, None): "relu", (0, 6): "relu6"}.get(ends)
    if kind is None:
        raise Unknown(f"it cuts off values below {ends[0]} and above {ends[1]}")
    walker.gives(view._replace(layer=walker.make(kind, {}, [view.layer], view.shape)))


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
    kind = layers.load(walker.done.name)
    walker.gives(walker.changed(view, kind, held, attributes))


def along(walker: Walker) -> None:
    """A function along an axis, such as a softmax."""
    view = walker.data()
    place = view.at(walker.axis(default=-1))
    kind = layers.find(walker.done.name).kind
    attributes = {"over": word(view, place)}
    walker.gives(walker.changed(view, kind, {}, attributes))


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
    spatial = places == [*range(1, len(view.shape))] and not view.inside
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
    axes = [BATCH if axis == BATCH else left.index(axis) for axis in axes]
    inside = tuple(left.index(place) for place in view.inside)
    walker.gives(View(layer, shape, tuple(axes), inside))


HANDLERS: Handlers = {
    **dict.fromkeys(["cat", "concat", "concatenate"], concat),
    **dict.fromkeys(("softmax", "log_softmax"), along),
    **dict.fromkeys(REDUCED, reduce),
    **dict.fromkeys(("norm", "linalg_vector_norm"), norm),
    "embedding": embedding,
    **dict.fromkeys(("lstm", "gru", "rnn_tanh"), recurrent),
    "layer": own,
    "stack": stack,
    **dict.fromkeys(("hardtanh", "clamp", "clip", "clamp_min"), clamp),
    **dict.fromkeys(("layer_norm", "rms_norm"), layer_norm),
}
