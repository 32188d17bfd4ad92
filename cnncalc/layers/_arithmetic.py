"""The base of arithmetic between maps, or with a number."""

from typing import ClassVar

from cnncalc.core.errors import LayerError
from cnncalc.core.fields import number
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Shape


class Arithmetic(Layer):
    """An operation between several maps, element by element, or between one and a number."""

    family = "join"
    main = "value"
    arity: ClassVar[tuple[int, int | None]] = (1, None)
    between: ClassVar[str]
    """What it does to two shapes: ``divide {0} by {1}``; ``{all}`` are all of them."""

    value: float | None = number("number to use as the second input; omit it with two inputs", None)

    def check(self, *inputs: Shape) -> None:
        """Raise LayerError unless there are two operands, or more."""
        if self.value is None and len(inputs) == 1:
            raise LayerError("needs a second input, or a number")
        if self.value is not None and len(inputs) > 1:
            raise LayerError("has several inputs and a number; remove the number")

    def times(self, *inputs: Shape) -> int:
        """The operations per output."""
        return max(len(inputs) - 1, 1)

    def output(self, *inputs: Shape) -> Shape:
        self.check(*inputs)
        if len(set(inputs)) > 1:
            between = self.between.format(*inputs, all=" and ".join(map(str, inputs)))
            raise LayerError(f"cannot {between}: shapes must be equal")
        return inputs[0]
