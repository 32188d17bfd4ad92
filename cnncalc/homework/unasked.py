"""Answers on a sheet that its key does not ask for.

A heading or a row that is not understood is reported once, with the nearest known one, however many
answers it has. Answers that are understood but not asked for are only listed.
"""

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from cnncalc.analysis.report import Report
from cnncalc.core.errors import UsageError, did_you_mean, some
from cnncalc.homework import asks
from cnncalc.homework.labels import is_of_input, layer_named, question_label
from cnncalc.homework.written import printable, readable
from cnncalc.spec.text import Item


class Given(NamedTuple):
    """An answer as given, with the label of its question. ``layer`` and ``word``, the quantity, are
    as written. Both are empty for a free-standing question; ``word`` is also empty if the sheet
    does not name the quantity."""

    label: str
    item: Item
    layer: str = ""
    word: str = ""


class Unrecognized(NamedTuple):
    """A heading or row that is not understood: its name, the problem, and its answer (empty if it
    has several)."""

    name: str
    problem: str
    item: Item


def unknown_quantity(word: str) -> str | None:
    """Why a word is not a quantity; None if it is one."""
    try:
        asks.find(readable(word))
    except UsageError:
        return f"{word[:60]!r} is not a quantity{asks.nearest(word) or ' that can be asked for'}"
    return None


def unknown_layer(word: str, report: Report) -> str | None:
    """Why a word is not a layer or block of a network; None if it is one."""
    name = layer_named(word, report)
    if name is None or name in report or name in report.blocks:
        return None
    known = (*report.blocks, *(row.name for row in report))
    hint = did_you_mean(name, known) or f"; it has {some(row.name for row in report.layers)}"
    return f"{word[:60]!r} is not a layer of the network{hint}"


def without_quantity(heading: str, report: Report | None) -> str:
    """Why an answer without a quantity is not understood; its heading may contain the quantity:
    ``conv1 shape``."""
    unknown = None if report is None else unknown_layer(heading, report)
    if report is None or unknown is None:
        return f"needs a quantity, as in {printable(heading)}: {{shape: …}}"
    layer, _, word = heading.partition(" ")
    if unknown_layer(layer, report) is None and unknown_quantity(word) is None:
        return f"must be written as {printable(layer)}: {{{printable(word)}: …}}"
    return unknown


def strange(layer: str, word: str, report: Report | None) -> tuple[str, str]:
    """The part of an answer that is not understood, and why; the reason is empty if all of it is
    understood."""
    if report is None or not word:
        return "", ""
    if problem := unknown_quantity(word):
        return word, problem
    return layer, unknown_layer(layer, report) or ""


def unrecognized(
    one: Given, part: str, problem: str, report: Report | None, alone: bool
) -> Unrecognized:
    """What to report for an answer that is not understood; ``alone`` says that no other answer has
    the same part. A quantity that only one layer has is shown with that layer."""
    of_layer = alone and part == one.word and report and not unknown_layer(one.layer, report)
    name = f"{one.layer} {one.word}" if of_layer else part
    return Unrecognized(printable(name), problem, one.item if alone else Item(None, one.item.where))


def sort(
    left: Iterable[Given], report: Report | None, labels: Sequence[str]
) -> tuple[tuple[Unrecognized, ...], tuple[str, ...]]:
    """Everything that is not understood, each thing once, and the labels of the other answers,
    given the key's network and the labels of its questions."""
    found: dict[str, Unrecognized] = {}
    unasked = []
    given = [one for one in left if one.item.value is not None and not is_of_input(one.label)]
    problems = [_problem(one, report, {*labels}) for one in given]
    times = Counter(part for part, _ in problems)
    for one, (part, problem) in zip(given, problems, strict=True):
        if problem and part not in found:
            found[part] = unrecognized(one, part, problem, report, times[part] == 1)
        elif not problem and (report is None or not one.word):
            unknown = f"was not asked{did_you_mean(one.label, labels)}"
            found[one.label] = Unrecognized(one.label, unknown, one.item)
        elif not problem:
            unasked.append(one.label)
    return tuple(found.values()), tuple(unasked)


def _problem(one: Given, report: Report | None, labels: Container[str]) -> tuple[str, str]:
    """The part of an answer that is not understood, and why; the reason is empty if all of it is
    understood."""
    if one.layer and not one.word and report is not None:
        return one.layer, without_quantity(one.layer, report)
    part, problem = strange(one.layer, one.word, report)
    if problem or report is None or not one.word:
        return part, problem
    name = layer_named(one.layer, report)
    meant = question_label(name or "totals", one.word)
    if meant in labels:
        return one.label, f"one of several answers that could mean {meant}"
    return "", ""
