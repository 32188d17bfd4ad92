from cnncalc.homework.asks._counted import Counted


class BackwardMacs(Counted):
    """The multiply-accumulates of a backward pass, for the gradients of the weights and of the
    inputs; the network's input needs none."""

    aliases = ("backward", "macs_of_the_backward_pass")
    count = "backward_macs"
    unit = "MACs"
    whole_way = True  # a layer at the input needs no gradient of its input
