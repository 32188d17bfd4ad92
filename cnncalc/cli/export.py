"""``cnncalc export``: the network as code of a framework, or as a spec."""

from collections.abc import Sequence
from typing import Annotated

import typer

from cnncalc import bridge
from cnncalc.cli import _shared as shared
from cnncalc.core.errors import UsageError, did_you_mean, one_of

Words = Sequence[str] | None


def _torch(spec: str, input: Words, settings: Words, layout: str | None) -> str:
    return bridge.torch_source(shared.network(spec, input, settings, layout=layout))


WRITERS = {"torch": _torch, "yaml": shared.yaml}
"""Each takes the options of the command and returns the text."""


def run(
    spec: shared.Spec,
    to: Annotated[
        str, typer.Option("--to", help=f"What to write: {one_of(list(WRITERS))}.")
    ] = "torch",
    input: shared.Input = None,
    settings: shared.Settings = None,
    layout: shared.LayoutName = None,
    output: shared.TextOutput = None,
) -> None:
    """Write the network as readable PyTorch code that runs and trains without cnncalc, or as YAML.

    PyTorch code needs PyTorch to be installed; --to yaml does the same as 'cnncalc import'.

    cnncalc export resnet18 --to torch -o net.py

    cnncalc export net.yaml --input 3x64x64 --set classes=10
    """
    if to not in WRITERS:
        hint = did_you_mean(to, WRITERS) or f"; choose {', '.join(WRITERS)}"
        raise UsageError(f"cannot export to {to!r}{hint}")
    shared.write(WRITERS[to](spec, input, settings, layout), output)
