"""``cnncalc export``: the network as code of a framework."""

from typing import Annotated

import typer

from cnncalc import bridge
from cnncalc.cli import _shared as shared
from cnncalc.core.errors import UsageError, did_you_mean

WRITERS = {"torch": bridge.torch_source}


def run(
    spec: shared.Spec,
    to: Annotated[str, typer.Option("--to", help="The framework to write for: torch.")] = "torch",
    input: shared.Input = None,
    settings: shared.Settings = None,
    layout: shared.LayoutName = None,
    output: shared.TextOutput = None,
) -> None:
    """Write the network as readable PyTorch code that runs and trains without cnncalc.

    PyTorch must be installed.

    cnncalc export resnet18 --to torch -o net.py

    cnncalc export net.yaml --input 3x64x64 --set classes=10
    """
    if to not in WRITERS:
        hint = did_you_mean(to, WRITERS) or f"; choose {', '.join(WRITERS)}"
        raise UsageError(f"cannot export to {to!r}{hint}")
    shared.write(WRITERS[to](shared.network(spec, input, settings, layout=layout)), output)
