"""Calls a PyTorch model, and leaves it as it was."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from torch import Tensor, nn

VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


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


def needed(model: nn.Module, given: Mapping[str, Tensor], keywords: bool) -> list[str]:
    """The names of the arguments without a default, if a model cannot be called with these inputs;
    otherwise none."""
    try:
        takes = inspect.signature(model.forward)
    except ValueError:  # as for some functions in C
        return []
    ways: list[tuple[Any, Any]] = [(given.values(), {})]
    if keywords:
        ways = [((), given), ((dict(given),), {})]
    for values, named in ways:
        with suppress(TypeError):
            takes.bind(*values, **named)
            return []
    own = takes.parameters.values()
    return [one.name for one in own if one.default is one.empty and one.kind not in VARIABLE]


def lacks_values(why: Exception) -> bool:
    """Whether an error may be due to tensors on the meta device, which have no values."""
    return bool(re.search("(?<![A-Za-z])meta(?![A-Za-z])", str(why)))


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
def restored(model: nn.Module) -> Iterator[None]:
    """A context that undoes what the model stores in its modules meanwhile, such as tensors that it
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
