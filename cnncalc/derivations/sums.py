"""How a total is computed: the sum over a network or a block, term by term."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from cnncalc.analysis.report import Line, Report
from cnncalc.core import escaping, units
from cnncalc.core.cost import Cost, total
from cnncalc.core.errors import some


class Sum(NamedTuple):
    """A total: its terms by layer or block name, and the answer on one line."""

    quantity: str
    terms: tuple[tuple[str, int], ...]
    answer: str
    label: str = "sum"
    """The name of the last line."""

    @property
    def result(self) -> int:
        """The sum of the terms."""
        return sum(number for _, number in self.terms)


class Part(NamedTuple):
    """A network or a block: its name, its kind, and its layers and blocks."""

    name: str
    kind: str
    lines: tuple[Line, ...]

    @property
    def title(self) -> str:
        """The part's heading: ``layer1.0 · bottleneck · 64×56×56 → 256×56×56``."""
        before = self.lines[0].inputs or (self.lines[0].output,)
        shapes = f"{some(before)} → {self.lines[-1].output}"
        return " · ".join(filter(None, (self.name, self.kind, shapes)))

    @property
    def cost(self) -> Cost:
        """The total cost."""
        return total([line.cost for line in self.lines])


def network(report: Report) -> Part:
    """The whole network."""
    return Part(report.name, "", report.outline(1))


def block(report: Report, name: str) -> Part | None:
    """The block with this name; None if there is none."""
    depth = name.count(".") + 2
    lines = tuple(line for line in report.outline(depth) if line.name.startswith(f"{name}."))
    return Part(name, (report.groups or {}).get(name, ""), lines) if lines else None


def _macs(cost: Cost) -> str:
    return f"FLOPs = 2·MACs = {units.exact(cost.flops)}"


def _operations(cost: Cost) -> str:
    return cost.operations.text()


def _memory(cost: Cost) -> str:
    stored = cost.activations_total
    return units.counted(stored, "stored element")


QUANTITIES: dict[str, tuple[str, Callable[[int], str], Callable[[Cost], str]]] = {
    "parameters": ("params", units.human, Cost.params_text),
    "macs": ("macs", units.human, _macs),
    "operations": ("operations_total", units.human, _operations),
    "memory": ("activations_total_bytes", units.in_bytes, _memory),
}
"""The totals: the count's name, how to abbreviate it, and a remark on it."""


def explain(part: Part, wanted: Iterable[str] = QUANTITIES) -> tuple[Sum, ...]:
    """The sums of a network or a block; layers that contribute nothing are left out, and so are
    quantities that have no sum."""
    return tuple(_sum(part, quantity) for quantity in wanted if quantity in QUANTITIES)


def _sum(part: Part, quantity: str) -> Sum:
    name, read, remark = QUANTITIES[quantity]
    counts = ((line.name, getattr(line.cost, name)) for line in part.lines)
    terms = tuple((label.removeprefix(f"{part.name}."), count) for label, count in counts if count)
    result = getattr(part.cost, name)
    texts = dict.fromkeys((units.exact(result) + " B" * (name.endswith("bytes")), read(result)))
    text = " = ".join(texts) + f" ({remark(part.cost)})" * bool(result)
    opaque = [line.name for line in part.lines if name in line.unknown]
    if opaque:
        text = f"≥ {text}; not known for {some(opaque)}"
        return Sum(quantity, terms, text, "sum, at least")
    return Sum(quantity, terms, text)


def as_text(part: Part, sums: Iterable[Sum]) -> str:
    """Text for a terminal, with each sum as a column of terms."""
    lines = [part.title]
    for one in sums:
        lines += ["", f"{one.quantity}: {one.answer}"]
        if one.terms:
            name = max(len(one.label), *(len(label) for label, _ in one.terms))
            size = max(len(units.exact(one.result)), *(len(units.exact(n)) for _, n in one.terms))
            lines += [f"    {label:{name}}  {units.exact(n):>{size}}" for label, n in one.terms]
            lines += [f"    {'─' * (name + 2 + size)}"]
            lines += [f"    {one.label:{name}}  {units.exact(one.result):>{size}}"]
    return "\n".join(lines) + "\n"


def as_markdown(part: Part, sums: Iterable[Sum]) -> str:
    """A heading, and a table per sum."""
    lines = [f"### {escaping.markdown(part.title)}"]
    for one in sums:
        lines += ["", f"**{one.quantity}**: {escaping.markdown(one.answer)}"]
        if one.terms:
            terms = [(escaping.markdown(label), n) for label, n in one.terms]
            rows = [*terms, (f"**{one.label}**", one.result)]
            lines += ["", "| term | number |", "| :--- | ---: |"]
            lines += [f"| {label} | {units.exact(n)} |" for label, n in rows]
    return "\n".join(lines).rstrip() + "\n"


def as_latex(part: Part, sums: Iterable[Sum]) -> str:
    """A table per sum; needs booktabs and longtable."""
    lines = [rf"% {part.name}; needs \usepackage{{booktabs,longtable}}"]
    for one in sums:
        rows = [rf"{escaping.latex(label)} & {units.exact(n)} \\" for label, n in one.terms]
        lines += [
            r"\begin{longtable}{lr}",
            rf"\caption{{{escaping.latex(f'{part.name}: {one.quantity}')}}}\\",
            r"\toprule",
            *rows,
            r"\midrule",
            rf"{one.label} & {units.exact(one.result)} \\",
            r"\bottomrule",
            r"\end{longtable}",
        ]
    return "\n".join(lines) + "\n"


FORMATS = {"text": as_text, "markdown": as_markdown, "latex": as_latex}
"""The formats of the sums."""
