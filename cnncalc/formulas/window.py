"""Window arithmetic along one axis: how many places a sliding window has, and what it leaves over.

Source: the lectures' ``floor((N - F + 2P)/S) + 1``; dilation, ceil mode and transposed windows as
in PyTorch 2.13 (``Conv2d``, ``MaxPool2d``, ``ConvTranspose2d``); ``same`` as in TensorFlow.
"""

from math import gcd

from cnncalc.formulas.tracing import formula
from cnncalc.formulas.vocabulary import ceil_div, holds, positive_part, product


@formula("N_out")
def output_size(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """Places of a window of F taps, D apart, that steps by S over N inputs with P zeros a side."""
    return (N - (D * (F - 1) + 1) + 2 * P) // S + 1


@formula("N_out")
def output_size_sides(N: int, F: int, S: int, P_before: int, P_after: int, D: int = 1) -> int:
    """The same, where the two sides are padded differently."""
    return (N - (D * (F - 1) + 1) + P_before + P_after) // S + 1


@formula("N_out")
def output_size_ceil(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """Places in ceil mode: rounded up, less one if the last window would start beyond N + P."""
    places = ceil_div(N - (D * (F - 1) + 1) + 2 * P, S) + 1
    return places - holds((places - 1) * S >= N + P)


@formula("N_out")
def output_size_same(N: int, S: int) -> int:
    """Places under ``same`` padding, whatever the filter."""
    return ceil_div(N, S)


@formula("P_total")
def padding_same(N: int, N_out: int, F: int, S: int, D: int = 1) -> int:
    """Zeros that ``same`` adds in all; the odd one goes after."""
    return positive_part((N_out - 1) * S + (D * (F - 1) + 1) - N)


@formula("N_out")
def output_size_transposed(N: int, F: int, S: int, P: int = 0, D: int = 1, P_out: int = 0) -> int:
    """Outputs of a transposed window: the input size that the ordinary one would shrink to N."""
    return (N - 1) * S - 2 * P + (D * (F - 1) + 1) + P_out


@formula("n_out")
def flattened(C_in: int, N_in: tuple[int, ...]) -> int:
    """The length of a map laid out as a vector."""
    return C_in * product(N_in)


@formula("remainder")
def left_over(N: int, F: int, S: int, P: int = 0, D: int = 1) -> int:
    """Inputs that no window reaches at the end; 0 when the stride fits ("legal")."""
    span = N - (D * (F - 1) + 1) + 2 * P
    return span - span // S * S


@formula("taps")
def adaptive_taps(N: int, N_out: int) -> int:
    """Inputs read along one axis by all windows [floor(iN/O), ceil((i+1)N/O)) together."""
    # Windows i - 1 and i share an input wherever iN/O is no whole number: at all of the O - 1
    # borders between windows but gcd(N, O) - 1.
    return N + N_out - gcd(N, N_out)


@formula("taps")
def all_taps(C: int, taps: tuple[int, ...]) -> int:
    """Inputs read by all windows of all channels, where windows differ along each axis."""
    return C * product(taps)


@formula("N_out")
def padded_size(N: int, P_before: int, P_after: int) -> int:
    """What cells added on both sides make of an axis."""
    return N + P_before + P_after


@formula("N_out")
def cropped_size(N: int, cut_before: int, cut_after: int) -> int:
    """What is left of an axis after cells are cut away on both sides."""
    return N - cut_before - cut_after


@formula("N_out")
def scaled_size(N: int, scale: int) -> int:
    """An axis on which every cell becomes ``scale`` cells."""
    return N * scale


@formula("P")
def padding_keeping(F: int, D: int = 1) -> int:
    """Zeros a side with which a window at stride 1 has as many places as there are inputs."""
    return D * (F - 1) // 2


@formula("S")
def required_stride(N: int, F: int, N_out: int, P: int = 0, D: int = 1) -> int:
    """The stride with which a window has N_out places; the largest where several have."""
    return (N - (D * (F - 1) + 1) + 2 * P) // (N_out - 1)
