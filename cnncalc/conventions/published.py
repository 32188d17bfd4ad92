"""Published figures of a network, compared with the calculated ones."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from cnncalc.analysis.report import Report, Row
from cnncalc.analysis.walk import analyze
from cnncalc.core.errors import CnncalcError, Mistakes, SpecError, did_you_mean
from cnncalc.core.shape import Layout, Map, Shape, Vector, read_shape
from cnncalc.spec import Spec, load
from cnncalc.spec.claims import (
    CHANNELS_LAST,
    CUT,
    DEPTH,
    KILO_1024,
    MACS_AS_FLOPS,
    NEURONS,
    NO_BATCH_NORM,
    NO_BIASES,
    SHAPES,
    VECTOR_AS_MAP,
    WITH_STATISTICS,
    Claim,
    read_ratio,
    read_share,
)
from cnncalc.spec.graph import build
from cnncalc.spec.printed import Printed, read_number

COUNTED_AS = {NO_BIASES: "weights", MACS_AS_FLOPS: "macs"}
"""For a claim with this habit, the quantity that its source actually counts."""


MAX_WORK = 1_000_000
"""The limit on the steps of all comparisons together. Each figure takes one step per layer, or
``ANALYSIS`` steps per layer if no report for its settings and input is known yet."""
ANALYSIS = 100


@dataclass(frozen=True)
class Finding:
    """A printed figure and the calculated one, counted with the conventions that the claim names.

    ``calculated`` is an exact integer, or the text of a shape, a ratio or a percentage. ``network``
    is the file or built-in name (without one, the title), ``name`` the network's title.
    """

    network: str
    name: str
    claim: Claim
    calculated: int | str
    agrees: bool

    @property
    def layer(self) -> str | None:
        """The layer or block; None for the whole network."""
        return self.claim.layer

    @property
    def settings(self) -> str:
        """The settings and the input for which the figure is printed, as in ``width=0.75``."""
        given = [f"{name}={value}" for name, value in (self.claim.settings or {}).items()]
        return ", ".join(given + ([f"input {self.claim.input}"] if self.claim.input else []))

    @property
    def quantity(self) -> str:
        """The name of the printed quantity."""
        return self.claim.quantity

    @property
    def printed(self) -> str:
        """The value as printed, followed by the network that it is relative to, if any."""
        claim = self.claim
        return f"{claim.value} than {claim.than}" if claim.than else claim.value

    @property
    def verdict(self) -> str:
        """``agrees`` or ``does not follow`` if the result is as expected; otherwise ``does not
        agree`` or ``agrees, against the erratum``."""
        if self.claim.erratum is None:
            return "agrees" if self.agrees else "does not agree"
        return "agrees, against the erratum" if self.agrees else "does not follow"

    @property
    def expected(self) -> bool:
        """Whether the figure agrees or, if it has an erratum, does not agree."""
        return self.agrees is (self.claim.erratum is None)

    @property
    def convention(self) -> str:
        """The conventions used in the comparison: ``K = 1024, biases left out``."""
        return ", ".join(self.claim.habits)

    @property
    def reason(self) -> str:
        """Why the figure does not follow, according to its erratum; empty without one."""
        return self.claim.erratum or ""

    @property
    def source(self) -> str:
        """Where the figure is printed."""
        return self.claim.source

    def to_dict(self) -> dict[str, Any]:
        """Plain data (docs/claims.md)."""
        return {name: getattr(self, name) for name in COLUMNS}


COLUMNS = (
    "network", "layer", "settings", "quantity", "printed", "calculated",
    "verdict", "convention", "reason", "source",
)  # fmt: skip
"""The keys of a finding as plain data, in order."""


def check(target: str | os.PathLike[str] | Mapping[str, Any] | Spec) -> tuple[Finding, ...]:
    """Compare every published figure in a network's spec: first the layers', in order, then the
    whole network's.

    ``target`` is anything that ``summarize`` takes. Raises Mistakes with every claim that cannot be
    compared, such as one about an unknown layer, and at once if the comparisons take too many
    steps.

    >>> [finding.verdict for finding in check("ntu_example2")]
    ['agrees', 'agrees']
    """
    spec = load(target)
    name = spec.name if isinstance(target, Mapping | Spec) else os.fspath(target)
    # Build the network first, so that a broken spec is reported even if it has no claims.
    reports = {repr((None, None)): analyze(build(spec))}
    placed, mistakes, work = [], [], 0
    for claim in spec.published:
        try:
            networks = len(reports)
            report = _report(spec, claim, reports)
            work += len(report.rows) * (ANALYSIS if len(reports) > networks else 1)
            if work > MAX_WORK:
                fact = f"the published figures take more than {MAX_WORK:,} steps to compare"
                raise Mistakes([SpecError(fact, claim.where)])
            rows = _rows(claim, report)
            place = (claim.layer is None, report.rows.index(rows[-1]))
            layout = spec.layouts.get(claim.where.source, "chw")
            found = _compare(claim, rows, report.rows, layout)
            placed.append((place, Finding(name, report.name, claim, *found)))
        except SpecError as error:
            mistakes.append(error)
    if mistakes:
        raise Mistakes(mistakes)
    return tuple(found for _, found in sorted(placed, key=lambda pair: pair[0]))


def _compare(
    claim: Claim, rows: Sequence[Row], network: Sequence[Row], layout: Layout
) -> tuple[int | str, bool]:
    """The calculated value of a claimed quantity, and whether the printed value agrees with it."""
    if claim.quantity in SHAPES:
        return _compare_shape(claim, rows, layout)
    if claim.quantity == DEPTH:
        _check_known(claim, "macs", network)
        exact = _depth(network, network.index(rows[-1]))
        return exact, _agrees(claim, read_number(claim.value), exact)
    exact = _count(claim, rows)
    if claim.than is not None:
        return _compare_ratio(claim, exact)
    share = read_share(claim.value)
    if share is not None:
        return _compare_share(claim, share, exact, _count(claim, network))
    return exact, _agrees(claim, read_number(claim.value), exact)


def _agrees(claim: Claim, number: Printed, exact: int, of: int = 1) -> bool:
    kilo = 1024 if KILO_1024 in claim.habits else 1000
    return number.agrees(exact, kilo, cut=CUT in claim.habits, of=of)


def _count(claim: Claim, rows: Sequence[Row]) -> int:
    """The count according to the claim's habits. Layers with buffers are taken to be batch
    norms."""
    name = claim.quantity
    for habit in claim.habits:
        name = COUNTED_AS.get(habit, name)
    _check_known(claim, "macs" if name == NEURONS else name, rows)
    if name == NEURONS:
        return sum(row.cost.activation for row in rows if row.cost.macs)
    skips = NO_BATCH_NORM in claim.habits
    total: int = sum(getattr(row.cost, name) for row in rows if not (skips and row.cost.buffers))
    if WITH_STATISTICS in claim.habits:
        total += sum(row.cost.buffers - row.layer.counters() for row in rows if row.cost.buffers)
    return total


def _check_known(claim: Claim, name: str, rows: Sequence[Row]) -> None:
    """Raise SpecError if the count that a claim is about is not known for one of the rows."""
    for row in rows:
        if name in row.unknown:
            raise SpecError(
                f"a claim is about {claim.quantity!r}, which is not known for layer {row.name!r} "
                f"({row.kind})",
                claim.where,
            )


def _depth(network: Sequence[Row], last: int) -> int:
    """The depth of a row as papers count it: the number of layers with multiply-accumulates on the
    longest path to it; this leaves out norms, and pools other than blur pools."""
    depths: list[int] = []
    for row in network[: last + 1]:
        before = max((depths[source] for source in row.sources), default=0)
        depths.append(before + (row.cost.macs > 0))
    return depths[-1]


def _compare_share(claim: Claim, share: Printed, exact: int, whole: int) -> tuple[str, bool]:
    """Compare a printed percentage of the whole network's count."""
    if not whole:
        raise SpecError(f"there is nothing to compare: {claim.quantity!r} is 0", claim.where)
    hundredths = (20_000 * exact + whole) // (2 * whole)
    text = f"{hundredths // 100}.{hundredths % 100:02}%"
    return text, share.agrees(100 * exact, cut=CUT in claim.habits, of=whole)


def _compare_ratio(claim: Claim, exact: int) -> tuple[str, bool]:
    """Compare a printed ratio with that of the counts of this network and another."""
    number, more = read_ratio(claim.value)
    other = _count(claim, _built_in(str(claim.than)).rows)
    low, high = (other, exact) if more else (exact, other)
    if not low:
        raise SpecError(f"there is nothing to compare: {claim.quantity!r} is 0", claim.where)
    hundredths = (200 * high + low) // (2 * low)
    times = f"{hundredths // 100:,}.{hundredths % 100:02}x"
    return f"{times} {claim.value.split()[-1]}", _agrees(claim, number, high, of=low)


def _compare_shape(claim: Claim, rows: Sequence[Row], layout: Layout) -> tuple[int | str, bool]:
    """Compare the last row's output shape, spatial sizes, channels or receptive field."""
    last = rows[-1]
    if claim.quantity != "output":
        layout = "chw"  # sizes alone
    elif CHANNELS_LAST in claim.habits:
        layout = "hwc"
    printed = read_shape(claim.value.replace("@", "x"), layout)
    if claim.quantity == "output":
        shape = _as_map(last.output) if VECTOR_AS_MAP in claim.habits else last.output
        return shape.text(layout), printed == shape
    if claim.quantity == "channels":
        channels = last.output.dimensions[0]
        return channels, printed.dimensions == (channels,)
    sizes = _sizes(last.output) if claim.quantity == "size" else last.receptive_field or ()
    # A single number stands for all axes.
    alike = len(printed.dimensions) == 1 and len(set(sizes)) == 1
    found = sizes[:1] if alike else sizes
    return "×".join(map(str, found)) or "none", printed.dimensions == found


def _as_map(shape: Shape) -> Shape:
    """A vector as a map of one position, 1×1×n, which is how tables in papers write it."""
    return Map(shape.features, (1, 1)) if isinstance(shape, Vector) else shape


def _sizes(shape: Shape) -> tuple[int, ...]:
    return shape.spatial if isinstance(shape, Map) else ()


def _rows(claim: Claim, report: Report) -> tuple[Row, ...]:
    """The rows that a claim is about: those of a layer or block, of all layers that a pattern
    (``block*.conv``) matches, or of the whole network.

    Raises SpecError for an unknown layer, or a pattern that matches none.
    """
    if claim.layer is None:
        return report.rows
    if "*" in claim.layer:
        rows = tuple(row for row in report.rows if fnmatchcase(row.name, str(claim.layer)))
        if not rows:
            raise SpecError(
                f"a claim is about {claim.layer!r}, which matches no layer", claim.where
            )
        return rows
    depth = str(claim.layer).count(".") + 1
    outline = {line.name: line.rows for line in report.outline(depth)}
    if claim.layer not in outline:
        hint = did_you_mean(str(claim.layer), outline)
        raise SpecError(
            f"a claim is about {claim.layer!r}, which is not a layer{hint}", claim.where
        )
    return outline[claim.layer]


def _report(spec: Spec, claim: Claim, known: dict[str, Report]) -> Report:
    """The report of the network with a claim's settings and input, cached in ``known``."""
    key = repr((claim.settings, claim.input))
    if key not in known:
        try:
            known[key] = analyze(build(spec, claim.settings, claim.input))
        except CnncalcError as why:
            first = why.errors[0] if isinstance(why, Mistakes) else why
            fact = f"the claim's settings or input are invalid: {first.sentence}"
            raise SpecError(fact, claim.where) from None
    return known[key]


@cache
def _built_in(name: str) -> Report:
    return analyze(build(load(name)))
