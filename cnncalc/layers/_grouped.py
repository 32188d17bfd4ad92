"""Base class for convolutions whose filters each read one group of channels."""

from typing import Any

from cnncalc.core.call import Call
from cnncalc.core.cost import Parameters, Tensors, weight_and_bias
from cnncalc.core.fields import count
from cnncalc.core.layer import need_map
from cnncalc.core.shape import Map, Shape
from cnncalc.formulas import dimensions, macs, parameters
from cnncalc.layers._filters import Filters
from cnncalc.layers.conv import check_groups


class Grouped(Filters):
    """Filters that read all channels, or those of their group."""

    main = "out_channels"

    out_channels: int = count("number of filters, one per output channel", also=("filters", "K"))
    groups: int = count("number of groups that the channels are split into", 1, also=("G",))

    @classmethod
    def imported(cls, call: Call) -> dict[str, Any]:
        return {"out_channels": call.held["weight"][0], **super().imported(call)}

    def output(self, x: Shape, *others: Shape) -> Map:
        x = need_map(x)
        check_groups(x.channels, self.out_channels, self.groups)
        return Map(dimensions.filters(out_channels=self.out_channels), self.places(x))

    def parameters(self, x: Map, *others: Shape) -> Parameters:
        weights = parameters.conv_weights(
            F=self.window(x), C_in=x.channels, C_out=self.out_channels, G=self.groups
        )
        return Parameters(
            weights, parameters.conv_biases(C_out=self.out_channels) if self.bias else 0
        )

    def tensors(self, x: Map, *others: Shape) -> Tensors:
        filters = (self.out_channels, x.channels // self.groups, *self.window(x))
        return weight_and_bias(filters, (self.out_channels,), self.bias)

    def macs(self, x: Map, *others: Shape) -> int:
        return macs.conv_macs(
            F=self.window(x),
            C_in=x.channels,
            C_out=self.out_channels,
            N_out=self.places(x),
            G=self.groups,
        )
