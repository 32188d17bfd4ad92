"""Graph to report. The only code that runs layers, and that reports where one refuses its input."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, cached_property

from cnncalc import layers
from cnncalc.analysis import warnings
from cnncalc.analysis.receptive import Field, grown, hull, places
from cnncalc.analysis.report import Report, Row
from cnncalc.core.cost import BYTES, Cost
from cnncalc.core.errors import (
    LayerError,
    Mistakes,
    SpecError,
    UsageError,
    Where,
    did_you_mean,
    some,
)
from cnncalc.core.fields import LARGEST, shown
from cnncalc.core.layer import Input, Layer, Reach
from cnncalc.core.shape import Map, Shape
from cnncalc.spec.graph import Graph, Node

Known = tuple[Shape, Cost, tuple[Reach, ...] | None, bool]
Key = tuple[int, tuple[Shape, ...], bool]


def analyze(graph: Graph, *, batch: int = 1, dtype: str = "float32") -> Report:
    """The shapes, costs and receptive fields of every layer.

    Raises Mistakes with every layer that refuses its input, unless that follows from another's
    refusal, and UsageError for an unknown dtype or a batch below 1.
    """
    if type(batch) is not int or not 1 <= batch < LARGEST:
        raise UsageError(f"a batch is a whole number of at least 1, not {shown(batch)}")
    if dtype not in BYTES:
        raise UsageError(
            f"no dtype {dtype!r}{did_you_mean(str(dtype), BYTES) or '; known: ' + ', '.join(BYTES)}"
        )
    rows = _Walk(graph.nodes, graph.mistakes, batch, dtype).rows()
    spec = graph.spec
    return Report(
        name=graph.name,
        rows=tuple(rows),
        batch=batch,
        dtype=dtype,
        source=spec.source,
        note=spec.note,
        variants=spec.variants,
        groups=graph.groups,
        settings=graph.settings,
        warnings=warnings.collect(graph, rows),
    )


def recompute(report: Report, rows: Sequence[Row]) -> tuple[Report, Sequence[SpecError]]:
    """Recompute a report for these rows' layers and sources.

    Layers that refuse their new input are left out, and so are all that depend on them. Returns the
    report and the mistakes.
    """
    nodes = [Node(row.name, row.layer, row.sources, Where(report.name)) for row in rows]
    walk = _Walk(nodes, (), report.batch, report.dtype)
    walk.walk()
    return replace(report, rows=tuple(walk.done)), walk.mistakes


def takes(graph: Graph) -> bool:
    """Whether every layer accepts its input. Computes shapes only."""
    try:
        _Shapes(graph.nodes, graph.mistakes, 1, "float32").rows()
    except Mistakes:
        return False
    return True


class _Walk:
    """Networks repeat their blocks, so each distinct pair of layer and inputs is computed once."""

    def __init__(
        self, nodes: Sequence[Node], mistakes: Sequence[SpecError], batch: int, dtype: str
    ) -> None:
        self.nodes = nodes
        self.batch = batch
        self.dtype = dtype
        self.known: dict[Key, Known] = {}
        self.trained: list[bool] = []  # whether a row's output depends on trained parameters
        self.mistakes = list(mistakes)
        self.flattens: dict[str, int] = {}
        self.done: list[Row] = []

    @cached_property
    def names(self) -> set[str]:
        """All names in use."""
        return {node.name for node in self.nodes}

    @cached_property
    def batched(self) -> str:
        """The fix for a network whose input looks like a batch of images, not like a volume."""
        for node in self.nodes:
            if isinstance(node.layer, Input) and looks_batched(node.layer.shape):
                return (
                    f"if {node.layer.shape} starts with the batch size, drop it; use --batch for it"
                )
        return ""

    def rows(self) -> list[Row]:
        """All rows; raises Mistakes if a layer refuses its input."""
        self.walk()
        if self.mistakes:
            raise Mistakes(self.mistakes)
        return self.done

    def walk(self) -> None:
        """Compute whatever can be computed, and collect refusals."""
        place: list[int | None] = []  # the row of each node; None after a refusal
        for node in self.nodes:
            sources = [place[index] for index in node.inputs]
            known = [source for source in sources if source is not None]
            if node.layer is None or len(known) < len(sources):
                place.append(None)
            else:
                place.append(self.node(node, node.layer, known))

    def node(self, node: Node, layer: Layer, sources: list[int]) -> int | None:
        """Add the row of a node and of the flatten that it implies; None if it refuses its
        input."""
        done = self.done
        inputs = tuple([done[source].output for source in sources])
        try:
            if layer.flattens and len(inputs) == 1 and isinstance(inputs[0], Map):
                self.row(self.flatten_name(node), _flatten(), tuple(sources), inputs, True)
                sources, inputs = [len(done) - 1], (done[-1].output,)
            if node.axes is not None and isinstance(inputs[0], Map):
                check_axes(node.axes, inputs[0])
            self.row(node.name, layer, tuple(sources), inputs)
        except LayerError as why:
            shapes = some(inputs)
            who = f"layer {node.name!r} ({layer.kind}, input {shapes})"
            help = self.batched or why.help or node.help
            self.mistakes.append(SpecError(f"{who}: {why.fact}", node.where, help))
            return None
        return len(done) - 1

    def flatten_name(self, node: Node) -> str:
        """A free name next to the node's, for a flatten that the spec leaves out."""
        prefix = node.name[: node.name.rfind(".") + 1]
        while True:
            number = self.flattens.get(prefix, 0) + 1
            self.flattens[prefix] = number
            name = f"{prefix}flatten{number if number > 1 else ''}"
            if name not in self.names:
                return name

    def row(
        self,
        name: str,
        layer: Layer,
        sources: tuple[int, ...],
        inputs: tuple[Shape, ...],
        implied: bool = False,
    ) -> None:
        gradient = any(self.trained[source] for source in sources)
        key = (id(layer), inputs, gradient)
        known = self.known.get(key)
        if known is None:
            output = layer.infer(inputs)
            cost = layer.cost(inputs, output, self.batch, self.dtype, gradient)
            trained = gradient or cost.params > 0
            known = self.known[key] = (output, cost, layer.reach(*inputs), trained)
        output, cost, reach, trained = known
        fields = self.fields(sources, reach, output)
        self.trained.append(trained)
        self.done.append(Row(name, layer, sources, inputs, output, cost, fields, implied))

    def fields(
        self, sources: tuple[int, ...], reach: tuple[Reach, ...] | None, output: Shape
    ) -> tuple[Field, ...] | None:
        """The receptive field of an output: the hull of its inputs, grown by the layer's reach."""
        if not sources:
            axes = len(output.spatial) if isinstance(output, Map) else 0
            return (Field(1, 1, 0, 1),) * axes
        if reach is None and len(sources) == 1:
            return self.done[sources[0]].fields
        rows = [self.done[source] for source in sources]
        before = rows[0].fields
        if len(rows) > 1:
            before = hull([row.fields for row in rows], [places(row.output) for row in rows])
        if before is None or reach is None:
            return before
        fields = grown(before, reach)
        return fields if fields is None or all(map(_is_sane, fields)) else None


def _is_sane(field: Field) -> bool:
    """Whether the numbers of a receptive field stay below the limit for sizes.

    If jumps like 9/8 are multiplied over and over, they would otherwise grow without bound.
    """
    return bool(max(field.size, field.jump.numerator, field.jump.denominator) < LARGEST)


class _Shapes(_Walk):
    """The walk without costs and receptive fields."""

    def row(
        self,
        name: str,
        layer: Layer,
        sources: tuple[int, ...],
        inputs: tuple[Shape, ...],
        implied: bool = False,
    ) -> None:
        output = layer.infer(inputs)
        self.done.append(Row(name, layer, sources, inputs, output, Cost(), None, implied))


@cache
def _flatten() -> Layer:
    return layers.load("flatten").parse(None)


def looks_batched(shape: Shape) -> bool:
    """Whether a shape of four sizes ends like an image: 1 or 3 channels, and a square."""
    return len(shape) == 4 and shape[1] in (1, 3) and shape[2] == shape[3] > 3


def check_axes(axes: int, x: Shape) -> None:
    """Raise LayerError unless the input has as many axes as the layer's name says (``Conv2d``)."""
    if isinstance(x, Map) and len(x.spatial) != axes:
        found = f"{len(x.spatial)} spatial {'axis' if len(x.spatial) == 1 else 'axes'}"
        raise LayerError(f"its name ends in {axes}d, but {x} has {found}")
