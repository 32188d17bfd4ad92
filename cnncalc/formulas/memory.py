"""Elements and bytes."""

from cnncalc.formulas.tracing import formula
from cnncalc.formulas.vocabulary import product


@formula("elements")
def elements(N_out: tuple[int, ...], C_out: int, batch: int = 1) -> int:
    """The numbers in a feature map (a vector is a map without axes), for every image."""
    return C_out * product(N_out) * batch


@formula("bytes")
def size_in_bytes(elements: int, bytes_each: int) -> int:
    """What the elements occupy at this dtype."""
    return elements * bytes_each
