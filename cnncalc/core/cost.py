"""The cost of a layer, as frozen records. All counts are exact integers."""

from collections.abc import Iterable, Set
from typing import NamedTuple

from cnncalc.core import units
from cnncalc.core.errors import UsageError, unknown
from cnncalc.formulas import macs as mac_formulas
from cnncalc.formulas import parameters as parameter_formulas

BYTES = {
    "float64": 8,
    "float32": 4,
    "bfloat16": 2,
    "float16": 2,
    "float8": 1,
    "int8": 1,
}
"""Bytes per element, by dtype."""
SHORT_DTYPES = {name.replace("bfloat", "bf").replace("float", "fp"): name for name in BYTES}
"""The dtypes by their short names, such as ``fp16``."""
OF_TORCH = {"double": "float64", "float": "float32", "half": "float16"}
"""The dtypes by PyTorch's other names for them."""
NOUNS = {
    "multiply": "multiplication",
    "add": "addition",
    "compare": "comparison",
    "divide": "division",
    "exponential": "exponential",
}
"""The noun for each kind of operation."""


def unknown_dtype(word: str, known: Iterable[str] = BYTES) -> UsageError:
    """The error for an unknown dtype."""
    bare = word.lower().removeprefix("torch.")
    if bare == "tf32":
        return UsageError("tf32 is only for times on a device", "otherwise, use float32")
    return unknown("dtype", word, known, {**SHORT_DTYPES, **OF_TORCH}.get(bare, bare))


class Operations(NamedTuple):
    """All arithmetic, split by kind. docs/conventions.md defines what counts as an exponential."""

    multiply: int = 0
    add: int = 0
    compare: int = 0
    divide: int = 0
    exponential: int = 0

    def times(self, n: int) -> "Operations":
        """These operations, n times."""
        return Operations(*(n * count for count in self))

    def text(self) -> str:
        """The operations as text: ``64 multiplications, 1 addition``, or ``none``."""
        counts = zip(NOUNS.values(), self, strict=True)
        parts = [units.counted(n, noun) for noun, n in counts if n]
        return ", ".join(parts) or "none"


class Parameters(NamedTuple):
    """How many numbers a layer holds: learned ``weights`` and ``biases``, ``fixed`` weights, which
    are not learned, and ``buffers`` such as running means."""

    weights: int = 0
    biases: int = 0
    buffers: int = 0
    fixed: int = 0

    @property
    def params(self) -> int:
        """How many of these numbers are learned."""
        return parameter_formulas.total(self.weights, self.biases)


Tensors = dict[str, tuple[int, ...]]
"""Tensor shapes by name."""


def weight_and_bias(
    weight: tuple[int, ...], bias: tuple[int, ...] = (), biased: bool = True, part: str = ""
) -> Tensors:
    """Tensors of these sizes under PyTorch's names, perhaps with the prefix of a submodule."""
    tensors = {f"{part}weight": weight}
    return tensors | {f"{part}bias": bias} if bias and biased else tensors


class Cost(NamedTuple):
    """All counts of a layer, a block or a network; costs add up field by field.

    Elements and operations are for the whole batch; parameters are not. ``activation`` counts the
    output elements. ``activations_total`` counts only those of layers that textbook memory tables
    list (``Layer.stored``). ``connections`` is LeCun's count of every input that feeds an output,
    biases included. ``backward_macs`` are the multiply-accumulates of a backward pass.
    """

    weights: int = 0
    biases: int = 0
    buffers: int = 0
    fixed: int = 0
    frozen: int = 0
    macs: int = 0
    backward_macs: int = 0
    connections: int = 0
    multiply: int = 0
    add: int = 0
    compare: int = 0
    divide: int = 0
    exponential: int = 0
    activation: int = 0
    activations_total: int = 0
    parameter_bytes: int = 0
    activation_bytes: int = 0
    activations_total_bytes: int = 0
    bytes_read: int = 0
    bytes_written: int = 0

    @property
    def params(self) -> int:
        """The number of weights and biases."""
        return self.weights + self.biases

    def params_text(self) -> str:
        """The parameters by their parts: ``34,848 weights + 96 biases``."""
        weights = units.counted(self.weights, "weight")
        return f"{weights} + {units.exact(self.biases)} bias{units.plural(self.biases, 'es')}"

    @property
    def trainable(self) -> int:
        """The number of weights and biases that are not frozen."""
        return self.params - self.frozen

    @property
    def held(self) -> int:
        """How many numbers are stored with a model: parameters, fixed weights and buffers."""
        return self.params + self.fixed + self.buffers

    @property
    def flops(self) -> int:
        """Two per multiply-accumulate."""
        return mac_formulas.flops(self.macs)

    @property
    def operations(self) -> Operations:
        """All arithmetic, split by kind."""
        return Operations(self.multiply, self.add, self.compare, self.divide, self.exponential)

    @property
    def operations_total(self) -> int:
        """All arithmetic as one number."""
        return sum(self.operations)

    @property
    def bytes_moved(self) -> int:
        """Bytes read and written."""
        return self.bytes_read + self.bytes_written

    @property
    def intensity(self) -> float:
        """Arithmetic intensity: operations per byte moved (a ratio, not a count)."""
        return self.operations_total / self.bytes_moved if self.bytes_moved else 0.0

    @property
    def with_shared_weights(self) -> "Cost":
        """The cost without parameters and buffers: these count for the layer that owns them."""
        return self._replace(weights=0, biases=0, buffers=0, fixed=0, frozen=0, parameter_bytes=0)

    def __add__(self, other: object) -> "Cost":
        return total([self, other]) if isinstance(other, Cost) else NotImplemented


COUNTED = Cost._fields
"""The names of the counts, in order."""

PARAMETER_COUNTS = ("weights", "biases", "frozen", "parameter_bytes")
"""The counts that are not known if the number of parameters is not known."""

DERIVED = {
    "params": ("weights", "biases"),
    "trainable": ("weights", "biases", "frozen"),
    "held": ("weights", "biases", "fixed", "buffers"),
    "flops": ("macs",),
    "operations_total": Operations._fields,
    "bytes_moved": ("bytes_read", "bytes_written"),
    "intensity": (*Operations._fields, "bytes_read", "bytes_written"),
}
"""The counts from which the derived numbers of ``Cost`` are computed."""


def with_derived(names: Set[str]) -> frozenset[str]:
    """These counts, together with those that are computed from any of them."""
    return frozenset({*names, *(one for one, parts in DERIVED.items() if names & {*parts})})


def total(costs: Iterable[Cost]) -> Cost:
    """The sum of many costs."""
    return Cost(*map(sum, zip(*costs, strict=True)))
