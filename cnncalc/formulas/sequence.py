"""Recurrent layers, attention, embeddings and blocks of pixels: sizes, parameters and
multiply-accumulates."""

from cnncalc.formulas.tracing import formula
from cnncalc.formulas.vocabulary import product


@formula("weights")
def recurrent_weights(n_in: int, hidden: int, gates: int, layers: int, directions: int = 1) -> int:
    """Every gate reads the input and the previous output; later layers read all directions."""
    later = (layers - 1) * (directions * hidden + hidden)
    return directions * gates * hidden * (n_in + hidden + later)


@formula("weights")
def one_recurrent_layer(n_in: int, hidden: int, gates: int, directions: int = 1) -> int:
    """Every gate reads the input and the previous output."""
    return directions * gates * hidden * (n_in + hidden)


@formula("weights")
def projected_weights(
    n_in: int, hidden: int, projected: int, gates: int, layers: int, directions: int = 1
) -> int:
    """Every gate reads the input and the previous projected output; each layer also has the weights
    of its projection."""
    later = (layers - 1) * (directions * projected + projected)
    gated = gates * hidden * (n_in + projected + later)
    return directions * (gated + layers * hidden * projected)


@formula("biases")
def recurrent_biases(
    hidden: int, gates: int, layers: int, directions: int = 1, per_gate: int = 2
) -> int:
    """PyTorch has two per gate: one for the input and one for the previous output."""
    return layers * directions * gates * per_gate * hidden


@formula("MACs")
def per_position(weights: int, positions: int) -> int:
    """Every weight is used once per position."""
    return weights * positions


@formula("C_out")
def recurrent_channels(hidden: int, directions: int = 1) -> int:
    """The outputs of both directions are concatenated."""
    return directions * hidden


@formula("weights")
def attention_weights(C: int) -> int:
    """Four projections: of query, key, value and output."""
    return 4 * C * C


@formula("biases")
def attention_biases(C: int) -> int:
    """One per output of each of the four projections."""
    return 4 * C


@formula("MACs")
def attention_macs(C: int, positions: int) -> int:
    """The four projections, the scores of all pairs of positions, and their weighted sums."""
    return 4 * C * C * positions + 2 * C * positions * positions


@formula("scores", gives="derivation")
def attention_scores(heads: int, positions: int, others: int) -> int:
    """One per head for every pair of positions."""
    return heads * positions * others


@formula("operations", gives="derivation")
def attention_reductions(heads: int, positions: int, others: int) -> int:
    """For every head and position, reducing ``others`` scores to one number takes ``others − 1``
    operations."""
    return heads * positions * (others - 1)


@formula("weights")
def embedding_weights(num_embeddings: int, embedding_dim: int) -> int:
    """One row for every entry of the vocabulary."""
    return num_embeddings * embedding_dim


@formula("C_out")
def embedding_channels(embedding_dim: int) -> int:
    """One channel per number in a row."""
    return embedding_dim


@formula("weights")
def positional_weights(C: int, N: tuple[int, ...]) -> int:
    """One for every element of the map."""
    return C * product(N)


@formula("buffers")
def waves(C: int, N: tuple[int, ...]) -> int:
    """One for every element of the map."""
    return C * product(N)


@formula("weights")
def cross_attention_weights(C: int, C_other: int) -> int:
    """The projections of query and output read C channels, those of key and value ``C_other``."""
    return 2 * C * C + 2 * C_other * C


@formula("MACs")
def cross_attention_macs(C: int, C_other: int, positions: int, others: int) -> int:
    """The four projections, the scores of all pairs of positions, and their weighted sums."""
    return 2 * C * C * positions + 2 * C_other * C * others + 2 * C * positions * others


@formula("biases")
def relative_biases(heads: int, N: tuple[int, ...]) -> int:
    """One per head for every offset between two positions."""
    return heads * product(tuple(2 * size - 1 for size in N))


@formula("biases")
def attention_and_relative_biases(C: int, heads: int, N: tuple[int, ...]) -> int:
    """The biases of the four projections, and one per head for every offset between positions."""
    return 4 * C + heads * product(tuple(2 * size - 1 for size in N))


@formula("C_out")
def unshuffled(C_in: int, r: int) -> int:
    """Each block of r×r pixels of a channel becomes r² channels."""
    return C_in * r * r


@formula("N_out")
def blocks(N: int, r: int) -> int:
    """The number of blocks of r pixels along an axis."""
    return N // r


@formula("weights")
def conv_lstm_weights(F: tuple[int, ...], C_in: int, hidden: int) -> int:
    """The filters of four gates read the input and the previous output."""
    return product(F) * (C_in + hidden) * 4 * hidden


@formula("weights")
def peephole_lstm_weights(F: tuple[int, ...], C_in: int, hidden: int, N: tuple[int, ...]) -> int:
    """The weights of a convolutional LSTM, and in three gates one for every element of the cell
    state."""
    return product(F) * (C_in + hidden) * 4 * hidden + 3 * hidden * product(N)


@formula("biases")
def conv_lstm_biases(hidden: int) -> int:
    """One per filter of the four gates."""
    return 4 * hidden


@formula("MACs")
def conv_lstm_macs(
    F: tuple[int, ...], C_in: int, hidden: int, N_out: tuple[int, ...], steps: int
) -> int:
    """The filters of the four gates, at every position of every step."""
    return product(F) * (C_in + hidden) * 4 * hidden * product(N_out) * steps


@formula("N_out")
def with_tokens(N: int, tokens: int) -> int:
    """The positions of a signal, and the learned tokens before them."""
    return N + tokens


@formula("weights")
def token_weights(C: int, tokens: int) -> int:
    """One number per channel of every learned token."""
    return C * tokens


@formula("MACs")
def dot_product_macs(heads: int, positions: int, others: int, features: int, values: int) -> int:
    """For every head, the scores of all pairs of positions, and their weighted sums."""
    return heads * positions * others * (features + values)
