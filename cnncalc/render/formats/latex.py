r"""A LaTeX table in the booktabs style that may span pages.

It compiles in a document with ``\usepackage{booktabs,longtable}``. The font is only as small
as necessary; a table too wide for the smallest is rotated by 90 degrees with ``pdflscape``.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cnncalc.core import escaping

if TYPE_CHECKING:
    from cnncalc.render.sheet import Sheet

SUFFIX = ".tex"

escape = escaping.latex

PARAGRAPH = r"p{0.15\linewidth}"
"""The alignment of a column whose text is broken into lines."""
PARAGRAPH_WIDTH = 12
"""Roughly the number of characters of such text that fit on a line."""
SIZES = {80: "footnotesize", 86: "scriptsize"}
"""The characters that fit on a line of an article in each size; ``tiny`` for longer lines."""
WIDEST = 100
"""The characters that fit in ``tiny``; a wider table is rotated by 90 degrees."""
WIDEST_TURNED = 160
"""The characters that fit in ``tiny`` on a rotated page."""

TOO_WIDE = "% {} characters wide: too wide for a page; choose fewer columns"


def render(view: "Sheet") -> str:
    """The table with its caption, lines, totals and notes."""
    aligned = "".join(_aligned(view, name) for name in view.columns)
    columns = len(view.columns)
    notes = filter(None, [*view.remarks, view.conventions])
    totals = [_across(columns, f"{total.label}: {total.text}") for total in view.totals]
    width = max(_width(view), *(len(total.label + total.text) + 2 for total in view.totals), 0)
    turned = width > WIDEST
    upright = width * WIDEST / WIDEST_TURNED if turned else width
    size = next((size for most, size in SIZES.items() if upright <= most), "tiny")
    head = (r"\toprule", _row(view.headings), r"\midrule")
    lines = [
        rf"% needs \usepackage{{booktabs,longtable{',pdflscape' * turned}}}",
        *([TOO_WIDE.format(width)] if width > WIDEST_TURNED else []),
        *([r"\begin{landscape}"] if turned else []),
        rf"\begingroup\{size}\setlength{{\tabcolsep}}{{4pt}}",
        rf"\begin{{longtable}}{{{aligned}}}",
        rf"\caption{{{escape(view.title)}}}\label{{{label(view.name)}}}\\",
        *head,
        r"\endfirsthead",  # the later pages have no second caption and label
        *head,
        r"\endhead",
        r"\bottomrule",
        r"\endfoot",
        *(_row(view.texts(line)) for line in view.lines),
        *([r"\midrule", *totals] if totals else []),
        r"\end{longtable}",
        *(rf"\noindent {escape(note)}\par" for note in notes),
        r"\endgroup",
        *([r"\end{landscape}"] if turned else []),
    ]
    return "\n".join(lines) + "\n"


def label(name: str) -> str:
    r"""``tab:vgg-16``, the label for ``\ref``."""
    return "tab:" + (re.sub("[^a-z0-9]+", "-", name.lower()).strip("-") or "network")


def _width(view: "Sheet") -> int:
    """The width of the table in characters; the gap beside a column counts as two."""
    columns = zip(view.columns, *map(view.texts, view.lines), strict=True)
    headings = zip(view.headings, columns, strict=True)
    return sum(2 + _widest(view, name, [heading, *cells]) for heading, (name, *cells) in headings)


def _widest(view: "Sheet", name: str, cells: Iterable[str]) -> int:
    return PARAGRAPH_WIDTH if view.prose(name) else max(map(len, cells))


def _aligned(view: "Sheet", name: str) -> str:
    if view.prose(name):
        return PARAGRAPH
    return "r" if view.numeric(name) else "l"


def _row(cells: Iterable[str]) -> str:
    return rf"{' & '.join(map(escape, cells))} \\"


def _across(columns: int, text: str) -> str:
    return rf"\multicolumn{{{columns}}}{{l}}{{{escape(text)}}} \\"
