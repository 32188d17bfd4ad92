"""Elementwise maximum."""

from functools import reduce
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor
from cnncalc.core.shape import Shape, alike
from cnncalc.formulas import operations


class Maximum(Layer):
    """Keeps the largest of two or more inputs of the same shape, element by element.

    Operations: one comparison per element for every input after the first.
    """

    family = "join"
    aliases = ("max", "eltwise_max")
    arity = (2, None)
    reads = "the layers to compare"

    def output(self, *inputs: Shape) -> Shape:
        if not alike(inputs):
            shapes = " and ".join(map(str, inputs))
            raise LayerError(f"cannot take the maximum of {shapes}: shapes must be equal")
        return inputs[0]

    def operations(self, *inputs: Shape) -> Operations:
        return Operations(compare=operations.each(n=inputs[0].elements, times=len(inputs) - 1))

    def steps(self, tape: Tape, *inputs: Tensor) -> Tensor:
        """Pairwise maxima, each of which saves both inputs; in a tie, they share the gradient."""
        return reduce(tape.maximum, inputs)

    def to_torch(self, nn: Any, *inputs: Shape) -> Any:
        return nn.Maximum()

    def to_onnx(self, onnx: Any, *inputs: Shape) -> Any:
        return onnx.node("Max", *onnx.inputs)

    examples = (
        Example(
            inputs=("48x8x8", "48x8x8"),
            output="48x8x8",
            operations=Operations(compare=3072),  # 48·8·8
            source="Wu et al. 2018, LightCNN: the max-feature-map of two halves",
        ),
    )
    refusals = (
        Refusal(None, ("4x5x5", "4x5x6"), "maximum of 4×5×5 and 4×5×6"),
        Refusal(
            None, ("4x5x5",), "at least 2 inputs, not 1; use 'from' to name the layers to compare"
        ),
    )
