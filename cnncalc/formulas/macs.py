"""Multiply-accumulates, counted densely: taps on the padding count; biases and elementwise
operations do not.

Oracle: half the total of PyTorch's ``FlopCounterMode``.
"""

from cnncalc.formulas.tracing import formula
from cnncalc.formulas.vocabulary import product, share


@formula("MACs")
def given(multiply_accumulates: int) -> int:
    """The given number."""
    return multiply_accumulates


@formula("MACs")
def of_frames(MACs: int, frames: int) -> int:
    """Every frame costs the same."""
    return MACs * frames


@formula("MACs")
def conv_macs(F: tuple[int, ...], C_in: int, C_out: int, N_out: tuple[int, ...], G: int = 1) -> int:
    """For each output, one dot product with a filter."""
    return product(F) * share(C_in, G) * C_out * product(N_out)


@formula("MACs")
def depthwise_macs(
    F: tuple[int, ...], C_in: int, N_out: tuple[int, ...], multiplier: int = 1
) -> int:
    """For each output, one dot product with a single-channel filter."""
    return product(F) * C_in * multiplier * product(N_out)


@formula("MACs")
def table_macs(F: tuple[int, ...], links: int, N_out: tuple[int, ...]) -> int:
    """A single-channel filter for each connection in the table, at every position."""
    return product(F) * links * product(N_out)


@formula("MACs")
def transposed_macs(
    F: tuple[int, ...], C_in: int, C_out: int, N_in: tuple[int, ...], G: int = 1
) -> int:
    """Every weight is used once at each *input* position."""
    return product(F) * C_in * share(C_out, G) * product(N_in)


@formula("MACs")
def linear_macs(n_in: int, n_out: int) -> int:
    """One product for every pair of an input and an output."""
    return n_in * n_out


@formula("MACs")
def maxout_macs(n_in: int, n_out: int, k: int) -> int:
    """``k`` linear pieces per output."""
    return n_in * n_out * k


@formula("MACs")
def matrix_macs(rows: int, inner: int, columns: int, batches: tuple[int, ...] = ()) -> int:
    """One dot product for every pair of a row and a column, in each matrix product."""
    return product(batches) * rows * inner * columns


@formula("connections")
def window_connections(n_out: int, taps: int) -> int:
    """Each output is connected to the elements under its window, and to the bias."""
    return n_out * (taps + 1)


@formula("connections")
def full_connections(n_in: int, n_out: int) -> int:
    """Every input is connected to every output."""
    return n_in * n_out


@formula("MACs of the batch")
def batched(MACs: int, batch: int) -> int:
    """Every image costs the same."""
    return MACs * batch


@formula("backward MACs")
def backward_macs(of_weights: int, of_inputs: int) -> int:
    """The gradients of the weights plus those of the inputs; each usually costs as much as the
    forward pass."""
    return of_weights + of_inputs


@formula("FLOPs")
def flops(MACs: int) -> int:
    """A multiply-accumulate is two floating-point operations."""
    return 2 * MACs


@formula("MACs")
def separable_macs(
    F: tuple[int, ...], C_in: int, C_out: int, N_out: tuple[int, ...], multiplier: int = 1
) -> int:
    """The depthwise and the pointwise filters, at every position."""
    return (product(F) * C_in * multiplier + C_in * multiplier * C_out) * product(N_out)
