"""Counting conventions: one per file in ``tools``, discovered automatically.

Each file defines ``CONVENTION`` and is named after it; files with a leading underscore are skipped.
"""

from collections.abc import Container, Iterable
from importlib import import_module

from cnncalc.analysis.report import Report
from cnncalc.conventions import tools
from cnncalc.conventions.convention import Convention, Count, Part, Term
from cnncalc.core import discovery
from cnncalc.core.errors import LayerError, UsageError, did_you_mean, one_of
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Shape

Placed = tuple[str, Layer, tuple[Shape, ...], Shape]
"""A layer in a network: its name, the layer, its input shapes and its output shape."""


def names() -> tuple[str, ...]:
    """The names of all conventions, with hyphens."""
    return tuple(name.replace("_", "-") for name in discovery.modules(tools.__path__))


def load(name: str) -> Convention:
    """The convention of this name; raises UsageError for an unknown name."""
    if name not in names():
        hint = did_you_mean(name, names()) or f"; a convention is {one_of(names())}"
        raise UsageError(f"no convention {name!r}{hint}")
    convention: Convention = import_module(f"{tools.__name__}.{name.replace('-', '_')}").CONVENTION
    return convention


def count(
    name: str, layers: Iterable[Placed], batch: int = 1, sharing: Container[str] = ()
) -> Count:
    """A network's total under the convention of this name. The layers in ``sharing`` use weights
    that count for another layer.

    Raises UsageError for an unknown name, and for a layer whose count in the tool is not modelled.
    """
    convention = load(name)
    images = 1 if convention.per_image else batch
    known: dict[tuple[int, tuple[Shape, ...], bool], list[int]] = {}
    sums = [0] * len(convention.terms)
    by_layer = {}
    for layer_name, layer, inputs, output in layers:
        shares = layer_name in sharing
        key = (id(layer), inputs, shares)  # blocks repeat, so cache
        if key not in known:
            try:
                seen = convention.sees(layer, inputs, output)
                seen = [one.with_shared_weights for one in seen] if shares else seen
                known[key] = [images * _amount(term, seen) for term in convention.terms]
            except LayerError as why:
                raise UsageError(
                    f"the total of {convention.title} is not known: layer {layer_name!r} "
                    f"({layer.kind}): {why}"
                ) from None
        amounts = known[key]
        sums = [sum(pair) for pair in zip(sums, amounts)]
        by_layer[layer_name] = sum(
            term.times * amount for term, amount in zip(convention.terms, amounts)
        )
    parts = [Part(term.times, n, term.what) for term, n in zip(convention.terms, sums) if n]
    return Count(name, convention, tuple(parts), by_layer)


def _amount(term: Term, seen: Iterable[object]) -> int:
    return sum(term.each(one) for one in seen if term.where(one))


def count_report(name: str, report: Report) -> Count:
    """A report's total under the convention of this name; raises UsageError as ``count`` does."""
    layers = [(row.name, row.layer, row.inputs, row.output) for row in report.layers]
    sharing = {row.name for row in report.layers if row.weights_of}
    return count(name, layers, report.batch, sharing)
