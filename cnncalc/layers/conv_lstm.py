"""Convolutional long short-term memory."""

from math import prod
from typing import Any

from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import Sizes, count, flag, sizes
from cnncalc.core.layer import Example, Layer, Reach, Refusal, Tape, Tensor, need_map, per_axis
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import dimensions, operations, sequence
from cnncalc.layers.lstm import Lstm, onnx_cell


class ConvLstm(Layer):
    """Reads the frames of a sequence with a convolutional LSTM and outputs its hidden states.

    The first spatial axis is time: channels × frames × height × width, or channels × frames ×
    length. Four gates convolve each frame and the previous hidden state, padded so that the size
    stays the same. With ``peepholes``, three of the gates also read the cell, with a weight for
    every element.

    Operations: one multiplication and one addition per multiply-accumulate, and one addition per
    output of a gate for the bias; per hidden unit and frame three sigmoids (an exponential, an
    addition and a division each), two hyperbolic tangents (an exponential each), three
    multiplications and an addition; with peepholes, three more multiplications and additions.
    """

    family = "recurrent"
    main = "hidden_channels"

    hidden_channels: int = count(
        "number of channels of the hidden state", also=("hidden", "filters")
    )
    kernel_size: Sizes = sizes("filter size along each axis of a frame", also=("kernel", "F"))
    bias: bool = flag("whether gates have biases", True, ("use_bias",))
    peepholes: bool = flag("whether three of the gates also read the cell", False)

    def output(self, x: Shape) -> Map:
        x = _need_frames(x)
        per_axis(self.kernel_size, _frame(x), "kernel_size")
        return Map(dimensions.filters(out_channels=self.hidden_channels), x.spatial)

    def window(self, x: Map) -> tuple[int, ...]:
        """The filter size along each axis of a frame."""
        return per_axis(self.kernel_size, _frame(x), "kernel_size")

    def parameters(self, x: Map) -> Parameters:
        hidden = self.hidden_channels
        F, C_in = self.window(x), x.channels
        if self.peepholes:
            N = _frame(x).spatial
            weights = sequence.peephole_lstm_weights(F=F, C_in=C_in, hidden=hidden, N=N)
        else:
            weights = sequence.conv_lstm_weights(F=F, C_in=C_in, hidden=hidden)
        return Parameters(weights, sequence.conv_lstm_biases(hidden=hidden) if self.bias else 0)

    def tensors(self, x: Map) -> Tensors:
        hidden = self.hidden_channels
        filters = (4 * hidden, x.channels + hidden, *self.window(x))
        tensors = weight_and_bias(filters, (4 * hidden,), self.bias, "gates.")
        if self.peepholes:
            cell = (hidden, *_frame(x).spatial)
            tensors |= {f"weight_c{gate}": cell for gate in "ifo"}
        return tensors

    def macs(self, x: Map) -> int:
        return sequence.conv_lstm_macs(
            F=self.window(x),
            C_in=x.channels,
            hidden=self.hidden_channels,
            N_out=_frame(x).spatial,
            steps=x.spatial[0],
        )

    def inner_macs(self, x: Map) -> int:
        """The products at all frames after the first, where the hidden state is computed by the
        layer."""
        return self.macs(x) // x.spatial[0] * (x.spatial[0] - 1)

    def operations(self, x: Map) -> Operations:
        products, units = self.macs(x), self.hidden_channels * prod(x.spatial)
        multiply, add, compare, divide, exponential = Lstm.cell
        more, biases = 3 * self.peepholes, 4 * self.bias
        return Operations(
            products + operations.each(n=units, times=multiply + more),
            products + operations.each(n=units, times=add + more + biases),
            compare,
            operations.each(n=units, times=divide),
            operations.each(n=units, times=exponential),
        )

    def reach(self, x: Map) -> tuple[Reach, ...]:
        """All frames; the window at the last frame grows with every frame before it."""
        steps = x.spatial[0]
        around = tuple(
            Reach(steps * (F - 1) + 1, 1, steps * ((F - 1) // 2)) for F in self.window(x)
        )
        return (Reach(steps, 0), *around)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """For every frame, one convolution of the frame and the state for all gates, followed by
        the operations of the gates; all states are concatenated at the end."""
        if any(F % 2 == 0 for F in self.window(x.shape)):
            raise LayerError("what PyTorch copies for a filter of even size is not modelled")
        if tape.low:
            raise LayerError("which states autocast casts is not modelled")
        params, frame = self.parameters(x.shape), _frame(x.shape)
        T, n = x.shape.spatial[0], self.hidden_channels * prod(frame.spatial)
        peeps = 3 * n if self.peepholes else 0
        held = tape.trained(*[n] * (3 * self.peepholes), params.weights - peeps, params.biases)
        from_cell, filters = held[: 3 * self.peepholes], held[3 * self.peepholes :]
        hidden = cell = tape.op(makes=n)
        states: list[Tensor] = []
        bound: tuple[Tensor, ...] = ()  # tensors that the module's local variables keep alive
        for read in tape.split(tape.in_order(x), [x.numbers // T] * T):
            both = tape.joined(read, hidden, makes=frame.elements + n)
            gates = tape.filtered(both, *filters, makes=4 * n)
            i, f, g, o = tape.split(gates, [gates.numbers // 4] * 4)
            tape.hold(*bound)
            if from_cell:
                i, f = (
                    tape.add(gate, tape.multiply(peep, cell, makes=n))
                    for gate, peep in zip((i, f), from_cell)
                )
            old, kept = cell, tape.multiply(tape.sigmoid(f), cell)
            cell = tape.add(kept, tape.multiply(tape.sigmoid(i), tape.tanh(g)))
            tape.hold(old)
            if from_cell:
                o = tape.add(o, tape.multiply(from_cell[2], cell, makes=n))
            old, hidden = hidden, tape.multiply(tape.sigmoid(o), tape.tanh(cell))
            tape.hold(old)
            states.append(hidden)
            bound = i, f, g, o
        y = tape.joined(*states, makes=n * T, later=True)
        tape.hold(*bound, cell)
        return y

    def to_torch(self, nn: Any, x: Map) -> Any:
        return nn.ConvLSTM(
            x.channels,
            self.hidden_channels,
            self.window(x),
            self.bias,
            _frame(x).spatial if self.peepholes else (),
        )

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        """The operators of one frame after another."""
        onnx.function()
        T, sizes = x.spatial[0], [self.hidden_channels, *_frame(x).spatial]
        batch = onnx.node("Shape", *onnx.inputs, start=0, end=1)
        shape = onnx.node("Concat", batch, onnx.ints(sizes), axis=0)
        hidden = cell = onnx.node("ConstantOfShape", shape)
        states = []
        for place in range(T):
            read = onnx.node("Gather", *onnx.inputs, onnx.ints([place]), axis=2)
            frame = onnx.node("Squeeze", read, onnx.ints([2]))
            hidden, cell = self._onnx_frame(onnx, x, frame, hidden, cell)
            states.append(onnx.node("Unsqueeze", hidden, onnx.ints([2])))
        return onnx.node("Concat", *states, axis=2)

    def _onnx_frame(self, onnx: Any, x: Map, frame: str, hidden: str, cell: str) -> Any:
        """The hidden state and the cell after a frame."""
        before = [(F - 1) // 2 for F in self.window(x)]
        after = [F // 2 for F in self.window(x)]
        weights = onnx.weight("gates.weight"), onnx.weight("gates.bias")
        both = onnx.node("Concat", frame, hidden, axis=1)
        gates = onnx.node("Conv", both, *weights, pads=[*before, *after])
        peeps = [onnx.weight(f"weight_c{gate}") for gate in "ifo"] if self.peepholes else []
        return onnx_cell(onnx, gates, self.hidden_channels, cell, peeps)

    examples = (
        Example(
            given={"hidden": 64, "kernel": 3, "peepholes": True},
            inputs=("1x10x64x64",),
            output="64x10x64x64",
            weights=936_192,  # 3·3·(1 + 64)·4·64, and 3·64·64·64
            biases=256,
            macs=6_134_169_600,  # 149,760 filter weights at 64·64 positions of 10 frames
            source="by hand: Shi et al. 2015, equation 3: W_x, W_h, b and W_c of three gates",
        ),
        Example(
            given={"filters": 2, "kernel": [1, 3], "bias": False},
            inputs=("3x2x4x5",),
            output="2x2x4x5",
            weights=120,  # 1·3·(3 + 2)·4·2
            biases=0,
            macs=4_800,  # 120 at 4·5 positions of 2 frames
            # 80 hidden units, each 3 multiplications, 4 additions, 3 divisions, 5 exponentials
            operations=Operations(multiply=5_040, add=5_120, divide=240, exponential=400),
            source="by hand: Keras's ConvLSTM2D(2, (1, 3), padding='same', use_bias=False)",
        ),
        Example(
            given={"hidden": 2, "kernel": 3, "peepholes": True},
            inputs=("1x3x4",),
            output="2x3x4",
            weights=96,  # 3·(1 + 2)·4·2, and 3·2·4
            biases=8,
            macs=864,
            # 24 hidden units in all: 6 multiplications each, 4 + 3 + 4 additions
            operations=Operations(multiply=1_008, add=1_128, divide=72, exponential=120),
            source="by hand: frames of length 4",
        ),
    )
    refusals = (
        Refusal({"hidden": 4, "kernel": 3}, ("8x5",), "expected 2 or 3 spatial axes, not 1"),
        Refusal({"hidden": 4, "kernel": [3, 3, 3]}, ("8x5x5x5",), "has 3 values"),
        Refusal(4, ("8x5x5x5",), "needs 'kernel_size'"),
        Refusal({"hidden": 4, "kernel": 3}, ("100",), "not a vector"),
    )


def _need_frames(x: Shape) -> Map:
    return need_map(x, axes=(2, 3))


def _frame(x: Map) -> Map:
    """The map of one frame."""
    return Map(x.channels, x.spatial[1:])
