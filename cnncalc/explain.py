"""Why a number is what it is: the formulas of one layer as they ran, symbol by symbol.

A quantity is asked of the layer once more, this time with tracing on. Nothing is written here that
was not run.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from cnncalc import analysis, units, wording
from cnncalc.cost import BYTES
from cnncalc.errors import UsageError, did_you_mean, some
from cnncalc.formulas import macs, memory
from cnncalc.formulas.tracing import Expression, Step, expression_of, tracing
from cnncalc.layer import Layer
from cnncalc.report import Report, Row
from cnncalc.shape import Map, Shape


class Working(NamedTuple):
    """One equation: what is sought, how it was computed, and what came out."""

    symbol: str
    expression: Expression

    @property
    def result(self) -> int:
        """What came out."""
        return self.expression.value

    def text(self) -> str:
        """``weights = F·F·C_in·C_out = 5·5·3·10 = 750``."""
        general = wording.text(self.expression, wording.symbols)
        exact = wording.text(self.expression, wording.numbers)
        result = units.exact(self.result).replace("-", "−")
        steps = [self.symbol, general, exact, result]
        if not self.expression.op:  # nothing to work out: C_out = 10
            steps = [self.symbol, general, result]
        return " = ".join(dict.fromkeys(steps))

    def latex(self) -> str:
        """The same for ``align*``."""
        general = wording.latex(self.expression, wording.symbols)
        exact = wording.latex(self.expression, wording.numbers)
        names = " = ".join(wording.latex_symbol(name) for name in self.symbol.split(" = "))
        result = f"{self.result:,}".replace(",", "{,}")
        steps = [general, exact, result] if self.expression.op else [general, result]
        return f"{names} &= {' = '.join(dict.fromkeys(steps))}"


class Derivation(NamedTuple):
    """One quantity of one layer: its equations, and the answer in a line of its own."""

    quantity: str
    workings: tuple[Working, ...]
    answer: str


class Quantity(NamedTuple):
    """Something that can be explained: a doc line and how it is derived."""

    doc: str
    derive: Callable[[Row, Report], tuple[list[Working], str]]


def _shape(row: Row, report: Report) -> tuple[list[Working], str]:
    answer = " → ".join(filter(None, (_shapes(row), str(row.output))))
    return sizes(row.layer, row.inputs), answer


def sizes(layer: Layer, inputs: tuple[Shape, ...]) -> list[Working]:
    """How the sizes of a layer's output come about; raises LayerError where it cannot be run."""
    with tracing() as steps:
        layer.infer(inputs)
    source = inputs[0] if inputs else None
    axes = source.axes if isinstance(source, Map) else ()
    along = [step for step in steps if step.symbol == "N_out"]
    lengths = [Working(step.symbol, step.expression) for step in steps if step.symbol == "n_out"]
    return _along(axes, along) + lengths


def _shapes(row: Row) -> str:
    return some(row.inputs)


def _along(axes: tuple[str, ...], steps: list[Step]) -> list[Working]:
    """The last steps, one for each axis and named after it; axes that agree share an equation."""
    steps = steps[len(steps) - len(axes) :] if len(steps) >= len(axes) else []
    if len({step.expression for step in steps}) == 1 and len(steps) > 1:
        names = " = ".join(_on_axis(steps[0].symbol, axis) for axis in axes)
        return [Working(names, steps[0].expression)]
    return [
        Working(_on_axis(step.symbol, axis), _renamed(step.expression, axis))
        for axis, step in zip(axes, steps, strict=False)
    ]


def _on_axis(symbol: str, axis: str) -> str:
    """``N_out`` along the height is ``H_out``."""
    return symbol.replace("N_", f"{axis}_") if symbol.startswith("N_") else f"{symbol} ({axis})"


def _renamed(expression: Expression, axis: str) -> Expression:
    """The input size N under the name of its axis."""
    symbol = f"{axis}_in" if expression.symbol == "N" else expression.symbol
    symbol = _on_axis(symbol, axis) if symbol.startswith("N_") else symbol
    operands = tuple(_renamed(operand, axis) for operand in expression.operands)
    return expression._replace(symbol=symbol, operands=operands)


def _parameters(row: Row, report: Report) -> tuple[list[Working], str]:
    with tracing() as steps:
        held = row.layer.parameters(*row.inputs)
        params = held.params
    workings = [Working(step.symbol, step.expression) for step in steps]
    if not params:
        workings = [working for working in workings if working.symbol != "params"]
    extra = "".join(
        f", {units.exact(number)} {what}"
        for number, what in ((held.fixed, "fixed"), (held.buffers, "in buffers"))
        if number
    )
    return workings, f"{units.exact(params)} parameters{extra}"


def _macs(row: Row, report: Report) -> tuple[list[Working], str]:
    with tracing() as steps:
        count = row.layer.macs(*row.inputs)
        if count and report.batch > 1:
            count = macs.batched(MACs=count, batch=report.batch)
        flops = macs.flops(MACs=count)
    wanted = ("MACs", "MACs of the batch", "FLOPs") if count else ()
    workings = [Working(step.symbol, step.expression) for step in steps if step.symbol in wanted]
    of_batch = f" for a batch of {report.batch}" if report.batch > 1 else ""
    return workings, f"{units.exact(count)} MACs, {units.exact(flops)} FLOPs{of_batch}"


def _operations(row: Row, report: Report) -> tuple[list[Working], str]:
    with tracing() as steps:
        counts = row.layer.operations(*row.inputs)
    named = [(name, number) for name, number in zip(counts._fields, counts, strict=True) if number]
    workings = [Working(step.symbol, step.expression) for step in steps if step.symbol in SUMMANDS]
    workings += [Working(name, expression_of(number)) for name, number in named]
    parts = [f"{units.exact(number)} {name}" for name, number in named]
    each = " for each image" if report.batch > 1 and named else ""
    return list(dict.fromkeys(workings)), (", ".join(parts) or "none") + each


SUMMANDS = ("MACs", "bias additions")
"""The symbols that the counts of operations are written with."""


def _memory(row: Row, report: Report) -> tuple[list[Working], str]:
    output = row.output
    with tracing() as steps:
        if isinstance(output, Map):
            count = memory.elements(output.channels, output.spatial, batch=report.batch)
        else:
            count = memory.vector_elements(output.features, batch=report.batch)
        size = memory.size_in_bytes(elements=count, b=BYTES[report.dtype])
    workings = [Working(step.symbol, step.expression) for step in steps]
    kept = "" if row.layer.stored else "; runs in place or is a view: not in the total"
    return workings, " = ".join(
        dict.fromkeys((f"{units.exact(size)} B", units.in_bytes(size)))
    ) + kept


def _receptive_field(row: Row, report: Report) -> tuple[list[Working], str]:
    if row.fields is None:
        return [], "it reads inputs of different axes"
    reach = row.layer.reach(*row.inputs)
    seen = analysis.hull([report.rows[source].fields for source in row.sources]) if reach else None
    workings: list[Working] = []
    for symbol in ("r_out", "j_out", "s_out") if reach and seen else ():
        assert reach is not None
        assert seen is not None
        # Fractional jumps (after transposed layers) are exact, but not whole-number formulas.
        if all(isinstance(part, int) for field in seen for part in field) and all(
            isinstance(one.stride, int) for one in reach
        ):
            with tracing() as steps:
                analysis.grown(seen, reach)
            workings += _along_input(report, [step for step in steps if step.symbol == symbol])
    return workings, _field_answer(row, report)


def _along_input(report: Report, steps: list[Step]) -> list[Working]:
    axes = next(iter(report.input_shapes.values()))
    names = axes.axes if isinstance(axes, Map) else ()
    # field_size runs twice along each axis: for the hull, then for the narrowest branch.
    per_axis = steps[:: len(steps) // len(names)] if names and len(steps) >= len(names) else []
    if len({step.expression for step in per_axis}) == 1:
        return [Working(per_axis[0].symbol, per_axis[0].expression)]
    return _along(names, per_axis)


def _field_answer(row: Row, report: Report) -> str:
    fields = row.fields or ()
    if not fields:
        return "a vector has no position"
    first = next(iter(report.input_shapes.values()))
    sizes = "×".join(str(field.size) for field in fields)
    clipped = [
        min(field.size, size)
        for field, size in zip(
            fields, first.spatial if isinstance(first, Map) else (), strict=False
        )
    ]
    inside = "×".join(map(str, clipped))
    jumps = _each([str(field.jump) for field in fields], "×")
    starts = _each([str(field.start) for field in fields], ", ")
    cut = f", of which at most {inside} lie in the image" if inside != sizes else ""
    return f"{sizes} pixels{cut}; jump {jumps}, start {starts}".replace("-", "−")


def _each(texts: list[str], between: str) -> str:
    """One text where all axes agree, else one for each."""
    return texts[0] if len(set(texts)) == 1 else between.join(texts)


QUANTITIES = {
    "shape": Quantity("the output's shape", _shape),
    "parameters": Quantity("trained numbers, and buffers", _parameters),
    "macs": Quantity("multiply-accumulates and FLOPs", _macs),
    "operations": Quantity("all arithmetic, by kind", _operations),
    "memory": Quantity("elements and bytes of the output", _memory),
    "receptive-field": Quantity("what one output sees of the input", _receptive_field),
}
"""What can be explained of every layer."""

ALSO = {"params": "parameters", "rf": "receptive-field", "flops": "macs", "output": "shape"}


def quantities(word: str | None) -> tuple[str, ...]:
    """The quantities that a word asks for, all without one; raises UsageError for no quantity."""
    if word is None:
        return tuple(QUANTITIES)
    name = ALSO.get(word.lower(), word.lower().replace("_", "-"))
    if name not in QUANTITIES:
        hint = did_you_mean(name, [*QUANTITIES, *ALSO]) or f"; there are {', '.join(QUANTITIES)}"
        raise UsageError(f"no quantity {word[:40]!r}{hint}")
    return (name,)


def explain(row: Row, report: Report, wanted: Iterable[str] = QUANTITIES) -> tuple[Derivation, ...]:
    """The derivations of a layer of a report."""
    derivations = []
    for quantity in wanted:
        workings, answer = QUANTITIES[quantity].derive(row, report)
        derivations.append(Derivation(quantity, tuple(workings), answer))
    return tuple(derivations)


def title(row: Row) -> str:
    """``conv1 · conv (out_channels 96, kernel_size 11, stride 4) · 3×227×227 → 96×55×55``."""
    if not row.inputs:
        return f"{row.name} · {row.kind} · {row.output}"
    fields = row.layer.text()
    fields = f" ({fields if len(fields) <= LONGEST else fields[:LONGEST] + '…'})" if fields else ""
    return f"{row.name} · {row.kind}{fields} · {_shapes(row)} → {row.output}"


LONGEST = 120
"""Fields longer than this (a connection table) are cut short in a title."""


def as_text(row: Row, derivations: Iterable[Derivation]) -> str:
    """For a terminal."""
    lines = [title(row)]
    for derivation in derivations:
        lines += ["", f"{derivation.quantity}: {derivation.answer}"]
        lines += [f"  {working.text()}" for working in derivation.workings]
    return "\n".join(lines) + "\n"


def as_markdown(row: Row, derivations: Iterable[Derivation]) -> str:
    """A heading, and a list with every equation as code."""
    lines = [f"### {title(row)}"]
    for derivation in derivations:
        lines += ["", f"**{derivation.quantity}**: {derivation.answer}", ""]
        lines += [f"- `{working.text()}`" for working in derivation.workings]
    return "\n".join(line for line in lines).rstrip() + "\n"


def as_latex(row: Row, derivations: Iterable[Derivation]) -> str:
    """An ``align*`` with every equation; needs amsmath."""
    equations = [working.latex() for derivation in derivations for working in derivation.workings]
    name = row.name.replace("_", r"\_")
    body = " \\\\\n  ".join(equations)
    if not body:
        return f"% {row.name}: nothing to work out\n"
    return (
        f"% layer {row.name}\n\\paragraph{{{name}}}\n\\begin{{align*}}\n  {body}\n\\end{{align*}}\n"
    )


FORMATS = {"text": as_text, "markdown": as_markdown, "latex": as_latex}
"""The ways to write an explanation."""
