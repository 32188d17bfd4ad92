"""Base class for pools over whole channels."""

from typing import Any

from cnncalc.core.fields import flag
from cnncalc.core.layer import Layer, Reach, Refusal, everything, need_map
from cnncalc.core.shape import Map, Shape, Vector
from cnncalc.formulas import operations


class GlobalPool(Layer):
    """One value per channel."""

    family = "pooling"
    keeps_format = (2,)
    keepdim: bool = flag(
        "whether to keep the spatial axes with size 1; otherwise the output is a vector",
        True,
        ("keepdims",),
    )

    def output(self, x: Shape) -> Shape:
        x = need_map(x)
        return Map(x.channels, (1,) * len(x.spatial)) if self.keepdim else Vector(x.channels)

    def reductions(self, x: Map) -> int:
        """The number of pairwise reductions over all channels."""
        return operations.window_reductions(n_out=x.channels, taps=Map(1, x.spatial).elements)

    def shaped(self, nn: Any, pool: Any) -> Any:
        """PyTorch's pool, followed by a flatten unless the axes are kept."""
        return pool if self.keepdim else nn.Sequential(pool, nn.Flatten())

    def reach(self, x: Map) -> tuple[Reach, ...]:
        return everything(x)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        pooled = onnx.node(next(iter(self.operators)), *onnx.inputs)
        return pooled if self.keepdim else onnx.node("Flatten", pooled)


SHARED_REFUSALS = (
    Refusal(None, ("100",), "not a vector"),
    Refusal({"keepdim": 1}, ("4x5x5",), "must be true or false"),
    Refusal(7, ("4x7x7",), "takes no value by itself; remove 7, or name a field: keepdim"),
)
"""Refusals of every global pool."""
