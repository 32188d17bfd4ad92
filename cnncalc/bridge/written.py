"""The calls that build and apply a layer's module, as text."""

import inspect
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import isinf
from typing import Any

from torch import nn

from cnncalc.bridge import modules


@dataclass(frozen=True)
class Written:
    """A layer as text: the call that builds its module, and the expression in ``forward``, if that
    is not a call of the module."""

    build: str
    apply: Callable[..., str] | None = None


class Recorder:
    """The ``nn`` that records calls. An operation that is one expression needs no module."""

    def Add(self, value: float | None = None) -> Written:
        return Written("", lambda *inputs: " + ".join(_with(inputs, value)))

    def Multiply(self, value: float | None = None) -> Written:
        return Written("", lambda *inputs: " * ".join(_with(inputs, value)))

    def Divide(self, value: float | None = None) -> Written:
        return Written("", lambda *inputs: " / ".join(_with(inputs, value)))

    def Matmul(self) -> Written:
        return Written("", lambda *inputs: " @ ".join(inputs))

    def Power(self, exponent: float, function: str = "") -> Written:
        own = f"torch.{function}({{}})" if function else f"{{}} ** {exponent!r}"
        return Written("", own.format)

    def Expand(self, sizes: Sequence[int]) -> Written:
        return Written("", lambda x: f"{x}.expand({_arguments([-1, *sizes])})")

    def Concat(self, dim: int = 1) -> Written:
        return Written("", lambda *inputs: f"torch.cat([{', '.join(inputs)}], dim={dim})")

    def Flatten(self, start_dim: int = 1) -> Written:
        build = f"nn.Flatten({'' if start_dim == 1 else start_dim})"
        return Written(build, lambda x: f"torch.flatten({x}, {start_dim})")

    def Slice(self, start: int, stop: int | None, dim: int = 1) -> Written:
        kept = f"{start or ''}:{'' if stop is None else stop}"
        return Written("", lambda x: f"{x}[{':, ' * dim}{kept}]")

    def Crop(self, sides: Sequence[tuple[int, int]]) -> Written:
        kept = ", ".join(f"{before or ''}:{-after or ''}" for before, after in sides)
        return Written("", lambda x: f"{x}[:, :, {kept}]")

    def Reshape(self, shape: Sequence[int]) -> Written:
        return Written("", lambda x: f"{x}.reshape({_arguments([f'{x}.shape[0]', *shape])})")

    def Permute(self, order: Sequence[int]) -> Written:
        return Written("", lambda x: f"{x}.permute({_arguments([0, *(n + 1 for n in order)])})")

    def padded(self, module: Written, sides: Sequence[int], value: float = 0.0) -> Written:
        """The module, preceded by a separate module that pads its input."""
        if not sides:
            return module
        axes = len(sides) // 2
        pad = getattr(self, f"ConstantPad{axes}d")(sides, value)
        if value == 0:
            pad = getattr(self, f"ZeroPad{axes}d")(sides)
        return Written(f"nn.Sequential({pad.build}, {module.build})")

    def cropped(self, module: Written, sides: Sequence[tuple[int, int]]) -> Written:
        """The module, followed by a separate module that crops its output."""
        if not any(map(any, sides)):
            return module
        return Written(f"nn.Sequential({module.build}, Crop({_literal(tuple(sides))}))")

    def __getattr__(self, name: str) -> Callable[..., Written]:
        made = getattr(modules, name)
        # Modules of the bridge are copied into the file under their own names.
        written = name if name in vars(modules) else f"nn.{name}"

        def call(*given: Any, **named: Any) -> Written:
            return Written(f"{written}({_call(made, given, named)})")

        return call


def _call(made: type[nn.Module], given: Sequence[Any], named: dict[str, Any]) -> str:
    """Arguments as a person would write them: defaults left out, options by name."""
    signature = inspect.signature(made)
    arguments: list[str] = []
    for name, value in signature.bind(*given, **named).arguments.items():
        parameter = signature.parameters[name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            arguments += map(_literal, value)
            continue
        if parameter.kind is parameter.VAR_KEYWORD:
            arguments += [f"{also}={_literal(one)}" for also, one in value.items()]
            continue
        text = _literal(_one_for_all(made, value))
        if parameter.default is not parameter.empty:
            arguments += [f"{name}={text}"] if text != _literal(parameter.default) else []
        else:
            by_name = (
                isinstance(value, bool)
                or parameter.kind is parameter.KEYWORD_ONLY
                or any("=" in one for one in arguments)
            )
            arguments.append(f"{name}={text}" if by_name else text)
    return ", ".join(arguments)


def _one_for_all(made: type[nn.Module], value: Any) -> Any:
    """One number if all axes are equal: Conv2d accepts 3 for (3, 3)."""
    if isinstance(value, tuple) and made.__name__.endswith(f"{len(value)}d"):
        return value[0] if len({*value}) == 1 else value
    return value


def _literal(value: Any) -> str:
    """A value as Python writes it."""
    match value:
        case Written():
            return value.build
        case tuple() | list():
            return f"({_arguments(value)}{',' * (len(value) == 1)})"
        case str():
            return json.dumps(value)
        case float() if isinf(value):
            return f'float("{value}")'
    return repr(value)


def _with(inputs: Sequence[str], value: float | None) -> list[str]:
    """The operands: the inputs, and a number if there is one."""
    return [*inputs, *([] if value is None else [repr(value)])]


def _arguments(values: Iterable[Any]) -> str:
    return ", ".join(value if isinstance(value, str) else _literal(value) for value in values)
