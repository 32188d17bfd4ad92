"""Text as answer sheets hold it, and as messages print it."""

import re
from typing import Any
from unicodedata import decimal

INVISIBLE = dict.fromkeys(
    (0x00AD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF)
)
FULL_WIDTH = {sign + 0xFEE0: sign for sign in range(0x21, 0x7F)} | {0x3000: " "}
OPERATORS = (
    dict.fromkeys(map(ord, "⋅∙•"), "·") | dict.fromkeys(map(ord, "⨯⨉✕✖"), "×") | {0x2217: "*"}
)


def readable(text: str) -> str:
    """Text without invisible characters (zero-width spaces, marks of direction), with full-width
    characters and the digits of every script as ASCII, and one sign for each operator. It keeps
    superscripts, which NFKC would turn into ordinary digits."""
    if text.isascii():
        return text
    text = text.translate(INVISIBLE | FULL_WIDTH | OPERATORS)
    return "".join(str(decimal(one)) if one.isdecimal() else one for one in text)


MARKUP = re.compile(
    r"\s*(?:[*_`'\"“”„]+|<(?:b|code|em|i|p|strong|u)>|\\\(|\\\[|\\boxed\{)(.*?)"
    r"(?:[*_`'\"“”„]+|</(?:b|code|em|i|p|strong|u)>|\\\)|\\\]|\})\s*"
)
SENTENCE = re.compile(
    r"(?i)(?!.*\b(?:not|never|no)\b)"
    r"(?:[a-z ,']*\b(?:answer|are|be|equals|get|gives|has|have|is):?\s+)?"
    r"(?:(?:a|an|exactly|the)\s+)?(.*[0-9].*?)"
    r"(?:[ ,]+(?:altogether|area|each|image|in all|in the input|in total|incl\.|including|"
    r"(?:its|the) bias(?:es)?|of the (?:image|input)|patch|per (?:image|sample)|pixels?|region|"
    r"total|volume|window|with|bias(?:es)?))*[ .!;,]*"
)
"""A value in a sentence: ``It has 608 parameters in total.``"""


def undressed(text: str) -> str:
    """The value in an answer, without the markup and the words around it."""
    markup = MARKUP.fullmatch(text)
    bare = markup[1] if markup else text
    sentence = SENTENCE.fullmatch(bare) if len(bare) < 300 else None
    return sentence[1] if sentence else bare


def shown(given: Any) -> str:
    """A value as an error quotes it, cut if it is long."""
    return shortened(repr(as_text(given)))


def shortened(text: str) -> str:
    """The text, cut if it is long."""
    return text if len(text) <= 60 else f"{text[:57]}..."


def printable(text: str, between: str = " ") -> str:
    """The text on one line without control characters; ``between`` joins its lines."""
    lines = (
        "".join(one if one.isprintable() else " " for one in line) for line in text.split("\n")
    )
    return between.join(filter(None, (" ".join(line.split()) for line in lines)))


def as_text(given: Any) -> str:
    """A YAML value as text."""
    if isinstance(given, bool) or given is None:
        return str(given).lower()
    if isinstance(given, list):
        return f"[{', '.join(map(as_text, given))}]"
    return str(given).strip()
