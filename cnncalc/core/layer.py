"""The interface that every file in ``layers/`` implements.

A layer kind is one frozen dataclass, named after its file. Its fields define its YAML, and its
docstring is part of what ``cnncalc kinds KIND`` prints. One contract test runs every kind's
hand-worked examples and refusals. A kind's file imports the names of ``example`` and ``reach``
from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Self,
)

from cnncalc.core.cost import BYTES, Cost, Operations, Parameters, Tensors
from cnncalc.core.errors import LayerError
from cnncalc.core.example import Example, Refusal
from cnncalc.core.fields import LARGEST, Sizes
from cnncalc.core.nest import Nest
from cnncalc.core.parsing import Fields, declared_in, fields_of
from cnncalc.core.reach import Cut, Reach, everything
from cnncalc.core.shape import MAX_DIGITS, Map, Shape, Vector
from cnncalc.formulas import macs as mac_formulas
from cnncalc.formulas import memory

if TYPE_CHECKING:
    from cnncalc.core import operation, tape
    from cnncalc.core.call import Call
    from cnncalc.core.onnx import OnnxCall

    Tape = tape.Tape
    Tensor = operation.Tensor
else:
    Tape = Tensor = Any  # needed only for annotations; most commands never import the tape

__all__ = [
    "Cut",
    "Example",
    "Input",
    "Layer",
    "Reach",
    "Refusal",
    "Tape",
    "Tensor",
    "channels_of",
    "everything",
    "need_map",
    "of_rank",
    "per_axis",
    "positions_of",
]


class Layer(Fields):
    """A layer kind. Subclasses are frozen, keyword-only dataclasses, one per file."""

    aliases: ClassVar[tuple[str, ...]] = ()
    """Other names. Case, underscores and a final 1d, 2d or 3d are ignored."""
    operators: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    """The ONNX operators that describe such a layer on their own, each with its names for the
    layer's fields."""
    onnx_operands: ClassVar[tuple[int, int] | None] = None
    """The least and the greatest number of tensors that these operators read, including weights
    and settings, in any of their versions; by default ``arity``."""
    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    """The least and the greatest number of inputs; None means no limit."""
    stored: ClassVar[bool] = True
    """Whether textbook memory tables count the output. False for activations (they usually run in
    place), dropout (it does nothing during inference) and views."""
    moves: ClassVar[bool] = True
    """Whether the layer reads and writes data at all. False for views and for layers that do
    nothing during inference."""
    activated: ClassVar[bool] = False
    """Whether a spec may give the activation that follows the layer as a field of the layer, as in
    Keras."""
    once: ClassVar[bool] = False
    """Whether it runs only once for all images of a batch; MACs and operations are then for the
    batch."""
    reads: ClassVar[str] = ""
    """The inputs of a layer that needs several, as named in an error: ``a query and a key``."""
    inside: ClassVar[bool] = False
    """Whether an int8 engine can run the layer as a part of the one before it: by folding it into
    that layer's weights, by clamping its outputs, or by leaving the layer out."""
    scratch: ClassVar[int] = 0
    """The scratch memory of the layer in TensorFlow Lite Micro, in multiples of its int8 output."""
    auxiliary: ClassVar[bool] = False
    """Whether it only prepares the input of another layer, as a view does. Importers leave it out
    if nothing reads its output."""
    takes_bias: ClassVar[bool] = False
    """Whether its bias is one number for each output channel, added last, so that a model file may
    add it in a separate operation."""
    pads_with: ClassVar[float] = 0
    """The value of its padding, if it has any."""
    family: ClassVar[str] = "other"
    """The purpose of the layer, which decides its colour in pictures: convolution, dense, pooling,
    upsampling, normalization, activation, join, arrangement, recurrent or attention."""
    known: ClassVar[bool] = True
    """Whether cnncalc knows what the layer computes, and therefore its cost and how to run it."""
    examples: ClassVar[tuple[Example, ...]] = ()
    refusals: ClassVar[tuple[Refusal, ...]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.kind = cls.__module__.rpartition(".")[2]
        # dataclass would generate the methods below for every kind, and compiling them takes time.
        dataclass(init=False, repr=False, eq=False)(cls)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text()})"

    # Subclasses override these. Shapes have no batch dimension.

    @property
    def overwrites(self) -> bool:
        """Whether it writes its output over its input in memory."""
        return False

    @property
    def keeps_format(self) -> tuple[int, ...]:
        """The numbers of spatial axes for which PyTorch's output has the memory format of the
        inputs, channels first or last."""
        return ()

    @property
    def flattens(self) -> bool:
        """Whether a feature map is flattened first, by a flatten layer that the report shows."""
        return False

    @property
    def outputs(self) -> tuple[Layer, ...]:
        """A layer for each output if there are several; in a network, these replace the layer."""
        return ()

    @property
    def without_gradient(self) -> tuple[int, ...]:
        """The positions of the inputs through which no gradient passes: those that hold indices,
        and those on whose values the output does not depend."""
        return ()

    @property
    def unknown(self) -> frozenset[str]:
        """The counts of ``Cost`` that are not known; the cost contains lower bounds for them."""
        return frozenset()

    def output(self, *inputs: Any) -> Shape:
        """The shape of the output. Raises LayerError for inputs that do not fit."""
        raise TypeError(f"{self.kind} does not implement output")

    def parameters(self, *inputs: Any) -> Parameters:
        """The numbers of weights, biases, buffers and fixed weights."""
        return Parameters()

    def tensors(self, *inputs: Any) -> Tensors:
        """The shapes of its parameters and buffers in PyTorch, by name."""
        return {}

    def macs(self, *inputs: Any) -> int:
        """Multiply-accumulates for one image."""
        return 0

    def nests(self, *inputs: Any) -> tuple[Nest, ...] | None:
        """The multiply-accumulates as nested loops; None if they do not form convolutions."""
        return None if self.macs(*inputs) or "macs" in self.unknown else ()

    def inner_macs(self, *inputs: Any) -> int:
        """The multiply-accumulates that read values computed by the layer itself. Training its
        weights takes the gradients of these values too."""
        return 0

    def constant_macs(self, *inputs: Any) -> int:
        """The multiply-accumulates that read a constant, whose gradient is never needed."""
        return 0

    def input_macs(
        self, products: int, wanted: tuple[bool, ...], learns: bool, *inputs: Any
    ) -> int:
        """The multiply-accumulates of the gradients of the inputs that need one (``wanted``), and
        of the values computed by the layer itself. ``products`` is the number in the forward pass;
        ``learns`` says whether the caller adds as many for the gradients of the weights."""
        return products - self.constant_macs(*inputs)

    def counters(self) -> int:
        """The number of buffers that only count batches, which inference does not read."""
        return 0

    def operations(self, *inputs: Any) -> Operations:
        """All arithmetic for one image. Every kind implements this, even if there is none."""
        raise TypeError(f"{self.kind} does not implement operations")

    def links(self, *inputs: Any) -> int | None:
        """LeCun's count of connections from inputs and biases to outputs. None means one per
        multiply-accumulate and, if the layer has both these and biases, one per output."""
        return None

    def reach(self, *inputs: Any) -> tuple[Reach, ...] | None:
        """The inputs that one output reads along each spatial axis. None means only its own
        position."""
        return None

    def reorders(self, x: Any) -> tuple[int, ...] | None:
        """For each dimension of the output, the dimension of the input that it comes from; None
        unless the layer only reorders them."""
        return None

    def zeros(self, *inputs: Any) -> tuple[tuple[int, int], ...]:
        """The zeros before and after each axis, for ``explain``, if they depend on its size."""
        return ()

    def steps(self, tape: Tape, *inputs: Any) -> Tensor:
        """Record on the tape what PyTorch does with memory, and return the output.

        Raises LayerError if that is not known.
        """
        raise LayerError("how PyTorch uses memory for this layer is not modelled")

    def to_torch(self, nn: Any, *inputs: Any) -> Any:
        """The equivalent PyTorch module for these inputs.

        ``nn`` offers the names of ``torch.nn`` and ``cnncalc.bridge.modules``; it is passed in so
        that layers import no framework.
        """
        raise TypeError(f"{self.kind} does not implement to_torch")

    def to_onnx(self, onnx: Any, *inputs: Any) -> Any:
        """Write the layer with ONNX operators, and return the name of its output.

        ``onnx`` has the methods of the writer of ``cnncalc.bridge.onnx``, and the names of the
        layer's inputs. The default implementation writes the kind's only operator. Raises
        LayerError if ONNX has none.
        """
        if len(self.operators) != 1:
            raise LayerError(f"cannot be exported: ONNX has no operator for {self.kind}")
        ((kind, names),) = self.operators.items()
        settings = {theirs: getattr(self, ours) for theirs, ours in names.items()}
        return onnx.node(kind, *onnx.inputs, **settings)

    @classmethod
    def from_onnx(cls, call: OnnxCall) -> Mapping[str, Any] | None:
        """The fields of the layer that an ONNX operator, one of ``operators``, describes; None if
        no layer of this kind does the same."""
        names = cls.operators[call.kind].items()
        return {ours: call.settings[word] for word, ours in names if word in call.settings}

    @classmethod
    def imported(cls, call: Call) -> dict[str, Any]:
        """The fields of the layer that another framework's call describes.

        Most fields are arguments of the call, under one of their names; subclasses add those that
        follow from the sizes of the weights. Raises LayerError for a call that no layer of this
        kind can express.
        """
        from cnncalc.core.call import one_size

        fields: dict[str, Any] = {}
        for declared in declared_in(cls):
            names = (declared.name, *fields_of(cls)[declared.name].also)
            given = [one_size(call.attributes[name]) for name in names if name in call.attributes]
            if given and given[0] is not None and given[0] != declared.default:
                fields[declared.name] = given[0]
        if "bias" in fields_of(cls) and "weight" in call.held and "bias" not in call.held:
            fields["bias"] = False
        return fields

    # Most subclasses inherit these.

    @property
    def refers_to(self) -> str | None:
        """The name of the layer whose shape determines some fields, if any."""
        return None

    def sized_like(self, x: Shape, other: Shape) -> Self:
        """The layer for this input, with fields that follow from the shape of another layer. Raises
        LayerError if the shapes do not fit."""
        return self

    def infer(self, inputs: tuple[Shape, ...]) -> Shape:
        """The shape of the output. Raises LayerError for the wrong number of inputs, for inputs
        that do not fit, and for an output with a huge size."""
        least, most = self.arity
        if len(inputs) < least or (most is not None and len(inputs) > most):
            exactly = " or ".join(map(str, range(least, (most or least) + 1)))
            wanted = f"at least {least}" if most is None else exactly
            plural = "s" * ((most or least) != 1)
            help = f"use 'from' to name {self.reads}" if self.reads and len(inputs) < least else ""
            raise LayerError(f"expected {wanted} input{plural}, not {len(inputs)}", help)
        output = self.output(*inputs)
        if any(size >= LARGEST for size in output.dimensions):
            raise LayerError(f"a size of the output has more than {MAX_DIGITS} digits")
        return output

    def cost(
        self,
        inputs: tuple[Shape, ...],
        output: Shape,
        batch: int = 1,
        dtype: str = "float32",
        wanted: tuple[bool, ...] = (),
        trainable: bool = True,
    ) -> Cost:
        """All counts for a batch in this dtype. ``wanted`` says which inputs need a gradient in the
        backward pass, and ``trainable`` whether the parameters do."""
        weights, biases, buffers, fixed = self.parameters(*inputs)
        multiply, add, compare, divide, exponential = self.operations(*inputs)
        size = BYTES[dtype]
        elements = output.elements * batch
        stored = elements if self.stored else 0
        products, times = self.macs(*inputs), 1 if self.once else batch
        learns = trainable and weights > 0
        inner = self.inner_macs(*inputs) if learns else 0
        if True in wanted:
            inner = self.input_macs(products, wanted, learns, *inputs)
        connections = self.links(*inputs)
        if connections is None:
            connections = products + (output.elements if products and biases else 0)
        numbers = weights + biases + fixed + buffers - self.counters()
        read = sum([shape.elements for shape in inputs]) * batch + numbers
        made = memory.size_in_bytes(elements, size)
        moves = self.moves and bool(inputs)
        return Cost(
            weights=weights,
            biases=biases,
            buffers=buffers,
            fixed=fixed,
            frozen=0 if trainable else weights + biases,
            macs=products * times,
            backward_macs=mac_formulas.backward_macs(
                of_weights=products * times if learns else 0, of_inputs=inner * times
            ),
            connections=connections * times,
            multiply=multiply * times,
            add=add * times,
            compare=compare * times,
            divide=divide * times,
            exponential=exponential * times,
            activation=elements,
            activations_total=stored,
            parameter_bytes=memory.size_in_bytes(weights + biases + fixed, size),
            activation_bytes=made,
            activations_total_bytes=made if self.stored else 0,
            bytes_read=memory.size_in_bytes(read, size) if moves else 0,
            bytes_written=made if moves else 0,
        )

    def channels_first(self) -> Layer:
        """The layer with fields that list the channels last converted to list them first. Kinds
        with such fields override this."""
        return self

    def remark(self) -> str:
        """A warning if one of the fields has no effect given the others; usually empty."""
        return ""


class Input(Layer):
    """An input of the network."""

    shape: Shape
    arity: ClassVar[tuple[int, int | None]] = (0, 0)

    def output(self) -> Shape:
        """The shape itself."""
        return self.shape

    def operations(self) -> Operations:
        """No operations."""
        return Operations()


def per_axis(sizes: Sizes, x: Map, name: str) -> tuple[int, ...]:
    """One size for each spatial axis of x. Raises LayerError if there are too few or too many."""
    if isinstance(sizes, int):
        return (sizes,) * len(x.spatial)
    if len(sizes) != len(x.spatial):
        given = "value" if len(sizes) == 1 else "values"
        raise LayerError(
            f"{name} {list(sizes)} has {len(sizes)} {given}, but {x} has {len(x.spatial)} spatial "
            f"{'axis' if len(x.spatial) == 1 else 'axes'}"
        )
    return sizes


def need_map(x: Shape, axes: Sequence[int] = (1, 2, 3)) -> Map:
    """The shape as a feature map. Raises LayerError for a vector or the wrong number of axes."""
    if isinstance(x, Vector):
        raise LayerError(
            f"expected a feature map such as 3x32x32, not a vector of {x}; "
            "put a reshape before the layer, or, if it reads the network's input, give the input a "
            "size for each axis"
        )
    if len(x.spatial) not in axes:
        needed = f"{' or '.join(map(str, axes))} spatial {'axis' if axes == (1,) else 'axes'}"
        raise LayerError(f"expected {needed}, not {len(x.spatial)}")
    return x


def of_rank(nn: Any, name: str, x: Shape) -> Any:
    """The PyTorch class for the rank of x: ``Conv`` is Conv1d, Conv2d or Conv3d.

    A vector counts as a signal of length 1.
    """
    axes = len(x.spatial) if isinstance(x, Map) else 1
    return getattr(nn, f"{name}{axes}d")


def channels_of(x: Shape) -> int:
    """The channels of a map, or the features of a vector."""
    return x.features if isinstance(x, Vector) else x.channels


def positions_of(x: Shape) -> int:
    """The number of positions of a map; a vector has one."""
    return prod(x.spatial) if isinstance(x, Map) else 1
