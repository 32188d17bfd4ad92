"""Concatenation."""

from typing import Any, ClassVar

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError, some
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.core.shape import Map, Shape, Vector
from cnncalc.formulas import dimensions
from cnncalc.layers._rearrangement import Rearrangement


class Concat(Rearrangement):
    """Concatenates its inputs along the channels; their spatial sizes must be equal.

    Vectors are concatenated end to end. Nothing is computed, but the output is a new tensor.
    """

    aliases: ClassVar = ("cat", "concatenate")
    arity: ClassVar = (1, None)

    def output(self, *inputs: Shape) -> Shape:
        first = inputs[0]
        if isinstance(first, Vector) and all(isinstance(x, Vector) for x in inputs):
            return Vector(dimensions.laid_end_to_end(n_i=tuple(x.elements for x in inputs)))
        if not all(isinstance(x, Map) and isinstance(first, Map) for x in inputs):
            raise LayerError(f"cannot concatenate maps with vectors: {some(inputs, ' and ')}")
        maps = [x for x in inputs if isinstance(x, Map)]
        if len({x.spatial for x in maps}) > 1:
            raise LayerError(
                f"cannot concatenate {some(maps, ' and ')}: only the channels may differ"
            )
        return Map(dimensions.joined(C_i=tuple(x.channels for x in maps)), maps[0].spatial)

    def steps(self, tape: Tape, *inputs: Tensor) -> Tensor:
        """A copy; the gradient of each input is a view of the output's gradient."""
        n_out = self.output(*[x.shape for x in inputs]).elements
        return tape.joined(*tape.widest(*inputs), makes=n_out)

    def to_torch(self, nn: Any, *inputs: Shape) -> Any:
        return nn.Concat()

    examples: ClassVar = (
        Example(
            inputs=("64x28x28", "128x28x28", "32x28x28", "32x28x28"),
            output="256x28x28",
            operations=Operations(),
            source="TUM lecture, GoogLeNet table: inception (3a) is 28×28×256",
        ),
        Example(inputs=("10", "6"), output="16", source="10 + 6 = 16"),
    )
    refusals: ClassVar = (
        Refusal(None, ("64x28x28", "64x14x14"), "only the channels may differ"),
        Refusal(None, ("64x28x28", "64"), "maps with vectors"),
    )
