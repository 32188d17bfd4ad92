"""``cnncalc check-stride``: whether a window fits its input."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cnncalc import api
from cnncalc.cli import _complete as complete
from cnncalc.cli import _listing as listing
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core import units
from cnncalc.core.errors import UsageError
from cnncalc.derivations import stride
from cnncalc.derivations.stride import Axis
from cnncalc.formulas.expression import AXES
from cnncalc.render import terminal
from cnncalc.spec import catalog

PAIR = "One number, or one per axis: 7x9."
Words = Sequence[str] | None
SETTINGS = {"ignore_unknown_options": True}
"""A negative number is refused as a number, not as an option."""

N = Annotated[
    str,
    typer.Argument(
        metavar="N|NETWORK",
        help="The input size (one number, or one per axis: 7x9), or a network whose layers are "
        "checked: a file, a built-in name, the one-line notation, or MODULE:FACTORY.",
        show_default=False,
        autocompletion=complete.networks,
    ),
]
F = Annotated[
    str | None, typer.Argument(metavar="F", help=f"The kernel size. {PAIR}", show_default=False)
]
S = Annotated[
    str | None, typer.Argument(metavar="S", help=f"The stride. {PAIR}", show_default=False)
]
Padding = Annotated[
    str, typer.Option("--padding", "-p", metavar="P", help=f"The padding per side. {PAIR}")
]
Dilation = Annotated[
    str, typer.Option("--dilation", "-d", metavar="D", help=f"The dilation; 1 means none. {PAIR}")
]


TYPED = {"P": "--padding", "D": "--dilation"}
"""The letters that are given as options; N, F and S are arguments."""


def run(
    context: typer.Context,
    n: N,
    f: F = None,
    s: S = None,
    padding: Padding = "0",
    dilation: Dilation = "1",
    input: options.Input = None,
    settings: options.Settings = None,
    layout: options.LayoutName = None,
    format: Annotated[str | None, options.text_format("text", "json")] = None,
) -> None:
    """Check whether a stride fits the input and the kernel.

    For a single window, you also see what each framework does with the remainder, which pixels are
    never read, and the nearest settings that fit. For a network, its convolutions and
    poolings are checked, but not its transposed convolutions. The exit code is 0 if everything fits
    and 1 otherwise.

    cnncalc check-stride 7 3 3

    cnncalc check-stride 227 11 4

    cnncalc check-stride 32x48 5 2 -p 2

    cnncalc check-stride resnet50
    """
    form = shared.chosen_format(format, None, ["text", "json"])
    if f is not None and _is_network(n):
        given = " ".join(filter(None, (f, s)))
        raise UsageError(
            f"{n[:60]!r} is a network, which takes no F or S", f"leave out {given[:60]}"
        )
    if f is None or s is None:
        shared.refuse(context, ("padding", "dilation"), "is for one window, which needs N, F and S")
        fits = _check_network(n, input, settings, layout, form)
    else:
        shared.refuse(context, ("input", "settings", "layout"), "is for a network, not a window")
        fits = _check_axes(_axes(N=n, F=f, S=s, P=padding, D=dilation), form)
    raise typer.Exit(0 if fits else 1)


def _check_axes(axes: list[Axis], format: str) -> bool:
    """Show the answer for every axis, and return whether the window fits along all of them."""
    if format == "json":
        shared.write(json.dumps([_as_dict(axis) for axis in axes], indent=2) + "\n", None)
    else:
        names = AXES[len(axes)] if len(axes) > 1 else ("",)
        parts = [_as_text(axis, name) for axis, name in zip(axes, names, strict=False)]
        shared.write("\n".join(parts), None)
    return all(axis.fits for axis in axes)


def _is_network(word: str) -> bool:
    """Whether a word names a network, rather than sizes, valid or not."""
    if word.replace("x", "").isdecimal():
        return False
    named = word in catalog.names() or Path(word).is_file()
    return named or re.search(r"[A-Za-z].*[.:-]|[.:-].*[A-Za-z]", word) is not None


def _check_network(
    network: str, input: Words, settings: Words, layout: str | None, format: str
) -> bool:
    """Show the answer for every layer that has a window, and return whether all of them fit."""
    if re.fullmatch(r"[\d\s.,x×]+", network):
        raise UsageError("check-stride needs N, F and S, as in 7 3 3, or a network")
    report = shared.report(network, input, settings, layout=layout)
    # One warning points to this very command.
    shared.warn(text for text in report.warnings if "check-stride" not in text)
    found = api.check_stride(report)
    wrong = [window for window in found if not window.fits]
    if format == "json":
        records = [{**one._asdict(), "fits": one.fits, "remainder": one.remainder} for one in found]
        shared.write(json.dumps(records, indent=2) + "\n", None)
        return not wrong
    headings = {"Layer": False, "N": True, "F": True, "S": True, "P": True, "Output": True}
    rows = (_row(window) for window in found)
    shared.write(listing.columns({**headings, "Stride": False}, rows), None)
    layers = len({window.layer for window in found})
    bad = len({window.layer for window in wrong})
    answer = "the only window fits" if layers == 1 else f"the windows of all {layers} layers fit"
    if not layers:
        answer = "there are no convolutions or poolings to check"
    if bad:
        which = "the only window" if layers == 1 else f"{bad} of {layers} layers with windows"
        answer = f"{which} {'has' if bad == 1 else 'have'} an illegal stride"
    shared.write(f"\n{report.name}: {answer}\n", None)
    return not wrong


def _row(window: stride.Window) -> list[str]:
    """A row such as ``conv1  224  7  2  3  112  ✗ illegal: remainder 1, no pixel is lost``."""
    name = f"{window.layer} ({window.along})" if window.along else window.layer
    sides = dict.fromkeys((window.before, window.after))
    kernel = f"{window.F}" + (f" (dilation {window.D})" if window.D > 1 else "")
    verdict = "✓ fits"
    if not window.fits:
        pixels = f"{units.counted(window.unread, 'pixel')} cut off at the end"
        lost = pixels if window.unread else "no pixel is lost"
        verdict = f"✗ illegal: remainder {window.remainder:,}, {lost}"
    return [
        name,
        f"{window.N:,}",
        kernel,
        f"{window.S:,}",
        "/".join(f"{size:,}" for size in sides),
        f"{window.output:,}",
        verdict,
    ]


def _axes(**words: str) -> list[Axis]:
    """The window along each axis; a single number applies to all of them.

    Raises UsageError for invalid numbers, and if two arguments have numbers for different numbers
    of axes.
    """
    values = {
        name: shared.sizes(TYPED.get(name, name), word, 0 if name == "P" else 1)
        for name, word in words.items()
    }
    count = max(map(len, values.values()))
    longest = next(name for name, numbers in values.items() if len(numbers) == count)
    for name, numbers in values.items():
        if len(numbers) not in (1, count):
            one, other = TYPED.get(name, name), TYPED.get(longest, longest)
            raise UsageError(
                f"{one} has {len(numbers)} sizes, but {other} has {count}; "
                "give one for each axis, or a single one for all"
            )
    return [
        Axis(**{name: numbers[i % len(numbers)] for name, numbers in values.items()})
        for i in range(count)
    ]


def _as_text(axis: Axis, name: str) -> str:
    lines = [f"axis {name}"] if name else []
    lines += [stride.equation(axis), "", _verdict(axis), ""]
    width = max(len(rule.name) for rule in stride.rules(axis))
    for rule in stride.rules(axis):
        size = "illegal" if rule.size is None else f"{rule.size:,}"
        lines.append(f"  {rule.name:{width}}  {terminal.marked(size, terminal.colour())}")
    lines += ["", _unread(axis)] if axis.possible else [""]
    if not axis.fits:
        lines.append(_would_fit(axis))
    colour = terminal.colour()
    return "".join(f"{terminal.marked(line, colour)}\n" for line in lines)


def _verdict(axis: Axis) -> str:
    if not axis.possible:
        size = f"{'padded ' if axis.P else ''}input of {axis.N + 2 * axis.P:,}"
        return f"illegal: a window of {axis.extent:,} is larger than the {size}"
    if axis.fits:
        return f"fits: {axis.S:,} divides {axis.span:,}; the output is {axis.floor:,}"
    return (
        f"illegal stride: {axis.S:,} does not divide {axis.span:,} (remainder "
        f"{axis.remainder:,}); rounding down gives {axis.floor:,}"
    )


def _unread(axis: Axis) -> str:
    runs = stride.unread(axis)
    if runs is None:
        return "windows may leave gaps, but there are too many windows to check (floor)"
    if not runs and axis.possible and axis.remainder:
        return f"no pixel is lost: the remainder of {axis.remainder:,} is padding (floor)"
    if not runs:
        return "every pixel is read (floor)"
    count = sum(last - first + 1 for first, last in runs)
    shown = [word for first, last in runs[:6] for word in _run(first, last)]
    rest = sum(last - first + 1 for first, last in runs[6:])
    shown += [f"{rest:,} more"] if rest else []
    listed = " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
    number = "number" if count == 1 else "numbers"
    where = f"{number} {listed}, counting from 0"
    return f"never read (floor): {count:,} of {axis.N:,} pixels, {where}"


def _run(first: int, last: int) -> list[str]:
    """Consecutive pixels: one or two as they are, more as a range."""
    if last - first > 1:
        return [f"{first:,} to {last:,}"]
    return [f"{pixel:,}" for pixel in dict.fromkeys((first, last))]


def _would_fit(axis: Axis) -> str:
    parts = [
        f"{name} = {' or '.join(f'{value:,}' for value in values)}"
        for name, values in stride.nearest(axis).items()
        if values
    ]
    return f"fits if you change one value: {'; '.join(parts)}" if parts else "no nearby value fits"


def _as_dict(axis: Axis) -> dict[str, Any]:
    return {
        **axis._asdict(),
        "fits": axis.fits,
        "remainder": axis.remainder,
        "rules": {rule.name: rule.size for rule in stride.rules(axis)},
        "unread": stride.unread(axis),
        "would_fit": {} if axis.fits else stride.nearest(axis),
    }
