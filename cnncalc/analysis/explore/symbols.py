"""A quantity of a network as a formula: the operations of the layers' own formulas, applied to
symbols."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.explore.evaluate import Configurations
from cnncalc.analysis.explore.quantities import QUANTITIES, called, missing, value
from cnncalc.analysis.explore.quantities import quantity as known
from cnncalc.core.errors import UsageError, some
from cnncalc.core.fields import shown
from cnncalc.core.shape import Map, shape_of
from cnncalc.formulas.recorded import Condition, Portion, Recording
from cnncalc.formulas.replay import along, computed
from cnncalc.spec.inputs import sizes_by_name

if TYPE_CHECKING:
    from cnncalc.analysis.explore.algebra import Written

VERSION = 1
"""The version of the data of ``to_dict``."""
STEPS = 10_000
"""A decimal varies in steps of 1/10,000."""
LARGEST = 10**9
"""The largest value of a symbol."""
TRIED = 1024
"""To see where a formula holds, it is tried up to this many steps from the usual value."""


@dataclass(frozen=True, eq=False, repr=False)
class Formula:
    """A quantity of a network as a function of its symbols, whose ``usual`` values are those of
    the network itself.

    It holds as long as the network keeps its structure: as long as all ``guards`` have the same
    outcomes. ``per`` has the steps per unit of each symbol that is a decimal. ``growth`` has, for
    each name, the factor by which the quantity grows if the symbols of that name are doubled, or
    None if that is not known.
    """

    network: str
    quantity: str
    usual: Mapping[str, int | float]
    result: Any
    guards: Mapping[Condition, bool] = field(default_factory=dict)
    per: Mapping[str, int] = field(default_factory=dict)
    growth: Mapping[str, float | None] = field(default_factory=dict)

    def at(self, **values: Any) -> int:
        """The quantity for these values of the symbols, the usual ones by default; exactly what
        ``summarize`` gives. Raises UsageError if the formula does not hold there, and for an
        unknown symbol or a value that it cannot take."""
        whole = self._wholes({**self.usual, **values})
        if not self._holds(whole):
            given = ", ".join(f"{name}={one}" for name, one in values.items())
            fact = f"the network has a different structure with {given}"
            raise UsageError(f"{fact}: {self.domain()}" if self._limits() else fact)
        return int(computed([self.result], whole)[0])

    def domain(self) -> str:
        """Where the formula holds, for each symbol while the others have their usual values."""
        texts = self._limits()
        if not texts:
            return "no limits of the formula were found"
        return f"the formula holds for {_joined(texts)}"

    def _limits(self) -> list[str]:
        """The values of each symbol for which the formula holds, unless no limit was found."""
        spans = {name: self._span(name) for name in self.usual}
        return [_span_of(name, *span) for name, span in spans.items() if any(span)]

    def _wholes(self, values: Mapping[str, Any]) -> dict[str, int]:
        found = {}
        for name, one in values.items():
            if name not in self.usual:
                raise UsageError(f"the formula has no {name!r}; it has {some(self.usual)}")
            per = self.per.get(name, 1)
            try:
                number = Fraction(str(one)) * per
            except (ValueError, ZeroDivisionError):
                number = Fraction(0)  # not a number at all
            if number.denominator > 1 or not 1 <= number <= LARGEST:
                least = 1 if per == 1 else 1 / per
                kind = "whole number" if per == 1 else f"multiple of {least}"
                span = f"from {least} to {LARGEST // per:,}"
                raise UsageError(f"{name} must be a {kind} {span}, not {one}")
            found[name] = int(number)
        return found

    def doubles(self, names: Sequence[str]) -> bool:
        """Whether the formula holds with twice the usual values of these symbols."""
        wholes = self._wholes(self.usual)
        return self._holds({**wholes, **{name: 2 * wholes[name] for name in names}})

    def _holds(self, wholes: Mapping[str, int]) -> bool:
        return computed([*self.guards], wholes) == [*self.guards.values()]

    def _span(self, name: str) -> tuple[Any, Any]:
        """The least and the greatest value between which the formula holds, around the usual one;
        None for a limit that was not found."""
        wholes = self._wholes(self.usual)
        step = 1 if name not in self.per else self.per[name] // 100 or 1
        usual, room = wholes[name], TRIED * step
        top = min(max(room, usual * 4), usual + room)
        guards, wanted = along([*self.guards], wholes, name), [*self.guards.values()]

        def last(places: range) -> int:
            kept = usual
            for place in places:
                if guards(place) != wanted:
                    break
                kept = place
            return kept

        least = last(range(usual, max(0, usual - room), -step))
        most = last(range(usual, top + 1, step))
        shown = (Fraction(one, self.per.get(name, 1)) for one in (least, most))
        low, high = (int(one) if one.denominator == 1 else float(one) for one in shown)
        return (None if least <= step else low), (None if most + step > top else high)

    @cached_property
    def expression(self) -> Any:
        """The quantity as an expression of SymPy, with the symbols of ``definitions``."""
        return self._written.expression

    @property
    def definitions(self) -> Mapping[Any, Any]:
        """The expressions that auxiliary symbols stand for, in order."""
        return self._written.definitions

    @cached_property
    def _written(self) -> "Written":
        from cnncalc.analysis.explore.algebra import Written

        return Written(self.result, [*self.usual], self.per)

    @property
    def heading(self) -> str:
        """The name of the quantity in tables."""
        return QUANTITIES[self.quantity].heading

    def __str__(self) -> str:
        """``MACs = …``, with the definitions below it."""
        return self._written.text(self.heading)

    def latex(self) -> str:
        """The equation in LaTeX."""
        return self._written.latex(self.heading)

    def remarks(self) -> list[str]:
        """Where the formula holds, and how the quantity grows."""
        what = self.heading if self.heading[1].isupper() else self.heading.lower()
        doubled = [
            f"Doubling {self._called(name)} multiplies the {what} by {factor:.2f}."
            for name, factor in self.growth.items()
            if factor is not None
        ]
        domain = self.domain()
        return [*([f"{domain[0].upper()}{domain[1:]}."] if self.usual else []), *doubled]

    def _called(self, name: str) -> str:
        """A name of ``growth``, in a sentence; the input is called by its symbols."""
        if name == "batch":
            return "the batch size"
        if name in self.usual:
            return name
        axes = [symbol for symbol in self.usual if symbol not in self.growth]
        return _joined(axes)

    def to_dict(self) -> dict[str, Any]:
        """Plain data; expressions are in the language of SymPy."""
        return {
            "format": "cnncalc.formula",
            "version": VERSION,
            "network": self.network,
            "quantity": self.quantity,
            "symbols": dict(self.usual),
            "expression": str(self.expression),
            "definitions": {str(name): str(one) for name, one in self.definitions.items()},
            "growth": dict(self.growth),
        }


def formula(
    evaluate: Configurations, quantity: str, names: Sequence[str], fixed: Mapping[str, Any]
) -> Formula:
    """The formula of a quantity in these names: parameters of the network, ``input`` (a symbol for
    each axis) and ``batch``. ``fixed`` has numbers for some of the symbols.

    Raises UsageError if there is no such formula.
    """
    quantity = called(quantity)
    known(quantity)
    symbols = _Symbols(evaluate, fixed)
    values, plain, own = {}, {}, {}
    for name in names:
        before = len(symbols.usual)
        values[name], plain[name] = symbols.of(name)
        own[name] = [*symbols.usual][before:]
    if symbols.left:
        unknown = next(iter(symbols.left))
        raise UsageError(f"the formula has no symbol {unknown!r}; it has {some(symbols.usual)}")
    report = evaluate.report(values)
    result = value(quantity, report)
    if result is None:
        raise missing(quantity, report)
    for text in [*symbols.recording.texts]:
        text.plain()  # code that uses it may depend on its value
    guards = symbols.recording.guards
    found = Formula(report.name, quantity, symbols.usual, result, guards, symbols.per)
    growth = {
        name: _growth(
            evaluate, quantity, plain, {**plain, name: _doubled(values[name], plain[name])}
        )
        if found.doubles(own[name])
        else None
        for name in names
        if own[name]
    }
    return replace(found, growth=growth)


def _joined(texts: Sequence[str]) -> str:
    """The texts, joined for a sentence: ``D, H and W``."""
    return " and ".join(filter(None, (some(texts[:-1]), texts[-1])))


def _span_of(name: str, least: int | None, most: int | None) -> str:
    """The values from ``least`` to ``most``: ``3 ≤ k ≤ 8``."""
    if least is None:
        return f"{name} ≤ {most}"
    if least == most:
        return f"{name} = {least}"
    if most is None:
        return f"{name} ≥ {least}"
    return f"{least} ≤ {name} ≤ {most}"


class _Symbols:
    """Makes the symbols of a formula. ``usual`` are their numbers in the network, ``per`` the steps
    of decimals, ``left`` the fixed numbers that no symbol has taken so far."""

    def __init__(self, evaluate: Configurations, fixed: Mapping[str, Any]) -> None:
        self.evaluate = evaluate
        self.fixed, self.left = fixed, dict(fixed)
        self.recording = Recording()
        self.usual: dict[str, int | float] = {}
        self.per: dict[str, int] = {}

    def of(self, name: str) -> tuple[Any, Any]:
        """The value of a name with symbols, and its value in numbers."""
        evaluate = self.evaluate
        if not evaluate.records(name):
            raise UsageError(
                f"a formula in {name!r} needs a spec, because a model file or code is read again "
                "for each value",
                "use the variable batch, or write the network as a spec with 'cnncalc import'",
            )
        if name in evaluate.parameters:
            given = evaluate.options.get("settings") or {}
            return self.symbol(name, given.get(name, evaluate.parameters[name]))
        if name != "input":
            usual = evaluate.options.get(name) or (1 if name == "batch" else "float32")
            return self.symbol(name, usual, size=True)
        shape = _shape(evaluate)
        pairs = [self.symbol(*pair, size=True) for pair in zip(shape.axes, shape.spatial)]
        symbols, numbers = zip(*pairs)
        return [shape.channels, *symbols], [shape.channels, *numbers]

    def symbol(self, name: str, usual: Any, size: bool = False) -> tuple[Any, Any]:
        """The symbol that stands in for a number, and the number; the number twice if it is
        fixed. Raises UsageError for anything else; a ``size`` is a whole number of at least
        1."""
        now = self.left.pop(name, usual)
        is_number = isinstance(now, int | float) and not isinstance(now, bool)
        if name in self.fixed and (not is_number or (size and (now.__class__ is float or now < 1))):
            expected = "a whole number of at least 1" if size else "a number"
            raise UsageError(f"at: {name} must be {expected}, not {shown(now)}")
        if not is_number:
            raise UsageError(f"{name!r} is {shown(now)}, which is not a number")
        if name in self.fixed:
            return now, now
        self.usual[name] = now
        if isinstance(now, int):
            return self.recording.variable(name, now, (min(now, 1), LARGEST)), now
        self.per[name] = STEPS
        whole = int(Fraction(str(now)) * STEPS)
        return Portion(self.recording.variable(name, whole, (1, LARGEST)), STEPS), now


def _shape(evaluate: Configurations) -> Map:
    """The feature map that the network takes."""
    given = evaluate.sized(evaluate.options.get("input"))
    shapes = (
        evaluate.shapes()
        if given is None
        else [*map(shape_of, sizes_by_name(given, None).values())]
    )
    if not shapes:
        evaluate.report({})  # raises the mistakes in the spec
    if len(shapes) != 1 or not isinstance(shapes[0], Map):
        raise UsageError(
            "'input' can be a variable only if the network has one input, a feature map"
        )
    return shapes[0]


def _doubled(value: Any, now: Any) -> Any:
    """Twice the number ``now`` or, for an input, twice the axes for which ``value`` has symbols."""
    if not isinstance(now, list):
        return 2 * now
    return [size if one is size else 2 * size for one, size in zip(value, now)]


def _growth(
    evaluate: Configurations, quantity: str, plain: Mapping[str, Any], doubled: Mapping[str, Any]
) -> float | None:
    """The factor by which a quantity grows if a value is doubled; None if that does not give a
    valid network."""
    usual, found = evaluate(plain), evaluate(doubled)
    if isinstance(found, str) or isinstance(usual, str):
        return None
    return (found[quantity] or 0) / (usual[quantity] or 1)
