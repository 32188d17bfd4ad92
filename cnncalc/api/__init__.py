"""The public functions that compute a network's report, answer questions about it and write it."""

from cnncalc.api.exploring import compare, formula, largest, sweep
from cnncalc.api.hardware import device, devices
from cnncalc.api.network import Options, layer, summarize
from cnncalc.api.questions import (
    arena,
    check_stride,
    claims,
    explain,
    fits,
    memory,
    reconcile,
    solve,
)
from cnncalc.api.reading import from_caffe, from_darknet, from_keras, from_onnx
from cnncalc.api.results import Report, Totals, analyze
from cnncalc.api.writing import draw, to_html, to_simulator, to_yaml
from cnncalc.spec import load
from cnncalc.spec.graph import build

__all__ = [
    "Options",
    "Report",
    "Totals",
    "analyze",
    "arena",
    "build",
    "check_stride",
    "claims",
    "compare",
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
    "largest",
    "layer",
    "load",
    "memory",
    "reconcile",
    "solve",
    "summarize",
    "sweep",
    "to_html",
    "to_simulator",
    "to_yaml",
]
