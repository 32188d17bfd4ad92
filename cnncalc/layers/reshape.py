"""Reshape."""

import re
from dataclasses import replace
from math import prod
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import REQUIRED, declare, is_whole, shown
from cnncalc.core.layer import Example, Reach, Refusal, Tape, Tensor, everything
from cnncalc.core.shape import SHAPE_PATTERN, Map, Shape, read_sizes, shape_of
from cnncalc.formulas import dimensions
from cnncalc.layers._rearrangement import Rearrangement


def target(doc: str) -> Any:
    """A shape such as 64x7x7, or one to four sizes, one of which may be -1."""

    def check(value: Any) -> tuple[int, ...]:
        if isinstance(value, str) and re.fullmatch(SHAPE_PATTERN, value):
            value = read_sizes(value)
        sizes = value if isinstance(value, list | tuple) else (value,)
        known = [size for size in sizes if type(size) is not int or size != -1]
        fits = 1 <= len(sizes) <= 4 and len(sizes) - len(known) <= 1
        if not fits or not all(is_whole(size, 1) for size in known):
            raise LayerError(
                "must be 1 to 4 whole numbers of at least 1, with at most one -1 for a size to "
                f"infer, not {shown(value)}"
            )
        return tuple(sizes)

    one = {"anyOf": [{"type": "integer", "minimum": 1}, {"const": -1}]}
    many = {"type": "array", "items": one, "minItems": 1, "maxItems": 4}
    text = {"type": "string", "pattern": SHAPE_PATTERN}
    return declare(doc, REQUIRED, (), check, {"anyOf": [one, many, text]})


class Reshape(Rearrangement):
    """Changes the shape; the values and their order stay the same.

    One size makes a vector; two to four make a map. A size of -1 is inferred from the others.
    Nothing is computed, and a contiguous input is not copied. Since positions lose their meaning,
    every output's receptive field is taken to be the whole input, an upper bound.

    Operations: none.
    """

    aliases = ("view", "unflatten")
    main = "shape"
    stored = False
    moves = False
    auxiliary = True
    inside = True

    shape: tuple[int, ...] = target(
        "output sizes in the spec's layout; one may be -1 to be inferred"
    )

    def channels_first(self) -> "Reshape":
        return replace(self, shape=(*self.shape[-1:], *self.shape[:-1]))

    def output(self, x: Shape) -> Shape:
        known = prod(size for size in self.shape if size != -1)
        left, over = divmod(x.elements, known)
        if over or (left != 1 and -1 not in self.shape):
            wanted = "×".join("?" if size == -1 else str(size) for size in self.shape)
            why = f", which has {known}"
            if -1 in self.shape:
                why = f": {x.elements} = {left}·{known} + {over} is not a multiple of {known}"
            fact = f"the {x.elements} elements of {x} do not fit {wanted}"
            if x.elements == 1:
                fact = f"the 1 element of {x} does not fit {wanted}"
            raise LayerError(f"{fact}{why}")
        if left != 1:
            sizes_given = tuple(size for size in self.shape if size != -1)
            left = dimensions.left_for(n=x.elements, sizes=sizes_given)
        return shape_of(tuple(left if size == -1 else size for size in self.shape))

    def reach(self, x: Shape) -> tuple[Reach, ...] | None:
        output = self.output(x)
        return None if output == x else everything(x, bound=isinstance(output, Map))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        return tape.reshaped(x, tape.batch, *self.output(x.shape).dimensions)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.Reshape(self.shape)

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        return onnx.node("Reshape", *onnx.inputs, onnx.ints([0, *self.output(x).dimensions]))

    examples = (
        Example(
            given=[1024, 4, 4],
            inputs=("16384",),
            output="1024x4x4",
            operations=Operations(),
            source="Radford et al. 2015, DCGAN, figure 1: project and reshape; 1024·4·4",
        ),
        Example(
            given={"shape": [768, -1]},
            inputs=("768x14x14",),
            output="768x196",
            source="Dosovitskiy et al. 2020, ViT-B/16: 224²/16² = 196 patches of 768 features",
        ),
        Example(
            given="3x17", inputs=("51",), output="3x17", source="torch.reshape, by hand: 3·17 = 51"
        ),
        Example(
            given=-1, inputs=("256x6x6",), output="9216", source="TUM lecture, AlexNet: 6·6·256"
        ),
    )
    refusals = (
        Refusal([10, 10], ("4x5x6",), "the 120 elements of 4×5×6 do not fit 10×10, which has 100"),
        Refusal([7, -1], ("4x5x5",), "do not fit 7×?: 100 = 14·7 + 2 is not a multiple of 7"),
        Refusal([-1, -1], ("4x5x5",), "at most one -1"),
        Refusal([0, 5], ("4x5x5",), "at least 1"),
        Refusal("flat", ("4x5x5",), "with at most one -1 for a size to infer, not 'flat'"),
        Refusal(None, ("4x5x5",), "needs 'shape'"),
    )
