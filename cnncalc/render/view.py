"""The content of a table in any format: columns, lines, totals and a legend.

Values come from the report. A view only selects values and puts them into words; every format draws
the same view.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.analysis.report import Line, Report, row_dict
from cnncalc.core import units
from cnncalc.core.cost import Cost
from cnncalc.core.errors import some
from cnncalc.core.shape import Layout
from cnncalc.render.columns import COLUMNS, SHARED, TEXT_COLUMNS, USUAL, Column, Value

if TYPE_CHECKING:
    from cnncalc.conventions.convention import Count
UNKNOWN = "?"
"""The text of a number that is entirely unknown."""
MAX_LINES = 45
"""By default, blocks are opened as long as the table has at most this many lines."""


class LazyList(list[Any]):
    """A list that makes each item during iteration, so that only one is in memory at a time. It is
    a list because ``json`` writes only lists and tuples as arrays."""

    def __init__(self, make: Callable[[Any], Any], sources: Iterable[Any]) -> None:
        super().__init__(sources)
        self.make = make

    def __iter__(self) -> Iterator[Any]:
        return map(self.make, super().__iter__())


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
    more: Mapping[str, Column] = field(default_factory=dict)

    @cached_property
    def known(self) -> Mapping[str, Column]:
        """The columns by name: ``COLUMNS`` and ``more``, or, for a count that is not one of them,
        ``COLUMNS`` and a column for the count."""
        count = self.count
        if count is None or count.name in COLUMNS:
            return {**COLUMNS, **self.more}

        def value(line: Line, report: Report) -> int:
            return sum(count.layers.get(row.name, 0) for row in line.rows)

        convention = count.convention
        own = Column(count.name, convention.counts, value, convention.read)
        return {**COLUMNS, count.name: own}

    @property
    def layout(self) -> Layout:
        """The layout of shapes: ``chw`` or ``hwc``."""
        return self.report.layout

    @property
    def name(self) -> str:
        """The name of the network."""
        return self.report.name

    @property
    def title(self) -> str:
        """The network, its input, batch and data type."""
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
        """The lines at the chosen depth, sorted if requested."""
        depth = self.fitting_depth() if self.depth is None else self.depth
        lines = self.report.outline(depth)
        if self.sort is None:
            return lines
        column = self.known[self.sort]

        def key(line: Line) -> tuple[int, float, str]:
            value = column.value(line, self.report)
            if isinstance(value, int | float):
                return (0, -value, "")
            return (1, 0, value) if value is not None else (2, 0, "")

        return tuple(sorted(lines, key=key))

    def fitting_depth(self) -> int:
        """The depth of the deepest outline with at most ``MAX_LINES`` lines, but at least 1."""
        depth = 1
        while depth < self.report.depth and len(self.report.outline(depth + 1)) <= MAX_LINES:
            depth += 1
        return depth

    @property
    def headings(self) -> list[str]:
        """The headings of the columns."""
        return [self.known[name].heading for name in self.columns]

    def values(self, line: Line) -> list[Value]:
        """The values of a line, with exact counts."""
        columns = [self.known[name] for name in self.columns]
        exact = ((column, column.value(line, self.report)) for column in columns)
        return [column.bounded(line, value, value) for column, value in exact]

    def texts(self, line: Line) -> list[str]:
        """The values as text; values that are not in the total are in parentheses."""
        return [self.text(name, line) for name in self.columns]

    def text(self, name: str, line: Line) -> str:
        """One value as text."""
        column = self.known[name]
        value = column.value(line, self.report)
        if value is None:
            return ""
        if isinstance(value, str):
            return column.read(value)
        shared = sum(getattr(row.shared, name) for row in line.rows) if name in SHARED else 0
        if shared and not value:
            return f"({units.exact(shared) if self.exact else column.read(shared)})"
        text = units.exact(value) if self.exact and isinstance(value, int) else column.read(value)
        if column.counts in line.unknown:
            return str(column.bounded(line, value, text) or UNKNOWN)
        unstored = line.cost.activation and not line.cost.activations_total and not line.folded
        return f"({text})" if unstored and name in ("activation", "memory") else text

    def numeric(self, name: str) -> bool:
        """Whether a column is right-aligned."""
        return name not in TEXT_COLUMNS

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
        totals = [self._total("Parameters", "params", self._parameters(cost))]
        if cost.frozen:
            totals += [self._total(name.capitalize(), name) for name in ("trainable", "frozen")]
        if cost.fixed:
            totals.append(self._total("Fixed weights", "fixed", units.exact(cost.fixed)))
        if cost.buffers or "buffers" in self.report.unknown:
            totals.append(self._total("Buffers", "buffers", units.exact(cost.buffers)))
        return [
            *totals,
            self._total("MACs", "macs"),
            self._total("FLOPs", "flops"),
            self._total("Activations", "activations_total", self._activations(cost)),
            self._total("Parameter bytes", "parameter_bytes", _three_ways(cost.parameter_bytes)),
            *self._counted(),
        ]

    def _total(self, label: str, name: str, text: str = "") -> Total:
        """A total, marked if it is a lower bound."""
        number = getattr(self.report.totals, name)
        least = "≥ " if name in self.report.unknown else ""
        return Total(label, number, least + (text or self._both(number)))

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
        return f"{self._both(cost.params)} ({cost.params_text()})"

    def _activations(self, cost: Cost) -> str:
        return (
            f"{units.exact(cost.activations_total)} = {_three_ways(cost.activations_total_bytes)}"
        )

    @property
    def conventions(self) -> str:
        """Sentences on what the numbers mean."""
        sharing = any(row.weights_of for row in self.report.rows)
        return (
            "MACs are multiply-accumulates of convolutions, linear layers and matrix products; "
            "FLOPs = 2 · MACs. "
            "Memory in parentheses is not in the total: the layer runs in place or returns a view. "
            + "Parameters in parentheses are shared: they are counted in another layer. " * sharing
            + self.bounds
            + "MB = 10⁶ bytes, MiB = 2²⁰ bytes."
        )

    @property
    def bounds(self) -> str:
        """A sentence on the marks of numbers that are not exact; empty if all are."""
        if self.report.exact:
            return ""
        names = some([row.name for row in self.report.opaque])
        marks = f"≥ marks a lower bound, ≤ an upper bound and {UNKNOWN} an unknown number"
        return f"Where opaque layers ({names}) leave a number open, {marks}. "


def _three_ways(size: int) -> str:
    texts = (f"{units.exact(size)} B", units.in_bytes(size), units.in_binary(size))
    return " = ".join(dict.fromkeys(texts))
