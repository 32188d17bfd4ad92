"""The quantities that column headings ask for: ``MFLOPs``, ``Memory (KB)``, ``Feature map
size``."""

import re
from collections.abc import Iterable

from cnncalc.core.errors import UsageError
from cnncalc.homework import asks
from cnncalc.homework.ask import Ask
from cnncalc.homework.written import suffix_of

UNIT = re.compile(r"(.*?)(?:\s*\(([^()]+)\)|\s*\[([^\[\]]+)\]|,\s*([A-Za-z]+)|\s+in\s+([A-Za-z]+))")
"""A heading with a unit: ``MACs (M)``, ``Memory [KB]``, ``Memory, KB``, ``Memory in KB``."""
SCALED = re.compile(r"(#?\s*)([kKMGT])((?i:flops?|macs?|ops))")
"""A heading that begins with a scale: ``MFLOPs``."""
FEATURE_MAP = re.compile(r"\s*feature maps?\s*", re.IGNORECASE)
SIZES = re.compile(r"[0-9]\s*[x×X,*]\s*[0-9]+\s*[x×X,*]\s*[0-9]")
COUNTS = re.compile(r"\s*(?:[0-9][0-9,. ]*|-?)\s*")
"""A cell that is a number or blank, not a shape."""


def quantity(heading: str, cells: Iterable[str]) -> tuple[str, str]:
    """The quantity of a column, and the unit of its numbers, which is empty if it has none.

    A size in bytes is memory, feature maps written as sizes are shapes, and a column of map sizes
    that are all numbers counts elements. Any other heading is returned without its unit, or
    unchanged if it is not a quantity.
    """
    if FEATURE_MAP.fullmatch(heading) and any(map(SIZES.search, cells)):
        return "shape", ""
    bare, unit = _split(heading)
    ask = _asked(bare)
    if ask is None:
        return heading, ""
    suffix = suffix_of(unit)
    if suffix and suffix.unit == "B" and ask.stored_as:
        return ask.stored_as, unit
    if (
        ask.counted_as
        and re.search("map.*size", bare.lower())
        and all(map(COUNTS.fullmatch, cells))
    ):
        return ask.counted_as, unit
    return bare if unit else heading, unit


def _split(heading: str) -> tuple[str, str]:
    """A heading without its unit, and the unit; empty if it has none."""
    found = UNIT.fullmatch(heading.strip())
    if found:
        unit = next(filter(None, found.groups()[1:]))
        if suffix_of(unit):
            return found[1], unit
    scaled = SCALED.fullmatch(heading.strip())
    return (f"{scaled[1]}{scaled[3]}", scaled[2]) if scaled else (heading, "")


def _asked(heading: str) -> Ask | None:
    try:
        return asks.find(heading)
    except UsageError:
        return None
