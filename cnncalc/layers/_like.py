"""Layers whose output can take the spatial size of another layer's: ``like: LAYER``."""

from typing import Any, Self

from cnncalc.core.errors import LayerError
from cnncalc.core.fields import declare, shown
from cnncalc.core.layer import Layer, need_map
from cnncalc.core.shape import Map, Shape


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise LayerError(f"must be the name of a layer, not {shown(value)}")
    return value


class Like(Layer):
    """A layer with a field ``like``, which names another layer; the analysis replaces it with
    the spatial sizes of that layer's output."""

    like: str | None = declare(
        "earlier layer whose spatial size the output copies", None, (), _name,
        {"type": "string", "minLength": 1},
    )  # fmt: skip

    @property
    def refers_to(self) -> str | None:
        return self.like

    def sized_like(self, x: Shape, other: Shape) -> Self:
        x, other = need_map(x), need_map(other)
        if len(x.spatial) != len(other.spatial):
            raise LayerError(
                f"cannot give {x} the sizes of {other}, which has a different number of axes"
            )
        return self.sized(x, other)

    def sized(self, x: Map, other: Map) -> Self:
        """The layer that gives this input the sizes of another map."""
        raise TypeError(f"{self.kind} does not implement sized")

    def infer(self, inputs: tuple[Shape, ...]) -> Shape:
        if self.like is not None:
            raise LayerError(f"'like: {self.like}' needs a network with a layer of that name")
        return super().infer(inputs)
