"""Functions that write a network: as a spec, a workload, a page or a picture."""

import os
from typing import TYPE_CHECKING, Any, Unpack

from cnncalc.api.hardware import device
from cnncalc.api.network import Changes, Options, Target, graph_of, report_of
from cnncalc.api.questions import claims
from cnncalc.api.results import Report, analyze
from cnncalc.core.errors import UsageError

if TYPE_CHECKING:
    from cnncalc.analysis.hardware.roofline import Roofline
    from cnncalc.render.pictures import Picture


def to_yaml(target: Any, **options: Any) -> str:
    """Return a network as a YAML spec, with blocks for layers that repeat
    (docs/importing.md).

    ``target`` is a graph, or anything that ``summarize`` takes, with its options ``input``,
    ``settings`` and ``layout``. The text describes the same layers, so it gives the same numbers.

    >>> print(to_yaml("1x28x28-10N"), end="")
    name: 1x28x28-10N
    input: 1x28x28
    layers:
      - linear: 10
    """
    from cnncalc.spec.writing import write

    graph = graph_of(target, **options)
    analyze(graph)  # raises Mistakes for an invalid network
    return write(graph)


def to_simulator(target: Target, tool: str, **options: Unpack[Changes]) -> str:
    """Return a network as a workload for an accelerator simulator, ``scalesim`` or ``zigzag``
    (docs/export.md#simulators).

    Raises UsageError with the names of layers that the simulator cannot describe.

    >>> print(to_simulator("1x28x28-32C5s2-10N", "scalesim").splitlines()[1])
    conv1, 27, 27, 5, 5, 1, 32, 2,
    """
    from cnncalc.render import simulators

    simulator = simulators.load(tool)
    return simulator.render(simulators.workload(report_of(target, options), simulator.TOOL))


def to_html(
    target: Any,
    compare: Any = None,
    *,
    on: str | None = None,
    path: str | os.PathLike[str] | None = None,
    batch: int = 1,
    dtype: str | None = None,
    **options: Any,
) -> str:
    """Return everything about a network, or two networks side by side, as one self-contained
    HTML page (docs/how-to/report.md).

    ``target`` and ``compare``, the network to compare it with, are anything that ``to_yaml`` takes;
    the options are those of ``to_yaml``, and ``batch`` and ``dtype`` those of ``summarize``.
    ``on`` adds the shortest times on a device; ``on`` and ``path`` are those of ``device``.

    >>> to_html("lenet5")[:15]
    '<!doctype html>'
    """
    from cnncalc.analysis.explore.compare import Comparison
    from cnncalc.analysis.hardware.device import stored_as
    from cnncalc.render.web import compared, render
    from cnncalc.spec.writing import write

    if path is not None and on is None:
        fact = "a file of devices is given, but no device"
        raise UsageError(fact, "name one of its devices with --on")
    if compare is not None and on is not None:
        raise UsageError("a page of two networks has no times on a device", "leave out the device")
    graph = graph_of(target, **options)
    report = analyze(graph, batch=batch, dtype=dtype if on is None else stored_as(dtype))
    if compare is not None:
        other = analyze(graph_of(compare, **options), batch=batch, dtype=dtype)
        return compared.render(Comparison((report, other)))
    findings = claims(graph.spec) if graph.spec.published else ()
    bounds = None if on is None else _bounds(report, on, path, dtype)
    return render(report, write(graph), findings, bounds)


def _bounds(
    report: Report, on: str, path: str | os.PathLike[str] | None, dtype: str | None
) -> "Roofline":
    """The shortest times on a single device."""
    found = device(report, on, path=path, dtype=dtype).bounds
    if len(found) != 1:
        fact = f"a page shows the times on one device, not on {len(found)}"
        raise UsageError(fact, "give --on the name of one device")
    return found[0]


def draw(target: Target, style: str = "graph", **options: Any) -> "Picture":
    """Draw a network. A notebook shows the picture, and ``save("net.svg")`` writes a file.

    The options are those of ``summarize``, for a network that is not a report, and those of a
    picture (``Report.draw``).

    >>> draw("lenet5", label="params").svg[:4]
    '<svg'
    """
    from cnncalc.render.pictures import picture

    names = Options.__annotations__ | Changes.__annotations__
    network: Any = {name: options.pop(name) for name in [*options] if name in names}
    return picture(report_of(target, network), style, **options)
