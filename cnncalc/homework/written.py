"""A value as people write it, and whether the truth agrees with it.

What is written may be rounded, in thousands of 1000 or of 1024, in bytes or in bits, channels
first or last. All of that is right; a ``Reading`` says what was taken for granted, to be told once.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, ClassVar, NamedTuple, TypeVar
from unicodedata import decimal

from cnncalc.core.errors import LayerError, UsageError, one_of
from cnncalc.core.shape import MOST_DIGITS, Map, Shape, Vector
from cnncalc.homework.convolution.matrix import Real, Tensor, cells
from cnncalc.homework.convolution.writing import Style
from cnncalc.spec.expression import PEOPLES, calculate, is_number

T = TypeVar("T")
Value = int | Fraction | bool | Shape | Tensor
"""What can be asked for: a count or a size, yes or no, a shape, a matrix."""

MANY = 10**6


class Terms(NamedTuple):
    """What is let pass. Strict: only the exact value, in thousands of 1000, channels first.
    A ``tolerance`` is a part of the truth (1/100: one per cent)."""

    strict: bool = False
    tolerance: Fraction = Fraction(0)


KIND = Terms()

CHANNELS_LAST = "channels last"
"""The note on a habit that all answers of a sheet share: it is told once."""


class Reading(NamedTuple):
    """How what is written agrees with the truth: ``notes`` tell what was taken for granted."""

    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Written:
    """A value as it was written."""

    text: str

    expected: ClassVar = "a value"
    longest: ClassVar = 300
    """Texts longer than this, in characters, are none."""

    @property
    def before(self) -> "Written | None":
        """What stands before an equals sign: the working of the result."""
        return None

    @property
    def rounded(self) -> bool:
        """Whether other values than this one may be meant."""
        return False

    @property
    def told_apart(self) -> Fraction:
        """About how many values of this size could be told apart as they are written: the more, the
        less likely it is that one comes about by chance."""
        return Fraction(MANY)

    @classmethod
    def read(cls, given: Any) -> "Written | None":
        """What is given, read as this kind of value; None where it is none.

        Raises LayerError where it is one that cannot be worked out.
        """
        raise NotImplementedError

    def agrees(self, truth: Value, unit: str = "", terms: Terms = KIND) -> Reading | None:
        """How it agrees with a truth that is counted in ``unit``; None where it does not."""
        raise NotImplementedError

    def overlaps(
        self, low: Fraction, high: Fraction, unit: str = "", terms: Terms = KIND
    ) -> Reading | None:
        """How it agrees with any truth from low to high; None where it does not."""
        return None

    def differs(self, truth: Value, unit: str = "") -> str:
        """What of it is another than in the truth, in a few words; empty where it has no parts."""
        return ""


def read(given: Any, takes: Sequence[type[Written]]) -> Written:
    """The first of these kinds that a given value (as YAML holds it) can be read as.

    ``55*55*96`` is a Number or a Size: whichever is taken. Raises UsageError with one sentence.
    """
    if isinstance(given, str):
        return _read_text(readable(given), tuple(takes))
    return _read(given, takes)


@lru_cache(maxsize=10_000)
def _read_text(given: str, takes: tuple[type[Written], ...]) -> Written:
    """A text, which many students may write alike."""
    longest = max(kind.longest for kind in takes)
    if len(given) > longest:
        raise UsageError(f"an answer has at most {longest:,} characters, not {len(given):,}")
    return _read(given, takes)


def _read(given: Any, takes: Sequence[type[Written]]) -> Written:
    why = ""
    for kind in takes:
        try:
            found = kind.read(given)
        except LayerError as error:
            why = why or f": {error}"
            continue
        if found is not None:
            return found
    wanted = one_of([kind.expected for kind in takes])
    raise UsageError(f"{shown(given)} is not {wanted}{why}")


INVISIBLE = dict.fromkeys(
    (0x00AD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF)
)
FULL_WIDTH = {sign + 0xFEE0: sign for sign in range(0x21, 0x7F)} | {0x3000: " "}


def readable(text: str) -> str:
    """Text without invisible characters (zero-width spaces, marks of direction), with full-width
    characters and the digits of every script as ASCII. Superscripts stay, unlike under NFKC."""
    if text.isascii():
        return text
    text = text.translate(INVISIBLE | FULL_WIDTH)
    return "".join(str(decimal(one)) if one.isdecimal() else one for one in text)


def shown(given: Any) -> str:
    """A value as an error quotes it."""
    text = repr(as_text(given))
    return text if len(text) <= 60 else f"{text[:57]}..."


def printable(text: str, between: str = " ") -> str:
    """A text in one line, that moves no cursor: what stood in several lines is told ``between``."""
    lines = (
        "".join(one if one.isprintable() else " " for one in line) for line in text.split("\n")
    )
    return between.join(filter(None, (" ".join(line.split()) for line in lines)))


def as_text(given: Any) -> str:
    """A value of YAML as it was written."""
    if isinstance(given, bool) or given is None:
        return str(given).lower()
    if isinstance(given, list):
        return f"[{', '.join(map(as_text, given))}]"
    return str(given).strip()


GROUPED = r"[0-9]{1,3}(?:[, _'\u00a0\u2009\u202f][0-9]{3})+"
ABOUT = r"(?:~|≈|about|around|roughly|approximately|approx\.?|circa|ca\.?)"
TIMES_TEN = r"\s*[x×X*·]\s*10\s*(?:\^|\*\*)\s*\(?\s*"
PLAIN = re.compile(
    rf"(?P<about>{ABOUT}\s*)?(?P<whole>[-+−]?(?:{GROUPED}|[0-9]*))"
    r"(?:\.(?P<decimals>[0-9]*)|,(?P<comma>[0-9]{1,2}|[0-9]{4,}))?"
    rf"(?:(?:[eE]|{TIMES_TEN})(?P<exponent>[-+−]?[0-9]{{1,3}})\)?)?\s*(?P<suffix>[A-Za-z -]*)"
)
"""A number without arithmetic; a comma before other than three digits is a decimal one."""
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
SCALES = {
    "": 0,
    "k": 1,
    "m": 2,
    "g": 3,
    "t": 4,
    "thousand": 1,
    "mio": 2,
    "mln": 2,
    "bn": 3,
    "mrd": 3,
    "million": 2,
    "billion": 3,
    "trillion": 4,
    "kilo": 1,
    "mega": 2,
    "giga": 3,
    "tera": 4,
    "kibi": 1,
    "mebi": 2,
    "gibi": 3,
    "tebi": 4,
}
UNITS = {
    "": "",
    "b": "B",
    "byte": "B",
    "bytes": "B",
    "bit": "bit",
    "bits": "bit",
    "mac": "MACs",
    "macs": "MACs",
    "madd": "MACs",
    "madds": "MACs",
    "multiply-accumulates": "MACs",
    "multiply-accumulate operations": "MACs",
    "mult-adds": "MACs",
    "multiply-adds": "MACs",
    "flop": "FLOPs",
    "flops": "FLOPs",
    "ops": "",
    "operations": "",
    "param": "",
    "params": "",
    "parameters": "",
    "trainable parameters": "",
    "weights": "",
    "biases": "",
    "activations": "",
    "elements": "",
    "neurons": "",
    "numbers": "",
    "values": "",
    "floats": "",
    "pixels": "",
    "px": "",
    **dict.fromkeys(
        (
            "additions",
            "comparisons",
            "connections",
            "divisions",
            "entries",
            "exponentials",
            "multiplications",
            "multiplies",
            "mults",
            "trainable params",
            "units",
            "zeros",
        ),
        "",
    ),
    **dict.fromkeys(
        (
            f"{what}{where}"
            for what in ("", "pixels ", "px ", "zeros ", "cells ")
            for where in ("on each side", "on every side", "on both sides", "per side", "each side")
        ),
        "",
    ),
}
"""The words after a number, and the unit that each means; most mean what was asked for anyway."""
NOTHING = re.compile(r"none|zero|nothing|no|no [a-z]+|n/?a|[-–—]", re.IGNORECASE)
"""What is written for 0, in the table of a layer that has none."""

BILLION = 10**9
MANY_ENOUGH = 1000
MEANT = 2
"""So many digits of a number in thousands are meant, even where they are zeros: 100M is 95M to
105M."""


class Suffix(NamedTuple):
    """What stands after a number: how often times a thousand, whether of 1024, and the unit."""

    power: int = 0
    binary: bool = False
    unit: str = ""
    bare_b: bool = False
    small_b: bool = False
    """Whether a small b stands for the bytes, which may mean bits."""


LETTER = re.compile(r"([kmgt])(i?)\s*(.*)")
WORD = re.compile(
    r"(thousand|(?:m|b|tr)illion|mio|mln|bn|mrd|kilo|mega|giga|tera|kibi|mebi|gibi|tebi)\s*(.*)"
)


def suffix_of(text: str) -> Suffix | None:
    """``MiB`` is (2, True, "B"); None for what is no unit."""
    word = " ".join(text.lower().split())
    if word == "b":
        return Suffix(unit="B", bare_b=True)
    if word in UNITS:  # "macs" and "million" begin with a letter that is a scale by itself
        return Suffix(unit=UNITS[word])
    spelt = WORD.fullmatch(word)
    if spelt and spelt[2] in UNITS:
        return Suffix(SCALES[spelt[1]], spelt[1].endswith("bi"), UNITS[spelt[2]])
    match = LETTER.fullmatch(word)
    if match and match[3] in UNITS:
        small_b = match[3] == "b" and text.rstrip().endswith("b")
        return Suffix(SCALES[match[1]], bool(match[2]), UNITS[match[3]], small_b=small_b)
    return None


def scale(kilo: int, power: int) -> int:
    """What a letter stands for: M is kilo to the power of 2."""
    return int(kilo**power)


@dataclass(frozen=True)
class Number(Written):
    """A count or a size: ``digits`` as printed, ``half`` a unit of the last one of them, and the
    suffix. ``working`` is what stood before an equals sign, ``dotted`` whether the point may be one
    between thousands, as in 34.944."""

    digits: Fraction
    half: Fraction = Fraction(0)
    suffix: Suffix = Suffix()
    working: Fraction | None = None
    dotted: bool = False

    expected = "a number, as in 34,944, 35K, 1.5e9, 93 MB or (11*11*3+1)*96"

    @classmethod
    def read(cls, given: Any) -> "Number | None":
        """A number as printed, or the value of an expression."""
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            return None
        text = as_text(given)
        if NOTHING.fullmatch(text):
            return cls(text, Fraction(0))
        # (11·11·3 + 1)·96 ≈ 35K: what is about the same stands for it.
        source = re.sub(r"(?<=[^\s(])\s*[~≈]\s*(?=\S)", "=", _tidied(text))
        working, _, result = source.rpartition("=")
        result = result.strip()
        number = _printed(result) or _said_twice(result) or _with_unit(result)
        if number is None:
            number = cls(text, _calculated(result))
        before = None
        with suppress(LayerError):  # P = 2: what is before may be no working
            before = _calculated(working.rpartition("=")[2]) if working.strip() else None
        return replace(number, text=text, working=before)

    @property
    def before(self) -> "Number | None":
        """The working."""
        return None if self.working is None else Number(self.text, self.working)

    @property
    def roundly(self) -> "Number | None":
        """The number where the zeros at its end may be places, not digits: 138000000 as 138M; None
        where it has too few of them."""
        count = int(self.digits)
        zeros = len(str(count)) - len(str(count).rstrip("0"))
        if self.rounded or self.suffix.power or self.digits != count or count < MANY_ENOUGH:
            return None
        return replace(self, half=_half(str(count))) if zeros >= MEANT else None

    @property
    def value(self) -> Fraction:
        """The number in thousands of 1000 (of 1024 where the unit says so)."""
        kilo = 1024 if self.suffix.binary else 1000
        return self.digits * scale(kilo, self.suffix.power)

    @property
    def rounded(self) -> bool:
        """Whether only its digits are claimed."""
        return self.half > 0

    @property
    def told_apart(self) -> Fraction:
        """The number in units of its last digit."""
        return abs(self.digits) / (2 * self.half or 1)

    def spans(self, unit: str = "", terms: Terms = KIND) -> Iterator[tuple[Fraction, Fraction]]:
        """From where to where the truths lie that it agrees with; a tolerance aside."""
        half = 0 if terms.strict else self.half
        for factor, _ in self._scales(unit, terms):
            yield (self.digits - half) * factor, (self.digits + half) * factor

    def agrees(self, truth: Value, unit: str = "", terms: Terms = KIND) -> Reading | None:
        """Whether the truth rounds to it at the digits that are printed."""
        if isinstance(truth, bool) or not isinstance(truth, int | Fraction):
            return None
        for factor, notes in self._scales(unit, terms):
            off = abs(truth / factor - self.digits)
            if off == 0:
                return Reading(notes)
            if off <= self.half and not terms.strict:
                return Reading((*notes, "rounded"))
            if terms.tolerance and off * factor <= terms.tolerance * abs(Fraction(truth)):
                return Reading((*notes, "within the tolerance"))
        return None

    def overlaps(
        self, low: Fraction, high: Fraction, unit: str = "", terms: Terms = KIND
    ) -> Reading | None:
        """Whether the truth may round to it."""
        for (_, notes), (least, most) in zip(
            self._scales(unit, terms), self.spans(unit, terms), strict=True
        ):
            if least <= high and low <= most:
                return Reading(notes)
        return None

    def _scales(self, unit: str, terms: Terms) -> Iterator[tuple[Fraction, tuple[str, ...]]]:
        """What the printed digits may be multiples of, and what that takes for granted."""
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
            yield (one * scale(1000, power) if power else one), notes  # the usual case is fast
        if binary or (power and not terms.strict):
            yield one * scale(1024, power), notes if binary else (*notes, "K = 1024")
        if small_b and unit == "B" and not terms.strict:
            yield Fraction(scale(1024 if binary else 1000, power), 8), ("in bits",)
        if self.dotted and not terms.strict:
            yield one * 1000, (*notes, "a point between thousands")

    def differs(self, truth: Value, unit: str = "") -> str:
        """The unit, where that is another."""
        own = self.suffix.unit
        if not own or own == unit or (own == "bit" and unit == "B"):
            return ""
        return f"it is in {own}, and {f'{unit} are' if unit else 'a plain number is'} asked for"


def _printed(text: str) -> Number | None:
    """A number without arithmetic."""
    match = PLAIN.fullmatch(text)
    decimals = match and (match["decimals"] or match["comma"] or "")
    if match is None or decimals is None or not (match["whole"].strip("-+−") or decimals):
        return None
    suffix = suffix_of(match["suffix"])
    if suffix is None or len(text) > MOST_DIGITS:
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
    if not digits and not is_bare:  # 0T and 0e99 claim no digits that a truth could round to
        half = Fraction(0)
    return Number(text, digits, half, suffix, dotted=bool(dotted) and is_bare)


def _half(whole: str) -> Fraction:
    """Half a unit of the last digit of a whole number, whose last zeros are places."""
    places = min(len(whole) - len(whole.rstrip("0")), max(len(whole) - MEANT, 0))
    return Fraction(10) ** places / 2


def _with_unit(text: str) -> Number | None:
    """``15237608 * 4 bytes``: arithmetic with a unit after it."""
    match = re.fullmatch(r"(.*[0-9)\]])\s*([A-Za-z][A-Za-z -]*)", text)
    suffix = suffix_of(match[2]) if match else None
    if match is None or suffix is None:
        return None
    return Number(text, _calculated(match[1]), suffix=suffix)


TEX = {"\\times": "×", "\\cdot": "·", "\\approx": "≈", "\\,": "", "{,}": ",", "$": ""}
DOTTED = r"(?<![0-9.,])[0-9]{1,3}(?:\.[0-9]{3}){2,}(?![0-9.,])"


def _tidied(text: str) -> str:
    """A text without what people write around a number: ``params: 34,944 (trainable)``."""
    for command, sign in TEX.items():
        text = text.replace(command, sign)
    text = re.sub(r"^[A-Za-z#][\w# ]*:", "", _raised(text)).strip()
    text, about = re.subn(r"\s*\(?\b(?:approx(?:imately|\.)?|roughly|rounded)\)?$", "", text)
    text = re.sub(r"\s*\([A-Za-z ,]+\)$", "", text)
    text = re.sub(r"(?<=[A-Za-z])\.$", "", text)
    text = re.sub(DOTTED, lambda match: match[0].replace(".", ""), text)
    return f"~{text}" if about else text


def _said_twice(text: str) -> Number | None:
    """``34,944 (35K)``: the number before the brackets, where both are numbers."""
    match = re.fullmatch(r"([^()]+?)(\s*)\(=?([^()]+)\)", text)
    again = _printed(match[3].strip()) if match else None
    if match is None or again is None or not (match[2] or again.rounded):  # 3(5) is a product
        return None
    return _printed(match[1].strip())


def _raised(text: str) -> str:
    """A text with ``^9`` for a small raised 9."""
    return re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda match: f"^{match[0].translate(RAISED)}", text)


def _calculated(text: str) -> Fraction:
    """The exact value of what people write down as arithmetic; raises LayerError."""
    source = re.sub(GROUPED, lambda match: re.sub(r"[^0-9]", "", match[0]), text)
    source = re.sub(r"\s*([0-9]+)\s+([0-9]+/[0-9]+)\s*", r"\1+\2", source)  # 2 1/3
    source = re.sub(r"(?<=[0-9)])(?:\s*[x×X·]\s*(?=[0-9(])|(?=\())", "*", source)
    source = source.replace("−", "-").replace("^", "**").replace("[", "(").replace("]", ")")
    value = calculate(source, {}, PEOPLES)
    if isinstance(value, bool) or not is_number(value):
        raise LayerError(f"{text.strip()[:60]!r} is no number")
    return Fraction(value)


MOST_AXES = 10


@dataclass(frozen=True)
class Size(Written):
    """A shape: its sizes in the order written."""

    sizes: tuple[int, ...]

    expected = "a shape, as in 96x55x55"

    @property
    def told_apart(self) -> Fraction:
        """The sizes that differ, multiplied."""
        return Fraction(prod({*self.sizes}))

    @classmethod
    def read(cls, given: Any) -> "Size | None":
        """``96x55x55``, ``55×55×96``, ``96@55x55``, ``[96, 55, 55]``, ``55^2 x 96``, ``4096``.

        What stands in front for a batch of any size (``None``, ``N``, ``-1``) is read as 1.
        """
        if isinstance(given, list) and len(given) > MOST_AXES:
            return None
        text = as_text(given)
        sizes = _labelled(text) or _sizes_in(text.partition("=")[0])
        sizes = sizes or _sizes_in(text.rpartition("=")[2])  # output = 96x55x55
        sizes = sizes or _sizes_worked_out(_tidied(text))
        return cls(text, sizes) if sizes else None

    def agrees(self, truth: Value, unit: str = "", terms: Terms = KIND) -> Reading | None:
        """Channels first, or last where that is let pass; a vector may be a map of one position,
        and the reverse. A number that holds for all axes may stand for each, and 3*5 for 15."""
        if isinstance(truth, int) and not isinstance(truth, bool):
            is_product = len(self.sizes) == 2 and re.search("[*·]", self.text)
            product = prod(self.sizes) if is_product else None
            return Reading() if {*self.sizes} == {truth} or product == truth else None
        if not isinstance(truth, Map | Vector):
            return None
        if self.sizes == truth.dimensions:
            return Reading()
        if terms.strict:
            return None
        if isinstance(truth, Map) and self.sizes == (*truth.spatial, truth.channels):
            return Reading((CHANNELS_LAST,))
        if isinstance(truth, Map) and truth.channels == 1 and self.sizes == truth.spatial:
            return Reading(("of one channel",))
        bare = tuple(size for size in self.sizes if size != 1)
        if isinstance(truth, Map) and len(truth.spatial) == truth.channels == 1:  # a window alone
            return Reading(("along each axis",)) if {*bare} == {*truth.spatial} else None
        if isinstance(truth, Vector) and bare == truth.dimensions:
            return Reading(("a vector as a map of one position",))
        if isinstance(truth, Map) and {*truth.spatial} == {1} and self.sizes == (truth.channels,):
            return Reading(("a map of one position as a vector",))
        if isinstance(truth, Vector) and re.fullmatch(GROUPED, self.text):
            number = Number.read(self.text)
            return Reading() if number and number.value == truth.features else None
        return None

    def of_one(self, batch: int) -> "Size | None":
        """The shape of one image where the batch, or a 1 for it, stands in front."""
        if len(self.sizes) > 1 and self.sizes[0] in (1, batch):
            return replace(self, sizes=self.sizes[1:])
        return None

    def shape(self, like: Shape) -> Shape | None:
        """The shape that is meant where one like ``like`` is right: channels first, unless only the
        last size is the right number of channels. None where it has other axes, or a size of 0."""
        if len(self.sizes) != len(like.dimensions) or 0 in self.sizes:
            return None
        if isinstance(like, Vector):
            return Vector(self.sizes[0])
        if self.sizes[-1] == like.channels != self.sizes[0]:
            return Map(self.sizes[-1], self.sizes[:-1])
        return Map(self.sizes[0], self.sizes[1:])


CROSSES = {"\\times": "x", **dict.fromkeys("⨯✕✖", "x"), **dict.fromkeys("$.<>{}", " ")}
SIZE_WORDS = re.compile(
    r"\b(?:(?:feature |activation )?maps?|channels?|filters?|depth|deep|of|size|each|with|pixels|"
    r"px|neurons?|units?|features?|outputs?)\b",
    re.IGNORECASE,
)


def _sizes_in(text: str) -> tuple[int, ...]:
    """The sizes of a shape in the order written; none where it is no shape."""
    text = re.sub(r"^[A-Za-z][\w ]*:", "", _raised(text))
    text = re.sub(r"([0-9])\.0+(?![0-9])", r"\1", text)
    text = re.sub(r"^\s*torch\.Size|\([A-Za-z ,x×*]+\)", "", text)
    for sign, meant in CROSSES.items():
        text = text.replace(sign, meant)
    text = SIZE_WORDS.sub(" ", re.sub(r"(?i)[\s-]by[\s-]", "x", text)).strip("[]() ,")
    text = re.sub(r"([0-9]{1,20})\s*\^\s*2(?![0-9])", r"\1x\1", text)
    text = re.sub(r"^(?:None|batch|[NB?]|-1)(?=\s*[x×X*·, ])", "1", text)
    parts = re.split(r"\s*[x×X*·,;@]\s*|\s+", text)
    if not all(re.fullmatch(r"[0-9]{1,20}", part) for part in parts):
        return ()
    return tuple(map(int, parts))


def _sizes_worked_out(text: str) -> tuple[int, ...]:
    """``96 x ((227-11)/4+1) x 55``; none where not every size is the value of an expression."""
    depth, parts = 0, [""]
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if sign in "x×," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    values: list[Fraction] = []
    with suppress(LayerError):
        values = [_calculated(part) for part in parts[:MOST_AXES]]
    are_sizes = all(value > 0 and value.denominator == 1 for value in values)
    return tuple(map(int, values)) if are_sizes and len(parts) <= MOST_AXES else ()


def _labelled(text: str) -> tuple[int, ...]:
    """``H=55, W=55, C=96`` with the channels first; none where not every size has its letter."""
    match = re.fullmatch(r"(?:[CDHW]\s*[=:]\s*[0-9]{1,20}[\s,;x×]*){2,4}", text.strip("()[] "))
    found = dict(re.findall(r"([CDHW])\s*[=:]\s*([0-9]+)", text)) if match else {}
    return tuple(int(found[letter]) for letter in "CDHW" if letter in found)


YES = {
    *("yes", "y", "yep", "yeah", "true", "legal", "valid", "allowed", "possible", "ok", "okay"),
    *("fine", "fit", "fits", "work", "works", "integer", "whole", "✓", "✔"),
}
NO = {"no", "n", "nope", "false", "illegal", "invalid", "impossible", "cannot", "can't", "✗", "✘"}
NEGATIONS = {"not", "isn't", "doesn't"}
FILLERS = {"it", "it's", "is", "does", "this", "that", "the", "a", "an", "number", "stride", "of"}
"""What is said around a verdict: ``the stride of 3 is legal``."""
REASON = re.compile(r"\s*(?:[,;:.!(–—]|\bbecause\b|\bas\b|\bsince\b|\s-).*", re.DOTALL)
"""What may follow a verdict."""


@dataclass(frozen=True)
class Verdict(Written):
    """Yes or no."""

    yes: bool

    expected = "yes or no (legal or illegal)"

    @classmethod
    def read(cls, given: Any) -> "Verdict | None":
        """``yes``, ``illegal``, true; ``no, 3 does not divide 4``."""
        text = as_text(given)
        said = REASON.sub("", " ".join(text.lower().replace("’", "'").split()))
        found: set[bool] = set()
        negated = False
        for word in said.split():
            if word in NEGATIONS:
                negated = not negated
            elif word in YES or word in NO:
                found.add((word in YES) != negated)
                negated = False
            elif word not in FILLERS and not (word.isdecimal() and "stride" in said):
                return None
        if negated:  # no, it isn't
            found.add(False)
        return cls(text, True in found) if len(found) == 1 else None

    def agrees(self, truth: Value, unit: str = "", terms: Terms = KIND) -> Reading | None:
        """Whether it says the same."""
        return Reading() if isinstance(truth, bool) and self.yes == truth else None


Channels = tuple[tuple[tuple[Number, ...], ...], ...]
MOST_DIFFERENT = 3
"""So many numbers of a wrong matrix are told."""


@dataclass(frozen=True)
class Matrix(Written):
    """Rows of numbers, of one channel or of several."""

    channels: Channels

    expected = "a matrix, as in [[1, 2], [3, 4]] or 1 2; 3 4"
    longest = 20_000

    @property
    def told_apart(self) -> Fraction:
        """Those of all its numbers, multiplied."""
        each = (number.told_apart for plane in self.channels for row in plane for number in row)
        return Fraction(min(MANY, prod(max(1, int(count)) for count in each)))

    @classmethod
    def read(cls, given: Any) -> "Matrix | None":
        """All that ``convolution.of`` takes; the numbers may be written in all ways."""
        if not isinstance(given, str | list):
            given = as_text(given)
        try:
            found = cells(given)
        except UsageError as why:
            raise LayerError(str(why)) from None
        factor = Fraction(1) if found.factor is None else _calculated(found.factor)
        channels = []
        for plane in found.channels:
            numbers = [[Number.read(cell) for cell in row] for row in plane]
            if any(number is None for row in numbers for number in row):
                return None
            channels.append(tuple(tuple(_times(n, factor) for n in row if n) for row in numbers))
        return cls(as_text(given), tuple(channels))

    def agrees(self, truth: Value, unit: str = "", terms: Terms = KIND) -> Reading | None:
        """Whether every number agrees; channels may come last, and signals as columns, where that
        is let pass."""
        if not isinstance(truth, Tensor):
            return None
        right = _planes(truth)
        own = self._like(truth)
        layouts: list[tuple[Channels, tuple[str, ...]]] = [(own, ())]
        if not terms.strict and len(truth.shape.spatial) == 1:
            layouts.append((tuple(map(_turned, own)), ("as columns",)))
        elif not terms.strict:
            layouts.append((tuple(zip(*map(_turned, own), strict=True)), (CHANNELS_LAST,)))
        for channels, notes in layouts:
            if _sizes(channels) == _sizes(right):
                pairs = zip(_flat(channels), _flat(right), strict=True)
                readings = [number.agrees(_exact(value), unit, terms) for number, value in pairs]
                if None not in readings:
                    more = (note for reading in readings if reading for note in reading.notes)
                    return Reading(tuple(dict.fromkeys((*notes, *more))))
        return None

    def differs(self, truth: Value, unit: str = "") -> str:
        """The size where it is another, else the first of the numbers that are."""
        if not isinstance(truth, Tensor):
            return ""
        own, right = self._like(truth), _planes(truth)
        if _sizes(own) != _sizes(right):
            return f"it is {_told_sizes(own)}, and {_told_sizes(right)} is right"
        style = Style(truth.decimal)
        wrong = [
            f"({','.join(map(str, place))}) is {style.text(value)}, not {number.text}"
            for place, number, value in zip(_places(right), _flat(own), _flat(right), strict=True)
            if number.agrees(_exact(value)) is None
        ]
        which = "; ".join(wrong[:MOST_DIFFERENT]) + ("; ..." if len(wrong) > MOST_DIFFERENT else "")
        verb = "is" if len(wrong) == 1 else "are"
        return f"{len(wrong)} of {prod(_sizes(right))} numbers {verb} wrong: {which}"

    def _like(self, truth: Tensor) -> Channels:
        """The channels; those of a signal as the rows of one."""
        is_signal = len(truth.shape.spatial) == 1
        if is_signal and all(len(rows) == 1 for rows in self.channels):
            return (tuple(rows[0] for rows in self.channels),)
        return self.channels


Exact = int | Fraction


def _planes(tensor: Tensor) -> tuple[tuple[tuple[Real, ...], ...], ...]:
    """The numbers of every channel, row by row, the channels of a signal as the rows of one."""
    planes = tuple(tuple(tensor.rows(channel)) for channel in range(tensor.shape.channels))
    return planes if len(tensor.shape.spatial) > 1 else (tuple(rows[0] for rows in planes),)


def _exact(number: Real) -> Exact:
    """The number; a float as the fraction that it is."""
    return Fraction(number) if isinstance(number, float) else number


def _times(number: Number, factor: Fraction) -> Number:
    return replace(number, digits=number.digits * factor, half=number.half * abs(factor))


def _turned(rows: tuple[tuple[Number, ...], ...]) -> tuple[tuple[Number, ...], ...]:
    """Rows as columns."""
    return tuple(zip(*rows, strict=True))


def _flat(channels: Iterable[Iterable[Iterable[T]]]) -> Iterator[T]:
    return (cell for rows in channels for row in rows for cell in row)


def _sizes(channels: Sequence[Sequence[Sequence[object]]]) -> tuple[int, int, int]:
    return len(channels), len(channels[0]), len(channels[0][0])


def _told_sizes(channels: Sequence[Sequence[Sequence[object]]]) -> str:
    """``2×2``, the channels first where there are several."""
    return "×".join(map(str, _sizes(channels)[len(channels) == 1 :]))


def _places(channels: Sequence[Sequence[Sequence[object]]]) -> Iterator[tuple[int, ...]]:
    """Where every number stands, counted from 1; the channel, and the row of a signal, only where
    there are several."""
    sizes = _sizes(channels)
    first = next((axis for axis, size in enumerate(sizes) if size > 1), len(sizes) - 1)
    for place in product(*(range(1, size + 1) for size in sizes)):
        yield place[first:]


def told(value: Value, unit: str = "") -> str:
    """A truth as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Map | Vector):
        return str(value)
    if isinstance(value, Tensor):
        style = Style(value.decimal)
        planes = (style.rows(value, channel) for channel in range(value.shape.channels))
        return " | ".join("; ".join(" ".join(row) for row in rows) for rows in planes)
    number = f"{value:,}" if isinstance(value, int) else str(value)
    return f"{number} {unit}" if unit else number
