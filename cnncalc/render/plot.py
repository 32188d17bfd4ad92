"""The parameters, MACs and activation memory along a network, as bars in the terminal."""

from typing import NamedTuple

from cnncalc.render import terminal
from cnncalc.render.columns import COLUMNS
from cnncalc.render.view import View

PANELS = {"params": "params", "macs": "macs", "stored": "activations_total_bytes"}
"""The columns that are drawn, and the count whose share each bar shows."""
LEGEND = "In each panel the largest share has the longest bar. Lines of zeros are left out."
LONGEST_NAME = 20
SHORTEST_BAR = 4
EIGHTHS = " ▏▎▍▌▋▊▉█"


class Panel(NamedTuple):
    """One group of bars: its heading, its numbers and its shares, line by line."""

    heading: str
    numbers: list[str]
    shares: list[float]

    @property
    def size(self) -> int:
        """The width of the numbers."""
        return max(map(len, [self.heading, *self.numbers]))


def draw(view: View, width: int, colour: bool) -> str:
    """A line with three bars for each line of the table that has any of the three counts."""
    report = view.report
    counts = [*PANELS.values()]
    lines = [line for line in view.lines if any(getattr(line.cost, count) for count in counts)]
    names = [_short(line.name) for line in lines]
    panels = [
        Panel(
            COLUMNS[name].heading,
            [view.text(name, line) for line in lines],
            [report.share(line.cost, count) for line in lines],
        )
        for name, count in PANELS.items()
    ]
    left = max(map(terminal.cells, names), default=0)
    labels = left + sum(panel.size + len("   100%  ") for panel in panels)
    bar = max((width - labels) // len(panels), SHORTEST_BAR)
    head = "".join(f"   {panel.heading:>{panel.size}}      {'':{bar}}" for panel in panels)
    legend = LEGEND if report.exact else f"{LEGEND} Shares are of the known counts."
    rows = [
        terminal.pad(name, left)
        + "".join(
            f"   {panel.numbers[at]:>{panel.size}} {panel.shares[at]:>4.0%} {_bar(panel, at, bar)}"
            for panel in panels
        )
        for at, name in enumerate(names)
    ]
    return "\n".join(
        [
            terminal.styled(view.title, "bold", colour),
            "",
            terminal.styled(f"{'':{left}}{head}".rstrip(), "bold", colour),
            terminal.styled("─" * (left + len(head)), "dim", colour),
            *map(str.rstrip, rows),
            "",
            *(terminal.styled(line, "dim", colour) for line in terminal.wrap(legend, width)),
            "",
        ]
    )


def _bar(panel: Panel, at: int, width: int) -> str:
    """A bar in eighths of a character; anything above zero gets at least one."""
    share, largest = panel.shares[at], max(panel.shares) or 1.0
    eighths = max(round(8 * width * share / largest), 1 if share else 0)
    full, rest = divmod(eighths, 8)
    return f"{EIGHTHS[8] * full + EIGHTHS[rest].strip():{width}}"


def _short(name: str) -> str:
    """The end of a long name, because that is where names differ."""
    return name if len(name) <= LONGEST_NAME else "…" + name[1 - LONGEST_NAME :]
