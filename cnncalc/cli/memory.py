"""``cnncalc memory``: the bytes that training and inference need."""

import json
from typing import Annotated

import typer

from cnncalc import units
from cnncalc.api import summarize
from cnncalc.cli import _listing as listing
from cnncalc.cli import _shared as shared
from cnncalc.errors import UsageError, did_you_mean
from cnncalc.memory import OPTIMIZERS, Held, Memory, measure

FORMATS = ("table", "json")

MOST_SHOWN = 10
"""The layers that are shown one by one unless all are wanted."""


def run(
    spec: shared.Spec,
    optimizer: Annotated[str, typer.Option("--optimizer", help=f"{', '.join(OPTIMIZERS)}.")] = (
        "sgd"
    ),
    evaluation: Annotated[
        bool, typer.Option("--eval", help="What is kept when layers run as in inference.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show every layer that keeps.")] = False,
    batch: shared.Batch = 1,
    input: shared.Input = None,
    settings: shared.Settings = None,
    dtype: Annotated[str, typer.Option("--dtype", help="float32 or float64.")] = "float32",
    format: Annotated[str, typer.Option("--format", "-f", help="table or json.")] = "table",
    output: shared.TextOutput = None,
) -> None:
    """Show what is held while training, what is kept for the backward pass, and the inference peak.

    The bytes are those of PyTorch on the CPU, exactly.

    cnncalc memory vgg16

    cnncalc memory resnet50 --batch 64 --optimizer adam

    cnncalc memory net.yaml --input 3x256x256 --eval --all

    cnncalc memory mobilenet_v2 --format json
    """
    if format not in FORMATS:
        hint = did_you_mean(format, FORMATS) or "; memory has table or json"
        raise UsageError(f"no format {format!r}{hint}")
    report = summarize(
        spec,
        batch=batch,
        input=shared.inputs_of(input),
        dtype=dtype,
        settings=shared.settings_of(settings),
    )
    found = measure(report, optimizer=optimizer, training=not evaluation)
    if format == "json":
        text = json.dumps(found.to_dict(), indent=2, ensure_ascii=False) + "\n"
    else:
        text = _text(found, everything)
    shared.write(text, output)


def _text(found: Memory, everything: bool) -> str:
    mode = "training" if found.training else "evaluation"
    title = f"{found.name}: {found.dtype}, batch {found.batch}, {mode}\n\n"
    return f"{title}{_parts(found)}\n{_by_layer(found, everything)}"


def _parts(found: Memory) -> str:
    """What there is to hold, in one table."""
    parts = (
        ("parameters", found.parameters, ""),
        ("gradients", found.gradients, ""),
        ("optimizer state", found.optimizer_state, found.optimizer),
        ("saved for backward", found.saved_for_backward, ""),
        ("inference peak", found.inference_peak.bytes, f"at {found.inference_peak.layer}"),
    )
    headings = {"Memory": False, "Bytes": True, "": True, " ": False}
    rows = [(name, units.exact(n), units.in_bytes(n), note) for name, n, note in parts]
    return listing.columns(headings, rows)


def _by_layer(found: Memory, everything: bool) -> str:
    """What is saved for the backward pass, most first; what is left is added up."""
    ordered = sorted(found.saved, key=lambda held: -held.bytes)
    most = len(ordered) if everything else MOST_SHOWN
    shown, rest = ordered[:most], ordered[most:]
    if rest:
        number = f"{len(rest)} more" if len(rest) > 1 else rest[0].layer
        shown.append(Held(number, sum(held.bytes for held in rest)))
    headings = {"Saved by layer": False, "Bytes": True, "": False}
    rows = [(held.layer, units.exact(held.bytes), units.in_bytes(held.bytes)) for held in shown]
    return listing.columns(headings, rows)
