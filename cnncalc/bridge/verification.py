"""What PyTorch says of a network, beside what was calculated."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import torch
from torch import nn

from cnncalc import memory
from cnncalc.bridge import gpu, influence, oracles, places
from cnncalc.bridge.gpu import Measured
from cnncalc.bridge.network import Network
from cnncalc.bridge.trial import Trial, first_line
from cnncalc.errors import UsageError
from cnncalc.report import Report, Row

VERSION = 1
"""The version of ``to_dict``."""

Told = int | str | tuple[int, ...]


class Check(NamedTuple):
    """One quantity of one layer (or of the whole, named ``total``), from both sides."""

    layer: str
    quantity: str
    calculated: Told
    pytorch: Told

    @property
    def agrees(self) -> bool:
        """Whether both sides say the same."""
        return self.calculated == self.pytorch


class Skipped(NamedTuple):
    """One quantity of one layer, or of the whole, that cannot be compared, and why."""

    layer: str
    quantity: str
    why: str


@dataclass(frozen=True)
class Verification:
    """All that was compared of a network, what could not be, and what else was measured."""

    name: str
    device: str
    dtype: str
    batch: int
    training: bool
    torch: str
    checks: tuple[Check, ...]
    skipped: tuple[Skipped, ...] = ()
    measured: tuple[Measured, ...] = ()

    @cached_property
    def disagreements(self) -> tuple[Check, ...]:
        """What the two sides say differently."""
        return tuple(check for check in self.checks if not check.agrees)

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return not self.disagreements

    def to_dict(self) -> dict[str, Any]:
        """Plain data (docs/verify.md)."""
        return {
            "format": "cnncalc.verification",
            "version": VERSION,
            "name": self.name,
            "device": self.device,
            "dtype": self.dtype,
            "batch": self.batch,
            "training": self.training,
            "torch": self.torch,
            "agrees": self.agrees,
            "checks": [{**check._asdict(), "agrees": check.agrees} for check in self.checks],
            "skipped": [one._asdict() for one in self.skipped],
            "measured": [one._asdict() for one in self.measured],
        }


@dataclass(frozen=True)
class Ran:
    """A network that ran in PyTorch: what the comparisons read."""

    report: Report
    network: Network
    trial: Trial
    device: str
    tensors: str
    """Where the tensors are: with the meta device, they look as if they were on the CPU."""

    @cached_property
    def rows(self) -> list[Row]:
        """The layers that ran to their end."""
        return [row for row in self.report.layers if row.name in self.trial.outputs]

    @cached_property
    def held(self) -> dict[str, dict[str, int]]:
        """How many numbers of each sort every layer holds, and the network."""
        names = {row.name: row.name for row in self.report.layers} | {"total": ""}
        return {name: _held(self.network.get_submodule(path)) for name, path in names.items()}

    @property
    def whole(self) -> bool:
        """Whether all of it ran."""
        return not self.trial.refusal

    @property
    def training(self) -> bool:
        """Whether it ran as in training."""
        return self.trial.training


def verify(
    report: Report, device: str = "auto", *, training: bool = True, receptive_field: bool = False
) -> Verification:
    """Build the network in PyTorch, run it forward and back, and compare.

    Raises UsageError where it cannot be run on that device.
    """
    where, dtype = places.choose(report, device), places.dtype_of(report)
    wanted = [name for name in QUANTITIES if name != "receptive_field" or receptive_field]
    try:
        with places.on(where, dtype) as tensors:
            found = list(_compared(report, where, tensors, training, wanted))
    except NotImplementedError as why:
        raise UsageError(
            f"PyTorch cannot run {report.name} on {where}: {first_line(why)}"
        ) from None
    except (RuntimeError, MemoryError) as why:
        if not places.is_full(why):
            raise
        raise UsageError(
            f"{report.name} does not fit into the memory of {where}; --tiny or a smaller --batch "
            "needs less, --device meta none"
        ) from None
    place = {row.name: index for index, row in enumerate(report.layers)}
    found.sort(key=lambda one: place.get(one.layer, len(place)))
    return Verification(
        name=report.name,
        device=where,
        dtype=report.dtype,
        batch=report.batch,
        training=training,
        torch=torch.__version__,
        checks=tuple(one for one in found if isinstance(one, Check)),
        skipped=tuple(one for one in found if isinstance(one, Skipped)),
        measured=tuple(one for one in found if isinstance(one, Measured)),
    )


def _compared(
    report: Report, device: str, tensors: str, training: bool, wanted: Sequence[str]
) -> Iterator[Check | Skipped | Measured]:
    """A network's run, and what is wanted of it."""
    try:
        network = Network(report)
    except (RuntimeError, ValueError) as why:  # PyTorch refuses a layer that was taken here
        if places.is_full(why):
            raise
        yield Check("total", "builds", "yes", f"no: {first_line(why)}")
        return
    inputs = [
        torch.zeros(report.batch, *shape.dimensions, device=tensors)
        for shape in report.input_shapes.values()
    ]
    trial = Trial(report, network, training)
    trial.run(*inputs)
    ran = Ran(report, network, trial, device, tensors)
    if not ran.whole:
        yield _stopped(ran)
    for quantity in wanted:
        yield from QUANTITIES[quantity](ran)
    if device == "cuda" and ran.whole:
        yield from gpu.measure(report, network, inputs)


def _stopped(ran: Ran) -> Check:
    """Where a run ended early; raises UsageError where another batch would do."""
    refusal = ran.trial.refusal
    not_run = [row.name for row in ran.report.layers if row.name not in ran.trial.outputs]
    layer = (not_run or ["total"])[0]
    if "more than 1 value per channel" in refusal:
        raise UsageError(
            f"{ran.report.name}: PyTorch does not train layer {layer!r} on one number for each "
            "channel; --batch 2 or --eval"
        )
    return Check(layer, "runs", "yes", f"no: {refusal}")


# What is compared.

Found = Iterator[Check | Skipped]


def _outputs(ran: Ran) -> Found:
    for row in ran.rows:
        shape = (ran.report.batch, *row.output.dimensions)
        yield Check(row.name, "output", shape, ran.trial.outputs[row.name])


def _macs(ran: Ran) -> Found:
    calculated = {row.name: row.cost.macs for row in ran.rows}
    return _by_layer(ran, "macs", calculated, ran.trial.macs)


def _backward_macs(ran: Ran) -> Found:
    """Where PyTorch is right: not with groups."""
    if not ran.whole:
        return
    grouped = {row.name for row in ran.rows if _has_groups(ran.network.get_submodule(row.name))}
    calculated = {row.name: row.cost.backward_macs for row in ran.rows}
    for one in _by_layer(ran, "backward_macs", calculated, ran.trial.backward_macs):
        if one.layer in grouped or (one.layer == "total" and grouped):
            yield Skipped(one.layer, one.quantity, GROUPED)
        else:
            yield one


GROUPED = "PyTorch counts the backward pass of a convolution with groups as if it had none"


def _has_groups(module: nn.Module) -> bool:
    return any(
        isinstance(part, nn.modules.conv._ConvNd) and part.groups > 1 for part in module.modules()
    )


def _by_layer(
    ran: Ran, quantity: str, calculated: Mapping[str, int], found: Mapping[str, int]
) -> Iterator[Check]:
    """Every layer's part, and the total."""
    for row in ran.rows:
        yield Check(row.name, quantity, calculated.get(row.name, 0), found.get(row.name, 0))
    if ran.whole:
        yield Check("total", quantity, sum(calculated.values()), sum(found.values()))


def _numbers(quantity: str, ran: Ran) -> Found:
    """How many numbers of a sort every layer holds, and the network."""
    costs = {row.name: row.cost for row in ran.report.layers} | {"total": ran.report.totals}
    for name, cost in costs.items():
        yield Check(name, quantity, getattr(cost, quantity), ran.held[name][quantity])


def _held(module: nn.Module) -> dict[str, int]:
    """What a module holds; parameters that are named ``bias`` are biases."""
    told = dict.fromkeys(("weights", "biases", "fixed"), 0)
    for name, parameter in module.named_parameters():
        trained = "biases" if name.endswith("bias") else "weights"
        told[trained if parameter.requires_grad else "fixed"] += parameter.numel()
    return {**told, "buffers": sum(buffer.numel() for buffer in module.buffers())}


def _tensors(ran: Ran) -> Found:
    """The shape of every tensor that a layer holds, under the name that it has there."""
    for row in ran.report.layers:
        module = ran.network.get_submodule(row.name)
        calculated = row.layer.tensors(*row.inputs)
        found = {
            name: tuple(tensor.shape)
            for name, tensor in (*module.named_parameters(), *module.named_buffers())
        }
        for name in calculated | found:
            yield Check(row.name, name, calculated.get(name, "none"), found.get(name, "none"))


def _saved(ran: Ran) -> Found:
    held = memory.saved_for_backward(ran.report, training=ran.training)
    calculated = {one.layer: one.bytes for one in held}
    return _by_layer(ran, "saved_for_backward", calculated, ran.trial.saved)


def _inference_peak(ran: Ran) -> Found:
    calculated = memory.inference_peak(ran.report).bytes
    found = oracles.inference_peak_in_pytorch(ran.report, ran.tensors)
    yield Check("total", "inference_peak", calculated, found)


def _training_peak(ran: Ran) -> Found:
    calculated = memory.measure(ran.report, training=ran.training).training_peak.bytes
    found = oracles.training_peak_in_pytorch(ran.report, device=ran.tensors, training=ran.training)
    yield Check("total", "training_peak", calculated, found)


def _in_bytes(quantity: str, compare: Callable[[Ran], Found], ran: Ran) -> Found:
    """A comparison of bytes, where they are modelled."""
    if ran.tensors != "cpu":
        yield Skipped("total", quantity, "the bytes are modelled for the CPU")
    elif ran.whole:
        try:
            yield from compare(ran)
        except UsageError as why:
            yield Skipped("total", quantity, str(why))


def _receptive_field(ran: Ran) -> Found:
    """How much of the image the first unit of the last map reads."""
    row = influence.last_map(ran.report)
    if row is None or not ran.whole:
        return
    if why := influence.cannot_tell(ran.report, ran.network, ran.device):
        yield Skipped(row.name, "receptive_field", why)
        return
    calculated = influence.calculated(row)
    inside = influence.cut(ran.report, calculated)
    found = influence.in_pytorch(ran.report, row, ran.network, inside)
    if found != inside and influence.may_agree(calculated, inside, found):
        yield Skipped(row.name, "receptive_field", "the image ends in a gap of what is read")
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
    "buffers": partial(_numbers, "buffers"),
    "tensors": _tensors,
    "saved_for_backward": partial(_in_bytes, "saved_for_backward", _saved),
    "inference_peak": partial(_in_bytes, "inference_peak", _inference_peak),
    "training_peak": partial(_in_bytes, "training_peak", _training_peak),
    "receptive_field": _receptive_field,
}
"""Everything that is compared: one entry for each quantity."""
