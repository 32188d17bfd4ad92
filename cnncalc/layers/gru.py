"""Gated recurrent unit."""

from collections.abc import Mapping
from typing import Any, ClassVar

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal
from cnncalc.core.parsing import Foreign
from cnncalc.layers._recurrent import KERAS, Recurrent


class Gru(Recurrent):
    """Reads the positions of a signal with gated recurrent units and outputs their hidden states.

    Each cell has three gates, by default with PyTorch's two biases per gate.

    Operations per position: one multiplication and one addition for every weight and an addition
    for every bias; per hidden unit two sigmoids (an exponential, an addition and a division each),
    a hyperbolic tangent (an exponential), three multiplications and two additions.
    """

    aliases = ("gated_recurrent_unit",)
    foreign = {
        "torch.GRU": Foreign(says="every output"),
        "keras.GRU": Foreign({"return_sequences": False}, KERAS, "only the last output"),
    }
    gates = 3
    onnx_gates = (1, 0, 2)
    onnx_settings: ClassVar[Mapping[str, Any]] = {"linear_before_reset": 1}
    cell = Operations(multiply=3, add=4, divide=2, exponential=3)

    examples = (
        Example(
            given={"hidden_size": 20, "num_layers": 2},
            inputs=("10x5",),
            output="20x5",
            params=4_440,  # 3·20·(10 + 20) + 120, and 3·20·(20 + 20) + 120
            source="torch.nn.GRU, example: GRU(10, 20, 2) on 5 positions",
        ),
        Example(
            given={"hidden": 3, "bias": False},
            inputs=("2x4",),
            output="3x4",
            weights=45,  # 3·3·(2 + 3)
            macs=180,
            # 12 hidden units in all
            operations=Operations(multiply=216, add=228, divide=24, exponential=36),
            source="by hand: Cho et al. 2014, equations 5 to 8",
        ),
    )
    refusals = (
        Refusal(4, ("8x5x5",), "expected a signal"),
        Refusal({"hidden": 4, "proj_size": 2}, ("8x5",), "has no field 'proj_size'"),
    )
