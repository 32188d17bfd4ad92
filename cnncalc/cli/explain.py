"""``cnncalc explain``: the formula, the same with the numbers, the result."""

from typing import Annotated

import typer

from cnncalc.analysis.report import Report, Row
from cnncalc.api import summarize
from cnncalc.cli import _shared as shared
from cnncalc.core.errors import UsageError, did_you_mean, one_of
from cnncalc.derivations import explain

ENDINGS = {".txt": "text", ".md": "markdown", ".tex": "latex"}


def run(
    spec: shared.Spec,
    layer: Annotated[str, typer.Argument(help="The layer's name.", show_default=False)],
    quantity: Annotated[
        str | None,
        typer.Argument(help=f"{one_of(list(explain.QUANTITIES))}; all when left out."),
    ] = None,
    format: Annotated[
        str | None, typer.Option("--format", "-f", help=f"{one_of(list(explain.FORMATS))}.")
    ] = None,
    batch: shared.Batch = 1,
    input: shared.Input = None,
    settings: shared.Settings = None,
    dtype: shared.Dtype = "float32",
    output: shared.TextOutput = None,
) -> None:
    """Show how every number of a layer comes about. What is shown is what ran.

    cnncalc explain alexnet conv1

    cnncalc explain vgg16 fc6 parameters --format latex
    """
    chosen = shared.chosen(format, output, ENDINGS, "text")
    if chosen not in explain.FORMATS:
        hint = did_you_mean(chosen, explain.FORMATS) or f"; it has {one_of(list(explain.FORMATS))}"
        raise UsageError(f"no format {chosen!r}{hint}")
    wanted = explain.quantities(quantity)
    report = summarize(
        spec,
        batch=batch,
        input=shared.inputs_of(input),
        dtype=dtype,
        settings=shared.settings_of(settings),
    )
    row = _find(report, layer)
    shared.write(explain.FORMATS[chosen](row, explain.explain(row, report, wanted)), output)


def _find(report: Report, name: str) -> Row:
    """The layer; raises UsageError that names a block's layers when it is a block."""
    inside = [row.name for row in report.rows if row.name.startswith(f"{name}.")]
    if inside:
        raise UsageError(f"{name!r} is a block; its layers are {', '.join(inside[:12])}")
    return report[name]
