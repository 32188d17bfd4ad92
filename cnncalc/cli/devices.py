"""``cnncalc devices``: the known devices."""

from typing import TYPE_CHECKING, Any

from cnncalc.cli import _listing as listing
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core import units

if TYPE_CHECKING:
    from cnncalc.analysis.hardware.device import Device

SHOWN = ("float32", "float16", "int8")
"""The peaks that the table in a terminal has room for."""


def run(
    path: options.Devices = None,
    format: options.FormatName = None,
    output: options.Output = None,
) -> None:
    """List devices with their peak operations per second, bandwidth and memory.

    Peaks are without sparsity. Figures that a device's source does not state are left out.
    Formats other than the table show more, such as the source of the figures.

    cnncalc devices

    cnncalc devices --format csv -o devices.csv
    """
    from cnncalc import api

    form = listing.format_of(format, output)
    found = api.devices(path)
    shared.write(form.render(_records(found)) if form else _table(found), output)


def _table(found: "tuple[Device, ...]") -> str:
    headings = {"Name": False, **dict.fromkeys(SHOWN, True)}
    headings |= {"Bandwidth": True, "Memory": True, "Device": False}
    rows = (
        [
            one.key,
            *(units.human(int(one.peak[name])) if name in one.peak else "" for name in SHOWN),
            f"{units.in_bytes(int(one.bandwidth))}/s" if one.bandwidth else "",
            units.in_bytes(one.memory) if one.memory else "",
            one.name,
        ]
        for one in found
    )
    return listing.columns(headings, rows)


def _records(found: "tuple[Device, ...]") -> Any:
    from cnncalc.analysis.hardware.device import DTYPES
    from cnncalc.render.records import Records

    lines = [one.to_dict() for one in found]
    flat = [
        {
            "device": one["device"],
            "name": one["name"],
            **{dtype: one["peak"].get(dtype) for dtype in DTYPES},
            **{name: one[name] for name in ("bandwidth", "memory", "flash", "power", "source")},
            "checked": ", ".join(one["checked"]),
        }
        for one in lines
    ]
    numbers = (*DTYPES, "bandwidth", "memory", "flash", "power")
    columns = tuple(flat[0]) if flat else ()
    return Records("Devices", columns, flat, numbers, ("source", "checked"), data=lines)
