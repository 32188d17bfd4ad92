"""Division by the Euclidean norm."""

from collections.abc import Mapping
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.fields import number
from cnncalc.core.layer import Example, Layer, Reach, Refusal, Tape, Tensor
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.shape import Shape
from cnncalc.formulas import operations
from cnncalc.layers._axes import along, axis, place, word

SMALL = 1e-12
"""PyTorch's eps, which is smaller than almost any norm."""


class L2Normalize(Layer):
    """Divides the n channels at each position (the n features of a vector), or the n values along
    another axis, by their Euclidean norm, so that they have length 1.

    Operations for n values: n multiplications, n − 1 additions and a square root for the norm, a
    comparison with eps, and n divisions.
    """

    operators = {"LpNormalization": {}}
    family = "normalization"
    aliases = ("normalize", "l2_normalization", "unit_normalization")
    main = "over"

    over: str = axis("the axis along which vectors get length 1")
    eps: float = number("the smallest divisor", SMALL, ("epsilon",), least=0)

    def output(self, x: Shape) -> Shape:
        place(self.over, x)
        return x

    def groups(self, x: Shape) -> int:
        """The number of norms."""
        return x.elements // x.dimensions[place(self.over, x)]

    def reach(self, x: Shape) -> tuple[Reach, ...] | None:
        return along([place(self.over, x)], x)

    def operations(self, x: Shape) -> Operations:
        groups = self.groups(x)
        each, once = operations.each(n=x.elements), operations.each_group(G=groups)
        added = operations.window_reductions(n_out=groups, taps=x.elements // groups)
        return Operations(multiply=each, add=added, compare=once, divide=each, exponential=once)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """The norms, which are clamped from below and repeated, and then the quotients."""
        from cnncalc.core.strides import contiguous

        groups = self.groups(x.shape)
        if not x.in_order:
            tape.guess("its input is not contiguous")
        flags = groups * tape.batch  # which norms are 0, or less than eps
        norms = tape.op(x, makes=groups, keeps=(x,), keeps_output=True, beside=x.bytes + flags)
        bounded = tape.op(norms, keeps=(norms,), beside=flags)
        sizes = [tape.batch, *x.shape.dimensions]
        once = [
            size if axis != 1 + place(self.over, x.shape) else 1 for axis, size in enumerate(sizes)
        ]
        repeated = contiguous(once).expanded(sizes)
        return tape.divide(x, tape.part(bounded, x.shape.elements, repeated))

    def to_torch(self, nn: Any, x: Shape) -> Any:
        return nn.L2Normalize(1 + place(self.over, x), self.eps)

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        dim = 1 + place(self.over, x)
        if self.eps > SMALL:  # ONNX's LpNormalization has no eps
            onnx.function()
            norms = onnx.node("ReduceL2", *onnx.inputs, onnx.ints([dim]), keepdims=1)
            return onnx.node("Div", *onnx.inputs, onnx.node("Max", norms, onnx.number(self.eps)))
        return onnx.node("LpNormalization", *onnx.inputs, axis=dim, p=2)

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        (x,) = call.inputs
        dim = call.settings.get("axis", -1) % (1 + len(x.dimensions))
        if not dim or call.settings.get("p", 2) != 2:
            return None
        return {"over": word(x.dimensions, dim - 1)}

    examples = (
        Example(
            given="last",
            inputs=("16x8x196",),
            output="16x8x196",
            params=0,
            macs=0,
            # 16·8 rows of 196
            operations=Operations(
                multiply=25_088, add=24_960, compare=128, divide=25_088, exponential=128
            ),
            source="El-Nouby et al. 2021, XCiT, section 3.2: queries of length 1, over 196 patches",
        ),
        Example(
            inputs=("512x38x38",),
            output="512x38x38",
            operations=Operations(
                multiply=739_328, add=737_884, compare=1_444, divide=739_328, exponential=1_444
            ),
            source="Liu et al. 2016, SSD: conv4_3 is normalized at each of 38·38 positions",
        ),
        Example(
            given={"over": "channels", "eps": 0},
            inputs=("2",),
            output="2",
            operations=Operations(multiply=2, add=1, compare=1, divide=2, exponential=1),
            source="by hand: (3, 4) becomes (0.6, 0.8)",
        ),
    )
    refusals = (
        Refusal("width", ("4x8",), "4×8 has no axis 'width'; choose channels or length"),
        Refusal({"eps": -1}, ("4x8",), "at least 0, not -1"),
    )
