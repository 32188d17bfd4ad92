"""The names of questions, layers and quantities, as students write them."""

import re
from collections.abc import Iterable
from functools import lru_cache

from cnncalc.analysis.report import Report
from cnncalc.core.errors import UsageError
from cnncalc.homework import asks
from cnncalc.homework.question import label_of
from cnncalc.homework.written import BRACKETS, plain, printable, readable

TOTALS = ("totals", "total", "network", "overall", "sum")
INPUT = re.compile(r"input(?:_?layer)?(?:_?[0-9]+)?(?: *\([^()]*\))?", re.IGNORECASE)
"""The row of the input, which printed tables contain although no question is about it."""


def is_of_input(label: str) -> bool:
    """Whether a label is about the input: ``Input shape``, ``input_1 (InputLayer) parameters``."""
    ends = (f" {ask.title}" for ask in asks.every())
    return any(INPUT.fullmatch(label.removesuffix(end)) for end in ends if label.endswith(end))


def is_input(layer: str, report: Report | None) -> bool:
    """Whether a row is about the input, not about a layer with that name."""
    known = report is not None and layer in report
    return not known and INPUT.fullmatch(layer) is not None


def normal(label: str) -> str:
    """The normal form of a label, the same for ``Question 1`` and ``Q1``."""
    return re.sub(r"^(?:question|q|exercise|ex|task)(?=[0-9])", "", plain(label))


def worded(label: str) -> str:
    """The label of a question for a sentence, with the word if it is a bare number."""
    return f"question {label}" if label.isdecimal() else label


def unambiguous(labels: Iterable[str]) -> dict[str, str]:
    """The labels by their normal forms, which leave out any part in brackets, such as ``(Conv2D)``;
    a form that several labels share is left out."""
    found: dict[str, list[str]] = {}
    for label in labels:
        found.setdefault(normal(BRACKETS.sub("", label)), []).append(label)
    return {form: same[0] for form, same in found.items() if len(same) == 1}


def question_label(layer: str, word: str) -> str:
    """The label of a question about a network; the words themselves if the quantity is unknown."""
    try:
        return label_of(None if layer.lower() in TOTALS else layer, asks.find(readable(word)))
    except UsageError:
        return printable(f"{layer} {word}")


def layer_named(word: str, report: Report) -> str | None:
    """The name of the layer or block that a word means, or None for the network.

    A word that matches none, or several, is returned unchanged. ``Conv_1`` means conv1 unless a
    layer is called Conv_1.
    """
    if word in report or not word:
        return word
    if word.lower() in TOTALS:
        return None
    if word in report.blocks:
        return word
    names = _normal_names(report)
    for form in (normal(word), normal(BRACKETS.sub("", word))):
        alike = names.get(form, ())
        if len(alike) == 1:
            return alike[0]
    return word


@lru_cache(maxsize=100)
def _normal_names(report: Report) -> dict[str, list[str]]:
    """The names of blocks and layers by their normal forms."""
    names: dict[str, list[str]] = {}
    for name in dict.fromkeys((*report.blocks, *(row.name for row in report))):
        names.setdefault(normal(name), []).append(name)
    return names
