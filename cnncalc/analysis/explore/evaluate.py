"""The quantities of one configuration of a network."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.explore.quantities import missing, value
from cnncalc.core.errors import CnncalcError, Mistakes, UsageError, did_you_mean, some
from cnncalc.core.fields import is_whole
from cnncalc.core.layer import Input
from cnncalc.core.shape import Map, Shape, shape_of
from cnncalc.spec import Spec
from cnncalc.spec.graph import build
from cnncalc.spec.inputs import sizes_by_name
from cnncalc.spec.model import Model
from cnncalc.spec.source import is_foreign

if TYPE_CHECKING:
    from cnncalc.analysis.hardware.clock import Clock

NUMBERS = ("input", "batch")
OPTIONS = (*NUMBERS, "dtype")
"""What can vary besides a network's parameters. An input may be one size for all spatial axes."""
REMEMBERED = 100
"""The maximum number of networks to cache, each for a different input or different arguments."""


class Configurations:
    """Computes the quantities of a network with different values of its parameters or options.

    ``load`` and ``summarize`` are those of the library; ``clock`` gives times. A copy in another
    process loads the network again. A file of another tool is read again for each input, because
    its layers may depend on the input.
    """

    def __init__(
        self,
        target: Any,
        names: Sequence[str],
        quantities: Sequence[str],
        options: Mapping[str, Any],
        load: Callable[..., Spec],
        summarize: Callable[..., Any],
        clock: "Clock | None" = None,
    ) -> None:
        self.target = target
        self.quantities = tuple(quantities)
        self.options = dict(options)
        self.load, self.summarize, self.clock = load, summarize, clock
        self.read: dict[str, Spec] = {}
        self.check(names)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "read": {}}

    @property
    def spec(self) -> Spec:
        """The network without changes, read for the input in ``options``, because a file may leave
        its size open."""
        input = self.options.get("input")
        return self.spec_for(None if is_whole(input, 1) else input)

    def spec_for(self, input: Any) -> Spec:
        """The network that is read for an input."""
        if isinstance(self.target, Spec):
            return self.target
        return self.once(input, lambda: self.load(self.target, inputs=(input, None)))

    def once(self, key: Any, read: Callable[[], Spec]) -> Spec:
        """The network for this key, which is read only if it is not in the cache."""
        if repr(key) not in self.read:
            if len(self.read) >= REMEMBERED:
                self.read.clear()
            self.read[repr(key)] = read()
        return self.read[repr(key)]

    def check(self, names: Sequence[str], offered: Sequence[str] = OPTIONS) -> None:
        """Raise UsageError for a name that is neither a parameter nor an option. Of the options,
        the error suggests only those ``offered``."""
        known = [*self.parameters, *offered]
        for name in names:
            if name not in known and name not in OPTIONS:
                hint = did_you_mean(name, known) or f"; choose from {some(known)}"
                raise UsageError(
                    f"{self.spec.name or 'the network'} has no parameter {name!r}{hint}"
                )

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters of the spec and their default values."""
        return {str(key): item.value for key, item in self.spec.parameters.items()}

    def records(self, name: str) -> bool:
        """Whether operations can be recorded for many values of a name at once, because the network
        need not be read again for each."""
        return name in self.parameters or name != "input" or not is_foreign(self.spec)

    def shapes(self) -> list[Shape]:
        """The shapes of the network's inputs."""
        layers = (node.layer for node in build(self.spec).nodes)
        return [layer.shape for layer in layers if isinstance(layer, Input)]

    @cached_property
    def usual(self) -> list[Shape]:
        """The shapes of the default network's inputs, computed once."""
        return self.shapes()

    def report(self, values: Mapping[str, Any]) -> Any:
        """The report of a configuration; raises CnncalcError if it is not a valid network."""
        options: dict[str, Any] = {"settings": {}, **self.options}
        options["settings"] = {**(options["settings"] or {})}
        options["input"] = self.sized(options.get("input"))
        for name, one in values.items():
            if name in OPTIONS and name not in self.parameters:
                options[name] = self.sized(one) if name == "input" else one
            else:
                options["settings"][name] = one
        return self.summarize(self.network(options), **options)

    def measured(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The quantities of a configuration; raises CnncalcError if it is not a valid network, or
        if the clock has no figures for its dtype or batch size."""
        report = self.report(values)
        if self.clock is not None:
            self.clock.check(report)
        return {name: value(name, report, self.clock) for name in self.quantities}

    def require(self) -> None:
        """Raise UsageError if the default network is valid and a quantity is not known for it."""
        try:
            report = self.report({})
        except CnncalcError:
            return
        for name in self.quantities:
            if value(name, report, self.clock) is None:
                raise missing(name, report)

    def network(self, options: dict[str, Any]) -> Spec:
        """The network for these options."""
        input = options["input"]
        return self.spec if input is None or not is_foreign(self.spec) else self.spec_for(input)

    def sized(self, size: Any) -> Any:
        """The shape of the input with this size along every spatial axis. Any other value is
        returned unchanged."""
        if not is_whole(size, 1):
            return size
        shape = self.usual[0] if len(self.usual) == 1 else None
        if not isinstance(shape, Map):
            raise UsageError(
                "a single size works only if the input is one feature map; give the full shape"
            )
        return [shape.channels, *(size for _ in shape.spatial)]

    def step(self, name: str) -> Fraction:
        """The step of a search for a value: 1, or 0.01 for a parameter that is a decimal."""
        return Fraction(1, 100) if isinstance(self.parameters.get(name), float) else Fraction(1)

    def __call__(self, values: Mapping[str, Any]) -> dict[str, Any] | str:
        """The quantities of a configuration, or why it is not a valid network."""
        try:
            return self.measured(values)
        except Mistakes as why:
            return why.errors[0].sentence
        except CnncalcError as why:
            return str(why)


class Models(Configurations):
    """Configurations of code that makes models. The parameters are the arguments of the code, which
    runs again for different arguments or a different input."""

    target: Model

    def check(self, names: Sequence[str], offered: Sequence[str] = OPTIONS) -> None:
        """Accept every name, because the code itself refuses arguments that it does not have."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """No parameters, because they are not known."""
        return {}

    def records(self, name: str) -> bool:
        """Whether the name is ``batch``, the only number that can vary without running the code
        again."""
        return name == "batch"

    def shapes(self) -> list[Shape]:
        """The shapes of the model's inputs."""
        given = self.options.get("input")
        sizes = sizes_by_name(None if is_whole(given, 1) else given, None)
        return [*map(shape_of, sizes.values())] or [shape_of(self.target.usual)]

    def network(self, options: dict[str, Any]) -> Spec:
        """The network for these options; removes the options that it includes."""
        arguments, inputs = options.pop("settings"), sizes_by_name(options.pop("input"), None)
        return self.once((arguments, inputs), lambda: self.target.read(arguments, inputs))


def configurations(target: Any, *rest: Any) -> Configurations:
    """The configurations of a network, or of code that makes models."""
    return (Models if isinstance(target, Model) else Configurations)(target, *rest)
