"""The fields of layer kinds: what may be written, how it is checked, and what an editor is told.

Each function declares one dataclass field. Its ``check`` turns a written value into its one
canonical form or raises LayerError with the fact; its ``schema`` says the same as JSON Schema.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any, NamedTuple

from cnncalc.core.errors import LayerError, one_of
from cnncalc.core.shape import MOST_DIGITS

REQUIRED: Any = dataclasses.MISSING
LARGEST = 10**MOST_DIGITS

Sizes = int | tuple[int, ...]
"""One size for every spatial axis, or one for each."""

Padding = int | str | tuple[int | tuple[int, int], ...]
"""One for every side, one for each axis, (before, after) for each axis, or same / valid."""


class Field(NamedTuple):
    """What is known of a field beside its name and default."""

    doc: str
    also: tuple[str, ...]
    check: Callable[[Any], Any]
    schema: Mapping[str, Any]


def declare(
    doc: str,
    default: Any,
    also: Sequence[str],
    check: Callable[[Any], Any],
    schema: Mapping[str, Any],
) -> Any:
    """A dataclass field that carries its description, aliases, check and schema."""
    metadata = {"cnncalc": Field(doc, tuple(also), check, schema)}
    if default is REQUIRED:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def is_whole(value: Any, least: int) -> bool:
    """Whether the value is an integer (not a bool) of at least ``least`` and a sane length."""
    return type(value) is int and least <= value < LARGEST


def shown(value: Any) -> str:
    """A wrong value as an error quotes it: whole when short."""
    text = repr(value) if not isinstance(value, int) or abs(value) < LARGEST else "a huge number"
    return text if len(text) <= 60 else text[:57] + "..."


def any_case(word: str, between: str = "") -> str:
    """A regular expression, of JSON Schema's too, for a word of letters and digits in capitals or
    not, with ``between`` after each letter but the last."""
    return between.join(f"[{c}{c.upper()}]" if c.islower() else c for c in word)


def _whole(least: int, article: str) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if not is_whole(value, least):
            raise LayerError(f"must be {article} of at least {least}, not {shown(value)}")
        return int(value)

    return check


def count(doc: str, default: Any = REQUIRED, also: Sequence[str] = (), least: int = 1) -> Any:
    """A whole number, by default at least 1."""
    schema = {"type": "integer", "minimum": least}
    return declare(doc, default, also, _whole(least, "a whole number"), schema)


def sizes(doc: str, default: Any = REQUIRED, also: Sequence[str] = (), least: int = 1) -> Any:
    """A whole number for every spatial axis, or a list with one for each."""

    def check(value: Any) -> Sizes:
        if is_whole(value, least):
            return int(value)
        listed = isinstance(value, list | tuple) and 1 <= len(value) <= 3
        if listed and all(is_whole(size, least) for size in value):
            return tuple(value)
        raise LayerError(
            f"must be a whole number of at least {least}, or one for each axis, not {shown(value)}"
        )

    one = {"type": "integer", "minimum": least}
    many = {"type": "array", "items": one, "minItems": 1, "maxItems": 3}
    return declare(doc, default, also, check, {"anyOf": [one, many]})


SIDES = {"left": (-1, 0), "right": (-1, 1), "top": (-2, 0), "bottom": (-2, 1),
         "front": (-3, 0), "back": (-3, 1)}  # fmt: skip
"""Where a side's padding stands: the axis counted from the last, and before or after."""


def _sides(value: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    """``{top: 1, bottom: 2}`` as (before, after) of three axes; sides left out are 0."""
    if not value or not set(value) <= set(SIDES) or not all(is_whole(n, 0) for n in value.values()):
        raise LayerError(
            f"must name sides ({one_of(list(SIDES))}) with whole numbers, not {shown(dict(value))}"
        )
    pairs = [[0, 0] for _ in range(3)]
    for side, size in value.items():
        axis, end = SIDES[side]
        pairs[axis][end] = size
    return tuple((before, after) for before, after in pairs)


def padding(
    doc: str, default: Any = 0, also: Sequence[str] = ("pad", "P"), words: Sequence[str] = ()
) -> Any:
    """One for every side, one for each axis, (before, after) pairs, sides by name, or a word."""

    def axis(value: Any) -> bool:
        if isinstance(value, list | tuple):
            return len(value) == 2 and all(is_whole(size, 0) for size in value)
        return is_whole(value, 0)

    def check(value: Any) -> Padding:
        if is_whole(value, 0):
            return int(value)
        if isinstance(value, str) and value.lower() in words:
            return value.lower()
        if isinstance(value, Mapping):
            return _sides(value)
        if isinstance(value, list | tuple) and 1 <= len(value) <= 3 and all(map(axis, value)):
            return tuple(tuple(v) if isinstance(v, list | tuple) else v for v in value)
        known = f"{one_of(list(words))}, " if words else ""
        raise LayerError(
            f"must be {known}a whole number of at least 0, one for each axis, "
            f"or [before, after] for each axis, not {shown(value)}"
        )

    one = {"type": "integer", "minimum": 0}
    pair = {"type": "array", "items": one, "minItems": 2, "maxItems": 2}
    many = {"type": "array", "items": {"anyOf": [one, pair]}, "minItems": 1, "maxItems": 3}
    sides = {
        "type": "object",
        "properties": dict.fromkeys(SIDES, one),
        "additionalProperties": False,
    }
    allowed: list[Mapping[str, Any]] = [one, many, sides]
    if words:
        pattern = f"^({'|'.join(map(any_case, words))})$"
        allowed += [{"enum": list(words)}, {"type": "string", "pattern": pattern}]
    return declare(doc, default, also, check, {"anyOf": allowed})


def flag(doc: str, default: Any = REQUIRED, also: Sequence[str] = ()) -> Any:
    """Either true or false."""

    def check(value: Any) -> bool:
        if not isinstance(value, bool):
            raise LayerError(f"must be true or false, not {shown(value)}")
        return value

    return declare(doc, default, also, check, {"type": "boolean"})


def number(
    doc: str,
    default: Any = REQUIRED,
    also: Sequence[str] = (),
    least: float | None = None,
    most: float | None = None,
) -> Any:
    """A number that no count depends on: a rate, a slope, an epsilon."""

    def check(value: Any) -> float | int:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        fits = fits and -inf < value < inf
        if fits and (least is None or value >= least) and (most is None or value <= most):
            return value  # type: ignore[no-any-return]
        span = "" if least is None else f" of at least {least:g}"
        span = span if most is None or least is None else f" from {least:g} to {most:g}"
        raise LayerError(f"must be a number{span}, not {shown(value)}")

    schema: dict[str, Any] = {"type": "number"}
    if least is not None:
        schema["minimum"] = least
    if most is not None:
        schema["maximum"] = most
    return declare(doc, default, also, check, schema)


def positive(doc: str, default: float, also: Sequence[str] = ()) -> Any:
    """A finite number above 0 that no count depends on."""

    def check(value: Any) -> float | int:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 < value < inf:
            raise LayerError(f"must be a finite number above 0, not {shown(value)}")
        return value  # type: ignore[no-any-return]

    return declare(doc, default, also, check, {"type": "number", "exclusiveMinimum": 0})


def choice(
    doc: str, words: Sequence[str], default: Any = REQUIRED, also: Sequence[str] = ()
) -> Any:
    """One of a few words."""

    def check(value: Any) -> str:
        if value not in words:
            raise LayerError(f"must be {one_of(list(words))}, not {shown(value)}")
        return str(value)

    return declare(doc, default, also, check, {"enum": list(words)})
