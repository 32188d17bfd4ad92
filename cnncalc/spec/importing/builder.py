"""The call that is being read: its arguments, and the layers that it becomes.

A permutation only relabels axes. It becomes a layer only where an operation needs the order.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from cnncalc import layers
from cnncalc.core.call import Call
from cnncalc.core.layer import Input, Layer
from cnncalc.core.parsing import fields_of
from cnncalc.core.shape import Shape, shape_of
from cnncalc.layers._elementwise import Elementwise
from cnncalc.spec.importing.record import Done, Recording, Ref
from cnncalc.spec.importing.regrouping import regrouped, settled
from cnncalc.spec.importing.values import (
    BATCH,
    Known,
    Lost,
    Regrouped,
    Tensor,
    Unknown,
    Value,
    View,
)


class Made(NamedTuple):
    """A layer: its kind and fields, the layers that it reads, the module that called it, the sizes
    of its output, the numbers of the tensors that it holds, by argument, and the MACs that PyTorch
    counts."""

    kind: str
    fields: Mapping[str, Any]
    reads: tuple[int, ...]
    path: str
    shape: tuple[int, ...]
    held: Mapping[str, int]
    macs: int = 0

    @property
    def is_input(self) -> bool:
        """Whether it is an input of the network, which has no kind."""
        return not self.kind

    @property
    def layer(self) -> type[Layer]:
        """The class of the layer."""
        return Input if self.is_input else layers.find(self.kind).kind

    @property
    def is_idle(self) -> bool:
        """Whether the layer is left out if nothing reads it."""
        return self.layer.auxiliary or not (self.layer.known or self.held or self.macs)

    def shares(self, other: "Made") -> bool:
        """Whether it is the same layer with the same weights."""
        same = (self.kind, self.fields) == (other.kind, other.fields)
        return same and self.held == other.held


TRAINING = {"training", "train", "inplace", "momentum", "use_input_stats", "cudnn_enabled", "p",
            "drop_prob"}  # fmt: skip
READ = {
    "eps",
    "dtype",
    "stacklevel",
    "_stacklevel",
    "dim",
    "normalized_shape",
    "pad",
    "value",
    "mode",
}
HARMLESS = TRAINING | READ
"""Arguments that change no count, and those that kinds read in their own way."""


class Builder:
    """Turns calls into layers, one at a time."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.values: dict[int, Value] = {}
        self.made: list[Made] = []
        self.done: Done  # the current call
        self.owners: dict[int, int] = {}  # the first layer with each parameter or buffer
        self.unsettled: dict[int, Regrouped] = {}
        """The tensors that were settled for the current call, as they were before."""
        self.pads: dict[int, tuple[Any, float]] = {}
        """The sides and the value of layers that pad the two sides of an axis differently."""
        for number, seen in enumerate(recording.tensors):
            if seen.origin == "input":
                self.made.append(Made("", {}, (), seen.name, seen.sizes[1:], {}))
                self.values[number] = View.of(len(self.made) - 1, seen.sizes[1:])
            elif seen.origin:
                self.values[number] = Known(seen.sizes, (number,))

    def sizes(self, number: int) -> tuple[int, ...]:
        """The sizes of a tensor; −k is k times the batch."""
        return self.recording.tensors[number].sizes

    def value(self, argument: Any) -> Any:
        """An argument: the value of a tensor, as a view if it was regrouped, or plain data."""
        found = self.raw(argument)
        if isinstance(found, Regrouped):
            self.unsettled[argument.number] = found
            found = self.values[argument.number] = settled(self, found)
        return found

    def raw(self, argument: Any) -> Any:
        """An argument: the value of a tensor, which need not be a view, or plain data."""
        return self.values[argument.number] if isinstance(argument, Ref) else argument

    def view(self, value: Tensor) -> View:
        """A tensor as a view."""
        return settled(self, value) if isinstance(value, Regrouped) else value

    def data_of(self, number: int) -> View:
        """The tensor with this number, which must depend on the network's input, as a view."""
        found = self.value(Ref(number))
        assert isinstance(found, View)
        return found

    def is_known(self, name: str) -> bool:
        """Whether an argument is a tensor that does not depend on the input."""
        return isinstance(self.raw(self.done.arguments.get(name)), Known)

    def argument(self, name: str, default: Any = None) -> Any:
        """An argument of the current call."""
        return self.value(self.done.arguments.get(name, default))

    def data(self, name: str = "input") -> View:
        """An argument that depends on the network's input."""
        found = self.argument(name)
        if not isinstance(found, View):
            raise Unknown(f"its {name} does not depend on the network's input")
        return found

    def tensor(self, name: str = "input") -> Tensor:
        """An argument that is a tensor but not necessarily a view."""
        found = self.raw(self.done.arguments.get(name))
        return found if isinstance(found, Regrouped) else self.data(name)

    def axis(self, name: str = "dim", default: int | None = None) -> int:
        """An argument that is an axis, counted from 0."""
        given = self.done.arguments.get(name, default)
        if type(given) is not int:
            raise Unknown(f"its {name} is {given}")
        return given % len(self.tensor().axes)

    def gives(self, *values: Value) -> None:
        """Set the first results of the current call; the others are lost."""
        for value, number in zip(values, self.done.made):
            if isinstance(value, View | Regrouped) and value.sizes != self.sizes(number):
                raise Unknown(f"its sizes would be {value.sizes}, not {self.sizes(number)}")
        self.values.update(zip(self.done.made, values))
        for number in self.done.made[len(values) :]:
            reads = tuple(v.layer for v in values if isinstance(v, View | Regrouped))
            self.values[number] = Lost(reads, frozenset())

    def result(self, place: int = 0) -> tuple[int, ...]:
        """The sizes of a result without the batch, which must be its first axis."""
        batch, *sizes = self.sizes(self.done.made[place]) or (0,)
        if batch != BATCH or any(size < 1 for size in sizes) or len(sizes) > 4:
            raise Unknown("its result mixes the batch with other axes, or has too many")
        return tuple(sizes)

    def make(
        self,
        kind: str,
        fields: Mapping[str, Any],
        reads: Sequence[int],
        shape: tuple[int, ...],
        held: Mapping[str, int] = {},
        macs: int = 0,
    ) -> int:
        """Add a layer, whose output must have this shape."""
        layer = layers.find(kind).parse(dict(fields))
        output = layer.infer(tuple(shape_of(self.made[one].shape or (1,)) for one in reads))
        if tuple(output) != (shape or (1,)):
            raise Unknown(f"{kind} would output {output}, but PyTorch outputs {shape}")
        made = Made(kind, fields, tuple(reads), self.done.path, shape, held, macs)
        for number in held.values():
            owner = self.owners.get(number)
            if owner is not None and not made.shares(self.made[owner]):
                raise Unknown("it shares some of the weights of another layer")
        self.made.append(made)
        for number in held.values():
            self.owners.setdefault(number, len(self.made) - 1)
        return len(self.made) - 1

    def ordered(self, view: View) -> int:
        """The layer with the dimensions in the order of the tensor's axes."""
        if view.in_order:
            return view.layer
        shape = tuple(view.shape[place] for place in view.order)
        return self.make("permute", {"order": list(view.order)}, [view.layer], shape)

    def plain(self, view: View) -> int:
        """The layer with the tensor's dimensions in order, and the batch first."""
        if view.axes[0] != BATCH or view.inside:
            raise Unknown("the batch is not its first axis")
        return self.ordered(view)

    def straight(self, view: View) -> View:
        """The view with its dimensions in the order of its axes, for a function whose output is
        contiguous whatever its input. Permuting the output instead would change its strides."""
        return self.moved(view, [at for axis in regrouped(view).axes for at in axis if at != BATCH])

    def moved(self, view: View, order: Sequence[int]) -> View:
        """The same tensor as a view of a layer with the dimensions in this order."""
        if [*order] == [*range(len(order))]:
            return view
        shape = tuple(view.shape[place] for place in order)
        layer = self.make("permute", {"order": [*order]}, [view.layer], shape)
        axes = tuple(BATCH if axis == BATCH else order.index(axis) for axis in view.axes)
        return View(layer, shape, axes, tuple(order.index(place) for place in view.inside))

    def channels_first(self, view: View) -> View:
        """The view with the dimension of its last axis first."""
        last = view.axes[-1]
        return self.moved(view, [last, *(at for at in range(len(view.shape)) if at != last)])

    def kind(self) -> None:
        """Turn the current call into a layer of the kind that describes it."""
        found = layers.known(f"torch.{self.done.name}")
        if found is None:
            raise Unknown("no kind describes this operation")
        kind = found.kind
        value = self.raw(self.done.arguments.get("input"))
        if issubclass(kind, Elementwise) and isinstance(value, Regrouped):
            attributes = {n: one for n, one in self.done.arguments.items() if n != "input"}
            shape = self.made[value.layer].shape
            made = self.called(kind, [value.layer], shape, (), {}, attributes)
            self.gives(value._replace(layer=made.layer))
            return
        held, views, attributes = self.parts()
        if issubclass(kind, Elementwise) and not held and len(views) == 1:
            (view,) = views
            # The stride of an axis of size 1 in the result depends on its place.
            if 1 in view.shape and max(view.shape) < prod(view.shape):
                view = self.straight(view)
            self.gives(self.changed(view, kind, {}, attributes))
            return
        shape = self.result()
        axes = (BATCH, *range(len(shape)))
        reads = [self.plain(view) for view in views]
        if len(reads) == 1 and reads[0] in self.pads and not _any(attributes.get("padding")):
            reads, attributes = self.with_padding(kind, reads[0], attributes)
        self.gives(self.called(kind, reads, shape, axes, held, attributes))

    def with_padding(
        self, kind: Any, pad: int, attributes: Mapping[str, Any]
    ) -> tuple[list[int], dict[str, Any]]:
        """The inputs and arguments of a layer with a window. If padding comes first, in the same
        module and with the value that the layer itself pads with, the layer pads instead."""
        sides, value = self.pads[pad]
        fits = "padding" in fields_of(kind) and value == kind.pads_with
        if not fits or self.made[pad].path != self.done.path:
            return [pad], dict(attributes)
        counted = {"count_include_pad": True} if "count_include_pad" in attributes else {}
        return [*self.made[pad].reads], {**attributes, "padding": sides, **counted}

    def changed(
        self, view: View, kind: Any, held: Mapping[str, Known], attributes: Mapping[str, Any]
    ) -> View:
        """The output of a layer of a kind that keeps the shape."""
        made = self.called(kind, [view.layer], view.shape, view.axes, held, attributes)
        return made._replace(inside=view.inside)

    def called(
        self,
        kind: Any,
        reads: Sequence[int],
        shape: tuple[int, ...],
        axes: tuple[int, ...],
        held: Mapping[str, Known],
        attributes: Mapping[str, Any],
    ) -> View:
        """The output of a layer of a kind."""
        inputs = tuple(shape_of(self.made[one].shape or (1,)) for one in reads)
        fields = self.fields(kind, inputs, shape_of(shape or (1,)), held, attributes)
        numbers = {name: one.held[0] for name, one in held.items()}
        made = self.make(kind.kind, fields, reads, shape, numbers, self.done.macs)
        return View(made, shape, axes)

    def of_frames(
        self,
        kind: Any,
        layer: int,
        shape: tuple[int, ...],
        held: Mapping[str, Known],
        attributes: Mapping[str, Any],
    ) -> int:
        """A layer of a kind applied to every frame along the first spatial axis of a layer's
        output."""
        frame, made = ((one[0], *one[2:]) for one in (self.made[layer].shape, shape))
        fields = self.fields(kind, (shape_of(frame),), shape_of(made), held, attributes)
        numbers = {name: one.held[0] for name, one in held.items()}
        given = {"layer": {kind.kind: dict(fields) or None}}
        return self.make("time_distributed", given, [layer], shape, numbers, self.done.macs)

    def fields(
        self,
        kind: Any,
        inputs: tuple[Shape, ...],
        output: Shape,
        held: Mapping[str, Known],
        attributes: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """The fields of the layer of a kind that the current call becomes."""
        sizes = {name: one.sizes for name, one in held.items()}
        known = {word for name, one in fields_of(kind).items() for word in (name, *one.also)}
        for name, value in attributes.items():
            if name not in known and name not in HARMLESS and value not in (None, False, "none"):
                raise Unknown(f"its {name} is {value}")
        fields: Mapping[str, Any] = kind.imported(
            Call(self.done.name, inputs, output, sizes, attributes)
        )
        return fields

    def parts(self) -> tuple[dict[str, Known], list[View], dict[str, Any]]:
        """The tensors that the current call holds, the views that it reads, and its other
        arguments."""
        held: dict[str, Known] = {}
        views: list[View] = []
        attributes: dict[str, Any] = {}
        for name, argument in self.done.arguments.items():
            value = self.value(argument)
            if isinstance(value, View):
                views.append(value)
            elif isinstance(value, Known):
                if value.computed or not value.held:
                    raise Unknown(f"its {name} is computed")
                origin = self.recording.tensors[value.held[0]].origin
                if name in ("weight", "bias") and origin != "parameter":
                    raise Unknown(f"its {name} is not learned")
                held[name] = value
            else:
                attributes[name] = value
        return held, views, attributes


def _any(padding: Any) -> bool:
    """Whether there is any padding."""
    return bool(padding) and any(padding if isinstance(padding, list | tuple) else [padding])
