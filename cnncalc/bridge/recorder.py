"""Runs a PyTorch model on the meta device, and records its calls as plain data.

A function mode sees every call of a function, under its name in ``torch.nn.functional``, before
PyTorch decomposes it. No weights are allocated, and the model is not changed: each of its tensors
is replaced by a meta tensor when it is passed to a call. Only ``values`` runs the model with its
weights.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode
from torch.utils.module_tracker import ModuleTracker

from cnncalc.bridge.network import WHOLE
from cnncalc.core.cost import BYTES
from cnncalc.core.errors import CnncalcError, UsageError
from cnncalc.core.layer import Layer
from cnncalc.core.strides import Strided
from cnncalc.spec.importing.products import FUSED, MASKS
from cnncalc.spec.importing.record import Done, Recording, Ref, Seen
from cnncalc.spec.importing.walker import CONSTANTS

BATCHES = (2, 3)
"""The batch sizes of the two runs. A size that differs between the runs includes the batch."""
META = torch.device("meta")
IN_PLACE = ["iadd", "isub", "imul", "itruediv", "ifloordiv", "ipow", "imatmul"]


def _dtype(model: nn.Module) -> str:
    """The floating-point type of a model's parameters and buffers; empty for float32, for a type
    that cnncalc does not know, and for several types."""
    held = (*model.parameters(), *model.buffers())
    found = {str(one.dtype).removeprefix("torch.") for one in held if one.is_floating_point()}
    (word,) = found if len(found) == 1 else ("",)
    return word if word in BYTES and word != "float32" else ""


def record(model: nn.Module, inputs: Mapping[str, Sequence[int]], keywords: bool) -> Recording:
    """The recording of a model in eval mode for inputs of these sizes, which are passed by position
    or as keywords. Raises UsageError if the model does not run, or if its calls depend on the batch
    size."""
    dtype = None
    with evaluating(model):
        try:
            first, second = (_Run(model, batch, inputs, keywords) for batch in BATCHES)
        except UsageError as why:
            if "Long" not in str(why):
                raise
            dtype = torch.int64  # the model's inputs are indices, like those of an embedding
            first, second = (_Run(model, n, inputs, keywords, dtype) for n in BATCHES)
    if [call.name for call in first.calls] != [call.name for call in second.calls]:
        raise UsageError(
            f"{first.name} does different things for a batch of {BATCHES[0]} and of {BATCHES[1]}, "
            "so it is not one network"
        )
    turned = any(map(_is_turned, first.tensors, second.tensors))
    alone = _alone(first, model, inputs, keywords, dtype) if turned else first.tensors
    tensors = [
        two._replace(
            sizes=_without_batch(two.sizes, three.sizes),
            room=_per_image(two.room, three.room),
            alone=one.strides,
        )
        for one, two, three in zip(alone, first.tensors, second.tensors, strict=True)
    ]
    calls = [one._replace(saved=_saved(one, two)) for one, two in zip(first.calls, second.calls)]
    for place in first.constant:  # computed once for all images, or for each
        call = calls[place]
        each = any(size < 0 for number in call.made for size in tensors[number].sizes)
        calls[place] = call._replace(macs=call.macs // BATCHES[0] if each else call.macs)
    return Recording(first.name, tensors, calls, first.outputs, first.unused(), _dtype(model))


def _is_turned(one: Seen, two: Seen) -> bool:
    """Whether a tensor, with its sizes for both batches, is not contiguous with the batch first."""
    return not Strided(one.sizes, one.strides).contiguous or one.sizes[1:] != two.sizes[1:]


def _alone(
    like: _Run,
    model: nn.Module,
    inputs: Mapping[str, Sequence[int]],
    keywords: bool,
    dtype: torch.dtype | None,
) -> Sequence[Seen]:
    """The tensors of a run with a single image, whose views may differ; if the model then does
    something else, those of the given run."""
    try:
        with evaluating(model):
            run = _Run(model, 1, inputs, keywords, dtype)
    except UsageError:
        return like.tensors
    same = [call.name for call in run.calls] == [call.name for call in like.calls]
    return run.tensors if same and len(run.tensors) == len(like.tensors) else like.tensors


def values(
    model: nn.Module, inputs: Mapping[str, Sequence[int]], keywords: bool
) -> Sequence[Tensor]:
    """The tensors of a recording, by number, from a run of the model with its weights."""
    place = next((one.device for one in model.parameters()), torch.device("cpu"))
    with evaluating(model):
        return _Run(model, BATCHES[0], inputs, keywords, place=place).alive


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """A context in which the model is in eval mode."""
    training = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in training.items():
            module.training = mode


@contextmanager
def _restored(model: nn.Module) -> Iterator[None]:
    """A context after which the model no longer holds what it stored there, such as tensors that it
    computes only once."""
    holders = [holder for module in model.modules() for holder in _holders(module)]
    before = [dict(holder) for holder in holders]
    try:
        yield
    finally:
        for holder, contents in zip(holders, before):
            holder.clear()
            holder.update(contents)


def _holders(module: nn.Module) -> Iterator[dict[Any, Any]]:
    """The dictionaries in which a module can store tensors."""
    own = vars(module)
    yield from (one for one in own.values() if type(one) is dict)
    yield own


def _without_batch(two: tuple[int, ...], three: tuple[int, ...]) -> tuple[int, ...]:
    """The sizes of a tensor, with −k for k times the batch size. Raises UsageError for a size that
    depends on the batch in a different way."""
    same = len(two) == len(three)
    sizes = [*map(_per_image, two, three)]
    if not same or 0 in [size for size, a in zip(sizes, two) if a]:
        raise UsageError(
            f"a tensor has the sizes {list(two)} for a batch of {BATCHES[0]}, but {list(three)} "
            f"for a batch of {BATCHES[1]}"
        )
    return tuple(sizes)


def _per_image(two: int, three: int) -> int:
    """A number of which there were ``two`` for a batch of 2 and ``three`` for a batch of 3: −k for
    k times the batch size, and 0 if it depends on the batch in a different way."""
    return two if two == three else two - three if 3 * two == 2 * three else 0


def _saved(two: Done, three: Done) -> Mapping[int, int] | None:
    """The bytes of the storages that a call saves; None if they are not known."""
    sizes = [list((one.saved or {}).values()) for one in (two, three)]
    found = [*map(_per_image, *sizes)]
    if None in (two.saved, three.saved) or len({*map(len, sizes)}) > 1 or 0 in found:
        return None
    return dict(zip(two.saved or (), found))


class _Run(TorchFunctionMode):
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
        self.twins: dict[int, Tensor] = {}
        self.bases: dict[int, torch.UntypedStorage] = {}  # of the twins, by that of the model
        self.model = model
        self.paths = {module: path for path, module in model.named_modules()}
        self.open = [""]
        self.own = _own(model)
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
        with torch.enable_grad(), _restored(model), counting, _entered(self), self:
            try:
                result = called(model, given, keywords)
            except CnncalcError:
                raise
            except Exception as why:  # the model's code may raise anything
                raise self._refusal(why) from why
        self.outputs = tuple(dict.fromkeys(self._numbers_in(result)))

    def _refusal(self, why: Exception) -> UsageError:
        place = f" in layer {self.open[-1]!r}" if self.open[-1] else ""
        text = " ".join(str(why).split())[:300].rstrip(".")
        sizes = " and ".join("×".join(map(str, one)) for one in self.sizes)
        place += f" for an input of {sizes}"
        help = "if its input has another shape, give that without the batch size, as in "
        help += "--input 1x28x28"
        if "meta" in text:
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
            raise UsageError(
                f"{self.name}: module {self.open[-1]!r} reads a tensor that shares memory with one "
                "that was changed in place; use the operation that returns a new tensor instead"
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
        name = _name_of(func)
        if name in QUESTIONS:
            return func(*args, **kwargs)
        if "device" in kwargs:
            kwargs["device"] = self.place
        args, kwargs = self._empty(args), self._empty(kwargs)
        before = self.flops.get_total_flops()
        self.saved = None
        tensors = _tensors_in([*args, *kwargs.values()])
        depends = any(self.numbers.get(id(one)) in self.live for one in tensors)
        self.depends = depends and not name.startswith(CONSTANTS)
        if not self.depends and name == "dropout" and self._drops():
            bound = _bound(func, name, args, kwargs)
            args, kwargs = (bound.pop("input"),), {**bound, "training": True}
        result = self._empty(self._result(func, args, kwargs))
        if name == "scaled_dot_product_attention" and self.place == META:
            result = _in_one_kernel(result, **_bound(func, name, args, kwargs))
        if name == "setitem":  # the call returns nothing, but changes its first argument
            result = args[0]
            self.stale.discard(id(result))  # x[0] += 1 changes x[0] first
        elif not _in_place(name, kwargs) and any(one is result for one in args):
            result = result.view_as(result)  # so that input and output are two tensors
        made = _tensors_in(result)
        if made and not self.silent:
            macs = (self.flops.get_total_flops() - before) // 2
            self._call(name, func, args, kwargs, made, macs)
        return result

    def _drops(self) -> bool:
        """Whether the running module is a dropout, which does something in training."""
        module = self.model.get_submodule(self.open[-1])
        return self.place == META and isinstance(module, nn.Dropout)

    def _result(self, func: Any, args: Any, kwargs: Any) -> Any:
        """The result of a call. Unless it depends on an input, gradients are computed, to see what
        it saves for them."""
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
        given = {key: self._refs(one) for key, one in _bound(func, name, args, kwargs).items()}
        given |= {"inplace": True} if name.endswith("_") else {}
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


def called(model: nn.Module, given: Mapping[str, Tensor], keywords: bool) -> Any:
    """Call a model with its inputs, by position or as keywords, and return its result. A model
    whose arguments have other names gets the inputs as a single dictionary."""
    if not keywords:
        return model(*given.values())
    try:
        inspect.signature(model.forward).bind(**given)
    except TypeError:
        return model(dict(given))
    return model(**given)


def tensors_in(value: Any) -> Iterator[Tensor]:
    """All tensors in a value, such as a model's result."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        yield from tensors_in([*value.values()])
    elif isinstance(value, list | tuple | set):
        for one in value:
            yield from tensors_in(one)
    elif hasattr(value, "__dataclass_fields__"):
        yield from tensors_in([getattr(value, one) for one in value.__dataclass_fields__])


def _in_one_kernel(
    result: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    **_: Any,
) -> Tensor:
    """The result of attention, with the strides of the query if PyTorch computes it in one kernel
    on the CPU. On the meta device, it always computes it in steps."""
    factors = (query, key, value)
    masked = attn_mask is None or (attn_mask.dim() in MASKS and not attn_mask.requires_grad)
    fits = result.dim() == FUSED and result.shape == query.shape
    if not (masked and fits and all(one.stride(-1) == 1 for one in factors)):
        return result
    return torch.empty_like(query, requires_grad=False).copy_(result)


def _in_place(name: str, kwargs: Mapping[str, Any]) -> bool:
    """Whether a call changes its first argument."""
    return name.endswith("_") or name in IN_PLACE or bool(kwargs.get("inplace"))


QUESTIONS = {"size", "dim", "shape", "device", "dtype", "ndim", "is_meta", "requires_grad", "numel",
             "stride", "is_contiguous", "__len__", "_set_grad_enabled", "set_grad_enabled",
             "is_floating_point", "layout", "requires_grad_", "__hash__", "_version", "is_cuda",
             "names", "element_size", "storage_offset", "is_complex"}  # fmt: skip
"""Functions that are not recorded, because they create no tensor."""


def _tensors_in(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, list | tuple):
        return [tensor for one in value for tensor in _tensors_in(one)]
    return []


@contextmanager
def _entered(run: _Run) -> Iterator[None]:
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


def _own(model: nn.Module) -> dict[int, Seen]:
    """The parameters and buffers of a model, by identity; a shared tensor has its first name."""
    found: dict[int, Seen] = {}
    for name, one in model.named_parameters():
        found[id(one)] = Seen((), "parameter", name, one.requires_grad)
    for name, buffer in model.named_buffers():
        found[id(buffer)] = Seen((), "buffer", name)
    return found


def _name_of(func: Any) -> str:
    """The name of a function, such as ``conv2d``, ``add_`` or ``isub``, or of an attribute, such as
    ``mT``."""
    name: str = getattr(func, "__name__", repr(func))
    if name == "__get__":
        return str(func.__self__.__name__)
    if name in QUESTIONS:
        return name
    return name.strip("_") + "_" * (name.endswith("_") and not name.endswith("__"))


def _bound(func: Any, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by name. The first tensor is ``input``; arguments that PyTorch does not name
    have their places as names."""
    names = _names_of(func, name)
    words = [names[place] if place < len(names) else str(place) for place in range(len(args))]
    bound = {**dict(zip(words, args)), **kwargs}
    for word in ("self", "tensor", "0"):
        if word in bound:
            bound = {"input": bound.pop(word), **bound}
    return bound


@cache
def _names_of(func: Any, name: str) -> tuple[str, ...]:
    """The names of a function's arguments."""
    try:
        parameters = [*inspect.signature(func).parameters.values()]
    except (TypeError, ValueError):
        parameters = []
    known = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    if known:
        return tuple(known)
    word = "aten::" + name.rstrip("_")
    schemas = torch._C._jit_get_schemas_for_operator(word)
    longest = max(schemas, key=lambda schema: len(schema.arguments), default=None)
    return tuple(one.name for one in longest.arguments) if longest else ()
