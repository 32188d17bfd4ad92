"""Counting conventions: one per file in ``tools``, discovered automatically.

Each file defines ``CONVENTION`` and has the convention's name; files with a leading underscore are
skipped.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any

from cnncalc.analysis.report import Report, Row
from cnncalc.conventions import tools
from cnncalc.conventions.convention import Convention, Count, Part, Term
from cnncalc.core import discovery
from cnncalc.core.cost import BYTES
from cnncalc.core.errors import LayerError, UsageError, unknown


def names() -> tuple[str, ...]:
    """The names of all conventions, with hyphens."""
    return tuple(name.replace("_", "-") for name in discovery.modules(tools.__path__))


def load(name: str) -> Convention:
    """The convention with this name; raises UsageError for an unknown name."""
    if name not in names():
        raise unknown("convention", name, names())
    convention: Convention = import_module(f"{tools.__name__}.{name.replace('-', '_')}").CONVENTION
    return convention


def count(name: str, report: Report) -> Count:
    """A network's total under the convention with this name.

    Raises UsageError for an unknown name, and for a layer whose count in the tool is not modelled.
    """
    convention = load(name)
    needs = {*convention.needs}
    unsure = [row for row in report.opaque if not needs or needs & row.unknown]
    if unsure:
        row = unsure[0]
        raise UsageError(
            f"the total of {convention.title} is not known: layer {row.name!r} ({row.kind}) stands "
            "for an operation that no kind describes",
            "state its counts in the spec"
            if needs
            else "replace it with a layer that cnncalc knows",
        )
    if convention.whole:
        found = convention.whole(report)
        part = Part(1, sum(found.values()), convention.counts)
        return Count(
            name, convention, (part,), {row.name: found.get(row.name, 0) for row in report.rows}
        )
    within = convention.within(report) if convention.within else None
    known: dict[object, list[int]] = {}
    repeats: Counter[object] = Counter()
    by_layer: dict[str, int] = {}
    for row in report.rows:
        # Blocks repeat, so the amounts of each distinct layer are computed once.
        alike = (id(row.layer), row.inputs, row.weights_of is not None, row.trainable)
        key: object = row.name if within else alike
        if key not in known:
            known[key] = _counted(convention, report, row, within)
        repeats[key] += 1
        by_layer[row.name] = sum(
            term.times * amount for term, amount in zip(convention.terms, known[key])
        )
    sums = [0] * len(convention.terms)
    for key, times in repeats.items():
        sums = [n + times * amount for n, amount in zip(sums, known[key])]
    parts = [Part(term.times, n, term.what) for term, n in zip(convention.terms, sums) if n]
    return Count(name, convention, tuple(parts), by_layer)


def _counted(
    convention: Convention, report: Report, row: Row, within: Callable[[Row], Any] | None
) -> list[int]:
    """The amount that each term adds for a layer."""
    shared = row.weights_of is not None
    size = BYTES[report.dtype] if convention.sized else 1
    images = 1 if convention.per_image else report.batch
    try:
        seen = within(row) if within else convention.sees(row.layer, row.inputs, row.output)
        if shared:
            seen = [getattr(one, "with_shared_weights", one) for one in seen]
        if not row.trainable:
            seen = [getattr(one, "with_frozen_weights", one) for one in seen]
        amounts = _amounts(convention.terms, seen)
    except LayerError as why:
        raise UsageError(
            f"the total of {convention.title} is not known: layer {row.name!r} ({row.kind}): {why}"
        ) from None
    return [
        (size * (not shared) if term.once else size * images) * amount
        for term, amount in zip(convention.terms, amounts)
    ]


def _amounts(terms: Sequence[Term], seen: Iterable[Any]) -> list[int]:
    """The amount that each term adds for these calls or costs."""
    amounts = [0] * len(terms)
    for one in seen:
        for place, term in enumerate(terms):
            if term.where(one):
                amounts[place] += term.each(one)
    return amounts
