"""From a recording to layers: calls of kinds become layers, views and joins are followed.

A permutation of axes only relabels them. It becomes a layer where something needs the order.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from cnncalc import layers
from cnncalc.core.call import Call
from cnncalc.core.errors import LayerError, UsageError
from cnncalc.core.shape import shape_of
from cnncalc.layers._elementwise import Elementwise
from cnncalc.spec.importing.record import Done, Recording, Ref
from cnncalc.spec.importing.values import BATCH, Known, Unknown, Value, View


class Made(NamedTuple):
    """A layer: its kind and fields, the layers that it reads, the module that called it, the sizes
    of its output, and the numbers of the tensors that it holds, by argument."""

    kind: str
    fields: Mapping[str, Any]
    reads: tuple[int, ...]
    path: str
    shape: tuple[int, ...]
    held: Mapping[str, int]
    macs: int = 0


class Walker:
    """Walks the calls of a recording."""

    def __init__(self, recording: Recording, handlers: "Handlers") -> None:
        self.recording = recording
        self.handlers = handlers
        self.values: dict[int, Value] = {}
        self.made: list[Made] = []
        self.done: Done  # the call at hand
        for number, seen in enumerate(recording.tensors):
            if seen.origin == "input":
                self.made.append(Made("input", {}, (), seen.name, seen.sizes[1:], {}))
                self.values[number] = View.of(len(self.made) - 1, seen.sizes[1:])
            elif seen.origin:
                self.values[number] = Known(seen.sizes, (number,))

    def walk(self) -> None:
        """Turn every call into layers or views."""
        for done in self.recording.calls:
            self.done = done
            numbers = _numbers(done.arguments)
            data = [one for one in numbers if isinstance(self.values[one], View)]
            if not data:
                held = [one for number in numbers for one in self.known(number).held]
                for number in done.made:
                    sizes = self.sizes(number)
                    self.values[number] = Known(sizes, tuple(dict.fromkeys(held)), True)
            else:
                try:
                    self.handlers.get(done.name, Walker.kind)(self)
                except (Unknown, LayerError) as why:
                    raise UsageError(self.refusal(why)) from None

    def refusal(self, why: Exception) -> str:
        """Which operation of which module cannot be read, and why."""
        module = f"module {self.done.path!r}" if self.done.path else "the model itself"
        shapes = [list(self.sizes(one)[1:]) for one in _numbers(self.done.arguments)[:1]]
        given = f" of {shapes[0]}" if shapes else ""
        return f"{self.recording.name}: {module} calls {self.done.name}{given}: {why}"

    # What handlers use.

    def sizes(self, number: int) -> tuple[int, ...]:
        """The sizes of a tensor; a negative one is the batch."""
        return self.recording.tensors[number].sizes

    def value(self, argument: Any) -> Any:
        """An argument: the value of a tensor, or plain data."""
        return self.values[argument.number] if isinstance(argument, Ref) else argument

    def known(self, number: int) -> Known:
        """A value that depends on no input."""
        found = self.values[number]
        assert isinstance(found, Known)
        return found

    def argument(self, name: str, default: Any = None) -> Any:
        """An argument of the call at hand."""
        return self.value(self.done.arguments.get(name, default))

    def data(self, name: str = "input") -> View:
        """An argument that depends on the network's input."""
        found = self.argument(name)
        if not isinstance(found, View):
            raise Unknown(f"its {name} does not depend on the network's input")
        return found

    def axis(self, name: str = "dim", default: int | None = None) -> int:
        """An argument that is an axis, counted from 0."""
        given = self.done.arguments.get(name, default)
        if type(given) is not int:
            raise Unknown(f"its {name} is {given}")
        return given % len(self.data().axes)

    def gives(self, *values: Value) -> None:
        """Set the results of the call at hand."""
        self.values.update(zip(self.done.made, values))

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
        path = self.done.path
        self.made.append(Made(kind, fields, tuple(reads), path, shape, held, macs))
        return len(self.made) - 1

    def ordered(self, view: View) -> int:
        """The layer with the dimensions in the order of the tensor's axes."""
        if view.in_order:
            return view.layer
        shape = tuple(view.shape[place] for place in view.order)
        return self.make("permute", {"order": list(view.order)}, [view.layer], shape)

    def plain(self, view: View) -> int:
        """The same for a tensor whose first axis is the batch."""
        if view.axes[0] != BATCH:
            raise Unknown("the batch is not its first axis")
        return self.ordered(view)

    def kind(self) -> None:
        """The call of a kind."""
        found = layers.known(f"torch.{self.done.name}")
        if found is None:
            raise Unknown("no kind describes this operation")
        held, views, attributes = self.parts()
        kind = found.kind
        if issubclass(kind, Elementwise) and not held and len(views) == 1:
            (view,) = views
            self.gives(self.called(kind, [view.layer], view.shape, view.axes, {}, attributes))
            return
        shape = self.result()
        axes = (BATCH, *range(len(shape)))
        reads = [self.plain(view) for view in views]
        self.gives(self.called(kind, reads, shape, axes, held, attributes))

    def called(
        self,
        kind: Any,
        reads: Sequence[int],
        shape: tuple[int, ...],
        axes: tuple[int, ...],
        held: Mapping[str, int],
        attributes: Mapping[str, Any],
    ) -> View:
        """The output of a layer of a kind."""
        inputs = tuple(shape_of(self.made[one].shape or (1,)) for one in reads)
        sizes = {name: self.sizes(number) for name, number in held.items()}
        call = Call(self.done.name, inputs, shape_of(shape or (1,)), sizes, attributes)
        fields = kind.imported(call)
        return View(self.make(kind.kind, fields, reads, shape, held, self.done.macs), shape, axes)

    def parts(self) -> tuple[dict[str, int], list[View], dict[str, Any]]:
        """The tensors that the call at hand holds, the views that it reads, and other arguments."""
        held: dict[str, int] = {}
        views: list[View] = []
        attributes: dict[str, Any] = {}
        for name, argument in self.done.arguments.items():
            value = self.value(argument)
            if isinstance(value, View):
                views.append(value)
            elif isinstance(value, Known):
                if value.computed or not isinstance(argument, Ref):
                    raise Unknown(f"its {name} is computed")
                held[name] = argument.number
            else:
                attributes[name] = value
        return held, views, attributes


Handlers = Mapping[str, Callable[[Walker], None]]
"""The operations that are no kind's, by name."""


def _numbers(value: Any) -> list[int]:
    """The numbers of the tensors in arguments."""
    if isinstance(value, Ref):
        return [value.number]
    if isinstance(value, Mapping):
        return [number for one in value.values() for number in _numbers(one)]
    if isinstance(value, tuple | list):
        return [number for one in value for number in _numbers(one)]
    return []
