"""Window arithmetic along one axis: the number of window positions, and what is left over.

Sources: most lectures for ``floor((N - F + 2P)/S) + 1``; PyTorch 2.13 for dilation, ceil mode and
transposed windows (``Conv2d``, ``MaxPool2d``, ``ConvTranspose2d``); TensorFlow for ``same``.
"""

from cnncalc.formulas.tracing import formula
from cnncalc.formulas.vocabulary import ceil_div, gcd, holds, positive_part, product, share, span


@formula("N_out")
def output_size(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """The number of positions of a window of F taps, D apart, that moves by S over N inputs with P
    zeros on each side."""
    return (N - span(F, D) + 2 * P) // S + 1


@formula("N_out")
def output_size_sides(N: int, F: int, S: int, P_before: int, P_after: int, D: int = 1) -> int:
    """The number of positions with different padding on the two sides."""
    return (N - span(F, D) + P_before + P_after) // S + 1


@formula("places")
def output_size_rounded_up(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """The number of positions if the last window may extend past the end."""
    return ceil_div(N - span(F, D) + 2 * P, S) + 1


@formula("N_out", note="the last would start at (places − 1)·S ≥ N + P, past the last input")
def output_size_ceil(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """The number of positions in ceil mode: rounded up, less one if the last window would start at
    N + P or later."""
    places = output_size_rounded_up(N=N, F=F, S=S, P=P, D=D)
    return places - holds((places - 1) * S >= N + P)


@formula("N_out")
def output_size_same(N: int, S: int) -> int:
    """The number of positions with ``same`` padding, whatever the filter."""
    return ceil_div(N, S)


@formula("P_total")
def padding_same(N: int, N_out: int, F: int, S: int, D: int = 1) -> int:
    """The total number of zeros that ``same`` adds."""
    return positive_part((N_out - 1) * S + span(F, D) - N)


@formula("P_before")
def padding_causal(F: int, D: int) -> int:
    """The number of zeros before a signal so that no output reads a later input."""
    return D * (F - 1)


@formula("P_before")
def padding_before(P_total: int) -> int:
    """Half of the zeros, rounded down, go before the input."""
    return P_total // 2


@formula("P_after")
def padding_after(P_total: int, P_before: int) -> int:
    """The rest go after it, including the extra zero if the total is odd."""
    return P_total - P_before


@formula("N_out")
def output_size_transposed(N: int, F: int, S: int, P: int = 0, D: int = 1, P_out: int = 0) -> int:
    """The output size of a transposed window."""
    return (N - 1) * S - 2 * P + span(F, D) + P_out


@formula("N_out")
def output_size_transposed_sides(
    N: int, F: int, S: int, P_before: int, P_after: int, D: int = 1, P_out: int = 0
) -> int:
    """The output size of a transposed window with different numbers of cells removed from the two
    sides."""
    return (N - 1) * S - P_before - P_after + span(F, D) + P_out


@formula("N_out")
def output_size_transposed_same(N: int, S: int) -> int:
    """The output size of a transposed window with ``same`` padding, whatever the filter."""
    return N * S


@formula("N_out")
def asked_size(N: int, size: int) -> int:
    """The requested size, which does not depend on N."""
    return size


@formula("N_out")
def padded_size(N: int, P_before: int, P_after: int) -> int:
    """The size after adding cells on both sides."""
    return N + P_before + P_after


@formula("N_out")
def cropped_size(N: int, cut_before: int, cut_after: int) -> int:
    """The size after removing cells on both sides."""
    return N - cut_before - cut_after


@formula("cut")
def cut_to(N: int, size: int) -> int:
    """The number of cells to remove."""
    return N - size


@formula("cut_before")
def cut_before(cut: int) -> int:
    """Half of the cells, rounded down, come off the start."""
    return cut // 2


@formula("cut_after")
def cut_after(cut: int, cut_before: int) -> int:
    """The rest come off the end, including the extra cell if the number is odd."""
    return cut - cut_before


@formula("N_out")
def scaled_size(N: int, scale: int) -> int:
    """The size after every cell becomes ``scale`` cells."""
    return N * scale


@formula("N_out")
def rescaled_size(N: int, up: int, down: int) -> int:
    """The size after scaling by a fraction, rounded down."""
    return N * up // down


@formula("remainder")
def left_over(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """The number of cells at the end of the padded input that no window reaches; 0 if the
    stride is legal."""
    move = N - span(F, D) + 2 * P
    return move - move // S * S


# The inputs under a window.


@formula("E")
def extent(F: int, D: int = 1) -> int:
    """The number of inputs from the first to the last tap of a window."""
    return span(F, D)


@formula("E")
def even_window(N: int, N_out: int) -> int:
    """The size of an adaptive window if N_out divides N: windows lie side by side."""
    return share(N, N_out)


@formula("E", note="the largest window")
def largest_window(N: int, N_out: int) -> int:
    """The size of the largest adaptive window [floor(iN/O), ceil((i+1)N/O))."""
    # With N = n·g, O = o·g and g = gcd(N, O), window i holds ceil((x + n)/o) inputs, where x is the
    # remainder of i·n divided by o. Some window has the largest remainder, o − 1.
    return ceil_div(N - gcd(N, N_out), N_out) + 1


@formula("N_taps")
def adaptive_taps(N: int, N_out: int) -> int:
    """The total number of inputs that the windows [floor(iN/O), ceil((i+1)N/O)) read along one
    axis."""
    # Windows i - 1 and i share an input if iN/O is not a whole number, which holds for all of the
    # O - 1 borders between windows except gcd(N, O) - 1.
    return N + N_out - gcd(N, N_out)


@formula("taps")
def all_taps(C: int, N_taps: tuple[int, ...]) -> int:
    """The total number of inputs that the windows of all channels read, for windows of different
    sizes along an axis."""
    return C * product(N_taps)


@formula("E", note="at most, from the first to the last input that contributes to one output")
def footprints(F: int, S: int = 1, D: int = 1) -> int:
    """The largest number of inputs from the first to the last that contribute to one output of
    a transposed window."""
    # Tap k connects input n with output o = n·S − P + k·D, with k from 0 to F − 1. The taps that
    # reach one output are S/gcd(S, D) apart, and their inputs are D/gcd(S, D) apart.
    g = gcd(S, D)
    return (ceil_div(F, share(S, g)) - 1) * share(D, g) + 1


@formula("before")
def footprints_before(F: int, S: int = 1, P: int = 0) -> int:
    """The number of places before input 0 from which a footprint would still reach output 0."""
    return (F - 1 - P) // S


@formula("before", note="tap is the last that reaches the first output")
def tap_before(tap: int, S: int = 1, P: int = 0, D: int = 1) -> int:
    """As ``footprints_before``, for a dilated filter: only some of its taps may reach output 0, and
    ``tap`` is the last of them."""
    return share(tap * D - P, S)


@formula("before")
def short_footprints_before(S: int, P: int = 0) -> int:
    """As ``footprints_before``, if no footprint reaches output 0: counted from the last input whose
    footprint starts before it."""
    return -(P // S)


@formula("E", bare=("nearest",), note="the nearest inputs along the axis")
def interpolated(nearest: int) -> int:
    """The number of inputs that an interpolated output reads."""
    return nearest


@formula("before")
def centred_before(N: int, N_out: int) -> int:
    """The number of places before input 0 where output 0 starts to read, with aligned centres;
    negative if it starts later."""
    return ceil_div(N_out - N, 2 * N_out)


@formula("before")
def cubic_before(N: int, N_out: int) -> int:
    """As ``centred_before``, but with two inputs on each side."""
    return ceil_div(N_out - N, 2 * N_out) + 1
