"""A report played on a tape: every operation that PyTorch runs for it, in order."""

from typing import NamedTuple

from cnncalc.cost import BYTES
from cnncalc.errors import LayerError, UsageError, one_of
from cnncalc.report import Report
from cnncalc.tape import Tape, Tensor

DTYPES = ("float32", "float64", "bfloat16", "float16")
"""The dtypes that PyTorch's layers compute in."""

LOW = BYTES["bfloat16"]
"""What autocast goes down to."""


class Recording(NamedTuple):
    """A tape, with the network's inputs and outputs, and for each operation the tensors that are
    let go after it. The outputs stay."""

    tape: Tape
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    let_go: tuple[tuple[Tensor, ...], ...]


def record(report: Report, *, training: bool, learns: bool, autocast: bool = False) -> Recording:
    """The forward pass on a tape; ``learns`` says whether gradients are wanted.

    Raises UsageError for what is not modelled.
    """
    if report.dtype not in DTYPES:
        raise UsageError(f"PyTorch's layers compute in {one_of(DTYPES)}, not in {report.dtype}")
    if autocast and report.dtype != "float32":
        raise UsageError(f"autocast is for networks of float32, not of {report.dtype}")
    size, low = BYTES[report.dtype], LOW if autocast else None
    tape = Tape(report.batch, size, training=training, learns=learns, low=low)
    tensors: list[Tensor] = []
    ends: list[int] = []  # the last operation when each row has run
    for index, row in enumerate(report.rows):
        tape.row = index
        if row.name in report.input_shapes:
            tensor = tape.input(row.output.elements)
        else:
            try:
                tensor = row.layer.steps(tape, *[tensors[source] for source in row.sources])
            except LayerError as why:
                raise UsageError(f"layer {row.name!r} ({row.kind}): {why}") from None
        tensor.shape = row.output
        tensors.append(tensor)
        ends.append(len(tape.operations) - 1)
    for index, row in enumerate(report.rows):  # a layer's inputs are held until it has run
        for source in row.sources:
            tape.lives[tensors[source]] = ends[index]
    for tensor in tape.cached:  # autocast lets go of them when it ends
        tape.lives[tensor] = len(tape.operations) - 1
    place = {row.name: index for index, row in enumerate(report.rows)}
    outputs = tuple(tensors[place[row.name]] for row in report.outputs)
    inputs = tuple(tensors[place[name]] for name in report.input_shapes)
    return Recording(tape, inputs, outputs, _let_go(tape, outputs))


def _let_go(tape: Tape, outputs: tuple[Tensor, ...]) -> tuple[tuple[Tensor, ...], ...]:
    ending: list[list[Tensor]] = [[] for _ in tape.operations]
    for tensor, index in tape.lives.items():
        if tensor not in outputs and index >= 0:
            ending[index].append(tensor)
    return tuple(map(tuple, ending))


def in_module_order(report: Report, recording: Recording) -> list[tuple[int, Tensor]]:
    """The trained parameters, with their rows, in the order of PyTorch's ``parameters()``: those of
    a block stand together, at the place of its first layer."""
    rank: dict[tuple[str, ...], int] = {}
    for row in report.rows:
        parts = row.name.split(".")
        for depth in range(1, len(parts) + 1):
            rank.setdefault(tuple(parts[:depth]), len(rank))

    def place(held: tuple[int, Tensor]) -> list[int]:
        parts = report.rows[held[0]].name.split(".")
        return [rank[tuple(parts[:depth])] for depth in range(1, len(parts) + 1)]

    return sorted(recording.tape.parameters, key=place)
