"""``cnncalc compare``: networks side by side."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncalc.cli import _complete as complete
from cnncalc.cli import _listing as listing
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.analysis.explore.compare import Change, Comparison
    from cnncalc.render.records import Records

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
    batch: options.Batch = 1,
    input: Input = None,
    settings: Settings = None,
    dtype: options.Dtype = "float32",
    format: options.FormatName = None,
    output: options.Output = None,
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

    if not 2 <= len(specs) <= MOST:
        raise UsageError(f"compare takes 2 to {MOST} networks, not {len(specs)}")
    form = listing.format_of(format, output)
    inputs, values = _for_each(input, len(specs)), _for_each(settings, len(specs))
    reports = [
        shared.network(spec, inputs[place], values[place], batch=batch, dtype=dtype)
        for place, spec in enumerate(specs)
    ]
    found = api.compare(*reports)
    shown = [one for one in found.layers if all or one.change != "same"] if len(specs) == 2 else []
    shared.write(form.render(_sheet(found, shown)) if form else _text(found, shown), output)


def _for_each(words: Sequence[str] | None, count: int) -> list[list[str]]:
    """The words for each network: those with its number before them, and those without one."""
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


def _titles(found: "Comparison") -> list[str]:
    """The names of the networks, numbered if two have the same."""
    names = [report.name for report in found.reports]
    if len({*names}) == len(names):
        return names
    return [f"{name} ({number})" for number, name in enumerate(names, 1)]


def _headings(titles: Sequence[str]) -> list[str]:
    """The columns of the totals: every network, and the ratio of each to the first."""
    return [*titles, *(f"{title} / {titles[0]}" for title in titles[1:])]


def _totals(found: "Comparison") -> list[list[str]]:
    """A row for each quantity: its values, and their ratios to the first."""
    from cnncalc.analysis.explore.quantities import QUANTITIES

    rows = []
    for name, (first, *others) in found.totals.items():
        text = QUANTITIES[name].text
        cells = ["?" if value is None else text(value) for value in (first, *others)]
        ratios = [f"×{value / first:.2f}" if value and first else "" for value in others]
        rows.append([QUANTITIES[name].heading, *cells, *ratios])
    return rows


def _text(found: "Comparison", shown: "Sequence[Change]") -> str:
    titles = _titles(found)
    headings = {"Quantity": False, **dict.fromkeys(_headings(titles), True)}
    text = listing.columns(headings, _totals(found))
    if len(found.reports) > 2:
        return text
    same = sum(one.change == "same" for one in found.layers)
    counts = [f"{same} layers are the same"] if same else []
    for change in ("changed", "added", "removed"):
        number = sum(one.change == change for one in found.layers)
        counts += [f"{number} {change}"] if number else []
    text += f"\n{', '.join(counts)}\n"
    if not shown:
        return text
    headings = dict.fromkeys(("Layer", "Change", *titles, "MACs"), False)
    return f"{text}\n{listing.columns(headings, map(_row, shown))}"


def _row(one: "Change") -> list[str]:
    """A layer as text; its fields are left out if only its shape differs."""
    from cnncalc.core import units

    rows = one.before, one.after
    same = one.before and one.after and one.before.layer == one.after.layer
    cells = [
        "" if row is None else str(row.output) if same else
        f"{' '.join([row.kind, row.layer.text()]).strip()} → {row.output}"
        for row in rows
    ]  # fmt: skip
    macs = [row.cost.macs if row else 0 for row in rows]
    sign = "+" if macs[1] > macs[0] else "−"
    text = f"{sign}{units.human(abs(macs[1] - macs[0]))}" if macs[0] != macs[1] else ""
    return [one.name, one.change, *cells, text]


def _sheet(found: "Comparison", shown: "Sequence[Change]") -> "Records":
    from cnncalc.analysis.explore.compare import record
    from cnncalc.render.records import Records
    from cnncalc.render.view import Total

    titles = _titles(found)
    lines: list[dict[str, Any]] = [record(one) for one in shown]
    if len(titles) > 2 or not lines:
        names = ("quantity", *_headings(titles))
        lines = [dict(zip(names, row)) for row in _totals(found)]
        return Records(", ".join(titles), names, lines, names[1:], data=found.to_dict())
    totals = [
        Total(row[0], values[0] or 0, " → ".join(row[1:3]) + f" ({row[3]})" * bool(row[3]))
        for row, values in zip(_totals(found), found.totals.values())
    ]
    numbers = tuple(name for name in lines[0] if name.startswith(("params", "macs")))
    title = " → ".join(titles)
    return Records(title, tuple(lines[0]), lines, numbers, totals=totals, data=found.to_dict())
