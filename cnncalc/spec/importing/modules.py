"""Calls of layers with weights, where the class of the kind cannot read the call on its own."""

from typing import Any

from cnncalc import layers
from cnncalc.spec.importing.regrouping import arranged, regrouped
from cnncalc.spec.importing.values import BATCH, Regrouped, Unknown, View
from cnncalc.spec.importing.walker import Handlers, Walker


def layer_norm(walker: Walker) -> None:
    """Layer or RMS normalization over the last axes."""
    view = walker.data()
    held, _, attributes = walker.parts()
    axes = len(attributes["normalized_shape"])
    if [*view.axes[:-axes]] != sorted(view.axes[:-axes]):
        view = walker.straight(view)
    places = view.axes[-axes:]
    if places == (0,) and len(view.shape) > 1:
        attributes["over"] = "channels"
    elif places == (len(view.shape) - 1,) and len(view.shape) > 1:
        attributes["over"] = "last"
    elif sorted(places) == [*range(len(view.shape))]:
        layer = walker.plain(view)
        view = View.of(layer, walker.made[layer].shape)
    elif axes == 1:  # the axis becomes the last dimension
        layer = walker.plain(view)
        view, attributes["over"] = View.of(layer, walker.made[layer].shape), "last"
    else:
        raise Unknown("it normalizes some of several axes")
    kind = layers.load(walker.done.name)
    walker.gives(walker.changed(view, kind, held, attributes))


def batch_norm(walker: Walker) -> None:
    """Batch normalization. Axes that are merged with the batch become the first spatial axis; if
    images are merged, that of frames."""
    if not walker.data().inside:
        walker.kind()
        return
    value = regrouped(walker.data())
    images, channels, *spatial = value.axes
    if images[:1] != (BATCH,):
        raise Unknown("the batch is not its first axis")
    layer = arranged(walker, value, [channels, images[1:], *spatial])
    held, _, attributes = walker.parts()
    shape = walker.made[layer].shape
    kind = layers.load("batch_norm")
    if len(spatial) == 2:
        made = walker.of_frames(kind, layer, shape, held, attributes)
    else:
        made = walker.called(kind, [layer], shape, (), held, attributes).layer
    axes = ((BATCH, 1), *((place,) for place in (0, *range(2, len(shape)))))
    walker.gives(Regrouped(made, shape, axes))


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
    """A recurrent layer over the positions of a signal."""
    name, given, view = walker.done.name.partition("_")[0], walker.done.arguments, walker.data()
    images = 0 if given["batch_first"] else 1
    if len(view.axes) != 3 or view.axes[images] != BATCH:
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
    if view.inside:  # a separate signal for each position that is merged with the batch
        _of_each(walker, images, {name: fields}, held)
        return
    view = walker.channels_first(view)
    shape = (directions * size, view.shape[1])
    made = walker.make(name, fields, [view.layer], shape, held, walker.done.macs)
    walker.gives(View(made, shape, view.axes))


def _of_each(walker: Walker, images: int, layer: dict[str, Any], held: dict[str, int]) -> None:
    """A recurrent layer for each of the signals that are merged with the batch along axis
    ``images``."""
    value, sizes = regrouped(walker.data()), walker.sizes(walker.done.made[0])
    batch, steps, channels = value.axes[images], value.axes[1 - images], value.axes[2]
    read = arranged(walker, value, [channels, batch[1:], steps])
    shape = (sizes[-1], *walker.made[read].shape[1:])
    fields = {"layer": layer}
    made = walker.make("time_distributed", fields, [read], shape, held, walker.done.macs)
    axes = ((BATCH, 1), (2,)) if images == 0 else ((2,), (BATCH, 1))
    walker.gives(Regrouped(made, shape, (*axes, (0,))))


WAYS = ("", "_reverse")
"""How the names of a recurrent layer's parameters end, for each direction."""


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
    **dict.fromkeys(("layer_norm", "rms_norm"), layer_norm),
    "batch_norm": batch_norm,
    "embedding": embedding,
    "layer": from_layer,
}
