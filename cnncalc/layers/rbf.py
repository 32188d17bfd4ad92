"""Layer of radial basis functions."""

from typing import Any

from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.fields import count
from cnncalc.core.layer import Example, Layer, Refusal, Tape, Tensor
from cnncalc.core.shape import Vector
from cnncalc.formulas import dimensions, macs, operations, parameters


class Rbf(Layer):
    """Computes the squared distance between the input and one prototype for each output.

    This is the output layer of LeNet-5, where the prototype of each class is a stylized 7×12 bitmap
    of the character. Prototypes are set by hand, so they count as fixed weights, not as parameters.
    A feature map is flattened first; the flatten layer is shown in the report.

    Operations: a prototype of n values takes n subtractions (counted as additions), n
    multiplications for the squares and n − 1 additions. There are no multiply-accumulates,
    because no weight is multiplied by an input.
    """

    family = "dense"
    aliases = ("euclidean_rbf", "radial_basis")
    main = "out_features"

    out_features: int = count(
        "number of prototypes, one per output", also=("neurons", "units", "outputs")
    )

    @property
    def flattens(self) -> bool:
        return True

    def output(self, x: Vector) -> Vector:
        return Vector(dimensions.features(out_features=self.out_features))

    def parameters(self, x: Vector) -> Parameters:
        return Parameters(fixed=parameters.prototypes(n_in=x.features, n_out=self.out_features))

    def tensors(self, x: Vector) -> Tensors:
        return weight_and_bias((self.out_features, x.features))

    def operations(self, x: Vector) -> Operations:
        differences = operations.differences(n_in=x.features, n_out=self.out_features)
        sums = operations.window_reductions(n_out=self.out_features, taps=x.features)
        return Operations(multiply=differences, add=differences + sums)

    def links(self, x: Vector) -> int:
        return macs.full_connections(n_in=x.features, n_out=self.out_features)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """The differences from all prototypes, which are saved, their squares, and the sums."""
        differences = tape.subtracted(x, makes=x.shape.features * self.out_features)
        squares = tape.power(differences, 2)
        return tape.op(tape.raised(squares, cuda=True), makes=self.out_features, passes=(0,))

    def to_torch(self, nn: Any, x: Vector) -> Any:
        return nn.RBF(x.features, self.out_features)

    def to_onnx(self, onnx: Any, x: Vector) -> Any:
        onnx.function()
        rows = onnx.node("Unsqueeze", *onnx.inputs, onnx.ints([1]))
        apart = onnx.node("Sub", rows, onnx.weight("weight"))
        return onnx.node("ReduceSumSquare", apart, onnx.ints([2]), keepdims=0)

    examples = (
        Example(
            given=10,
            inputs=("84",),
            output="10",
            fixed=840,
            operations=Operations(multiply=840, add=1_670),  # 840 differences + 10·83
            source="LeCun et al. 1998: 10 Euclidean RBF units with 84 inputs, 84·10 fixed weights",
        ),
        Example(
            given={"units": 2},
            inputs=("3",),
            output="2",
            operations=Operations(multiply=6, add=10),
            source="LeCun et al. 1998, equation 7: y_i = Σ_j (x_j − w_ij)²",
        ),
    )
    refusals = (
        Refusal(0, ("84",), "at least 1, not 0"),
        Refusal(None, ("84",), "needs 'out_features'"),
        Refusal({"units": 10, "bias": True}, ("84",), "has no field 'bias'"),
    )
