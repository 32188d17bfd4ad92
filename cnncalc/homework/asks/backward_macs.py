"""Multiply-accumulates of the backward pass."""

from typing import ClassVar

from cnncalc.homework.asks._counted import Counted


class BackwardMacs(Counted):
    """The multiply-accumulates of a backward pass, for the gradients of the weights and of the
    inputs; the network's input needs none."""

    aliases: ClassVar = ("backward", "macs_of_the_backward_pass")
    count: ClassVar = "backward_macs"
    unit: ClassVar = "MACs"
