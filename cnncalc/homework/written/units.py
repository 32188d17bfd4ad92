"""Scales and units after a number: K, million, MiB, MACs."""

import re
from typing import NamedTuple

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
    "millionen": 2,
    "milliarden": 3,
    "tausend": 1,
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
    "o": "B",
    "octet": "B",
    "octets": "B",
    "mac": "MACs",
    "macs": "MACs",
    "madd": "MACs",
    "madds": "MACs",
    "multiply-accumulates": "MACs",
    "multiply-accumulate operations": "MACs",
    "mac operations": "MACs",
    "mult-adds": "MACs",
    "multiply-adds": "MACs",
    "flop": "FLOPs",
    "flops": "FLOPs",
    "floating point operations": "FLOPs",
    "floating-point operations": "FLOPs",
    "ops": "",
    "operations": "",
    "param": "",
    "params": "",
    "parameters": "",
    "parameter": "",
    "weight": "",
    "weights": "",
    "bias": "",
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
            "inputs",
            "multiplications",
            "multiplies",
            "mults",
            "units",
            "zeros",
        ),
        "",
    ),
    **dict.fromkeys(
        (
            f"{what}{where}"
            for what in (
                "",
                "pixels ",
                "px ",
                "zeros ",
                "cells ",
                "pixels of padding ",
                "pixels of zero padding ",
                "rows of zeros ",
            )
            for where in ("on each side", "on every side", "on both sides", "per side", "each side")
        ),
        "",
    ),
}
"""The words after a number and their units; most just repeat what is asked for."""

NAMES = {"B": "bytes", "bit": "bits"}
"""The units that a sentence spells out."""


class Suffix(NamedTuple):
    """The suffix of a number: the power of a thousand, whether a thousand is 1024, and the unit."""

    power: int = 0
    binary: bool = False
    unit: str = ""
    bare_b: bool = False
    """Whether the suffix is a b alone, which may mean bytes or billions."""
    small_b: bool = False
    """Whether the unit is a lowercase b, which may mean bits."""


LEARNED = re.compile(r"\b(?:learnable|learned|trainable|free|total) (?=[a-z])")
"""Words before a unit that add nothing."""
LETTER = re.compile(r"([kmgt])(i?)\s*(.*)")
WORD = re.compile(
    r"(thousand|tausend|millionen|milliarden|(?:m|b|tr)illion|mio|mln|bn|mrd|"
    r"kilo|mega|giga|tera|kibi|mebi|gibi|tebi)s?\s*(.*)"
)


def suffix_of(text: str) -> Suffix | None:
    """The suffix that a string stands for, if any: ``MiB`` is (2, True, "B")."""
    word = LEARNED.sub("", " ".join(text.lower().split()))
    if word == "b":
        return Suffix(unit="B", bare_b=True)
    if word in UNITS:
        return Suffix(unit=UNITS[word])
    spelt = WORD.fullmatch(word)  # before LETTER, which would read "mio" as mebioctets
    if spelt and spelt[2] in UNITS:
        return Suffix(SCALES[spelt[1]], spelt[1].endswith("bi"), UNITS[spelt[2]])
    match = LETTER.fullmatch(word)
    if match and match[3] in UNITS:
        small_b = match[3] == "b" and text.rstrip().endswith("b")
        return Suffix(SCALES[match[1]], bool(match[2]), UNITS[match[3]], small_b=small_b)
    return None


def scale(kilo: int, power: int) -> int:
    """The factor of a scale: for M, kilo to the power of 2."""
    return int(kilo**power)
