"""The columns of a table: their headings, meanings, values and texts."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from cnncalc.analysis.receptive import Field
from cnncalc.analysis.report import Line, Report
from cnncalc.core import units
from cnncalc.core.cost import NOUNS
from cnncalc.core.errors import UsageError, some, unknown
from cnncalc.core.layer import per_axis
from cnncalc.core.shape import Layout, Map, Shape

Value = int | float | str | None


class Column(NamedTuple):
    """One column: its heading, its meaning, its value, and that value as text.

    Where the count ``counts`` is not known, the value is a lower bound.
    """

    heading: str
    doc: str
    value: Callable[[Line, Report], Value]
    read: Callable[[Any], str] = str
    """Turns a value into text, such as a count into ``1.2 M``."""
    counts: str = ""

    def bounded(self, line: Line, value: Value, text: Value) -> Value:
        """The text of a value, marked if it is a lower bound. None if nothing is known about it."""
        if self.counts not in line.unknown:
            return text
        return f"≥ {text}" if value else None


def _count(heading: str, doc: str, name: str) -> Column:
    return Column(heading, doc, lambda line, report: getattr(line.cost, name), units.human, name)


def _bytes(heading: str, doc: str, name: str) -> Column:
    return Column(heading, doc, lambda line, report: getattr(line.cost, name), units.in_bytes, name)


def _kept(heading: str, doc: str, each: str, stored: str, read: Callable[[int], str]) -> Column:
    """The output of a layer; for a block, all outputs inside it that are stored."""
    return Column(
        heading,
        f"{doc}; for a block, of all its stored outputs",
        lambda line, report: getattr(line.cost, stored if line.folded else each),
        read,
    )


def _share(heading: str, doc: str, name: str) -> Column:
    def value(line: Line, report: Report) -> Value:
        whole_is_known = name not in report.unknown
        return round(100 * report.share(line.cost, name), 1) if whole_is_known else None

    return Column(heading, f"{doc}, in percent", value, "{:.1f}%".format)


def _field(heading: str, doc: str, read: Callable[[Field], Any], bounded: bool = False) -> Column:
    def value(line: Line, report: Report) -> Value:
        fields = line.last.fields or ()
        found = [read(field) for field in fields]
        if not found:
            return None
        most = "≤ " if bounded and any(field.bound for field in fields) else ""
        if most or len(set(found)) > 1:
            return most + "×".join(map(str, found if len(set(found)) > 1 else found[:1]))
        return found[0] if isinstance(found[0], int) else str(found[0])

    return Column(heading, doc, value)


def _shapes(shapes: Sequence[Shape], layout: Layout) -> str:
    return ", ".join(shape.text(layout) for shape in shapes)


def _few(text: str) -> str:
    """A list in a cell; a very long one is cut to its first items and its length."""
    return some(text.split(", "))


def _inputs(line: Line, report: Report) -> str | None:
    """The names of the other lines whose outputs a line reads."""
    inside = {row.name for row in line.rows}
    rows = (report.rows[source] for row in line.rows for source in row.sources)
    read = (row.name for row in rows if row.name not in inside)
    names = dict.fromkeys(".".join(name.split(".")[: line.depth]) for name in read)
    return ", ".join(names) or None


def _kernel(line: Line, report: Report) -> str | None:
    """``3×3, s2, p1``: the window of a layer, without default values."""
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


def _saved(line: Line, report: Report) -> int | None:
    """The bytes that the layers of a line save for backward; None if that is not modelled."""
    saved = _saved_in(report)
    if saved is None:
        return None
    return sum(saved.get(row.name, 0) for row in line.rows)


@lru_cache(maxsize=1)
def _saved_in(report: Report) -> Mapping[str, int] | None:
    """The bytes that each layer saves for backward; None if that is not modelled."""
    from cnncalc.footprint import saved_for_backward

    try:
        return {entry.layer: entry.bytes for entry in saved_for_backward(report)}
    except UsageError:
        return None


def _settings(line: Line) -> str | None:
    return None if line.folded or not line.inputs else line.last.layer.text() or None


COLUMNS: dict[str, Column] = {
    "layer": Column("Layer", "its name", lambda line, report: line.name),
    "kind": Column("Kind", "its kind, or that of the block", lambda line, report: line.kind),
    "kernel": Column(
        "Kernel", "kernel size, stride, padding, dilation and groups: 3×3, s2, p1", _kernel
    ),
    "fields": Column(
        "Fields", "its fields that differ from their defaults", lambda line, report: _settings(line)
    ),
    "inputs": Column("Inputs", "the names of the layers it reads", _inputs, _few),
    "weights_of": Column(
        "Weights of", "the layer whose parameters it shares",
        lambda line, report: None if line.folded else line.last.weights_of,
    ),
    "input": Column(
        "Input", "the shape of its input",
        lambda line, report: _shapes(line.inputs, report.layout) or None, _few,
    ),
    "output": Column(
        "Output", "the shape of its output", lambda line, report: line.output.text(report.layout)
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
    "operations": _count("Operations", "all arithmetic operations", "operations_total"),
    **{
        name: _count(name.capitalize(), f"{noun}s", name) for name, noun in NOUNS.items()
    },
    "exponential": _count(
        "Exponential", "exponentials, and what counts as one (docs/conventions.md)", "exponential"
    ),
    "activation": _kept(
        "Activation", "elements of the output", "activation", "activations_total", units.human
    ),
    "memory": _kept(
        "Memory", "bytes of the output", "activation_bytes", "activations_total_bytes",
        units.in_bytes,
    ),
    "stored": _bytes("Stored", "bytes that count as activations", "activations_total_bytes"),
    "saved": Column(
        "Saved", "bytes saved for backward (docs/memory.md); empty if not modelled",
        _saved, units.in_bytes,
    ),
    "read": _bytes("Read", "bytes read: inputs, parameters and buffers", "bytes_read"),
    "written": _bytes("Written", "bytes written: the output", "bytes_written"),
    "intensity": Column(
        "Ops/byte", "arithmetic intensity: operations per byte read or written",
        lambda line, report: None if "intensity" in line.unknown else round(line.cost.intensity, 2),
        "{:.2f}".format,
    ),
    "rf": _field("RF", "receptive field, in input pixels", lambda field: field.size, bounded=True),
    "rf_smallest": _field(
        "RF min", "receptive field through the narrowest branch", lambda field: field.smallest,
        bounded=True,
    ),
    "jump": _field("Jump", "input pixels between neighbouring outputs", lambda field: field.jump),
    "start": _field("Start", "where the first receptive field begins", lambda field: field.start),
    "params%": _share("Params %", "share of the parameters", "params"),
    "macs%": _share("MACs %", "share of the multiply-accumulates", "macs"),
    "memory%": _share("Memory %", "share of the stored activations", "activations_total_bytes"),
}  # fmt: skip
"""Every column, by the name that ``--columns`` takes."""
USUAL = ("layer", "kind", "kernel", "output", "params", "macs", "memory", "rf")
TEXT_COLUMNS = ("layer", "kind", "kernel", "fields", "inputs", "weights_of", "input", "output")
"""The left-aligned columns."""
SHARED = ("params", "weights", "biases", "fixed", "buffers")
"""The columns that count shared parameters and buffers once."""


def column(word: str, also: Sequence[str] = ()) -> str:
    """The name of a column, whatever its case; ``also`` lists names that are not in ``COLUMNS``.

    Raises UsageError for an unknown one.
    """
    name, known = word.strip().lower(), (*COLUMNS, *also)
    if name not in known:
        raise unknown("column", name, known)
    return name


def choose_columns(words: Sequence[str], also: Sequence[str] = ()) -> tuple[str, ...]:
    """The columns that ``words`` name; ``+rf`` adds one to the usual columns, and ``all``
    means every column.

    Raises UsageError for an unknown one.
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
