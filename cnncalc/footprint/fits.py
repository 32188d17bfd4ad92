"""Whether a network fits on a microcontroller."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from cnncalc.core import units
from cnncalc.core.errors import UsageError
from cnncalc.footprint.arena import Arena

VERSION = 1
"""The version of the data of ``to_dict``."""
LEAST_BYTES = 4_096
"""A smaller budget needs a unit, because people who write 256 mean 256 kB."""


class Need(NamedTuple):
    """The bytes of RAM or flash that a network needs and may use; for RAM, also the layer at the
    peak."""

    memory: str
    bytes: int
    budget: int
    layer: str = ""

    @property
    def left(self) -> int:
        """The bytes that are left; negative if it does not fit."""
        return self.budget - self.bytes


@dataclass(frozen=True)
class Fits:
    """The RAM and flash that a network in int8 needs, each only if it has a budget. True if
    everything fits."""

    arena: Arena
    needs: tuple[Need, ...]

    def __bool__(self) -> bool:
        return all(need.left >= 0 for need in self.needs)

    @property
    def reordered(self) -> bool:
        """Whether everything fits in the order of layers with the lowest peak; if its RAM is not
        known, in the network's own order."""
        best = self.arena.best_placed
        if best is None:
            return bool(self)
        return all((best if need.layer else need.bytes) <= need.budget for need in self.needs)

    def to_dict(self) -> dict[str, Any]:
        """Plain data (docs/memory.md)."""
        return {
            "format": "cnncalc.fits",
            "version": VERSION,
            "name": self.arena.name,
            "fits": bool(self),
            "fits_reordered": self.reordered,
            "needs": [{**need._asdict(), "left": need.left} for need in self.needs],
            "arena": self.arena.to_dict(),
        }


def fits(arena: Arena, ram: int | str | None, flash: int | str | None) -> Fits:
    """Compare what a network needs with budgets, given in bytes or as text such as ``256kB``.

    Raises UsageError if neither budget is given, or if one is invalid.
    """
    needs = []
    if ram is not None:
        needs.append(Need("RAM", arena.ram, _budget("ram", ram), arena.peak.layer))
    if flash is not None:
        needs.append(Need("flash", arena.flash.total, _budget("flash", flash)))
    if not needs:
        raise UsageError("there is no budget", "give 'ram' or 'flash', such as 256kB")
    return Fits(arena, tuple(needs))


def _budget(name: str, given: int | str) -> int:
    """The bytes of a budget."""
    text = str(given).strip()
    try:
        budget = units.bytes_of(text)
    except ValueError:
        fact = f"{name}: {text[:60]!r} cannot be read as a number of bytes, such as 256kB or 1MB"
        raise UsageError(fact) from None
    if budget < 1:
        raise UsageError(f"{name} must be at least 1 byte, not {text[:60]}")
    if isinstance(given, str) and units.lacks_unit(text, budget, LEAST_BYTES):
        raise UsageError(f"{name} needs a unit", f"write {text[:60]}kB")
    return budget
