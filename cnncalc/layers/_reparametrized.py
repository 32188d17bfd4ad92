"""Base class for convolutions whose filters are computed from other parameters."""

from abc import abstractmethod
from typing import Any, ClassVar

from cnncalc.core.layer import Tape, Tensor
from cnncalc.core.nest import Nest
from cnncalc.core.shape import Map
from cnncalc.layers._grouped import Grouped
from cnncalc.layers._window import onnx_settings, split_padding


class Reparametrized(Grouped):
    """A convolution with filters that are computed first, once for all images."""

    module: ClassVar[str] = ""
    """The name of its PyTorch module."""

    @property
    @abstractmethod
    def lengths(self) -> bool:
        """Whether it learns a length or factor for every filter, as its last parameter."""

    @property
    def options(self) -> dict[str, Any]:
        """Other arguments of its module."""
        return {}

    def is_same_in_torch(self, x: Map) -> bool:
        return False  # only PyTorch's own modules accept ``same``

    def nests(self, x: Map) -> tuple[Nest, ...]:
        return (self.nest(x, self.out_channels, self.groups),)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """The filters are computed, then a convolution saves them and its input or the padded
        copy."""
        params, lengths = self.parameters(x.shape), self.out_channels * self.lengths
        copied = self.copied(x.shape)
        around = tape.op(tape.in_order(x), makes=copied) if copied else tape.in_order(x)
        held = tape.trained(params.weights - lengths, params.biases, lengths)
        rows, *learned = tape.view(held[0]), *held[1 + bool(params.biases) :]
        filters = tape.view(self.computed(tape, rows, *learned))
        biases = held[1 : 1 + bool(params.biases)]
        return tape.filtered(around, filters, *biases, makes=self.output(x.shape).elements)

    @abstractmethod
    def computed(self, tape: Tape, rows: Tensor, *learned: Tensor) -> Tensor:
        """Record how the filters are computed from ``rows``, the weights with one row per filter,
        and from the learned lengths, if any."""

    @abstractmethod
    def onnx_filters(self, onnx: Any, x: Map) -> Any:
        """Write how filters are computed from the weights."""

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        onnx.function()
        tensors = self.onnx_filters(onnx, x), onnx.weight("bias")
        settings = onnx_settings(self.axes(x))
        return onnx.node("Conv", *onnx.inputs, *tensors, group=self.groups, **settings)

    def to_torch(self, nn: Any, x: Map) -> Any:
        axes = self.axes(x)
        padding, around = split_padding(axes)
        conv = getattr(nn, self.module)(
            x.channels,
            self.out_channels,
            tuple(axis.F for axis in axes),
            tuple(axis.S for axis in axes),
            padding,
            tuple(axis.D for axis in axes),
            groups=self.groups,
            bias=self.bias,
            **self.options,
        )
        return nn.padded(conv, around)
