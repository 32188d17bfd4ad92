"""``cnncalc show``: the text of a built-in architecture."""

from typing import Annotated

import typer

from cnncalc.cli import _shared as shared
from cnncalc.spec import catalog


def run(
    name: Annotated[
        str, typer.Argument(help="A built-in name (cnncalc list).", show_default=False)
    ],
    output: shared.Output = None,
) -> None:
    """Print the YAML of a built-in architecture as it is, to read or to start from.

    cnncalc show vgg16

    cnncalc show resnet50 -o mine.yaml
    """
    shared.write(catalog.path(name.removesuffix(".yaml")).read_text(encoding="utf-8"), output)
