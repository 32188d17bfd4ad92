"""Where parameters, MACs and activation memory sit along the network, as bars in the terminal."""

from collections.abc import Sequence
from typing import Any

from cnncalc.analysis.report import Line
from cnncalc.core.errors import UsageError
from cnncalc.render.terminal import NARROWEST
from cnncalc.render.view import COLUMNS, View

PANELS = {"params": "params", "macs": "macs", "stored": "activations_total_bytes"}
"""The columns that are drawn, and the quantity of a cost that each one's share is taken of."""

LEGEND = (
    "Each panel's longest bar is its largest share; layers without any of the three are left out."
)
LONGEST_NAME = 20


def draw(view: View, width: int, colour: bool) -> str:
    """A line of three bars for each line of the table that holds any of the three quantities.

    The longest bar of a panel is its largest share. Raises UsageError where plotext is missing.
    """
    figure = _figure()
    lines = [line for line in view.lines if any(_share(view, line, name) for name in PANELS)]
    names = [_short(line.name) for line in lines]
    labels = [_labels(view, lines, name) for name in PANELS]
    labels[0] = [_beside(name, names, label) for name, label in zip(names, labels[0], strict=True)]
    rest = max(NARROWEST, width) - sum(max(map(len, column)) for column in labels)
    figure.clear()
    figure.plot_size(max(NARROWEST, width), len(lines) + 1)
    figure.subplots(1, len(PANELS))
    for place, (name, column) in enumerate(zip(PANELS, labels, strict=True), 1):
        panel = figure.subplot(1, place)
        panel.plot_size(max(map(len, column)) + rest // len(PANELS), len(lines) + 1)
        _bars(panel, COLUMNS[name].heading, column, [_share(view, line, name) for line in lines])
    drawn = figure.build().string(colorless=not colour)
    figure.clear()
    text = "\n".join(line.rstrip() for line in drawn.splitlines())
    return f"{view.title}\n{text.rstrip()}\n{LEGEND}\n"


def _figure() -> Any:
    try:
        from plotext import figure, terminal
    except ImportError:
        raise UsageError("--plot needs plotext 6.1: pip install 'plotext>=6.1,<7'") from None
    # A network may be longer than the screen.
    terminal.limit(False, False)
    return figure


def _bars(panel: Any, title: str, labels: Sequence[str], shares: Sequence[float]) -> None:
    places = list(range(1, len(shares) + 1))
    panel.theme("simple")
    panel.title(title)
    panel.axes(False)
    panel.draw(panel.bar(places, list(shares), orientation="horizontal", width=0.2, marker="hd"))
    panel.ruler("x").frequency(0)
    panel.ruler("x").lim(0, max(shares) or 1)
    panel.ruler("y").ticks(places, list(labels))
    panel.ruler("y").direction(-1)
    panel.ruler("y").lim(0.5, len(places) + 0.5)
    panel.ruler("y").alignment(lim="edge")


def _share(view: View, line: Line, name: str) -> float:
    return view.report.share(line.cost, PANELS[name])


def _labels(view: View, lines: Sequence[Line], name: str) -> list[str]:
    """``102.76 M  74% ``: the number and its share of the total, each set to the right."""
    numbers = [view.text(name, line) for line in lines]
    widest = max(map(len, numbers))
    shares = [_share(view, line, name) for line in lines]
    return [
        f"  {number:>{widest}} {share:>4.0%} "
        for number, share in zip(numbers, shares, strict=True)
    ]


def _beside(name: str, names: Sequence[str], label: str) -> str:
    return f"{name:<{max(map(len, names))}}{label}"


def _short(name: str) -> str:
    """The end of a long name, which tells one layer from the next."""
    return name if len(name) <= LONGEST_NAME else "…" + name[1 - LONGEST_NAME :]
