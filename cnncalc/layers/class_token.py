"""Class token."""

from typing import Any

from cnncalc.core.cost import Operations, Parameters, Tensors
from cnncalc.core.fields import count
from cnncalc.core.layer import Example, Layer, Reach, Refusal, Tape, Tensor, need_map
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import sequence
from cnncalc.formulas.tracing import named


class ClassToken(Layer):
    """Puts learned tokens, which do not depend on the input, in front of a signal.

    A vision transformer has one such token, the class token, and classifies the image from the
    output at its position, where attention collects information from all other positions.

    Operations: none; values are only copied.
    """

    family = "attention"
    keeps_format = (1, 2)
    aliases = ("cls_token", "learned_token")
    main = "tokens"

    tokens: int = count("number of learned tokens", 1)

    def output(self, x: Shape) -> Map:
        x = need_map(x, axes=(1,))
        return Map(x.channels, (sequence.with_tokens(N=x.spatial[0], tokens=self.tokens),))

    def parameters(self, x: Map) -> Parameters:
        return Parameters(sequence.token_weights(C=x.channels, tokens=self.tokens))

    def tensors(self, x: Map) -> Tensors:
        return {"weight": (x.channels, self.tokens)}

    def operations(self, x: Map) -> Operations:
        return Operations()

    def reach(self, x: Map) -> tuple[Reach, ...]:
        return (Reach(1, 1, named("tokens", self.tokens)),)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A concatenation with a view of the tokens for each image."""
        (weight,) = tape.trained(self.parameters(x.shape).weights)
        parts = tape.widest(tape.part(weight, weight.numbers), x)
        return tape.joined(*parts, makes=self.output(x.shape).elements, later=x.shape.channels > 1)

    def to_torch(self, nn: Any, x: Map) -> Any:
        return nn.ClassToken(x.channels, self.tokens)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        one = onnx.node("Unsqueeze", onnx.weight("weight"), onnx.ints([0]))
        batch = onnx.node("Shape", *onnx.inputs, start=0, end=1)
        shape = onnx.node("Concat", batch, onnx.ints([x.channels, self.tokens]), axis=0)
        return onnx.node("Concat", onnx.node("Expand", one, shape), *onnx.inputs, axis=2)

    examples = (
        Example(
            given=None,
            inputs=("768x196",),
            output="768x197",
            weights=768,
            biases=0,
            macs=0,
            operations=Operations(),
            source="Dosovitskiy et al. 2020, ViT-B/16: 14·14 patches and the class token",
        ),
        Example(
            given=2,
            inputs=("192x196",),
            output="192x198",
            params=384,
            source="Touvron et al. 2021, DeiT-Ti: a class and a distillation token",
        ),
    )
    refusals = (
        Refusal(1, ("768x14x14",), "expected 1 spatial axis, not 2"),
        Refusal(0, ("768x196",), "at least 1, not 0"),
        Refusal(1, ("100",), "not a vector"),
    )
