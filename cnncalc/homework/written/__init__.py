"""A value as people write it, and whether the right answer agrees with it.

An answer may be rounded, use K for 1000 or for 1024, count bytes or bits, and give the channels
first or last. By default, all of these are right; a ``Reading`` notes what was assumed.
"""

from cnncalc.homework.written.matrix import Matrix
from cnncalc.homework.written.names import BRACKETS, Name, plain
from cnncalc.homework.written.number import Number
from cnncalc.homework.written.size import Size
from cnncalc.homework.written.texts import as_text, printable, readable, shortened, shown
from cnncalc.homework.written.units import suffix_of
from cnncalc.homework.written.value import (
    CHANNELS_LAST,
    KIND,
    ROUNDED,
    Irrational,
    Names,
    Reading,
    Terms,
    Value,
    Written,
    format_value,
    read,
)
from cnncalc.homework.written.verdict import Verdict

__all__ = [
    "BRACKETS",
    "CHANNELS_LAST",
    "KIND",
    "ROUNDED",
    "Irrational",
    "Matrix",
    "Name",
    "Names",
    "Number",
    "Reading",
    "Size",
    "Terms",
    "Value",
    "Verdict",
    "Written",
    "as_text",
    "format_value",
    "plain",
    "printable",
    "read",
    "readable",
    "shortened",
    "shown",
    "suffix_of",
]
