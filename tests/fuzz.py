"""Random single layers and networks, compared with PyTorch until one of the two is wrong.

    python tests/fuzz.py --layers 20000 --networks 2000 --fields 2000 --seed 1 --jobs 2

PyTorch must agree about everything the calculator accepts: each layer's shape, parameters,
multiply-accumulates, bytes saved for backward, and peak memory forward and backward, on the CPU and
on the meta device, in training and in eval mode. Single layers are also compared with PyTorch's own
modules (``plain_modules``), and PyTorch must reject what the calculator rejects. ``STATED`` lists
the intended differences. A network goes all the way: it is written as text, read, analysed, built
and run. Fields are receptive fields: no output of a network may have a gradient from outside its
receptive field.

Each disagreement is printed with the smallest spec that shows it; ``--first`` repeats it.
"""

import copy
import math
import multiprocessing
import re
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Annotated, Any, NamedTuple

import plain_modules
import random_networks
import torch
import typer
import yaml
from random_networks import Single
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry
from torch_memory import SavedTensors, layer_peaks_in_pytorch

import cnncalc
from cnncalc import footprint, layers
from cnncalc.analysis.report import Report, Row
from cnncalc.bridge import devices
from cnncalc.bridge.network import Network
from cnncalc.bridge.products import FUSED
from cnncalc.bridge.trial import attention_in_steps
from cnncalc.core.errors import CnncalcError, UsageError
from cnncalc.core.shape import Vector

BATCH = 2
"""More than one image for PyTorch's own modules: they cannot tell one image from an input without a
batch, and the variance of one number is undefined."""

REFUSALS = (
    RuntimeError,
    ValueError,
    TypeError,
    NotImplementedError,
    IndexError,
    ZeroDivisionError,
)
"""The exceptions that PyTorch raises for invalid layers."""


# Intended differences.


class Stated(NamedTuple):
    """A layer that the calculator refuses with these words although PyTorch accepts it, and why."""

    words: str
    why: str
    when: Callable[[Single], bool] = lambda case: True


def is_uneven(case: Single) -> bool:
    """Whether the padding before and after some axis differs."""
    given = case.given
    if case.kind == "time_distributed" and isinstance(given.get("layer"), dict):
        given = next(iter(given["layer"].values())) or {}
    padding = given.get("padding") if isinstance(given, dict) else None
    if isinstance(padding, dict):
        return True
    pairs = padding if isinstance(padding, list) else []
    return any(isinstance(pair, list) and pair[0] != pair[1] for pair in pairs)


def are_of_other_ranks(case: Single) -> bool:
    """Whether some inputs have more dimensions than others."""
    return len({len(x.dimensions) for x in case.inputs}) > 1


STATED = (
    Stated("not a vector of", "PyTorch reads a batch of vectors as one signal"),
    Stated(
        r"\] has 1 value, but .* has [23]|padding \[\d+\] covers 1 axis",
        "PyTorch broadcasts a one-element list",
    ),
    Stated(
        r"padding \[\(0, 0\).* covers [23] axes, but .* has [12]",
        "PyTorch can pad any dimension, even the channels, by 0",
    ),
    Stated(
        "expected 2 spatial axes, not",
        "PyTorch takes the last three dimensions of anything, so a volume's depth, or the batch, "
        "would become its channels",
    ),
    Stated(
        "cannot multiply",
        "PyTorch broadcasts from the last dimension, so the batch would line up with a spatial "
        "axis",
        are_of_other_ranks,
    ),
    Stated("names an axis twice", "PyTorch shifts the axis twice"),
    Stated("'(eps|momentum)' must be a number of at least 0", "PyTorch does not check it"),
    Stated(
        "causal padding is for a signal",
        "PyTorch pads any axis, but Keras's causal padding has only one",
    ),
    Stated("^conv_transpose 'dilation' must be", "PyTorch does not check it"),
    Stated(
        r"^(avg|lp)_pool .*: dilation \[1(, 1)*\] has . value",
        "PyTorch has no dilation for these pools",
    ),
    Stated("in place, .* must be at least 0", "PyTorch refuses it only in the backward pass"),
    Stated("class_token 'tokens' must be", "PyTorch joins any number of tokens, even none"),
    Stated("^upsample 'scale_factor' must be", 'PyTorch treats 0 as "not given"'),
    Stated("^(pad 'padding'|crop 'crop') must be", "PyTorch crops if the padding is negative"),
    Stated(
        "is more than half of the window|ceil_mode needs the same padding",
        "PyTorch only pads pools evenly; padding in a separate step is not checked",
        is_uneven,
    ),
)

ONE_NUMBER = "Expected more than 1 (value per channel|spatial element) when training"
"""PyTorch's error for the variance of a single number. It depends on the batch and on training
mode, which shapes do not include."""

NO_WORD = "index out of range in self"
OVERWRITTEN = "modified by an inplace operation"
"""PyTorch's error for a layer in place that overwrites what another saved; inside
``time_distributed``, whose memory is not modelled, the calculator does not notice."""
NO_VIEW = "view size is not compatible with input tensor's size and stride"
"""PyTorch's error for a local response norm of a volume that is not contiguous."""

BYTES_DIFFER: dict[str, Callable[[Row], bool]] = {
    # On the CPU, channel_shuffle copies, and unfold and fold keep large storages; on the meta
    # device, channel_shuffle is a view if possible, and storages are as large as their tensors.
    # Attention runs in one kernel, and group normalization reads a map with channels last without
    # a copy, only on the CPU.
    "meta": lambda row: (
        row.kind in {"channel_shuffle", "unfold", "fold", "dot_product_attention", "group_norm"}
    ),
    # A volume that shrinks may stay in memory of the input's size, depending on the implementation
    # that PyTorch picks, and so on the machine.
    "cpu": lambda row: (
        row.kind == "conv_transpose"
        and len(row.output.dimensions) == 4
        and row.output.elements < row.inputs[0].elements
    ),
}
"""By device, the layers after which bytes are not compared there, only on the other device."""

MEASURES = ("group_norm", "instance_norm", "layer_norm", "rms_norm")
"""Kinds whose statistics do not widen a receptive field, by convention."""


# PyTorch's side.


FORMULAS = {**flop_registry, **FUSED}
"""The formulas for multiply-accumulates, by operation."""


class Multiplications(TorchDispatchMode):
    """Counts multiply-accumulates with the formulas of PyTorch's ``FlopCounterMode``, in a fraction
    of the time. Only its formula for convolutions backward is wrong: it ignores groups."""

    def __init__(self) -> None:
        super().__init__()
        self.macs = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        formula = FORMULAS.get(func._overloadpacket)
        if func is torch.ops.aten.convolution_backward.default:
            self.macs += macs_of_gradients(*args)
        elif formula is not None:
            self.macs += formula(*args, **(kwargs or {}), out_val=result) // 2
        return result


def macs_of_gradients(*args: Any) -> int:
    """The multiply-accumulates for both gradients of a convolution: of its input and filters."""
    output, x, filters = args[:3]
    is_transposed, wanted = args[7], args[10]
    positions = x if is_transposed else output
    return positions.numel() * filters[0].numel() * sum(wanted[:2])


class Ran(NamedTuple):
    """A forward pass in PyTorch: shape and multiply-accumulates of every layer, and the bytes that
    autograd saves. ``backward`` are the multiply-accumulates of the backward pass, if it ran."""

    layers: dict[str, tuple[tuple[int, ...], int]]
    saved: int
    backward: int | None


def run(report: Report, network: Network, device: str) -> Ran:
    """Run the network forward, and on the meta device backward; raises what PyTorch raises."""
    dtype = getattr(torch, report.dtype)
    inputs = [
        torch.zeros(report.batch, *x.dimensions, dtype=dtype, device=device)
        for x in report.input_shapes.values()
    ]
    counter = Multiplications()
    saved = SavedTensors([*network.parameters(), *network.buffers()])
    with saved, counter, attention_in_steps(), watched(network, counter) as seen:
        outputs = network(*inputs)
    held, forward, backward = saved.bytes, counter.macs, None
    if device == "meta":
        with counter:
            go_back(outputs)
        backward = counter.macs - forward
    return Ran(seen, held, backward)


def go_back(outputs: Tensor | tuple[Tensor, ...]) -> None:
    """Run backward from the sum of all outputs that need a gradient."""
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    trained = [output.sum() for output in outputs if output.requires_grad]
    if trained:
        torch.stack(trained).sum().backward()


@contextmanager
def watched(
    network: Network, counter: Multiplications
) -> Iterator[dict[str, tuple[tuple[int, ...], int]]]:
    """The output of every layer, and the multiplications since the previous one."""
    seen = {}
    done = 0

    def note(name: str, y: Tensor) -> None:
        nonlocal done
        seen[name] = (tuple(y.shape), counter.macs - done)
        done = counter.macs

    network._after.append(note)
    try:
        yield seen
    finally:
        network._after.remove(note)


Numbers = tuple[int, int, int, int]
"""Weights, biases, weights that are not trained, and buffers."""


def numbers_of(module: nn.Module, is_frozen: Callable[[nn.Parameter], bool]) -> Numbers:
    """The parameters and buffers of a module; frozen ones count as weights and biases."""
    weights = biases = fixed = 0
    for name, parameter in module.named_parameters():
        if not parameter.requires_grad and not is_frozen(parameter):
            fixed += parameter.numel()
        elif "bias" in name.rpartition(".")[2]:
            biases += parameter.numel()
        else:
            weights += parameter.numel()
    return weights, biases, fixed, sum(buffer.numel() for buffer in module.buffers())


def numbers_of_row(row: Row) -> Numbers:
    """The parameters and buffers that the calculator reports for a layer."""
    return row.cost.weights, row.cost.biases, row.cost.fixed, row.cost.buffers


# Both sides, compared.


class Found(NamedTuple):
    """The result of one case: the category it counts under, its kinds, and the differences."""

    word: str
    kinds: tuple[str, ...] = ()
    disagreements: tuple[str, ...] = ()


def compared(report: Report) -> Iterator[str]:
    """Every difference between PyTorch and the calculator about a network."""
    try:
        network = Network(report).to(getattr(torch, report.dtype))
    except REFUSALS as why:
        yield f"PyTorch refuses to build it: {first_line(why)}"
        return
    for row in report:
        if row.weights_of is not None:
            continue
        ours, theirs = numbers_of_row(row), numbers_of(network._layer(row.name), network._is_frozen)
        if ours != theirs:
            yield f"{row.name} holds {ours}, in PyTorch {theirs}"
    for device, training in (("cpu", False), ("cpu", True), ("meta", True)):
        where = f"in {'training' if training else 'inference'} on {device}"
        try:
            ran = run(report, network.to(device).train(training), device)
        except REFUSALS as why:
            if not is_known(str(why), report, training):
                yield f"PyTorch refuses it {where}: {first_line(why)}"
            continue
        for row in report:
            expected = ((report.batch, *row.output.dimensions), row.cost.macs)
            if expected != ran.layers[row.name]:
                yield f"{row.name} gives {expected}, {where} {ran.layers[row.name]} (shape, MACs)"
        if ran.backward not in {None, report.totals.backward_macs}:
            yield f"backward {report.totals.backward_macs} MACs, {where} {ran.backward}"
        saved = saved_bytes(report, training)
        if saved is None or any(map(BYTES_DIFFER[device], report)):
            continue
        if saved != ran.saved:
            yield f"{saved} bytes are saved for backward, {where} {ran.saved}"
        if device == "cpu":
            yield from peaks_differ(report, training, where)


def peaks_differ(report: Report, training: bool, where: str) -> Iterator[str]:
    """Layers whose forward or backward pass peaks at a different number of bytes in PyTorch."""
    try:
        found = footprint.measure(report, training=training)
    except UsageError:
        return
    ours: dict[tuple[str, str], int] = {}
    for moment in found.moments:
        key = moment.phase, found.layers[moment.row]
        ours[key] = max(ours.get(key, 0), moment.alive)
    with devices.of(getattr(torch, report.dtype)):
        theirs = layer_peaks_in_pytorch(report, training)
    for (phase, layer), peak in theirs.items():
        if peak != ours.get((phase, layer), peak):
            yield f"{layer} peaks at {ours[phase, layer]} bytes {phase}, {where} {peak}"


def is_known(why: str, report: Report, training: bool) -> bool:
    """Whether PyTorch refuses for a reason that shapes do not show: the batch, the memory layout,
    or the values that an embedding looks up."""
    if re.search(ONE_NUMBER, why):
        return training or report.batch == 1
    if NO_WORD in why:
        return any(row.kind == "embedding" for row in report)
    if OVERWRITTEN in why:
        frames = [row.layer.inner for row in report if row.kind == "time_distributed"]
        return any(layer.overwrites for layer in frames)
    volumes = (row for row in report if len(row.output.dimensions) == 4)
    return NO_VIEW in why and any(row.kind == "local_response_norm" for row in volumes)


def saved_bytes(report: Report, training: bool) -> int | None:
    """What the calculator reports as saved for backward; None if that is not modelled."""
    try:
        return sum(held.bytes for held in footprint.saved_for_backward(report, training=training))
    except UsageError:
        return None


def first_line(why: Exception) -> str:
    return f"{type(why).__name__}: {str(why).strip().splitlines()[0]}"


# Single layers.


def check_layer(case: Single) -> Found:
    """Compare one layer, or its refusal."""
    kinds = (case.kind,)
    try:
        report = cnncalc.summarize(case.spec, batch=case.batch)
    except CnncalcError as why:
        word, *disagreement = refused(case, str(why))
        return Found(word, kinds, tuple(disagreement))
    disagreements = list(compared(report))
    theirs = ask(case)
    row = report.layers[-1]
    ours = ((BATCH, *row.output.dimensions), numbers_of_row(row))
    if theirs not in {None, ours}:
        disagreements.append(
            f"outputs and parameters are {ours}, those of PyTorch's own module {theirs}"
        )
    return Found("accepted", kinds, tuple(disagreements))


Figures = tuple[tuple[int, ...], Numbers]
"""An output's shape, and the numbers of parameters and buffers."""


def ask(case: Single, training: bool = False) -> Figures | str | None:
    """The result of PyTorch's own module, or its error; None if there is no such module."""
    kind, given = layers.load(case.kind), {**case.given, **case.wrong}
    try:
        module = plain_modules.module_of(kind, given, case.inputs[0])
        if module is None:
            return None
        inputs = [torch.zeros(BATCH, *x.dimensions) for x in case.inputs]
        with torch.no_grad():
            y = module.train(training)(*inputs)
    except REFUSALS as why:
        return first_line(why)
    except AttributeError:
        if isinstance(case.inputs[0], Vector):  # a module for maps needs the number of axes
            return None
        raise
    return tuple(y.shape), numbers_of(module, lambda _: False)


def refused(case: Single, why: str) -> tuple[str, ...]:
    """The category of a refusal, and the difference if PyTorch accepts the layer."""
    theirs = ask(case)
    if refuses(theirs) or refuses_to_train(ask(case, training=True)):
        return ("refused by both",)
    for stated in STATED:
        if re.search(stated.words, why) and stated.when(case):
            return (stated.why,)
    if theirs is None:
        return ("refused, and PyTorch has no such layer",)
    return ("refused", f"the calculator refuses it ({why}), PyTorch does not")


def refuses(description: Figures | str | None) -> bool:
    """Whether this is a refusal. An empty output is one, because sizes of 0 are not supported
    here."""
    return isinstance(description, str) or (description is not None and 0 in description[0])


def refuses_to_train(description: Figures | str | None) -> bool:
    """Whether this is a refusal that does not depend on the batch."""
    return refuses(description) and not (
        isinstance(description, str) and re.search(ONE_NUMBER, description)
    )


# Networks.

UNKNOWN_BYTES = "accepted, with unknown bytes"


class Text(NamedTuple):
    """A network as passed to the calculator."""

    spec: dict[str, Any]
    text: str
    batch: int
    dtype: str


def network(random: Random) -> Text:
    """A random network, in block style or in braces."""
    spec = random_networks.network(random)
    text = written(spec, random.choice((False, None, True)))
    return Text(spec, text, random.choice((1, 2, 3)), random.choice(("float32", "float64")))


def written(spec: dict[str, Any], flow: bool | None = None) -> str:
    """A spec as YAML."""
    return yaml.dump(spec, Dumper=Plain, default_flow_style=flow, sort_keys=False)


class Plain(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):
    """Writes repeated values in full, without YAML aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def summarized(case: Text) -> Report:
    """The report of a network, starting from its text."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.yaml"
        file.write_text(case.text, encoding="utf-8")
        return cnncalc.summarize(file, batch=case.batch, dtype=case.dtype)


def check_network(case: Text) -> Found:
    """Compare a network. The calculator must accept it, because every part was checked with it."""
    try:
        report = summarized(case)
    except CnncalcError as why:
        return Found("refused", (), (f"the calculator accepts the parts but not the whole: {why}",))
    modelled = saved_bytes(report, training=True) is not None
    word = "accepted" if modelled else UNKNOWN_BYTES
    return Found(word, tuple(row.kind for row in report), tuple(compared(report)))


# Receptive fields.

MAX_ACTIVATIONS, UNITS = 10_000, 8


def layer_or_network(random: Random) -> Text:
    """A random network, often with a single layer."""
    if random.random() < 0.5:
        return network(random)
    spec = random_networks.single(random).spec
    return Text(spec, written(spec), 1, "float32")


def check_fields(case: Text) -> Found:
    """Compare the receptive fields of some units of the last layer with where gradients reach.

    ``size`` is an upper bound. If any step between outputs is a fraction of a pixel, a width may
    exceed it by up to one step.
    """
    try:
        report = summarized(case)
    except CnncalcError:
        return Found("refused, not compared")
    fields = report.rows[-1].fields or ()
    axes = {len(x.dimensions) - 1 for x in report.input_shapes.values()}
    if axes != {len(fields)} or any(map(measures, report)):
        return Found("not comparable: measured statistics, or inputs with other axes")
    if report.totals.activation > MAX_ACTIVATIONS * report.batch:
        return Found("not compared: too large")
    jumps = [field.jump for row in report.rows for field in row.fields or ()]
    slack = math.ceil(max(jumps)) if any(isinstance(jump, Fraction) for jump in jumps) else 0
    sizes = tuple(field.size for field in fields)
    try:
        seen = list(reached(report))
    except REFUSALS as why:
        known = is_known(str(why), report, training=False)
        return Found("not run", (), () if known else (first_line(why),))
    description = tuple(
        f"an output reads {widths} inputs, not {sizes}"
        for widths in seen
        if any(width > size + slack for width, size in zip(widths, sizes, strict=True))
    )
    return Found(
        "within one step" if slack else "accepted", tuple(row.kind for row in report), description
    )


def measures(row: Row) -> bool:
    """Whether a layer, or the one it applies to frames, computes statistics in inference too."""
    layer = getattr(row.layer, "inner", row.layer)
    return layer.kind in MEASURES or not getattr(layer, "track_running_stats", True)


def reached(report: Report) -> Iterator[tuple[int, ...]]:
    """For some units of the last layer, how many inputs a gradient spans along each axis."""
    net = Network(report).double().eval()
    random = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.uniform_(0.1, 1, generator=random)
    for module in net.modules():  # the gradient of a batch norm of some transposed maps is wrong
        module.register_forward_hook(in_order)
    inputs = [
        torch.rand(1, *x.dimensions, dtype=torch.double, generator=random).requires_grad_()
        for x in report.input_shapes.values()
    ]
    outputs = net(*[x.clone() for x in inputs])  # a layer may overwrite its input
    last = outputs[-1] if isinstance(outputs, tuple) else outputs
    if not last.requires_grad:  # it looks up indices
        return
    axes = inputs[0].dim() - 2
    around = any(one.wraps for row in report for one in row.layer.reach(*row.inputs) or ())
    for unit in torch.randperm(last.numel(), generator=random)[:UNITS]:
        gradients = torch.autograd.grad(
            last.flatten()[unit], inputs, retain_graph=True, allow_unused=True
        )
        yield tuple(max(span(g, axis, around) for g in gradients) for axis in range(axes))


def in_order(_: nn.Module, __: object, output: Any) -> Any:
    """A contiguous copy of a module's output."""
    return output.contiguous() if isinstance(output, Tensor) else output


def span(gradient: Tensor | None, axis: int, around: bool = False) -> int:
    """The number of positions from the first to the last one along an axis that is not 0; 0 if
    there is none, or if any value overflows. ``around`` is for an axis that continues at its other
    end: then it is the length of the shortest stretch that contains all of them."""
    if gradient is None or not gradient.isfinite().all():
        return 0
    places = sorted({*gradient.nonzero()[:, 2 + axis].tolist()})
    if not places:
        return 0
    size = gradient.shape[2 + axis]
    gaps = [after - before for before, after in pairwise(places)] if around else []
    return size + 1 - max([*gaps, places[0] + size - places[-1]])


# Shrinking.


def shrunk(case: Any, smaller: Callable[[Any], Iterator[Any]], fails: Callable[[Any], bool]) -> Any:
    """The smallest case that still fails."""
    while (found := next(filter(fails, smaller(case)), None)) is not None:
        case = found
    return case


def smaller_layers(case: Single) -> Iterator[Single]:
    """The layer without one of its fields."""
    for name in case.given:
        yield case._replace(given={key: one for key, one in case.given.items() if key != name})


def smaller_networks(case: Text) -> Iterator[Text]:
    """Every network with one part left out, opened, or made smaller."""
    for path in list(paths(case.spec)):
        for change in (leave_out, open_up, write_out, halve):
            spec = copy.deepcopy(case.spec)
            container: Any = spec
            for key in path[:-1]:
                container = container[key]
            if change(spec, container, path[-1]):
                yield case._replace(spec=spec, text=written(spec))


def paths(tree: Any) -> Iterator[tuple[Any, ...]]:
    """The path to every part of a tree, the largest parts first."""
    for key, inner in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield (key,)
        if isinstance(inner, dict | list):
            yield from ((key, *path) for path in paths(inner))


def leave_out(spec: Any, container: Any, key: Any) -> bool:
    """Leave out any part."""
    del container[key]
    return True


def open_up(spec: Any, container: Any, key: Any) -> bool:
    """Replace a block, or branches, by their layers (of the first branch)."""
    if not isinstance(container, list) or not isinstance(container[key], str | dict):
        return False
    entry = container[key] if isinstance(container[key], dict) else {container[key]: None}
    ways = entry.get("branches", [entry.get("residual")])
    inner = next(iter(ways.values() if isinstance(ways, dict) else ways), None)
    for name, block in spec.get("blocks", {}).items():
        inner = block.get("layers") if name in entry else inner
    container[key : key + 1] = inner or [container[key]]
    return bool(inner)


def write_out(spec: Any, container: Any, key: Any) -> bool:
    """Replace an expression by a number."""
    value = container[key]
    container[key] = 1
    return isinstance(value, str) and value.startswith("$")


def halve(spec: Any, container: Any, key: Any) -> bool:
    """Halve a whole number above 1."""
    if type(container[key]) is not int or container[key] < 2:
        return False
    container[key] //= 2
    return True


# The command.


class Compared(NamedTuple):
    """What to draw, and how to compare and shrink it."""

    draw: Callable[[Random], Any]
    check: Callable[[Any], Found]
    smaller: Callable[[Any], Iterator[Any]]


COMPARED = {
    "layers": Compared(random_networks.single, check_layer, smaller_layers),
    "networks": Compared(network, check_network, smaller_networks),
    "fields": Compared(layer_or_network, check_fields, smaller_networks),
}

CHUNK = 250
MAX_PRINTED = 10


class Tally(NamedTuple):
    """The result of many cases."""

    words: Counter[str]
    kinds: Counter[str]
    failures: list[str]


def drawn(what: str, seed: int, index: int) -> Any:
    """The case of this number."""
    return COMPARED[what].draw(Random(f"{seed} {what} {index}"))


def judged(what: str, case: Any) -> Found:
    """The result of a case; an unexpected exception counts as a difference."""
    try:
        return COMPARED[what].check(case)
    except Exception as why:
        return Found("broken", (), (repr(why),))


def work(what: str, seed: int, first: int, count: int) -> Tally:
    """Compare cases, starting at the first."""
    tally = Tally(Counter(), Counter(), [])
    for index in range(first, first + count):
        case = drawn(what, seed, index)
        found = judged(what, case)
        tally.words[found.word] += 1
        if found.word in {"accepted", "within one step", UNKNOWN_BYTES}:
            tally.kinds.update(found.kinds)
        if found.disagreements:
            tally.failures.append(description(what, seed, index, case, found))
    return tally


def description(what: str, seed: int, index: int, case: Any, found: Found) -> str:
    """A difference, with the smallest case that shows it and how to reproduce it."""

    def fails(other: Any) -> bool:
        again = judged(what, other)
        return again.word == found.word and bool(again.disagreements)

    case = shrunk(case, COMPARED[what].smaller, fails)
    spec = case.text if isinstance(case, Text) else written(case.spec)
    others = [f"--{other} 0" for other in COMPARED if other != what]
    again = " ".join([f"--seed {seed} --{what} 1 --first {index}", *others])
    lines = [again, *judged(what, case).disagreements, spec]
    return "\n".join(lines)


def be_quiet() -> None:
    """PyTorch's warnings are harmless here, and small layers are faster with one thread."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)


def compare(mapped: Any, what: str, seed: int, first: int, count: int) -> Tally:
    """Compare cases in chunks; ``mapped`` is ``map`` or its equivalent for several processes."""
    total = Tally(Counter(), Counter(), [])
    starts = range(first, first + count, CHUNK)
    counts = [min(CHUNK, first + count - start) for start in starts]
    done = mapped(partial(work, what, seed), starts, counts)
    with typer.progressbar(done, len(counts), file=sys.stderr, label=what) as tallies:
        for tally in tallies:
            total.words.update(tally.words)
            total.kinds.update(tally.kinds)
            total.failures.extend(tally.failures)
    return total


def main(
    layers: Annotated[int, typer.Option(help="The number of single layers.")] = 2000,
    networks: Annotated[int, typer.Option(help="The number of networks.")] = 200,
    fields: Annotated[int, typer.Option(help="The number of receptive fields.")] = 200,
    seed: Annotated[int, typer.Option(help="The seed; the same seed gives the same cases.")] = 1,
    first: Annotated[int, typer.Option(help="The number of the first case.")] = 0,
    jobs: Annotated[int, typer.Option(help="The number of processes.")] = 1,
) -> None:
    """Compare random layers and networks with PyTorch; exit with 1 if they disagree."""
    counts = {"layers": layers, "networks": networks, "fields": fields}
    context = multiprocessing.get_context("spawn")
    disagreements = 0
    be_quiet()
    with ProcessPoolExecutor(jobs, context, be_quiet) as pool:  # start no more than needed
        mapped = map if jobs == 1 else pool.map
        for what, count in counts.items():
            if count:
                start = time.perf_counter()
                tally = compare(mapped, what, seed, first, count)
                show(what, count, tally, time.perf_counter() - start)
                disagreements += len(tally.failures)
    raise typer.Exit(disagreements > 0)


def show(what: str, count: int, tally: Tally, seconds: float) -> None:
    """Print the figures and the first differences."""
    typer.echo(f"{count:,} {what}: {len(tally.failures)} disagreements, in {seconds:.0f} s")
    for word, often in tally.words.most_common():
        typer.echo(f"{often:11,}  {word}")
    if tally.kinds:
        rarest, often = tally.kinds.most_common()[-1]
        typer.echo(
            f"  {len(tally.kinds)} kinds were accepted, {rarest} least often: {often:,} times"
        )
    for failure in tally.failures[:MAX_PRINTED]:
        typer.echo(f"\n{failure}")


app = typer.Typer(add_completion=False)
app.command()(main)

if __name__ == "__main__":
    app()
