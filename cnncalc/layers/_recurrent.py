"""Base class for recurrent layers."""

from collections.abc import Mapping
from itertools import chain
from typing import Any, ClassVar

from cnncalc.core.cost import Operations, Parameters, Tensors
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import BIAS, count, flag
from cnncalc.core.layer import Layer, Reach, Tape, Tensor, everything, need_map
from cnncalc.core.shape import Map, Shape, Vector
from cnncalc.formulas import operations, sequence


class Recurrent(Layer):
    """One or more recurrent layers that read the positions of a signal one after another."""

    family = "recurrent"
    main = "hidden_size"
    gates: ClassVar[int]
    """The number of gates per cell."""
    onnx_gates: ClassVar[tuple[int, ...]] = (0,)
    """For each gate in ONNX's order, its place in PyTorch's order."""
    onnx_settings: ClassVar[Mapping[str, Any]] = {}
    """The settings of ONNX's operator that make it compute as PyTorch does."""
    cell: ClassVar[Operations]
    """The arithmetic per hidden unit and position, apart from multiply-accumulates and biases."""

    hidden_size: int = count("size of the hidden state", also=("hidden",))
    num_layers: int = count("number of stacked layers", 1, also=("layers",))
    bidirectional: bool = flag("whether a second network reads the positions backwards", False)
    bias: bool = flag("whether gates have biases", True, BIAS)
    separate_biases: bool = flag(
        "whether each gate has two biases, for input and state, as in PyTorch", True
    )
    return_sequences: bool = flag(
        "whether to output the states at all positions, not only the final ones", True
    )

    @property
    def projected(self) -> int:
        """The size of a cell's output."""
        return self.hidden_size

    @property
    def directions(self) -> int:
        """1, or 2 when bidirectional."""
        return 2 if self.bidirectional else 1

    def output(self, x: Shape) -> Shape:
        """The states at all positions, or only the final one of each direction; the channels of
        both directions are concatenated."""
        x = need_signal(x)
        channels = sequence.recurrent_channels(hidden=self.projected, directions=self.directions)
        return Map(channels, x.spatial) if self.return_sequences else Vector(channels)

    def widths(self, x: Map) -> list[int]:
        """The input channels of each stacked layer."""
        return [x.channels, *[self.directions * self.projected] * (self.num_layers - 1)]

    def weights(self, n_in: int) -> int:
        """The weights of all stacked layers, the first of which reads n_in channels."""
        sizes = {"hidden": self.hidden_size, "gates": self.gates, "directions": self.directions}
        if self.num_layers == 1:
            return sequence.one_recurrent_layer(n_in=n_in, **sizes)
        return sequence.recurrent_weights(n_in=n_in, layers=self.num_layers, **sizes)

    def parameters(self, x: Map) -> Parameters:
        """The weights and biases of every stacked layer."""
        biases = sequence.recurrent_biases(
            hidden=self.hidden_size,
            gates=self.gates,
            layers=self.num_layers,
            directions=self.directions,
            per_gate=self.biases_per_gate,
        )
        return Parameters(self.weights(x.channels), biases if self.bias else 0)

    @property
    def biases_per_gate(self) -> int:
        """2 with separate biases, otherwise 1."""
        return 2 if self.separate_biases else 1

    def tensors(self, x: Map) -> Tensors:
        """PyTorch's tensors: per layer and direction, for the input and for the previous output."""
        rows = self.gates * self.hidden_size
        named = (
            self._of_cell(rows, n_in, f"_l{layer}{way}")
            for layer, n_in in enumerate(self.widths(x))
            for way in ("", "_reverse")[: self.directions]
        )
        return dict(chain.from_iterable(tensors.items() for tensors in named))

    def _of_cell(self, rows: int, n_in: int, ending: str) -> Tensors:
        tensors: Tensors = {
            f"weight_ih{ending}": (rows, n_in),
            f"weight_hh{ending}": (rows, self.projected),
        }
        if self.bias:
            tensors[f"bias_ih{ending}"] = (rows,)
        if self.bias and self.separate_biases:
            tensors[f"bias_hh{ending}"] = (rows,)
        return tensors

    def macs(self, x: Map) -> int:
        """Every weight once per position."""
        return sequence.per_position(weights=self.weights(x.channels), positions=x.spatial[0])

    def constant_macs(self, x: Map) -> int:
        """The products with the initial state, which is zero."""
        cells = self.num_layers * self.directions
        return cells * self.gates * self.hidden_size * self.projected

    def inner_macs(self, x: Map) -> int:
        """All products except those with the input or the initial state."""
        read = self.directions * self.gates * self.hidden_size * x.channels * x.spatial[0]
        return self.macs(x) - read - self.constant_macs(x)

    def operations(self, x: Map) -> Operations:
        """The products, the biases, and the arithmetic of the cells."""
        products = self.macs(x)
        units = self.num_layers * self.directions * self.hidden_size * x.spatial[0]
        multiply, add, compare, divide, exponential = (
            operations.each(n=units, times=times) if times else 0 for times in self.cell
        )
        biases = (
            operations.each(n=units, times=self.biases_per_gate * self.gates) if self.bias else 0
        )
        return Operations(
            products + multiply, products + add + biases, compare, divide, exponential
        )

    def reach(self, x: Map) -> tuple[Reach, ...]:
        """All positions, because the last position has seen all those before it."""
        return everything(x)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """Not modelled: what PyTorch saves depends on the library that runs the recurrence."""
        raise LayerError("what PyTorch saves for a recurrent layer is not modelled")

    def to_torch(self, nn: Any, x: Map) -> Any:
        """A module that reads the positions of a signal."""
        return getattr(nn, f"Signal{self.kind.upper()}")(x.channels, **self.settings())

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        """One operator per stacked layer, with the positions as the first dimension."""
        ways, kind = ("", "_reverse")[: self.directions], self.kind.upper()
        direction = "bidirectional" if self.bidirectional else "forward"
        settings: dict[str, Any] = {"direction": direction, **self.onnx_settings}
        if self.num_layers > 1:
            onnx.function()
        y = onnx.node("Transpose", *onnx.inputs, perm=[2, 0, 1])
        every = last = ""
        for layer in range(self.num_layers):
            y = self._onnx_joined(onnx, every) if layer else y
            held = [
                onnx.stacked([f"{word}_l{layer}{way}" for way in ways], self.onnx_gates)
                for word in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            ]
            if self.bias and not self.separate_biases:
                rows = self.gates * self.hidden_size
                held[3] = onnx.node("ConstantOfShape", onnx.ints([self.directions, rows]))
            biases = [onnx.node("Concat", *held[2:], axis=1)] if self.bias else []
            every, last = onnx.node(
                kind, y, *held[:2], *biases, count=2, hidden_size=self.hidden_size, **settings
            )
        if self.return_sequences:
            return onnx.node("Transpose", self._onnx_joined(onnx, every), perm=[1, 2, 0])
        y = onnx.node("Transpose", last, perm=[1, 0, 2])
        return onnx.node("Reshape", y, onnx.ints([0, -1]))

    def _onnx_joined(self, onnx: Any, states: str) -> Any:
        """The states of both directions, concatenated."""
        y = onnx.node("Transpose", states, perm=[0, 2, 1, 3])
        return onnx.node("Reshape", y, onnx.ints([0, 0, -1]))

    def settings(self) -> dict[str, Any]:
        """The arguments of the module, after the input's channels."""
        return {
            "hidden_size": self.hidden_size,
            "num_layers": self.num_layers,
            "bidirectional": self.bidirectional,
            "bias": self.bias,
            "batch_first": True,
            "separate_biases": self.separate_biases,
            "return_sequences": self.return_sequences,
        }


KERAS = {"units": "hidden_size"}
"""Keras's names for fields."""


def need_signal(x: Shape) -> Map:
    """The shape as a signal. Raises LayerError for any other shape, with advice."""
    x = need_map(x)
    if len(x.spatial) != 1:
        raise LayerError(
            f"expected a signal (channels × positions), not {x}; put a reshape before the layer, "
            f"as in reshape: [{x.elements // x.spatial[-1]}, {x.spatial[-1]}]"
        )
    return x
