"""``cnncalc compare``: networks side by side."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import _complete as complete
from cnncalc.cli import _listing as listing
from cnncalc.cli import _shared as shared
from cnncalc.core.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.analysis.explore.compare import Change, Comparison

MOST = 8
"""The most networks whose totals fit beside each other."""

Specs = Annotated[
    list[str],
    typer.Argument(
        metavar="SPEC...",
        help="The networks: files or built-in names (see 'cnncalc list').",
        show_default=False,
        autocompletion=complete.networks,
    ),
]
Input = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        metavar="[N:]SHAPE",
        help="Replace the shape of the input; 2:3x320x320 does so only for the second network.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="[N:]NAME=VALUE",
        help="Set a parameter; 2:width=0.5 does so only for the second network.",
    ),
]
All = Annotated[bool, typer.Option("--all", help="Also list layers that are the same.")]


def run(
    specs: Specs,
    all: All = False,
    batch: shared.Batch = 1,
    input: Input = None,
    settings: Settings = None,
    dtype: shared.Dtype = "float32",
    format: shared.FormatName = None,
    output: shared.Output = None,
) -> None:
    """Compare the totals of networks, and list the layers in which two of them differ.

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
        raise UsageError(f"compare takes 2 to {MOST} networks, not {len(specs)}")
    form = listing.format_of(format, output)
    inputs, values = for_each(input, len(specs)), for_each(settings, len(specs))
    reports = [
        shared.network(spec, inputs[place], values[place], batch=batch, dtype=dtype)
        for place, spec in enumerate(specs)
    ]
    found = api.compare(*reports)
    shown = [one for one in found.layers if all or one.change != "same"] if len(specs) == 2 else []
    text = form.render(comparison.records(found, shown)) if form else _text(found, shown)
    shared.write(text, output)


def for_each(words: Sequence[str] | None, count: int) -> list[list[str]]:
    """The words for each network: those with its number before them, and those without one.

    >>> for_each(["classes=10", "2:width=0.5"], 2)
    [['classes=10'], ['classes=10', 'width=0.5']]
    """
    found: list[list[str]] = [[] for _ in range(count)]
    for word in words or ():
        match = re.fullmatch(r"([0-9]{1,3}):(.*)", word, re.DOTALL)
        number = int(match[1]) if match else None
        if number is not None and not 1 <= number <= count:
            raise UsageError(
                f"{word[:60]!r} is for network {number}, but they are numbered from 1 to {count}"
            )
        for place, own in enumerate(found, 1):
            if number in (None, place):
                own.append(match[2] if match else word)
    return found


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
