"""Reads YAML text into a tree of values with their locations.

It reads event by event, to enforce the limits below on nesting, repetition and size, and it never
acts on a tag. Plain scalars are read as in YAML 1.2, except that null, true and false may have any
case, and that hexadecimal and octal numbers, infinity and NaN remain text.
"""

import re
from math import isfinite
from typing import Any, NamedTuple

import yaml

from cnncalc.core.errors import SpecError, Where
from cnncalc.core.shape import MAX_DIGITS
from cnncalc.formulas.vocabulary import Number
from cnncalc.spec import advice

MAX_VALUES = 50_000
MAX_DEPTH = 60
TOO_DEEP = f"values are nested deeper than {MAX_DEPTH} levels"
LONGEST_JOINED = 100

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Key(str):
    """A key of a mapping, with its location."""

    __slots__ = ("where",)
    where: Where


class Item(NamedTuple):
    """A value with its location: a scalar, a list of Items, or a dict of Key to Item.

    ``text`` is a scalar as written, because the value of 2.50 loses the last digit.
    """

    value: Any
    where: Where
    text: str = ""

    def plain(self) -> Any:
        """The value without locations."""
        if isinstance(self.value, dict):
            return {str(key): item.plain() for key, item in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value


def size(item: Item) -> int:
    """The number of values in a tree, including those inside others."""
    inside = item.value.values() if isinstance(item.value, dict) else item.value
    return 1 + (sum(map(size, inside)) if isinstance(item.value, dict | list) else 0)


class Placed(dict[str, Any]):
    """A mapping of plain data that has a location of its own."""

    def __init__(self, items: dict[str, Any], where: Where) -> None:
        super().__init__(items)
        self.where = where


NEEDED = "a spec needs at least 'input' and 'layers'"


def read(text: str, source: str, needed: str = NEEDED) -> Item:
    """The tree of a YAML document; raises SpecError with the location of anything unusable.

    The error for an empty text ends with ``needed``.
    """
    try:
        root = _Reader(text, source).document() if text.strip() else None
    except yaml.MarkedYAMLError as error:
        if not (error.problem_mark or error.context_mark):
            raise SpecError(f"the text is not valid YAML: {error.problem}", Where(source)) from None
        found = advice.of_yaml(error, text)
        where = Where(source, found.line + 1, found.column + 1)
        too_deep = "nesting depth" in str(error.problem)  # raised by newer versions of libyaml
        raise SpecError(TOO_DEEP if too_deep else found.sentence, where) from None
    except yaml.YAMLError as error:
        raise SpecError(
            f"the text cannot be read as YAML: {error}".splitlines()[0], Where(source)
        ) from None
    except UnicodeEncodeError:
        raise SpecError(
            "the file contains bytes that are not text; save it as UTF-8", Where(source)
        ) from None
    if root is None:
        raise SpecError(f"the file is empty; {needed}", Where(source))
    return root


class _Reader:
    """Builds the tree from YAML's events, recursively."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self.events = yaml.parse(text, Loader=Loader)
        self.anchors: dict[str, tuple[Item, int]] = {}
        self.values = 0

    def document(self) -> Item | None:
        """The first document, if any; a second one is an error."""
        root: Item | None = None
        for event in self.events:
            if isinstance(event, yaml.NodeEvent):
                if root is not None:
                    raise SpecError(
                        "expected a single YAML document; a second one starts here", self.at(event)
                    )
                root = self.node(event, 0)
        return root

    def node(self, event: Any, depth: int) -> Item:
        """The value that starts at this event."""
        where = self.at(event)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, where)
        if depth > MAX_DEPTH:
            raise SpecError(TOO_DEEP, where)
        self.refuse_tag(event)
        before = self.values
        self.count(1, where)
        if isinstance(event, yaml.ScalarEvent):
            item = Item(self.scalar(event, where), where, event.value)
        elif isinstance(event, yaml.SequenceStartEvent):
            item = Item(self.sequence(depth), where)
        else:
            item = Item(self.mapping(depth), where)
        if event.anchor:
            self.anchors[event.anchor] = (item, self.values - before)
        return item

    def refuse_tag(self, event: Any) -> None:
        """Refuse every tag that asks for a specific type: all except a missing one and "!"."""
        if event.tag not in (None, "!"):
            tag = event.tag.replace("tag:yaml.org,2002:", "!!", 1)
            sentence = f"YAML tags are not supported; remove {tag[:60]!r}"
            raise SpecError(sentence, self.at(event))

    def alias(self, event: Any, where: Where) -> Item:
        """The value of an anchor. Every use counts in full, so that aliases cannot explode."""
        if event.anchor not in self.anchors:
            raise SpecError(f"anchor &{event.anchor[:60]} is not defined above this line", where)
        item, size = self.anchors[event.anchor]
        self.count(size, where)
        return item

    def sequence(self, depth: int) -> list[Item]:
        items = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(event, depth + 1))
        return items

    def mapping(self, depth: int) -> dict[Key, Item]:
        items: dict[Key, Item] = {}
        last: tuple[Key, Any] | None = None
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise SpecError("a key must be a word; check the braces", self.at(event))
            self.refuse_tag(event)
            value = next(self.events)
            if last is not None and _continues(last[1], event, value):
                last = (last[0], _joined(last[1], event))
                items[last[0]] = self.node(last[1], depth + 1)
                continue
            key = Key(event.value)
            key.where = self.at(event)
            if key in items:
                first = next(k for k in items if k == key).where
                raise twice(f"{key[:60]!r} is given twice", first, key.where)
            items[key] = self.node(value, depth + 1)
            last = (key, value)
        return items

    def scalar(self, event: Any, where: Where) -> Any:
        if not event.implicit[0]:
            return event.value
        return scalar(event.value, where)

    def count(self, values: int, where: Where) -> None:
        self.values += values
        if self.values > MAX_VALUES:
            raise SpecError(
                f"the text has more than {MAX_VALUES:,} values, counting every use of an alias",
                where,
            )

    def at(self, event: Any) -> Where:
        return Where(self.source, event.start_mark.line + 1, event.start_mark.column + 1)


def twice(fact: str, first: Where, where: Where) -> SpecError:
    """The error for something given twice, with the line of the first, if that is a different
    line."""
    apart = first._replace(column=0) != where._replace(column=0)
    return SpecError(fact, where, f"the first is on line {first.line}" if apart else "")


def _continues(last: Any, key: Any, value: Any) -> bool:
    """Whether a key continues the value before it, which YAML ends at a comma inside braces: the
    next digits of ``{params: 34,848}``, or the next size of ``{kernel: (3, 3)}``."""
    if not (isinstance(last, yaml.ScalarEvent) and len(last.value) <= LONGEST_JOINED):
        return False
    if last.value.startswith("(") and re.fullmatch(r"\([0-9]+(,[0-9]+)*", last.value):
        return re.fullmatch(r"[0-9]+\)?", key.value) is not None
    return (
        isinstance(value, yaml.ScalarEvent)
        and value.value == ""
        and bool(key.start_mark.index == last.end_mark.index + 1)  # type: ignore[union-attr]
        and re.fullmatch(r"[0-9]{3}( ?[A-Za-z]+)?", key.value) is not None
        and re.fullmatch(r"(.*[~=+*/( -])?[0-9]{1,3}(,[0-9]{3})*", last.value) is not None
    )


def _joined(last: Any, key: Any) -> Any:
    """The scalar, joined with its continuation after the comma."""
    return yaml.ScalarEvent(
        last.anchor,
        last.tag,
        last.implicit,
        f"{last.value},{key.value}",
        last.start_mark,
        key.end_mark,
    )


OF_NUMBERS = frozenset("+-.0123456789Ee")
WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}


def scalar(text: str, where: Where) -> Any:
    """The value of a plain scalar: nothing, true, false, an integer, a decimal, or its text."""
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if not OF_NUMBERS.issuperset(text):
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    if text.lstrip("+-").isdecimal():
        if len(text) > MAX_DIGITS:
            fact = f"a number of {len(text)} digits is too long"
            raise SpecError(f"{fact}; write at most {MAX_DIGITS}", where)
        return int(text)
    if len(text) > MAX_DIGITS:
        fact = f"a number of {len(text)} characters is too long"
        raise SpecError(f"{fact}; write at most {MAX_DIGITS}", where)
    if not isfinite(number):
        fact = f"{text[:20]!r} is too large for a decimal"
        raise SpecError(fact, where, "decimals are less than 1.8e308")
    return number


def located(value: Any, where: Where, depth: int = 0) -> Item:
    """Plain Python data as a tree in which every value has the same location, except inside
    ``Placed`` mappings, which have their own.

    Raises SpecError for anything that a spec cannot contain: other types, huge or infinite numbers,
    and data that is nested too deeply.
    """
    if depth > MAX_DEPTH:
        raise SpecError(TOO_DEEP, where)
    if isinstance(value, dict):
        where = value.where if isinstance(value, Placed) else where
        items = {}
        for name, inner in value.items():
            key = Key(name)
            key.where = where
            items[key] = located(inner, where, depth + 1)
        return Item(items, where)
    if isinstance(value, list | tuple):
        return Item([located(inner, where, depth + 1) for inner in value], where)
    if isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:
        raise SpecError(f"a number of more than {MAX_DIGITS} digits is too large", where)
    if value is None or isinstance(value, str | int | Number) or _is_finite(value):
        return Item(value, where)
    fact = f"a spec cannot contain {value!r:.40}, which is of type {type(value).__name__}"
    raise SpecError(f"{fact}; use plain numbers, text, lists and mappings", where)


def _is_finite(value: Any) -> bool:
    return isinstance(value, float) and isfinite(value)
