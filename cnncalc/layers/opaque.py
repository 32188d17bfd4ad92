"""An operation that no kind describes."""

from dataclasses import replace
from typing import Any

from cnncalc.core import fields
from cnncalc.core.cost import PARAMETER_COUNTS, Operations, Parameters, Tensors, with_derived
from cnncalc.core.errors import LayerError
from cnncalc.core.fields import count, declare, shown
from cnncalc.core.layer import Example, Layer, Reach, Refusal, Tape, Tensor, everything
from cnncalc.core.shape import Shape, shape_of
from cnncalc.formulas import macs, parameters

LONGEST = 200
"""The most characters that a description may have."""


def _description(doc: str) -> Any:
    """A line of text."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or not value.isprintable() or len(value) > LONGEST:
            raise LayerError(
                f"must be a line of text with at most {LONGEST} characters, not {shown(value)}"
            )
        return value

    schema = {"type": "string", "maxLength": LONGEST, "pattern": r"^[^\x00-\x1f\x7f-\x9f]*$"}
    return declare(doc, "", (), check, schema)


class Opaque(Layer):
    """Stands for an operation that no kind describes: region proposals, sorting, a custom kernel.

    You give its output shape and whatever you know of its cost. A cost that you leave out is
    unknown: totals that contain it are lower bounds, marked with ≥. Its memory is not known, every
    output's receptive field is taken to be the whole input, and PyTorch cannot run it.

    Operations: one multiplication and one addition per given multiply-accumulate; any others are
    not known.
    """

    aliases = ("custom", "unknown")
    main = "shape"
    arity = (1, None)
    known = False

    shape: tuple[int, ...] = fields.shape("shape of the output", also=("output", "output_shape"))
    what: str = _description("a description of the operation")
    params: int | None = count("learnable parameters, if known", None, ("parameters",), least=0)
    biases: int = count("how many of the parameters are biases or shifts", 0, least=0)
    buffers: int | None = count("other stored numbers, if known", None, least=0)
    multiply_accumulates: int | None = count(
        "multiply-accumulates for one image, if known", None, ("macs",), least=0
    )

    @property
    def unknown(self) -> frozenset[str]:
        """The counts that are not given, and those that depend on them."""
        held = {*(PARAMETER_COUNTS if self.params is None else ())}
        held |= {"buffers"} if self.buffers is None else set()
        read = {"bytes_read"} if held else set()
        products = {"macs"} if self.multiply_accumulates is None else set()
        never = {"backward_macs", "connections", *Operations._fields}
        return with_derived({*held, *read, *products, *never})

    def channels_first(self) -> "Opaque":
        return replace(self, shape=(*self.shape[-1:], *self.shape[:-1]))

    def output(self, *inputs: Shape) -> Shape:
        if self.biases > (self.params or 0):
            fact = f"'biases' is {self.biases}, but 'params', which includes them, is"
            if self.params is None:
                raise LayerError(f"{fact} not given", "give it too")
            raise LayerError(f"{fact} {self.params}", "correct one of them")
        return shape_of(self.shape)

    def parameters(self, *inputs: Shape) -> Parameters:
        weights = parameters.without_biases(params=self.params or 0, biases=self.biases)
        return Parameters(weights, self.biases, self.buffers or 0)

    def tensors(self, *inputs: Shape) -> Tensors:
        return {"parameters": (self.params or 0,), "buffers": (self.buffers or 0,)}

    def macs(self, *inputs: Shape) -> int:
        return macs.given(multiply_accumulates=self.multiply_accumulates or 0)

    def operations(self, *inputs: Shape) -> Operations:
        products = self.macs(*inputs)
        return Operations(multiply=products, add=products)

    def reach(self, *inputs: Shape) -> tuple[Reach, ...]:
        return everything(inputs[0], bound=True)

    def steps(self, tape: Tape, *inputs: Tensor) -> Tensor:
        raise LayerError("the memory of an opaque operation is not known, so it is not modelled")

    def to_torch(self, nn: Any, *inputs: Shape) -> Any:
        raise LayerError("what an opaque operation computes is not known, so PyTorch cannot run it")

    examples = (
        Example(
            given={"output": "512x7x7", "what": "the largest values of a region", "params": 0},
            inputs=("512x37x50",),
            output="512x7x7",
            source="Girshick 2015, Fast R-CNN, section 2.1: RoI pooling of conv5 to 7×7 for VGG-16",
        ),
        Example(
            given={"output": 1000, "params": 4_097_000, "biases": 1000, "macs": 4_096_000},
            inputs=("4096",),
            output="1000",
            weights=4_096_000,
            biases=1000,
            macs=4_096_000,
            source="by hand: VGG-16's last layer, 4096·1000 weights and 1000 biases",
        ),
        Example(
            given={"output": [2, 6, 8], "buffers": 49, "params": 0},
            inputs=("2x6x8",),
            output="2x6x8",
            buffers=49,
            source="by hand: a fixed 7×7 filter kept as a buffer",
        ),
    )
    refusals = (
        Refusal({"what": "sorting"}, ("8",), "needs 'shape'"),
        Refusal("many", ("8",), "'shape' must be whole numbers joined by x, such as"),
        Refusal([1, 2, 3, 4, 5], ("8",), "must be a shape such as 64x7x7"),
        Refusal(
            {"shape": 8, "params": 3, "biases": 4},
            ("8",),
            "'biases' is 4, but 'params', which includes them, is 3; correct one of them",
        ),
        Refusal({"shape": 8, "biases": 4}, ("8",), "is not given; give it too"),
        Refusal({"shape": 8, "what": "a\nb"}, ("8",), "must be a line of text"),
        Refusal(8, (), "expected at least 1 input"),
    )
