"""Memory of a whole network, to the byte of what PyTorch on the CPU holds.

Layers say what they keep and what they need beside their inputs and outputs; here it is followed
which tensors share memory, which need a gradient, and when each is let go.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from cnncalc.cost import BYTES
from cnncalc.errors import LayerError, UsageError, did_you_mean
from cnncalc.formulas import memory
from cnncalc.layer import Run
from cnncalc.report import Report, Row

VERSION = 1
"""The version of ``to_dict``."""

DTYPES = ("float32", "float64")
"""Where PyTorch keeps statistics in the dtype of the numbers, so that the bytes are exact."""

OPTIMIZERS = {
    "sgd": 0,
    "momentum": 1,
    "nag": 1,
    "adagrad": 1,
    "rmsprop": 1,
    "adadelta": 2,
    "adam": 2,
    "adamw": 2,
}
"""The numbers that an optimizer holds for every parameter."""


class Held(NamedTuple):
    """Bytes that are held on account of a layer."""

    layer: str
    bytes: int


@dataclass(frozen=True)
class Memory:
    """What a network needs: held throughout, kept for the backward pass, and at its fullest.

    ``saved`` has every tensor once, with the first layer that keeps it; ``peak`` is the layer at
    which the most activations are alive in inference.
    """

    name: str
    batch: int
    dtype: str
    optimizer: str
    training: bool
    parameters: int
    gradients: int
    optimizer_state: int
    saved: tuple[Held, ...]
    peak: Held

    @cached_property
    def saved_for_backward(self) -> int:
        """All that is kept for the backward pass."""
        return sum(held.bytes for held in self.saved)

    def to_dict(self) -> dict[str, Any]:
        """Plain data (docs/memory.md)."""
        return {
            "format": "cnncalc.memory",
            "version": VERSION,
            "name": self.name,
            "batch": self.batch,
            "dtype": self.dtype,
            "optimizer": self.optimizer,
            "training": self.training,
            "parameters": self.parameters,
            "gradients": self.gradients,
            "optimizer_state": self.optimizer_state,
            "saved_for_backward": self.saved_for_backward,
            "saved": [held._asdict() for held in self.saved],
            "inference_peak": self.peak.bytes,
            "inference_peak_layer": self.peak.layer,
        }


def measure(report: Report, *, optimizer: str = "sgd", training: bool = True) -> Memory:
    """All of it. Without ``training`` the forward pass is that of inference, with gradients.

    Raises UsageError for an unknown optimizer, and for what is not modelled.
    """
    if optimizer not in OPTIMIZERS:
        hint = did_you_mean(optimizer, OPTIMIZERS) or f"; known: {', '.join(OPTIMIZERS)}"
        raise UsageError(f"no optimizer {optimizer!r}{hint}")
    totals, size = report.totals, BYTES[report.dtype]
    gradients = memory.size_in_bytes(totals.params, size)
    return Memory(
        name=report.name,
        batch=report.batch,
        dtype=report.dtype,
        optimizer=optimizer,
        training=training,
        parameters=totals.parameter_bytes,
        gradients=gradients,
        optimizer_state=gradients * OPTIMIZERS[optimizer],
        saved=saved_for_backward(report, training=training),
        peak=inference_peak(report),
    )


def saved_for_backward(report: Report, *, training: bool = True) -> tuple[Held, ...]:
    """The bytes that autograd keeps until the backward pass, by layer; each tensor counts once, for
    the first layer that keeps it.

    The inputs need no gradient and all parameters do. Parameters and buffers are not counted.
    Raises UsageError for what is not modelled.
    """
    tensors = _tensors(report, training)
    kept: set[int] = set()
    found = []
    for row, tensor in zip(report.rows, tensors):
        if not tensor.gradient:
            continue
        sources = [tensors[source] for source in row.sources]
        run = _run(report, training, tuple(source.gradient for source in sources))
        try:
            keeps = row.layer.saves(run, *row.inputs)
        except LayerError as why:
            raise UsageError(f"layer {row.name!r} ({row.kind}): {why}") from None
        storages = {sources[place].storage for place in keeps.inputs}
        if keeps.output:
            storages.add(tensor.storage)
        added = sum(report.rows[index].cost.activation_bytes for index in storages - kept)
        kept |= storages
        if added + keeps.own:
            found.append(Held(row.name, added + keeps.own))
    return tuple(found)


def inference_peak(report: Report) -> Held:
    """The most bytes of activations alive at once in inference without gradients, and the layer
    that runs then; each tensor is let go after the last layer that reads it.

    Raises UsageError for what is not modelled.
    """
    tensors = _tensors(report, training=False)
    let_go = _let_go(report, tensors)
    run = _run(report, training=False)
    alive, peak = 0, Held("", 0)
    for index, row in enumerate(report.rows):
        if tensors[index].storage == index:
            alive += row.cost.activation_bytes
        scratch = row.layer.scratch(run, *row.inputs)
        if alive + scratch > peak.bytes:
            peak = Held(row.name, alive + scratch)
        alive -= let_go.get(index, 0)
    return peak


class _Tensor(NamedTuple):
    """What is known of a row's output: the row whose output is its memory, whether it needs a
    gradient, whether its memory has gaps, and whether its numbers lie in another order."""

    storage: int
    gradient: bool = False
    gaps: bool = False
    reordered: bool = False


def _tensors(report: Report, training: bool) -> list[_Tensor]:
    """The outputs of all rows. Raises UsageError where it matters how they lie in memory."""
    if report.dtype not in DTYPES:
        raise UsageError(
            f"memory is modelled for the dtypes {' and '.join(DTYPES)}, not for {report.dtype}"
        )
    tensors: list[_Tensor] = []
    for index, row in enumerate(report.rows):
        sources = [tensors[source] for source in row.sources]
        tensors.append(_tensor(index, row, sources, training))
    return tensors


def _tensor(index: int, row: Row, sources: list[_Tensor], training: bool) -> _Tensor:
    layer = row.layer
    if layer.needs_order and any(source.gaps or source.reordered for source in sources):
        raise UsageError(
            f"layer {row.name!r} ({row.kind}): its input is a part or another order of the memory "
            "it lies in, and what PyTorch then copies is not modelled"
        )
    shares = layer.shares(training)
    reordered = layer.reorders() or any(source.reordered for source in sources)
    return _Tensor(
        storage=sources[0].storage if shares else index,
        gradient=row.cost.params > 0 or any(source.gradient for source in sources),
        gaps=shares and (layer.leaves_gaps or sources[0].gaps),
        # With one axis there is only one order.
        reordered=reordered and sum(size > 1 for size in row.output.dimensions) > 1,
    )


def _let_go(report: Report, tensors: list[_Tensor]) -> dict[int, int]:
    """The bytes that are let go after each row: of tensors that no later one reads. The network's
    outputs stay."""
    last: dict[int, int] = {}
    for index, row in enumerate(report.rows):
        for source in row.sources:
            last[tensors[source].storage] = index
    place = {row.name: index for index, row in enumerate(report.rows)}
    for row in report.outputs:
        last.pop(tensors[place[row.name]].storage, None)
    freed: dict[int, int] = {}
    for storage, index in last.items():
        freed[index] = freed.get(index, 0) + report.rows[storage].cost.activation_bytes
    return freed


def _run(report: Report, training: bool, gradients: tuple[bool, ...] = ()) -> Run:
    return Run(report.batch, BYTES[report.dtype], training, gradients)
