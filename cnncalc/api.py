"""The library in one call: from anything that describes a network to its report."""

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from cnncalc.analysis import report, walk
from cnncalc.core.cost import Cost
from cnncalc.core.errors import Mistakes, UsageError
from cnncalc.core.layer import Input
from cnncalc.core.shape import Layout, layout_of
from cnncalc.spec import Spec, load
from cnncalc.spec.graph import Graph, build
from cnncalc.spec.inputs import Shapes, sizes_by_name
from cnncalc.spec.model import Model
from cnncalc.spec.text import Item

if TYPE_CHECKING:
    from cnncalc.analysis.explore.compare import Comparison
    from cnncalc.analysis.explore.largest import Largest
    from cnncalc.analysis.explore.sweep import Sweep
    from cnncalc.conventions.convention import Count
    from cnncalc.conventions.published import Finding
    from cnncalc.conventions.reconcile import Reconciliation
    from cnncalc.derivations.explain import Derivation
    from cnncalc.derivations.stride import Solution, Window
    from cnncalc.derivations.sums import Sum
    from cnncalc.footprint import Memory
    from cnncalc.render.pictures import Picture

__all__ = [
    "Report",
    "Totals",
    "analyze",
    "build",
    "check_stride",
    "claims",
    "draw",
    "explain",
    "largest",
    "layer",
    "load",
    "memory",
    "reconcile",
    "solve",
    "summarize",
    "sweep",
    "to_html",
    "to_yaml",
]


class Totals(Cost):
    """The sums of a network, and the bytes that PyTorch needs to run and train it.

    The bytes come from ``Report.memory`` when they are first read; reading them raises UsageError
    for a network whose memory is not modelled.
    """

    report: "Report"

    @property
    def saved_for_backward(self) -> int:
        """The bytes that autograd saves between the forward and the backward pass."""
        return self.report.memory.saved_for_backward

    @property
    def inference_peak(self) -> int:
        """The peak bytes of live activations in a forward pass without gradients."""
        return self.report.memory.inference_peak.bytes

    @property
    def training_peak(self) -> int:
        """The peak bytes of a training step: parameters, gradients, state and activations."""
        return self.report.memory.training_peak.bytes


class Report(report.Report):
    """The report of a network: one row per layer, with totals, memory and a table.

    Iterate over it for the layers, index it by name for one of them, ``print`` it for the table.
    """

    @cached_property
    def totals(self) -> Totals:
        """Everything added up, including the inputs' activations."""
        totals = Totals(*super().totals)
        totals.report = self
        return totals

    @cached_property
    def memory(self) -> "Memory":
        """What PyTorch needs to train it with SGD (docs/memory.md).

        Raises UsageError for a network whose memory is not modelled.
        """
        from cnncalc.footprint import measure

        return measure(self)

    def under(self, convention: str) -> "Count":
        """The total that another tool prints, with its parts (docs/reconcile.md).

        Raises UsageError for an unknown convention, and where it is not known what the tool counts.
        """
        from cnncalc import conventions

        return conventions.count(convention, self)

    def draw(self, style: str = "graph", **options: Any) -> "Picture":
        """A picture, shown in a notebook; ``save("net.svg")`` writes a file (docs/pictures.md).

        ``style`` and the options are those of ``cnncalc draw``: ``depth``, ``only``, ``label``,
        ``colour`` and others. Raises UsageError for an unknown one.
        """
        from cnncalc.render.pictures import picture

        return picture(self, style, **options)

    def __str__(self) -> str:
        """The table of ``cnncalc summarize``, 100 columns wide."""
        from cnncalc.render.formats import table
        from cnncalc.render.view import View

        return table.render(View(self)).rstrip("\n")

    def _repr_html_(self) -> str:
        """The table in a notebook."""
        from cnncalc.render.formats import html
        from cnncalc.render.view import View

        return html.piece(View(self))


def analyze(graph: Graph, *, batch: int = 1, dtype: str = "float32") -> Report:
    """The report of a graph; see ``cnncalc.analysis.walk.analyze`` for what it raises."""
    found = walk.analyze(graph, batch=batch, dtype=dtype)
    return Report(**vars(found))


def summarize(
    target: str | os.PathLike[str] | Mapping[str, Any] | Item | Spec,
    *,
    batch: int = 1,
    input: Shapes | Mapping[str, Shapes] | None = None,
    dtype: str = "float32",
    settings: Mapping[str, Any] | None = None,
    layout: str | None = None,
    tiny: bool = False,
    extends_anywhere: bool | None = None,
) -> Report:
    """Everything that can be counted about a network.

    ``target`` is a built-in's name, a path, the one-line notation, a spec as plain data, or what
    ``load`` or ``from_torch`` returns.
    ``input`` replaces the input's shape (``"3x256x256"``, or several by name), ``settings``
    replaces parameters of the spec, ``batch`` multiplies activations, MACs and operations.
    ``layout`` says how shapes are written, in ``input`` and in a spec that has no ``layout`` of
    its own: ``chw`` or ``hwc``. By default they are channels first, and a shape that looks like an
    image with its channels last is refused.
    ``tiny`` cuts the input to as few pixels as the network takes (``cnncalc.analysis.smallest``).
    ``extends_anywhere`` lets a spec extend files outside its own folder.

    Raises CnncalcError with a clear sentence for whatever cannot be used.

    >>> summarize("1x28x28-10N").totals.params
    7850
    """
    how = layout_of(layout)
    graph = _graph(target, settings, input, how, extends_anywhere)
    if tiny:
        from cnncalc.analysis.smallest import smallest

        graph = smallest(graph)
    try:
        return analyze(graph, batch=batch, dtype=dtype)
    except Mistakes as mistakes:
        if input is None or isinstance(target, Model):
            raise
        usual = build(graph.spec, settings, layout=how)
        if not walk.takes(usual):
            raise
        fact, own = mistakes.errors[0].fact, f"its default input is {_inputs(usual)}"
        given = f"{graph.name} does not take an input of {_inputs(graph)}"
        raise UsageError(f"{given}: {fact}; {own}") from None


def _inputs(graph: Graph) -> str:
    """The shapes of a network's inputs."""
    layers = (node.layer for node in graph.nodes if isinstance(node.layer, Input))
    return ", ".join(str(layer.shape) for layer in layers)


class Changes(TypedDict, total=False):
    """The options of ``summarize`` that change a network."""

    input: Shapes | Mapping[str, Shapes] | None
    settings: Mapping[str, Any] | None
    layout: str | None
    tiny: bool


class Options(Changes, total=False):
    """The options of ``summarize``, which other functions take for a network that is no report."""

    batch: int
    dtype: str


Target = str | os.PathLike[str] | Mapping[str, Any] | Spec | report.Report
"""A network: a report, or anything that ``summarize`` takes."""


def report_of(target: Target, options: Changes) -> report.Report:
    """The report of a network; a report is returned as it is, and then takes no options."""
    if not isinstance(target, report.Report):
        return summarize(target, **options)
    if options:
        raise UsageError(f"a report is already computed and takes no {', '.join(options)}")
    return target


def explain(
    target: Target,
    layer: str | None = None,
    quantity: str | None = None,
    **options: Unpack[Options],
) -> "tuple[Derivation, ...] | tuple[Sum, ...]":
    """How the numbers of a layer, a block, or by default the whole network are computed.

    A layer gives derivations with their equations; a block or a network gives sums with their
    terms. ``quantity`` is one of output, parameters, macs, operations, memory and receptive-field;
    by default all of them.

    >>> explain("lenet5", "c1", "parameters")[0].answer
    '156 parameters'
    """
    from cnncalc.derivations import explain as layers
    from cnncalc.derivations import sums

    wanted = layers.quantities(quantity)
    found = report_of(target, options)
    part = sums.network(found) if layer is None else sums.block(found, layer)
    if part is None:
        return layers.explain(found[str(layer)], found, wanted)
    return sums.explain(part, wanted)


def layer(
    kind: str,
    *inputs: Shapes,
    batch: int = 1,
    dtype: str = "float32",
    layout: str | None = None,
    **fields: Any,
) -> report.Row:
    """One layer of a kind, given the shapes of its inputs and its fields; ``layout`` as in
    ``summarize``.

    >>> layer("conv", "3x32x32", filters=10, kernel=5).cost.params
    760
    """
    return layer_alone(kind, inputs, fields, batch, dtype, layout)[walk.ALONE]


def layer_alone(
    kind: str,
    inputs: Sequence[Shapes],
    fields: Mapping[str, Any],
    batch: int,
    dtype: str,
    layout: str | None = None,
) -> Report:
    """The report of a network with a single layer, called ``layer``."""
    names = [f"input{i}" for i in range(1, len(inputs) + 1)]
    spec = {
        "name": kind,
        "input": dict(zip(names, inputs, strict=True)),
        "layers": [{kind: fields or None, "name": walk.ALONE, "from": names}],
    }
    return summarize(spec, batch=batch, dtype=dtype, layout=layout)


def check_stride(target: Target, **options: Unpack[Options]) -> "tuple[Window, ...]":
    """The window of every layer of a network along each axis; ``fits`` tells whether the stride is
    legal. For a window of its own, see ``cnncalc.derivations.stride.Axis``.

    >>> [window.layer for window in check_stride("alexnet") if not window.fits]
    []
    """
    from cnncalc.derivations import stride

    return tuple(stride.windows(report_of(target, options)))


def solve(
    *,
    input: int | None = None,
    output: int | None = None,
    kernel: int | None = None,
    stride: int | None = None,
    padding: int | None = None,
    dilation: int = 1,
    largest: int = 11,
    transposed: bool = False,
) -> "list[Solution]":
    """The windows that turn one size into another, or keep it; those that fit exactly come first.

    Sizes that are not given are searched, kernels up to ``largest``. ``transposed`` searches the
    windows of a transposed convolution, which may need output padding.

    >>> solve(input=227, output=55, kernel=11, padding=0)[0].axis.S
    4
    """
    from cnncalc.derivations import stride as strides

    wanted = output if output is not None else input
    if wanted is None:
        raise UsageError("solve needs an input or an output size")
    return strides.solve(
        wanted, input, kernel, stride, padding, dilation, largest, transposed=transposed
    )


def sweep(
    target: str | os.PathLike[str] | Mapping[str, Any] | Spec,
    over: Mapping[str, Any],
    *,
    show: Sequence[str] = ("params", "macs"),
    where: str = "",
    pareto: Sequence[str] = (),
    by: str = "",
    best: int | None = None,
    jobs: int = 1,
    **options: Unpack[Options],
) -> "Sweep":
    """All combinations of some values of a network's parameters, its input, batch or dtype.

    ``over`` maps names to values, or to text such as ``"0.25:1.5:0.25"`` (both ends included). An
    input may be one size for all its axes. ``where`` is a condition (``"macs < 300M"``), ``pareto``
    names quantities to minimise (``-rf`` to maximise), ``by`` sorts, and ``best`` limits the number
    of results. ``jobs`` is the number of processes. Quantities are those of
    ``cnncalc.analysis.explore.quantities``.

    >>> [point.values for point in sweep("resnet18", {"input": "64:256:32"}, by="-macs",
    ...     where="macs < 1G", best=1).points]
    [{'input': 160}]
    """
    steps = sweeping(target, over, show, where, pareto, by, best, jobs, options)
    return deque(steps, maxlen=1).pop()


def sweeping(
    target: Any,
    over: Mapping[str, Any],
    show: Sequence[str],
    where: str,
    pareto: Sequence[str],
    by: str,
    best: int | None,
    jobs: int,
    options: Mapping[str, Any],
) -> "Iterator[Sweep]":
    """The same, but what is found so far, again and again."""
    from cnncalc.analysis.explore import sweep as sweeps
    from cnncalc.analysis.explore.evaluate import configurations

    listed = {
        name: sweeps.values_of(values) if isinstance(values, str) else list(values)
        for name, values in over.items()
    }
    needed = sweeps.wanted(show, where, pareto, by)
    evaluate = configurations(target, [*listed], needed, options, load, summarize)
    with sweeps.processes(jobs) as executor:
        yield from sweeps.sweep(
            evaluate,
            listed,
            show,
            where=where,
            pareto=pareto,
            by=by,
            best=best,
            executor=executor,
            ahead=sweeps.AHEAD * jobs,
        )


def largest(
    target: str | os.PathLike[str] | Mapping[str, Any] | Spec,
    name: str,
    budgets: Mapping[str, int | str],
    *,
    step: int | float | str | None = None,
    **options: Unpack[Options],
) -> "Largest":
    """The largest value of a parameter, of ``input`` or ``batch``, within some budgets, and the
    next one beyond.

    ``budgets`` maps quantities to numbers, or to text such as ``"300M"``, ``"4GiB"`` or ``"2x"``
    (twice what the network needs by default). Values are multiples of ``step``, by default 1, or
    0.01 for a parameter that is a decimal.

    >>> largest("mobilenet_v2", "width", {"macs": "300M"}, step=0.05).within.value
    0.95
    """
    from cnncalc.analysis.explore import largest as search
    from cnncalc.analysis.explore.evaluate import configurations
    from cnncalc.analysis.explore.quantities import budget, positive

    if not budgets:
        raise UsageError("give a budget, such as macs: 300M")
    evaluate = configurations(target, [name], [*budgets], options, load, summarize)
    usual = evaluate({}) if any(str(one).endswith("x") for one in budgets.values()) else {}
    limits = {key: budget(key, str(one), usual) for key, one in budgets.items()}
    by = evaluate.step(name) if step is None else positive(str(step))
    return search.largest(evaluate, name, limits, by, steady=name == "batch")


def memory(
    target: Target,
    *,
    optimizer: str = "sgd",
    training: bool = True,
    device: str = "cpu",
    checkpoint: int | None = None,
    dtype: str | None = None,
    batch: int | None = None,
    **options: Unpack[Changes],
) -> "Memory":
    """The bytes that PyTorch needs to run and train a network, and its peaks (docs/memory.md).

    ``training=False`` runs the layers in eval mode, with gradients. ``dtype`` may be ``amp``, for
    mixed precision. ``checkpoint`` is the number of blocks between two checkpoints.

    >>> memory("lenet5", optimizer="adam").optimizer_state  # 2·61,706 numbers and 10 counters
    493688
    """
    from cnncalc.footprint import measure

    return measure(
        report_of(target, options),
        optimizer=optimizer,
        training=training,
        dtype=dtype,
        device=device,
        checkpoint=checkpoint,
        batch=batch,
    )


def graph_of(
    target: str | os.PathLike[str] | Mapping[str, Any] | Item | Spec | Graph,
    *,
    input: Shapes | Mapping[str, Shapes] | None = None,
    settings: Mapping[str, Any] | None = None,
    layout: str | None = None,
) -> Graph:
    """The expanded network; ``target`` and the options are those of ``summarize``."""
    if isinstance(target, Graph):
        return target
    return _graph(target, settings, input, layout_of(layout))


def _graph(
    target: Any,
    settings: Mapping[str, Any] | None,
    input: Shapes | Mapping[str, Shapes] | None,
    layout: Layout | None,
    anywhere: bool | None = None,
) -> Graph:
    """The expanded network that a target describes."""
    if isinstance(target, Model):
        return build(target.read(settings or {}, sizes_by_name(input, layout)))
    spec = load(target, extends_anywhere=anywhere, inputs=(input, layout))
    return build(spec, settings, input, layout)


def to_yaml(target: Any, **options: Any) -> str:
    """A network as the YAML of a spec, with blocks for what repeats (docs/importing.md).

    ``target`` is a graph, or anything that ``summarize`` takes, with its options ``input``,
    ``settings`` and ``layout``. Reading the text gives the same report.

    >>> print(to_yaml("1x28x28-10N"), end="")
    name: 1x28x28-10N
    input: 1x28x28
    layers:
      - linear: 10
    """
    from cnncalc.spec.writing import write

    graph = graph_of(target, **options)
    analyze(graph)  # raises the mistakes
    return write(graph)


def to_html(
    target: Any, compare: Any = None, *, batch: int = 1, dtype: str = "float32", **options: Any
) -> str:
    """Everything about a network as one HTML page that needs nothing else (docs/how-to/report.md),
    or two networks side by side.

    ``target``, the other network and the options are those of ``to_yaml``; ``batch`` and ``dtype``
    are those of ``summarize``.

    >>> to_html("lenet5")[:15]
    '<!doctype html>'
    """
    from cnncalc.analysis.explore.compare import Comparison
    from cnncalc.render.web import compared, render
    from cnncalc.spec.writing import write

    graph = graph_of(target, **options)
    report = analyze(graph, batch=batch, dtype=dtype)
    if compare is not None:
        other = analyze(graph_of(compare, **options), batch=batch, dtype=dtype)
        return compared.render(Comparison((report, other)))
    findings = claims(graph.spec) if graph.spec.published else ()
    return render(report, write(graph), findings)


def draw(target: Target, style: str = "graph", **options: Any) -> "Picture":
    """A picture of a network, shown in a notebook; ``save("net.svg")`` writes a file.

    The options are those of ``summarize``, for a network that is no report, and of a picture
    (``Report.draw``).

    >>> draw("lenet5", label="params").svg[:4]
    '<svg'
    """
    from cnncalc.render.pictures import picture

    names = Options.__annotations__ | Changes.__annotations__
    network: Any = {name: options.pop(name) for name in [*options] if name in names}
    return picture(report_of(target, network), style, **options)


def compare(*targets: Target, **options: Unpack[Options]) -> "Comparison":
    """Networks side by side: their totals, and how the layers of the last differ from the first's.

    The options are those of ``summarize``, for targets that are not reports.

    >>> [change.name for change in compare("vgg11", "vgg13").layers if change.change == "added"]
    ['relu1', 'conv1_2', 'relu3', 'conv2_2']
    """
    from cnncalc.analysis.explore.compare import Comparison

    if len(targets) < 2:
        raise UsageError("compare needs at least two networks")
    reports = (
        one if isinstance(one, report.Report) else report_of(one, options) for one in targets
    )
    return Comparison(tuple(reports))


def reconcile(target: Target, number: str, **options: Unpack[Options]) -> "Reconciliation":
    """The tools and counting conventions that give a number for a network (docs/reconcile.md).

    ``number`` is text with its unit if it has one: ``4.1G``, ``8.2 GFLOPs``, ``25.6M params``.

    >>> reconcile("lenet5", "61.7k params").agreeing[0].total
    61706
    """
    from cnncalc.conventions import reconcile as conventions

    return conventions.reconcile(report_of(target, options), number)


def claims(target: str | os.PathLike[str] | Mapping[str, Any] | Spec) -> "tuple[Finding, ...]":
    """The published numbers in a network's spec, each compared with the calculated one.

    >>> [finding.verdict for finding in claims("ntu_example2")]
    ['agrees', 'agrees']
    """
    from cnncalc.conventions.published import check

    return check(target)
