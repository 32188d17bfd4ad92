"""Numbers and sums as text: exact, as decimals if they were given as such, or rounded."""

from collections.abc import Sequence
from fractions import Fraction
from math import isinf
from typing import NamedTuple

from cnncalc.derivations.wording import minus
from cnncalc.homework.convolution.matrix import Real, Tensor, common_denominator, plain

USUAL_DIGITS = 3
"""The default number of decimal places of a float."""


class Style(NamedTuple):
    """The way to write numbers that are not whole: as fractions; if ``decimal``, as decimals where
    these terminate; or rounded to ``digits`` after the point. A float is always rounded."""

    decimal: bool = False
    digits: int | None = None

    def text(self, number: Real) -> str:
        """A number as text: ``16/3``; as a decimal ``−0.35``; to two places ``5.33``."""
        if isinstance(number, int):
            return minus(number)
        if isinstance(number, float):
            usual = USUAL_DIGITS if self.digits is None else self.digits
            return "−∞" if isinf(number) else _rounded(Fraction(number), usual)
        if self.digits is not None:
            return _rounded(number, self.digits)
        places = _places(number.denominator) if self.decimal else None
        if places is None:
            return f"{minus(number.numerator)}/{number.denominator}"
        return _rounded(number, places)

    def result(self, number: Real) -> str:
        """The number, and its rounded value if that differs: ``16/3 ≈ 5.33``; for a float,
        only the rounded value."""
        exact, rounded = self._replace(digits=None).text(number), self.text(number)
        if isinstance(number, float):
            return rounded
        return exact if _value(rounded) == number else f"{exact} ≈ {rounded}"

    def rows(self, tensor: Tensor, channel: int) -> list[list[str]]:
        """The rows of a channel (the first is 0), with the same number of decimal digits unless
        some numbers are fractions."""
        rows = [[self.text(number) for number in row] for row in tensor.rows(channel)]
        texts = [text for row in rows for text in row]
        places = max(len(text.partition(".")[2]) for text in texts)
        if not places or any("/" in text for text in texts):
            return rows
        return [[_lengthened(text, places) for text in row] for row in rows]


def with_factor(kernel: Tensor, channel: int) -> tuple[str, list[list[str]]]:
    """A factor of all numbers of a kernel's channel, such as ``1/9``, and the numbers without it.

    The factor is empty, and the numbers are unchanged, if one of them is a whole number other than
    0, if all are 0, or if the kernel was written with decimals.
    """
    common = common_denominator(kernel.planes[channel])
    if (
        common == 1
        or kernel.decimal
        or any(isinstance(n, int) and n for n in kernel.planes[channel])
    ):
        return "", Style(kernel.decimal).rows(kernel, channel)
    whole = tuple(plain(number * common) for number in kernel.planes[channel])
    return f"1/{common}", Style().rows(Tensor(kernel.shape, (whole,)), 0)


def products(
    pairs: Sequence[Sequence[tuple[Real, Real]]], numbers: Style, weights: Style
) -> list[str]:
    """The summands ``0.5×0``, ``− 0.1×1``, ``+ 3×(−2)``; with several channels, the summands of
    each channel are in brackets."""
    summands: list[str] = []
    for channel in pairs:
        terms = [f"{numbers.text(x)}×{bracketed(weights.text(weight))}" for x, weight in channel]
        group = [signed(term, place == 0) for place, term in enumerate(terms)]
        if len(pairs) > 1:
            group[0] = f"{'+ ' if summands else ''}({group[0]}"
            group[-1] += ")"
        summands += group
    return summands


def written_maximum(cells: Sequence[str]) -> list[str]:
    """A maximum, in pieces: ``max(1,``, ``2,``, ``3)``."""
    pieces = [f"{cell}," for cell in cells]
    pieces[0] = f"max({pieces[0]}"
    pieces[-1] = f"{pieces[-1].removesuffix(',')})"
    return pieces


def written_mean(cells: Sequence[str]) -> list[str]:
    """A mean, in pieces: ``(1``, ``+ 2``, ``− 3)/3``."""
    pieces = [signed(cell, place == 0) for place, cell in enumerate(cells)]
    pieces[0] = f"({pieces[0]}"
    pieces[-1] += f")/{len(cells)}"
    return pieces


def bracketed(text: str) -> str:
    """A number as a factor: in brackets if it is negative."""
    return f"({text})" if text.startswith("−") else text


def signed(text: str, is_first: bool) -> str:
    """A summand with its sign; the first summand has a sign only if it is negative."""
    if is_first:
        return text
    return f"− {text[1:]}" if text.startswith("−") else f"+ {text}"


def _rounded(number: Fraction, digits: int) -> str:
    """The number with this many decimal digits; halves round away from zero."""
    scale = 10**digits
    count = (2 * abs(number.numerator) * scale + number.denominator) // (2 * number.denominator)
    sign = "−" if number < 0 and count else ""
    return f"{sign}{count // scale}" + (f".{count % scale:0{digits}}" if digits else "")


def _value(text: str) -> Fraction:
    return Fraction(text.replace("−", "-"))


def _places(denominator: int) -> int | None:
    """The number of digits after the point of a fraction with this denominator; None if its decimal
    does not terminate."""
    counts = range(1, denominator.bit_length() + 1)
    return next((count for count in counts if 10**count % denominator == 0), None)


def _lengthened(text: str, places: int) -> str:
    """The decimal padded with zeros."""
    whole, _, digits = text.partition(".")
    return f"{whole}.{digits:0<{places}}"
