"""Functions that turn any description of a network into a report or a graph."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from cnncalc.analysis import report, walk
from cnncalc.api.results import Report, analyze
from cnncalc.core.errors import Mistakes, UsageError
from cnncalc.core.layer import Input
from cnncalc.core.shape import Layout, layout_of
from cnncalc.spec import Spec, load
from cnncalc.spec.graph import Graph, build
from cnncalc.spec.inputs import Shapes, sizes_by_name
from cnncalc.spec.model import Model
from cnncalc.spec.text import Item


def summarize(
    target: str | os.PathLike[str] | Mapping[str, Any] | Item | Spec,
    *,
    batch: int = 1,
    input: Shapes | Mapping[str, Shapes] | None = None,
    dtype: str | None = None,
    settings: Mapping[str, Any] | None = None,
    layout: str | None = None,
    tiny: bool = False,
    extends_anywhere: bool | None = None,
) -> Report:
    """Compute everything that can be counted about a network.

    ``target`` is a built-in's name, a path, the one-line notation, a spec as plain data, or what
    ``load`` or ``from_torch`` returns.
    ``input`` replaces the input's shape (``"3x256x256"``, or several by name), ``settings``
    replaces parameters of the spec, ``batch`` multiplies activations, MACs and operations, and
    ``dtype`` replaces the data type, float32 unless the spec says otherwise.
    ``layout`` says how shapes are written, in ``input`` and in a spec that has no ``layout`` of
    its own: ``chw`` or ``hwc``. By default they are channels first, and a shape that looks like an
    image with its channels last is refused.
    ``tiny`` cuts the input to the smallest size that the network accepts
    (``cnncalc.analysis.smallest``).
    ``extends_anywhere`` lets a spec extend files outside its own folder.

    Raises CnncalcError for anything that cannot be used, with one sentence per error.

    >>> summarize("1x28x28-10N").totals.params
    7850
    """
    how = layout_of(layout)
    graph = _graph(target, settings, input, how, extends_anywhere)
    if tiny:
        from cnncalc.analysis.smallest import smallest

        graph = smallest(graph)
    try:
        return analyze(graph, batch=batch, dtype=dtype)
    except Mistakes as mistakes:
        if isinstance(target, Model):
            raise
        raise _blamed(mistakes, graph, settings, input, how) or mistakes from None


def _blamed(
    mistakes: Mistakes,
    graph: Graph,
    settings: Mapping[str, Any] | None,
    input: Any,
    layout: Layout | None,
) -> UsageError | None:
    """The error that blames the input or the settings, if the network is valid without them; None
    otherwise."""
    fact = mistakes.errors[0].fact
    if input is not None:
        usual = build(graph.spec, settings, layout=layout)
        if _inputs(usual) != _inputs(graph) and walk.takes(usual):
            given = f"{graph.name} does not take an input of {_inputs(graph)}"
            return UsageError(f"{given}: {fact}; the network's default input is {_inputs(usual)}")
    if settings and walk.takes(build(graph.spec, None, input, layout)):
        given = ", ".join(f"{name}={value}" for name, value in settings.items())
        return UsageError(f"{graph.name} does not take {given}: {fact}", mistakes.errors[0].help)
    return None


def _inputs(graph: Graph) -> str:
    """The shapes of a network's inputs."""
    layers = (node.layer for node in graph.nodes if isinstance(node.layer, Input))
    return ", ".join(str(layer.shape) for layer in layers)


class Changes(TypedDict, total=False):
    """The options of ``summarize`` that change a network."""

    input: Shapes | Mapping[str, Shapes] | None
    settings: Mapping[str, Any] | None
    layout: str | None
    tiny: bool


class Options(Changes, total=False):
    """The options of ``summarize``, which other functions take for a network that is not a
    report."""

    batch: int
    dtype: str | None


Target = str | os.PathLike[str] | Mapping[str, Any] | Spec | report.Report
"""A network: a report, or anything that ``summarize`` takes."""


def report_of(target: Target, options: Changes) -> report.Report:
    """The report of a network. A report is returned unchanged; giving options for it raises
    UsageError."""
    if not isinstance(target, report.Report):
        return summarize(target, **options)
    if options:
        raise UsageError(f"a report is already computed and takes no {', '.join(options)}")
    return target


def graph_of(
    target: str | os.PathLike[str] | Mapping[str, Any] | Item | Spec | Graph,
    *,
    input: Shapes | Mapping[str, Shapes] | None = None,
    settings: Mapping[str, Any] | None = None,
    layout: str | None = None,
) -> Graph:
    """The expanded network; ``target`` and the options are those of ``summarize``. A graph is
    returned unchanged; giving options for it raises UsageError."""
    if isinstance(target, Graph):
        options = {"input": input, "settings": settings, "layout": layout}
        if given := [name for name, value in options.items() if value is not None]:
            raise UsageError(f"a graph is already expanded and takes no {', '.join(given)}")
        return target
    return _graph(target, settings, input, layout_of(layout))


def _graph(
    target: Any,
    settings: Mapping[str, Any] | None,
    input: Shapes | Mapping[str, Shapes] | None,
    layout: Layout | None,
    anywhere: bool | None = None,
) -> Graph:
    """The expanded network that a target describes."""
    if isinstance(target, Model):
        return build(target.read(settings or {}, sizes_by_name(input, layout)))
    spec = load(target, extends_anywhere=anywhere, inputs=(input, layout))
    return build(spec, settings, input, layout)


def layer(
    kind: str,
    *inputs: Shapes,
    batch: int = 1,
    dtype: str | None = None,
    layout: str | None = None,
    **fields: Any,
) -> report.Row:
    """Compute a single layer, given its kind, its fields and the shapes of its inputs.

    Shapes exclude the batch; ``batch``, ``dtype`` and ``layout`` are those of ``summarize``. Raises
    Mistakes for an error in the kind, its fields or the shapes, and UsageError for a kind with
    several outputs, and for an invalid batch, dtype or layout.

    >>> layer("conv", "3x32x32", filters=10, kernel=5).cost.params
    760
    """
    return layer_alone(kind, inputs, fields, batch, dtype, layout)[walk.ALONE]


def layer_alone(
    kind: str,
    inputs: Sequence[Shapes],
    fields: Mapping[str, Any],
    batch: int,
    dtype: str | None,
    layout: str | None = None,
) -> report.Report:
    """The report of a single layer, called ``layer``, as part of a larger network."""
    names = [f"input{i}" for i in range(1, len(inputs) + 1)]
    spec = {
        "name": kind,
        "input": dict(zip(names, inputs, strict=True)),
        "layers": [{kind: fields or None, "name": walk.ALONE, "from": names}],
    }
    found = summarize(spec, batch=batch, dtype=dtype, layout=layout)
    if all(row.name != walk.ALONE for row in found):
        raise UsageError(f"{kind} has several outputs", "choose one with 'part'")
    return walk.inside(found)
