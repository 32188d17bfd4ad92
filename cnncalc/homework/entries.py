"""Checks of the entries of an answer sheet; a SpecError gives the location of the entry."""

import re
from fractions import Fraction
from typing import Any

from cnncalc.core.errors import CnncalcError, Mistakes, SpecError, did_you_mean
from cnncalc.homework.written import suffix_of
from cnncalc.spec.entry import describe
from cnncalc.spec.text import Item, Key


def listed(item: Item | None) -> list[Item]:
    """The entries of ``questions``; none if it is missing or empty."""
    if item is None or item.value is None:
        return []
    if not isinstance(item.value, list):
        raise SpecError(f"'questions' must be a list, not {describe(item)}", item.where)
    return item.value


def written(item: Item) -> Any:
    """An answer without locations; a decimal as text, to keep all of its digits."""
    if isinstance(item.value, list):
        return [written(inner) for inner in item.value]
    return (item.text or str(item.value)) if isinstance(item.value, float) else item.plain()


def mapping(item: Item, what: str, known: Any = None) -> dict[Key, Item]:
    """The item as a mapping, with its keys checked if ``known`` is given."""
    if not isinstance(item.value, dict):
        raise SpecError(f"{what} must be a mapping, not {describe(item)}", item.where)
    for name in item.value if known is not None else ():
        if name not in known:
            hint = did_you_mean(name, known) or f"; it has {', '.join(known)}"
            raise SpecError(f"{what} has no key {name[:60]!r}{hint}", name.where)
    return item.value


def scalar(item: Item, what: str) -> Any:
    """A single value; raises SpecError for a list or a mapping."""
    if isinstance(item.value, dict | list):
        raise SpecError(f"{what!r} must be a single value, not {describe(item)}", item.where)
    return item.value


def text_in(item: Item, what: str) -> str:
    """Text; raises SpecError for a list, a mapping or nothing."""
    if isinstance(item.value, dict | list) or item.value is None:
        raise SpecError(f"{what!r} must be text, not {describe(item)}", item.where)
    return item.text or str(item.value)


def choices_of(item: Item | None) -> tuple[Any, ...]:
    """The values to choose from; none if ``choices`` is missing or empty."""
    if item is None or item.value is None:
        return ()
    if not isinstance(item.value, list):
        raise SpecError(f"'choices' must be a list, not {describe(item)}", item.where)
    return tuple(written(item))


def unit_in(item: Item | None, counted_in: str) -> str:
    """A unit; empty if there is none. Raises SpecError if the question is not counted in it."""
    if item is None or item.value is None:
        return ""
    text = text_in(item, "unit")
    suffix = suffix_of(text)
    if suffix is None or suffix.unit != counted_in or suffix.power or not counted_in:
        if not counted_in:
            fact = "'unit' is only for questions about bytes, MACs or FLOPs; leave it out"
            raise SpecError(fact, item.where)
        raise SpecError(f"'unit' must be {counted_in}, not {text[:40]!r}", item.where)
    return suffix.unit


def part(item: Item | None, what: str, most: int) -> Fraction | None:
    """A number from 0 to ``most``; None if there is none."""
    if item is None or item.value is None:
        return None
    text = item.text or str(item.plain())
    number = part_of(text)
    if number is None or number > most:
        fact = f"{what} must be a number from 0 to {most:,}, such as 0.5 or 50%, not {text[:40]!r}"
        raise SpecError(fact, item.where)
    return number


PART = re.compile(
    r"([0-9]{1,6}/[1-9][0-9]{0,5}|"
    r"(?:[0-9]{1,6}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE]-[0-9]{1,2})?)(%?)"
)


def part_of(text: str) -> Fraction | None:
    """A number such as ``2``, ``0.5``, ``1e-3``, ``1/2`` or ``50%``; None for anything else."""
    match = PART.fullmatch(text.strip())
    return Fraction(match[1]) / (100 if match[2] else 1) if match else None


def failure(why: Exception) -> str:
    """Why something cannot be used, without the location; for an unexpected exception, a request to
    report it."""
    if isinstance(why, Mistakes):
        return "; ".join(error.sentence for error in why.errors)
    if isinstance(why, SpecError):
        return why.sentence
    if isinstance(why, CnncalcError):
        return str(why)
    return f"cnncalc failed here ({type(why).__name__}); grade this by hand and report the bug"
