"""The layers of an ONNX model, which read tensors with dimensions in any order, and weights by
name."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from json import loads
from typing import Any, NamedTuple

from cnncalc import layers
from cnncalc.core.errors import LayerError
from cnncalc.core.layer import Layer
from cnncalc.core.onnx import DOMAIN, FIELDS, VERSION, OnnxCall, axis_of, short
from cnncalc.core.shape import Shape, shape_of
from cnncalc.layers._axes import NAMES
from cnncalc.layers._elementwise import Elementwise
from cnncalc.spec.readers import _onnx_functions as functions
from cnncalc.spec.readers._flow import BATCH, Flow, Move, arranged, groups_shuffled
from cnncalc.spec.readers._onnx_file import Model, Operator
from cnncalc.spec.readers._onnx_functions import need_sizes
from cnncalc.spec.readers._onnx_values import Known, initial
from cnncalc.spec.readers._wiring import Wiring
from cnncalc.spec.text import MAX_VALUES, located, scalar


class Unclear(Exception):
    """An operator does something that no kind describes."""


MAX_COMPARED = 500_000
"""The most operators of functions that are compared; comparing this many takes a few seconds."""
Made = list[Flow | Known]


class Layers:
    """The layers so far. ``name`` is the name of the next one."""

    def __init__(self, found: Model, source: str) -> None:
        self.model = found
        self.wiring = Wiring(source)
        self.batch = 0
        self.resized = False
        """Whether the user gives sizes of inputs, so that sizes in the file may no longer apply."""
        self.name = ""
        self.values = 0
        """An upper bound on the number of values in the fields of functions so far."""
        self.compared: set[tuple[Any, ...]] = set()
        """The calls of functions that were compared with ours."""
        self.comparisons = 0
        self.readers = Counter(chain(*(node.inputs for node in found.nodes), found.outputs))
        self.read_often: set[str] = set()
        """The layers whose output several nodes read under one of its names."""
        self.entries: dict[str, dict[str, Any]] = {}
        self.weights: dict[str, list[tuple[str, ...]]] = {}
        self.owners: dict[tuple[Any, ...], str] = {}
        self.uses: Counter[str] = Counter()
        """How often the file's weights are counted."""
        self.merged: list[str] = []
        """The layers that share the weights of another one, perhaps only because an exporter stored
        equal weights once."""
        self.sharing: set[str] = set()
        """The layers whose weights another one uses."""
        self.moved: dict[tuple[str, Move], str] = {}
        self.pools: dict[str, tuple[Flow, Mapping[str, Any]]] = {}
        self.unpooled = Counter(
            node.inputs[1] for node in found.nodes if node.kind == "MaxUnpool" and node.inputs[1:]
        )

    def of_kind(self, kind: type[Layer], node: Operator, operands: list[Any]) -> Flow:
        """The layer of an operator that a kind recognizes."""
        flows = [one for one in operands if isinstance(one, Flow)]
        if kind.arity[1] is not None and len(flows) > kind.arity[1]:
            raise Unclear  # its weights are computed
        free = issubclass(kind, Elementwise) and len(flows) == 1
        flows = flows if free else [self.plain(one) for one in flows]
        held = {at: one for at, one in enumerate(operands) if isinstance(one, Known)}
        fields = self.fields(kind, node, flows, held)
        weights = [one for one in held.values() if one.weights]
        made = self.layer(kind.kind, fields, flows, weights)
        tensors = kind.parse(fields).tensors(*(shape_of(one.sizes) for one in flows))
        for (name, sizes), one in zip(tensors.items(), [] if free else weights):
            self.need(name, one, sizes)
        return flows[0]._replace(tensor=made.tensor) if free else made

    def of_function(self, kind: str, node: Operator, operands: list[Any]) -> Flow:
        """The layer that cnncalc wrote as a function. Raises Unclear for a kind that it does not
        know or never writes."""
        if kind not in layers.names() or not layers.load(kind).known:
            raise Unclear
        function = self.model.functions.get((kind, node.overload))
        if function is None:
            raise LayerError("the file has no such function")
        version = self.model.versions.get(DOMAIN)
        if version != VERSION:
            fact = f"the file has version {version} of the domain {DOMAIN!r}, not {VERSION}"
            raise LayerError(f"{fact}; export it again with this version of cnncalc")
        if not all(one.is_batched for one in operands if isinstance(one, Flow)):
            raise LayerError("an input does not have the batch as its first axis")
        flows = [self.plain(one) for one in operands if isinstance(one, Flow)]
        held = [one for one in operands if isinstance(one, Known) and one.weights]
        if not all(isinstance(one, Flow) for one in operands[: len(flows)]):
            raise LayerError("its weights must follow its inputs")
        fields = self.fields_of_function(node)
        made = self.layer(kind, fields, flows, held)
        layer, shapes = layers.load(kind).parse(fields), [shape_of(one.sizes) for one in flows]
        if not held:
            self.check(layer, shapes, [])
        sizes = [one.sizes for one in held]
        call = kind, node.overload, node.attributes[FIELDS], tuple(shapes), tuple(sizes)
        if call not in self.compared:
            self.comparisons += len(function.nodes)
            if self.comparisons > MAX_COMPARED:
                fact = f"its functions have more than {MAX_COMPARED:,} operators to compare"
                raise self.wiring.wrong(fact)
            functions.check(function, layer, shapes, sizes)
            self.compared.add(call)
        said = self.model.shapes.get(node.outputs[0])
        made_sizes = made.shape[1:]
        if said and not self.resized and not _may_be(said[1:], made_sizes):
            sides = " × ".join(map(str, said[1:])), " × ".join(map(str, made_sizes))
            raise LayerError(f"its output is {sides[0]} in the file, but {sides[1]} by its fields")
        return made

    def fields_of_function(self, node: Operator) -> dict[str, Any]:
        """The fields that a call of a function holds. Raises an error unless they are a JSON object
        as in a spec."""
        text = node.attributes.get(FIELDS)
        wrong = f"the setting {FIELDS!r} of the function"
        if isinstance(text, str):
            self.values += 1 + sum(map(text.count, ",[{"))  # one of these precedes every value
        if self.values > MAX_VALUES:
            raise self.wiring.wrong(f"its functions have more than {MAX_VALUES:,} values as fields")
        try:
            fields = loads(
                text or "",
                parse_int=lambda digits: scalar(digits, self.wiring.where),
                object_pairs_hook=_unique,
            )
        except (RecursionError, TypeError, ValueError):
            raise LayerError(f"{wrong} is not valid JSON") from None
        if not isinstance(fields, dict):
            raise LayerError(f"{wrong} is not a JSON object")
        located(fields, self.wiring.where)  # raises SpecError if they are nested too deeply
        return fields

    def fields(
        self, kind: type[Layer], node: Operator, flows: Sequence[Flow], held: Mapping[int, Known]
    ) -> Mapping[str, Any]:
        """The fields of a layer. Raises Unclear if the kind cannot express them."""
        fields = kind.from_onnx(
            OnnxCall(
                node.kind,
                {name: short(one) for name, one in node.attributes.items()},
                tuple(shape_of(one.sizes) for one in flows),
                {at: one.sizes for at, one in held.items() if one.weights and not one.computed},
                lambda at: held[at].listed() if at in held else None,
            )
        )
        if fields is None:
            raise Unclear
        return fields

    def layer(
        self,
        kind: str,
        fields: Any,
        flows: Sequence[Flow],
        weights: Sequence[Known] = (),
        name: str = "",
    ) -> Flow:
        """Add a layer, and return its output. A layer with the same weights as another shares
        them."""
        found = layers.load(kind).parse(fields)
        shapes = tuple(shape_of(flow.sizes) for flow in flows)
        output = found.infer(shapes)
        names = tuple(tuple(one.weights) for one in weights)
        if names:
            self.check(found, shapes, weights)
        beside = self.shared(kind, names, weights)
        own = self.wiring.layer(
            name or self.name, kind, found.given or None, [one.tensor for one in flows], **beside
        )
        self.wiring.made[own] = own
        self.entries[own] = self.wiring.layers[-1]
        self.weights[own] = [*names]
        if names and not beside:
            self.owners[kind, *names] = own
            self.uses.update(chain(*names))
        elif names and all(one.may_be_new for one in weights):
            self.merged.append(own)
        return Flow.of(own, output.dimensions, self.batch)

    def check(self, layer: Layer, shapes: Sequence[Shape], weights: Sequence[Known]) -> None:
        """Raise LayerError unless a layer has as many numbers as the file holds for it; Unclear if
        some of those are computed."""
        own = sum(layer.parameters(*shapes)) - layer.counters()
        held = sum(one.params for one in weights)
        if layer.known and own != held:
            if any(one.computed for one in weights):
                raise Unclear
            fact = f"for an input of {shapes[0]}, it needs {own:,} stored values"
            help = "give --input the number of channels that the model was made for"
            raise LayerError(f"{fact}, but the file holds {held:,}", help if self.resized else "")

    def need(self, name: str, one: Known, sizes: Sequence[int]) -> None:
        """Raise LayerError unless weights have these sizes. Computed weights are not checked."""
        if not one.computed:
            need_sizes(name, one.sizes, tuple(sizes))

    def alone(self, flow: Flow) -> bool:
        """Whether no more than one node reads a layer's output under each of its names."""
        return flow.tensor not in self.read_often

    def shared(
        self, kind: str, names: tuple[tuple[str, ...], ...], weights: Sequence[Known]
    ) -> dict[str, str]:
        """The key of a layer that uses the weights of an earlier one; empty for others. Raises
        SpecError if weights other than vectors are used twice by a layer, shared only in part, or
        shared by layers of different kinds."""
        owner = self.owners.get((kind, *names))
        if names and owner:
            self.sharing.add(owner)
            return {"weights": owner}
        fact = f"layer {self.name[:60]!r}"
        own = Counter(chain(*names))
        for one in weights:
            for name in one.weights:
                if own[name] > 1 and not self.is_vector(name, one):
                    why = "as several of its weights, which a spec cannot express"
                    raise self.wiring.wrong(f"{fact} uses {name[:60]!r} {why}")
                if name in self.uses and not self.is_vector(name, one):
                    raise self.wiring.wrong(
                        f"{fact} shares {name[:60]!r} with another layer, but differs from it in "
                        "kind or in its other weights, which a spec cannot express"
                    )
        return {}

    def is_vector(self, name: str, read: Known) -> bool:
        """Whether weights of the file, which are read as this tensor, are a vector."""
        return (
            initial(self.model.held[name]).is_vector if name in self.model.held else read.is_vector
        )

    def notes(self) -> Iterator[str]:
        """What is not certain about weights that the file stores once and uses several times."""
        several = [name for name, count in self.uses.items() if count > 1]
        if several:
            stored = f"{several[0][:60]!r} once, but uses it"
            if len(several) > 1:
                number = f"{len(several):,} vectors of weights"
                stored = f"{number} once, such as {several[0][:60]!r}, but uses them"
            why = "because some exporters store equal weights only once"
            yield f"The file stores {stored} in several places. Each use is counted, {why}."
        if self.merged:
            shares = f"Layer {self.merged[0]!r} shares"
            if len(self.merged) > 1:
                shares = f"{len(self.merged):,} layers, such as {self.merged[0]!r}, share"
            yield (
                f"{shares} the weights of an earlier layer. If the model is untrained, the "
                "exporter may have merged equal weights; to keep them apart, export the model with "
                "trained or random weights."
            )

    def with_bias(self, flow: Flow, bias: Known) -> bool:
        """Give the layer that made a flow this bias. Returns False if it cannot have one, already
        has one, has another number of channels or the weights of another layer, or if its output is
        also read without the bias."""
        entry = self.entries.get(flow.tensor, {})
        kind = next(iter(entry), "identity")
        fields = entry.get(kind) or {}
        layer: Any = layers.load(kind).parse(fields or None)
        fits = bias.elements == bias.params == flow.sizes[0]
        shares = "weights" in entry or flow.tensor in self.sharing
        if not layer.takes_bias or layer.bias or not fits or shares or not self.alone(flow):
            return False
        entry[kind] = {**fields, "bias": True}
        names = (kind, *self.weights[flow.tensor])
        if self.owners.get(names) == flow.tensor:
            self.owners[*names, tuple(bias.weights)] = flow.tensor
            del self.owners[names]
        self.weights[flow.tensor].append(tuple(bias.weights))
        self.uses.update([*bias.weights])
        return True

    def plain(self, flow: Flow) -> Flow:
        """The flow with the batch first and each other dimension one size of a layer's output."""
        if not flow.is_batched:
            raise Unclear
        return self.arranged(flow, flow.dims[1:])

    def arranged(self, flow: Flow, groups: Sequence[Sequence[int]]) -> Flow:
        """The flow with these groups of atoms as the sizes of a layer's output."""
        if not groups:
            raise Unclear
        found = arranged(flow, groups)
        if found is None:
            raise Unclear
        after, moves = found
        for move in moves:
            if (flow.tensor, move) not in self.moved:
                name = flow.name or self.name
                self.moved[flow.tensor, move] = self.rearranged(flow.tensor, move, name)
            flow = flow._replace(tensor=self.moved[flow.tensor, move])
        return after._replace(tensor=flow.tensor)

    def as_channels(self, flow: Flow, atoms: Sequence[int]) -> Flow:
        """The flow with these atoms as the first size of a layer's output. The other sizes keep
        their atoms or, if there are too many, become the dimensions of the flow."""
        for others in (flow.numbers, flow.dims):
            rest = [[one for one in part if one not in (*atoms, BATCH)] for part in others]
            groups = [[*atoms], *(part for part in rest if part)]
            if len(groups) <= 4:
                return self.arranged(flow, groups)
        raise Unclear

    def rearranged(self, source: str, move: Move, name: str) -> str:
        """Add a layer that only rearranges values."""
        fields = {layers.load(move.kind).main: move.field} if move.field is not None else None
        made = self.wiring.layer(name, move.kind, fields, [source])
        self.wiring.made[made] = made
        return made

    def place(self, flow: Flow, dim: int) -> tuple[Flow, int]:
        """The flow, and the position of a dimension in its layer's output; layers that move the
        dimension there are added if necessary."""
        dim = axis_of(dim, len(flow.dims))
        if BATCH in flow.dims[dim]:
            raise Unclear
        atoms = flow.dims[dim]
        if flow.whole(atoms) is None and (not atoms or groups_shuffled(flow, flow.dims[1:])):
            return self.plain(flow), dim - 1
        if flow.whole(atoms) is None:
            rest = [
                [atom for atom in part if (atom in atoms) == inside]
                for part in flow.numbers
                for inside in (False, True)
            ]
            groups = sorted(group for group in rest if group)
            if [*atoms] not in groups:
                groups = [[*atoms], *(group for group in groups if not {*group} & {*atoms})]
            flow = self.arranged(flow, groups)
        place = flow.whole(flow.dims[dim])
        assert place is not None
        return flow, place

    def opaque_like(self, flow: Flow, node: Operator, held: Sequence[Known] = ()) -> Flow:
        """An opaque layer without multiply-accumulates, whose output has the shape of a flow."""
        fields = {
            "shape": [*flow.sizes],
            "what": f"ONNX {node.kind}"[:200],
            "params": sum(one.params for one in held),
            "macs": 0,
        }
        return flow._replace(tensor=self.layer("opaque", fields, [flow], held).tensor)


Turn = Callable[[Layers, Operator, list[Any]], Made]
"""A function that turns an operator into layers; its docstring is part of the documentation."""


class Rule(NamedTuple):
    """How an operator is read. ``takes`` are the least and the greatest number of tensors that it
    reads in any of its versions; None means no limit."""

    turn: Turn
    takes: tuple[int, int | None] = (1, 1)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. Raises LayerError for a key that is given twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise LayerError(f"the setting {FIELDS!r} of the function has {twice[:60]!r} twice")
    return found


def _may_be(said: Sequence[int | str], sizes: Sequence[int]) -> bool:
    """Whether sizes of a file, some of which may be open, can be these."""
    return len(said) == len(sizes) and all(
        isinstance(a, str) or a == b for a, b in zip(said, sizes)
    )


def flow_of(operand: Any) -> Flow:
    """An operand that must depend on the network's input."""
    if not isinstance(operand, Flow):
        raise Unclear
    return operand


def word(flow: Flow, place: int) -> str:
    """The name of the axis at a position of a layer's output."""
    return ("channels", *NAMES[len(flow.parts) - 1])[place]
