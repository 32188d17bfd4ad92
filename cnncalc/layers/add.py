"""Elementwise addition."""

from functools import reduce
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations
from cnncalc.layers._arithmetic import Arithmetic


class Add(Arithmetic):
    """Adds two or more inputs of the same shape, as at the end of a residual block, or adds a
    number or learned numbers to one input.

    Operations: one addition per element for every input after the first, or for the number
    or the learned numbers.
    """

    aliases = ("sum", "plus")
    onnx = "Add"
    onnx_of_many = "Sum"
    between = "add {all}"
    commutes = True
    can_be_bias = True
    per_element = "positional_embedding"

    def operations(self, *inputs: Shape) -> Operations:
        return Operations(add=operations.each(n=inputs[0].elements, times=self.times(*inputs)))

    def steps(self, tape: Tape, *inputs: Tensor) -> Tensor:
        first, *others = self.operands(tape, *inputs)
        return tape.plus(first) if not others else reduce(tape.add, others, first)

    def to_torch(self, nn: Any, *inputs: Shape) -> Any:
        return self.module(nn, "Add", "add")

    examples = (
        Example(
            inputs=("64x56x56", "64x56x56"),
            output="64x56x56",
            operations=Operations(add=200_704),
            source="He et al. 2015, figure 2: F(x) + x; 64·56·56",
        ),
        Example(
            given=3,
            inputs=("16x8x8",),
            output="16x8x8",
            operations=Operations(add=1024),
            source="Howard et al. 2019, MobileNetV3, section 5.2: the x + 3 of h-swish; 16·8·8",
        ),
        Example(
            given={"parameter": "768x1"},
            inputs=("768x197",),
            output="768x197",
            weights=768,
            operations=Operations(add=151_296),
            source="by hand: a learned number for each of 768 channels, 768·197 sums",
        ),
    )
    refusals = (
        Refusal(None, ("64x56x56", "64x28x28"), "cannot add 64×56×56 and 64×28×28"),
        Refusal(None, ("64x56x56",), "a second input is missing"),
        Refusal(2, ("4x5x5", "4x5x5"), "several inputs and a number"),
        Refusal({"parameter": 4}, ("4x5x5", "4x5x5"), "remove the parameter"),
        Refusal({"parameter": [4, 1, 2]}, ("4x5x5",), "a parameter of 4×1×2 does not fit 4×5×5"),
        Refusal({"parameter": 4}, ("4x1x1",), "a parameter of 4 does not fit 4×1×1: both need"),
        Refusal({"parameter": 4, "value": 2}, ("4",), "both a number and a parameter"),
    )
