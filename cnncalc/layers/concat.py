"""Concatenation."""

from math import prod
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError, some
from cnncalc.core.layer import Example, Reach, Refusal, Tape, Tensor
from cnncalc.core.shape import Map, Shape, Vector, alike, shape_of
from cnncalc.formulas import dimensions
from cnncalc.layers._arithmetic import LIKE
from cnncalc.layers._axes import along, axis, place, word
from cnncalc.layers._rearrangement import Rearrangement


class Concat(Rearrangement):
    """Concatenates its inputs along the channels, or along another axis; all other sizes must be
    equal.

    Vectors are concatenated end to end. Nothing is computed, but the output is a new tensor.
    """

    family = "join"
    keeps_format = (1, 2)
    aliases = ("cat", "concatenate")
    main = "along"
    arity = (1, None)

    along: str = axis("the axis along which to concatenate")

    def output(self, *inputs: Shape) -> Shape:
        first = inputs[0]
        dim = place(self.along, first)
        if isinstance(first, Vector) and all(isinstance(x, Vector) for x in inputs):
            return Vector(dimensions.laid_end_to_end(n_i=tuple(x.elements for x in inputs)))
        if not all(isinstance(x, Map) and isinstance(first, Map) for x in inputs):
            raise LayerError(f"cannot concatenate maps with vectors: {some(inputs, ' and ')}")
        maps = [x for x in inputs if isinstance(x, Map)]
        if not alike([(*x[:dim], *x[dim + 1 :]) for x in maps]):
            may_differ = word(first.dimensions, dim) + "s" * (dim > 0)
            help = LIKE if dim == 0 and alike([len(x) for x in maps]) else ""
            raise LayerError(
                f"cannot concatenate {some(maps, ' and ')}: only the {may_differ} may differ", help
            )
        if dim == 0:
            return Map(dimensions.joined(C_i=tuple(x.channels for x in maps)), maps[0].spatial)
        joined = dimensions.lined_up(N_i=tuple(x[dim] for x in maps))
        return shape_of((*maps[0][:dim], joined, *maps[0][dim + 1 :]))

    def reach(self, *inputs: Shape) -> tuple[Reach, ...] | None:
        """If maps are laid end to end, each output reads one position of one map, so no single
        stride describes all outputs."""
        longest = max(inputs, key=lambda x: x.elements)
        return along([place(self.along, longest)], longest, bound=True)

    def steps(self, tape: Tape, *inputs: Tensor) -> Tensor:
        """A copy; the gradient of each input is a view of the output's gradient."""
        from cnncalc.core.strides import joined

        out = self.output(*[x.shape for x in inputs])
        later = prod(out.dimensions[: place(self.along, out)]) > 1
        y = tape.joined(*tape.widest(*inputs), makes=out.elements, later=later)
        parts = [x.strided for x in inputs if x.strided]
        if len(parts) == len(inputs) and not y.in_order:
            y.strided = joined((tape.batch, *out.dimensions), parts)
        return y

    def to_torch(self, nn: Any, *inputs: Shape) -> Any:
        return nn.Concat(1 + place(self.along, inputs[0]))

    def to_onnx(self, onnx: Any, *inputs: Shape) -> Any:
        return onnx.node("Concat", *onnx.inputs, axis=1 + place(self.along, inputs[0]))

    examples = (
        Example(
            inputs=("64x28x28", "128x28x28", "32x28x28", "32x28x28"),
            output="256x28x28",
            operations=Operations(),
            source="TUM lecture, GoogLeNet table: inception (3a) is 28×28×256",
        ),
        Example(inputs=("10", "6"), output="16", source="10 + 6 = 16"),
        Example(
            given="length",
            inputs=("768x1", "768x196"),
            output="768x197",
            source="Dosovitskiy et al. 2020, ViT-B/16: a class token before 196 patches",
        ),
    )
    refusals = (
        Refusal(None, ("64x28x28", "64x14x14"), f"only the channels may differ; {LIKE}"),
        Refusal(None, ("64x28x28", "64"), "maps with vectors"),
        Refusal("height", ("4x5x5", "4x6x7"), "only the heights may differ"),
        Refusal("last", ("4x5x5", "4x6x7"), "only the widths may differ"),
        Refusal("length", ("4x5x5", "4x5x5"), "has no axis 'length'"),
    )
