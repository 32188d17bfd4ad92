"""``cnncalc report``: a network as one HTML page."""

from cnncalc.cli import _options as options
from cnncalc.cli import _shared as shared


def run(
    spec: options.Spec,
    batch: options.Batch = 1,
    input: options.Input = None,
    settings: options.Settings = None,
    dtype: options.Dtype = "float32",
    layout: options.LayoutName = None,
    output: options.TextOutput = None,
) -> None:
    """Write everything about a network as one HTML page, which works offline.

    The page has the totals, the peak memory, the graph, a table that you can fold, sort and search,
    how each number is computed, the published figures, and the spec.

    cnncalc report resnet50 -o resnet50.html

    cnncalc report net.yaml --batch 32 --set classes=10 -o net.html
    """
    from cnncalc import api

    shared.only("report writes HTML", (".html", ".htm"), output)
    graph = shared.graph(spec, input, settings, layout)
    shared.warn(api.analyze(graph).warnings)
    shared.write(api.to_html(graph, batch=batch, dtype=dtype), output)
