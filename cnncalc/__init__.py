"""cnncalc: from an architecture to every shape, parameter, operation and byte.

>>> import cnncalc
>>> report = cnncalc.summarize("vgg16")
>>> report.totals.params
138357544
"""

TYPE_CHECKING = False  # importing typing takes time, during which Ctrl-C would show a traceback
if TYPE_CHECKING:
    from cnncalc.analysis.report import Row
    from cnncalc.api import (
        Report,
        analyze,
        arena,
        check_stride,
        claims,
        compare,
        device,
        devices,
        draw,
        explain,
        fits,
        formula,
        from_caffe,
        from_darknet,
        from_keras,
        from_onnx,
        largest,
        layer,
        memory,
        reconcile,
        solve,
        summarize,
        sweep,
        to_html,
        to_simulator,
        to_yaml,
    )
    from cnncalc.bridge import calibrate, from_torch, to_onnx, to_torch, verify
    from cnncalc.core.cost import Cost, Operations, Parameters
    from cnncalc.core.errors import CnncalcError, Mistakes, SpecError, UnknownName, UsageError
    from cnncalc.core.shape import Map, Shape, Vector
    from cnncalc.homework.convolution.by_hand import convolve
    from cnncalc.homework.grading import grade
    from cnncalc.homework.quiz import quiz
    from cnncalc.spec import Spec, load
    from cnncalc.spec.graph import Graph, build

__version__ = "0.1.0"

_HOME = {
    "CnncalcError": "core.errors",
    "Cost": "core.cost",
    "Graph": "spec.graph",
    "Map": "core.shape",
    "Mistakes": "core.errors",
    "Operations": "core.cost",
    "Parameters": "core.cost",
    "Report": "api",
    "Row": "analysis.report",
    "Shape": "core.shape",
    "Spec": "spec",
    "SpecError": "core.errors",
    "UnknownName": "core.errors",
    "UsageError": "core.errors",
    "Vector": "core.shape",
    "analyze": "api",
    "arena": "api",
    "build": "api",
    "calibrate": "bridge",
    "check_stride": "api",
    "claims": "api",
    "compare": "api",
    "convolve": "homework.convolution.by_hand",
    "device": "api",
    "devices": "api",
    "draw": "api",
    "explain": "api",
    "fits": "api",
    "formula": "api",
    "from_caffe": "api",
    "from_darknet": "api",
    "from_keras": "api",
    "from_onnx": "api",
    "from_torch": "bridge",
    "grade": "homework.grading",
    "largest": "api",
    "layer": "api",
    "load": "api",
    "memory": "api",
    "quiz": "homework.quiz",
    "reconcile": "api",
    "solve": "api",
    "summarize": "api",
    "sweep": "api",
    "to_html": "api",
    "to_onnx": "bridge",
    "to_simulator": "api",
    "to_torch": "bridge",
    "to_yaml": "api",
    "verify": "bridge",
}
"""The module of each public name, which is imported when the name is first used."""

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
    "UnknownName",
    "UsageError",
    "Vector",
    "analyze",
    "arena",
    "build",
    "calibrate",
    "check_stride",
    "claims",
    "compare",
    "convolve",
    "device",
    "devices",
    "draw",
    "explain",
    "fits",
    "formula",
    "from_caffe",
    "from_darknet",
    "from_keras",
    "from_onnx",
    "from_torch",
    "grade",
    "largest",
    "layer",
    "load",
    "memory",
    "quiz",
    "reconcile",
    "solve",
    "summarize",
    "sweep",
    "to_html",
    "to_onnx",
    "to_simulator",
    "to_torch",
    "to_yaml",
    "verify",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module 'cnncalc' has no attribute {name!r}")
    return getattr(import_module(f"cnncalc.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
