"""Saves the progress of a sweep in a file, so that an interrupted sweep can continue."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any

from cnncalc.analysis.explore.outcome import Point, Sweep
from cnncalc.core.errors import UsageError, unwritable

VERSION = 1
LARGEST = 1_000_000_000
"""The largest file that is read, in bytes."""
SECONDS = 10
"""The seconds that a sweep runs before it is saved again."""


class Progress:
    """A file with the results of the first chunks of a sweep. ``what`` is everything that these
    results depend on; ``load`` refuses the file of any other sweep."""

    def __init__(self, path: str | os.PathLike[str], what: Mapping[str, Any]) -> None:
        self.path = Path(path)
        text = json.dumps(what, sort_keys=True, default=repr)
        self.name = sha256(text.encode()).hexdigest()
        self.saved = monotonic()

    def load(self, empty: Sweep) -> tuple[Sweep, int]:
        """The results so far, and the number of finished chunks. Raises UsageError for a
        file that is not of this sweep."""
        if not self.path.exists():
            return empty, 0
        other = UsageError(
            f"{self.path} does not belong to this sweep", "give another file to 'resume'"
        )
        try:
            if self.path.stat().st_size > LARGEST:
                raise other
            data = json.loads(self.path.read_text(encoding="utf-8"))
            if (data["format"], data["version"]) != ("cnncalc.sweep", VERSION):
                raise other
            if data["sweep"] != self.name:
                raise other
            found = replace(
                empty,
                kept=[Point(values, _numbers(quantities)) for values, quantities in data["kept"]],
                refused={reason: (first, count) for reason, first, count in data["refused"]},
                done=int(data["done"]),
                met=int(data["met"]),
            )
            return found, int(data["chunks"])
        except (OSError, ValueError, TypeError, ArithmeticError, LookupError, RecursionError):
            raise other from None

    def save(self, found: Sweep, chunks: int, *, now: bool = False) -> None:
        """Save the results so far: at once with ``now``, and otherwise only every few seconds.
        Raises UsageError if the file cannot be written."""
        if not now and monotonic() < self.saved + SECONDS:
            return
        data = {
            "format": "cnncalc.sweep",
            "version": VERSION,
            "sweep": self.name,
            "chunks": chunks,
            "done": found.done,
            "met": found.met,
            "refused": [[reason, *one] for reason, one in found.refused.items()],
            "kept": [list(point) for point in found.kept],
        }
        beside = self.path.with_name(f"{self.path.name}.part")
        try:
            beside.write_text(json.dumps(data, default=str), encoding="utf-8")
            beside.replace(self.path)
        except OSError as why:
            raise unwritable(self.path, OSError(why.errno, why.strerror)) from None
        self.saved = monotonic()


def _numbers(saved: Mapping[str, Any]) -> dict[str, Any]:
    """Quantities as they were; a fraction was saved as text."""
    return {name: Fraction(one) if isinstance(one, str) else one for name, one in saved.items()}
