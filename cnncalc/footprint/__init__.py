"""Memory of a whole network, to the byte of what PyTorch on the CPU holds.

Layers say which operations PyTorch runs for them (``Layer.steps``); here it is followed which
tensors share memory, which need a gradient, and when each is let go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from cnncalc.analysis.report import Report
from cnncalc.footprint import walk
from cnncalc.footprint.optimizers import OPTIMIZERS
from cnncalc.footprint.recording import AMP, DEVICES, DTYPES, record
from cnncalc.footprint.step import Setting, Step
from cnncalc.footprint.walk import Moment

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
    dtype: str | None = None,
    device: str = "cpu",
    checkpoint: int | None = None,
    batch: int | None = None,
) -> Memory:
    """All of it.

    Without ``training`` the layers run as in inference, with gradients. ``dtype`` and ``batch`` are
    the report's unless given; ``amp`` stands for autocast. On ``device`` cuda PyTorch keeps and
    adds up other tensors. ``checkpoint`` is how many blocks keep nothing but what enters the first
    of them.

    Raises UsageError for an unknown optimizer, dtype or device, and for what is not modelled.
    """
    setting = Setting(
        batch or report.batch, dtype or report.dtype, device, optimizer, training, checkpoint
    )
    step = Step(report, setting)
    return Memory(
        name=report.name,
        **setting._asdict(),
        layers=tuple(row.name for row in report.rows),
        parameters=step.parameters,
        buffers=step.recording.tape.buffer_bytes,
        gradients=sum(step.sizes),
        optimizer_state=step.state,
        saved=_by_layer(report, walk.saved(step.recording, step.segments)),
        inference_peak=inference_peak(
            report, dtype=setting.dtype, device=device, batch=setting.batch
        ),
        moments=step.moments,
        repeated_macs=step.repeated_macs,
    )


def saved_for_backward(
    report: Report, *, training: bool = True, dtype: str | None = None, device: str = "cpu"
) -> tuple[Held, ...]:
    """The bytes that autograd keeps until the backward pass, by layer; each tensor counts once, for
    the first layer that keeps it.

    The inputs need no gradient and all parameters do. Parameters and buffers are not counted.
    Raises UsageError for what is not modelled.
    """
    recording = record(
        report,
        training=training,
        learns=True,
        dtype=dtype or report.dtype,
        device=device,
        batch=report.batch,
    )
    return _by_layer(report, walk.saved(recording))


def inference_peak(
    report: Report, *, dtype: str | None = None, device: str = "cpu", batch: int | None = None
) -> Held:
    """The most bytes of activations alive at once in inference without gradients, and the layer
    that runs then; each tensor is let go after the last layer that reads it.

    Raises UsageError for what is not modelled.
    """
    recording = record(
        report,
        training=False,
        learns=False,
        dtype=dtype or report.dtype,
        device=device,
        batch=batch or report.batch,
    )
    fullest = max(walk.forward(recording), key=_alive)
    return Held(report.rows[fullest.row].name, fullest.alive)


def training_peak(
    report: Report,
    *,
    optimizer: str = "sgd",
    training: bool = True,
    dtype: str | None = None,
    device: str = "cpu",
) -> Peak:
    """When a training step needs the most, and what for; ``measure`` says what is asked.

    Raises UsageError for an unknown optimizer, dtype or device, and for what is not modelled.
    """
    found = measure(report, optimizer=optimizer, training=training, dtype=dtype, device=device)
    return found.training_peak


def _by_layer(report: Report, saved: Sequence[walk.Saved]) -> tuple[Held, ...]:
    by_row: dict[int, int] = {}
    for row, size in saved:
        by_row[row] = by_row.get(row, 0) + size
    return tuple(Held(report.rows[row].name, size) for row, size in by_row.items() if size)


def _alive(moment: Moment) -> int:
    return moment.alive
