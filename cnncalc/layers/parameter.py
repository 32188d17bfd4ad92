"""A tensor that does not depend on the input."""

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.core import fields
from cnncalc.core.cost import BYTES, Operations, Parameters, Tensors
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import choice, count, flag, is_whole, shown
from cnncalc.core.layer import Example, Layer, Reach, Refusal, Tape, Tensor, everything
from cnncalc.core.shape import Shape, shape_of
from cnncalc.formulas import macs, parameters

if TYPE_CHECKING:
    from cnncalc.core.strides import Strided

OF_COMPUTED = ("saved_bytes", "saves_output", "contiguous", "strides", "borrows", "room")
"""Fields for an output that is computed from other numbers."""


def _strides(doc: str) -> Any:
    """One to five whole numbers of at least 0."""

    def check(value: Any) -> tuple[int, ...]:
        listed = isinstance(value, list | tuple) and 1 <= len(value) <= 5
        if not listed or not all(is_whole(one, 0) for one in value):
            raise LayerError(
                f"must be a list of 1 to 5 whole numbers of at least 0, not {shown(value)}"
            )
        return tuple(value)

    size = {"type": "integer", "minimum": 0}
    listed = {"type": "array", "items": size, "minItems": 1, "maxItems": 5}
    return fields.declare(doc, None, (), check, listed)


class Parameter(Layer):
    """Outputs the same numbers for every image, whatever the input.

    Other layers add, multiply or concatenate them, or use them as the fourth input of
    ``dot_product_attention``. The numbers are learned, or fixed and kept as a buffer. If the output
    is computed from other numbers, ``params`` and ``buffers`` say how many of those are learned and
    fixed: a Swin transformer reads the bias of each pair of positions from a shorter table. cnncalc
    does not know that computation, so PyTorch cannot run the layer.

    Operations: none by default; one multiplication and one addition per given multiply-accumulate,
    once for the whole batch. Any others that compute the numbers are not counted.
    """

    aliases = ("learned", "constant")
    main = "shape"
    moves = False
    once = True

    shape: tuple[int, ...] = fields.shape("shape of the output", also=("output",))
    learned: bool = flag("whether the numbers are learned; otherwise they are fixed", True)
    params: int | None = count(
        "learned numbers that the output is computed from, if any",
        None,
        ("parameters",),
        least=0,
    )
    buffers: int | None = count(
        "fixed numbers that the output is computed from, if any", None, least=0
    )
    multiply_accumulates: int = count(
        "multiply-accumulates that compute the output, once for the whole batch",
        0,
        ("macs",),
        least=0,
    )
    backward_multiply_accumulates: int = count(
        "multiply-accumulates of that computation's backward pass", 0, ("backward_macs",), least=0
    )
    storage: str | None = choice(
        "where the output is in memory: in the numbers that the layer holds or borrows, in the "
        "storage of its input, in a new one, or unknown; by default new with saved_bytes, "
        "otherwise unknown for a computed output, and held for any other",
        ("held", "input", "new", "unknown"),
        None,
    )
    room: int | None = count(
        "how many numbers fit in a new storage, for each image with per_image; by default, as many "
        "as the output has",
        None,
    )
    per_image: bool = flag(
        "whether PyTorch computes the output for each image, although it is always the same", False
    )
    saved_bytes: int | None = count(
        "bytes that PyTorch saves for the backward pass of that computation in float32, apart from "
        "the output, parameters and buffers; not known by default",
        None,
        least=0,
    )
    saves_output: bool = flag("whether PyTorch also saves the output for that backward pass", False)
    borrows: bool = flag(
        "whether the output is also computed from learned numbers that another layer holds", False
    )
    contiguous: bool = flag(
        "whether the output that PyTorch computes is contiguous; by default, this is unknown",
        False,
    )
    strides: tuple[int, ...] | None = _strides(
        "strides of an output that is not contiguous; with per_image, the first is between images"
    )

    @property
    def computed(self) -> bool:
        """Whether the output is computed from other numbers."""
        return self.params is not None or self.buffers is not None

    @property
    def without_gradient(self) -> tuple[int, ...]:
        """The output does not depend on the input."""
        return (0,)

    def channels_first(self) -> "Parameter":
        shape, strides = (*self.shape[-1:], *self.shape[:-1]), self.strides
        if strides is not None:
            images, own = strides[: self.per_image], strides[self.per_image :]
            strides = (*images, *own[-1:], *own[:-1])
        return replace(self, shape=shape, strides=strides)

    def output(self, x: Shape) -> Shape:
        if self.computed and not self.learned:
            raise LayerError("'params' and 'buffers' say what is learned; remove 'learned: false'")
        for name in () if self.computed else OF_COMPUTED:
            if getattr(self, name):
                raise LayerError(f"{name!r} needs 'params' or 'buffers'")
        axes = len(self.shape) + self.per_image
        if self.strides is not None and len(self.strides) != axes:
            plural = "s" * (axes != 1)
            raise LayerError(f"expected {axes} stride{plural}, not {len(self.strides)}")
        if self.storage == "input" and not self.computed:
            raise LayerError("'storage: input' needs 'params' or 'buffers'")
        if self.per_image and not self.computed and self.storage != "new":
            raise LayerError("learned or fixed numbers exist only once; remove 'per_image'")
        if self.multiply_accumulates and not self.computed:
            raise LayerError(
                "'macs' needs 'params' or 'buffers', from which the output is computed"
            )
        if self.backward_multiply_accumulates and not self.params:
            raise LayerError("'backward_macs' needs 'params', whose gradients it computes")
        return shape_of(self.shape)

    def parameters(self, x: Shape) -> Parameters:
        if self.computed:
            return Parameters(
                parameters.learned(size_i=(self.params or 0,)), buffers=self.buffers or 0
            )
        if not self.learned:
            return Parameters(buffers=parameters.fixed(size_i=self.shape))
        return Parameters(parameters.learned(size_i=self.shape))

    def tensors(self, x: Shape) -> Tensors:
        if self.computed:
            counts = {"weight": self.params, "fixed": self.buffers}
            return {name: (count,) for name, count in counts.items() if count}
        return {"weight": self.shape}

    def macs(self, x: Shape) -> int:
        return macs.given(multiply_accumulates=self.multiply_accumulates)

    def inner_macs(self, x: Shape) -> int:
        """The MACs of the backward pass other than those for the weights; the input needs none."""
        return self.backward_multiply_accumulates - self.multiply_accumulates

    def input_macs(self, products: int, wanted: tuple[bool, ...], learns: bool, x: Shape) -> int:
        return self.inner_macs(x) if learns else 0

    def operations(self, x: Shape) -> Operations:
        products = self.macs(x)
        return Operations(multiply=products, add=products)

    def reach(self, x: Shape) -> tuple[Reach, ...]:
        """An upper bound: the output depends on no input, but every output needs a receptive
        field."""
        return everything(x, bound=True)

    def steps(self, tape: Tape, x: Tensor) -> Tensor:
        """A view of the numbers for each image."""
        tape.guess("its output does not depend on the input")
        numbers = prod(self.shape)
        given = self._given(tape, x, numbers)
        return tape.part(given, numbers, self._laid(tape.batch))

    def _laid(self, batch: int) -> "Strided | None":
        """The sizes and strides of the output for this batch size, if they are known."""
        from cnncalc.core.strides import Strided, contiguous

        sizes = (batch, *self.shape)
        if self.strides is not None:
            return Strided(sizes, self.strides if self.per_image else (0, *self.strides))
        if self.computed and not self.contiguous:
            return None
        return contiguous(sizes if self.per_image else (1, *self.shape)).expanded(sizes)

    def _given(self, tape: Tape, x: Tensor, numbers: int) -> Tensor:
        """A tensor with the numbers: one that the layer holds, the input, or a new one."""
        if self.computed:
            held = [*tape.trained(self.params or 0), tape.buffers(self.buffers or 0)]
            held = [*([tape.borrowed()] if self.borrows else []), *held]
        else:
            held = tape.trained(numbers) if self.learned else [tape.buffers(numbers)]
        own, storage = self.saved_bytes, self.storage
        storage = storage or ("new" if own is not None else "unknown" if self.computed else "held")
        if storage == "unknown" or (own and tape.size != BYTES["float32"]):
            raise LayerError("what PyTorch saves when it computes the output is not known")
        if storage != "new":
            return x if storage == "input" else held[0]
        numbers = (self.room or numbers) * (tape.batch if self.per_image else 1)
        return tape.op(*held, shared=numbers, own=own or 0, keeps_output=self.saves_output)

    def to_torch(self, nn: Any, x: Shape) -> Any:
        if self.computed:
            raise LayerError(
                "how its output is computed from its parameters and buffers is not known, so "
                "PyTorch cannot run it"
            )
        return nn.Constant(self.shape, self.learned, self.storage == "new", self.per_image)

    def to_onnx(self, onnx: Any, x: Shape) -> Any:
        if self.computed:
            raise LayerError("how its output is computed is not known, so ONNX cannot express it")
        onnx.function()
        batch = onnx.node("Shape", *onnx.inputs, start=0, end=1)
        shape = onnx.node("Concat", batch, onnx.ints(self.shape), axis=0)
        return onnx.node("Expand", onnx.weight("weight"), shape)

    examples = (
        Example(
            given="768x1",
            inputs=("768x196",),
            output="768x1",
            weights=768,
            source="Dosovitskiy et al. 2020, ViT-B/16: a class token of 768 learned numbers",
        ),
        Example(
            given="2x3x4x5",
            inputs=("8",),
            output="2x3x4x5",
            weights=120,  # 2·3·4·5
            source="by hand: torch.nn.Parameter(torch.zeros(2, 3, 4, 5))",
        ),
        Example(
            given={"shape": [3, 49, 49], "params": 507},
            inputs=("96x56x56",),
            output="3x49x49",
            weights=507,  # 13·13·3
            source="Liu et al. 2021, Swin-T: (2·7 − 1)² biases for 3 heads, read for 49·49 pairs",
        ),
        Example(
            given={"shape": [1, 6], "learned": False},
            inputs=("4x6",),
            output="1x6",
            weights=0,
            buffers=6,
            source="by hand: six fixed numbers",
        ),
        Example(
            given={
                "shape": [3, 64, 64],
                "params": 3_072,
                "macs": 576_000,
                "backward_macs": 921_600,
            },
            inputs=("96x64x64",),
            output="3x64x64",
            weights=3_072,  # 2·512 + 512 + 512·3
            macs=576_000,
            operations=Operations(multiply=576_000, add=576_000),
            source="Liu et al. 2022, SwinV2-T: two layers of 512 and 3 units, for 15·15 offsets",
        ),
        Example(
            given={"shape": 4, "params": 0, "buffers": 9},
            inputs=("2",),
            output="4",
            weights=0,
            buffers=9,
            source="by hand: 4 numbers that are computed from a fixed table of 9",
        ),
    )
    refusals = (
        Refusal(None, ("8",), "needs 'shape'"),
        Refusal({"shape": 8, "params": -1}, ("8",), "at least 0, not -1"),
        Refusal({"shape": 8, "params": 3, "learned": False}, ("8",), "remove 'learned: false'"),
        Refusal({"shape": 8, "backward_macs": 2}, ("8",), "'backward_macs' needs 'params', whose"),
        Refusal({"shape": 8, "macs": 16}, ("8",), "'macs' needs 'params' or 'buffers', from"),
        Refusal(8, (), "expected 1 input, not 0"),
    )
