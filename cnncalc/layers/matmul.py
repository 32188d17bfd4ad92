"""Matrix product."""

from math import prod
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import flag
from cnncalc.core.layer import Example, Layer, Reach, Refusal, Tape, Tensor, everything
from cnncalc.core.shape import Map, Shape, Vector, shape_of
from cnncalc.formulas import macs


class Matmul(Layer):
    """Multiplies two inputs as matrices: the last two sizes of each are rows and columns.

    Any sizes before them must be equal and form a batch: two signals give one product, two
    images of C channels give C. The first input needs as many columns as the second has rows.

    Operations: one multiplication and one addition per multiply-accumulate.
    """

    operators = {"MatMul": {}}
    family = "join"
    aliases = ("bmm", "matrix_product")
    arity = (2, 2)
    reads = "both factors"

    shared: bool = flag(
        "whether one factor is the same for all images; PyTorch then multiplies the rows of all "
        "images together, or their columns",
        False,
    )

    def output(self, a: Shape, b: Shape) -> Shape:
        if isinstance(a, Vector) or isinstance(b, Vector):
            raise LayerError("expected two maps, whose last two sizes are rows and columns")
        if a[:-2] != b[:-2] or len(a) != len(b):
            raise LayerError(f"cannot multiply {a} by {b}: all but the last two sizes must match")
        if self.shared and len(a) > 3:
            raise LayerError(f"'shared' takes a signal or an image, not {a}")
        if a[-1] != b[-2]:
            raise LayerError(
                f"cannot multiply {a} by {b}: the first has {a[-1]} column{'s' * (a[-1] != 1)}, "
                f"but the second has {b[-2]} row{'s' * (b[-2] != 1)}"
            )
        if self.shared and len(a) > 2 and a[-1] == 1:
            raise LayerError(
                "PyTorch's einsum computes no matrix product if the first factor has a single "
                "column; remove 'shared'"
            )
        return shape_of((*a[:-1], b[-1]))

    def macs(self, a: Map, b: Map) -> int:
        return macs.matrix_macs(batches=a[:-2], rows=a[-2], inner=a[-1], columns=b[-1])

    def input_macs(
        self, products: int, wanted: tuple[bool, ...], learns: bool, a: Map, b: Map
    ) -> int:
        """As many as in the forward pass for each input that needs a gradient."""
        return products * sum(wanted)

    def operations(self, a: Map, b: Map) -> Operations:
        products = self.macs(a, b)
        return Operations(multiply=products, add=products)

    def reach(self, a: Map, b: Map) -> tuple[Reach, ...]:
        return everything(a)

    def steps(self, tape: Tape, a: Tensor, b: Tensor) -> Tensor:
        """Each input is saved if the other one needs a gradient."""
        from cnncalc.core.strides import contiguous

        out = self.output(a.shape, b.shape)
        axis = len(a.shape) - 2
        if self.shared and self._repeats(tape, b):
            a = tape.merged(a, axis)
        elif self.shared and self._repeats(tape, a):
            axis += 1
            b = tape.merged(b, axis)
        elif self.shared:
            raise LayerError("both of its factors differ between images, or are copied for each")
        else:
            a, b = self._matrices(tape, a), self._matrices(tape, b)
        first, second = tape.lowered(a, b)
        keeps = tape.factors(first, second)
        y = tape.op(first, second, makes=out.elements, keeps=keeps, ordered=True)
        sizes = out.dimensions
        if self.shared:
            laid = contiguous((*sizes[:axis], tape.batch, *sizes[axis:]))
            places = range(len(laid.sizes))
            return tape.laid(y, laid.permuted((axis, *places[:axis], *places[axis + 1 :])))
        if len(sizes) == 2:
            return y
        y.shape = Map(prod(sizes[:-2]), sizes[-2:])
        return tape.split_images(y)  # PyTorch multiplies one list of matrices for all images

    def _matrices(self, tape: Tape, x: Tensor) -> Tensor:
        """An input as PyTorch multiplies it: a list of matrices, which may be a copy."""
        if x.in_order:
            return x
        *matrices, rows, columns = x.shape.dimensions
        if matrices:
            return tape.reshaped(x, tape.batch * prod(matrices), rows, columns)
        tape.guess("its input is not contiguous")
        return x

    def _repeats(self, tape: Tape, x: Tensor) -> bool:
        """Whether a factor is a view that repeats the numbers of one image."""
        return x.strided is not None and (not x.strided.strides[0] or tape.batch == 1)

    def to_torch(self, nn: Any, a: Map, b: Map) -> Any:
        return nn.MatmulOnce() if self.shared else nn.Matmul()

    def to_onnx(self, onnx: Any, a: Map, b: Map) -> Any:
        if self.shared:
            onnx.function()  # a MatMul alone would be read back without this field
        return onnx.node("MatMul", *onnx.inputs)

    examples = (
        Example(
            given=None,
            inputs=("8x49x64", "8x64x49"),
            output="8x49x49",
            params=0,
            macs=1_229_312,  # 8·49·64·49
            operations=Operations(multiply=1_229_312, add=1_229_312),
            source="Vaswani et al. 2017, equation 1: QKᵀ for 8 heads of 64, 49 positions",
        ),
        Example(
            given=None,
            inputs=("10x3", "3x4"),
            output="10x4",
            macs=120,
            source="torch.matmul, example: 10×3×4 and 10×4×5, here a single pair 10×3 and 3×4",
        ),
        Example(
            given={"shared": True},
            inputs=("14x14x64", "14x64x14"),
            output="14x14x14",
            macs=175_616,  # 14·14·64·14
            source="Li et al. 2021, MViTv2: 14 offsets along one axis of a map of 14×14",
        ),
    )
    refusals = (
        Refusal(None, ("4x5", "4x5"), "the first has 5 columns, but the second has 4 rows"),
        Refusal(None, ("4x1", "4x1"), "the first has 1 column, but the second has 4 rows"),
        Refusal(None, ("2x4x5", "3x5x4"), "all but the last two sizes must match"),
        Refusal(None, ("4x5", "5"), "expected two maps"),
        Refusal(
            {"shared": True}, ("2x3x4x5", "2x3x5x4"), "'shared' takes a signal or an image, not"
        ),
        Refusal({"shared": True}, ("2x4x1", "2x1x4"), "has a single column; remove 'shared'"),
        Refusal(None, ("4x5",), "expected 2 inputs, not 1; use 'from' to name both factors"),
    )
