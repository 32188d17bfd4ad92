"""The memory that int8 engines on microcontrollers need for feature maps in inference.

Such engines fold batch norms into the layer before, clamp outputs there instead of running a ReLU,
and leave out what does nothing in inference. What remains is one tensor for each layer, which lives
until the last layer that reads it. Scratch memory inside a layer and the engine's own records are
not included.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cnncalc.analysis.report import Report, Row
from cnncalc.footprint import LayerBytes

VERSION = 1
"""The version of ``to_dict``."""

ALIGNMENT = 16
"""Tensors begin at multiples of this many bytes, as in TensorFlow Lite Micro."""


@dataclass(frozen=True)
class Arena:
    """The live bytes while each layer that has its own tensor runs, in order."""

    name: str
    batch: int
    live: tuple[LayerBytes, ...]

    @property
    def peak(self) -> LayerBytes:
        """The moment of highest use; the first if there are several."""
        return max(self.live, key=lambda moment: moment.bytes)

    def to_dict(self) -> dict[str, Any]:
        """Plain data (docs/memory.md)."""
        return {
            "format": "cnncalc.arena",
            "version": VERSION,
            "name": self.name,
            "batch": self.batch,
            "dtype": "int8",
            "inference_peak": self.peak._asdict(),
            "live": dict(self.live),
        }


def arena(report: Report) -> Arena:
    """The feature maps of a network whose values take one byte each."""
    held = _tensors(report)
    place = {row.name: index for index, row in enumerate(report.rows)}
    last = {tensor: index for index, tensor in enumerate(held)}
    for index, row in enumerate(report.rows):
        last |= {held[source]: index for source in row.sources}
    last |= {held[place[row.name]]: len(held) for row in report.outputs}
    freed: dict[int, list[int]] = {}
    for tensor, index in last.items():
        freed.setdefault(index, []).append(tensor)
    inputs = [index for index, row in enumerate(report.rows) if not row.sources]
    alive = sum(_size(report, index) for index in inputs)
    moments = []
    for index, row in enumerate(report.rows):
        if held[index] == index and row.sources:
            alive += _size(report, index)
            moments.append(LayerBytes(row.name, alive))
        alive -= sum(_size(report, tensor) for tensor in freed.get(index, []))
    return Arena(report.name, report.batch, tuple(moments))


def _size(report: Report, index: int) -> int:
    elements = report.rows[index].output.elements * report.batch
    return -(-elements // ALIGNMENT) * ALIGNMENT


def _tensors(report: Report) -> list[int]:
    """For each row, the row whose tensor holds its output."""
    readers = Counter(source for row in report.rows for source in row.sources)
    held: list[int] = []
    for index, row in enumerate(report.rows):
        inside = row.layer.inside and _runs_inside(row, report.rows, readers)
        held.append(held[row.sources[0]] if inside else index)
    return held


def _runs_inside(row: Row, rows: Sequence[Row], readers: Counter[int]) -> bool:
    """Whether a layer that can run inside the layer before does."""
    (source,) = row.sources
    before = rows[source]
    if not row.layer.moves:
        return True
    if readers[source] > 1 or not before.sources:
        return False
    # A scale can be folded into weights if it is fixed; a clamp needs none.
    return not row.cost.multiply or (before.cost.macs > 0 and row.cost.buffers > 0)
