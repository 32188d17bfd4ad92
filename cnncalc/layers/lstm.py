"""Long short-term memory."""

from collections.abc import Sequence
from typing import Any

from cnncalc.core.cost import Operations, Tensors
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import count
from cnncalc.core.layer import Example, Refusal
from cnncalc.core.parsing import Foreign
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import sequence
from cnncalc.layers._recurrent import KERAS, Recurrent


class Lstm(Recurrent):
    """Reads the positions of a signal with a long short-term memory and outputs the hidden states.

    Each cell has four gates, by default with PyTorch's two biases per gate. With ``proj_size``, the
    hidden state is projected onto that many channels before it is output and fed back.

    Operations per position: one multiplication and one addition for every weight and an addition
    for every bias; per hidden unit three sigmoids (an exponential, an addition and a division
    each), two hyperbolic tangents (an exponential each), three multiplications and an addition.
    """

    aliases = ("long_short_term_memory",)
    foreign = {
        "torch.LSTM": Foreign(says="two biases for each gate, and every output"),
        "keras.LSTM": Foreign(
            {"separate_biases": False, "return_sequences": False},
            KERAS,
            "one bias for each gate, and only the last output",
        ),
    }
    gates = 4
    onnx_gates = (0, 3, 1, 2)
    cell = Operations(multiply=3, add=4, divide=3, exponential=5)

    proj_size: int = count("size of the projected output; 0 means no projection", 0, least=0)

    @property
    def projected(self) -> int:
        """The size of a cell's output."""
        return self.proj_size or self.hidden_size

    def output(self, x: Shape) -> Shape:
        """As for any recurrent layer. Raises LayerError if the projection does not shrink the
        state."""
        if self.proj_size >= self.hidden_size:
            raise LayerError(
                f"projects {self.hidden_size} hidden units onto {self.proj_size}; proj_size must "
                "be smaller than hidden_size"
            )
        return super().output(x)

    def weights(self, n_in: int) -> int:
        """The weights of the gates, and of the projections."""
        if not self.proj_size:
            return super().weights(n_in)
        return sequence.projected_weights(
            n_in=n_in,
            hidden=self.hidden_size,
            projected=self.proj_size,
            gates=self.gates,
            layers=self.num_layers,
            directions=self.directions,
        )

    def _of_cell(self, rows: int, n_in: int, ending: str) -> Tensors:
        tensors = super()._of_cell(rows, n_in, ending)
        if self.proj_size:
            tensors[f"weight_hr{ending}"] = (self.proj_size, self.hidden_size)
        return tensors

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        return self._onnx_projected(onnx, x) if self.proj_size else super().to_onnx(onnx, x)

    def _onnx_projected(self, onnx: Any, x: Map) -> Any:
        """The operators of one position after another, since ONNX's LSTM has no projection."""
        onnx.function()
        T, ways = x.spatial[0], ("", "_reverse")[: self.directions]
        at = [onnx.node("Gather", *onnx.inputs, onnx.ints([place]), axis=2) for place in range(T)]
        states = [onnx.node("Squeeze", one, onnx.ints([2])) for one in at]
        ends: list[str] = []
        for layer in range(self.num_layers):
            each = [self._onnx_states(onnx, states, f"_l{layer}{way}") for way in ways]
            states = [onnx.node("Concat", *both, axis=1) for both in zip(*each)]
            ends = [one[-1 if not way else 0] for one, way in zip(each, ways)]
        if not self.return_sequences:
            return onnx.node("Concat", *ends, axis=1)
        return onnx.node(
            "Concat", *(onnx.node("Unsqueeze", one, onnx.ints([2])) for one in states), axis=2
        )

    def _onnx_states(self, onnx: Any, inputs: Sequence[str], ending: str) -> list[str]:
        """The projected states of one direction at all positions."""
        batch = onnx.node("Shape", *onnx.inputs, start=0, end=1)
        hidden, cell = (
            onnx.node("ConstantOfShape", onnx.node("Concat", batch, onnx.ints([size]), axis=0))
            for size in (self.projected, self.hidden_size)
        )
        names = ("weight_ih", "bias_ih", "weight_hh", "bias_hh", "weight_hr")
        tensors = [onnx.weight(f"{name}{ending}") for name in names]
        backward = ending.endswith("reverse")
        states = []
        for one in reversed(inputs) if backward else inputs:
            read = onnx.node("Gemm", one, *tensors[:2], transB=1)
            kept = onnx.node("Gemm", hidden, *tensors[2:4], transB=1)
            y, cell = onnx_cell(onnx, onnx.node("Add", read, kept), self.hidden_size, cell)
            hidden = onnx.node("Gemm", y, tensors[4], transB=1)
            states.append(hidden)
        return states[::-1] if backward else states

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "proj_size": self.proj_size}

    examples = (
        Example(
            given=256,
            inputs=("512x26",),
            output="256x26",
            weights=786_432,  # 4·256·(512 + 256)
            biases=2_048,
            macs=20_447_232,  # every weight at each of 26 positions
            source="Shi et al. 2015, CRNN: LSTM layers of 256 units over 512-channel columns",
        ),
        Example(
            given={"hidden_size": 20, "num_layers": 2},
            inputs=("10x5",),
            output="20x5",
            params=5_920,  # 4·20·(10 + 20) + 160, and 4·20·(20 + 20) + 160
            source="torch.nn.LSTM, example: LSTM(10, 20, 2) on 5 positions",
        ),
        Example(
            given={"hidden": 3, "bidirectional": True, "bias": False},
            inputs=("2x4",),
            output="6x4",
            weights=120,  # 2 directions · 4·3·(2 + 3)
            biases=0,
            macs=480,
            # 24 hidden units, each 3 multiplications, 4 additions, 3 divisions, 5 exponentials
            operations=Operations(multiply=552, add=576, divide=72, exponential=120),
            source="by hand: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al.",
        ),
        Example(
            given={"hidden_size": 8, "proj_size": 2},
            inputs=("5x7",),
            output="2x7",
            weights=240,  # 4·8·(5 + 2) + 8·2
            biases=64,
            source="by hand: Sak et al. 2014, the recurrent projection layer",
        ),
        Example(
            given={"hidden_size": 64, "separate_biases": False, "return_sequences": False},
            inputs=("32x10",),
            output="64",
            params=24_832,  # 4·(64·(32 + 64) + 64)
            source="tf.keras.layers.LSTM(64) on 10 steps of 32: one bias per gate, the last state",
        ),
    )
    refusals = (
        Refusal(4, ("8x5x5",), "reshape: [40, 5]"),
        Refusal(4, ("100",), "not a vector"),
        Refusal({"units": 4}, ("8x5",), "has no field 'units'; it is a field of keras.LSTM"),
        Refusal({"hidden": 4, "proj_size": 4}, ("8x5",), "must be smaller than hidden_size"),
        Refusal(0, ("8x5",), "at least 1, not 0"),
    )


def onnx_cell(onnx: Any, gates: str, units: int, cell: str, peeps: Sequence[str] = ()) -> Any:
    """Write the hidden state and the cell after one step, from the four gates."""

    def peeped(gate: str, peep: str) -> Any:
        return onnx.node("Add", gate, onnx.node("Mul", peep, cell))

    i, f, g, o = onnx.node("Split", gates, onnx.ints([units] * 4), count=4, axis=1)
    if peeps:
        i, f = peeped(i, peeps[0]), peeped(f, peeps[1])
    kept = onnx.node("Mul", onnx.node("Sigmoid", f), cell)
    cell = onnx.node("Add", kept, onnx.node("Mul", onnx.node("Sigmoid", i), onnx.node("Tanh", g)))
    o = peeped(o, peeps[2]) if peeps else o
    return onnx.node("Mul", onnx.node("Sigmoid", o), onnx.node("Tanh", cell)), cell
