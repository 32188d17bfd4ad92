"""A window by itself: of a layer that its input may be too small for, or whose stride is sought.

Such a layer has no place in a network, but there is something to ask about it.
"""

from dataclasses import replace
from typing import Any

from cnncalc import layers
from cnncalc.analysis.report import Report
from cnncalc.api import summarize
from cnncalc.core.errors import LayerError
from cnncalc.core.shape import Shape, shape_of


def alone(kind: str, fields: Any, input: Any, name: str, output: Any = None) -> Report:
    """A layer of this kind and its input as a network in which nothing was worked out.

    ``output`` is its size, or one for each axis, or its shape; without one the input's stands for
    it. Raises CnncalcError where the kind cannot have these fields, or the input is no shape.
    """
    standing_in = {"input": input, "layers": [{"identity": None, "name": name}]}
    report = summarize({"name": "the layer", **standing_in})
    row = report[name]
    given = layers.find(kind)[0].parse(fields)
    shape = row.output if output is None else _shape(output, row.inputs[0])
    own = row._replace(layer=given, output=shape)
    return replace(report, rows=(*report.rows[:-1], own))


def _shape(output: Any, x: Shape) -> Shape:
    """The shape with this size along each axis, or this one for all; raises LayerError where it has
    other axes than x."""
    sizes = output if isinstance(output, list) else str(output).replace("×", "x").split("x")
    if not all(str(size).strip().isdecimal() for size in sizes):
        raise LayerError(f"'output' is a size, as in 55 or 55x55, not {str(output)[:60]!r}")
    axes = len(x.dimensions) - 1
    found = tuple(int(size) for size in sizes) * (axes if len(sizes) == 1 else 1)
    if len(found) not in (axes, axes + 1):
        raise LayerError(f"'output' has {len(found)} sizes, but the input {x} has {axes} axes")
    return shape_of(found if len(found) > axes else (x.dimensions[0], *found))
