"""Base class for convolutions whose filters are computed from other parameters."""

from abc import abstractmethod
from typing import Any, ClassVar

from cnncalc.core.layer import Tape, Tensor
from cnncalc.core.nest import Nest
from cnncalc.core.shape import Map
from cnncalc.layers._grouped import Grouped
from cnncalc.layers._window import padded, torch_window


class Reparametrized(Grouped):
    """A convolution with filters that are computed first, once for all images."""

    module: ClassVar[str] = ""
    """The name of its PyTorch module."""

    @property
    @abstractmethod
    def lengths(self) -> bool:
        """Whether it learns the length of every filter, as its last parameter."""

    @property
    def options(self) -> dict[str, Any]:
        """Other arguments of its module."""
        return {}

    def nests(self, x: Map) -> tuple[Nest, ...]:
        return (self.nest(x, self.out_channels, self.groups),)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A padded copy, the filters, and a convolution, which saves both."""
        params, lengths = self.parameters(x.shape), self.out_channels * self.lengths
        around = tape.op(tape.in_order(x), makes=padded(x.shape, self.axes(x.shape)))
        held = tape.trained(params.weights - lengths, params.biases, lengths)
        rows, *learned = tape.view(held[0]), *held[1 + bool(params.biases) :]
        filters = tape.view(self.computed(tape, rows, *learned))
        biases = held[1 : 1 + bool(params.biases)]
        return tape.filtered(around, filters, *biases, makes=self.output(x.shape).elements)

    @abstractmethod
    def computed(self, tape: Tape, rows: Tensor, *learned: Tensor) -> Tensor:
        """Record how filters are computed from the weights, with one row for each."""

    def to_torch(self, nn: Any, x: Map) -> Any:
        window = torch_window(self.axes(x))
        build = getattr(nn, self.module)
        return build(
            x.channels,
            self.out_channels,
            *window,
            groups=self.groups,
            bias=self.bias,
            **self.options,
        )
