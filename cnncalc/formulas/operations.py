"""All arithmetic of a layer, by kind of operation."""

from cnncalc.formulas.tracing import formula
from cnncalc.formulas.vocabulary import product, share


@formula("operations", gives="derivation", bare=("times",))
def each(n: int = 1, times: int = 1) -> int:
    """The same number of operations for every one of n elements."""
    return times * n


@formula("taps", gives="derivation")
def cells(F: tuple[int, ...]) -> int:
    """How many cells a window holds."""
    return product(F)


@formula("taps", gives="derivation")
def neighbours(E: tuple[int, ...]) -> int:
    """How many inputs are blended where E are along each axis."""
    return product(E)


@formula("bias additions")
def bias_additions(n_out: int) -> int:
    """One for every output."""
    return n_out


@formula("bias additions")
def piece_additions(n_out: int, k: int) -> int:
    """One for every one of k linear pieces of an output."""
    return n_out * k


@formula("operations", gives="derivation")
def differences(n_in: int, n_out: int) -> int:
    """One for every input and output."""
    return n_in * n_out


@formula("operations", gives="derivation")
def window_reductions(taps: int, n_out: int = 1) -> int:
    """Combining ``taps`` numbers into one takes one operation less, for every output."""
    return n_out * (taps - 1)


@formula("operations", gives="derivation")
def range_reductions(taps: int, n_out: int) -> int:
    """The same when windows differ: all taps, less one for every output."""
    return taps - n_out


@formula("n")
def group_size(elements: int, G: int) -> int:
    """The elements of each of G groups."""
    return share(elements, G)


@formula("operations", gives="derivation", bare=("times",))
def each_group(G: int = 1, times: int = 1) -> int:
    """The same number of operations for every group."""
    return times * G


@formula("operations", gives="derivation")
def normalisation_additions(n: int, G: int = 1) -> int:
    """The sum, the deviations from the mean, the sum of their squares and epsilon, for every group
    of n numbers."""
    return G * ((n - 1) + n + (n - 1) + 1)
