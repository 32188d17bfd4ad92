"""Base class for arithmetic between inputs, or between an input and a number or learned numbers."""

from dataclasses import replace
from functools import reduce
from math import prod
from typing import Any, ClassVar, Self

from cnncalc.core.cost import Parameters, Tensors
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import number, shape
from cnncalc.core.layer import Layer, Tape, Tensor
from cnncalc.core.shape import Shape, alike, shape_of
from cnncalc.formulas import parameters as formulas

LIKE = "'upsample', 'crop' and 'pad' take 'like: LAYER' to give a map the size of another"
"""How to join maps that differ only in size, as when an FPN doubles an odd size."""


class Arithmetic(Layer):
    """An operation between several inputs, element by element, or between one input and a number or
    learned numbers."""

    family = "join"
    main = "value"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    onnx: ClassVar[str]
    """The name of the ONNX operator."""
    onnx_of_many: ClassVar[str] = ""
    """The name of ONNX's operator for more than two inputs, if there is one."""
    between: ClassVar[str]
    """The operation as errors describe it: ``divide {0} by {1}`` for two shapes; ``{all}`` stands
    for all shapes."""
    commutes: ClassVar[bool] = False
    """Whether the operands can be in any order."""
    broadcasts: ClassVar[bool] = False
    """Whether an input's sizes of 1 are broadcast."""
    can_be_bias: ClassVar[bool] = False
    """Whether learned numbers, one for each channel, can be the bias of the layer before."""
    per_channel: ClassVar[str] = ""
    """The kind that does the same with one learned number for each channel."""
    per_element: ClassVar[str] = ""
    """The kind that does the same with one learned number for each element."""

    value: float | None = number("number to use instead of a second input", None)
    parameter: tuple[int, ...] | None = shape(
        "shape of a learned second input, in which sizes of 1 are broadcast: 64x1x1", None
    )

    @classmethod
    def of_number(cls, number: float) -> tuple[tuple[str, float], ...]:
        """The layers, as kinds and values, that compute the operation with this number as the first
        operand and the input as the second."""
        return ((cls.kind, number),)

    def check(self, *inputs: Shape) -> None:
        """Raise LayerError unless there are several inputs, or one with a number or a fitting
        parameter."""
        given = "number" if self.value is not None else "parameter"
        if self.value is not None and self.parameter is not None:
            raise LayerError("both a number and a parameter are given; remove one of them")
        alone = self.value is None and self.parameter is None
        if alone and len(inputs) == 1:
            raise LayerError(
                "a second input is missing; name two layers with 'from', or give a number"
            )
        if not alone and len(inputs) > 1:
            raise LayerError(f"there are several inputs and a {given}; remove the {given}")
        if self.parameter is not None:
            sizes = inputs[0].dimensions
            alike = len(sizes) == len(self.parameter)
            if not alike or any(one not in (1, size) for one, size in zip(self.parameter, sizes)):
                raise LayerError(
                    f"a parameter of {shape_of(self.parameter)} does not fit {inputs[0]}: both "
                    "need the same number of sizes, and each size of the parameter must be that of "
                    "the input, or 1 to be broadcast"
                )

    def channels_first(self) -> Self:
        given = self.parameter or ()
        return replace(self, parameter=(*given[-1:], *given[:-1])) if given else self

    def parameters(self, *inputs: Shape) -> Parameters:
        if self.parameter is None:
            return Parameters()
        return Parameters(formulas.learned(size_i=self.parameter))

    def tensors(self, *inputs: Shape) -> Tensors:
        return {} if self.parameter is None else {"weight": self.parameter}

    def operands(self, tape: Tape, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The inputs, or the input and the learned numbers."""
        if self.parameter is None:
            return inputs
        return (*inputs, *tape.trained(prod(self.parameter)))

    def module(self, nn: Any, name: str, function: str) -> Any:
        """The module of this operation in ``bridge.modules``; ``function`` is the operation's name
        in PyTorch."""
        if self.parameter is None:
            return getattr(nn, name)(self.value)
        return nn.WithLearned(function, self.parameter)

    def times(self, *inputs: Shape) -> int:
        """The number of operations per output."""
        return max(len(inputs) - 1, 1)

    def output(self, *inputs: Shape) -> Shape:
        self.check(*inputs)
        if not alike(inputs):
            between = self.between.format(*inputs, all=" and ".join(map(str, inputs)))
            channels = {(len(x), x[0]) for x in inputs}
            help = LIKE if len(channels) == 1 and len(inputs[0]) > 1 else ""
            raise LayerError(f"cannot {between}: shapes must be equal", help)
        return inputs[0]

    def to_onnx(self, onnx: Any, *inputs: Shape) -> Any:
        if self.value is not None:
            return onnx.node(self.onnx, *onnx.inputs, onnx.number(self.value))
        if self.parameter is not None:
            return onnx.node(self.onnx, *onnx.inputs, onnx.weight("weight"))
        if len(inputs) > 2 and self.onnx_of_many:
            return onnx.node(self.onnx_of_many, *onnx.inputs)
        if len(inputs) > 2:
            onnx.function()
        return reduce(lambda a, b: onnx.node(self.onnx, a, b), onnx.inputs)
