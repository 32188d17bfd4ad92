"""Compare model files with the tools that write and run them; needs the extra ``zoo``.

``python tests/zoo_files.py exports`` writes built-in networks as ONNX files, runs them with
onnxruntime, and reads them back. ``keras`` reads the JSON of Keras's applications. Names after it
choose some. Prints a line for each and the totals, and exits with 1 if anything differs.
docs/importing.md has the last result.
"""

import inspect
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path

import typer

import cnncalc
from cnncalc.core.errors import CnncalcError
from cnncalc.spec import catalog

CLOSE = 1e-4
"""The largest difference between two outputs, relative to the largest value."""


def exports(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every built-in network's name, and what differs after writing it as ONNX."""
    import numpy
    import onnx
    import onnxruntime
    import torch

    for name in names or catalog.names():
        report = cnncalc.summarize(name, tiny=True)
        module = cnncalc.to_torch(report).eval()
        try:
            data = cnncalc.to_onnx(report, weights=module.state_dict())
        except CnncalcError as why:
            yield name, str(why)
            continue
        onnx.checker.check_model(onnx.load_from_string(data))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "net.onnx"
            file.write_bytes(data)
            back = cnncalc.summarize(file)
        counts = [
            count
            for count in ("params", "buffers", "macs")
            if getattr(back.totals, count) != getattr(report.totals, count)
        ]
        inputs = [torch.rand(2, *shape.dimensions) for shape in report.input_shapes.values()]
        if any(row.kind == "embedding" for row in report.layers):
            inputs = [(one * 50).long() for one in inputs]
        session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        given = {one.name: x.float().numpy() for one, x in zip(session.get_inputs(), inputs)}
        with torch.no_grad():
            ours = module(*inputs)
        pairs = zip(ours if isinstance(ours, tuple) else (ours,), session.run(None, given))
        apart = max(
            float(numpy.abs(a.numpy() - b).max() / (numpy.abs(b).max() + 1e-9)) for a, b in pairs
        )
        differs = [*counts, *([f"outputs by {apart:.1e}"] if apart > CLOSE else [])]
        yield name, ", ".join(differs)


def keras(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every application's name, and how its counts differ from Keras's."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras as tool

    modules = [one for one in vars(tool.applications).values() if inspect.ismodule(one)]
    found = {
        name: made
        for module in modules
        for name, made in vars(module).items()
        if inspect.isfunction(made) and name[0].isupper()
    }
    for name in names or sorted(found):
        model = found[name](weights=None)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.json"
            file.write_text(model.to_json(), encoding="utf-8")
            try:
                report = cnncalc.summarize(file)
            except CnncalcError as why:
                yield name, str(why)
                continue
        learned = sum(prod(one.shape) for one in model.trainable_weights)
        ours = report.totals.params - report.totals.frozen
        yield name, "" if learned == ours else f"{ours:,} trainable parameters, not {learned:,}"


def main(what: str, names: Sequence[str]) -> int:
    """Print what differs; the exit code."""
    results = [*{"exports": exports, "keras": keras}[what](names)]
    for name, differs in results:
        typer.echo(f"{name:24} {differs or 'equal'}")
    wrong = sum(bool(differs) for _, differs in results)
    typer.echo(f"{len(results) - wrong} of {len(results)} equal")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
