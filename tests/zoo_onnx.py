"""Compare the reader of ONNX files with the ``onnx`` package: words of ``tests/zoo_files.py``."""

import tempfile
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path
from typing import Any

import cnncalc
from cnncalc.core.errors import CnncalcError
from cnncalc.spec.readers import _onnx_file, _protobuf

CLOSE = 1e-3


def backend_cases() -> Iterator[tuple[str, Any, Any]]:
    """The name, the model and the data of every node case of the package."""
    import numpy
    import onnx
    from onnx.backend.test.loader import load_model_tests

    with numpy.errstate(all="ignore"):
        for case in load_model_tests(kind="node"):
            model = onnx.shape_inference.infer_shapes(case.model)
            yield case.name, model, (case.data_sets or [None])[0]


def nodes(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every node case: as it is, and with all inputs but the first as weights of the file."""
    for name, model, data in backend_cases():
        if names and name not in names:
            continue
        for title, one, given in variants(name, model, data):
            yield title, differing(one, given, data[1])


def variants(name: str, model: Any, data: Any) -> Iterator[tuple[str, Any, list[Any]]]:
    """The model itself, and the model with fixed inputs."""
    import onnx

    yield name, model, data[0]
    arrays = [one for one in data[0][1:] if hasattr(one, "dtype") and one.dtype != object]
    if len(data[0]) < 2 or len(arrays) + 1 < len(data[0]):
        return
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    rest = [*fixed.graph.input][1:]
    for one, array in zip(rest, arrays):
        fixed.graph.initializer.append(onnx.numpy_helper.from_array(array, one.name))
        fixed.graph.input.remove(one)
    yield f"{name} (fixed)", fixed, data[0][:1]


def differing(model: Any, given: Sequence[Any], wanted: Sequence[Any]) -> str:
    """What is wrong about a model's outputs; after ~, why it has no figures of our own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "net.onnx"
        file.write_bytes(model.SerializeToString())
        try:
            report = cnncalc.summarize(file)
        except CnncalcError as why:
            return f"~ refused: {str(why).partition(': ')[2]}"
    batch = given[0].shape[0]
    sizes = [one.shape for one in wanted if hasattr(one, "shape")]
    if sorted(row.output.elements * batch for row in report.outputs) != sorted(map(prod, sizes)):
        return f"outputs {[str(row.output) for row in report.outputs]} for {sizes}"
    if any(row.kind == "opaque" for row in report.layers):
        return "~ opaque"
    if report.totals.params + report.totals.buffers or given[0].dtype.kind != "f":
        return ""
    return computed(report, given, wanted)


def computed(report: cnncalc.Report, given: Sequence[Any], wanted: Sequence[Any]) -> str:
    """How far the outputs of a network without weights are from the ones of the data."""
    import torch

    module = cnncalc.to_torch(report).eval()
    ours = module(*(torch.tensor(one.astype("float32")) for one in given[: len(report.input_shapes)]))
    for one, theirs in zip(ours if isinstance(ours, tuple) else (ours,), wanted):
        if theirs.dtype.kind == "f":
            theirs = torch.tensor(theirs.astype("float32"))
            apart = (one.reshape(theirs.shape) - theirs).abs().max() / theirs.abs().max()
            if apart > CLOSE:
                return f"outputs by {apart:.1e}"
    return ""
