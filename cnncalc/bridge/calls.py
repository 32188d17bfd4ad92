"""The names, arguments and tensors of calls to PyTorch."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch._prims_common import suggest_memory_format

from cnncalc.spec.importing.products import FUSED, MASKS

IN_PLACE = ["iadd", "isub", "imul", "itruediv", "ifloordiv", "ipow", "imatmul"]
QUESTIONS = {"size", "dim", "shape", "device", "dtype", "ndim", "is_meta", "requires_grad", "numel",
             "stride", "is_contiguous", "__len__", "_set_grad_enabled", "set_grad_enabled",
             "is_floating_point", "layout", "requires_grad_", "__hash__", "_version", "is_cuda",
             "names", "element_size", "storage_offset", "is_complex"}  # fmt: skip
"""Functions that are not recorded, because they create no tensor."""


def name_of(func: Any) -> str:
    """The name of a function, such as ``conv2d``, ``add_`` or ``isub``, or of an attribute, such as
    ``mT``."""
    name: str = getattr(func, "__name__", repr(func))
    if name == "__get__":
        return str(func.__self__.__name__)
    if name in QUESTIONS:
        return name
    return name.strip("_") + "_" * (name.endswith("_") and not name.endswith("__"))


def arguments_of(
    func: Any, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments by name. The first tensor is ``input``; arguments that PyTorch does not name
    have their places as names."""
    names = _names_of(func, name)
    words = [names[place] if place < len(names) else str(place) for place in range(len(args))]
    bound = {**dict(zip(words, args)), **kwargs}
    for word in ("self", "tensor", "0"):
        if word in bound:
            bound = {"input": bound.pop(word), **bound}
    return bound


@cache
def _names_of(func: Any, name: str) -> tuple[str, ...]:
    """The names of a function's arguments."""
    try:
        parameters = [*inspect.signature(func).parameters.values()]
    except (TypeError, ValueError):
        parameters = []
    known = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    if known:
        return tuple(known)
    word = "aten::" + name.rstrip("_")
    schemas = torch._C._jit_get_schemas_for_operator(word)
    longest = max(schemas, key=lambda schema: len(schema.arguments), default=None)
    return tuple(one.name for one in longest.arguments) if longest else ()


def in_place(name: str, kwargs: Mapping[str, Any]) -> bool:
    """Whether a call changes its first argument."""
    return name.endswith("_") or name in IN_PLACE or bool(kwargs.get("inplace"))


def tensors_in(value: Any) -> Iterator[Tensor]:
    """All tensors in a value, such as a model's result."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        yield from tensors_in([*value.values()])
    elif isinstance(value, list | tuple | set):
        for one in value:
            yield from tensors_in(one)
    elif hasattr(value, "__dataclass_fields__"):
        yield from tensors_in([getattr(value, one) for one in value.__dataclass_fields__])


def listed(value: Any) -> list[Tensor]:
    """The tensors in a call's arguments or result."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, list | tuple):
        return [tensor for one in value for tensor in listed(one)]
    return []


def as_on_cpu(name: str, result: Any, arguments: Mapping[str, Any]) -> Any:
    """The result of a call on the meta device, with the strides that it has on the CPU."""
    if name == "scaled_dot_product_attention":
        return _in_one_kernel(result, **arguments)
    given = [
        arguments[one] for one in ("input", "weight") if isinstance(arguments.get(one), Tensor)
    ]
    formats = [suggest_memory_format(one) for one in given if one.dim() == result.dim()]
    kept = next((one for one in formats if one != torch.contiguous_format), None)
    return result if kept is None else result.contiguous(memory_format=kept)


STRIDED = {"scaled_dot_product_attention", "conv2d", "conv3d", "conv_transpose2d",
           "conv_transpose3d", "group_norm", "pad", "roll", "channel_shuffle"}  # fmt: skip
"""Functions whose results have other strides on the meta device. All but the first keep the memory
format of their input; convolutions also take that of their filters."""


def _in_one_kernel(
    result: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    **_: Any,
) -> Tensor:
    """The result of attention, with the strides of the query if PyTorch computes it in one kernel
    on the CPU. On the meta device, PyTorch always computes it in steps."""
    factors = (query, key, value)
    masked = attn_mask is None or (attn_mask.dim() in MASKS and not attn_mask.requires_grad)
    fits = result.dim() == FUSED and result.shape == query.shape
    if not (masked and fits and all(one.stride(-1) == 1 for one in factors)):
        return result
    return torch.empty_like(query, requires_grad=False).copy_(result)
