"""The largest batch that fits, and what would allow a larger one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from cnncalc.analysis.report import Report
from cnncalc.core.errors import UsageError
from cnncalc.core.fields import LARGEST
from cnncalc.footprint import Memory, measure
from cnncalc.footprint.checkpoints import blocks
from cnncalc.footprint.optimizers import OPTIMIZERS
from cnncalc.footprint.recording import AMP
from cnncalc.footprint.step import Setting, Step

VERSION = 1
"""The version of the data of ``to_dict``."""

SMALLER_DTYPES = {"float64": ("float32",), "float32": (AMP, "bfloat16"), AMP: ("bfloat16",)}
"""The smaller dtypes to suggest instead of a dtype."""

LIGHTER_OPTIMIZERS = ("momentum", "sgd")
"""Optimizers with little state, to suggest instead of others."""

CHECKPOINT_INTERVALS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""The distances between checkpoints to try, in blocks."""

MAX_READ = 3_000
"""The most tensors that the operations of a network may read. Finding the largest batch simulates
dozens of training steps, which takes too long for larger networks."""


class Change(NamedTuple):
    """A suggested option and the largest batch with it; its peak in bytes for the largest batch
    without it (for one image if none fits); and the MACs that it recomputes for each image."""

    option: str
    batch: int
    bytes: int
    repeated_macs: int


@dataclass(frozen=True)
class Fit:
    """The largest batch whose training step fits into a budget of bytes, and its memory.

    If not even one image fits, ``batch`` is 0 and ``memory`` is that of one image. ``one_more`` is
    the peak in bytes with one more image, and ``macs`` counts the forward pass of one image.
    """

    budget: int
    batch: int
    memory: Memory
    one_more: int
    macs: int
    changes: tuple[Change, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data (docs/memory.md)."""
        return {
            "format": "cnncalc.fit",
            "version": VERSION,
            "budget": self.budget,
            "batch": self.batch,
            "one_more": self.one_more,
            "macs": self.macs,
            "changes": [change._asdict() for change in self.changes],
            "memory": self.memory.to_dict(),
        }


def fit(
    report: Report,
    budget: int,
    *,
    optimizer: str = "sgd",
    training: bool = True,
    dtype: str | None = None,
    device: str = "cpu",
    checkpoint: int | None = None,
) -> Fit:
    """Find the largest batch whose training peak is at most ``budget`` bytes, and the changes that
    would allow a larger one. The other options are those of ``measure``.

    Raises UsageError as ``measure`` does, and for a network that is too large for the search.
    """
    setting = Setting(1, dtype or report.dtype, device, optimizer, training, checkpoint)
    read = Step(report, setting).recording.tape.read
    if read > MAX_READ:
        raise UsageError(
            f"the largest batch can be computed only for networks whose operations read at most "
            f"{MAX_READ:,} tensors, parameters included; those of this network read {read:,}"
        )
    batch = largest_batch(report, setting, budget)
    at = setting._replace(batch=max(batch, 1))
    changes = []
    for option, other in _others(report, at):
        most = largest_batch(report, other, budget)
        if most > batch:
            step = Step(report, other)
            changes.append(Change(option, most, step.peak, step.repeated_macs // other.batch))
    return Fit(
        budget=budget,
        batch=batch,
        memory=measure(report, **at._asdict()),
        one_more=Step(report, setting._replace(batch=batch + 1)).peak,
        macs=report.totals.macs // report.batch,
        changes=tuple(changes),
    )


def largest_batch(report: Report, setting: Setting, budget: int) -> int:
    """The largest batch that fits; 0 if none does.

    The memory at each moment of the step grows by the same number of bytes per image, or by more
    beyond some batch size. Extrapolating from two small batches is therefore exact or slightly too
    high, and a search below the estimate finds the batch.
    """
    two, three = (Step(report, setting._replace(batch=batch)) for batch in (2, 3))
    left = budget - two.resident
    estimates = [
        2 + (left - now.alive) // (then.alive - now.alive)
        for now, then in zip(two.moments, three.moments)
        if then.alive > now.alive
    ]
    low, high, below = 0, max(1, min([*estimates, LARGEST - 1])) + 1, 1
    while high - low > 1:
        batch = max(high - below, (low + high) // 2)
        if Step(report, setting._replace(batch=batch)).peak <= budget:
            low = batch
        else:
            high, below = batch, 2 * below
    return low


def _others(report: Report, setting: Setting) -> Iterator[tuple[str, Setting]]:
    """Other settings that may need less memory, each with the option that selects it."""
    for dtype in SMALLER_DTYPES.get(setting.dtype, ()):
        yield f"--dtype {dtype}", setting._replace(dtype=dtype)
    for lighter in LIGHTER_OPTIMIZERS:
        if OPTIMIZERS[lighter].numbers < OPTIMIZERS[setting.optimizer].numbers:
            yield f"--optimizer {lighter}", setting._replace(optimizer=lighter)
    if setting.checkpoint is None:
        number = len(blocks(report))
        tried = [
            setting._replace(checkpoint=every) for every in CHECKPOINT_INTERVALS if every < number
        ]
        if tried:
            recording = Step(report, setting).recording
            best = min(tried, key=lambda one: Step(report, one, recording).peak)
            yield f"--checkpoint {best.checkpoint}", best
