"""Concatenation."""

from dataclasses import dataclass
from typing import Any, ClassVar

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError, some
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor
from cnncalc.core.shape import Map, Shape, Vector
from cnncalc.formulas import dimensions


@dataclass(frozen=True, kw_only=True)
class Concat(Layer):
    """Lay maps behind one another: their channels add up, their spatial sizes must be equal.

    Vectors are laid end to end. Nothing is computed, but the result is a tensor of its own.
    """

    aliases: ClassVar = ("cat", "concatenate")
    arity: ClassVar = (1, None)

    def output(self, *inputs: Shape) -> Shape:
        """All channels of all inputs."""
        first = inputs[0]
        if isinstance(first, Vector) and all(isinstance(x, Vector) for x in inputs):
            return Vector(dimensions.laid_end_to_end(n_i=tuple(x.elements for x in inputs)))
        if not all(isinstance(x, Map) and isinstance(first, Map) for x in inputs):
            raise LayerError(f"cannot join maps and vectors: {some(inputs, ' and ')}")
        maps = [x for x in inputs if isinstance(x, Map)]
        if len({x.spatial for x in maps}) > 1:
            raise LayerError(f"cannot join {some(maps, ' and ')}: only channels may differ")
        return Map(dimensions.joined(C_i=tuple(x.channels for x in maps)), maps[0].spatial)

    def operations(self, *inputs: Shape) -> Operations:
        """None."""
        return Operations()

    def steps(self, tape: Tape, *inputs: Tensor) -> Tensor:
        """A copy; each input's gradient is a part of the output's."""
        n_out = self.output(*[x.shape for x in inputs]).elements
        return tape.joined(*tape.widest(*inputs), makes=n_out)

    def to_torch(self, nn: Any, *inputs: Shape) -> Any:
        """A module of ours."""
        return nn.Concat()

    examples: ClassVar = (
        Example(
            given=None,
            inputs=("64x28x28", "128x28x28", "32x28x28", "32x28x28"),
            output="256x28x28",
            params=0,
            operations=Operations(),
            source="TUM lecture, GoogLeNet table: inception (3a) is 28×28×256",
        ),
        Example(given=None, inputs=("10", "6"), output="16", source="10 + 6 = 16"),
    )
    refusals: ClassVar = (
        Refusal(None, ("64x28x28", "64x14x14"), "only channels may differ"),
        Refusal(None, ("64x28x28", "64"), "maps and vectors"),
    )
