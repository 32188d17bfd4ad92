"""``cnncalc export``: the network as PyTorch code, as an ONNX file, or as a spec."""

from collections.abc import Sequence
from typing import Annotated

import typer

from cnncalc import bridge
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core.errors import UsageError, did_you_mean, one_of

Words = Sequence[str] | None


def _torch(spec: str, input: Words, settings: Words, layout: str | None) -> str:
    return bridge.torch_source(shared.network(spec, input, settings, layout=layout))


WRITERS = {"torch": _torch, "yaml": shared.yaml}
"""Each takes the options of the command and returns the text."""
ONNX = "onnx"
"""The target that is not text."""
ENDINGS = {"torch": (".py",), "yaml": (".yaml", ".yml"), ONNX: (".onnx",)}
"""The targets, with the extensions of their files."""


def run(
    spec: options.Spec,
    to: Annotated[
        str, typer.Option("--to", help=f"What to write: {one_of([*ENDINGS])}.")
    ] = "torch",
    input: options.Input = None,
    settings: options.Settings = None,
    layout: options.LayoutName = None,
    output: options.TextOutput = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="N", help="The seed for the weights of an ONNX file."),
    ] = None,
) -> None:
    """Write the network as readable PyTorch code that runs and trains without cnncalc, as an ONNX
    file with PyTorch's initial weights, or as YAML.

    --to torch and --to onnx require PyTorch; --to yaml does the same as 'cnncalc import'.

    cnncalc export resnet18 --to torch -o net.py

    cnncalc export net.yaml --input 3x64x64 --set classes=10

    cnncalc export resnet18 --to onnx -o net.onnx --seed 1
    """
    if to not in ENDINGS:
        hint = did_you_mean(to, [*ENDINGS]) or f"; choose {one_of([*ENDINGS])}"
        raise UsageError(f"cannot export to {to!r}{hint}")
    shared.only(f"--to {to} writes {ENDINGS[to][0]} files", ENDINGS[to], output)
    if to != ONNX:
        if seed is not None:
            raise UsageError(f"--seed is only for --to onnx; --to {to} writes no weights")
        shared.write(WRITERS[to](spec, input, settings, layout), output)
        return
    if output is None:
        raise UsageError("an ONNX file is not text, so name a file, as in -o net.onnx")
    network = shared.network(spec, input, settings, layout=layout)
    shared.put(output, bridge.to_onnx(network, seed=seed))
