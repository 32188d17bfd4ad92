"""Compare the reader of ONNX files with the ``onnx`` package: part of ``tests/zoo_files.py``."""

import io
import itertools
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
    """What is wrong with a model's outputs; after ~, why they are not compared."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "net.onnx"
        file.write_bytes(model.SerializeToString())
        try:
            report = cnncalc.summarize(file)
        except CnncalcError as why:
            return f"~ refused: {str(why).partition(': ')[2]}"
    if not all(hasattr(one, "shape") for one in given):
        return "~ has an input that is not a tensor"
    batch = given[0].shape[0]
    sizes = [one.shape if hasattr(one, "shape") else (*one.dims,) for one in wanted]
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
    ours = module(
        *(torch.tensor(one.astype("float32")) for one in given[: len(report.input_shapes)])
    )
    for one, theirs in zip(ours if isinstance(ours, tuple) else (ours,), wanted):
        if hasattr(theirs, "dtype") and theirs.dtype.kind == "f":
            right = torch.tensor(theirs.astype("float32"))
            rates = [row.layer.p for row in report.layers if row.kind == "dropout"]
            kept = [torch.where(right == 0, 0, one / (1 - p)) for p in rates]  # as in training
            apart = min(
                _apart(made, other)
                for made in (one, *kept)
                for other in batch_first(right, len(given[0]))
            )
            if not apart <= CLOSE:  # also if it is not a number
                return f"outputs by {apart:.1e}"
    return ""


def batch_first(right: Any, batch: int) -> list[Any]:
    """An output; if its first axis cannot be the batch, its axes in every order in which it can:
    cnncalc gives such an output with the channels of its last layer first."""
    if right.shape[0] == batch:
        return [right]
    orders = (right.permute(order) for order in itertools.permutations(range(right.dim())))
    return [other for other in orders if other.shape[0] == batch] or [right]


def _apart(one: Any, right: Any) -> float:
    """The largest difference of two outputs, relative to the largest value."""
    return float((one.reshape(right.shape) - right).abs().max() / right.abs().max())


def fields(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every node case and every file of the package, read by both: what differs."""
    import onnx

    for name, model, _ in backend_cases():
        if not names or name in names:
            yield name, read_apart(model)
    data = Path(onnx.__file__).parent / "backend" / "test" / "data"
    for file in sorted(data.rglob("*.onnx")):
        name = str(file.relative_to(data)).removesuffix("/model.onnx")
        if not names or name in names:
            yield name, read_apart(onnx.load(file, load_external_data=False))


def kind(node: Any) -> str:
    """The operator of a node, with a domain that is not ONNX's own."""
    return node.op_type + (f" of {node.domain}" if node.domain not in ("", "ai.onnx") else "")


def read_apart(model: Any) -> str:
    """The parts of a file that cnncalc reads as something else than the package."""
    stream = io.BytesIO(model.SerializeToString())
    try:
        ours = _onnx_file.model(_protobuf.File(stream, "file"))
    except CnncalcError as why:
        return "" if model.graph.sparse_initializer else str(why)
    graph = model.graph
    versions = [one.version for one in model.opset_import if one.domain in ("", "ai.onnx")]
    pairs = {
        "name": (ours.name, graph.name),
        "producer": (ours.producer, model.producer_name),
        "opset": (ours.opset, versions[-1] if versions else 1),
        "inputs": (ours.inputs, {one.name: sizes(one) for one in graph.input}),
        "outputs": (ours.outputs, [one.name for one in graph.output]),
        "shapes": (
            ours.shapes,
            {one.name: sizes(one) for one in (*graph.value_info, *graph.output)},
        ),
        "data types": (
            ours.dtypes,
            {
                one.name: one.type.tensor_type.elem_type
                for one in (*graph.input, *graph.output, *graph.value_info)
            },
        ),
        "weights": (
            {name: tensor(one) for name, one in ours.held.items()},
            {one.name: array(one) for one in [*graph.initializer, *inner_weights(graph)]},
        ),
        "nodes": (
            [(one.kind, one.name, one.inputs, one.outputs) for one in ours.nodes],
            [
                (kind(one), one.name, (*one.input, *captured(one)), tuple(one.output))
                for one in graph.node
            ],
        ),
        "settings": (
            [{key: tensor(value) for key, value in one.attributes.items()} for one in ours.nodes],
            [{one.name: setting(one) for one in node.attribute} for node in graph.node],
        ),
    }
    return ", ".join(what for what, (one, other) in pairs.items() if one != other)


def graphs(node: Any) -> list[Any]:
    """The graphs inside a node."""
    found = ((*one.graphs, *([one.g] if one.HasField("g") else [])) for one in node.attribute)
    return [graph for several in found for graph in several]


def inner_weights(graph: Any) -> list[Any]:
    """The weights of all graphs inside the nodes of a graph."""
    inner = [one for node in graph.node for one in graphs(node)]
    return [weight for one in inner for weight in (*one.initializer, *inner_weights(one))]


def captured(node: Any) -> list[str]:
    """The tensors that the graphs inside a node read from around it, and their weights, which
    cnncalc reads as further inputs of the node."""
    found: list[str] = []
    for graph in graphs(node):
        weights = [one.name for one in graph.initializer]
        own = {*weights, *(one.name for one in graph.input)}
        own |= {name for one in graph.node for name in one.output}
        read = [name for one in graph.node for name in (*one.input, *captured(one))]
        read += [one.name for one in graph.output]
        found += dict.fromkeys(name for name in read if name and name not in own)
        found += weights
    return found


def sizes(value: Any) -> tuple[int | str, ...] | None:
    """The sizes of a tensor's description."""
    kind = value.type.tensor_type
    if not value.type.HasField("tensor_type") or not kind.HasField("shape"):
        return None
    return tuple(
        one.dim_value if one.dim_value > 0 else one.dim_param or "?" for one in kind.shape.dim
    )


def tensor(value: Any) -> Any:
    """A tensor that cnncalc read, with its numbers if they are few; anything else as it is."""
    if not isinstance(value, _onnx_file.Held):
        return value
    return value.name, value.sizes, value.dtype, plain(value.values())


def plain(values: Sequence[Any] | None) -> str:
    """Numbers as text, so that not-a-number is equal to itself."""
    return str(None if values is None else [+one for one in values])


def array(value: Any) -> Any:
    """The same for a tensor that the package read."""
    from onnx import TensorProto, numpy_helper

    dtype, known = value.data_type, None
    inside = value.data_location != TensorProto.EXTERNAL
    bits = dtype == _onnx_file.HALF and not value.HasField("raw_data")
    if inside and dtype in _onnx_file.FORMATS and prod(value.dims) <= _onnx_file.FEW and not bits:
        known = tuple(numpy_helper.to_array(value).reshape(-1).tolist())
    return value.name, tuple(value.dims), dtype, plain(known)


def setting(value: Any) -> Any:
    """An attribute as the package reads it; None for what cnncalc skips."""
    from onnx import AttributeProto, helper

    found = helper.get_attribute_value(value) if not value.ref_attr_name else None
    if value.type == AttributeProto.TENSOR and found is not None:
        return array(found)
    if value.type == AttributeProto.STRING and found is not None:
        return found.decode("utf-8", "replace")
    if value.type == AttributeProto.STRINGS and found is not None:
        return [one.decode("utf-8", "replace") for one in found] or None
    if value.type in (AttributeProto.INTS, AttributeProto.FLOATS) and found is not None:
        return [*found] or None
    return found if value.type in (AttributeProto.INT, AttributeProto.FLOAT) else None
