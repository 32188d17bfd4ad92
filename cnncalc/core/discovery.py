"""Discovery of modules: kinds, formats, commands and mistakes need only a file, no registration."""

import os
from collections.abc import Iterable
from importlib import import_module
from types import ModuleType
from typing import TypeVar

from cnncalc.core.errors import unknown

T = TypeVar("T")


def modules(path: Iterable[str]) -> tuple[str, ...]:
    """The names of a package's modules, sorted, except those with a leading underscore."""
    files = (file for folder in path for file in os.listdir(folder))
    names = (file.removesuffix(".py") for file in files if file.endswith(".py"))
    return tuple(sorted(name for name in names if not name.startswith("_")))


def the_class(module_name: str, base: type[T]) -> type[T]:
    """The only class derived from this base that a module defines. Raises TypeError unless there
    is exactly one."""
    module = import_module(module_name)
    defined = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, base)
        and value.__module__ == module.__name__
    ]
    if len(defined) != 1:
        raise TypeError(f"{module.__file__} must define one {base.__name__}, not {len(defined)}")
    return defined[0]


def chosen(package: str, path: Iterable[str], name: str, what: str) -> ModuleType:
    """The module with this name in a package; ``what`` describes such modules in the error.

    Raises UsageError for an unknown name, and suggests the nearest or lists all.
    """
    known = modules(path)
    if name not in known:
        raise unknown(what, name, known)
    return import_module(f"{package}.{name}")
