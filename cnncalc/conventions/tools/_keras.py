"""The numbers that layers hold in Keras, which differ slightly from PyTorch's."""

import dataclasses
from typing import NamedTuple

from cnncalc.core.layer import Layer
from cnncalc.core.shape import Shape


class Held(NamedTuple):
    """The numbers that a layer holds in Keras. ``statistics`` are moving means and variances;
    ``more`` is the number of biases that a layer lacks because of ``bias: false``."""

    weights: int
    biases: int
    fixed: int
    statistics: int
    more: int

    @property
    def with_shared_weights(self) -> "Held":
        """No numbers, because they count for another layer."""
        return Held(0, 0, 0, 0, 0)

    @property
    def with_frozen_weights(self) -> "Held":
        """The same numbers, but not trained."""
        return self._replace(weights=0, biases=0, fixed=self.fixed + self.weights + self.biases)


def held(layer: Layer, inputs: tuple[Shape, ...], output: Shape) -> tuple[Held]:
    """The numbers that a layer holds. Unlike in PyTorch, batch norms have no batch counter, and
    recurrent layers other than the GRU have one set of biases instead of two."""
    if getattr(layer, "gates", 3) != 3:
        layer = dataclasses.replace(layer, separate_biases=False)  # type: ignore[call-arg]
    weights, biases, buffers, fixed = layer.parameters(*inputs)
    return (Held(weights, biases, fixed, buffers - layer.counters(), _biases(layer, inputs)),)


def _biases(layer: Layer, inputs: tuple[Shape, ...]) -> int:
    """The number of biases that a layer lacks because of ``bias: false``."""
    if getattr(layer, "bias", None) is not False:
        return 0
    return dataclasses.replace(layer, bias=True).parameters(*inputs).biases  # type: ignore[call-arg]
