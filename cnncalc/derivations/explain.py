"""How a layer's numbers are computed: its formulas as they ran, symbol by symbol.

Each quantity is recomputed with tracing on, so every equation shown is one that ran.
"""

import re
from collections.abc import Callable, Container, Iterable, Sequence
from typing import NamedTuple

from cnncalc.analysis import receptive
from cnncalc.analysis.report import Report, Row
from cnncalc.core import escaping, units
from cnncalc.core.cost import BYTES
from cnncalc.core.errors import UsageError, did_you_mean, some
from cnncalc.core.fields import shown
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Map, Shape, shape_of
from cnncalc.derivations import wording
from cnncalc.derivations.equations import (
    Working,
    along,
    definition,
    equations_of,
    latex_text,
    once,
)
from cnncalc.derivations.symbols import legend
from cnncalc.formulas import macs, memory
from cnncalc.formulas.expression import AXES
from cnncalc.formulas.tracing import Traced, expression_of, tracing


class Derivation(NamedTuple):
    """One quantity of one layer: its equations, and the answer on one line."""

    quantity: str
    workings: tuple[Working, ...]
    answer: str


class Quantity(NamedTuple):
    """A quantity that can be explained: one line of documentation, and a function that derives
    it."""

    doc: str
    derive: Callable[[Row, Report], tuple[list[Working], str]]
    counts: str = ""
    """The name of the count that is derived, if it is one of a layer's costs."""


SIZES = frozenset(f"{size}_out" for size in ("C", "n", "N", "L", "H", "W", "D"))
"""The names of an output's sizes; the shape's derivation covers them."""


def _named(inputs: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """The shapes with traced, named sizes: C_in and H_in, or C_1 and C_2 for several inputs."""
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


def _shape(row: Row, report: Report) -> tuple[list[Working], str]:
    answer = " → ".join(filter(None, (some(row.inputs), str(row.output))))
    found = sizes(row.layer, row.inputs)
    return found, answer if found or not row.inputs else f"{answer}, unchanged"


def sizes(layer: Layer, inputs: tuple[Shape, ...]) -> list[Working]:
    """The equations of a layer's output sizes, without those passed on from the first input; raises
    LayerError if the layer refuses the inputs."""
    named = _named(inputs)
    with tracing():
        output = layer.infer(named)
        zeros = layer.zeros(*named)
    names = _names(output, "out")
    found = [definition(*size) for size in zip(names, map(expression_of, output.dimensions))]
    if named and _names(named[0], "out") == names:
        # A size that is passed on from the first input needs no equation.
        found = [
            [] if size is old else chain
            for chain, size, old in zip(found, output.dimensions, named[0].dimensions)
        ]
    if not any(found):
        return []
    for chain, (before, after) in zip(found[1:], zeros):
        chain += [*equations_of("P_before", before), *equations_of("P_after", after)]
    channels, *chains = found
    axes = [axis for axis, chain in zip(AXES[len(chains)], chains) if chain]
    return once(channels) + along(axes, [*filter(None, chains)])


def _parameters(row: Row, report: Report) -> tuple[list[Working], str]:
    if row.weights_of is not None:
        used = units.exact(row.shared.params)
        return [], f"0 parameters; it shares the {used} of {row.weights_of}, where they are counted"
    with tracing():
        parameters = row.layer.parameters(*_named(row.inputs))
        params = parameters.params
    counts = {"weights": parameters.weights, "biases": parameters.biases, "fixed": parameters.fixed}
    counts |= {"buffers": parameters.buffers, "params": params}
    workings = [
        working
        for name, count in counts.items()
        if count
        for working in equations_of(name, count, SIZES)
    ]
    extra = "".join(
        f", {units.exact(number)} {what}"
        for number, what in ((parameters.fixed, "fixed"), (parameters.buffers, "in buffers"))
        if number
    )
    extra += ", frozen" if row.cost.frozen else ""
    return once(workings), f"{units.counted(params, 'parameter')}{extra}"


def _macs(row: Row, report: Report) -> tuple[list[Working], str]:
    with tracing():
        count = row.layer.macs(*_named(row.inputs))
        if count and report.batch > 1 and not row.layer.once:
            count = macs.batched(MACs=count, batch=report.batch)
        flops = macs.flops(MACs=count)
    of_batch = f" for a batch of {report.batch}" if report.batch > 1 else ""
    answer = f"{units.counted(count, 'MAC')}, {units.exact(flops)} FLOPs{of_batch}"
    return (once(equations_of("FLOPs", flops, SIZES)) if count else []), answer


def _operations(row: Row, report: Report) -> tuple[list[Working], str]:
    with tracing():
        counts = row.layer.operations(*_named(row.inputs))
    done = {name: number for name, number in counts._asdict().items() if number}
    workings = [part for name, number in done.items() for part in equations_of(name, number, SIZES)]
    each = f" for a batch of {report.batch}" if row.layer.once else " for each image"
    each = each if report.batch > 1 and done else ""
    return once(workings), counts.text() + each


def _memory(row: Row, report: Report) -> tuple[list[Working], str]:
    output = row.output
    with tracing():
        if isinstance(output, Map):
            count = memory.elements(output.channels, output.spatial, batch=report.batch)
        else:
            count = memory.vector_elements(output.features, batch=report.batch)
        size = memory.size_in_bytes(elements=count, bytes_each=BYTES[report.dtype])
    left_out = "; not in the total, which leaves out activation functions, dropout and views"
    kept = "" if row.layer.stored else left_out
    answer = " = ".join(dict.fromkeys((f"{units.exact(size)} B", units.in_bytes(size))))
    return equations_of("bytes", size), answer + kept


def _receptive_field(row: Row, report: Report) -> tuple[list[Working], str]:
    seen = [report.rows[source].fields for source in row.sources]
    if row.fields is None:
        axes = {len(fields) for fields in seen if fields is not None}
        why = "; it combines network inputs with different axes" if len(axes) > 1 else ""
        return [], f"not known{why}"
    answer = _field_answer(row, report)
    if not row.fields or not seen:
        return [], answer
    if row.fields in seen:
        return [], f"{answer}; unchanged"
    places = tuple(map(receptive.places, row.inputs))
    first = report.rows[row.sources[0]]
    joined = receptive.hull(seen, places) or ()
    with tracing():
        reach = row.layer.reach(*_named(row.inputs))
        fields = receptive.hull(seen, places)
        if reach is not None or first.along:
            fields = receptive.beyond(joined, reach, first.along, row.inputs[0])
    chains = [
        [
            *equations_of("r_out", field.size, SIZES),
            *equations_of("j_out", field.jump, SIZES),
            *equations_of("s_out", field.start, SIZES),
        ]
        for field in fields or ()
    ]
    return along(AXES[len(chains)], chains), answer


def _field_answer(row: Row, report: Report) -> str:
    fields = row.fields or ()
    if not fields:
        return "none: a vector has no positions"
    first, *others = report.input_shapes.values()
    sizes = "×".join(units.exact(field.size) for field in fields)
    most = "at most " if any(field.bound for field in fields) else ""
    clipped = [
        min(field.size, size)
        for field, size in zip(
            fields, first.spatial if isinstance(first, Map) else (), strict=False
        )
    ]
    inside = "×".join(map(units.exact, clipped))
    jumps = _each([str(field.jump) for field in fields], "×")
    starts = _each([str(field.start) for field in fields], ", ")
    cut = f", at most {inside} of them inside the input" if inside != sizes and not others else ""
    pixels = "pixel" if sizes == "1" else "pixels"
    return wording.minus(f"{most}{sizes} {pixels}{cut}; jump {jumps}, start {starts}")


def _each(texts: list[str], between: str) -> str:
    """A single text if the texts of all axes are equal, otherwise all of them."""
    return texts[0] if len(set(texts)) == 1 else between.join(texts)


QUANTITIES = {
    "shape": Quantity("the output's shape", _shape),
    "parameters": Quantity("learnable parameters, and buffers", _parameters, "params"),
    "macs": Quantity("multiply-accumulates and FLOPs", _macs, "macs"),
    "operations": Quantity("all arithmetic, by kind", _operations, "operations_total"),
    "memory": Quantity("elements and bytes of the output", _memory),
    "receptive-field": Quantity("the input pixels that one output depends on", _receptive_field),
}
"""Everything that can be explained about a layer."""

ALSO = {"params": "parameters", "rf": "receptive-field", "flops": "macs", "output": "shape"}


def quantities(word: str | None) -> tuple[str, ...]:
    """The quantities that a word names; all of them without a word. Raises UsageError for an
    unknown word."""
    if word is None:
        return tuple(QUANTITIES)
    if not isinstance(word, str):
        raise UsageError(f"a quantity must be one word, such as 'macs', not {shown(word)}")
    name = ALSO.get(word.lower(), word.lower().replace("_", "-"))
    if name not in QUANTITIES:
        hint = did_you_mean(name, [*QUANTITIES, *ALSO]) or f"; choose from {', '.join(QUANTITIES)}"
        raise UsageError(f"no quantity {word[:40]!r}{hint}")
    return (name,)


def explain(row: Row, report: Report, wanted: Iterable[str] = QUANTITIES) -> tuple[Derivation, ...]:
    """The derivations of a layer of a report; an equation that several quantities share appears
    once."""
    derivations = []
    seen: set[Working] = set()
    for quantity in wanted:
        _, derive, counts = QUANTITIES[quantity]
        workings, answer = derive(row, report)
        if counts in row.unknown:
            answer = f"at least {answer}" if getattr(row.cost, counts) else "not known"
        new = dict.fromkeys(working for working in workings if working not in seen)
        seen.update(new)
        derivations.append(Derivation(quantity, tuple(new), answer))
    return tuple(derivations)


def _without_unit(derivation: Derivation) -> str:
    """The answer, without a unit that only repeats the quantity: ``34,944``."""
    alone = re.fullmatch(rf"([0-9,]+) {derivation.quantity}", derivation.answer)
    return alone[1] if alone else derivation.answer


def only_new(derivations: Iterable[Derivation], known: Container[str]) -> tuple[Derivation, ...]:
    """The derivations without equations of a known form; derivations left empty are dropped."""
    kept = (
        derivation._replace(
            workings=tuple(one for one in derivation.workings if one.form not in known)
        )
        for derivation in derivations
    )
    return tuple(derivation for derivation in kept if derivation.workings)


def title(row: Row) -> str:
    """A layer's heading, such as
    ``conv1 · conv (out_channels 96, kernel_size 11, stride 4) · 3×227×227 → 96×55×55``."""
    if not row.inputs:
        return f"{row.name} · {row.kind} · {row.output}"
    fields = row.layer.text()
    fields = f" ({fields if len(fields) <= LONGEST else fields[:LONGEST] + '…'})" if fields else ""
    return f"{row.name} · {row.kind}{fields} · {some(row.inputs)} → {row.output}"


LONGEST = 120
"""Fields longer than this, such as a connection table, are truncated in a title."""


def as_text(row: Row, derivations: Sequence[Derivation], symbols: bool = True) -> str:
    """Text for a terminal; ``symbols`` adds a legend of the symbols."""
    lines = [title(row)]
    for derivation in derivations:
        lines += ["", f"{derivation.quantity}: {_without_unit(derivation)}"]
        lines += [f"  {working.text()}" for working in derivation.workings]
    known = _legend(derivations) if symbols else {}
    if known:
        wide = max(map(len, known))
        lines += ["", "symbols:", *(f"  {name:{wide}}  {text}" for name, text in known.items())]
    return "\n".join(lines) + "\n"


def _legend(derivations: Iterable[Derivation]) -> dict[str, str]:
    return legend(working for derivation in derivations for working in derivation.workings)


def as_markdown(row: Row, derivations: Sequence[Derivation]) -> str:
    """A heading, a list of the equations as code, and a legend of the symbols."""
    lines = [f"### {escaping.markdown(title(row))}"]
    for derivation in derivations:
        lines += ["", f"**{derivation.quantity}**: {_without_unit(derivation)}", ""]
        lines += [f"- `{working.text()}`" for working in derivation.workings]
    known = _legend(derivations)
    if known:
        lines += [
            "",
            "**symbols**: " + "; ".join(f"`{name}` {text}" for name, text in known.items()),
        ]
    return "\n".join(lines).rstrip() + "\n"


def as_latex(row: Row, derivations: Sequence[Derivation]) -> str:
    """An ``align*`` with the equations, and a legend of the symbols; needs amsmath."""
    equations = [working.latex() for derivation in derivations for working in derivation.workings]
    name = escaping.latex(row.name)
    body = " \\\\\n  ".join(equations)
    if not body:
        return f"% {row.name}: nothing to compute\n"
    needs = rf"% layer {row.name}; needs \usepackage{{amsmath}}"
    known = "; ".join(
        f"${name[0]}${name[1:]} {latex_text(text)}" for name, text in _legend(derivations).items()
    )
    return (
        f"{needs}\n\\paragraph{{{name}}}\n\\begingroup\\small"
        f"\n\\begin{{align*}}\n  {body}\n\\end{{align*}}\\endgroup\n"
        + f"\\noindent Symbols: {known}.\n"
        * bool(known)
    )


FORMATS = {"text": as_text, "markdown": as_markdown, "latex": as_latex}
"""The formats of an explanation."""
