"""Memory of a whole network, matching PyTorch on the CPU to the byte.

Layers describe the operations that PyTorch runs for them (``Layer.steps``). This package tracks
which tensors share memory, which need a gradient, and when each is freed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from cnncalc.analysis.report import Report
from cnncalc.core.fields import read_batch
from cnncalc.footprint import walk
from cnncalc.footprint.optimizers import OPTIMIZERS
from cnncalc.footprint.recording import AMP, DEVICES, DTYPES, check_peaks, record
from cnncalc.footprint.step import Setting, Step
from cnncalc.footprint.walk import Moment
from cnncalc.formulas.vocabulary import most

__all__ = [
    "AMP",
    "DEVICES",
    "DTYPES",
    "OPTIMIZERS",
    "LayerBytes",
    "Memory",
    "Peak",
    "inference_peak",
    "measure",
    "saved_for_backward",
    "training_peak",
]

VERSION = 2
"""The version of the data of ``to_dict``."""


class LayerBytes(NamedTuple):
    """Bytes attributed to a layer."""

    layer: str
    bytes: int


class Peak(NamedTuple):
    """The peak of a training step: its layer and phase (forward, backward or step), its bytes, and
    their parts: parameters and buffers, parameter gradients, optimizer state, activations saved for
    backward, and transient tensors (the batch, activations and gradients in flight, temporary
    tensors)."""

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
    """The memory of a network: resident, saved for backward, and at its peaks.

    ``saved`` has the bytes of each layer that saves something; a tensor counts for the first layer
    that saves it. ``inference`` lists the moments of a forward pass during inference, and
    ``moments`` those of a training step (forward, backward, optimizer), in order and without
    resident memory; their rows are positions in ``layers``. ``repeated_macs`` are the MACs
    that checkpointing recomputes.
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
    saved: tuple[LayerBytes, ...]
    inference: tuple[Moment, ...]
    moments: tuple[Moment, ...]
    repeated_macs: int
    warnings: tuple[str, ...] = ()
    """Likely mistakes in the spec."""

    @cached_property
    def saved_for_backward(self) -> int:
        """All bytes saved for the backward pass."""
        return sum(entry.bytes for entry in self.saved)

    @cached_property
    def inference_peak(self) -> LayerBytes:
        """The peak of activations during inference, and its layer; the first if there are
        several."""
        moment = max(self.inference, key=_alive)
        return LayerBytes(self.layers[moment.row], moment.alive)

    @property
    def inference_bytes(self) -> int:
        """The bytes of ``inference_peak``."""
        return most([moment.alive for moment in self.inference])

    @property
    def training_bytes(self) -> int:
        """The bytes of ``training_peak``."""
        return self.resident + most([moment.alive for moment in self.moments])

    @cached_property
    def training_peak(self) -> Peak:
        """The highest moment; the first if there are several."""
        moment = max(self.moments, key=_alive)
        return Peak(
            layer=self.layers[moment.row],
            phase=moment.phase,
            bytes=self.resident + moment.alive,
            parameters=self.parameters + self.buffers,
            gradients=moment.gradients,
            optimizer_state=self.optimizer_state,
            saved=moment.saved,
            transient=moment.transient,
        )

    @property
    def resident(self) -> int:
        """Resident memory: parameters, buffers and optimizer state."""
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
            "saved": [entry._asdict() for entry in self.saved],
            "inference_peak": self.inference_peak._asdict(),
            "training_peak": self.training_peak._asdict(),
            "warnings": list(self.warnings),
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
    """Calculate the memory of a network in training and inference.

    With ``training=False``, the layers run in eval mode, still with gradients. ``dtype`` and
    ``batch`` default to the report's; the dtype ``amp`` stands for autocast. ``device="cuda"``
    models what PyTorch saves and accumulates differently there. ``checkpoint`` is the number of
    blocks in a checkpointed segment, which saves only its inputs.

    Raises UsageError for an argument that cannot be used, and for anything that is not modelled.
    """
    setting = Setting(
        _batch(report, batch), dtype or report.dtype, device, optimizer, training, checkpoint
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
        inference=inference(report, dtype=setting.dtype, device=device, batch=setting.batch),
        moments=step.moments,
        repeated_macs=step.repeated_macs,
        warnings=report.warnings,
    )


def saved_for_backward(
    report: Report, *, training: bool = True, dtype: str | None = None, device: str = "cpu"
) -> tuple[LayerBytes, ...]:
    """The bytes that autograd saves for the backward pass, by layer. Each tensor counts once, for
    the first layer that saves it.

    The inputs need no gradient; parameters do, unless they are frozen. Parameters and buffers are
    not counted. Raises UsageError for an unknown dtype or device, and for anything that is not
    modelled.
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
) -> LayerBytes:
    """The peak bytes of live activations during inference, without gradients, and the layer that
    runs at that moment.

    Raises UsageError for an argument that cannot be used, and for anything that is not modelled.
    """
    highest = max(inference(report, dtype=dtype, device=device, batch=batch), key=_alive)
    return LayerBytes(report.rows[highest.row].name, highest.alive)


def inference(
    report: Report, *, dtype: str | None = None, device: str = "cpu", batch: int | None = None
) -> tuple[Moment, ...]:
    """The moments of a forward pass without gradients; see ``inference_peak``."""
    recording = record(
        report,
        training=False,
        learns=False,
        dtype=dtype or report.dtype,
        device=device,
        batch=_batch(report, batch),
    )
    return tuple(walk.forward(check_peaks(report, recording)))


def training_peak(
    report: Report,
    *,
    optimizer: str = "sgd",
    training: bool = True,
    dtype: str | None = None,
    device: str = "cpu",
) -> Peak:
    """The peak of a training step and its parts; the options are those of ``measure``.

    Raises UsageError for an unknown optimizer, dtype or device, and for anything that is not
    modelled.
    """
    found = measure(report, optimizer=optimizer, training=training, dtype=dtype, device=device)
    return found.training_peak


def _batch(report: Report, batch: int | None) -> int:
    """A batch size, by default the report's."""
    return report.batch if batch is None else read_batch(batch)


def _by_layer(report: Report, saved: Sequence[walk.Saved]) -> tuple[LayerBytes, ...]:
    by_row: dict[int, int] = {}
    for row, size in saved:
        by_row[row] = by_row.get(row, 0) + size
    return tuple(LayerBytes(report.rows[row].name, size) for row, size in by_row.items() if size)


def _alive(moment: Moment) -> int:
    return moment.alive
