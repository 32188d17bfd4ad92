"""``cnncalc check-stride``: does a window fit its input?"""

import json
from typing import Annotated, Any

import typer

from cnncalc.cli import _shared as shared
from cnncalc.core.errors import UsageError
from cnncalc.core.shape import MOST_DIGITS
from cnncalc.derivations import stride
from cnncalc.derivations.stride import Axis
from cnncalc.formulas.expression import AXES

PAIR = "One number, or one for each axis: 7x9."
SETTINGS = {"ignore_unknown_options": True}
"""A negative number is refused as a number, not as an option."""


def run(
    n: Annotated[str, typer.Argument(metavar="N", help=f"The input size. {PAIR}")],
    f: Annotated[str, typer.Argument(metavar="F", help=f"The filter size. {PAIR}")],
    s: Annotated[str, typer.Argument(metavar="S", help=f"The stride. {PAIR}")],
    padding: Annotated[str, typer.Option("--padding", "-p", help=f"Zeros a side. {PAIR}")] = "0",
    dilation: Annotated[str, typer.Option("--dilation", "-d", help=f"1 is none. {PAIR}")] = "1",
    format: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
) -> None:
    """Say whether a stride fits input and filter, what each rule makes of it, and what would fit.

    The exit code is 0 when it fits and 1 when it does not.

    cnncalc check-stride 7 3 3

    cnncalc check-stride 227 11 4

    cnncalc check-stride 32x48 5 2 -p 2
    """
    axes = _axes(N=n, F=f, S=s, P=padding, D=dilation)
    if format == "json":
        shared.write(json.dumps([_as_dict(axis) for axis in axes], indent=2) + "\n", None)
    elif format == "text":
        names = AXES[len(axes)] if len(axes) > 1 else ("",)
        parts = [_as_text(axis, name) for axis, name in zip(axes, names, strict=False)]
        shared.write("\n".join(parts), None)
    else:
        raise UsageError(f"no format {format!r}; there are text and json")
    raise typer.Exit(0 if all(axis.fits for axis in axes) else 1)


def _axes(**words: str) -> list[Axis]:
    """One Axis for each of the sizes given; a single number holds for all axes."""
    values = {name: _numbers(name, word) for name, word in words.items()}
    count = max(map(len, values.values()))
    for name, numbers in values.items():
        if len(numbers) not in (1, count):
            raise UsageError(f"{name} has {len(numbers)} sizes where others have {count}")
    return [
        Axis(**{name: numbers[i % len(numbers)] for name, numbers in values.items()})
        for i in range(count)
    ]


def _numbers(name: str, word: str) -> list[int]:
    parts = word.replace("×", "x").replace(",", "x").split("x")
    least = 0 if name == "P" else 1
    if not all(part.isascii() and part.isdecimal() and len(part) <= MOST_DIGITS for part in parts):
        raise UsageError(f"{name} must be whole numbers, as in 7 or 7x9, not {word[:60]!r}")
    numbers = [int(part) for part in parts]
    if len(numbers) > 3 or min(numbers) < least:
        raise UsageError(
            f"{name} must be 1 to 3 whole numbers of at least {least}, not {word[:60]!r}"
        )
    return numbers


def _as_text(axis: Axis, name: str) -> str:
    lines = [f"axis {name}"] if name else []
    lines += [stride.equation(axis), "", _verdict(axis), ""]
    width = max(len(rule.name) for rule in stride.rules(axis))
    for rule in stride.rules(axis):
        size = "illegal" if rule.size is None else f"{rule.size:,}"
        lines.append(f"  {rule.name:{width}}  {size}")
    lines += ["", _unread(axis)]
    if not axis.fits:
        lines.append(_would_fit(axis))
    return "\n".join(lines) + "\n"


def _verdict(axis: Axis) -> str:
    if not axis.possible:
        padded = axis.N + 2 * axis.P
        return f"illegal: a window of {axis.extent} is larger than the padded input of {padded}"
    if axis.fits:
        return f"fits: {axis.S} divides {axis.span}, the output is {axis.floor:,}"
    return (
        f"illegal stride: {axis.S} does not divide {axis.span}, {axis.remainder} left over; "
        f"floor gives {axis.floor:,}"
    )


def _unread(axis: Axis) -> str:
    runs = stride.unread(axis)
    if runs is None:
        return "windows leave gaps, too many to list (floor)"
    if not runs:
        return "every pixel is read (floor)"
    count = sum(last - first + 1 for first, last in runs)
    shown = [f"{first}" if first == last else f"{first} to {last}" for first, last in runs[:6]]
    more = f" and {len(runs) - 6} runs more" if len(runs) > 6 else ""
    where = f"counted from 0: {', '.join(shown)}{more}"
    return f"never read (floor): {count:,} of {axis.N:,} pixels, {where}"


def _would_fit(axis: Axis) -> str:
    parts = [
        f"{name} = {' or '.join(map(str, values))}"
        for name, values in stride.nearest(axis).items()
        if values
    ]
    return f"would fit, changing one thing: {'; '.join(parts)}" if parts else "nothing near fits"


def _as_dict(axis: Axis) -> dict[str, Any]:
    return {
        **axis._asdict(),
        "fits": axis.fits,
        "remainder": axis.remainder,
        "rules": {rule.name: rule.size for rule in stride.rules(axis)},
        "unread": stride.unread(axis),
        "would_fit": {} if axis.fits else stride.nearest(axis),
    }
