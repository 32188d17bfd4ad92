"""Expansion of axes of size 1."""

from dataclasses import replace
from typing import Any

from cnncalc.core.errors import LayerError
from cnncalc.core.fields import REQUIRED, declare, is_whole, shown
from cnncalc.core.layer import Example, Reach, Refusal, Tape, Tensor
from cnncalc.core.shape import Map, Shape, shape_of
from cnncalc.layers._rearrangement import Rearrangement


def grown(doc: str) -> Any:
    """One to four sizes, any of which may be -1."""

    def check(value: Any) -> tuple[int, ...]:
        listed = isinstance(value, list | tuple) and 1 <= len(value) <= 4
        if not listed or not all(is_whole(size, 1) or size == -1 for size in value):
            raise LayerError(
                f"must be 1 to 4 whole numbers of at least 1, or -1, not {shown(value)}"
            )
        return tuple(value)

    one = {"anyOf": [{"type": "integer", "minimum": 1}, {"const": -1}]}
    many = {"type": "array", "items": one, "minItems": 1, "maxItems": 4}
    return declare(doc, REQUIRED, (), check, many)


class Expand(Rearrangement):
    """Repeats the input along axes of size 1 until it has the given shape.

    A size of -1 means that the axis keeps its size. The output is a view: nothing is computed or
    copied.

    Operations: none.
    """

    aliases = ("broadcast",)
    main = "shape"
    stored = False
    moves = False
    auxiliary = True

    shape: tuple[int, ...] = grown("output sizes in the spec's layout; -1 keeps a size")

    def channels_first(self) -> "Expand":
        return replace(self, shape=(*self.shape[-1:], *self.shape[:-1]))

    def output(self, x: Shape) -> Shape:
        wanted = "×".join(map(str, self.shape))
        if len(self.shape) != len(x.dimensions):
            raise LayerError(f"cannot expand {x} to {wanted}: both need the same number of sizes")
        sizes = tuple(
            old if new == -1 else new for old, new in zip(x.dimensions, self.shape, strict=True)
        )
        if any(old not in (1, new) for old, new in zip(x.dimensions, sizes, strict=True)):
            raise LayerError(f"cannot expand {x} to {wanted}: only sizes of 1 can grow")
        return shape_of(sizes)

    def reach(self, x: Shape) -> tuple[Reach, ...] | None:
        out = self.output(x)
        if not isinstance(x, Map) or not isinstance(out, Map):
            return None
        return tuple(
            Reach(1) if old == new else Reach(1, 0)
            for old, new in zip(x.spatial, out.spatial, strict=True)
        )

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        out = self.output(x.shape)
        if out == x.shape:
            return tape.view(x)
        grown = x.strided and x.strided.expanded((tape.batch, *out.dimensions))
        return tape.part(x, out.elements, grown)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.Expand(self.output(x).dimensions)

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        return onnx.node("Expand", *onnx.inputs, onnx.ints([1, *self.output(x).dimensions]))

    examples = (
        Example(
            given=[-1, 28, 28],
            inputs=("256x1x1",),
            output="256x28x28",
            params=0,
            source="Chen et al. 2017, DeepLabv3, section 3.3: image features spread over 28×28",
        ),
        Example(
            given=[3, 4, 5],
            inputs=("1x4x5",),
            output="3x4x5",
            source="torch.Tensor.expand: a grey image as three channels",
        ),
        Example(
            given=[5], inputs=("1",), output="5", source="by hand: one number, repeated five times"
        ),
    )
    refusals = (
        Refusal([4, 6, 6], ("4x5x5",), "cannot expand 4×5×5 to 4×6×6: only sizes of 1 can grow"),
        Refusal([4, 5], ("4x1x1",), "both need the same number of sizes"),
        Refusal(None, ("4x1x1",), "needs 'shape'"),
        Refusal([4, 0, 1], ("4x1x1",), "at least 1, or -1, not [4, 0, 1]"),
    )
