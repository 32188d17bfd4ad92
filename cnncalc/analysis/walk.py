"""From graph to report, by running the layers. Layers that refuse their input are reported."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, cached_property

from cnncalc import layers
from cnncalc.analysis import conflicts, warnings
from cnncalc.analysis.receptive import Along, Field, at_most, beyond, grown, hull, places, usual
from cnncalc.analysis.report import Report, Row
from cnncalc.core.cost import BYTES, Cost, unknown_dtype
from cnncalc.core.errors import (
    LayerError,
    Mistakes,
    SpecError,
    Where,
    inputs_of,
)
from cnncalc.core.fields import LARGEST, read_batch
from cnncalc.core.layer import Input, Layer, Reach, positions_of
from cnncalc.core.shape import Map, Shape, Vector
from cnncalc.spec.graph import Graph
from cnncalc.spec.node import Node

Known = tuple[Shape, Cost, tuple[Reach, ...] | None, bool, tuple[int, ...] | None]
Key = tuple[int, tuple[Shape, ...], tuple[bool, ...], bool]

REFUSED = -1
"""A placeholder for the row of a layer that refuses its input, or that depends on such a layer."""

ALONE = "layer"
"""The name of a layer that is not part of a network. Errors leave it out."""


def analyze(graph: Graph, *, batch: int = 1, dtype: str | None = None) -> Report:
    """The shapes, costs and receptive fields of every layer; ``dtype`` defaults to the
    spec's, or to float32.

    Raises Mistakes with every layer that refuses its input or does not fit the weights that it
    shares, or else with those that overwrite a map that is still needed; UsageError for an unknown
    dtype, and for a batch size that is not a whole number of at least 1.
    """
    batch = read_batch(batch)
    dtype = dtype or graph.spec.dtype or "float32"
    if dtype not in BYTES:
        raise unknown_dtype(str(dtype))
    walk = _Walk(graph.nodes, graph.mistakes, batch, dtype)
    rows = walk.rows()
    if walk.overwrites and (mistakes := list(conflicts.overwritten(rows, graph))):
        raise Mistakes(mistakes)
    spec = graph.spec
    report = Report(
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
        returned=tuple(graph.nodes[place].name for place in graph.outputs),
        layout=graph.layout,
    )
    return _taught(report) if graph.outputs or walk.blocks else report


def _taught(report: Report) -> Report:
    """The report, without a backward pass for the layers that get no gradient."""
    idle = {row.name for row in report.untaught}
    rows = [
        row._replace(cost=row.cost._replace(backward_macs=0)) if row.name in idle else row
        for row in report.rows
    ]
    return replace(report, rows=tuple(rows))


def recompute(
    report: Report, rows: Sequence[Row], *, fields: bool = True, keep: bool = False
) -> tuple[Report, Sequence[SpecError]]:
    """Recompute a report from these rows, which may have other layers or sources, with or without
    receptive fields.

    Layers that refuse their new input are left out, and so is everything that depends on them.
    ``keep`` reuses every row whose layer and sources have not changed, which is valid only with
    the formulas and options of the report. Returns the report and the mistakes.
    """
    place = {row.name: index for index, row in enumerate(rows)}
    nodes = [
        Node(
            row.name,
            row.layer,
            row.sources,
            Where(report.name),
            shares=place.get(row.weights_of or ""),
            trainable=row.trainable,
        )
        for row in rows
    ]
    walk = (_Walk if fields else _Costs)(nodes, (), report.batch, report.dtype)
    walk.before = report.rows if keep else ()
    walk.inside = report.inside
    walk.walk()
    found = replace(report, rows=tuple(walk.done))
    if walk.mistakes or not (report.returned or walk.blocks):
        return found, walk.mistakes
    return _taught(found), ()


def inside(report: Report) -> Report:
    """The same layers as part of a larger network, with trained layers before them."""
    found = recompute(replace(report, inside=True), report.rows)[0]
    pairs = zip(found.rows, report.rows, strict=True)
    return replace(found, rows=tuple(new._replace(implied=old.implied) for new, old in pairs))


def takes(graph: Graph) -> bool:
    """Whether every layer accepts its input and fits the weights that it shares. Computes shapes
    only."""
    try:
        _Shapes(graph.nodes, graph.mistakes, 1, "float32").rows()
    except Mistakes:
        return False
    return True


class _Walk:
    """One pass over the nodes, which makes their rows.

    Networks repeat their blocks, so a layer is computed only once for the same input shapes, if the
    same inputs need a gradient and it is equally trained or frozen.
    """

    def __init__(
        self, nodes: Sequence[Node], mistakes: Sequence[SpecError], batch: int, dtype: str
    ) -> None:
        self.nodes = nodes
        self.batch = batch
        self.dtype = dtype
        self.known: dict[Key, Known] = {}
        self.trained: list[bool] = []  # whether a row's output needs a gradient
        self.mistakes = list(mistakes)
        self.flattens: dict[str, int] = {}
        self.done: list[Row] = []
        self.inside = False  # whether the inputs need a gradient
        self.moved = False  # whether the dimensions of some row are not in order
        self.overwrites = False  # whether some layer runs in place
        self.blocks = False  # whether some layer passes no gradient to one of its inputs
        self.before: Sequence[Row] = ()  # rows of an earlier walk, to keep if nothing changed
        self.same: list[bool] = []  # whether a row's output is that of the earlier walk

    @cached_property
    def names(self) -> set[str]:
        """All names in use."""
        return {node.name for node in self.nodes}

    def without_batch(self, axes: int) -> str:
        """The fix if an input has one more axis than a layer's name implies: that axis may be the
        batch."""
        for node in self.nodes:
            shape = node.layer.shape if isinstance(node.layer, Input) else ()
            if len(shape) == axes + 2:
                batch, *image = map(str, shape)
                return f"if {batch} is the batch size, write {'x'.join(image)} and --batch {batch}"
        return ""

    def rows(self) -> list[Row]:
        """All rows. Raises Mistakes if a layer refuses its input or does not fit the weights that
        it shares."""
        self.walk()
        self.mistakes += conflicts.misfits(self.nodes, self.done)
        if self.mistakes:
            raise Mistakes(self.mistakes)
        return self.done

    def walk(self) -> None:
        """Compute whatever can be computed, and collect refusals."""
        place: list[int] = []  # the row of each node, or REFUSED
        for node in self.nodes:
            sources = [place[index] for index in node.inputs]
            like = None if node.like is None else place[node.like]
            if node.layer is None or REFUSED in sources or like == REFUSED:
                place.append(REFUSED)
            else:
                place.append(self.node(node, node.layer, sources, like))

    def node(self, node: Node, layer: Layer, sources: list[int], like: int | None) -> int:
        """Add the row of a node, and that of the flatten that it implies. Some of its fields may
        follow from the row at ``like``. Returns REFUSED if the layer refuses its input."""
        try:
            if layer.flattens and len(sources) == 1:
                sources = self.flattened(node, sources)
            inputs = tuple([self.done[source].output for source in sources])
            if node.axes is not None and len(inputs[0]) != node.axes + 1:
                check_axes(node, inputs[0], self.without_batch(node.axes))
            if like is not None:
                layer = layer.sized_like(inputs[0], self.done[like].output)
            self.row(node.name, layer, tuple(sources), inputs, node)
        except LayerError as why:
            self.refused(node, layer, sources, why)
            return REFUSED
        return len(self.done) - 1

    def flattened(self, node: Node, sources: list[int]) -> list[int]:
        """The row that a node reads, after adding the flatten that it implies for a map."""
        x = self.done[sources[0]].output
        if isinstance(x, Map):
            self.row(self.flatten_name(node), _flatten(), tuple(sources), (x,))
            return [len(self.done) - 1]
        return sources

    def refused(self, node: Node, layer: Layer, sources: list[int], why: LayerError) -> None:
        """Add an error; a layer with several outputs gets only one."""
        shapes = [self.done[source].output for source in sources]
        who = f"layer {(node.part_of or node.name)!r} ({layer.kind}, {inputs_of(shapes)})"
        if ALONE in (node.part_of, node.name):
            who = f"{layer.kind} ({inputs_of(shapes)})"
        help = node.help(*shapes) if callable(node.help) else node.help
        mistake = SpecError(f"{who}: {why.fact}", node.where, help or why.help)
        if not node.part_of or str(mistake) not in map(str, self.mistakes[-1:]):
            self.mistakes.append(mistake)

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
        node: Node | None = None,
    ) -> None:
        """Add a row; a row without a node is a flatten that the spec implies."""
        if self.before and self.keeps(layer, sources):
            return
        wanted = tuple(map(self.trained.__getitem__, sources))
        trainable = node is None or node.trainable
        key = (id(layer), inputs, wanted, trainable)
        known = self.known.get(key)
        if known is None:
            output = layer.infer(inputs)
            cost = layer.cost(inputs, output, self.batch, self.dtype, wanted, trainable)
            trained = self.trains(layer, wanted, cost)
            order = layer.reorders(inputs[0]) if len(inputs) == 1 else None
            self.overwrites = self.overwrites or layer.overwrites
            known = self.known[key] = (output, cost, layer.reach(*inputs), trained, order)
        output, cost, reach, trained, order = known
        weights_of = None
        if node is not None and node.shares is not None and cost.held:
            weights_of, cost = self.nodes[node.shares].name, cost.with_shared_weights
        along: Along | None = None
        if order is None and not self.moved:
            fields = self.fields(sources, reach, output)
        else:
            self.moved = True
            fields, along = self.seen(layer, sources, inputs, reach, output, order)
        self.trained.append(trained)
        more = (node is None, weights_of, trainable, along)
        row = Row(name, layer, sources, inputs, output, cost, fields, *more)
        if self.before:
            self.same.append(self.is_same(row))
        self.done.append(row)

    def trains(self, layer: Layer, wanted: tuple[bool, ...], cost: Cost) -> bool:
        """Whether a layer's output needs a gradient: for its parameters, or to pass it on to an
        input that needs one."""
        blocked = layer.without_gradient
        self.blocks = self.blocks or bool(blocked)
        passed = [one for place, one in enumerate(wanted) if place not in blocked]
        return True in passed or cost.trainable > 0 or (self.inside and not wanted)

    @property
    def earlier(self) -> Row | None:
        """The row at this place in the earlier walk."""
        place = len(self.done)
        return self.before[place] if place < len(self.before) else None

    def keeps(self, layer: Layer, sources: tuple[int, ...]) -> bool:
        """Add the row of the earlier walk if its layer and everything it reads are the same.
        Returns whether they are."""
        row = self.earlier
        if row is None or row.layer is not layer or row.sources != sources or row.weights_of:
            return False
        if not all(self.same[source] for source in sources):
            return False
        wanted = tuple(map(self.trained.__getitem__, sources))
        self.trained.append(self.trains(layer, wanted, row.cost))
        self.moved = self.moved or row.along is not None
        self.done.append(row)
        self.same.append(True)
        return True

    def is_same(self, row: Row) -> bool:
        """Whether a row is the same for later layers as it was in the earlier walk."""
        before = self.earlier
        if before is None or (row.cost.trainable > 0) != (before.cost.trainable > 0):
            self.before = ()  # later layers may have a different backward pass
            return False
        return (row.output, row.fields, row.along) == (before.output, before.fields, before.along)

    def seen(
        self,
        layer: Layer,
        sources: tuple[int, ...],
        inputs: tuple[Shape, ...],
        reach: tuple[Reach, ...] | None,
        output: Shape,
        order: tuple[int, ...] | None,
    ) -> tuple[tuple[Field, ...] | None, Along | None]:
        """The receptive field of an output (the hull of its inputs, grown by the layer's reach),
        and the axes along which its dimensions run if they are not in order. ``order`` is how the
        layer reorders dimensions, if that is all it does."""
        alongs = [self.done[source].along for source in sources]
        if order is None and not any(alongs):
            return self.fields(sources, reach, output), None
        x = inputs[0]
        given = [along or usual(len(one)) for along, one in zip(alongs, inputs)]
        rows = [self.done[source] for source in sources]
        fields = hull([row.fields for row in rows], [places(row.output) for row in rows])
        along = given[0]
        if order is not None:
            along = tuple(along[place] for place in order)
            return fields, None if along == usual(len(along)) else along
        if output == x and reach is None and not layer.moves:
            return fields, along
        if fields is not None:
            fields = beyond(fields, reach, along, x) if len(set(given)) == 1 else None
        same = len(output) == len(along) and isinstance(output, Map)
        return fields, (None, *along[1:]) if same else (None,) * len(output)

    def is_flattened(self, place: int) -> bool:
        """Whether a vector holds the values of a map in their order, without mixing them."""
        row = self.done[place]
        while isinstance(row.output, Vector) and not row.cost.macs and row.sources:
            row = self.done[row.sources[0]]
        return positions_of(row.output) > 1

    def fields(
        self, sources: tuple[int, ...], reach: tuple[Reach, ...] | None, output: Shape
    ) -> tuple[Field, ...] | None:
        """The receptive field of an output: the hull of its inputs, grown by the layer's reach."""
        if not sources:
            return tuple(Field(1, 1, 0, 1, image=size) for size in places(output))
        if reach is None and len(sources) == 1:
            return self.done[sources[0]].fields
        rows = [self.done[source] for source in sources]
        before = rows[0].fields
        if len(rows) > 1:
            before = hull([row.fields for row in rows], [places(row.output) for row in rows])
        if before is None or reach is None:
            return before
        if isinstance(rows[0].output, Vector) and isinstance(output, Map):
            return at_most(before) if self.is_flattened(sources[0]) else before
        fields = grown(before, reach)
        return fields if fields is None or _are_sane(fields) else None


def _are_sane(fields: tuple[Field, ...]) -> bool:
    """Whether the numbers in receptive fields are below the limit for sizes. Without a limit,
    products of jumps such as 9/8 could grow without bound."""
    before = None
    for field in fields:
        if field is before:  # equal axes share one object
            continue
        before, size, jump = field, field.size, field.jump
        if size >= LARGEST or jump.numerator >= LARGEST or jump.denominator >= LARGEST:
            return False
    return True


class _Costs(_Walk):
    """The walk without receptive fields."""

    def fields(
        self, sources: tuple[int, ...], reach: tuple[Reach, ...] | None, output: Shape
    ) -> None:
        return None


class _Shapes(_Walk):
    """The walk without costs or receptive fields."""

    def row(
        self,
        name: str,
        layer: Layer,
        sources: tuple[int, ...],
        inputs: tuple[Shape, ...],
        node: Node | None = None,
    ) -> None:
        output = layer.infer(inputs)
        self.done.append(Row(name, layer, sources, inputs, output, Cost(), None))


@cache
def _flatten() -> Layer:
    return layers.load("flatten").parse(None)


def check_axes(node: Node, x: Shape, help: str = "") -> None:
    """Raise LayerError for a map that does not have as many spatial axes as the kind's name says
    (``Conv2d``)."""
    if isinstance(x, Map) and len(x.spatial) != node.axes:
        plural = "axis" if node.axes == 1 else "axes"
        wanted = f"{node.word!r} is for {node.axes} spatial {plural}"
        raise LayerError(f"{wanted}, but {x} has {len(x.spatial)}", help)
