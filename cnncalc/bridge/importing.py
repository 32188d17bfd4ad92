"""Turns a live PyTorch model into a spec, and compares its counts with PyTorch's."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.overrides import TorchFunctionMode

from cnncalc.analysis.report import Report
from cnncalc.api import summarize
from cnncalc.bridge import USUAL
from cnncalc.bridge.model import lacks_values
from cnncalc.bridge.recorder import record
from cnncalc.core.errors import CnncalcError, UsageError, did_you_mean, some
from cnncalc.core.fields import is_whole, shown
from cnncalc.core.shape import read_sizes
from cnncalc.spec import advice
from cnncalc.spec.importing.record import Recording
from cnncalc.spec.importing.spec import Imported, imported

Sizes = str | Sequence[int]
Inputs = Sizes | Sequence[Sizes] | Mapping[str, Sizes]


class Read(NamedTuple):
    """A model, and the network that was read from it."""

    model: nn.Module
    keywords: bool
    """Whether the names of the inputs are those of keyword arguments."""
    inputs: Mapping[str, tuple[int, ...]]
    recording: Recording
    imported: Imported
    report: Report


def read(model: Any, input: Inputs = USUAL) -> Read:
    """Read a model. Raises UsageError if it cannot be read, or if the counts differ from
    PyTorch's."""
    if not isinstance(model, nn.Module):
        fact = f"from_torch reads a torch.nn.Module, not {type(model).__name__}"
        raise UsageError(fact, advice.live_model(model))
    inputs, keywords = _sizes(input)
    _check_known(model, inputs)
    recording = record(model, inputs, keywords)
    found = imported(recording)
    report = summarize(found.spec)
    _check(recording, found, report)
    return Read(model, keywords, inputs, recording, found, report)


def _sizes(given: Inputs) -> tuple[dict[str, tuple[int, ...]], bool]:
    """The sizes of every input by name, and whether the names are those of keywords."""
    if isinstance(given, Mapping) and given:
        return {name: _one(sizes) for name, sizes in given.items()}, True
    listed = isinstance(given, Sequence) and not isinstance(given, str)
    if listed and any(isinstance(one, str | Sequence) for one in given):
        return {f"input{place}": _one(one) for place, one in enumerate(given, 1)}, False
    return {"input": _one(given)}, False


def _one(sizes: Any) -> tuple[int, ...]:
    if isinstance(sizes, str):
        sizes = read_sizes(sizes)
    if not isinstance(sizes, Sequence) or not all(type(size) is int for size in sizes):
        given = shown(sizes) if isinstance(sizes, Sequence) else type(sizes).__name__
        raise UsageError(f"an input must be a shape, such as 3x224x224, not {given}")
    if not all(is_whole(size, 1) for size in sizes or [0]):
        raise UsageError(f"an input needs sizes of at least 1, not {shown(list(sizes))}")
    return tuple(sizes)


def _check_known(model: nn.Module, inputs: Mapping[str, tuple[int, ...]]) -> None:
    """Raise UsageError if a model has lazy layers that have not run yet."""
    held = (*model.named_parameters(), *model.named_buffers())
    lazy = [name for name, tensor in held if is_lazy(tensor)]
    if lazy:
        given = ", ".join(f"torch.zeros{(1, *sizes)}" for sizes in inputs.values())
        raise UsageError(
            f"{type(model).__name__} has tensors whose sizes are not known yet: {some(lazy)}",
            f"run it once before it is read, as in model({given})",
        )


def _check(recording: Recording, found: Imported, report: Report) -> None:
    """Raise UsageError if the parameters or MACs differ from those that PyTorch counts."""
    used = [seen for seen in recording.tensors if seen.origin == "parameter"]
    numbers = sum(prod(seen.sizes) for seen in used)
    trained = sum(prod(seen.sizes) for seen in used if seen.trainable)
    macs = sum(call.macs for call in recording.calls)
    ours = report.totals
    sides = (
        ("parameters", ours.params + ours.fixed, numbers),
        ("trained parameters", ours.trainable, trained),
        ("MACs", ours.macs, macs),
    )
    for what, calculated, counted in sides:
        if calculated != counted:
            where = some([*_differences(what, recording, found, report)])
            raise UsageError(
                f"{recording.name} was read as a network of {calculated:,} {what}, but PyTorch "
                f"counts {counted:,}" + (f"; they differ in {where}" if where else "")
            )


def _differences(what: str, recording: Recording, found: Imported, report: Report) -> Iterator[str]:
    """The layers whose MACs differ, each with both numbers, or the parameters that no layer
    holds."""
    if what == "MACs":
        for name, macs in found.macs.items():
            if report[name].macs != macs:
                yield f"{name} ({report[name].macs:,} and {macs:,})"
        return
    held = {one for names in found.held.values() for one in names.values()}
    for seen in recording.tensors:
        if seen.origin == "parameter" and seen.name not in held:
            yield f"{seen.name} ({prod(seen.sizes):,}), which no layer holds"


class OnMeta(TorchFunctionMode):
    """A context in which tensors without content, such as new parameters, allocate nothing."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func in (torch.empty, torch.empty_strided):
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


def without_weights(build: Callable[[], nn.Module]) -> nn.Module:
    """The model that a function builds, without allocating its weights, unless the function needs
    them because it runs a part of the model."""
    try:
        with OnMeta():
            return build()
    except (RuntimeError, UsageError) as why:
        if not lacks_values(why):
            raise
        return build()


def factory(target: str, arguments: Mapping[str, Any]) -> nn.Module:
    """The model that ``package.module:factory`` makes with these arguments, if possible without
    allocating its weights. Runs the code of that module, and raises UsageError if it does not make
    a model."""
    return without_weights(lambda: build(target, arguments))


def build(target: str, arguments: Mapping[str, Any]) -> nn.Module:
    """The model that ``package.module:factory`` makes with these arguments, with its weights. Runs
    the code of that module, and raises UsageError if it does not make a model."""
    path, _, name = target.partition(":")
    if path == "timm":
        name, arguments = "create_model", {"model_name": name, **arguments}
    try:
        with _here():
            found: Any = importlib.import_module(path)
            owner = path
            for part in name.split("."):
                if not hasattr(found, part):
                    hint = did_you_mean(part, dir(found))
                    raise UsageError(f"{target[:200]!r}: {owner[:100]} has no {part[:100]!r}{hint}")
                found, owner = getattr(found, part), f"{owner}.{part}"
            model = _called(target, found, arguments)
    except CnncalcError:
        raise
    except ModuleNotFoundError as why:
        name = why.name or ""
        fact, help = f"{path} needs the package {name!r}", "install it"
        if path == name or path.startswith(f"{name}."):
            owner, _, part = name.rpartition(".")
            fact = f"there is no module {name!r}"
            help = "install it, or run cnncalc in the folder that contains it"
            if owner:  # it was found
                places = getattr(sys.modules.get(owner), "__path__", ())
                hint = did_you_mean(part, [one.name for one in pkgutil.iter_modules(places)])
                fact, help = f"{owner} has no module {part!r}{hint}", ""
        raise UsageError(f"{target[:200]!r}: {fact}", help) from why
    except Exception as why:  # the user's code may raise anything
        text = " ".join(str(why).split())[:300]
        fact = f"{target[:200]!r} raised {type(why).__name__}"
        raise UsageError(f"{fact}: {text}" if text else fact) from why
    if not isinstance(model, nn.Module):
        kind = "a class" if isinstance(model, type) else type(model).__name__
        kind = "None" if model is None else kind
        raise UsageError(f"{target[:200]!r} returns {kind} instead of a torch.nn.Module")
    return model


def _called(target: str, factory: Any, arguments: Mapping[str, Any]) -> Any:
    """Call a factory, and return its result; a model stands for itself. Raises UsageError if it
    cannot be called or does not take these arguments."""
    if isinstance(factory, nn.Module):
        if arguments:
            fact = f"{target[:200]!r} is a model, which takes no arguments"
            raise UsageError(fact, "name a function or class that makes it")
        return factory
    if not callable(factory):
        kind = type(factory).__name__
        raise UsageError(f"{target[:200]!r} is of type {kind}, not a model or factory")
    try:
        taken = inspect.signature(factory)
    except (TypeError, ValueError):  # as for some functions in C
        return factory(**arguments)
    try:
        taken.bind_partial(**arguments)  # names an argument that is misspelt, not the one it hides
        taken.bind(**arguments)
    except TypeError as why:
        own = ", ".join(str(one) for one in taken.parameters.values())[:300]
        help = f"it takes {own}; give an argument as in --arg width=64" if own else ""
        raise UsageError(f"{target[:200]!r}: {why}", help or "it takes none") from None
    return factory(**arguments)


@contextmanager
def _here() -> Iterator[None]:
    """A context in which modules of the current folder can be imported."""
    sys.path.insert(0, "")
    try:
        yield
    finally:
        sys.path.remove("")
