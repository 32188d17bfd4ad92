"""How the numbers of every layer are computed, quantity by quantity.

Layers with the same derivation share it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from cnncalc.analysis.report import Line, Report
from cnncalc.core import units
from cnncalc.derivations import mathml
from cnncalc.derivations.explain import QUANTITIES, Derivation, explain
from cnncalc.derivations.symbols import MEANINGS, meanings

MOST_LAYERS = 1_000
"""Pages of longer networks leave out the derivations."""
SHOWN = 2
"""The most layers that the summary of a derivation names."""
NOTHING = re.compile("none|0 parameters|0 MACs, 0 FLOPs")
"""An answer that needs no explanation."""
SYMBOLS = meanings(MEANINGS)


class Workings:
    """The derivations of a report, each once."""

    def __init__(self, report: Report) -> None:
        self._found: dict[Derivation, list[str]] = {}
        self._ids: dict[Derivation, str] = {}
        self._keys: dict[str, dict[str, str]] = {}
        self._left_out = len(report.layers) > MOST_LAYERS
        for row in () if self._left_out else report.layers:
            derivations = explain(row, report)
            for one in derivations:
                self._ids.setdefault(one, f"w{len(self._ids)}")
                self._found.setdefault(one, []).append(row.name)
            self._keys[row.name] = {
                one.quantity: self._ids[one]
                for one in derivations
                if one.workings or not NOTHING.fullmatch(one.answer)
            }

    def of(self, line: Line) -> Mapping[str, str]:
        """The ids of a layer's derivations in the page, by quantity; a block has none."""
        return {} if line.folded else self._keys.get(line.name, {})

    def html(self) -> Iterator[str]:
        """The section of the page."""
        yield '<h2 id="workings">How each number is computed</h2>'
        if self._left_out:
            most = units.exact(MOST_LAYERS)
            yield f"<p>Left out because the network has more than {most} layers; "
            yield "<code>cnncalc explain NETWORK LAYER</code> explains one layer.</p>"
            return
        symbols = "; ".join(f"<i>{name}</i> {escape(text)}" for name, text in SYMBOLS.items())
        yield f'<p class="small">{symbols}.</p>'
        for quantity, about in QUANTITIES.items():
            title = quantity.replace("-", " ").replace("macs", "MACs")
            yield f"<h3>{title[:1].upper()}{title[1:]}: {escape(about.doc)}</h3>"
            for one, names in self._found.items():
                if one.quantity == quantity:
                    yield self._entry(one, names)

    def _entry(self, one: Derivation, names: Sequence[str]) -> str:
        """The answer with the layers; the equations, if there are any, open on a click."""
        key, heading = self._ids[one], f"<b>{escape(one.answer)}</b> {_names(names)}"
        if not one.workings:
            return f'<p id="{key}">{heading}</p>'
        equations = "".join(map(mathml.equation, one.workings))
        return (
            f"<details><summary>{heading}</summary>"
            f'<div id="{key}">{equations}</div></details>'
        )  # a link to the content of a closed element opens it


def _names(names: Sequence[str]) -> str:
    listed = ", ".join(map(_isolated, names[:SHOWN]))
    more = len(names) - SHOWN
    return listed + (f" and {more} more" if more > 0 else "")


def _isolated(name: str) -> str:
    """A name that cannot change the direction of the text around it."""
    return escape(name) if name.isascii() else f"<bdi>{escape(name)}</bdi>"
