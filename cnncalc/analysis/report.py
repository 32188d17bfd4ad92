"""The result: plain frozen rows and the queries on them.

The numbers in rows are exact: integers, and fractions for some jumps. Units, separators and column
widths belong to the renderers.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from cnncalc.analysis.receptive import Along, Field
from cnncalc.core import units
from cnncalc.core.cost import COUNTED, Cost, Parameters, total
from cnncalc.core.errors import UnknownName, UsageError, did_you_mean, some
from cnncalc.core.layer import Input, Layer
from cnncalc.core.shape import Layout, Shape

VERSION = 1
"""The version of the data of ``to_dict``. It changes if a name or its meaning changes, not if names
are added."""


class Row(NamedTuple):
    """One layer of the network. ``sources`` are the positions of the rows that it reads; counts are
    in ``cost``.

    ``fields`` is the receptive field along each axis of the network's input, or None if it is not
    known, as where inputs with different axes meet. ``implied`` marks a flatten that the spec
    leaves out. ``weights_of`` is the layer whose parameters and buffers this one shares, if any;
    they count there. ``trainable`` is False for a frozen layer. ``along`` has the axis of the
    network's input along which each dimension of the output runs (None for a dimension that runs
    along none); it is None as a whole if the dimensions are in their usual order.
    """

    name: str
    layer: Layer
    sources: tuple[int, ...]
    inputs: tuple[Shape, ...]
    output: Shape
    cost: Cost
    fields: tuple[Field, ...] | None
    implied: bool = False
    weights_of: str | None = None
    trainable: bool = True
    along: Along | None = None

    @property
    def kind(self) -> str:
        """The canonical name of the layer's kind; ``input`` for an input."""
        return "input" if isinstance(self.layer, Input) else self.layer.kind

    def __getattr__(self, name: str) -> int:
        """A count from the row's cost: ``row.params``, ``row.macs``."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.cost, name)  # type: ignore[no-any-return]

    @property
    def unknown(self) -> frozenset[str]:
        """The counts that are not known, for which the cost has a lower bound."""
        return self.layer.unknown

    @property
    def shared(self) -> Parameters:
        """The shared parameters and buffers, which count for another layer."""
        return self.layer.parameters(*self.inputs) if self.weights_of else Parameters()

    @property
    def trains(self) -> bool:
        """Whether the layer has parameters, its own or shared ones, and is not frozen."""
        return self.trainable and bool(self.params or self.shared.params)

    @property
    def taught(self) -> tuple[int, ...]:
        """The sources to which the layer passes a gradient if they need one."""
        blocked = self.layer.without_gradient
        return tuple(one for place, one in enumerate(self.sources) if place not in blocked)

    @property
    def receptive_field(self) -> tuple[int, ...] | None:
        """The sizes of the receptive field."""
        return None if self.fields is None else tuple(field.size for field in self.fields)


@dataclass(frozen=True, eq=False, repr=False)
class Line:
    """One line of an outline: a layer, or a block with its layers added up."""

    name: str
    kind: str
    rows: tuple[Row, ...]
    depth: int

    @property
    def folded(self) -> bool:
        """Whether this is a block, even one with a single layer."""
        return len(self.rows) > 1 or self.kind != self.rows[0].kind

    @property
    def last(self) -> Row:
        """The row that produces the output."""
        return self.rows[-1]

    @property
    def inputs(self) -> tuple[Shape, ...]:
        """The inputs of the first layer."""
        return self.rows[0].inputs

    @property
    def output(self) -> Shape:
        """The output of the last layer."""
        return self.last.output

    @cached_property
    def unknown(self) -> frozenset[str]:
        """The counts for which the cost is only a lower bound."""
        return _unknown(self.rows)

    @cached_property
    def cost(self) -> Cost:
        """The sum of the costs."""
        return self.rows[0].cost if len(self.rows) == 1 else total([row.cost for row in self.rows])


def _unknown(rows: Iterable[Row]) -> frozenset[str]:
    """The counts that are not known for at least one of the rows."""
    return frozenset[str]().union(*(row.unknown for row in rows))


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """The results for a network: one row per layer, in order, inputs first.

    Iterate over it for the layers, index it by name for a single row, and read ``totals`` for the
    sums, which have the names of ``Cost``.
    """

    name: str
    rows: tuple[Row, ...]
    batch: int = 1
    dtype: str = "float32"
    source: str = ""
    note: str = ""
    variants: tuple[tuple[str, str], ...] = ()
    groups: Mapping[str, str] | None = None
    settings: Mapping[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    """Likely mistakes in a valid spec; for a built-in, only those about its input."""
    layout: Layout = "chw"
    """How tables write shapes; everything else is channels first."""
    returned: tuple[str, ...] = ()
    """The layers that the spec names as its outputs, if it does."""
    inside: bool = False
    """Whether trained layers come before this network, so that its inputs need a gradient."""

    def __repr__(self) -> str:
        layers, params = len(self), self.totals.params
        counts = f"{units.counted(layers, 'layer')}, {units.counted(params, 'parameter')}"
        return f"<Report of {self._called}: {counts}>"

    @property
    def _called(self) -> str:
        return self.name or "the network"

    def __iter__(self) -> Iterator[Row]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __contains__(self, name: object) -> bool:
        """Whether there is a layer or an input with this name."""
        return name in self._by_name

    def __getitem__(self, name: str) -> Row:
        """The row with this name. Raises UnknownName (also a KeyError), which suggests the nearest
        or lists what there is."""
        try:
            return self._by_name[name]
        except KeyError:
            layers = [row.name for row in self.layers]
            hint = did_you_mean(str(name), self._by_name) or f"; it has {some(layers)}"
            raise UnknownName(f"{self._called} has no layer {str(name)[:60]!r}{hint}") from None

    @cached_property
    def _by_name(self) -> dict[str, Row]:
        return {row.name: row for row in self.rows}

    @cached_property
    def blocks(self) -> dict[str, None]:
        """The names of all blocks, in order: the parts of layers' names before a dot."""
        names = (row.name.split(".") for row in self.rows)
        return dict.fromkeys(".".join(name[:end]) for name in names for end in range(1, len(name)))

    @cached_property
    def layers(self) -> tuple[Row, ...]:
        """All rows except the inputs."""
        return tuple(row for row in self.rows if row.layer.arity != (0, 0))

    @cached_property
    def input_shapes(self) -> dict[str, Shape]:
        """The shape of every input, by name."""
        return {row.name: row.output for row in self.rows if row.layer.arity == (0, 0)}

    @property
    def input_shape(self) -> Shape:
        """The shape of the only input; raises UsageError if there are several."""
        if len(self.input_shapes) != 1:
            inputs = ", ".join(self.input_shapes)
            raise UsageError(f"{self._called} has several inputs: {inputs}", "use input_shapes")
        return next(iter(self.input_shapes.values()))

    @property
    def output_shape(self) -> Shape:
        """The output of the last layer, or the last of the outputs that the spec names."""
        return self.outputs[-1].output if self.returned else self.rows[-1].output

    @cached_property
    def outputs(self) -> tuple[Row, ...]:
        """The rows that the spec names as outputs, or else those that no other row reads."""
        if self.returned:
            return tuple(self[name] for name in self.returned if name in self)
        read = {source for row in self.rows for source in row.sources}
        return tuple(row for index, row in enumerate(self.rows) if index not in read)

    @cached_property
    def unused(self) -> tuple[Row, ...]:
        """The layers that lead to no output."""
        return self._not_before_outputs(lambda row: row.sources)

    @cached_property
    def untaught(self) -> tuple[Row, ...]:
        """The layers that get no gradient from any output."""
        return self._not_before_outputs(lambda row: row.taught)

    def _not_before_outputs(self, sources: Callable[[Row], Iterable[int]]) -> tuple[Row, ...]:
        used = {row.name for row in self.outputs}
        for row in reversed(self.rows):
            if row.name in used:
                used |= {self.rows[source].name for source in sources(row)}
        return tuple(row for row in self.layers if row.name not in used)

    @cached_property
    def totals(self) -> Cost:
        """The sum of all costs, including the inputs' activations."""
        return total([row.cost for row in self.rows])

    @cached_property
    def unknown(self) -> frozenset[str]:
        """The counts for which the total is only a lower bound, because of opaque layers."""
        return _unknown(self.rows)

    @cached_property
    def opaque(self) -> tuple[Row, ...]:
        """The layers whose counts are not all known."""
        return tuple(row for row in self.layers if row.unknown)

    @property
    def exact(self) -> bool:
        """Whether every count is known."""
        return not self.unknown

    def by_kind(self) -> dict[str, Cost]:
        """The sums for each kind of layer, in order of first appearance."""
        kinds: dict[str, list[Cost]] = {}
        for row in self.layers:
            kinds.setdefault(row.kind, []).append(row.cost)
        return {kind: total(costs) for kind, costs in kinds.items()}

    def by_block(self, depth: int = 1) -> dict[str, Cost]:
        """The sums for each block down to a depth; a layer outside all blocks has its own entry,
        and so has an input."""
        return {line.name: line.cost for line in self.outline(depth)}

    def outline(self, depth: int) -> tuple[Line, ...]:
        """The network with everything deeper than ``depth`` folded into its block."""
        gathered: dict[str, list[Row]] = {}
        for row in self.rows:
            gathered.setdefault(".".join(row.name.split(".")[:depth]), []).append(row)
        groups = self.groups or {}
        return tuple(
            Line(name, groups.get(name, rows[0].kind), tuple(rows), depth)
            for name, rows in gathered.items()
        )

    @cached_property
    def depth(self) -> int:
        """The nesting depth of the deepest layer; 1 without blocks."""
        return max(row.name.count(".") + 1 for row in self.rows)

    def share(self, cost: Cost, quantity: str) -> float:
        """A count of a cost as a fraction of the total, from 0 to 1."""
        whole = getattr(self.totals, quantity)
        return getattr(cost, quantity) / whole if whole else 0.0

    def to_dict(self) -> dict[str, Any]:
        """The documented contract: plain data with exact integers (docs/json.md)."""
        return self.record([row_dict(row) for row in self.layers])

    def record(self, layers: list[Any]) -> dict[str, Any]:
        """The data of ``to_dict`` with these layers, in a list that may be lazy."""
        return {
            "format": "cnncalc.report",
            "version": VERSION,
            "name": self.name,
            "source": self.source,
            "settings": dict(self.settings or {}),
            "batch": self.batch,
            "dtype": self.dtype,
            "inputs": {name: list(shape.dimensions) for name, shape in self.input_shapes.items()},
            "outputs": {row.name: list(row.output.dimensions) for row in self.outputs},
            "warnings": list(self.warnings),
            "layers": layers,
            "totals": {**cost_dict(self.totals), "exact": self.exact},
        }

    def to_frame(self) -> Any:
        """A pandas DataFrame with one row per layer; needs pandas."""
        try:
            import pandas
        except ImportError:
            help = "install it with pip install pandas"
            raise UsageError("to_frame needs pandas", help) from None
        return pandas.DataFrame([row_dict(row) for row in self.layers])


def cost_dict(cost: Cost) -> dict[str, int]:
    """All counts of a cost by name, and the derived ``params``, ``trainable`` and ``flops``."""
    counts = {name: getattr(cost, name) for name in COUNTED}
    derived = {"params": cost.params, "trainable": cost.trainable, "flops": cost.flops}
    return {**derived, **counts}


def row_dict(row: Row) -> dict[str, Any]:
    """A row as plain data."""
    return {
        "name": row.name,
        "kind": row.kind,
        "inputs": [list(shape.dimensions) for shape in row.inputs],
        "output": list(row.output.dimensions),
        "weights_of": row.weights_of,
        "receptive_field": None if row.fields is None else [_field_dict(f) for f in row.fields],
        **{name: None if name in row.unknown else n for name, n in cost_dict(row.cost).items()},
        "exact": not row.unknown,
    }


def _field_dict(field: Field) -> dict[str, Any]:
    """A receptive field as plain data; a fractional jump is text, as in ``1/2``."""
    jump = field.jump if isinstance(field.jump, int) else str(field.jump)
    return {
        "size": field.size,
        "jump": jump,
        "start": field.start,
        "smallest": field.smallest,
        "bound": field.bound,
    }
