"""Elementwise addition."""

from functools import reduce
from typing import Any, ClassVar

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations


class Add(Layer):
    """Adds two or more inputs of the same shape, element by element, as at the end of a residual
    block.

    Operations: one addition per element for every input after the first.
    """

    aliases: ClassVar = ("sum", "plus")
    arity: ClassVar = (2, None)

    def output(self, *inputs: Shape) -> Shape:
        if len(set(inputs)) > 1:
            raise LayerError(f"cannot add {' and '.join(map(str, inputs))}: shapes must be equal")
        return inputs[0]

    def operations(self, *inputs: Shape) -> Operations:
        return Operations(add=operations.each(n=inputs[0].elements, times=len(inputs) - 1))

    def steps(self, tape: Tape, first: Tensor, *others: Tensor) -> Tensor:
        return reduce(tape.add, others, first)

    def to_torch(self, nn: Any, *inputs: Shape) -> Any:
        return nn.Add()

    examples: ClassVar = (
        Example(
            inputs=("64x56x56", "64x56x56"),
            output="64x56x56",
            operations=Operations(add=200_704),
            source="He et al. 2015, figure 2: F(x) + x; 64·56·56",
        ),
    )
    refusals: ClassVar = (
        Refusal(None, ("64x56x56", "64x28x28"), "cannot add 64×56×56 and 64×28×28"),
        Refusal(None, ("64x56x56",), "at least 2 inputs, not 1"),
    )
