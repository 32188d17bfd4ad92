"""The quantities of one configuration of a network."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from cnncalc.analysis.explore.quantities import value
from cnncalc.core.errors import CnncalcError, Mistakes, UsageError, did_you_mean, some
from cnncalc.core.fields import is_whole
from cnncalc.core.layer import Input
from cnncalc.core.shape import Map
from cnncalc.spec import Spec
from cnncalc.spec.graph import build

OPTIONS = ("input", "batch", "dtype")
"""What can vary besides a network's parameters. An input may be one size for all its axes."""


class Configurations:
    """Computes the quantities of a network with other values of its parameters or options.

    ``load`` and ``summarize`` are those of the library. Copies of it in other processes load the
    network again.
    """

    def __init__(
        self,
        target: Any,
        names: Sequence[str],
        quantities: Sequence[str],
        options: Mapping[str, Any],
        load: Callable[[Any], Spec],
        summarize: Callable[..., Any],
    ) -> None:
        self.target = target
        self.quantities = tuple(quantities)
        self.options = dict(options)
        self.load, self.summarize = load, summarize
        self.spec: Spec | None = target if isinstance(target, Spec) else load(target)
        self.check(names)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "spec": None}

    def check(self, names: Sequence[str]) -> None:
        """Raise UsageError for a name that is neither a parameter nor an option."""
        assert self.spec is not None
        known = [*map(str, self.spec.parameters), *OPTIONS]
        for name in names:
            if name not in known:
                hint = did_you_mean(name, known) or f"; choose from {some(known)}"
                raise UsageError(
                    f"{self.spec.name or 'the network'} has no parameter {name!r}{hint}"
                )

    def report(self, values: Mapping[str, Any]) -> Any:
        """The report of a configuration; raises CnncalcError if it is not a valid network."""
        if self.spec is None:
            self.spec = self.load(self.target)
        options: dict[str, Any] = {"settings": {}, **self.options}
        options["settings"] = {**(options["settings"] or {})}
        options["input"] = self.sized(options.get("input"))
        for name, one in values.items():
            if name in OPTIONS and name not in self.spec.parameters:
                options[name] = self.sized(one) if name == "input" else one
            else:
                options["settings"][name] = one
        return self.summarize(self.spec, **options)

    def sized(self, size: Any) -> Any:
        """The shape of the input with this size along every axis; other values are a shape."""
        assert self.spec is not None
        if not is_whole(size, 1):
            return size
        layers = (node.layer for node in build(self.spec).nodes)
        shape, *others = [layer.shape for layer in layers if isinstance(layer, Input)]
        if others or not isinstance(shape, Map):
            raise UsageError("one size needs a network with one feature map; give whole shapes")
        return [shape.channels, *(size for _ in shape.spatial)]

    def step(self, name: str) -> Fraction:
        """The step of a search for a value: 1, or 0.01 for a parameter that is a decimal."""
        assert self.spec is not None
        usual = next((item.value for key, item in self.spec.parameters.items() if key == name), 1)
        return Fraction(1, 100) if isinstance(usual, float) else Fraction(1)

    def __call__(self, values: Mapping[str, Any]) -> "dict[str, int | None] | str":
        """The quantities of a configuration, or why it is not a valid network."""
        try:
            report = self.report(values)
        except Mistakes as why:
            return why.errors[0].sentence
        except CnncalcError as why:
            return str(why)
        return {name: value(name, report) for name in self.quantities}
