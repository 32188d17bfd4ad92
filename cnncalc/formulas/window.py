"""Window arithmetic along one axis: how many places a sliding window has, and what it leaves over.

Source: the lectures' ``floor((N - F + 2P)/S) + 1``; dilation, ceil mode and transposed windows as
in PyTorch 2.13 (``Conv2d``, ``MaxPool2d``, ``ConvTranspose2d``); ``same`` as in TensorFlow.
"""

from cnncalc.formulas.tracing import formula
from cnncalc.formulas.vocabulary import ceil_div, gcd, holds, positive_part, product, share, span


@formula("N_out")
def output_size(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """Places of a window of F taps, D apart, that steps by S over N inputs with P zeros a side."""
    return (N - span(F, D) + 2 * P) // S + 1


@formula("N_out")
def output_size_sides(N: int, F: int, S: int, P_before: int, P_after: int, D: int = 1) -> int:
    """The same, where the two sides are padded differently."""
    return (N - span(F, D) + P_before + P_after) // S + 1


@formula("places")
def output_size_rounded_up(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """Places if the last window may hang over the end."""
    return ceil_div(N - span(F, D) + 2 * P, S) + 1


@formula("N_out", note="the last would start at (places − 1)·S ≥ N + P, beyond the padded input")
def output_size_ceil(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """Places in ceil mode: rounded up, less one if the last window would start beyond N + P."""
    places = output_size_rounded_up(N=N, F=F, S=S, P=P, D=D)
    return places - holds((places - 1) * S >= N + P)


@formula("N_out")
def output_size_same(N: int, S: int) -> int:
    """Places under ``same`` padding, whatever the filter."""
    return ceil_div(N, S)


@formula("P_total")
def padding_same(N: int, N_out: int, F: int, S: int, D: int = 1) -> int:
    """Zeros that ``same`` adds in all."""
    return positive_part((N_out - 1) * S + span(F, D) - N)


@formula("P_before")
def padding_before(P_total: int) -> int:
    """Half of the zeros go before the input."""
    return P_total // 2


@formula("P_after")
def padding_after(P_total: int, P_before: int) -> int:
    """The rest goes after it: the odd zero too."""
    return P_total - P_before


@formula("N_out")
def output_size_transposed(N: int, F: int, S: int, P: int = 0, D: int = 1, P_out: int = 0) -> int:
    """Outputs of a transposed window: the input size that the ordinary one would shrink to N."""
    return (N - 1) * S - 2 * P + span(F, D) + P_out


@formula("N_out")
def asked_size(N: int, size: int) -> int:
    """As many places as are asked for, whatever N is."""
    return size


@formula("N_out")
def padded_size(N: int, P_before: int, P_after: int) -> int:
    """What cells added on both sides make of an axis."""
    return N + P_before + P_after


@formula("N_out")
def cropped_size(N: int, cut_before: int, cut_after: int) -> int:
    """What is left of an axis after cells are cut away on both sides."""
    return N - cut_before - cut_after


@formula("cut")
def cut_to(N: int, size: int) -> int:
    """Cells to cut so that this many are left."""
    return N - size


@formula("cut_before")
def cut_before(cut: int) -> int:
    """Half of the cells to cut are the first."""
    return cut // 2


@formula("cut_after")
def cut_after(cut: int, cut_before: int) -> int:
    """The rest are the last: the odd one too."""
    return cut - cut_before


@formula("N_out")
def scaled_size(N: int, scale: int) -> int:
    """An axis on which every cell becomes ``scale`` cells."""
    return N * scale


@formula("remainder")
def left_over(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """Inputs that no window reaches at the end; 0 when the stride fits ("legal")."""
    move = N - span(F, D) + 2 * P
    return move - move // S * S


# What lies under the windows.


@formula("E")
def extent(F: int, D: int = 1) -> int:
    """The inputs from the first to the last tap of a window."""
    return span(F, D)


@formula("E")
def even_window(N: int, N_out: int) -> int:
    """An adaptive window where N_out divides N: they stand side by side."""
    return share(N, N_out)


@formula("E", note="the largest window")
def largest_window(N: int, N_out: int) -> int:
    """The most inputs of an adaptive window [floor(iN/O), ceil((i+1)N/O))."""
    # Where N = n·g and O = o·g share no more than g, window i holds ceil((x + n)/o) inputs, x being
    # what is left of i·n divided by o. Some window has the largest x, o − 1.
    return ceil_div(N - gcd(N, N_out), N_out) + 1


@formula("N_taps")
def adaptive_taps(N: int, N_out: int) -> int:
    """Inputs read along one axis by all windows [floor(iN/O), ceil((i+1)N/O)) together."""
    # Windows i - 1 and i share an input wherever iN/O is no whole number: at all of the O - 1
    # borders between windows but gcd(N, O) - 1.
    return N + N_out - gcd(N, N_out)


@formula("taps")
def all_taps(C: int, N_taps: tuple[int, ...]) -> int:
    """Inputs read by all windows of all channels, where windows differ along each axis."""
    return C * product(N_taps)


@formula("E", note="the most inputs that meet in an output")
def footprints(F: int, S: int = 1, D: int = 1) -> int:
    """The most inputs of a transposed window that one output gets something from, and what lies
    between them."""
    # Output o gets input n through tap k where o = n·S − P + k·D, with k from 0 to F − 1. The taps
    # that one output can meet are S/gcd(S, D) apart, and their inputs D/gcd(S, D).
    g = gcd(S, D)
    return (ceil_div(F, share(S, g)) - 1) * share(D, g) + 1


@formula("before")
def footprints_before(F: int, S: int = 1, P: int = 0) -> int:
    """How many inputs before the first one a footprint may start and still reach the first
    output."""
    return (F - 1 - P) // S


@formula("before", note="k is the last tap that reaches the first output")
def tap_before(k: int, S: int = 1, P: int = 0, D: int = 1) -> int:
    """The same for a dilated filter, whose taps do not reach every output."""
    return share(k * D - P, S)


@formula("before")
def short_footprints_before(S: int, P: int = 0) -> int:
    """The same where no footprint reaches the first output: the input that padding cuts to."""
    return -(P // S)


@formula("E", bare=("nearest",), note="the nearest inputs along an axis")
def interpolated(nearest: int) -> int:
    """What an interpolated output reads."""
    return nearest


@formula("before")
def centred_before(N: int, N_out: int) -> int:
    """How many inputs before the first one the first output reads, where centres are aligned."""
    return ceil_div(N_out - N, 2 * N_out)
