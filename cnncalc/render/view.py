"""What a table shows, whatever the format: columns, lines, totals and the conventions.

Values come from the report; here they are only chosen and worded. Each format in ``render``
draws the same view.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from cnncalc.analysis.receptive import Field
from cnncalc.analysis.report import Line, Report
from cnncalc.core import units
from cnncalc.core.cost import Cost, Operations
from cnncalc.core.errors import UsageError, did_you_mean
from cnncalc.core.shape import Layout, Shape

if TYPE_CHECKING:
    from cnncalc.conventions.convention import Count

Value = int | float | str | None

MOST_LINES = 45
"""A table opens blocks as deep as fits this many lines."""


class Column(NamedTuple):
    """One column: its heading, what it means, its exact value, and how a person reads that."""

    heading: str
    doc: str
    value: Callable[[Line, "View"], Value]
    read: Callable[[Any], str] = str
    """Words a value; integers in human units."""


def _count(heading: str, doc: str, name: str) -> Column:
    return Column(heading, doc, lambda line, view: getattr(line.cost, name), units.human)


def _bytes(heading: str, doc: str, name: str) -> Column:
    return Column(heading, doc, lambda line, view: getattr(line.cost, name), units.in_bytes)


def _kept(heading: str, doc: str, each: str, stored: str, read: Callable[[int], str]) -> Column:
    """The output of a layer; of a block, the outputs inside that are stored."""
    return Column(
        heading,
        f"{doc}; of a block, of all its outputs that are stored",
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


def _saved(line: Line, view: "View") -> int | None:
    """The bytes that its layers save for backward; None where that is not modelled."""
    if view.saved is None:
        return None
    return sum(view.saved.get(row.name, 0) for row in line.rows)


def _settings(line: Line) -> str | None:
    return None if line.folded or not line.inputs else line.last.layer.text() or None


COLUMNS: dict[str, Column] = {
    "layer": Column("Layer", "its name", lambda line, view: line.name),
    "kind": Column("Kind", "its kind, or the block it stands for", lambda line, view: line.kind),
    "fields": Column("Fields", "its fields, but for defaults", lambda line, view: _settings(line)),
    "input": Column(
        "Input", "what it reads", lambda line, view: _shapes(line.inputs, view.layout) or None
    ),
    "output": Column(
        "Output", "what it puts out", lambda line, view: line.output.text(view.layout)
    ),
    "params": _count("Params", "trained numbers", "params"),
    "weights": _count("Weights", "trained numbers but for biases and shifts", "weights"),
    "biases": _count("Biases", "biases and shifts", "biases"),
    "fixed": _count("Fixed", "weights that are not trained", "fixed"),
    "buffers": _count("Buffers", "state that is not trained", "buffers"),
    "macs": _count("MACs", "multiply-accumulates", "macs"),
    "backward_macs": _count(
        "Backward MACs", "multiply-accumulates of the backward pass", "backward_macs"
    ),
    "flops": _count("FLOPs", "two for each multiply-accumulate", "flops"),
    "connections": _count("Connections", "inputs feeding outputs, with biases", "connections"),
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
    "stored": _bytes("Stored", "bytes in the lectures' memory total", "activations_total_bytes"),
    "saved": Column(
        "Saved", "bytes kept for the backward pass (docs/memory.md); empty where not modelled",
        _saved, units.in_bytes,
    ),
    "read": _bytes("Read", "bytes of inputs and parameters", "bytes_read"),
    "written": _bytes("Written", "bytes of the output", "bytes_written"),
    "intensity": Column(
        "Ops/byte", "operations for each byte moved",
        lambda line, view: round(line.cost.intensity, 2), "{:.2f}".format,
    ),
    "rf": _field("RF", "receptive field in input pixels", lambda field: field.size),
    "rf_smallest": _field(
        "RF min", "receptive field of the narrowest branch", lambda field: field.smallest
    ),
    "jump": _field("Jump", "input pixels between outputs", lambda field: field.jump),
    "start": _field("Start", "where the first output's field begins", lambda field: field.start),
    "params%": _share("Params %", "share of the parameters", "params"),
    "macs%": _share("MACs %", "share of the multiply-accumulates", "macs"),
    "memory%": _share("Memory %", "share of the stored activations", "activations_total_bytes"),
}  # fmt: skip
"""Every column there is, by the name that ``--columns`` takes."""

USUAL = ("layer", "kind", "output", "params", "macs", "memory", "rf")


class Total(NamedTuple):
    """One line below a table: what, how many exactly, and how a person reads it."""

    label: str
    value: int
    text: str


class Sheet(Protocol):
    """What every format draws: lines in columns, with a title, remarks, totals and a last word."""

    @property
    def name(self) -> str:
        """What it is about."""

    @property
    def title(self) -> str:
        """What stands above."""

    @property
    def remarks(self) -> Sequence[str]:
        """What a reader should know first."""

    @property
    def columns(self) -> Sequence[str]:
        """The names of the columns."""

    @property
    def headings(self) -> Sequence[str]:
        """The headings of the columns."""

    @property
    def lines(self) -> Sequence[Any]:
        """What has values in all columns."""

    @property
    def totals(self) -> Sequence[Total]:
        """The sums below."""

    @property
    def conventions(self) -> str:
        """What the numbers mean."""

    def numeric(self, name: str) -> bool:
        """Whether a column is set to the right."""

    def prose(self, name: str) -> bool:
        """Whether a column holds sentences, which are broken into lines."""

    def values(self, line: Any) -> Sequence[Value]:
        """The exact values of a line."""

    def texts(self, line: Any) -> Sequence[str]:
        """The values as they are read."""

    def to_dict(self) -> Any:
        """Everything as plain data."""


@dataclass(frozen=True)
class Records:
    """Records as they are to be shown: each has all the columns, whose names are its keys."""

    title: str
    columns: tuple[str, ...]
    lines: Sequence[Mapping[str, Value]]
    numbers: tuple[str, ...] = ()
    """The columns that are set to the right."""
    sentences: tuple[str, ...] = ()
    """The columns that are broken into lines."""
    totals: Sequence[Total] = ()
    remarks: Sequence[str] = ()
    conventions: str = ""

    @property
    def name(self) -> str:
        """The title."""
        return self.title

    @property
    def headings(self) -> list[str]:
        """The columns' names; those that a network's table has too are written as there."""
        return [
            COLUMNS[name].heading if name in COLUMNS else name.capitalize() for name in self.columns
        ]

    def numeric(self, name: str) -> bool:
        """Whether a column is set to the right."""
        return name in self.numbers

    def prose(self, name: str) -> bool:
        """Whether a column holds sentences, which are broken into lines."""
        return name in self.sentences

    def values(self, line: Mapping[str, Value]) -> list[Value]:
        """The values of a record."""
        return [line[name] for name in self.columns]

    def texts(self, line: Mapping[str, Value]) -> list[str]:
        """The values as they are read."""
        return [_read(value) for value in self.values(line)]

    def to_dict(self) -> list[dict[str, Value]]:
        """The records."""
        return [dict(line) for line in self.lines]


def _read(value: Value) -> str:
    if value is None:
        return ""
    return units.exact(value) if isinstance(value, int) else str(value)


@dataclass(frozen=True, eq=False, repr=False)
class View:
    """A report as it is to be shown; with a ``count`` under some convention, also that."""

    report: Report
    columns: tuple[str, ...] = USUAL
    depth: int | None = None
    sort: str | None = None
    exact: bool = False
    layout: Layout = "chw"
    count: "Count | None" = None

    @cached_property
    def known(self) -> Mapping[str, Column]:
        """Every column there is; with a count, what each layer adds to it."""
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
        """The bytes that each layer saves for backward; None where that is not modelled."""
        from cnncalc.footprint import saved_for_backward

        try:
            return {held.layer: held.bytes for held in saved_for_backward(self.report)}
        except UsageError:
            return None

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
        """Which network this is, and which others it could be mistaken for."""
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
        while depth < self.report.depth and len(self.report.outline(depth + 1)) <= MOST_LINES:
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
        """The values as they are read; memory that is not stored stands in brackets."""
        return [self.text(name, line) for name in self.columns]

    def text(self, name: str, line: Line) -> str:
        """One value as it is read."""
        column = self.known[name]
        value = column.value(line, self)
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        text = units.exact(value) if self.exact and isinstance(value, int) else column.read(value)
        unstored = line.cost.activation and not line.cost.activations_total and not line.folded
        return f"({text})" if unstored and name in ("activation", "memory") else text

    def numeric(self, name: str) -> bool:
        """Whether a column is set to the right."""
        return name not in ("layer", "kind", "fields", "input", "output")

    def prose(self, name: str) -> bool:
        """A layer's fields may be many; they are broken into lines."""
        return name == "fields"

    def to_dict(self) -> dict[str, Any]:
        """The whole report; depth, columns and order choose what a table shows, not what is so."""
        record = self.report.to_dict()
        return record if self.count is None else {**record, "convention": self.count.to_dict()}

    @property
    def totals(self) -> list[Total]:
        """The sums below the table."""
        cost = self.report.totals
        totals = [Total("Parameters", cost.params, self._parameters(cost))]
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
        """The total under the convention that was asked for."""
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
        brackets = "memory in brackets runs in place or is a view and is not in the total; "
        return (
            "MACs are multiply-accumulates of convolutions and linear layers, FLOPs = 2 · MACs; "
            f"{brackets}MB = 10⁶ bytes, MiB = 2²⁰."
        )


def _three_ways(size: int) -> str:
    texts = (f"{units.exact(size)} B", units.in_bytes(size), units.in_binary(size))
    return " = ".join(dict.fromkeys(texts))


def column(word: str, also: Sequence[str] = ()) -> str:
    """The column of that name, in capitals or not; ``also`` names columns that are known beside
    those of every view. Raises UsageError with the nearest name."""
    name, known = word.strip().lower(), (*COLUMNS, *also)
    if name not in known:
        hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
        raise UsageError(f"no column {name!r}{hint}")
    return name


def choose_columns(words: Sequence[str], also: Sequence[str] = ()) -> tuple[str, ...]:
    """Column names as written, checked; ``+rf`` adds to the usual ones, ``all`` is every one.

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
