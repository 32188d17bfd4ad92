"""One run of a PyTorch model, whose calls are recorded.

A function mode sees every call of a function, under its name in ``torch.nn.functional``, before
PyTorch decomposes it. The model runs on the meta device: no weights are allocated, and the model is
not changed, because each of its tensors is replaced by a meta tensor when it is passed to a call.
On another device, the model runs with its weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode
from torch.utils.module_tracker import ModuleTracker

from cnncalc.bridge.calls import (
    IN_PLACE,
    QUESTIONS,
    STRIDED,
    arguments_of,
    as_on_cpu,
    in_place,
    listed,
    name_of,
    tensors_in,
)
from cnncalc.bridge.model import called, lacks_values, needed, restored
from cnncalc.bridge.network import WHOLE
from cnncalc.core.errors import CnncalcError, UsageError, all_of
from cnncalc.core.layer import Layer
from cnncalc.spec.importing.record import Done, Ref, Seen
from cnncalc.spec.importing.walker import CONSTANTS

BATCHES = (2, 3)
"""The batch sizes of the two runs. A size that differs between the runs includes the batch."""
META = torch.device("meta")


class Run(TorchFunctionMode):
    """One run of a model."""

    def __init__(
        self,
        model: nn.Module,
        batch: int,
        inputs: Mapping[str, Sequence[int]],
        keywords: bool,
        dtype: torch.dtype | None = None,
        place: torch.device = META,
    ) -> None:
        super().__init__()
        self.name = type(model).__name__
        self.batch, self.place = batch, place
        self.sizes = [*inputs.values()]
        self.tensors: list[Seen] = []
        self.calls: list[Done] = []
        self.numbers: dict[int, int] = {}
        self.alive: list[Tensor] = []  # so that no other tensor gets one of their ids
        self.twins: dict[int, Tensor] = {}  # on the meta device, by the id of the model's tensor
        self.bases: dict[int, torch.UntypedStorage] = {}  # the twins' storages, by the model's
        self.model = model
        self.paths = {module: path for path, module in model.named_modules()}
        self.open = [""]
        self.own = own_tensors(model)
        self.used: set[str] = set()
        self.storages: dict[int, set[int]] = {}
        self.stale: set[int] = set()
        self.silent = 0
        self.live: set[int] = set()  # the tensors that depend on an input
        self.depends = False  # whether the current call does
        self.constant: list[int] = []  # the places of the calls that depend on no input
        self.flops = FlopCounterMode(display=False)
        self.flops.mod_tracker = _OneModule()
        own = next((one.dtype for one in model.parameters()), torch.get_default_dtype())
        self.itemsize = own.itemsize
        given = {
            name: torch.zeros(batch, *sizes, device=place, dtype=dtype or own)
            for name, sizes in inputs.items()
        }
        for name, tensor in given.items():
            self.live.add(self._add(tensor, "input", name))
        # Counting takes as long as running, and the first run has already counted.
        self.counts = batch == BATCHES[0] and place == META
        self.saved: dict[int, int] | None = None
        self.resident = {
            one.untyped_storage()._cdata for one in (*model.parameters(), *model.buffers())
        }
        counting = self.flops if self.counts else nullcontext()
        with torch.enable_grad(), restored(model), counting, _entered(self), self:
            try:
                result = called(model, given, keywords)
            except CnncalcError:
                raise
            except Exception as why:  # the model's code may raise anything
                raise self._refusal(why, needed(model, given, keywords)) from why
        self.outputs = tuple(dict.fromkeys(self._numbers_in(result)))

    def _refusal(self, why: Exception, names: Sequence[str]) -> UsageError:
        place = f" in layer {self.open[-1]!r}" if self.open[-1] else ""
        text = " ".join(str(why).split())[:300].rstrip(".")
        sizes = all_of(["×".join(map(str, one)) for one in self.sizes])
        other = "3x224x224" if sizes == "1×28×28" else "1x28x28"
        help = "if its input has another shape, give that without the batch size, as in "
        help += f"--input {other}"
        several = len(self.sizes) > 1
        if several:
            help = "if its inputs have other shapes, give all of them without the batch size"
        place += f" for {'inputs' if several else 'an input'} of {sizes}"
        if names:
            help = (
                f"forward needs {', '.join(names)}; give each, as in --input {names[0]}=3x224x224"
            )
        if lacks_values(why):
            help = "cnncalc reads only models that do not depend on the values of tensors"
        fact = f"{self.name} fails{place}: {text}"
        if not text:
            fact = f"{self.name} raises {type(why).__name__}{place}"
        return UsageError(fact, help)

    def unused(self) -> tuple[str, ...]:
        """The parameters that no call used."""
        names = (seen.name for seen in self.own.values() if seen.origin == "parameter")
        return tuple(name for name in names if name not in self.used)

    def _add(self, tensor: Tensor, origin: str = "", name: str = "") -> int:
        held = tensor.untyped_storage()
        same = tensor.element_size() == self.itemsize
        storage, room = held._cdata, held.nbytes() // self.itemsize * same
        sizes, strides = tuple(tensor.shape), tensor.stride()
        boolean, learns = tensor.dtype == torch.bool, tensor.requires_grad
        self.tensors.append(Seen(sizes, origin, name, learns, strides, storage, room, boolean))
        self.numbers[id(tensor)] = len(self.tensors) - 1
        self.alive.append(tensor)
        self.storages.setdefault(storage, set()).add(id(tensor))
        return len(self.tensors) - 1

    def _number(self, tensor: Tensor) -> int:
        """The number of a tensor. A tensor that no call has made is the model's, or a constant."""
        if id(tensor) in self.stale and self.numbers[id(tensor)] in self.live:
            reader = f": layer {self.open[-1]!r}" if self.open[-1] else ""
            raise UsageError(
                f"{self.name}{reader} reads a tensor that shares memory with one that was changed "
                "in place; use the operation that returns a new tensor instead"
            )
        if id(tensor) in self.numbers:
            return self.numbers[id(tensor)]
        seen = self.own.get(id(tensor), Seen((), "constant"))
        if seen.name:
            self.used.add(seen.name)
        return self._add(tensor, seen.origin, seen.name)

    def _numbers_in(self, value: Any) -> Iterator[int]:
        """The numbers of all tensors in a value."""
        return map(self._number, tensors_in(value))

    def _refs(self, value: Any) -> Any:
        """An argument as plain data, with a ``Ref`` for every tensor."""
        if isinstance(value, Tensor):
            return Ref(self._number(value))
        if isinstance(value, list | tuple):
            return tuple(self._refs(one) for one in value)
        plain = value is None or isinstance(value, bool | int | float | str | slice)
        return value if plain or value is Ellipsis else repr(value)

    def _empty(self, value: Any) -> Any:
        """The value with every tensor replaced by one on the meta device, if the model runs
        there."""
        if self.place != META:
            return value
        if isinstance(value, Tensor) and not value.is_meta:
            if id(value) not in self.twins:
                self.alive.append(value)
                twin = self._twin(value)
                self.own[id(twin)] = self.own.get(id(value), Seen((), "constant"))
                if self.own[id(twin)].name:
                    self.resident.add(twin.untyped_storage()._cdata)
                self.twins[id(value)] = twin
            return self.twins[id(value)]
        if type(value) in (list, tuple):
            return type(value)(map(self._empty, value))
        if type(value) is dict:
            return {key: self._empty(one) for key, one in value.items()}
        return value

    def _twin(self, value: Tensor) -> Tensor:
        """A tensor like another one, but without content."""
        held = value.untyped_storage()
        base = torch.UntypedStorage(held.nbytes(), device="meta")
        base = self.bases.setdefault(held._cdata, base)
        twin = torch.empty(0, dtype=value.dtype, device="meta")
        with torch.no_grad():
            twin.set_(base, value.storage_offset(), value.shape, value.stride())
        return twin.requires_grad_(value.requires_grad)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        name = name_of(func)
        if name in QUESTIONS:
            return func(*args, **kwargs)
        if "device" in kwargs:
            kwargs["device"] = self.place
        args, kwargs = self._empty(args), self._empty(kwargs)
        before = self.flops.get_total_flops()
        self.saved = None
        tensors = listed([*args, *kwargs.values()])
        depends = any(self.numbers.get(id(one)) in self.live for one in tensors)
        self.depends = depends and not name.startswith(CONSTANTS)
        if not self.depends and "dropout" in name and self._drops():
            bound = arguments_of(func, name, args, kwargs)
            args, kwargs = (bound.pop("input"),), {**bound, "training": True}
        result = self._empty(self._result(func, args, kwargs))
        if name in STRIDED and self.place == META:
            result = as_on_cpu(name, result, arguments_of(func, name, args, kwargs))
        if name == "setitem":  # the call returns nothing, but changes its first argument
            result = args[0]
            self.stale.discard(id(result))  # x[0] += 1 changes x[0] first
        elif not in_place(name, kwargs) and any(one is result for one in args):
            result = result.view_as(result)  # so that input and output are two tensors
        made = listed(result)
        if made and not self.silent:
            macs = (self.flops.get_total_flops() - before) // 2
            self._call(name, func, args, kwargs, made, macs)
        return result

    def _drops(self) -> bool:
        """Whether the running module is a dropout, which does something in training."""
        module = self.model.get_submodule(self.open[-1])
        return self.place == META and isinstance(module, nn.modules.dropout._DropoutNd)

    def _result(self, func: Any, args: Any, kwargs: Any) -> Any:
        """The result of a call. Unless it depends on an input, autograd records it, to see what it
        saves for the backward pass."""
        if self.depends or self.place != META:
            with torch.no_grad():
                return func(*args, **kwargs)
        saved: dict[int, int] = {}

        def pack(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            if storage._cdata not in self.resident and storage.nbytes():
                self.alive.append(tensor)
                saved[storage._cdata] = storage.nbytes()
            return tensor

        try:
            with saved_tensors_hooks(pack, lambda one: one):
                result = func(*args, **kwargs)
        except RuntimeError:  # as for a parameter that is changed in place
            with torch.no_grad():
                return func(*args, **kwargs)
        self.saved = saved
        return result

    def own_layer(
        self, module: nn.Module, layer: Layer, inputs: Sequence[Tensor], output: Tensor, before: int
    ) -> None:
        """Record a module that ``to_torch`` made from a layer."""
        tensors = [*module.named_parameters(), *module.named_buffers()]
        given = {
            "layer": (layer.kind, dict(layer.given)),
            "inputs": self._refs(self._empty(tuple(inputs))),
            "held": {name: Ref(self._number(self._empty(one))) for name, one in tensors},
        }
        macs = (self.flops.get_total_flops() - before) // 2 // self.batch
        self.live.add(number := self._add(output))
        self.calls.append(Done("layer", self.open[-1], given, (number,), macs))

    def passed(self, module: nn.Module, x: Tensor) -> Tensor:
        """The output of a module that does nothing in eval mode, such as drop path. The module is
        recorded as a call of its class, unless it is an identity or an empty sequence."""
        if not isinstance(x, Tensor) or isinstance(module, nn.Identity | nn.Sequential):
            return x
        plain = {name: one for name, one in vars(module).items() if type(one) in (int, float)}
        given = {"input": Ref(self._number(x))} | plain
        name = type(module).__name__
        name = "DropPath" if name.endswith("DropPath") else name  # libraries define their own
        with torch._C.DisableTorchFunction():
            y = x.view_as(x)
        self.live.add(number := self._add(y))
        self.calls.append(Done(name, self.open[-1], given, (number,)))
        return y

    def _call(
        self, name: str, func: Any, args: Any, kwargs: Any, made: list[Tensor], macs: int
    ) -> None:
        given = {
            key: self._refs(one) for key, one in arguments_of(func, name, args, kwargs).items()
        }
        given |= {"inplace": True} if name.endswith("_") or name in IN_PLACE else {}
        numbers = tuple(map(self._add, made))
        self.live |= {*numbers} if self.depends else set()
        macs = macs // self.batch if self.depends else macs
        self.constant += [] if self.depends else [len(self.calls)]
        stored = tuple(one.untyped_storage()._cdata for one in made)
        self.calls.append(
            Done(name.rstrip("_"), self.open[-1], given, numbers, macs, stored, self.saved)
        )
        if len(made) == 1 and any(one is made[0] for one in args):
            self._changed(made[0])

    def _changed(self, tensor: Tensor) -> None:
        """Note that other views of a tensor are outdated after a change in place."""
        sharing = self.storages[tensor.untyped_storage()._cdata]
        self.stale |= sharing - {id(tensor)}


class _OneModule(ModuleTracker):
    """Counts everything for the whole model, because the hooks that tell modules apart fail when a
    parameter is passed to a module, as in a weight norm."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


@contextmanager
def _entered(run: Run) -> Iterator[None]:
    """A context in which the run knows which module is running."""
    original = nn.Module.__call__

    def call(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
        if module not in run.paths:
            return original(module, *args, **kwargs)
        run.open.append(run.paths[module])
        before, macs = len(run.calls), run.flops.get_total_flops()
        own = vars(module).get("layer") if isinstance(module, WHOLE) else None
        own = own if isinstance(own, Layer) else None
        run.silent += own is not None
        result = original(module, *args, **kwargs)
        run.silent -= own is not None
        if own is not None:
            run.own_layer(module, own, args, result, macs)
        elif len(run.calls) == before and args and result is args[0] and not module._modules:
            result = run.passed(module, result)
        run.open.pop()  # it stays open after an error, so that the message can name it
        return result

    nn.Module.__call__ = call
    try:
        yield
    finally:
        nn.Module.__call__ = original


def own_tensors(model: nn.Module) -> dict[int, Seen]:
    """The parameters and buffers of a model, by identity; a shared tensor has its first name."""
    found: dict[int, Seen] = {}
    for name, one in model.named_parameters():
        found[id(one)] = Seen((), "parameter", name, one.requires_grad)
    for name, buffer in model.named_buffers():
        found[id(buffer)] = Seen((), "buffer", name)
    return found
