"""Root mean square normalization."""

from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import number
from cnncalc.core.layer import Example, Refusal, Tape, Tensor
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations
from cnncalc.layers._norm import Together


class RmsNorm(Together):
    """Divides values by the root of their mean square, then scales them.

    The mean is over a whole image, the channels of each position, or the last axis. Unlike layer
    normalization, RMS normalization subtracts no mean and learns no shift.

    Operations for every n values that are normalized together: n multiplications, n − 1 additions
    and a division for the mean square; an addition (eps), a square root and a division for the
    reciprocal of its root; and n multiplications by it. A scale takes one more multiplication per
    element.
    """

    main = "over"

    eps: float | None = number(
        "value added to the mean square; by default the machine epsilon of the dtype",
        None,
        ("epsilon",),
        least=0,
    )

    @property
    def shifted(self) -> bool:
        return False

    def operations(self, x: Shape) -> Operations:
        n, groups = self.together(x), self.groups(x)
        once = operations.each_group(G=groups)
        return Operations(
            multiply=operations.each(n=x.elements, times=3 if self.scaled else 2),
            add=operations.window_reductions(n_out=groups, taps=n) + once,
            divide=operations.each_group(G=groups, times=2),
            exponential=once,
        )

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """The mean square, the reciprocal of its root, and the products with that and with the
        scale. For a normalization over the channels, these are moved to the end first, and back
        afterwards."""
        from cnncalc.core.strides import contiguous, elementwise
        from cnncalc.core.tape import COPIED, FULL_BYTES

        if tape.cuda or tape.low or tape.size < FULL_BYTES:
            raise LayerError("what PyTorch saves on CUDA or in low precision is not modelled")
        tape.guess("when PyTorch frees this layer's intermediate results is not known")
        moves = self.over == "channels"
        axes = tuple(range(len(x.shape.dimensions)))
        given = tape.permuted(x, (*axes[1:], 0)) if moves else x
        laid = tape.strided(given)
        if not x.in_order and 1 in laid.sizes[1:]:  # the stride of an axis of size 1 is arbitrary
            raise LayerError(COPIED)
        squares = tape.power(given, 2)
        means = tape.plus(tape.op(squares, makes=self.groups(x.shape)))
        roots = tape.op(means, keeps_output=True)
        y = tape.multiply(given, roots)
        for scale in tape.trained(self.parameters(x.shape).weights):
            y = tape.multiply(y, scale)
        formats = contiguous(laid.sizes)
        if laid.suggested != formats.suggested:  # PyTorch keeps channels last, but no other order
            left = 1 if self.over == "all" else len(axes)
            once = (*laid.sizes[:left], *[1] * (1 + len(axes) - left))
            formats = elementwise(laid, contiguous(once).expanded(laid.sizes))
        tape.laid(y, formats)
        return tape.permuted(y, (axes[-1], *axes[:-1])) if moves else y

    def to_torch(self, nn: Any, x: Shape) -> Any:
        norm = nn.ChannelsRMSNorm if self.over == "channels" else nn.RMSNorm
        return norm(self.learned_shape(x), self.eps, self.elementwise_affine)

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        onnx.function()
        rank = len(x.dimensions)
        axes = {"all": [*range(1, rank + 1)], "channels": [1], "last": [rank]}[self.over]
        squares = onnx.node("Mul", *onnx.inputs, *onnx.inputs)
        mean = onnx.node("ReduceMean", squares, onnx.ints(axes), keepdims=1)
        eps = 2.0**-23 if self.eps is None else self.eps
        root = onnx.node("Sqrt", onnx.node("Add", mean, onnx.number(eps)))
        y = onnx.node("Div", *onnx.inputs, root)
        scale = onnx.weight("weight")
        if scale and self.over == "channels" and rank > 1:
            scale = onnx.node("Unsqueeze", scale, onnx.ints([*range(1, rank)]))
        return onnx.node("Mul", y, scale) if scale else y

    examples = (
        Example(
            given="channels",
            inputs=("384x196",),
            output="384x196",
            weights=384,
            # 196 positions of 384 numbers: 3·384 multiplications and 383 + 1 additions each,
            # 2 divisions, 1 square root.
            operations=Operations(multiply=225_792, add=75_264, divide=392, exponential=196),
            source="Zhang and Sennrich 2019, equation 4, for 196 positions of 384 numbers",
        ),
        Example(
            given={"elementwise_affine": False},
            inputs=("2x2",),
            output="2x2",
            params=0,
            operations=Operations(multiply=8, add=4, divide=2, exponential=1),
            source="torch.nn.RMSNorm([2, 2], elementwise_affine=False), by hand for 4 numbers",
        ),
    )
    refusals = (
        Refusal("first", ("4x5x5",), "must be all, channels or last, not 'first'"),
        Refusal({"eps": -1}, ("4x5x5",), "at least 0, not -1"),
    )
