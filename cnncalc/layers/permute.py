"""Permutation of dimensions."""

from dataclasses import replace
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import REQUIRED, declare, is_whole, shown
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.core.shape import Shape, shape_of
from cnncalc.layers._rearrangement import Rearrangement


def permutation(doc: str) -> Any:
    """A permutation of the dimensions, counted from 0."""

    def check(value: Any) -> tuple[int, ...]:
        order = value if isinstance(value, list | tuple) else ()
        whole = all(is_whole(place, 0) for place in order)
        if not order or not whole or sorted(order) != list(range(len(order))):
            raise LayerError(
                f"must list each dimension but the batch once, counted from 0, not {shown(value)}"
            )
        return tuple(order)

    orders = [
        {
            "type": "array",
            "items": {"type": "integer", "minimum": 0, "maximum": n - 1},
            "uniqueItems": True,
            "minItems": n,
            "maxItems": n,
        }
        for n in (1, 2, 3, 4)
    ]
    return declare(doc, REQUIRED, ("dims",), check, {"anyOf": orders})


class Permute(Rearrangement):
    """Reorders the dimensions.

    Dimensions are counted from 0 in the spec's layout, without the batch. With the channels first,
    [1, 2, 0] turns C×H×W into H×W×C, and from then on the first dimension counts as the channels.
    The output is a view: nothing is computed or copied. Receptive fields follow the dimensions;
    where positions become channels, each output is taken to read all of them, which is an upper
    bound.

    Operations: none.
    """

    main = "order"
    stored = False
    moves = False
    auxiliary = True

    order: tuple[int, ...] = permutation("for each new dimension, the old one to take")

    def channels_first(self) -> "Permute":
        places = len(self.order)
        first = [(place + 1) % places for place in self.order]
        return replace(self, order=(*first[-1:], *first[:-1]))

    def output(self, x: Shape) -> Shape:
        if len(self.order) != len(x.dimensions):
            raise LayerError(
                f"order {list(self.order)} is for {len(self.order)} "
                f"dimension{'s' * (len(self.order) != 1)}, but {x} has {len(x.dimensions)}"
            )
        return shape_of(tuple(x.dimensions[place] for place in self.order))

    def reorders(self, x: Shape) -> tuple[int, ...]:
        return self.order

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        return tape.permuted(x, self.order)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.Permute(self.order)

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        return onnx.node("Transpose", *onnx.inputs, perm=[0, *(1 + dim for dim in self.order)])

    examples = (
        Example(
            given=[2, 0, 1],
            inputs=("2x3x5",),
            output="5x2x3",
            operations=Operations(),
            source="torch.permute, example: (2, 3, 5) by (2, 0, 1)",
        ),
        Example(
            given={"dims": [1, 2, 0]},
            inputs=("3x224x128",),
            output="224x128x3",
            source="channels last: C×H×W to H×W×C",
        ),
    )
    refusals = (
        Refusal([1, 0], ("2x3x5",), "is for 2 dimensions, but 2×3×5 has 3"),
        Refusal([0, 0, 1], ("2x3x5",), "each dimension but the batch once"),
        Refusal([1, 2, 3], ("2x3x5",), "each dimension but the batch once"),
        Refusal(None, ("2x3x5",), "needs 'order'"),
    )
