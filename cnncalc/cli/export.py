"""``cnncalc export``: the network as PyTorch code, an ONNX file, a spec, or a workload."""

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from cnncalc import api, bridge
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core.errors import UsageError, did_you_mean, one_of
from cnncalc.render import simulators

Words = Sequence[str] | None
Writer = Callable[[str, Words, Words, str | None], str]


def _torch(spec: str, input: Words, settings: Words, layout: str | None) -> str:
    return bridge.torch_source(shared.network(spec, input, settings, layout=layout))


def _simulator(name: str) -> Writer:
    """A function that returns a network as a workload for a simulator, and prints how many layers
    it leaves out."""

    def written(spec: str, input: Words, settings: Words, layout: str | None) -> str:
        tool = simulators.load(name).TOOL
        report = shared.network(spec, input, settings, layout=layout)
        text = api.to_simulator(report, name)
        rest = simulators.summary(simulators.workload(report, tool).left_out)
        if rest:
            why = f"because {tool} reads only convolutions and matrix products"
            typer.echo(f"left out, {why}: {rest}", err=True)
        return text

    return written


WRITERS: dict[str, Writer] = {
    "torch": _torch,
    "yaml": shared.yaml,
    **{name: _simulator(name) for name in simulators.names()},
}
"""The functions that take the options of the command and return the text."""
ONNX = "onnx"
"""The target that is not text."""
ENDINGS = {
    "torch": (".py",),
    "yaml": (".yaml", ".yml"),
    ONNX: (".onnx",),
    **{name: (simulators.load(name).SUFFIX,) for name in simulators.names()},
}
"""The targets, with the extensions of their files."""


def run(
    spec: options.Spec,
    to: Annotated[
        str, typer.Option("--to", metavar="NAME", help=f"What to write: {one_of([*ENDINGS])}.")
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
    """Write a network as PyTorch code, an ONNX file, YAML, or a workload for an accelerator
    simulator.

    The code is readable, and runs and trains without cnncalc. An ONNX file has PyTorch's initial
    weights. Writing code or an ONNX file requires PyTorch. --to yaml does the same as 'cnncalc
    import'. A layer that a simulator cannot describe is an error; layers that are neither
    convolutions nor matrix products are left out, and a message says how many.

    cnncalc export resnet18 --to torch -o net.py

    cnncalc export net.yaml --input 3x64x64 --set classes=10

    cnncalc export resnet18 --to onnx -o net.onnx --seed 1

    cnncalc export resnet18 --to scalesim -o net.csv

    cnncalc export resnet18 --to zigzag -o net.yaml
    """
    if to not in ENDINGS:
        hint = did_you_mean(to, [*ENDINGS]) or f"; choose {one_of([*ENDINGS])}"
        raise UsageError(f"cannot export to {to!r}{hint}")
    ending = output.suffix.lower() if output else ""
    use = next((f"--to {name}" for name, endings in ENDINGS.items() if ending in endings), "")
    shared.only(f"--to {to} writes {ENDINGS[to][0]} files", ENDINGS[to], output, use)
    if to != ONNX:
        if seed is not None:
            raise UsageError(f"--seed is only for --to onnx; --to {to} writes no weights")
        shared.write(WRITERS[to](spec, input, settings, layout), output)
        return
    if output is None:
        raise UsageError("an ONNX file is not text, so name a file, as in -o net.onnx")
    network = shared.network(spec, input, settings, layout=layout)
    shared.put(output, bridge.to_onnx(network, seed=seed))
