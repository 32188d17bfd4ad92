"""Operations along axes: concatenation, softmax, reductions, and dropout of channels."""

from collections.abc import Sequence
from math import prod
from typing import Any

from cnncalc import layers
from cnncalc.layers._axes import word
from cnncalc.spec.importing.record import Ref
from cnncalc.spec.importing.regrouping import merged, regrouped, shaped
from cnncalc.spec.importing.sources import source
from cnncalc.spec.importing.values import BATCH, Known, Regrouped, Unknown, View
from cnncalc.spec.importing.walker import Handlers, Walker


def concat(walker: Walker) -> None:
    """Concatenate maps; a parameter before a signal is a class token."""
    listed = walker.done.arguments["tensors"]
    listed = [one for one in listed if 0 not in walker.sizes(one.number)]
    given = walker.done.arguments.get("dim", walker.done.arguments.get("axis", 0))
    axis = given % len(walker.sizes(walker.done.made[0]))
    try:
        tensors = [walker.value(one) for one in listed]
    except Unknown:
        _joined_rows(walker, [walker.raw(one) for one in listed], axis)
        return
    views = [one for one in tensors if isinstance(one, View)]
    first = views[0]
    if len(views) < len(tensors):
        if _is_token(walker, tensors, axis):
            _token(walker, tensors[0], tensors[1], axis)
            return
        views = [source(walker, one, first) for one in listed]
    if all((view.axes, view.inside) == (first.axes, first.inside) for view in views):
        first, *_ = views = [walker.straight(view) for view in views]
        place = first.at(axis)
        total = sum(view.shape[place] for view in views)
        shape = (*first.shape[:place], total, *first.shape[place + 1 :])
    else:
        views = [View.of(walker.plain(view), view.sizes[1:]) for view in views]
        shape, place = walker.result(), axis - 1
        first = View.of(0, shape)
    fields = {"along": word(shape, place)} if place else {}
    made = walker.make("concat", fields, [view.layer for view in views], shape)
    walker.gives(first._replace(layer=made, shape=shape))


def _joined_rows(walker: Walker, tensors: Sequence[Any], axis: int) -> None:
    """Concatenate tensors with more axes than a map."""
    if not all(isinstance(one, View | Regrouped) for one in tensors):
        raise Unknown("some of its tensors do not depend on the network's input")
    first, *others = values = [merged(walker, regrouped(one), axis) for one in tensors]
    (at,) = first.axes[axis]
    before, after = first.atoms[:at], first.atoms[at + 1 :]
    wanted = (first.axes, before, after)
    if any((one.axes, one.atoms[:at], one.atoms[at + 1 :]) != wanted for one in others):
        raise Unknown("it concatenates tensors with axes in different orders")
    outer, inner = prod(before), prod(after)
    reads = [shaped(walker, one.layer, [outer, one.atoms[at], inner]) for one in values]
    total = sum(one.atoms[at] for one in values)
    made = walker.make("concat", {"along": "height"}, reads, (outer, total, inner))
    walker.gives(Regrouped(made, (*before, total, *after), first.axes))


def stack(walker: Walker) -> None:
    """Stack tensors along a new axis, by concatenating them."""
    first, *others = [walker.value(one) for one in walker.done.arguments["tensors"]]
    if not isinstance(first, View) or any(
        not isinstance(one, View) or (one.axes, one.inside) != (first.axes, first.inside)
        for one in others
    ):
        raise Unknown("it stacks tensors with axes in different orders, or parameters")
    first, *others = (walker.straight(view) for view in (first, *others))
    count, axes = 1 + len(others), [*regrouped(first).axes]
    axis = walker.done.arguments.get("dim", 0) % (len(axes) + 1)
    reads, shape = [first.layer, *(one.layer for one in others)], first.shape
    at = sum(one != BATCH for before in axes[:axis] for one in before)
    atoms = (*shape[:at], count, *shape[at:])
    axes = [tuple(one + (one >= at) for one in listed) for listed in axes]
    axes.insert(axis, (at,))
    if at == len(shape):
        shape, at = (prod(shape), 1), 1
        reads = [shaped(walker, layer, shape) for layer in reads]
    fields = {"along": word(shape, at)} if at else {}
    shape = (*shape[:at], count * shape[at], *shape[at + 1 :])
    made = walker.make("concat", fields, reads, shape)
    walker.gives(Regrouped(made, atoms, tuple(axes)))


def _is_token(walker: Walker, tensors: list[Any], axis: int) -> bool:
    """Whether learned numbers come before the positions of a signal."""
    token, view, *others = tensors
    if others or not isinstance(token, Known) or not isinstance(view, View) or token.computed:
        return False
    learned = [walker.recording.tensors[number].origin for number in token.held] == ["parameter"]
    return learned and len(view.shape) == 2 and view.axes[axis] == 1


def _token(walker: Walker, token: Known, view: View, axis: int) -> None:
    tokens = token.sizes[axis]
    shape = (view.shape[0], view.shape[1] + tokens)
    held = {"weight": token.held[0]}
    made = walker.make("class_token", {"tokens": tokens}, [view.layer], shape, held)
    walker.gives(View(made, shape, view.axes))


def along(walker: Walker) -> None:
    """A function along an axis, such as a softmax."""
    kind, axis = layers.find(walker.done.name).kind, _axis(walker)
    attributes = {"eps": walker.argument("eps")}
    try:
        view = walker.data()
    except Unknown:
        value = _in_rows(walker, axis)
        shape, attributes = walker.made[value.layer].shape, {**attributes, "over": "height"}
        made = walker.called(kind, [value.layer], shape, (), {}, attributes)
        walker.gives(value._replace(layer=made.layer))
        return
    if walker.done.name.endswith("softmax"):
        view = walker.straight(view)
    attributes |= {"over": word(view.shape, view.at(axis))}
    walker.gives(walker.changed(view, kind, {}, attributes))


def _axis(walker: Walker) -> int:
    """The axis. A softmax without one is over the first axis, the batch, of a tensor with one or
    three axes, and over the second of any other."""
    if walker.done.arguments.get("dim", -1) is not None:
        return walker.axis(default=-1)
    if len(walker.tensor().axes) in (1, 3):
        raise Unknown("it is computed over the batch")
    return 1


def _in_rows(walker: Walker, axis: int) -> Regrouped:
    """The input as three dimensions, the second of which is the axis."""
    value = merged(walker, regrouped(walker.tensor()), axis)
    (at,), atoms = value.axes[axis], value.atoms
    sizes = [prod(atoms[:at]), atoms[at], prod(atoms[at + 1 :])]
    return value._replace(layer=shaped(walker, value.layer, sizes))


def channel_dropout(walker: Walker) -> None:
    """Dropout of positions along the second axis, which PyTorch treats as the channels."""
    shape, _, attributes = walker.result(), *walker.parts()[1:]
    if walker.done.name == "dropout3d" and len(shape) < 4:
        raise Unknown("it treats the images as channels")
    layer = walker.plain(walker.data())
    axes = (BATCH, *range(len(shape)))
    kind = layers.load("channel_dropout")
    walker.gives(walker.called(kind, [layer], shape, axes, {}, attributes))


def normalize(walker: Walker) -> None:
    """Divide values by their Euclidean norm along an axis."""
    if walker.argument("p", 2) != 2:
        raise Unknown("its norm is not the Euclidean one")
    along(walker)


def norm(walker: Walker) -> None:
    """The Euclidean norm."""
    order = walker.argument("ord", walker.argument("p", 2))
    if order not in (2, None, "fro"):
        raise Unknown(f"it is a norm of order {order}")
    reduce(walker)


REDUCED = {"mean": "mean", "sum": "sum", "amax": "max", "max": "max", "var": "var", "norm": "norm",
           "linalg_vector_norm": "norm"}  # fmt: skip


def largest(walker: Walker) -> None:
    """Take the elementwise maximum of two tensors, or the maximum along an axis with its index."""
    if isinstance(walker.done.arguments.get("dim"), Ref):
        arguments = {"input": walker.done.arguments["input"], "other": walker.done.arguments["dim"]}
        walker.done = walker.done._replace(name="maximum", arguments=arguments)
        walker.handlers.get("maximum", Walker.kind)(walker)
        return
    reduce(walker)


def reduce(walker: Walker) -> None:
    """Reduce axes to their mean, sum, maximum, variance or norm."""
    given = walker.done.arguments.get("dim", walker.done.arguments.get("axis"))
    rank = len(walker.tensor().axes)
    listed = [*range(rank)] if given is None else given
    listed = listed if isinstance(listed, tuple | list) else [listed]
    listed = [axis % rank for axis in listed]
    by, keeps = REDUCED[walker.done.name], bool(walker.argument("keepdim"))
    try:
        view = walker.data()
    except Unknown:
        if len(listed) > 1:
            raise
        walker.gives(_reduced_rows(walker, by, listed[0], keeps))
        return
    places = sorted(view.at(axis) for axis in listed)
    spatial = places == [*range(1, len(view.shape))] and not view.inside
    kept = tuple(n for place, n in enumerate(view.shape) if place not in places)
    ones = tuple(1 if place in places else n for place, n in enumerate(view.shape))
    shape = ones if keeps else kept
    if by == "mean" and spatial:
        fields: dict[str, Any] = {} if keeps else {"keepdim": False}
        layer = walker.make("global_avg_pool", fields, [view.layer], shape)
    else:
        fields = {"by": by, "over": [word(view.shape, place) for place in places]}
        fields |= {} if keeps else {"keepdim": False}
        fields |= {"indices": True} if len(walker.done.made) > 1 else {}
        layer = walker.make("reduce", fields, [view.layer], shape)
    if keeps:
        walker.gives(view._replace(layer=layer, shape=shape))
        return
    left = [place for place in range(len(view.shape)) if place not in places]
    axes = [axis for axis in view.axes if axis not in places]
    axes = [BATCH if axis == BATCH else left.index(axis) for axis in axes]
    inside = tuple(left.index(place) for place in view.inside)
    walker.gives(View(layer, shape, tuple(axes), inside))


def _reduced_rows(walker: Walker, by: str, axis: int, keeps: bool) -> Regrouped:
    """Reduce one axis of a tensor that has more axes than a map."""
    value = _in_rows(walker, axis)
    (at,) = value.axes[axis]
    before, _, after = walker.made[value.layer].shape
    fields: dict[str, Any] = {"by": by, "over": ["height"]}
    fields |= {"indices": True} if len(walker.done.made) > 1 else {}
    layer = walker.make("reduce", fields, [value.layer], (before, 1, after))
    atoms = (*value.atoms[:at], 1, *value.atoms[at + 1 :])
    axes = value.axes if keeps else (*value.axes[:axis], *value.axes[axis + 1 :])
    return Regrouped(layer, atoms, axes)


HANDLERS: Handlers = {
    **dict.fromkeys(("cat", "concat", "concatenate"), concat),
    "stack": stack,
    **dict.fromkeys(("softmax", "log_softmax"), along),
    **dict.fromkeys(("dropout1d", "dropout2d", "dropout3d"), channel_dropout),
    "normalize": normalize,
    **dict.fromkeys(REDUCED, reduce),
    "max": largest,
    **dict.fromkeys(("norm", "linalg_vector_norm"), norm),
}
