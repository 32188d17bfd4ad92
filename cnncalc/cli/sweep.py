"""``cnncalc sweep``: many combinations of values for a network, and the best of them."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncalc.cli import _complete as complete
from cnncalc.cli import _listing as listing
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core import units
from cnncalc.core.errors import printable

if TYPE_CHECKING:
    from cnncalc.analysis.explore.outcome import Sweep
    from cnncalc.analysis.explore.sweep import Request

FEW = 100
"""By default, up to this many configurations are evaluated in one process, because starting more
processes takes longer."""
MANY = 10_000
"""More configurations than this take a long time without NumPy."""
REASONS = 3

Over = Annotated[
    list[str],
    typer.Option(
        "--over",
        metavar="NAME=VALUES",
        help="Vary a parameter of the spec, an argument of the factory, the input, batch or dtype: "
        "width=0.25:1.5:0.25, batch=1,8,64.",
        show_default=False,
    ),
]
Show = Annotated[
    str,
    typer.Option(
        "--show",
        "--report",
        metavar="NAMES",
        help="The quantities to show: layers, params, macs, flops, activations, weights, peak, "
        "memory, ram, flash, rf, and time with --on or --calibration.",
    ),
]
Where = Annotated[
    str,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help='Keep only combinations that meet a condition: "macs < 300M and params < 4M".',
        show_default=False,
    ),
]
Pareto = Annotated[
    str | None,
    typer.Option(
        "--pareto",
        metavar="NAMES",
        help="Keep only combinations that no other beats in these quantities; -NAME means more is "
        "better.",
    ),
]
By = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="NAME",
        help="Sort by this quantity, smallest first; -NAME puts the largest first.",
        show_default=False,
    ),
]
Best = Annotated[int | None, typer.Option("--best", metavar="N", help="Show only the first N.")]
Plot = Annotated[
    bool,
    typer.Option("--plot", help="Also draw the first two quantities of --pareto, or of --show."),
]
Heat = Annotated[
    str | None,
    typer.Option(
        "--heat",
        metavar="NAME",
        help="Also draw this quantity as a heat map over the two names given to --over.",
        show_default=False,
    ),
]
Sample = Annotated[
    int | None,
    typer.Option(
        "--sample", metavar="N", help="Try only N random combinations.", show_default=False
    ),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="The seed of the random sample.")]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        metavar="N",
        help="The number of processes; by default, one per core, but one for up to "
        f"{FEW} combinations. A MODULE:FACTORY model, or standard input, always runs in one.",
    ),
]
Dask = Annotated[
    str | None,
    typer.Option(
        "--dask",
        metavar="ADDRESS",
        help="Use the workers of this Dask scheduler: tcp://host:8786.",
        show_default=False,
    ),
]
Resume = Annotated[
    Path | None,
    typer.Option(
        "--resume",
        metavar="FILE",
        help="Save the progress in a file, and continue from there if it exists.",
        show_default=False,
    ),
]
On = Annotated[
    str | None,
    typer.Option(
        "--on",
        metavar="NAME",
        help="Calculate the shortest time on this device (see 'cnncalc devices').",
        show_default=False,
        autocompletion=complete.devices,
    ),
]
CalibrationFile = Annotated[
    Path | None,
    typer.Option(
        "--calibration",
        metavar="FILE",
        help="Estimate the time on the machine where 'cnncalc calibrate' wrote this file.",
    ),
]

OPTIONS = {
    name: f"--{name}"
    for name in ("best", "dtype", "jobs", "on", "over", "pareto", "resume", "sample", "show",
                 "where")
}  # fmt: skip
"""The options, by the names that the library's errors use for them."""


def run(
    spec: options.Spec,
    over: Over,
    show: Show = "params,macs",
    where: Where = "",
    pareto: Pareto = None,
    by: By = "",
    best: Best = None,
    plot: Plot = False,
    heat: Heat = None,
    sample: Sample = None,
    seed: Seed = 0,
    jobs: Jobs = None,
    dask: Dask = None,
    resume: Resume = None,
    on: On = None,
    calibration: CalibrationFile = None,
    devices: options.Devices = None,
    batch: options.Batch = 1,
    input: options.Input = None,
    settings: options.Settings = None,
    dtype: options.PeakDtype = None,
    format: options.FormatName = None,
    output: options.Output = None,
) -> None:
    """Try every combination of some values, and show the best, the Pareto front, or all that meet a
    condition.

    Ranges are BEGIN:END:STEP and include END if a step reaches it; STEP is 1 by default. For the
    input, one size sets the height, the width and any other spatial axis. Combinations that are not
    valid networks are left out, and a warning gives the reason. Ctrl-C shows the results so far.
    With -o, a file that ends in .svg, .png or .pdf gets a picture of the first two quantities, or
    the heat map of --heat; a file that ends in .parquet gets the table. The exit code is 1 if no
    combination is shown.

    cnncalc sweep resnet18 --over input=128:320:32

    cnncalc sweep resnet18 --over input=96:320:32 --where "macs < 2G" --best 3 --by -macs

    cnncalc sweep mobilenet_v2 --over width=0.5:1:0.1 --over input=96:224:32 --pareto macs,-rf

    cnncalc sweep mobilenet_v2 --over width=0.5:1.5:0.1 --over input=96:224:32 --plot

    cnncalc sweep mobilenet_v2 --over width=0.5:1.5:0.25 --show macs,time --on raspberry-pi-5
    """
    from cnncalc.analysis.explore.quantities import called
    from cnncalc.analysis.explore.sweep import request
    from cnncalc.api.hardware import clock_of

    binary = format is None and _binary(output)
    form = None if binary else listing.format_of(format, output, _endings())
    ranges = shared.pairs(over, "--over", "width=0.25:1.5:0.25")
    fixed = {"batch": batch, "dtype": dtype, "input": shared.inputs_of(input)}
    fixed |= {"settings": shared.settings_for(spec, settings)}
    heat = called(heat) if heat else None
    names = [*dict.fromkeys([*map(called, _words(show)), *([heat] if heat else [])])]
    front = _words(pareto) if pareto else []
    with shared.typed(**OPTIONS):
        clock = clock_of(on, calibration, devices, dtype)
        asked = request(names, where, front, by, best, ranges, clock)
        found = _done(_sweeping(spec, ranges, asked, fixed, dask, jobs, sample, seed, resume))
    shared.warn(_remarks(found))
    pair = [goal.name for goal in asked.front] if len(front) > 1 else names
    if output is not None and binary:
        _put(found, output, spec, heat, pair)
    elif form:
        shared.write(form.render(_sheet(found)), output)
    else:
        shared.write("\n".join(_parts(found, heat, pair if plot else [])), output)
    raise typer.Exit(0 if found.points else 1)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


def _sweeping(
    spec: str, ranges: Any, asked: "Request", fixed: Any, dask: str | None, jobs: int | None,
    sample: int | None, seed: int, resume: Path | None,
) -> "Iterator[Sweep]":  # fmt: skip
    """Yield the results so far, with as many processes as are worth starting."""
    from importlib.util import find_spec
    from math import inf, prod

    from cnncalc.analysis.explore.executors import MOST, cluster
    from cnncalc.analysis.explore.sweep import values_of
    from cnncalc.api.exploring import sweeping
    from cnncalc.spec import load

    over = {name: values_of(values) for name, values in ranges.items()}
    number = min(prod(map(len, over.values())), sample or inf)
    few = number <= FEW
    if number > MANY and find_spec("numpy") is None:
        shared.warn(["without NumPy, this takes a long time: pip install 'cnncalc[sweep]'"])
    workers = jobs if jobs is not None else 1 if few else min(os.cpu_count() or 1, MOST)
    target = load(spec) if spec == "-" else shared.named(spec)
    if target is not spec:  # other processes cannot load it again, or should not run its code
        workers = 1
    given = (target, over, asked, fixed, sample, seed, workers)
    if dask is None:
        yield from sweeping(*given, resume=resume)
        return
    with cluster(dask) as executor:
        yield from sweeping(*given, executor, resume)


def _done(results: "Iterator[Sweep]") -> "Sweep":
    """Show a progress bar, and return the final results or those found before an interrupt."""
    found: Sweep | None = None
    with _bar() as advance:
        try:
            for found in results:
                advance(found.done, found.total)
        except KeyboardInterrupt:
            if found is None:
                raise
    assert found is not None
    return found


@contextmanager
def _bar() -> "Iterator[Callable[[int, int], None]]":
    """A context with a progress bar on a terminal. Yields the function that moves it."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("")
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _remarks(found: "Sweep") -> Iterator[str]:
    """Notes on how to read the times, and on what the table leaves out: the rest after an
    interrupt, and invalid networks."""
    if found.clock is not None:
        yield from (f"{found.clock.device}: {note}" for note in found.clock.notes)
    if found.done < found.total:
        yield f"stopped after {found.done:,} of {units.counted(found.total, 'combination')}"
    for reason, (first, count) in [*found.refused.items()][:REASONS]:
        where = ", ".join(f"{name}={value}" for name, value in first.items())
        others = f" and {units.counted(count - 1, 'other')}" if count > 1 else ""
        # The reason may name the value itself.
        yield reason if count == 1 and " does not take " in reason else f"{where}{others}: {reason}"
    if len(found.refused) > REASONS:
        yield "not shown: " + units.counted(len(found.refused) - REASONS, "more reason")


def _endings() -> list[str]:
    """The extensions of the files that get a picture or a Parquet table."""
    from cnncalc.render import parquet
    from cnncalc.render.pictures.scatter import FORMATS

    return [*(f".{one}" for one in FORMATS), parquet.SUFFIX]


def _binary(output: Path | None) -> bool:
    """Whether a file gets a picture or a Parquet table."""
    return output is not None and output.suffix.lower() in _endings()


def _put(found: "Sweep", output: Path, title: str, heat: str | None, pair: Sequence[str]) -> None:
    """Write the Parquet table, or the picture if there is anything to draw, to a file."""
    from cnncalc.render import parquet, pictures
    from cnncalc.render.pictures import heat as heats
    from cnncalc.render.pictures import scatter

    if output.suffix.lower() == parquet.SUFFIX:
        shared.put(output, parquet.render(found))
        return
    if not found.points:
        name = printable(str(output))
        typer.echo(f"did not write {name}, because no combination is shown", err=True)
        return
    writer = pictures.writer_for(output)
    if heat:
        scene = heats.chart(found, heat, title, writer.MEASURE)
    else:
        scene = scatter.chart(found, pair, title, writer.MEASURE)
    shared.put(output, writer.render(scene))


def _parts(found: "Sweep", heat: str | None, pair: Sequence[str]) -> Iterator[str]:
    """The charts for the terminal, unless there is nothing to draw, and the table."""
    from cnncalc.render import terminal
    from cnncalc.render.pictures import heat as heats
    from cnncalc.render.pictures import scatter

    if pair and found.points:
        yield scatter.text(found, pair, terminal.width())
    if heat and found.points:
        yield heats.text(found, heat, terminal.width())
    yield _table(found)


def _table(found: "Sweep") -> str:
    shown = f"{len(found.points):,} of {units.counted(found.total, 'combination')} shown\n"
    if not found.points:
        return shown
    quantities = [found.quantity(name) for name in found.quantities]
    headings = dict.fromkeys([*found.names, *(one.heading for one in quantities)], True)
    rows = []
    for point in found.points:
        numbers = (point.quantities[name] for name in found.quantities)
        texts = ("?" if n is None else one.text(n) for one, n in zip(quantities, numbers))
        rows.append([*map(str, point.values.values()), *texts])
    return f"{listing.columns(headings, rows)}\n{shown}"


def _sheet(found: "Sweep") -> Any:
    from cnncalc.render.records import Records

    return Records("Sweep", found.columns, found.to_dict(), found.columns)
