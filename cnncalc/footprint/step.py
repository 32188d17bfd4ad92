"""A training step: forward, backward, and the parameter updates."""

from typing import NamedTuple

from cnncalc.analysis.report import Report
from cnncalc.footprint import checkpoints, layouts, optimizers, walk
from cnncalc.footprint.recording import Recording, check_peaks, record
from cnncalc.footprint.walk import Update


class Setting(NamedTuple):
    """How a network is trained; the fields are options of ``measure``."""

    batch: int
    dtype: str
    device: str
    optimizer: str
    training: bool
    checkpoint: int | None


class Step:
    """A training step: its resident memory and its moments.

    ``recording`` may be taken from another step that differs only in its optimizer or checkpoints.
    """

    def __init__(
        self, report: Report, setting: Setting, recording: Recording | None = None
    ) -> None:
        optimizer, cuda = optimizers.find(setting.optimizer), setting.device == "cuda"
        self.recording = recording or _recorded(report, setting)
        tape, totals = self.recording.tape, report.totals
        self.sizes = [tensor.bytes for _, tensor in tape.parameters]
        self.parameters = (totals.params + totals.fixed) * tape.size
        fixed = [row.cost.fixed * tape.size for row in report.rows if row.cost.fixed]
        fixed += [tensor.bytes for tensor in tape.frozen]
        self.state = optimizers.state(optimizer, self.sizes, fixed, cuda=cuda)
        temporary = optimizers.updates(optimizer, self.sizes, cuda=cuda)
        updates = [Update(row, size) for (row, _), size in zip(tape.parameters, temporary)]
        every = setting.checkpoint
        rows = [] if every is None else checkpoints.groups(report, every)
        self.segments = checkpoints.segments(self.recording, rows)
        repeated = checkpoints.repeated_macs(report, self.recording, self.segments)
        self.repeated_macs = repeated // report.batch * setting.batch
        self.moments = tuple(walk.training(self.recording, updates, self.segments))

    @property
    def resident(self) -> int:
        """Resident memory: parameters, buffers and optimizer state."""
        return self.parameters + self.recording.tape.buffer_bytes + self.state

    @property
    def peak(self) -> int:
        """The peak memory, including resident memory."""
        return self.resident + max(moment.alive for moment in self.moments)


def _recorded(report: Report, setting: Setting) -> Recording:
    """The forward pass with gradients, and the copies that the backward pass makes."""
    recording = record(
        report,
        training=setting.training,
        learns=True,
        dtype=setting.dtype,
        device=setting.device,
        batch=setting.batch,
    )
    check_peaks(report, recording)
    recording.tape.operations = layouts.with_copies(report, recording)
    return recording
