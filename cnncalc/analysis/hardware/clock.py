"""The time of many networks on one device, each exactly as ``cnncalc device`` gives it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from cnncalc.analysis.hardware.calibration import COVERED, ESTIMATE, Calibration
from cnncalc.analysis.hardware.device import TF32, Device
from cnncalc.analysis.hardware.roofline import BOUND, UNKNOWN, layer_by_layer, notes
from cnncalc.analysis.report import Report
from cnncalc.core.errors import UsageError


class Clock(ABC):
    """Gives the time of networks on a ``device``. ``kind`` says what the times are: ``bound`` or
    ``estimate``."""

    kind: str

    @property
    @abstractmethod
    def device(self) -> str:
        """The name of the device."""

    @property
    @abstractmethod
    def notes(self) -> Sequence[str]:
        """Notes on how to read the times, one sentence each."""

    @abstractmethod
    def check(self, report: Report) -> None:
        """Raise UsageError if the clock has no figures for the dtype or the batch size of a
        network."""

    @abstractmethod
    def seconds(self, report: Report) -> Fraction:
        """The time of a network. Raises UsageError if a count that it depends on is not known."""


@dataclass(frozen=True)
class Bounds(Clock):
    """The shortest times, layer by layer, from the figures of a device. With ``tf32``, networks in
    float32 are computed in tf32."""

    figures: Device
    tf32: bool = False
    kind = BOUND

    @property
    def device(self) -> str:
        """The name of the device."""
        return self.figures.key

    @property
    def notes(self) -> Sequence[str]:
        """Notes on the figures for float32."""
        return (*notes(self.figures, self.dtype("float32")),)

    def dtype(self, stored: str) -> str:
        """The dtype that data stored in this one is computed in."""
        return TF32 if self.tf32 and stored == "float32" else stored

    def check(self, report: Report) -> None:
        """Raise UsageError if the peak for the dtype of a network is not known."""
        self.figures.peak_for(self.dtype(report.dtype))

    def seconds(self, report: Report) -> Fraction:
        """The bound for a network. Raises UsageError if its MACs or the bytes that it moves are not
        known."""
        if report.unknown & UNKNOWN:
            raise UsageError(f"{report.name}: not all of its counts are known")
        return layer_by_layer(report, self.figures, self.dtype(report.dtype))


@dataclass(frozen=True)
class Estimates(Clock):
    """Times estimated from measured ones."""

    calibration: Calibration
    kind = ESTIMATE

    @property
    def device(self) -> str:
        """The name of the device that was measured."""
        return self.calibration.device

    @property
    def notes(self) -> Sequence[str]:
        """A sentence about the error of the estimates."""
        low, high = self.calibration.spread
        return (
            f"{COVERED}% of networks from families left out of the fit took {low:.2f} to "
            f"{high:.2f} times their estimate",
        )

    def check(self, report: Report) -> None:
        """Raise UsageError if a network differs in dtype or batch from what was measured."""
        self.calibration.check(report)

    def seconds(self, report: Report) -> Fraction:
        """The estimate for a network. Raises UsageError if its counts are not all known."""
        return self.calibration.seconds(report)
