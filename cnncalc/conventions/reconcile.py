"""Finds the counting conventions whose totals round to a given number.

The number may be written as papers and tools write it: ``4.134G``, ``8.2 GFLOPs``, ``3.6 billion``,
``7.2 × 10^8``, ``25.6M params``, ``97.5 MiB``, ``4,089,184,256``. It matches every total that
rounds to its digits.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from cnncalc import conventions
from cnncalc.analysis.report import Report
from cnncalc.conventions.convention import Convention, Count, Part
from cnncalc.core.cost import BYTES as BYTES_EACH
from cnncalc.core.errors import UsageError
from cnncalc.core.units import WHOLE
from cnncalc.spec.printed import POWERS, read_number

VERSION = 1
"""The version of the data that ``to_dict`` returns."""

OPERATIONS, PARAMETERS, MEMORY = "operations", "parameters", "bytes"
CONNECTIONS, VALUES = "connections", "values"
WORDS = {
    **dict.fromkeys(("flop", "flops", "mac", "macs", "madd", "madds", "multadd", "multadds",
                     "op", "ops", "operations"), OPERATIONS),
    **dict.fromkeys(("param", "params", "parameter", "parameters", "weights"), PARAMETERS),
    **dict.fromkeys(("b", "byte", "bytes"), MEMORY),
    **dict.fromkeys(("connection", "connections"), CONNECTIONS),
    **dict.fromkeys(("activations", "elements", "floats", "neurons", "values"), VALUES),
}  # fmt: skip
"""The quantity that a unit stands for. FLOPs in papers are often MACs, so both are operations."""

LETTERS = {"thousand": "k", "million": "m", "billion": "g", "trillion": "t"}
NUMBER = re.compile(
    rf"[~≈]?\s*(?P<digits>{WHOLE}(?:\.[0-9]+)?)"
    r"(?:e\+?(?P<e>[0-9]{1,2})|\s*[x×*·]\s*10\^?(?P<power>[0-9]{1,2}))?\s*(?P<unit>.*)",
    re.IGNORECASE,
)
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
LONGEST = 60

MEASURES = {
    "parameters": PARAMETERS,
    "numbers": PARAMETERS,
    "bytes": MEMORY,
    "connections": CONNECTIONS,
    "values": VALUES,
}
"""The quantity that a convention's unit stands for; every other unit counts operations."""

MAX_EXPLANATIONS = 6
"""If more parts than this explain a difference, they are probably coincidences, and none is
shown."""


class Reading(NamedTuple):
    """One interpretation of a number: its digits, its scale letter, what K stands for (1000 or
    1024) and the quantity counted, or None for any quantity except bytes."""

    digits: str
    letter: str
    kilo: int
    measure: str | None

    def agrees(self, total: int) -> bool:
        """Whether this total, rounded to the same number of digits, equals the number."""
        return read_number(self.digits + self.letter).agrees(total, self.kilo)

    def counts(self, measure: str) -> bool:
        """Whether the number may count this quantity; bytes need an explicit unit."""
        return measure == self.measure if self.measure else measure != MEMORY

    @property
    def value(self) -> Fraction:
        """The exact value of the digits as written."""
        return Fraction(self.digits.replace(",", "")) * int(self.kilo ** POWERS[self.letter])

    @property
    def exact(self) -> int | None:
        """The number if all of its digits are given; None otherwise."""
        return int(self.value) if not self.letter and "." not in self.digits else None


def readings(text: str) -> tuple[Reading, ...]:
    """The interpretations of a number, the likeliest first; raises UsageError if there are none.

    >>> [reading.kilo for reading in readings("97.5 MB")]
    [1000, 1024]
    """
    if not isinstance(text, str):
        raise UsageError(f"write the number as text, such as '4.1G', not {text!r:.60}")
    found = NUMBER.fullmatch(text.strip().translate(SUPERSCRIPTS)) if len(text) <= LONGEST else None
    ways = _ways(re.sub(r"[\s-]", "", found["unit"]).lower()) if found else ()
    if not found or not ways:
        why = _why_not(found["unit"]) if found else ""
        raise UsageError(
            f"{text[:LONGEST]!r} is not a number{why}; write a number such as 4.134G, 8.2 GFLOPs, "
            "25.6M params, 97.5 MB or 4089184256"
        )
    power = found["e"] or found["power"]
    if power is None:
        return tuple(Reading(found["digits"], *way) for way in ways)
    # 7.2 · 10^8 is 0.72 G: the significant digits stay the same.
    thousands, rest = -(-int(power) // 3), -(-int(power) % 3)
    letter = {place: letter for letter, place in POWERS.items() if letter != "B"}.get(thousands)
    plain = [way for way in ways if not way[0]]
    if letter is None or not plain:
        raise UsageError(
            f"{text[:LONGEST]!r} is not supported; write a power of ten up to 10^12, without a "
            "scale letter"
        )
    digits = format(Decimal(found["digits"].replace(",", "")).scaleb(rest), "f")
    return tuple(Reading(digits, letter, kilo, measure) for _, kilo, measure in plain)


def _why_not(unit: str) -> str:
    """Why a number with this unit cannot be read, if that is known: ``, because ...``."""
    if re.match(",[0-9]", unit):
        return ", because a comma separates thousands"
    return f", because {unit!r} is not a known unit" if unit[:1].isalpha() else ""


def _ways(unit: str) -> tuple[tuple[str, int, str | None], ...]:
    """The interpretations of a unit, as in ``Reading``: letter, value of K, quantity."""
    for word, letter in LETTERS.items():
        if unit.startswith(word):
            unit = letter + unit.removeprefix(word)
    if not unit:
        return (("", 1000, None),)
    if unit == "b":
        return (("B", 1000, None), ("", 1000, MEMORY))
    if unit in WORDS:
        return (("", 1000, WORDS[unit]),)
    letter, rest = unit[0].upper(), unit[1:]
    if letter not in POWERS:
        return ()
    if not rest:
        return ((letter, 1000, None), (letter, 1024, PARAMETERS))
    if rest.startswith("i") and WORDS.get(rest[1:]) == MEMORY:
        return ((letter, 1024, MEMORY),)
    if rest not in WORDS:
        return ()
    binary = () if WORDS[rest] == OPERATIONS else ((letter, 1024, WORDS[rest]),)
    return ((letter, 1000, WORDS[rest]), *binary)


class Candidate(NamedTuple):
    """A network's total under one or more conventions, multiplied by ``times``: 1, 2, or the bytes
    of each number."""

    counts: tuple[Count, ...]
    times: int
    measure: str

    @property
    def total(self) -> int:
        """The total, multiplied by ``times``."""
        return self.times * self.counts[0].total

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts, which add up to ``total``."""
        return tuple(part._replace(times=part.times * self.times) for part in self.counts[0].parts)

    def times_of(self, what: str) -> int:
        """The number of times that the total includes a part; 0 if it does not."""
        return sum(part.times for part in self.parts if part.what == what)

    @property
    def title(self) -> str:
        """The names of the conventions and the factor: ``2 · thop 0.1.1``."""
        names = ", ".join(count.convention.title for count in self.counts)
        if self.times == 1:
            return names
        return f"{names}, {self.times} bytes each" if self.measure == MEMORY else f"2 · {names}"

    @property
    def unit(self) -> str:
        """The unit of the total: twice a count of MACs is FLOPs."""
        if self.measure == MEMORY:
            return "bytes"
        return self.counts[0].convention.unit if self.times == 1 else "FLOPs"

    def to_dict(self) -> dict[str, Any]:
        """Plain data (docs/reconcile.md)."""
        return {
            "conventions": [count.name for count in self.counts],
            "times": self.times,
            "total": self.total,
            "unit": self.unit,
            "parts": [part._asdict() for part in self.parts],
        }


class Missing(NamedTuple):
    """A part that, added to a candidate's total (or removed, if ``times`` is negative), gives the
    number."""

    candidate: Candidate
    part: Part


@dataclass(frozen=True)
class Reconciliation:
    """The candidates that agree with a number, in the likeliest reading with which any agree, and
    the nearest candidate.

    ``unknown`` gives the reason for each convention whose total could be compared but is not
    modelled.
    """

    report: Report
    number: str
    reading: Reading
    agreeing: tuple[Candidate, ...]
    nearest: Candidate
    missing: tuple[Missing, ...]
    unknown: dict[str, str]

    @property
    def difference(self) -> int:
        """The number minus the nearest total, rounded to a whole number."""
        return round(self.reading.value - self.nearest.total)

    def to_dict(self) -> dict[str, Any]:
        """Plain data (docs/reconcile.md)."""
        return {
            "format": "cnncalc.reconciliation",
            "version": VERSION,
            "name": self.report.name,
            "inputs": {
                name: list(shape.dimensions) for name, shape in self.report.input_shapes.items()
            },
            "batch": self.report.batch,
            "dtype": self.report.dtype,
            "number": self.number,
            "kilo": self.reading.kilo,
            "agrees": bool(self.agreeing),
            "agreeing": [candidate.to_dict() for candidate in self.agreeing],
            "nearest": {**self.nearest.to_dict(), "difference": self.difference},
            "missing": [
                {"conventions": [count.name for count in candidate.counts],
                 "total": candidate.total, "part": part._asdict()}
                for candidate, part in self.missing
            ],
            "unknown": self.unknown,
            "warnings": list(self.report.warnings),
        }  # fmt: skip


def reconcile(report: Report, number: str) -> Reconciliation:
    """Find the conventions that give a number for a network, or come nearest to it.

    Raises UsageError if the text is not a number, or if no total can be compared with it.
    """
    ways = readings(number)
    unknown: dict[str, tuple[str, UsageError]] = {}
    known = sorted(candidates(report, unknown), key=_unlikelihood)
    for reading in ways:
        agreeing = [
            one for one in known if reading.counts(one.measure) and reading.agrees(one.total)
        ]
        if agreeing:
            break
    else:
        reading = ways[0]
    comparable = [one for one in known if reading.counts(one.measure)]
    if not comparable:
        why = next(why for unit, why in unknown.values() if reading.counts(unit))
        raise UsageError(f"no total can be compared with {number[:LONGEST]}: {why.fact}", why.help)
    return Reconciliation(
        report,
        number,
        reading,
        tuple(agreeing),
        nearest=min(comparable, key=lambda one: abs(one.total - reading.value)),
        missing=() if agreeing else tuple(_missing(reading, comparable)),
        unknown={name: why.fact for name, (unit, why) in unknown.items() if reading.counts(unit)},
    )


def _unlikelihood(candidate: Candidate) -> tuple[bool, bool, int]:
    """A key that sorts the likeliest candidates first: common quantities, not doubled, few
    parts."""
    rare = candidate.measure in (CONNECTIONS, VALUES)
    return rare, candidate.times == 2 and candidate.unit == "FLOPs", len(candidate.parts)


def candidates(report: Report, unknown: dict[str, tuple[str, UsageError]]) -> Iterator[Candidate]:
    """All candidates for a network. Conventions without a total are added to ``unknown``, with
    their quantity and the error; a variant with the same total as its original is left out."""
    counted: dict[str, Count] = {}
    for name in conventions.names():
        try:
            counted[name] = conventions.count(name, report)
        except UsageError as why:
            unknown[name] = (_measure(conventions.load(name)), why)
    alike: dict[tuple[str, tuple[Part, ...]], list[Count]] = {}
    for count in counted.values():
        other = counted.get(count.convention.variant_of)
        if other is None or other.total != count.total:
            alike.setdefault((_measure(count.convention), count.parts), []).append(count)
    for (measure, _), counts in alike.items():
        yield Candidate(tuple(counts), 1, measure)
    for counts in alike.values():
        unit = counts[0].convention.unit
        twice = Candidate(tuple(counts), 2, OPERATIONS)
        if unit in ("MACs", "mult-adds") and (OPERATIONS, twice.parts) not in alike:
            yield twice
        if unit in ("parameters", "values"):
            yield Candidate(tuple(counts), BYTES_EACH[report.dtype], MEMORY)


def _measure(convention: Convention) -> str:
    return MEASURES.get(convention.unit, OPERATIONS)


def _missing(reading: Reading, known: list[Candidate]) -> Iterator[Missing]:
    """The parts that explain the difference from an exact number, the likeliest first. Each is a
    part that another convention counts more often, less often or not at all."""
    exact = reading.exact
    plain = [one for one in known if one.times == 1]
    counted: dict[tuple[str, str, int], set[int]] = {}
    for candidate in plain:
        for part in candidate.parts:
            counted.setdefault((candidate.measure, part.what, part.amount), {0}).add(part.times)
    found = [
        Missing(candidate, Part(times - own, amount, what))
        for candidate in plain
        for (measure, what, amount), known_times in counted.items()
        if measure == candidate.measure
        for own in [candidate.times_of(what)]
        for times in known_times
        if candidate.total + (times - own) * amount == exact
    ]
    if len(found) <= MAX_EXPLANATIONS:
        yield from sorted(found, key=lambda one: (len(one.candidate.parts), abs(one.part.times)))
