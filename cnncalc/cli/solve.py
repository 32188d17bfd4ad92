"""``cnncalc solve``: which geometry gives a size?"""

from typing import Annotated

import typer

from cnncalc.cli import _shared as shared
from cnncalc.core.errors import UsageError
from cnncalc.derivations import stride
from cnncalc.derivations.stride import Solution


def run(
    input: Annotated[int | None, typer.Option("--input", "-n", help="The input size N.")] = None,
    output: Annotated[
        int | None, typer.Option("--output", help="The output size; the input's if left out.")
    ] = None,
    kernel: Annotated[int | None, typer.Option("--kernel", "-k", help="The filter size F.")] = None,
    step: Annotated[int | None, typer.Option("--stride", "-s", help="The stride S.")] = None,
    padding: Annotated[int | None, typer.Option("--padding", "-p", help="Zeros a side P.")] = None,
    dilation: Annotated[int, typer.Option("--dilation", "-d", help="1 is none.")] = 1,
    largest: Annotated[int, typer.Option("--largest", help="The largest F tried.")] = 11,
    floor: Annotated[
        bool, typer.Option("--floor", help="Also those that leave pixels over.")
    ] = False,
) -> None:
    """List the filters, strides and paddings that turn one size into another, or keep it.

    The exit code is 1 when there are none.

    cnncalc solve --input 224 --output 55

    cnncalc solve --input 32 --stride 1

    cnncalc solve --output 55 --kernel 11 --stride 4 --padding 0
    """
    wanted = output if output is not None else input
    if wanted is None:
        raise UsageError("solve needs --input or --output, as in --input 224 --output 55")
    if not 1 <= largest <= 101:
        raise UsageError(f"--largest goes from 1 to 101, not {largest}")
    found = stride.solve(wanted, input, kernel, step, padding, dilation, largest)
    shown = found if floor else [solution for solution in found if solution.axis.fits]
    searched = f"F ≤ {largest}, S ≤ F (S ≤ 4 for a small F), P < F where they are not given"
    shared.write(_table(shown, dilation) if shown else f"nothing fits with {searched}\n", None)
    left = len(found) - len(shown)
    if left:
        typer.echo(f"{left} more leave pixels over; --floor shows them", err=True)
    raise typer.Exit(0 if shown else 1)


def _table(solutions: list[Solution], dilation: int) -> str:
    rows = [("N", "F", "S", "P", "output", "left over")]
    for (N, F, S, P, _), output in solutions:
        over = stride.Axis(N, F, S, P, dilation).remainder
        rows.append((str(N), str(F), str(S), str(P), str(output), str(over) if over else "fits"))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ("  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(lines) + "\n"
