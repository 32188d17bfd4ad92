"""Base class for convolutions whose filters are computed from other parameters."""

from typing import Any

from cnncalc.core.errors import LayerError
from cnncalc.core.layer import Tape, Tensor
from cnncalc.core.shape import Map
from cnncalc.layers._grouped import Grouped
from cnncalc.layers._window import torch_window


class Reparametrized(Grouped):
    """A convolution with filters that are computed first, once for all images."""

    module = ""
    """The name of its PyTorch module."""

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        raise LayerError("what PyTorch saves for computed filters is not modelled")

    def to_torch(self, nn: Any, x: Map) -> Any:
        window = torch_window(self.axes(x))
        build = getattr(nn, self.module)
        return build(x.channels, self.out_channels, *window, groups=self.groups, bias=self.bias)
