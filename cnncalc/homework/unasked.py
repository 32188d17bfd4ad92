"""Answers on a sheet that its key does not ask for.

A heading or a row that is not understood is reported once, with the nearest known one, however many
answers it has. Answers that are understood but not asked for are only listed.
"""

from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from cnncalc.analysis.report import Report
from cnncalc.core.errors import UsageError, did_you_mean
from cnncalc.homework import asks
from cnncalc.homework.labels import is_of_input, layer_named, question_label
from cnncalc.homework.written import printable, readable
from cnncalc.spec.text import Item


class Given(NamedTuple):
    """An answer as given: the label of its question, and the layer and the quantity as written;
    both are empty for a free-standing question."""

    label: str
    item: Item
    layer: str = ""
    word: str = ""


class Unrecognized(NamedTuple):
    """A heading or row that is not understood: its name, the problem, and one of its answers."""

    name: str
    problem: str
    item: Item


def unknown_quantity(word: str) -> str | None:
    """Why a word is not a quantity; None if it is one."""
    try:
        asks.find(readable(word))
    except UsageError:
        return f"is not a quantity{asks.nearest(word) or ' that can be asked for'}"
    return None


def unknown_layer(word: str, report: Report) -> str | None:
    """Why a word is not a layer or block of a network; None if it is one."""
    name = layer_named(word, report)
    if name is None or name in report or name in report.blocks:
        return None
    known = (*report.blocks, *(row.name for row in report))
    return f"is not a layer of the network{did_you_mean(name, known)}"


def sort(
    left: Iterable[Given], report: Report | None, labels: Sequence[str]
) -> tuple[tuple[Unrecognized, ...], tuple[str, ...]]:
    """Everything that is not understood, each thing once, and the labels of the other answers,
    given the key's network and the labels of its questions."""
    unrecognized: dict[str, Unrecognized] = {}
    unasked = []
    for one in left:
        if one.item.value is None or is_of_input(one.label):
            continue
        name, problem = _problem(one, report, {*labels}) or ("", "")
        if problem:
            unrecognized.setdefault(name, Unrecognized(printable(name), problem, one.item))
        elif report is None or not one.word:
            problem = f"was not asked{did_you_mean(one.label, labels)}"
            unrecognized[one.label] = Unrecognized(one.label, problem, one.item)
        else:
            unasked.append(one.label)
    return tuple(unrecognized.values()), tuple(unasked)


def _problem(one: Given, report: Report | None, labels: Container[str]) -> tuple[str, str] | None:
    """The part of an answer that is not understood, and why; None if all of it is understood."""
    if report is None or not one.word:
        return None
    if problem := unknown_quantity(one.word):
        return one.word, problem
    if problem := unknown_layer(one.layer, report):
        return one.layer, problem
    name = layer_named(one.layer, report)
    meant = question_label(name or "totals", one.word)
    return (
        (one.label, f"is one of several answers that could mean {meant}")
        if meant in labels
        else None
    )
