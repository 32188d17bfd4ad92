"""Compound scaling: several values of a network grow together, each by a power of its own ratio.

Tan and Le 2019, EfficientNet, equation 3: with a coefficient φ, the depth grows by α^φ, the width
by β^φ and the resolution by γ^φ.
"""

from collections.abc import Mapping
from decimal import Decimal, Overflow
from fractions import Fraction
from typing import Any

from cnncalc.analysis.explore.evaluate import Configurations
from cnncalc.analysis.explore.largest import Largest, Tried
from cnncalc.analysis.explore.largest import largest as search
from cnncalc.analysis.explore.quantities import positive
from cnncalc.core.errors import UsageError
from cnncalc.core.fields import is_whole
from cnncalc.core.shape import Map

COEFFICIENT = "coefficient"
STEP = Fraction(1, 100)
"""The step of a search for a coefficient."""
DIGITS = Decimal("0.0001")
"""Decimals are rounded to this; whole numbers to the nearest one."""
MOST = 1_000
"""The largest factor. If a search gets this far, growth hardly affects the quantity of the
budget."""


class Compound:
    """Evaluates a network for a coefficient, which scales its default values."""

    def __init__(self, evaluate: Configurations, ratios: Mapping[str, Any]) -> None:
        self.evaluate = evaluate
        self.ratios = {name: _ratio(name, str(given)) for name, given in ratios.items()}
        self.bases = {name: self.base(name) for name in ratios}

    def base(self, name: str) -> Any:
        """The value of a name without scaling."""
        options = self.evaluate.options
        known = {**self.evaluate.parameters, **(options.get("settings") or {})}
        if name in known:
            found = known[name]
            if isinstance(found, bool) or not isinstance(found, int | float):
                raise UsageError(f"{name!r} is {found!r}, not a number that can be scaled")
            return found
        if name == "input":
            shapes = self.evaluate.report({}).input_shapes.values()
            if len(shapes) == 1 and isinstance(shape := next(iter(shapes)), Map):
                return shape
            raise UsageError("scaling the input needs a network whose only input is a feature map")
        if name == "batch":
            return options.get("batch", 1)
        fact = f"{name!r} has no known value that could be scaled"
        raise UsageError(fact, "give it a value with 'settings'")

    def values(self, coefficient: Any) -> dict[str, Any]:
        """The scaled values. Raises UsageError if they are too large."""
        power = Decimal(str(coefficient))
        found: dict[str, Any] = {}
        for name, base in self.bases.items():
            try:
                factor = self.ratios[name] ** power
            except Overflow:
                factor = Decimal(MOST + 1)
            if factor > MOST:
                raise UsageError(
                    f"the budget is not reached before {name} has grown {MOST:,}-fold",
                    "choose a smaller budget, or one for a quantity that grows with it",
                )
            if isinstance(base, Map):
                found[name] = [base.channels, *(_scaled(size, factor) for size in base.spatial)]
            else:
                found[name] = _scaled(base, factor)
        return found

    def __call__(self, values: Mapping[str, Any]) -> "dict[str, int | None] | str":
        """The quantities for a coefficient, or why there is no valid network."""
        try:
            return self.evaluate(self.values(values[COEFFICIENT]))
        except UsageError as why:
            return str(why)


def largest(scaled: Compound, budgets: Mapping[str, int], step: Fraction) -> Largest:
    """Find the largest coefficient within the budgets and the next one beyond, with the values that
    they give. Raises UsageError as the search does, and if a value grows out of bounds first."""
    found = search(scaled, COEFFICIENT, budgets, step, steady=False, least=Fraction(0))
    if found.within is not None and found.beyond is None:
        scaled.values(float(found.within.value + step))  # may be what ended the search

    def spelled(tried: Tried | None) -> Tried | None:
        if tried is None:
            return None
        values = {COEFFICIENT: tried.value, **scaled.values(tried.value)}
        return tried._replace(value=values)

    return found._replace(within=spelled(found.within), beyond=spelled(found.beyond))


def _ratio(name: str, text: str) -> Decimal:
    """A ratio of at least 1; raises UsageError for any other text."""
    try:
        if positive(text) >= 1:
            return Decimal(text.strip())
    except UsageError:
        pass
    fact = f"the ratio of {name} must be a number of at least 1, not {text.strip()[:60]!r}"
    raise UsageError(fact, "write it as 1.1 or 2")


def _scaled(base: int | float, factor: Decimal) -> int | float:
    """The scaled number; whole numbers are rounded to whole numbers, but only 0 to 0."""
    if is_whole(base, 0):
        return max(round(Decimal(base) * factor), min(base, 1))
    return float((Decimal(str(base)) * factor).quantize(DIGITS))
