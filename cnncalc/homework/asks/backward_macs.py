from cnncalc.homework.asks._counted import Counted


class BackwardMacs(Counted):
    """The multiply-accumulates of a backward pass, for the gradients of the weights and of the
    inputs. The input of a network needs no gradient; the input of a single layer does."""

    aliases = ("backward", "macs_of_the_backward_pass")
    also = ("backward_macs_of_a_first_layer",)
    count = "backward_macs"
    unit = "MACs"
    cumulative = True  # a layer at the input needs no gradient of its input
