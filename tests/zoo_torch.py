"""Read what PyTorch's exporters and onnxruntime's quantizer write: part of
``tests/zoo_files.py``."""

import contextlib
import io
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cnncalc
from cnncalc.analysis.report import Row
from cnncalc.core.errors import CnncalcError

NETWORKS = ("lenet5", "resnet18", "mobilenet_v2", "squeezenet1_1", "shufflenet_v2_x0_5")
OLDER, NEWER = range(9, 21), (18, 19, 20)
"""The versions of the operators for the exporter of traced models, and for the newer one."""


def exporters(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Built-in networks as PyTorch modules, exported in every way."""
    import torch

    warnings.simplefilter("ignore")
    logging.disable()
    for name in names or NETWORKS:
        report = cnncalc.summarize(name, tiny=True)
        module = cnncalc.to_torch(report).eval()
        for one in [*module.modules()]:
            if isinstance(one, torch.nn.BatchNorm2d):
                torch.nn.init.uniform_(one.bias)  # the newer exporter drops a bias of zeros
            if isinstance(one, torch.nn.ChannelShuffle):
                one.forward = partial(shuffled, one.groups)  # type: ignore[method-assign]
        given = [torch.rand(2, *shape.dimensions) for shape in report.input_shapes.values()]
        for title, options in ways():
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "net.onnx"
                try:
                    with contextlib.redirect_stdout(io.StringIO()):
                        torch.onnx.export(
                            module, tuple(given), str(file), input_names=["x"], **options
                        )
                except torch.onnx.errors.UnsupportedOperatorError as why:
                    yield f"{name} {title}", f"~ not written: {str(why).splitlines()[0]}"
                    continue
                yield f"{name} {title}", differing(report, file)
                if title == "opset 13 folded":
                    yield f"{name} QDQ", differing(report, quantized(file, given[0]))


def shuffled(groups: int, x: Any) -> Any:
    """A channel shuffle as torchvision writes it; the older exporter does not know PyTorch's."""
    n, channels, height, width = x.shape
    apart = x.view(n, groups, channels // groups, height, width)
    return apart.transpose(1, 2).contiguous().view(n, channels, height, width)


def ways() -> Iterator[tuple[str, dict[str, Any]]]:
    """The ways to export a module, and the arguments of the exporter."""
    import torch

    kept = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False}
    open_batch = {"dynamic_axes": {"x": {0: "n"}}}
    for opset in OLDER:
        older: dict[str, Any] = {"dynamo": False, "opset_version": opset}
        yield f"opset {opset} folded", older
        yield f"opset {opset} kept, open batch", {**older, **kept, **open_batch}
    for opset in NEWER:
        yield f"dynamo opset {opset}", {"dynamo": True, "opset_version": opset, "verbose": False}


def quantized(file: Path, given: Any) -> Path:
    """The file with a QuantizeLinear and a DequantizeLinear around every operator."""
    from onnxruntime import quantization

    left = [{"x": given.numpy()}]

    class Once(quantization.CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> Mapping[str, Any] | None:
            return left.pop() if left else None

    made = file.with_name("quantized.onnx")
    quantization.quantize_static(str(file), str(made), Once(), per_channel=True)
    return made


def differing(report: cnncalc.Report, file: Path) -> str:
    """How the network in a file differs; batch norms may be folded into convolutions."""
    try:
        back = cnncalc.summarize(file)
    except CnncalcError as why:
        return f"not read: {why}"
    kinds = [row.kind for row in back.layers]
    params = report.totals.params
    if "batch_norm" not in kinds:
        params -= sum(map(_folded, report.layers, [None, *report.layers]))
    pairs = {
        "parameters": (back.totals.params, params),
        "MACs": (back.totals.macs, report.totals.macs),
        "outputs": (
            [row.output.elements for row in back.outputs],
            [row.output.elements for row in report.outputs],
        ),
        "opaque layers": (len(back.opaque), 0),
        "channel shuffles": (
            kinds.count("channel_shuffle"),
            [row.kind for row in report.layers].count("channel_shuffle"),
        ),
    }
    return ", ".join(f"{what} {a}, not {b}" for what, (a, b) in pairs.items() if a != b)


def _folded(row: Row, before: Row | None) -> int:
    """The parameters that are lost if a batch norm is folded into the layer before it."""
    if row.kind != "batch_norm" or before is None:
        return 0
    has_bias = bool(before.cost.biases)
    return row.params if has_bias else row.params // 2
