"""The layers of another tool's network, under names that a spec allows."""

import re
from collections.abc import Iterable
from typing import Any

from cnncalc.core.errors import SpecError, Where


class Wiring:
    """Layers one after another, and which layer or input makes each tensor of the other tool."""

    def __init__(self, source: str) -> None:
        self.where = Where(source)
        self.inputs: dict[str, Any] = {}
        self.layers: list[dict[str, Any]] = []
        self.made: dict[str, str] = {}

    def input(self, tensor: str, shape: list[int]) -> None:
        """An input of the network, channels first."""
        self.made[tensor] = self._free(tensor)
        self.inputs[self.made[tensor]] = shape

    def layer(self, name: str, kind: str, fields: Any, tensors: Iterable[str]) -> str:
        """Add a layer that reads these tensors, and return the name that it got."""
        read = [self.source_of(tensor) for tensor in tensors]
        own = self._free(name)
        sources = read if len(read) != 1 else read[0]
        self.layers.append({kind: fields, "name": own, "from": sources})
        return own

    def source_of(self, tensor: str) -> str:
        """The layer or input that makes a tensor."""
        if tensor not in self.made:
            raise self.wrong(f"no layer makes {tensor[:60]!r}, which another reads")
        return self.made[tensor]

    def spec(self, name: str) -> dict[str, Any]:
        """The network; its only input is called ``input``."""
        if not self.layers:
            raise self.wrong("contains no layers")
        spec: dict[str, Any] = {"name": name, "layers": self.layers}
        if len(self.inputs) == 1:
            (own,) = self.inputs
            spec |= {"input": self.inputs[own]}
            self._rename(own, "input")
        elif self.inputs:
            spec |= {"input": self.inputs}
        return {**spec, "layout": "chw"}

    def wrong(self, sentence: str) -> SpecError:
        """An error in the file."""
        return SpecError(sentence, self.where)

    def _free(self, name: str) -> str:
        """A name of letters, digits, _ and - that nothing else has."""
        plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:80].strip("_") or "layer"
        taken = {*self.inputs, *(layer["name"] for layer in self.layers)}
        found, number = plain, 1
        while found in taken or found == "input":
            number += 1
            found = f"{plain}_{number}"
        return found

    def _rename(self, old: str, new: str) -> None:
        for layer in self.layers:
            for fields in layer.values():
                if isinstance(fields, dict) and fields.get("like") == old:
                    fields["like"] = new
            read = layer["from"]
            if isinstance(read, list):
                layer["from"] = [new if one == old else one for one in read]
            elif read == old:
                layer["from"] = new
