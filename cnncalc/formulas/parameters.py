"""The numbers of parameters and buffers."""

from cnncalc.formulas.tracing import formula
from cnncalc.formulas.vocabulary import product, share


@formula("weights")
def conv_weights(F: tuple[int, ...], C_in: int, C_out: int, G: int = 1) -> int:
    """One filter per output channel, as deep as the input channels of its group."""
    return product(F) * share(C_in, G) * C_out


@formula("weights")
def weight_norm_weights(F: tuple[int, ...], C_in: int, C_out: int, G: int = 1) -> int:
    """The filters, and a factor for each."""
    return product(F) * share(C_in, G) * C_out + C_out


@formula("weights")
def depthwise_weights(F: tuple[int, ...], C_in: int, multiplier: int = 1) -> int:
    """``multiplier`` single-channel filters per input channel."""
    return product(F) * C_in * multiplier


@formula("weights")
def table_weights(F: tuple[int, ...], links: int) -> int:
    """One single-channel filter per connection in the table."""
    return product(F) * links


@formula("weights")
def local_weights(F: tuple[int, ...], C_in: int, C_out: int, N_out: tuple[int, ...]) -> int:
    """A separate set of filters at every output position."""
    return product(F) * C_in * C_out * product(N_out)


@formula("biases")
def local_biases(C_out: int, N_out: tuple[int, ...]) -> int:
    """One per output."""
    return C_out * product(N_out)


@formula("weights")
def linear_weights(n_in: int, n_out: int) -> int:
    """One per pair of input and output."""
    return n_in * n_out


@formula("weights")
def maxout_weights(n_in: int, n_out: int, k: int) -> int:
    """``k`` linear pieces per output."""
    return n_in * n_out * k


@formula("biases")
def maxout_biases(n_out: int, k: int) -> int:
    """One per linear piece."""
    return n_out * k


@formula("weights")
def slopes(num_parameters: int) -> int:
    """The requested number of slopes."""
    return num_parameters


@formula("weights")
def scales(n: int) -> int:
    """One factor per channel (or per normalized element)."""
    return n


@formula("biases")
def shifts(n: int) -> int:
    """One summand per channel (or per normalized element)."""
    return n


@formula("biases")
def conv_biases(C_out: int) -> int:
    """One per filter."""
    return C_out


@formula("biases")
def linear_biases(n_out: int) -> int:
    """One per output."""
    return n_out


@formula("buffers")
def running_statistics(C: int) -> int:
    """Running mean and variance, and PyTorch's counter of batches."""
    return 2 * C + 1


@formula("params")
def total(weights: int = 0, biases: int = 0) -> int:
    """All learned numbers."""
    return weights + biases


@formula("weights")
def learned(size_i: tuple[int, ...]) -> int:
    """Every number of a learned tensor."""
    return product(size_i)


@formula("buffers")
def fixed(size_i: tuple[int, ...]) -> int:
    """Every number of a fixed tensor."""
    return product(size_i)


@formula("weights")
def without_biases(params: int, biases: int) -> int:
    """All learned numbers but the biases."""
    return params - biases


@formula("weights")
def separable_weights(F: tuple[int, ...], C_in: int, C_out: int, multiplier: int = 1) -> int:
    """Single-channel filters for each input channel, then one 1×1 filter per output channel."""
    return product(F) * C_in * multiplier + C_in * multiplier * C_out


@formula("biases")
def separable_biases(C_in: int, C_out: int, multiplier: int = 1) -> int:
    """One per depthwise and one per pointwise filter."""
    return C_in * multiplier + C_out


@formula("fixed")
def prototypes(n_in: int, n_out: int) -> int:
    """A fixed, not learned, point in the input space for each output."""
    return n_in * n_out


@formula("buffers")
def fixed_filters(F: tuple[int, ...], C_in: int) -> int:
    """One copy of a fixed filter for every channel."""
    return product(F) * C_in
