"""``cnncalc memory``: the bytes that training and inference need, and the batch that fits."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncalc import api
from cnncalc.api import Report, memory
from cnncalc.cli import _arena
from cnncalc.cli import _listing as listing
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core import units
from cnncalc.core.cost import unknown_dtype
from cnncalc.core.errors import UsageError, one_of
from cnncalc.footprint import DEVICES, DTYPES, OPTIMIZERS, LayerBytes, Memory

if TYPE_CHECKING:
    from cnncalc.footprint.budget import Fit
    from cnncalc.render.columns import Value

INT8 = "int8"
MAX_SHOWN = 10
"""The number of layers listed without ``--all``."""

CUDA = (
    "On CUDA, the figures follow PyTorch's source code and have not been measured; they exclude "
    "workspaces, cuDNN's reserve and allocator rounding."
)

Optimizer = Annotated[
    str,
    typer.Option("--optimizer", metavar="NAME", help=f"The optimizer: {one_of([*OPTIMIZERS])}."),
]
Device = Annotated[
    str, typer.Option("--device", metavar="NAME", help=f"The device: {one_of(DEVICES)}.")
]
Dtype = Annotated[
    str | None,
    typer.Option(
        "--dtype",
        metavar="NAME",
        help=f"The data type: {one_of(DTYPES)} (mixed precision); {INT8} is for inference on a "
        "microcontroller. By default, the network's dtype, or float32.",
        show_default=False,
        callback=options.dtype_of,
    ),
]
Checkpoint = Annotated[
    int | None,
    typer.Option(
        "--checkpoint",
        metavar="N",
        help="Checkpoint every N blocks: save only their input and recompute the rest.",
    ),
]
Evaluation = Annotated[bool, typer.Option("--eval", help="Run the layers in eval mode.")]
FitOption = Annotated[
    str | None,
    typer.Option(
        "--fit",
        metavar="SIZE",
        help="Find the largest batch that fits in this much memory, as in 24GiB or 500MB.",
    ),
]
Plot = Annotated[
    bool, typer.Option("--plot", help="Draw the memory in use during a training step.")
]
Everything = Annotated[
    bool,
    typer.Option("--all", help="List every layer that saves something; with int8, every layer."),
]


def run(
    spec: options.Spec,
    optimizer: Optimizer = "sgd",
    dtype: Dtype = None,
    device: Device = "cpu",
    checkpoint: Checkpoint = None,
    evaluation: Evaluation = False,
    fit: FitOption = None,
    plot: Plot = False,
    everything: Everything = False,
    batch: options.Batch = 1,
    input: options.Input = None,
    settings: options.Settings = None,
    layout: options.LayoutName = None,
    format: options.FormatName = None,
    output: options.Output = None,
) -> None:
    """Show how much memory a network needs for training and inference, and what takes it up.

    Bytes are those that PyTorch needs on the CPU, unless you choose CUDA or int8. With --fit, the
    exit code is 1 if not even one image fits.

    cnncalc memory vgg16

    cnncalc memory resnet50 --batch 64 --optimizer adam --dtype amp

    cnncalc memory resnet50 --batch 16 --plot

    cnncalc memory resnet50 --optimizer adam --fit 24GiB

    cnncalc memory net.yaml --input 3x256x256 --eval --all

    cnncalc memory mobilenet_v2 --dtype int8

    cnncalc memory mobilenet_v2 --format csv
    """
    _check(fit, plot, batch, format, output)
    report = shared.network(spec, input, settings, batch=batch, layout=layout)
    dtype = dtype or report.dtype
    if dtype not in (*DTYPES, INT8):
        raise unknown_dtype(dtype, (*DTYPES, INT8))
    if dtype == INT8:
        _check_int8(fit, plot, checkpoint, optimizer, device)
        _arena.write(api.arena(report), everything, format, output)
        return
    setting: dict[str, Any] = {
        "optimizer": optimizer,
        "training": not evaluation,
        "dtype": dtype,
        "device": device,
        "checkpoint": checkpoint,
    }
    with shared.typed(checkpoint="--checkpoint"):
        if fit is not None:
            _write_fit(report, _budget(fit), setting, format, output)
            return
        measured = memory(report, **setting)
    if plot:
        shared.write(_picture(measured), output)
    else:
        text = _text(measured, everything)
        _write(measured, text, COLUMNS, _quantities(measured), format, output)


def _write_fit(
    report: Report, budget: int, setting: dict[str, Any], format: str | None, output: Path | None
) -> None:
    """Write the largest batch that fits; exit with 1 if no batch fits, and otherwise with 0."""
    from cnncalc.footprint.budget import fit

    found = fit(report, budget, **setting)
    _write(found, _fit_text(found), FIT_COLUMNS, _settings(found), format, output)
    raise typer.Exit(0 if found.batch else 1)


def _check(
    fit: str | None, plot: bool, batch: int, format: str | None, output: Path | None
) -> None:
    """Raise UsageError for options that exclude each other."""
    if fit is not None and batch != 1:
        raise UsageError("--fit finds the batch size; leave out --batch")
    if plot and fit is not None:
        raise UsageError("--plot draws a training step and --fit finds a batch; use one of them")
    if plot and format not in {None, "table"}:
        raise UsageError(f"--plot draws text; leave out --format {format}")
    if plot:
        shared.only("--plot draws text", (".txt",), output)


def _check_int8(
    fit: str | None, plot: bool, checkpoint: int | None, optimizer: str, device: str
) -> None:
    """Raise UsageError for options that have no effect on a microcontroller."""
    given = {
        "--fit": fit is not None,
        "--plot": plot,
        "--checkpoint": checkpoint is not None,
        "--optimizer": optimizer != "sgd",
        "--device": device != "cpu",
    }
    if names := [name for name, is_given in given.items() if is_given]:
        *first, last = names
        listed = f"{', '.join(first)} and {last}" if first else last
        raise UsageError(f"int8 is for inference on a microcontroller; leave out {listed}")


def _budget(text: str) -> int:
    """A budget in bytes; raises UsageError if it is invalid, below 1, or lacks a unit."""
    try:
        budget = units.bytes_of(text)
    except ValueError as why:
        raise UsageError(f"--fit: {why}") from None
    if budget < 1:
        raise UsageError(f"--fit needs at least one byte, not {text}")
    if units.lacks_unit(text, budget):
        raise UsageError(f"--fit {text.strip()} needs a unit; write --fit {text.strip()}GiB")
    return budget


COLUMNS = ("quantity", "layer", "phase", "bytes")
FIT_COLUMNS = ("option", "batch", "bytes", "repeated_macs")
NUMBERS = ("batch", "bytes", "repeated_macs")

Records = Iterator[dict[str, "Value"]]


def _write(
    found: "Memory | Fit",
    text: str,
    columns: Sequence[str],
    records: Records,
    format: str | None,
    output: Path | None,
) -> None:
    """Write the result as JSON, its records in a different format, or the text."""
    form = listing.format_of(format, output)
    if form is not None and form.SUFFIX == ".json":
        text = json.dumps(found.to_dict(), indent=2, ensure_ascii=False) + "\n"
    elif form is not None:
        at = found if isinstance(found, Memory) else found.memory
        title = f"Memory of {_title(at).strip()}"
        numbers = [name for name in columns if name in NUMBERS]
        text = listing.rendered(form, title, columns, [*records], numbers)
    shared.write(text, output)


def _quantities(found: Memory) -> Records:
    """A record for each number of bytes in the JSON, with those saved by each layer at the end."""
    data = found.to_dict()
    for name in ("parameters", "buffers", "gradients", "optimizer_state", "saved_for_backward"):
        yield _quantity(name, data[name])
    yield _quantity("inference_peak", **data["inference_peak"], phase="forward")
    peak = data["training_peak"]
    layer, phase = peak.pop("layer"), peak.pop("phase")
    yield _quantity("training_peak", peak.pop("bytes"), layer, phase)
    for name, size in peak.items():
        yield _quantity(f"training_peak.{name}", size, layer, phase)
    for entry in found.saved:
        yield _quantity("saved_for_backward", entry.bytes, entry.layer)


def _quantity(name: str, bytes: int, layer: str = "", phase: str = "") -> dict[str, "Value"]:
    return dict(zip(COLUMNS, (name, layer, phase, bytes), strict=True))


def _settings(found: "Fit") -> Records:
    """A record for the largest batch with the requested settings, and one for each change."""
    at = found.memory
    once = at.repeated_macs // at.batch
    asked = ("as requested", found.batch, at.training_peak.bytes, once)
    yield dict(zip(FIT_COLUMNS, asked, strict=True))
    for change in found.changes:
        yield dict(zip(FIT_COLUMNS, change, strict=True))


def _title(found: Memory) -> str:
    """The network and its settings."""
    mode = "training" if found.training else "evaluation"
    parts = [found.dtype, f"batch {units.exact(found.batch)}", mode, found.optimizer]
    if found.checkpoint is not None:
        every = "block" if found.checkpoint == 1 else f"{found.checkpoint} blocks"
        parts.append(f"checkpoints every {every}")
        parts.append(f"{units.human(found.repeated_macs)} recomputed MACs")
    if found.device != "cpu":
        parts.append(found.device)
    return f"{found.name}: {', '.join(parts)}\n"


def _remarks(found: Memory) -> str:
    """Caveats about the numbers."""
    return f"\n{listing.wrapped(CUDA)}" if found.device != "cpu" else ""


def _picture(found: Memory) -> str:
    from cnncalc.render import terminal, timeline

    drawn = timeline.draw(found, terminal.width())
    return f"{_title(found)}\n{drawn}{_remarks(found)}"


def _text(found: Memory, everything: bool) -> str:
    return f"{_title(found)}\n{_parts(found)}\n{_by_layer(found, everything)}{_remarks(found)}"


def _parts(found: Memory) -> str:
    """The sizes, the peaks, and the parts of the training peak."""
    inference, peak = found.inference_peak, found.training_peak
    parts = [
        ("parameters", found.parameters, ""),
        ("buffers", found.buffers, ""),
        ("gradients", found.gradients, "of parameters"),
        ("optimizer state", found.optimizer_state, ""),
        ("saved for backward", found.saved_for_backward, ""),
        ("inference peak", inference.bytes, f"at {inference.layer}"),
        ("training peak", peak.bytes, f"at {peak.layer}, {peak.phase}"),
        ("  resident", found.resident, "parameters, buffers, optimizer state"),
        ("  gradients", peak.gradients, "of parameters, accumulated so far"),
        ("  saved for backward", peak.saved, "still needed"),
        ("  transient", peak.transient, "batch, feature maps, temporary tensors"),
    ]
    return listing.sizes(parts)


def _by_layer(found: Memory, everything: bool) -> str:
    """The memory that each layer saves for backward, largest first; the rest is added up."""
    ordered = sorted(found.saved, key=lambda entry: -entry.bytes)
    most = len(ordered) if everything else MAX_SHOWN
    shown, rest = ordered[:most], ordered[most:]
    if rest:
        number = f"{len(rest)} more" if len(rest) > 1 else rest[0].layer
        shown.append(LayerBytes(number, sum(entry.bytes for entry in rest)))
    headings = {"Saved by layer": False, "Bytes": True, "": True}
    rows = [(one.layer, units.exact(one.bytes), units.in_bytes(one.bytes)) for one in shown]
    return listing.columns(headings, rows)


def _fit_text(found: "Fit") -> str:
    """The largest batch, its peak and the peak with one more image; then the possible changes."""
    at, peak = found.memory, found.memory.training_peak
    budget, over = found.budget, found.one_more - found.budget
    parts = [("budget", budget, units.in_binary(budget))]
    if found.batch:
        fits = f"batch {units.exact(found.batch)}"
        parts.append((fits, peak.bytes, f"at {peak.layer}, {peak.phase}"))
    above = f"batch {units.exact(found.batch + 1)}"
    parts.append((above, found.one_more, f"{units.in_bytes(over)} over budget"))
    headings = {"Training peak": False, "Bytes": True, "": True, " ": False}
    rows = [(name, units.exact(n), units.in_bytes(n), note) for name, n, note in parts]
    largest = f"The largest batch is {units.exact(found.batch)}."
    answer = largest if found.batch else "Not even one image fits."
    text = f"{_title(at)}\n{listing.columns(headings, rows)}\n{answer}\n{_remarks(at)}"
    return text + ("\n" + _changes(found) if found.changes else "")


def _changes(found: "Fit") -> str:
    """The largest batch with each change, its memory and its recomputation."""
    at = units.exact(found.memory.batch)
    headings = {"Change": False, "Largest batch": True, f"Peak at batch {at}": True}
    headings["Recomputed MACs"] = False
    rows = [
        (
            change.option,
            units.exact(change.batch),
            units.in_bytes(change.bytes),
            _again(change.repeated_macs, found.macs),
        )
        for change in found.changes
    ]
    return listing.columns(headings, rows)


def _again(repeated: int, macs: int) -> str:
    """The recomputed MACs, also as a percentage of a forward pass."""
    if not repeated:
        return "none"
    return f"{units.human(repeated)} per image ({100 * repeated // macs}%)"
