"""Other positions, sizes and orders of the same elements, and reductions over them."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional


def without(module: nn.Module, *names: str) -> nn.Module:
    """The module without some of its optional parameters."""
    for name in names:
        module.register_parameter(name, None)
    return module


def padded(module: nn.Module, sides: Sequence[int], value: float = 0.0) -> nn.Module:
    """The module with its input padded first, because PyTorch's own padding is equal on both sides.
    A hook does the padding, so that the parameters keep their names."""
    if sides:
        module.register_forward_pre_hook(partial(_pad, sides=tuple(sides), value=value))
    return module


def cropped(module: nn.Module, sides: Sequence[tuple[int, int]]) -> nn.Module:
    """The module with the edges of its output cut off by a hook."""
    if any(map(any, sides)):
        module.register_forward_hook(partial(_crop, crop=Crop(sides)))
    return module


def of_frames(module: nn.Module, flattens: bool) -> nn.Module:
    """The module applied to every frame, by hooks that turn frames into images of the batch and
    back."""
    frames = _Frames(flattens)
    module.register_forward_pre_hook(frames.apart, prepend=True)
    module.register_forward_hook(frames.together)
    return module


class _Frames:
    """The hooks of a module that is applied to every frame. Layers that share its weights may read
    clips of a different length."""

    def __init__(self, flattens: bool) -> None:
        self.flattens, self.count = flattens, 0

    def apart(self, _: nn.Module, inputs: tuple[Tensor]) -> Tensor:
        """The frames as images of the batch."""
        self.count = inputs[0].shape[2]
        images = inputs[0].transpose(1, 2).flatten(0, 1)
        return images.flatten(1) if self.flattens else images

    def together(self, _: nn.Module, __: tuple[Tensor], output: Tensor) -> Tensor:
        """The images as frames again."""
        return output.unflatten(0, (-1, self.count)).transpose(1, 2)


def _crop(_: nn.Module, __: tuple[Tensor], output: Tensor, crop: nn.Module) -> Tensor:
    cut: Tensor = crop(output)
    return cut


def _pad(_: nn.Module, inputs: tuple[Tensor], sides: tuple[int, ...], value: float) -> Tensor:
    return functional.pad(inputs[0], sides, value=value)


class Copy(nn.Module):
    """A contiguous copy of its input."""

    def forward(self, x: Tensor) -> Tensor:
        return x.clone(memory_format=torch.contiguous_format)


class Merged(nn.Module):
    """The input, after its images were merged with an axis of each image: as a view if possible,
    unless ``copies``."""

    def __init__(self, axis: int, copies: bool) -> None:
        super().__init__()
        self.axis, self.copies = axis, copies

    def forward(self, x: Tensor) -> Tensor:
        moved = x.movedim(0, self.axis)
        sizes = moved.shape[self.axis : self.axis + 2]
        moved = moved.clone(memory_format=torch.contiguous_format) if self.copies else moved
        merged = moved.flatten(self.axis, self.axis + 1)
        return merged.unflatten(self.axis, sizes).movedim(self.axis, 0)


class Crop(nn.Module):
    """The map without some positions at its edges."""

    def __init__(self, sides: Sequence[tuple[int, int]]) -> None:
        super().__init__()
        self.sides = tuple(sides)

    def forward(self, x: Tensor) -> Tensor:
        for dim, (before, after) in enumerate(self.sides, 2):
            x = x.narrow(dim, before, x.shape[dim] - before - after)
        return x


class Slice(nn.Module):
    """The range from start up to, but not including, stop along a dimension; 1 is the channels."""

    def __init__(self, start: int, stop: int | None, dim: int = 1) -> None:
        super().__init__()
        self.start = start
        self.stop = stop
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        return x[(*[slice(None)] * self.dim, slice(self.start, self.stop))]


class Roll(nn.Module):
    """The input, shifted cyclically along dimensions."""

    def __init__(self, shifts: Sequence[int], dims: Sequence[int]) -> None:
        super().__init__()
        self.shifts = tuple(shifts)
        self.dims = tuple(dims)

    def forward(self, x: Tensor) -> Tensor:
        return x.roll(self.shifts, self.dims)


class Expand(nn.Module):
    """The input repeated along axes of size 1, as a view."""

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__()
        self.sizes = tuple(sizes)

    def forward(self, x: Tensor) -> Tensor:
        return x.expand(-1, *self.sizes)


class Reduce(nn.Module):
    """The mean, sum, maximum, variance or norm over some dimensions; 1 is the channels. With
    ``indices``, a maximum saves its indices for the backward pass instead of its input."""

    def __init__(self, by: str, dims: Sequence[int], keepdim: bool, indices: bool) -> None:
        super().__init__()
        self.by = by
        self.dims = tuple(dims)
        self.keepdim = keepdim
        self.indices = indices

    def forward(self, x: Tensor) -> Tensor:
        if self.indices:
            return torch.max(x, *self.dims, self.keepdim).values
        function = {
            "mean": torch.mean,
            "sum": torch.sum,
            "max": torch.amax,
            "var": torch.var,
            "norm": torch.linalg.vector_norm,
        }[self.by]
        return function(x, dim=self.dims, keepdim=self.keepdim)


class Reshape(nn.Module):
    """The same elements in a different shape."""

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        self.shape = tuple(shape)

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], *self.shape)


class Permute(nn.Module):
    """Permutes the axes after the batch."""

    def __init__(self, order: Sequence[int]) -> None:
        super().__init__()
        self.order = tuple(order)

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, *[1 + place for place in self.order])
