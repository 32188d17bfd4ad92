"""Recorded arithmetic, computed again for other values of its variables."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cnncalc.formulas.recorded import OPERATORS, Condition, Recorded


def ordered(results: Sequence[Any]) -> Iterator[Any]:
    """All nodes that the results need, each after its operands."""
    seen: set[int] = set()
    waiting = [(node, False) for node in reversed(results)]
    while waiting:
        node, ready = waiting.pop()
        if type(node) not in (Recorded, Condition) or (id(node) in seen and not ready):
            continue
        if ready:
            yield node
            continue
        seen.add(id(node))
        waiting.append((node, True))
        waiting += [(one, False) for one in node.args]


def computed(
    results: Sequence[Any],
    variables: Mapping[str, Any],
    operators: Mapping[str, Callable[..., Any]] = OPERATORS,
) -> list[Any]:
    """The results for other values of the variables, with these operators."""
    found: dict[int, Any] = {}
    for node in ordered(results):
        found[id(node)] = _computed(node, found, variables, operators)
    return [found.get(id(one), one) for one in results]


def along(results: Sequence[Any], variables: Mapping[str, int], name: str) -> Callable[[int], Any]:
    """The results as a function of one variable; what does not depend on it is computed once."""
    found: dict[int, Any] = {}
    moved: dict[int, Any] = {}
    for node in ordered(results):
        found[id(node)] = _computed(node, found, variables, OPERATORS)
        if node.args[0] == name if not node.op else any(id(one) in moved for one in node.args):
            moved[id(node)] = node

    def at(value: int) -> list[Any]:
        for place, node in moved.items():
            found[place] = _computed(node, found, {name: value}, OPERATORS)
        return [found.get(id(one), one) for one in results]

    return at


def _computed(
    node: Any, found: Mapping[int, Any], variables: Mapping[str, Any], operators: Any
) -> Any:
    """A node, given its operands."""
    if not node.op:
        return variables[node.args[0]]
    return operators[node.op](*[found.get(id(one), one) for one in node.args])
