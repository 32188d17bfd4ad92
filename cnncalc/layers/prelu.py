"""Parametric rectified linear unit."""

from math import prod
from typing import Any

from cnncalc.core.call import Call
from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import declare, is_whole, shown
from cnncalc.core.layer import Example, Refusal, Tape, Tensor, channels_of
from cnncalc.core.parsing import Foreign
from cnncalc.core.shape import Shape
from cnncalc.formulas import parameters
from cnncalc.layers._elementwise import Elementwise

WORDS = ("channels", "elements")


def slopes(doc: str) -> Any:
    """The number of slopes, or what has a separate slope: ``channels`` or ``elements``."""

    def check(value: Any) -> int | str:
        if is_whole(value, 1) or value in WORDS:
            return value  # type: ignore[no-any-return]
        raise LayerError(
            f"must be a whole number of at least 1, channels or elements, not {shown(value)}"
        )

    schema = {"anyOf": [{"type": "integer", "minimum": 1}, {"enum": [*WORDS]}]}
    return declare(doc, 1, (), check, schema)


class Prelu(Elementwise):
    """Keeps positive values and multiplies the others by a learned slope.

    All elements share one slope, or there is one per channel or per element.

    Operations per element, whatever its sign: one comparison and one multiplication.
    """

    main = "num_parameters"
    each = Operations(multiply=1, compare=1)

    foreign = {
        "torch.PReLU": Foreign(says="one slope"),
        "caffe.PReLU": Foreign({"num_parameters": "channels"}, says="one for each channel"),
        "keras.PReLU": Foreign({"num_parameters": "elements"}, says="one for each element"),
    }

    num_parameters: int | str = slopes(
        "1: one slope for all elements; channels (or their number): one per channel; elements: one "
        "per element"
    )

    @classmethod
    def imported(cls, call: Call) -> dict[str, Any]:
        slopes = call.held["weight"][0]
        return {"num_parameters": slopes} if slopes > 1 else {}

    def output(self, x: Shape) -> Shape:
        if self.slopes(x) not in ((1,), (channels_of(x),), x.dimensions):
            raise LayerError(
                f"{self.num_parameters} slopes do not fit {x}; num_parameters can be 1, channels "
                "or elements"
            )
        return x

    def slopes(self, x: Shape) -> tuple[int, ...]:
        """The sizes of the tensor of slopes."""
        if self.num_parameters == "elements":
            return x.dimensions
        C = channels_of(x)
        return (C if self.num_parameters == "channels" else int(self.num_parameters),)

    def parameters(self, x: Shape) -> Parameters:
        return Parameters(weights=parameters.slopes(num_parameters=prod(self.slopes(x))))

    def tensors(self, x: Shape) -> Tensors:
        return weight_and_bias(self.slopes(x))

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """Saves its input and the slopes. PyTorch computes a gradient per element for both,
        needed or not, and then sums those of the slopes. A map with one slope per element is
        ``clamped`` instead."""
        sizes = self.slopes(x.shape)
        if len(sizes) > 1:
            return self.clamped(tape, x, prod(sizes))
        x, slopes = tape.lowered(x, *tape.trained(*sizes))
        gradient = x.bytes if x.needs_gradient else 0
        own = slopes.bytes if slopes.needs_gradient else 0
        summed = own if slopes.numbers != x.numbers else 0
        peak = x.bytes + max(x.bytes, gradient + summed)
        return tape.op(x, slopes, keeps=(x, slopes), beside=peak - gradient - own)

    def clamped(self, tape: Tape, x: Tensor, n: int) -> Tensor:
        """The positive part, plus the negative part times n slopes."""
        (slopes,) = tape.trained(n)
        mask = x.numbers + x.size  # the gradient needs a bool per element, and a zero
        positive = tape.op(x, keeps=(x,), beside=mask)
        negative = tape.op(x, keeps=(x,), beside=mask)
        return tape.add(positive, tape.multiply(negative, slopes))

    def to_torch(self, nn: Any, x: Shape) -> Any:
        sizes = self.slopes(x)
        return nn.ElementSlopes(sizes) if len(sizes) > 1 else nn.PReLU(*sizes)

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        slopes = onnx.weight("weight")
        if self.slopes(x) == (channels_of(x),) and len(x.dimensions) > 1:
            slopes = onnx.node("Unsqueeze", slopes, onnx.ints([*range(1, len(x.dimensions))]))
        return onnx.node("PRelu", *onnx.inputs, slopes)

    examples = (
        Example(
            given=64,
            inputs=("64x112x112",),
            output="64x112x112",
            weights=64,
            params=64,
            operations=Operations(multiply=802_816, compare=802_816),
            source="He et al. 2015, Delving Deep into Rectifiers: channel-wise; 64·112·112",
        ),
        Example(
            inputs=("10",),
            output="10",
            params=1,
            operations=Operations(multiply=10, compare=10),
            source="He et al. 2015, Delving Deep into Rectifiers: channel-shared",
        ),
        Example(
            given="elements",
            inputs=("32x24x24",),
            output="32x24x24",
            weights=18_432,  # 32·24·24
            source="tf.keras.layers.PReLU without shared_axes: alpha has the shape of the input",
        ),
        Example(
            given="channels",
            inputs=("32x24x24",),
            output="32x24x24",
            weights=32,
            source="Caffe, PReLU layer: channel_shared is false by default",
        ),
    )
    refusals = (
        Refusal(
            3,
            ("4x5x5",),
            "3 slopes do not fit 4×5×5; num_parameters can be 1, channels or elements",
        ),
        Refusal(0, ("4x5x5",), "at least 1, channels or elements, not 0"),
    )
