"""ONNX: the graph of a file. Large weights are never read.

Layers are named after PyTorch's modules if the exporter wrote their names, otherwise after nodes
or operators.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

from cnncalc import layers
from cnncalc.core.errors import LayerError, SpecError
from cnncalc.core.onnx import DOMAIN, PRODUCER
from cnncalc.spec.readers import _onnx_constants as constants
from cnncalc.spec.readers import _onnx_values as values
from cnncalc.spec.readers._flow import Flow
from cnncalc.spec.readers._onnx_checks import check_count, check_flags
from cnncalc.spec.readers._onnx_file import FEW, Model, Operator, model
from cnncalc.spec.readers._onnx_fused import fused
from cnncalc.spec.readers._onnx_layers import Layers, Unclear
from cnncalc.spec.readers._onnx_operators import OPERATORS
from cnncalc.spec.readers._onnx_values import Known
from cnncalc.spec.readers._protobuf import File

NAME = "an ONNX model"
DTYPES = {10: "float16", 11: "float64", 16: "bfloat16"}
"""The data types that a network can have besides float32."""
MAX_RANK = 64
"""The most dimensions of a tensor."""
MAX_NUMBERS = 1_000_000
"""The most numbers that operators on constants may read in total. Every tensor of weights that a
computed operand comes from counts as one more."""
ANY = 1_000_003
"""A stand-in for a batch of any size: a large prime, of which no usual size is a multiple."""
FIRST = rb"\x08[\x01-\x40](\x12|\x1a|\x22|\x28|\x32|\x3a|\x42)"
"""The beginning of a file: the version of the format, then another of the model's fields."""
QUANTIZED = {"QLinearConv": ("Conv", (0, 3, 8)), "ConvInteger": ("Conv", (0, 1)),
             "QLinearMatMul": ("MatMul", (0, 3)), "MatMulInteger": ("MatMul", (0, 1))}  # fmt: skip
"""Operators on integers, each with the operator that it replaces and the places of that operator's
operands."""
UNLEARNED = {
    "Clip": (1, 2), "Dropout": (1,), "MelWeightMatrix": (3, 4), "NonMaxSuppression": (3, 4),
    "OneHot": (2,), "Pad": (2,), "QuantizeLinear": (1, 2), "Resize": (1, 2), "STFT": (2,),
    "Upsample": (1,),
    "QLinearAdd of com.microsoft": (1, 2, 4, 5, 6, 7),
    "QLinearMul of com.microsoft": (1, 2, 4, 5, 6, 7),
    "QLinearConcat of com.microsoft": (0, 1, *range(3, 99, 3), *range(4, 99, 3)),
    "QLinearAveragePool of com.microsoft": (1, 2, 3, 4),
    "QLinearGlobalAveragePool of com.microsoft": (1, 2, 3, 4),
    "QLinearLeakyRelu of com.microsoft": (1, 2, 3, 4),
    "QLinearSigmoid of com.microsoft": (1, 2, 3, 4),
    "QLinearSoftmax of com.microsoft": (1, 2, 3, 4),
}  # fmt: skip
"""For each operator, the places of operands that are settings, even if they are decimal numbers or
bytes."""
ALIKE = ("Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "BitwiseNot", "Ceil", "Celu", "Clip",
         "Cos", "Cosh", "CumSum", "Erf", "Exp", "Floor", "Hardmax", "HardSigmoid", "IsInf", "IsNaN",
         "Log", "LpNormalization", "MeanVarianceNormalization", "Not", "Round", "Selu", "Shrink",
         "Sign", "Sin", "Sinh", "Softsign", "Swish", "Tan", "ThresholdedRelu", "Trilu")  # fmt: skip
"""Operators whose output has the sizes of their first input, and that learn nothing."""
COPIES = ("AveragePool", "LpPool", "MaxPool", "Resize", "Upsample")
"""Operators without multiply-accumulates by our convention."""
VARYING = ("Compress", "NonMaxSuppression", "NonZero", "Unique")
"""Operators whose output sizes depend on the values."""


def begins(data: bytes) -> bool:
    """Whether bytes are the beginning of a model."""
    return re.match(FIRST, data, re.DOTALL) is not None


def read(stream: BinaryIO, source: str, inputs: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """The spec of a model. ``inputs`` are sizes without the batch, by name; those of a single input
    are under "". Raises SpecError for a broken file, and for what a spec cannot express."""
    found = model(File(stream, source))
    found.nodes = fused(found)
    return Network(found, source).spec(inputs, Path(source).stem or "ONNX model")


class Network(Layers):
    """Turns nodes into layers; ``tensors`` holds the tensors of the file by name."""

    def __init__(self, found: Model, source: str) -> None:
        super().__init__(found, source)
        self.tensors: dict[str, Flow | Known] = {
            name: values.initial(held) for name, held in found.held.items()
        }
        self.numbers = 0
        self.names = {node.name for node in found.nodes}
        self.several = {self.layer_of(node) for node in found.nodes} - {""}
        self.scopes = [_scope(node) for node in found.nodes]
        self.containers = {
            path[: dot.start()] for path in {*self.scopes} for dot in re.finditer(r"\.", path)
        }

    def spec(self, inputs: Mapping[str, Sequence[int]], title: str) -> dict[str, Any]:
        """The spec of the whole model."""
        self.resized = bool(inputs)
        self.add_inputs(inputs)
        for place, node in enumerate(self.model.nodes):
            self.name = self.name_of(node, self.scopes[place])
            self.node(node)
        outputs: list[str] = []
        for name in self.model.outputs:
            made = self.output(name)
            outputs.append(self.copied(made) if made in outputs else made)
        spec = self.wiring.spec(title[:100]) | self.dtype() | self.wiring.outputs(outputs)
        note = " ".join(self.notes())
        return {**spec, "note": note} if note else spec

    def dtype(self) -> dict[str, str]:
        """The key for the data type of all weights, or of the inputs if there are none; empty if
        they differ, and for a type that is not in ``DTYPES``."""
        names = {*chain(*chain(*self.weights.values()))}
        found = {held.dtype for name, held in self.model.held.items() if name in names}
        found = found or {self.model.dtypes.get(name, 0) for name in self.model.inputs}
        (number,) = found if len(found) == 1 else (0,)
        return {"dtype": DTYPES[number]} if number in DTYPES else {}

    def add_inputs(self, given: Mapping[str, Sequence[int]]) -> None:
        """Add the inputs that are not weights, with the given sizes or else the file's."""
        named = {name: dims for name, dims in self.model.inputs.items() if name not in self.tensors}
        sizes = {}
        for name, dims in named.items():
            if not dims:
                raise self.wiring.wrong(f"the file does not give the sizes of input {name[:60]!r}")
            batch = dims[0] if isinstance(dims[0], int) else ANY
            if self.batch not in (0, batch):
                one, other = ("any size" if n == ANY else n for n in (self.batch, batch))
                raise self.wiring.wrong(f"the batches of the inputs differ: {one} and {other}")
            self.batch = batch
            sizes[name] = self.sizes(name, dims[1:], self.given(named, name, given))
        for name, shape in sizes.items():
            self.wiring.input(name, [*shape])
            self.tensors[name] = Flow.of(name, shape, self.batch)

    def given(
        self, named: Mapping[str, Any], name: str, sizes: Mapping[str, Sequence[int]]
    ) -> Sequence[int] | None:
        """The sizes that the user gives for an input. Those for a single input with open sizes may
        have any name, because a wrong one is reported later."""
        if len(named) > 1:
            return sizes.get(name)
        is_open = any(isinstance(size, str) for size in named[name][1:])
        return next(iter(sizes.values()), None) if is_open else sizes.get("")

    def sizes(
        self, name: str, dims: Sequence[int | str], given: Sequence[int] | None
    ) -> tuple[int, ...]:
        """The sizes of an input without its batch."""
        written = " × ".join(map(str, ("batch", *dims)))
        if given is not None and len(given) == len(dims):
            return tuple(given)
        if given is not None:
            raise self.wiring.wrong(f"input {name[:60]!r} has {len(dims)} sizes ({written[:100]}) "
                                    f"after the batch, not {len(given)}")  # fmt: skip
        if not 1 <= len(dims) <= 4:
            raise self.wiring.wrong(f"input {name[:60]!r} has {len(dims)} sizes besides the batch, "
                                    "not 1 to 4")  # fmt: skip
        if not all(isinstance(size, int) for size in dims):
            example = "x".join(str(size) if isinstance(size, int) else "224" for size in dims)
            raise self.wiring.wrong(
                f"the file leaves sizes of input {name[:60]!r} open ({written[:100]}); give them, "
                f"as in --input {example}"
            )
        return tuple(int(size) for size in dims)

    def name_of(self, node: Operator, scope: str) -> str:
        """A layer's name: its module, the operation inside a module that holds others, or the
        node."""
        if scope and scope not in self.containers:
            return scope
        kind = node.kind.partition(" ")[0].lower()
        if node.scopes or node.name.startswith("/") or not node.name:
            return ".".join(filter(None, (scope, kind)))
        if node.name in self.several and kind in ("reshape", "transpose"):
            return f"{node.name}_{kind}"  # the layer itself follows
        return self.layer_of(node) or node.name

    def layer_of(self, node: Operator) -> str:
        """The layer of ours that this node belongs to but does not begin; empty if there is none.
        The first node has the layer's name, and the names of the others begin with it."""
        layer, _, ending = node.name.rpartition(".")
        ours = self.model.producer == PRODUCER and layer in self.names
        return layer if ours and re.fullmatch(rf"{re.escape(node.kind.lower())}\d+", ending) else ""

    def node(self, node: Operator) -> None:
        """Read a node: a constant, an operator with its own rule, a kind, or an opaque layer."""
        quantized = node.kind in QUANTIZED
        if quantized:
            kind, places = QUANTIZED[node.kind]
            kept = tuple(node.inputs[at] if at < len(node.inputs) else "" for at in places)
            node = node._replace(kind=kind, inputs=kept)
        operands = self.operands(node, quantized)
        if not any(isinstance(one, Flow) for one in operands):
            fixed = [one for one in operands if not isinstance(one, Flow)]
            known = self.evaluated(node, fixed)
            for name in node.outputs:
                self.keep(node, name, known or values.computed(self.open_sizes(name), fixed))
            return
        try:
            made = self.made(node, operands)
        except Unclear:
            made = self.opaque(node, operands)
        except LayerError as why:
            raise self.wiring.wrong(f"layer {self.name[:60]!r} ({node.kind[:40]}): {why}") from None
        except SpecError:
            raise
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            fact = "has operands or settings that do not fit it"
            raise self.wiring.wrong(f"node {self.name[:60]!r} ({node.kind[:40]}) {fact}") from None
        made += self.opaque(node, operands, len(made))
        for name, one in zip(node.outputs, made):
            self.keep(node, name, one)

    def operands(self, node: Operator, quantized: bool) -> list[Any]:
        """The tensors that a node reads. Settings are not learned, but the integers of quantized
        weights are."""
        found: list[Any] = [self.tensors.get(name) if name else None for name in node.inputs]
        for name, operand in zip(node.inputs, found):
            if name and operand is None:
                raise self.wiring.wrong(
                    f"node {self.name[:60]!r} ({node.kind[:40]}) reads {name[:60]!r}, which no "
                    "earlier node produces"
                )
        for place, one in enumerate(found):
            if isinstance(one, Known) and place in UNLEARNED.get(node.kind, ()):
                found[place] = one._replace(weights={})
            elif isinstance(one, Known) and quantized and place:
                found[place] = values.learned(one)
        self.count(len(one.weights) for one in found if isinstance(one, Known) and one.computed)
        return found

    def count(self, numbers: Iterable[int]) -> None:
        """Count numbers that do not depend on the input; raises SpecError once there are too
        many."""
        self.numbers += sum(numbers)
        if self.numbers > MAX_NUMBERS:
            fact = f"the file computes with more than {MAX_NUMBERS:,} numbers"
            raise self.wiring.wrong(f"{fact} that do not depend on its input")

    def keep(self, node: Operator, name: str, made: Flow | Known) -> None:
        """Keep an output of a node, so that others can read it by name."""
        rank = len(made.dims if isinstance(made, Flow) else made.sizes)
        if rank > MAX_RANK:
            raise self.wiring.wrong(
                f"node {self.name[:60]!r} ({node.kind[:40]}) produces a tensor with {rank:,} "
                f"dimensions; at most {MAX_RANK} are read"
            )
        self.tensors[name] = made
        if isinstance(made, Flow) and self.readers[name] > 1:
            self.read_often.add(made.tensor)

    def evaluated(self, node: Operator, operands: list[Known | None]) -> Known | None:
        """A tensor that does not depend on the input; None if it is not known."""
        lengths = (one.elements for one in operands if one is not None)
        self.count(length for length in lengths if length <= FEW)
        try:
            return constants.evaluated(node, operands)
        except (ArithmeticError, AttributeError, LayerError, LookupError, TypeError, ValueError):
            return None

    def made(self, node: Operator, operands: list[Any]) -> list[Flow | Known]:
        """The outputs of a node. Raises Unclear if no kind describes it."""
        check_flags(node)
        if node.kind in OPERATORS:
            rule = OPERATORS[node.kind]
            check_count(node, rule.takes)
            return rule.turn(self, node, operands)
        if node.domain == DOMAIN:
            return [self.of_function(node.kind.removesuffix(f" of {DOMAIN}"), node, operands)]
        kind = layers.of_onnx(node.kind)
        if kind is None or any(self.readers[name] for name in node.outputs[1:]):
            raise Unclear
        check_count(node, kind.onnx_operands or kind.arity)
        return [self.of_kind(kind, node, operands)]

    def opaque(self, node: Operator, operands: list[Any], first: int = 0) -> list[Flow | Known]:
        """Layers for the outputs of an operator, from the first that no kind describes."""
        flows = [one for one in operands if isinstance(one, Flow)]
        weights = (one for one in operands if isinstance(one, Known) and one.weights and not first)
        held = [*{tuple(one.weights): one for one in weights}.values()]
        made: list[Flow | Known] = []
        if node.kind in ALIKE and not first and isinstance(operands[0], Flow):
            return [self.opaque_like(operands[0], node)]
        for place, name in [*enumerate(node.outputs)][first:]:
            if not name or (place and not self.readers[name]):
                made.append(Known(()))
                continue
            shape = self.known_sizes(node, name, operands)
            at = shape.index(self.batch) if self.batch in shape else None
            rest = [size for place, size in enumerate(shape) if place != at]
            if at is None and self.batch > 1:
                raise self.wiring.wrong(
                    f"node {self.name[:60]!r} ({node.kind[:40]}) has an output without a batch axis"
                )
            sizes = rest if 1 <= len(rest) <= 4 else [prod(rest) or 1]
            params = sum(one.params for one in held)
            fields = {"shape": sizes, "what": f"ONNX {node.kind}"[:200], "params": params}
            fields |= {"macs": 0} if node.kind in COPIES else {}
            flow = self.layer("opaque", fields, flows, held)
            held = []  # they belong to the first layer
            if len(rest) > 4 or not rest:
                flow = flow.regrouped((self.batch, *rest), "") or flow
            order = [*range(1, len(rest) + 1)]
            if at is not None:
                order.insert(at, 0)
                flow = flow.reordered(order, "")
            else:
                flow = flow.squeezed([0], "")
            made.append(flow)
        return made

    def known_sizes(self, node: Operator, name: str, operands: list[Any]) -> tuple[int, ...]:
        """The sizes of a tensor that an opaque layer makes."""
        said = self.model.shapes.get(name)
        if node.kind in VARYING:
            raise self.wiring.wrong(
                f"node {self.name[:60]!r} ({node.kind[:40]}) outputs a number of values that "
                "depends on the data; cut the model before it with onnx.utils.extract_model"
            )
        use = "this use of " * (node.kind in OPERATORS or layers.of_onnx(node.kind) is not None)
        unknown = (
            f"node {self.name[:60]!r}: {use}the operator {node.kind[:40]} is unknown, and the file"
        )
        if self.resized and said is not None:
            raise self.wiring.wrong(
                f"{unknown} gives the sizes of its output only for its own input; {self.closed()}"
            )
        if said is None:
            raise self.wiring.wrong(
                f"{unknown} does not give the sizes of its output; for a standard operator, add "
                "them with onnx.shape_inference.infer_shapes"
            )
        sizes = [
            size if isinstance(size, int) else self.batch if place == 0 else 0
            for place, size in enumerate(said)
        ]
        if 0 in sizes:
            raise self.wiring.wrong(f"{unknown} leaves sizes of its output open")
        return tuple(sizes)

    def closed(self) -> str:
        """What to do so that the sizes in the file apply."""
        dims = [size for one in self.model.inputs.values() for size in (one or ())[1:]]
        is_open = any(isinstance(size, str) for size in dims)
        return "export the model with fixed input sizes" if is_open else "leave out --input"

    def open_sizes(self, name: str) -> tuple[int, ...]:
        """The sizes of a constant with unknown numbers, if the file has them; open ones are 1."""
        said = self.model.shapes.get(name) or ()
        return tuple(size if isinstance(size, int) else 1 for size in said)

    def output(self, name: str) -> str:
        """The layer that makes an output of the network."""
        flow = self.tensors.get(name)
        if isinstance(flow, Flow) and flow.is_batched and len(flow.dims) > 1:
            self.name = flow.name or "output"
            flow = self.plain(flow) if len(flow.dims) < 6 else flow  # otherwise only a view
        if not isinstance(flow, Flow):
            raise self.wiring.wrong(f"the output {name[:60]!r} does not depend on the input")
        if flow.tensor in self.model.inputs and self.model.nodes:
            self.name = "output"
            flow = self.layer("identity", None, [flow])
        return self.wiring.source_of(flow.tensor)

    def copied(self, made: str) -> str:
        """A second layer like one that only rearranges values, or an identity, because the output
        of the other layer is an output of the network already."""
        for (source, move), own in self.moved.items():
            if own == made:
                return self.rearranged(source, move, self.name)
        return self.wiring.layer("output", "identity", None, [made])


def _scope(node: Operator) -> str:
    """The path of the module that a node belongs to, as PyTorch names it."""
    if node.scopes:
        words = re.findall(r"'([^']*)'", node.scopes)
        return words[-2] if len(words) > 1 else ""
    path: list[str] = []
    for word in node.name.split("/")[1:-1]:
        if path and word.startswith(f"{path[-1]}."):
            path.pop()
        path.append(word)
    return ".".join(path)
