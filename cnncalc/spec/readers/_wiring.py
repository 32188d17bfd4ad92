"""The layers of another tool's network, under names that a spec allows."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from cnncalc import layers
from cnncalc.core.errors import LayerError, SpecError, UsageError, Where, did_you_mean
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Shape, shape_of
from cnncalc.spec.expansion import MAX_LAYERS
from cnncalc.spec.text import Placed

MAX_CHARACTERS = 1_000_000


def check_length(text: str, source: str) -> None:
    """Raise SpecError for a file that would take too long to read."""
    if len(text) > MAX_CHARACTERS:
        fact = f"the file has more than {MAX_CHARACTERS:,} characters"
        raise SpecError(fact, Where(source))


class Wiring:
    """Layers one after another, and which layer or input makes each tensor of the other tool."""

    def __init__(self, source: str) -> None:
        self.where = Where(source)
        """The part of the file that is being read."""
        self.inputs: dict[str, Any] = {}
        self.layers: list[dict[str, Any]] = []
        self.shapes: dict[str, Shape | None] = {}
        self.made: dict[str, str] = {}
        self.names = {"input"}
        self.counters: dict[str, int] = {}
        self.trees: set[str] = set()

    def input(self, tensor: str, shape: list[int]) -> None:
        """Add an input of the network, channels first."""
        self.made[tensor] = self._free(tensor)
        self.inputs[self.made[tensor]] = shape
        self.shapes[self.made[tensor]] = _shape_of(shape)

    def layer(
        self, name: str, kind: str, fields: Any, tensors: Iterable[str], **beside: Any
    ) -> str:
        """Add a layer that reads these tensors, and return the name that it gets; ``beside`` are
        keys next to the kind. Raises SpecError for invalid fields and missing inputs, naming the
        layer, and for too many layers."""
        if len(self.layers) >= MAX_LAYERS:  # early enough that no file takes long
            raise self.wrong(f"the network has more than {MAX_LAYERS:,} layers")
        read = [self.source_of(tensor, f"layer {name[:60]!r}") for tensor in tensors]
        if not read:
            raise self.wrong(f"layer {name[:60]!r} has no input; connect it to another layer")
        try:
            layer = layers.find(kind).parse(fields)
        except LayerError as why:
            raise self.wrong(f"layer {name[:60]!r} ({kind[:40]}): {why}") from None
        own = self._free(name)
        self.shapes[own] = self._output(layer, read)
        sources = read if len(read) != 1 else read[0]
        entry = {kind: fields, "name": own, "from": sources, **beside}
        self.layers.append(Placed(entry, self.where))
        return own

    def _output(self, layer: Layer, sources: Sequence[str]) -> Shape | None:
        """The shape of a layer's output; None if it is unknown, or for an input that does not fit,
        which is reported later."""
        shapes = [self.shapes.get(source) for source in sources]
        known = tuple(shape for shape in shapes if shape is not None)
        other = self.shapes.get(layer.refers_to or "")
        try:
            if other is not None:
                layer = layer.sized_like(known[0], other)
            return layer.infer(known) if len(known) == len(shapes) else None
        except (LayerError, IndexError):
            return None

    def source_of(self, tensor: str, reader: str = "a layer") -> str:
        """The layer or input that makes a tensor."""
        if tensor not in self.made:
            hint = did_you_mean(tensor, self.made)
            raise self.wrong(f"{reader} reads {tensor[:60]!r}, but no layer produces it{hint}")
        return self.made[tensor]

    def spec(self, name: str) -> dict[str, Any]:
        """The spec; a single input is called ``input``. Raises SpecError if there are no layers."""
        if not self.layers:
            raise self.wrong("the file contains no layers")
        spec: dict[str, Any] = {"name": name, "layers": self.layers}
        if len(self.inputs) == 1:
            (own,) = self.inputs
            spec |= {"input": self.inputs[own]}
            self._rename(own, "input")
        else:
            spec |= {"input": self.inputs}
        return {**spec, "layout": "chw"}

    def output(self, tensor: str) -> str:
        """The layer that makes an output of the network; for an input, a new layer that returns
        it."""
        source = self.source_of(tensor)
        if source not in self.inputs or not self.layers:
            return source
        return self.layer("output", "identity", None, [tensor])

    def outputs(self, names: Iterable[str]) -> dict[str, list[str]]:
        """The key that names the network's outputs, unless they are simply the inputs and layers
        that no other layer reads, in order, or include an input, which a spec cannot list."""
        wanted = list(dict.fromkeys(names))
        listed = (one["from"] for one in self.layers)
        read = {name for one in listed for name in (one if isinstance(one, list) else [one])}
        made = [layer["name"] for layer in self.layers]
        inputs = self.inputs if len(self.inputs) > 1 else ()
        ends = [name for name in (*inputs, *made) if name not in read]
        return {"outputs": wanted} if ends != wanted and {*wanted} <= {*made} else {}

    def wrong(self, sentence: str) -> SpecError:
        """An error in the file."""
        return SpecError(sentence, self.where)

    def _free(self, name: str) -> str:
        """A name of letters, digits, _, - and dots that is free: no other layer has it, and no
        group that dotted names imply."""
        words = (re.sub(r"[^A-Za-z0-9_-]+", "_", word).strip("_") for word in name.split("."))
        plain = ".".join(word for word in words if word)[:80].strip("._") or "layer"
        if self.names & _above(plain):  # one of them is a layer
            plain = plain.replace(".", "_")
        found = plain
        while found in self.names or found in self.trees:
            self.counters[plain] = self.counters.get(plain, 1) + 1
            found = f"{plain}_{self.counters[plain]}"
        self.names.add(found)
        self.trees |= _above(found)
        return found

    def _rename(self, old: str, new: str) -> None:
        self.made = {tensor: new if own == old else own for tensor, own in self.made.items()}
        for layer in self.layers:
            for fields in layer.values():
                if isinstance(fields, dict) and fields.get("like") == old:
                    fields["like"] = new
            read = layer["from"]
            if isinstance(read, list):
                layer["from"] = [new if one == old else one for one in read]
            elif read == old:
                layer["from"] = new


def _above(name: str) -> set[str]:
    """The groups that a dotted name implies: ``a`` and ``a.b`` for ``a.b.conv``."""
    return {name[: dot.start()] for dot in re.finditer(r"\.", name)}


def _shape_of(sizes: Sequence[int]) -> Shape | None:
    """The shape with these sizes, if there is one."""
    try:
        return shape_of(tuple(sizes))
    except UsageError:
        return None
