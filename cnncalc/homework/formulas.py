"""Formulas that only homework questions need."""

from cnncalc.formulas.tracing import formula


@formula("P")
def padding_keeping(F: int, D: int = 1) -> int:
    """The number of zeros on each side that keeps the size at stride 1."""
    return D * (F - 1) // 2


@formula("S")
def required_stride(N: int, F: int, N_out: int, P: int = 0, D: int = 1) -> int:
    """The largest stride that gives the window at least N_out positions."""
    return (N - (D * (F - 1) + 1) + 2 * P) // (N_out - 1)
