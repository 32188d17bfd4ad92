"""A report recorded on a tape: every operation that PyTorch runs for it, in order."""

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.analysis.report import Report, Row
from cnncalc.core.cost import BYTES
from cnncalc.core.errors import LayerError, UsageError, unknown
from cnncalc.core.layer import channels_of, positions_of
from cnncalc.core.operation import Tensor
from cnncalc.core.strides import LAST, Strided, contiguous, ordered
from cnncalc.core.tape import Tape

AMP = "amp"
"""Stands for float32 parameters under autocast to bfloat16."""

DTYPES = ("float32", "float64", "bfloat16", "float16", AMP)
"""The dtypes to model: those in which PyTorch's layers compute, and autocast."""

DEVICES = ("cpu", "cuda")
"""The devices to model; PyTorch saves and accumulates differently on each."""


class Recording(NamedTuple):
    """A tape with the network's inputs and outputs. For each operation it lists the tensors that
    are freed after it (the outputs are not), and for each row its last operation. ``unused`` are
    the rows that lead to no output."""

    tape: Tape
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    freed: tuple[tuple[Tensor, ...], ...]
    ends: tuple[int, ...]
    unused: frozenset[int]


def record(
    report: Report, *, training: bool, learns: bool, dtype: str, device: str, batch: int
) -> Recording:
    """Record the forward pass on a tape; ``learns`` says whether gradients are needed. The
    report's own batch and dtype are not used.

    Raises UsageError for an unknown dtype or device, and for anything that is not modelled.
    """
    for word, known, what in ((device, DEVICES, "kind of device"), (dtype, DTYPES, "dtype")):
        if word not in known:
            meant = "cuda" if word == "gpu" else word
            raise unknown(what, word, known, meant)
    tape = Tape(
        batch,
        BYTES["float32" if dtype == AMP else dtype],
        training=training,
        learns=learns,
        low=BYTES["bfloat16"] if dtype == AMP else None,
        cuda=device == "cuda",
    )
    tensors: list[Tensor] = []
    ends: list[int] = []  # each row's last operation
    place = {row.name: index for index, row in enumerate(report.rows)}
    for index, row in enumerate(report.rows):
        tape.turn(index, place.get(row.weights_of or ""), row.trainable)
        if row.name in report.input_shapes:
            tensor = tape.input(row.output.elements)
        else:
            tensor = _steps(tape, row, [tensors[source] for source in row.sources])
        tensor.shape = row.output
        sources = [tensors[source] for source in row.sources]
        tensor.strided = tensor.strided or _strided(row, sources, tensor, batch)
        if tensor.channels_last and 1 in (channels_of(row.output), positions_of(row.output)):
            tensor.channels_last = None  # both memory formats fit, and operations may choose either
        tensors.append(tensor)
        ends.append(len(tape.operations) - 1)
    outputs = tuple(tensors[place[row.name]] for row in report.outputs)
    unused = frozenset(place[row.name] for row in report.unused)
    _need_gradients(report, tape, outputs, unused)
    for index, row in enumerate(report.rows):  # a layer's inputs live until it has run
        for source in row.sources:
            tape.lives[tensors[source]] = ends[index]
    for tensor in tape.cached.values():  # autocast frees them when it ends
        tape.lives[tensor] = len(tape.operations) - 1
    inputs = tuple(tensors[place[name]] for name in report.input_shapes)
    return Recording(tape, inputs, outputs, _freed(tape, outputs), tuple(ends), unused)


def check_peaks(report: Report, recording: Recording) -> Recording:
    """The recording. Raises UsageError if its peaks are not modelled."""
    if report.unused:
        raise UsageError(
            f"layer {report.unused[0].name!r} leads to no output, and cnncalc does not model "
            "when PyTorch frees its output; name it under 'outputs' or leave it out"
        )
    if recording.tape.unclear:
        row, why = recording.tape.unclear
        raise not_modelled(report.rows[row], why)
    return recording


def _strided(row: Row, inputs: Sequence[Tensor], output: Tensor, batch: int) -> Strided | None:
    """The sizes and strides of a layer's output, if they follow from its inputs' memory format or
    from the order of its elements."""
    sizes = (batch, *row.output.dimensions)
    if all(one.in_order for one in (*inputs, output)):  # whatever the sizes
        return contiguous(sizes)
    formats = [one.strided.format if one.strided else () for one in inputs]
    if len(sizes) - 2 in row.layer.keeps_format and () not in formats:
        return ordered(sizes, LAST if set(formats) == {LAST} else range(len(sizes))[::-1])
    if output.in_order:
        return contiguous(sizes)
    if output.order is None or output.gaps or output.interleaved:
        return None
    return ordered(sizes, [*(1 + axis for axis in reversed(output.order)), 0])


def _steps(tape: Tape, row: Row, inputs: list[Tensor]) -> Tensor:
    """Record a layer and return its output.

    If memory runs out here, Python repeats the end of ``except`` forever in functions of more than
    256 instructions, so this is a separate function.
    """
    try:
        return row.layer.steps(tape, *inputs)
    except LayerError as why:
        raise not_modelled(row, why) from None


def _need_gradients(
    report: Report, tape: Tape, outputs: tuple[Tensor, ...], unused: frozenset[int]
) -> None:
    """Raise UsageError if some operation waits for a gradient that never comes, because only
    operations without a gradient read its output. The graph of unused rows is freed before
    the backward pass."""
    reached = {*outputs}
    for operation in reversed(tape.operations):
        if not operation.has_node or operation.row in unused:
            continue
        if reached.isdisjoint(operation.outputs):
            row = report.rows[operation.row]
            why = LayerError(
                "its output gets no gradient, and cnncalc does not model when PyTorch frees what "
                "the layer saved"
            )
            raise not_modelled(row, why)
        reached.update(operation.reads)


def not_modelled(row: Row, why: LayerError) -> UsageError:
    """The error for a layer whose memory is not modelled."""
    return UsageError(f"layer {row.name!r} ({row.kind}): {why}")


def _freed(tape: Tape, outputs: tuple[Tensor, ...]) -> tuple[tuple[Tensor, ...], ...]:
    freed: list[list[Tensor]] = [[] for _ in tape.operations]
    staying = {*outputs}
    for tensor, index in tape.lives.items():
        if tensor not in staying and index >= 0:
            freed[index].append(tensor)
    return tuple(map(tuple, freed))
