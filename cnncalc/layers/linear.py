"""Fully connected layer."""

from typing import Any

from cnncalc.core.call import Call
from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.fields import BIAS, count, flag
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor, channels_of, positions_of
from cnncalc.core.nest import Nest, Window
from cnncalc.core.parsing import Foreign
from cnncalc.core.shape import Map, Shape, Vector, shape_of
from cnncalc.formulas import dimensions, macs, operations, parameters, sequence


class Linear(Layer):
    """Connects every input to every output.

    Each output is the dot product of its own weights with the whole input, plus a bias. A
    feature map is flattened first; the flatten layer is shown in the report. With
    ``per_position``, it is not flattened: the same weights connect the channels of every
    position, as in Keras's ``Dense`` and in a transformer.

    Operations: one multiplication and one addition per multiply-accumulate, and one addition
    per output for the bias.
    """

    family = "dense"
    aliases = ("fc", "dense", "full", "fully_connected", "inner_product")
    foreign = {"keras.Dense": Foreign({"per_position": True})}
    main = "out_features"
    activated = True
    takes_bias = True

    out_features: int = count(
        "number of outputs", also=("neurons", "units", "outputs", "num_output")
    )
    bias: bool = flag("whether each output has a bias", True, BIAS)
    per_position: bool = flag(
        "whether to connect the channels of every position, instead of the flattened map", False
    )

    @classmethod
    def imported(cls, call: Call) -> dict[str, Any]:
        """A call does not flatten a map, but reads it position by position."""
        per_position = {"per_position": True} if isinstance(call.inputs[0], Map) else {}
        n_out = call.held["weight"][0]
        return {"out_features": n_out, **super().imported(call), **per_position}

    @property
    def flattens(self) -> bool:
        return not self.per_position

    def output(self, x: Shape) -> Shape:
        if isinstance(x, Map):
            return Map(dimensions.filters(out_channels=self.out_features), x.spatial)
        return Vector(dimensions.features(out_features=self.out_features))

    def parameters(self, x: Shape) -> Parameters:
        weights = parameters.linear_weights(n_in=channels_of(x), n_out=self.out_features)
        return Parameters(
            weights, parameters.linear_biases(n_out=self.out_features) if self.bias else 0
        )

    def tensors(self, x: Shape) -> Tensors:
        n_out = self.out_features
        return weight_and_bias((n_out, channels_of(x)), (n_out,), self.bias)

    def macs(self, x: Shape) -> int:
        products = macs.linear_macs(n_in=channels_of(x), n_out=self.out_features)
        if isinstance(x, Vector):
            return products
        return sequence.per_position(weights=products, positions=positions_of(x))

    def nests(self, x: Shape) -> tuple[Nest, ...]:
        places = x.spatial if isinstance(x, Map) else ()
        axes = tuple(Window(N, N) for N in places)
        return (Nest(1, self.out_features, channels_of(x), axes),)

    def operations(self, x: Shape) -> Operations:
        products = self.macs(x)
        added = operations.bias_additions(n_out=self.output(x).elements) if self.bias else 0
        return Operations(multiply=products, add=products + added)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        from cnncalc.core.operation import Layout
        from cnncalc.core.strides import contiguous

        params, n_out = self.parameters(x.shape), self.output(x.shape).elements
        if isinstance(x.shape, Vector):
            y = tape.linear(x, params.weights, params.biases, n_out)
            return tape.ordered(y, tape.batch, n_out)
        positions, batch = positions_of(x.shape), tape.batch
        axes = tuple(range(len(x.shape.dimensions)))
        back = (axes[-1], *axes[:-1])
        rows = tape.permuted(x, (*axes[1:], 0))
        if not x.in_order:
            rows = tape.reshaped(rows, batch * positions, x.shape.channels)
        elif min(positions, batch, x.shape.channels) > 1:  # no view has a row for each position
            rows = tape.op(rows, passes=(0,), ordered=True)
        y = tape.linear(rows, params.weights, params.biases, n_out)
        tape.ordered(y, batch * positions, self.out_features)
        y.shape = Vector(n_out)
        if min(positions, batch, self.out_features) > 1:  # nor has any view of the gradient
            y = tape.reshaped(y)
        elif positions > 1:
            y = tape.view(y, Layout.ROWS)
        y.shape = shape_of((*x.shape.spatial, self.out_features))
        y.strided = contiguous((batch, *y.shape.dimensions))
        return tape.permuted(y, back)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        module = nn.PositionLinear if isinstance(x, Map) else nn.Linear
        return module(channels_of(x), self.out_features, self.bias)

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        weight, bias = onnx.weight("weight"), onnx.weight("bias")
        if not isinstance(x, Map):
            return onnx.node("Gemm", *onnx.inputs, weight, bias, transB=1)
        places = [*range(2, len(x) + 1)]
        last = onnx.node("Transpose", *onnx.inputs, perm=[0, *places, 1])
        turned = onnx.node("Transpose", weight, perm=[1, 0])
        y = onnx.node("MatMul", last, turned)
        y = onnx.node("Add", y, bias) if self.bias else y
        return onnx.node("Transpose", y, perm=[0, len(x), *range(1, len(x))])

    examples = (
        Example(
            given=100,
            inputs=("784",),
            output="100",
            weights=78_400,
            params=78_500,
            macs=78_400,
            operations=Operations(multiply=78_400, add=78_500),
            source="NTU lecture: too many parameters, 100 × 784 + 100",
        ),
        Example(
            given={"out_features": 1000, "bias": False},
            inputs=("1024",),
            output="1000",
            params=1_024_000,
            macs=1_024_000,
            source="TUM lecture, GoogLeNet table: linear 1000K, 1M",
        ),
        Example(
            given={"out_features": 10, "per_position": True},
            inputs=("64x98",),
            output="10x98",
            weights=640,
            biases=10,
            params=650,
            macs=62_720,  # 640 at each of 98 positions
            operations=Operations(multiply=62_720, add=63_700),
            source="tf.keras.layers.Dense: Dense(10) reads the last axis of (98, 64)",
        ),
    )
    refusals = (
        Refusal(0, ("784",), "at least 1, not 0"),
        Refusal(None, ("784",), "needs 'out_features'"),
        Refusal({"out_feature": 5}, ("784",), "did you mean 'out_features'"),
    )
