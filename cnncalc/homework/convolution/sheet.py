"""The text and numbers of a worked convolution, independent of the output format.

In equations, x is the input, w a kernel, u the sums, y the activations and z the pooled output.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from cnncalc.core.layer import Layer
from cnncalc.derivations import explain, stride
from cnncalc.formulas.expression import AXES
from cnncalc.homework.convolution.activation import FUNCTIONS
from cnncalc.homework.convolution.matrix import Tensor
from cnncalc.homework.convolution.pooling import REDUCTIONS, Pooling
from cnncalc.homework.convolution.window import MODES, Place
from cnncalc.homework.convolution.worked import Convolution, Worked
from cnncalc.homework.convolution.writing import Style, products, signed, with_factor
from cnncalc.layers._transposed import TransposedAxis
from cnncalc.layers._window import Axis
from cnncalc.layers.conv_transpose import ConvTranspose

SHOWN_WHOLE = 64
"""By default, all windows are written out if there are at most this many."""
SHOWN = 10
"""The number of windows written out per kernel by default if there are more."""

NOT_FLIPPED = "cross-correlation: the kernel is not flipped (PyTorch calls this convolution)"
TRANSPOSED = "transposed convolution: every input is multiplied by the kernel, and overlaps add up"
TRANSPOSED_FLIPPED = f"{TRANSPOSED}; the kernel is flipped along every spatial axis first"
FLIPPED = "convolution: the kernel is flipped along every spatial axis, then applied to the input"


class Picture(NamedTuple):
    """A matrix: its symbol, a description, its numbers as text, and a common factor."""

    symbol: str
    about: str
    rows: list[list[str]]
    factor: str = ""


class Line(NamedTuple):
    """An equation, in pieces that a line break may separate, and its LaTeX if it differs."""

    pieces: tuple[str, ...]
    latex: str = ""


class Section(NamedTuple):
    """A part of the output: notes, equations, the number of equations left out, and matrices."""

    notes: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    left_out: int = 0
    pictures: tuple[Picture, ...] = ()


def sections(worked: Worked, steps: int | None = None, digits: int | None = None) -> list[Section]:
    """Everything to show about a convolution, in order.

    ``steps`` is the number of windows of each kernel to write out: by default all if there are at
    most 64 in total, and otherwise 10. ``digits`` rounds numbers that are not whole to this many
    decimal places; by default, only floats are rounded, to 3.
    """
    convolution, pooling = worked.convolution, worked.pooling
    most = steps_shown(worked, steps)
    kernels = range(len(convolution.kernels))
    found = [_given(convolution), _slide(convolution.layer, convolution.input, convolution.axes)]
    found += [_sums(worked, kernel, most, digits) for kernel in kernels]
    if worked.activation:
        found.append(_activation(worked, worked.activation, digits))
    if pooling:
        style = Style(worked.output.decimal, digits)
        found.append(_pooling(pooling))
        found += [_pools(pooling, worked.output, kernel, most, style) for kernel in kernels]
    return found


def steps_shown(worked: Worked, steps: int | None) -> int:
    """The number of windows of each kernel to write out: as many as requested, or the default."""
    if steps is not None:
        return steps
    windows = worked.stages[0].output.shape.elements
    if worked.pooling:
        windows += worked.output.shape.elements
    return windows if windows <= SHOWN_WHOLE else SHOWN


def _given(convolution: Convolution) -> Section:
    """The input and the kernels, and how the kernels are applied."""
    x, padded, kernels = convolution.input, convolution.padded, convolution.kernels
    if isinstance(convolution.layer, ConvTranspose):
        notes = (
            TRANSPOSED_FLIPPED if convolution.flip else TRANSPOSED,
            _footprint(convolution.layer.axes(x.shape)),
        )
    else:
        notes = (
            FLIPPED if convolution.flip else NOT_FLIPPED,
            _geometry(convolution.layer.axes(x.shape), MODES[convolution.mode].label),
        )
    pictures = _planes("x", "input", x)
    if padded.shape != x.shape:
        pictures += _planes("x", "padded", padded._replace(name=""))
    for place, kernel in enumerate(kernels):
        what = f"kernel {place + 1}," if len(kernels) > 1 else "kernel"
        number = (place, len(kernels))
        pictures += _kernel(what, kernel, number)
        if convolution.flip:
            pictures += _kernel(f"flipped {what}", convolution.oriented(place), number)
    return Section(notes, pictures=tuple(pictures))


def _planes(letter: str, what: str, tensor: Tensor) -> list[Picture]:
    """Every channel of a tensor."""
    style, many = Style(tensor.decimal), tensor.shape.channels
    return [
        Picture(f"{letter}{_index((c, many))}", _about(what, tensor, c), style.rows(tensor, c))
        for c in range(many)
    ]


def _kernel(what: str, kernel: Tensor, *place: tuple[int, int]) -> list[Picture]:
    """Every plane of a kernel."""
    planes = []
    for c in range(kernel.shape.channels):
        symbol = f"w{_index(*place, (c, kernel.shape.channels))}"
        factor, rows = with_factor(kernel, c)
        planes.append(Picture(symbol, _about(what, kernel, c), rows, factor))
    return planes


def _index(*places: tuple[int, int]) -> str:
    """``_2`` for place 1 (the first is 0) of several; empty if there is only one."""
    shown = [str(place + 1) for place, many in places if many > 1]
    return f"_{','.join(shown)}" if shown else ""


def _about(what: str, tensor: Tensor, channel: int) -> str:
    """``input 3×3 (random, seed 7)`` for the first channel, ``channel 2`` for the second."""
    if channel:
        return f"channel {channel + 1}"
    name = f" ({tensor.name})" if tensor.name else ""
    return f"{what} {_size(tensor.shape.spatial)}{name}"


def _size(sizes: Iterable[int]) -> str:
    return "×".join(map(str, sizes))


def _geometry(axes: Sequence[Axis], filled: str) -> str:
    """The fields of a window: ``stride 2, padding 1 (zeros), dilation 3``."""
    parts = [f"stride {_same([axis.S for axis in axes])}"]
    if any(axis.before or axis.after for axis in axes):
        sides = [_sides(axis) for axis in axes]
        parts.append(f"padding {_along(sides)} ({filled})")
    else:
        parts.append("no padding")
    if any(axis.D > 1 for axis in axes):
        parts.append(f"dilation {_same([axis.D for axis in axes])}")
    return ", ".join(parts)


def _footprint(axes: Sequence[TransposedAxis]) -> str:
    """The fields of a transposed window: ``stride 2, padding 1 (removed), output padding 1``."""
    parts = [f"stride {_same([axis.S for axis in axes])}"]
    if any(axis.P for axis in axes):
        parts.append(f"padding {_same([axis.P for axis in axes])} (removed)")
    if any(axis.P_out for axis in axes):
        parts.append(f"output padding {_same([axis.P_out for axis in axes])}")
    if any(axis.D > 1 for axis in axes):
        parts.append(f"dilation {_same([axis.D for axis in axes])}")
    return ", ".join(parts)


def _sides(axis: Axis) -> str:
    if axis.before == axis.after:
        return str(axis.before)
    return f"{axis.before} before and {axis.after} after"


def _same(sizes: Sequence[int]) -> str:
    """One size if all axes agree, else one for each."""
    return _size(sizes[:1] if len(set(sizes)) == 1 else sizes)


def _along(texts: Sequence[str]) -> str:
    """One text if all axes agree, else the text and the name of each axis."""
    if len(set(texts)) == 1:
        return texts[0]
    return ", ".join(f"{text} along {name}" for text, name in zip(texts, AXES[len(texts)]))


def _slide(layer: Layer, x: Tensor, axes: Sequence[Axis | TransposedAxis]) -> Section:
    """The number of positions of the window, and a note if the stride leaves a remainder."""
    lines = [
        Line((first, *(f"= {rest}" for rest in others)), one.latex())
        for one in explain.sizes(layer, (x.shape,))
        if one.symbol != "C_out"  # there are as many channels as kernels, which needs no equation
        for first, *others in [one.text().split(" = ")]
    ]
    over: dict[str, list[str]] = {}
    for axis, name in zip(axes, AXES[len(axes)]):
        if not isinstance(axis, Axis) or axis.ceil:
            continue
        fit = stride.Axis(axis.before + axis.N + axis.after, axis.F, axis.S, D=axis.D)
        if not fit.fits:
            fact = f"{fit.S} does not divide {fit.span} (remainder {fit.remainder})"
            over.setdefault(f"{fact}; rounding down gives {fit.floor}", []).append(name)
    notes = (f"illegal stride along {' and '.join(names)}: {fact}" for fact, names in over.items())
    return Section(tuple(notes), tuple(lines))


def _sums(worked: Worked, place: int, most: int, digits: int | None) -> Section:
    """The windows of one kernel and their sums."""
    convolution = worked.convolution
    kernel, many = convolution.kernels[place], len(convolution.kernels)
    output = worked.stages[1 if convolution.bias else 0].output
    numbers, weights = Style(convolution.input.decimal), Style(kernel.decimal)
    style, letter = Style(output.decimal, digits), f"u{_index((place, many))}"
    lines = []
    for one in islice(convolution.sums(place), most):
        summands = products(one.pairs, numbers, weights)
        if convolution.bias:
            summands.append(signed(Style(output.decimal).text(one.bias), is_first=False))
        lines.append(_equation(letter, one.place, summands, style.result(one.result)))
    title = f"kernel {place + 1}{f' ({kernel.name})' if kernel.name else ''}"
    what = "sums with bias," if convolution.bias else "sums,"
    return Section(
        (title,) if many > 1 else (),
        tuple(lines),
        len(output.planes[place]) - len(lines) if lines else 0,
        (_one_plane("u", what, output, place, style),),
    )


def _activation(worked: Worked, layer: Layer, digits: int | None) -> Section:
    """The function, and its value for every sum."""
    output = next(stage.output for stage in worked.stages if stage.name == layer.kind)
    function, style = FUNCTIONS[layer.kind], Style(output.decimal, digits)
    formula = Line(
        (f"y = {function.text.format(layer=layer)}",),
        f"y &= {function.latex.format(layer=layer)}",
    )
    channels = range(output.shape.channels)
    pictures = (_one_plane("y", f"{layer.kind},", output, place, style) for place in channels)
    return Section(lines=(formula,), pictures=tuple(pictures))


def _pooling(pooling: Pooling) -> Section:
    """The window of a pooling layer, and its number of positions."""
    axes = pooling.layer.axes(pooling.input.shape)
    slide = _slide(pooling.layer, pooling.input, axes)
    outside = "not counted" if pooling.outside is None else Style().text(pooling.outside)
    window = _size(axis.F for axis in axes)
    what = f"{pooling.layer.kind} {window}, {_geometry(axes, outside)}"
    over = {name: axis.overhang() for name, axis in zip(AXES[len(axes)], axes) if axis.overhang()}
    if over:
        cells = " and ".join(f"{cells} along {name}" for name, cells in over.items())
        what += f"; the last window extends beyond the edge by {cells}"
    return slide._replace(notes=(what, *slide.notes))


def _pools(pooling: Pooling, output: Tensor, place: int, most: int, style: Style) -> Section:
    """The windows of one channel and their results."""
    written = REDUCTIONS[pooling.layer.kind].written
    letter = f"z{_index((place, output.shape.channels))}"
    lines = tuple(
        _equation(
            letter, one.place, written([*map(style.text, one.cells)]), style.result(one.result)
        )
        for one in islice(pooling.windows(place), most)
    )
    left_out = len(output.planes[place]) - len(lines) if lines else 0
    picture = _one_plane("z", f"{pooling.layer.kind},", output, place, style)
    return Section((), lines, left_out, (picture,))


def _equation(letter: str, place: Place, pieces: Sequence[str], result: str) -> Line:
    """An equation: ``u(1,1) = 0×0 + 1×1 = 1``."""
    at = f"{letter}({','.join(map(str, place))})"
    if not pieces:  # no input reaches this output
        return Line((at, f"= {result}"))
    return Line((at, f"= {pieces[0]}", *pieces[1:], f"= {result}"))


def _one_plane(letter: str, what: str, output: Tensor, place: int, style: Style) -> Picture:
    symbol = letter + _index((place, output.shape.channels))
    return Picture(symbol, f"{what} {_size(output.shape.spatial)}", style.rows(output, place))
