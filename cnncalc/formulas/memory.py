"""Elements and bytes."""

from cnncalc.formulas.tracing import formula
from cnncalc.formulas.vocabulary import product


@formula("elements")
def elements(C_out: int, N_out: tuple[int, ...], batch: int = 1) -> int:
    """The numbers in a feature map, for every image."""
    return C_out * product(N_out) * batch


@formula("elements")
def vector_elements(n_out: int, batch: int = 1) -> int:
    """The numbers in a vector, for every image."""
    return n_out * batch


@formula("bytes")
def size_in_bytes(elements: int, bytes_each: int) -> int:
    """What the elements occupy."""
    return elements * bytes_each
