from collections.abc import Mapping, Sequence
from typing import ClassVar

from cnncalc import footprint
from cnncalc.analysis.report import Report, Row
from cnncalc.core.errors import UsageError
from cnncalc.derivations.explain import Derivation
from cnncalc.homework.ask import NoAnswer
from cnncalc.homework.asks._counted import Stored
from cnncalc.homework.written import Value


class PeakMemory(Stored):
    """The peak size of the activations that a forward pass in PyTorch holds, in bytes, without the
    parameters."""

    aliases: ClassVar[tuple[str, ...]] = ("peak", "peak_activation_memory", "inference_peak")
    count = "activation_bytes"
    also: ClassVar[tuple[str, ...]] = ("peak_without_copies", "peak_with_parameters")
    adds_up = False
    effort = 3  # every replay records the forward pass

    def of(self, row: Row, report: Report) -> Value:
        """Raise NoAnswer: only a whole network has a peak."""
        raise NoAnswer("has no peak of its own; ask about the network")

    def total(self, rows: Sequence[Row], report: Report, times: Mapping[str, int]) -> Value:
        """The peak of the network."""
        return self._peak(rows, report).bytes

    def derive_total(
        self, rows: Sequence[Row], report: Report, times: Mapping[str, int]
    ) -> Derivation:
        """The peak, and the layer where it occurs."""
        peak = self._peak(rows, report)
        return Derivation(self.title, (), f"{self.answer_text(peak.bytes)}, at {peak.layer}")

    def _peak(self, rows: Sequence[Row], report: Report) -> footprint.LayerBytes:
        if len(rows) != len(report.rows):
            raise NoAnswer("is part of a network; ask about the network")
        try:
            return self.peak(report)
        except UsageError as why:
            raise NoAnswer(f"has no known peak: {why}") from None

    def peak(self, report: Report) -> footprint.LayerBytes:
        """The peak, and the layer where it occurs; raises UsageError if it is not known."""
        return footprint.inference_peak(report)
