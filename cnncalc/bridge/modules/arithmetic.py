"""Sums, products and other arithmetic, and concatenation."""

from collections.abc import Sequence
from functools import reduce
from operator import add, mul

import torch
from torch import Tensor, nn


class Add(nn.Module):
    """The sum of its inputs, or of its input and a number."""

    def __init__(self, value: float | None = None) -> None:
        super().__init__()
        self.value = value

    def forward(self, *inputs: Tensor) -> Tensor:
        return inputs[0] + self.value if len(inputs) == 1 else reduce(add, inputs)


class Multiply(nn.Module):
    """The product of its inputs, with sizes of 1 broadcast, or of its input and a number."""

    def __init__(self, value: float | None = None) -> None:
        super().__init__()
        self.value = value

    def forward(self, *inputs: Tensor) -> Tensor:
        return inputs[0] * self.value if len(inputs) == 1 else reduce(mul, inputs)


class Divide(nn.Module):
    """The quotient of its inputs, or of its input and a number."""

    def __init__(self, value: float | None = None) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        return x / (self.value if other is None else other)


class WithLearned(nn.Module):
    """A function of its input and a learned tensor, which starts at 1."""

    def __init__(self, function: str, sizes: Sequence[int]) -> None:
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.ones(tuple(sizes)))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = getattr(torch, self.function)(x, self.weight)
        return y


class Power(nn.Module):
    """A fixed power of each element, perhaps with PyTorch's own function for it."""

    def __init__(self, exponent: float, function: str = "") -> None:
        super().__init__()
        self.exponent = exponent
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = getattr(torch, self.function)(x) if self.function else x**self.exponent
        return y


class L2Normalize(nn.Module):
    """The input divided by its Euclidean norms along a dimension."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.normalize(x, dim=self.dim, eps=self.eps)


class Matmul(nn.Module):
    """The matrix product of its inputs."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return a @ b


class MatmulOnce(nn.Module):
    """The matrix products of two inputs. An input that repeats the numbers of one image is
    multiplied once by the rows or columns of all images."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        images = len(a), -1
        if len(b) == 1 or not b.stride(0):
            y = a.movedim(0, -3).flatten(-3, -2) @ b[0]
            return y.unflatten(-2, images).movedim(-3, 0)
        if not a.stride(0):
            y = a[0] @ b.movedim(0, -2).flatten(-2)
            return y.unflatten(-1, images).movedim(-2, 0)
        return a @ b


class Concat(nn.Module):
    """The inputs, concatenated along a dimension; 1 is the channels."""

    def __init__(self, dim: int = 1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.cat(inputs, dim=self.dim)


class Subtract(nn.Module):
    """The difference of its inputs, or of its input and a number."""

    def __init__(self, value: float | None) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        return x - (self.value if other is None else other)


class Maximum(nn.Module):
    """The largest of its inputs, element by element."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return reduce(torch.maximum, inputs)


class Abs(nn.Module):
    """The absolute value of each element."""

    def forward(self, x: Tensor) -> Tensor:
        return x.abs()
