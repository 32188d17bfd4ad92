"""Which tensors a call of a layer reads, as Keras 2 and Keras 3 write them.

A history is a list with the layer that makes the tensor, the number of its call, and the place
among its outputs.
"""

from collections.abc import Iterator, Mapping
from typing import Any

DEEPEST = 20
"""How deeply models, and the arguments of a call, may be nested."""
LONGEST_NAME = 200
Reference = tuple[str, int, int]


def histories(node: Any) -> list[list[Any]]:
    """The histories of the tensors that a call reads."""
    if isinstance(node, dict):
        return [*_histories(node.get("args")), *_histories([*_values(node)])]
    return histories_in(node)


def _values(node: Mapping[str, Any]) -> list[Any]:
    """The keyword arguments of a call that are tensors, except masks."""
    words = node.get("kwargs")
    return [one for key, one in words.items() if key != "mask"] if isinstance(words, dict) else []


def _histories(args: Any, depth: int = 0) -> Iterator[list[Any]]:
    """The layer, the call and the place among its outputs of the tensors in the arguments."""
    if isinstance(args, list) and depth < DEEPEST:
        for one in args:
            yield from _histories(one, depth + 1)
    elif isinstance(args, dict):
        config = args.get("config")
        history = config.get("keras_history") if isinstance(config, dict) else None
        if isinstance(history, list) and history:
            yield history


def histories_in(listed: Any) -> list[list[Any]]:
    """The histories in a list of Keras 2, which may itself be a single history."""
    if isinstance(listed, list) and listed and isinstance(listed[0], str):
        return [listed]
    many = listed if isinstance(listed, list) else []
    return [one for one in many if isinstance(one, list) and one]


def reference(history: list[Any]) -> Reference:
    """The layer, the call and the place of a history."""
    number, place = (one if type(one) is int else 0 for one in (*history[1:3], 0, 0)[:2])
    return str(history[0])[:LONGEST_NAME], number, place


def tensor_of(made: Reference, path: str, call: str) -> str:
    """The name of a tensor; its place is left out if it is the first output."""
    name, number, place = made
    return f"{path}{name}:{number}{call}" + (f"#{place}" if place else "")
