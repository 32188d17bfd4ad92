"""The quantities by which networks are compared and chosen."""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.core import units
from cnncalc.core.errors import UsageError, unknown
from cnncalc.core.shape import Map

if TYPE_CHECKING:
    from cnncalc.analysis.hardware.clock import Clock

Amount = int | Fraction
"""A whole number, or, for a time, a number of seconds as a fraction."""


class Quantity(NamedTuple):
    """A quantity of a whole network: its heading, how to read it from a report of ``cnncalc.api``,
    and how to write it as text. ``counts`` is the count that must be known for it, if any;
    ``clock`` gives the value if the quantity is a time."""

    heading: str
    read: Callable[[Any], Any]
    text: Callable[[Any], str]
    counts: str = ""
    clock: "Clock | None" = None

    def exact(self, value: Amount | None) -> str:
        """A number in full, or a time with its kind; ``?`` if it is not known."""
        if value is None:
            return "?"
        if self.clock is None:
            return units.exact(value.numerator)
        return f"{self.text(value)} ({self.clock.kind})"

    def record(self, name: str, value: Amount | None) -> dict[str, Any]:
        """The columns of a value in data files; those of a time include the device and the kind."""
        if self.clock is None:
            return {name: value}
        seconds = None if value is None else float(value)
        return {"device": self.clock.device, "kind": self.clock.kind, "seconds": seconds}


def _field(report: Any) -> int:
    fields = report.outputs[-1].receptive_field
    if not fields:
        has_positions = any(isinstance(shape, Map) for shape in report.input_shapes.values())
        vector = "the input is a vector, which has no positions"
        raise UsageError("that of the output is not known" if has_positions else vector)
    return max(fields)  # type: ignore[no-any-return]


QUANTITIES: Mapping[str, Quantity] = {
    "layers": Quantity("Layers", len, units.exact),
    "params": Quantity("Parameters", lambda r: r.totals.params, units.human, "params"),
    "macs": Quantity("MACs", lambda r: r.totals.macs, units.human, "macs"),
    "flops": Quantity("FLOPs", lambda r: r.totals.flops, units.human, "flops"),
    "activations": Quantity(
        "Activations", lambda r: r.totals.activations_total_bytes, units.in_bytes
    ),
    "weights": Quantity(
        "Parameter memory", lambda r: r.totals.parameter_bytes, units.in_bytes,
        "parameter_bytes",
    ),
    "peak": Quantity(
        "Inference peak", lambda r: r.totals.inference_peak, units.in_bytes
    ),
    "memory": Quantity(
        "Training memory", lambda r: r.totals.training_peak, units.in_bytes
    ),
    "ram": Quantity("RAM in int8", lambda r: int(r.arena.ram), units.in_bytes),
    "flash": Quantity("Flash in int8", lambda r: int(r.arena.flash.total), units.in_bytes),
    "rf": Quantity("Receptive field", _field, units.exact),
}  # fmt: skip
"""The quantities by the names that options take. ``peak`` is that of activations in inference,
``memory`` that of a training step with SGD; RAM and flash are those of a microcontroller."""
ON_CHIP = ("ram", "flash")
"""The quantities of a microcontroller."""
ALSO = {"parameters": "params", "receptive-field": "rf", "receptive_field": "rf"}
"""The names of ``explain`` for the same quantities."""
TIME = "time"
"""The quantity that needs a clock."""


def called(name: str) -> str:
    """The name of a quantity, which may be given as in ``explain``: ``params`` for
    ``parameters``."""
    return ALSO.get(name.lower(), name)


def quantity(name: str, clock: "Clock | None" = None) -> Quantity:
    """The quantity with this name. Raises UsageError for any other name, and for a time without a
    clock."""
    if name == TIME and clock is not None:
        heading = f"Time on {clock.device} ({clock.kind})"
        return Quantity(heading, clock.seconds, units.duration, clock=clock)
    if name == TIME:
        raise UsageError(
            f"{TIME!r} is a quantity only in a sweep", f"choose from {', '.join(QUANTITIES)}"
        )
    if name not in QUANTITIES:
        raise unknown("quantity", name, QUANTITIES)
    return QUANTITIES[name]


def value(name: str, report: Any, clock: "Clock | None" = None) -> Any:
    """A quantity of a report; None if it is not modelled for this network, or not known."""
    one = quantity(name, clock)
    if one.counts in report.unknown:
        return None
    try:
        return one.read(report)
    except UsageError:
        return None


def missing(name: str, report: Any) -> UsageError:
    """The error for a quantity of a report that has no value."""
    one = quantity(name)
    unsure = [row for row in report.opaque if one.counts in row.unknown]
    if unsure:
        cause = f"layer {unsure[0].name!r} ({unsure[0].kind})"
        return UsageError(
            f"{name!r} is not known, because of {cause}", "state its counts in the spec"
        )
    reason = UsageError("it is not modelled for this network")
    try:
        one.read(report)
    except UsageError as why:
        reason = why
    return UsageError(f"{name!r} is not known: {reason.fact}", reason.help)


AMOUNT = re.compile(r"(?<![\w.])([0-9]+(?:\.[0-9]+)?) ?(?:([kKMGTP])(i?)B?|B)\b")
SECONDS = re.compile(r"(?<![\w.])([0-9]+(?:\.[0-9]+)?) ?([mnuµμ]?)s\b")
PER_SECOND = {"": 1, "m": 10**3, "u": 10**6, "µ": 10**6, "μ": 10**6, "n": 10**9}


def plain_numbers(text: str) -> str:
    """The text with plain numbers in place of those with units: whole ones for ``300M``, ``1.5 G``
    and ``4GiB``, and fractions of a second for ``2.5ms``."""
    text = SECONDS.sub(lambda one: f"({Fraction(one[1]) / PER_SECOND[one[2]]})", text)
    return AMOUNT.sub(lambda match: str(_whole(match)), text)


def amount(text: str, in_bytes: bool = True) -> int:
    """The number in ``300M`` or ``25000`` or, if ``in_bytes``, the bytes in ``4GiB``; raises
    UsageError for any other text."""
    whole = rf"^{units.WHOLE}(?![0-9,])"
    plain = plain_numbers(re.sub(whole, lambda one: one[0].replace(",", ""), text.strip()))
    has_unit = re.search("[Bi]", text) is not None
    if not re.fullmatch("[0-9]{1,30}", plain) or (has_unit and not in_bytes):
        example = "4GiB or 500MB" if in_bytes else "300M or 1.5G"
        what = "number of bytes" if in_bytes else "number"
        raise UsageError(f"{text[:60]!r} cannot be read as a {what}; write it like {example}")
    return int(plain)


def _whole(match: re.Match[str]) -> int:
    power = " KMGTP".index((match[2] or " ").upper())
    return int(Fraction(match[1]) * (1024 if match[3] else 1000) ** power)


def budget(name: str, given: int | str, usual: Any) -> int:
    """A budget for a quantity: a number, a string such as ``4GiB``, or a multiple of what the
    default network needs (``1.5x``).

    ``usual`` has the quantities of the default network, or says why there are none. Raises
    UsageError for a budget that cannot be used.
    """
    quantity(name)
    text = str(given)
    if text.strip().endswith("x"):
        times, value = _times(name, text.strip()), None if isinstance(usual, str) else usual[name]
        if value is None:
            fact = f"the budget for {name} is {text.strip()!r}, but the default network's is not"
            fact += " known"
            raise UsageError(f"{fact}: {usual}" if isinstance(usual, str) else fact)
        return max(int(times * value), 1)
    in_bytes = QUANTITIES[name].text is units.in_bytes
    try:
        found = amount(text, in_bytes)
    except UsageError as why:
        raise UsageError(f"the budget for {name}: {why}") from None
    if found < 1:
        raise UsageError(f"the budget for {name} must be at least 1, not {text.strip()}")
    if in_bytes and isinstance(given, str) and units.lacks_unit(text, found):
        unit = "kB" if name in ON_CHIP else "GiB"
        raise UsageError(f"the budget for {name} needs a unit; write {text.strip()}{unit}")
    return found


def _times(name: str, text: str) -> Fraction:
    """The factor in a budget such as ``1.5x``; raises UsageError for any other text."""
    try:
        return positive(text[:-1])
    except UsageError:
        fact = f"the budget for {name} is {text[:60]!r}, which cannot be read as a multiple"
        example = "4GiB" if QUANTITIES[name].text is units.in_bytes else "300M"
        help = f"write it as {example}, or as 2x for twice the default network's"
        raise UsageError(fact, help) from None


def positive(text: str) -> Fraction:
    """A positive decimal; raises UsageError for any other text."""
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12})?", text.strip()) or not Fraction(text.strip()):
        raise UsageError(
            f"{text[:60]!r} cannot be read as a positive number; write it as 2 or 0.05"
        )
    return Fraction(text.strip())
