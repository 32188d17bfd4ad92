"""Recorded arithmetic, computed again for different values of its variables."""

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
    """The results for different values of the variables, with these operators."""
    found: dict[int, Any] = {}
    for node in ordered(results):
        given = (found.get(id(one), one) for one in node.args)
        found[id(node)] = operators[node.op](*given) if node.op else variables[node.args[0]]
    return [found.get(id(one), one) for one in results]


def along(
    results: Sequence[Any], variables: Mapping[str, int], name: str
) -> Callable[[int], list[Any]]:
    """The results as a function of one variable; nodes that do not depend on it are computed
    once."""
    nodes = [*ordered(results)]
    values = computed(nodes, variables)
    place = {id(node): number for number, node in enumerate(nodes)}

    def slot(one: Any) -> int:
        """The index in ``values`` of a node or a constant."""
        if id(one) not in place:
            place[id(one)] = len(values)
            values.append(one)
        return place[id(one)]

    heads = {number for number, node in enumerate(nodes) if not node.op and node.args[0] == name}
    moved, steps = {*heads}, []
    for number, node in enumerate(nodes):
        slots = [slot(one) for one in node.args] if node.op else []
        if not moved.isdisjoint(slots):
            moved.add(number)
            steps.append((number, OPERATORS[node.op], slots))
    ends = [slot(one) for one in results]

    def at(value: int) -> list[Any]:
        for number in heads:
            values[number] = value
        for number, operator, slots in steps:
            values[number] = operator(*[values[one] for one in slots])
        return [values[one] for one in ends]

    return at
