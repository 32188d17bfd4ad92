"""A worked convolution as text, Markdown, LaTeX and plain data."""

import re
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import islice, zip_longest
from typing import Any, TypeVar

from cnncalc.homework.convolution.matrix import Tensor
from cnncalc.homework.convolution.sheet import Picture, Section, steps_shown
from cnncalc.homework.convolution.worked import Convolution, Worked
from cnncalc.layers._transposed import TransposedAxis
from cnncalc.layers._window import Axis
from cnncalc.layers.conv_transpose import ConvTranspose

Item = TypeVar("Item")

MAX_DRAWN = 30
"""The maximum number of rows of a matrix to draw, and of columns if no width limits them; larger
matrices are shortened in the middle."""
WIDE = 100
"""The maximum line width of text that is not for a terminal, in characters."""
GAP = "    "
"""The space between matrices side by side, and the indentation of a wrapped line."""


def as_text(sections: Sequence[Section], width: int) -> str:
    """Text for a terminal of this width."""
    parts: list[str] = []
    for section in sections:
        notes = [folded(note.split(" "), width) for note in section.notes]
        longest = max((len(line.pieces[0]) for line in section.lines), default=0)
        lines = [
            folded([line.pieces[0].ljust(longest), *line.pieces[1:]], width)
            for line in section.lines
        ]
        lines += [left_out(section)] if section.left_out else []
        pictures = drawn(section.pictures, width)
        parts += filter(None, ("\n".join(notes), "\n".join(lines), pictures))
    return "\n\n".join(parts) + "\n"


def as_markdown(sections: Sequence[Section], width: int) -> str:
    """Markdown: equations in a list, and matrices as in a terminal."""
    from cnncalc.render.formats.markdown import escape

    parts: list[str] = []
    for section in sections:
        lines = [f"- `{' '.join(line.pieces)}`" for line in section.lines]
        lines += [f"- {left_out(section)}"] if section.left_out else []
        pictures = drawn(section.pictures, width)
        fenced = f"```text\n{pictures}\n```" if pictures else ""
        parts += filter(None, (*map(escape, section.notes), "\n".join(lines), fenced))
    return "\n\n".join(parts) + "\n"


def as_latex(sections: Sequence[Section], width: int) -> str:
    r"""LaTeX for a document with ``\usepackage{amsmath}``."""
    from cnncalc.render.formats.latex import escape

    parts = [r"% needs \usepackage{amsmath}", r"\begingroup\allowdisplaybreaks"]
    pictures = [picture for section in sections for picture in section.pictures]
    columns = min(MAX_DRAWN, max(len(picture.rows[0]) for picture in pictures))
    parts += [rf"\setcounter{{MaxMatrixCols}}{{{columns}}}"] if columns > 10 else []
    for section in sections:
        parts += [rf"\noindent {escape(note)}\par" for note in section.notes]
        if section.lines:
            body = " \\\\\n  ".join(
                line.latex or _aligned(line.pieces, width) for line in section.lines
            )
            parts.append(f"\\begin{{align*}}\n  {body}\n\\end{{align*}}")
        parts += [rf"\noindent {escape(left_out(section))}\par"] if section.left_out else []
        if section.pictures:
            body = " \\\\\n  ".join(
                rf"\underset{{\text{{{escape(one.about)}}}}}{{{_matrix(one)}}}"
                for one in section.pictures
            )
            parts.append(f"\\begin{{gather*}}\n  {body}\n\\end{{gather*}}")
    return "\n".join([*parts, r"\endgroup"]) + "\n"


FORMATS: dict[str, Callable[[Sequence[Section], int], str]] = {
    "text": as_text,
    "markdown": as_markdown,
    "latex": as_latex,
}
"""The writers of sections; each takes the maximum line width."""


def left_out(section: Section) -> str:
    """A note on the windows that are not written out."""
    return f"... and {section.left_out:,} more window{'s' * (section.left_out != 1)}"


def folded(pieces: Sequence[str], width: int) -> str:
    """The pieces wrapped to this width, without breaking any of them."""
    lines = [pieces[0]]
    for piece in pieces[1:]:
        if len(lines[-1]) + 1 + len(piece) <= width:
            lines[-1] += f" {piece}"
        else:
            lines.append(f"{GAP}{piece}")
    return "\n".join(lines)


def drawn(pictures: Iterable[Picture], width: int) -> str:
    """Matrices with their titles, side by side as far as the width allows."""
    bands: list[list[list[str]]] = []
    for picture in pictures:
        block = _block(picture, width)
        used = sum(len(other[0]) + len(GAP) for other in bands[-1]) if bands else width
        if used + len(block[0]) <= width:
            bands[-1].append(block)
        else:
            bands.append([block])
    return "\n\n".join(map(_side_by_side, bands))


def _side_by_side(blocks: list[list[str]]) -> str:
    lines = (
        GAP.join(line or " " * len(block[0]) for line, block in zip(lines, blocks))
        for lines in zip_longest(*blocks)
    )
    return "\n".join(line.rstrip() for line in lines)


def _block(picture: Picture, width: int) -> list[str]:
    """The title and the rows, padded to the same width; columns that do not fit are left out."""
    factor = f"{picture.factor} · " if picture.factor else ""
    cell = max(len(text) for row in picture.rows for text in row)
    rows = shortened(picture.rows, max(3, (width - len(factor) + 2) // (cell + 2)))
    lines = [f"{picture.symbol}, {picture.about}"]
    for place, row in enumerate(rows):
        before = factor if place == (len(rows) - 1) // 2 else " " * len(factor)
        lines.append(before + "  ".join(text.rjust(cell) for text in row))
    widest = max(map(len, lines))
    return [line.ljust(widest) for line in lines]


def shortened(rows: list[list[str]], columns: int = MAX_DRAWN) -> list[list[str]]:
    """The rows, shortened in the middle if there are too many of them or they are too long."""
    kept = [_ends(row, columns, "…") for row in rows]
    return _ends(kept, MAX_DRAWN, ["⋮"] * len(kept[0]))


def _ends(items: list[Item], most: int, between: Item) -> list[Item]:
    """At most this many items: the first and the last ones, with a mark for those in between."""
    if len(items) <= most:
        return items
    return [*items[: most // 2], between, *items[len(items) - (most - 1) // 2 :]]


TEX = {
    "×": r" \times ", "·": r" \cdot ", "−": "-", "≈": r"\approx", "∞": r"\infty",
    "…": r"\cdots", "⋮": r"\vdots", "max": r"\max",
}  # fmt: skip


def tex(text: str) -> str:
    r"""The LaTeX of a piece of an equation: ``u_2(1,1)`` becomes ``u_{2}(1,1)``, and ``1/9``
    becomes ``\tfrac{1}{9}``."""
    text = re.sub(r"^([a-z])_(\d+(?:,\d+)*)", r"\1_{\2}", text)
    text = re.sub(r"(\d+)/(\d+)", r"\\tfrac{\1}{\2}", text)
    return re.sub("|".join(TEX), lambda found: TEX[found[0]], text)


def _aligned(pieces: Sequence[str], width: int) -> str:
    """An equation for ``align*``, wrapped if it is too long."""
    left, *rest = folded(pieces, width).split(f"\n{GAP}")
    symbol, _, first = left.partition(" ")
    return r" \\ &\quad ".join([f"{tex(symbol)} &{tex(first)}", *map(tex, rest)])


def _matrix(picture: Picture) -> str:
    r"""A matrix with its symbol: ``w = \tfrac{1}{9} \begin{pmatrix} ... \end{pmatrix}``."""
    rows = r" \\ ".join(" & ".join(map(tex, row)) for row in shortened(picture.rows))
    symbol = f"{tex(picture.symbol)} = {tex(picture.factor)}"
    return rf"{symbol} \begin{{pmatrix}} {rows} \end{{pmatrix}}"


def as_data(worked: Worked, steps: int | None = None) -> dict[str, Any]:
    """A worked convolution as plain data: integers are exact, and so are fractions, as ``"16/3"``.

    ``steps`` is the number of windows of each kernel, as in ``sections``.
    """
    convolution = worked.convolution
    most = steps_shown(worked, steps)
    return {
        "format": "cnncalc.convolution",
        "version": 1,
        "flip": convolution.flip,
        "stride": [axis.S for axis in convolution.axes],
        "padding": [_padding(axis) for axis in convolution.axes],
        **_transposed(convolution),
        "mode": convolution.mode,
        "dilation": [axis.D for axis in convolution.axes],
        "input": _tensor(convolution.input),
        "padded": _tensor(convolution.padded),
        "kernels": [_tensor(kernel) for kernel in convolution.kernels],
        "bias": _data(convolution.bias.planes[0]) if convolution.bias else None,
        "steps": [
            {
                "kernel": place + 1,
                "place": list(one.place),
                "pairs": _data(one.pairs),
                "result": _data(one.result),
            }
            for place in range(len(convolution.kernels))
            for one in islice(convolution.sums(place), most)
        ],
        "stages": [{"name": stage.name, **_tensor(stage.output)} for stage in worked.stages],
    }


def _padding(axis: Axis | TransposedAxis) -> list[int]:
    return [axis.before, axis.after] if isinstance(axis, Axis) else [axis.P, axis.P]


def _transposed(convolution: Convolution) -> dict[str, Any]:
    """The output padding of a transposed convolution."""
    if not isinstance(convolution.layer, ConvTranspose):
        return {}
    axes = convolution.layer.axes(convolution.input.shape)
    return {"transposed": True, "output_padding": [axis.P_out for axis in axes]}


def _tensor(tensor: Tensor) -> dict[str, Any]:
    """The name if there is one, the shape, and the numbers channel by channel."""
    name = {"name": tensor.name} if tensor.name else {}
    return {**name, "shape": list(tensor.shape.dimensions), "values": _data(tensor.nested())}


def _data(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return list(map(_data, value))
    return str(value) if isinstance(value, Fraction) else value
