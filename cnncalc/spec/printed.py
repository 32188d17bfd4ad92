"""Numbers as they are printed in the literature, and whether exact numbers agree with them."""

import re
from typing import NamedTuple

from cnncalc.core.errors import UsageError
from cnncalc.core.units import WHOLE

POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "B": 3, "T": 4}
"""The scale letters, and the powers of 1000 that they stand for."""

NUMBER = rf"(?i)~?\s*({WHOLE})(?:\.([0-9]+))?\s*([KMGT]I?B|[KMGBT]?)"
LONGEST = 100


class Printed(NamedTuple):
    """A printed number: ``digits`` / 10 ^ ``places``, times 1000 to the power of its scale.

    Zeros at the end of a whole number count as negative places, not digits. A ``full`` number has
    neither a scale nor decimals, so every digit is significant; a zero is always full. ``binary``
    means a unit based on 1024, such as MiB.
    """

    digits: int
    places: int
    power: int = 0
    full: bool = False
    of_bytes: bool = False
    binary: bool = False

    def agrees(self, exact: int, kilo: int = 1000, cut: bool = False, of: int = 1) -> bool:
        """Whether ``exact`` / ``of`` rounds (or is ``cut``) to this number, to its printed
        digits."""
        # Integers only: both sides are multiplied by ``of``, and by 10 ^ places unless that is
        # a fraction.
        up, down = int(10 ** max(self.places, 0)), int(10 ** max(-self.places, 0))
        last = int((1024 if self.binary else kilo) ** self.power) * down * of
        over = exact * up - self.digits * last
        if self.full or not self.digits:  # a zero has no significant digits
            return over == 0
        return 0 <= over < last if cut else 2 * abs(over) <= last


def read_number(text: str) -> Printed:
    """Parse a printed number: ``61706``, ``138M``, ``~3.8G``, ``93 MB``, ``58.1 MiB``.

    ``138M`` agrees with 137.5 to 138.5 million, and ``150K`` with 145 to 155 thousand. A number
    without a unit or decimals agrees only with itself, and any zero only with 0. Raises UsageError
    for any other text.
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
