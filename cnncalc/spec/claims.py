"""What a spec says that the literature says of it: claims, read and checked.

Each names a quantity of ``Cost`` (or ``output``, ``receptive_field``), the value as it is printed
and its source; where the number does not follow from the architecture that the source describes,
``erratum`` says why, and where it follows only under a habit, ``habit`` names that.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from cnncalc.cost import COUNTED
from cnncalc.errors import SpecError, Where, did_you_mean, one_of
from cnncalc.fields import shown
from cnncalc.spec.text import Item

KEYS = ("quantity", "value", "source", "layer", "set", "input", "habit", "erratum")
QUANTITIES = ("output", "receptive_field", "params", "flops", *COUNTED)

KILO_1024 = "K = 1024"
NO_BIASES = "biases left out"
MACS_AS_FLOPS = "MACs called FLOPs"
CUT = "cut, not rounded"
CHANNELS_LAST = "channels last"
HABITS = (KILO_1024, NO_BIASES, MACS_AS_FLOPS, CUT, CHANNELS_LAST)
"""The habits of the literature under which a number can agree."""


class Claim(NamedTuple):
    """One printed number."""

    quantity: str
    value: str
    source: str
    where: Where
    layer: str | None = None
    settings: Mapping[str, Any] | None = None
    input: str | None = None
    habit: str | None = None
    erratum: str | None = None


def read(item: Item) -> Claim:
    """The claim that an item makes; raises SpecError where it is not well formed."""
    given = item.plain()
    if not isinstance(given, dict):
        raise SpecError("a claim is a mapping with quantity, value and source", item.where)
    for key in given:
        if key not in KEYS:
            hint = did_you_mean(key, KEYS) or f"; it has {', '.join(KEYS)}"
            raise SpecError(f"a claim has no key {shown(key)}{hint}", item.where)
    for key in ("quantity", "value", "source"):
        if given.get(key) is None:
            raise SpecError(f"a claim needs {key!r}", item.where)
    if given["quantity"] not in QUANTITIES:
        hint = did_you_mean(str(given["quantity"]), QUANTITIES)
        raise SpecError(f"no quantity {shown(given['quantity'])}{hint}", item.where)
    if given.get("habit") not in (None, *HABITS):
        raise SpecError(f"a habit is {one_of(HABITS)}, not {shown(given['habit'])}", item.where)
    return Claim(
        quantity=given["quantity"],
        value=str(given["value"]),
        source=str(given["source"]),
        where=item.where,
        layer=given.get("layer"),
        settings=given.get("set"),
        input=given.get("input"),
        habit=given.get("habit"),
        erratum=given.get("erratum"),
    )
