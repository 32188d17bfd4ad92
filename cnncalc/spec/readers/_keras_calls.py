"""Which tensors a call of a layer reads, as Keras 2 and Keras 3 write them.

A history is a list with the layer that makes the tensor, the number of its call, and the place
among its outputs.
"""

from collections.abc import Iterator, Mapping
from typing import Any

DEEPEST = 20
"""How deeply models, and the arguments of a call, may be nested."""
LONGEST_NAME = 200
OPERATIONS = "keras.src.ops.numpy"
"""The module of operations on tensors, which a model may contain besides its layers."""
Reference = tuple[str, int, int]


def histories(node: Any) -> list[list[Any]]:
    """The histories of the tensors that a call reads."""
    if isinstance(node, dict):
        return [*_histories(node.get("args")), *_histories([*_values(node)])]
    return histories_in(node)


def _values(node: Mapping[str, Any]) -> list[Any]:
    """The keyword arguments of a call, except ``mask``."""
    words = node.get("kwargs")
    return [one for key, one in words.items() if key != "mask"] if isinstance(words, dict) else []


def _histories(args: Any, depth: int = 0) -> Iterator[list[Any]]:
    """The histories of the tensors in the arguments of a call, as Keras 3 writes them."""
    if isinstance(args, list) and depth < DEEPEST:
        for one in args:
            yield from _histories(one, depth + 1)
    elif isinstance(args, dict):
        config = args.get("config")
        history = config.get("keras_history") if isinstance(config, dict) else None
        if isinstance(history, list) and history:
            yield history


def operand(layer: Mapping[str, Any]) -> dict[str, Any]:
    """The number that an operation such as ``x + 3`` computes with, and whether it comes first;
    empty unless there is exactly one."""
    nodes = layer.get("inbound_nodes")
    call = nodes[0] if isinstance(nodes, list) and nodes else None
    args = call.get("args") if isinstance(call, dict) else None
    if layer.get("module") != OPERATIONS or not isinstance(args, list):
        return {}
    found = {at: one for at, one in enumerate(args) if type(one) in (int, float)}
    return {"number": next(iter(found.values())), "first": 0 in found} if len(found) == 1 else {}


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
