"""Functions that modules with parameters share."""

import torch
from torch import Tensor, nn


def _trained(*sizes: int, fan_in: int) -> nn.Parameter:
    """Parameters initialized like those of PyTorch's convolutions: uniform within 1/√fan_in of
    0."""
    bound = fan_in**-0.5
    return nn.Parameter(torch.empty(sizes).uniform_(-bound, bound))


def _beside_channels(values: Tensor, x: Tensor) -> Tensor:
    """One value per channel, with axes of size 1 after them, so that they broadcast over x."""
    return values.reshape(-1, *[1] * (x.dim() - 2))
