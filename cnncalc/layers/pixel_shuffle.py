"""Pixel shuffle."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import count
from cnncalc.core.layer import Cut, Example, Reach, Refusal, Tape, Tensor, need_map
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import dimensions, window
from cnncalc.formulas.tracing import named
from cnncalc.layers._rearrangement import Rearrangement


class PixelShuffle(Rearrangement):
    """Rearranges r² channels into one channel that is r times as high and r times as wide.

    A convolution before it can thus compute a large image at the small size (sub-pixel
    convolution).

    Operations: none; values are only copied.
    """

    family = "upsampling"
    aliases = ("depth_to_space", "sub_pixel")
    main = "upscale_factor"

    upscale_factor: int = count(
        "r, the factor by which height and width grow", also=("r", "block_size")
    )

    def output(self, x: Shape) -> Map:
        x = need_map(x, axes=(2,))
        r = self.upscale_factor
        if x.channels % r**2:
            raise LayerError(
                f"the number of channels, {x.channels}, is not a multiple of {r}·{r} = {r**2}: "
                f"{x.channels} = {x.channels // r**2}·{r**2} + {x.channels % r**2}"
            )
        r = named("r", r)
        return Map(
            dimensions.shuffled(C_in=x.channels, r=r),
            tuple(window.scaled_size(N=N, scale=r) for N in x.spatial),
        )

    def reach(self, x: Map) -> tuple[Reach, ...]:
        return (Reach(1, cut=Cut(1, named("r", self.upscale_factor), 0, 0)),) * len(x.spatial)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        return tape.op(x, makes=self.output(x.shape).elements)

    def to_torch(self, nn: Any, x: Map) -> Any:
        return nn.PixelShuffle(self.upscale_factor)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        return onnx.node("DepthToSpace", *onnx.inputs, blocksize=self.upscale_factor, mode="CRD")

    examples = (
        Example(
            given=3,
            inputs=("9x4x4",),
            output="1x12x12",
            operations=Operations(),
            source="torch.nn.PixelShuffle, example: PixelShuffle(3)",
        ),
        Example(
            given={"r": 2},
            inputs=("256x24x24",),
            output="64x48x48",
            source="Ledig et al. 2017, SRGAN: k3n256s1, then PixelShuffle ×2, leaves 64 channels",
        ),
    )
    refusals = (
        Refusal(3, ("8x4x4",), "8 = 0·9 + 8"),
        Refusal(2, ("4x16",), "expected 2 spatial axes, not 1"),
        Refusal(2, ("100",), "not a vector"),
    )
