"""What a table shows in any format: columns, lines, totals and a legend.

Values come from the report; a view only chooses and words them, and every format draws the same
view.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.analysis.receptive import Field
from cnncalc.analysis.report import Line, Report, row_dict
from cnncalc.core import units
from cnncalc.core.cost import Cost, Operations
from cnncalc.core.errors import UsageError, some, unknown
from cnncalc.core.layer import per_axis
from cnncalc.core.shape import Layout, Map, Shape

if TYPE_CHECKING:
    from cnncalc.conventions.convention import Count

Value = int | float | str | None

MAX_LINES = 45
"""By default blocks are opened as far as the table stays within this many lines."""


class LazyList(list[Any]):
    """A list that makes each item when it is iterated over, so that only one is in memory. It is
    a list because ``json`` writes nothing else as an array."""

    def __init__(self, make: Callable[[Any], Any], sources: Iterable[Any]) -> None:
        super().__init__(sources)
        self.make = make

    def __iter__(self) -> Iterator[Any]:
        return map(self.make, super().__iter__())


class Column(NamedTuple):
    """One column: its heading, its meaning, its exact value, and that value as text."""

    heading: str
    doc: str
    value: Callable[[Line, "View"], Value]
    read: Callable[[Any], str] = str
    """Turns a value into text; integers become human units."""


def _count(heading: str, doc: str, name: str) -> Column:
    return Column(heading, doc, lambda line, view: getattr(line.cost, name), units.human)


def _bytes(heading: str, doc: str, name: str) -> Column:
    return Column(heading, doc, lambda line, view: getattr(line.cost, name), units.in_bytes)


def _kept(heading: str, doc: str, each: str, stored: str, read: Callable[[int], str]) -> Column:
    """The output of a layer; for a block, all outputs inside it that are stored."""
    return Column(
        heading,
        f"{doc}; for a block, of all its stored outputs",
        lambda line, view: getattr(line.cost, stored if line.folded else each),
        read,
    )


def _share(heading: str, doc: str, name: str) -> Column:
    return Column(
        heading,
        f"{doc}, in percent",
        lambda line, view: round(100 * view.report.share(line.cost, name), 1),
        "{:.1f} %".format,
    )


def _field(heading: str, doc: str, read: Callable[[Field], Any]) -> Column:
    def value(line: Line, view: "View") -> Value:
        found = [read(field) for field in line.last.fields or ()]
        if not found:
            return None
        if len(set(found)) > 1:
            return "×".join(map(str, found))
        return found[0] if isinstance(found[0], int) else str(found[0])

    return Column(heading, doc, value)


def _shapes(shapes: Sequence[Shape], layout: Layout) -> str:
    return ", ".join(shape.text(layout) for shape in shapes)


def _few(text: str) -> str:
    """A list in a cell, shortened to its first items and their number if it is very long."""
    return some(text.split(", "))


def _inputs(line: Line, view: "View") -> str | None:
    """The names of the lines that a line reads."""
    inside = {row.name for row in line.rows}
    rows = (view.report.rows[source] for row in line.rows for source in row.sources)
    read = (row.name for row in rows if row.name not in inside)
    names = dict.fromkeys(".".join(name.split(".")[: line.depth]) for name in read)
    return ", ".join(names) or None


def _kernel(line: Line, view: "View") -> str | None:
    """``3×3, s2, p1``: the window of a layer; default values are left out."""
    layer, x = line.last.layer, line.inputs[0] if line.inputs else None
    size = getattr(layer, "kernel_size", None)
    if line.folded or size is None or not isinstance(x, Map):
        return None
    text = "×".join(map(str, per_axis(size, x, "kernel_size")))
    step = getattr(layer, "stride", 1)
    given = {"s": size if step is None else step}
    given |= {name[0]: getattr(layer, name, None) for name in ("padding", "dilation", "groups")}
    usual = {"s": 1, "p": 0, "d": 1, "g": 1}
    words = (_setting(letter, given[letter] or usual[letter], usual[letter]) for letter in usual)
    return ", ".join([text, *filter(None, words)])


def _setting(letter: str, value: Any, usual: int) -> str:
    """``s2``, or ``s2×1`` if axes differ; empty for the default."""
    if isinstance(value, str):
        return "" if value == "valid" else value
    axes = [
        "/".join(map(str, dict.fromkeys(axis))) if isinstance(axis, tuple) else str(axis)
        for axis in (value if isinstance(value, tuple) else [value])
    ]
    text = axes[0] if len(set(axes)) == 1 else "×".join(axes)
    return "" if text == str(usual) else f"{letter}{text}"


def _saved(line: Line, view: "View") -> int | None:
    """The bytes that its layers save for backward; None if that is not modelled."""
    if view.saved is None:
        return None
    return sum(view.saved.get(row.name, 0) for row in line.rows)


def _settings(line: Line) -> str | None:
    return None if line.folded or not line.inputs else line.last.layer.text() or None


COLUMNS: dict[str, Column] = {
    "layer": Column("Layer", "its name", lambda line, view: line.name),
    "kind": Column("Kind", "its kind, or that of the block", lambda line, view: line.kind),
    "kernel": Column(
        "Kernel", "kernel size, stride, padding, dilation and groups: 3×3, s2, p1", _kernel
    ),
    "fields": Column(
        "Fields", "its fields that differ from their defaults", lambda line, view: _settings(line)
    ),
    "inputs": Column("Inputs", "the names of the layers it reads", _inputs, _few),
    "weights_of": Column(
        "Weights of", "the layer whose parameters it shares",
        lambda line, view: None if line.folded else line.last.weights_of,
    ),
    "input": Column(
        "Input", "the shape of its input",
        lambda line, view: _shapes(line.inputs, view.layout) or None, _few,
    ),
    "output": Column(
        "Output", "the shape of its output", lambda line, view: line.output.text(view.layout)
    ),
    "params": _count("Params", "learnable parameters", "params"),
    "weights": _count("Weights", "learnable parameters other than biases and shifts", "weights"),
    "biases": _count("Biases", "learnable biases and shifts", "biases"),
    "trainable": _count("Trainable", "learnable parameters that are not frozen", "trainable"),
    "frozen": _count("Frozen", "learnable parameters with 'trainable: false'", "frozen"),
    "fixed": _count("Fixed", "weights that are never updated", "fixed"),
    "buffers": _count("Buffers", "state that is saved but not learned", "buffers"),
    "macs": _count("MACs", "multiply-accumulates", "macs"),
    "backward_macs": _count(
        "Backward MACs", "multiply-accumulates of the backward pass", "backward_macs"
    ),
    "flops": _count("FLOPs", "floating-point operations, 2 · MACs", "flops"),
    "connections": _count("Connections", "inputs connected to outputs, and biases", "connections"),
    "operations": _count("Operations", "all arithmetic", "operations_total"),
    **{
        name: _count(name.capitalize(), f"{name} operations", name) for name in Operations._fields
    },
    "activation": _kept(
        "Activation", "elements of the output", "activation", "activations_total", units.human
    ),
    "memory": _kept(
        "Memory", "bytes of the output", "activation_bytes", "activations_total_bytes",
        units.in_bytes,
    ),
    "stored": _bytes("Stored", "bytes in the activation total", "activations_total_bytes"),
    "saved": Column(
        "Saved", "bytes saved for backward (docs/memory.md); empty where not modelled",
        _saved, units.in_bytes,
    ),
    "read": _bytes("Read", "bytes read: inputs and parameters", "bytes_read"),
    "written": _bytes("Written", "bytes written: the output", "bytes_written"),
    "intensity": Column(
        "Ops/byte", "arithmetic intensity: operations per byte read or written",
        lambda line, view: round(line.cost.intensity, 2), "{:.2f}".format,
    ),
    "rf": _field("RF", "receptive field, in input pixels", lambda field: field.size),
    "rf_smallest": _field(
        "RF min", "receptive field through the narrowest branch", lambda field: field.smallest
    ),
    "jump": _field("Jump", "input pixels between neighbouring outputs", lambda field: field.jump),
    "start": _field("Start", "where the first receptive field begins", lambda field: field.start),
    "params%": _share("Params %", "share of the parameters", "params"),
    "macs%": _share("MACs %", "share of the multiply-accumulates", "macs"),
    "memory%": _share("Memory %", "share of the stored activations", "activations_total_bytes"),
}  # fmt: skip
"""Every column, by the name that ``--columns`` takes."""

USUAL = ("layer", "kind", "kernel", "output", "params", "macs", "memory", "rf")


WORDS = ("layer", "kind", "kernel", "fields", "inputs", "weights_of", "input", "output")
"""The columns without numbers."""


SHARED = ("params", "weights", "biases", "fixed", "buffers")
"""The columns that count shared parameters and buffers once."""


class Total(NamedTuple):
    """One total below a table: its label, its exact value, and the text shown."""

    label: str
    value: int
    text: str


@dataclass(frozen=True, eq=False, repr=False)
class View:
    """A report to show, optionally with a ``count`` under another convention."""

    report: Report
    columns: tuple[str, ...] = USUAL
    depth: int | None = None
    sort: str | None = None
    exact: bool = False
    count: "Count | None" = None

    @cached_property
    def known(self) -> Mapping[str, Column]:
        """Every column; with a count, also what each layer adds to it."""
        count = self.count
        if count is None or count.name in COLUMNS:
            return COLUMNS

        def value(line: Line, view: "View") -> int:
            return sum(count.layers.get(row.name, 0) for row in line.rows)

        convention = count.convention
        own = Column(count.name, convention.counts, value, convention.read)
        return {**COLUMNS, count.name: own}

    @cached_property
    def saved(self) -> Mapping[str, int] | None:
        """The bytes that each layer saves for backward; None if that is not modelled."""
        from cnncalc.footprint import saved_for_backward

        try:
            return {entry.layer: entry.bytes for entry in saved_for_backward(self.report)}
        except UsageError:
            return None

    @property
    def layout(self) -> Layout:
        """How shapes are written."""
        return self.report.layout

    @property
    def name(self) -> str:
        """The network."""
        return self.report.name

    @property
    def title(self) -> str:
        """The network, its input and its settings."""
        report = self.report
        shapes = ", ".join(
            shape.text(self.layout) if len(report.input_shapes) == 1
            else f"{name} {shape.text(self.layout)}"
            for name, shape in report.input_shapes.items()
        )  # fmt: skip
        batch = f", batch {report.batch}" if report.batch > 1 else ""
        return f"{report.name} · input {shapes}{batch} · {report.dtype}"

    @property
    def remarks(self) -> list[str]:
        """Which variant of the network this is, and which others exist."""
        remarks = [self.report.note] if self.report.note else []
        return remarks + [f"See also {name}: {text}" for name, text in self.report.variants]

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines at the chosen depth, sorted if asked."""
        depth = self.fitting_depth() if self.depth is None else self.depth
        lines = self.report.outline(depth)
        if self.sort is None:
            return lines
        column = self.known[self.sort]

        def key(line: Line) -> tuple[int, float, str]:
            value = column.value(line, self)
            if isinstance(value, int | float):
                return (0, -value, "")
            return (1, 0, value) if value is not None else (2, 0, "")

        return tuple(sorted(lines, key=key))

    def fitting_depth(self) -> int:
        """The deepest outline that fits a screen, at least 1."""
        depth = 1
        while depth < self.report.depth and len(self.report.outline(depth + 1)) <= MAX_LINES:
            depth += 1
        return depth

    @property
    def headings(self) -> list[str]:
        """The headings of the columns."""
        return [self.known[name].heading for name in self.columns]

    def values(self, line: Line) -> list[Value]:
        """The exact values of a line."""
        return [self.known[name].value(line, self) for name in self.columns]

    def texts(self, line: Line) -> list[str]:
        """The values as text; what is not in the total stands in parentheses."""
        return [self.text(name, line) for name in self.columns]

    def text(self, name: str, line: Line) -> str:
        """One value as text."""
        column = self.known[name]
        value = column.value(line, self)
        if value is None:
            return ""
        if isinstance(value, str):
            return column.read(value)
        shared = sum(getattr(row.shared, name) for row in line.rows) if name in SHARED else 0
        if shared and not value:
            return f"({units.exact(shared) if self.exact else column.read(shared)})"
        text = units.exact(value) if self.exact and isinstance(value, int) else column.read(value)
        unstored = line.cost.activation and not line.cost.activations_total and not line.folded
        return f"({text})" if unstored and name in ("activation", "memory") else text

    def numeric(self, name: str) -> bool:
        """Whether a column is right-aligned."""
        return name not in WORDS

    def prose(self, name: str) -> bool:
        """Whether a column holds long text, which is broken into lines."""
        return name in ("fields", "inputs")

    def to_dict(self) -> dict[str, Any]:
        """The whole report, its layers as a lazy list: depth, columns and order only affect
        tables."""
        record = self.report.record(LazyList(row_dict, self.report.layers))
        return record if self.count is None else {**record, "convention": self.count.to_dict()}

    @property
    def totals(self) -> list[Total]:
        """The sums below the table."""
        cost = self.report.totals
        totals = [Total("Parameters", cost.params, self._parameters(cost))]
        if cost.frozen:
            for name in ("trainable", "frozen"):
                number = getattr(cost, name)
                totals.append(Total(name.capitalize(), number, self._both(number)))
        if cost.fixed:
            totals.append(Total("Fixed weights", cost.fixed, units.exact(cost.fixed)))
        if cost.buffers:
            totals.append(Total("Buffers", cost.buffers, units.exact(cost.buffers)))
        return [
            *totals,
            Total("MACs", cost.macs, self._both(cost.macs)),
            Total("FLOPs", cost.flops, self._both(cost.flops)),
            Total("Activations", cost.activations_total, self._activations(cost)),
            Total("Parameter bytes", cost.parameter_bytes, _three_ways(cost.parameter_bytes)),
            *self._counted(),
        ]

    def _counted(self) -> Iterable[Total]:
        """The total under the requested convention."""
        if self.count is not None:
            convention = self.count.convention
            text = f"{convention.title}: {self.count.text()} ({convention.counts})"
            yield Total("Convention", self.count.total, text)

    def _both(self, number: int) -> str:
        scaled = units.human(number)
        return units.exact(number) + (f" = {scaled}" if scaled != units.exact(number) else "")

    def _parameters(self, cost: Cost) -> str:
        parts = f"{units.exact(cost.weights)} weights + {units.exact(cost.biases)} biases"
        return f"{self._both(cost.params)} ({parts})"

    def _activations(self, cost: Cost) -> str:
        return (
            f"{units.exact(cost.activations_total)} = {_three_ways(cost.activations_total_bytes)}"
        )

    @property
    def conventions(self) -> str:
        """What the numbers mean."""
        sharing = any(row.weights_of for row in self.report.rows)
        return (
            "MACs are multiply-accumulates of convolutions and linear layers; FLOPs = 2 · MACs. "
            "Memory in parentheses is not in the total: the layer runs in place or returns a view. "
            + "Parameters in parentheses are shared: they count for another layer. " * sharing
            + "MB = 10⁶ bytes, MiB = 2²⁰ bytes."
        )


def _three_ways(size: int) -> str:
    texts = (f"{units.exact(size)} B", units.in_bytes(size), units.in_binary(size))
    return " = ".join(dict.fromkeys(texts))


def column(word: str, also: Sequence[str] = ()) -> str:
    """The name of a column, whatever its case; ``also`` lists names beyond those of every view.

    Raises UsageError with the nearest name."""
    name, known = word.strip().lower(), (*COLUMNS, *also)
    if name not in known:
        raise unknown("column", name, known)
    return name


def choose_columns(words: Sequence[str], also: Sequence[str] = ()) -> tuple[str, ...]:
    """The columns that ``words`` name; ``+rf`` adds to the usual ones, ``all`` is every one.

    Raises UsageError with the nearest name.
    """
    if list(words) == ["all"]:
        return tuple(COLUMNS)
    chosen: list[str] = []
    for word in words:
        name = column(word.strip().removeprefix("+"), also)
        if word.strip().startswith("+") and not chosen:
            chosen = list(USUAL)
        if name not in chosen:
            chosen.append(name)
    return tuple(chosen)
