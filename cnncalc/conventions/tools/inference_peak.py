"""The peak memory of activations during inference, as ``cnncalc memory`` shows it."""

from cnncalc import footprint
from cnncalc.conventions.convention import BYTES, Convention
from cnncalc.core import units

CONVENTION = Convention(
    tool="inference peak",
    version="",
    unit=BYTES,
    counts="bytes of live activations at the peak of inference",
    whole=lambda report: dict([footprint.inference_peak(report)]),
    read=units.in_bytes,
)
