"""How the receptive field grows along one axis.

``r`` is its size, ``j`` the jump (input pixels between neighbouring outputs), ``s`` where the first
output's field starts. Source: the lectures' recursion, as in Araujo, Norris and Sim 2019 (Distill).
"""

from cnncalc.formulas.tracing import formula


@formula("r_out")
def field_size(r_in: int, E: int, j_in: int) -> int:
    """A window that spans E inputs, each ``j_in`` pixels from the next and ``r_in`` wide."""
    return r_in + (E - 1) * j_in


@formula("j_out")
def field_jump(j_in: int, S: int) -> int:
    """The stride multiplies the jump."""
    return j_in * S


@formula("s_out")
def field_start(s_in: int, j_in: int, P: int = 0) -> int:
    """Padding moves the first window before the first input."""
    return s_in - P * j_in
