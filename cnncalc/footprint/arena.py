"""The memory that int8 engines on microcontrollers need for inference: RAM for feature maps, and
flash for weights.

Such engines fold batch norms into the preceding layer, clamp its output instead of running a ReLU,
and leave out layers that do nothing during inference. Each remaining layer writes one tensor, or
several if the engine runs it as several layers; a tensor lives until the last layer that reads it
has run. The details follow TensorFlow Lite Micro.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

from cnncalc.analysis.report import Report, Row
from cnncalc.core.cost import BYTES
from cnncalc.core.errors import UsageError
from cnncalc.core.layer import channels_of
from cnncalc.footprint import LayerBytes
from cnncalc.footprint.orders import Job, Problem, best
from cnncalc.footprint.placement import placed

VERSION = 1
"""The version of the data of ``to_dict``."""

ALIGNMENT = 16
"""Tensors begin at multiples of this many bytes, as in TensorFlow Lite Micro."""
INT32 = 4
"""The bytes of a bias."""
QUANTIZATION = 4 + 8
"""The bytes of a scale in float32 and a zero point in int64."""

NOT_INCLUDED = (
    "scratch memory of optimized kernels, the engine's own records (the tail of TensorFlow Lite "
    "Micro's arena: 2.6 to 8.2 kB in nine small models that were measured), the engine's code, and "
    "the structure of the model file"
)


class Flash(NamedTuple):
    """Bytes of constants: weights in int8, biases in int32, and the quantization of both."""

    weights: int
    biases: int
    quantization: int

    @property
    def total(self) -> int:
        """The sum of all constants."""
        return sum(self)


@dataclass(frozen=True)
class Arena:
    """The live bytes while each layer that has its own tensor runs, in the order of the network and
    in the order with the lowest peak. ``best`` is None if the search for it takes too long.
    ``placed`` and ``best_placed`` are the bytes for all tensors in these orders, with the gaps
    between them; None if they are not known."""

    name: str
    batch: int
    live: tuple[LayerBytes, ...]
    best: tuple[LayerBytes, ...] | None
    placed: int | None
    best_placed: int | None
    flash: Flash

    @property
    def ram(self) -> int:
        """The bytes that the tensors need, with gaps if they are known."""
        return self.peak.bytes if self.placed is None else self.placed

    @property
    def peak(self) -> LayerBytes:
        """The moment of highest use; the first if there are several."""
        return _highest(self.live)

    @property
    def lowest(self) -> LayerBytes | None:
        """The moment of highest use in the best order, which provably has the lowest peak; None if
        that order is not known."""
        return None if self.best is None else _highest(self.best)

    def to_dict(self) -> dict[str, Any]:
        """Plain data (docs/memory.md)."""
        return {
            "format": "cnncalc.arena",
            "version": VERSION,
            "name": self.name,
            "batch": self.batch,
            "dtype": "int8",
            "ram": self.ram,
            "best_ram": self.best_placed,
            "inference_peak": self.peak._asdict(),
            "lowest_peak": None if self.lowest is None else self.lowest._asdict(),
            "flash": {**self.flash._asdict(), "total": self.flash.total},
            "live": dict(self.live),
            "best_order": None if self.best is None else [one.layer for one in self.best],
        }


def arena(report: Report) -> Arena:
    """The RAM and flash of a network whose values take one byte each.

    Raises UsageError if the number of weights is not known, or if no layer needs memory.
    """
    held = _tensors(report, copies=True)
    problem, names = _problem(report, held)
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
        placed(problem, range(len(names))),
        None if order is None else placed(problem, order),
        _flash(report, held),
    )


def maps_peak(report: Report) -> LayerBytes:
    """The peak bytes of live feature maps, as computed by hand: the inputs and the output of a
    layer, and the maps that later layers still read, without copies and scratch memory.

    Layers that run inside the preceding one, such as a ReLU, need no separate tensor.
    """
    problem, names = _problem(report, _tensors(report, copies=False), engine=False)
    live = problem.moments(range(len(names)))
    moments = [LayerBytes(name, count) for name, count in zip(names, live, strict=True)]
    return _highest(moments or [LayerBytes(report.rows[0].name, problem.start)])


def _highest(moments: Sequence[LayerBytes]) -> LayerBytes:
    return max(moments, key=lambda moment: moment.bytes)


def _problem(
    report: Report, held: Sequence[int], *, engine: bool = True
) -> tuple[Problem, list[str]]:
    """The layers that write a separate tensor, and their names. Tensors have the numbers of their
    rows; those inside layers come after them.

    Without an engine, values are in the report's dtype, and only the tensors that layers read and
    write count.
    """

    def size(elements: int) -> int:
        elements *= report.batch
        return -(-elements // ALIGNMENT) * ALIGNMENT if engine else elements * BYTES[report.dtype]

    place = {row.name: index for index, row in enumerate(report.rows)}
    jobs, names, sizes, given = list[Job](), list[str](), dict[int, int](), list[int]()
    for index, row in enumerate(report.rows):
        if held[index] != index:
            continue
        sizes[index] = size(row.output.elements)
        if not row.sources:
            given.append(index)
            continue
        reads = tuple(dict.fromkeys(held[source] for source in row.sources))
        for number, elements in enumerate(_between(row) if engine else (), 1):
            inner = len(report.rows) + len(jobs)
            sizes[inner] = size(elements)
            jobs.append(Job(inner, reads))
            names.append(f"{row.name}.{number}")
            reads = (inner,)
        jobs.append(Job(index, reads, row.layer.scratch * sizes[index] if engine else 0))
        names.append(row.name)
    kept = frozenset(held[place[row.name]] for row in report.outputs)
    return Problem(jobs, sizes, given, kept), names


def _between(row: Row) -> list[int]:
    """The elements of the tensors inside a layer that the engine runs as several layers: the
    outputs of all its convolutions but the last, or the product of a norm."""
    if row.cost.buffers and not row.cost.macs:
        return [row.output.elements]
    nests = row.layer.nests(*row.inputs) or ()
    return [
        nest.groups * nest.filters * prod(window.places for window in nest.axes)
        for nest in nests[:-1]
    ]


def _tensors(report: Report, *, copies: bool) -> list[int]:
    """For each row, the row whose tensor holds its output. ``copies`` says whether a layer that
    changes only the shape copies its input."""
    readers = Counter(source for row in report.rows for source in row.sources)
    held: list[int] = []
    for index, row in enumerate(report.rows):
        inside = row.layer.inside and _runs_inside(row, report.rows, readers)
        if copies and not row.layer.moves and row.inputs and row.output != row.inputs[0]:
            inside = False
        held.append(held[row.sources[0]] if inside else index)
    return held


def _runs_inside(row: Row, rows: Sequence[Row], readers: Counter[int]) -> bool:
    """Whether a layer that can run inside the layer before it does so here."""
    (source,) = row.sources
    before = rows[source]
    if not row.layer.moves:
        return True
    if readers[source] > 1 or not before.sources:
        return False
    # A fixed scale can be folded into weights; a clamp needs no weights.
    return not row.cost.multiply or (before.cost.macs > 0 and row.cost.buffers > 0)


def _flash(report: Report, held: Sequence[int]) -> Flash:
    """The constants. A folded batch norm leaves a bias for each channel of the preceding layer."""
    if "params" in report.unknown:
        unsure = next(row.name for row in report.opaque if "params" in row.unknown)
        fact = f"the number of weights of {unsure!r} is not known"
        raise UsageError(fact, "state its counts in the spec")
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
    """The constants of a layer. The convolutions of TensorFlow Lite always have biases, and each
    of their channels has its own quantization; a batch norm that is not folded is a product and a
    sum, each with one int8 constant per channel, whether or not it learns them."""
    weights, biases, buffers, fixed = row.layer.parameters(*row.inputs)
    nests, outputs = row.layer.nests(*row.inputs), channels_of(row.output)
    if buffers and not row.cost.macs:
        return Flash(2 * outputs, 0, 2 * QUANTIZATION)
    weights += fixed + buffers
    channels = [nest.groups * nest.filters for nest in nests or ()]
    biased = sum(count for count, nest in zip(channels, nests or ()) if nest.axes)
    biases = max(biases, biased, outputs if folded else 0)
    scales = sum(channels) or (outputs if row.cost.macs else 1)
    return Flash(weights, biases * INT32, (scales * bool(weights) + biases) * QUANTIZATION)
