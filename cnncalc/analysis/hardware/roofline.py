"""The shortest time that a network can take on a device: its operations at the peak, its bytes at
the full bandwidth.

All times are exact fractions of a second. FLOPs and bytes moved are the report's
(docs/conventions.md).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

from cnncalc.analysis.hardware.device import TF32, Device, plain
from cnncalc.analysis.report import Report, Row
from cnncalc.formulas.macs import flops
from cnncalc.formulas.vocabulary import most

VERSION = 1
"""The version of the data of ``to_dict``."""
BOUND = "bound"
"""The kind of these times; a calibration's are ``estimate``."""
COMPUTE, MEMORY = "compute", "memory"


class Needs(NamedTuple):
    """Bytes that a network needs on a device: its parameters, and the peak of its activations in
    inference (None if not modelled)."""

    parameters: int
    activations: int | None

    def fits(self, device: Device) -> bool | None:
        """Whether a device has that much memory; None if that is not known."""
        if device.memory is None:
            return None
        here = 0 if device.flash is not None else self.parameters
        if here > device.memory or (device.flash or self.parameters) < self.parameters:
            return False
        return None if self.activations is None else here + self.activations <= device.memory


class LayerTime(NamedTuple):
    """The least time that a layer can take, given the operations (``peak``) and bytes
    (``bandwidth``) per second; the bandwidth is None if it is not known."""

    row: Row
    peak: Fraction
    bandwidth: Fraction | None

    @property
    def compute(self) -> Fraction:
        """The seconds for the layer's FLOPs."""
        return self.row.cost.flops / self.peak

    @property
    def memory(self) -> Fraction | None:
        """The seconds for the bytes that it moves; None if the bandwidth is not known."""
        return self.row.cost.bytes_moved / self.bandwidth if self.bandwidth else None

    @property
    def seconds(self) -> Fraction:
        """The longer of ``compute`` and ``memory``, because they may overlap."""
        compute, memory = self.compute, self.memory
        return compute if memory is None else most((compute, memory))

    @property
    def training(self) -> Fraction:
        """The fewest seconds in a training step, leaving out the bytes of the backward pass."""
        return self.seconds + flops(self.row.cost.backward_macs) / self.peak

    @property
    def limit(self) -> str | None:
        """The bottleneck, ``compute`` (also in a tie) or ``memory``; None if it is not known or the
        layer takes no time."""
        known = self.memory is not None and not self.row.unknown & UNKNOWN
        if not known or not self.seconds:
            return None
        return COMPUTE if self.compute == self.seconds else MEMORY

    @property
    def flops_per_byte(self) -> Fraction:
        """The FLOPs for each byte moved; 0 for a layer that moves nothing."""
        cost = self.row.cost
        return Fraction(cost.flops, cost.bytes_moved) if cost.bytes_moved else Fraction(0)


UNKNOWN = {"macs", "bytes_read", "bytes_written"}
"""The counts without which a layer's limit is not known."""


@dataclass(frozen=True)
class Roofline:
    """A network on a device. ``dtype`` chooses the peak; UsageError is raised if the device's
    source states none for it."""

    report: Report
    device: Device
    dtype: str
    needs: Needs

    def __post_init__(self) -> None:
        self.device.peak_for(self.dtype)

    @property
    def peak(self) -> Fraction:
        """Operations per second."""
        return self.device.peak_for(self.dtype)

    @property
    def ridge(self) -> Fraction | None:
        """The FLOPs per byte at which operations and transfers take equally long; None if the
        bandwidth is not known."""
        return self.peak / self.device.bandwidth if self.device.bandwidth else None

    @cached_property
    def layers(self) -> tuple[LayerTime, ...]:
        """Every layer that computes or moves something."""
        return tuple(
            one
            for one in times(self.report, self.peak, self.device.bandwidth)
            if one.row.cost.flops or one.row.cost.bytes_moved
        )

    @cached_property
    def seconds(self) -> Fraction:
        """The shortest time if every layer reads its inputs from memory and writes its output
        back."""
        return layer_by_layer(self.report, self.device, self.dtype)

    @property
    def training(self) -> Fraction:
        """The shortest time of a training step, layer by layer."""
        return sum((layer.training for layer in self.layers), Fraction(0))

    @property
    def fused_bytes(self) -> int:
        """The bytes that have to move however layers are fused and activations cached: the inputs,
        the outputs, and the parameters of layers with MACs."""
        rows = self.report.rows
        ends = [*(row for row in rows if not row.sources), *self.report.outputs]
        held = sum(row.cost.parameter_bytes for row in rows if row.cost.macs)
        return held + sum(
            row.cost.activation_bytes for row in {row.name: row for row in ends}.values()
        )

    @property
    def fused(self) -> Fraction:
        """The shortest time however layers are combined, with cold caches."""
        whole = self.report.totals.flops / self.peak
        bandwidth = self.device.bandwidth
        return max(whole, self.fused_bytes / bandwidth if bandwidth else Fraction(0))

    def limited_by(self, limit: str) -> int:
        """The number of layers that are limited by ``compute``, or by ``memory``."""
        return sum(layer.limit == limit for layer in self.layers)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on how to read these numbers, one sentence each."""
        left_out = ["counts that are not known are left out of the bounds"]
        return (*notes(self.device, self.dtype), *(left_out if self.report.opaque else []))

    def to_dict(self) -> dict[str, Any]:
        """Plain data (docs/json.md)."""
        return {
            **self.device.to_dict(),
            "peak": plain(self.peak),
            "time": {"kind": BOUND, "seconds": float(self.seconds)},
            "fused": {"kind": BOUND, "seconds": float(self.fused)},
            "needs": self.needs._asdict(),
            "fits": self.needs.fits(self.device),
            "notes": list(self.notes),
            "layers": [layer_dict(layer) for layer in self.layers],
        }


def times(report: Report, peak: Fraction, bandwidth: Fraction | None) -> Iterator[LayerTime]:
    """The time of every layer."""
    return (LayerTime(row, peak, bandwidth) for row in report.layers)


def layer_by_layer(report: Report, device: Device, dtype: str) -> Fraction:
    """The shortest time if the layers run one by one. Raises UsageError if the device's source
    states no peak for the dtype."""
    layers = times(report, device.peak_for(dtype), device.bandwidth)
    return sum((layer.seconds for layer in layers), Fraction(0))


def notes(device: Device, dtype: str) -> Iterator[str]:
    """Notes on how to read the bounds of a device, one sentence each."""
    if dtype == "float32" and TF32 in device.peak:
        yield "PyTorch computes convolutions in tf32 by default; the dtype tf32 gives those times"
    if device.bandwidth is None:
        yield "the bandwidth is not known, so the bounds include only compute"


def layer_dict(layer: LayerTime) -> dict[str, Any]:
    """A layer as plain data; a count that is not known is None."""
    row = layer.row
    counts = {
        name: None if name in row.unknown else getattr(row.cost, name)
        for name in ("flops", "bytes_moved")
    }
    return {
        "name": row.name,
        **counts,
        "flops_per_byte": None if None in counts.values() else float(layer.flops_per_byte),
        "limit": layer.limit,
        "kind": BOUND,
        "seconds": float(layer.seconds),
    }


def to_dict(
    report: Report, dtype: str, bounds: Sequence[Roofline], estimates: Sequence[Any]
) -> Any:
    """A network on several devices as plain data (docs/json.md)."""
    return {
        "format": "cnncalc.device",
        "version": VERSION,
        "name": report.name,
        "batch": report.batch,
        "dtype": dtype,
        "flops": report.totals.flops,
        "bytes_moved": report.totals.bytes_moved,
        "exact": report.exact,
        "devices": [one.to_dict() for one in bounds],
        "estimates": [one.to_dict() for one in estimates],
    }
