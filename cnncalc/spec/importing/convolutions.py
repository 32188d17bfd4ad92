"""Linear layers, convolutions, pools and the padding before them."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from cnncalc import layers
from cnncalc.core.call import one_size
from cnncalc.core.shape import Map
from cnncalc.layers._window import sides_of
from cnncalc.layers.blur_pool import BlurPool
from cnncalc.spec.importing.arithmetic import added
from cnncalc.spec.importing.copies import copy, is_only_copied, laid_out
from cnncalc.spec.importing.parts import ranged
from cnncalc.spec.importing.record import Ref
from cnncalc.spec.importing.regrouping import arranged, long, merged, regrouped, shaped
from cnncalc.spec.importing.values import BATCH, Known, Regrouped, Unknown, View
from cnncalc.spec.importing.walker import Handlers, Walker


def linear(walker: Walker) -> None:
    """A linear layer along the last axis; a bias that is computed is added afterwards."""
    bias = walker.done.arguments.get("bias")
    if isinstance(known := walker.value(bias), Known) and known.computed:
        arguments = {n: one for n, one in walker.done.arguments.items() if n != "bias"}
        walker.done = walker.done._replace(arguments=arguments)
        linear(walker)
        view = walker.data_of(walker.done.made[0])
        walker.gives(added(walker, view, bias))
        return
    value = walker.tensor()
    if isinstance(value, Regrouped) and _is_of_rows(value):
        _linear_of_rows(walker, value)
        return
    view = walker.data()
    held, _, attributes = walker.parts()
    last = view.at(-1)
    # Whether a list of rows that are merged with the batch is a copy may depend on the batch size.
    copies = bool(view.inside) or _copies_rows(walker)
    copies = copies and len(view.shape) > 2 and view.axes[0] == BATCH
    others = _rows(view) if copies else sorted({*range(len(view.shape))} - {last})
    view = walker.moved(view, [last, *others])
    shape = (held["weight"].sizes[0], *view.shape[1:])
    if len(shape) > 2 and not copies:  # the same as a convolution with filters of size 1
        layer = _pointwise(walker, _copied(walker, view.layer), held, shape)
        walker.gives(View(layer, shape, view.axes, view.inside))
        return
    result = walker.called(layers.load("linear"), [view.layer], shape, view.axes, held, attributes)
    walker.gives(result._replace(inside=view.inside))


def _copies_rows(walker: Walker) -> bool:
    """Whether PyTorch copies the input of a linear layer because it cannot be viewed as a list of
    rows. A convolution copies nothing."""
    laid = laid_out(walker, 2)
    return not laid.viewed((prod(laid.sizes[:-1]), laid.sizes[-1]))


def _copied(walker: Walker, layer: int) -> int:
    """The input of a convolution that replaces a linear layer: the layer, or a copy if PyTorch
    makes one."""
    return copy(walker, layer, "unknown") if _copies_rows(walker) else layer


def _rows(value: View | Regrouped) -> list[int]:
    """The parts of a tensor's rows in order: all of its axes but the last, without the batch."""
    return [at for axis in regrouped(value).axes[:-1] for at in axis if at != BATCH]


def _pointwise(
    walker: Walker, layer: int, held: Mapping[str, Known], shape: tuple[int, ...]
) -> int:
    """A convolution with filters of size 1, which have the weights of a linear layer."""
    fields: dict[str, Any] = {"out_channels": shape[0], "kernel_size": 1}
    fields |= {} if "bias" in held else {"bias": False}
    numbers = {name: one.held[0] for name, one in held.items()}
    return walker.make("conv", fields, [layer], shape, numbers, walker.done.macs)


def _is_of_rows(value: Regrouped) -> bool:
    """Whether the first axis of a tensor begins with the batch, and at least two others are larger
    than 1."""
    return (
        value.axes[0][:1] == (BATCH,)
        and len([axis for axis in value.axes if long(value, axis)]) > 2
    )


def _linear_of_rows(walker: Walker, value: Regrouped) -> None:
    """A linear layer along the last axis of a tensor whose axes are not those of a layer's output.
    Its other axes become the positions of a signal."""
    rows, last = _rows(value), long(value, value.axes[-1])
    layer = arranged(walker, value, [rows, last])
    positions, channels = walker.made[layer].shape
    layer = walker.make("permute", {"order": [1, 0]}, [layer], (channels, positions))
    given = {name: one for name, one in walker.done.arguments.items() if name != "input"}
    walker.done = walker.done._replace(arguments=given)
    held, _, attributes = walker.parts()
    size = held["weight"].sizes[0]
    kind = layers.load("linear")
    made = walker.called(kind, [layer], (size, positions), (), held, attributes)
    places = {BATCH: BATCH, **{at: place for place, at in enumerate(rows, 1)}}
    axes = (*(tuple(places[at] for at in axis) for axis in value.axes[:-1]), (0,))
    walker.gives(Regrouped(made.layer, (size, *(value.atoms[at] for at in rows)), axes))


def convolution(walker: Walker) -> None:
    """A convolution, whose filters may first be standardized to mean 0 and variance 1, or scaled to
    learned lengths."""
    filters = walker.argument("weight")
    if isinstance(filters, Known) and filters.computed:
        _standardized(walker, filters)
        _weight_norm(walker, filters)
    elif isinstance(filters, Known) and _blurs(walker, filters):
        return
    if walker.data().inside:
        _of_each(walker)
        return
    walker.kind()


def _of_each(walker: Walker) -> None:
    """A convolution of a map whose batch is merged with other axes: these become frames."""
    value, (batch, *sizes) = regrouped(walker.data()), walker.sizes(walker.done.made[0])
    images, channels, *spatial = value.axes
    if images[:1] != (BATCH,):
        raise Unknown("the batch is not its first axis")
    layer = arranged(walker, value, [channels, images[1:], *spatial])
    held, _, attributes = walker.parts()
    shape = (sizes[0], -batch, *sizes[1:])
    made = walker.of_frames(layers.load("conv"), layer, shape, held, attributes)
    axes = ((BATCH, 1), (0,), *((place,) for place in range(2, len(shape))))
    walker.gives(Regrouped(made, shape, axes))


def _standardized(walker: Walker, filters: Known) -> None:
    """Replace the current call with one of a standardized convolution, if the model standardizes
    its filters."""
    calls = [walker.recording.calls[place] for place in sorted(filters.calls)]
    names = [call.name for call in calls if call.name not in ("view", "reshape")]
    norms = [call.arguments for call in calls if call.name == "batch_norm"]
    if names not in STANDARDIZED or norms[0].get("running_mean"):
        return
    held = dict(zip(("weight", "gain"), map(Ref, filters.held)))
    factors = [call.arguments["other"] for call in calls if call.name == "mul"]
    if len(held) != 1 + len(factors) or any(isinstance(factor, Ref) for factor in factors):
        return
    more = {"eps": norms[0]["eps"], **dict(zip(["factor"], factors))}
    arguments = {**walker.done.arguments, **more, **held}
    walker.done = walker.done._replace(name="standardized_conv", arguments=arguments)


STANDARDIZED = (
    ["batch_norm", "reshape_as"],
    ["batch_norm", "view_as"],
    ["mul", "batch_norm", "reshape_as"],
)
"""The calls that standardize filters, besides ``view`` and ``reshape``: a batch norm with a channel
for each filter."""


def _weight_norm(walker: Walker, filters: Known) -> None:
    """Replace the current call with one of a weight-normalized convolution, if the model normalizes
    its filters."""
    calls = [walker.recording.calls[place] for place in filters.calls]
    if [call.name for call in calls] != ["weight_norm"]:
        return
    weight, scale, *dim = calls[0].arguments.values()
    if dim in ([], [0]):
        arguments = {**walker.done.arguments, "weight": weight, "scale": scale}
        walker.done = walker.done._replace(name="weight_norm_conv", arguments=arguments)


def _blurs(walker: Walker, filters: Known) -> bool:
    """Whether the current call blurs a map that was extended by reflection, with fixed filters. If
    so, it becomes a layer."""
    view = walker.data()
    pad = walker.made[view.layer]
    origin = walker.recording.tensors[filters.held[0]].origin
    channels, each, *window = filters.sizes
    plain = (channels, each, origin) == (view.shape[0], 1, "buffer") and len({*window}) == 1
    if not plain or walker.argument("bias") is not None or pad.fields.get("mode") != "reflect":
        return False
    stride = one_size(walker.argument("stride"))
    layer = BlurPool.parse({"kernel_size": window[0], "stride": stride})
    (source,) = pad.reads
    x = walker.made[source].shape
    sides = sides_of(pad.fields["padding"], Map(x[0], x[1:]))
    if [(axis.before, axis.after) for axis in layer.axes(Map(x[0], x[1:]))] != [*sides]:
        return False
    fields = {"kernel_size": window[0], **({} if stride == 2 else {"stride": stride})}
    shape, held = walker.result(), {"filt": filters.held[0]}
    made = walker.make(BlurPool.kind, fields, [source], shape, held, walker.done.macs)
    walker.gives(View.of(made, shape))
    return True


def pool(walker: Walker) -> None:
    """A pool; if the batch is merged with other axes, those count as channels, or as rows."""
    given = walker.tensor()
    last = all(laid_out(walker, batch).suggested[0] == 1 for batch in (1, 2))
    view = walker.data()
    if last and isinstance(given, Regrouped) and not view.inside:
        walker.values[walker.done.arguments["input"].number] = _channels_last(walker, given)
    if not view.inside:
        walker.kind()
        return
    if last and _tiles(walker):
        _pool_of_rows(walker, regrouped(given))
        return
    value, (batch, *sizes) = regrouped(view), walker.sizes(walker.done.made[0])
    first, channels, *spatial = value.axes
    if first[:1] != (BATCH,):
        raise Unknown("the batch is not its first axis")
    layer = arranged(walker, value, [[*first[1:], *channels], *spatial])
    if not laid_out(walker, 2).contiguous:  # the pool would save the copy
        layer = copy(walker, layer, "unknown")
    shape = (-batch * sizes[0], *sizes[1:])
    made = _pooled(walker, layer, shape)
    axes = ((BATCH, 0), *((place,) for place in range(1, len(sizes) + 1)))
    walker.gives(Regrouped(made, (-batch, *sizes), axes))


def _pooled(walker: Walker, layer: int, shape: tuple[int, ...]) -> int:
    """The current pool of a layer's output."""
    _, _, attributes = walker.parts()
    found = layers.known(f"torch.{walker.done.name}")
    assert found is not None
    return walker.called(found.kind, [layer], shape, (), {}, attributes).layer


def _channels_last(walker: Walker, value: Regrouped) -> View:
    """The values as a map in memory with channels last; axes merged with the batch count as
    rows."""
    (_, *maps), channels, rows, *others = value.axes
    layer = arranged(walker, value, [[*maps, *rows], *others, channels])
    shape = walker.made[layer].shape
    return View(layer, shape, (BATCH, len(shape) - 1, *range(len(shape) - 1)))


def _tiles(walker: Walker) -> bool:
    """Whether the windows of a pool divide the rows of every map evenly, and nothing lies between
    the positions of all maps. Their rows may then count as those of a single map, of which PyTorch
    makes no copy."""
    given, (maps, n, rows, *others) = walker.done.arguments, (laid := laid_out(walker, 2)).sizes
    window, stride, padding, dilation = (_first(given.get(name)) for name in WINDOW)
    tiles = rows % window == 0 and stride in (None, window)
    plain = not padding and dilation in (None, 1)
    dense = laid.permuted((0, *range(2, len(laid.sizes)), 1))
    return tiles and plain and dense.viewed((maps * prod((rows, *others)), n)) is not None


WINDOW = ("kernel_size", "stride", "padding", "dilation")
"""The arguments of a window."""


def _first(given: Any) -> Any:
    """The first of several sizes, or the one for all axes."""
    return given[0] if isinstance(given, tuple | list) else given


def _pool_of_rows(walker: Walker, value: Regrouped) -> None:
    """A pool of maps whose rows count as those of a single map."""
    batch, n, rows, *others = walker.sizes(walker.done.made[0])
    layer = walker.plain(_channels_last(walker, value))
    made = _pooled(walker, layer, (n, -batch * rows, *others))
    axes = ((BATCH, 1), (0,), *((place,) for place in range(2, 3 + len(others))))
    walker.gives(Regrouped(made, (n, -batch, rows, *others), axes))


def pool_with_indices(walker: Walker) -> None:
    """A max pool that also returns its indices, which an unpooling layer may use."""
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
    """Padding; negative padding crops. If the two sides of an axis differ, the layer after it may
    pad instead: either way, PyTorch saves the padded copy."""
    given = walker.done.arguments
    sides, value = given["pad"], given.get("value") or 0
    view, constant = walker.data(), given.get("mode", "constant") == "constant"
    spatial = view.in_order and min(sides) >= 0 and not any(sides[2 * len(view.shape) - 2 :])
    spatial = spatial and len(view.shape) > 1
    if spatial or not constant:
        arguments = {**given, "pad": sides[: 2 * len(view.shape) - 2]}
        walker.done = walker.done._replace(arguments=arguments)
        walker.kind()
    else:
        walker.gives(_padded(walker, walker.straight(view), sides, value))
        return
    pairs = list(zip(sides[::2], sides[1::2]))
    if constant and spatial and any(before != after for before, after in pairs):
        around = [[0, 0]] * (len(view.shape) - 1 - len(pairs)) + [list(one) for one in pairs[::-1]]
        walker.pads[len(walker.made) - 1] = (around, value)


def _padded(walker: Walker, view: View, sides: Sequence[int], value: float) -> View:
    """A view that is cropped by negative sides and padded by others, along any axes."""
    pairs = dict(zip(range(len(view.axes) - 1, -1, -1), zip(sides[::2], sides[1::2])))
    pairs = {axis: pair for axis, pair in pairs.items() if any(pair)}
    ends = {
        axis: (max(-before, 0), view.size(axis) + min(after, 0))
        for axis, (before, after) in pairs.items()
    }
    cut = walker.view(ranged(walker, view, ends))
    added = [[0, 0] for _ in cut.shape]
    for axis, (before, after) in pairs.items():
        added[cut.at(axis)] = [max(before, 0), max(after, 0)]
    if not any(map(any, added)):  # PyTorch copies it in the order that it has
        if is_only_copied(walker):
            return cut
        known = all(laid_out(walker, batch).contiguous for batch in (1, 2))
        return cut._replace(layer=copy(walker, cut.layer, "contiguous" if known else "unknown"))
    sizes = [n + before + after for n, (before, after) in zip(cut.shape, added)]
    channels = any(added[0])  # only a map with one more axis can be padded there
    layer = shaped(walker, cut.layer, [1, *cut.shape]) if channels else cut.layer
    fields = {"padding": one_size(added if channels else added[1:])}
    fields |= {"value": value} if value else {}
    shape = (1, *sizes) if channels else tuple(sizes)
    layer = walker.make("pad", fields, [layer], shape)
    return cut._replace(layer=shaped(walker, layer, sizes), shape=tuple(sizes))


def windows(walker: Walker) -> None:
    """Windows along an axis, ``Tensor.unfold``: the values of each are along a new last axis."""
    if "dimension" not in walker.done.arguments:  # the module Unfold, not the method
        walker.kind()
        return
    axis, size, step = walker.axis("dimension"), walker.argument("size"), walker.argument("step")
    value = merged(walker, regrouped(walker.tensor()), axis)
    (at,), atoms = value.axes[axis], value.atoms
    layer = shaped(walker, value.layer, [prod(atoms[:at]), atoms[at], prod(atoms[at + 1 :])])
    before, length, after = walker.made[layer].shape
    count = (length - size) // step + 1
    shape = (before * size, count * after)
    fields = {"kernel_size": [size, 1], "stride": [step, 1]}
    layer = walker.make("unfold", fields, [layer], shape)
    moved = {one: one + (one >= at) for one in range(len(atoms))}
    axes = [tuple(one if one == BATCH else moved[one] for one in axis) for axis in value.axes]
    axes[axis] = (at + 1,)
    atoms = (*atoms[:at], size, count, *atoms[at + 1 :])
    walker.gives(Regrouped(layer, atoms, (*axes, (at,))))


HANDLERS: Handlers = {
    **dict.fromkeys((f"max_pool{n}d_with_indices" for n in (1, 2, 3)), pool_with_indices),
    **dict.fromkeys((f"max_unpool{n}d" for n in (1, 2, 3)), unpool),
    "pad": pad,
    "linear": linear,
    **dict.fromkeys((f"conv{n}d" for n in (1, 2, 3)), convolution),
    "unfold": windows,
    **dict.fromkeys((f"{by}_pool{n}d" for by in ("max", "avg") for n in (1, 2, 3)), pool),
}
