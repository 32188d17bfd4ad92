"""``cnncalc device``: the shortest time that a network can take on a device, and whether it
fits."""

from collections.abc import Iterator, Set
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncalc.cli import _complete as complete
from cnncalc.cli import _listing as listing
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core import units

if TYPE_CHECKING:
    from cnncalc.analysis.hardware.calibration import Estimate
    from cnncalc.analysis.hardware.roofline import LayerTime, Roofline
    from cnncalc.api.hardware import OnDevices
    from cnncalc.core.cost import Cost

On = Annotated[
    str,
    typer.Option(
        "--on",
        metavar="NAMES",
        help="The devices, by name (see 'cnncalc devices'), as in a100,t4; 'all' by itself means "
        "every device with a known peak for the dtype.",
        show_default=False,
        autocompletion=complete.devices,
    ),
]
CalibrationFile = Annotated[
    Path | None,
    typer.Option(
        "--calibration",
        metavar="FILE",
        help="Also estimate the time on the machine where 'cnncalc calibrate' wrote this file.",
    ),
]
Layers = Annotated[
    bool,
    typer.Option(
        "--layers",
        help="List the layers; by default, only for a single device without a calibration.",
    ),
]


def run(
    spec: options.Spec,
    on: On = "",
    calibration: CalibrationFile = None,
    layers: Layers = False,
    path: options.Devices = None,
    batch: options.Batch = 1,
    input: options.Input = None,
    settings: options.Settings = None,
    dtype: options.PeakDtype = None,
    format: options.FormatName = None,
    output: options.Output = None,
) -> None:
    """Show the shortest time that a network can take on a device, and whether it fits into memory.

    The times are lower bounds: operations at the device's peak, bytes at its full bandwidth. The
    first bound is for layers that run one by one; the second holds however layers are fused. With
    a calibration, there is also an estimate with its measured error. 'cnncalc devices' lists the
    devices. With -o, a file that ends in .svg, .png or .pdf gets a picture of the roofline.

    cnncalc device vgg16 --on a100,t4,raspberry-pi-5

    cnncalc device resnet50 --on t4 --batch 32 --dtype float16

    cnncalc device mobilenet_v2 --on raspberry-pi-5 --format csv

    cnncalc device mobilenet_v2 --on all --dtype int8

    cnncalc device resnet50 --on t4,a100 -o roofline.svg

    cnncalc device resnet50 --calibration mine.yaml
    """
    from cnncalc import api
    from cnncalc.analysis.hardware.device import stored_as
    from cnncalc.render.pictures.roofline import FORMATS

    ending = output.suffix.lower().removeprefix(".") if output else ""
    drawn = format is None and ending in FORMATS
    pictures = [f".{one}" for one in FORMATS]
    form = None if drawn else listing.format_of(format, output, pictures)
    report = shared.network(spec, input, settings, batch=batch, dtype=stored_as(dtype))
    names = [name.strip() for name in on.split(",") if name.strip()]
    with shared.typed(on="--on", calibration="--calibration"):
        found = api.device(report, names, calibration=calibration, path=path, dtype=dtype)
    if drawn and output is not None:
        shared.put(output, found.picture(ending))
        return
    listed = layers or (len(found.bounds) == 1 and not found.estimates)
    text = form.render(_records(found, listed)) if form else _text(found, listed)
    shared.write(text, output)


def _text(found: "OnDevices", listed: bool) -> str:
    report = found.report
    flops, moved = _counts(report.totals, report.unknown)
    parts = [
        f"{report.name}: {found.dtype}, batch {units.exact(report.batch)}, "
        f"{flops} FLOPs, {moved} moved\n"
    ]
    if found.bounds:
        headings = {"Device": False, "Peak": True, "Bandwidth": True, "Layer by layer": True}
        headings |= {"Fused": True, "Memory-bound": True, "Fits": False}
        parts.append(listing.columns(headings, map(_row, found.bounds)))
    parts += [_estimate(one) for one in found.estimates]
    for one in found.bounds if listed else ():
        headings = {"Layer": False, "FLOPs": True, "Bytes": True, "FLOPs/byte": True}
        headings |= {"Limited by": False, "At least": True}
        title = f"{one.device.name}\n" if len(found.bounds) > 1 else ""
        parts.append(title + listing.columns(headings, map(_layer, one.layers)))
    notes: dict[str, list[str]] = {}
    for one in found.bounds:
        for note in one.notes:
            notes.setdefault(note, []).append(one.device.key)
    parts += [f"{', '.join(keys)}: {note}\n" for note, keys in notes.items()]
    return "\n".join(parts)


def _row(one: "Roofline") -> list[str]:
    device = one.device
    return [
        device.key,
        f"{units.human(int(one.peak))}/s",
        f"{units.in_bytes(int(device.bandwidth))}/s" if device.bandwidth else "?",
        f"≥ {units.duration(one.seconds)}",
        f"≥ {units.duration(one.fused)}",
        f"{one.limited_by('memory')} of {len(one.layers)}" if device.bandwidth else "?",
        _fits(one),
    ]


def _fits(one: "Roofline") -> str:
    """Whether the network fits, as in ``yes: 579.12 MB of 16.00 GB``; a microcontroller holds the
    parameters in its flash."""
    needs, device = one.needs, one.device
    word = {True: "yes", False: "no", None: "?"}[needs.fits(device)]
    memory = "?" if device.memory is None else units.in_bytes(device.memory)
    more = "" if needs.activations is not None else "≥ "
    activations = needs.activations or 0
    if device.flash is None:
        return f"{word}: {more}{units.in_bytes(needs.parameters + activations)} of {memory}"
    flash = f"{units.in_bytes(needs.parameters)} of {units.in_bytes(device.flash)} flash"
    return f"{word}: {flash}, {more}{units.in_bytes(activations)} of {memory}"


def _counts(cost: "Cost", unknown: Set[str]) -> Iterator[str]:
    """The FLOPs and the bytes moved, marked if they are lower bounds."""
    for name, read in (("flops", units.human), ("bytes_moved", units.in_bytes)):
        count = getattr(cost, name)
        if name not in unknown:
            yield read(count)
        else:
            yield f"≥ {read(count)}" if count else "?"


def _layer(one: "LayerTime") -> list[str]:
    row = one.row
    ratio = f"{float(one.flops_per_byte):,.1f}" if row.cost.bytes_moved else ""
    return [
        row.name,
        *_counts(row.cost, row.unknown),
        "?" if row.unknown & {"flops", "bytes_moved"} else ratio,
        one.limit or "?",
        f"≥ {units.duration(one.seconds)}",
    ]


def _estimate(one: "Estimate") -> str:
    from cnncalc.analysis.hardware.calibration import COVERED

    times = f"about {units.duration(one.seconds)}, between {units.duration(one.low)} and "
    times += units.duration(one.high, up=True)
    about = (
        f"(an estimate; with each family of networks left out of the fit in turn, {COVERED}% of "
        f"the measured times were in such a range, and the median error was {one.median_error:.0%})"
    )
    return f"{one.device}: {times}\n{listing.wrapped(about)}"


def _records(found: "OnDevices", listed: bool) -> Any:
    from cnncalc.render.records import Records

    lines = [*(_layers(found) if listed else _devices(found))]
    numbers: tuple[str, ...] = (
        "flops",
        "bytes_moved",
        "flops_per_byte",
        "seconds",
        "fused_seconds",
        "low",
        "high",
    )
    numbers += ("memory_bound", "layers", "parameters", "activations")
    title = f"{found.report.name}: {found.dtype}, batch {units.exact(found.report.batch)}"
    columns = tuple(lines[0]) if lines else ()
    return Records(title, columns, lines, numbers, data=found.to_dict())


def _devices(found: "OnDevices") -> Iterator[dict[str, Any]]:
    """A record for each bound and each estimate."""
    from cnncalc.analysis.hardware.calibration import ESTIMATE
    from cnncalc.analysis.hardware.roofline import BOUND

    for one in found.bounds:
        yield {
            "device": one.device.key,
            "kind": BOUND,
            "seconds": float(one.seconds),
            "fused_seconds": float(one.fused),
            "low": None,
            "high": None,
            "memory_bound": one.limited_by("memory") if one.device.bandwidth else None,
            "layers": len(one.layers),
            **one.needs._asdict(),
            "fits": {True: "yes", False: "no", None: None}[one.needs.fits(one.device)],
        }
    for estimate in found.estimates:
        blank = dict.fromkeys(("fused_seconds", "memory_bound", "layers", "parameters"))
        yield {
            "device": estimate.device,
            "kind": ESTIMATE,
            "seconds": float(estimate.seconds),
            **blank,
            "low": estimate.low,
            "high": estimate.high,
            "activations": None,
            "fits": None,
        }


def _layers(found: "OnDevices") -> Iterator[dict[str, Any]]:
    from cnncalc.analysis.hardware.roofline import layer_dict

    for one in found.bounds:
        for layer in one.layers:
            record = layer_dict(layer)
            yield {"device": one.device.key, "layer": record.pop("name"), **record}
