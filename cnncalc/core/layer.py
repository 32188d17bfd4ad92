"""What a layer kind is: the interface that every file of ``layers/`` fills in.

A kind is one frozen dataclass. Its fields are its YAML, its docstring is its explanation, its
methods are its facts, its examples are worked by hand and its refusals are promises; all of them
are run by one contract test. A kind is named by its file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from cnncalc.core.cost import BYTES, Cost, Operations, Parameters, Tensors
from cnncalc.core.errors import MOST_MISTAKES, LayerError, did_you_mean
from cnncalc.core.fields import LARGEST, Field, Sizes, shown
from cnncalc.core.shape import Map, Shape, Vector
from cnncalc.formulas import macs as mac_formulas
from cnncalc.formulas import memory

if TYPE_CHECKING:
    from cnncalc.core import tape

    Tape = tape.Tape
    Tensor = tape.Tensor
else:
    Tape = Tensor = Any  # names for annotations: most commands need no tape


class Example(NamedTuple):
    """One layer worked by hand: what is given, what must come out, and who says so.

    ``given`` is what a spec would say, ``inputs`` are shapes as text; figures left None are not
    claimed. ``operations`` is claimed whole.
    """

    given: Any
    inputs: tuple[str, ...]
    output: str
    source: str
    weights: int | None = None
    biases: int | None = None
    params: int | None = None
    buffers: int | None = None
    fixed: int | None = None
    macs: int | None = None
    operations: Operations | None = None


class Refusal(NamedTuple):
    """A layer that must be refused, and words that the refusal must contain."""

    given: Any
    inputs: tuple[str, ...]
    says: str


class Cut(NamedTuple):
    """Windows where outputs stand closer than inputs, or that differ in size: every input is cut
    into ``per`` pieces, and output i reads the inputs that have one of the pieces from
    ``begin + i·step`` to ``end + i·step``, or, with ``gaps``, some of them."""

    step: int
    per: int
    begin: int
    end: int
    gaps: bool = False


class Reach(NamedTuple):
    """What one output reads along one axis: a window that spans ``extent`` inputs, ``stride``
    inputs from the next window, the first one starting ``before`` inputs before the first.

    With a ``cut``, windows are as that says, ``extent`` is the largest one's, and there is no
    stride.
    """

    extent: int
    stride: int = 1
    before: int = 0
    cut: Cut | None = None


class Layer:
    """A layer kind. Subclasses are frozen, keyword-only dataclasses, one to a file."""

    kind: ClassVar[str]
    """The canonical name: the file's."""
    aliases: ClassVar[tuple[str, ...]] = ()
    """Other names; case, underscores and a final 1d, 2d or 3d never matter."""
    main: ClassVar[str | None] = None
    """The field whose value may stand alone, as in ``linear: 120``."""
    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    """The fewest and the most inputs (None: any number)."""
    stored: ClassVar[bool] = True
    """Whether the output is a tensor of its own in the lectures' memory tables: false for what
    usually runs in place (activations), does nothing in inference (dropout) or is a view."""
    moves: ClassVar[bool] = True
    """Whether numbers are read and written at all: false for views, and for what does nothing in
    inference."""
    flattens: ClassVar[bool] = False
    """Whether a feature map is flattened, visibly, before it enters."""
    examples: ClassVar[tuple[Example, ...]] = ()
    refusals: ClassVar[tuple[Refusal, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.kind = cls.__module__.rpartition(".")[2]

    # What a subclass says of itself. Shapes are without batch.

    def output(self, *inputs: Any) -> Shape:
        """The output's shape; raises LayerError where the inputs cannot be taken."""
        raise TypeError(f"{self.kind} does not say what it puts out")

    def parameters(self, *inputs: Any) -> Parameters:
        """The numbers it holds: none unless the kind says otherwise."""
        return Parameters()

    def tensors(self, *inputs: Any) -> Tensors:
        """The shapes of PyTorch's tensors of those numbers, by name: none unless the kind says
        otherwise."""
        return {}

    def macs(self, *inputs: Any) -> int:
        """Multiply-accumulates for one image: none unless the kind says otherwise."""
        return 0

    def inner_macs(self, *inputs: Any) -> int:
        """Those of them that read a map of the layer's own, whose gradient is always needed."""
        return 0

    def constant_macs(self, *inputs: Any) -> int:
        """The MACs that read a constant, whose gradient is never needed."""
        return 0

    def counters(self) -> int:
        """How many of its buffers only count batches, which nothing reads in inference."""
        return 0

    def operations(self, *inputs: Any) -> Operations:
        """All arithmetic for one image. Every kind must say, even when it is none."""
        raise TypeError(f"{self.kind} does not say what it computes")

    def links(self, *inputs: Any) -> int | None:
        """LeCun's count of inputs that feed outputs, biases included. None: one for every
        multiply-accumulate, and where there are any, one for every output's bias."""
        return None

    def reach(self, *inputs: Any) -> tuple[Reach, ...] | None:
        """What one output reads, along each spatial axis of the input; None: the same position."""
        return None

    def zeros(self, *inputs: Any) -> tuple[tuple[int, int], ...]:
        """The zeros before and after each axis, where they follow from its size: for explanations,
        which show how."""
        return ()

    def steps(self, tape: Tape, *inputs: Any) -> Tensor:
        """The operations that PyTorch (on the CPU) runs for it, played on the tape; the output.

        The inputs are tensors of the tape, which know their shapes. Raises LayerError where it is
        not known what PyTorch does.
        """
        raise LayerError("what PyTorch does with memory for it is not modelled")

    def to_torch(self, nn: Any, *inputs: Any) -> Any:
        """The module of PyTorch that does the same to these inputs.

        ``nn`` is handed in, so that nothing here imports a framework: it has the names of
        ``torch.nn`` and those of ``cnncalc.bridge.modules``.
        """
        raise TypeError(f"{self.kind} does not say which module of PyTorch it is")

    # What follows for every kind.

    def infer(self, inputs: tuple[Shape, ...]) -> Shape:
        """The output's shape, after checking how many inputs there are."""
        least, most = self.arity
        if len(inputs) < least or (most is not None and len(inputs) > most):
            wanted = f"{least} input{'s' * (least != 1)}" if most else f"at least {least} inputs"
            raise LayerError(f"takes {wanted}, not {len(inputs)}")
        output = self.output(*inputs)
        if max(output.dimensions) >= LARGEST:
            raise LayerError("puts out a map that is larger than any size")
        return output

    def cost(
        self,
        inputs: tuple[Shape, ...],
        output: Shape,
        batch: int = 1,
        dtype: str = "float32",
        input_gradient: bool = False,
    ) -> Cost:
        """Everything countable, for a batch of images of this dtype; ``input_gradient`` says
        whether a backward pass needs the gradient of what is read."""
        weights, biases, buffers, fixed = self.parameters(*inputs)
        multiply, add, compare, divide, exponential = self.operations(*inputs)
        size = BYTES[dtype]
        elements = output.elements * batch
        stored = elements if self.stored else 0
        products = self.macs(*inputs)
        inner = (
            products - self.constant_macs(*inputs) if input_gradient else self.inner_macs(*inputs)
        )
        connections = self.links(*inputs)
        if connections is None:
            connections = products + (output.elements if products and biases else 0)
        held = weights + biases + fixed + buffers - self.counters()
        read = sum(shape.elements for shape in inputs) * batch + held
        moved = size if self.moves and inputs else 0
        return Cost(
            weights=weights,
            biases=biases,
            buffers=buffers,
            fixed=fixed,
            macs=products * batch,
            backward_macs=mac_formulas.backward_macs(
                of_weights=products * batch if weights else 0, of_inputs=inner * batch
            ),
            connections=connections * batch,
            multiply=multiply * batch,
            add=add * batch,
            compare=compare * batch,
            divide=divide * batch,
            exponential=exponential * batch,
            activation=elements,
            activations_total=stored,
            parameter_bytes=memory.size_in_bytes(weights + biases + fixed, size),
            activation_bytes=memory.size_in_bytes(elements, size),
            activations_total_bytes=memory.size_in_bytes(stored, size),
            bytes_read=memory.size_in_bytes(read, moved),
            bytes_written=memory.size_in_bytes(elements, moved),
        )

    def text(self) -> str:
        """The fields that are not at their defaults, as ``out_channels 64, kernel_size 3``."""
        given = ((one.name, getattr(self, one.name), one.default) for one in _declared(type(self)))
        return ", ".join(
            f"{name} {_plain(value)}" for name, value, usual in given if value != usual
        )

    @classmethod
    def parse(cls, given: Any) -> Self:
        """The layer that a spec's value describes: a mapping of fields, the main field's value
        alone, or nothing. Raises FieldErrors with every mistake."""
        known = fields_of(cls)
        if given is None:
            given = {}
        elif not isinstance(given, Mapping):
            if cls.main is None:
                takes = f"takes {', '.join(known)}" if known else "takes no fields"
                raise LayerError(f"{takes}, not {shown(given)}")
            given = {cls.main: given}
        values, wrong = _checked(given, known)
        missing = [name for name in required_of(cls) if name not in values]
        # A misspelt field is likely the missing one: then the misspelling is told alone.
        if not any(text.startswith("has no field") for _, text in wrong):
            wrong += [(None, f"needs {name!r}: {known[name].doc}") for name in missing]
        if wrong:
            raise FieldErrors(wrong)
        return cls(**values)


Wrong = list[tuple[str | None, str]]
INFERRED = ("in_channels", "in_features", "num_features", "num_channels", "normalized_shape")
"""What PyTorch's modules are told and a spec never says."""


def _checked(given: Mapping[str, Any], known: Mapping[str, Field]) -> tuple[dict[str, Any], Wrong]:
    """The fields under their canonical names, each checked, and all that is wrong with them."""
    values: dict[str, Any] = {}
    wrong: Wrong = []
    names = {also: name for name, field in known.items() for also in (name, *field.also)}
    for written, value in given.items():
        if len(wrong) >= MOST_MISTAKES:
            break
        name = names.get(written)
        if name is None:
            hint = did_you_mean(str(written), names) or has_only(known)
            if written in INFERRED:
                hint = "; it follows from what the layer reads: leave it out"
            wrong.append((written, f"has no field {written!r}{hint}"))
        elif name in values:
            wrong.append((written, f"has {name!r} twice; once as {written!r}"))
        else:
            values[name] = None
            try:
                values[name] = known[name].check(value)
            except LayerError as why:
                wrong.append((written, f"{written} {why}"))
    return values, wrong


def _plain(value: Any) -> str:
    """A field's value as a spec writes it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_plain, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


class FieldErrors(LayerError):
    """All that is wrong with the fields of one layer, each with the field as it was written."""

    def __init__(self, wrong: Sequence[tuple[str | None, str]]) -> None:
        super().__init__("; ".join(text for _, text in wrong))
        self.wrong = tuple(wrong)


def fields_of(kind: type[Layer]) -> dict[str, Field]:
    """The fields that a spec may give to a kind, by canonical name, in order."""
    return {one.name: one.metadata["cnncalc"] for one in _declared(kind)}


def required_of(kind: type[Layer]) -> tuple[str, ...]:
    """The names of the fields that a spec must give."""
    return tuple(one.name for one in _declared(kind) if one.default is dataclasses.MISSING)


def _declared(kind: type[Layer]) -> tuple[dataclasses.Field[Any], ...]:
    """The dataclass fields of a kind, the main one first."""
    declared = dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ()
    return tuple(sorted(declared, key=lambda one: one.name != kind.main))


def has_only(known: Mapping[str, Field]) -> str:
    """The hint after an unknown field that resembles none."""
    return f"; it has {', '.join(known)}" if known else "; it has no fields"


@dataclass(frozen=True, kw_only=True)
class Input(Layer):
    """An input of the network: it has a shape and costs nothing."""

    shape: Shape
    arity: ClassVar[tuple[int, int | None]] = (0, 0)

    def output(self) -> Shape:
        """The shape itself."""
        return self.shape

    def operations(self) -> Operations:
        """None."""
        return Operations()


def per_axis(sizes: Sizes, x: Map, name: str) -> tuple[int, ...]:
    """One size for each spatial axis of x; raises LayerError where the number of them differs."""
    if isinstance(sizes, int):
        return (sizes,) * len(x.spatial)
    if len(sizes) != len(x.spatial):
        raise LayerError(
            f"{name} {list(sizes)} is for {len(sizes)} axes, but {x} has {len(x.spatial)}"
        )
    return sizes


def need_map(x: Shape, axes: Sequence[int] = (1, 2, 3)) -> Map:
    """The shape as a feature map; raises LayerError for a vector or another number of axes."""
    if isinstance(x, Vector):
        raise LayerError(f"needs a feature map (channels and axes), not a vector of {x}")
    if len(x.spatial) not in axes:
        raise LayerError(f"needs {' or '.join(map(str, axes))} spatial axes, not {len(x.spatial)}")
    return x


def of_rank(nn: Any, name: str, x: Shape) -> Any:
    """PyTorch's class for as many axes as x has: ``Conv`` is Conv1d, Conv2d or Conv3d there.

    A vector is a signal of one position.
    """
    axes = len(x.spatial) if isinstance(x, Map) else 1
    return getattr(nn, f"{name}{axes}d")


def channels_of(x: Shape) -> int:
    """The channels of a map; a vector's features are its channels."""
    return x.features if isinstance(x, Vector) else x.channels


def positions_of(x: Shape) -> int:
    """The positions of a map; a vector has one."""
    return prod(x.spatial) if isinstance(x, Map) else 1


def everything(x: Shape) -> tuple[Reach, ...]:
    """The reach of a layer each of whose outputs reads the whole map: a step reads nothing new."""
    return tuple(Reach(size, 0) for size in x.spatial) if isinstance(x, Map) else ()
