"""``cnncalc fits``: whether a network fits on a microcontroller."""

import json
from typing import Annotated

import typer

from cnncalc import api
from cnncalc.cli import _arena
from cnncalc.cli import _listing as listing
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core import units
from cnncalc.footprint.fits import Fits

COLUMNS = ("memory", "bytes", "budget", "left", "layer")
NUMBERS = COLUMNS[1:4]


def run(
    spec: options.Spec,
    ram: Annotated[
        str | None,
        typer.Option(
            "--ram", metavar="SIZE", help="The RAM available for feature maps, such as 256kB."
        ),
    ] = None,
    flash: Annotated[
        str | None,
        typer.Option(
            "--flash",
            metavar="SIZE",
            help="The flash available for weights, biases and their quantization, such as 1MB.",
        ),
    ] = None,
    batch: options.Batch = 1,
    input: options.Input = None,
    settings: options.Settings = None,
    layout: options.LayoutName = None,
    format: options.FormatName = None,
    output: options.Output = None,
) -> None:
    """Check whether a network quantized to int8 fits into a microcontroller's RAM and flash.

    The figures are those of 'cnncalc memory --dtype int8', with the layers in the network's order.
    The exit code is 1 if the network does not fit.

    cnncalc fits mobilenet_v2 --input 3x96x96 --set width=0.35 --ram 256kB --flash 1MB

    cnncalc fits net.yaml --ram 320KiB

    cnncalc fits net.yaml --ram 256kB --flash 1MB --format json
    """
    report = shared.network(spec, input, settings, batch=batch, layout=layout)
    with shared.typed(ram="--ram", flash="--flash"):
        found = api.fits(report, ram=ram, flash=flash)
    form = listing.format_of(format, output)
    if form is not None and form.SUFFIX == ".json":
        text = json.dumps(found.to_dict(), indent=2, ensure_ascii=False) + "\n"
    elif form is not None:
        records = [{**need._asdict(), "left": need.left} for need in found.needs]
        text = listing.rendered(form, _title(found), COLUMNS, records, NUMBERS)
    else:
        text = _text(found)
    shared.write(text, output)
    raise typer.Exit(0 if found else 1)


def _title(found: Fits) -> str:
    return f"{found.arena.name}: int8, batch {units.exact(found.arena.batch)}"


def _text(found: Fits) -> str:
    """RAM and flash beside their budgets, the answer, and what the figures leave out."""
    headings = {"Memory": False, "Needs": True, "Budget": True, "Left": True, " ": False}
    rows = [
        (
            need.memory,
            units.in_bytes(need.bytes),
            units.in_bytes(need.budget),
            units.in_bytes(need.left) if need.left >= 0 else "−" + units.in_bytes(-need.left),
            f"peak at {need.layer}" if need.layer else "",
        )
        for need in found.needs
    ]
    answer = "It fits." if found else "It does not fit."
    best = found.arena.best_placed
    if found.reordered and not found and best:
        answer += f" In the best order of layers, which needs {units.in_bytes(best)}, it "
        answer += "does; see 'cnncalc memory --dtype int8'."
    table = listing.columns(headings, rows)
    return f"{_title(found)}\n\n{table}\n{answer}\n\n{listing.wrapped(_arena.WHAT)}"
