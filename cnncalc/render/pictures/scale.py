"""The scale of a quantity over the points of a picture."""

from collections.abc import Sequence

from cnncalc.analysis.explore.outcome import Point, Sweep, wholes
from cnncalc.core.errors import UsageError
from cnncalc.formulas.vocabulary import exact


def drawable(found: Sweep, names: Sequence[str]) -> list[Point]:
    """The points for which all of these quantities are known. Raises UsageError if there are
    none."""
    points = [
        point for point in found.points if all(point.quantities[name] is not None for name in names)
    ]
    if not points:
        if found.points:
            listed = " and ".join(names)
            raise UsageError(f"nothing to draw: no combination has known values of {listed}")
        raise UsageError("there is no combination to draw")
    return points


class Scale:
    """The numbers of a quantity, as whole multiples of ``1/per``."""

    def __init__(self, found: Sweep, name: str, points: Sequence[Point]) -> None:
        self.name, self.quantity = name, found.quantity(name)
        known = [one for point in points if (one := point.quantities[name]) is not None]
        numbers, self.per = wholes(known)
        self.least, self.most = min(numbers, default=0), max(numbers, default=0)

    @property
    def heading(self) -> str:
        """The name of the quantity in tables."""
        return self.quantity.heading

    def number(self, point: Point) -> int:
        """The quantity of a point, which must be known, in multiples of ``1/per``."""
        found = point.quantities[self.name]
        assert found is not None
        return int(found * self.per)

    def text(self, number: int) -> str:
        """A number in multiples of ``1/per`` as text, with its unit."""
        return self.quantity.text(exact(number, self.per))
