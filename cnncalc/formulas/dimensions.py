"""Sizes that need no window arithmetic, such as channels, features and columns."""

from cnncalc.formulas.tracing import formula
from cnncalc.formulas.vocabulary import product, share, total


@formula("C_out")
def filters(out_channels: int) -> int:
    """One output channel per filter."""
    return out_channels


@formula("C_out")
def multiplied(C_in: int, multiplier: int = 1) -> int:
    """``multiplier`` output channels per input channel."""
    return C_in * multiplier


@formula("n_out")
def features(out_features: int) -> int:
    """The requested number of outputs."""
    return out_features


@formula("n_out")
def flattened(C_in: int, N_in: tuple[int, ...]) -> int:
    """The length of a flattened map."""
    return C_in * product(N_in)


@formula("N_out")
def positions(N_in: tuple[int, ...]) -> int:
    """All positions along a single axis."""
    return product(N_in)


@formula("C_out")
def joined(C_i: tuple[int, ...]) -> int:
    """The channels of all inputs."""
    return total(C_i)


@formula("N_out")
def lined_up(N_i: tuple[int, ...]) -> int:
    """The positions of all inputs along the axis."""
    return total(N_i)


@formula("n_out")
def laid_end_to_end(n_i: tuple[int, ...]) -> int:
    """The features of all inputs."""
    return total(n_i)


@formula("C_out")
def kept(start: int, stop: int) -> int:
    """The channels from start up to, but not including, stop."""
    return stop - start


@formula("N_out")
def kept_places(start: int, stop: int) -> int:
    """The positions from start up to, but not including, stop."""
    return stop - start


@formula("C_out")
def halved(C_in: int) -> int:
    """Half of the channels."""
    return share(C_in, 2)


@formula("C_out")
def equal_part(C_in: int, parts: int) -> int:
    """The channels of each part."""
    return share(C_in, parts)


@formula("N_out")
def equal_length(N: int, parts: int) -> int:
    """The positions of each part."""
    return share(N, parts)


@formula("C_out")
def shuffled(C_in: int, r: int) -> int:
    """Every r·r channels become one."""
    return share(C_in, r * r)


@formula("rest", bare=("sizes",))
def left_for(n: int, sizes: tuple[int, ...]) -> int:
    """The size inferred from the others and the number n of elements."""
    return share(n, product(sizes))


@formula("C_out")
def column(C_in: int, F: tuple[int, ...]) -> int:
    """The inputs under a window, as one column of a matrix."""
    return C_in * product(F)


@formula("C_out")
def folded(C_in: int, F: tuple[int, ...]) -> int:
    """The channels whose windows fill a column."""
    return share(C_in, product(F))


@formula("columns")
def columns(N_out: tuple[int, ...]) -> int:
    """One column per window position."""
    return product(N_out)
