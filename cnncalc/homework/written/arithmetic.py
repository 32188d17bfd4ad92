"""Arithmetic as people write it: ``11·11·3 + 1``, ``55²``, ``2 1/3``, also in TeX."""

import re
from fractions import Fraction

from cnncalc.core.errors import LayerError
from cnncalc.spec.expression import calculate, is_number

GROUPED = r"[1-9][0-9]{0,2}(?:[, _'’\u00a0\u2009\u202f][0-9]{3})+"
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
TEX = {"\\times": "×", "\\cdot": "·", "\\approx": "≈", "\\,": "", "{,}": ",", "$": ""}
NOUN = re.compile(r"(?<=[0-9]) (?:activations|elements|floats|numbers|outputs|values)(?= ?[*x×·+])")
"""A noun after a number within arithmetic: ``6272 floats * 4 bytes``."""
PARTS = re.compile(r"([0-9,]{1,20}) weights?,? (?:\+|and|plus) ([0-9,]{1,20}) bias(?:es)?")
"""A sum in words: ``750 weights and 10 biases``."""
DOTTED = r"(?<![0-9.,])[0-9]{1,3}(?:\.[0-9]{3}){2,}(?![0-9.,])"


def tidied(text: str) -> str:
    """Text without the words that people write around a number: ``params: 34,944 (trainable)``."""
    for command, sign in TEX.items():
        text = text.replace(command, sign)
    text = re.sub(r"^[A-Za-z#][\w# ]*:", "", raised(text)).strip()
    text = NOUN.sub("", PARTS.sub(r"\1+\2", text))
    text, about = re.subn(r"\s*\(?\b(?:approx(?:imately|\.)?|roughly|rounded)\)?$", "", text)
    text = re.sub(r"\s*\([A-Za-z ,]+\)$", "", text)
    text = re.sub(r"(?<=[A-Za-z])\.$", "", text)
    text = re.sub(DOTTED, lambda match: match[0].replace(".", ""), text)
    return f"~{text}" if about else text


def raised(text: str) -> str:
    """Text with ``^9`` for a superscript 9."""
    return re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda match: f"^{match[0].translate(RAISED)}", text)


def calculated(text: str) -> Fraction:
    """The exact value of arithmetic; raises LayerError if it is not arithmetic."""
    source = text.replace("[", "(").replace("]", ")")
    source = re.sub(GROUPED, lambda match: re.sub(r"[^0-9]", "", match[0]), source)
    source = re.sub(r"(?<![0-9./^])([0-9]+)\s+([0-9]+/[0-9]+)", r"(\1+\2)", source)  # 2 1/3
    source = re.sub(r"(?<=[0-9)])(?:\s*[x×X·]\s*(?=[0-9(])|(?=\())", "*", source)
    source = source.replace("−", "-").replace("^", "**")
    try:
        value = calculate(source, {})
    except LayerError as why:
        fact = why.fact.removesuffix(" here")
        if not fact.endswith(" is not defined"):
            raise
        # Unlike a spec, an answer has no parameters to declare.
        raise LayerError(fact, "write a number in its place") from None
    if isinstance(value, bool) or not is_number(value):
        raise LayerError(f"{text.strip()[:60]!r} is not a number")
    return Fraction(value)
