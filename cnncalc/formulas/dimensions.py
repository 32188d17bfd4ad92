"""Sizes that no window makes: channels, features, and what is left for a reshape."""

from cnncalc.formulas.tracing import formula
from cnncalc.formulas.vocabulary import product, share, total


@formula("C_out")
def filters(out_channels: int) -> int:
    """Every filter puts out a channel."""
    return out_channels


@formula("C_out")
def multiplied(C_in: int, multiplier: int = 1) -> int:
    """Every input channel becomes several."""
    return C_in * multiplier


@formula("n_out")
def features(out_features: int) -> int:
    """As many outputs as are asked for."""
    return out_features


@formula("n_out")
def flattened(C_in: int, N_in: tuple[int, ...]) -> int:
    """The length of a map laid out as a vector."""
    return C_in * product(N_in)


@formula("C_out")
def joined(C_i: tuple[int, ...]) -> int:
    """The channels of all inputs, one behind another."""
    return total(C_i)


@formula("n_out")
def laid_end_to_end(n_i: tuple[int, ...]) -> int:
    """The features of all inputs, one behind another."""
    return total(n_i)


@formula("C_out")
def kept(start: int, stop: int) -> int:
    """The channels from one up to, but not including, another."""
    return stop - start


@formula("C_out")
def shuffled(C_in: int, r: int) -> int:
    """Squares of r x r channels become one channel each."""
    return share(C_in, r * r)


@formula("rest", bare=("sizes",))
def left_for(n: int, sizes: tuple[int, ...]) -> int:
    """What is left for the one size that is not given, so that there are n elements."""
    return share(n, product(sizes))
