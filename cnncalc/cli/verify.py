"""``cnncalc verify``: the calculated numbers beside those of a run in PyTorch."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncalc import bridge
from cnncalc.cli import _listing as listing
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core.errors import UsageError
from cnncalc.render import terminal
from cnncalc.spec import catalog

if TYPE_CHECKING:
    from cnncalc.bridge.quantities import Check, Figure
    from cnncalc.bridge.verification import Verification
    from cnncalc.render import Format

Spec = Annotated[
    str | None,
    typer.Argument(
        metavar="[NETWORK]",
        help=f"The network: {options.NETWORK}, - for standard input, or MODULE:FACTORY for a "
        "PyTorch model (this runs your code and compares the model with cnncalc's network).",
        show_default=False,
    ),
]
AllArchitectures = Annotated[
    bool,
    typer.Option(
        "--all-architectures",
        help="Verify all built-in networks, on the meta device unless you choose another one or "
        "--tiny.",
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        "--device",
        metavar="NAME",
        help="The device: auto, cpu, cuda, mps or meta, which allocates nothing.",
    ),
]
Training = Annotated[
    bool, typer.Option("--train/--eval", help="Run the layers in training or eval mode.")
]
Tiny = Annotated[
    bool,
    typer.Option(
        "--tiny", help="Use the smallest input that the network accepts, and batch size 2."
    ),
]
ReceptiveField = Annotated[
    bool,
    typer.Option("--receptive-field", help="Also check receptive fields, in extra runs."),
]
Everything = Annotated[bool, typer.Option("--all", help="Also list the figures that match.")]
Dtype = Annotated[str | None, options.dtype_option(options.TORCH_DTYPES)]
Batch = Annotated[
    int | None,
    typer.Option(
        "--batch",
        "-b",
        metavar="N",
        help="The batch size. By default, 1, or 2 with --tiny or --all-architectures, because "
        "PyTorch cannot normalize a single value.",
    ),
]


def run(
    context: typer.Context,
    spec: Spec = None,
    all_architectures: AllArchitectures = False,
    device: Device = None,
    training: Training = True,
    tiny: Tiny = False,
    receptive_field: ReceptiveField = False,
    everything: Everything = False,
    batch: Batch = None,
    input: options.Input = None,
    settings: options.Settings = None,
    layout: options.LayoutName = None,
    dtype: Dtype = None,
    format: options.FormatName = None,
    output: options.TextOutput = None,
) -> None:
    """Run a network in PyTorch, forward and backward, and compare its numbers with the calculated
    ones.

    The exit code is 1 if anything differs. Requires PyTorch.

    cnncalc verify vgg16

    cnncalc verify net.yaml --device cpu --batch 4 --eval --all

    cnncalc verify resnet152 --tiny

    cnncalc verify resnet152 --device meta --format json

    cnncalc verify torchvision.models:resnet50

    cnncalc verify --all-architectures
    """
    form = listing.format_of(format, output)
    if (spec is None) != all_architectures:
        raise UsageError("give either a network or --all-architectures")
    if all_architectures and (input or settings):
        raise UsageError("--input and --set need a single network, not --all-architectures")
    if spec is not None and shared.is_factory(spec):
        shared.refuse(context, ("tiny", "layout"), "is not for a PyTorch model")
    images = batch if batch is not None else 2 if tiny or all_architectures else 1
    where = device or ("meta" if all_architectures and not tiny else "auto")
    done = []
    how: Any = {"training": training, "receptive_field": receptive_field}
    for name in [spec] if spec else shared.announced(catalog.names()):
        if shared.is_factory(name):
            model = bridge.model_of(name, shared.settings_for(name, settings))
            how |= {"batch": images, "dtype": dtype, "input": shared.inputs_of(input)}
            done.append(bridge.verify(model, where, **how))
            continue
        report = shared.network(
            name, input, settings, batch=images, dtype=dtype, layout=layout, tiny=tiny
        )
        done.append(bridge.verify(report, where, **how))
    shared.write(_text(done, form, everything, single=spec is not None), output)
    raise typer.Exit(0 if all(one.agrees for one in done) else 1)


def _text(done: "list[Verification]", form: "Format | None", everything: bool, single: bool) -> str:
    if form is None:
        return "".join(_table(one, everything) + _summary(one) for one in done)
    if form.SUFFIX == ".json":  # one object for one network, a list for all
        records = [one.to_dict() for one in done]
        return json.dumps(records[0] if single else records, indent=2, ensure_ascii=False) + "\n"
    lines = [record for one in done for record in _records(one)]
    return listing.rendered(form, "Calculated and PyTorch", COLUMNS, lines)


COLUMNS = ("network", "layer", "quantity", "calculated", "pytorch", "agrees")


def _records(one: "Verification") -> Iterator[dict[str, Any]]:
    """A record for each figure: compared, skipped or measured."""
    for check in one.checks:
        sides = (_plain(check.calculated), _plain(check.pytorch))
        yield _record(one, check.layer, check.quantity, *sides, "yes" if check.agrees else "no")
    for left in one.skipped:
        yield _record(one, left.layer, left.quantity, "", "", left.why)
    for measured in one.measured:
        yield _record(one, measured.layer, measured.quantity, "", measured.value, "")


def _record(one: "Verification", *cells: object) -> dict[str, Any]:
    return dict(zip(COLUMNS, (one.name, *cells), strict=True))


def _plain(value: "Figure") -> int | str:
    return "×".join(map(str, value)) if isinstance(value, tuple) else value


def _summary(one: "Verification") -> str:
    """A line such as ``✓ VGG-16: 353 of 353 figures agree with PyTorch 2.13.0 (cpu, float32, batch
    1, training)``, followed by the figures that were not compared."""
    agreeing = len(one.checks) - len(one.disagreements)
    sign = "✓" if one.agrees else "✗"
    mode = "training" if one.training else "evaluation"
    line = (
        f"{sign} {one.name}: {agreeing:,} of {len(one.checks):,} figures agree with PyTorch "
        f"{one.torch.partition('+')[0]} ({one.device}, {one.dtype}, batch {one.batch}, {mode})\n"
    )
    left = sorted((skipped.quantity, skipped.why) for skipped in one.skipped)
    return line + "".join(
        f"  {part}\n"
        for (quantity, why), same in groupby(left)
        for part in terminal.wrap(
            f"{len([*same])} × {quantity} not compared: {why}", terminal.width() - 2, indent="  "
        )
    )


def _table(one: "Verification", everything: bool) -> str:
    """The figures side by side; by default, only those that differ or are merely measured."""
    checks = one.checks if everything else one.disagreements
    rows: list[Sequence[str]] = [_line(check) for check in checks]
    rows += [(found.layer, found.quantity, "", "", f"{found.value:,}") for found in one.measured]
    if not rows:
        return ""
    headings = {"Layer": False, "Quantity": False, "Calculated": True, "": False, "PyTorch": False}
    return listing.columns(headings, rows)


def _line(check: "Check") -> tuple[str, ...]:
    sign = "✓" if check.agrees else "✗"
    pytorch = _shown(check.pytorch) + _difference(check)
    return (check.layer, check.quantity, _shown(check.calculated), sign, pytorch)


def _shown(value: "Figure") -> str:
    return f"{value:,}" if isinstance(value, int) else str(_plain(value))


def _difference(check: "Check") -> str:
    """The difference of two counts, such as `` (+1)``."""
    ours, theirs = check.calculated, check.pytorch
    if check.agrees or not isinstance(ours, int) or not isinstance(theirs, int):
        return ""
    return f" ({theirs - ours:+,})"
