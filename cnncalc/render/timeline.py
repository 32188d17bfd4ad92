"""The live memory over a training step, as a chart of blocks in the terminal."""

from collections.abc import Sequence
from itertools import accumulate, groupby, pairwise

from cnncalc.core import units
from cnncalc.footprint import Memory
from cnncalc.footprint.walk import Moment

LEAST = 10
"""The fewest columns of a plot."""
HEIGHT = 16
PARTS = {
    "█": "resident: parameters, buffers, optimizer state",
    "▓": "gradients of parameters",
    "▒": "saved for backward",
    "░": "transient: the batch, activations and gradients in use, temporary tensors",
}
"""The meaning of each block, from the bottom up."""


def stacked(memory: Memory, moment: Moment) -> tuple[int, ...]:
    """The height, in bytes, that each of ``PARTS`` reaches at a moment."""
    sizes = memory.resident, moment.gradients, moment.saved, moment.transient
    return tuple(accumulate(sizes))


def draw(memory: Memory, width: int) -> str:
    """The memory at each operation, in the order of execution, with the peak marked above.

    A column shows one operation or, if there are more of them than columns, the highest of several.
    """
    peak = memory.training_peak
    labels = [units.in_bytes(peak.bytes * n // 4) for n in range(5)]
    left = max(map(len, labels))
    columns = max(width - left - 3, LEAST)  # huge sizes may be wider than the terminal
    shown = fitted(memory.moments, columns)
    lines = _peak(memory, shown, left)
    for row in reversed(range(HEIGHT)):
        label = labels[(row + 1) // 4] if (row + 1) % 4 == 0 else ""
        cells = "".join(_cell(memory, moment, row) for moment in shown)
        lines.append(f"{label:>{left}} {'┤' if label else '│'} {cells}".rstrip())
    lines.append(f"{labels[0]:>{left}} ┼─{'─' * len(shown)}")
    lines.append(" " * (left + 3) + _phases(shown))
    lines += [f"{'':>{left}} {block} {what}" for block, what in PARTS.items()]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def fitted(moments: Sequence[Moment], columns: int) -> list[Moment]:
    """One moment per column: repeated if there are few, else the highest of each group."""
    number = len(moments)
    if number <= columns:
        return [moments[place * number // columns] for place in range(columns)]
    edges = [place * number // columns for place in range(columns + 1)]
    return [
        max(moments[begin:end], key=lambda moment: moment.alive) for begin, end in pairwise(edges)
    ]


def _cell(memory: Memory, moment: Moment, row: int) -> str:
    """The block that covers the middle of a cell; a blank if the memory does not reach it."""
    for block, top in zip(PARTS, stacked(memory, moment)):
        if (2 * row + 1) * memory.training_peak.bytes < 2 * HEIGHT * top:
            return block
    return " "


def _peak(memory: Memory, shown: Sequence[Moment], left: int) -> list[str]:
    """The size and place of the peak, and an arrow that points to it."""
    peak = memory.training_peak
    highest = max(moment.alive for moment in shown)
    place = next(i for i, moment in enumerate(shown) if moment.alive == highest)
    text = f"{units.in_bytes(peak.bytes)} at {peak.layer}, {peak.phase}"
    return [" " * (left + 3) + text, " " * (left + 3 + place) + "▼"]


def _phases(shown: Sequence[Moment]) -> str:
    """The names of the phases, each centred below its columns and cut to fit."""
    spans = [(phase, len(list(run))) for phase, run in groupby(shown, key=lambda one: one.phase)]
    return "".join(f"{phase[: size - 1]:^{size}}" for phase, size in spans)
