"""Compare model files with the tools that write and run them; needs the extra ``zoo``.

``python tests/zoo_files.py exports`` writes built-in networks as ONNX files, runs them with
onnxruntime, and reads them back; ``examples`` does so with the examples of all layers, and
``networks`` with random networks. ``exporters`` reads what PyTorch's exporters write. ``keras``
reads the JSON of Keras's applications, and ``layers`` that of models with a single layer.
``fields`` checks that files are read as the ``onnx`` package reads them, and ``nodes`` compares the
outputs of its node cases with their data. ``darknet`` and ``caffe`` compare networks that we wrote
in these formats. Further arguments choose some by name. The script prints a line for each and the
totals, and exits with 1 if anything differs.
docs/importing.md has the last result.
"""

import inspect
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from math import inf, prod
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import random_networks
import typer
import zoo_keras
import zoo_onnx
import zoo_torch
from model_texts import CAFFE, DARKNET

import cnncalc
from cnncalc import layers
from cnncalc.core.errors import CnncalcError
from cnncalc.spec import catalog

CLOSE = 1e-4
"""The largest difference between two outputs, relative to the largest value."""


def exports(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every built-in network's name, and what differs after writing it as ONNX."""
    for name in names or catalog.names():
        differs = written(cnncalc.summarize(name, tiny=True))
        yield name, written(cnncalc.summarize(name)) if differs.startswith("~") else differs


def examples(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The same for every example of every kind."""
    for kind in layers.every():
        for place, example in enumerate(kind.examples):
            if kind.known and (not names or kind.kind in names):
                inputs = dict(zip("abcdefgh", example.inputs))
                layer = {kind.kind: example.given, "from": [*inputs]}
                spec = {"input": inputs, "layout": "chw", "layers": [layer, "relu"]}
                yield f"{kind.kind} {place}", written(cnncalc.summarize(spec))


def networks(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The same for random networks; names are the first and the last seed."""
    first, last = map(int, names or ("0", "299"))
    for seed in range(first, last + 1):
        yield str(seed), written(cnncalc.summarize(random_networks.network(Random(seed))))


def written(report: cnncalc.Report) -> str:
    """What differs after writing a network as ONNX, running it and reading it back; after ~, why it
    cannot be written."""
    import onnx
    import torch

    torch.manual_seed(0)
    try:
        module = cnncalc.to_torch(report).eval()
        data = cnncalc.to_onnx(report, weights=module.state_dict())
    except CnncalcError as why:
        return f"~ refused: {why}"
    onnx.checker.check_model(onnx.load_from_string(data))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "net.onnx"
        file.write_bytes(data)
        try:
            back = cnncalc.summarize(file)
        except CnncalcError as why:
            return f"not read: {why}"
    differs = [
        count
        for count in ("params", "buffers", "macs")
        if getattr(back.totals, count) != getattr(report.totals, count)
    ]
    if [row.output for row in back.outputs] != [row.output for row in report.outputs]:
        differs.append(f"sizes {[str(row.output) for row in back.outputs]}")
    given_at = {
        place: torch.rand(2, *row.output.dimensions)
        for place, row in enumerate(report.rows)
        if row.layer.arity == (0, 0)
    }
    words = [row for row in report.rows if row.kind == "embedding"]
    for place, x in given_at.items():
        rows = [row.layer.num_embeddings for row in words if place in row.sources]
        given_at[place] = (min(rows) * x).floor() if rows else x
    inputs = [*given_at.values()]
    with torch.no_grad():
        ours = _listed(module(*inputs))
    names = [row.name for row in report.rows if row.layer.arity == (0, 0)]
    given = {name: x.float().numpy() for name, x in zip(names, inputs)}
    try:
        theirs = _run(data, given)
    except Exception as why:  # onnxruntime raises many types
        return ", ".join(differs) or f"~ not run: {str(why).splitlines()[0]}"
    apart = max(_apart(one, other) for one, other in zip(ours, theirs))
    if apart == inf and not all(map(_finite, ours)):  # what is computed from these is not defined
        return ", ".join(differs) or "~ not run: its outputs are not finite"
    if apart > CLOSE:  # perhaps a difference of much larger numbers, which PyTorch rounds as well
        with torch.no_grad():
            exact = module.double()(*(x.double() if x.is_floating_point() else x for x in inputs))
        rounding = max(_apart(one, other) for one, other in zip(ours, _listed(exact)))
        differs += [f"outputs by {apart:.1e}"] if apart > CLOSE + 10 * rounding else []
    return ", ".join(differs)


def _listed(outputs: Any) -> list[Any]:
    """The outputs of a module as arrays."""
    return [one.detach().numpy() for one in (outputs if isinstance(outputs, tuple) else (outputs,))]


def _run(data: bytes, given: Any) -> list[Any]:
    """The outputs of a file in onnxruntime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return list(session.run(None, given))


def _apart(one: Any, other: Any) -> float:
    """The largest difference of two outputs, relative to the largest value. Numbers that are not
    finite have none if they are at the same places."""
    import numpy

    finite = numpy.isfinite(other)
    if one.shape != other.shape or (numpy.isfinite(one) != finite).any():
        return inf
    largest = numpy.abs(other[finite]).max(initial=0)
    return float(numpy.abs(one[finite] - other[finite]).max(initial=0) / (largest + 1e-9))


def _finite(one: Any) -> bool:
    """Whether all numbers are finite."""
    import numpy

    return bool(numpy.isfinite(one).all())


def keras(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every application's name, and how its counts differ from Keras's."""
    os.environ |= {"KERAS_BACKEND": "torch", "KERAS_TORCH_DEVICE": "meta"}  # no memory is used
    import keras as tool
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    found = {
        name: made for name, made in vars(tool.applications).items() if inspect.isfunction(made)
    }
    nasnet = tool.src.applications.nasnet  # it refuses to be built with PyTorch
    nasnet.backend = mock.Mock(wraps=nasnet.backend, backend=lambda: "any")
    for name in names or sorted(found):
        model = found[name](weights=None)
        height, width, channels = (size or 224 for size in model.input_shape[1:])
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.json"
            file.write_text(model.to_json(), encoding="utf-8")
            try:
                report = cnncalc.summarize(file, input=f"{channels}x{height}x{width}")
            except CnncalcError as why:
                yield name, str(why)
                continue
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            model(torch.zeros(1, height, width, channels, device="meta"))
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


def darknet(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every network that we wrote as a ``.cfg``, and its operations if not as published."""
    for name, (text, published, decimals) in DARKNET.items():
        if not names or name in names:
            ours = round(2 * read(text(), "net.cfg").macs / 10**9, decimals)
            yield name, "" if ours == published else f"{ours} billion operations, not {published}"


def caffe(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every network that we wrote as a ``.prototxt``, and how it differs from the built-in."""
    for name, (text, published, same) in CAFFE.items():
        if not names or name in names:
            ours, known = read(text(), "net.prototxt"), cnncalc.summarize(same).totals
            params = published or known.params
            equal = (ours.params, ours.macs) == (params, known.macs)
            found = f"{ours.params:,} parameters and {ours.macs:,} MACs"
            yield name, "" if equal else f"{found}, not {params:,} and {known.macs:,}"


def read(text: str, name: str) -> Any:
    """The totals of a file with this text."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_text(text, encoding="utf-8")
        return cnncalc.summarize(file).totals


WORDS = {
    "caffe": caffe, "darknet": darknet, "examples": examples, "exporters": zoo_torch.exporters,
    "exports": exports, "fields": zoo_onnx.fields, "keras": keras, "layers": zoo_keras.layers,
    "networks": networks, "nodes": zoo_onnx.nodes,
}  # fmt: skip


def main(what: str, names: Sequence[str]) -> int:
    """Print what differs, and return the exit code."""
    count = wrong = other = 0
    for name, differs in WORDS[what](names):
        typer.echo(f"{name:24} {differs or 'equal'}")
        sys.stdout.flush()
        left = differs.startswith("~")
        count, wrong, other = count + 1, wrong + (bool(differs) and not left), other + left
    typer.echo(
        f"{count - wrong - other} of {count} equal, "
        f"{other} opaque, refused or not run, {wrong} wrong"
    )
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
