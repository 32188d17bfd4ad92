"""Plain recurrent network."""

from cnncalc.core.cost import Operations
from cnncalc.core.layer import Example, Refusal
from cnncalc.core.parsing import Foreign
from cnncalc.layers._recurrent import KERAS, Recurrent


class Rnn(Recurrent):
    """Reads the positions of a signal with a plain recurrent network and outputs the hidden states.

    The next hidden state is the hyperbolic tangent of a weighted sum of the input and the
    previous hidden state.

    Operations per position: one multiplication and one addition for every weight, an addition for
    every bias, and a hyperbolic tangent (an exponential) per hidden unit.
    """

    aliases = ("elman",)
    foreign = {
        "keras.SimpleRNN": Foreign({"separate_biases": False, "return_sequences": False}, KERAS)
    }
    gates = 1
    cell = Operations(exponential=1)

    examples = (
        Example(
            given={"hidden_size": 20, "num_layers": 2},
            inputs=("10x5",),
            output="20x5",
            params=1_480,  # 20·(10 + 20) + 40, and 20·(20 + 20) + 40
            macs=7_000,  # 1,400 weights at 5 positions
            operations=Operations(multiply=7_000, add=7_400, exponential=200),
            source="torch.nn.RNN, example: RNN(10, 20, 2) on 5 positions",
        ),
    )
    refusals = (Refusal(4, ("100",), "not a vector"),)
