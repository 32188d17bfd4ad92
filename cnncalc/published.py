"""Whether a number that the literature prints agrees with an exact one."""

import re

from cnncalc.cost import Cost
from cnncalc.errors import SpecError, UsageError, did_you_mean
from cnncalc.report import Line, Report
from cnncalc.shape import Layout, read_shape
from cnncalc.spec.claims import (
    CHANNELS_LAST,
    CUT,
    KILO_1024,
    MACS_AS_FLOPS,
    NO_BIASES,
    Claim,
)


def holds(claim: Claim, report: Report) -> bool:
    """Whether the report of a network agrees with a claim, under the claim's habit."""
    if claim.quantity == "output":
        shape = report.output_shape if claim.layer is None else _line(claim, report).output
        layout: Layout = "hwc" if claim.habit == CHANNELS_LAST else "chw"
        return read_shape(claim.value, layout) == shape
    if claim.quantity == "receptive_field":
        return claim.value == "x".join(map(str, _line(claim, report).last.receptive_field or ()))
    cost = report.totals if claim.layer is None else _line(claim, report).cost
    kilo = 1024 if claim.habit == KILO_1024 else 1000
    return agrees(claim.value, _exact(claim, cost), kilo, cut=claim.habit == CUT)


def _exact(claim: Claim, cost: Cost) -> int:
    swap = {(NO_BIASES, "params"): "weights", (MACS_AS_FLOPS, "flops"): "macs"}
    return int(getattr(cost, swap.get((claim.habit or "", claim.quantity), claim.quantity)))


def _line(claim: Claim, report: Report) -> Line:
    """The layer or block that a claim is about."""
    depth = str(claim.layer).count(".") + 1
    for line in report.outline(depth):
        if line.name == claim.layer:
            return line
    names = [line.name for line in report.outline(depth)]
    hint = did_you_mean(str(claim.layer), names)
    raise SpecError(f"a claim is about {claim.layer!r}, which is no layer{hint}", claim.where)


SCALES = {"": 0, "K": 1, "M": 2, "G": 3, "B": 3, "T": 4}


def agrees(printed: str, exact: int, kilo: int = 1000, cut: bool = False) -> bool:
    """Whether an exact number rounds (or is ``cut``) to a printed one at the digits printed.

    ``138M`` is 137.5 to 138.5 million. Zeros that end a whole number are places, not digits:
    ``150K`` is 145 to 155 thousand. A number without a scale letter must be equal.

    Raises UsageError for what is no number.
    """
    match = re.fullmatch(
        r"~?\s*([0-9][0-9,]*)(?:\.([0-9]+))?\s*([KMGBT]?)", printed.strip().upper()
    )
    if match is None:
        raise UsageError(f"{printed!r} is no number, as in 61706, 138M or 3.8G")
    whole, decimals, letter = match[1].replace(",", ""), match[2] or "", match[3]
    if not letter and not decimals:
        return int(whole) == exact
    digits = int(whole + decimals)
    places = len(decimals)
    if not decimals:
        zeros = len(whole) - len(whole.rstrip("0"))
        digits, places = digits // 10**zeros, -zeros
    scale = int(kilo ** SCALES[letter])
    # |exact / scale - digits / 10^places| <= half a unit of the last digit, in whole numbers.
    up, down = int(10 ** max(places, 0)), int(10 ** max(-places, 0))
    over = exact * up - digits * scale * down
    return 0 <= over < scale * down if cut else 2 * abs(over) <= scale * down
