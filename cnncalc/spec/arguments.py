"""The arguments of blocks: the values in which similar blocks differ.

Every value that differs between the uses of a block is an argument, or a multiple of one.
"""

import keyword
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from cnncalc.spec.forms import Form, Line, Part
from cnncalc.spec.parts import Parts, fields

MISSING: Any = object()
"""The value of a line that a block leaves out."""
REPEAT, WHEN = "repeat:", "when:"
"""The labels of values beside a layer; no field has such a name."""
LARGEST_FACTOR = 8
LARGE = 8
"""From this number on, equal numbers in different fields are probably equal on purpose."""


class Slot(NamedTuple):
    """A value of a line in every block of a form. Copies after the first may have a different
    value."""

    label: str
    field: str
    first: list[Any]
    rest: list[Any] | None = None


@dataclass
class Argument:
    """An argument of a block, and its value in every block."""

    label: str
    field: str
    values: list[Any]
    line: str
    name: str = ""


class Written(NamedTuple):
    """A form's arguments, and how each line writes its values, by label."""

    arguments: tuple[Argument, ...]
    lines: tuple[dict[str, Any], ...]


class Arguments:
    """Finds the arguments of every form."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.known: dict[int, Written] = {}

    def of(self, form: Form) -> Written:
        """The arguments of a form."""
        if id(form) not in self.known:
            self.known[id(form)] = self._written(form)
        return self.known[id(form)]

    def _written(self, form: Form) -> Written:
        found: list[Argument] = []
        blocks = [{one.name: one for one in block.parts} for block in form.blocks]
        slots = [
            self._line(form, line, [of.get(line.name) for of in blocks]) for line in form.lines
        ]
        vectors = [
            (f"{line.name}{which}", slot, vector)
            for line, own in zip(form.lines, slots)
            for slot in own
            for which, vector in (("", slot.first), ("_rest", slot.rest))
            if vector is not None and not _is_constant(vector)
        ]
        for line, slot, vector in sorted(vectors, key=lambda one: _rank(one[2])):
            if not any(_factor(one, slot.field, vector) for one in found):
                found.append(Argument(slot.label, slot.field, _filled(vector), line))
        used = [next(one for one in found if _factor(one, s.field, v)) for _, s, v in vectors]
        ordered = [*{id(one): one for one in used}.values()]
        _name(ordered)
        lines = [{slot.label: _expression(slot, ordered) for slot in own} for own in slots]
        return Written(tuple(ordered), tuple(lines))

    def _line(self, form: Form, line: Line, inside: Sequence[Part | None]) -> list[Slot]:
        """The slots of a line, and of its condition if it is optional. ``inside`` is its part in
        every block."""
        slots = [*self._slots(inside)]
        if line.name in form.optional:
            label = f"has_{_plain(line.name)}"
            slots.append(Slot(WHEN, label, [one is not None for one in inside]))
        return slots

    def _slots(self, parts: Sequence[Part | None]) -> Iterator[Slot]:
        """The values of similar parts; None stands for a part that is left out."""
        known = next(part for part in parts if part is not None)
        if known.copies:
            yield Slot(REPEAT, "repeat", [len(part.parts) if part else MISSING for part in parts])
            firsts = self._slots([part.parts[0] if part else None for part in parts])
            others = [
                [*self._slots([part.parts[min(turn, len(part.parts) - 1)] if part else None
                               for part in parts])]
                for turn in range(1, max(2, *(len(part.parts) for part in parts if part)))
            ]  # fmt: skip
            for place, slot in enumerate(firsts):
                rest = [_first(values) for values in zip(*(own[place].first for own in others))]
                yield slot._replace(
                    first=[_first(pair) for pair in zip(slot.first, rest)],
                    rest=[_first(pair) for pair in zip(rest, slot.first)],
                )
        elif known.form is not None:
            places = {id(block): place for place, block in enumerate(known.form.blocks)}
            for one in self.of(known.form).arguments:
                yield Slot(one.name, one.field, [one.values[places[id(part)]] if part else MISSING
                                                 for part in parts])  # fmt: skip
        else:
            layers = [self.parts.layers[part.span.start] if part else None for part in parts]
            own = [fields(layer) if layer else {} for layer in layers]
            for name in next(filter(None, own), {}):
                yield Slot(name, name, [values.get(name, MISSING) for values in own])


def _first(values: Iterable[Any]) -> Any:
    """The first value that is not missing."""
    return next((value for value in values if value is not MISSING), MISSING)


def _is_constant(vector: Sequence[Any]) -> bool:
    first = _first(vector)
    return all(value is MISSING or _same(value, first) for value in vector)


def _same(one: Any, other: Any) -> bool:
    """Whether two values are written the same way, which 1, true and 1.0 are not."""
    return type(one) is type(other) and bool(one == other)


def _filled(vector: Sequence[Any]) -> list[Any]:
    return [_first((value, *vector)) for value in vector]


def _rank(vector: Sequence[Any]) -> tuple[bool, bool, int]:
    """A sort key: complete vectors first, then numbers before other values, and small numbers
    before their multiples."""
    numbers = all(type(value) is int for value in vector)
    return MISSING in vector, not numbers, sum(vector) if numbers else 0


def _factor(argument: Argument, field: str, vector: Sequence[Any]) -> int:
    """The factor, at most ``LARGEST_FACTOR``, that turns an argument into the values everywhere; 0
    if there is none.

    In a different field, all values must be large numbers, at least three of them distinct: small
    numbers, such as a stride and a padding, are often equal by chance.
    """
    pairs = [(a, b) for a, b in zip(argument.values, vector) if b is not MISSING]
    if field != argument.field:
        distinct = {b for a, b in pairs if type(b) is int and b >= LARGE and type(a) is int}
        if len(distinct) < 3 or any(type(b) is not int or b < LARGE for _, b in pairs):
            return 0
    if all(_same(a, b) for a, b in pairs):
        return 1
    a, b = pairs[0]
    if any(type(one) is not int or one < 1 for pair in pairs for one in pair):
        return 0
    factor: int = b // a
    return factor if factor <= LARGEST_FACTOR and all(b == factor * a for a, b in pairs) else 0


def _name(arguments: Sequence[Argument]) -> None:
    """Name arguments after their fields and, where that is ambiguous, after their lines too."""
    used = {"index", "present", "true", "false"}
    often = [one.label for one in arguments]
    for one in arguments:
        beside = one.label in (REPEAT, WHEN)
        label = one.field if beside else one.label
        name = label if beside or often.count(label) == 1 else f"{label}_{_plain(one.line)}"
        name += "_" * keyword.iskeyword(name)
        number, one.name = 1, name
        while one.name in used:
            number += 1
            one.name = f"{name}_{number}"
        used.add(one.name)


def _plain(name: str) -> str:
    """A layer's name with _ for each character that an argument's name may not contain."""
    return re.sub(r"\W", "_", name)


def _expression(slot: Slot, arguments: Sequence[Argument]) -> Any:
    """The text of a value in a block: unchanged, or computed from the block's arguments."""
    first = _term(slot.field, slot.first, arguments)
    rest = first if slot.rest is None else _term(slot.field, slot.rest, arguments)
    if _same(first, rest):
        if not isinstance(first, _Term):
            return first
        return f"${first}" if first.isidentifier() else f"${{{first}}}"
    if isinstance(first, bool) and isinstance(rest, bool):
        return "${index == 0}" if first else "${index > 0}"
    return f"${{{_spelled(first)} if index == 0 else {_spelled(rest)}}}"


class _Term(str):
    """A part of an expression."""

    __slots__ = ()


def _term(field: str, vector: Sequence[Any], arguments: Sequence[Argument]) -> Any:
    """A value that is the same everywhere, or a term with an argument."""
    if _is_constant(vector):
        return _first(vector)
    factors = ((one.name, _factor(one, field, vector)) for one in arguments)
    name, factor = next((name, factor) for name, factor in factors if factor)
    return _Term(name if factor == 1 else f"{factor} * {name}")


def _spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
