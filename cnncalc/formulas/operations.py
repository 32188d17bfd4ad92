"""All arithmetic of a layer, by kind of operation."""

from cnncalc.formulas.tracing import formula
from cnncalc.formulas.vocabulary import product, share


@formula("operations", gives="derivation", bare=("times",))
def each(n: int = 1, times: int = 1) -> int:
    """The same number of operations for each of n elements."""
    return times * n


@formula("taps", gives="derivation")
def cells(F: tuple[int, ...]) -> int:
    """The number of elements in a window."""
    return product(F)


@formula("taps", gives="derivation")
def neighbours(E: tuple[int, ...]) -> int:
    """The number of inputs blended when there are E along each axis."""
    return product(E)


@formula("bias additions")
def bias_additions(n_out: int) -> int:
    """One per output."""
    return n_out


@formula("bias additions")
def piece_additions(n_out: int, k: int) -> int:
    """One per output for each of its k linear pieces."""
    return n_out * k


@formula("operations", gives="derivation")
def differences(n_in: int, n_out: int) -> int:
    """One per pair of input and output."""
    return n_in * n_out


@formula("operations", gives="derivation")
def window_reductions(taps: int, n_out: int = 1) -> int:
    """For every output, reducing ``taps`` numbers to one takes ``taps − 1`` operations."""
    return n_out * (taps - 1)


@formula("operations", gives="derivation")
def range_reductions(taps: int, n_out: int) -> int:
    """Reducing windows of different sizes takes one operation per tap, less one per output."""
    return taps - n_out


@formula("n")
def group_size(elements: int, G: int) -> int:
    """The elements in each of G groups."""
    return share(elements, G)


@formula("operations", gives="derivation", bare=("times",))
def each_group(G: int = 1, times: int = 1) -> int:
    """The same number of operations for every group."""
    return times * G


@formula("operations", gives="derivation")
def normalization_additions(n: int, G: int = 1) -> int:
    """For each group of n numbers: their sum, the deviations from the mean, the sum of the
    squares, and epsilon."""
    return G * ((n - 1) + n + (n - 1) + 1)


@formula("samples")
def samples(F: tuple[int, ...], C_in: int, N_out: tuple[int, ...]) -> int:
    """One interpolated value for every tap of every window, in every channel."""
    return product(F) * C_in * product(N_out)
