"""Options and arguments that several commands share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cnncalc.cli import _complete as complete
from cnncalc.core import discovery
from cnncalc.core.cost import BYTES, SHORT_DTYPES
from cnncalc.core.errors import one_of

RENDER = [str(Path(__file__).parents[1] / "render" / "formats")]
CONVENTIONS = [str(Path(__file__).parents[1] / "conventions" / "tools")]
"""The folders of the formats and conventions; listing their names imports none of them."""


def dtype_of(word: str | None) -> str | None:
    """The full name of a dtype: ``float16`` for ``fp16``, ``bfloat16`` for ``bf16``."""
    return word if word is None else SHORT_DTYPES.get(word.lower(), word)


TORCH_DTYPES = ("float64", "float32", "bfloat16", "float16")
"""The dtypes in which PyTorch's layers compute."""

NETWORK = "a file, a built-in name (see 'cnncalc list'), the one-line notation"

Spec = Annotated[
    str,
    typer.Argument(
        metavar="NETWORK",
        help=f"The network: {NETWORK}, - for standard input, or MODULE:FACTORY for a PyTorch "
        "model (this runs your code).",
        show_default=False,
        autocompletion=complete.networks,
    ),
]
Batch = Annotated[int, typer.Option("--batch", "-b", metavar="N", help="The batch size.")]
Input = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        metavar="SHAPE",
        help="Replace the input shape, as in 3x256x256; with several inputs, NAME=3x256x256.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "--arg",
        metavar="NAME=VALUE",
        help="Set a parameter of the spec or an argument of the factory, as in classes=10.",
    ),
]
InputOfEach = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        metavar="[N:]SHAPE",
        help="Replace the input shape; 2:3x320x320 does so only for the second network.",
    ),
]
SettingsOfEach = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="[N:]NAME=VALUE",
        help="Set a parameter; 2:width=0.5 does so only for the second network.",
    ),
]


def dtype_option(names: Sequence[str], usual: str = "the network's dtype, or float32") -> Any:
    """The option for one of these dtypes; ``usual`` is the default."""
    return typer.Option(
        "--dtype",
        metavar="NAME",
        help=f"The data type of all values: {one_of(names)}; fp16 and bf16 for short. "
        f"By default, {usual}.",
        show_default=False,
        callback=dtype_of,
        autocompletion=complete.words(lambda: names),
    )


Dtype = Annotated[str | None, dtype_option([*BYTES])]
PeakDtype = Annotated[str | None, dtype_option([*BYTES, "tf32"])]
Devices = Annotated[
    Path | None,
    typer.Option(
        "--devices",
        metavar="FILE",
        help="Read the devices from this YAML file, which gives the peak of each and, if known, "
        "its bandwidth and memory.",
    ),
]


def layout_option(what: str) -> Any:
    """The option for a layout; ``what`` names the things that it applies to."""
    return typer.Option(
        "--layout",
        metavar="NAME",
        help=f"The layout of {what}: channels first (chw, the default) or channels last (hwc).",
        show_default=False,
        autocompletion=complete.words(lambda: ("chw", "hwc")),
    )


LayoutName = Annotated[str | None, layout_option("shapes, if the file does not state it")]
FormatName = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        metavar="NAME",
        help=f"The format of the output: {one_of(discovery.modules(RENDER))}. By default, "
        "the extension of the output file decides; without one, it is a table.",
        show_default=False,
        autocompletion=complete.modules(RENDER),
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write to this file; its extension selects the format unless --format is given.",
    ),
]
TextOutput = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file.")
]


def depth_option(most: str) -> Any:
    """The option for the levels of blocks; ``most`` says what limits them by default."""
    return typer.Option(
        "--depth",
        metavar="N",
        help="How many levels of layers and blocks to show; with 1, all blocks stay closed. By "
        f"default, as many as keep {most}.",
    )


def text_format(*names: str) -> Any:
    """The option that chooses one of these formats."""
    help = f"The format of the output: {one_of(names)}."
    return typer.Option(
        "--format", "-f", metavar="NAME", help=help, autocompletion=complete.words(lambda: names)
    )
