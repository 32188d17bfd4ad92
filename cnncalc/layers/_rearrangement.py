"""Base class for layers that only move or reinterpret values."""

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Shape


class Rearrangement(Layer):
    """The same values in different places or in a different shape."""

    family = "arrangement"

    def operations(self, *inputs: Shape) -> Operations:
        return Operations()
