"""Recurrent layers, attention and embeddings: sizes, parameters and multiply-accumulates.

``n`` is the number of positions in a sequence, ``h`` the size of the hidden state, ``gates`` the
number of its gates, and ``p`` the size of a recurrent cell's output.
"""

from cnncalc.formulas.tracing import formula


@formula("weights")
def recurrent_weights(n_in: int, h: int, p: int, gates: int, directions: int = 1) -> int:
    """Every gate reads the input and the previous output, in each direction."""
    return directions * gates * h * (n_in + p)


@formula("weights")
def projection_weights(h: int, p: int, directions: int = 1) -> int:
    """The hidden state is projected onto a smaller output, in each direction."""
    return directions * h * p


@formula("biases")
def recurrent_biases(h: int, gates: int, directions: int = 1) -> int:
    """PyTorch keeps two biases per gate: one for the input and one for the previous output."""
    return directions * gates * 2 * h


@formula("MACs")
def recurrent_macs(weights: int, n: int) -> int:
    """Every weight is used once per position."""
    return weights * n


@formula("C_out")
def recurrent_channels(p: int, directions: int = 1) -> int:
    """The outputs of both directions are concatenated."""
    return directions * p


@formula("weights")
def attention_weights(C: int) -> int:
    """Four projections: of query, key, value and output."""
    return 4 * C * C


@formula("biases")
def attention_biases(C: int) -> int:
    """One per output of each of the four projections."""
    return 4 * C


@formula("MACs")
def attention_macs(C: int, n: int) -> int:
    """The four projections, the scores of all pairs of positions, and their weighted sums."""
    return 4 * C * C * n + 2 * C * n * n


@formula("scores", gives="derivation")
def attention_scores(heads: int, n: int) -> int:
    """One per head for every pair of positions."""
    return heads * n * n


@formula("weights")
def embedding_weights(num_embeddings: int, embedding_dim: int) -> int:
    """One row for every entry of the vocabulary."""
    return num_embeddings * embedding_dim


@formula("C_out")
def embedding_channels(embedding_dim: int) -> int:
    """As many channels as a row has numbers."""
    return embedding_dim


@formula("C_out")
def unshuffled(C_in: int, r: int) -> int:
    """Each block of r x r pixels becomes r x r channels."""
    return C_in * r * r


@formula("N_out")
def blocks(N: int, r: int) -> int:
    """How many blocks of r pixels fit an axis."""
    return N // r
