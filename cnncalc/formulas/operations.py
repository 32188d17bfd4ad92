"""All arithmetic of a layer, by kind of operation."""

from cnncalc.formulas.tracing import formula


@formula("operations", gives="derivation")
def each(n: int, times: int = 1) -> int:
    """The same number of operations for every one of n elements."""
    return n * times


@formula("bias additions", gives="symbol")
def bias_additions(n_out: int) -> int:
    """One for every output."""
    return n_out


@formula("operations", gives="derivation")
def window_reductions(n_out: int, taps: int) -> int:
    """Combining ``taps`` numbers into one takes one operation less, for every output."""
    return n_out * (taps - 1)


@formula("operations", gives="derivation")
def range_reductions(taps: int, n_out: int) -> int:
    """The same when windows differ: all taps, less one for every output."""
    return taps - n_out


@formula("operations", gives="derivation")
def normalisation_additions(n: int, groups: int) -> int:
    """The sum, the deviations from the mean, the sum of their squares and epsilon, for every group
    of n numbers."""
    return groups * ((n - 1) + n + (n - 1) + 1)
