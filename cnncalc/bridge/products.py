"""Formulas for ``FlopCounterMode``, for kernels whose products it does not know."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def _forward(query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any) -> int:
    """Two operations for each multiply-accumulate of the scores and of the sums."""
    return 2 * key.shape[-2] * (query.numel() + query[..., 0].numel() * value.shape[-1])


def _backward(
    gradient: Tensor, query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any
) -> int:
    """The same for the gradients that are needed, as if the scores were not recomputed."""
    wanted = [one.requires_grad for one in (query, key, value)]
    scores = query.numel() * sum(wanted[:2])
    sums = gradient.numel() * (wanted[2] + any(wanted[:2]))
    return 2 * key.shape[-2] * (scores + sums)


def _raw(formula: Callable[..., int]) -> Callable[..., int]:
    """The formula, marked as one that takes tensors instead of their shapes."""
    formula._get_raw = True  # type: ignore[attr-defined]
    return formula


FUSED = {
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _raw(_forward),
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: _raw(_backward),
}
"""The formulas of attention on the CPU."""
