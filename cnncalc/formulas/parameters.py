"""How many numbers a layer learns."""

from cnncalc.formulas.tracing import formula
from cnncalc.formulas.vocabulary import product, share


@formula("weights")
def conv_weights(F: tuple[int, ...], C_in: int, C_out: int, G: int = 1) -> int:
    """One filter for each output channel, as deep as the input channels of its group."""
    return product(F) * share(C_in, G) * C_out


@formula("weights")
def depthwise_weights(F: tuple[int, ...], C_in: int, multiplier: int = 1) -> int:
    """So many filter planes for each input channel."""
    return product(F) * C_in * multiplier


@formula("weights")
def table_weights(F: tuple[int, ...], links: int) -> int:
    """One filter plane for each link of a partial connection table."""
    return product(F) * links


@formula("weights")
def local_weights(F: tuple[int, ...], C_in: int, C_out: int, N_out: tuple[int, ...]) -> int:
    """A filter bank of its own at every output position."""
    return product(F) * C_in * C_out * product(N_out)


@formula("biases")
def local_biases(C_out: int, N_out: tuple[int, ...]) -> int:
    """A bias for every output."""
    return C_out * product(N_out)


@formula("weights")
def linear_weights(n_in: int, n_out: int) -> int:
    """Every input to every output."""
    return n_in * n_out


@formula("weights")
def maxout_weights(n_in: int, n_out: int, k: int) -> int:
    """As many linear pieces as k for every output."""
    return n_in * n_out * k


@formula("biases")
def maxout_biases(n_out: int, k: int) -> int:
    """A bias for every linear piece."""
    return n_out * k


@formula("weights")
def slopes(num_parameters: int) -> int:
    """As many as are asked for."""
    return num_parameters


@formula("weights")
def scales(n: int) -> int:
    """One factor for each of n channels (or normalised elements)."""
    return n


@formula("biases")
def shifts(n: int) -> int:
    """One summand for each of n channels (or normalised elements)."""
    return n


@formula("biases")
def conv_biases(C_out: int) -> int:
    """One for each filter."""
    return C_out


@formula("biases")
def linear_biases(n_out: int) -> int:
    """One for each output."""
    return n_out


@formula("buffers")
def running_statistics(C: int) -> int:
    """Batch norm's running mean and variance, and the counter of batches that PyTorch keeps."""
    return 2 * C + 1


@formula("params")
def total(weights: int = 0, biases: int = 0) -> int:
    """All that is trained."""
    return weights + biases


@formula("weights")
def separable_weights(F: tuple[int, ...], C_in: int, C_out: int, multiplier: int = 1) -> int:
    """Filter planes for each input channel, then a 1x1 filter for each output channel."""
    return product(F) * C_in * multiplier + C_in * multiplier * C_out


@formula("biases")
def separable_biases(C_in: int, C_out: int, multiplier: int = 1) -> int:
    """One for each depthwise and one for each pointwise filter."""
    return C_in * multiplier + C_out


@formula("fixed")
def prototypes(n_in: int, n_out: int) -> int:
    """A point of the input space for each output; it is given, not learned."""
    return n_in * n_out
