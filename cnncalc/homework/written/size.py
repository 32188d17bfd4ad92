"""A shape: 96x55x55, [55, 55, 96], 96@55×55, 4096."""

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod
from typing import Any

from cnncalc.core.errors import LayerError
from cnncalc.core.shape import Map, Shape, Vector
from cnncalc.homework.written.arithmetic import GROUPED, calculated, raised, tidied
from cnncalc.homework.written.number import Number
from cnncalc.homework.written.texts import as_text
from cnncalc.homework.written.value import CHANNELS_LAST, KIND, Reading, Terms, Value, Written

MAX_AXES = 10


@dataclass(frozen=True)
class Size(Written):
    """A shape: its sizes in the order written."""

    sizes: tuple[int, ...]
    fractions: tuple[Fraction, ...] = ()
    """All the sizes, in place of ``sizes``, if any is a fraction (which a known mistake may
    explain)."""
    products: tuple[int, ...] = ()
    """The sizes if each is worked out: 25 and 784 in ``(5 x 5) x 784``."""

    expected = "a shape"
    examples = ("96x55x55",)

    @property
    def resolution(self) -> Fraction:
        """The product of its distinct sizes."""
        return prod({*map(Fraction, self.sizes), *self.fractions}, start=Fraction(1))

    @classmethod
    def read(cls, given: Any) -> "Size | None":
        """A shape such as ``96x55x55``, ``96@55x55``, ``[96, 55, 55]``, ``55^2 x 96`` or ``4096``.

        A symbol for the batch size in front (``None``, ``N``, ``-1``) is read as 1.
        """
        if isinstance(given, list) and len(given) > MAX_AXES:
            return None
        text = as_text(given)
        if FRACTIONAL.fullmatch(text):
            return cls(text, (), tuple(map(Fraction, re.findall(r"[0-9.]+", text))))
        concluded = CONCLUDED.fullmatch(text)
        sizes = _sizes_in(concluded[1]) if concluded else ()
        sizes = sizes or _labelled(text) or _sizes_in(text.partition("=")[0])
        sizes = sizes or _sizes_in(RESULT.sub("", text))  # output = 96x55x55
        sizes = sizes or _counted(text)
        worked_out = _sizes_worked_out(tidied(text)) if not sizes or PRODUCT.search(text) else ()
        return cls(text, sizes or worked_out, products=worked_out) if sizes or worked_out else None

    def agrees(self, truth: Value, unit: str = "", terms: Terms = KIND) -> Reading | None:
        """Whether it is the right shape, channels first. Unless ``strict``, the channels may come
        last, and a vector may be written as a map of one position or vice versa. A single size may
        be repeated for each axis, and 15 may be written 3*5."""
        if self.products not in ((), self.sizes):
            multiplied = replace(self, sizes=self.products, products=())
            if found := multiplied.agrees(truth, unit, terms):
                return found
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
        bare = tuple(size for size in self.sizes if size != 1)
        if isinstance(truth, Map) and len(truth.spatial) == truth.channels == 1:  # only a window
            notes = ("along each axis",) if len(self.sizes) > 1 else ()
            return Reading(notes) if {*bare} == {*truth.spatial} else None
        if isinstance(truth, Map) and truth.channels == 1 and self.sizes == truth.spatial:
            return Reading(("of one channel",))
        in_batch = self.sizes == (1, *truth.dimensions)
        if isinstance(truth, Vector) and bare == truth.dimensions and not in_batch:
            return Reading(("a vector as a map of one position",))
        if isinstance(truth, Map) and {*truth.spatial} == {1} and self.sizes == (truth.channels,):
            return Reading(("a map of one position as a vector",))
        if isinstance(truth, Vector) and re.fullmatch(GROUPED, self.text):
            number = Number.read(self.text)
            return Reading() if number and number.value == truth.features else None
        return None

    def of_one(self, batch: int) -> "Size | None":
        """The shape without the batch size or the 1 in front; None if there is neither."""
        if len(self.sizes) > 1 and self.sizes[0] in (1, batch):
            return replace(self, sizes=self.sizes[1:])
        return None

    def shape(self, like: Shape) -> Shape | None:
        """The shape that was meant, if ``like`` is the right one: channels first, unless only the
        last size is the right number of channels. None if a size is 0 or the number of axes is
        wrong."""
        if len(self.sizes) != len(like.dimensions) or 0 in self.sizes:
            return None
        if isinstance(like, Vector):
            return Vector(self.sizes[0])
        if self.sizes[-1] == like.channels != self.sizes[0]:
            return Map(self.sizes[-1], self.sizes[:-1])
        return Map(self.sizes[0], self.sizes[1:])


NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,6})?"
FRACTIONAL = re.compile(rf"(?=.*\.0*[1-9])[\[(]?{NUMBER}(?:\s*[x×X,@]\s*{NUMBER}){{1,3}}[\])]?")
CONCLUDED = re.compile(
    r".*[0-9)]\s*[-+−/÷]\s*[0-9(].*?(?:[→⇒;:,]|=>|->|\b(?:so|thus|hence|therefore|gives|giving)\b)"
    r"[^0-9(\[]*([(\[]?[0-9]+(?:\s*[x×X@]\s*[0-9]+){1,3}[)\]]?)\.?"
)
"""A shape after the working of one of its sizes: ``(32-5)/1+1 = 28, so 28x28x6``."""
CROSSES = {"\\times": "x", "⋅": "·", **dict.fromkeys("$.<>{}", " ")}
SIZE_WORDS = re.compile(
    r"(?<![A-Za-z])(?:(?:feature |activation )?maps?|an?|and|channels?|classes|columns?|deep|depth|"
    r"each|features?|filters?|high|images?|kernels?|length|matrix|neurons?|of|outputs?|pixels|px|"
    r"rows?|size|tall|tensor|units?|values|vector|volume|wide|with)\b",
    re.IGNORECASE,
)
RESULT = re.compile(r"^(?:[^=,;]*=)+(?=[^=]*$)")
"""The working before a shape; not ``K=96, C=3, F=11``, which are several values."""
BATCH = r"(?:none|batch(?:[_ ]size)?|bs|[bmn?*]|-1)(?=\s*[x×X*·, ])"
FILTERS = 4
"""The number of sizes of a weight tensor."""
PRODUCT = re.compile(r"[(²^]|[*·].*[x×]|[x×].*(?:[*·]|[0-9],[0-9]{3}(?![0-9]))")
"""A size that may be an expression, as in ``11*11*3 x 3,025``."""
GROUP = re.compile(r"\(([0-9]+(?:\s*[x×X*·]\s*[0-9]+){1,2})\)")
"""Sizes in brackets: ``8 x (28 x 28)``."""


def _sizes_in(text: str) -> tuple[int, ...]:
    """The sizes of a shape in the order written; none if it is not a shape."""
    text = re.sub(r"^[A-Za-z][\w ]*:", "", raised(text))
    text = re.sub(r"([0-9])\.0+(?![0-9])", r"\1", text)
    text = re.sub(r"\(([0-9]+ (?:channels|filters|maps|deep))\)", r", \1", text)
    one_sign = not re.search("[x×].*[*·]|[*·].*[x×]", text)
    if one_sign and text.count("(") == 1 and len(re.findall("[0-9]+", text)) <= FILTERS:
        text = GROUP.sub(r"\1", text)
    text = re.sub(
        r"^\s*(?:torch\.Size|TensorShape|N?CHW|N?HWC|rows)|[OH][IW][HIW][OW]$|\([A-Za-z ,x×*]+\)",
        "",
        text,
    )
    for sign, meant in CROSSES.items():
        text = text.replace(sign, meant)
    text = SIZE_WORDS.sub(" ", re.sub(r"(?i)[\s-]by[\s-]", "x", text)).strip("[]() ,")
    text = re.sub(r"([0-9]{1,20})\s*\^\s*2(?![0-9])", r"\1x\1", text)
    text = re.sub(rf"(?i)^{BATCH}", "1", text)
    parts = re.split(r"\s*[x×X*·,;@]\s*|\s+", text)
    if not all(re.fullmatch(r"[0-9]{1,20}", part) for part in parts):
        return ()
    return tuple(map(int, parts))


def _sizes_worked_out(text: str) -> tuple[int, ...]:
    """The sizes in ``96 x ((227-11)/4+1) x 55``; none unless every size is an expression."""
    depth, parts = 0, [""]
    between = "x×" if re.search("[x×]", text) else ","  # 363 x 3,025
    for character in text:
        depth += (character == "(") - (character == ")")
        if character in between and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    values: list[Fraction] = []
    with suppress(LayerError):
        values = [calculated(part) for part in parts[:MAX_AXES]]
    are_sizes = all(value > 0 and value.denominator == 1 for value in values)
    return tuple(map(int, values)) if are_sizes and len(parts) <= MAX_AXES else ()


def _counted(text: str) -> tuple[int, ...]:
    """The sizes of a shape before its number of elements: ``28x28x6 -> 4704``; else none."""
    shape, _, count = re.sub("[→⇒]|=>|->", "=", text).partition("=")
    sizes = _sizes_in(shape)
    return sizes if count.strip().replace(",", "") == str(prod(sizes)) else ()


LABEL = r"([CDHW]|channels|depth|height|width)\s*[=:]?\s*([0-9]{1,20})(?![0-9])"


def _labelled(text: str) -> tuple[int, ...]:
    """The sizes in ``H=55, W=55, C=96``, channels first; none unless every size has a label."""
    text = text.strip("()[] ")
    if not re.fullmatch(rf"(?i)(?:{LABEL}[\s,;x×]*){{2,4}}", text):
        return ()
    found = {label[0].upper(): int(size) for label, size in re.findall(f"(?i){LABEL}", text)}
    return tuple(found[letter] for letter in "CDHW" if letter in found)
