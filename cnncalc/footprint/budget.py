"""The largest batch that fits, and the settings that would allow a larger one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from cnncalc.analysis.report import Report
from cnncalc.core.fields import LARGEST
from cnncalc.footprint import Memory, measure
from cnncalc.footprint.checkpoints import blocks
from cnncalc.footprint.optimizers import OPTIMIZERS
from cnncalc.footprint.recording import AMP
from cnncalc.footprint.step import Setting, Step

VERSION = 1
"""The version of ``to_dict``."""

SMALLER = {"float64": ("float32",), "float32": (AMP, "bfloat16"), AMP: ("bfloat16",)}
"""The smaller dtypes to try in place of each dtype."""

PLAINER = ("momentum", "sgd")
"""Optimizers with little or no state."""

EVERY = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""The checkpoint intervals to try, in blocks."""


class Change(NamedTuple):
    """Another setting: its command-line option, its largest batch, its training peak at the batch
    that fits without it (or at one image if none fits), and the MACs it recomputes per image."""

    option: str
    batch: int
    bytes: int
    repeated_macs: int


@dataclass(frozen=True)
class Fit:
    """The largest batch whose training peak stays within a budget of bytes; 0 if not even one image
    fits. ``memory`` is that of this batch (of one image if none fits), ``one_more`` the training
    peak with one more image, and ``macs`` the forward MACs per image."""

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
    """The largest batch whose training peak is at most ``budget`` bytes, and the settings that
    would allow a larger one. ``measure`` documents the other options and the errors."""
    setting = Setting(1, dtype or report.dtype, device, optimizer, training, checkpoint)
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
    """The largest batch that fits, 0 if none does.

    Memory at each moment is the larger of linear functions of the batch size, hence linear or
    convex: extrapolating from two small batches is exact, or overestimates the batch a little.
    """
    two, three = (Step(report, setting._replace(batch=batch)) for batch in (2, 3))
    left = budget - two.held
    foretold = [
        2 + (left - now.alive) // (then.alive - now.alive)
        for now, then in zip(two.moments, three.moments)
        if then.alive > now.alive
    ]
    low, high = 0, max(1, min([*foretold, LARGEST - 1])) + 1
    batch = high - 1
    while high - low > 1:
        if Step(report, setting._replace(batch=batch)).peak <= budget:
            low = batch
        else:
            high = batch
        batch = (low + high) // 2
    return low


def _others(report: Report, setting: Setting) -> Iterator[tuple[str, Setting]]:
    """Settings that need less memory, each with its command-line option."""
    for dtype in SMALLER.get(setting.dtype, ()):
        yield f"--dtype {dtype}", setting._replace(dtype=dtype)
    for plainer in PLAINER:
        if OPTIMIZERS[plainer].numbers < OPTIMIZERS[setting.optimizer].numbers:
            yield f"--optimizer {plainer}", setting._replace(optimizer=plainer)
    if setting.checkpoint is None:
        number = len(blocks(report))
        tried = [setting._replace(checkpoint=every) for every in EVERY if every < number]
        if tried:
            best = min(tried, key=lambda one: Step(report, one).peak)
            yield f"--checkpoint {best.checkpoint}", best
