from cnncalc.analysis.report import Report
from cnncalc.footprint import LayerBytes
from cnncalc.homework.asks.peak_without_copies import PeakWithoutCopies


class PeakWithParameters(PeakWithoutCopies):
    """The peak size of the live feature maps in bytes, plus the size of the parameters."""

    aliases = ("peak_and_parameters",)

    def peak(self, report: Report) -> LayerBytes:
        """The feature maps and the parameters."""
        found = super().peak(report)
        return found._replace(bytes=found.bytes + report.totals.parameter_bytes)
