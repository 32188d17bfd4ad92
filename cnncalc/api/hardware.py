"""Devices, and the time and memory that a network needs on them."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from cnncalc.analysis import report
from cnncalc.api.network import Changes, Target, report_of
from cnncalc.core.errors import UsageError, unknown

if TYPE_CHECKING:
    from cnncalc.analysis.hardware.calibration import Calibration, Estimate
    from cnncalc.analysis.hardware.clock import Clock
    from cnncalc.analysis.hardware.device import Device
    from cnncalc.analysis.hardware.roofline import Needs, Roofline


MOST = 64
"""The largest number of devices at a time."""


ALL = "all"
"""The name that stands for all devices whose peak for the dtype is known."""


class OnDevices(NamedTuple):
    """A network on several devices: bounds from datasheets, estimates from calibrations."""

    report: report.Report
    dtype: str
    bounds: "tuple[Roofline, ...]"
    estimates: "tuple[Estimate, ...]" = ()

    def to_dict(self) -> Any:
        """Plain data (docs/json.md)."""
        from cnncalc.analysis.hardware import roofline

        return roofline.to_dict(self.report, self.dtype, self.bounds, self.estimates)

    def picture(self, format: str = "svg") -> bytes:
        """The roofline as a picture file: svg or, with the extra ``draw``, png or pdf.

        Raises UsageError for an unknown format, without a device or the extra, and if a device's
        bandwidth is not known or no layer has MACs.
        """
        from cnncalc.render.pictures import roofline, writer_of

        if format not in roofline.FORMATS:
            raise unknown("roofline format", format, roofline.FORMATS)
        if not self.bounds:
            raise UsageError("a roofline needs the name of a device")
        writer = writer_of(format)
        return writer.render(roofline.chart(self.bounds, writer.MEASURE))

    def _repr_svg_(self) -> str | None:
        """The roofline in a notebook; None if there is none."""
        try:
            return self.picture().decode()
        except UsageError:
            return None


def devices(path: str | os.PathLike[str] | None = None) -> "tuple[Device, ...]":
    """The known devices, or those of a file like ``cnncalc/analysis/hardware/devices.yaml``.

    Raises UsageError if there is no such file, and Mistakes with the location of the first thing in
    it that cannot be used.

    >>> [one.key for one in devices() if one.power == 70]
    ['t4']
    """
    from cnncalc.analysis.hardware import device

    return device.devices(path)


def device(
    target: Target,
    on: str | Sequence[str] = (),
    *,
    calibration: "str | os.PathLike[str] | Calibration | None" = None,
    path: str | os.PathLike[str] | None = None,
    dtype: str | None = None,
    batch: int | None = None,
    **options: Unpack[Changes],
) -> OnDevices:
    """Find the shortest time that a network can take on each device, and estimate its time on a
    calibrated device (docs/how-to/device.md).

    ``on`` is the name of a device in ``devices(path)``, a list of names, or ``all``. ``dtype`` may
    be ``tf32``. The other options are those of ``summarize``, for a network that is not a report.

    Raises UsageError without a device or a calibration, for an unknown device, for more than
    ``MOST`` devices, for a dtype whose peak on a device is not known, and for a calibration that
    does not cover the network.

    >>> found = device("vgg16", "t4").bounds[0]
    >>> float(found.seconds), found.limited_by("memory")
    (0.005790535293333334, 24)
    """
    from cnncalc.analysis.hardware.device import find, stored_as
    from cnncalc.analysis.hardware.roofline import Roofline

    names = [on] if isinstance(on, str) else on
    if not names and calibration is None:
        raise UsageError(
            "a time needs a device or a calibration",
            "name a device with 'on' (see 'cnncalc devices'), or give a file to 'calibration'",
        )
    known = devices(path)
    stored = {"dtype": stored_as(dtype), "batch": batch}
    given: Any = {name: value for name, value in stored.items() if value is not None}
    if isinstance(target, report.Report) and given.get("dtype") == target.dtype:
        del given["dtype"]
    found = report_of(target, {**options, **given})
    if ALL in names and len(names) > 1:
        raise UsageError(f"{ALL!r} already includes the other devices; name it by itself")
    if [*names] == [ALL]:
        names = [one.key for one in known if (dtype or found.dtype) in one.peak]
    chosen = dict.fromkeys(find(name, known) for name in names)
    if len(chosen) > MOST:
        raise UsageError(f"at most {MOST} devices at a time, not {len(chosen)}")
    needs = _needs(found)
    peak = dtype if dtype and chosen else found.dtype  # an estimate is for the data's own dtype
    bounds = tuple(Roofline(found, one, peak, needs) for one in chosen)
    if calibration is None:
        return OnDevices(found, peak, bounds)
    return OnDevices(found, peak, bounds, (_read(calibration).estimate(found),))


def _read(calibration: "str | os.PathLike[str] | Calibration") -> "Calibration":
    from cnncalc.analysis.hardware import calibration as calibrations

    if isinstance(calibration, calibrations.Calibration):
        return calibration
    return calibrations.read(calibration)


def clock_of(
    on: str | None,
    calibration: "str | os.PathLike[str] | Calibration | None",
    path: str | os.PathLike[str] | None,
    dtype: str | None,
) -> "Clock | None":
    """The clock that gives the times of networks: a device, which the file at ``path`` may define,
    or a calibration; None without either. Raises UsageError if both are given, for an unknown
    device, and for a file that does not exist."""
    if on is None and calibration is None:
        return None
    from cnncalc.analysis.hardware.clock import Bounds, Estimates
    from cnncalc.analysis.hardware.device import TF32, find

    if calibration is None:
        return Bounds(find(on or "", devices(path)), dtype == TF32)
    if on is not None:
        fact = "a time is either a bound or an estimate"
        raise UsageError(fact, "give a device or a calibration, not both")
    return Estimates(_read(calibration))


def _needs(found: report.Report) -> "Needs":
    """The bytes of parameters and of activations at inference, or of flash and RAM in int8; None
    for activations that are not modelled."""
    from cnncalc.analysis.hardware.roofline import Needs
    from cnncalc.footprint import inference_peak
    from cnncalc.footprint.arena import arena

    try:
        if found.dtype == "int8":
            whole = arena(found)
            return Needs(whole.flash.total, whole.ram)
        return Needs(found.totals.parameter_bytes, inference_peak(found).bytes)
    except UsageError:
        return Needs(found.totals.parameter_bytes, None)
