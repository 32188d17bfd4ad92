"""``cnncalc list``: the built-in networks."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncalc.cli import _listing as listing
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core import units
from cnncalc.core.errors import UsageError
from cnncalc.spec import catalog

if TYPE_CHECKING:
    from cnncalc.analysis.report import Report

NUMBERS = ("params", "macs")


def run(
    names: Annotated[
        bool, typer.Option("--names", help="Print only the names, for scripts.")
    ] = False,
    format: options.FormatName = None,
    output: options.Output = None,
) -> None:
    """List the built-in networks with their parameters, MACs and sources.

    cnncalc list

    cnncalc list --names

    cnncalc list --format csv -o architectures.csv
    """
    if names and format is not None:
        raise UsageError(f"--names prints text; leave out --format {format}")
    if names:
        shared.write("".join(f"{name}\n" for name in catalog.names()), output)
        return
    form = listing.format_of(format, output)
    records = list(_records())
    if form is None:
        text = _table(records)
    else:
        title = "Built-in networks"
        text = listing.rendered(form, title, [*records[0]], records, NUMBERS, ["source"])
    shared.write(text, output)


def _records() -> Iterator[dict[str, Any]]:
    """The facts about every network."""
    from cnncalc.api import summarize

    for name in shared.announced(catalog.names()):
        report = summarize(name)
        yield {
            "name": name,
            "network": report.name,
            "input": _inputs(report),
            "params": report.totals.params,
            "macs": report.totals.macs,
            "source": report.source,
        }


def _inputs(report: "Report") -> str:
    """The shape of each input; equal shapes are counted instead of repeated."""
    counts = Counter(map(str, report.input_shapes.values()))
    return ", ".join(f"{n} of {shape}" if n > 1 else shape for shape, n in counts.items())


def _table(records: list[dict[str, Any]]) -> str:
    headings = {"Name": False, "Input": False, "Params": True, "MACs": True, "Network": False}
    rows = (
        [
            record["name"],
            record["input"],
            units.human(record["params"]),
            units.human(record["macs"]),
            ": ".join(filter(None, (record["network"], _who(record["source"])))),
        ]
        for record in records
    )
    return listing.columns(headings, rows)


def _who(source: str) -> str:
    """Authors and year, if a source begins with them; other formats show the whole source."""
    match = re.match(r".{,60}?\b(19|20)\d\d\b", source)
    return match[0] if match else source
