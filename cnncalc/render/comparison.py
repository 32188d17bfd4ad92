"""A comparison of networks as rows of text, for every format and the page."""

from collections import Counter
from collections.abc import Sequence
from math import floor, log10
from typing import Any

from cnncalc.analysis.explore.compare import Change, Comparison, record
from cnncalc.analysis.explore.quantities import QUANTITIES
from cnncalc.core import units
from cnncalc.render.records import Records
from cnncalc.render.view import Total

CHANGES = ("changed", "added", "removed")
"""The ways in which a layer can differ between two networks."""


def titles(found: Comparison) -> list[str]:
    """The names of the networks, numbered if two are the same."""
    names = [report.name for report in found.reports]
    if len({*names}) == len(names):
        return names
    return [f"{name} ({number})" for number, name in enumerate(names, 1)]


def headings(titles: Sequence[str]) -> list[str]:
    """The columns of the totals: every network, and the ratio of every other one to the first."""
    return [*titles, *(f"{title} / {titles[0]}" for title in titles[1:])]


def totals(found: Comparison) -> list[list[str]]:
    """A row for each quantity: its values, and their ratios to the first."""
    rows = []
    for name, (first, *others) in found.totals.items():
        text = QUANTITIES[name].text
        cells = ["?" if value is None else text(value) for value in (first, *others)]
        ratios = [_ratio(value, first) if value and first else "" for value in others]
        rows.append([QUANTITIES[name].heading, *cells, *ratios])
    return rows


def _ratio(value: float, first: float) -> str:
    """A ratio with two decimal places or, below 0.1, two significant digits."""
    ratio = value / first
    rounded = float(f"{ratio:.1e}")
    places = 2 if rounded >= 0.1 else 1 - floor(log10(rounded))
    return f"×{ratio:.{places}f}"


def counts(found: Comparison) -> str:
    """A phrase on how many layers are the same, changed, added and removed."""
    number = Counter(one.change for one in found.layers)
    equal = number["same"]
    parts = [(equal, f"{'is' if equal == 1 else 'are'} the same")]
    parts += [(number[one], one) for one in CHANGES]
    parts = [part for part in parts if part[0]]
    if not parts:
        return "no layers"
    (first, what), *others = parts
    layers = f"{first} {'layer' if first == 1 else 'layers'} {what}"
    return ", ".join([layers, *(f"{count} {change}" for count, change in others)])


def row(one: Change) -> list[str]:
    """A layer as text; its fields are left out if only its shape differs."""
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


def records(found: Comparison, shown: Sequence[Change]) -> Records:
    """The comparison for the formats: its layers with the totals below, or only the totals."""
    names = titles(found)
    lines: list[dict[str, Any]] = [record(one) for one in shown]
    if len(names) > 2 or not lines:
        columns = ("quantity", *headings(names))
        lines = [dict(zip(columns, row)) for row in totals(found)]
        return Records(", ".join(names), columns, lines, columns[1:], data=found.to_dict())
    below = [
        Total(row[0], values[0] or 0, " → ".join(row[1:3]) + f" ({row[3]})" * bool(row[3]))
        for row, values in zip(totals(found), found.totals.values())
    ]
    numbers = tuple(name for name in lines[0] if name.startswith(("params", "macs")))
    title = " → ".join(names)
    return Records(title, tuple(lines[0]), lines, numbers, totals=below, data=found.to_dict())
