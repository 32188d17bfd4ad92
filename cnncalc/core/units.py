"""Numbers in human units: counts in powers of 1000, bytes in MB (10^6) or MiB (2^20), and times."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # few commands need fractions, and importing them takes time
    from fractions import Fraction

COUNTS = ("", " K", " M", " G", " T", " P", " E")
DECIMAL = (" B", " kB", " MB", " GB", " TB", " PB", " EB")
BINARY = (" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB")
PER_SECOND = {" s": 1, " ms": 10**3, " µs": 10**6, " ns": 10**9}

WHOLE = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)"
"""The pattern of a whole number, whose thousands may be separated by commas."""


def exact(number: int) -> str:
    """A number in full: ``138,357,544``."""
    return f"{number:,}"


def decimal(number: "Fraction") -> str:
    """A fraction with all its decimals, of which there must be finitely many: ``61.7``."""
    whole, rest = divmod(number, 1)
    digits = ""
    while rest:
        digit, rest = divmod(10 * rest, 1)
        digits += str(digit)
    return f"{exact(whole)}.{digits}" if digits else exact(whole)


def human(number: int) -> str:
    """A count, shortened to two decimals: ``138.36 M``; below 10,000, in full."""
    return exact(number) if abs(number) < 10_000 else _scaled(number, 1000, COUNTS)


def plural(number: object, suffix: str = "s") -> str:
    """The plural suffix of a noun after a number; nothing after 1."""
    return "" if number == 1 else suffix


def counted(number: int, noun: str, text: Callable[[int], str] = exact) -> str:
    """A number with its noun: ``1 MAC``, ``2,048 MACs``."""
    return f"{text(number)} {noun}{plural(number)}"


def duration(seconds: "Fraction | float", up: bool = False) -> str:
    """A time in a suitable unit: ``3.14 ms``. It is rounded down, as a lower bound must be, unless
    ``up`` is true."""
    if not seconds:
        return "0 s"
    unit, per_second = next(
        (one for one in PER_SECOND.items() if seconds * one[1] >= 1), (" ns", 10**9)
    )
    scaled = seconds * per_second
    decimals = max(3 - len(str(int(scaled))), 0)
    digits = int(-(-scaled * 10**decimals // 1) if up else scaled * 10**decimals // 1)
    whole, rest = divmod(digits, 10**decimals)
    return f"{exact(whole)}.{rest:0{decimals}}{unit}" if decimals else f"{exact(whole)}{unit}"


def in_bytes(number: int) -> str:
    """Bytes in powers of 1000: ``60.95 MB``."""
    return _scaled(number, 1000, DECIMAL)


def in_binary(number: int) -> str:
    """Bytes in powers of 1024: ``58.13 MiB``."""
    return _scaled(number, 1024, BINARY)


def _scaled(number: int, step: int, units: tuple[str, ...]) -> str:
    """Two decimals in the largest unit that leaves at least 1, rounded half up with integer
    arithmetic; no decimals in the smallest unit."""
    power = 0
    while power + 1 < len(units) and _hundredths(number, step**power) >= 100 * step:
        power += 1
    if power == 0:
        return f"{exact(number)}{units[0]}"
    hundredths = _hundredths(number, step**power)
    return f"{hundredths // 100:,}.{hundredths % 100:02}{units[power]}"


def _hundredths(number: int, unit: int) -> int:
    return (200 * number + unit) // (2 * unit)


LEAST_BYTES = 1_000_000
"""A number below this needs a unit, because people who write 24 mean 24 GiB."""


def lacks_unit(text: str, number: int, least: int = LEAST_BYTES) -> bool:
    """Whether a string has no unit and so small a number that it probably does not mean bytes."""
    return text.strip()[-1:].isdecimal() and number < least


def bytes_of(text: str) -> int:
    """The bytes in ``24GiB``, ``1.5 GB`` or ``1000000``, rounded down; case is ignored.

    Raises ValueError for any other text.
    """
    number = rf"(?![0-9,]{{21}})({WHOLE})(?:\.([0-9]{{1,15}}))?\s*([a-z]*)"
    found = re.fullmatch(number, text.strip(), re.IGNORECASE)
    factors = {unit.strip().lower(): 1000**power for power, unit in enumerate(DECIMAL)}
    factors |= {unit.strip().lower(): 1024**power for power, unit in enumerate(BINARY)}
    unit = found[3].lower() if found else None
    if found is None or unit not in {"", *factors}:
        raise ValueError(
            f"{text[:60]!r} cannot be read as a number of bytes; write it like 24GiB or 500MB"
        )
    decimals = found[2] or ""
    return (
        int(found[1].replace(",", "") + decimals)
        * int(factors.get(unit, 1))
        // int(10 ** len(decimals))
    )
