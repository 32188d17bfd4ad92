"""``cnncalc report``: a network as one HTML page."""

from typing import Annotated

import typer

from cnncalc.cli import _complete as complete
from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared

Compare = Annotated[
    str | None,
    typer.Option(
        "--compare",
        metavar="NETWORK",
        help="Compare with a second network: the totals, both graphs and the layers that differ.",
        autocompletion=complete.networks,
    ),
]
On = Annotated[
    str | None,
    typer.Option(
        "--on",
        metavar="NAME",
        help="Add the shortest time of each layer in a training step on this device (see 'cnncalc "
        "devices').",
        autocompletion=complete.devices,
    ),
]


def run(
    spec: options.Spec,
    compare: Compare = None,
    on: On = None,
    path: options.Devices = None,
    batch: options.Batch = 1,
    input: options.InputOfEach = None,
    settings: options.SettingsOfEach = None,
    dtype: options.PeakDtype = None,
    layout: options.LayoutName = None,
    output: options.TextOutput = None,
) -> None:
    """Write everything about a network as one HTML page that works offline.

    The page has the totals, the graph, a table that you can fold, sort and search, the memory in a
    training step, how each number is computed, the published figures, and the spec.

    cnncalc report resnet50 -o resnet50.html

    cnncalc report net.yaml --batch 32 --set classes=10 -o net.html

    cnncalc report resnet18 --compare resnet34 -o resnets.html

    cnncalc report resnet50 --on a100 --batch 32 --dtype tf32 -o resnet50.html
    """
    from cnncalc import api

    shared.only("report writes HTML", (".html", ".htm"), output)
    specs = [spec] if compare is None else [spec, compare]
    inputs, values = (shared.for_each(words, len(specs)) for words in (input, settings))
    graphs = [
        shared.graph(one, inputs[place], values[place], layout) for place, one in enumerate(specs)
    ]
    for graph in graphs:
        shared.warn(api.analyze(graph).warnings)
    text = api.to_html(*graphs, on=on, path=path, batch=batch, dtype=dtype)
    shared.write(text, output)
