"""Formulas that are asked for in homework alone."""

from cnncalc.formulas.tracing import formula


@formula("P")
def padding_keeping(F: int, D: int = 1) -> int:
    """Zeros a side with which a window at stride 1 has as many places as there are inputs."""
    return D * (F - 1) // 2


@formula("S")
def required_stride(N: int, F: int, N_out: int, P: int = 0, D: int = 1) -> int:
    """The stride with which a window has N_out places; the largest where several have."""
    return (N - (D * (F - 1) + 1) + 2 * P) // (N_out - 1)
