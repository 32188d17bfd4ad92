"""Cropping."""

import dataclasses
from math import prod
from typing import Any, Self

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import Padding, Sizes, padding, sizes
from cnncalc.core.layer import Example, Reach, Refusal, Tape, Tensor, need_map, per_axis
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import window
from cnncalc.formulas.tracing import named
from cnncalc.layers._like import Like
from cnncalc.layers._rearrangement import Rearrangement
from cnncalc.layers._window import sides_of


def _cut(N: int, size: int) -> tuple[int, int]:
    """The number of cells to remove before and after the middle."""
    cut = window.cut_to(N=N, size=size)
    before = window.cut_before(cut=cut)
    return before, window.cut_after(cut=cut, cut_before=before)


class Crop(Like, Rearrangement):
    """Removes cells from the edges of the map.

    Give the number of cells to remove, the size to keep, or an earlier layer with that size
    (``like``). With a size, the middle is kept; if the number of cells to remove is odd, the extra
    one comes off the end. With ``offset``, as in Caffe, the kept part starts there instead. U-Net
    crops maps before it concatenates them with smaller ones. The output is a view: nothing is
    computed or copied.

    Operations: none.
    """

    aliases = ("cropping", "center_crop", "centre_crop")
    main = "crop"
    auxiliary = True
    either = ("crop", "size", "like")
    stored = False
    moves = False

    crop: Padding | None = padding("cells to remove from the edges", None, also=("cropping",))
    size: Sizes | None = sizes("size to keep, instead of crop", None)
    offset: Sizes | None = sizes(
        "first cell to keep along each spatial axis; by default, the middle is kept", None, least=0
    )

    def sized(self, x: Map, other: Map) -> Self:
        return dataclasses.replace(self, size=other.spatial, like=None)

    def sides(self, x: Map) -> tuple[tuple[int, int], ...]:
        """The number of cells removed before and after along each axis. Raises LayerError if
        the fields do not fit the map or each other."""
        if self.size is not None and self.offset is not None:
            starts, kept = per_axis(self.offset, x, "offset"), per_axis(self.size, x, "size")
            pairs = tuple(
                (start, N - size - start) for N, size, start in zip(x.spatial, kept, starts)
            )
        elif self.offset is not None:
            raise LayerError(
                "use 'offset' only with 'size' or 'like'; 'crop' already says what to remove"
            )
        elif self.size is not None:
            pairs = tuple(map(_cut, x.spatial, per_axis(self.size, x, "size")))
        else:
            pairs = sides_of(self.crop or 0, x)
        for N, (before, after) in zip(x.spatial, pairs):
            if self.offset is not None and after < 0 <= before + after:
                left = N - before - after
                raise LayerError(
                    f"cannot keep {left} cell{'s' * (left != 1)} of an axis of size {N} with an "
                    f"offset of {before}",
                    f"the offset may be at most {N - left}",
                )
            if before + after < 0:
                raise LayerError(f"cannot keep {N - before - after} cells of an axis of size {N}")
            if before + after >= N:
                raise LayerError(
                    f"removing {before} + {after} cells from an axis of size {N} leaves nothing"
                )
        return pairs

    def output(self, x: Shape) -> Map:
        x = need_map(x)
        spatial = tuple(
            window.cropped_size(N=N, cut_before=before, cut_after=after)
            for N, (before, after) in zip(x.spatial, self.sides(x))
        )
        return Map(x.channels, spatial)

    def reach(self, x: Map) -> tuple[Reach, ...]:
        return tuple(Reach(1, 1, -named("cut_before", before)) for before, _ in self.sides(x))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A view, narrowed along one axis after another."""
        sizes, y = list(x.shape.dimensions), x
        for place, (before, after) in enumerate(self.sides(x.shape), 1):
            sizes[place] -= before + after
            left = x.strided and x.strided.cut((tape.batch, *sizes))
            y = tape.part(y, prod(sizes), left)
        return y

    def to_torch(self, nn: Any, x: Map) -> Any:
        return nn.Crop(self.sides(x))

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        sides, dims = self.sides(x), [*range(2, len(x) + 1)]
        ends = [N - after for N, (_, after) in zip(x.spatial, sides)]
        starts = [before for before, _ in sides]
        return onnx.node("Slice", *onnx.inputs, *map(onnx.ints, (starts, ends, dims)))

    examples = (
        Example(
            given=4,
            inputs=("512x64x64",),
            output="512x56x56",
            operations=Operations(),
            source="Ronneberger et al. 2015, U-Net, figure 1: 64² cropped to 56² before up-conv 1",
        ),
        Example(
            given={"size": 392},
            inputs=("64x568x568",),
            output="64x392x392",
            source="Ronneberger et al. 2015, U-Net, figure 1: 568² cropped to 392²",
        ),
        Example(
            given={"cropping": {"left": 1, "right": 2, "top": 3}},
            inputs=("1x10x8",),
            output="1x7x5",
            source="10 − 3 rows, 8 − 1 − 2 columns",
        ),
        Example(
            given={"size": 500, "offset": 31},
            inputs=("21x568x568",),
            output="21x500x500",
            source="Long et al. 2015, voc-fcn8s/train.prototxt: layer score, an image of 500×500",
        ),
    )
    refusals = (
        Refusal(2, ("1x4x4",), "removing 2 + 2 cells from an axis of size 4 leaves nothing"),
        Refusal({"size": 5}, ("1x4x4",), "cannot keep 5 cells of an axis of size 4"),
        Refusal({"crop": 1, "size": 2}, ("1x4x4",), "exactly one"),
        Refusal({"crop": 1, "offset": 2}, ("1x4x4",), "use 'offset' only with 'size' or 'like'"),
        Refusal(
            {"size": 3, "offset": 2},
            ("1x4x4",),
            "cells of an axis of size 4 with an offset of 2; the offset may be at most 1",
        ),
        Refusal({"like": "x"}, ("1x4x4",), "needs a network with a layer of that name"),
        Refusal({"like": 3}, ("1x4x4",), "must be the name of a layer, not 3"),
        Refusal(None, ("1x4x4",), "exactly one"),
        Refusal(1, ("100",), "not a vector"),
    )
