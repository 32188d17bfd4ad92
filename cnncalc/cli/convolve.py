"""``cnncalc convolve``: a convolution of numbers, step by step."""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core.errors import CnncalcError, UsageError, did_you_mean, one_of
from cnncalc.core.shape import layout_of
from cnncalc.homework.convolution import Tensor, Worked, convolve, read
from cnncalc.homework.convolution.activation import FUNCTIONS
from cnncalc.homework.convolution.formats import FORMATS, WIDE, as_data
from cnncalc.homework.convolution.given import load, named_in_errors
from cnncalc.homework.convolution.kernels import KERNELS
from cnncalc.homework.convolution.pooling import pool_of
from cnncalc.homework.convolution.sheet import sections
from cnncalc.homework.convolution.window import MAX_PRODUCTS, MODES

MAX_DIGITS = 15
SETTINGS = {"ignore_unknown_options": True}
"""A matrix may start with a negative number, which must not be taken for an option."""

Input = Annotated[
    str,
    typer.Argument(
        help="A matrix, a file, random:5x5, or - for standard input.", show_default=False
    ),
]
Kernels = Annotated[
    list[str],
    typer.Argument(
        metavar="KERNEL...",
        help=f"The same, or a named kernel: {one_of([*KERNELS])}.",
        show_default=False,
    ),
]
Stride = Annotated[
    str,
    typer.Option(
        "--stride", "-s", metavar="S", help="The stride. One number, or one per axis: 2x1."
    ),
]
Padding = Annotated[
    str,
    typer.Option(
        "--padding",
        "-p",
        metavar="P",
        help="The padding: valid, same, or the number of cells on each side, as in 1 or 2x1. "
        "--mode sets their values.",
    ),
]
Dilation = Annotated[
    str,
    typer.Option(
        "--dilation",
        "-d",
        metavar="D",
        help="The distance between kernel taps; 1 means no dilation.",
    ),
]
Mode = Annotated[
    str,
    typer.Option(
        "--mode", metavar="NAME", help="The padding mode: zero, reflect, replicate or circular."
    ),
]
Bias = Annotated[
    str | None,
    typer.Option(
        "--bias", metavar="NUMBERS", help="The bias. One number, or one per kernel: 0.1,0.2."
    ),
]
Flip = Annotated[
    bool,
    typer.Option("--flip", help="Flip the kernels (convolution instead of cross-correlation)."),
]
Activation = Annotated[
    str | None,
    typer.Option(
        "--activation", "-a", metavar="NAME", help=f"Apply an activation: {one_of([*FUNCTIONS])}."
    ),
]
Pool = Annotated[
    str | None,
    typer.Option(
        "--pool",
        metavar="POOL",
        help="Pool the result: max:2, avg:3s2p1 with stride 2 and padding 1, max:3s2same, or "
        "max:3s2ceil, which rounds up.",
    ),
]
Transpose = Annotated[
    bool,
    typer.Option("--transpose", help="Compute a transposed convolution."),
]
OutputPadding = Annotated[
    str,
    typer.Option(
        "--output-padding",
        metavar="N",
        help="Cells to add at the end of a transposed convolution's output.",
    ),
]
Steps = Annotated[
    str | None,
    typer.Option(
        "--steps",
        metavar="STEPS",
        help="How many windows to write out per kernel: all, none or a number.",
    ),
]
Digits = Annotated[
    int | None,
    typer.Option(
        "--digits", metavar="N", help="Round to this many digits after the decimal point."
    ),
]


def run(
    context: typer.Context,
    input: Input,
    kernels: Kernels,
    stride: Stride = "1",
    padding: Padding = "valid",
    dilation: Dilation = "1",
    mode: Mode = "zero",
    bias: Bias = None,
    flip: Flip = False,
    activation: Activation = None,
    pool: Pool = None,
    transpose: Transpose = False,
    output_padding: OutputPadding = "0",
    steps: Steps = None,
    digits: Digits = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="The seed for random numbers.")
    ] = 0,
    layout: Annotated[str | None, options.layout_option("nested lists and random numbers")] = None,
    format: Annotated[str | None, options.text_format(*FORMATS, "json")] = None,
    output: options.TextOutput = None,
) -> None:
    """Work through a convolution as you would by hand: the sum of products in every window, then
    the output.

    With --transpose, every input value is multiplied by the kernel, and overlapping results are
    added.

    cnncalc convolve "0 1 2; 3 4 5; 6 7 8" "0 1; 2 3"

    cnncalc convolve "4 3 2 -5 3 5 2 5 5 6" box --padding same

    cnncalc convolve image.csv sobel_x sobel_y --activation relu --pool max:2 --steps 4

    cnncalc convolve "1 2; 3 4" "1 0; 2 1" --transpose --stride 2

    cnncalc convolve random:3x6x6 "box | box | box" --seed 7 --format latex
    """
    _refuse_options([input, *kernels], context)
    if transpose:
        shared.refuse(context, ("mode",), "fills the padding, but --transpose has none to fill")
    else:
        shared.refuse(context, ("output_padding",), "needs --transpose")
    _check_digits(digits)
    chosen = shared.chosen_format(format, output, [*FORMATS, "json"])
    most = _steps(steps)
    x, weights = load(input, kernels, seed, layout_of(layout))
    axes = len(x.shape.spatial)
    with _named_as_typed():
        worked = convolve(
            x,
            weights,
            stride=_sizes("--stride", stride, axes),
            padding=padding
            if padding.lower() in PADDINGS
            else _sizes("--padding", padding, axes, 0),
            dilation=_sizes("--dilation", dilation, axes),
            mode=_mode(mode),
            bias=None if bias is None else _bias(bias),
            flip=flip,
            activation=activation,
            pool=None if pool is None else _pool(pool),
            transposed=transpose,
            output_padding=_sizes("--output-padding", output_padding, axes, 0),
        )
    _write(worked, most, digits, chosen, output)


PADDINGS = ("valid", "same", "same_lower", "causal")
"""The paddings that have a name."""


@contextmanager
def _named_as_typed() -> Iterator[None]:
    """Name settings by their options in any error raised inside."""
    names = ("bias", "padding", "stride", "dilation")
    with shared.typed(**{name: f"--{name}" for name in names}):
        try:
            yield
        except CnncalcError as why:
            raise UsageError(why.sentence.replace("use mode: ", "use --mode ")) from None


def _mode(word: str) -> str:
    """The mode of padding; raises UsageError for an unknown one."""
    mode = "zeros" if word == "zero" else word
    if mode not in MODES:
        known = ["zero" if name == "zeros" else name for name in MODES]
        raise UsageError(f"--mode must be {one_of(known)}, not {word[:40]!r}")
    return mode


def _pool(word: str) -> Any:
    """The pooling layer that a word names; raises UsageError for anything else."""
    with named_in_errors("--pool"):
        return pool_of(word)


def _write(
    worked: Worked, most: int | None, digits: int | None, format: str, output: Path | None
) -> None:
    """Write at most this many windows per kernel, and all results."""
    if format == "json":
        shared.write(json.dumps(as_data(worked, most), ensure_ascii=False) + "\n", output)
        return
    shown = sections(worked, most, digits)
    shared.write(FORMATS[format](shown, _width(format, output)), output)
    if most is None and any(section.left_out for section in shown):
        typer.echo("use --steps all to show every window", err=True)


def _check_digits(digits: int | None) -> None:
    """Raise UsageError for a negative number of digits, and for more than ``MAX_DIGITS``."""
    if digits is not None and not 0 <= digits <= MAX_DIGITS:
        raise UsageError(f"--digits must be between 0 and {MAX_DIGITS}, not {digits}")


def _refuse_options(words: Iterable[str], context: typer.Context) -> None:
    """Raise UsageError for a misspelt option, which Click would pass on as a matrix."""
    for word in words:
        if re.match("--?[A-Za-z]", word):
            known = [option for one in context.command.params for option in one.opts]
            name = word.partition("=")[0]
            raise UsageError(f"no option {name[:40]!r}{did_you_mean(name, known)}")


def _sizes(option: str, word: str, axes: int, least: int = 1) -> Any:
    """A size such as ``2``, or one for each axis of the input, as in ``2x1``. Raises UsageError for
    anything else."""
    words = "valid, same, " if option == "--padding" else ""
    found = shared.sizes(option, word, least, words)
    if len(found) not in (1, axes):
        raise UsageError(
            f"{option} {word} has {len(found)} sizes, but the input has {axes} "
            f"{'axis' if axes == 1 else 'axes'}"
        )
    return found[0] if len(found) == 1 else found


def _steps(word: str | None) -> int | None:
    """The number of windows to write out; None if not given."""
    words = {None: None, "none": 0, "all": MAX_PRODUCTS}
    if word in words:
        return words[word]
    if not re.fullmatch("[0-9]{1,9}", word or ""):
        raise UsageError(f"--steps must be all, none or a whole number, not {word!r:.40}")
    return int(word or "")


def _bias(word: str) -> Tensor:
    with named_in_errors("--bias"):
        return read(word)


def _width(format: str, output: Path | None) -> int:
    """The width of the output, which is the terminal's for text on standard output."""
    from cnncalc.render import terminal

    return terminal.width() if format == "text" and output is None else WIDE
