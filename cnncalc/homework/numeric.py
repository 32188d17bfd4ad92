"""Questions about a convolution with numbers.

    given: {input: 0 1 2; 3 4 5; 6 7 8, kernel: 0 1; 2 3, bias: 1, activation: relu, pool: max:2}

The layers of such a question are a small network, so that mistakes can change them like any others;
the numbers are the input, the kernels and the biases.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from typing import Any, NamedTuple

from cnncalc.analysis import walk
from cnncalc.analysis.report import Report
from cnncalc.api import summarize
from cnncalc.core.errors import CnncalcError, LayerError, UsageError, did_you_mean
from cnncalc.core.layer import Layer
from cnncalc.core.shape import Layout
from cnncalc.derivations.equations import Working
from cnncalc.derivations.explain import Derivation
from cnncalc.formulas.expression import Expression
from cnncalc.homework.ask import Ask
from cnncalc.homework.convolution import convolve, of
from cnncalc.homework.convolution.activation import FUNCTIONS
from cnncalc.homework.convolution.formats import left_out, tex
from cnncalc.homework.convolution.given import named_in_errors, together
from cnncalc.homework.convolution.matrix import Tensor
from cnncalc.homework.convolution.sheet import sections
from cnncalc.homework.convolution.worked import Worked
from cnncalc.homework.question import Question
from cnncalc.homework.written import format_value
from cnncalc.layers._pool import Pool
from cnncalc.layers.conv import Conv

INPUT, CONVOLUTION, ACTIVATION, POOLING = "input", "convolution", "activation", "pooling"
"""The names of the layers."""
WINDOW = ("stride", "padding", "dilation")
KEYS = (INPUT, "kernel", "kernels", *WINDOW, "mode", "bias", "flip", "activation", "pool")


class Numbers(NamedTuple):
    """The input, the kernels and the biases, and how the kernels are applied."""

    x: Tensor
    kernels: tuple[Tensor, ...]
    bias: Tensor | None
    mode: str
    flip: bool


class Equation(Working):
    """An equation that exists only as text, which is its note."""

    __slots__ = ()

    def text(self) -> str:
        """The equation: ``u(1,1) = 0×0 + 1×1 = 1``."""
        return self.note

    def latex(self) -> str:
        """The equation for LaTeX's ``align*``."""
        symbol, _, rest = self.note.partition(" = ")
        return f"{tex(symbol)} &= {tex(rest)}"


@dataclass(frozen=True, eq=False)
class Numeric(Question):
    """A question about the output for these ``numbers``, which a mistake may change."""

    numbers: Numbers | None = None

    @cached_property
    def worked(self) -> Worked:
        """The numbers at every stage; raises LayerError if the layers cannot take them."""
        assert self.numbers is not None
        found = {row.name: self.layers.get(row.name, row.layer) for row in self.report}
        conv, activation = found[CONVOLUTION], found.get(ACTIVATION)
        pool = found.get(POOLING)
        assert isinstance(conv, Conv)
        try:
            return _worked(
                self.numbers,
                (conv.stride, conv.padding, conv.dilation),
                activation if activation and activation.kind in FUNCTIONS else None,
                pool if isinstance(pool, Pool) else None,
            )
        except CnncalcError as why:
            raise LayerError(str(why)) from None

    @cached_property
    def value(self) -> Tensor:
        """The output of the last stage."""
        return self.worked.output

    @cached_property
    def derivation(self) -> Derivation:
        """The equations of every stage, as ``cnncalc convolve`` writes them."""
        return Derivation(self.ask.title, tuple(_equations(self.worked)), format_value(self.value))

    @property
    def changes(self) -> object:
        """Everything that a mistake has changed, including the numbers."""
        return super().changes, self.numbers

    def with_numbers(self, change: Callable[[Numbers], Numbers | None]) -> "Numeric | None":
        """The same question about other numbers; None if ``change`` changes nothing."""
        assert self.numbers is not None
        other = change(self.numbers)
        return None if other is None else replace(self, numbers=other)


@lru_cache(maxsize=50)
def _worked(
    numbers: Numbers, window: tuple[Any, ...], activation: Layer | None, pool: Pool | None
) -> Worked:
    """The numbers at every stage; cached, because most mistakes do not change them."""
    x, kernels, bias, mode, flip = numbers
    return convolve(
        x,
        kernels,
        **dict(zip(WINDOW, window, strict=True)),
        mode=mode,
        bias=bias,
        flip=flip,
        activation=activation,
        pool=pool,
    )


def _equations(worked: Worked) -> Iterator[Equation]:
    """The lines of every stage; only the first windows if there are many."""
    nothing = Expression("", 0)
    for section in sections(worked):
        yield from (Equation("", nothing, " ".join(line.pieces)) for line in section.lines)
        if section.left_out:
            yield Equation("", nothing, left_out(section))


def is_given(given: Iterable[str]) -> bool:
    """Whether a question gives numbers."""
    return not {"kernel", "kernels"}.isdisjoint(given)


def network(given: Mapping[str, Any], layout: Layout | None = None) -> tuple[Report, Numbers]:
    """The layers and the numbers that a question gives; raises CnncalcError if they are invalid or
    do not fit together."""
    for name in given:
        if name not in KEYS:
            hint = did_you_mean(name, KEYS) or f"; it has {', '.join(KEYS)}"
            raise UsageError(f"a convolution with numbers has no key {name[:60]!r}{hint}")
    if given.get(INPUT) is None:
        raise UsageError("a convolution with numbers needs 'input', as in input: 0 1 2; 3 4 5")
    x, kernels = _tensors(given, layout)
    with named_in_errors("bias"):
        bias = None if given.get("bias") is None else _matrix(given["bias"])
    mode, flip = given.get("mode", "zeros"), given.get("flip", False)
    if not isinstance(flip, bool):
        raise UsageError(f"'flip' must be true or false, not {str(flip)[:40]!r}")
    numbers = Numbers(x, kernels, bias, "zeros" if mode == "zero" else str(mode), flip)
    window = {name: given[name] for name in WINDOW if given.get(name) is not None}
    words: dict[str, Any] = {
        name: str(given[name]) for name in ("activation", "pool") if given.get(name) is not None
    }
    worked = convolve(
        x,
        kernels,
        **window,
        mode=numbers.mode,
        bias=bias,
        flip=flip,
        **words,
    )
    return _report(worked), numbers


def question(ask: Ask, report: Report, numbers: Numbers) -> Question:
    """The question about the output for these numbers."""
    return Numeric(ask, report, numbers=numbers)


def _tensors(given: Mapping[str, Any], layout: Layout | None) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The input and the kernels, all as signals or all as images."""
    if "kernel" in given and "kernels" in given:
        raise UsageError("give 'kernel', or 'kernels' as a list, not both")
    listed = given["kernels"] if "kernels" in given else [given["kernel"]]
    if not isinstance(listed, list) or not listed:
        fact = "'kernels' must be a list of at least one kernel"
        raise UsageError(fact, "for a single kernel, use 'kernel'")
    x, kernels = together(given[INPUT], listed, partial(_matrix, layout=layout), _is_name)
    return x, tuple(kernels)


def _is_name(given: object) -> bool:
    return isinstance(given, str) and given[:1].isalpha()


def _matrix(given: Any, layout: Layout | None = None) -> Tensor:
    return of(given if isinstance(given, str | list) else [given], layout=layout)


def _report(worked: Worked) -> Report:
    """The network of a convolution with its activation and pooling."""
    found: dict[str, Layer | None] = {
        CONVOLUTION: worked.convolution.layer,
        ACTIVATION: worked.activation,
        POOLING: worked.pooling.layer if worked.pooling else None,
    }
    named = {name: layer for name, layer in found.items() if layer is not None}
    standing_in = [{"identity": None, "name": name} for name in named]
    shape = worked.convolution.input.shape
    report = summarize(
        {"name": "the convolution", "input": list(shape.dimensions), "layers": standing_in},
        layout="chw",
    )
    rows = [row._replace(layer=named.get(row.name, row.layer)) for row in report.rows]
    return walk.recompute(report, rows)[0]
