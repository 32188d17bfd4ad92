"""``cnncalc compare``: networks side by side."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import _complete as complete
from cnncalc.cli import _listing as listing
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.analysis.explore.compare import Change, Comparison

MOST = 8
"""The most networks whose totals fit beside each other."""

Specs = Annotated[
    list[str],
    typer.Argument(
        metavar="NETWORK...",
        help=f"2 to {MOST} networks: {options.NETWORK}, or MODULE:FACTORY for a PyTorch model "
        "(this runs your code).",
        show_default=False,
        autocompletion=complete.networks,
    ),
]
All = Annotated[bool, typer.Option("--all", help="Also list layers that are the same.")]


def run(
    specs: Specs,
    all: All = False,
    batch: options.Batch = 1,
    input: options.InputOfEach = None,
    settings: options.SettingsOfEach = None,
    dtype: options.Dtype = None,
    format: options.FormatName = None,
    output: options.Output = None,
) -> None:
    """Compare the totals of networks; if there are two, also list the layers that differ.

    Layers are matched by their names, or by their kinds and fields if few names are the same.
    Ratios are relative to the first network.

    cnncalc compare resnet18 resnet34

    cnncalc compare resnet50 resnet50 --input 2:3x320x320

    cnncalc compare mobilenet_v2 mobilenet_v2 --set 2:width=0.75 --format markdown

    cnncalc compare resnet50 densenet121 convnext_tiny
    """
    from cnncalc import api
    from cnncalc.render import comparison

    if not 2 <= len(specs) <= MOST:
        help = "separate them with spaces, as in cnncalc compare vgg16 resnet50"
        fact = f"compare takes 2 to {MOST} networks, not {len(specs)}"
        raise UsageError(fact, help if len(specs) < 2 else "")
    form = listing.format_of(format, output)
    inputs, values = shared.for_each(input, len(specs)), shared.for_each(settings, len(specs))
    reports = [
        shared.network(spec, inputs[place], values[place], batch=batch, dtype=dtype)
        for place, spec in enumerate(specs)
    ]
    found = api.compare(*reports)
    shown = [one for one in found.layers if all or one.change != "same"] if len(specs) == 2 else []
    text = form.render(comparison.records(found, shown)) if form else _text(found, shown)
    shared.write(text, output)


def _text(found: "Comparison", shown: "Sequence[Change]") -> str:
    from cnncalc.render import comparison

    titles = comparison.titles(found)
    headings = {"Quantity": False, **dict.fromkeys(comparison.headings(titles), True)}
    text = listing.columns(headings, comparison.totals(found))
    if len(found.reports) > 2:
        return text
    text += f"\n{comparison.counts(found)}\n"
    if not shown:
        return text
    headings = dict.fromkeys(("Layer", "Change", *titles, "MACs"), False)
    return f"{text}\n{listing.columns(headings, map(comparison.row, shown))}"
