"""``cnncalc show``: the YAML of a built-in network."""

from typing import Annotated

import typer

from cnncalc.cli import _complete as complete
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core.errors import UsageError
from cnncalc.spec import catalog


def run(
    name: Annotated[
        str,
        typer.Argument(
            help="The name of a built-in network (see 'cnncalc list').",
            show_default=False,
            autocompletion=complete.words(catalog.names),
        ),
    ],
    output: options.TextOutput = None,
) -> None:
    """Print the YAML of a built-in network, to read or to adapt.

    cnncalc show vgg16

    cnncalc show resnet50 -o mine.yaml
    """
    bare = name.removesuffix(".yaml")
    if bare != name and catalog.called(bare) is None:
        raise UsageError(f"no built-in network {name[:60]!r}", "show prints only built-in networks")
    shared.write(catalog.path(bare).read_text(encoding="utf-8"), output)
