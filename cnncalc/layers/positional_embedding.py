"""Positional embedding."""

from typing import Any

from cnncalc.core.cost import Operations, Parameters, Tensors
from cnncalc.core.fields import flag
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor, need_map
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import operations, sequence


class PositionalEmbedding(Layer):
    """Adds a separate number to every element, so that later layers can tell positions apart.

    The numbers are learned (as in BERT and ViT), or fixed sinusoids (as in the original
    Transformer).

    Operations: one addition per element; fixed sinusoids are computed beforehand.
    """

    family = "attention"
    aliases = ("position_embedding", "positional_encoding")

    learned: bool = flag("whether the numbers are learned; otherwise they are fixed", True)

    def output(self, x: Shape) -> Map:
        return need_map(x)

    def parameters(self, x: Map) -> Parameters:
        if not self.learned:
            return Parameters(buffers=sequence.waves(C=x.channels, N=x.spatial))
        return Parameters(sequence.positional_weights(C=x.channels, N=x.spatial))

    def tensors(self, x: Map) -> Tensors:
        return {"weight": x.dimensions}

    def operations(self, x: Map) -> Operations:
        return Operations(add=operations.each(n=x.elements))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A sum, which saves nothing."""
        numbers = x.shape.elements
        (held,) = tape.trained(numbers) if self.learned else [tape.buffers(numbers)]
        return tape.add(x, held)

    def to_torch(self, nn: Any, x: Map) -> Any:
        return nn.PositionalEmbedding(x.dimensions, self.learned)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        return onnx.node("Add", *onnx.inputs, onnx.weight("weight", self.learned))

    examples = (
        Example(
            given=None,
            inputs=("768x197",),
            output="768x197",
            weights=151_296,  # 768·197
            biases=0,
            macs=0,
            operations=Operations(add=151_296),
            source="Dosovitskiy et al. 2020, ViT-B/16: 196 patches and a class token",
        ),
        Example(
            given={"learned": False},
            inputs=("4x6",),
            output="4x6",
            params=0,
            buffers=24,
            source="Vaswani et al. 2017, section 3.5: sines and cosines of 6 positions",
        ),
    )
    refusals = (
        Refusal(None, ("100",), "not a vector"),
        Refusal({"learned": 1}, ("4x5",), "must be true or false, not 1"),
    )
