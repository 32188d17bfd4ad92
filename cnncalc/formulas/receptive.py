"""How the receptive field grows along one axis.

``r`` is its size, ``j`` the jump (the distance in pixels between neighbouring outputs) and ``s``
the start of the first output's field. Source: the recursion in Araujo, Norris and Sim 2019
(Distill).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.formulas.tracing import formula
from cnncalc.formulas.vocabulary import ceil_div, least, most, ratio

if TYPE_CHECKING:
    from fractions import Fraction


@formula("r_out")
def field_size(r_in: int, j_in: int, E: int = 1) -> int:
    """A window spans E inputs, ``j_in`` pixels apart and ``r_in`` pixels wide."""
    return r_in + (E - 1) * j_in


@formula("j_out")
def field_jump(j_in: int, S: int = 1) -> int:
    """The stride multiplies the jump."""
    return j_in * S


@formula("s_out")
def field_start(s_in: int, j_in: int, P: int = 0) -> int:
    """Padding moves the first window ahead of the first input."""
    return s_in - P * j_in


# Joining several inputs.


@formula("r_out")
def joined_size(s_i: tuple[int, ...], r_i: tuple[int, ...]) -> int:
    """From the first pixel that any input sees to the last."""
    return most([s + r for s, r in zip(s_i, r_i)]) - least(s_i)


@formula("r_out", note="at the last position, where fields with different jumps are furthest apart")
def joined_size_last(
    s_i: tuple[int, ...], r_i: tuple[int, ...], j_i: tuple[int, ...], places_i: tuple[int, ...]
) -> int:
    """From the first pixel to the last that any input sees from its last position."""
    last = tuple(s + (places - 1) * j for s, places, j in zip(s_i, places_i, j_i))
    return most(tuple(s + r for s, r in zip(last, r_i))) - least(last)


@formula("j_out")
def joined_jump(j_i: tuple[int, ...]) -> int:
    """The largest jump."""
    return most(j_i)


@formula("s_out")
def joined_start(s_i: tuple[int, ...]) -> int:
    """The start of the first field."""
    return least(s_i)


# If outputs are closer together than inputs, or windows differ in size, every input is cut into
# ``per`` pieces, and windows move by ``step`` of them.


@formula("j_out")
def cut_jump(j_in: int, per: int, step: int = 1) -> int | Fraction:
    """The average: windows move by ``step`` pieces, and ``per`` pieces make an input."""
    return ratio(j_in * step, per)


@formula("first")
def first_piece(first_in: int, step: int = 1, P: int = 0) -> int:
    """Padding moves the first window ahead of the first input."""
    return first_in - step * P


@formula("last")
def last_piece(last_in: int, step: int = 1, E: int = 1, P: int = 0) -> int:
    """A window spans E inputs."""
    return last_in + step * (E - 1 - P)


@formula("slack", note="an output may start this many pieces earlier")
def rounding_slack(step: int, per: int) -> int:
    """The largest number of pieces that rounding can lose if outputs are several pieces apart and
    are cut again."""
    return step * (per - 1)


@formula("first")
def first_piece_cut(first_in: int, per: int, step: int = 1, begin: int = 0, slack: int = 0) -> int:
    """The first piece after cutting the pieces again."""
    return first_in * per + step * begin - slack


@formula("last")
def last_piece_cut(last_in: int, per: int, step: int = 1, end: int = 0) -> int:
    """The last piece after cutting the pieces again."""
    return last_in * per + step * end


@formula("r_out", note="r_0, j_0 and s_0 are those of the last map with a constant jump")
def pieces_size(r_0: int, j_0: int, first: int, last: int, per: int = 1) -> int:
    """The largest field of an output that reads from piece ``first`` to piece ``last``."""
    return r_0 + ceil_div(last - first, per) * j_0


@formula("j_out")
def pieces_jump(j_0: int, step: int = 1, per: int = 1) -> int | Fraction:
    """Outputs are ``step`` pieces apart, and ``per`` pieces make j_0 pixels."""
    return ratio(j_0 * step, per)


@formula("s_out")
def pieces_start(s_0: int, j_0: int, first: int, per: int = 1) -> int:
    """The start of the ``j_0`` pixels that contain the first piece."""
    return s_0 + first // per * j_0
