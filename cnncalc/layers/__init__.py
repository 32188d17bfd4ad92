"""The layer kinds, one class per file, discovered automatically.

A file whose name starts with an underscore holds code that several kinds share; every other file
defines the kind of its name. Looking a kind up by that name imports only what the kind needs;
looking up any other word imports all kinds.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from cnncalc.core import discovery
from cnncalc.core.errors import LayerError, did_you_mean, one_of
from cnncalc.core.layer import Layer
from cnncalc.core.parsing import OURS, Foreign

FRAMEWORKS = {
    "keras": "keras", "tf": "keras", "tensorflow": "keras", "layers": "keras",
    "torch": "torch", "nn": "torch", "F": "torch", "caffe": "caffe",
}  # fmt: skip
"""The framework that each prefix of a name stands for, as in ``nn.Conv2d``."""


@cache
def names() -> tuple[str, ...]:
    """The canonical names of all kinds, sorted."""
    return discovery.modules(__path__)


@cache
def load(name: str) -> type[Layer]:
    """The kind with this canonical name."""
    return discovery.the_class(f"{__name__}.{name}", Layer)


def every() -> Iterator[type[Layer]]:
    """All kinds, sorted by name."""
    return map(load, names())


class Found(NamedTuple):
    """The kind that a word in a spec names, and the number of axes that it requires, if any.

    ``meanings`` maps each framework's name for the kind, such as ``keras.Dense``, to its meaning
    there. A word that means the same everywhere has only the key "".
    """

    kind: type[Layer]
    axes: int | None = None
    meanings: Mapping[str, Foreign] = {"": OURS}

    def parse(self, given: Any) -> Layer:
        """The layer that a value describes. Raises LayerError for mistakes in it, and if
        frameworks disagree about what it means."""
        read: dict[str, Layer] = {}
        wrong: list[LayerError] = []
        for word, foreign in self.meanings.items():
            try:
                read[word] = self.kind.parse(given, foreign)
            except LayerError as why:
                wrong.append(why)
        if not read:
            raise wrong[0]
        if len(set(read.values())) > 1:
            ways = [f"{word} ({self.meanings[word].says})" for word in read]
            raise LayerError(f"differs between frameworks; write {one_of(ways)}")
        return next(iter(read.values()))


@cache
def find(word: str) -> Found:
    """The kind that a word in a spec names, and the rank it requires: ``Conv2d`` is (conv, 2).

    Raises LayerError for an unknown word, suggesting the nearest name if one is near.
    """
    if found := known(word):
        return found
    words = [*names(), *(alias for kind in every() for alias in kind.aliases)]
    hint = did_you_mean(word, words) or "; run 'cnncalc kinds' for a list"
    raise LayerError(f"no layer kind {word[:60]!r}{hint}")


def known(word: str) -> Found | None:
    """The kind and the rank, or None for an unknown word.

    A name that is spelled exactly as in another framework has its meaning there, even if one of
    ours differs only in its case.
    """
    if word in names():
        return Found(load(word))
    path, _, name = word.rpartition(".")
    framework = FRAMEWORKS.get(path.partition(".")[0], "?") if path else ""
    if framework == "?":
        return None
    return _theirs(name, framework) or ours(name) or _theirs(name, framework, plain)


def _theirs(word: str, framework: str, spelled: Callable[[str], str] = str) -> Found | None:
    """The meaning of a word in this framework ("" for all of them), if it is spelled as the
    framework spells it. Both are compared as ``spelled`` writes them."""
    rank = re.search("[123](?=[Dd])", word)
    bare = spelled(word.replace(rank[0], "*", 1) if rank else word)
    meanings = {
        full: meaning
        for full, meaning in _foreign().items()
        if spelled(full.partition(".")[2]) == bare and full.startswith(framework)
    }
    if not meanings:
        return None
    kind = next(kind for kind, _ in meanings.values())
    axes = int(rank[0]) if rank else None
    return Found(kind, axes, {full: foreign for full, (_, foreign) in meanings.items()})


@cache
def of_onnx(operator: str) -> type[Layer] | None:
    """The kind that an ONNX operator describes on its own, if any. Only kinds whose file contains
    the operator's name are imported."""
    found = (kind for kind in map(load, _mentioning(operator)) if operator in kind.operators)
    return next(found, None)


def _mentioning(word: str) -> Iterator[str]:
    """The kinds whose file contains a word in quotes."""
    return (name for name, text in _sources().items() if f'"{word}"' in text)


@cache
def _sources() -> Mapping[str, str]:
    """The text of every kind's file."""
    files = ((name, Path(folder) / f"{name}.py") for folder in __path__ for name in names())
    return {name: file.read_text(encoding="utf-8") for name, file in files if file.exists()}


@cache
def _foreign() -> dict[str, tuple[type[Layer], Foreign]]:
    """The kinds and meanings of all names of other frameworks."""
    return {full: (kind, foreign) for kind in every() for full, foreign in kind.foreign.items()}


def ours(word: str) -> Found | None:
    """The kind that a word names here, whatever it means elsewhere; None for an unknown word."""
    spellings = _spellings()
    bare = plain(word)
    if bare in spellings:
        return Found(load(spellings[bare]))
    rank = re.fullmatch("(.+?)([123])d", bare)
    if rank and rank[1] in spellings:
        return Found(load(spellings[rank[1]]), int(rank[2]))
    return None


def beginning(word: str) -> type[Layer] | None:
    """The only kind with a name that begins with this word; None if there is none, or several."""
    found = {name for spelled, name in _spellings().items() if spelled.startswith(plain(word))}
    return load(found.pop()) if len(found) == 1 else None


def plain(word: str) -> str:
    """A name in lower case without underscores, hyphens and spaces."""
    return re.sub(r"[\s_-]", "", word).lower()


@cache
def _spellings() -> dict[str, str]:
    """The canonical name for every plain name and alias. Raises TypeError for an ambiguous one."""
    known: dict[str, str] = {}
    for kind in every():
        for word in (kind.kind, *kind.aliases):
            other = known.setdefault(plain(word), kind.kind)
            if other != kind.kind:
                raise TypeError(f"{word!r} names both {other} and {kind.kind}")
    return known
