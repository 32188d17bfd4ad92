"""Layers with weights, pools and padding whose calls need more than the class of their kind."""

from math import inf
from typing import Any

from cnncalc import layers
from cnncalc.core.call import one_size
from cnncalc.spec.importing.record import Ref
from cnncalc.spec.importing.values import BATCH, Known, Unknown, View
from cnncalc.spec.importing.views import ranged
from cnncalc.spec.importing.walker import Handlers, Walker


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
    """A convolution, whose filters may first be standardized to mean 0 and variance 1."""
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
    """Padding, which the next layer may do itself; negative padding crops."""
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


def from_layer(walker: Walker) -> None:
    """A module that was made from a layer."""
    given = walker.done.arguments
    kind, fields = given["layer"]
    views = [walker.value(one) for one in given["inputs"]]
    held = {name: walker.value(one).held[0] for name, one in given["held"].items()}
    shape = walker.result()
    reads = [walker.plain(view) for view in views]
    walker.gives(View.of(walker.make(kind, fields, reads, shape, held, walker.done.macs), shape))


HANDLERS: Handlers = {
    **dict.fromkeys(("lstm", "gru", "rnn_tanh"), recurrent),
    **dict.fromkeys((f"max_pool{n}d_with_indices" for n in (1, 2, 3)), pool_with_indices),
    **dict.fromkeys((f"max_unpool{n}d" for n in (1, 2, 3)), unpool),
    **dict.fromkeys((f"conv{n}d" for n in (1, 2, 3)), convolution),
    "linear": linear,
    "multi_head_attention_forward": attention,
    "layer_norm": layer_norm,
    "embedding": embedding,
    "pad": pad,
    "layer": from_layer,
}
