"""The error of estimated times, for families of networks that were left out of the fit.

python benchmarks/latency.py [FILE...] reads what ``cnncalc calibrate -o FILE`` writes; by default,
the files in times/.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from cnncalc.analysis.hardware.calibration import Coefficients, Measured, fit, read

TIMES = Path(__file__).parent / "times"
Fit = Callable[[Sequence[Measured]], Coefficients]


def of_flops(measured: Sequence[Measured]) -> Coefficients:
    """One coefficient: the seconds per FLOP."""
    rates = [one.flops / one.seconds for one in measured]
    return Coefficients(sum(rates) / sum(rate * rate for rate in rates), 0.0)


def of_bytes(measured: Sequence[Measured]) -> Coefficients:
    """One coefficient: the seconds per byte."""
    rates = [one.bytes_moved / one.seconds for one in measured]
    return Coefficients(0.0, sum(rates) / sum(rate * rate for rate in rates))


MODELS: dict[str, Fit] = {"FLOPs": of_flops, "bytes": of_bytes, "FLOPs and bytes": fit}


def ratios(measured: Sequence[Measured], fitted: Fit) -> list[float]:
    """The predicted seconds of every network divided by the measured ones; each fit leaves out its
    family."""
    found = []
    for one in measured:
        others = [other for other in measured if other.family != one.family]
        found.append(fitted(others).seconds(one.flops, one.bytes_moved) / one.seconds)
    return found


def main() -> None:
    paths = [Path(word) for word in sys.argv[1:]] or sorted(TIMES.glob("*.yaml"))
    print("| measured on | fit of | median error | worst | within 1.5× |")
    print("| --- | --- | ---: | ---: | ---: |")
    for path in paths:
        found = read(path)
        families = len({one.family for one in found.measured})
        where = (
            f"{found.device}, {found.dtype}, batch {found.batch}: {len(found.measured)} networks "
            f"of {families} families"
        )
        for name, model in MODELS.items():
            every = ratios(found.measured, model)
            errors = [abs(ratio - 1) for ratio in every]
            near = sum(1 / 1.5 <= ratio <= 1.5 for ratio in every)
            print(
                f"| {where} | {name} | {median(errors):.0%} | {max(errors):.0%} | "
                f"{near} of {len(every)} |"
            )


if __name__ == "__main__":
    main()
