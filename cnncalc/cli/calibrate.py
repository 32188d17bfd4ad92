"""``cnncalc calibrate``: measurements of this machine, to estimate the times of other networks."""

from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli import _listing as listing
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core import units

if TYPE_CHECKING:
    from cnncalc.analysis.hardware.calibration import Calibration, Measured

Networks = Annotated[
    str,
    typer.Option(
        "--networks",
        metavar="NAMES",
        help="The built-in networks to measure, from at least three families; by default, twenty.",
        show_default=False,
    ),
]
Device = Annotated[
    str, typer.Option("--device", metavar="NAME", help="The device: auto, cpu, cuda or mps.")
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        metavar="N",
        help="The number of CPU threads; by default, PyTorch's. With 1, processor time is "
        "measured, which other programs disturb less.",
    ),
]
Name = Annotated[
    str | None,
    typer.Option(
        "--name",
        metavar="NAME",
        help="What to call the device; by default, the kind of CPU or the name of the GPU.",
    ),
]


def run(
    networks: Networks = "",
    device: Device = "auto",
    threads: Threads = None,
    name: Name = None,
    batch: options.Batch = 1,
    dtype: Annotated[str | None, options.dtype_option(options.TORCH_DTYPES, "float32")] = None,
    output: options.TextOutput = None,
) -> None:
    """Time networks on this machine, and fit the time per FLOP and per byte.

    Save the result with -o, and pass that file to 'cnncalc device --calibration'. The table
    compares the time of each network with what the networks of other families predict; expect a
    similar error for a network of your own. Requires PyTorch and takes a minute or two. Close other
    programs first.

    cnncalc calibrate -o mine.yaml

    cnncalc calibrate --device cuda --batch 32 --dtype float16 -o gpu.yaml
    """
    from cnncalc import bridge

    chosen = [word.strip() for word in networks.split(",") if word.strip()]
    own = ("networks", "batch", "device", "threads")
    with shared.typed(**{option: f"--{option}" for option in own}):
        found = bridge.calibrate(
            chosen,
            device=device,
            threads=threads,
            batch=batch,
            dtype=dtype or "float32",
            name=name,
            seen=_announce,
        )
    if output is None:
        shared.write(table(found), None)
        return
    shared.write(found.to_yaml(), output)
    typer.echo(table(found), nl=False)


def _announce(one: "Measured") -> None:
    typer.echo(f"{one.network}: {units.duration(one.seconds)}", err=True)


def table(found: "Calibration") -> str:
    """Every network with the prediction for it, then the coefficients and their error."""
    headings = {"Network": False, "FLOPs": True, "Moved": True, "Measured": True}
    headings |= {"Predicted": True, "Error": True}
    rows = [
        [
            one.measured.network,
            units.human(one.measured.flops),
            units.in_bytes(one.measured.bytes_moved),
            units.duration(one.measured.seconds),
            units.duration(one.predicted),
            f"{one.predicted / one.measured.seconds - 1:+.0%}",
        ]
        for one in found.held_out
    ]
    return f"{listing.columns(headings, rows)}\n{summary(found)}"


def summary(found: "Calibration") -> str:
    """The coefficients and their error, in two lines."""
    from cnncalc.analysis.hardware.calibration import COVERED

    flop, byte = found.coefficients
    rates = [f"{1 / flop / 1e9:,.1f} GFLOP/s"] if flop else []
    rates += [f"{1 / byte / 1e9:,.1f} GB/s"] if byte else []
    low, high = found.spread
    return (
        f"{found.device}, {found.dtype}, batch {units.exact(found.batch)}: "
        f"{' and '.join(rates)} fit these networks best\n"
        f"Families left out of the fit: median error {found.median_error:.0%}; {COVERED}% of "
        f"the measured times are {low:.2f} to {high:.2f} times the predicted ones\n"
    )
