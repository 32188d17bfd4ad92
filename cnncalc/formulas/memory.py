"""Elements and bytes."""

from cnncalc.formulas.tracing import formula
from cnncalc.formulas.vocabulary import product


@formula("elements")
def elements(C_out: int, N_out: tuple[int, ...], batch: int = 1) -> int:
    """The elements of a feature map, for the whole batch."""
    return C_out * product(N_out) * batch


@formula("elements")
def vector_elements(n_out: int, batch: int = 1) -> int:
    """The elements of a vector, for the whole batch."""
    return n_out * batch


@formula("bytes")
def size_in_bytes(elements: int, bytes_each: int) -> int:
    """The size of the elements in memory."""
    return elements * bytes_each
