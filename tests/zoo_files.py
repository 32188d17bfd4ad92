"""Compare model files with the tools that write and run them; needs the extra ``zoo``.

``python tests/zoo_files.py exports`` writes built-in networks as ONNX files, runs them with
onnxruntime, and reads them back. ``keras`` reads the JSON of Keras's applications. ``fields``
reads the files of the ``onnx`` package as it does, and ``nodes`` compares its node cases with their
data. Names after it choose some. Prints a line for each and the totals, and exits with 1 if
anything differs.
docs/importing.md has the last result.
"""

import inspect
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path
from typing import Any

import typer
import zoo_onnx

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
        for tiny in (True, False):
            report = cnncalc.summarize(name, tiny=tiny)
            module = cnncalc.to_torch(report).eval()
            try:
                data = cnncalc.to_onnx(report, weights=module.state_dict())
            except CnncalcError as why:
                refused = f"~ refused: {why}"
                continue
            break
        else:
            yield name, refused
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
    os.environ |= {"KERAS_BACKEND": "torch", "KERAS_TORCH_DEVICE": "meta"}  # no memory is used
    import keras as tool
    import torch
    from torch.utils.flop_counter import FlopCounterMode

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
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            model(torch.zeros(1, *model.input_shape[1:], device="meta"))
        totals = report.totals
        pairs = {
            "trainable parameters": (
                totals.params - totals.frozen,
                sum(prod(one.shape) for one in model.trainable_weights),
            ),
            "numbers in all": (
                totals.params + totals.buffers - sum(row.layer.counters() for row in report.layers),
                sum(prod(one.shape) for one in model.weights if one.name != "count")
                + sum(map(_constants, model.layers)),
            ),
            "MACs": (totals.macs, counter.get_total_flops() // 2),
        }
        yield (
            name,
            ", ".join(
                f"{ours:,} {what}, not {theirs:,}"
                for what, (ours, theirs) in pairs.items()
                if ours != theirs
            ),
        )


def _constants(layer: Any) -> int:
    """The numbers of a mean and a variance that were given: Keras does not count them as weights,
    but the network holds them."""
    given = (getattr(layer, word, None) for word in ("input_mean", "input_variance"))
    return sum(len(one) for one in given if one is not None)


WORDS = {"exports": exports, "fields": zoo_onnx.fields, "keras": keras, "nodes": zoo_onnx.nodes}


def main(what: str, names: Sequence[str]) -> int:
    """Print what differs; the exit code."""
    count = wrong = other = 0
    for name, differs in WORDS[what](names):
        typer.echo(f"{name:24} {differs or 'equal'}")
        sys.stdout.flush()
        left = differs.startswith("~")
        count, wrong, other = count + 1, wrong + (bool(differs) and not left), other + left
    typer.echo(
        f"{count - wrong - other} of {count} equal, {other} opaque or refused, {wrong} wrong"
    )
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
