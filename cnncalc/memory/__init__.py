"""Memory of a whole network, to the byte of what PyTorch on the CPU holds.

Layers say which operations PyTorch runs for them (``Layer.steps``); here it is followed which
tensors share memory, which need a gradient, and when each is let go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from cnncalc.memory import checkpoints, optimizers, walk
from cnncalc.memory.optimizers import OPTIMIZERS
from cnncalc.memory.recording import DEVICES, DTYPES, in_module_order, record
from cnncalc.memory.walk import Moment, Update
from cnncalc.report import Report

__all__ = [
    "AMP",
    "DEVICES",
    "DTYPES",
    "OPTIMIZERS",
    "Held",
    "Memory",
    "Peak",
    "inference_peak",
    "measure",
    "saved_for_backward",
    "training_peak",
]

AMP = "amp"
"""The dtype that stands for parameters of float32 and autocast."""

VERSION = 2
"""The version of ``to_dict``."""


class Held(NamedTuple):
    """Bytes that are held on account of a layer."""

    layer: str
    bytes: int


class Peak(NamedTuple):
    """When training needs the most: the layer and the phase (forward, backward or step), all bytes,
    and what they are: parameters and buffers, gradients of parameters, the optimizer's state, what
    is kept for the backward pass, and what is only passing (the batch, activations and gradients on
    their way, temporary tensors)."""

    layer: str
    phase: str
    bytes: int
    parameters: int
    gradients: int
    optimizer_state: int
    saved: int
    transient: int


@dataclass(frozen=True)
class Memory:
    """What a network needs: held throughout, kept for the backward pass, and at its fullest.

    ``saved`` has every tensor once, with the first layer that keeps it. ``inference_peak`` is the
    layer at which the most activations are alive in inference, ``training_peak`` the moment of a
    training step (forward, backward, optimizer) at which the most of everything is. ``moments``
    are all of those moments, in order, without what is held throughout; their rows are places in
    ``layers``. ``repeated_macs`` are those of what runs again for checkpoints.
    """

    name: str
    batch: int
    dtype: str
    device: str
    optimizer: str
    training: bool
    checkpoint: int | None
    layers: tuple[str, ...]
    parameters: int
    buffers: int
    gradients: int
    optimizer_state: int
    saved: tuple[Held, ...]
    inference_peak: Held
    moments: tuple[Moment, ...]
    repeated_macs: int

    @cached_property
    def saved_for_backward(self) -> int:
        """All that is kept for the backward pass."""
        return sum(held.bytes for held in self.saved)

    @cached_property
    def saved_by_layer(self) -> dict[str, int]:
        """The same by the layer's name, without those that keep nothing."""
        return dict(self.saved)

    @cached_property
    def training_peak(self) -> Peak:
        """The fullest moment, the first where there are several."""
        moment = max(self.moments, key=_alive)
        return Peak(
            layer=self.layers[moment.row],
            phase=moment.phase,
            bytes=self.held + moment.alive,
            parameters=self.parameters + self.buffers,
            gradients=moment.gradients,
            optimizer_state=self.optimizer_state,
            saved=moment.saved,
            transient=moment.alive - moment.gradients - moment.saved,
        )

    @property
    def held(self) -> int:
        """What is held throughout: parameters, buffers and the optimizer's state."""
        return self.parameters + self.buffers + self.optimizer_state

    def to_dict(self) -> dict[str, Any]:
        """Plain data (docs/memory.md)."""
        return {
            "format": "cnncalc.memory",
            "version": VERSION,
            "name": self.name,
            "batch": self.batch,
            "dtype": self.dtype,
            "device": self.device,
            "optimizer": self.optimizer,
            "training": self.training,
            "checkpoint": self.checkpoint,
            "repeated_macs": self.repeated_macs,
            "parameters": self.parameters,
            "buffers": self.buffers,
            "gradients": self.gradients,
            "optimizer_state": self.optimizer_state,
            "saved_for_backward": self.saved_for_backward,
            "saved": [held._asdict() for held in self.saved],
            "inference_peak": self.inference_peak._asdict(),
            "training_peak": self.training_peak._asdict(),
        }


def measure(
    report: Report,
    *,
    optimizer: str = "sgd",
    training: bool = True,
    autocast: bool = False,
    device: str = "cpu",
    checkpoint: int | None = None,
    batch: int | None = None,
) -> Memory:
    """All of it.

    Without ``training`` the layers run as in inference, with gradients; with ``autocast`` products
    are computed in bfloat16. On ``device`` cuda PyTorch keeps and adds up other tensors.
    ``checkpoint`` is how many blocks keep nothing but what enters the first of them. Another
    ``batch`` than the report's may be asked for.

    Raises UsageError for an unknown optimizer or device, and for what is not modelled.
    """
    chosen, cuda = optimizers.find(optimizer), device == "cuda"
    recording = record(
        report, training=training, learns=True, autocast=autocast, device=device, batch=batch
    )
    parameters = in_module_order(report, recording)
    sizes = [tensor.bytes for _, tensor in parameters]
    temporary = optimizers.updates(chosen, sizes, cuda=cuda)
    updates = [Update(row, size) for (row, _), size in zip(parameters, temporary)]
    rows = [] if checkpoint is None else checkpoints.groups(report, checkpoint)
    segments = checkpoints.segments(recording, rows)
    return Memory(
        name=report.name,
        batch=recording.tape.batch,
        dtype=AMP if autocast else report.dtype,
        device=device,
        optimizer=optimizer,
        training=training,
        checkpoint=checkpoint,
        layers=tuple(row.name for row in report.rows),
        parameters=report.totals.parameter_bytes,
        buffers=recording.tape.buffer_bytes,
        gradients=sum(sizes),
        optimizer_state=optimizers.state(chosen, sizes, cuda=cuda),
        saved=_by_layer(report, walk.saved(recording, segments)),
        inference_peak=inference_peak(report, autocast=autocast, device=device, batch=batch),
        moments=tuple(walk.training(recording, updates, segments)),
        repeated_macs=checkpoints.repeated_macs(report, recording, segments),
    )


def saved_for_backward(
    report: Report, *, training: bool = True, autocast: bool = False, device: str = "cpu"
) -> tuple[Held, ...]:
    """The bytes that autograd keeps until the backward pass, by layer; each tensor counts once, for
    the first layer that keeps it.

    The inputs need no gradient and all parameters do. Parameters and buffers are not counted.
    Raises UsageError for what is not modelled.
    """
    recording = record(report, training=training, learns=True, autocast=autocast, device=device)
    return _by_layer(report, walk.saved(recording))


def inference_peak(
    report: Report, *, autocast: bool = False, device: str = "cpu", batch: int | None = None
) -> Held:
    """The most bytes of activations alive at once in inference without gradients, and the layer
    that runs then; each tensor is let go after the last layer that reads it.

    Raises UsageError for what is not modelled.
    """
    recording = record(
        report, training=False, learns=False, autocast=autocast, device=device, batch=batch
    )
    fullest = max(walk.forward(recording), key=_alive)
    return Held(report.rows[fullest.row].name, fullest.alive)


def training_peak(
    report: Report,
    *,
    optimizer: str = "sgd",
    training: bool = True,
    autocast: bool = False,
    device: str = "cpu",
) -> Peak:
    """When a training step needs the most, and what for; ``measure`` says what is asked.

    Raises UsageError for an unknown optimizer or device, and for what is not modelled.
    """
    found = measure(
        report, optimizer=optimizer, training=training, autocast=autocast, device=device
    )
    return found.training_peak


def _by_layer(report: Report, saved: Sequence[walk.Saved]) -> tuple[Held, ...]:
    by_row: dict[int, int] = {}
    for row, size in saved:
        by_row[row] = by_row.get(row, 0) + size
    return tuple(Held(report.rows[row].name, size) for row, size in by_row.items() if size)


def _alive(moment: Moment) -> int:
    return moment.alive
