"""The bytes that PyTorch saves for the backward pass, as ``cnncalc memory`` shows them."""

from cnncalc import footprint
from cnncalc.conventions.convention import BYTES, Convention
from cnncalc.core import units

CONVENTION = Convention(
    tool="saved for backward",
    version="",
    unit=BYTES,
    counts="bytes that PyTorch saves for the backward pass",
    whole=lambda report: dict(footprint.saved_for_backward(report)),
    read=units.in_bytes,
)
