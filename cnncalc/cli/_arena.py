"""The memory that int8 inference needs on a microcontroller: ``cnncalc memory --dtype int8``."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cnncalc.cli import _listing as listing
from cnncalc.cli import _shared as shared
from cnncalc.core import units
from cnncalc.footprint.arena import NOT_INCLUDED, Arena

if TYPE_CHECKING:
    from cnncalc.render.columns import Value

COLUMNS = ("quantity", "layer", "phase", "bytes")
MAX_SHOWN = 10
"""The number of layers listed without ``--all``."""
BAR = 30
"""The width of the longest bar."""


def write(found: Arena, everything: bool, format: str | None, output: Path | None) -> None:
    """Write the RAM, the flash and the layers that need the most RAM; ``everything`` lists all
    layers in order."""
    form = listing.format_of(format, output)
    title = f"{found.name}: int8, batch {units.exact(found.batch)}, inference"
    if form is not None and form.SUFFIX == ".json":
        text = json.dumps(found.to_dict(), indent=2, ensure_ascii=False) + "\n"
    elif form is not None:
        text = listing.rendered(
            form, f"Memory of {title}", COLUMNS, [*_records(found)], COLUMNS[-1:]
        )
    else:
        parts = [f"{title}\n", _parts(found), _best(found), _layers(found, everything)]
        text = "\n".join(part for part in parts if part)
        text += "\n" + listing.wrapped(WHAT)
    shared.write(text, output)


WHAT = (
    "Activations and weights take one byte each, biases four, and each scale with its zero point "
    "twelve. Tensors in RAM are aligned to 16 bytes. Batch norms are folded into the preceding "
    "layer if possible, and ReLUs run inside it. "
    f"Not included: {NOT_INCLUDED}."
)


def _records(found: Arena) -> Iterator[dict[str, "Value"]]:
    """Records of the RAM, the peaks, the flash and its parts, and the live bytes of each layer."""
    rows = [("ram", "", "forward", found.ram)]
    rows.append(("inference_peak", found.peak.layer, "forward", found.peak.bytes))
    if found.lowest is not None:
        rows.append(("lowest_peak", found.lowest.layer, "forward", found.lowest.bytes))
    rows.append(("flash", "", "", found.flash.total))
    rows += [(f"flash.{name}", "", "", size) for name, size in found.flash._asdict().items()]
    rows += [("live", name, "forward", size) for name, size in found.live]
    return (dict(zip(COLUMNS, row, strict=True)) for row in rows)


def _parts(found: Arena) -> str:
    """A table of RAM and flash, with their parts."""
    flash = found.flash
    placed = "all tensors, including gaps between them"
    parts = [("RAM", found.ram, "peak live memory" if found.placed is None else placed)]
    parts.append(("  live", found.peak.bytes, f"inference peak, at {found.peak.layer}"))
    if found.lowest is not None and found.lowest.bytes < found.peak.bytes:
        note = f"the same in the best order, at {found.lowest.layer}"
        parts.append(("  lowest", found.lowest.bytes, note))
    parts += [
        ("flash", flash.total, "constants"),
        ("  weights", flash.weights, "int8"),
        ("  biases", flash.biases, "int32"),
        ("  quantization", flash.quantization, "a scale and a zero point for each channel"),
    ]
    return listing.sizes(parts)


def _best(found: Arena) -> str:
    """A sentence on whether another order needs less live memory, and which one."""
    if found.best is None or found.lowest is None:
        text = (
            "It is not known whether another order of layers needs less live memory; the search "
            "would take too long"
        )
        return listing.wrapped(f"{text}.")
    if found.lowest.bytes == found.peak.bytes:
        return "No other order of layers needs less live memory (proved).\n"
    now, best = ([one.layer for one in order] for order in (found.live, found.best))
    differs = [place for place, pair in enumerate(zip(now, best)) if pair[0] != pair[1]]
    names = ", ".join(best[differs[0] : differs[-1] + 1])
    text = (
        f"The best order differs from the network's in this part: {names}; no order needs less "
        "live memory (proved)."
    )
    if found.best_placed is not None:
        needs = f"{units.exact(found.best_placed)} B"
        text += f" With gaps between tensors, the best order needs {needs}."
    return listing.wrapped(text)


def _layers(found: Arena, everything: bool) -> str:
    """The live bytes while each layer runs."""
    shown: Sequence[tuple[str, int]] = found.live
    if not everything:
        shown = sorted(shown, key=lambda moment: -moment[1])[:MAX_SHOWN]
    headings = {"Live while it runs": False, "Bytes": True, "": True, " ": False}
    peak = max(found.peak.bytes, 1)
    rows = [
        (name, units.exact(size), units.in_bytes(size), "█" * -(-BAR * size // peak))
        for name, size in shown
    ]
    return listing.columns(headings, rows)
