"""``cnncalc draw``: a picture of a network."""

import math
import sys
from pathlib import Path
from typing import Annotated

import typer

from cnncalc.cli import _complete as complete
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core import discovery
from cnncalc.core.errors import UsageError, one_of

PICTURES = Path(__file__).parents[1] / "render" / "pictures"
STYLES, WRITERS = [str(PICTURES / "styles")], [str(PICTURES / "writers")]

Style = Annotated[
    str,
    typer.Option(
        "--style",
        metavar="NAME",
        help=f"What to draw: {one_of(discovery.modules(STYLES))}.",
        autocompletion=complete.modules(STYLES),
    ),
]
Only = Annotated[
    str | None,
    typer.Option(
        "--only",
        metavar="BLOCK",
        help="Draw only this block, with the layers whose outputs it reads.",
    ),
]
EveryLayer = Annotated[
    bool,
    typer.Option("--every-layer", help="Give activations and normalizations boxes of their own."),
]
Direction = Annotated[
    str, typer.Option("--direction", metavar="NAME", help="The flow of data: down or right.")
]
LabelName = Annotated[
    str | None,
    typer.Option(
        "--label", metavar="NAME", help="The figure in each box: macs, params, memory, rf or none."
    ),
]
Colour = Annotated[
    str,
    typer.Option(
        "--colour",
        "--color",
        metavar="NAME",
        help="What the colours show: kind (of layer), macs, params, memory or rf.",
    ),
]
Layer = Annotated[
    str | None,
    typer.Option(
        "--layer", metavar="NAME", help="The layer to draw; with --style field or window."
    ),
]
Animate = Annotated[
    bool,
    typer.Option("--animate", help="Make the window slide (only in SVG); with --style window."),
]
FormatName = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        metavar="NAME",
        help=f"The format: {one_of(discovery.modules(WRITERS))}. By default, the extension of the "
        "output file decides; without one, it is text.",
        show_default=False,
        autocompletion=complete.modules(WRITERS),
    ),
]


def run(
    spec: options.Spec,
    style: Style = "graph",
    depth: Annotated[int | None, options.depth_option("the picture small")] = None,
    only: Only = None,
    every_layer: EveryLayer = False,
    direction: Direction = "down",
    label: LabelName = None,
    colour: Colour = "kind",
    layer: Layer = None,
    animate: Animate = False,
    batch: options.Batch = 1,
    input: options.Input = None,
    settings: options.Settings = None,
    layout: options.LayoutName = None,
    format: FormatName = None,
    output: options.Output = None,
) -> None:
    """Draw a network: its graph, feature maps or memory, a receptive field, or a sliding window.

    cnncalc draw resnet18 -o resnet18.svg

    cnncalc draw unet --depth 1

    cnncalc draw alexnet --style volumes -o alexnet.pdf

    cnncalc draw resnet50 --only layer2 --label params --colour params -o layer2.svg
    """
    from cnncalc.render import pictures, terminal

    report = shared.network(spec, input, settings, batch=batch, layout=layout)
    with shared.typed(**{name: f"--{name.replace('_', '-')}" for name in pictures.OPTIONS}):
        picture = pictures.picture(
            report, style, depth=depth, only=only, every_layer=every_layer, direction=direction,
            label=label, colour=colour, layer=layer, animate=animate,
        )  # fmt: skip
        if format is None and output is not None:
            writer = pictures.writer_for(output)
        else:
            writer = pictures.writer_of(format or "text")
        small = output is None and writer.MEASURE.compact
        data = picture.bytes(writer, terminal.width() if small else math.inf)
    if output is not None:
        shared.put(output, data)
        return
    if b"\0" in data and sys.stdout.isatty():
        raise UsageError(f"a terminal cannot show {format}", f"use -o picture{writer.SUFFIX}")
    typer.echo(data, nl=False)
