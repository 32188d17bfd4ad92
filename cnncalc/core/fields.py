"""The fields of layer kinds: how they are checked, and their JSON Schema.

Each function that takes a ``doc`` declares one dataclass field. The field's ``check`` converts a
value to its canonical form or raises LayerError; its ``schema`` accepts the same values, and also
3.0 for 3, which JSON Schema does not distinguish, and numbers with any number of digits.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from math import inf
from operator import index
from typing import Any, NamedTuple, TypeGuard

from cnncalc.core.errors import LayerError, UsageError, one_of
from cnncalc.core.shape import JOINED, MAX_DIGITS, SHAPE_PATTERN, read_sizes

REQUIRED: Any = dataclasses.MISSING
LARGEST = 10**MAX_DIGITS

BIAS = ("use_bias", "bias_term")
"""Keras's and Caffe's names for the field ``bias``."""

Sizes = int | tuple[int, ...]
"""One size for all spatial axes, or one per axis."""

Padding = int | str | tuple[int | tuple[int, int], ...]
"""One number for all sides, one per axis, (before, after) per axis, or a word such as ``same``."""


class Field(NamedTuple):
    """A field's description, other names, check and JSON Schema; ``parts`` are the keys that a
    value written as a mapping may have."""

    doc: str
    also: tuple[str, ...]
    check: Callable[[Any], Any]
    schema: Mapping[str, Any]
    parts: frozenset[str] = frozenset()


def declare(
    doc: str,
    default: Any,
    also: Sequence[str],
    check: Callable[[Any], Any],
    schema: Mapping[str, Any],
    parts: Iterable[str] = (),
) -> Any:
    """A dataclass field with a Field in its metadata."""
    metadata = {"cnncalc": Field(doc, tuple(also), check, schema, frozenset(parts))}
    if default is REQUIRED:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def is_whole(value: Any, least: int) -> TypeGuard[int]:
    """Whether the value is an integer (not a bool), at least ``least`` and below ``LARGEST``."""
    # The ``__class__`` of a recorded number (``formulas.recorded``) is int, but its type is not.
    return value.__class__ is int and least <= value < LARGEST


def shown(value: Any) -> str:
    """A wrong value as quoted in an error, shortened if it is long."""
    text = as_written(value, repr)
    return text if len(text) <= 60 else text[:57] + "..."


def read_batch(batch: Any) -> int:
    """A batch size, which may be an integer of NumPy. Raises UsageError unless it is a whole number
    of at least 1."""
    number = batch
    if not isinstance(batch, int) and hasattr(batch, "__index__"):
        with suppress(TypeError):  # as for an array of several numbers
            number = index(batch)
    if not is_whole(number, 1):
        given = shown(batch) if isinstance(batch, int | float | str) else repr(batch)[:60]
        raise UsageError(f"the batch size must be a whole number of at least 1, not {given}")
    return number


def as_written(value: Any, word: Callable[[str], str] = str) -> str:
    """A value in the notation of YAML, for messages; ``word`` formats its strings."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(as_written(one, word) for one in value)}]"
    if isinstance(value, Mapping):
        pairs = (f"{key}: {as_written(one, word)}" for key, one in value.items())
        return f"{{{', '.join(pairs)}}}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and abs(value) >= LARGEST:
        return "a huge number"
    return word(value) if isinstance(value, str) else str(value)


def any_case(word: str, between: str = "") -> str:
    """A regular expression, valid in JSON Schema, that matches a lower-case word in any case, with
    ``between`` after each letter but the last."""
    return between.join(f"[{c}{c.upper()}]" if c.islower() else c for c in word)


def count(doc: str, default: Any = REQUIRED, also: Sequence[str] = (), least: int = 1) -> Any:
    """A whole number of at least ``least``."""

    def check(value: Any) -> int:
        if not is_whole(value, least):
            raise LayerError(f"must be a whole number of at least {least}, not {shown(value)}")
        return value

    return declare(doc, default, also, check, {"type": "integer", "minimum": least})


def _per_axis(least: int) -> str:
    """A regular expression for ``3x3``, ``(3, 3)`` and ``[3, 3]``."""
    one = "[0-9]{1,100}" if least == 0 else "0*[1-9][0-9]{0,99}"
    bare, more = f"{one}(?:{JOINED}{one}){{1,2}}", f"(?:{JOINED}{one}){{0,2}}"
    return rf"^\s*(?:{bare}|[(\[]\s*{one}{more}\s*[)\]])\s*$"


def _spelled_out(value: Any, least: int) -> Any:
    """A list for sizes per axis that are written as one string, such as ``3x3``; any other value
    unchanged."""
    if isinstance(value, str) and re.match(_per_axis(least), value):
        return [int(size) for size in re.findall("[0-9]+", value)]
    return value


def sizes(doc: str, default: Any = REQUIRED, also: Sequence[str] = (), least: int = 1) -> Any:
    """A whole number for all spatial axes, or one per axis: ``[3, 5]``, ``3x5``, ``(3, 5)``."""

    def check(value: Any) -> Sizes:
        value = _spelled_out(value, least)
        if is_whole(value, least):
            return value
        listed = isinstance(value, list | tuple) and 1 <= len(value) <= 3
        if listed and all(is_whole(size, least) for size in value):
            return tuple(value)
        raise LayerError(
            f"must be a whole number of at least {least}, or one per axis, not {shown(value)}"
        )

    one = {"type": "integer", "minimum": least}
    many = {"type": "array", "items": one, "minItems": 1, "maxItems": 3}
    text = {"type": "string", "pattern": _per_axis(least)}
    return declare(doc, default, also, check, {"anyOf": [one, many, text]})


def shape(doc: str, default: Any = REQUIRED, also: Sequence[str] = ()) -> Any:
    """The sizes of a shape, written like an input: ``64x7x7``, a list, or one size."""

    def check(value: Any) -> tuple[int, ...]:
        try:
            sizes = read_sizes(value) if isinstance(value, str) else value
        except UsageError as why:
            raise LayerError(why.sentence.removeprefix("a shape ")) from None
        sizes = tuple(sizes) if isinstance(sizes, list | tuple) else (sizes,)
        if not 1 <= len(sizes) <= 4 or not all(is_whole(size, 1) for size in sizes):
            raise LayerError(
                f"must be a shape such as 64x7x7, or one size for a vector, not {shown(value)}"
            )
        return sizes

    size = {"type": "integer", "minimum": 1}
    listed = {"type": "array", "items": size, "minItems": 1, "maxItems": 4}
    text = {"type": "string", "pattern": SHAPE_PATTERN}
    return declare(doc, default, also, check, {"anyOf": [size, listed, text]})


SIDES = {"left": (-1, 0), "right": (-1, 1), "top": (-2, 0), "bottom": (-2, 1),
         "front": (-3, 0), "back": (-3, 1)}  # fmt: skip
"""The axis of each side, as a negative index, and 0 if the side is before the map, 1 if after."""


def _sides(value: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    """``{top: 1, bottom: 2}`` as (before, after) for three axes; missing sides are 0."""
    if not value or not set(value) <= set(SIDES) or not all(is_whole(n, 0) for n in value.values()):
        raise LayerError(
            f"must name sides ({one_of(list(SIDES))}) with whole numbers of at least 0, "
            f"not {shown(value)}"
        )
    pairs = [[0, 0] for _ in range(3)]
    for side, size in value.items():
        axis, end = SIDES[side]
        pairs[axis][end] = size
    return tuple((before, after) for before, after in pairs)


def padding(
    doc: str, default: Any = 0, also: Sequence[str] = ("pad", "P"), words: Sequence[str] = ()
) -> Any:
    """One number for all sides, one per axis, (before, after) per axis, sides by name, or one of
    ``words``."""
    spellings = {word: word for word in words}
    if "same" in words:
        spellings["same_upper"] = "same"  # ONNX's name for it

    def axis(value: Any) -> bool:
        if isinstance(value, list | tuple):
            return len(value) == 2 and all(is_whole(size, 0) for size in value)
        return is_whole(value, 0)

    def check(value: Any) -> Padding:
        if is_whole(value, 0):
            return value
        if isinstance(value, str) and value.lower() in spellings:
            return spellings[value.lower()]
        if isinstance(value, Mapping):
            return _sides(value)
        value = _spelled_out(value, 0)
        if isinstance(value, list | tuple) and 1 <= len(value) <= 3 and all(map(axis, value)):
            return tuple(tuple(v) if isinstance(v, list | tuple) else v for v in value)
        known = [
            "must be a whole number of at least 0",
            "a list with a number or [before, after] for each axis",
            "sides as in {top: 1}",
            *([one_of(list(words))] if words else ()),
        ]
        raise LayerError(f"{', '.join(known[:-1])}, or {known[-1]}, not {shown(value)}")

    one = {"type": "integer", "minimum": 0}
    pair = {"type": "array", "items": one, "minItems": 2, "maxItems": 2}
    many = {"type": "array", "items": {"anyOf": [one, pair]}, "minItems": 1, "maxItems": 3}
    sides = {
        "type": "object",
        "properties": dict.fromkeys(SIDES, one),
        "additionalProperties": False,
        "anyOf": [{"required": [side]} for side in SIDES],
    }
    text = {"type": "string", "pattern": _per_axis(0)}
    allowed: list[Mapping[str, Any]] = [one, many, sides, text]
    if words:
        pattern = f"^({'|'.join(map(any_case, spellings))})$"
        allowed += [{"enum": list(words)}, {"type": "string", "pattern": pattern}]
    return declare(doc, default, also, check, {"anyOf": allowed}, SIDES)


def flag(doc: str, default: Any = REQUIRED, also: Sequence[str] = ()) -> Any:
    """True or false."""

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
    """A number that affects no shape, such as a rate, a slope or an epsilon."""

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
    """A positive number that affects no shape."""

    def check(value: Any) -> float | int:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 < value < inf:
            raise LayerError(f"must be a number greater than 0, not {shown(value)}")
        return value  # type: ignore[no-any-return]

    return declare(doc, default, also, check, {"type": "number", "exclusiveMinimum": 0})


def choice(
    doc: str,
    words: Sequence[str],
    default: Any = REQUIRED,
    also: Sequence[str] = (),
    synonyms: Mapping[str, str] | None = None,
    help: str = "",
) -> Any:
    """One of a few words; ``synonyms`` are other tools' names for them. ``help`` is advice for a
    value that is not a string, such as a size."""
    meant = {**dict(zip(words, words)), **(synonyms or {})}

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in meant:
            advice = "" if isinstance(value, str) else help
            raise LayerError(f"must be {one_of(list(words))}, not {shown(value)}", advice)
        return meant[value]

    return declare(doc, default, also, check, {"enum": list(meant)})
