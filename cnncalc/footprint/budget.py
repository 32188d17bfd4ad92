"""The largest batch that fits, and what would have to change for a larger one."""

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
"""The dtypes that a smaller one may stand in for."""

PLAINER = ("momentum", "sgd")
"""Optimizers that hold less than others."""

EVERY = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""The distances of checkpoints that are tried, in blocks."""


class Change(NamedTuple):
    """Another setting: the option that asks for it, the largest batch with it, the bytes that it
    takes for the batch that fits without it (or for one image, where none does), and the
    multiply-accumulates that it repeats for each image."""

    option: str
    batch: int
    bytes: int
    repeated_macs: int


@dataclass(frozen=True)
class Fit:
    """The largest batch whose step of training stays within a budget of bytes, and what that step
    needs; 0 where one image does not fit, and what that needs. ``one_more`` is the peak of one
    image more, ``macs`` those of the forward pass of one image."""

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
    """The largest batch whose training peak is at most ``budget`` bytes, and the changes that would
    make room for more. The others are those of ``measure``.

    Raises UsageError as ``measure`` does.
    """
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
    """The largest batch that fits, 0 for none, and at most what a batch may be.

    Every moment grows with each image by the same bytes, or by more for later ones where it is the
    larger of two sums: what two small batches foretell is exact, or a little too much.
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
    """Settings that need less, each with the option that asks for it."""
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
