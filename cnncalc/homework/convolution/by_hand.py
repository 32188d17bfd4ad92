"""The convolution of plain Python data, in one call."""

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from cnncalc.core.shape import Layout, layout_of
from cnncalc.homework.convolution import matrix, worked
from cnncalc.homework.convolution.given import from_file, together
from cnncalc.homework.convolution.matrix import Tensor
from cnncalc.homework.convolution.worked import Worked

Number = int | float | Fraction
Matrix = str | PathLike[str] | Tensor | Sequence[Any]
"""A string (``"0 1; 2 3"``), a file as a ``Path``, a tensor, or nested lists."""
Size = int | Sequence[int]


def convolve(
    input: Matrix,
    *kernels: Matrix,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    mode: str = "zeros",
    bias: Number | Sequence[Number] | None = None,
    flip: bool = False,
    activation: str | None = None,
    pool: str | None = None,
    transposed: bool = False,
    output_padding: Size = 0,
    layout: str | None = None,
) -> Worked:
    """Compute a convolution of numbers, exactly and step by step.

    ``stride``, ``padding`` (also ``"same"``) and ``dilation`` are those of the layer ``conv``, and
    ``mode`` is the padding mode. A kernel can also be a name such as ``"sobel_x"``. ``bias`` is a
    number for each kernel, or one for all. ``flip`` flips the kernels along every spatial axis
    first. ``activation`` is a word such as ``"relu"`` or ``"leaky_relu:0.1"``; ``pool`` is one such
    as ``"max:2"``, ``"avg:3s2p1"``, ``"max:3s2same"`` or ``"max:3s2ceil"``. If ``transposed``,
    every input is multiplied by the kernel and overlapping products are added up, as in the layer
    ``conv_transpose``. With the ``layout`` ``"hwc"``, nested lists have their channels last.

    Print the result to see the steps; ``result.output.nested()`` has the numbers, channels first.
    Raises CnncalcError for invalid input.

    >>> convolve("0 1 2; 3 4 5; 6 7 8", "0 1; 2 3").output.nested()
    [[[19, 25], [37, 43]]]
    """
    read = partial(_tensor, layout=layout_of(layout))
    x, weights = together(input, kernels, read, _is_name) if kernels else (read(input), [])
    listed = bias if bias is None or isinstance(bias, Sequence) else [bias]
    return worked.convolve(
        x,
        weights,
        stride=stride,
        padding=padding,
        dilation=dilation,
        mode=mode,
        bias=None if listed is None else matrix.of(listed),
        flip=flip,
        activation=activation,
        pool=pool,
        transposed=transposed,
        output_padding=output_padding,
    )


def _is_name(kernel: Matrix) -> bool:
    return isinstance(kernel, str) and kernel[:1].isalpha()


def _tensor(given: Matrix, layout: Layout | None) -> Tensor:
    if isinstance(given, Tensor):
        return given
    if isinstance(given, PathLike):
        return from_file(Path(given), layout)
    return matrix.of(given, layout=layout)
