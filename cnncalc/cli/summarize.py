"""``cnncalc summarize``: the table of a network and its totals."""

from pathlib import Path
from typing import Annotated

import typer

from cnncalc.cli import _complete as complete
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core import discovery
from cnncalc.core.errors import UsageError, one_of, some
from cnncalc.render.columns import USUAL, choose_columns, column
from cnncalc.render.view import View

CONVENTIONS = [name.replace("_", "-") for name in discovery.modules(options.CONVENTIONS)]
"""The names of the conventions, as they are typed."""

Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="NAMES",
        help="The columns to show, separated by commas; +NAME adds one to the usual columns, "
        "and 'all' shows every column.",
        autocompletion=complete.columns,
    ),
]
Sort = Annotated[
    str | None,
    typer.Option(
        "--sort",
        metavar="NAME",
        help="Sort by this column, largest number first or in alphabetical order.",
        autocompletion=complete.columns,
    ),
]
Exact = Annotated[bool, typer.Option("--exact", help="Show exact integers instead of K, M and G.")]
Plot = Annotated[
    bool,
    typer.Option(
        "--plot", help="Draw bars of the parameters, MACs and memory per layer instead of a table."
    ),
]
Convention = Annotated[
    str | None,
    typer.Option(
        "--convention",
        metavar="NAME",
        help=f"Add the count of another tool or convention: {one_of(CONVENTIONS)}.",
        autocompletion=complete.modules(options.CONVENTIONS),
    ),
]


Strict = Annotated[
    bool,
    typer.Option("--strict", help="Exit with 1 if a total is only a lower bound, and say why."),
]


def run(
    spec: options.Spec,
    depth: Annotated[int | None, options.depth_option("the table within 45 lines")] = None,
    columns: Columns = None,
    sort: Sort = None,
    exact: Exact = False,
    plot: Plot = False,
    convention: Convention = None,
    batch: options.Batch = 1,
    input: options.Input = None,
    settings: options.Settings = None,
    dtype: options.Dtype = None,
    layout: options.LayoutName = None,
    format: options.FormatName = None,
    output: options.Output = None,
    strict: Strict = False,
) -> None:
    """Show the shape, parameters, MACs, memory and receptive field of every layer, and the totals.

    cnncalc summarize vgg16

    cnncalc summarize net.yaml --batch 32 --input 3x256x256 --set classes=10

    cnncalc summarize 1x28x28-32C5-MP2-10N --columns +macs%,intensity

    cnncalc summarize resnet152 --depth 2 --sort macs -o resnet152.csv

    cnncalc summarize vgg16 --plot

    cnncalc summarize resnet50 --convention thop
    """
    if depth is not None and depth < 1:
        raise UsageError(f"--depth must be at least 1, not {depth}")
    own = () if convention is None else (convention,)
    shown = USUAL if columns is None else choose_columns(columns.split(","), own)
    shown = tuple(dict.fromkeys([*shown, *own]))
    order = None if sort is None else column(sort, own)
    report = shared.network(spec, input, settings, batch=batch, dtype=dtype, layout=layout)
    count = None if convention is None else report.under(convention)
    view = View(report, shown, depth, order, exact, count)
    if plot:
        _draw_plot(view, format, output)
    else:
        shared.draw(view, format, output)
    if strict and not report.exact:
        layers = some([f"{row.name} ({row.kind})" for row in report.opaque])
        typer.echo(f"cnncalc: totals are lower bounds, because of {layers}", err=True)
        raise typer.Exit(1)


def _draw_plot(view: View, format: str | None, output: Path | None) -> None:
    """Draw the bars; raises UsageError for a format, or for a file whose extension is not .txt."""
    from cnncalc.render import plot, terminal

    if format is not None:
        raise UsageError(f"--plot draws text; leave out --format {format}")
    shared.only("--plot draws text", (".txt",), output)
    colour = terminal.colour() and output is None
    shared.write(plot.draw(view, terminal.width(), colour), output)
