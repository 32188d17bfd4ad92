from cnncalc.analysis.report import Report
from cnncalc.footprint import LayerBytes, arena
from cnncalc.homework.asks.peak_memory import PeakMemory


class PeakWithoutCopies(PeakMemory):
    """The peak size of the live feature maps in bytes, as computed by hand: without copies such as
    padded maps."""

    aliases = ("peak_of_feature_maps",)
    also = ()
    in_place = "this is the"
    effort = 1

    def peak(self, report: Report) -> LayerBytes:
        """The feature maps alone."""
        return arena.maps_peak(report)
