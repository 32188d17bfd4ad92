"""The memory that int8 engines on microcontrollers need in inference: RAM for feature maps, and
flash for weights.

Such engines fold batch norms into the layer before, clamp outputs there instead of running a ReLU,
and leave out what does nothing in inference. What remains is one tensor for each layer, which lives
until the last layer that reads it.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from cnncalc.analysis.report import Report, Row
from cnncalc.core.cost import BYTES
from cnncalc.core.errors import UsageError
from cnncalc.core.layer import channels_of
from cnncalc.footprint import LayerBytes
from cnncalc.footprint.orders import Job, Problem, best

VERSION = 1
"""The version of ``to_dict``."""

ALIGNMENT = 16
"""Tensors begin at multiples of this many bytes, as in TensorFlow Lite Micro."""
INT32 = 4
"""The bytes of a bias."""
QUANTIZATION = 4 + 8
"""A scale in float32 and a zero point in int64, which TensorFlow Lite stores for every channel of
weights and of biases."""

NOT_INCLUDED = (
    "scratch memory inside a layer, the engine's own records (the tail of TensorFlow Lite Micro's "
    "arena: 2.7 to 8.2 kB in our models), the engine's code, and the structure of the model file"
)


class Flash(NamedTuple):
    """Bytes of constants: weights in int8, biases in int32, and how both are quantized."""

    weights: int
    biases: int
    quantization: int

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self)


@dataclass(frozen=True)
class Arena:
    """The live bytes while each layer that has its own tensor runs, in the order of the network and
    in the order with the lowest peak. ``best`` is None if the search for it takes too long."""

    name: str
    batch: int
    live: tuple[LayerBytes, ...]
    best: tuple[LayerBytes, ...] | None
    flash: Flash

    @property
    def peak(self) -> LayerBytes:
        """The moment of highest use; the first if there are several."""
        return _highest(self.live)

    @property
    def lowest(self) -> LayerBytes | None:
        """The same in the best order, which is proved to have the lowest peak; None if it is not
        known."""
        return None if self.best is None else _highest(self.best)

    def to_dict(self) -> dict[str, Any]:
        """Plain data (docs/memory.md)."""
        return {
            "format": "cnncalc.arena",
            "version": VERSION,
            "name": self.name,
            "batch": self.batch,
            "dtype": "int8",
            "inference_peak": self.peak._asdict(),
            "lowest_peak": None if self.lowest is None else self.lowest._asdict(),
            "flash": {**self.flash._asdict(), "total": self.flash.total},
            "live": dict(self.live),
            "best_order": None if self.best is None else [one.layer for one in self.best],
        }


def arena(report: Report) -> Arena:
    """The RAM and flash of a network whose values take one byte each.

    Raises UsageError if the number of weights is not known.
    """
    held = _tensors(report)
    problem = _problem(report, held)
    names = [report.rows[job.writes].name for job in problem.jobs]
    if not names:
        raise UsageError(f"{report.name} has no layer that needs memory in int8")

    def moments(order: Sequence[int]) -> tuple[LayerBytes, ...]:
        live = problem.moments(order)
        return tuple(LayerBytes(names[place], size) for place, size in zip(order, live))

    order = best(problem)
    return Arena(
        report.name,
        report.batch,
        moments(range(len(names))),
        None if order is None else moments(order),
        _flash(report, held),
    )


def maps_peak(report: Report) -> LayerBytes:
    """The most bytes of feature maps that are live at once, as one computes it by hand: the inputs
    and the output of a layer, and what later layers still read, without copies and scratch.

    Layers that can run inside the layer before, such as a ReLU, need no tensor of their own.
    """
    each = BYTES[report.dtype]

    def size(report: Report, index: int) -> int:
        return report.rows[index].output.elements * report.batch * each

    problem = _problem(report, _tensors(report), size)
    live = problem.moments(range(len(problem.jobs)))
    names = (report.rows[job.writes].name for job in problem.jobs)
    return _highest([LayerBytes(name, count) for name, count in zip(names, live, strict=True)])


def _highest(moments: Sequence[LayerBytes]) -> LayerBytes:
    return max(moments, key=lambda moment: moment.bytes)


def _size(report: Report, index: int) -> int:
    elements = report.rows[index].output.elements * report.batch
    return -(-elements // ALIGNMENT) * ALIGNMENT


def _problem(
    report: Report, held: Sequence[int], size: Callable[[Report, int], int] = _size
) -> Problem:
    """The layers that write a tensor of their own."""
    place = {row.name: index for index, row in enumerate(report.rows)}
    reads: dict[int, list[int]] = {index: [] for index in held}
    for index, row in enumerate(report.rows):
        if held[index] == index:
            reads[index] = [held[source] for source in row.sources]
    return Problem(
        [
            Job(tensor, tuple(dict.fromkeys(sources)))
            for tensor, sources in reads.items()
            if report.rows[tensor].sources
        ],
        {tensor: size(report, tensor) for tensor in reads},
        [tensor for tensor in reads if not report.rows[tensor].sources],
        frozenset(held[place[row.name]] for row in report.outputs),
    )


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


def _flash(report: Report, held: Sequence[int]) -> Flash:
    """The constants. A folded batch norm leaves a bias for each channel of the layer before."""
    if "params" in report.unknown:
        raise UsageError(f"how many weights {report.opaque[0].name!r} has is not known")
    folded = {
        held[index]
        for index, row in enumerate(report.rows)
        if held[index] != index and row.cost.buffers
    }
    found = Flash(0, 0, 0)
    for index, row in enumerate(report.rows):
        # If layers share weights, folding different batch norms into them makes several copies.
        if held[index] == index and (index in folded or not row.weights_of):
            parts = _constants(row, index in folded)
            found = Flash(*map(sum, zip(found, parts, strict=True)))
    return found


def _constants(row: Row, folded: bool) -> Flash:
    """The constants of a layer. A norm that is not folded multiplies and adds one for each channel,
    whether or not it learns them."""
    weights, biases, buffers, fixed = row.layer.parameters(*row.inputs)
    nests, outputs = row.layer.nests(*row.inputs), channels_of(row.output)
    weights += fixed
    if buffers and row.cost.macs:
        weights += buffers
    elif buffers:
        weights, biases = max(weights, outputs), max(biases, outputs)
    if folded:
        biases = max(biases, outputs)
    channels = sum(nest.groups * nest.filters for nest in nests or ()) or outputs
    quantized = (channels if weights else 0) + biases
    return Flash(weights, biases * INT32, quantized * QUANTIZATION)
