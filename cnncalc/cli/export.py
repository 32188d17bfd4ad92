"""``cnncalc export``: the network as code of PyTorch, or as an ONNX file."""

from typing import Annotated

import typer

from cnncalc import bridge
from cnncalc.cli import _shared as shared
from cnncalc.core.errors import UsageError, did_you_mean

FRAMEWORKS = ("torch", "onnx")


def run(
    spec: shared.Spec,
    to: Annotated[
        str, typer.Option("--to", help="The framework to write for: torch or onnx.")
    ] = "torch",
    input: shared.Input = None,
    settings: shared.Settings = None,
    layout: shared.LayoutName = None,
    output: shared.TextOutput = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Seed of the weights of an ONNX file.")
    ] = None,
) -> None:
    """Write the network as readable PyTorch code that runs and trains without cnncalc, or as an
    ONNX file with PyTorch's initial weights.

    PyTorch must be installed.

    cnncalc export resnet18 --to torch -o net.py

    cnncalc export net.yaml --input 3x64x64 --set classes=10

    cnncalc export resnet18 --to onnx -o net.onnx --seed 1
    """
    if to not in FRAMEWORKS:
        hint = did_you_mean(to, FRAMEWORKS) or f"; choose {' or '.join(FRAMEWORKS)}"
        raise UsageError(f"cannot export to {to!r}{hint}")
    if to == "onnx" and output is None:
        raise UsageError("an ONNX file is not text, so name a file, as in -o net.onnx")
    if to != "onnx" and seed is not None:
        raise UsageError("--seed is only for --to onnx; PyTorch code has no weights")
    network = shared.network(spec, input, settings, layout=layout)
    if to == "onnx" and output is not None:
        shared.save(output, bridge.to_onnx(network, seed=seed))
    else:
        shared.write(bridge.torch_source(network), output)
