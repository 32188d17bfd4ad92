"""Convolution."""

from collections.abc import Mapping
from functools import reduce
from math import gcd
from typing import Any

from cnncalc.core.call import Call
from cnncalc.core.cost import Operations, Parameters, Tensors, weight_and_bias
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import count, declare, shown
from cnncalc.core.layer import Example, Refusal, Tape, Tensor, need_map
from cnncalc.core.nest import Nest
from cnncalc.core.onnx import OnnxCall
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import dimensions, macs, parameters
from cnncalc.layers import _divisors as divisors
from cnncalc.layers._filters import Filters
from cnncalc.layers._window import onnx_settings, onnx_window, padded, torch_window

Connections = tuple[tuple[int, ...], ...]


def connection_table(doc: str) -> Any:
    """For each filter, a list of the input channels it reads, counted from 0."""

    def check(value: Any) -> Connections:
        rows = value if isinstance(value, list | tuple) else ()
        fits = all(
            isinstance(row, list | tuple)
            and row
            and len(set(map(str, row))) == len(row)
            and all(type(channel) is int and channel >= 0 for channel in row)
            for row in rows
        )
        if not rows or not fits:
            raise LayerError(
                "must list the distinct input channels that each filter reads, "
                f"counted from 0, not {shown(value)}"
            )
        return tuple(map(tuple, rows))

    channel = {"type": "integer", "minimum": 0}
    row = {"type": "array", "items": channel, "minItems": 1, "uniqueItems": True}
    return declare(doc, None, (), check, {"type": "array", "items": row, "minItems": 1})


class Conv(Filters):
    """Slides filters over the input; each filter produces one output channel.

    A filter reads all input channels (with groups, those of its own group) and moves by the
    stride along 1, 2 or 3 spatial axes, as many as the input has. At every position it
    multiplies its weights by the inputs under it, sums the products and adds its bias. All
    positions share the same weights. A table of connections, as in LeNet-5, restricts each
    filter to some of the input channels.

    Operations: one multiplication and one addition per multiply-accumulate, and one addition
    per output for the bias.
    """

    operators = {"Conv": {}}
    onnx_operands = (2, 3)
    aliases = ("convolution", "convolutional")
    main = "out_channels"
    takes_bias = True

    out_channels: int = count(
        "number of filters, one per output channel",
        also=("filters", "K", "num_output"),
    )
    groups: int = count("number of groups that the channels are split into", 1, also=("G", "group"))
    connections: Connections | None = connection_table(
        "for each filter, the input channels that it reads, counted from 0; by default all"
    )

    @classmethod
    def imported(cls, call: Call) -> dict[str, Any]:
        return {"out_channels": call.held["weight"][0], **super().imported(call)}

    def output(self, x: Shape) -> Map:
        x = need_map(x)
        check_groups(x.channels, self.out_channels, self.groups)
        self._check_connections(x)
        return Map(dimensions.filters(out_channels=self.out_channels), self.places(x))

    def _check_connections(self, x: Map) -> None:
        if self.connections is None:
            return
        if self.groups != 1:
            raise LayerError("groups and connections cannot be combined; remove one of them")
        if len(self.connections) != self.out_channels:
            rows = len(self.connections)
            raise LayerError(
                f"out_channels is {self.out_channels}, but connections has {rows} "
                f"row{'s' * (rows != 1)}",
                "give each filter one row",
            )
        beyond = max(map(max, self.connections))
        if beyond >= x.channels:
            raise LayerError(
                f"connects channel {beyond}, but {x} has channels 0 to {x.channels - 1}"
            )

    def parameters(self, x: Map) -> Parameters:
        F = self.window(x)
        if self.connections is not None:
            weights = parameters.table_weights(F=F, links=sum(map(len, self.connections)))
        else:
            weights = parameters.conv_weights(
                F=F, C_in=x.channels, C_out=self.out_channels, G=self.groups
            )
        return Parameters(
            weights, parameters.conv_biases(C_out=self.out_channels) if self.bias else 0
        )

    def tensors(self, x: Map) -> Tensors:
        taps, C_out = self.window(x), self.out_channels
        if self.connections is not None:
            return weight_and_bias((sum(map(len, self.connections)), *taps), (C_out,), self.bias)
        return weight_and_bias((C_out, x.channels // self.groups, *taps), (C_out,), self.bias)

    def macs(self, x: Map) -> int:
        F, N_out = self.window(x), self.places(x)
        if self.connections is not None:
            return macs.table_macs(F=F, links=sum(map(len, self.connections)), N_out=N_out)
        return macs.conv_macs(
            F=F, C_in=x.channels, C_out=self.out_channels, N_out=N_out, G=self.groups
        )

    def nests(self, x: Map) -> tuple[Nest, ...] | None:
        if self.connections is not None:
            return None
        return (self.nest(x, self.out_channels, self.groups),)

    @property
    def keeps_format(self) -> tuple[int, ...]:
        return (1, 2) if self.connections is None else ()

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A convolution, which saves its input; with a connection table, one convolution per
        filter."""
        return super().steps(tape, x) if self.connections is None else self._partial(tape, x)

    def _partial(self, tape: Tape, x: Tensor) -> Tensor:
        """One convolution per filter on the channels it reads from a padded copy. Each saves
        those channels and their indices. The outputs are concatenated, and the biases added."""
        params, out = self.parameters(x.shape), self.output(x.shape)
        around = tape.op(x, makes=padded(x.shape, self.axes(x.shape)))
        plane = around.numbers // tape.batch // x.shape.channels
        place = out.elements // out.channels
        assert self.connections is not None
        taps = params.weights // sum(map(len, self.connections))
        weights, *biases = tape.trained(params.weights, params.biases)
        filters = tape.split(weights, [taps * len(reads) for reads in self.connections])
        maps = []
        for reads, planes in zip(self.connections, filters):
            # The gradient of the channels that a filter reads is written into a map of zeros.
            copied = 0 if tape.cuda else around.bytes
            read = tape.op(
                around, makes=len(reads) * plane, own=tape.indices(len(reads)), beside=copied
            )
            given, held_planes = tape.lowered(read, planes)
            maps.append(tape.op(given, held_planes, makes=place, keeps=(given, held_planes)))
        y = reduce(tape.add, biases, tape.joined(*maps, makes=out.elements))
        tape.hold(around, *maps)
        return y

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        weights = call.held.get(1)
        if weights is None or call.differs(2, 0):
            return None  # another layer computes them, or a constant is added
        window = onnx_window(call, weights[2:])
        groups = call.settings.get("group", 1)
        return {"out_channels": weights[0], **window, "groups": groups, "bias": 2 in call.held}

    def to_torch(self, nn: Any, x: Map) -> Any:
        if self.connections is not None:
            return nn.PartialConv(self.connections, *torch_window(self.axes(x)), bias=self.bias)
        return self.convolution(nn, x, self.out_channels, self.groups)

    def to_onnx(self, onnx: Any, x: Map) -> Any:
        if self.connections is None:
            return self.onnx_convolution(onnx, x, self.groups)
        onnx.function()  # ONNX's Conv has no table, so weights of 0 replace missing connections
        C, F = x.channels, self.window(x)
        reads = [k * C + one for k, row in enumerate(self.connections) for one in row]
        zeros = onnx.node("ConstantOfShape", onnx.ints([self.out_channels * C, *F]))
        places = onnx.ints(reads, len(reads), 1)
        planes = onnx.node("ScatterND", zeros, places, onnx.weight("weight"))
        filters = onnx.node("Reshape", planes, onnx.ints([self.out_channels, C, *F]))
        settings = onnx_settings(self.axes(x))
        return onnx.node("Conv", *onnx.inputs, filters, onnx.weight("bias"), **settings)

    examples = (
        Example(
            given={"filters": 10, "kernel": 5, "stride": 1, "padding": 2},
            inputs=("3x32x32",),
            output="10x32x32",
            weights=750,
            biases=10,
            params=760,
            macs=768_000,  # 75 products for each of 10·32·32 outputs
            source="NTU lecture, example: (5·5·3 + 1)·10 = 760",
        ),
        Example(
            given={"out_channels": 96, "kernel_size": 11, "stride": 4},
            inputs=("3x227x227",),
            output="96x55x55",
            params=34_944,
            macs=105_415_200,  # 11·11·3 · 96 · 55·55
            source="TUM lecture, AlexNet CONV1: (11·11·3 + 1)·96 = 35K",
        ),
        Example(
            given={"filters": 4, "kernel": 2, "bias": False},
            inputs=("1x3x3",),
            output="4x2x2",
            weights=16,
            biases=0,
            macs=64,
            operations=Operations(multiply=64, add=64),
            source="Kedge lecture, 3×3 ∗ 2×2 gives 2×2",
        ),
        Example(
            given={"filters": 8, "kernel": 3, "groups": 2, "padding": "same", "stride": 2},
            inputs=("4x7x7",),
            output="8x4x4",
            weights=144,  # 3·3 · 4/2 · 8
            macs=2304,
            source="TensorFlow's SAME: ceil(7/2) = 4",
        ),
        Example(
            given={"filters": 8, "kernel": 3},
            inputs=("16x15",),
            output="8x13",
            params=392,
            source="Waibel et al. 1989: 3-frame windows over 15 frames of 16 coefficients",
        ),
        Example(
            given={"filters": 32, "kernel": 2, "dilation": 512, "padding": "causal"},
            inputs=("32x4096",),
            output="32x4096",
            params=2080,  # 2·32·32 + 32
            macs=8_388_608,  # 2·32·32 · 4,096
            source="van den Oord et al. 2016, WaveNet, figure 3: dilated causal convolutions",
        ),
    )
    refusals = (
        Refusal({"filters": 8, "kernel": 3, "groups": 3}, ("4x5x5",), "4 input channels"),
        Refusal({"filters": 8, "kernel": 3, "groups": 2}, ("1x5x5",), "1 input channel cannot"),
        Refusal({"filters": 8, "kernel": 3, "padding": [1]}, ("4x5x5",), "covers 1 axis, but"),
        Refusal({"filters": 8, "kernel": 7}, ("4x5x5",), "larger than the input of 5"),
        Refusal({"filters": 8, "kernel": 3}, ("100",), "not a vector"),
        Refusal(
            {"filters": 8, "kernel": 3, "padding": "causal"},
            ("4x5x5",),
            "causal padding is for a signal, with one axis, not for 4×5×5",
        ),
        Refusal({"filters": 8, "kernel": [3, 3, 3]}, ("4x5x5",), "has 3 values"),
        Refusal({"filters": 0, "kernel": 3}, ("4x5x5",), "at least 1, not 0"),
        Refusal({"filters": 8, "kernel": 3, "stride": 1.5}, ("4x5x5",), "not 1.5"),
        Refusal({"filters": 8}, ("4x5x5",), "needs 'kernel_size'"),
        Refusal({"filters": 1, "kernel": 3, "connections": [[4]]}, ("4x5x5",), "channels 0 to 3"),
        Refusal({"filters": 1, "kernel": 3, "connections": [[0, 0]]}, ("4x5x5",), "distinct"),
        Refusal({"filters": 2, "kernel": 3, "connections": [[0]]}, ("4x5x5",), "has 1 row;"),
        Refusal(
            {"filters": 2, "kernel": 3, "groups": 2, "connections": [[0], [1]]},
            ("4x5x5",),
            "cannot be combined",
        ),
    )


def check_groups(C_in: int, C_out: int, groups: int) -> None:
    """Raise LayerError unless the number of groups divides both channel counts."""
    for side, channels in (("input", C_in), ("output", C_out)):
        if channels % groups:
            fits = divisors.that_fit("groups", gcd(C_in, C_out))
            raise LayerError(
                f"{channels} {side} channel{'s' * (channels != 1)} cannot be divided into {groups} "
                "equal groups "
                f"({channels} = {channels // groups}·{groups} + {channels % groups})",
                fits,
            )
