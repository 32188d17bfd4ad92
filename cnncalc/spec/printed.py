"""Numbers as the literature prints them, and whether an exact one agrees with them."""

import re
from typing import NamedTuple

from cnncalc.core.errors import UsageError

POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "B": 3, "T": 4}
"""The letters of a scale, and how many thousands they multiply."""

NUMBER = r"(?i)~?\s*([0-9][0-9,]*)(?:\.([0-9]+))?\s*([KMGT]I?B|[KMGBT]?)"
LONGEST = 100


class Printed(NamedTuple):
    """A number as it is printed: ``digits`` / 10 ^ ``places``, times so many thousands.

    Zeros that end a whole number are places, not digits. ``full`` is a number without a scale and
    without decimals, which says every digit; ``binary`` a unit that counts by 1024, as MiB does.
    """

    digits: int
    places: int
    power: int = 0
    full: bool = False
    of_bytes: bool = False
    binary: bool = False

    def agrees(self, exact: int, kilo: int = 1000, cut: bool = False, of: int = 1) -> bool:
        """Whether ``exact`` / ``of`` rounds (or is ``cut``) to this at the digits printed."""
        # All in whole numbers: what is compared is multiplied by ``of`` and by 10 ^ places.
        up, down = int(10 ** max(self.places, 0)), int(10 ** max(-self.places, 0))
        last = int((1024 if self.binary else kilo) ** self.power) * down * of
        over = exact * up - self.digits * last
        if self.full or not self.digits:  # a zero has no significant digits
            return over == 0
        return 0 <= over < last if cut else 2 * abs(over) <= last


def read_number(text: str) -> Printed:
    """The number that a text prints: ``61706``, ``138M``, ``~3.8G``, ``93 MB``, ``58.1 MiB``.

    ``138M`` agrees with 137.5 to 138.5 million, ``150K`` with 145 to 155 thousand, and what has no
    unit and no decimals only with itself.

    Raises UsageError for what is no number.
    """
    match = re.fullmatch(NUMBER, text.strip()) if len(text) <= LONGEST else None
    if match is None:
        raise UsageError(f"{text[:60]!r} is not a number; write it like 61706, 138M, 3.8G or 93 MB")
    whole, decimals, unit = match[1].replace(",", ""), match[2] or "", match[3].upper()
    digits, places = int(whole + decimals), len(decimals)
    if not decimals:
        zeros = len(whole) - len(whole.rstrip("0"))
        digits, places = digits // 10**zeros, -zeros
    return Printed(
        digits,
        places,
        POWERS[unit[:1]],
        full=not digits or (not unit and not decimals),  # a zero has no digits to round to
        of_bytes=len(unit) > 1,
        binary="I" in unit,
    )
