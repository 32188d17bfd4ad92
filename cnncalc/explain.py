"""Why a number is what it is: the formulas of one layer as they ran, symbol by symbol.

A quantity is asked of the layer once more, this time with tracing on. Nothing is written here that
was not run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from cnncalc import receptive, units, wording
from cnncalc.cost import BYTES
from cnncalc.errors import UsageError, did_you_mean, some
from cnncalc.formulas import macs, memory
from cnncalc.formulas.tracing import Expression, Traced, expression_of, tracing
from cnncalc.layer import Layer
from cnncalc.report import Report, Row
from cnncalc.shape import AXES, Map, Shape, shape_of

if TYPE_CHECKING:
    from fractions import Fraction


class Working(NamedTuple):
    """One equation: what is sought, how it was computed, what came out, and what is to be said."""

    symbol: str
    expression: Expression
    note: str = ""

    @property
    def result(self) -> int | Fraction:
        """What came out."""
        return self.expression.value

    def text(self) -> str:
        """``weights = F·F·C_in·C_out = 5·5·3·10 = 750``."""
        general = wording.text(self.expression, wording.symbols)
        exact = wording.text(self.expression, wording.numbers)
        steps = [self.symbol, general, exact, wording.minus(_grouped(self.result))]
        if not self.expression.op:  # nothing to work out: C_out = 10
            steps = [self.symbol, self.expression.symbol, steps[-1]]
        return " = ".join(filter(None, dict.fromkeys(steps))) + (
            f"  ({self.note})" if self.note else ""
        )

    def latex(self) -> str:
        """The same for ``align*``."""
        general = wording.latex(self.expression, wording.symbols)
        exact = wording.latex(self.expression, wording.numbers)
        names = " = ".join(wording.latex_symbol(name) for name in self.symbol.split(" = "))
        steps = [general, exact, _grouped(self.result).replace(",", "{,}")]
        if not self.expression.op:
            steps = [general, steps[-1]] if self.expression.symbol else steps[-1:]
        note = rf"\quad\text{{({_latex_text(self.note)})}}" if self.note else ""
        return f"{names} &= {' = '.join(dict.fromkeys(steps))}{note}"


class Derivation(NamedTuple):
    """One quantity of one layer: its equations, and the answer in a line of its own."""

    quantity: str
    workings: tuple[Working, ...]
    answer: str


class Quantity(NamedTuple):
    """Something that can be explained: a doc line and how it is derived."""

    doc: str
    derive: Callable[[Row, Report], tuple[list[Working], str]]


def _grouped(number: int | Fraction) -> str:
    """An integer with separators, a fraction without."""
    return units.exact(number) if isinstance(number, int) else str(number)


def _latex_text(note: str) -> str:
    """A note, whose symbols are set as in the equations."""
    return re.sub(r"\b[A-Za-z]+_\w+", lambda found: f"${wording.latex_symbol(found[0])}$", note)


def equations(symbol: str, number: int | Fraction, known: Container[str] = ()) -> list[Working]:
    """The equation of a number, after those of the symbols in it, but for what is known."""
    expression = expression_of(number)
    if expression.step and expression.symbol == symbol:
        return _given(symbol, expression, known)
    return [*_parts(expression, known), Working(symbol, expression)]


def _given(symbol: str, expression: Expression, known: Container[str]) -> list[Working]:
    """The equation of what a formula gave."""
    step = expression.step
    derivation, note = (step.expression, step.note) if step else (expression, "")
    return [*_parts(derivation, known), Working(symbol, derivation, note)]


def _parts(expression: Expression, known: Container[str]) -> list[Working]:
    """The equations of all symbols in an expression that formulas gave."""
    if expression.step and expression.symbol not in known:
        return _given(expression.symbol, expression, known)
    return [working for part in expression.operands for working in _parts(part, known)]


def _listed(workings: Iterable[Working]) -> list[Working]:
    """Every equation once."""
    return list({working.text(): working for working in workings}.values())


# Sizes of inputs and outputs go by these names; how an output's come about is told with its shape.
SIZES = frozenset(f"{size}_out" for size in ("C", "n", "N", "L", "H", "W", "D"))


def _named(inputs: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """The shapes with sizes that know their names: C_in and H_in, or C_1 and C_2 of several."""
    ends = ["in"] if len(inputs) == 1 else list(map(str, range(1, len(inputs) + 1)))
    return tuple(map(_named_shape, inputs, ends))


def _named_shape(shape: Shape, end: str) -> Shape:
    sizes = map(Traced.leaf, shape.dimensions, _names(shape, end))
    return shape_of(tuple(sizes))


def _names(shape: Shape, end: str) -> list[str]:
    """The names of a shape's sizes."""
    if isinstance(shape, Map):
        return [f"{size}_{end}" for size in ("C", *shape.axes)]
    return [f"n_{end}"]


def _along(axes: Sequence[str], chains: Sequence[list[Working]]) -> list[Working]:
    """The equations of several axes: one for all where they agree, else one for each."""
    chains = [
        _listed(_renamed(working, f"{axis}_", "N_") for working in chain)
        for axis, chain in zip(axes, chains, strict=True)
    ]
    if len({tuple(working.symbol for working in chain) for chain in chains}) == 1:
        return [found for same in zip(*chains, strict=True) for found in _one_for_all(axes, same)]
    return [
        _on_axis(working, axis, len(axes) > 1)
        for axis, chain in zip(axes, chains, strict=True)
        for working in chain
    ]


def _one_for_all(axes: Sequence[str], workings: tuple[Working, ...]) -> list[Working]:
    if len(axes) == 1 or len(set(workings)) > 1:
        return [_on_axis(working, axis, len(axes) > 1) for axis, working in zip(axes, workings)]
    symbol, expression, note = workings[0]
    if symbol.startswith("N_"):
        symbol = " = ".join(symbol.replace("N_", f"{axis}_") for axis in axes)
    return [Working(symbol, _with(expression, "N_in", "N"), note)]


def _on_axis(working: Working, axis: str, told: bool) -> Working:
    """An equation for one axis; where there are others it is told which."""
    on_axis = _renamed(working, "N_", f"{axis}_")
    told = told and on_axis.symbol == working.symbol
    return on_axis._replace(symbol=f"{on_axis.symbol} ({axis})") if told else on_axis


def _renamed(working: Working, old: str, new: str) -> Working:
    """The equation with symbols that begin otherwise."""
    symbol = new + working.symbol.removeprefix(old)
    return Working(
        symbol if working.symbol.startswith(old) else working.symbol,
        _with(working.expression, old, new),
        working.note,
    )


def _with(expression: Expression, old: str, new: str) -> Expression:
    symbol = expression.symbol
    if symbol.startswith(old):
        symbol = new + symbol.removeprefix(old)
    operands = tuple(_with(operand, old, new) for operand in expression.operands)
    return expression._replace(symbol=symbol, operands=operands, step=None)


def _shape(row: Row, report: Report) -> tuple[list[Working], str]:
    answer = " → ".join(filter(None, (some(row.inputs), str(row.output))))
    found = sizes(row.layer, row.inputs)
    return found, answer if found or not row.inputs else f"{answer}, unchanged"


def sizes(layer: Layer, inputs: tuple[Shape, ...]) -> list[Working]:
    """How the sizes of a layer's output come about, where they are not its input's; raises
    LayerError where it cannot be run."""
    named = _named(inputs)
    with tracing():
        output = layer.infer(named)
        zeros = layer.zeros(*named)
    names, after = _names(output, "out"), map(expression_of, output.dimensions)
    same = named and _names(named[0], "out") == names
    before = map(expression_of, named[0].dimensions) if same else [None] * len(names)
    found = [
        [] if size == old else _given(name, size, ())
        for name, size, old in zip(names, after, before, strict=True)
    ]
    if not any(found):
        return []
    for chain, (first, last) in zip(found[1:], zeros):
        chain += [*equations("P_before", first), *equations("P_after", last)]
    channels, *chains = found
    axes = [axis for axis, chain in zip(AXES[len(chains)], chains) if chain]
    return _listed(channels) + _along(axes, [*filter(None, chains)])


def _parameters(row: Row, report: Report) -> tuple[list[Working], str]:
    with tracing():
        held = row.layer.parameters(*_named(row.inputs))
        params = held.params
    counts = {"weights": held.weights, "biases": held.biases, "fixed": held.fixed}
    counts |= {"buffers": held.buffers, "params": params}
    workings = [
        working
        for name, count in counts.items()
        if count
        for working in equations(name, count, SIZES)
    ]
    extra = "".join(
        f", {units.exact(number)} {what}"
        for number, what in ((held.fixed, "fixed"), (held.buffers, "in buffers"))
        if number
    )
    return _listed(workings), f"{units.exact(params)} parameters{extra}"


def _macs(row: Row, report: Report) -> tuple[list[Working], str]:
    with tracing():
        count = row.layer.macs(*_named(row.inputs))
        if count and report.batch > 1:
            count = macs.batched(MACs=count, batch=report.batch)
        flops = macs.flops(MACs=count)
    of_batch = f" for a batch of {report.batch}" if report.batch > 1 else ""
    answer = f"{units.exact(count)} MACs, {units.exact(flops)} FLOPs{of_batch}"
    return (_listed(equations("FLOPs", flops, SIZES)) if count else []), answer


def _operations(row: Row, report: Report) -> tuple[list[Working], str]:
    with tracing():
        counts = row.layer.operations(*_named(row.inputs))
    done = {name: number for name, number in counts._asdict().items() if number}
    workings = [part for name, number in done.items() for part in equations(name, number, SIZES)]
    parts = [f"{units.exact(number)} {name}" for name, number in done.items()]
    each = " for each image" if report.batch > 1 and done else ""
    return _listed(workings), (", ".join(parts) or "none") + each


def _memory(row: Row, report: Report) -> tuple[list[Working], str]:
    output = row.output
    with tracing():
        if isinstance(output, Map):
            count = memory.elements(output.channels, output.spatial, batch=report.batch)
        else:
            count = memory.vector_elements(output.features, batch=report.batch)
        size = memory.size_in_bytes(elements=count, bytes_each=BYTES[report.dtype])
    kept = "" if row.layer.stored else "; runs in place or is a view: not in the total"
    answer = " = ".join(dict.fromkeys((f"{units.exact(size)} B", units.in_bytes(size))))
    return equations("bytes", size), answer + kept


def _receptive_field(row: Row, report: Report) -> tuple[list[Working], str]:
    if row.fields is None:
        return [], "it reads inputs of different axes"
    answer = _field_answer(row, report)
    seen = [report.rows[source].fields for source in row.sources]
    if not row.fields or not seen:
        return [], answer
    if row.fields in seen:
        return [], f"{answer}; unchanged"
    places = tuple(map(receptive.places, row.inputs))
    before = receptive.hull(seen, places)
    with tracing():
        reach = row.layer.reach(*_named(row.inputs))
        fields = before if reach is not None else receptive.hull(seen, places)
        fields = fields if reach is None else receptive.grown(before or (), reach)
    chains = [
        [
            *equations("r_out", field.size, SIZES),
            *equations("j_out", field.jump, SIZES),
            *equations("s_out", field.start, SIZES),
        ]
        for field in fields or ()
    ]
    return _along(AXES[len(chains)], chains), answer


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
    return wording.minus(f"{sizes} pixels{cut}; jump {jumps}, start {starts}")


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
    return f"{row.name} · {row.kind}{fields} · {some(row.inputs)} → {row.output}"


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
