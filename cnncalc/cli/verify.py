"""``cnncalc verify``: what was calculated, held against a run in PyTorch."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc import bridge, catalog
from cnncalc.api import summarize
from cnncalc.cli import _listing as listing
from cnncalc.cli import _shared as shared
from cnncalc.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from cnncalc.bridge.verification import Check, Told, Verification

FORMATS = ("table", "json")


def run(
    spec: Annotated[
        str | None,
        typer.Argument(
            help="A file, a built-in name (cnncalc list), the one-line notation, or - for stdin.",
            show_default=False,
        ),
    ] = None,
    all_architectures: Annotated[
        bool, typer.Option("--all-architectures", help="Every built-in, on the meta device.")
    ] = False,
    device: Annotated[
        str | None,
        typer.Option("--device", help="auto, cpu, cuda, mps, or meta: nothing is allocated there."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Show also what agrees, not only what does not.")
    ] = False,
    batch: shared.Batch = 1,
    input: shared.Input = None,
    settings: shared.Settings = None,
    dtype: shared.Dtype = "float32",
    format: Annotated[str, typer.Option("--format", "-f", help="table or json.")] = "table",
    output: shared.TextOutput = None,
) -> None:
    """Build the network in PyTorch, run it, and compare shapes, parameters, buffers and MACs.

    The exit code is 1 when anything differs. It needs PyTorch.

    cnncalc verify vgg16

    cnncalc verify net.yaml --device cpu --batch 4 --all

    cnncalc verify resnet152 --device meta --format json

    cnncalc verify --all-architectures
    """
    if format not in FORMATS:
        hint = did_you_mean(format, FORMATS) or "; verify has table or json"
        raise UsageError(f"no format {format!r}{hint}")
    if (spec is None) != all_architectures:
        raise UsageError("verify needs a network or --all-architectures: one of the two")
    if all_architectures and (input or settings):
        raise UsageError("--input and --set are for one network, not for --all-architectures")
    names: Iterable[str] = [spec] if spec else shared.announced(catalog.names())
    where = device or ("meta" if all_architectures else "auto")
    done = [
        bridge.verify(
            summarize(
                name,
                batch=batch,
                input=shared.inputs_of(input),
                dtype=dtype,
                settings=shared.settings_of(settings),
            ),
            where,
        )
        for name in names
    ]
    shared.write(_as_json(done, spec) if format == "json" else _text(done, everything), output)
    raise typer.Exit(0 if all(one.agrees for one in done) else 1)


def _as_json(done: "list[Verification]", spec: str | None) -> str:
    """One object for one network, a list for all."""
    records = [one.to_dict() for one in done]
    return json.dumps(records[0] if spec else records, indent=2, ensure_ascii=False) + "\n"


def _text(done: "list[Verification]", everything: bool) -> str:
    return "".join(_table(one, everything) + _summary(one) for one in done)


def _summary(one: "Verification") -> str:
    """``VGG-16: 244 of 244 figures agree with PyTorch 2.13.0 (cpu, float32, batch 1)``."""
    agreeing = len(one.checks) - len(one.disagreements)
    sign = "✓" if one.agrees else "✗"
    return (
        f"{sign} {one.name}: {agreeing:,} of {len(one.checks):,} figures agree with PyTorch "
        f"{one.torch} ({one.device}, {one.dtype}, batch {one.batch})\n"
    )


def _table(one: "Verification", everything: bool) -> str:
    """The figures side by side; only those that differ, unless everything is wanted."""
    checks = one.checks if everything else one.disagreements
    if not checks:
        return ""
    headings = {"Layer": False, "Quantity": False, "Calculated": True, "": False, "PyTorch": False}
    return listing.columns(headings, map(_line, checks))


def _line(check: "Check") -> tuple[str, ...]:
    sign = "✓" if check.agrees else "✗"
    told = _told(check.pytorch) + _difference(check)
    return (check.layer, check.quantity, _told(check.calculated), sign, told)


def _told(value: "Told") -> str:
    if isinstance(value, tuple):
        return "×".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else value


def _difference(check: "Check") -> str:
    """How far apart two counts are, as in `` (+1)``."""
    ours, theirs = check.calculated, check.pytorch
    if check.agrees or not isinstance(ours, int) or not isinstance(theirs, int):
        return ""
    return f" ({theirs - ours:+,})"
