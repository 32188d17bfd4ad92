"""The nodes of a recording, computed on NumPy arrays.

Results are exact. If the bounds of all intermediate numbers fit into 64 bits, the arrays hold
64-bit integers, which then cannot overflow; otherwise they hold Python's integers.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cnncalc.formulas.recorded import Recorded
from cnncalc.formulas.replay import ordered

Array = Any
"""A NumPy array, or a number that stands for an array of equal numbers."""


def _floor_divide(a: Array, b: Array) -> Array:
    """Quotients, rounded down. Divisors are 0 only where a guard does not hold; then any number
    will do."""
    return np.floor_divide(a, np.where(np.equal(b, 0), 1, b))


UFUNCS: Mapping[str, Callable[..., Array]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "//": _floor_divide,
    "max": np.maximum,
    "min": np.minimum,
    "gcd": np.gcd,
    "<": np.less,
    "<=": np.less_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
LIMIT = 2**63 - 1


class Program:
    """The operations for some results, in order; every array is dropped after its last use."""

    def __init__(self, results: Sequence[Any]) -> None:
        nodes = [*ordered(results)]
        place = {id(node): number for number, node in enumerate(nodes)}
        last = {id(one): node for node in nodes for one in node.args if id(one) in place}
        last |= {id(node): None for node in results}
        self.names = [node.args[0] for node in nodes if not node.op]
        self.fits = all(_fits(one) for node in nodes for one in (node, *node.args))
        self.results = [place.get(id(node), node) for node in results]
        self.constant = [id(node) not in place for node in results]
        self.steps = [
            (
                node.op,
                node.args[0] if not node.op else "",
                [place.get(id(one)) for one in node.args],
                [one if type(one) is int else None for one in node.args],
                [place[id(one)] for one in {*node.args} if last.get(id(one)) is node],
            )
            for node in nodes
        ]

    def run(self, variables: Mapping[str, Array]) -> list[Array]:
        """The results for arrays of the variables, which are broadcast."""
        dtype = np.int64 if self.fits else object
        found: list[Array] = []
        for op, name, places, constants, dropped in self.steps:
            if not op:
                found.append(variables[name].astype(dtype))
                continue
            given: list[Array] = [
                constant if place is None else found[place]
                for place, constant in zip(places, constants)
            ]
            if op == "holds":
                found.append(given[0].astype(dtype) * 1)
            else:
                found.append(UFUNCS[op](*given))
            for place in dropped:
                found[place] = None
        return [
            one if constant else found[one] for one, constant in zip(self.results, self.constant)
        ]


def _fits(one: Any) -> bool:
    low, high = one.bounds if type(one) is Recorded else (one, one) if type(one) is int else (0, 0)
    return low >= -LIMIT and high <= LIMIT
