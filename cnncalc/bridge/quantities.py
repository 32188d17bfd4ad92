"""The quantities to compare for a network that ran in PyTorch: the entries of ``QUANTITIES``."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

from torch import nn

from cnncalc import footprint
from cnncalc.analysis.report import Report, Row
from cnncalc.bridge import influence, modules, oracles
from cnncalc.bridge.network import Network
from cnncalc.bridge.trial import Trial
from cnncalc.core.cost import BYTES
from cnncalc.core.errors import UsageError
from cnncalc.layers._columns import Columns
from cnncalc.layers.conv_transpose import ConvTranspose
from cnncalc.layers.parameter import Parameter

Figure = int | str | tuple[int, ...]


class Check(NamedTuple):
    """One quantity of a layer, or of the network (named ``total``): the calculated figure and
    PyTorch's."""

    layer: str
    quantity: str
    calculated: Figure
    pytorch: Figure

    @property
    def agrees(self) -> bool:
        """Whether the two figures are equal."""
        return self.calculated == self.pytorch


class Skipped(NamedTuple):
    """One quantity of a layer or of the network that cannot be compared, and why."""

    layer: str
    quantity: str
    why: str


@dataclass(frozen=True)
class Ran:
    """A network that ran in PyTorch: the input of the comparisons."""

    report: Report
    network: Network
    trial: Trial
    device: str
    tensors: str
    """The device that the tensors report: ``cpu`` if they are on the meta device."""

    @cached_property
    def rows(self) -> list[Row]:
        """The layers that finished."""
        return [row for row in self.report.layers if row.name in self.trial.outputs]

    @cached_property
    def counts(self) -> dict[str, dict[str, int]]:
        """The numbers of parameters and buffers of each layer that holds its own, and of the
        network."""
        counts = {
            row.name: self.counts_of(self.network._layer(row.name))
            for row in self.report.layers
            if row.weights_of is None
        }
        return counts | {"total": self.counts_of(self.network)}

    def counts_of(self, module: nn.Module) -> dict[str, int]:
        """The numbers of parameters and buffers of a module. Parameters with ``bias`` in their
        names count as biases."""
        counts = dict.fromkeys(("weights", "biases", "fixed", "frozen"), 0)
        for name, parameter in module.named_parameters():
            learned = "biases" if "bias" in name.rpartition(".")[2] else "weights"
            frozen = self.network._is_frozen(parameter)
            counts[learned if frozen or parameter.requires_grad else "fixed"] += parameter.numel()
            counts["frozen"] += parameter.numel() if frozen else 0
        return {**counts, "buffers": sum(buffer.numel() for buffer in module.buffers())}

    @property
    def whole(self) -> bool:
        """Whether the whole network ran."""
        return not self.trial.refusal

    @property
    def training(self) -> bool:
        """Whether it ran in training mode."""
        return self.trial.training


Found = Iterator[Check | Skipped]


def _outputs(ran: Ran) -> Found:
    for row in ran.rows:
        shape = (ran.report.batch, *row.output.dimensions)
        yield Check(row.name, "output", shape, ran.trial.outputs[row.name])


def _macs(ran: Ran) -> Found:
    calculated = {row.name: row.cost.macs for row in ran.rows}
    return _by_layer(ran, "macs", calculated, ran.report.totals.macs, ran.trial.macs)


def _backward_macs(ran: Ran) -> Found:
    """Compare backward MACs, except for convolutions with groups, which PyTorch miscounts."""
    if not ran.whole:
        return
    grouped = {row.name for row in ran.rows if _has_groups(ran.network._layer(row.name))}
    calculated = {row.name: row.cost.backward_macs for row in ran.rows}
    total, found = ran.report.totals.backward_macs, ran.trial.backward_macs
    for one in _by_layer(ran, "backward_macs", calculated, total, found):
        if one.layer in grouped or (one.layer == "total" and grouped):
            yield Skipped(one.layer, one.quantity, GROUPED)
        else:
            yield one


GROUPED = "PyTorch counts the backward pass of a convolution with groups as if it had none"


def _has_groups(module: nn.Module) -> bool:
    return any(
        isinstance(part, nn.modules.conv._ConvNd | modules.ComputedConv) and part.groups > 1
        for part in module.modules()
    )


def _by_layer(
    ran: Ran, quantity: str, calculated: Mapping[str, int], total: int, found: Mapping[str, int]
) -> Iterator[Check]:
    """Compare a count layer by layer and, if the whole network ran, in total."""
    for row in ran.rows:
        yield Check(row.name, quantity, calculated.get(row.name, 0), found.get(row.name, 0))
    if ran.whole:
        yield Check("total", quantity, total, sum(found.values()))


def _numbers(quantity: str, ran: Ran) -> Found:
    """Compare one kind of count, layer by layer and in total."""
    costs = {row.name: row.cost for row in ran.report.layers} | {"total": ran.report.totals}
    for name, counts in ran.counts.items():
        yield Check(name, quantity, getattr(costs[name], quantity), counts[quantity])


def _frozen(ran: Ran) -> Found:
    """Compare the frozen parameters, if there are any on either side."""
    if ran.report.totals.frozen or ran.counts["total"]["frozen"]:
        yield from _numbers("frozen", ran)


def _tensors(ran: Ran) -> Found:
    """Compare the shapes of every layer's parameters and buffers, by their names in the module."""
    for row in ran.report.layers:
        module = ran.network._layer(row.name)
        calculated = row.layer.tensors(*row.inputs)
        found = {
            name: tuple(tensor.shape)
            for name, tensor in (*module.named_parameters(), *module.named_buffers())
        }
        for name in calculated | found:
            yield Check(row.name, name, calculated.get(name, "none"), found.get(name, "none"))


def _saved(ran: Ran) -> Found:
    if any(isinstance(row.layer, Parameter) and row.layer.computed for row in ran.rows):
        yield Skipped("total", "saved_for_backward", COPIED)
        return
    counts = footprint.saved_for_backward(ran.report, training=ran.training)
    calculated = {one.layer: one.bytes for one in counts}
    total = sum(calculated.values())
    yield from _by_layer(ran, "saved_for_backward", calculated, total, ran.trial.saved)


COPIED = (
    "the computed numbers are copied from the model, so PyTorch saves nothing for their computation"
)


def _inference_peak(ran: Ran) -> Found:
    calculated = footprint.inference_peak(ran.report).bytes
    found = oracles.inference_peak_in_pytorch(ran.report, ran.tensors)
    yield Check("total", "inference_peak", calculated, found)


def _training_peak(ran: Ran) -> Found:
    calculated = footprint.training_peak(ran.report, training=ran.training).bytes
    found = oracles.training_peak_in_pytorch(ran.report, device=ran.tensors, training=ran.training)
    if ran.device == "meta" and calculated < found <= calculated + _unneeded(ran):
        yield Skipped("total", "training_peak", UNNEEDED)
    else:
        yield Check("total", "training_peak", calculated, found)


UNNEEDED = (
    "on the meta device PyTorch computes a gradient for the input of a batch or instance norm that "
    "it does not compute on the CPU; use --device cpu to compare the peak"
)


def _unneeded(ran: Ran) -> int:
    """The bytes of gradients that PyTorch creates only on the meta device: those of the input of a
    batch or instance norm if nothing before it is trained."""
    need_gradients: set[int] = set()
    numbers = 0
    for index, row in enumerate(ran.report.rows):
        needed = not need_gradients.isdisjoint(row.sources)
        module = ran.network._layer(row.name) if row.sources else None
        if isinstance(module, nn.modules.batchnorm._NormBase) and not needed:
            numbers += row.inputs[0].elements
        if needed or row.trains:
            need_gradients.add(index)
    return numbers * ran.report.batch * BYTES[ran.report.dtype]


def _in_bytes(quantity: str, compare: Callable[[Ran], Found], ran: Ran) -> Found:
    """Compare bytes, if they are modelled."""
    if ran.tensors != "cpu":
        yield Skipped("total", quantity, "the calculated bytes are those of the CPU")
    elif ran.device == "cpu" and any(map(_may_keep_its_input_size, ran.rows)):
        yield Skipped("total", quantity, UNDETERMINED)
    elif ran.device == "meta" and any(isinstance(row.layer, Columns) for row in ran.rows):
        yield Skipped("total", quantity, RESIZED)
    elif ran.whole:
        try:
            yield from compare(ran)
        except UsageError as why:
            yield Skipped("total", quantity, str(why))


RESIZED = (
    "on the CPU the tensors of unfold and fold keep larger storages than on the meta device; "
    "use --device cpu to compare them"
)

UNDETERMINED = (
    "PyTorch may leave the output of a 3-D transposed convolution in memory of its input's size "
    "if that is larger, depending on the implementation it picks on this machine; use --device "
    "meta to compare the bytes"
)


def _may_keep_its_input_size(row: Row) -> bool:
    """Whether PyTorch may leave a layer's output in memory of its input's size."""
    volume = len(row.output.dimensions) == 4
    smaller = row.output.elements < row.inputs[0].elements
    return isinstance(row.layer, ConvTranspose) and volume and smaller


def _receptive_field(ran: Ran) -> Found:
    """Compare how many pixels of the image the first unit of the last map reads along each axis."""
    row = influence.last_map(ran.report)
    if row is None or not ran.whole:
        return
    if why := influence.cannot_tell(ran.report, row, ran.network, ran.device):
        yield Skipped(row.name, "receptive_field", why)
        return
    calculated = influence.calculated(row)
    inside = influence.clipped(ran.report, calculated)
    found = influence.in_pytorch(ran.report, row, ran.network, inside)
    if found is None:
        yield Skipped(row.name, "receptive_field", "the unit is NaN even without NaN in the image")
    elif why := influence.cannot_compare(calculated, inside, found):
        yield Skipped(row.name, "receptive_field", why)
    else:
        sizes = [tuple(span.end - span.first for span in spans) for spans in (inside, found)]
        yield Check(row.name, "receptive_field", *sizes)


QUANTITIES: dict[str, Callable[[Ran], Found]] = {
    "output": _outputs,
    "macs": _macs,
    "backward_macs": _backward_macs,
    "weights": partial(_numbers, "weights"),
    "biases": partial(_numbers, "biases"),
    "fixed": partial(_numbers, "fixed"),
    "frozen": _frozen,
    "buffers": partial(_numbers, "buffers"),
    "tensors": _tensors,
    "saved_for_backward": partial(_in_bytes, "saved_for_backward", _saved),
    "inference_peak": partial(_in_bytes, "inference_peak", _inference_peak),
    "training_peak": partial(_in_bytes, "training_peak", _training_peak),
    "receptive_field": _receptive_field,
}
"""The comparison of each quantity. ``tensors`` compares shapes, one check per tensor."""
