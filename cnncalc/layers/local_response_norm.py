"""Local response normalization."""

from collections.abc import Mapping
from typing import Any

from cnncalc.core.cost import Operations
from cnncalc.core.fields import count, number
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor, need_map
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import operations
from cnncalc.formulas.tracing import named


class LocalResponseNorm(Layer):
    """Divides each element by a power of the energy in n neighbouring channels.

    The divisor is (k + alpha·m)^beta, where m is the mean of the squares, as in PyTorch; in the
    AlexNet paper, alpha multiplies their sum. There are no parameters.

    Operations per element: n multiplications for the squares and n − 1 additions for their sum,
    one multiplication (by alpha), one addition (k), one power (counted as an exponential) and
    one division. The first and last channels, which have fewer neighbours, count in full.
    """

    operators = {"LRN": {"size": "size", "alpha": "alpha", "beta": "beta", "bias": "k"}}
    family = "normalization"
    aliases = ("lrn", "norm", "response_norm", "local_response_normalization")
    main = "size"

    size: int = count("number of neighbouring channels", also=("n", "local_size"))
    alpha: float = number("factor for the mean of the squares", 1e-4)
    beta: float = number("exponent of the divisor", 0.75)
    k: float = number("constant added before the power beta is taken", 1.0)

    def output(self, x: Shape) -> Map:
        return need_map(x)

    def operations(self, x: Map) -> Operations:
        n, each = named("n", self.size), operations.each(n=x.elements)
        return Operations(
            multiply=operations.each(n=x.elements, times=n) + each,
            add=operations.window_reductions(n_out=x.elements, taps=n) + each,
            divide=each,
            exponential=each,
        )

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """The squares, padded with channels of zeros at both ends, are averaged, scaled, shifted
        and raised to a power; the input is divided by the result."""
        squares = tape.multiply(tape.in_order(x), x)
        beyond = Map(x.shape.channels + self.size - 1, x.shape.spatial).elements
        around = tape.op(squares, makes=beyond)
        if len(x.shape.spatial) > 1:  # a pool over three axes
            around = tape.raised(around, cuda=False)
        means = tape.op(around, makes=x.shape.elements, keeps=(around,))
        powers = tape.power(tape.plus(tape.times(means)), self.beta)
        tape.hold(means)
        return tape.divide(x, powers)

    def to_torch(self, nn: Any, x: Map) -> Any:
        return nn.LocalResponseNorm(self.size, self.alpha, self.beta, self.k)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        # With an even size, ONNX's LRN reads different neighbours; onnxruntime's has more limits.
        if self.size % 2 and min(self.alpha, self.beta) > 0 and len(x.spatial) == 2:
            return super().to_onnx(onnx, x)
        onnx.function()
        (y,), beyond = onnx.inputs, (self.size // 2, (self.size - 1) // 2)
        squares = onnx.node("Reshape", onnx.node("Mul", y, y), onnx.ints([0, 1, x.channels, -1]))
        means = onnx.node(
            "AveragePool",
            squares,
            kernel_shape=[self.size, 1],
            pads=[beyond[0], 0, beyond[1], 0],
            count_include_pad=1,
        )
        means = onnx.node("Reshape", means, onnx.ints([0, *x]))
        scaled = onnx.node("Mul", means, onnx.number(self.alpha))
        divisor = onnx.node("Add", scaled, onnx.number(self.k))
        return onnx.node("Div", y, onnx.node("Pow", divisor, onnx.number(self.beta)))

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        return super().from_onnx(call) if call.settings["size"] % 2 else None

    examples = (
        Example(
            given={"size": 5, "alpha": 1e-4, "beta": 0.75, "k": 2},
            inputs=("96x27x27",),
            output="96x27x27",
            # 96·27·27 = 69984 elements: 5 + 1 multiplications, 4 + 1 additions each.
            operations=Operations(multiply=419_904, add=349_920, divide=69_984, exponential=69_984),
            source="TUM lecture, AlexNet NORM1; n = 5, k = 2 from Krizhevsky et al. 2012",
        ),
        Example(
            given=1,
            inputs=("2x3",),
            output="2x3",
            # 6 elements: one square and alpha; k.
            operations=Operations(multiply=12, add=6, divide=6, exponential=6),
            source="Krizhevsky et al. 2012, section 3.3, with n = 1",
        ),
    )
    refusals = (
        Refusal(0, ("4x5x5",), "at least 1, not 0"),
        Refusal(None, ("4x5x5",), "needs 'size'"),
        Refusal(5, ("100",), "not a vector"),
    )
