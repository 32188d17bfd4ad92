"""Evaluates the values of a spec: parameters, and the arguments of layers and blocks."""

import re
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

from cnncalc.core.errors import (
    MAX_LISTED,
    LayerError,
    Source,
    SpecError,
    UsageError,
    Where,
    all_of,
    did_you_mean,
    some,
)
from cnncalc.core.fields import shown
from cnncalc.spec import catalog, notation
from cnncalc.spec.entry import Block, Composite, Entry, Spec
from cnncalc.spec.expression import UNDECLARED, calculate, evaluate, is_expression
from cnncalc.spec.text import MAX_VALUES, Item, located
from cnncalc.spec.work import Work

Values = Mapping[str, Any]


class _List(list[Any]):
    """A list that stores its weight."""

    weight = 1


class _Dict(dict[str, Any]):
    """A mapping that stores its weight."""

    weight = 1


def weight(value: Any) -> int:
    """The number of values inside a value, including itself; a text counts one more for every ten
    characters."""
    if isinstance(value, _List | _Dict):
        return value.weight
    return 1 + len(value) // 10 if isinstance(value, str) else 1


def value_of(item: Item, names: Values, work: Work) -> Any:
    """The plain value of an item, with its expressions evaluated.

    Raises SpecError for an invalid expression, and for a list or mapping that becomes too large
    once its names are filled in.
    """
    if isinstance(item.value, dict):
        fields = _Dict({str(key): value_of(one, names, work) for key, one in item.value.items()})
        return _weighed(fields, fields.values(), item.where)
    if isinstance(item.value, list):
        listed = _List([value_of(one, names, work) for one in item.value])
        return _weighed(listed, listed, item.where)
    if not is_expression(item.value):
        return item.value
    work.expression(item.value, item.where)
    try:
        return evaluate(item.value, names)
    except LayerError as why:
        raise SpecError(why.sentence, item.where) from None


def _weighed(holder: Any, held: Iterable[Any], where: Where) -> Any:
    """The list or mapping with its weight set. Raises SpecError if it is too heavy."""
    holder.weight += sum(map(weight, held))
    if holder.weight > MAX_VALUES:
        sentence = f"this contains more than {MAX_VALUES:,} values once its names are filled in"
        raise SpecError(sentence, where)
    return holder


def depends(item: Item) -> bool:
    """Whether an item contains an expression, so that its value may vary between uses."""
    if isinstance(item.value, dict):
        return any(map(depends, item.value.values()))
    if isinstance(item.value, list):
        return any(map(depends, item.value))
    return is_expression(item.value)


def mentioned(part: Any) -> Iterator[str]:
    """All words in the expressions of a part of a spec, whether or not they are evaluated."""
    if isinstance(part, Item):
        yield from mentioned(part.value)
    elif isinstance(part, str):
        yield from re.findall(r"[A-Za-z_]\w*", part) if is_expression(part) else ()
    elif isinstance(part, Mapping):
        for inner in part.values():
            yield from mentioned(inner)
    elif isinstance(part, tuple | list):
        for inner in part:
            yield from mentioned(inner)
    elif isinstance(part, Composite):
        yield from mentioned([one for one in vars(part).values() if not isinstance(one, Spec)])


def parameters(spec: Spec, settings: Values, work: Work) -> dict[str, Any]:
    """The value of every parameter; each may use earlier ones.

    Raises UsageError for settings that are not a mapping, or that name anything but parameters, and
    SpecError for a value that is not valid.
    """
    if not isinstance(settings, Mapping):
        fact = "settings must be a mapping, such as {'classes': 10}"
        raise UsageError(f"{fact}, not {shown(settings)}")
    for name in settings:
        if name not in spec.parameters:
            owner, known = spec.name or "the spec", list(spec.parameters)
            if not known:
                raise _without(owner, name, spec.where.source)
            hint = did_you_mean(str(name), known) or f"; it has {some(known)}"
            raise UsageError(f"{owner} has no parameter {name!r}{hint}")
    values: dict[str, Any] = {}
    for name, item in spec.parameters.items():
        given = located(settings[name], Where("")) if name in settings else item
        try:
            values[str(name)] = value_of(given, values, work)
        except SpecError as error:
            if error.help == UNDECLARED and {*mentioned(given)} - {*values} & {*spec.parameters}:
                help = "a parameter can only use those declared above it"
                raise SpecError(error.fact, error.where, help) from None
            raise
    return values


def _without(owner: str, name: str, source: str) -> UsageError:
    """The error for a parameter of a network that has none."""
    fact = f"{owner} has no parameter {name!r}"
    if catalog.holds(source):
        return UsageError(fact, "leave it out, or declare it in a copy that 'cnncalc show' writes")
    written = isinstance(source, Source) and source != notation.SOURCE
    if written or not source:
        return UsageError(fact, "declare it under 'parameters' in the spec")
    help = "leave it out, or write the network as a spec with 'cnncalc import'"
    return UsageError(f"{fact}, because it is not read from a spec", help)


def given_to(entry: Entry, names: Values, work: Work) -> Any:
    """The arguments that an entry passes to its kind or block; None if there are none."""
    return None if entry.value is None else value_of(entry.value, names, work)


def arguments(
    block: Block, entry: Entry, names: Values, outer: MutableMapping[str, Any], work: Work
) -> dict[str, Any]:
    """The values of a block's arguments in one use: by position, by name, or the default.

    Raises SpecError if an argument is missing, unknown, superfluous or invalid.
    """
    taken = dict(block.takes)
    value = given_to(entry, names, work)
    values: dict[str, Any] = {}
    if isinstance(value, dict):
        unknown = next((name for name in value if name not in taken), None)
        if unknown is not None:
            hint = did_you_mean(unknown, taken) or f"; it takes {_taken(block)}"
            fact = f"block {block.name!r} has no argument {unknown[:60]!r}"
            raise SpecError(f"{fact}{hint}", place_of(entry, unknown))
        values.update(value)
    elif value is not None:
        listed = value if isinstance(value, list) else [value]
        if len(listed) > len(taken):
            raise SpecError(
                f"{_takes(block)}, but got {len(listed)} value{'s' * (len(listed) != 1)}",
                entry.where,
            )
        values.update(zip(taken, listed))
    missing = [name for name, item in block.takes if item is None and name not in values]
    if missing:
        raise SpecError(f"{_takes(block)}; add {_quoted(missing)}", entry.where)
    for name, item in block.takes:  # a default may use the arguments and earlier defaults
        if item is not None and name not in values:
            values[name] = value_of(item, ChainMap(values, outer), work)
    return values


def _takes(block: Block) -> str:
    return f"block {block.name!r} takes {_taken(block)}"


def _taken(block: Block) -> str:
    return _quoted([name for name, _ in block.takes]) if block.takes else "no values"


def _quoted(names: Sequence[str]) -> str:
    """The names in a sentence; of many, only the first."""
    return all_of([*map(repr, names)]) if len(names) <= MAX_LISTED else some(map(repr, names))


def times(item: Item | None, names: Values, work: Work) -> int:
    """The number of times that an entry is repeated; 1 by default."""
    value = 1 if item is None else value_of(item, names, work)
    if item is not None and (value.__class__ is not int or value < 0):
        sentence = f"'repeat' must be a whole number of at least 0, not {shown(value)}"
        raise SpecError(sentence, item.where)
    return int(value)


def holds(item: Item | None, names: Values, work: Work, key: str = "when") -> bool:
    """Whether the condition under a key of an entry is true; true if there is none."""
    value = True if item is None else value_of(item, names, work)
    if item is not None and not isinstance(value, bool):
        help = f"write ${{{value}}}" if _is_condition(value, names) else ""
        raise SpecError(f"{key!r} must be true or false, not {shown(value)}", item.where, help)
    return bool(value)


def _is_condition(value: Any, names: Values) -> bool:
    """Whether a value is the text of an expression that is true or false."""
    try:
        return isinstance(value, str) and isinstance(calculate(value, names), bool)
    except LayerError:
        return False


def place_of(entry: Entry, written: str | None) -> Where:
    """The location of a field, or of the entry if the field is missing."""
    if entry.value is None or written is None:
        return entry.where
    if not isinstance(entry.value.value, dict):
        return entry.value.where
    return next((key.where for key in entry.value.value if key == written), entry.where)
