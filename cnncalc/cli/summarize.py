"""``cnncalc summarize``: the table of a network and its totals."""

from pathlib import Path
from typing import Annotated

import typer

from cnncalc.api import summarize
from cnncalc.cli import _shared as shared
from cnncalc.core import discovery
from cnncalc.core.errors import UsageError, one_of
from cnncalc.core.shape import layout_of
from cnncalc.render.view import USUAL, View, choose_columns, column

CONVENTIONS = [name.replace("_", "-") for name in discovery.modules(shared.CONVENTIONS)]


def run(
    spec: shared.Spec,
    depth: Annotated[
        int | None, typer.Option("--depth", min=1, help="How deep blocks are opened.")
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option("--columns", help="Comma-separated; +rf adds to the usual, all shows all."),
    ] = None,
    sort: Annotated[str | None, typer.Option("--sort", help="A column; largest first.")] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Exact integers in the table.")] = False,
    plot: Annotated[
        bool, typer.Option("--plot", help="Draw where parameters, MACs and memory sit instead.")
    ] = False,
    convention: Annotated[
        str | None,
        typer.Option("--convention", help=f"Count also as a tool does: {one_of(CONVENTIONS)}."),
    ] = None,
    batch: shared.Batch = 1,
    input: shared.Input = None,
    settings: shared.Settings = None,
    dtype: shared.Dtype = "float32",
    layout: shared.LayoutName = "chw",
    format: shared.FormatName = None,
    output: shared.Output = None,
) -> None:
    """Show every layer's shape, parameters, MACs, memory and receptive field, and the totals.

    cnncalc summarize vgg16

    cnncalc summarize net.yaml --batch 32 --input 3x256x256 --set classes=10

    cnncalc summarize 1x28x28-32C5-MP2-10N --columns +macs%,intensity

    cnncalc summarize resnet152 --depth 2 --sort macs -o resnet152.csv

    cnncalc summarize vgg16 --plot

    cnncalc summarize resnet50 --convention thop
    """
    own = () if convention is None else (convention,)
    shown = USUAL if columns is None else choose_columns(columns.split(","), own)
    shown = tuple(dict.fromkeys([*shown, *own]))
    order = None if sort is None else column(sort, own)
    where = layout_of(layout)
    report = summarize(
        spec,
        batch=batch,
        input=shared.inputs_of(input),
        dtype=dtype,
        settings=shared.settings_of(settings),
        layout=where,
    )
    count = None if convention is None else report.under(convention)
    view = View(report, shown, depth, order, exact, where, count)
    if plot:
        _draw_plot(view, format, output)
    else:
        shared.draw(view, format, output)


def _draw_plot(view: View, format: str | None, output: Path | None) -> None:
    """Draw the bars; raises UsageError when a format is asked for as well."""
    from cnncalc.render import plot, terminal

    if format is not None:
        raise UsageError(f"--plot draws bars as text and takes no --format, here {format!r}")
    colour = terminal.colour() and output is None
    shared.write(plot.draw(view, terminal.width(), colour), output)
