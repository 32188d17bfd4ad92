"""A layer's window on its own: the input may be too small for it, or the stride may be unknown.

Such a layer cannot be part of a network, but a question can still be about it.
"""

from dataclasses import replace
from typing import Any

from cnncalc import layers
from cnncalc.analysis.report import Report
from cnncalc.api import summarize
from cnncalc.core.errors import LayerError
from cnncalc.core.shape import Layout, Shape, shape_of


def alone(
    kind: str,
    fields: Any,
    input: Any,
    name: str,
    output: Any = None,
    layout: Layout | None = None,
) -> Report:
    """A network with only this layer, whose output and costs are not computed.

    ``output`` is one size, one per spatial axis, or a shape; the default is the shape of the input.
    ``layout`` is how shapes are written. Raises CnncalcError if the kind, a field or a shape is
    invalid.
    """
    standing_in = {"input": input, "layers": [{"identity": None, "name": name}]}
    report = summarize({"name": "the layer", **standing_in}, layout=layout)
    row = report[name]
    given = layers.find(kind)[0].parse(fields)
    shape = row.output if output is None else _shape(output, row.inputs[0], layout)
    own = row._replace(layer=given, output=shape)
    return replace(report, rows=(*report.rows[:-1], own))


def _shape(output: Any, x: Shape, layout: Layout | None) -> Shape:
    """The shape with these sizes, or with one size for all spatial axes of x; raises CnncalcError
    for anything else."""
    sizes = output if isinstance(output, list) else str(output).replace("×", "x").split("x")
    if not all(str(size).strip().isdecimal() for size in sizes):
        raise LayerError(f"'output' must be a size, such as 55 or 55x55, not {str(output)[:60]!r}")
    axes = len(x.dimensions) - 1
    found = tuple(int(size) for size in sizes) * (axes if len(sizes) == 1 else 1)
    if len(found) not in (axes, axes + 1):
        raise LayerError(f"'output' has {len(found)} sizes, but the input {x} has {axes + 1}")
    if len(found) > axes:
        return shape_of(found, layout or "chw")
    return shape_of((x.dimensions[0], *found))
