"""cnncalc: from an architecture to every shape, parameter, operation and byte.

>>> import cnncalc
>>> report = cnncalc.summarize("vgg16")
>>> report.totals.params
138357544
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnncalc.analysis import analyze
    from cnncalc.api import summarize
    from cnncalc.bridge import to_torch
    from cnncalc.cost import Cost, Operations, Parameters
    from cnncalc.errors import CnncalcError, Mistakes, SpecError, UsageError
    from cnncalc.graph import Graph, build
    from cnncalc.report import Report, Row
    from cnncalc.shape import Map, Shape, Vector
    from cnncalc.spec import Spec, load

__version__ = "0.1.0"

_HOME = {
    "analyze": "api",
    "summarize": "api",
    "Cost": "cost",
    "Operations": "cost",
    "Parameters": "cost",
    "CnncalcError": "errors",
    "Mistakes": "errors",
    "SpecError": "errors",
    "UsageError": "errors",
    "Graph": "graph",
    "build": "api",
    "Report": "report",
    "Row": "report",
    "Map": "shape",
    "Shape": "shape",
    "Vector": "shape",
    "Spec": "spec",
    "load": "api",
    "to_torch": "bridge",
}
"""Where each public name lives; it is imported when it is first asked for."""

__all__ = [
    "CnncalcError",
    "Cost",
    "Graph",
    "Map",
    "Mistakes",
    "Operations",
    "Parameters",
    "Report",
    "Row",
    "Shape",
    "Spec",
    "SpecError",
    "UsageError",
    "Vector",
    "analyze",
    "build",
    "load",
    "summarize",
    "to_torch",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'cnncalc' has no attribute {name!r}")
    return getattr(import_module(f"cnncalc.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
