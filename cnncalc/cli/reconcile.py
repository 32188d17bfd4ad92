"""``cnncalc reconcile``: the counting convention behind a number."""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc import api
from cnncalc.cli import _listing as listing
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.conventions.reconcile import Candidate, Missing, Reconciliation
from cnncalc.core import units
from cnncalc.render.view import View

if TYPE_CHECKING:
    from cnncalc.render.columns import Value


def run(
    spec: options.Spec,
    number: Annotated[
        list[str],
        typer.Argument(
            help="The number as it is printed: 4.134G, 8.2 GFLOPs, 25.6M params, 97.5 MB, "
            "4089184256.",
            show_default=False,
        ),
    ],
    batch: options.Batch = 1,
    input: options.Input = None,
    settings: options.Settings = None,
    layout: options.LayoutName = None,
    dtype: options.Dtype = None,
    format: options.FormatName = None,
    output: options.Output = None,
) -> None:
    """Find out which tool or convention a number comes from, and split it into named parts.

    A total matches if it rounds to the number that you give. The exit code is 1 if nothing matches.

    cnncalc reconcile resnet50 4.134G

    cnncalc reconcile vgg16 15.5 GFLOPs

    cnncalc reconcile resnet50 25.6M params

    cnncalc reconcile net.yaml 4133742592 --input 3x224x224 --format json
    """
    form = listing.format_of(format, output)
    report = shared.network(spec, input, settings, batch=batch, dtype=dtype, layout=layout)
    found = api.reconcile(report, " ".join(number))
    if form is None:
        text = "\n".join(_lines(found)) + "\n"
    elif form.SUFFIX == ".json":
        text = json.dumps(found.to_dict(), indent=2, ensure_ascii=False) + "\n"
    else:
        title = f"{found.number} of {found.report.name}"
        text = listing.rendered(form, title, COLUMNS, [*_records(found)], NUMBERS)
    shared.write(text, output)
    raise typer.Exit(0 if found.agreeing else 1)


COLUMNS = ("convention", "agrees", "total", "unit", "times", "amount", "part")
NUMBERS = ("total", "times", "amount")


def _records(found: Reconciliation) -> "Iterator[dict[str, Value]]":
    """A record for each part of the matching totals, or of the nearest total."""
    agrees = "yes" if found.agreeing else "no"
    for candidate in found.agreeing or (found.nearest,):
        for part in candidate.parts:
            total = (candidate.title, agrees, candidate.total, candidate.unit)
            cells = (*total, part.times, part.amount, part.what)
            yield dict(zip(COLUMNS, cells, strict=True))


def _lines(found: Reconciliation) -> Iterator[str]:
    """The matching totals or the nearest total, and the conventions that were not compared."""
    yield View(found.report).title
    number = re.sub("^[0-9]{4,}", lambda one: units.exact(int(one[0])), found.number)
    if found.agreeing:
        by_1024 = found.reading.kilo == 1024 and not found.number.lower().endswith("ib")
        binary = ", with K = 1024," if by_1024 else ""
        yield f"{number}{binary} is the total of:"
    else:
        yield f"no convention gives {number}; the nearest total is that of:"
    for candidate in found.agreeing or (found.nearest,):
        yield ""
        yield from _sum(candidate)
    if not found.agreeing:
        yield ""
        over = found.reading.value - found.nearest.total
        more = "more" if over > 0 else "less"
        yield f"{number} is {units.decimal(abs(over))} {more} than this total"
    for missing in found.missing:
        yield f"it equals the total of {_made(missing)}"
    if found.unknown:
        yield ""
    yield from (f"not compared: {why}" for why in found.unknown.values())


def _sum(candidate: Candidate) -> Iterator[str]:
    """A total and its parts."""
    total = units.counted(candidate.total, candidate.unit.removesuffix("s"))
    yield f"{candidate.title}: {total}"
    for number, part in enumerate(candidate.parts):
        yield f"  {'+' if number else '='} {part.text()}"


def _made(missing: Missing) -> str:
    """The sum that equals the number: ``thop 0.1.1 − 2,048 average-pool outputs``."""
    candidate, part = missing
    sign = "+" if part.times > 0 else "−"
    names = [count.convention.title for count in candidate.counts]
    title = candidate.title.replace(", ".join(names), " or ".join(names))
    return f"{title} {sign} {part._replace(times=abs(part.times)).text()}"
