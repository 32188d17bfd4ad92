"""Space to depth."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import count
from cnncalc.core.layer import Example, Reach, Refusal, Tape, Tensor, need_map
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import sequence
from cnncalc.formulas.tracing import named
from cnncalc.layers._rearrangement import Rearrangement


class SpaceToDepth(Rearrangement):
    """Moves each block of r×r pixels of a channel into r² channels: the reverse of a pixel shuffle.

    It shrinks a map without losing anything (YOLOv2's reorg, YOLOv5's Focus).

    Operations: none; values are only copied.
    """

    aliases = ("pixel_unshuffle", "reorg")
    main = "downscale_factor"

    downscale_factor: int = count("r, the side of a block", also=("r", "block_size", "stride"))

    def output(self, x: Shape) -> Map:
        """r² times as many channels, with height and width divided by r."""
        x = need_map(x, axes=(2,))
        r = self.downscale_factor
        if any(size % r for size in x.spatial):
            raise LayerError(
                f"{x} cannot be cut into blocks of {r}×{r}; both sides must be multiples of {r}"
            )
        r = named("r", r)
        return Map(
            sequence.unshuffled(C_in=x.channels, r=r),
            tuple(sequence.blocks(N=N, r=r) for N in x.spatial),
        )

    def reach(self, x: Map) -> tuple[Reach, ...]:
        """Every output reads one block."""
        r = self.downscale_factor
        return (Reach(r, r),) * len(x.spatial)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A copy, which saves nothing and keeps channels last."""
        if x.channels_last is None and self.downscale_factor > 1:
            raise LayerError(
                "the memory format of its input, which decides that of its output, is not known"
            )
        return tape.op(x, makes=self.output(x.shape).elements, ordered=not x.channels_last)

    def to_torch(self, nn: Any, x: Map) -> Any:
        return nn.PixelUnshuffle(self.downscale_factor)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        onnx.function()
        (C, H, W), r = x, self.downscale_factor
        y = onnx.node("Reshape", *onnx.inputs, onnx.ints([0, C, H // r, r, W]))
        y = onnx.node("Transpose", y, perm=[0, 1, 3, 2, 4])
        y = onnx.node("Reshape", y, onnx.ints([0, C * r, H // r, W // r, r]))
        y = onnx.node("Transpose", y, perm=[0, 1, 4, 2, 3])
        return onnx.node("Reshape", y, onnx.ints([0, *self.output(x)]))

    examples = (
        Example(
            given=2,
            inputs=("64x26x26",),
            output="256x13x13",
            operations=Operations(),
            source="Redmon and Farhadi 2017, YOLO9000: passthrough, 26×26×64 to 13×13×256",
        ),
        Example(
            given={"r": 3},
            inputs=("1x12x12",),
            output="9x4x4",
            source="torch.nn.PixelUnshuffle, example: PixelUnshuffle(3)",
        ),
    )
    refusals = (
        Refusal(2, ("4x5x6",), "both sides must be multiples of 2"),
        Refusal(2, ("4x16",), "expected 2 spatial axes, not 1"),
        Refusal(2, ("100",), "not a vector"),
    )
