"""Unfold layer (im2col)."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Reach, Refusal, everything, need_map
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import dimensions
from cnncalc.layers._columns import Columns
from cnncalc.layers._window import onnx_taps


class Unfold(Columns):
    """Copies every window of an image into a column of a matrix (im2col).

    A convolution is then a single matrix product. The matrix has F·F·C_in rows, one per weight of a
    filter, and one column per window position. To multiply it by C_out filters, which form a
    C_out × F·F·C_in matrix, add a ``conv`` with ``kernel_size: 1``. Since the image's rows are
    joined into one axis, every output's receptive field is taken to be the whole image.

    Operations: none; values are only copied.
    """

    aliases = ("im2col", "extract_patches")

    def output(self, x: Shape) -> Map:
        x = need_map(x, axes=(2,))
        rows = dimensions.column(C_in=x.channels, F=self.window(x))
        return Map(rows, (dimensions.columns(N_out=self.places(x)),))

    def operations(self, x: Map) -> Operations:
        return Operations()

    def reach(self, x: Map) -> tuple[Reach, ...]:
        return everything(x, bound=True)

    def to_torch(self, nn: Any, x: Map) -> Any:
        return nn.Unfold(self.kernel_size, self.dilation, self.padding, self.stride)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        onnx.function()
        windows = onnx.node("Transpose", onnx_taps(onnx, self.windows(x)), perm=[0, 1, 3, 5, 2, 4])
        return onnx.node("Reshape", windows, onnx.ints([0, *self.output(x).dimensions]))

    examples = (
        Example(
            given={"kernel": 11, "stride": 4},
            inputs=("3x227x227",),
            output="363x3025",  # 11·11·3 rows, 55·55 columns
            operations=Operations(),
            source="Stanford CS231n, convolutional networks: im2col of AlexNet's first layer",
        ),
        Example(
            given=[2, 3],
            inputs=("5x3x4",),
            output="30x4",
            source="torch.nn.Unfold, example: Unfold(kernel_size=(2, 3))",
        ),
        Example(
            given={"kernel": 3, "stride": 2, "padding": 1, "dilation": 2},
            inputs=("2x7x7",),
            output="18x9",  # (7 + 2 − 5)/2 + 1 = 3 positions along each axis
            source="by hand: 3·3·2 rows and 3·3 columns",
        ),
    )
    refusals = (
        Refusal(3, ("4x2x2",), "larger than the input of 2"),
        Refusal(3, ("4x16",), "expected 2 spatial axes, not 1"),
        Refusal([3, 3, 3], ("4x8x8",), "has 3 values"),
        Refusal(3, ("100",), "not a vector"),
    )
