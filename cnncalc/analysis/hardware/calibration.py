"""Measured times of networks on a device, and estimates of other networks from them.

The model has two coefficients: the seconds that a FLOP takes and those that a byte takes. They are
fitted by least squares of the relative errors. The model's error is measured on families of
networks that were left out of the fit.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from os import PathLike
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

import yaml

from cnncalc.analysis.hardware import device
from cnncalc.analysis.report import Report
from cnncalc.core.cost import BYTES
from cnncalc.core.errors import Mistakes, SpecError, UsageError
from cnncalc.spec import files, text
from cnncalc.spec.text import Item

NEEDED = "a calibration needs 'device', 'dtype', 'batch' and 'measured'"
NETWORKS = (
    "alexnet_torchvision", "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet",
    "inception_v3", "mnasnet1_0", "mobilenet_v1", "mobilenet_v2", "mobilenet_v3_large",
    "regnet_x_400mf", "regnet_y_800mf", "resnet18", "resnet34", "resnet50", "resnext50_32x4d",
    "shufflenet_v2_x1_0", "squeezenet1_1", "vgg11", "xception",
)  # fmt: skip
"""The networks that ``calibrate`` measures by default."""
FEWEST_FAMILIES = 3
MAX_MEASURED = 10_000
ESTIMATE = "estimate"
"""The kind of these times; those of a roofline are a ``bound``."""
COVERED = 90
"""The percentage of measured times that lie in the range around an estimate, if each network is
estimated by a fit without its family."""


class Measured(NamedTuple):
    """A network's FLOPs, bytes moved and measured seconds."""

    network: str
    flops: int
    bytes_moved: int
    seconds: float

    @property
    def family(self) -> str:
        """The letters with which the name begins, so resnet50 and resnet18 are one family."""
        return family(self.network)


def family(network: str) -> str:
    """The letters with which a name begins."""
    return re.split("[^a-z]", network.lower(), maxsplit=1)[0]


def check_families(networks: Sequence[str]) -> None:
    """Raise UsageError if there are too few families to leave each out in turn."""
    number = len({*map(family, networks)})
    if number < FEWEST_FAMILIES:
        raise UsageError(
            f"a calibration needs networks of at least {FEWEST_FAMILIES} families, not {number}",
            "a network's family is the letters at the beginning of its name, such as resnet",
        )


class Coefficients(NamedTuple):
    """The seconds that a FLOP and a byte take."""

    flop: float
    byte: float

    def seconds(self, flops: int, size: int) -> Fraction:
        """The time for this many FLOPs and bytes, exactly."""
        return Fraction(self.flop) * flops + Fraction(self.byte) * size


def fit(measured: Sequence[Measured]) -> Coefficients:
    """The non-negative coefficients with the least sum of squared relative errors."""
    pairs = [(one.flops / one.seconds, one.bytes_moved / one.seconds) for one in measured]
    ff = sum(f * f for f, _ in pairs)
    bb = sum(b * b for _, b in pairs)
    fb = sum(f * b for f, b in pairs)
    f, b = sum(f for f, _ in pairs), sum(b for _, b in pairs)
    whole = ff * bb - fb * fb
    both = Coefficients((f * bb - b * fb) / whole, (b * ff - f * fb) / whole) if whole else None
    if both and min(both) >= 0:
        return both
    return min(
        (Coefficients(f / ff, 0.0), Coefficients(0.0, b / bb)), key=lambda one: off(one, pairs)
    )


def off(fitted: Coefficients, pairs: Sequence[tuple[float, float]]) -> float:
    """The sum of squared relative errors; the pairs are FLOPs and bytes per measured second."""
    return sum((1 - fitted.flop * f - fitted.byte * b) ** 2 for f, b in pairs)


class HeldOut(NamedTuple):
    """A measured network, and the seconds that a fit to the other families predicts for it."""

    measured: Measured
    predicted: Fraction

    @property
    def ratio(self) -> float:
        """The measured time as a multiple of the predicted one."""
        return self.measured.seconds / self.predicted

    @property
    def error(self) -> float:
        """The relative error of the prediction."""
        return abs(self.predicted / self.measured.seconds - 1)


class Estimate(NamedTuple):
    """The estimated seconds of a network on a calibrated device. ``low`` and ``high`` are the ends
    of its range (``COVERED``); ``median_error`` is the median relative error for left-out
    networks."""

    device: str
    seconds: Fraction
    low: float
    high: float
    median_error: float

    def to_dict(self) -> dict[str, Any]:
        """Plain data (docs/json.md)."""
        plain = {**self._asdict(), "seconds": float(self.seconds)}
        return {**plain, "kind": ESTIMATE, "covered_percent": COVERED}


@dataclass(frozen=True)
class Calibration:
    """Measured times on a device, all with one dtype and batch size."""

    device: str
    dtype: str
    batch: int
    measured: tuple[Measured, ...]
    software: str = ""

    @cached_property
    def coefficients(self) -> Coefficients:
        """The coefficients fitted to all networks."""
        return fit(self.measured)

    @cached_property
    def held_out(self) -> tuple[HeldOut, ...]:
        """Every network with the prediction of a fit without its family."""
        fits = {
            family: fit([one for one in self.measured if one.family != family])
            for family in {one.family for one in self.measured}
        }
        return tuple(
            HeldOut(one, fits[one.family].seconds(one.flops, one.bytes_moved))
            for one in self.measured
        )

    @property
    def median_error(self) -> float:
        """The median relative error for networks of left-out families."""
        return median(one.error for one in self.held_out)

    @property
    def spread(self) -> tuple[float, float]:
        """The multiples of their prediction between which ``COVERED`` percent of the measured times
        lie."""
        ratios = [one.ratio for one in self.held_out]
        cuts = quantiles(ratios, n=200 // (100 - COVERED), method="inclusive")
        return cuts[0], cuts[-1]

    def estimate(self, report: Report) -> Estimate:
        """The time of a network. Raises UsageError if it differs in dtype or batch from what was
        measured, or if its counts are not all known."""
        self.check(report)
        seconds = self.seconds(report)
        low, high = self.spread
        return Estimate(self.device, seconds, low * seconds, high * seconds, self.median_error)

    def check(self, report: Report) -> None:
        """Raise UsageError if a network differs in dtype or batch from what was measured."""
        for what in ("dtype", "batch"):
            here, there = getattr(report, what), getattr(self, what)
            if here != there:
                help = f"run 'cnncalc calibrate --{what} {here} -o FILE' to make one for it"
                if BYTES.get(here) == 1:
                    help = f"PyTorch's layers do not compute in {here}, so it cannot be measured"
                fact = f"the calibration was made with {what} {there}, not {here}"
                raise UsageError(fact, help)

    def seconds(self, report: Report) -> Fraction:
        """The estimated time of a network. Raises UsageError if its counts are not all known."""
        if not report.exact:
            raise UsageError(f"{report.name}: no estimate, because not all of its counts are known")
        return self.coefficients.seconds(report.totals.flops, report.totals.bytes_moved)

    def __post_init__(self) -> None:
        check_families([one.network for one in self.measured])

    def to_yaml(self) -> str:
        """The text that ``read`` takes; its comments give the fitted speeds and the error."""
        flop, byte = self.coefficients
        lines = [
            f"# {1 / flop / 1e9:.4g} GFLOP/s" if flop else "# FLOPs take no time",
            f"# {1 / byte / 1e9:.4g} GB/s" if byte else "# bytes take no time",
            f"# median error for left-out families: {self.median_error:.1%}",
        ]
        head = {"device": self.device, "software": self.software or "unknown", "dtype": self.dtype}
        rows = [{**one._asdict(), "seconds": round(one.seconds, 9)} for one in self.measured]
        data = {**head, "batch": self.batch, "measured": rows}
        return "\n".join(lines) + "\n" + yaml.safe_dump(data, sort_keys=False, width=200)


def read(path: str | PathLike[str]) -> Calibration:
    """The calibration in a file. Raises Mistakes with the location of the first thing that cannot
    be used, and UsageError for too few families or if there is no such file."""
    file = Path(path)
    try:
        root = text.read(files.read_text(file), str(file), NEEDED)
        if not isinstance(root.value, dict) or REQUIRED.isdisjoint(root.value):
            raise SpecError("this is not a calibration", root.where, WRITTEN)
        values = device.fields(root, "a calibration", READERS)
        if missing := [name for name in READERS if name in REQUIRED - values.keys()]:
            raise SpecError(f"the calibration has no {missing[0]!r}", root.where)
    except SpecError as error:
        raise Mistakes([error]) from None
    try:
        return Calibration(**values)
    except UsageError as error:
        raise UsageError(f"{str(file)!r}: {error.sentence}") from None


def _count(item: Item, key: str) -> int:
    if not isinstance(item.value, int) or isinstance(item.value, bool) or item.value < 1:
        raise SpecError(f"{key!r} must be a positive integer", item.where)
    return item.value


def _seconds(item: Item, key: str) -> float:
    if not isinstance(item.value, int | float) or not 1e-9 <= item.value <= 1e9:
        raise SpecError(f"{key!r} must be a time in seconds, such as 0.025", item.where)
    return float(item.value)


def _measured(item: Item, key: str) -> tuple[Measured, ...]:
    if not isinstance(item.value, list) or len(item.value) > MAX_MEASURED:
        raise SpecError(f"{key!r} must be a list of at most {MAX_MEASURED:,} networks", item.where)
    return tuple(_rows(item.value))


def _rows(items: Sequence[Item]) -> Iterator[Measured]:
    readers = {"network": device.word, "flops": _count, "bytes_moved": _count, "seconds": _seconds}
    for item in items:
        values = device.fields(item, "a measured network", readers)
        if missing := [name for name in readers if name not in values]:
            raise SpecError(f"this network has no {missing[0]!r}", item.where)
        yield Measured(**values)


READERS = {
    "device": device.word,
    "software": device.word,
    "dtype": device.dtype,
    "batch": _count,
    "measured": _measured,
}
"""How each field of a file is read."""
REQUIRED = frozenset(READERS) - {"software"}
WRITTEN = "'cnncalc calibrate -o FILE' writes one"
