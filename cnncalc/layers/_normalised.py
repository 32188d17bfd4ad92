"""What the normalisations that measure their own input share."""

from cnncalc.core.cost import Operations
from cnncalc.formulas import operations


def normalised(elements: int, n: int, groups: int, scaled: bool, shifted: bool) -> Operations:
    """Bring each group of n elements to mean 0 and variance 1, then scale and shift them.

    Squares and the division by the deviation are multiplications, since one over the deviation is
    worked out once for every group. Its three divisions are the mean, the variance and this one.
    """
    shifts = operations.each(n=elements) if shifted else 0
    return Operations(
        multiply=operations.each(n=elements, times=3 if scaled else 2),
        add=operations.normalisation_additions(n=n, G=groups) + shifts,
        divide=operations.each_group(G=groups, times=3),
        exponential=operations.each_group(G=groups),
    )
