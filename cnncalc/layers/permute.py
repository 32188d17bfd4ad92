"""Permutation of dimensions."""

from dataclasses import dataclass
from typing import Any, ClassVar

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import REQUIRED, declare, is_whole, shown
from cnncalc.core.layer import Example, Layer, Reach, Refusal, Tape, Tensor, everything
from cnncalc.core.shape import Shape, shape_of


def permutation(doc: str) -> Any:
    """The numbers from 0 up, each once, in any order."""

    def check(value: Any) -> tuple[int, ...]:
        order = value if isinstance(value, list | tuple) else ()
        whole = all(is_whole(place, 0) for place in order)
        if not order or not whole or sorted(order) != list(range(len(order))):
            raise LayerError(
                f"must list each dimension once, counted from 0 (the channels), not {shown(value)}"
            )
        return tuple(order)

    place = {"type": "integer", "minimum": 0, "maximum": 3}
    many = {"type": "array", "items": place, "uniqueItems": True, "minItems": 1, "maxItems": 4}
    return declare(doc, REQUIRED, ("dims",), check, many)


@dataclass(frozen=True, kw_only=True)
class Permute(Layer):
    """Put the dimensions in another order.

    Dimensions are counted from 0, the channels first and the batch not at all: [1, 2, 0] turns
    C x H x W into H x W x C, and the first of the new dimensions counts as the channels from there
    on. A view: nothing is computed and nothing is copied. For the receptive field an output is
    taken to see the whole input, as positions lose their meaning.

    Operations: none.
    """

    main: ClassVar = "order"
    stored: ClassVar = False
    moves: ClassVar = False

    order: tuple[int, ...] = permutation("for each new dimension, the old one that it was")

    def output(self, x: Shape) -> Shape:
        """The same sizes in the new order."""
        if len(self.order) != len(x.dimensions):
            raise LayerError(
                f"order {list(self.order)} is for {len(self.order)} dimensions, "
                f"but {x} has {len(x.dimensions)}"
            )
        return shape_of(tuple(x.dimensions[place] for place in self.order))

    def operations(self, x: Shape) -> Operations:
        """None."""
        return Operations()

    def reach(self, x: Shape) -> tuple[Reach, ...] | None:
        """Everything, unless the order stays."""
        return None if self.order == tuple(sorted(self.order)) else everything(x)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A view: the numbers stay where they are."""
        return tape.permuted(x, self.order)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        """A module of ours."""
        return nn.Permute(self.order)

    examples: ClassVar = (
        Example(
            given=[2, 0, 1],
            inputs=("2x3x5",),
            output="5x2x3",
            params=0,
            macs=0,
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
    refusals: ClassVar = (
        Refusal([1, 0], ("2x3x5",), "is for 2 dimensions, but 2×3×5 has 3"),
        Refusal([0, 0, 1], ("2x3x5",), "each dimension once"),
        Refusal([1, 2, 3], ("2x3x5",), "each dimension once"),
        Refusal(None, ("2x3x5",), "needs 'order'"),
    )
