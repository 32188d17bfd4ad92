"""``cnncalc explain``: how the numbers of a network are computed."""

from typing import Annotated

import typer

from cnncalc.cli import _complete as complete
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared
from cnncalc.core.errors import UsageError, one_of
from cnncalc.derivations import explain, sums

Layer = Annotated[
    str | None,
    typer.Argument(
        help="A layer or a block; without one, the totals of the network are explained.",
        show_default=False,
        autocompletion=complete.layers,
    ),
]
Quantity = Annotated[
    str | None,
    typer.Argument(
        help=f"What to explain: {one_of(list(explain.QUANTITIES))}. By default, everything.",
        show_default=False,
        autocompletion=complete.words(lambda: explain.QUANTITIES),
    ),
]


def run(
    spec: options.Spec,
    layer: Layer = None,
    quantity: Quantity = None,
    format: Annotated[str | None, options.text_format(*explain.FORMATS)] = None,
    batch: options.Batch = 1,
    input: options.Input = None,
    settings: options.Settings = None,
    layout: options.LayoutName = None,
    dtype: options.Dtype = None,
    output: options.TextOutput = None,
) -> None:
    """Show how the numbers of a layer, a block or a network are computed.

    For a layer, you see each formula, the formula with the numbers filled in, and the result; for a
    block or a network, the terms of every sum. The formulas shown are the ones that ran.

    cnncalc explain alexnet conv1

    cnncalc explain alexnet conv1 parameters

    cnncalc explain resnet50 layer1.0 macs

    cnncalc explain vgg16

    cnncalc explain vgg16 fc6 --format latex
    """
    chosen = shared.chosen_format(format, output, explain.FORMATS)
    wanted = explain.quantities(quantity)
    report = shared.network(spec, input, settings, batch=batch, dtype=dtype, layout=layout)
    if layer is not None and quantity is None and layer not in report and _is_quantity(layer):
        layer, wanted = None, explain.quantities(layer)
    part = sums.network(report) if layer is None else sums.block(report, layer)
    if part is None:
        row = report[str(layer)]
        text = explain.FORMATS[chosen](row, explain.explain(row, report, wanted))
    else:
        text = sums.FORMATS[chosen](part, _sums(part, wanted))
    shared.write(text, output)


def _is_quantity(word: str) -> bool:
    return word.lower() in {*explain.QUANTITIES, *explain.ALSO}


def _sums(part: sums.Part, wanted: tuple[str, ...]) -> tuple[sums.Sum, ...]:
    """The requested sums; raises UsageError for a quantity that is not a sum."""
    found = sums.explain(part, wanted)
    if not found:
        raise UsageError(
            f"{wanted[0]} is not a sum over layers; name a layer, "
            f"or one of {one_of(list(sums.QUANTITIES))}"
        )
    return found
