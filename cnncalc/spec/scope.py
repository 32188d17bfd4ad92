"""Scopes: where names are looked up while blocks are expanded."""

from collections import ChainMap
from collections.abc import Iterator, MutableMapping
from typing import Any

from cnncalc.core.errors import Where


class Scope:
    """The names visible in one place: those of values, and those of the layers so far."""

    def __init__(
        self, prefix: str, values: MutableMapping[str, Any], outer: "Scope | None" = None
    ) -> None:
        self.prefix = prefix
        self.values = values
        self.outer = outer
        self.names: dict[str, tuple[int, ...]] = {}
        self.places: dict[str, Where] = {}
        """Where names were defined, if that is known."""
        self.inputs: set[str] = set()
        """The names of the network's or the block's inputs."""

    def turn(self, index: int) -> "Scope":
        """The scope for one iteration of a repeat."""
        scope = Scope(self.prefix, ChainMap({"index": index}, self.values), self.outer)
        scope.names, scope.places, scope.inputs = self.names, self.places, self.inputs
        return scope

    def outwards(self) -> "Iterator[Scope]":
        """The scope itself and those around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    def prefixes(self) -> dict[str, None]:
        """The prefixes of the full names that a relative name may mean, innermost first."""
        return dict.fromkeys((*(one.prefix for one in self.outwards()), ""))

    def find(self, name: str) -> tuple[int, ...] | None:
        """The nodes that a name refers to, in this scope or an outer one."""
        return next((one.names[name] for one in self.outwards() if name in one.names), None)

    def visible(self) -> list[str]:
        """All names in this scope and in those around it."""
        outer = self.outer.visible() if self.outer else []
        return [*self.names, *outer]
