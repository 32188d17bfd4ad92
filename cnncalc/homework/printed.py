"""Rows of printed summaries, matched to a network's layers by type and position.

The names in a student's own model are not those of the network, so a row is identified by its type
and by how many rows of that type precede it: the third ``Conv2d`` is the third convolution.
"""

import re
from collections import Counter
from collections.abc import Container

from cnncalc import layers
from cnncalc.analysis.report import Report
from cnncalc.conventions import calls
from cnncalc.core.errors import LayerError
from cnncalc.core.layer import Layer
from cnncalc.homework.labels import layer_named, question_label
from cnncalc.spec.text import Item, Key

FLATTEN = "Flatten"
NTH = re.compile(r"(\w+) no\. ([0-9]{1,6})")
TYPED = re.compile(r"(?!input).+ \(([A-Z]\w*)(?:\)|…)")
"""A row as Keras prints it: a name, and the type in brackets, cut off if it is too long."""
PARTS = ("activation", "arrangement")
"""The families of layers that a network may have only as parts of others: padding, for example."""
ANY_ACTIVATION = "Activation"
"""Keras's layer for any activation function."""


def label(kind: str, number: int) -> str:
    """The label of a row: ``Conv2d no. 3``."""
    return f"{kind} no. {number}"


def renamed(answers: Item, report: Report | None, asked: Container[str] | None = None) -> Item:
    """Answers by layer, with the names of the network's layers in place of types and positions.

    Rows that are parts of one layer, such as the two halves of a separable convolution, are left
    out; so are padding and activations that are not layers of their own in the network, and
    whatever is not ``asked``, since a summary contains every layer.
    """
    if report is None or not isinstance(answers.value, dict):
        return answers
    rows = _numbered(answers.value, report)
    if not any(map(NTH.fullmatch, rows)):
        return answers
    types: dict[str, list[str | None]] = {}
    found: dict[Key, Item] = {}
    for key, given in rows.items():
        name: str | None = str(key)
        if place := NTH.fullmatch(key):
            names = types.setdefault(place[1], _of_type(place[1], report))
            if int(place[2]) <= len(names):
                name = names[int(place[2]) - 1]
            elif _is_part(place[1]):
                name = None
            elif not names:
                name = place[1]  # one name for all its rows, so it is reported once
        if name is not None:
            own = Key(name)
            own.where = key.where
            if isinstance(given.value, dict):
                kept = {
                    word: item
                    for word, item in given.value.items()
                    if asked is None or question_label(name, word) in asked
                }
                found |= {own: Item(kept, given.where)} if kept else {}
            else:  # a row by hand, without a quantity
                found[own] = given
    return Item(found, answers.where)


def _numbered(rows: dict[Key, Item], report: Report) -> dict[Key, Item]:
    """The rows of a Keras summary by type and number instead of by name, unless most of the names
    are those of the network's layers."""
    types = {key: found[1] for key in rows if (found := TYPED.fullmatch(key))}
    own = [key for key in types if layer_named(key, report) in report]
    if 2 * len(own) > len(types) or not any(map(_kind, types.values())):
        return rows
    seen: Counter[str] = Counter()
    numbered: dict[Key, Item] = {}
    for key, item in rows.items():
        new = key
        if key in types:
            seen[types[key]] += 1
            new = Key(label(types[key], seen[types[key]]))
            new.where = key.where
        numbered[new] = item
    return numbered


def _of_type(kind: str, report: Report) -> list[str | None]:
    """The layers that PyTorch prints with this type (None for a part of a layer); if there are
    none, the layers of the kind with this name, as in Keras."""
    printed: list[str | None] = []
    for row in report:
        try:
            made = [call for call in calls.of(row.layer, row.inputs, row.output) if not call.inside]
        except LayerError:  # several modules, which are not modelled
            continue
        # A pool that flattens its output is printed as a pool; its flatten is not a row.
        whole = [call for call in made if call.name != FLATTEN] or made
        printed += [row.name if whole == [call] else None for call in made if call.name == kind]
    named = _kind(kind)
    return printed or [row.name for row in report if type(row.layer) is named]


def _is_part(kind: str) -> bool:
    """Whether a network may have layers of this type only as parts of other layers."""
    named = _kind(kind)
    return kind == ANY_ACTIVATION or (named is not None and named.family in PARTS)


def _kind(kind: str) -> type[Layer] | None:
    """The kind that a type stands for, even if the type is cut off; None if there is none."""
    found = layers.known(kind)
    return found.kind if found else layers.beginning(kind)
