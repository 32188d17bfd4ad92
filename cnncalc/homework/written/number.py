"""A count or a size: 34,944, 35K, 1.5e9, 93 MB, (11*11*3+1)*96."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from cnncalc.core.errors import LayerError
from cnncalc.core.shape import MAX_DIGITS
from cnncalc.homework.written.arithmetic import GROUPED, calculated, tidied
from cnncalc.homework.written.texts import as_text
from cnncalc.homework.written.units import NAMES, Suffix, scale, suffix_of
from cnncalc.homework.written.value import KIND, ROUNDED, Reading, Terms, Value, Written

ABOUT = (
    r"(?:~|≈|about|around|roughly|approximately|approx\.?|circa|ca\.?|almost|nearly|"
    r"(?:just |slightly |a (?:bit|little) )?(?:over|under))"
)
LAKHS = r"[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}"
"""Digits in groups as in India: 6,23,78,344."""
TIMES_TEN = r"\s*[x×X*·]\s*10\s*(?:\^|\*\*)\s*\(?\s*"
PLAIN = re.compile(
    rf"(?P<about>{ABOUT}\s*)?(?P<whole>[-+−]?(?:{GROUPED}|{LAKHS}|[0-9]*))"
    r"(?:\.(?P<decimals>[0-9]*)|,(?P<comma>[0-9]{1,2}|[0-9]{4,}|(?<=\b0,)[0-9]{3}))?"
    rf"(?:(?:\s*[eE]|{TIMES_TEN})(?P<exponent>[-+−]?[0-9]{{1,3}})\)?)?\s*(?P<suffix>[A-Za-z -]*)"
)
"""A number without arithmetic; a comma is decimal unless it groups digits, as in 34,944 and
6,23,78,344 but not 0,944."""


NOTHING = re.compile(
    r"(?:[a-z ]*\b(?:are|has|have)\s+)?(?:none|zero|nothing|no|n/?a|[-–—])(?: (.*))?", re.IGNORECASE
)
"""Ways to write 0, such as ``no learnable parameters``."""

LETTER_O = re.compile("(?<=[0-9])O(?![A-Za-z])")
"""A letter where a zero may be meant: 15O is hardly the French for 15 octets."""

BILLION = 10**9
MIN_ROUNDED = 1000
MIN_SIGNIFICANT = 2
"""The number of leading digits that count even if they are zeros: 100M stands for 95M to 105M."""


@dataclass(frozen=True)
class Number(Written):
    """A count or a size: its ``digits``, ``half`` a unit of the last digit (0 if it is exact), and
    its suffix. ``working`` is the value before an equals sign; ``dotted`` says that a point may
    separate thousands, as in 34.944."""

    # Hash only the text, because hashing fractions is slow.
    digits: Fraction = field(hash=False)
    half: Fraction = field(default=Fraction(0), hash=False)
    suffix: Suffix = Suffix()
    working: Fraction | None = field(default=None, hash=False)
    dotted: bool = False

    expected = "a number"
    examples = ("34,944", "35K", "1.5e9", "93 MB", "(11*11*3+1)*96")

    @classmethod
    def read(cls, given: Any) -> "Number | None":
        """A number as printed, or the value of an expression."""
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            return None
        text = as_text(given)
        nothing = NOTHING.fullmatch(text)
        if nothing and suffix_of(nothing[1] or "") is not None:
            return cls(text, Fraction(0))
        # (11·11·3 + 1)·96 ≈ 35K: read ≈ as an equals sign.
        source = re.sub(r"(?<=[^\s(])\s*[~≈]\s*(?=\S)", "=", tidied(text))
        said_twice = _said_twice(source)
        working, _, result = ("", "", source) if said_twice else source.rpartition("=")
        result = result.strip()
        if LETTER_O.search(result):
            raise LayerError("it has the letter O; write 0 for zero, or B for bytes")
        number = said_twice or _printed(result) or _said_twice(result) or _with_unit(result)
        if number is None:
            number = cls(text, calculated(result))
        before = None
        with suppress(LayerError):  # P = 2: the left side need not be arithmetic
            before = calculated(working.rpartition("=")[2]) if working.strip() else None
        return replace(number, text=text, working=before)

    @property
    def before(self) -> "Number | None":
        """The value of the working; None without arithmetic before an equals sign."""
        return None if self.working is None else Number(self.text, self.working)

    @property
    def as_rounded(self) -> "Number | None":
        """The number as if the zeros at its end were not significant (138000000 as 138M); None
        unless it is a plain count that may be rounded in this way."""
        count = int(self.digits)
        zeros = len(str(count)) - len(str(count).rstrip("0"))
        if self.rounded or self.suffix.power or self.digits != count or count < MIN_ROUNDED:
            return None
        return replace(self, half=_half(str(count))) if zeros >= MIN_SIGNIFICANT else None

    @property
    def value(self) -> Fraction:
        """The number with K = 1000 (1024 if the unit says so)."""
        kilo = 1024 if self.suffix.binary else 1000
        return self.digits * scale(kilo, self.suffix.power)

    @property
    def rounded(self) -> bool:
        """Whether it is rounded to its digits."""
        return self.half > 0

    @property
    def resolution(self) -> Fraction:
        """The number in units of its last digit."""
        return abs(self.digits) / (2 * self.half or 1)

    def spans(self, unit: str = "", terms: Terms = KIND) -> Iterator[tuple[Fraction, Fraction]]:
        """The ranges of right values that it agrees with, apart from any tolerance."""
        half = 0 if terms.strict else self.half
        for factor, _ in self._scales(unit, terms):
            yield (self.digits - half) * factor, (self.digits + half) * factor

    def agrees(self, truth: Value, unit: str = "", terms: Terms = KIND) -> Reading | None:
        """Whether the right value rounds to the digits that are written, or is within the
        tolerance."""
        if isinstance(truth, bool) or not isinstance(truth, int | Fraction):
            return None
        for factor, notes in self._scales(unit, terms):
            off = abs(truth / factor - self.digits)
            if off == 0:
                return Reading(notes)
            if off <= self.half and not terms.strict:
                return Reading((*notes, ROUNDED))
            if terms.tolerance and off * factor <= terms.tolerance * abs(Fraction(truth)):
                return Reading((*notes, "within the tolerance"))
        return None

    def overlaps(
        self, low: Fraction, high: Fraction, unit: str = "", terms: Terms = KIND
    ) -> Reading | None:
        """Whether a right value from low to high rounds to it."""
        for (_, notes), (least, most) in zip(
            self._scales(unit, terms), self.spans(unit, terms), strict=True
        ):
            if least <= high and low <= most:
                return Reading(notes)
        return None

    def _scales(self, unit: str, terms: Terms) -> Iterator[tuple[Fraction, tuple[str, ...]]]:
        """The factors by which its digits may be scaled, and what each assumes."""
        power, binary, written, bare_b, small_b = self.suffix
        one = Fraction(1)
        notes: tuple[str, ...] = ()
        if bare_b and unit != "B":
            yield Fraction(BILLION), ()
            return
        if written == "bit" and unit == "B":
            one, notes = Fraction(1, 8), ("in bits",)
        elif written not in ("", unit):
            return
        if not binary:
            yield (one * scale(1000, power) if power else one), notes  # fast if power is 0
        if binary or (power and not terms.strict):
            yield one * scale(1024, power), notes if binary else (*notes, "K = 1024")
        if small_b and unit == "B" and not terms.strict:
            yield Fraction(scale(1024 if binary else 1000, power), 8), ("in bits",)
        if self.dotted and not terms.strict:
            yield one * 1000, (*notes, "a point between thousands")

    def differs(self, truth: Value, unit: str = "") -> str:
        """A remark on the unit, if it is the wrong one."""
        own = self.suffix.unit
        if not own or own == unit or (own == "bit" and unit == "B"):
            return ""
        wanted = NAMES.get(unit, unit) or "a plain number"
        return f"the answer is in {NAMES.get(own, own)}, but the question asks for {wanted}"


def _printed(text: str) -> Number | None:
    """A number without arithmetic."""
    match = PLAIN.fullmatch(text)
    decimals = match and (match["decimals"] or match["comma"] or "")
    if match is None or decimals is None or not (match["whole"].strip("-+−") or decimals):
        return None
    suffix = suffix_of(match["suffix"])
    if suffix is None or len(text) > MAX_DIGITS:
        return None
    whole = re.sub(r"[^0-9+-]", "", match["whole"].replace("−", "-"))
    exponent = int((match["exponent"] or "0").replace("−", "-"))
    places = len(decimals)
    digits = Fraction(int(f"{whole}{decimals}"), 10**places) * Fraction(10) ** exponent
    rounded = bool(decimals or match["exponent"] or suffix.power or match["about"])
    bare = whole.strip("+-")
    half = Fraction(10) ** -places / 2 if decimals else _half(bare)
    half = half * Fraction(10) ** exponent if rounded else Fraction(0)
    dotted = len(match["decimals"] or "") == len("000") and re.fullmatch("[1-9][0-9]{0,2}", bare)
    is_bare = not (match["exponent"] or match["about"] or suffix.power)
    if not digits and not is_bare:  # a zero such as 0T or 0e99 has no significant digits
        half = Fraction(0)
    return Number(text, digits, half, suffix, dotted=bool(dotted) and is_bare)


def _half(whole: str) -> Fraction:
    """Half a unit of the last significant digit of a whole number."""
    places = min(len(whole) - len(whole.rstrip("0")), max(len(whole) - MIN_SIGNIFICANT, 0))
    return Fraction(10) ** places / 2


def _with_unit(text: str) -> Number | None:
    """Arithmetic with a unit after it: ``15237608 * 4 bytes``."""
    match = re.fullmatch(r"(.*[0-9)\]])\s*([A-Za-z][A-Za-z -]*)", text)
    suffix = suffix_of(match[2]) if match else None
    if match is None or suffix is None:
        return None
    return Number(text, calculated(match[1]), suffix=suffix)


def _said_twice(text: str) -> Number | None:
    """The number before the brackets in ``34,944 (35K)``; None unless both are numbers."""
    match = re.fullmatch(r"([^()]+?)(\s*)\(=?([^()]+)\)", text)
    again = _printed(match[3].strip()) if match else None
    if match is None or again is None or not (match[2] or again.rounded):  # 3(5) is a product
        return None
    return _printed(match[1].strip())
