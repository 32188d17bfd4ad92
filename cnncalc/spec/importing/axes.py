"""Operations along axes: concatenation, softmax and reductions."""

from typing import Any

from cnncalc import layers
from cnncalc.spec.importing.values import BATCH, Known, Unknown, View
from cnncalc.spec.importing.views import word
from cnncalc.spec.importing.walker import Handlers, Walker


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
    **dict.fromkeys(("cat", "concat", "concatenate"), concat),
    **dict.fromkeys(("softmax", "log_softmax"), along),
    **dict.fromkeys(REDUCED, reduce),
    **dict.fromkeys(("norm", "linalg_vector_norm"), norm),
}
