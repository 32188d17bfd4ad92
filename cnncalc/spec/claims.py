"""The figures that a spec quotes from the literature.

Each claim has a quantity, a value and a source. A whole table is one item with several quantities,
and with ``layers`` as its rows. If a number matches only under a convention, ``habit`` names the
convention. If it does not follow from what the source describes, ``erratum`` says why.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from cnncalc.core.cost import COUNTED
from cnncalc.core.errors import UsageError, Where, did_you_mean, one_of
from cnncalc.core.fields import shown
from cnncalc.core.shape import read_shape
from cnncalc.spec import catalog
from cnncalc.spec.printed import Printed, read_number
from cnncalc.spec.text import Item, Key

DEPTH, NEURONS = "depth", "neurons"
COUNTS = ("params", "trainable", "flops", *COUNTED, DEPTH, NEURONS)
SHAPES = ("output", "size", "channels", "receptive_field")
QUANTITIES = (*SHAPES, *COUNTS)

KILO_1024 = "K = 1024"
CUT = "cut, not rounded"
NO_BIASES = "biases left out"
NO_BATCH_NORM = "batch normalization left out"
WITH_STATISTICS = "running statistics counted"
MACS_AS_FLOPS = "MACs called FLOPs"
CHANNELS_LAST = "channels last"
VECTOR_AS_MAP = "1×1 for a vector"
HABITS = {
    KILO_1024: COUNTS,
    CUT: COUNTS,
    NO_BIASES: ("params",),
    NO_BATCH_NORM: ("params",),
    WITH_STATISTICS: ("params",),
    MACS_AS_FLOPS: ("flops",),
    CHANNELS_LAST: ("output",),
    VECTOR_AS_MAP: ("output",),
}
"""The conventions of the literature under which a number can agree, each with its quantities."""

RATIO = r"(?i)(.+?)\s*[x×]\s*(less|fewer|more)"
LONGEST_RATIO = 100

ReportError = Callable[[str, Where], None]


class Claim(NamedTuple):
    """One printed number or shape, of a layer or of the whole network.

    If ``than`` is given, the number says how it compares with that built-in. ``settings`` and
    ``input`` are the parameters and the input shape that it holds for, if not the spec's own.
    """

    quantity: str
    value: str
    source: str
    where: Where
    layer: str | None = None
    than: str | None = None
    settings: Mapping[str, Any] | None = None
    input: Any = None
    habits: tuple[str, ...] = ()
    erratum: str | None = None


def read(item: Item, wrong: ReportError) -> Iterator[Claim]:
    """The claims in an item: one for each of its values.

    Malformed claims are reported to ``wrong`` and skipped.
    """
    if not isinstance(item.value, dict):
        wrong("a claim must be a mapping with quantity, value and source", item.where)
        return
    keys = {key: inner for key, inner in item.value.items() if inner.value is not None}
    given = {str(key): inner.plain() for key, inner in keys.items()}
    mistakes = list(_mistakes(item.where, keys, given))
    for sentence, where in mistakes:
        wrong(sentence, where)
    if mistakes:
        return
    quantities, habits = _listed(given["quantity"]), _listed(given.get("habit"))
    than = given.get("than")
    for layer, values, where in _rows(item.where, keys, given):
        cells = values if isinstance(given["quantity"], list) else [values]
        if not isinstance(cells, list) or len(cells) != len(quantities):
            wrong(
                f"expected a value for each quantity ({', '.join(quantities)}), "
                f"not {shown(values)}",
                where,
            )
            continue
        for quantity, value in zip(quantities, cells, strict=True):
            if value is None:
                continue
            try:
                check_value(quantity, value, than, layer)
            except UsageError as why:
                wrong(f"{quantity}: {why}", where)
                continue
            yield Claim(
                quantity=quantity,
                value=str(value),
                source=str(given["source"]),
                where=where,
                layer=layer,
                than=than,
                settings=given.get("set"),
                input=given.get("input"),
                habits=tuple(habit for habit in habits if quantity in HABITS[habit]),
                erratum=str(given["erratum"]) if "erratum" in given else None,
            )


def _rows(
    where: Where, keys: Mapping[Key, Item], given: Mapping[str, Any]
) -> Iterator[tuple[str | None, Any, Where]]:
    """Each layer that has claims (None: the whole network), its value or values, and their
    location."""
    if "layers" in given:
        for key, value in keys[Key("layers")].value.items():
            yield str(key), value.plain(), key.where
    else:
        yield str(given["layer"]) if "layer" in given else None, given["value"], where


def _listed(value: Any) -> list[Any]:
    """A list; a single value becomes a list of one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _mistakes(
    where: Where, keys: Mapping[Key, Item], given: Mapping[str, Any]
) -> Iterator[tuple[str, Where]]:
    """All mistakes in the keys of a claim."""
    for name in ("quantity", "source"):
        if not given.get(name):
            yield f"a claim needs {name!r}", where
    if ("value" in given) == ("layers" in given):
        yield "a claim needs either 'value', or 'layers' with a value for each", where
    if given.get("erratum") == "":
        yield "an erratum must say why the number does not follow", where
    for key, value in keys.items():
        if key not in CHECKS:
            hint = did_you_mean(key, CHECKS) or f"; it has {', '.join(CHECKS)}"
            yield f"a claim has no key {shown(str(key))}{hint}", key.where
            continue
        for sentence in CHECKS[str(key)](given):
            yield sentence, value.where


def _wrong_quantity(given: Mapping[str, Any]) -> Iterator[str]:
    for quantity in _listed(given["quantity"]):
        if quantity not in QUANTITIES:
            near = did_you_mean(str(quantity), QUANTITIES)
            yield f"no quantity {shown(quantity)}{near or '; choose from ' + ', '.join(QUANTITIES)}"


def _wrong_text(name: str) -> Callable[[Mapping[str, Any]], Iterator[str]]:
    def check(given: Mapping[str, Any]) -> Iterator[str]:
        if isinstance(given[name], dict | list):
            yield f"{name!r} of a claim must be text, not {shown(given[name])}"

    return check


def _wrong_settings(given: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(given["set"], dict):
        yield f"'set' of a claim must be a mapping, not {shown(given['set'])}"


def _wrong_rows(given: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(given["layers"], dict):
        yield f"'layers' of a claim must be a mapping, not {shown(given['layers'])}"
    if "layer" in given:
        yield "give 'layer' or 'layers', not both"


def _wrong_habit(given: Mapping[str, Any]) -> Iterator[str]:
    for habit in _listed(given["habit"]):
        if habit not in [*HABITS]:
            yield f"'habit' must be {one_of([*map(repr, HABITS)])}, not {shown(habit)}"
        elif not any(quantity in HABITS[habit] for quantity in _listed(given.get("quantity"))):
            yield f"habit {habit!r} applies only to {one_of(HABITS[habit])}"


def _wrong_other(given: Mapping[str, Any]) -> Iterator[str]:
    other = given["than"]
    if other not in catalog.names():
        hint = did_you_mean(str(other), catalog.names())
        yield f"'than' must be a built-in architecture, not {shown(other)}{hint}"
    shapes = any(quantity in SHAPES for quantity in _listed(given.get("quantity")))
    if shapes or given.get("layer") or given.get("layers"):
        yield "'than' compares only counts of whole networks, not shapes or layers"


def _anything(given: Mapping[str, Any]) -> Iterator[str]:
    return iter(())


CHECKS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "quantity": _wrong_quantity,
    "value": _anything,
    "source": _wrong_text("source"),
    "layer": _wrong_text("layer"),
    "layers": _wrong_rows,
    "than": _wrong_other,
    "set": _wrong_settings,
    "input": _anything,
    "habit": _wrong_habit,
    "erratum": _wrong_text("erratum"),
}
"""For each key of a claim, a function that says what is wrong with it. Values are checked later,
once the quantity is known."""
KEYS = tuple(CHECKS)


def check_value(
    quantity: str, given: Any, than: str | None = None, layer: str | None = None
) -> None:
    """Raise UsageError unless the value is valid for this quantity."""
    if isinstance(given, dict | list):
        what = "a shape, such as 6x28x28" if quantity in SHAPES else "a printed number"
        raise UsageError(f"expected {what}, not {shown(given)}")
    value = str(given)
    if quantity in SHAPES:
        sizes = read_shape(value.replace("@", "x")).dimensions
        if quantity == "channels" and len(sizes) > 1:
            raise UsageError(f"expected one number, not {value!r}")
        return
    if not than and len(value) <= LONGEST_RATIO and re.fullmatch(RATIO, value.strip()):
        raise UsageError(f"{value!r} needs 'than', the built-in that it is relative to")
    share = read_share(value)
    if share and quantity == DEPTH:
        raise UsageError(f"{value} is a share of the network, but a depth is a number of layers")
    if share and layer is None and not than:
        raise UsageError(f"{value} is a share of the network, so it needs a 'layer'")
    number = read_ratio(value)[0] if than else share or read_number(value)
    if number.of_bytes and "bytes" not in quantity:
        raise UsageError(f"{value!r} is in bytes, but {quantity} is not")


def read_share(value: str) -> Printed | None:
    """Parse ``94.86%`` into the number; None for anything without a percent sign.

    Raises UsageError unless the sign ends the text and a number stands before it.
    """
    number, sign, after = value.partition("%")
    if after.strip():
        raise UsageError(f"expected a share such as 94.86%, not {value[:60]!r}")
    return read_number(number)._replace(full=False) if sign else None


def read_ratio(value: str) -> tuple[Printed, bool]:
    """Parse ``12x less`` or ``2x more`` into the number and whether it is more.

    Raises UsageError for anything else.
    """
    match = re.fullmatch(RATIO, value.strip()) if len(value) <= LONGEST_RATIO else None
    if match is None:
        raise UsageError(f"with 'than', write the value as 12x less or 2x more, not {value[:60]!r}")
    return read_number(match[1])._replace(full=False), match[2].lower() == "more"
