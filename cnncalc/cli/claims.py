"""``cnncalc claims``: published figures beside the calculated ones."""

import re
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc import api
from cnncalc.cli import _listing as listing
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core import units
from cnncalc.core.errors import UsageError
from cnncalc.spec import catalog

if TYPE_CHECKING:
    from cnncalc.conventions.published import Finding
    from cnncalc.render.records import Records
    from cnncalc.render.view import Total

Findings = Sequence["Finding"]

LONGEST_NAME = 18
UNEXPECTED = {False: "NO, and no erratum", True: "YES, despite its erratum"}
"""The verdicts on figures that are not as expected."""

Specs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NETWORK]...",
        help="Files or built-in names (see 'cnncalc list'). By default, every built-in network.",
        show_default=False,
    ),
]
Errata = Annotated[
    bool,
    typer.Option(
        "--errata", help="Show only figures that do not match, or that match despite an erratum."
    ),
]
Sources = Annotated[bool, typer.Option("--sources", help="Show where each figure is printed.")]


def run(
    specs: Specs = None,
    errata: Errata = False,
    sources: Sources = False,
    format: options.FormatName = None,
    output: options.Output = None,
) -> None:
    """Compare figures published in papers and lectures with the calculated values.

    Each figure matches as printed, matches with a convention (K = 1024, biases left out, MACs
    called FLOPs), or does not follow from the architecture; if it has a known erratum, you see the
    reason. The exit code is 1 if a figure without an erratum does not match, or if a figure with an
    erratum does.

    cnncalc claims vgg16

    cnncalc claims lenet5 alexnet --sources

    cnncalc claims --errata

    cnncalc claims net.yaml --format csv
    """
    form = listing.format_of(format, output)
    if model := next(filter(shared.is_factory, specs or ()), None):
        raise UsageError(
            f"{model[:200]!r} is a PyTorch model, and only a spec has published figures"
        )
    found = [one for spec in shared.announced(specs or catalog.names()) for one in api.claims(spec)]
    shown = [one for one in found if not errata or not one.agrees or not one.expected]
    text = form.render(_sheet(shown, found)) if form else _text(shown, found, sources)
    shared.write(text, output)
    raise typer.Exit(0 if all(one.expected for one in found) else 1)


def _sheet(shown: Findings, found: Findings) -> "Records":
    from cnncalc.conventions.published import COLUMNS
    from cnncalc.render.records import Records

    return Records(
        "Published figures",
        COLUMNS,
        [one.to_dict() for one in shown],
        numbers=("printed", "calculated"),
        sentences=("convention", "reason", "source"),
        totals=_totals(found),
    )


def _totals(found: Findings) -> "list[Total]":
    """How many figures match as printed, match with a convention, do not match (as their errata
    say), or are unexpected."""
    from cnncalc.render.view import Total

    agree = [one for one in found if one.agrees and one.expected]
    under = [one for one in agree if one.claim.habits]
    counts = {
        "Match as printed": len(agree) - len(under),
        "Match with a convention": len(under),
        "Do not match": sum(one.expected for one in found if not one.agrees),
        "Unexpected": sum(not one.expected for one in found),
    }
    return [Total(label, n, units.exact(n)) for label, n in counts.items() if n]


NOTHING = "no published figures are listed; add them under 'published' in the spec"


def _text(shown: Findings, found: Findings, sources: bool) -> str:
    """A table per network, and the totals."""
    groups = groupby(shown, lambda one: (one.network, one.name))
    tables = [_table(*named, list(group), sources) for named, group in groups]
    counts = ", ".join(map(_counted, _totals(found)))
    return "\n".join([*tables, f"{counts or NOTHING}\n"])


def _counted(total: "Total") -> str:
    """A total in words: ``10 match as printed``, ``1 does not match``."""
    words = total.label.lower()
    if total.value == 1:
        words = re.sub("^match", "matches", words).replace("do not", "does not")
    return f"{total.text} {words}"


def _table(network: str, name: str, findings: Findings, sources: bool) -> str:
    """The figures of a network; reasons and sources are footnotes."""
    notes: dict[str, int] = {}
    headings = {"Layer": False, "Quantity": False, "Printed": True, "Calculated": True}
    if sources:
        headings["Source"] = False
    rows = [_row(one, notes, sources) for one in findings]
    table = listing.columns({**headings, "Agrees": False}, rows)
    return f"{network}: {name}\n{table}{listing.notes(notes)}"


def _row(one: "Finding", notes: dict[str, int], sources: bool) -> list[str]:
    def noted(text: str) -> str:
        return f"[{notes.setdefault(text, len(notes) + 1)}]"

    than = one.claim.than
    beside = [f"with {one.settings}"] if one.settings else []
    beside += [f"than {than}"] if than else []
    source = [noted(one.source)] if sources else []
    return [
        " ".join([one.layer or "total", *map(noted, beside)]),
        _quantity(one.quantity),
        _figure(one.claim.value),
        _figure(one.calculated),
        *source,
        _agrees(one, noted),
    ]


def _agrees(one: "Finding", noted: Callable[[str], str]) -> str:
    if not one.expected:
        return UNEXPECTED[one.agrees]
    if one.reason:
        return f"no {noted(one.reason)}"
    return ": ".join(filter(None, ("yes", one.convention)))


def _quantity(name: str) -> str:
    """The name of a quantity; a long name is split into two lines to keep the table narrow."""
    return name if len(name) <= LONGEST_NAME else "_\n".join(name.rsplit("_", 1))


def _figure(value: int | str) -> str:
    """A number with separators; anything else unchanged."""
    return units.exact(int(value)) if str(value).isdecimal() else str(value)
